//! Minting of cosign's signatures before bundles: a payload, and annotations beside it.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::authority::pem;
use super::claims::TokenRequest;
use super::keys::{KeyKind, SigningKey};
use super::signer_certificate::{self, Certified, VALIDITY};
use super::{Sigstore, rekor_v1_entry};
use crate::DevStackError;

/// What a legacy signature is to be about.
#[derive(Debug, Clone)]
pub struct LegacyMint {
    /// The repository as the payload names it, `registry.acme.example/platform/manifests`.
    pub repository: String,
    /// The manifest's digest, `sha256:…`.
    pub digest: String,
    /// The run whose identity signs.
    pub run: TokenRequest,
    /// What is the matter.
    pub situation: LegacySituation,
    /// When it was signed and logged; `None` is now.
    pub at: Option<Timestamp>,
}

/// What can be the matter with a legacy signature. The neighbour of each is [`LegacySituation::Healthy`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LegacySituation {
    /// Nothing is the matter.
    #[default]
    Healthy,
    /// The payload names another digest: a sound signature, moved here from another artifact.
    OtherDigest,
    /// The payload was changed after it was signed and logged.
    TamperedPayload,
    /// The log entry is of another payload by the same signer.
    EntryOfOtherPayload,
    /// There is no log entry.
    NotLogged,
    /// The promise is signed by a log that the trusted root does not know.
    ForeignLog,
    /// The certificate is of an authority that the trusted root does not know.
    ForeignAuthority,
    /// The certificate ended an hour before the log saw the signature.
    SignedAfterExpiry,
}

/// What cosign keeps under `sha256-….sig`: a layer, and annotations of that layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacySignature {
    /// The layer, of media type `application/vnd.dev.cosign.simplesigning.v1+json`.
    pub payload: Vec<u8>,
    /// `dev.cosignproject.cosign/signature`: base64 of the signature.
    pub signature: String,
    /// `dev.sigstore.cosign/certificate`: PEM.
    pub certificate: String,
    /// `dev.sigstore.cosign/chain`: PEM, issuing authority first.
    pub chain: String,
    /// `dev.sigstore.cosign/bundle`: JSON; without it the signature was not logged.
    pub bundle: Option<String>,
}

impl LegacyMint {
    /// A healthy signature of the default run, now.
    pub fn new(repository: impl Into<String>, digest: impl Into<String>) -> Self {
        Self {
            repository: repository.into(),
            digest: digest.into(),
            run: TokenRequest::default(),
            situation: LegacySituation::default(),
            at: None,
        }
    }
}

impl LegacySignature {
    /// The annotations of the layer, as cosign writes them.
    pub fn annotations(&self) -> Vec<(&'static str, String)> {
        let mut annotations = vec![
            ("dev.cosignproject.cosign/signature", self.signature.clone()),
            ("dev.sigstore.cosign/certificate", self.certificate.clone()),
            ("dev.sigstore.cosign/chain", self.chain.clone()),
        ];
        annotations
            .extend(self.bundle.clone().map(|bundle| ("dev.sigstore.cosign/bundle", bundle)));
        annotations
    }
}

impl Sigstore {
    /// A signature as cosign left it before bundles, logged in Rekor v1.
    ///
    /// # Errors
    /// [`DevStackError::Mint`] when the time is not one that the authorities cover.
    pub fn mint_legacy(&self, mint: &LegacyMint) -> Result<LegacySignature, DevStackError> {
        let (ours, situation) = (&self.world.ours, mint.situation);
        let foreign = |is| if is { self.world.foreign() } else { Ok(ours) };
        let signers = &foreign(situation == LegacySituation::ForeignAuthority)?.signers;
        let log = &foreign(situation == LegacySituation::ForeignLog)?.rekor_v1;

        let key = SigningKey::generate(KeyKind::P256)?;
        let at = mint.at.unwrap_or_else(Timestamp::now);
        let certified = Certified::of_claims(&mint.run.claims(), self.issuer_url());
        let issued = issued_at(situation, at)?;
        let ct_log = Some(&ours.ct_log);
        let certificate =
            signer_certificate::issue(&certified, key.spki(), signers, ct_log, issued)?;
        let certificate = pem(&certificate)?;

        let signed_payload = simple_signing(mint);
        let signature = key.sign(&signed_payload)?;
        let bundle = if situation == LegacySituation::NotLogged {
            None
        } else {
            let (payload, signature) = match situation {
                LegacySituation::EntryOfOtherPayload => {
                    (b"another payload".to_vec(), key.sign(b"another payload")?)
                }
                _ => (signed_payload.clone(), signature.clone()),
            };
            let digest = Sha256::digest(payload);
            let body =
                rekor_v1_entry::hashedrekord("sha256", &digest, &signature, certificate.as_bytes());
            let entry = log.append(body, at)?;
            let promise = entry.promise.as_ref().map(|promise| BASE64.encode(promise));
            Some(json!({
                "SignedEntryTimestamp": promise,
                "Payload": {
                    "body": BASE64.encode(&entry.body),
                    "integratedTime": entry.integrated_time,
                    "logIndex": entry.place.index,
                    "logID": hex::encode(&entry.log_id),
                },
            }))
        };
        let payload = match situation {
            LegacySituation::TamperedPayload => [signed_payload.as_slice(), b" "].concat(),
            _ => signed_payload,
        };
        let [intermediate, root] = signers.chain();
        Ok(LegacySignature {
            payload,
            signature: BASE64.encode(signature),
            certificate,
            chain: pem(intermediate)? + &pem(root)?,
            bundle: bundle.map(|bundle| bundle.to_string()),
        })
    }
}

/// The payload of Red Hat's simple signing, as cosign fills it.
fn simple_signing(mint: &LegacyMint) -> Vec<u8> {
    let digest = match mint.situation {
        LegacySituation::OtherDigest => {
            format!("sha256:{}", hex::encode(Sha256::digest(b"another artifact")))
        }
        _ => mint.digest.clone(),
    };
    let payload = json!({
        "critical": {
            "identity": {"docker-reference": mint.repository},
            "image": {"docker-manifest-digest": digest},
            "type": "cosign container image signature",
        },
        "optional": null,
    });
    payload.to_string().into_bytes()
}

fn issued_at(situation: LegacySituation, at: Timestamp) -> Result<Timestamp, DevStackError> {
    if situation != LegacySituation::SignedAfterExpiry {
        return Ok(at);
    }
    at.checked_sub(VALIDITY)
        .and_then(|at| at.checked_sub(SignedDuration::from_hours(1)))
        .map_err(|error| DevStackError::mint("a validity", error))
}
