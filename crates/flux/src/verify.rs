//! `spec.verify` with the provider cosign: by key or keyless, by bundle or by signature of the older
//! form.

use sealwright_evidence::Digest;
use sealwright_evidence::bundle::Bundle;
use sealwright_evidence::steps::{KeyFault, PublicKey, names_as_go};

use crate::bundle_path::{check_keyed, check_keyless, is_of_rekor_v2};
use crate::discovery::{self, Found};
use crate::inquiry::{Inquiry, Stop};
use crate::keyless::Keyless;
use crate::name::Repository;
use crate::prediction::ERRORS_PLACE;
use crate::rules;
use crate::signature_path::{self, By};
use crate::source::IdentityMatch;

/// Most bundles whose verdict may depend on the order; with more, it is undecided.
const UNSTEADY_COUNT_MAX: usize = 4;

/// What a verifier says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ruling {
    Verified,
    /// Not verified, and not asked to be: Notation alone knows this.
    Ignored,
    /// The message holds [`ERRORS_PLACE`] where the errors are joined.
    Fails {
        message: String,
        errors: Vec<String>,
    },
}

impl Ruling {
    pub(crate) fn fails(message: impl Into<String>) -> Self {
        Self::Fails { message: message.into(), errors: vec![] }
    }

    pub(crate) fn of_several(prefix: &str, errors: Vec<String>) -> Self {
        Self::Fails { message: format!("{prefix}{ERRORS_PLACE}"), errors }
    }
}

/// What is verified.
pub(crate) struct Target<'a> {
    pub(crate) digest: &'a str,
    pub(crate) repository: &'a Repository,
    /// Whether bundles are fetched without TLS where the registry has none.
    pub(crate) finds_insecure: bool,
}

/// Why a `.pub` entry is no key, in cosign's words.
pub(crate) fn key_words(fault: &KeyFault) -> Result<String, Stop> {
    match fault {
        KeyFault::NotPem => Ok("PEM decoding failed".to_owned()),
        KeyFault::OtherBlock(label) => Ok(format!(
            "unknown Public key PEM file type: {label}. Are you passing the correct public key?"
        )),
        KeyFault::Unreadable => {
            Err(Stop::Undecided("a public key is of a kind that is not read here".to_owned()))
        }
    }
}

/// Verifies by one key.
pub(crate) fn by_key(
    inquiry: &mut Inquiry<'_>,
    key: &PublicKey,
    target: &Target<'_>,
) -> Result<Ruling, Stop> {
    let found =
        discovery::bundles(inquiry, target.digest, target.repository, target.finds_insecure)?;
    if found.is_empty() {
        return signature_path::verify(inquiry, &By::Key(key), target.digest, target.repository);
    }
    inquiry.met(&rules::BUNDLE_RULES_OUT_SIGNATURE);
    inquiry.met(&rules::ONE_GOOD_BUNDLE);
    note_forms(inquiry, &found);
    let artifact = parsed(target.digest)?;
    let errors: Vec<String> = found
        .iter()
        .filter_map(|one| match one {
            Found::Bundle(bundle) => check_keyed(bundle, &artifact, key).err(),
            Found::Signatures => Some(signatures_words()),
        })
        .collect();
    Ok(ruling(found.len(), errors))
}

/// Verifies by identities. Several rulings where the order decides.
pub(crate) fn by_identities(
    inquiry: &mut Inquiry<'_>,
    keyless: &Keyless<'_>,
    target: &Target<'_>,
) -> Result<Vec<Ruling>, Stop> {
    let found =
        discovery::bundles(inquiry, target.digest, target.repository, target.finds_insecure)?;
    if found.is_empty() {
        if keyless.identities.is_empty() {
            inquiry.met(&rules::SIGNATURE_ANYBODY);
        }
        let by = By::Identities(keyless);
        let ruling = signature_path::verify(inquiry, &by, target.digest, target.repository)?;
        return Ok(vec![ruling]);
    }
    inquiry.met(&rules::BUNDLE_RULES_OUT_SIGNATURE);
    bundles(inquiry, keyless, &parsed(target.digest)?, &found)
}

/// What one bundle comes to: alone, and after a bundle of Rekor v2 was met.
struct Verdict {
    alone: Result<(), String>,
    after_v2: Result<(), String>,
}

