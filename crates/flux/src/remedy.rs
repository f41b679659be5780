//! What to do about a refusal: of all rules that led to it the one that decided, with a way out.

use crate::prediction::{Outcome, Prediction};
use crate::rules::{self, Rule};

/// A rule that decided, and what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remedy {
    /// The rule.
    pub rule: &'static Rule,
    /// What to do, as one clause without a full stop.
    pub advice: &'static str,
}

impl std::fmt::Display for Remedy {
    /// The rule, its name, and the way out, in one line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}); {}", self.rule.says, self.rule.name, self.advice)
    }
}

const RENDER: &str = "apply the block that `sealwright-verifier render` prints";
const ROOT: &str = "put a whole trusted_root.json under that key into the Secret that `trustedRootSecretRef` names, in the namespace of the source";
const KEYS: &str =
    "put the public key into the Secret as an entry whose name ends in .pub, or verify by identity";
const OTHER_SIGSTORE: &str = "it was signed with another Sigstore than is trusted here, or its log entry is damaged: compare the trusted root with the one of the signing service";

/// Rules that can decide, each with its way out. Where several were met, the last one decided.
const REMEDIES: &[(&Rule, &str)] = &[
    (&rules::URL_INVALID, "write `url` as oci://HOST/REPOSITORY, and tag or digest under `ref`"),
    (
        &rules::CONNECTION_SECRET,
        "create the Secret that the message names, in the namespace of the source",
    ),
    (&rules::ROOT_FIRST, ROOT),
    (&rules::ROOT_NEEDS_LOG, ROOT),
    (&rules::ROOT_MALFORMED, ROOT),
    (&rules::KEYS_ANY, KEYS),
    (&rules::KEY_UNREADABLE, KEYS),
    (&rules::KEY_EMPTY, KEYS),
    (&rules::HELM_CHART_NO_KEYS, KEYS),
    (&rules::HELM_CHART_KEYS, "leave one key in the Secret of a chart"),
    (
        &rules::PUBLIC_SIGSTORE,
        "let the controller reach the TUF repository of the public Sigstore, or give it a trusted root",
    ),
    (&rules::NO_IDENTITIES_BUNDLE, RENDER),
    (&rules::TWO_IDENTITIES, RENDER),
    (&rules::IDENTITY_EMPTY_BUNDLE, RENDER),
    (&rules::IDENTITY_MALFORMED, RENDER),
    (
        &rules::NO_SIGNATURES,
        "publish it with its signature; a signature that was attached to another digest, or in another repository, is not found",
    ),
    (
        &rules::SIGNATURE_ORDER,
        "sign it with a bundle, the only form to rely on, by a signer that the block accepts",
    ),
    (&rules::BUNDLE_LOGGED, OTHER_SIGSTORE),
    (&rules::BUNDLE_TIME_V1, OTHER_SIGSTORE),
    (&rules::BUNDLE_TIME_V2, OTHER_SIGSTORE),
    (&rules::MIXED_LOGS, "sign with one log alone, and remove the other bundles"),
    (
        &rules::NOTATION,
        "look at the trust policy and the certificates in the Secret, with `notation verify`",
    ),
];

/// Why nothing was found although something may be there.
const UNSEEN: &[(&Rule, &str)] = &[
    (&rules::BUNDLES_UNKNOWN, "update Flux to 2.8 or newer, which knows bundles"),
    (
        &rules::DISCOVERY_ERROR,
        "look at how the registry answers when it is asked for referrers, and who may ask",
    ),
    (
        &rules::INSECURE_BUNDLES_UNSEEN,
        "serve the registry over TLS, or update Flux to 2.9 or newer",
    ),
    (
        &rules::REFERRER_SKIPPED,
        "attach a bundle of version 0.3 as the only layer of the referrer: sign again with a current cosign or publisher",
    ),
];

/// Words of an error about who signed.
const OTHER_SIGNER: &str = "no matching CertificateIdentity found";
/// What to do about it.
const COMPARE_SIGNER: &str = "somebody else signed it than the block accepts: compare what the message got with it, and apply what `sealwright-verifier render` prints if the signer is the right one";

