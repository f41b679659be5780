//! The flags, as they are given: inert, and validated by the commands.

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand};

/// Publishes manifests so that a cluster can tell who published them.
#[derive(Debug, Parser)]
#[command(
    name = "sealwright-publisher",
    version,
    arg_required_else_help = true,
    after_help = "\
Exit codes: 0 done, 1 refused, 2 could not be told, 64 usage, 65 bad input, 74 file error."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Packs a folder into a layer, without any registry, and prints its digest.
    #[command(after_help = "\
Example:
  sealwright-publisher pack --contents k8s --output manifests.tar.gz")]
    Pack(PackArguments),
}

/// Flags of `pack`.
#[derive(Debug, Args)]
pub struct PackArguments {
    /// Folder to pack.
    #[arg(long, value_name = "DIR")]
    pub contents: Utf8PathBuf,
    /// File to write.
    #[arg(long, value_name = "FILE")]
    pub output: Utf8PathBuf,
    /// Limits and cores.
    #[command(flatten)]
    pub packing: PackingArguments,
}

/// How to pack.
#[derive(Debug, Clone, Args)]
pub struct PackingArguments {
    /// Most bytes of contents; Flux's extractors stop at 100 MiB by default.
    #[arg(long, value_name = "N", default_value_t = crate::contents::CONTENTS_BYTES_MAX)]
    pub contents_bytes_max: u64,
    /// Compressors (default: one for each core); the result does not depend on it.
    #[arg(long, value_name = "N")]
    pub threads: Option<std::num::NonZeroUsize>,
}
