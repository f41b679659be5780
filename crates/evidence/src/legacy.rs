//! Legacy cosign signatures: the image behind the tag `sha256-<hex>.sig`, one layer a signature.
//!
//! They are rebuilt as the version 0.1 bundle that holds the same facts, so that the same core
//! verifies them. What is particular to them is what is signed: not the artifact, but a
//! simple-signing document that claims its digest.
//!
//! Specification: cosign `specs/SIGNATURE_SPEC.md`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use der::Encode as _;
use jiff::Timestamp;
use sealwright_policy::report::EvidenceReport;
use sealwright_policy::{Code, EvidenceKind};
use serde::Deserialize;
use sigstore_types::bundle::{
    InclusionPromise, LogId, MediaType, MessageDigest, MessageSignature, Rfc3161Timestamp,
    TimestampVerificationData, VerificationMaterial, VerificationMaterialContent, X509Certificate,
};
use sigstore_types::{
    CanonicalizedBody, DerCertificate, DigestBytes, HashAlgorithm, KindVersion, LogIndex, LogKeyId,
    SignatureBytes, SignatureContent, SignedTimestamp, TimestampToken, TransparencyLogEntry,
};

use crate::bundle::Bundle;
use crate::crypto::Signed;
use crate::descriptor::{Descriptor, SIMPLE_SIGNING};
use crate::limits::{BUNDLE_BYTES_MAX, LEGACY_PAYLOAD_BYTES_MAX, LEGACY_SIGNATURES_COUNT_MAX};
use crate::manifest::Manifest;
use crate::piece::{Court, Piece, authorize, learn, prove, read_certificate};
use crate::refusal::{Refusal, mismatch, refuse};
use crate::{Digest, LegacyImage, strict_json};

/// `form` of a legacy signature in reports.
pub(crate) const FORM: &str = "legacy-signature";
/// Layer annotation: the signature over the payload, in base64.
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
/// Layer annotation: the leaf certificate, in PEM.
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
/// Layer annotation: the certificates above it, in PEM.
const CHAIN: &str = "dev.sigstore.cosign/chain";
/// Layer annotation: the log's promise and the entry that it is about, in JSON.
const LOG_ENTRY: &str = "dev.sigstore.cosign/bundle";
/// Layer annotation: an RFC 3161 timestamp over the signature, in JSON.
const TIMESTAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";
/// `critical.type` of the payload.
const PAYLOAD_TYPE: &str = "cosign container image signature";

/// Judges each signature of a legacy image.
pub(crate) fn judge_image(image: &LegacyImage, court: Court<'_>) -> Vec<Piece> {
    let refused = |refusal: Refusal| {
        vec![Piece::judge(image.manifest.digest.clone(), FORM, |_| Err(refusal))]
    };
    let manifest = match Manifest::parse(&image.manifest) {
        Ok(manifest) => manifest,
        Err(refusal) => return refused(refusal),
    };
    let layers: Vec<&Descriptor> = signature_layers(&manifest).collect();
    if layers.len() > LEGACY_SIGNATURES_COUNT_MAX {
        let (count, max) = (layers.len(), LEGACY_SIGNATURES_COUNT_MAX);
        let message = format!("the image holds {count} signatures, more than {max}");
        return refused(refuse(Code::EvidenceLimit, message));
    }
    layers.iter().filter_map(|layer| judge_layer(layer, &manifest, image, court)).collect()
}

/// Digests of payloads that the manifest names and that were not gathered.
pub(crate) fn missing_payloads(image: &LegacyImage) -> Vec<String> {
    let Ok(manifest) = Manifest::parse(&image.manifest) else { return vec![] };
    let gathered = |layer: &&Descriptor| image.payloads.iter().any(|p| p.digest == layer.digest);
    let layers = signature_layers(&manifest).take(LEGACY_SIGNATURES_COUNT_MAX);
    layers.filter(|layer| !gathered(layer)).map(|layer| layer.digest.clone()).collect()
}

