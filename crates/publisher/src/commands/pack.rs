//! `pack`: a folder to a layer, for whoever wants to look at it or pushes it by other means.

use std::fs::File;

use serde_json::json;

use super::{Failure, Outcome, limits};
use crate::cli::PackArguments;
use crate::contents::{self, ContentsError};
use crate::publish::Stopped;

pub(super) fn run(arguments: &PackArguments) -> Outcome {
    let output = File::create(&arguments.output);
    let output = output.map_err(|source| failure(&ContentsError::Archive { source }))?;
    let limits = limits(&arguments.packing);
    let threads = arguments.packing.threads.unwrap_or_else(contents::threads_available);
    let packed = contents::pack(&arguments.contents, limits, threads, output, &mut ());
    let packed = packed.map_err(|error| {
        // Half an archive must not be taken for a whole one. A device or a link is not ours to take.
        if arguments.output.symlink_metadata().is_ok_and(|found| found.is_file()) {
            let _ = std::fs::remove_file(&arguments.output);
        }
        failure(&error)
    })?;
    super::json(&json!({
        "layer": packed.layer.to_string(),
        "layerBytes": packed.layer_bytes,
        "tarball": packed.tarball.to_string(),
        "tarballBytes": packed.tarball_bytes,
        "files": packed.files_count,
    }))
}

fn failure(error: &ContentsError) -> Failure {
    Failure::from(Stopped::from(error.finding()))
}
