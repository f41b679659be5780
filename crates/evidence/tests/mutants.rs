//! Real bundles with one thing changed, and real bundles under a changed trusted root: each is
//! refused, and for the reason that the change gives.
//!
//! Seven cases of the conformance suite are refused for another reason than their name says; what
//! they name is here: an empty chain, an entry that records something else, an inclusion proof, a
//! timestamp's time, a promise from the future, and (in `conformance.rs`) a root in the chain and
//! another key.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test reads files, and may fail"
)]

mod recording;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use recording::Recording;
use recording::attach::attached;
use sealwright_evidence::limits::{
    BUNDLE_BYTES_MAX, CHAIN_CERTIFICATES_COUNT_MAX, CHECKPOINT_BYTES_MAX, LOG_ENTRIES_COUNT_MAX,
    PROOF_HASHES_COUNT_MAX, TIMESTAMPS_COUNT_MAX,
};
use sealwright_evidence::{TrustedRoot, judge};
use sealwright_policy::{Code, Verdict};
use serde_json::{Value, json};

const V1: &str = "public-rekor-v1";
const V2: &str = "staging-rekor-v2";

/// What the judge says about a bundle attached to the recording's artifact: nothing when it holds.
fn refusal(recording: &Recording, bundle: &[u8], root: &TrustedRoot) -> Option<Code> {
    let evidence = attached(&recording.evidence.artifact.bytes, &[bundle]);
    let requirements = recording.satisfied_requirements();
    let judgement = judge(&evidence, root, &requirements, recording.expectations.now);
    let piece = judgement.findings.iter().find(|finding| finding.code != Code::EvidenceRefused);
    match judgement.verdict {
        Verdict::Verified => None,
        Verdict::Refused => Some(piece.unwrap_or_else(|| panic!("{judgement:#?}")).code),
        Verdict::Unknown => panic!("nothing was left out: {judgement:#?}"),
    }
}

type Edit = fn(&mut Value);

fn check_edits(name: &str, edits: &[(Edit, Code, &str)]) {
    // As in a program that looks at many bundles: all that holds in the unchanged one is known.
    sealwright_evidence::signature_checks::remember();
    let recording = Recording::named(name);
    let root = recording.root();
    let bundle: Value = serde_json::from_slice(&recording.bundle()).unwrap();
    assert_eq!(refusal(&recording, bundle.to_string().as_bytes(), &root), None, "unchanged");
    for (edit, expected, why) in edits {
        let mut edited = bundle.clone();
        edit(&mut edited);
        assert!(edited != bundle, "{why}: the edit changes something");
        let found = refusal(&recording, edited.to_string().as_bytes(), &root);
        assert_eq!(found, Some(*expected), "{why}");
    }
}

fn material(bundle: &mut Value) -> &mut Value {
    &mut bundle["verificationMaterial"]
}

fn entry(bundle: &mut Value) -> &mut Value {
    &mut bundle["verificationMaterial"]["tlogEntries"][0]
}

fn proof(bundle: &mut Value) -> &mut Value {
    &mut entry(bundle)["inclusionProof"]
}

fn timestamps(bundle: &mut Value) -> &mut Vec<Value> {
    let data = &mut material(bundle)["timestampVerificationData"];
    data["rfc3161Timestamps"].as_array_mut().unwrap()
}

/// Changes the bytes behind base64 text.
fn bytes(field: &mut Value, change: impl Fn(&mut Vec<u8>)) {
    let mut bytes = STANDARD.decode(field.as_str().unwrap()).unwrap();
    change(&mut bytes);
    *field = STANDARD.encode(bytes).into();
}

/// Flips a bit near the end, where a signature's number is and no length.
fn flip(field: &mut Value) {
    bytes(field, |bytes| {
        let place = bytes.len() - 3;
        bytes[place] ^= 1;
    });
}

fn replace(field: &mut Value, from: &str, to: &str) {
    *field = field.as_str().unwrap().replacen(from, to, 1).into();
}

/// Adds one to a number in text, as the protobuf's JSON has them.
fn count_up(field: &mut Value) {
    *field = (field.as_str().unwrap().parse::<i64>().unwrap() + 1).to_string().into();
}

