//! What sigstore-verify says of each situation. It refuses what it should, for the reason that was minted;
//! what it leaves to its caller is written down here as accepted.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use der::Decode;
use sealwright_devstack::sigstore::{LogVersion, Mint, Situation, TokenRequest};
use serde_json::Value;
use x509_cert::Certificate;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use crate::world::{sigstore, statement, verify};

/// The answer for Rekor v1 and for Rekor v2; `""` is accepted, else the beginning of the refusal.
fn answers(situation: Situation) -> [&'static str; 2] {
    match situation {
        Situation::Healthy => ["", ""],

        Situation::SignedAfterExpiry => {
            ["certificate chain is invalid: certificate chain validation failed: CertExpired"; 2]
        }
        Situation::NoSct => {
            ["invalid signed certificate timestamp: certificate is missing SCT extension"; 2]
        }
        Situation::ForeignSct => {
            ["invalid signed certificate timestamp: SCT signature verification failed: \
             Verification error: key not found"; 2]
        }
        Situation::ForeignAuthority => {
            ["certificate chain is invalid: certificate chain validation failed: \
             InvalidSignatureForPublicKey"; 2]
        }
        // Who signed is the caller's matter: the verifier was asked for any identity.
        Situation::TwoSans
        | Situation::EmptySan
        | Situation::NoSan
        | Situation::NoIssuer
        | Situation::OtherIssuer => ["", ""],

        Situation::NotLogged => {
            ["Bundle error: application/vnd.dev.sigstore.bundle.v0.3+json bundle must have an inclusion proof";
                2]
        }
        Situation::ForeignLog => [
            "invalid inclusion promise: No log key valid",
            "invalid checkpoint: No matching Rekor key",
        ],
        Situation::ForeignLogUnderOurId => [
            "invalid inclusion promise: SET verification failed",
            "invalid checkpoint: No matching Rekor key",
        ],
        // The promise is over the log id; nothing in a v2 entry is, and the verifier does not compare.
        Situation::LogIdLies => ["invalid inclusion promise: SET verification failed", ""],
        // Any trusted log may sign: that it is the entry's log is the caller's matter.
        Situation::CheckpointOfOtherLog => ["", ""],
        Situation::WrongProof => {
            ["invalid inclusion proof: inclusion proof verification failed"; 2]
        }
        Situation::EntryOfOtherStatement => [
            "log entry does not match the bundle: DSSE payload hash mismatch",
            "artifact mismatch: artifact hash mismatch for hashedrekord entry",
        ],
        // Limits and duplicates are the caller's matter.
        Situation::EntryTwice => ["", ""],

        Situation::WrongTime => [
            "invalid inclusion promise: SET verification failed",
            "invalid RFC 3161 timestamp: TSA timestamp verification failed: Timestamp message hash mismatch",
        ],
        Situation::NoTime => ["no verified timestamp"; 2],
        Situation::ForeignTimestamp => {
            ["invalid RFC 3161 timestamp: TSA timestamp verification failed: Failed to verify \
             timestamp signature: CMS signer does not match any trusted TSA certificate";
                2]
        }

        Situation::TamperedPayload => ["invalid signature: DSSE signature verification failed"; 2],
        Situation::OtherPayloadType => ["unsupported bundle: unsupported DSSE payload type"; 2],
        // Sound, but not what a publication needs: the caller's matter.
        Situation::MessageSignature | Situation::BundleV02 => ["", ""],
        Situation::BundleV01 => [
            "",
            "Bundle error: application/vnd.dev.sigstore.bundle+json;version=0.1 bundles must have an inclusion promise",
        ],
        other => panic!("{other:?} has no answer here: write it down"),
    }
}

#[test]
fn every_situation_is_what_it_says_and_its_neighbour_is_healthy() {
    let sigstore = sigstore();
    // So that proofs have hashes.
    for log in [LogVersion::V1, LogVersion::V2] {
        for _ in 0..3 {
            sigstore.mint(&Mint::new(statement()).log(log)).unwrap();
        }
    }
    for situation in Situation::ALL {
        let logs = [LogVersion::V1, LogVersion::V2];
        for (log, expected) in logs.into_iter().zip(answers(situation)) {
            let mint = Mint::new(statement()).log(log).situation(situation);
            let answer = verify(&sigstore, &sigstore.mint(&mint).unwrap());
            match (expected, &answer) {
                ("", Ok(_)) => {}
                (beginning, Err(refusal)) if !beginning.is_empty() => {
                    assert!(refusal.starts_with(beginning), "{situation:?} {log:?}: {refusal}");
                }
                _ => panic!("{situation:?} {log:?}: expected {expected:?}, found {answer:?}"),
            }
        }
    }
}

#[test]
fn a_bundle_tells_who_signed_where_and_when() {
    let sigstore = sigstore();
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let run = TokenRequest {
        workflow_repository: Some("acme/actions".to_owned()),
        workflow_ref: Some(commit.to_owned()),
        caller_workflow: Some("release.yaml".to_owned()),
        ..TokenRequest::new("acme/shop", "publish-app.yaml")
    };
    let yesterday = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24);
    let yesterday = jiff::Timestamp::from_second(yesterday.as_second()).unwrap();
    for log in [LogVersion::V1, LogVersion::V2] {
        let mint = Mint::new(statement()).log(log).run(run.clone()).at(yesterday);
        let result = verify(&sigstore, &sigstore.mint(&mint).unwrap()).unwrap();
        assert_eq!(
            result.identity().unwrap().as_str(),
            format!("https://github.com/acme/actions/.github/workflows/publish-app.yaml@{commit}"),
        );
        assert_eq!(result.issuer(), Some(sigstore.issuer_url()));
        assert_eq!(result.verified_timestamps(), [yesterday], "{log:?}");
        let claims = &result.certificate().unwrap().ci_claims;
        let shop = "https://github.com/acme/shop".to_owned();
        assert_eq!(claims.source_repository_uri.as_ref(), Some(&shop));
        assert_eq!(
            claims.build_config_uri,
            Some(format!("{shop}/.github/workflows/release.yaml@refs/heads/main")),
        );
        assert_eq!(claims.build_signer_digest.as_deref(), Some(commit));
    }
}