fn signature_layers(manifest: &Manifest) -> impl Iterator<Item = &Descriptor> {
    manifest.layers.iter().filter(|layer| layer.media_type == SIMPLE_SIGNING)
}

fn judge_layer(
    layer: &Descriptor,
    manifest: &Manifest,
    image: &LegacyImage,
    court: Court<'_>,
) -> Option<Piece> {
    let payload = image.payloads.iter().find(|payload| payload.digest == layer.digest)?;
    Some(Piece::judge(layer.digest.clone(), FORM, |report| {
        manifest.check_layer(payload)?;
        judge_signature(report, layer, &payload.bytes, court)
    }))
}

fn judge_signature(
    report: &mut EvidenceReport,
    layer: &Descriptor,
    payload: &[u8],
    court: Court<'_>,
) -> Result<(), Refusal> {
    let bundle = as_bundle(layer, payload)?;
    learn(report, &bundle, court.root);
    report.facts.remove("bundleMediaType");
    read_certificate(report, bundle.certificate().unwrap_or_default())?;
    check_claims_digest(payload, court.artifact)?;
    prove(report, &bundle, Signed::Bytes(payload), court)?;
    report.predicate_type = Some(EvidenceKind::Signature.predicate_type().to_owned());
    report.signer = Some(authorize(&report.claims, court.requirements)?);
    Ok(())
}

/// The payload vouches for this digest. `docker-reference` binds nothing, the specification says
/// to ignore it.
fn check_claims_digest(payload: &[u8], artifact: &Digest) -> Result<(), Refusal> {
    #[derive(Deserialize)]
    struct Payload {
        critical: Critical,
    }
    #[derive(Deserialize)]
    struct Critical {
        image: Image,
        #[serde(rename = "type")]
        payload_type: String,
    }
    #[derive(Deserialize)]
    struct Image {
        #[serde(rename = "docker-manifest-digest", alias = "Docker-manifest-digest")]
        digest: String,
    }

    if payload.len() > LEGACY_PAYLOAD_BYTES_MAX {
        let (count, max) = (payload.len(), LEGACY_PAYLOAD_BYTES_MAX);
        let message = format!("the payload has {count} bytes, more than {max}");
        return Err(refuse(Code::EvidenceLimit, message));
    }
    strict_json::check(payload).map_err(|e| unreadable("payload", e))?;
    let Critical { image, payload_type } =
        serde_json::from_slice::<Payload>(payload).map_err(|e| unreadable("payload", e))?.critical;
    if payload_type != PAYLOAD_TYPE {
        let (code, message) = (Code::LegacySignatureUnreadable, "the payload is of another type");
        return Err(mismatch(code, message, PAYLOAD_TYPE, crate::quote(&payload_type)));
    }
    if image.digest != artifact.to_string() {
        let message = "the signature vouches for another artifact";
        let found = crate::quote(&image.digest);
        return Err(mismatch(Code::ArtifactNotNamed, message, artifact.to_string(), found));
    }
    Ok(())
}

