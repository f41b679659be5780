//! The judge: bytes, trusted root, requirements and time in; verdict out. And the builders of the
//! bytes that are published. Pure: knows no clock, file, network, environment or process.

pub mod artifact;
mod attached;
pub mod bundle;
pub mod certificate;
mod complaints;
pub mod crypto;
pub mod descriptor;
pub mod digest;
pub mod gathered;
pub mod judge;
mod legacy;
pub mod limits;
mod log_entry;
mod manifest;
mod piece;
pub mod referrer;
mod refusal;
pub mod signature_checks;
pub mod statement;
pub mod steps;
mod strict_json;
pub mod trust;

pub use descriptor::Descriptor;
pub use digest::Digest;
pub use gathered::{Blob, Evidence, Gap, LegacyImage, Referrer, ReferrersFrom};
pub use judge::{Judgement, judge};
pub use refusal::Refusal;
pub use statement::Statement;
pub use trust::{TrustError, TrustedRoot};

/// Text from outside as a message may repeat it: short, and with control characters shown as what
/// they are, because they could rewrite a terminal.
pub fn quote(text: &str) -> String {
    let (text, cut) = match text.char_indices().nth(limits::QUOTED_CHARS_MAX) {
        Some((end, _)) => (&text[..end], "…"),
        None => (text, ""),
    };
    let mut quoted = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_control() {
            true => quoted.extend(character.escape_default()),
            false => quoted.push(character),
        }
    }
    quoted + cut
}
