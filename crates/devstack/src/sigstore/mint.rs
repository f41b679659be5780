//! Minting: a bundle as a signer would have left it, in any situation, at any time, without a request.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use der::Encode;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use x509_cert::certificate::Certificate;

use super::authority::pem;
use super::claims::TokenRequest;
use super::dsse::{Envelope, IN_TOTO, pre_authentication_encoding};
use super::keys::{KeyKind, SigningKey};
use super::signer_certificate::{self, Certified, VALIDITY};
use super::situation::{LogVersion, Situation};
use super::{Sigstore, World, rekor_v1_entry};
use crate::DevStackError;

/// What to mint.
#[derive(Debug, Clone)]
pub struct Mint {
    /// The in-toto statement, exactly these bytes.
    pub statement: Vec<u8>,
    /// The run whose identity signs.
    pub run: TokenRequest,
    /// The log that sees it.
    pub log: LogVersion,
    /// What is the matter.
    pub situation: Situation,
    /// When it was signed and logged; `None` is now. At most a year ago.
    pub at: Option<Timestamp>,
}

impl Mint {
    /// A healthy bundle of the default run, in Rekor v2, now.
    pub fn new(statement: impl Into<Vec<u8>>) -> Self {
        Self {
            statement: statement.into(),
            run: TokenRequest::default(),
            log: LogVersion::default(),
            situation: Situation::default(),
            at: None,
        }
    }

    /// Signed by another run.
    #[must_use]
    pub fn run(self, run: TokenRequest) -> Self {
        Self { run, ..self }
    }

    /// Seen by another log.
    #[must_use]
    pub fn log(self, log: LogVersion) -> Self {
        Self { log, ..self }
    }

    /// In another situation.
    #[must_use]
    pub fn situation(self, situation: Situation) -> Self {
        Self { situation, ..self }
    }

    /// At another time.
    #[must_use]
    pub fn at(self, at: Timestamp) -> Self {
        Self { at: Some(at), ..self }
    }
}

impl Sigstore {
    /// A bundle (JSON, version 0.3 unless the situation says otherwise) for the artifact that the statement names.
    ///
    /// # Errors
    /// [`DevStackError::Mint`] when the time is not one that the authorities cover, or the situation needs
    /// something of the statement that it does not have.
    pub fn mint(&self, mint: &Mint) -> Result<Vec<u8>, DevStackError> {
        self::mint(&self.world, mint)
    }
}

pub(crate) fn mint(world: &World, mint: &Mint) -> Result<Vec<u8>, DevStackError> {
    let bundle = Minting::begin(world, mint)?.bundle()?;
    serde_json::to_vec(&bundle).map_err(|error| DevStackError::mint("a bundle", error))
}

/// A signer in the middle of signing: one key, one certificate.
pub(crate) struct Minting<'a> {
    pub(crate) world: &'a World,
    pub(crate) mint: &'a Mint,
    pub(crate) at: Timestamp,
    key: SigningKey,
    certificate: Certificate,
}

/// A signature with the digest that it was made over and the content that the bundle shows.
pub(crate) struct Signed {
    pub(crate) signature: Vec<u8>,
    pub(crate) digest: Vec<u8>,
    /// The entry of Rekor v1 for it.
    pub(crate) v1_body: rekor_v1_entry::Body,
    /// The field of the bundle: name and value.
    content: (&'static str, Value),
}

impl<'a> Minting<'a> {
    fn begin(world: &'a World, mint: &'a Mint) -> Result<Self, DevStackError> {
        let key = SigningKey::generate(KeyKind::P256)?;
        let at = mint.at.unwrap_or_else(Timestamp::now);
        let foreign = |is| if is { world.foreign() } else { Ok(&world.ours) };
        let authority = foreign(mint.situation == Situation::ForeignAuthority)?;
        let ct_log = foreign(mint.situation == Situation::ForeignSct)?;
        let certificate = signer_certificate::issue(
            &certified(mint, &world.tokens.url),
            key.spki(),
            &authority.signers,
            (mint.situation != Situation::NoSct).then_some(&ct_log.ct_log),
            issued_at(mint.situation, at)?,
        )?;
        Ok(Self { world, mint, at, key, certificate })
    }

    fn bundle(&self) -> Result<Value, DevStackError> {
        let signed = match self.mint.situation {
            Situation::MessageSignature => self.sign_message()?,
            _ => self.sign_statement(&self.mint.statement)?,
        };
        let mut material = self.certificate_material()?;
        material["tlogEntries"] = json!(self.log_entries(&signed)?);
        material["timestampVerificationData"] = self.timestamps(&signed)?;
        let mut bundle = json!({
            "mediaType": media_type(self.mint.situation),
            "verificationMaterial": material,
        });
        let (field, value) = signed.content;
        bundle[field] = value;
        Ok(bundle)
    }

