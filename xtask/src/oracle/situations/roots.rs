//! Trusted roots that are not what they should be.

use serde_json::{Value, json};

use crate::oracle::evidence::{Bundle, bundle};
use crate::oracle::situation::{Edit, Secret, Situation, situation};
use crate::planes::Controller;

use super::{SINCE_1_9, by_cd, under_root};

const GO_WORDS: &str = "the words are those of Go's parser of ASN.1";
const SPACES: &str =
    "Go's protobuf library writes a space or a no-break space, by the build it is part of";

fn with(name: &'static str, because: &str, secret: Secret, bundle: Bundle) -> Situation {
    situation(name, because)
        .with(bundle)
        .verify(under_root(secret.name))
        .secret(secret)
        .only(Controller::Source19, SINCE_1_9)
}

pub(super) fn situations() -> Vec<Situation> {
    let edited =
        |name, because: &str, edit: Edit| with(name, because, Secret::root(name, edit), bundle());
    let past = || json!({"start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"});
    let gone = Value::Null;
    let mut situations = vec![
        edited("root-whole", "a trusted root as it should be", vec![]),
        edited("root-without-logs", "no log at all", vec![("/tlogs", json!([]))]),
        edited(
            "root-without-log-urls",
            "no log says where it is",
            vec![("/tlogs/0/baseUrl", gone.clone()), ("/tlogs/1/baseUrl", gone.clone())],
        ),
        edited(
            "root-with-one-log-url",
            "a log of Rekor v2 counts only with its URL",
            vec![("/tlogs/1/baseUrl", gone.clone())],
        ),
        edited(
            "root-with-v2-url-alone",
            "Rekor v1 needs no URL",
            vec![("/tlogs/0/baseUrl", gone.clone())],
        ),
        edited("root-without-v2-log", "the log is not known", vec![("/tlogs/1", gone.clone())]),
        edited(
            "root-without-authority",
            "no authority",
            vec![("/certificateAuthorities", json!([]))],
        ),
        edited("root-without-ct-logs", "no log of certificates", vec![("/ctlogs", json!([]))]),
        edited(
            "root-without-timestamps",
            "no timestamp authority",
            vec![("/timestampAuthorities", json!([]))],
        ),
        edited(
            "root-authority-ended",
            "the authority had ended",
            vec![("/certificateAuthorities/0/validFor", past())],
        ),
        edited(
            "root-log-ended",
            "the log had ended",
            vec![("/tlogs/1/publicKey/validFor", past())],
        ),
        edited(
            "root-ct-log-ended",
            "the log of certificates had ended",
            vec![("/ctlogs/0/publicKey/validFor", past())],
        ),
        edited(
            "root-timestamps-ended",
            "the timestamp authority had ended",
            vec![("/timestampAuthorities/0/validFor", past())],
        ),
        edited(
            "root-other-type",
            "a document of another type",
            vec![("/mediaType", json!("text/plain"))],
        ),
        edited("root-without-type", "a document without type", vec![("/mediaType", gone.clone())]),
        edited("root-unknown-field", "a field that nobody knows", vec![("/acme", json!(1))])
            .chance(SPACES, 1),
        edited(
            "root-bad-key",
            "a key that is none",
            vec![("/tlogs/0/publicKey/rawBytes", json!("AAAA"))],
        )
        .unforetold(GO_WORDS),
        edited(
            "root-bad-base64",
            "a key that is no base64",
            vec![("/tlogs/0/publicKey/rawBytes", json!("*"))],
        )
        .chance(SPACES, 1),
        edited("root-log-id-missing", "a log without identifier", vec![("/tlogs/1/logId", gone)]),
    ];
    situations.extend([
        with(
            "root-without-timestamps-v1",
            "Rekor v1 needs no timestamp authority",
            Secret::root("root-no-tsa", vec![("/timestampAuthorities", json!([]))]),
            bundle().log("v1"),
        ),
        with(
            "root-not-json",
            "no JSON",
            Secret::text("root-not-json", "trusted_root.json", "no JSON"),
            bundle(),
        )
        .chance(SPACES, 1),
        with(
            "root-empty",
            "an empty file",
            Secret::text("root-empty", "trusted_root.json", ""),
            bundle(),
        ),
        with(
            "root-empty-object",
            "JSON without anything",
            Secret::text("root-empty-object", "trusted_root.json", "{}"),
            bundle(),
        ),
        with(
            "root-other-entry",
            "the entry has another name",
            Secret::text("root-other-entry", "root.json", "{}"),
            bundle(),
        ),
        situation("root-secret-missing", "the Secret is not there")
            .with(bundle())
            .verify(under_root("nowhere"))
            .only(Controller::Source19, SINCE_1_9),
        situation(
            "root-of-nothing",
            "with nothing to verify the trusted root is read all the same",
        )
        .verify(under_root("nowhere"))
        .only(Controller::Source19, SINCE_1_9),
        situation("root-healthy-for-all", "the neighbour of them all")
            .with(bundle())
            .verify(by_cd()),
    ]);
    situations
}