impl Prediction {
    /// What decided a refusal, and the way out; `None` when nothing is refused, or no rule that can
    /// decide was met.
    pub fn remedy(&self) -> Option<Remedy> {
        let refused = self.outcomes.iter().find(|outcome| outcome.ready == Some(false))?;
        let met = |rule: &Rule| self.because.iter().any(|one| one.name == rule.name);
        if is_about_signer(refused) {
            let rule = &rules::IDENTITY_UNANCHORED;
            return Some(Remedy { rule, advice: COMPARE_SIGNER });
        }
        let last = self.because.iter().rev().find_map(|met| remedy_of(met, REMEDIES))?;
        let unseen = UNSEEN.iter().find(|(rule, _)| met(rule));
        match unseen.filter(|_| last.rule.name == rules::NO_SIGNATURES.name) {
            Some((rule, advice)) => Some(Remedy { rule, advice }),
            None => Some(last),
        }
    }
}

fn remedy_of(met: &Rule, table: &[(&'static Rule, &'static str)]) -> Option<Remedy> {
    let (rule, advice) = table.iter().find(|(rule, _)| rule.name == met.name)?;
    Some(Remedy { rule, advice })
}

fn is_about_signer(outcome: &Outcome) -> bool {
    !outcome.errors.is_empty() && outcome.errors.iter().all(|error| error.contains(OTHER_SIGNER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prediction::Then;

    fn prediction(ready: bool, errors: &[&str], because: &[&'static Rule]) -> Prediction {
        let outcome = Outcome {
            ready: Some(ready),
            then: Then::Retries,
            revision: None,
            conditions: vec![],
            errors: errors.iter().map(|&error| error.to_owned()).collect(),
        };
        let because = because.to_vec();
        Prediction { outcomes: vec![outcome], because, ..Prediction::default() }
    }

    #[test]
    fn the_rule_that_decided_is_told_with_a_way_out() {
        use rules::*;
        let bundles = [&BUNDLE_RULES_OUT_SIGNATURE, &ONE_GOOD_BUNDLE, &BUNDLE_LOGGED];
        let nothing = [&SIGNATURE_TAG, &NO_SIGNATURES, &OLD_ARTIFACT_SERVED];
        let joined = |some: &[&'static Rule], more: &[&'static Rule]| [some, more].concat();
        let other_signer = "failed to verify certificate identity: no matching CertificateIdentity found, last error: …";
        for (errors, because, expected, why) in [
            (
                vec![],
                joined(&[&ROOT_FIRST, &REFERRERS_API], &nothing),
                Some("no-signatures"),
                "nothing is attached",
            ),
            (
                vec![],
                joined(&[&DISCOVERY_ERROR], &nothing),
                Some("discovery-error"),
                "nobody could look",
            ),
            (
                vec![],
                joined(&[&BUNDLES_UNKNOWN], &nothing),
                Some("bundles-unknown"),
                "it is too old",
            ),
            (
                vec![],
                vec![&ROOT_FIRST, &OLD_ARTIFACT_SERVED],
                Some("trusted-root-first"),
                "no Secret",
            ),
            (vec![], vec![&TWO_IDENTITIES], Some("two-identities"), "the block"),
            (vec![other_signer], bundles.to_vec(), Some("identity-unanchored"), "another signer"),
            (vec!["not in the log"], bundles.to_vec(), Some("bundle-logged"), "another log"),
            (vec![other_signer, "not in the log"], bundles.to_vec(), Some("bundle-logged"), "both"),
            (vec![], vec![&OLD_ARTIFACT_SERVED], None, "no rule that decides"),
        ] {
            let remedy = prediction(false, &errors, &because).remedy();
            assert_eq!(remedy.map(|remedy| remedy.rule.name), expected, "{why}");
            let whole = |remedy: Remedy| remedy.to_string().contains(remedy.rule.says);
            assert!(remedy.is_none_or(whole), "{why}");
        }
        assert_eq!(prediction(true, &[], &nothing).remedy(), None, "nothing is refused");
    }

    #[test]
    fn advice_is_one_clause() {
        for (rule, advice) in REMEDIES.iter().chain(UNSEEN) {
            assert!(!advice.is_empty() && !advice.ends_with('.'), "{}: {advice}", rule.name);
        }
    }
}
