//! Who signs what is minted: a key with a certificate for a moment, or a key that has a name.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use der::Encode;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use x509_cert::certificate::Certificate;

use super::authority::{Authority, pem};
use super::claims::TokenRequest;
use super::keys::{KeyKind, SigningKey};
use super::named_keys::public_pem;
use super::rekor_v2;
use super::signer_certificate::{self, Certified, VALIDITY};
use crate::DevStackError;

/// Whose signature to mint. The default is that of the default run.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// The run whose identity is certified.
    pub run: TokenRequest,
    /// Alternative names in the certificate instead of the run's; one with an `@` and no scheme is
    /// written as an e-mail address, every other as a URI.
    pub sans: Option<Vec<String>>,
    /// Issuer in the certificate instead of ours.
    pub issuer: Option<String>,
    /// Name of the throw-away key that signs; then there is no certificate, and nothing of the above counts.
    pub key: Option<String>,
}

impl From<TokenRequest> for Identity {
    fn from(run: TokenRequest) -> Self {
        Self { run, ..Self::default() }
    }
}

impl Identity {
    /// What Fulcio would certify for it.
    pub(crate) fn certified(&self, our_issuer: &str) -> Certified {
        let issuer = self.issuer.as_deref().unwrap_or(our_issuer);
        let mut certified = Certified::of_claims(&self.run.claims(), issuer);
        if let Some(sans) = &self.sans {
            certified.sans.clone_from(sans);
        }
        certified
    }
}

/// A key, and what tells others about it.
pub(crate) struct Signer {
    pub(crate) key: Arc<SigningKey>,
    certificate: Option<Certificate>,
}

impl Signer {
    /// A fresh key with a certificate.
    pub(crate) fn certified(
        certified: &Certified,
        authority: &Authority,
        ct_log: Option<&SigningKey>,
        at: Timestamp,
    ) -> Result<Self, DevStackError> {
        let key = Arc::new(SigningKey::generate(KeyKind::P256)?);
        let certificate = signer_certificate::issue(certified, key.spki(), authority, ct_log, at)?;
        Ok(Self { key, certificate: Some(certificate) })
    }

    /// A key that others know already.
    pub(crate) fn known(key: Arc<SigningKey>) -> Self {
        Self { key, certificate: None }
    }

    pub(crate) fn certificate_pem(&self) -> Result<Option<String>, DevStackError> {
        self.certificate.as_ref().map(pem).transpose()
    }

    /// What Rekor v1 keeps of the signer: PEM of the certificate or of the key.
    pub(crate) fn verifier_pem(&self) -> Result<String, DevStackError> {
        match self.certificate_pem()? {
            Some(certificate) => Ok(certificate),
            None => public_pem(&self.key),
        }
    }

    /// What Rekor v2 keeps of the signer.
    pub(crate) fn verifier_v2(&self) -> Result<Value, DevStackError> {
        const KEY_DETAILS: &str = "PKIX_ECDSA_P256_SHA_256";
        Ok(match self.certificate_der()? {
            Some(certificate) => rekor_v2::certificate_verifier(&certificate, KEY_DETAILS),
            None => rekor_v2::key_verifier(self.key.spki(), KEY_DETAILS),
        })
    }

    /// The field of a bundle's verification material; `chain` is its form before version 0.3.
    pub(crate) fn material(&self, chain: bool) -> Result<Value, DevStackError> {
        let Some(certificate) = self.certificate_der()? else {
            let hint = BASE64.encode(Sha256::digest(self.key.spki()));
            return Ok(json!({"publicKey": {"hint": hint}}));
        };
        let raw = json!({"rawBytes": BASE64.encode(certificate)});
        Ok(if chain {
            json!({"x509CertificateChain": {"certificates": [raw]}})
        } else {
            json!({"certificate": raw})
        })
    }

    fn certificate_der(&self) -> Result<Option<Vec<u8>>, DevStackError> {
        let der = self.certificate.as_ref().map(Encode::to_der).transpose();
        der.map_err(|error| DevStackError::mint("a certificate", error))
    }
}

/// When to issue a certificate that had ended an hour before `at`.
pub(crate) fn ended_before(at: Timestamp) -> Result<Timestamp, DevStackError> {
    at.checked_sub(VALIDITY)
        .and_then(|at| at.checked_sub(SignedDuration::from_hours(1)))
        .map_err(|error| DevStackError::mint("a validity", error))
}
