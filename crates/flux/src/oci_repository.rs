//! What the controller does with an OCIRepository, in its order.

use sealwright_evidence::steps::PublicKey;

use crate::archive::{self, Archive};
use crate::conditions::Conditions;
use crate::connection;
use crate::image::{self, Layer};
use crate::inquiry::{Inquiry, Step, Stop};
use crate::keyless::Keyless;
use crate::name::Repository;
use crate::prediction::{Outcome, Then};
use crate::resolve::{self, Followed, Resolved};
use crate::rules;
use crate::source::{OciRepository, Verification};
use crate::trusted_root::{OwnRoot, own_root};
use crate::verify::{self, NOBODY, Ruling, Target, key_words};

const TRUSTED_ROOT: &str = "trusted_root.json";

/// What comes of it.
pub(crate) struct Course {
    pub(crate) repository: Option<String>,
    pub(crate) digest: Option<String>,
    pub(crate) outcomes: Vec<Outcome>,
}

/// One source on its way through a reconciliation.
struct Run<'a, 'b> {
    inquiry: &'b mut Inquiry<'a>,
    object: &'a OciRepository,
    conditions: Conditions,
}

/// Follows a reconciliation to its end.
pub(crate) fn follow<'a>(
    inquiry: &mut Inquiry<'a>,
    object: &'a OciRepository,
    course: &mut Course,
) -> Result<(), Stop> {
    let conditions = match inquiry.situation.fresh {
        true => Conditions::default(),
        false => Conditions::left_by(&object.status),
    };
    Run { inquiry, object, conditions }.reconcile(course)
}

