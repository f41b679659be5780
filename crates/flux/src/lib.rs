//! What Flux would say about a source: the API fields that are read, the version matrix, and the
//! prediction. Pure: knows no clock, file, network, environment or process.
//!
//! [`predict()`] is asked again and again: each time it names the [`Request`]s whose answers it lacks
//! ([`Prediction::wanted`]), somebody who may speak to a registry asks them, until nothing is lacking.

mod archive;
mod bundle_log;
mod bundle_path;
mod conditions;
mod connection;
pub mod controller;
pub mod declared;
mod discovery;
mod helm;
mod image;
mod inquiry;
mod keyless;
mod name;
mod notation;
mod oci_repository;
mod predict;
pub mod prediction;
mod range;
mod refused;
pub mod remedy;
pub mod render;
mod resolve;
pub mod rules;
pub mod secrets;
pub mod seen;
mod signature_path;
pub mod source;
mod trusted_root;
mod verify;

pub use controller::Controller;
pub use predict::{Situation, predict};
pub use prediction::{Condition, Outcome, Prediction, Then};
pub use remedy::Remedy;
pub use resolve::{CHART_LAYER, highest_tags};
pub use rules::{RULES, Rule};
pub use secrets::{Secret, Secrets};
pub use seen::{Answer, Ask, Authorities, Request, Response, Seen};
pub use source::{
    FluxInstance, HelmChart, HelmRelease, HelmRepository, OciRepository, Source, SourceError,
};
