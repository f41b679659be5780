//! The only crate that speaks to Sigstore services: token, certificate, log entry, timestamp,
//! trusted root; hands back a bundle.
//!
//! The requests are our own, the formats are the libraries': the upstream clients neither bound an
//! answer, nor see `Retry-After`, nor make several statements under one certificate.

pub mod error;
mod fulcio;
mod github;
pub mod http;
mod rekor;
pub mod signer;
pub mod signing_config;
mod timestamp;
pub mod token;
pub mod trust;
mod tuf;

pub use error::{SigningError, TokenError, TrustLoadError};
pub use http::HttpOptions;
pub use signer::{SignedBundle, Signer};
pub use signing_config::{RekorVersion, Services, SigningConfig, load_signing_config};
pub use token::{Token, TokenClaims};
pub use trust::{Trust, TrustSource, load_trust};

/// The audience that Fulcio asks for.
pub const SIGSTORE_AUDIENCE: &str = "sigstore";

/// The environment variable that carries an identity token, as other Sigstore clients read it.
pub const TOKEN_VARIABLE: &str = "SIGSTORE_ID_TOKEN";

/// Text from outside, short and printable, for repeating in a message.
pub(crate) fn quote(text: &str) -> String {
    /// Characters of text from outside that are repeated; the rest is cut.
    const QUOTED_CHARS_MAX: usize = 300;
    let printable = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut quoted: String = printable.take(QUOTED_CHARS_MAX + 1).collect();
    if let Some((cut, _)) = quoted.char_indices().nth(QUOTED_CHARS_MAX) {
        quoted.truncate(cut);
        quoted.push('…');
    }
    quoted
}
