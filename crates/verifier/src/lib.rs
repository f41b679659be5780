//! Judges artifacts by their evidence, as a stranger would: resolve, gather, judge, report.
//!
//! Arguments are an inert struct ([`arguments`]) that is turned into validated state once
//! ([`Request`]); [`verify`] asks the world and answers with a report, or with a [`Failure`] when
//! the question itself is wrong. Only the binary prints and exits.

pub mod arguments;
mod baseline;
mod cluster;
mod controls;
mod environment;
mod failure;
mod file;
mod kubernetes;
mod manifests;
mod output;
mod patterns;
mod predict;
mod program;
mod recording;
mod reference;
pub mod render;
mod request;
mod verify;
mod wait;
mod workflows;
pub mod world;

pub use cluster::{SurveyArguments, survey};
pub use controls::{ControlsArguments, controls};
pub use failure::Failure;
pub use kubernetes::ClusterArguments;
pub use manifests::{ManifestsArguments, fix, manifests};
pub use output::{Surroundings, complain, publish, publish_beside, to_standard_output};
pub use patterns::{PatternsArguments, patterns};
pub use predict::{PredictArguments, predict};
pub use request::{Origin, Request};
pub use verify::verify;
pub use wait::{WaitArguments, wait};
pub use workflows::{WorkflowsArguments, workflows};

/// What reports call this program.
pub const TOOL: &str = concat!("sealwright-verifier ", env!("CARGO_PKG_VERSION"));