#[test]
fn the_form_of_a_bundle_is_checked() {
    check_edits(
        V1,
        &[
            (
                |b| b["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2".into(),
                Code::BundleForm,
                "an older version",
            ),
            (
                |b| drop(b.as_object_mut().unwrap().remove("mediaType")),
                Code::BundleForm,
                "no version, which counts as 0.1",
            ),
            (|b| b["mediaType"] = "text/plain".into(), Code::BundleUnreadable, "no bundle"),
            (
                |b| {
                    let leaf = material(b).as_object_mut().unwrap().remove("certificate").unwrap();
                    material(b)["x509CertificateChain"] = json!({ "certificates": [leaf] });
                },
                Code::BundleForm,
                "a chain instead of a certificate",
            ),
            (
                |b| {
                    material(b).as_object_mut().unwrap().remove("certificate");
                    material(b)["x509CertificateChain"] = json!({ "certificates": [] });
                },
                Code::BundleForm,
                "an empty chain",
            ),
            (
                |b| material(b)["certificate"]["rawBytes"] = "".into(),
                Code::CertificateInvalid,
                "an empty certificate",
            ),
            (
                |b| {
                    material(b).as_object_mut().unwrap().remove("certificate");
                    material(b)["publicKey"] = json!({ "hint": "key" });
                },
                Code::BundleForm,
                "a public key says nothing about who signed",
            ),
            (
                |b| material(b)["publicKey"] = json!({ "hint": "key" }),
                Code::BundleUnreadable,
                "a certificate and a key: readers would differ",
            ),
            (
                |b| b["padding"] = "".into(),
                Code::BundleUnreadable,
                "a field that the cluster's verifier would not know either",
            ),
            (
                |b| material(b)["padding"] = "".into(),
                Code::BundleUnreadable,
                "the same in the material",
            ),
            (
                |b| b["messageSignature"] = json!({ "signature": "AAAA" }),
                Code::BundleUnreadable,
                "two contents: readers would differ",
            ),
            (
                |b| {
                    let envelope = b.as_object_mut().unwrap().remove("dsseEnvelope").unwrap();
                    b["messageSignature"] =
                        json!({ "signature": envelope["signatures"][0]["sig"] });
                },
                Code::BundleForm,
                "a message signature instead of an envelope",
            ),
            (
                |b| {
                    let signatures = b["dsseEnvelope"]["signatures"].as_array_mut().unwrap();
                    signatures.push(signatures[0].clone());
                },
                Code::BundleUnreadable,
                "two signatures, of which one would not be looked at",
            ),
        ],
    );
}

#[test]
fn what_is_signed_is_checked() {
    check_edits(
        V1,
        &[
            (
                |b| flip(&mut b["dsseEnvelope"]["signatures"][0]["sig"]),
                Code::SignatureInvalid,
                "another signature",
            ),
            (
                |b| bytes(&mut b["dsseEnvelope"]["payload"], |p| p.push(b' ')),
                Code::SignatureInvalid,
                "a statement that means the same in other bytes",
            ),
            (
                |b| b["dsseEnvelope"]["payloadType"] = "application/json".into(),
                Code::StatementUnreadable,
                "another payload type",
            ),
            (
                |b| bytes(&mut b["dsseEnvelope"]["payload"], |p| p.truncate(100)),
                Code::StatementUnreadable,
                "half a statement",
            ),
            (
                |b| {
                    bytes(&mut b["dsseEnvelope"]["payload"], |payload| {
                        let text = String::from_utf8(payload.clone()).unwrap();
                        *payload = text.replacen("a0cfc7", "b0cfc7", 1).into_bytes();
                    });
                },
                Code::ArtifactNotNamed,
                "a statement about another artifact",
            ),
            (
                |b| {
                    bytes(&mut b["dsseEnvelope"]["payload"], |payload| {
                        let text = String::from_utf8(payload.clone()).unwrap();
                        *payload = text.replacen("Statement/v1", "Statement/v9", 1).into_bytes();
                    });
                },
                Code::StatementUnreadable,
                "a statement of a later version",
            ),
            (
                |b| {
                    bytes(&mut b["dsseEnvelope"]["payload"], |payload| {
                        let text = String::from_utf8(payload.clone()).unwrap();
                        let twice = r#"{"predicateType":"https://slsa.dev/provenance/v1","#;
                        *payload = text.replacen('{', twice, 1).into_bytes();
                    });
                },
                Code::StatementUnreadable,
                "a statement that names its predicate type twice",
            ),
            (
                |b| flip(&mut material(b)["certificate"]["rawBytes"]),
                Code::CertificateInvalid,
                "a certificate that its authority did not sign",
            ),
        ],
    );
}

#[test]
fn a_rekor_v1_entry_is_checked() {
    check_edits(
        V1,
        &[
            (|b| material(b)["tlogEntries"] = json!([]), Code::LogEntryInvalid, "never logged"),
            (
                |b| drop(entry(b).as_object_mut().unwrap().remove("inclusionProof")),
                Code::LogEntryInvalid,
                "a promise alone",
            ),
            (
                |b| drop(entry(b).as_object_mut().unwrap().remove("inclusionPromise")),
                Code::TimeUnproven,
                "a proof alone: nothing proves the time",
            ),
            (
                |b| drop(entry(b).as_object_mut().unwrap().remove("integratedTime")),
                Code::LogEntryInvalid,
                "a promise without a time",
            ),
            (
                |b| count_up(&mut entry(b)["integratedTime"]),
                Code::LogEntryInvalid,
                "a time that was not promised",
            ),
            (
                |b| flip(&mut entry(b)["inclusionPromise"]["signedEntryTimestamp"]),
                Code::LogEntryInvalid,
                "a promise that the log did not sign",
            ),
            (
                |b| count_up(&mut entry(b)["logIndex"]),
                Code::LogEntryInvalid,
                "an index that was not promised",
            ),
            (
                |b| count_up(&mut proof(b)["logIndex"]),
                Code::LogEntryInvalid,
                "a proof for the neighbour",
            ),
            (
                |b| count_up(&mut proof(b)["treeSize"]),
                Code::LogEntryInvalid,
                "a tree of another size than the checkpoint's",
            ),
            (
                |b| flip(&mut proof(b)["rootHash"]),
                Code::LogEntryInvalid,
                "another root than the checkpoint's",
            ),
            (|b| flip(&mut proof(b)["hashes"][3]), Code::LogEntryInvalid, "a hash on the path"),
            (
                |b| drop(proof(b)["hashes"].as_array_mut().unwrap().pop()),
                Code::LogEntryInvalid,
                "a path that stops short",
            ),
            (
                |b| proof(b)["checkpoint"]["envelope"] = "".into(),
                Code::LogEntryInvalid,
                "a root that nobody signed",
            ),
            (
                |b| replace(&mut proof(b)["checkpoint"]["envelope"], "wNI9a", "xNI9a"),
                Code::LogEntryInvalid,
                "no checkpoint signature by the log's key",
            ),
            (
                |b| {
                    replace(
                        &mut proof(b)["checkpoint"]["envelope"],
                        "wNI9ajBEAiA+Gp",
                        "wNI9ajBEAiA+Gq",
                    )
                },
                Code::LogEntryInvalid,
                "a checkpoint signature that does not hold",
            ),
            (
                |b| replace(&mut proof(b)["checkpoint"]["envelope"], "rekor.sigstore.dev", "evil"),
                Code::LogForeign,
                "the checkpoint of a log of another name",
            ),
            (|b| flip(&mut entry(b)["logId"]["keyId"]), Code::LogForeign, "an unknown log"),
            (
                |b| {
                    entry(b)["logId"]["keyId"] =
                        "zxGZFVvd0FEmjR8WrFwMdcAJ9vtaY/QXf44Y1wUeP6A=".into()
                },
                Code::LogForeign,
                "the id of another trusted log",
            ),
            (
                |b| entry(b)["kindVersion"]["kind"] = "intoto".into(),
                Code::BundleUnreadable,
                "an unknown kind of entry",
            ),
            (
                |b| bytes(&mut entry(b)["canonicalizedBody"], |body| body.push(b' ')),
                Code::LogEntryInvalid,
                "a body that is not in the tree",
            ),
        ],
    );
}

#[test]
fn a_rekor_v2_entry_and_its_timestamp_are_checked() {
    check_edits(
        V2,
        &[
            (
                |b| flip(&mut entry(b)["logId"]["keyId"]),
                Code::LogForeign,
                "any other log id, which the upstream verifier would not look at",
            ),
            (
                |b| {
                    entry(b)["logId"]["keyId"] =
                        "0y8wo8MtY5wrdiIFohx7sHeI5oKDpK5vQhGHI6G+pJY=".into()
                },
                Code::LogForeign,
                "the id of another trusted log",
            ),
            (
                |b| {
                    let envelope = &mut proof(b)["checkpoint"]["envelope"];
                    replace(envelope, "log2025-alpha3", "log2025-alpha2");
                },
                Code::LogForeign,
                "the checkpoint of another trusted log",
            ),
            (|b| count_up(&mut entry(b)["logIndex"]), Code::LogEntryInvalid, "another index"),
            (|b| flip(&mut proof(b)["hashes"][0]), Code::LogEntryInvalid, "a hash on the path"),
            (
                |b| entry(b)["inclusionPromise"] = json!({ "signedEntryTimestamp": "AAAA" }),
                Code::LogEntryInvalid,
                "a promise, which this log never makes",
            ),
            (|b| timestamps(b).clear(), Code::TimeUnproven, "no timestamp"),
            (
                |b| {
                    let token = timestamps(b)[0].clone();
                    timestamps(b).push(token);
                },
                Code::BundleUnreadable,
                "the same timestamp twice",
            ),
            (
                |b| {
                    bytes(&mut timestamps(b)[0]["signedTimestamp"], |token| {
                        let time = b"20260513";
                        let place = token.windows(time.len()).position(|at| at == time).unwrap();
                        token[place + 3] = b'5';
                    });
                },
                Code::TimeUnproven,
                "a timestamp of another year",
            ),
            (
                |b| {
                    let mut garbage = timestamps(b)[0].clone();
                    flip(&mut garbage["signedTimestamp"]);
                    timestamps(b).push(garbage);
                },
                Code::TimeUnproven,
                "a second timestamp that does not hold",
            ),
        ],
    );
}

#[test]
fn a_bundle_has_limits() {
    check_edits(
        V2,
        &[
            (
                |b| {
                    let one = entry(b).clone();
                    material(b)["tlogEntries"] = vec![one; LOG_ENTRIES_COUNT_MAX + 1].into();
                },
                Code::EvidenceLimit,
                "too many log entries",
            ),
            (
                |b| {
                    let one = timestamps(b)[0].clone();
                    *timestamps(b) = vec![one; TIMESTAMPS_COUNT_MAX + 1];
                },
                Code::EvidenceLimit,
                "too many timestamps",
            ),
            (
                |b| {
                    let leaf = material(b).as_object_mut().unwrap().remove("certificate").unwrap();
                    let chain = vec![leaf; CHAIN_CERTIFICATES_COUNT_MAX + 1];
                    material(b)["x509CertificateChain"] = json!({ "certificates": chain });
                },
                Code::EvidenceLimit,
                "too many certificates",
            ),
            (
                |b| {
                    let one = proof(b)["hashes"][0].clone();
                    proof(b)["hashes"] = vec![one; PROOF_HASHES_COUNT_MAX + 1].into();
                },
                Code::EvidenceLimit,
                "too long a proof",
            ),
            (
                |b| {
                    let envelope = proof(b)["checkpoint"]["envelope"].as_str().unwrap();
                    let line = envelope.lines().last().unwrap();
                    let many = CHECKPOINT_BYTES_MAX / line.len() + 1;
                    let text = envelope.to_owned() + &format!("{line}\n").repeat(many);
                    proof(b)["checkpoint"]["envelope"] = text.into();
                },
                Code::EvidenceLimit,
                "too many witnesses",
            ),
            (
                |b| b["padding"] = "x".repeat(BUNDLE_BYTES_MAX).into(),
                Code::EvidenceLimit,
                "too many bytes, though in a field that nobody reads",
            ),
        ],
    );
}

#[test]
fn bytes_that_are_no_bundle_are_refused() {
    let recording = Recording::named(V1);
    let (root, good) = (recording.root(), recording.bundle());
    let text = String::from_utf8(good.clone()).unwrap();
    let deep = "[".repeat(100_000);
    for (bytes, why) in [
        (vec![], "nothing"),
        (good[..good.len() - 1].to_vec(), "cut off"),
        ([&good[..], b"{}"].concat(), "something behind it"),
        (text.replacen("{", r#"{"dsseEnvelope":{},"#, 1).into_bytes(), "a field twice"),
        (
            text.replacen(r#""keyId":"#, r#""keyId":"","keyId":"#, 1).into_bytes(),
            "twice, deep inside",
        ),
        (
            text.replacen(r#""kind":"#, r#""kind":"","k\u0069nd":"#, 1).into_bytes(),
            "twice, escaped",
        ),
        (text.replacen("payloadType", r"payload\u0054ype", 1).into_bytes(), "an escaped name"),
        (deep.into_bytes(), "nested without end"),
        (vec![0xff; 64], "not text"),
        (b"null".to_vec(), "nothing in JSON"),
    ] {
        let expected = match why {
            "an escaped name" => None, // the same name, spelt differently
            _ => Some(Code::BundleUnreadable),
        };
        assert_eq!(refusal(&recording, &bytes, &root), expected, "{why}");
    }
}

#[test]
fn the_trusted_root_decides() {
    let other_key = |root: &mut Value, log: usize, other: usize| {
        root["tlogs"][log]["publicKey"] = root["tlogs"][other]["publicKey"].clone();
    };
    type Case<'a> = (&'a str, &'a dyn Fn(&mut Value), Option<Code>, &'a str);
    let cases: &[Case<'_>] = &[
        (
            V1,
            &|root| {
                root["tlogs"][0]["publicKey"]["validFor"]["end"] = "2024-12-16T18:42:00Z".into()
            },
            Some(Code::LogForeign),
            "the log was retired a minute before it was signed",
        ),
        (
            V1,
            &|root| {
                root["tlogs"][0]["publicKey"]["validFor"]["end"] = "2024-12-16T18:53:00Z".into()
            },
            None,
            "the log was retired after it was signed",
        ),
        (
            V1,
            &|root| {
                root["tlogs"][0]["publicKey"]["validFor"]["start"] = "2099-01-01T00:00:00Z".into()
            },
            Some(Code::LogForeign),
            "the log has not begun",
        ),
        (
            V1,
            &|root| drop(root["tlogs"].as_array_mut().unwrap().remove(0)),
            Some(Code::LogForeign),
            "the log is not trusted",
        ),
        (V1, &|root| root["ctlogs"] = json!([]), Some(Code::CertificateUnlogged), "no CT log"),
        (
            V1,
            &|root| {
                for authority in root["certificateAuthorities"].as_array_mut().unwrap() {
                    authority["validFor"]["end"] = "2024-01-01T00:00:00Z".into();
                }
            },
            Some(Code::CertificateInvalid),
            "the authority had ended",
        ),
        (
            V2,
            &|root| {
                root["tlogs"][3]["publicKey"]["validFor"]["end"] = "2026-05-13T00:00:00Z".into()
            },
            Some(Code::LogForeign),
            "the log was retired on the day before",
        ),
        (
            V2,
            &|root| {
                root["tlogs"][3]["publicKey"]["validFor"]["end"] = "2026-05-14T00:00:00Z".into()
            },
            None,
            "the log was retired on the day after",
        ),
        (
            V2,
            &|root| other_key(root, 3, 2),
            Some(Code::LogEntryInvalid),
            "another log's key under this log's id",
        ),
        (
            V2,
            &|root| {
                root["tlogs"][3]["baseUrl"] = "https://log2025-alpha2.rekor.sigstage.dev".into()
            },
            Some(Code::LogForeign),
            "another log's name for this log's id",
        ),
        (
            V2,
            &|root| root["timestampAuthorities"] = json!([]),
            Some(Code::TimeUnproven),
            "no timestamp authority",
        ),
        (
            V2,
            &|root| {
                root["timestampAuthorities"][0]["validFor"]["end"] = "2026-01-01T00:00:00Z".into();
            },
            Some(Code::TimeUnproven),
            "the timestamp authority had ended",
        ),
    ];
    for (name, edit, expected, why) in cases {
        let recording = Recording::named(name);
        let mut root: Value = serde_json::from_slice(&recording.root_json).unwrap();
        edit(&mut root);
        let root = TrustedRoot::parse(root.to_string().as_bytes()).unwrap();
        assert_eq!(refusal(&recording, &recording.bundle(), &root), *expected, "{name}: {why}");
    }
}

#[test]
fn nothing_is_signed_in_the_future() {
    for (name, signed) in [(V1, "2024-12-16T18:42:56Z"), (V2, "2026-05-13T19:23:32Z")] {
        let mut recording = Recording::named(name);
        let (root, bundle) = (recording.root(), recording.bundle());
        let signed: jiff::Timestamp = signed.parse().unwrap();
        for (seconds, expected, why) in [
            (-3600, Some(Code::TimeAhead), "an hour before"),
            (-120, Some(Code::TimeAhead), "further than clocks differ"),
            (-30, None, "as far as clocks differ"),
            (3600, None, "an hour after"),
        ] {
            recording.expectations.now = signed + jiff::SignedDuration::from_secs(seconds);
            assert_eq!(refusal(&recording, &bundle, &root), expected, "{name}: {why}");
        }
    }
}

#[test]
fn another_bundles_parts_do_not_fit() {
    let (v1, v2) = (Recording::named(V1), Recording::named(V2));
    let mut bundle: Value = serde_json::from_slice(&v1.bundle()).unwrap();
    let mut other: Value = serde_json::from_slice(&v2.bundle()).unwrap();
    bundle["verificationMaterial"]["certificate"] = material(&mut other)["certificate"].take();
    let found = refusal(&v1, bundle.to_string().as_bytes(), &v1.root());
    assert_eq!(found, Some(Code::CertificateInvalid), "a certificate of another authority");
}
