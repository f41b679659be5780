//! From a directory to a promoted, proven artifact.
//!
//! The story is [`publish`]; before it come [`contents`] (what goes in), [`inventory`] and [`sbom`]
//! (what the manifests pull), [`source`] and [`provenance`] (where they come from).

pub mod cli;
pub mod commands;
pub mod contents;
pub mod github;
pub mod inventory;
pub mod output;
mod progress;
pub mod provenance;
pub mod publish;
pub mod sbom;
pub mod settings;
pub mod source;