#[test]
fn evidence_of_another_sigstore_is_refused() {
    let (ours, other) = (sigstore(), sigstore());
    for log in [LogVersion::V1, LogVersion::V2] {
        let bundle = ours.mint(&Mint::new(statement()).log(log)).unwrap();
        assert!(verify(&ours, &bundle).is_ok());
        assert!(verify(&other, &bundle).is_err(), "{log:?}");
    }
}

/// All alternative names, and the issuer in both of its extensions.
fn identity(bundle: &Value) -> (Vec<String>, [Option<String>; 2]) {
    let certificate = &bundle["verificationMaterial"]["certificate"]["rawBytes"];
    let certificate = BASE64.decode(certificate.as_str().unwrap()).unwrap();
    let certificate = Certificate::from_der(&certificate).unwrap().tbs_certificate;
    let names = certificate.get::<SubjectAltName>().unwrap().map(|(_, names)| names.0);
    let names = names.unwrap_or_default().into_iter().map(|name| match name {
        GeneralName::UniformResourceIdentifier(uri) => uri.to_string(),
        other => panic!("expected a URI, found {other:?}"),
    });
    let value = |oid: &str| {
        let extensions = certificate.extensions.iter().flatten();
        let mut found = extensions.filter(|extension| extension.extn_id.to_string() == oid);
        found.next().map(|extension| extension.extn_value.as_bytes().to_vec())
    };
    let bare = value("1.3.6.1.4.1.57264.1.1").map(|value| String::from_utf8(value).unwrap());
    let string = value("1.3.6.1.4.1.57264.1.8").map(|value| String::from_der(&value).unwrap());
    (names.collect(), [bare, string])
}

#[test]
fn what_the_verifier_leaves_to_its_caller_is_in_the_certificate_as_minted() {
    let sigstore = sigstore();
    let san = TokenRequest::default().san();
    let twin = "https://github.com/evil/twin/.github/workflows/cd.yaml@refs/heads/main".to_owned();
    let ours = Some(sigstore.issuer_url().to_owned());
    let other = Some("https://issuer.acme.example".to_owned());
    let cases = [
        (Situation::Healthy, vec![san.clone()], &ours),
        (Situation::TwoSans, vec![san.clone(), twin], &ours),
        (Situation::EmptySan, vec![String::new()], &ours),
        (Situation::NoSan, vec![], &ours),
        (Situation::NoIssuer, vec![san.clone()], &None),
        (Situation::OtherIssuer, vec![san], &other),
    ];
    for (situation, sans, issuer) in cases {
        let bundle = sigstore.mint(&Mint::new(statement()).situation(situation)).unwrap();
        let identity = identity(&serde_json::from_slice(&bundle).unwrap());
        assert_eq!(identity, (sans, [issuer.clone(), issuer.clone()]), "{situation:?}");
    }
}

#[test]
fn what_the_verifier_leaves_to_its_caller_is_in_the_bundle_as_minted() {
    let sigstore = sigstore();
    type Seen = fn(&Value) -> bool;
    let other_log: Seen = |bundle| {
        let entry = &bundle["verificationMaterial"]["tlogEntries"][0];
        let checkpoint = entry["inclusionProof"]["checkpoint"]["envelope"].as_str().unwrap();
        let (_, signature) = checkpoint.trim_end().rsplit_once(' ').unwrap();
        let log = BASE64.decode(entry["logId"]["keyId"].as_str().unwrap()).unwrap();
        BASE64.decode(signature).unwrap()[..4] != log[..4]
    };
    let cases: [(Situation, Seen); 6] = [
        (Situation::EntryTwice, |bundle| {
            let entries = bundle["verificationMaterial"]["tlogEntries"].as_array().unwrap();
            entries.len() == 2 && entries[0] == entries[1]
        }),
        (Situation::CheckpointOfOtherLog, other_log),
        (Situation::LogIdLies, other_log),
        (Situation::MessageSignature, |bundle| {
            bundle["messageSignature"].is_object() && bundle["dsseEnvelope"].is_null()
        }),
        (Situation::BundleV01, |bundle| {
            bundle["mediaType"] == "application/vnd.dev.sigstore.bundle+json;version=0.1"
        }),
        (Situation::BundleV02, |bundle| {
            bundle["mediaType"] == "application/vnd.dev.sigstore.bundle+json;version=0.2"
        }),
    ];
    for log in [LogVersion::V1, LogVersion::V2] {
        let mint = Mint::new(statement()).log(log);
        let healthy = serde_json::from_slice(&sigstore.mint(&mint).unwrap()).unwrap();
        for (situation, seen) in cases {
            let bundle = sigstore.mint(&mint.clone().situation(situation)).unwrap();
            let bundle = serde_json::from_slice(&bundle).unwrap();
            assert!(seen(&bundle), "{situation:?} {log:?}");
            assert!(!seen(&healthy), "{situation:?} {log:?}: the healthy neighbour");
        }
    }
}
