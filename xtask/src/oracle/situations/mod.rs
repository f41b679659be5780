//! The situations, by theme.

mod bundles;
mod charts;
mod discovery;
mod identities;
mod keys;
mod layers;
mod legacy;
mod life;
mod logs;
mod notation;
mod references;
mod roots;
mod tls;
mod transport;
mod urls;

use serde_json::{Value, json};

use super::situation::{Secret, Situation};

/// The dev stack's issuer.
pub(super) const ISSUER: &str = "^{issuer}$";
/// The run that may publish.
pub(super) const CD: &str =
    r"^https://github\.com/acme/platform/\.github/workflows/cd\.yaml@refs/heads/main$";
/// Names of Secrets that many situations use.
pub(super) const ROOT: &str = "trusted-root";
pub(super) const ALPHA: &str = "key-alpha";

/// Why older controllers are not asked.
const SINCE_1_9: &str = "only 1.9 lets a source name a trusted root";

/// All of them.
pub(super) fn all() -> Vec<Situation> {
    [
        references::situations(),
        layers::situations(),
        urls::situations(),
        transport::situations(),
        tls::situations(),
        bundles::situations(),
        logs::situations(),
        legacy::situations(),
        discovery::situations(),
        identities::situations(),
        keys::situations(),
        roots::situations(),
        notation::situations(),
        charts::situations(),
        life::situations(),
    ]
    .concat()
}

/// Secrets that are there in every situation.
pub(super) fn common_secrets() -> [Secret; 2] {
    [Secret::root(ROOT, vec![]), Secret::key(ALPHA, "alpha")]
}

/// Keyless, with these identities: issuer and subject. The trusted root is the dev stack's, for the
/// controllers that let a source name one; the others are started with it as the public one.
fn keyless(identities: &[(&str, &str)]) -> Value {
    let mut verify = json!({"provider": "cosign", "trustedRootSecretRef": {"name": ROOT}});
    if !identities.is_empty() {
        let entries = identities
            .iter()
            .map(|(issuer, subject)| json!({"issuer": issuer, "subject": subject}));
        verify["matchOIDCIdentity"] = entries.collect();
    }
    verify
}

/// Keyless, for the run that may publish.
fn by_cd() -> Value {
    keyless(&[(ISSUER, CD)])
}

/// Keyless, for the run that may publish, under another trusted root.
fn under_root(secret: &str) -> Value {
    let mut verify = by_cd();
    verify["trustedRootSecretRef"]["name"] = secret.into();
    verify
}

/// By the keys in a Secret.
fn keyed(secret: &str) -> Value {
    json!({"provider": "cosign", "secretRef": {"name": secret}})
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::planes::Controller;

    /// What Kubernetes takes as a name, and a path component of a repository.
    const NAME_BYTES_MAX: usize = 63;

    #[test]
    fn names_are_unique_and_short_enough_for_labels() {
        let mut names: Vec<_> = all().into_iter().map(|situation| situation.name).collect();
        for name in &names {
            let fits = name.len() <= NAME_BYTES_MAX
                && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
            assert!(fits, "{name}");
        }
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "a name is there twice");
    }

    #[test]
    fn there_are_as_many_as_promised_for_each_controller() {
        for controller in [Controller::Source19, Controller::Source18] {
            let all = all();
            let known = all.iter().filter(|s| s.only.is_none_or(|(only, _)| only == controller));
            assert!(known.count() >= 150, "{controller:?}");
        }
    }

    #[test]
    fn a_secret_holds_the_same_wherever_it_is_named() {
        let mut seen = BTreeMap::new();
        for situation in all() {
            for secret in situation.secrets {
                let before = seen.insert(secret.name, secret.clone());
                assert!(before.is_none_or(|before| before == secret), "{}", secret.name);
            }
        }
    }

    #[test]
    fn every_situation_says_why_it_is_there() {
        for situation in all() {
            assert!(situation.because.len() > 5, "{}", situation.name);
        }
    }
}
