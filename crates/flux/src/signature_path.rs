//! Signatures of the older form, as cosign's `VerifyImageSignatures` checks them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use sealwright_evidence::steps::{
    PublicKey, TransparencyLogEntry, certificate_key, certificate_pem, certificate_window,
    chain_at, issuer_as_go, leaf_of_pem, log_url, logged_certificates_count, names_as_go,
    promise_holds, read_body, read_legacy_entry,
};
use sealwright_evidence::{Digest, TrustedRoot};
use serde_json::Value;

use crate::discovery::signature_tag;
use crate::image::{self, Layer, Manifest};
use crate::inquiry::{Inquiry, Stop};
use crate::keyless::Keyless;
use crate::name::Repository;
use crate::seen::Ask;
use crate::verify::Ruling;
use crate::{refused, rules};

const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
const LOG_ENTRY: &str = "dev.sigstore.cosign/bundle";
/// Most signatures behind a tag.
const SIGNATURES_COUNT_MAX: usize = 1000;

/// By what a signature is checked.
pub(crate) enum By<'a> {
    Key(&'a PublicKey),
    Identities(&'a Keyless<'a>),
}

/// Why one signature does not count.
enum Fault {
    /// cosign's words.
    Words(String),
    /// It would be looked up in the log.
    Online,
}

impl<T: Into<String>> From<T> for Fault {
    fn from(words: T) -> Self {
        Self::Words(words.into())
    }
}

/// Verifies what stands behind the tag.
pub(crate) fn verify(
    inquiry: &mut Inquiry<'_>,
    by: &By<'_>,
    digest: &str,
    repository: &Repository,
) -> Result<Ruling, Stop> {
    inquiry.met(&rules::SIGNATURE_TAG);
    let layers = match layers(inquiry, digest, repository)? {
        Ok(layers) => layers,
        Err(words) => return Ok(Ruling::fails(words)),
    };
    if layers.is_empty() {
        inquiry.met(&rules::NO_SIGNATURES);
        return Ok(Ruling::fails("no signatures found"));
    }
    let requests = layers.iter().map(|layer| repository.request(Ask::Blob(layer.digest.clone())));
    let answers = inquiry.ask_all(requests);
    if answers.contains(&Err(Stop::Lacking)) {
        return Err(Stop::Lacking);
    }
    inquiry.met(&rules::SIGNATURE_ORDER);
    let (now, controller) = (inquiry.situation.now, inquiry.situation.controller);
    let (mut errors, mut online, mut bound, mut accepted) = (vec![], false, false, false);
    for (layer, answer) in layers.iter().zip(answers) {
        let checked = image::checked_blob(answer?, layer, controller)
            .map_err(Fault::Words)
            .and_then(|payload| check(layer, payload, by, now).map(|()| payload));
        match checked {
            Ok(payload) => {
                accepted = true;
                bound |= claims(payload, digest);
            }
            Err(Fault::Words(words)) => errors.push(words),
            Err(Fault::Online) => online = true,
        }
    }
    if online {
        inquiry.met(&rules::SIGNATURE_ONLINE);
    }
    if accepted && !bound {
        inquiry.met(&rules::SIGNATURE_UNBOUND);
    }
    match (accepted, online) {
        (true, _) => Ok(Ruling::Verified),
        (false, true) => Err(Stop::Undecided(
            "a signature without its log entry would be looked up in the transparency log"
                .to_owned(),
        )),
        (false, false) => Ok(Ruling::of_several("no matching signatures: ", errors)),
    }
}

fn layers(
    inquiry: &mut Inquiry<'_>,
    digest: &str,
    repository: &Repository,
) -> crate::inquiry::Step<Vec<Layer>> {
    let tag = signature_tag(digest);
    let response = inquiry.ask(repository.request(Ask::Manifest(tag.clone())))?;
    match response.status {
        200 => {}
        404 => return Ok(Ok(vec![])),
        _ => return Ok(Err(refused::words("GET", response, inquiry.situation.controller))),
    }
    let manifest: Result<Manifest, String> = image::of_answer(inquiry, response, &tag, repository)?;
    Ok(manifest.and_then(|manifest| match manifest.layers.len() {
        count if count > SIGNATURES_COUNT_MAX => {
            Err(format!("number of layers ({count}) exceeded the limit ({SIGNATURES_COUNT_MAX})"))
        }
        _ => Ok(manifest.layers),
    }))
}

