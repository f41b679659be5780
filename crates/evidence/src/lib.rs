//! The judge: bytes, trusted root, requirements and time in; verdict out. And the builders of the
//! bytes that are published. Pure: knows no clock, file, network, environment or process.

pub mod artifact;
pub mod descriptor;
pub mod digest;
pub mod gathered;
pub mod judge;
pub mod limits;
pub mod referrer;
pub mod statement;
pub mod trust;

pub use descriptor::Descriptor;
pub use digest::Digest;
pub use gathered::{Blob, Evidence, Gap, LegacyImage, Referrer, ReferrersFrom};
pub use judge::{Judgement, judge};
pub use statement::Statement;
pub use trust::{TrustError, TrustedRoot};

/// Text from outside, short enough to be repeated in a message.
pub(crate) fn quote(text: &str) -> String {
    match text.char_indices().nth(limits::QUOTED_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
