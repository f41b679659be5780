//! What holds for any bytes: nothing panics, and nothing that was changed is accepted, but for the
//! places that no signature covers. Those are listed here, each with its reason.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test reads files, and may fail"
)]

mod recording;

use std::collections::BTreeMap;

use proptest::prelude::*;
use recording::Recording;
use recording::attach::{attached, blob};
use sealwright_evidence::bundle::Bundle;
use sealwright_evidence::descriptor::{OCI_MANIFEST, SIMPLE_SIGNING};
use sealwright_evidence::{
    Evidence, LegacyImage, Referrer, Statement, TrustedRoot, certificate, judge,
};
use sealwright_policy::Verdict;
use serde_json::{Value, json};

/// Places in a bundle that no signature covers, as the end of a JSON pointer, and why they may
/// hold anything.
const UNAUTHENTICATED: &[(&str, &str)] = &[
    ("/signatures/0/keyid", "a hint for finding a key; the certificate's is used"),
    ("/checkpoint/envelope", "signatures of witnesses stand beside the log's, which is checked"),
    ("/signedTimestamp", "a token may embed certificates, of which the trusted root's are used"),
];

/// The same for Rekor v2, whose specification says to ignore what the proof repeats.
const UNAUTHENTICATED_IN_V2: &[(&str, &str)] = &[
    ("/inclusionProof/logIndex", "the entry's own index is used"),
    ("/inclusionProof/treeSize", "the checkpoint's size is used"),
    ("/inclusionProof/rootHash", "the checkpoint's root is used"),
    ("/integratedTime", "a v2 log promises no time; the timestamp's is used"),
];

/// A small change of bytes.
#[derive(Debug, Clone)]
enum Change {
    Flip(prop::sample::Index, u8),
    Remove(prop::sample::Index),
    Insert(prop::sample::Index, u8),
    Swap(prop::sample::Index, prop::sample::Index),
    Truncate(prop::sample::Index),
}

