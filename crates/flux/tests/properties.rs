//! Whatever a registry answers and a Secret holds, a prediction ends and nothing panics.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test may fail"
)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use sealwright_flux::{
    Answer, Controller, Response, Secret, Secrets, Seen, Situation, Source, predict,
};
use serde_json::{Value, json};

/// More rounds than any answers can make it ask.
const ROUNDS_MAX: usize = 40;

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        Just(br#"{"manifests":[{"digest":"sha256:00"},{"digest":"x"}]}"#.to_vec()),
        Just(br#"{"layers":[{"mediaType":"application/vnd.dev.sigstore.bundle","digest":"sha256:00","size":1}]}"#.to_vec()),
        Just(br#"{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","dsseEnvelope":{"signatures":[]}}"#.to_vec()),
        Just(br#"{"errors":[{"code":7,"detail":[{"a":null}]}]}"#.to_vec()),
        Just(br#"{"tags":["1.0.0","v1.0.0",7,"99999999999999999999.0.0"]}"#.to_vec()),
        Just(b"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----".to_vec()),
    ]
}

fn response() -> impl Strategy<Value = Answer> {
    let kind = prop::option::of(prop_oneof![
        Just("application/vnd.oci.image.index.v1+json".to_owned()),
        Just("application/vnd.oci.image.manifest.v1+json".to_owned()),
        "[a-z/]{0,12}",
    ]);
    let status = prop_oneof![Just(200_u16), Just(404), any::<u16>()];
    let got = (status, kind, bytes(), any::<bool>()).prop_map(|(status, kind, body, honest)| {
        let digest = sealwright_evidence::Digest::of(&body).to_string();
        Answer::Got(Response {
            url: "http://h:1/v2/r/x".to_owned(),
            status,
            content_type: kind,
            content_length: Some(body.len() as u64),
            content_digest: honest.then_some(digest),
            body,
        })
    });
    prop_oneof![9 => got, 1 => Just(Answer::Failed("refused".to_owned()))]
}

fn spec() -> impl Strategy<Value = Value> {
    let url =
        prop_oneof![3 => Just("oci://127.0.0.1:5000/acme/app".to_owned()), 1 => "(oci://)?.{0,30}"];
    let text = prop_oneof![Just(String::new()), Just("1.x".to_owned()), ".{0,12}"];
    let reference = (text.clone(), text.clone(), text.clone(), text)
        .prop_map(|(tag, semver, filter, digest)| {
            json!({"tag": tag, "semver": semver, "semverFilter": filter, "digest": digest})
        });
    let verify = prop_oneof![
        Just(json!({"provider": "cosign", "secretRef": {"name": "keys"}})),
        Just(json!({"provider": "notation", "secretRef": {"name": "keys"}})),
        (".{0,8}", ".{0,8}").prop_map(|(issuer, subject)| json!({
            "provider": "cosign",
            "trustedRootSecretRef": {"name": "root"},
            "matchOIDCIdentity": [{"issuer": issuer, "subject": subject}],
        })),
    ];
    (url, reference, verify).prop_map(
        |(url, reference, verify)| json!({"url": url, "ref": reference, "verify": verify}),
    )
}

proptest! {
    #[test]
    fn a_prediction_ends(
        spec in spec(),
        answers in prop::collection::vec(response(), 1..12),
        key in bytes(),
        controller in prop_oneof![Just("2.7"), Just("2.8"), Just("2.9"), Just("1.10.1")],
    ) {
        let object = json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository",
            "metadata": {"name": "a", "namespace": "n"}, "spec": spec,
        });
        let source = Source::parse(&object).unwrap();
        let controller = Controller::parse(controller).unwrap();
        let mut secrets = Secrets::default();
        let entries = BTreeMap::from([
            ("cosign.pub".to_owned(), key.clone()),
            ("trustpolicy.json".to_owned(), key.clone()),
            ("trusted_root.json".to_owned(), key),
        ]);
        secrets.insert("n", "keys", Secret::Found(entries.clone()));
        secrets.insert("n", "root", Secret::Found(entries));
        let mut seen = Seen::default();
        let mut next = answers.iter().cycle();
        for round in 0..ROUNDS_MAX {
            let prediction = predict(Situation {
                source: &source,
                others: &[],
                secrets: &secrets,
                seen: &seen,
                controller: &controller,
                public_root: None,
                now: jiff::Timestamp::UNIX_EPOCH,
                fresh: false,
            });
            if prediction.wanted.is_empty() {
                let decided = !prediction.outcomes.is_empty() || prediction.undecided.is_some();
                prop_assert!(decided, "no outcome and no reason: {prediction:?}");
                break;
            }
            prop_assert!(round + 1 < ROUNDS_MAX, "it goes on asking: {prediction:?}");
            for request in prediction.wanted {
                seen.insert(request, next.next().unwrap().clone());
            }
        }
    }

    #[test]
    fn any_object_is_read_or_refused(text in ".{0,200}", kind in "[A-Za-z]{0,14}") {
        let _ = Source::parse(&json!({"apiVersion": text, "kind": kind, "spec": text}));
        if let Ok(object) = serde_json::from_str::<Value>(&text) {
            let _ = Source::parse(&object);
        }
        let _ = Controller::parse(&text);
    }
}