    pub(crate) fn sign_statement(&self, statement: &[u8]) -> Result<Signed, DevStackError> {
        let payload_type = match self.mint.situation {
            Situation::OtherPayloadType => "application/vnd.acme+json",
            _ => IN_TOTO,
        };
        let encoded = pre_authentication_encoding(payload_type, statement);
        let signature = self.key.sign(&encoded)?;
        let envelope = json!(Envelope::new(statement, payload_type, &signature));
        let v1_body = rekor_v1_entry::dsse(
            envelope.to_string().as_bytes(),
            statement,
            &signature,
            pem(&self.certificate)?.as_bytes(),
        );
        let shown = match self.mint.situation {
            // White space at the end: the same statement to every reader of JSON.
            Situation::TamperedPayload => {
                json!(Envelope::new(&[statement, b" "].concat(), payload_type, &signature))
            }
            _ => envelope,
        };
        let digest = Sha256::digest(&encoded).to_vec();
        Ok(Signed { signature, digest, v1_body, content: ("dsseEnvelope", shown) })
    }

    /// Signs what the statement's first subject digest is the digest of.
    fn sign_message(&self) -> Result<Signed, DevStackError> {
        let digest = first_subject_digest(&self.mint.statement).ok_or_else(|| {
            DevStackError::mint("a bundle", "the statement names no sha256 digest")
        })?;
        let signature = self.key.sign_sha256(&digest)?;
        let certificate = pem(&self.certificate)?;
        let v1_body =
            rekor_v1_entry::hashedrekord("sha256", &digest, &signature, certificate.as_bytes());
        let content = json!({
            "messageDigest": {"algorithm": "SHA2_256", "digest": BASE64.encode(&digest)},
            "signature": BASE64.encode(&signature),
        });
        Ok(Signed { signature, digest, v1_body, content: ("messageSignature", content) })
    }

    /// Since version 0.3 a bundle has the signer's certificate alone, before it a chain without the root.
    fn certificate_material(&self) -> Result<Value, DevStackError> {
        let raw = json!({"rawBytes": BASE64.encode(self.certificate_der()?)});
        Ok(match self.mint.situation {
            Situation::BundleV01 | Situation::BundleV02 => {
                json!({"x509CertificateChain": {"certificates": [raw]}})
            }
            _ => json!({"certificate": raw}),
        })
    }

    pub(crate) fn certificate_der(&self) -> Result<Vec<u8>, DevStackError> {
        self.certificate.to_der().map_err(|error| DevStackError::mint("a certificate", error))
    }
}

/// What the certificate says of the run, with what the situation takes from it.
fn certified(mint: &Mint, issuer: &str) -> Certified {
    let issuer = match mint.situation {
        Situation::OtherIssuer => "https://issuer.acme.example",
        _ => issuer,
    };
    let mut certified = Certified::of_claims(&mint.run.claims(), issuer);
    match mint.situation {
        Situation::TwoSans => {
            certified.sans.push(
                "https://github.com/evil/twin/.github/workflows/cd.yaml@refs/heads/main".to_owned(),
            );
        }
        Situation::EmptySan => certified.sans = vec![String::new()],
        Situation::NoSan => certified.sans.clear(),
        Situation::NoIssuer => {
            certified.bare.retain(|(number, _)| *number != 1);
            certified.strings.retain(|(number, _)| *number != 8);
        }
        _ => {}
    }
    certified
}

fn issued_at(situation: Situation, at: Timestamp) -> Result<Timestamp, DevStackError> {
    if situation != Situation::SignedAfterExpiry {
        return Ok(at);
    }
    at.checked_sub(VALIDITY)
        .and_then(|at| at.checked_sub(SignedDuration::from_hours(1)))
        .map_err(|error| DevStackError::mint("a validity", error))
}

fn media_type(situation: Situation) -> &'static str {
    match situation {
        Situation::BundleV01 => "application/vnd.dev.sigstore.bundle+json;version=0.1",
        Situation::BundleV02 => "application/vnd.dev.sigstore.bundle+json;version=0.2",
        _ => "application/vnd.dev.sigstore.bundle.v0.3+json",
    }
}

fn first_subject_digest(statement: &[u8]) -> Option<Vec<u8>> {
    let statement: Value = serde_json::from_slice(statement).ok()?;
    let digest = hex::decode(statement["subject"][0]["digest"]["sha256"].as_str()?).ok()?;
    (digest.len() == 32).then_some(digest)
}
