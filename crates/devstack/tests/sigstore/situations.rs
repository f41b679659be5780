//! What sigstore-verify says of each situation. It refuses what it should, for the reason that was minted;
//! what it leaves to its caller is written down here as accepted.

use sealwright_devstack::sigstore::{LogVersion, Mint, Situation, TokenRequest};

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
