//! Public keys and certificates that clients send: read, and asked whether they verify.

use const_oid::db::{rfc5912, rfc8410};
use der::{Decode, Encode};
use spki::SubjectPublicKeyInfoOwned;
use x509_cert::certificate::Certificate;

use super::keys::{KeyKind, verifies};

/// A key that came from outside.
pub(crate) struct PublicKey {
    kind: KeyKind,
    bits: Vec<u8>,
    spki: Vec<u8>,
}

impl PublicKey {
    /// Reads a DER SubjectPublicKeyInfo of a kind that Sigstore's clients use.
    pub(crate) fn from_spki(spki: &[u8]) -> Result<Self, String> {
        let parsed = SubjectPublicKeyInfoOwned::from_der(spki)
            .map_err(|error| format!("the public key is not a SubjectPublicKeyInfo: {error}"))?;
        Ok(Self {
            kind: kind(&parsed)?,
            bits: parsed.subject_public_key.raw_bytes().to_vec(),
            spki: spki.to_vec(),
        })
    }

    /// Reads a DER certificate for its key.
    pub(crate) fn from_certificate(der: &[u8]) -> Result<Self, String> {
        let certificate = Certificate::from_der(der)
            .map_err(|error| format!("the certificate does not parse: {error}"))?;
        let spki = certificate.tbs_certificate.subject_public_key_info.to_der();
        Self::from_spki(&spki.map_err(|error| error.to_string())?)
    }

    /// Reads one PEM block, a public key or a certificate.
    pub(crate) fn from_pem(pem: &[u8]) -> Result<Self, String> {
        let (label, bytes) = der::pem::decode_vec(pem.trim_ascii())
            .map_err(|error| format!("the key is not PEM: {error}"))?;
        match label {
            "PUBLIC KEY" => Self::from_spki(&bytes),
            "CERTIFICATE" => Self::from_certificate(&bytes),
            other => Err(format!("expected a PEM public key or certificate, found `{other}`")),
        }
    }

    /// DER SubjectPublicKeyInfo.
    pub(crate) fn spki(&self) -> &[u8] {
        &self.spki
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        verifies(self.kind, &self.bits, message, signature)
    }

    /// Whether a signature verifies over a message of which only the digest is known.
    pub(crate) fn verifies_digest(&self, digest: &[u8], signature: &[u8]) -> bool {
        use aws_lc_rs::digest::{Digest, SHA256, SHA384};
        use aws_lc_rs::signature::{
            ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, RSA_PKCS1_2048_8192_SHA256,
            UnparsedPublicKey, VerificationAlgorithm,
        };
        let (algorithm, hash): (&'static dyn VerificationAlgorithm, _) = match self.kind {
            KeyKind::P256 => (&ECDSA_P256_SHA256_ASN1, &SHA256),
            KeyKind::P384 => (&ECDSA_P384_SHA384_ASN1, &SHA384),
            KeyKind::Rsa2048 => (&RSA_PKCS1_2048_8192_SHA256, &SHA256),
            // Plain Ed25519 needs the message; the prehashed variant is another algorithm.
            KeyKind::Ed25519 => return false,
        };
        Digest::import_less_safe(digest, hash).is_ok_and(|digest| {
            UnparsedPublicKey::new(algorithm, &self.bits).verify_digest(&digest, signature).is_ok()
        })
    }

    /// Rekor v2's name for key and digest together.
    pub(crate) fn key_details(&self) -> &'static str {
        match self.kind {
            KeyKind::P256 => "PKIX_ECDSA_P256_SHA_256",
            KeyKind::P384 => "PKIX_ECDSA_P384_SHA_384",
            KeyKind::Ed25519 => "PKIX_ED25519",
            KeyKind::Rsa2048 => "PKIX_RSA_PKCS1V15_2048_SHA256",
        }
    }

    /// Rekor v2's name for the digest that belongs to the key.
    pub(crate) fn digest_name(&self) -> &'static str {
        match self.kind {
            KeyKind::P384 => "SHA2_384",
            _ => "SHA2_256",
        }
    }
}

fn kind(key: &SubjectPublicKeyInfoOwned) -> Result<KeyKind, String> {
    let curve = || key.algorithm.parameters.as_ref().and_then(|curve| curve.decode_as().ok());
    match key.algorithm.oid {
        rfc5912::ID_EC_PUBLIC_KEY if curve() == Some(rfc5912::SECP_256_R_1) => Ok(KeyKind::P256),
        rfc5912::ID_EC_PUBLIC_KEY if curve() == Some(rfc5912::SECP_384_R_1) => Ok(KeyKind::P384),
        rfc8410::ID_ED_25519 => Ok(KeyKind::Ed25519),
        rfc5912::RSA_ENCRYPTION => Ok(KeyKind::Rsa2048),
        other => Err(format!("keys of algorithm {other} are not served here")),
    }
}
