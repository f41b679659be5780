//! `pack`: a folder to a layer, for whoever wants to look at it or pushes it by other means.

use std::fs::File;

use serde_json::json;

use super::{FILES, Failure, Outcome};
use crate::cli::{PackArguments, PackingArguments};
use crate::contents::{self, ContentsError, ENTRIES_COUNT_MAX, Limits};

pub(super) fn run(arguments: &PackArguments) -> Outcome {
    let output = File::create(&arguments.output);
    let output = output.map_err(|source| failure(&ContentsError::Archive { source }))?;
    let limits = limits(&arguments.packing);
    let threads = arguments.packing.threads.unwrap_or_else(contents::threads_available);
    let packed = contents::pack(&arguments.contents, limits, threads, output, &mut ());
    let packed = packed.map_err(|error| {
        // Half an archive must not be taken for a whole one.
        let _ = std::fs::remove_file(&arguments.output);
        failure(&error)
    })?;
    let answer = json!({
        "layer": packed.layer.to_string(),
        "layerBytes": packed.layer_bytes,
        "tarball": packed.tarball.to_string(),
        "tarballBytes": packed.tarball_bytes,
        "files": packed.files_count,
    });
    Ok(answer.to_string())
}

pub(super) fn limits(packing: &PackingArguments) -> Limits {
    Limits { bytes_max: packing.contents_bytes_max, entries_max: ENTRIES_COUNT_MAX }
}

/// What cannot be packed is bad input; a full disk is not.
pub(super) fn failure(error: &ContentsError) -> Failure {
    match error {
        ContentsError::Archive { .. } => Failure { code: FILES, findings: vec![error.finding()] },
        _ => Failure::data(error.finding()),
    }
}
