//! The judge: bytes, trusted root, requirements and time in; verdict out. And the builders of the
//! bytes that are published. Pure: knows no clock, file, network, environment or process.

pub mod gathered;

pub use gathered::{Blob, Evidence, Gap, LegacyImage, Referrer, ReferrersFrom};
