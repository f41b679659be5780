//! Judging: one keyless bundle against the sum of the signature checks that it cannot do without.
//!
//! Both are measured inside one process, by an example of the evidence crate.

use serde::Deserialize;

use super::{Goal, Row};
use crate::failure::{Context as _, Outcome};
use crate::workspace::Workspace;

/// What the example prints, in microseconds.
#[derive(Debug, Deserialize)]
struct Measured {
    judge_us: f64,
    primitives_us: f64,
    detail: String,
}

pub(super) fn rows(workspace: &Workspace) -> Outcome<Vec<Row>> {
    let output = workspace
        .cargo()
        .args([
            "run",
            "--quiet",
            "--release",
            "--package",
            "sealwright-evidence",
            "--example",
            "judge_bench",
        ])
        .run_ok()?;
    let measured: Measured =
        serde_json::from_slice(&output).context(|| "judge_bench".to_owned())?;
    let row = Row::compared(
        "judge",
        "judge one keyless DSSE bundle, root loaded",
        "µs",
        Goal::RatioAtMost(1.25),
        measured.judge_us,
        measured.primitives_us,
    );
    Ok(vec![row.detail(measured.detail)])
}
