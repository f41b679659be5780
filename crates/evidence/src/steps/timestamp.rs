//! RFC 3161 timestamps, each by itself.

use jiff::Timestamp;
use sigstore_types::{SignatureBytes, TimestampToken};
use sigstore_verify::tsa;

use crate::TrustedRoot;

/// Why one authority does not vouch for a timestamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimestampFault {
    /// It is about something else.
    OtherMessage,
    /// Its time is before the authority was trusted.
    TooEarly,
    /// Its time is after the authority was trusted.
    TooLate,
    /// Another authority signed it, whose certificate it brings.
    Foreign,
    /// Another authority signed it, or it cannot be read, and it brings no certificate.
    ForeignWithoutCertificate,
}

/// How many authorities the trusted root names.
pub fn timestamp_authorities_count(root: &TrustedRoot) -> usize {
    root.contents().tsa_authorities().len()
}

/// The time that the authority at this place in the trusted root vouches for.
///
/// # Errors
/// Why it does not.
pub fn timestamp_by(
    authority: usize,
    token: &[u8],
    signature: &[u8],
    root: &TrustedRoot,
) -> Result<Timestamp, TimestampFault> {
    let token = TimestampToken::new(token.to_vec());
    let signature = SignatureBytes::new(signature.to_vec());
    let authorities = root.contents().tsa_authorities();
    let authority = authorities.get(authority).ok_or(TimestampFault::Foreign)?;
    let begins = authority.valid_for.map(|window| window.start);
    let fault = |error| match error {
        tsa::Error::HashMismatch { .. } => TimestampFault::OtherMessage,
        tsa::Error::TimestampOutsideValidity { time } if begins.is_some_and(|it| time < it) => {
            TimestampFault::TooEarly
        }
        tsa::Error::TimestampOutsideValidity { .. } => TimestampFault::TooLate,
        _ if brings_certificate(token.as_bytes()) => TimestampFault::Foreign,
        _ => TimestampFault::ForeignWithoutCertificate,
    };
    tsa::verify_timestamp_for_authority(&token, &signature, authority).map_err(fault)
}

/// Whether a certificate for timestamps stands in it: only those name this usage (`id-kp-timeStamping`
/// in DER).
fn brings_certificate(token: &[u8]) -> bool {
    const USAGE: [u8; 10] = [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];
    token.windows(USAGE.len()).any(|window| window == USAGE)
}
