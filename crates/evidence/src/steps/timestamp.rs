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
    /// Its time is outside of the window in which the authority was trusted.
    OutsideWindow(Timestamp),
    /// Another authority signed it, or it cannot be read.
    Foreign,
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
    tsa::verify_timestamp_for_authority(&token, &signature, authority).map_err(
        |error| match error {
            tsa::Error::HashMismatch { .. } => TimestampFault::OtherMessage,
            tsa::Error::TimestampOutsideValidity { time } => TimestampFault::OutsideWindow(time),
            _ => TimestampFault::Foreign,
        },
    )
}