fn change() -> impl Strategy<Value = Change> {
    let place = any::<prop::sample::Index>;
    prop_oneof![
        4 => (place(), 0..8u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        1 => place().prop_map(Change::Remove),
        1 => (place(), any::<u8>()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        2 => (place(), place()).prop_map(|(a, b)| Change::Swap(a, b)),
        1 => place().prop_map(Change::Truncate),
    ]
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let length = bytes.len();
        match self {
            Change::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
            Change::Remove(at) => drop(bytes.remove(at.index(length))),
            Change::Insert(at, byte) => bytes.insert(at.index(length), *byte),
            Change::Swap(a, b) => bytes.swap(a.index(length), b.index(length)),
            Change::Truncate(at) => bytes.truncate(at.index(length)),
        }
    }
}

/// Every leaf of a JSON value by its pointer.
fn leaves(value: &Value) -> BTreeMap<String, Value> {
    fn walk(value: &Value, pointer: String, leaves: &mut BTreeMap<String, Value>) {
        match value {
            Value::Object(members) => members
                .iter()
                .for_each(|(name, value)| walk(value, format!("{pointer}/{name}"), leaves)),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .for_each(|(index, value)| walk(value, format!("{pointer}/{index}"), leaves)),
            leaf => drop(leaves.insert(pointer, leaf.clone())),
        }
    }
    let mut found = BTreeMap::new();
    walk(value, String::new(), &mut found);
    found
}

/// The places of known fields that differ. A field that only the changed bundle has is unknown to
/// every reader here, as all known ones are in the recordings or alternatives that are refused.
fn differences(original: &Value, changed: &Value) -> Vec<String> {
    let changed = leaves(changed);
    let differs = |at: &str, leaf: &Value| changed.get(at).map(spelling) != Some(spelling(leaf));
    leaves(original).into_iter().filter(|(at, leaf)| differs(at, leaf)).map(|(at, _)| at).collect()
}

/// The JSON of protobuf takes base64 of both alphabets, with padding or without: the same bytes in
/// another spelling.
fn spelling(leaf: &Value) -> Value {
    match leaf.as_str() {
        Some(text) => text.trim_end_matches('=').replace('-', "+").replace('_', "/").into(),
        None => leaf.clone(),
    }
}

fn is_covered(place: &str, is_v2: bool) -> bool {
    let v2 = if is_v2 { UNAUTHENTICATED_IN_V2 } else { &[] };
    !UNAUTHENTICATED.iter().chain(v2).any(|(end, _why)| place.ends_with(end))
}

fn check_changes(name: &str, changes: &[Change]) -> Result<(), TestCaseError> {
    let recording = Recording::named(name);
    let (root, requirements) = (recording.root(), recording.satisfied_requirements());
    let original = recording.bundle();
    let mut bytes = original.clone();
    for change in changes.iter().filter(|_| !original.is_empty()) {
        if !bytes.is_empty() {
            change.apply(&mut bytes);
        }
    }
    let evidence = attached(&recording.evidence.artifact.bytes, &[&bytes]);
    let judgement = judge(&evidence, &root, &requirements, recording.expectations.now);
    prop_assert_ne!(judgement.verdict, Verdict::Unknown);
    if judgement.verdict == Verdict::Verified {
        let original: Value = serde_json::from_slice(&original).unwrap();
        let changed: Value = serde_json::from_slice(&bytes).unwrap();
        let mut differences = differences(&original, &changed);
        differences.retain(|place| is_covered(place, name.ends_with("v2")));
        prop_assert!(differences.is_empty(), "accepted with changes in {:?}", differences);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_v1_bundle_is_refused(changes in prop::collection::vec(change(), 1..3)) {
        check_changes("public-rekor-v1", &changes)?;
    }

    #[test]
    fn a_changed_v2_bundle_is_refused(changes in prop::collection::vec(change(), 1..3)) {
        check_changes("staging-rekor-v2", &changes)?;
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Bundle::parse(&bytes);
        let _ = Statement::parse(&bytes);
        let _ = certificate::read(&bytes);
        let _ = TrustedRoot::parse(&bytes);
        let _ = serde_json::from_slice::<Evidence>(&bytes);
    }

    #[test]
    fn a_changed_certificate_is_read_or_refused(changes in prop::collection::vec(change(), 1..4)) {
        let recording = Recording::named("public-rekor-v1");
        let mut der = Bundle::parse(&recording.bundle()).unwrap().certificate().unwrap().to_vec();
        for change in &changes {
            if !der.is_empty() {
                change.apply(&mut der);
            }
        }
        let _ = certificate::read(&der);
    }

    /// Manifests and payloads of any bytes, under their true digests.
    #[test]
    fn rubbish_is_never_verified(
        manifest in prop::collection::vec(any::<u8>(), 0..200),
        bundle in prop::collection::vec(any::<u8>(), 0..200),
        annotation in "\\PC{0,40}",
        legacy_annotation in prop::sample::select(vec![
            "dev.cosignproject.cosign/signature",
            "dev.sigstore.cosign/certificate",
            "dev.sigstore.cosign/chain",
            "dev.sigstore.cosign/bundle",
            "dev.sigstore.cosign/rfc3161timestamp",
        ]),
    ) {
        let recording = Recording::named("public-rekor-v1");
        let mut evidence = attached(&recording.evidence.artifact.bytes, &[&bundle]);
        let manifest = blob(OCI_MANIFEST, &manifest);
        evidence.referrers.push(Referrer { manifest, bundles: vec![blob("text/plain", &bundle)] });
        let payload = blob(SIMPLE_SIGNING, &bundle);
        let image = json!({ "mediaType": OCI_MANIFEST, "layers": [{
            "mediaType": SIMPLE_SIGNING, "digest": payload.digest, "size": bundle.len(),
            "annotations": { legacy_annotation: annotation },
        }]});
        let manifest = blob(OCI_MANIFEST, image.to_string().as_bytes());
        evidence.legacy = Some(LegacyImage { manifest, payloads: vec![payload] });
        let mut requirements = recording.satisfied_requirements();
        requirements.accept_legacy_signature = true;
        let now = recording.expectations.now;
        let judgement = judge(&evidence, &recording.root(), &requirements, now);
        prop_assert_eq!(judgement.verdict, Verdict::Refused);
    }
}
