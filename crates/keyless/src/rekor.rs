//! Log entries: `POST /api/v1/log/entries` (kind `dsse`) and `POST /api/v2/log/entries` (kind
//! `hashedrekord`, of the envelope's pre-authentication encoding).

use std::collections::BTreeMap;

use sigstore_rekor::body::RekorEntryBody;
use sigstore_rekor::{DsseEntry, HashedRekordV2, LogEntry, RekorV2KeyDetails};
use sigstore_types::{
    DerCertificate, DsseEnvelope, HashAlgorithm, KindVersion, Sha256Hash, TransparencyLogEntry,
};

use crate::error::{Service, SigningError};
use crate::http::Request;
use crate::signer::Session;
use crate::signing_config::RekorVersion;

/// Bytes of an answer: hashes, a certificate and a checkpoint, 8 KiB in practice.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Has the envelope logged, and checks that the entry is about it. That the log really holds it is
/// the judge's work, who has the log's key.
pub(crate) async fn log_envelope(
    session: &Session,
    base_url: &str,
    version: RekorVersion,
    envelope: &DsseEnvelope,
    certificate: &DerCertificate,
) -> Result<TransparencyLogEntry, SigningError> {
    let service = session.at(Service::TransparencyLog, base_url);
    let (body, path) = match version {
        RekorVersion::V1 => (dsse_question(envelope, certificate), "/api/v1/log/entries"),
        RekorVersion::V2 => (hashed_question(envelope, certificate), "/api/v2/log/entries"),
    };
    let body = body.map_err(SigningError::Local)?;
    let url = format!("{base_url}{path}");
    let answer =
        service.ask(&Request::post(url, "application/json", body, ANSWER_BYTES_MAX)).await?;
    let entry = match version {
        RekorVersion::V1 => read_v1(&answer),
        RekorVersion::V2 => read_v2(&answer),
    };
    let about_ours = |entry: TransparencyLogEntry| {
        is_about(&entry, envelope, certificate)?;
        Ok(entry)
    };
    entry.and_then(about_ours).map_err(|reason| service.unusable(reason))
}

fn dsse_question(envelope: &DsseEnvelope, certificate: &DerCertificate) -> Result<Vec<u8>, String> {
    let entry = DsseEntry::new(envelope, certificate).map_err(|error| error.to_string())?;
    serde_json::to_vec(&entry).map_err(|error| error.to_string())
}

fn hashed_question(
    envelope: &DsseEnvelope,
    certificate: &DerCertificate,
) -> Result<Vec<u8>, String> {
    let entry = HashedRekordV2::new_with_certificate(
        &encoding_digest(envelope),
        &envelope.signature.sig,
        certificate,
        RekorV2KeyDetails::PkixEcdsaP256Sha256,
    );
    serde_json::to_vec(&entry).map_err(|error| error.to_string())
}

/// What was signed, and so what a v2 log records: the digest of the pre-authentication encoding.
fn encoding_digest(envelope: &DsseEnvelope) -> Sha256Hash {
    sigstore_crypto::sha256(&envelope.pae())
}

fn read_v1(answer: &[u8]) -> Result<TransparencyLogEntry, String> {
    let entries: BTreeMap<String, LogEntry> = serde_json::from_slice(answer)
        .map_err(|error| format!("not the JSON of a log entry: {error}"))?;
    let mut entries = entries.into_values();
    let (Some(entry), None) = (entries.next(), entries.next()) else {
        return Err("not exactly one log entry".to_owned());
    };
    let entry = entry.to_bundle_entry(KindVersion::DsseV001).map_err(|error| error.to_string())?;
    match (&entry.inclusion_promise, &entry.inclusion_proof) {
        (Some(_), Some(_)) => Ok(entry),
        (None, _) => Err("the entry has no signed promise, so nothing says when".to_owned()),
        (_, None) => Err("the entry has no inclusion proof".to_owned()),
    }
}

fn read_v2(answer: &[u8]) -> Result<TransparencyLogEntry, String> {
    let entry: TransparencyLogEntry = serde_json::from_slice(answer)
        .map_err(|error| format!("not the JSON of a log entry: {error}"))?;
    match &entry.inclusion_proof {
        Some(proof) if !proof.checkpoint.is_empty() => Ok(entry),
        Some(_) => Err("the entry's inclusion proof has no checkpoint".to_owned()),
        None => Err("the entry has no inclusion proof".to_owned()),
    }
}

/// Whether the entry records our signature over our bytes with our certificate.
fn is_about(
    entry: &TransparencyLogEntry,
    envelope: &DsseEnvelope,
    certificate: &DerCertificate,
) -> Result<(), String> {
    let body = RekorEntryBody::parse(&entry.canonicalized_body, entry.kind_version)
        .map_err(|error| format!("the entry's body cannot be read: {error}"))?;
    let ours = match &body {
        RekorEntryBody::DsseV001(body) => match body.spec.signatures.as_slice() {
            [signature] => {
                body.spec.payload_hash.value
                    == sigstore_crypto::sha256(envelope.payload.as_bytes()).to_hex()
                    && signature.signature == envelope.signature.sig
                    && signature.parse_certificate().is_ok_and(|logged| logged == *certificate)
            }
            _ => false,
        },
        RekorEntryBody::HashedRekordV002(body) => {
            let logged = &body.spec.hashed_rekord_v002;
            let verifier = logged.signature.verifier.x509_certificate.as_ref();
            logged.data.algorithm == HashAlgorithm::Sha2256
                && logged.data.digest.as_bytes() == encoding_digest(envelope).as_bytes()
                && logged.signature.content == envelope.signature.sig
                && verifier.is_some_and(|logged| logged.raw_bytes == *certificate)
        }
        _ => return Err("the entry is of another kind than was asked for".to_owned()),
    };
    if ours { Ok(()) } else { Err("the log entry is about something else".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn v1_entry() -> Value {
        json!({
            "body": "e30=", "integratedTime": 1, "logID": "00".repeat(32), "logIndex": 1,
        })
    }

    #[test]
    fn an_entry_that_proves_too_little_is_refused() {
        let id = "0".repeat(64);
        let promised = |mut entry: Value| {
            entry["verification"] = json!({"signedEntryTimestamp": "c2V0"});
            entry
        };
        for (answer, expected, why) in [
            (json!([]), "not the JSON", "a list"),
            (json!({}), "not exactly one", "nothing"),
            (json!({&id: v1_entry(), "other": v1_entry()}), "not exactly one", "two entries"),
            (json!({&id: v1_entry()}), "no signed promise", "nothing says when"),
            (json!({&id: promised(v1_entry())}), "no inclusion proof", "only promised"),
        ] {
            let reason = read_v1(answer.to_string().as_bytes()).unwrap_err();
            assert!(reason.contains(expected), "{why}: {reason}");
        }
        let v2 = json!({
            "logIndex": "1", "logId": {"keyId": "AA=="}, "canonicalizedBody": "e30=",
            "kindVersion": {"kind": "hashedrekord", "version": "0.0.2"},
        });
        for (answer, expected) in [(json!({}), "not the JSON"), (v2, "no inclusion proof")] {
            let reason = read_v2(answer.to_string().as_bytes()).unwrap_err();
            assert!(reason.contains(expected), "{answer}: {reason}");
        }
    }
}