/// The version 0.1 bundle with the same facts: a message signature over the payload, a certificate
/// chain, a `hashedrekord` entry with its promise.
fn as_bundle(layer: &Descriptor, payload: &[u8]) -> Result<Bundle, Refusal> {
    let annotation = |name: &str| {
        layer.annotations.get(name).filter(|value| !value.is_empty()).ok_or_else(|| {
            refuse(Code::LegacySignatureUnreadable, format!("the layer has no `{name}`"))
        })
    };
    let total: usize = layer.annotations.values().map(String::len).sum();
    if total > BUNDLE_BYTES_MAX {
        let message =
            format!("the layer's annotations have {total} bytes, more than {BUNDLE_BYTES_MAX}");
        return Err(refuse(Code::EvidenceLimit, message));
    }
    let signature =
        STANDARD.decode(annotation(SIGNATURE)?).map_err(|e| unreadable(SIGNATURE, e))?;
    let mut certificates = certificates(CERTIFICATE, annotation(CERTIFICATE)?)?;
    if let Some(chain) = layer.annotations.get(CHAIN) {
        certificates.extend(self::certificates(CHAIN, chain)?);
    }
    let entry = log_entry(annotation(LOG_ENTRY)?)?;
    let timestamps = match layer.annotations.get(TIMESTAMP) {
        Some(text) => vec![timestamp(text)?],
        None => vec![],
    };
    let digest = DigestBytes::new(sigstore_crypto::sha256(payload).as_bytes().to_vec());
    let content = MessageSignature::new(SignatureBytes::new(signature))
        .with_message_digest(MessageDigest::new(HashAlgorithm::Sha2256, digest));
    let chain = VerificationMaterialContent::X509CertificateChain { certificates };
    let material = VerificationMaterial::new(chain)
        .with_tlog_entries(vec![entry])
        .with_timestamp_verification_data(TimestampVerificationData::new(timestamps));
    let content = SignatureContent::MessageSignature(content);
    let bundle = sigstore_types::Bundle::new(MediaType::Bundle0_1, material, content);
    Ok(Bundle::from_parts(bundle))
}

fn certificates(name: &str, pem: &str) -> Result<Vec<X509Certificate>, Refusal> {
    let chain =
        x509_cert::Certificate::load_pem_chain(pem.as_bytes()).map_err(|e| unreadable(name, e))?;
    let der = |certificate: &x509_cert::Certificate| {
        let der = certificate.to_der().map_err(|e| unreadable(name, e))?;
        Ok(X509Certificate::new(DerCertificate::new(der)))
    };
    chain.iter().map(der).collect()
}

/// The log's answer as cosign keeps it. Times are seconds since 1970, the log id is in hex.
pub(crate) fn log_entry(json: &str) -> Result<TransparencyLogEntry, Refusal> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answer {
        signed_entry_timestamp: String,
        payload: Entry,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Entry {
        body: String,
        integrated_time: i64,
        log_index: u64,
        #[serde(rename = "logID")]
        log_id: String,
    }

    strict_json::check(json.as_bytes()).map_err(|e| unreadable(LOG_ENTRY, e))?;
    let answer: Answer = serde_json::from_str(json).map_err(|e| unreadable(LOG_ENTRY, e))?;
    let base64 = |text: &str| STANDARD.decode(text).map_err(|e| unreadable(LOG_ENTRY, e));
    let entry = answer.payload;
    let index = LogIndex::new(entry.log_index).map_err(|e| unreadable(LOG_ENTRY, e))?;
    let id = hex::decode(&entry.log_id).map_err(|e| unreadable(LOG_ENTRY, e))?;
    let body = CanonicalizedBody::new(base64(&entry.body)?);
    let time =
        Timestamp::from_second(entry.integrated_time).map_err(|e| unreadable(LOG_ENTRY, e))?;
    let promise = SignedTimestamp::new(base64(&answer.signed_entry_timestamp)?);
    let id = LogId::new(LogKeyId::new(id));
    Ok(TransparencyLogEntry::new(index, id, KindVersion::HashedRekordV001, body)
        .with_integrated_time(time)
        .with_inclusion_promise(InclusionPromise::new(promise)))
}

fn timestamp(json: &str) -> Result<Rfc3161Timestamp, Refusal> {
    #[derive(Deserialize)]
    struct Token {
        #[serde(rename = "SignedRFC3161Timestamp")]
        token: String,
    }
    let token: Token = serde_json::from_str(json).map_err(|e| unreadable(TIMESTAMP, e))?;
    let token = STANDARD.decode(token.token).map_err(|e| unreadable(TIMESTAMP, e))?;
    Ok(Rfc3161Timestamp::new(TimestampToken::new(token)))
}

fn unreadable(what: &str, error: impl std::fmt::Display) -> Refusal {
    let message = format!("`{what}` cannot be read: {error}");
    refuse(Code::LegacySignatureUnreadable, crate::quote(&message))
}
