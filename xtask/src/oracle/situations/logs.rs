//! Every situation that the dev stack mints, in both logs; and both logs together.

use crate::oracle::evidence::bundle;
use crate::oracle::situation::{Situation, situation};

use super::by_cd;

/// The dev stack's situations, and what is the matter in each.
const MATTERS: &[(&str, &str)] = &[
    ("healthy", "nothing is the matter"),
    ("signed-after-expiry", "the certificate had ended"),
    ("no-sct", "no signed certificate timestamp"),
    ("foreign-sct", "a certificate timestamp of an unknown log"),
    ("foreign-authority", "a certificate of an unknown authority"),
    ("two-sans", "a second identity in the certificate"),
    ("empty-san", "an empty identity in the certificate"),
    ("no-san", "no identity in the certificate"),
    ("no-issuer", "no issuer in the certificate"),
    ("other-issuer", "another issuer in the certificate"),
    ("not-logged", "no log entry"),
    ("foreign-log", "an entry of an unknown log"),
    ("foreign-log-under-our-id", "an entry of an unknown log under a known name"),
    ("log-id-lies", "an entry of one log under the name of the other"),
    ("checkpoint-of-other-log", "a checkpoint signed by the other log"),
    ("wrong-proof", "a proof with a hash too many"),
    ("entry-of-other-statement", "an entry of another statement"),
    ("entry-twice", "the same entry twice"),
    ("wrong-time", "the time is of something else"),
    ("no-time", "nothing tells the time"),
    ("foreign-timestamp", "a timestamp of an unknown authority"),
    ("tampered-payload", "the payload was changed"),
    ("other-payload-type", "the payload is no in-toto statement"),
    ("message-signature", "a signature over the artifact itself"),
    ("bundle-v01", "a bundle of version 0.1"),
    ("bundle-v02", "a bundle of version 0.2"),
];

pub(super) fn situations() -> Vec<Situation> {
    let single = ["v1", "v2"].into_iter().flat_map(|log| {
        MATTERS.iter().map(move |(matter, because)| {
            situation(format!("{log}-{matter}"), format!("{because}, in Rekor {log}"))
                .with(bundle().log(log).matter(matter))
        })
    });
    single.chain(mixed()).map(|situation| situation.verify(by_cd())).collect()
}

fn mixed() -> Vec<Situation> {
    let (v1, v2) = (|| bundle().log("v1"), || bundle().log("v2"));
    let shared = "all bundles share one set of options, which a bundle of Rekor v2 changes";
    vec![
        situation("mixed-logs", "one good bundle of each log").with(v1()).with(v2()),
        situation("mixed-logs-v1-good", "of a bad bundle of Rekor v2 and a good one of v1")
            .with(v1())
            .with(v2().matter("tampered-payload"))
            .chance(shared, 6),
        situation("mixed-logs-v2-good", "of a bad bundle of Rekor v1 and a good one of v2")
            .with(v1().matter("tampered-payload"))
            .with(v2()),
        situation("mixed-logs-both-bad", "the complaint about the older one may be of either kind")
            .with(v1().matter("tampered-payload"))
            .with(v2().matter("tampered-payload"))
            .chance(shared, 6),
    ]
}
