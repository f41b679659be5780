//! Signatures of cosign before bundles: keyless and keyed.

use crate::oracle::evidence::{Run, signature};
use crate::oracle::situation::{Situation, situation};

use super::{ALPHA, by_cd, keyed};

/// The dev stack's situations of such signatures.
const MATTERS: &[(&str, &str)] = &[
    ("healthy", "nothing is the matter"),
    ("other-digest", "a sound signature of another artifact"),
    ("tampered-payload", "the payload was changed"),
    ("entry-of-other-payload", "an entry of another payload"),
    ("foreign-log", "the promise of an unknown log"),
    ("foreign-authority", "a certificate of an unknown authority"),
    ("signed-after-expiry", "the certificate had ended"),
];

pub(super) fn situations() -> Vec<Situation> {
    [matters(), several(), keys()].concat()
}

fn matters() -> Vec<Situation> {
    let each = MATTERS.iter().map(|(matter, because)| {
        situation(format!("legacy-{matter}"), *because).with(signature().matter(matter))
    });
    let more = vec![
        situation("legacy-stranger", "another repository signed").with(signature().run(Run::Evil)),
        situation("legacy-without-signature", "a layer without signature")
            .with(signature().without(&["dev.cosignproject.cosign/signature"])),
        situation("legacy-without-certificate", "a layer without certificate")
            .with(signature().without(&["dev.sigstore.cosign/certificate"])),
        situation("legacy-without-chain", "the chain is not needed, the trusted root has it")
            .with(signature().without(&["dev.sigstore.cosign/chain"])),
        situation("legacy-without-entry", "without its entry it is looked up in the log")
            .with(signature().without(&["dev.sigstore.cosign/bundle"]))
            .unforetold("what an online log answers cannot be known from here"),
        situation("legacy-att", "attestations of the older form are not read")
            .with(signature().suffix("att")),
    ];
    each.chain(more).map(|situation| situation.verify(by_cd())).collect()
}

fn several() -> Vec<Situation> {
    vec![
        situation("legacy-good-beside-bad", "one good one is enough")
            .with(signature().matter("tampered-payload"))
            .with(signature()),
        situation("legacy-two-bad", "two complaints, in the order in which they come")
            .with(signature().matter("tampered-payload"))
            .with(signature().run(Run::Evil))
            .chance("signatures are checked side by side", 4),
    ]
    .into_iter()
    .map(|situation| situation.verify(by_cd()))
    .collect()
}

fn keys() -> Vec<Situation> {
    vec![
        situation("legacy-key", "signed with the key").with(signature().key("alpha")),
        situation("legacy-other-key", "signed with another key").with(signature().key("beta")),
        situation("legacy-key-other-digest", "a sound signature of another artifact")
            .with(signature().key("alpha").matter("other-digest")),
        situation("legacy-key-tampered", "the payload was changed")
            .with(signature().key("alpha").matter("tampered-payload")),
        situation("legacy-keyless-for-key", "a certificate instead of the key").with(signature()),
        situation("legacy-both-keys", "one of two signatures is of the key")
            .with(signature().key("beta"))
            .with(signature().key("alpha")),
    ]
    .into_iter()
    .map(|situation| situation.verify(keyed(ALPHA)))
    .collect()
}
