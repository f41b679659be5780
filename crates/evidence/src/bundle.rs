//! Sigstore bundles: from bytes to something that may be verified. Everything that costs nothing
//! is asked before any cryptography.
//!
//! Specification: <https://docs.sigstore.dev/about/bundle/> and the protobuf it describes.

use std::collections::BTreeSet;

use sealwright_policy::{Code, Finding};
use serde::Deserialize;
use sigstore_types::bundle::{
    CertificateContent, InclusionProof, MediaType, MessageSignature, PublicKeyIdentifier,
    TimestampVerificationData, VerificationMaterial, VerificationMaterialContent, X509Certificate,
};
use sigstore_types::{DsseEnvelope, SignatureContent, TransparencyLogEntry};

use crate::limits::{
    BUNDLE_BYTES_MAX, CHAIN_CERTIFICATES_COUNT_MAX, CHECKPOINT_BYTES_MAX, LOG_ENTRIES_COUNT_MAX,
    PROOF_HASHES_COUNT_MAX, TIMESTAMPS_COUNT_MAX,
};
use crate::refusal::{Refusal, refuse};

/// A bundle that was read and is within all limits. Nothing in it is verified.
#[derive(Debug, Clone)]
pub struct Bundle {
    inner: sigstore_types::Bundle,
}

