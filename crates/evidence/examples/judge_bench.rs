//! Time of judging one keyless DSSE bundle beside the sum of the signature checks that it cannot
//! do without, in one process, in turns. Prints JSON: `{judge_us, primitives_us, detail}`.
//!
//! The detail also has the time of the upstream verifier alone, with the bundle parsed: what it does
//! beside the signature checks (parsing the certificate several times, PEM, base64 and JSON within
//! the log entry) is the larger part of the difference. It checks the log's promise twice.
//!
//! The sum is 1 x P-384 (the leaf, by the intermediate) and 4 x P-256: certificate timestamp,
//! log promise, checkpoint, envelope. Each check is over a message as long as the real one.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a benchmark reads a clock and files, and prints"
)]

#[path = "../tests/recording/mod.rs"]
mod recording;

use std::hint::black_box;
use std::time::Instant;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1,
    ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    EcdsaVerificationAlgorithm, KeyPair as _, UnparsedPublicKey,
};
use recording::Recording;
use sealwright_evidence::bundle::Bundle;
use sealwright_evidence::judge;
use sealwright_policy::Verdict;
use sigstore_types::SignatureContent;

/// Short turns, so that many fit between two interruptions; the best of many is the work itself.
const ROUNDS: usize = 400;
const LOOPS_PER_ROUND: usize = 5;

/// A signature check with everything made beforehand.
struct Check {
    key: UnparsedPublicKey<Vec<u8>>,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl Check {
    fn new(
        signing: &'static EcdsaSigningAlgorithm,
        verifying: &'static EcdsaVerificationAlgorithm,
        message_bytes: usize,
    ) -> Self {
        let pair = EcdsaKeyPair::generate(signing).unwrap();
        let message = vec![0x5a; message_bytes];
        let signature = pair.sign(&SystemRandom::new(), &message).unwrap().as_ref().to_vec();
        let key = UnparsedPublicKey::new(verifying, pair.public_key().as_ref().to_vec());
        Self { key, message, signature }
    }

    fn p256(message_bytes: usize) -> Self {
        Self::new(&ECDSA_P256_SHA256_ASN1_SIGNING, &ECDSA_P256_SHA256_ASN1, message_bytes)
    }

    fn p384(message_bytes: usize) -> Self {
        Self::new(&ECDSA_P384_SHA384_ASN1_SIGNING, &ECDSA_P384_SHA384_ASN1, message_bytes)
    }

    fn run(&self) {
        self.key.verify(black_box(&self.message), &self.signature).unwrap();
    }
}

/// The checks of the bundle, by the lengths of what is signed.
fn primitives(bundle: &[u8]) -> Vec<Check> {
    let bundle = Bundle::parse(bundle).unwrap();
    let entry = &bundle.document().verification_material.tlog_entries[0];
    let checkpoint = entry.inclusion_proof.as_ref().unwrap().checkpoint.checkpoint().unwrap();
    let SignatureContent::DsseEnvelope(envelope) = &bundle.document().content else {
        panic!("the benchmark judges a DSSE bundle")
    };
    let certificate = bundle.certificate().unwrap().len();
    vec![
        Check::p384(certificate),
        Check::p256(certificate),
        Check::p256(entry.canonicalized_body.to_base64().len()),
        Check::p256(checkpoint.signed_data().len()),
        Check::p256(envelope.pae().len()),
    ]
}

/// Microseconds of one call, each the average over a round.
struct Times(Vec<f64>);

impl Times {
    fn add(&mut self, work: impl Fn()) {
        let start = Instant::now();
        (0..LOOPS_PER_ROUND).for_each(|_| work());
        self.0.push(start.elapsed().as_secs_f64() * 1e6 / LOOPS_PER_ROUND as f64);
    }

    fn sorted(mut self) -> Self {
        self.0.sort_by(f64::total_cmp);
        self
    }

    fn best(&self) -> f64 {
        self.0[0]
    }

    fn median(&self) -> f64 {
        self.0[self.0.len() / 2]
    }
}

fn main() {
    let recording = Recording::named("public-rekor-v1");
    let (root, requirements) = (recording.root(), recording.satisfied_requirements());
    let now = recording.expectations.now;
    let checks = primitives(&recording.bundle());
    let bundle = Bundle::parse(&recording.bundle()).unwrap();
    let upstream_root = std::str::from_utf8(&recording.root_json).unwrap();
    let upstream_root = sigstore_trust_root::TrustedRoot::from_json(upstream_root).unwrap();
    let upstream = sigstore_verify::Verifier::new(&upstream_root).unwrap();
    let artifact = sigstore_crypto::sha256(&recording.evidence.artifact.bytes);
    let policy = sigstore_verify::VerificationPolicy::any_identity();
    let judge_once = || {
        let judgement = judge(black_box(&recording.evidence), &root, &requirements, now);
        assert_eq!(judgement.verdict, Verdict::Verified);
    };
    let (mut judging, mut checking, mut verifying) = (Times(vec![]), Times(vec![]), Times(vec![]));
    for _ in 0..ROUNDS {
        judging.add(judge_once);
        checking.add(|| checks.iter().for_each(Check::run));
        verifying.add(|| {
            upstream.verify(artifact, black_box(bundle.document()), &policy).unwrap();
        });
    }
    let (judging, checking, verifying) = (judging.sorted(), checking.sorted(), verifying.sorted());
    let detail = format!(
        "median {:.0} against {:.0}; upstream verifier alone {:.0} with one P-256 check more; {ROUNDS} rounds in turns of {LOOPS_PER_ROUND}; 1 P-384 and {} P-256 checks",
        judging.median(),
        checking.median(),
        verifying.best(),
        checks.len() - 1
    );
    println!(
        "{}",
        serde_json::json!({
            "judge_us": judging.best(),
            "primitives_us": checking.best(),
            "detail": detail,
        })
    );
}
