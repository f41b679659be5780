//! YAML and JSON as people write them: many documents in one file, byte order marks, templates,
//! encrypted values; every key and value at its line and column. What cannot be read is a complaint,
//! and the documents beside it are still there.
//!
//! [`read`] never fails and never panics: it answers with the documents that Kubernetes' readers
//! would take, and with one [`Complaint`] for each that they would not. [`inside`] reads the YAML or
//! JSON that a scalar holds, with places in the outer file.

mod build;
mod complaint;
mod inside;
mod node;
mod read;
mod scalar;
mod template;

pub use complaint::{Complaint, Trouble};
pub use inside::{Inside, inside};
pub use node::{Document, Key, Node, Place, Stream, Style, Value};
pub use read::{
    COMPLAINTS_MAX, DEPTH_MAX, FILE_BYTES_MAX, NODES_MAX, TEXT_BYTES_MAX, read, too_large,
};
pub use template::{Template, template_in};
