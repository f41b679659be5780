//! Asks Go itself about patterns: made-up pairs of pattern and text, and every class and case that
//! it knows. Where Go is missing, says so.

use camino::Utf8PathBuf;
use serde::Deserialize;

use crate::failure::{Context as _, Failure, Outcome};
use crate::pairs::Arguments;
use crate::program::{Program, on_path};
use crate::say;
use crate::workspace::Workspace;

/// The Go that source-controller 1.9 is built with: patterns mean what they mean there.
const GO_TOOLCHAIN: &str = "go1.26.8";
/// What Go said of every class, as the tests of `sealwright-pattern` read it.
const TABLES: &str = "crates/pattern/src/syntax/unicode-15.0.txt";

/// What `gomatch pairs` prints.
#[derive(Debug, Deserialize)]
struct Summary {
    pairs: u64,
    refused: u64,
    matched: u64,
    unmatched: u64,
    limits: u64,
    disagreements: u64,
    shown: serde_json::Value,
}

pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Outcome {
    if on_path("go").is_none() {
        say::line("regex: not run: Go is missing");
        return Ok(());
    }
    let gomatch = build(workspace)?;
    compare_tables(workspace, &gomatch)?;
    let summary: Summary = arguments.ask(workspace, "pairs", &gomatch)?;
    let Summary { pairs, refused, matched, unmatched, limits, disagreements, shown } = summary;
    say::line(&format!(
        "regex: {pairs} pairs: {matched} match, {unmatched} do not, {refused} patterns are refused, \
         {limits} are beyond our limits; {disagreements} disagreements with {GO_TOOLCHAIN}"
    ));
    // Nothing compared is nothing shown.
    match (disagreements, pairs == arguments.pairs && matched > 0) {
        (0, true) => Ok(()),
        (0, false) => Err(Failure::new(format!("only {pairs} pairs were compared"))),
        _ => Err(Failure::new(format!("{disagreements} disagreements, such as {shown}"))
            .next(format!("cargo xtask regex --seed {}", arguments.seed))),
    }
}

fn build(workspace: &Workspace) -> Outcome<Utf8PathBuf> {
    std::fs::create_dir_all(workspace.peers())?;
    let gomatch = workspace.peers().join("gomatch");
    Program::new("go")
        .args(["build", "-trimpath", "-o", gomatch.as_str(), "."])
        .env("GOTOOLCHAIN", GO_TOOLCHAIN)
        .env("CGO_ENABLED", "0")
        .folder(workspace.root.join("xtask/peers/gomatch"))
        .run_ok()?;
    Ok(gomatch)
}

fn compare_tables(workspace: &Workspace, gomatch: &Utf8PathBuf) -> Outcome {
    let said = Program::new(gomatch).args(["tables"]).run_ok()?;
    let path = workspace.root.join(TABLES);
    let committed = std::fs::read(&path).context(|| path.to_string())?;
    if said != committed {
        return Err(Failure::new(format!("{TABLES} is not what {GO_TOOLCHAIN} says")).next(
            format!("{gomatch} tables > {TABLES}, and mend what the tests then complain of"),
        ));
    }
    say::line(&format!("regex: {TABLES} is what {GO_TOOLCHAIN} says"));
    Ok(())
}
