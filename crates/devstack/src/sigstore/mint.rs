//! Minting: a bundle as a signer would have left it, in any situation, at any time, without a request.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::claims::TokenRequest;
use super::dsse::{Envelope, IN_TOTO, pre_authentication_encoding};
use super::named_keys::public_pem;
use super::signer::{Identity, Signer, ended_before};
use super::signer_certificate::Certified;
use super::situation::{LogVersion, Situation};
use super::{Sigstore, World, rekor_v1_entry};
use crate::DevStackError;

/// What to mint.
#[derive(Debug, Clone)]
pub struct Mint {
    /// The in-toto statement, exactly these bytes.
    pub statement: Vec<u8>,
    /// Who signs.
    pub signer: Identity,
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
            signer: Identity::default(),
            log: LogVersion::default(),
            situation: Situation::default(),
            at: None,
        }
    }

    /// Signed by another run.
    #[must_use]
    pub fn run(self, run: TokenRequest) -> Self {
        self.signer(run.into())
    }

    /// Signed by somebody else.
    #[must_use]
    pub fn signer(self, signer: Identity) -> Self {
        Self { signer, ..self }
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
    /// something of the statement or the signer that it does not have.
    pub fn mint(&self, mint: &Mint) -> Result<Vec<u8>, DevStackError> {
        let bundle = bundle(&self.world, mint)?;
        serde_json::to_vec(&bundle).map_err(|error| DevStackError::mint("a bundle", error))
    }

    /// The public half of the throw-away key of this name, as PEM.
    ///
    /// # Errors
    /// [`DevStackError::Mint`] when it is no name: up to 40 of `a-z`, `0-9` and `-`.
    pub fn public_key(&self, name: &str) -> Result<String, DevStackError> {
        public_pem(&*self.world.named_keys.get(name)?)
    }
}

pub(crate) fn bundle(world: &World, mint: &Mint) -> Result<Value, DevStackError> {
    Minting::begin(world, mint)?.bundle()
}

/// A signer in the middle of signing.
pub(crate) struct Minting<'a> {
    pub(crate) world: &'a World,
    pub(crate) mint: &'a Mint,
    pub(crate) at: Timestamp,
    pub(crate) signer: Signer,
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
        let at = mint.at.unwrap_or_else(Timestamp::now);
        let signer = match &mint.signer.key {
            Some(_) if mint.situation.is_about_the_certificate() => {
                let why = "the situation is about a certificate, and a key is to sign";
                return Err(DevStackError::mint("a bundle", why));
            }
            Some(name) => Signer::known(world.named_keys.get(name)?),
            None => certified_signer(world, mint, at)?,
        };
        Ok(Self { world, mint, at, signer })
    }

    fn bundle(&self) -> Result<Value, DevStackError> {
        let signed = match self.mint.situation {
            Situation::MessageSignature => self.sign_message()?,
            _ => self.sign_statement(&self.mint.statement)?,
        };
        let chain = matches!(self.mint.situation, Situation::BundleV01 | Situation::BundleV02);
        let mut material = self.signer.material(chain)?;
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
        let signature = self.signer.key.sign(&encoded)?;
        let envelope = json!(Envelope::new(statement, payload_type, &signature));
        let v1_body = rekor_v1_entry::dsse(
            envelope.to_string().as_bytes(),
            statement,
            &signature,
            self.signer.verifier_pem()?.as_bytes(),
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
        let signature = self.signer.key.sign_sha256(&digest)?;
        let verifier = self.signer.verifier_pem()?;
        let v1_body =
            rekor_v1_entry::hashedrekord("sha256", &digest, &signature, verifier.as_bytes());
        let content = json!({
            "messageDigest": {"algorithm": "SHA2_256", "digest": BASE64.encode(&digest)},
            "signature": BASE64.encode(&signature),
        });
        Ok(Signed { signature, digest, v1_body, content: ("messageSignature", content) })
    }
}

fn certified_signer(world: &World, mint: &Mint, at: Timestamp) -> Result<Signer, DevStackError> {
    let foreign = |is| if is { world.foreign() } else { Ok(&world.ours) };
    let authority = foreign(mint.situation == Situation::ForeignAuthority)?;
    let ct_log = foreign(mint.situation == Situation::ForeignSct)?;
    let issued = match mint.situation {
        Situation::SignedAfterExpiry => ended_before(at)?,
        _ => at,
    };
    Signer::certified(
        &certified(mint, &world.tokens.url),
        &authority.signers,
        (mint.situation != Situation::NoSct).then_some(&ct_log.ct_log),
        issued,
    )
}

/// What the certificate says of the run, with what the situation takes from it.
fn certified(mint: &Mint, issuer: &str) -> Certified {
    let issuer = match mint.situation {
        Situation::OtherIssuer => "https://issuer.acme.example",
        _ => issuer,
    };
    let mut certified = mint.signer.certified(issuer);
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