impl<'a> Run<'a, '_> {
    fn reconcile(mut self, course: &mut Course) -> Result<(), Stop> {
        let spec = &self.object.spec;
        if let Some((reason, message)) = self.connect()? {
            course.outcomes = vec![self.conditions.fetch_fails(reason, message, Then::Retries)];
            return Ok(());
        }
        let repository = match Repository::of_url(&spec.url, spec.insecure) {
            Ok(repository) => repository,
            Err(words) => {
                self.inquiry.met(&rules::URL_INVALID);
                let message = format!("URL validation failed for '{}': {words}", spec.url);
                let outcome = self.conditions.fetch_fails("URLInvalid", message, Then::Stalls);
                course.outcomes = vec![outcome];
                return Ok(());
            }
        };
        course.repository = Some(repository.name());
        let followed = match resolve::choose(self.inquiry, spec, &repository)? {
            Ok(followed) => followed,
            Err(words) => {
                let message =
                    format!("failed to determine the artifact tag for '{}': {words}", spec.url);
                let reason = "ReadOperationFailed";
                course.outcomes = vec![self.conditions.fetch_fails(reason, message, Then::Retries)];
                return Ok(());
            }
        };
        for followed in &followed {
            let outcomes = self.fetch(followed, &repository, course)?;
            course.outcomes.extend(outcomes);
        }
        Ok(())
    }

    /// Credentials, proxy and certificates of the connection: what fails before anything is asked.
    fn connect(&mut self) -> Result<Option<(&'static str, String)>, Stop> {
        let namespace = &self.object.metadata.namespace;
        let fault = connection::fault(self.inquiry, &self.object.spec, namespace)?;
        Ok(fault.map(|message| ("AuthenticationFailed", message)))
    }

    fn fetch(
        &mut self,
        followed: &Followed,
        repository: &Repository,
        course: &mut Course,
    ) -> Result<Vec<Outcome>, Stop> {
        let resolved = match resolve::resolve(self.inquiry, followed, repository)? {
            Ok(resolved) => resolved,
            Err(words) => {
                let message = format!("failed to determine artifact digest: {words}");
                let reason = "OCIArtifactPullFailed";
                return Ok(vec![self.conditions.fetch_fails(reason, message, Then::Retries)]);
            }
        };
        course.digest = Some(resolved.digest.clone());
        let Some(verify) = &self.object.spec.verify else {
            self.inquiry.met(&rules::NOT_VERIFIED);
            let mut after = self.conditions.clone();
            after.source_verified = None;
            return Ok(vec![self.pull(after, &resolved, repository)?]);
        };
        let mut outcomes = vec![];
        let was_verified = self.was_verified(&resolved);
        if was_verified {
            self.inquiry.met(&rules::VERIFIED_BEFORE);
            outcomes.push(self.pull(self.conditions.clone(), &resolved, repository)?);
            if !self.inquiry.situation.controller.watches_secrets() {
                return Ok(outcomes);
            }
            self.inquiry.met(&rules::FINGERPRINT);
        }
        for ruling in self.verify(verify, followed, &resolved, repository)? {
            let outcome = self.rule(verify, ruling, &resolved, repository)?;
            if !outcomes.contains(&outcome) {
                outcomes.push(outcome);
            }
        }
        Ok(outcomes)
    }

    /// Whether this revision was verified for this generation of the object.
    fn was_verified(&self, resolved: &Resolved) -> bool {
        let (object, fresh) = (self.object, self.inquiry.situation.fresh);
        let condition = object.status.condition("SourceVerified");
        !fresh
            && object.status.artifact.as_ref().is_some_and(|it| it.revision == resolved.revision)
            && condition.is_some_and(|it| {
                it.status == "True" && it.observed_generation == object.metadata.generation
            })
    }

    fn rule(
        &mut self,
        verify: &Verification,
        ruling: Ruling,
        resolved: &Resolved,
        repository: &Repository,
    ) -> Result<Outcome, Stop> {
        match ruling {
            Ruling::Verified => {
                let mut after = self.conditions.clone();
                after.verified(format!("verified signature of revision {}", resolved.revision));
                self.pull(after, resolved, repository)
            }
            Ruling::Ignored => self.pull(self.conditions.clone(), resolved, repository),
            Ruling::Fails { message, errors } => {
                self.inquiry.met(&rules::OLD_ARTIFACT_SERVED);
                let keyless = verify.secret_ref.is_none() && verify.provider == "cosign";
                let provider = if keyless { "cosign keyless" } else { &verify.provider };
                let message = format!(
                    "failed to verify the signature using provider '{provider}': {message}"
                );
                Ok(self.conditions.verification_fails(message, errors))
            }
        }
    }

    fn verify(
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
                let policy = crate::notation::policy(self.inquiry, namespace, secret, &reference)?;
                match policy {
                    Ok(policy) => crate::notation::verify(self.inquiry, &policy, &target),
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
        identities: &[crate::source::IdentityMatch],
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

    /// Pulls and stores it.
    fn pull(
        &mut self,
        after: Conditions,
        resolved: &Resolved,
        repository: &Repository,
    ) -> Result<Outcome, Stop> {
        let served = self.object.status.artifact.as_ref();
        let is_served = served.is_some_and(|served| served.revision == resolved.revision);
        if !is_served || self.inquiry.situation.fresh {
            self.inquiry.met(&rules::PULL_BY_DIGEST);
            if let Err((reason, message)) = self.layer(resolved, repository)? {
                return Ok(after.fetch_fails(reason, message, Then::Retries));
            }
        }
        let message = format!("stored artifact for digest '{}'", resolved.revision);
        Ok(after.ready("Succeeded", message, resolved.revision.clone()))
    }

    fn layer(
        &mut self,
        resolved: &Resolved,
        repository: &Repository,
    ) -> Result<Result<(), (&'static str, String)>, Stop> {
        let spec = &self.object.spec;
        let failed = |words: String| {
            (
                "OCIArtifactPullFailed",
                format!("failed to pull artifact from '{}': {words}", spec.url),
            )
        };
        let tag = resolved.revision.split_once('@').map(|(tag, _)| tag);
        let named = match tag {
            Some(tag) if !self.inquiry.situation.controller.pins_digest() => tag,
            _ => &resolved.digest,
        };
        let manifest = match resolve::manifest(self.inquiry, &resolved.digest, repository)? {
            Ok(response) => image::of_answer(self.inquiry, response, named, repository)?,
            Err(words) => Err(words),
        };
        let manifest = match manifest {
            Ok(manifest) => manifest,
            Err(words) => return Ok(Err(failed(words))),
        };
        self.inquiry.met(&rules::LAYER);
        let operation = |words: String| ("OCIArtifactLayerOperationFailed", words);
        let layer = match self.select(&manifest.layers) {
            Ok(layer) => layer,
            Err(words) => return Ok(Err(operation(words))),
        };
        let extracts = spec.layer_selector.as_ref().is_none_or(|it| it.operation != "copy");
        let bytes = match image::blob(self.inquiry, layer, repository)? {
            Ok(bytes) => bytes,
            Err(words) => {
                let words = format!("failed to extract the first layer from artifact: {words}");
                return Ok(Err(operation(words)));
            }
        };
        let fault = image::blob_fault(bytes, layer);
        if !extracts {
            let copy = |words| operation(format!("failed to copy layer from artifact: {words}"));
            return Ok(fault.map_or(Ok(()), |words| Err(copy(words))));
        }
        match archive::read(bytes) {
            Archive::Whole => {
                if fault.is_some() {
                    self.inquiry.met(&rules::LAYER_UNCOMPARED);
                }
                Ok(Ok(()))
            }
            Archive::NotGzip(words) => Ok(Err(operation(format!(
                "failed to extract layer contents from artifact: requires gzip-compressed body: {words}"
            )))),
            Archive::Broken => Err(Stop::Undecided(
                "the layer is no whole archive: the controller refuses it, in words that are not foretold"
                    .to_owned(),
            )),
        }
    }

    fn select<'l>(&self, layers: &'l [Layer]) -> Result<&'l Layer, String> {
        let first = layers.first().ok_or("no layers found in artifact")?;
        let wanted = self.object.spec.layer_selector.as_ref().map(|it| it.media_type.as_str());
        match wanted.filter(|wanted| !wanted.is_empty()) {
            None => Ok(first),
            Some(wanted) => {
                layers.iter().find(|layer| layer.media_type == wanted).ok_or_else(|| {
                    format!("failed to find layer with media type '{wanted}' in artifact")
                })
            }
        }
    }
}
