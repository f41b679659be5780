//! From a directory to a promoted, proven artifact.

pub mod cli;
pub mod commands;
pub mod contents;
pub mod inventory;
pub mod provenance;
pub mod sbom;
pub mod source;
