//! `spec.verify` of an OCIRepository: which verifier runs, by which Secrets and trusted root.

use sealwright_evidence::steps::PublicKey;

use super::Run;
use crate::inquiry::{Step, Stop};
use crate::keyless::Keyless;
use crate::name::Repository;
use crate::resolve::{Followed, Resolved};
use crate::source::{IdentityMatch, Verification};
use crate::trusted_root::{OwnRoot, own_root};
use crate::verify::{self, NOBODY, Ruling, Target, key_words};
use crate::{notation, rules};

const TRUSTED_ROOT: &str = "trusted_root.json";

impl Run<'_, '_> {
    /// All rulings that `spec.verify` may come to.
    pub(super) fn verify(
        &mut self,
        verify: &Verification,
        followed: &Followed,
        resolved: &Resolved,
        repository: &Repository,
    ) -> Result<Vec<Ruling>, Stop> {
        let controller = self.inquiry.situation.controller;
        let target = Target {
            digest: &resolved.digest,
            repository,
            finds_insecure: controller.finds_insecure_bundles(),
        };
        let reference = match followed {
            Followed::Tag(tag) if !controller.pins_digest() => {
                self.inquiry.met(&rules::PULL_MOVED_TAG);
                format!("{}:{tag}", repository.name())
            }
            _ => format!("{}@{}", repository.name(), resolved.digest),
        };
        match verify.provider.as_str() {
            "cosign" => self.cosign(verify, &target, &reference),
            "notation" if controller.knows_notation() => {
                self.inquiry.met(&rules::NOTATION);
                let namespace = &self.object.metadata.namespace;
                let secret = verify.secret_ref.as_ref();
                let policy = notation::policy(self.inquiry, namespace, secret, &reference)?;
                match policy {
                    Ok(policy) => notation::verify(self.inquiry, &policy, &target),
                    Err(words) => Ok(vec![Ruling::fails(words)]),
                }
            }
            other => {
                self.inquiry.met(&rules::PROVIDER_UNKNOWN);
                Ok(vec![Ruling::fails(format!("unsupported verification provider: {other}"))])
            }
        }
    }

    fn cosign(
        &mut self,
        verify: &Verification,
        target: &Target<'_>,
        reference: &str,
    ) -> Result<Vec<Ruling>, Stop> {
        let root = match self.root_json(verify)? {
            Ok(root) => root,
            Err(words) => return Ok(vec![Ruling::fails(words)]),
        };
        if let Some(secret) = &verify.secret_ref {
            self.inquiry.met(&rules::KEYS_WIN);
            return self.keys(&secret.name, root.as_deref(), target, reference);
        }
        let identities = match self.inquiry.situation.controller.matches_identities() {
            true => verify.match_oidc_identity.as_slice(),
            false => {
                self.inquiry.met(&rules::IDENTITIES_DROPPED);
                NOBODY
            }
        };
        self.keyless(identities, root.as_deref(), target)
    }

    /// The trusted root's JSON, where the source has one of its own.
    fn root_json(&mut self, verify: &Verification) -> Step<Option<Vec<u8>>> {
        let Some(secret) = &verify.trusted_root_secret_ref else { return Ok(Ok(None)) };
        if !self.inquiry.situation.controller.reads_trusted_root() {
            self.inquiry.met(&rules::ROOT_DROPPED);
            return Ok(Ok(None));
        }
        self.inquiry.met(&rules::ROOT_FIRST);
        let place = format!("{}/{}", self.object.metadata.namespace, secret.name);
        let entries = self.inquiry.secret(&self.object.metadata.namespace, &secret.name)?;
        let root = entries.and_then(|mut entries| {
            entries
                .remove(TRUSTED_ROOT)
                .ok_or_else(|| format!("'{TRUSTED_ROOT}' not found in secret '{place}'"))
        });
        Ok(match root {
            Ok(json) if json.is_empty() => {
                self.inquiry.met(&rules::ROOT_EMPTY);
                Ok(None)
            }
            Ok(json) => Ok(Some(json)),
            Err(words) => {
                Err(format!("failed to read trusted root from secret '{place}': {words}"))
            }
        })
    }

    fn keyless(
        &mut self,
        identities: &[IdentityMatch],
        root: Option<&[u8]>,
        target: &Target<'_>,
    ) -> Result<Vec<Ruling>, Stop> {
        let Some(json) = root else {
            self.inquiry.met(&rules::PUBLIC_SIGSTORE);
            let root = self.inquiry.situation.public_root.ok_or_else(|| {
                Stop::Undecided("the trusted root of the public Sigstore is not at hand".to_owned())
            })?;
            return verify::by_identities(self.inquiry, &Keyless { root, identities }, target);
        };
        self.inquiry.met(&rules::ROOT_NEEDS_LOG);
        match own_root(json)? {
            OwnRoot::Refused(words) => {
                self.inquiry.met(&rules::ROOT_MALFORMED);
                Ok(words.into_iter().map(Ruling::fails).collect())
            }
            OwnRoot::Usable(root) => {
                let keyless = Keyless { root: &root, identities };
                verify::by_identities(self.inquiry, &keyless, target)
            }
        }
    }

    /// By the keys in a Secret. Their order is random, so an unreadable one may come before or after
    /// one that verifies.
    fn keys(
        &mut self,
        secret: &str,
        root: Option<&[u8]>,
        target: &Target<'_>,
        reference: &str,
    ) -> Result<Vec<Ruling>, Stop> {
        self.inquiry.met(&rules::KEYS_ANY);
        let entries = match self.inquiry.secret(&self.object.metadata.namespace, secret)? {
            Ok(entries) => entries,
            Err(words) => return Ok(vec![Ruling::fails(words)]),
        };
        let (mut verified, mut unreadable) = (false, vec![]);
        for (_, pem) in entries.iter().filter(|(name, _)| name.ends_with(".pub")) {
            let rulings = if pem.is_empty() {
                self.inquiry.met(&rules::KEY_EMPTY);
                self.keyless(NOBODY, root, target)?
            } else {
                match PublicKey::parse(pem) {
                    Ok(key) => vec![verify::by_key(self.inquiry, &key, target)?],
                    Err(fault) => {
                        self.inquiry.met(&rules::KEY_UNREADABLE);
                        unreadable.push(Ruling::fails(key_words(&fault)?));
                        continue;
                    }
                }
            };
            verified |= rulings.contains(&Ruling::Verified);
        }
        let mut rulings = if verified { vec![Ruling::Verified] } else { vec![] };
        for ruling in unreadable {
            if !rulings.contains(&ruling) {
                rulings.push(ruling);
            }
        }
        if rulings.is_empty() {
            rulings.push(Ruling::fails(format!(
                "no matching signatures were found for '{reference}'"
            )));
        }
        Ok(rulings)
    }
}
