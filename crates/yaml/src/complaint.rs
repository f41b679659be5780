//! What could not be read, where, and why.

use crate::node::Place;
use crate::template::Template;

/// One thing that is wrong with a file. A document that has one which [`Trouble::is_fatal`] is not
/// among the documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Which kind.
    pub trouble: Trouble,
    /// Where.
    pub at: Place,
    /// What is wrong, as a sentence without a full stop.
    pub told: String,
}

/// Kinds of complaint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// The document is not YAML.
    NotYaml,
    /// The file has more bytes than are read.
    TooLarge,
    /// The document is nested deeper than is read.
    TooDeep,
    /// The document has more values than are read, once its aliases are expanded.
    TooManyNodes,
    /// There are more complaints than are told; what follows was not read.
    TooManyComplaints,
    /// The document becomes YAML only when a template is rendered: not judged.
    Template(Template),
    /// A key stands twice in one mapping; readers differ in which of them they keep.
    DuplicateKey,
    /// SOPS has encrypted values in the document: those are not judged.
    Encrypted,
}

impl Trouble {
    /// Whether the document could not be read. The others stand beside a document that was.
    pub fn is_fatal(self) -> bool {
        !matches!(self, Trouble::DuplicateKey | Trouble::Encrypted)
    }
}

impl Complaint {
    pub(crate) fn new(trouble: Trouble, at: Place, told: impl Into<String>) -> Self {
        Self { trouble, at, told: told.into() }
    }
}
