//! Minting of cosign's signatures before bundles: a payload, and annotations beside it.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::authority::pem;
use super::signer::{Identity, Signer, ended_before};
use super::{Sigstore, World, rekor_v1_entry};
use crate::DevStackError;

/// What a legacy signature is to be about.
#[derive(Debug, Clone)]
pub struct LegacyMint {
    /// The repository as the payload names it, `registry.acme.example/platform/manifests`.
    pub repository: String,
    /// The manifest's digest, `sha256:…`.
    pub digest: String,
    /// Who signs.
    pub signer: Identity,
    /// What is the matter.
    pub situation: LegacySituation,
    /// When it was signed and logged; `None` is now.
    pub at: Option<Timestamp>,
}

/// What can be the matter with a legacy signature. The neighbour of each is [`LegacySituation::Healthy`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    /// The certificate carries no signed certificate timestamp.
    NoSct,
    /// The signed certificate timestamp is of a log that the trusted root does not know.
    ForeignSct,
}

impl LegacySituation {
    /// Whether it needs a certificate: a key alone cannot be in it.
    fn is_about_the_certificate(self) -> bool {
        use LegacySituation::*;
        matches!(self, ForeignAuthority | SignedAfterExpiry | NoSct | ForeignSct)
    }
}

/// What cosign keeps under `sha256-….sig`: a layer, and annotations of that layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacySignature {
    /// The layer, of media type `application/vnd.dev.cosign.simplesigning.v1+json`.
    pub payload: Vec<u8>,
    /// `dev.cosignproject.cosign/signature`: base64 of the signature.
    pub signature: String,
    /// `dev.sigstore.cosign/certificate`: PEM; without it a key signed.
    pub certificate: Option<String>,
    /// `dev.sigstore.cosign/chain`: PEM, issuing authority first.
    pub chain: Option<String>,
    /// `dev.sigstore.cosign/bundle`: JSON; without it the signature was not logged.
    pub bundle: Option<String>,
}

impl LegacyMint {
    /// A healthy signature of the default run, now.
    pub fn new(repository: impl Into<String>, digest: impl Into<String>) -> Self {
        Self {
            repository: repository.into(),
            digest: digest.into(),
            signer: Identity::default(),
            situation: LegacySituation::default(),
            at: None,
        }
    }
}

impl LegacySignature {
    /// The annotations of the layer, as cosign writes them.
    pub fn annotations(&self) -> Vec<(&'static str, String)> {
        let signature = ("dev.cosignproject.cosign/signature", self.signature.clone());
        let more = [
            ("dev.sigstore.cosign/certificate", &self.certificate),
            ("dev.sigstore.cosign/chain", &self.chain),
            ("dev.sigstore.cosign/bundle", &self.bundle),
        ];
        let more = more.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
        std::iter::once(signature).chain(more).collect()
    }
}

impl Sigstore {
    /// A signature as cosign left it before bundles, logged in Rekor v1.
    ///
    /// # Errors
    /// [`DevStackError::Mint`] when the time is not one that the authorities cover, or the situation
    /// needs a certificate and a key signs.
    pub fn mint_legacy(&self, mint: &LegacyMint) -> Result<LegacySignature, DevStackError> {
        legacy(&self.world, mint)
    }
}

pub(crate) fn legacy(world: &World, mint: &LegacyMint) -> Result<LegacySignature, DevStackError> {
    let at = mint.at.unwrap_or_else(Timestamp::now);
    let (signer, chain) = match &mint.signer.key {
        Some(_) if mint.situation.is_about_the_certificate() => {
            let why = "the situation is about a certificate, and a key is to sign";
            return Err(DevStackError::mint("a legacy signature", why));
        }
        Some(name) => (Signer::known(world.named_keys.get(name)?), None),
        None => certified(world, mint, at)?,
    };
    let signed_payload = simple_signing(mint);
    let signature = signer.key.sign(&signed_payload)?;
    let bundle = match mint.situation {
        LegacySituation::NotLogged => None,
        LegacySituation::EntryOfOtherPayload => {
            let other = b"another payload".as_slice();
            Some(logged(world, mint, &signer, other, &signer.key.sign(other)?, at)?)
        }
        _ => Some(logged(world, mint, &signer, &signed_payload, &signature, at)?),
    };
    let payload = match mint.situation {
        LegacySituation::TamperedPayload => [signed_payload.as_slice(), b" "].concat(),
        _ => signed_payload,
    };
    Ok(LegacySignature {
        payload,
        signature: BASE64.encode(signature),
        certificate: signer.certificate_pem()?,
        chain,
        bundle,
    })
}

/// A fresh certificate, and the chain that cosign puts beside it.
fn certified(
    world: &World,
    mint: &LegacyMint,
    at: Timestamp,
) -> Result<(Signer, Option<String>), DevStackError> {
    let foreign = |is| if is { world.foreign() } else { Ok(&world.ours) };
    let authority = &foreign(mint.situation == LegacySituation::ForeignAuthority)?.signers;
    let ct_log = &foreign(mint.situation == LegacySituation::ForeignSct)?.ct_log;
    let issued = match mint.situation {
        LegacySituation::SignedAfterExpiry => ended_before(at)?,
        _ => at,
    };
    let certified = mint.signer.certified(&world.tokens.url);
    let ct_log = (mint.situation != LegacySituation::NoSct).then_some(ct_log);
    let signer = Signer::certified(&certified, authority, ct_log, issued)?;
    let [intermediate, root] = authority.chain();
    Ok((signer, Some(pem(intermediate)? + &pem(root)?)))
}

/// The annotation that says where in the log a payload and its signature stand.
fn logged(
    world: &World,
    mint: &LegacyMint,
    signer: &Signer,
    payload: &[u8],
    signature: &[u8],
    at: Timestamp,
) -> Result<String, DevStackError> {
    let log = match mint.situation {
        LegacySituation::ForeignLog => &world.foreign()?.rekor_v1,
        _ => &world.ours.rekor_v1,
    };
    let (digest, verifier) = (Sha256::digest(payload), signer.verifier_pem()?);
    let body = rekor_v1_entry::hashedrekord("sha256", &digest, signature, verifier.as_bytes());
    let entry = log.append(body, at)?;
    let promise = entry.promise.as_ref().map(|promise| BASE64.encode(promise));
    let bundle = json!({
        "SignedEntryTimestamp": promise,
        "Payload": {
            "body": BASE64.encode(&entry.body),
            "integratedTime": entry.integrated_time,
            "logIndex": entry.place.index,
            "logID": hex::encode(&entry.log_id),
        },
    });
    Ok(bundle.to_string())
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