fn check(layer: &Layer, payload: &[u8], by: &By<'_>, now: Timestamp) -> Result<(), Fault> {
    let annotation = |name: &str| layer.annotations.get(name).filter(|text| !text.is_empty());
    let signature = layer.annotations.get(SIGNATURE).ok_or_else(|| {
        format!("signature layer {} is missing {SIGNATURE:?} annotation", layer.digest)
    })?;
    let certificate = match annotation(CERTIFICATE) {
        Some(pem) => Some(leaf_of_pem(pem).ok_or("error during PEM decoding")?),
        None => None,
    };
    let entry = annotation(LOG_ENTRY).map(|json| read_legacy_entry(json)).transpose();
    let entry = entry.map_err(|_| "unmarshaling bundle: invalid character")?;
    let decoded = |text: &str| {
        STANDARD.decode(text).map_err(|_| Fault::from("illegal base64 data at input byte 0"))
    };
    match by {
        By::Key(key) => {
            if !key.signed(payload, &decoded(signature)?) {
                return Err("invalid signature when validating ASN.1 encoded signature".into());
            }
            match certificate.as_deref().and_then(certificate_window) {
                Some((from, to)) if now < from || now > to => {
                    Err("expected a signed timestamp to verify an expired certificate".into())
                }
                _ => Ok(()),
            }
        }
        By::Identities(keyless) => {
            let entry = entry.ok_or(Fault::Online)?;
            check_entry(&entry, signature, certificate.as_deref(), payload, keyless.root)
                .map_err(|words| format!("error verifying bundle: {words}"))?;
            let certificate = certificate.ok_or("no certificate found on signature")?;
            check_holder(&certificate, keyless)?;
            let key = certificate_key(&certificate).ok_or("unsupported public key type")?;
            if !key.signed(payload, &decoded(signature)?) {
                return Err("invalid signature when validating ASN.1 encoded signature".into());
            }
            let time = entry.integrated_time.unwrap_or(Timestamp::UNIX_EPOCH);
            check_expiry(&certificate, time).map_err(Fault::from)
        }
    }
}

/// The log's promise is about this signature, certificate and payload, and holds.
fn check_entry(
    entry: &TransparencyLogEntry,
    signature: &str,
    certificate: Option<&[u8]>,
    payload: &[u8],
    root: &TrustedRoot,
) -> Result<(), String> {
    let body = read_body(entry.canonicalized_body.as_bytes())
        .ok_or("failed to extract signature from bundle: unsupported type")?;
    if STANDARD.encode(&body.signature) != signature {
        return Err("signature in bundle does not match signature being verified".to_owned());
    }
    let certificate = certificate.ok_or("empty key")?;
    if body.verifier_der().as_deref() != Some(certificate) {
        return Err(format!(
            "comparing public key PEMs, expected {}, got {}",
            certificate_pem(certificate),
            String::from_utf8_lossy(&body.verifier)
        ));
    }
    let (logged, found) = (body.digest.unwrap_or_default(), Digest::of(payload).hex());
    if logged != found {
        return Err(format!("matching bundle to payload: bundle={logged:?}, payload={found:?}"));
    }
    if promise_holds(entry, root) {
        return Ok(());
    }
    let words = match log_url(entry.log_id.key_id.as_bytes(), root) {
        None => "rekor log public key not found for payload",
        Some(_) => "unable to verify SET",
    };
    Err(format!("verifying bundle with trusted root: {words}"))
}

/// The certificate is of a trusted authority, of an accepted holder, and was logged.
fn check_holder(certificate: &[u8], keyless: &Keyless<'_>) -> Result<(), String> {
    let (from, _) = certificate_window(certificate).ok_or("malformed certificate")?;
    let chain =
        chain_at(certificate, from, keyless.root).ok_or("leaf certificate verification failed")?;
    let names = names_as_go(certificate).map(|(_, names)| names).unwrap_or_default();
    keyless.accepts_holder(&names, &issuer_as_go(certificate).unwrap_or_default())?;
    match logged_certificates_count(certificate, &chain, keyless.root) {
        None => {
            Err("certificate does not include required embedded SCT and no detached SCT was set"
                .to_owned())
        }
        Some(0) => {
            Err("only able to verify 0 SCT entries; unable to meet threshold of 1".to_owned())
        }
        Some(_) => Ok(()),
    }
}

fn check_expiry(certificate: &[u8], time: Timestamp) -> Result<(), String> {
    let (from, to) = certificate_window(certificate).ok_or("malformed certificate")?;
    let prefix = "checking expiry on certificate with bundle: certificate";
    if to < time {
        return Err(format!("{prefix} expired before observed time: {to} is before {time}"));
    }
    if from > time {
        return Err(format!("{prefix} was issued after observed time: {from} is after {time}"));
    }
    Ok(())
}

/// Whether the payload vouches for this digest. cosign's command asks; the controller does not.
fn claims(payload: &[u8], digest: &str) -> bool {
    let payload: Value = serde_json::from_slice(payload).unwrap_or_default();
    payload.pointer("/critical/image/docker-manifest-digest").and_then(Value::as_str)
        == Some(digest)
}
