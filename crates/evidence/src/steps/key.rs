//! Public keys as Go's libraries read and use them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use der::{Decode as _, Encode as _};
use sigstore_crypto::{KeyAlgorithm, SigningScheme, parse_certificate_info};
use sigstore_types::{DerCertificate, DerPublicKey, SignatureBytes};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

/// A public key that signatures can be checked with, always over SHA-256 where the key leaves it
/// open (cosign's `LoadVerifier`).
#[derive(Debug, Clone)]
pub struct PublicKey {
    der: DerPublicKey,
    scheme: SigningScheme,
}

/// Why a file is no public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFault {
    /// No PEM block.
    NotPem,
    /// A PEM block of another type than `PUBLIC KEY` or `RSA PUBLIC KEY`.
    OtherBlock(String),
    /// The block holds no key, or of a kind that is not known here.
    Unreadable,
}

impl PublicKey {
    /// Reads the first PEM block.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(pem: &[u8]) -> Result<Self, KeyFault> {
        let (label, der) = pem_block(pem).ok_or(KeyFault::NotPem)?;
        match label.as_str() {
            "PUBLIC KEY" => Self::of_spki(der).ok_or(KeyFault::Unreadable),
            "RSA PUBLIC KEY" => Err(KeyFault::Unreadable),
            _ => Err(KeyFault::OtherBlock(label)),
        }
    }

    fn of_spki(der: Vec<u8>) -> Option<Self> {
        SubjectPublicKeyInfoOwned::from_der(&der).ok()?;
        let der = DerPublicKey::new(der);
        let scheme = match KeyAlgorithm::from_spki(&der).ok()? {
            KeyAlgorithm::EcdsaP256 => SigningScheme::EcdsaP256Sha256,
            KeyAlgorithm::EcdsaP384 => SigningScheme::EcdsaP384Sha256,
            KeyAlgorithm::Ed25519 => SigningScheme::Ed25519,
            KeyAlgorithm::Rsa => SigningScheme::RsaPkcs1Sha256,
            _ => return None,
        };
        Some(Self { der, scheme })
    }

    /// DER of the SubjectPublicKeyInfo.
    pub fn der(&self) -> &[u8] {
        self.der.as_bytes()
    }

    /// Whether this key made this signature over these bytes.
    pub fn signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let signature = SignatureBytes::new(signature.to_vec());
        sigstore_crypto::verify_signature(&self.der, bytes, &signature, self.scheme).is_ok()
    }

    /// The same over a digest by SHA-256.
    pub fn signed_digest(&self, digest: &[u8], signature: &[u8]) -> bool {
        let signature = SignatureBytes::new(signature.to_vec());
        sigstore_crypto::verify_signature_prehashed(&self.der, digest, &signature, self.scheme)
            .is_ok()
    }
}

/// The key of a certificate, with the hash that is the default of its kind.
pub fn certificate_key(certificate_der: &[u8]) -> Option<PublicKey> {
    if let Ok(info) = parse_certificate_info(&DerCertificate::new(certificate_der.to_vec())) {
        let scheme = info.key_algorithm.default_signing_scheme();
        return Some(PublicKey { der: info.public_key, scheme });
    }
    let certificate = x509_cert::Certificate::from_der(certificate_der).ok()?;
    PublicKey::of_spki(certificate.tbs_certificate.subject_public_key_info.to_der().ok()?)
}

/// Label and content of the first PEM block, read as leniently as Go's `pem.Decode` reads it.
pub(super) fn pem_block(pem: &[u8]) -> Option<(String, Vec<u8>)> {
    let text = String::from_utf8_lossy(pem);
    let mut rest: &str = &text;
    loop {
        rest = &rest[rest.find("-----BEGIN ")? + "-----BEGIN ".len()..];
        let Some((label, after)) = rest.split_once("-----") else { continue };
        let Some((body, _)) = after.split_once(&format!("-----END {label}-----")) else { continue };
        let body: String = body.split_whitespace().collect();
        if let Ok(der) = STANDARD.decode(body) {
            return Some((label.to_owned(), der));
        }
    }
}
