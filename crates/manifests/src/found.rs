//! What was found in a repository.

use sealwright_policy::Finding;
use sealwright_yaml::Place;

use crate::declaration::{Declaration, Follows, Identity};

/// All that was found, in the order of path and line.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// Who may sign what.
    pub declarations: Vec<Declaration>,
    /// What some of them said before a patch changed them.
    pub before: Vec<Before>,
    /// Everything that pulls an artifact, whether something guards it or not.
    pub sources: Vec<Source>,
    /// Blocks that look like declarations, where nobody reads them.
    pub unread: Vec<Unread>,
    /// What could not be judged, and why.
    pub unjudged: Vec<Unjudged>,
    /// What policy-controller is told to do with images that no policy names.
    pub no_match: Vec<NoMatch>,
    /// What is wrong so far: files that cannot be read, patches that target nothing.
    pub findings: Vec<Finding>,
}

/// What a declaration said before a patch changed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// The declaration with this place in [`Found::declarations`] is what came of it.
    pub declaration: usize,
    /// As it was: all of it together, where one of several declarations of an object suffices.
    pub said: Declaration,
    /// The entries of the others now.
    pub beside: Vec<Identity>,
}

/// `no-match-policy` in the ConfigMap of policy-controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoMatch {
    /// As written: `allow`, `deny`, `warn`.
    pub word: String,
    /// File.
    pub file: String,
    /// Where.
    pub at: Place,
}

/// Something that pulls an artifact, and so needs an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Which kind.
    pub kind: SourceKind,
    /// `OCIRepository apps/podinfo`.
    pub object: String,
    /// What it pulls: `oci://…` for Flux; empty when it is not told where it stands.
    pub url: String,
    /// False when a template or a variable without default is in the URL.
    pub whole: bool,
    /// Which artifact it pulls from there.
    pub follows: Follows,
    /// File.
    pub file: String,
    /// Where the object begins.
    pub at: Place,
    /// What protects it.
    pub guarded_by: Guard,
    /// The overlays that make this of it, by their files, and what the object is called there. None:
    /// it is what its own file says.
    pub rendered: Vec<(String, String)>,
}

/// Kinds of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// Flux `OCIRepository`.
    OciRepository,
    /// Flux `HelmChart` of a repository of type `oci`.
    HelmChart,
    /// Flux `HelmRelease` that makes a chart of a repository of type `oci`.
    HelmRelease,
    /// flux-operator: the source that a `FluxInstance` generates.
    FluxInstance,
    /// KSail: the source that it bootstraps with.
    Ksail,
    /// kro: a source in a template.
    Kro,
    /// Flux `ExternalArtifact`, which a controller beside source-controller makes.
    ExternalArtifact,
}

/// How the reason ends when a source is named that nobody has seen.
pub(crate) const NOT_HERE: &str = "is not in these files";

/// What protects a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    /// Nothing that was found.
    Nothing,
    /// The declaration with this place in [`Found::declarations`].
    Declaration(usize),
    /// Another source carries the artifact: a release whose `chartRef` names it.
    Source(String),
    /// It cannot be told: a template, or overlays that disagree.
    Unknown(String),
    /// The source itself is not in these files; something in them takes from it.
    Elsewhere(String),
    /// An overlay changes it in a way that takes a rendering.
    NotRendered(String),
}

/// A block at a path that nobody reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// File.
    pub file: String,
    /// Where it stands.
    pub at: Place,
    /// The object that it stands in.
    pub object: String,
    /// The path of it: `spec.cluster.verify`.
    pub path: String,
    /// The path that is read instead: `spec.workload.flux.verify`.
    pub read_at: String,
    /// Why nobody reads it, as a sentence without a full stop.
    pub told: String,
}

/// Something that was not judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unjudged {
    /// File.
    pub file: String,
    /// Where.
    pub at: Place,
    /// Why.
    pub why: Why,
    /// What is not judged, as a sentence without a full stop.
    pub told: String,
    /// A kind is named there that pulls an artifact or says who may sign one: a hole may hide in it.
    pub names_a_kind: bool,
}

/// Why something is not judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// It is a template.
    Template,
    /// The reader of a document is to fill it in.
    Placeholder,
    /// SOPS has encrypted it.
    Encrypted,
    /// What an overlay renders is not known here.
    NotRendered,
    /// It is not YAML, or more than is read.
    Unreadable,
    /// It is in a language that is not read.
    Unspoken,
    /// It is for an engine whose objects are not read.
    OfAnother,
}
