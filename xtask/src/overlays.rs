//! Asks the real Kustomize about overlays: what `manifests` says of their sources is what it renders. The
//! table is that of the fast tests of `sealwright-manifests`, which read it on paper. Where Go is missing,
//! says so.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use crate::failure::{Context as _, Failure, Outcome};
use crate::peers;
use crate::program::{Program, on_path, tail};
use crate::release::PROFILE;
use crate::say;
use crate::workspace::Workspace;

const PEER: &str = "kustomize";
const TABLE: &str = "crates/manifests/tests/rendered/overlays.txt";
const VERIFIER: &str = "sealwright-verifier";

/// An overlay, and what guards each URL in it.
struct Overlay {
    name: String,
    files: Vec<(String, String)>,
    guards: BTreeSet<String>,
    stops: bool,
}

/// Renders each overlay of the table; then lets the verifier find the renderer under kubectl's name.
pub(crate) fn run(workspace: &Workspace) -> Outcome {
    if on_path("go").is_none() {
        say::line("overlays: not run: Go is missing");
        return Ok(());
    }
    let kustomize = peers::built(workspace, PEER)?;
    workspace.build()?;
    let all = workspace.out().join("overlays");
    if all.exists() {
        std::fs::remove_dir_all(&all).context(|| all.to_string())?;
    }
    let overlays = read(workspace)?;
    let mut wrong = Vec::new();
    for overlay in &overlays {
        let said = one(overlay, workspace, &kustomize, &all.join(&overlay.name));
        wrong.extend(said.err().map(|failure| format!("{}: {failure}", overlay.name)));
    }
    let version = peers::version(workspace, PEER)?;
    match wrong.is_empty() {
        true => {
            let count = overlays.len();
            say::line(&format!("overlays: {count} are what kustomize {version} makes of them"));
            Ok(())
        }
        false => Err(Failure::new(wrong.join("\n"))),
    }
}

fn one(
    overlay: &Overlay,
    workspace: &Workspace,
    kustomize: &Utf8Path,
    folder: &Utf8Path,
) -> Outcome {
    for (path, text) in &overlay.files {
        write(&folder.join("tree").join(path), text)?;
    }
    let over = folder.join("tree/over");
    let built = Program::new(kustomize).empty_environment().args(["build", over.as_str()]).run()?;
    let programs = renderer(folder, kustomize)?;
    let told = judged(workspace, &folder.join("tree"), Some(&programs))?;
    if overlay.stops {
        let is_told = told.to_string().contains("kubectl kustomize says");
        return match (built.code, is_told) {
            (0, _) => Err(Failure::new("Kustomize renders what should stop it")),
            (_, false) => Err(Failure::new("that Kustomize stops is not told")),
            _ => Ok(()),
        };
    }
    if built.code != 0 {
        return Err(Failure::new(tail(&built.said())));
    }
    write(&folder.join("rendered/all.yaml"), &String::from_utf8_lossy(&built.stdout))?;
    let rendered = judged(workspace, &folder.join("rendered"), None)?;
    for (what, report) in [("rendered by itself", &rendered), ("with a renderer", &told)] {
        let found = guards(report);
        if found != overlay.guards {
            let expected = &overlay.guards;
            return Err(Failure::new(format!("{what}: {found:?} instead of {expected:?}")));
        }
    }
    Ok(())
}

/// A folder in which `kubectl kustomize` is the peer.
fn renderer(folder: &Utf8Path, kustomize: &Utf8Path) -> Outcome<Utf8PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let programs = folder.join("bin");
    let path = programs.join("kubectl");
    write(&path, &format!("#!/bin/sh\nshift\nexec {kustomize} build \"$@\"\n"))?;
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&path, mode).context(|| path.to_string())?;
    Ok(programs)
}

fn judged(workspace: &Workspace, folder: &Utf8Path, programs: Option<&Utf8Path>) -> Outcome<Value> {
    let words = ["manifests", folder.as_str(), "--format", "json"];
    let program = Program::new(workspace.binary(PROFILE, VERIFIER)).empty_environment().args(words);
    let program = match programs {
        Some(programs) => program.env("PATH", programs.as_str()),
        None => program,
    };
    let said = program.run()?;
    serde_json::from_slice(&said.stdout).context(|| tail(&said.stderr))
}

/// `URL <- who` for each place of a report.
fn guards(report: &Value) -> BTreeSet<String> {
    let places = report["declarations"].as_array().into_iter().flatten();
    let lines = places.flat_map(|place| {
        let subject = place["identities"][0]["subjectPattern"].as_str().map(str::to_owned);
        let who = subject.unwrap_or_else(|| match place["who"].as_str() {
            Some(who) if who.contains("key") => "key".to_owned(),
            Some(who) if who.contains("push") => "nothing".to_owned(),
            _ => "no identity".to_owned(),
        });
        let urls = place["guards"].as_array().into_iter().flatten().filter_map(Value::as_str);
        urls.map(move |url| format!("{url} <- {who}")).collect::<Vec<_>>()
    });
    lines.collect()
}

fn read(workspace: &Workspace) -> Outcome<Vec<Overlay>> {
    let path = workspace.root.join(TABLE);
    let table = std::fs::read_to_string(&path).context(|| path.to_string())?;
    let mut parts = table.split("\n== ");
    let common = files(parts.next().unwrap_or_default());
    let overlays: Vec<Overlay> = parts.map(|part| overlay(part, &common)).collect();
    match overlays.is_empty() {
        true => Err(Failure::new(format!("{TABLE} has no overlay"))),
        false => Ok(overlays),
    }
}

fn is_told(line: &str) -> bool {
    line.contains(" <- ") || line.starts_with("! ") || line == "stops"
}

fn files(part: &str) -> Vec<(String, String)> {
    let files = part.split("\n-- ").skip(1).filter_map(|file| file.split_once('\n'));
    let text = |text: &str| {
        let lines = text.lines().filter(|line| !is_told(line));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    files.map(|(path, held)| (path.to_owned(), text(held))).collect()
}

fn overlay(part: &str, common: &[(String, String)]) -> Overlay {
    let guards = part.lines().filter(|line| line.contains(" <- "));
    let guards = guards.filter(|line| !line.starts_with("on paper "));
    Overlay {
        name: part.split(':').next().unwrap_or_default().to_owned(),
        files: common.iter().cloned().chain(files(part)).collect(),
        guards: guards.map(|line| line.trim_start_matches("really ").to_owned()).collect(),
        stops: part.lines().any(|line| line == "stops"),
    }
}

fn write(path: &Utf8Path, text: &str) -> Outcome {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).context(|| parent.to_string())?;
    }
    std::fs::write(path, text).context(|| path.to_string())
}
