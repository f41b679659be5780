//! Asks the engines themselves whom a policy about images lets in: Kyverno, Sigstore's policy-controller and
//! cosign, whose comparison they use. Only the functions that decide are built, word for word as their
//! modules have them. Where Go is missing, says so.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use crate::failure::{Context as _, Failure, Outcome};
use crate::pairs::Arguments;
use crate::program::{Program, on_path};
use crate::say;
use crate::workspace::Workspace;

/// What Kyverno 1.19 asks for.
const GO_TOOLCHAIN: &str = "go1.26.8";
/// Each of these has to let somebody in and keep somebody out, or nothing was compared.
const ENGINES: &[&str] =
    &["kyverno", "kyverno-bundle", "validating", "validating-bundle", "controller"];

/// What the peer prints.
#[derive(Debug, Deserialize)]
struct Summary {
    consumers: BTreeMap<String, Count>,
    disagreements: u64,
    shown: serde_json::Value,
}

/// What an engine said.
#[derive(Debug, Deserialize)]
struct Count {
    r#in: u64,
    out: u64,
    refused: u64,
    /// Of which we say that it is not known.
    unknown: u64,
}

pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Outcome {
    if on_path("go").is_none() {
        say::line("admission: not run: Go is missing");
        return Ok(());
    }
    let peer = build(workspace)?;
    let summary: Summary = arguments.ask(workspace, "admission", &peer)?;
    for (engine, count) in &summary.consumers {
        let Count { r#in: let_in, out, refused, unknown } = count;
        say::line(&format!(
            "admission: {engine}: {let_in} in, {out} out, {refused} policies refused, {unknown} not judged"
        ));
    }
    let count = |one: &Count| one.r#in + one.out + one.refused + one.unknown;
    let asked: u64 = summary.consumers.values().map(count).sum();
    let silent = ENGINES.iter().find(|engine| {
        summary.consumers.get(**engine).is_none_or(|count| count.r#in == 0 || count.out == 0)
    });
    match (summary.disagreements, silent, asked == arguments.pairs) {
        (0, None, true) => {
            say::line(&format!("admission: {asked} pairs, as the engines decide them"));
            Ok(())
        }
        (0, Some(engine), _) => Err(Failure::new(format!("{engine} said the same of all pairs"))),
        (0, None, false) => Err(Failure::new(format!("only {asked} pairs were compared"))),
        (count, ..) => {
            Err(Failure::new(format!("{count} disagreements, such as {}", summary.shown))
                .next(format!("cargo xtask admission --seed {}", arguments.seed)))
        }
    }
}

/// Takes the functions out of the modules, then builds them.
fn build(workspace: &Workspace) -> Outcome<Utf8PathBuf> {
    let peers = workspace.peers();
    let taken = peers.join("admission-taken");
    std::fs::create_dir_all(&taken).context(|| taken.to_string())?;
    let folder = workspace.root.join("xtask/peers/admission");
    go(&folder).args(["run", "./take", taken.as_str()]).run_ok()?;
    let peer = peers.join("admission");
    let overlay = format!("-overlay={}", taken.join("overlay.json"));
    go(&folder).args(["build", "-trimpath", &overlay, "-o", peer.as_str(), "."]).run_ok()?;
    Ok(peer)
}

fn go(folder: &Utf8Path) -> Program {
    Program::new("go")
        .env("GOTOOLCHAIN", GO_TOOLCHAIN)
        .env("GOFLAGS", "-mod=mod -buildvcs=false")
        .env("CGO_ENABLED", "0")
        .folder(folder)
}