impl Bundle {
    /// Reads a bundle of any version.
    ///
    /// # Errors
    /// A finding when the bytes are too many, are not a bundle, can be read in more than one way,
    /// or hold more or the same parts more than once (GHSA-cq38-jh5f-37mq: each costs a check).
    pub fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let bundle = Self::read(bytes)?;
        bundle.check_repeats()?;
        bundle.check_chain()?;
        Ok(bundle)
    }

    /// Reads a bundle of any version within the limits, and no more: it may hold the same part twice
    /// or bring a root. For those who predict what other programs make of it.
    ///
    /// # Errors
    /// A finding when the bytes are too many, are not a bundle, or hold more than a limit.
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        at_most("bytes", bytes.len(), BUNDLE_BYTES_MAX)?;
        let document: Document = serde_json::from_slice(bytes).map_err(unreadable)?;
        let inner = document.into_bundle().map_err(unreadable)?;
        let bundle = Self { inner };
        bundle.check_counts()?;
        Ok(bundle)
    }

    /// A bundle made of parts, for evidence in an older form. The caller has kept the limits.
    pub(crate) fn from_parts(inner: sigstore_types::Bundle) -> Self {
        Self { inner }
    }

    /// The parsed document.
    pub fn document(&self) -> &sigstore_types::Bundle {
        &self.inner
    }

    /// DER of the leaf certificate, when there is one.
    pub fn certificate(&self) -> Option<&[u8]> {
        self.inner.signing_certificate().map(|der| der.as_bytes())
    }

    /// Whether it names a key instead of bringing a certificate.
    pub fn is_by_key(&self) -> bool {
        let content = &self.inner.verification_material.content;
        matches!(content, VerificationMaterialContent::PublicKey(_))
    }

    /// Whether it brings several certificates, as versions before 0.3 may.
    pub fn has_certificate_chain(&self) -> bool {
        let content = &self.inner.verification_material.content;
        matches!(content, VerificationMaterialContent::X509CertificateChain { .. })
    }

    /// The signature, whatever it is over.
    pub fn signature(&self) -> &[u8] {
        match &self.inner.content {
            SignatureContent::DsseEnvelope(envelope) => envelope.signature.sig.as_bytes(),
            SignatureContent::MessageSignature(message) => message.signature.as_bytes(),
            _ => &[],
        }
    }

    /// The digest that a bare message signature says to be over.
    pub fn message_digest(&self) -> Option<&[u8]> {
        match &self.inner.content {
            SignatureContent::MessageSignature(message) => {
                message.message_digest.as_ref().map(|digest| digest.digest.as_bytes())
            }
            _ => None,
        }
    }

    /// The signed envelope, when that is the content.
    pub fn envelope(&self) -> Option<&DsseEnvelope> {
        match &self.inner.content {
            SignatureContent::DsseEnvelope(envelope) => Some(envelope),
            _ => None,
        }
    }

    /// Checks that the bundle counts as publication evidence: version 0.3, a DSSE envelope, a
    /// certificate, and at least one log entry, each with its inclusion proof. It is what cosign 3
    /// writes and the only form that Flux's bundle verifier takes.
    ///
    /// # Errors
    /// A finding that says which part is another.
    pub(crate) fn check_publication_form(&self) -> Result<(), Refusal> {
        let material = &self.inner.verification_material;
        if self.inner.media_type() != MediaType::Bundle0_3 {
            return Err(form("version", MediaType::Bundle0_3.as_str(), self.media_type()));
        }
        if self.envelope().is_none() {
            return Err(form("content", "a DSSE envelope", "a bare message signature"));
        }
        if !matches!(material.content, VerificationMaterialContent::Certificate(_)) {
            return Err(form("signer", "one certificate", "a public key or a certificate chain"));
        }
        let entries = &material.tlog_entries;
        if entries.is_empty() {
            return Err(refuse(Code::LogEntryInvalid, "the signature was never logged"));
        }
        if entries.iter().any(|entry| entry.inclusion_proof.is_none()) {
            return Err(refuse(Code::LogEntryInvalid, "a log entry has no inclusion proof"));
        }
        Ok(())
    }

    /// The media type of the version that it says to be.
    pub fn media_type(&self) -> &'static str {
        self.inner.media_type().as_str()
    }

    /// How many log entries and timestamps there are to verify.
    pub(crate) fn proofs_count(&self) -> usize {
        let material = &self.inner.verification_material;
        let timestamps = &material.timestamp_verification_data.rfc3161_timestamps;
        material.tlog_entries.len() + timestamps.len()
    }

    fn check_counts(&self) -> Result<(), Refusal> {
        let material = &self.inner.verification_material;
        let timestamps = &material.timestamp_verification_data.rfc3161_timestamps;
        at_most("log entries", material.tlog_entries.len(), LOG_ENTRIES_COUNT_MAX)?;
        at_most("timestamps", timestamps.len(), TIMESTAMPS_COUNT_MAX)?;
        for proof in self.proofs() {
            at_most("hashes in an inclusion proof", proof.hashes.len(), PROOF_HASHES_COUNT_MAX)?;
            let checkpoint = proof.checkpoint.envelope().len();
            at_most("bytes in a checkpoint", checkpoint, CHECKPOINT_BYTES_MAX)?;
        }
        Ok(())
    }

    /// A log entry is the same when log and body are, whatever it says besides; a timestamp when
    /// its bytes are.
    fn check_repeats(&self) -> Result<(), Refusal> {
        let material = &self.inner.verification_material;
        let mut seen = BTreeSet::new();
        for entry in &material.tlog_entries {
            if !seen.insert((entry.log_id.key_id.as_bytes(), entry.canonicalized_body.as_bytes())) {
                return Err(refuse(Code::BundleUnreadable, "the bundle has a log entry twice"));
            }
        }
        let mut seen = BTreeSet::new();
        let timestamps = &material.timestamp_verification_data.rfc3161_timestamps;
        if !timestamps.iter().all(|token| seen.insert(token.signed_timestamp.as_bytes())) {
            return Err(refuse(Code::BundleUnreadable, "the bundle has a timestamp twice"));
        }
        Ok(())
    }

    /// The protobuf forbids roots in a chain: whoever takes one as an anchor trusts the bundle.
    fn check_chain(&self) -> Result<(), Refusal> {
        let material = &self.inner.verification_material.content;
        let VerificationMaterialContent::X509CertificateChain { certificates } = material else {
            return Ok(());
        };
        at_most("certificates", certificates.len(), CHAIN_CERTIFICATES_COUNT_MAX)?;
        match certificates.iter().any(|one| is_self_issued(one.raw_bytes.as_bytes())) {
            true => Err(refuse(Code::BundleForm, "the bundle brings its own root certificate")),
            false => Ok(()),
        }
    }

    fn proofs(&self) -> impl Iterator<Item = &InclusionProof> {
        let entries = &self.inner.verification_material.tlog_entries;
        entries.iter().filter_map(|entry| entry.inclusion_proof.as_ref())
    }
}

