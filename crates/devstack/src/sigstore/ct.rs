//! The certificate transparency log, as far as a signer's certificate shows it: one embedded SCT (RFC 6962).
//!
//! No tree stands behind it: Sigstore's clients check the promise, not the log.

use der::Encode;
use der::asn1::OctetString;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use x509_cert::certificate::TbsCertificate;
use x509_cert::ext::Extension;

use super::certificate::extension;
use super::keys::SigningKey;
use crate::DevStackError;

const EMBEDDED_SCTS: const_oid::ObjectIdentifier = const_oid::db::rfc6962::CT_PRECERT_SCTS;

/// The extension that embeds one SCT over a certificate that does not have it yet (RFC 6962, section 3.2 and 3.3).
pub(crate) fn embedded_sct(
    precertificate: &TbsCertificate,
    issuer_spki: &[u8],
    log: &SigningKey,
    at: Timestamp,
) -> Result<Extension, DevStackError> {
    let failed = |error| DevStackError::mint("a signed certificate timestamp", error);
    let milliseconds = u64::try_from(at.as_millisecond())
        .map_err(|error| DevStackError::mint("a signed certificate timestamp", error))?;
    let certificate = precertificate.to_der().map_err(failed)?;

    let mut signed = vec![VERSION_1, CERTIFICATE_TIMESTAMP];
    signed.extend(milliseconds.to_be_bytes());
    signed.extend(PRECERT_ENTRY.to_be_bytes());
    signed.extend(Sha256::digest(issuer_spki));
    signed.extend(&(certificate.len() as u32).to_be_bytes()[1..]);
    signed.extend(&certificate);
    signed.extend(NO_EXTENSIONS.to_be_bytes());
    let signature = log.sign(&signed)?;

    let mut sct = vec![VERSION_1];
    sct.extend(Sha256::digest(log.spki()));
    sct.extend(milliseconds.to_be_bytes());
    sct.extend(NO_EXTENSIONS.to_be_bytes());
    sct.extend(SHA256_ECDSA);
    push_u16_prefixed(&mut sct, &signature);

    let mut serialized = Vec::new();
    push_u16_prefixed(&mut serialized, &sct);
    let mut list = Vec::new();
    push_u16_prefixed(&mut list, &serialized);
    extension(EMBEDDED_SCTS, false, &OctetString::new(list).map_err(failed)?)
}

const VERSION_1: u8 = 0;
const CERTIFICATE_TIMESTAMP: u8 = 0;
const PRECERT_ENTRY: u16 = 1;
const NO_EXTENSIONS: u16 = 0;
/// RFC 5246's hash algorithm sha256 and signature algorithm ecdsa.
const SHA256_ECDSA: [u8; 2] = [4, 3];

/// An opaque vector of TLS with a two-byte length. Everything here is far shorter than 64 KiB.
fn push_u16_prefixed(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u16).to_be_bytes());
    out.extend(bytes);
}
