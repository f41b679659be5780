//! Verification by keys.

use serde_json::json;

use crate::oracle::evidence::{bundle, signature};
use crate::oracle::situation::{Content, Secret, Situation, situation};
use crate::planes::Controller;

use super::{ALPHA, CD, ISSUER, ROOT, by_cd, keyed};

pub(super) fn situations() -> Vec<Situation> {
    [evidence(), secrets(), both_ways()].concat()
}

fn evidence() -> Vec<Situation> {
    vec![
        situation("key-bundle", "a bundle by the key").with(bundle().key("alpha")),
        situation("key-bundle-other", "a bundle by another key").with(bundle().key("beta")),
        situation("key-bundle-v1", "a bundle by the key, in Rekor v1")
            .with(bundle().key("alpha").log("v1")),
        situation("key-bundle-not-logged", "keys need no log")
            .with(bundle().key("alpha").matter("not-logged")),
        situation("key-bundle-foreign-log", "whatever the log is")
            .with(bundle().key("alpha").matter("foreign-log")),
        situation("key-bundle-no-time", "keys need no time")
            .with(bundle().key("alpha").matter("no-time")),
        situation("key-bundle-tampered", "the payload was changed")
            .with(bundle().key("alpha").matter("tampered-payload")),
        situation("key-message-signature", "a signature over the artifact itself")
            .with(bundle().key("alpha").matter("message-signature")),
        situation("key-certificate", "a certificate instead of the key").with(bundle()),
        situation("key-nothing", "nothing is signed"),
        situation("key-good-beside-other", "one good one is enough")
            .with(bundle().key("beta"))
            .with(bundle().key("alpha")),
        situation("key-bundle-and-certificate", "a keyless bundle beside it does not hinder")
            .with(bundle())
            .with(bundle().key("alpha")),
    ]
    .into_iter()
    .map(|situation| situation.verify(keyed(ALPHA)))
    .collect()
}

fn of(name: &str, because: &str, secret: Secret) -> Situation {
    situation(name, because).with(bundle().key("alpha")).verify(keyed(secret.name)).secret(secret)
}

fn secrets() -> Vec<Situation> {
    let (alpha, beta) = (Content::PublicKey("alpha"), Content::PublicKey("beta"));
    let garbage = Content::Text("no PEM");
    let certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    vec![
        of(
            "keys-right-first",
            "all keys are tried",
            Secret::new("keys-ab", vec![("a.pub", alpha.clone()), ("b.pub", beta.clone())]),
        ),
        of(
            "keys-right-last",
            "all keys are tried",
            Secret::new("keys-ba", vec![("a.pub", beta.clone()), ("b.pub", alpha.clone())]),
        ),
        of("keys-wrong", "none of them signed", Secret::new("keys-b", vec![("b.pub", beta)])),
        of(
            "keys-other-name",
            "only names that end in .pub count",
            Secret::new("keys-pem", vec![("cosign.pem", alpha.clone())]),
        ),
        of(
            "keys-garbage",
            "a key that cannot be read",
            Secret::new("keys-garbage", vec![("a.pub", garbage.clone())]),
        ),
        of(
            "keys-garbage-beside-right",
            "a key that cannot be read ends it, unless the right one came first",
            Secret::new("keys-mixed", vec![("a.pub", garbage), ("b.pub", alpha.clone())]),
        )
        .chance("keys are tried in no fixed order", 6),
        of(
            "keys-empty",
            "an empty key",
            Secret::new("keys-empty", vec![("a.pub", Content::Text(""))]),
        ),
        of(
            "keys-certificate",
            "a certificate is no key",
            Secret::new("keys-certificate", vec![("a.pub", Content::Text(certificate))]),
        ),
        of(
            "keys-none",
            "a Secret without anything",
            Secret { name: "keys-none", kind: "Opaque", entries: vec![] },
        ),
        of(
            "keys-beside-others",
            "other entries do not hinder",
            Secret::new(
                "keys-and-text",
                vec![("cosign.pub", alpha), ("cosign.key", Content::Text("x"))],
            ),
        ),
        situation("keys-secret-missing", "the Secret is not there")
            .with(bundle().key("alpha"))
            .verify(keyed("nowhere")),
    ]
}

fn both_ways() -> Vec<Situation> {
    let identities = json!([{"issuer": ISSUER, "subject": CD}]);
    vec![
        situation("key-and-identities", "with keys, identities are not read")
            .with(bundle())
            .verify(json!({
                "provider": "cosign", "secretRef": {"name": ALPHA},
                "matchOIDCIdentity": identities,
            })),
        situation("key-and-root", "with keys, a trusted root is read and not used")
            .with(bundle().key("alpha"))
            .verify(json!({
                "provider": "cosign", "secretRef": {"name": ALPHA},
                "trustedRootSecretRef": {"name": ROOT},
            }))
            .only(Controller::Source19, super::SINCE_1_9),
        situation("key-and-missing-root", "with keys, a trusted root is read all the same")
            .with(bundle().key("alpha"))
            .verify(json!({
                "provider": "cosign", "secretRef": {"name": ALPHA},
                "trustedRootSecretRef": {"name": "nowhere"},
            }))
            .only(Controller::Source19, super::SINCE_1_9),
        situation("keyless-for-key-bundle", "a bundle by a key, where a certificate is expected")
            .with(bundle().key("alpha"))
            .verify(by_cd()),
        situation("keyless-for-key-bundle-v1", "the same in Rekor v1")
            .with(bundle().key("alpha").log("v1"))
            .verify(by_cd()),
        situation(
            "keyless-for-key-signature",
            "a signature by a key, where a certificate is expected",
        )
        .with(signature().key("alpha"))
        .verify(by_cd()),
    ]
}
