//! One bundle, as cosign's `VerifyNewBundle` and sigstore-go's `Verify` check it.

use jiff::Timestamp;
use sealwright_evidence::bundle::Bundle;
use sealwright_evidence::steps::{
    Chain, PublicKey, TimestampFault, certificate_key, chain_at, issuer_as_go,
    logged_certificates_count, names_as_go, timestamp_authorities_count, timestamp_by,
};
use sealwright_evidence::{Digest, TrustedRoot};
use serde_json::Value;

use crate::bundle_log;
use crate::controller::Controller;
use crate::keyless::BundleIdentity;

/// Most timestamps in a bundle.
const TIMESTAMPS_COUNT_MAX: usize = 32;
/// Payload type of a statement.
const STATEMENT: &str = "application/vnd.in-toto+json";

/// Whether no entry has an integrated time and there is one: cosign then asks for a timestamp.
pub(crate) fn is_of_rekor_v2(bundle: &Bundle) -> bool {
    let entries = &bundle.document().verification_material.tlog_entries;
    !entries.is_empty() && entries.iter().all(|entry| entry.integrated_time.is_none())
}

/// Verifies a bundle against certificates. `by_timestamp` asks for a timestamp instead of the log's
/// time.
///
/// # Errors
/// The words of the first step that fails.
pub(crate) fn check_keyless(
    bundle: &Bundle,
    artifact: &Digest,
    identity: &BundleIdentity,
    root: &TrustedRoot,
    controller: &Controller,
    by_timestamp: bool,
) -> Result<(), String> {
    let logged = bundle_log::check(bundle, root, controller)
        .map_err(|words| format!("failed to verify log inclusion: {words}"))?;
    let times = if by_timestamp { timestamps(bundle, root, controller) } else { log_times(logged) };
    let times = times.map_err(|words| format!("failed to verify timestamps: {words}"))?;
    let Some(certificate) = bundle.certificate() else {
        return Err(
            "SCTs required but bundle is signed with a public key, which cannot contain SCTs"
                .to_owned(),
        );
    };
    let name = names_as_go(certificate)
        .and_then(|(name, _)| name)
        .ok_or("failed to summarize certificate: no Subject Alternative Name found")?;
    let chain = chain(certificate, &times, root)?;
    if logged_certificates_count(certificate, &chain, root).unwrap_or(0) < 1 {
        return Err("failed to verify signed certificate timestamp: only able to verify 0 SCT entries; unable to meet threshold of 1".to_owned());
    }
    let key = certificate_key(certificate)
        .ok_or("failed to get signature verifier: unsupported public key type")?;
    check_signature(bundle, artifact, &key)?;
    identity.accepts(&name, &issuer_as_go(certificate).unwrap_or_default())?;
    check_envelope(bundle)
}

/// Verifies a bundle against a key: neither log nor time is asked for.
///
/// # Errors
/// The words of the first step that fails.
pub(crate) fn check_keyed(
    bundle: &Bundle,
    artifact: &Digest,
    key: &PublicKey,
) -> Result<(), String> {
    if !bundle.is_by_key() {
        return Err("expected key signature, not certificate".to_owned());
    }
    check_signature(bundle, artifact, key)?;
    check_envelope(bundle)
}

fn log_times(logged: Vec<Timestamp>) -> Result<Vec<Timestamp>, String> {
    if logged.is_empty() {
        return Err(
            "threshold not met for verified log entry integrated timestamps: 0 < 1".to_owned()
        );
    }
    Ok(logged)
}

fn timestamps(
    bundle: &Bundle,
    root: &TrustedRoot,
    controller: &Controller,
) -> Result<Vec<Timestamp>, String> {
    let tokens = &bundle.document().verification_material.timestamp_verification_data;
    let tokens = &tokens.rfc3161_timestamps;
    if tokens.len() > TIMESTAMPS_COUNT_MAX {
        let count = tokens.len();
        return Err(format!("too many signed timestamps: {count} > {TIMESTAMPS_COUNT_MAX}"));
    }
    let (mut times, mut errors) = (vec![], vec![]);
    for token in tokens {
        match timestamp(token.signed_timestamp.as_bytes(), bundle.signature(), root, controller) {
            Ok(time) => times.push(time),
            Err(words) => errors.push(words),
        }
    }
    if times.is_empty() {
        let errors = joined(&errors);
        return Err(format!(
            "threshold not met for verified signed timestamps: 0 < 1; error: {errors}"
        ));
    }
    Ok(times)
}