fn bundles(
    inquiry: &mut Inquiry<'_>,
    keyless: &Keyless<'_>,
    artifact: &Digest,
    found: &[Found],
) -> Result<Vec<Ruling>, Stop> {
    let identity = match keyless.bundle_identity() {
        Ok(identity) => identity,
        Err((words, rule)) => {
            inquiry.met(rule);
            let errors = found.iter().map(|_| words.clone()).collect();
            return Ok(vec![ruling(found.len(), errors)]);
        }
    };
    for rule in [
        &rules::ONE_GOOD_BUNDLE,
        &rules::BUNDLE_LOGGED,
        &rules::IDENTITY_UNANCHORED,
        &rules::ANY_PREDICATE,
    ] {
        inquiry.met(rule);
    }
    if found.iter().any(has_several_names) {
        inquiry.met(&rules::IDENTITY_FIRST_NAME);
    }
    note_forms(inquiry, found);
    let controller = inquiry.situation.controller;
    let check = |bundle: &Bundle, by_timestamp| {
        check_keyless(bundle, artifact, &identity, keyless.root, controller, by_timestamp)
    };
    let mut verdicts = vec![];
    let mut any_v2 = false;
    for one in found {
        verdicts.push(match one {
            Found::Signatures => {
                Verdict { alone: Err(signatures_words()), after_v2: Err(signatures_words()) }
            }
            Found::Bundle(bundle) if is_of_rekor_v2(bundle) => {
                any_v2 = true;
                inquiry.met(&rules::BUNDLE_TIME_V2);
                let verdict = check(bundle, true);
                Verdict { alone: verdict.clone(), after_v2: verdict }
            }
            Found::Bundle(bundle) => {
                inquiry.met(&rules::BUNDLE_TIME_V1);
                Verdict { alone: check(bundle, false), after_v2: check(bundle, true) }
            }
        });
    }
    if !any_v2 {
        let errors = verdicts.into_iter().filter_map(|one| one.alone.err()).collect();
        return Ok(vec![ruling(found.len(), errors)]);
    }
    in_any_order(inquiry, &verdicts)
}

/// Notes the rule about bundles that hold another thing than an envelope.
fn note_forms(inquiry: &mut Inquiry<'_>, found: &[Found]) {
    let bare = |one: &Found| matches!(one, Found::Bundle(bundle) if bundle.envelope().is_none());
    if found.iter().any(bare) {
        inquiry.met(&rules::BUNDLE_ENVELOPE);
    }
}

fn has_several_names(found: &Found) -> bool {
    let Found::Bundle(bundle) = found else { return false };
    let names = bundle.certificate().and_then(names_as_go);
    names.is_some_and(|(_, names)| names.len() > 1)
}

/// The rulings in any order: each bundle of Rekor v1 may be met before or after one of v2.
fn in_any_order(inquiry: &mut Inquiry<'_>, verdicts: &[Verdict]) -> Result<Vec<Ruling>, Stop> {
    let unsteady: Vec<usize> =
        (0..verdicts.len()).filter(|at| verdicts[*at].alone != verdicts[*at].after_v2).collect();
    if unsteady.len() > UNSTEADY_COUNT_MAX {
        return Err(Stop::Undecided("too much depends on the order of the bundles".to_owned()));
    }
    let mut rulings: Vec<Ruling> = vec![];
    for choice in 0..1_usize << unsteady.len() {
        let errors = verdicts.iter().enumerate().filter_map(|(at, verdict)| {
            let place = unsteady.iter().position(|one| *one == at);
            let after = place.is_some_and(|place| choice >> place & 1 == 1);
            if after { verdict.after_v2.clone().err() } else { verdict.alone.clone().err() }
        });
        let ruling = ruling(verdicts.len(), errors.collect());
        if !rulings.contains(&ruling) {
            rulings.push(ruling);
        }
    }
    if rulings.len() > 1 {
        inquiry.met(&rules::MIXED_LOGS);
    }
    Ok(rulings)
}

fn ruling(bundles_count: usize, errors: Vec<String>) -> Ruling {
    if errors.len() < bundles_count {
        return Ruling::Verified;
    }
    Ruling::of_several("no matching attestations: ", errors)
}

fn signatures_words() -> String {
    "failed to verify signature: exactly one signature is required".to_owned()
}

fn parsed(digest: &str) -> Result<Digest, Stop> {
    Digest::parse(digest).map_err(|error| Stop::Undecided(error.to_string()))
}

/// No identities: what an empty key and a HelmRelease come to.
pub(crate) const NOBODY: &[IdentityMatch] = &[];