fn is_self_issued(der: &[u8]) -> bool {
    use der::Decode as _;
    x509_cert::Certificate::from_der(der).is_ok_and(|certificate| {
        certificate.tbs_certificate.issuer == certificate.tbs_certificate.subject
    })
}

fn at_most(what: &str, count: usize, max: usize) -> Result<(), Refusal> {
    if count <= max {
        return Ok(());
    }
    Err(refuse(Code::EvidenceLimit, format!("the bundle has {count} {what}, more than {max}")))
}

fn form(part: &str, expected: &str, found: &str) -> Refusal {
    let message = format!("the bundle's {part} does not count as publication evidence");
    Box::new(Finding::new(Code::BundleForm, message).with_mismatch(expected, found))
}

fn unreadable(error: impl std::fmt::Display) -> Refusal {
    let message = format!("the bundle cannot be read: {error}");
    refuse(Code::BundleUnreadable, crate::quote(&message))
}

/// The two upper levels of a bundle's JSON. The parser of [`sigstore_types::Bundle`] takes the first
/// of two alternatives and ignores fields that it does not know. sigstore-go, and so cosign and
/// Flux, refuses both, and so do we: what the cluster would refuse must not look sound here. A
/// field that stands twice is refused at every level, by the derived readers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    /// Early bundles of version 0.1 have none.
    media_type: Option<MediaType>,
    verification_material: Material,
    message_signature: Option<MessageSignature>,
    dsse_envelope: Option<DsseEnvelope>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Material {
    certificate: Option<CertificateContent>,
    x509_certificate_chain: Option<Chain>,
    public_key: Option<PublicKeyIdentifier>,
    #[serde(default)]
    tlog_entries: Vec<TransparencyLogEntry>,
    timestamp_verification_data: Option<TimestampVerificationData>,
}

#[derive(Deserialize)]
struct Chain {
    certificates: Vec<X509Certificate>,
}

impl Document {
    fn into_bundle(self) -> Result<sigstore_types::Bundle, &'static str> {
        let content = match (self.dsse_envelope, self.message_signature) {
            (Some(envelope), None) => SignatureContent::DsseEnvelope(envelope),
            (None, Some(signature)) => SignatureContent::MessageSignature(signature),
            (None, None) => return Err("it has neither a DSSE envelope nor a message signature"),
            (Some(_), Some(_)) => return Err("it has a DSSE envelope and a message signature"),
        };
        let media_type = self.media_type.unwrap_or(MediaType::Bundle0_1);
        let material = self.verification_material.into_material()?;
        Ok(sigstore_types::Bundle::new(media_type, material, content))
    }
}

impl Material {
    fn into_material(self) -> Result<VerificationMaterial, &'static str> {
        let content = match (self.certificate, self.x509_certificate_chain, self.public_key) {
            (Some(certificate), None, None) => {
                VerificationMaterialContent::Certificate(certificate)
            }
            (None, Some(Chain { certificates }), None) => {
                VerificationMaterialContent::X509CertificateChain { certificates }
            }
            (None, None, Some(key)) => VerificationMaterialContent::PublicKey(key),
            (None, None, None) => return Err("it has no certificate and no public key"),
            _ => return Err("it has several of certificate, certificate chain and public key"),
        };
        Ok(VerificationMaterial::new(content)
            .with_tlog_entries(self.tlog_entries)
            .with_timestamp_verification_data(self.timestamp_verification_data.unwrap_or_default()))
    }
}