fn timestamp(
    token: &[u8],
    signature: &[u8],
    root: &TrustedRoot,
    controller: &Controller,
) -> Result<Timestamp, String> {
    let mut errors = vec![];
    for authority in 0..timestamp_authorities_count(root) {
        match timestamp_by(authority, token, signature, root) {
            Ok(time) => return Ok(time),
            Err(fault) => errors.push(words(&fault, controller)),
        }
    }
    Err(format!("unable to verify signed timestamps: {}", joined(&errors)))
}

fn words(fault: &TimestampFault, controller: &Controller) -> String {
    match fault {
        TimestampFault::OtherMessage => "hashed messages don't match",
        TimestampFault::Foreign => {
            "certificate embedded in the TSR does not match the provided TSA certificate"
        }
        TimestampFault::ForeignWithoutCertificate if !controller.derives_log_leaf() => {
            "error while verifying with chain: pkcs7: No certificate for signer"
        }
        TimestampFault::ForeignWithoutCertificate => {
            "error while verifying signature: pkcs7: No certificate for signer"
        }
        TimestampFault::TooEarly => "timestamp is before the validity period start",
        TimestampFault::TooLate => "timestamp is after the validity period end",
    }
    .to_owned()
}

/// Errors as Go's `errors.Join` joins them; of none, what `%w` makes of nothing.
fn joined(errors: &[String]) -> String {
    if errors.is_empty() { "%!w(<nil>)".to_owned() } else { errors.join("\n") }
}

/// The path of the certificate at each time; the last one is used further.
fn chain(certificate: &[u8], times: &[Timestamp], root: &TrustedRoot) -> Result<Chain, String> {
    let mut chain = None;
    for time in times {
        chain = chain_at(certificate, *time, root);
        if chain.is_none() {
            break;
        }
    }
    chain.ok_or_else(|| {
        "failed to verify leaf certificate: leaf certificate verification failed".to_owned()
    })
}

/// The signature holds, and is about the artifact.
fn check_signature(bundle: &Bundle, artifact: &Digest, key: &PublicKey) -> Result<(), String> {
    let failed = |words: &str| format!("failed to verify signature: {words}");
    let Some(envelope) = bundle.envelope() else {
        if bundle.message_digest() != Some(&artifact.bytes()) {
            return Err(failed("artifact does not match digest"));
        }
        if key.signed_digest(&artifact.bytes(), bundle.signature()) {
            return Ok(());
        }
        return Err(failed(
            "could not verify message: invalid signature when validating ASN.1 encoded signature",
        ));
    };
    if !key.signed(&envelope.pae(), bundle.signature()) {
        return Err(failed(
            "could not verify envelope: accepted signatures do not match threshold, Found: 0, Expected 1",
        ));
    }
    let digests = digests(&envelope.payload_type, envelope.payload.as_bytes())
        .map_err(|words| failed(&format!("could not verify artifact: {words}")))?;
    if digests.is_empty() {
        return Err(failed("provided artifact digests does not match digests in statement"));
    }
    if digests.contains(&artifact.hex()) {
        return Ok(());
    }
    Err(failed("provided artifact digest does not match any digest in statement"))
}

/// The SHA-256 digests that a statement is about.
fn digests(payload_type: &str, payload: &[u8]) -> Result<Vec<String>, String> {
    let extract = |words: &str| format!("unable to extract statement from envelope: {words}");
    if payload_type != STATEMENT {
        return Err(extract("validation error: unsupported media type"));
    }
    let not_json = || extract("validation error: invalid attestation: decoding json");
    let statement: Value = serde_json::from_slice(payload).map_err(|_| not_json())?;
    let members = statement.as_object().ok_or_else(not_json)?;
    let known = ["_type", "type", "subject", "predicateType", "predicate_type", "predicate"];
    if members.keys().any(|name| !known.contains(&name.as_str())) {
        return Err(not_json());
    }
    let subjects = match members.get("subject") {
        None | Some(Value::Null) => vec![],
        Some(Value::Array(subjects)) => subjects.clone(),
        Some(_) => return Err(not_json()),
    };
    let digest = |subject: &Value| {
        subject.pointer("/digest/sha256").and_then(Value::as_str).map(str::to_lowercase)
    };
    Ok(subjects.iter().filter_map(digest).collect())
}

fn check_envelope(bundle: &Bundle) -> Result<(), String> {
    match bundle.envelope() {
        Some(_) => Ok(()),
        None => Err("bundle does not contain a DSSE envelope".to_owned()),
    }
}
