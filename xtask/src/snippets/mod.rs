//! Does what README and docs tell people to type, so that no page promises what does not work.
//!
//! | fence | what is done with it |
//! |---|---|
//! | `sh` | run, in the order of the page, in a folder that is a team's repository, on the dev stack |
//! | `sh elsewhere: WHY` | not run here, and said so |
//! | `yaml` | read: as a configuration when it is one, else as YAML |
//! | `json` | read |
//! | `text` | nothing |
//!
//! The verify commands on a generated page are run as well, exactly as they stand there.

mod desk;
mod fences;

use camino::{Utf8Path, Utf8PathBuf};

use crate::failure::{Context as _, Failure, Outcome};
use crate::program::Program;
use crate::release::PROFILE;
use crate::say;
use crate::workspace::Workspace;

use desk::Desk;
use fences::{Fence, Kind, fences};

/// Generated pages: their commands name a registry that only their readers have.
const GENERATED: &str = "docs/trust";
/// Where people are told what to type.
const FOLDERS: &[&str] = &["", "docs", "docs/concepts", "docs/decisions", ".github"];

/// Runs and reads every fence.
pub(crate) fn run(workspace: &Workspace) -> Outcome {
    workspace.build()?;
    let mut tally = Tally::default();
    for page in pages(workspace)? {
        let text =
            std::fs::read_to_string(workspace.root.join(&page)).context(|| page.to_string())?;
        let fences = fences(&text);
        let desk = match fences.iter().any(|fence| fence.kind == Kind::Run) {
            true => Some(Desk::new(workspace)?),
            false => None,
        };
        for fence in &fences {
            tally.count(&page, fence, check(workspace, desk.as_ref(), fence));
        }
    }
    generated_page(workspace, &mut tally)?;
    tally.conclude()
}

fn check(workspace: &Workspace, desk: Option<&Desk>, fence: &Fence) -> Outcome<Result<(), String>> {
    match &fence.kind {
        Kind::Run => match desk {
            Some(desk) => desk.run(&fence.text),
            None => Err(Failure::new("no desk to run it at")),
        },
        Kind::Elsewhere(why) => Ok(Err(why.clone())),
        Kind::Yaml => fences::check_yaml(&fence.text).and_then(|is_config| {
            if is_config {
                check_config(workspace, &fence.text)?;
            }
            Ok(Ok(()))
        }),
        Kind::Json => serde_json::from_str::<serde_json::Value>(&fence.text)
            .map(|_| Ok(()))
            .map_err(Failure::from),
        Kind::Text => Ok(Ok(())),
        Kind::Other(word) => {
            Err(Failure::new(format!("a fence says {word:?}, which nobody checks"))
                .next("use sh, yaml, json or text"))
        }
    }
}

/// A configuration on a page must be one that our programs accept.
fn check_config(workspace: &Workspace, text: &str) -> Outcome {
    let folder = tempfile::tempdir()?;
    let folder = Utf8Path::from_path(folder.path()).unwrap_or(Utf8Path::new("."));
    std::fs::write(folder.join("sealwright.yaml"), text)?;
    Program::new(workspace.binary(PROFILE, "sealwright-docs"))
        .args(["build", "--pages", "pages"])
        .folder(folder)
        .run_ok()
        .map(drop)
}

/// The commands on the page of an artifact, with the very flags that stand there.
fn generated_page(workspace: &Workspace, tally: &mut Tally) -> Outcome {
    let desk = Desk::new(workspace)?;
    let page = desk.published_page()?;
    for fence in fences(&page).iter().filter(|fence| fence.kind == Kind::Run) {
        tally.count(
            Utf8Path::new("generated artifacts/manifests.md"),
            fence,
            desk.run_as_it_stands(&fence.text),
        );
    }
    Ok(())
}

fn pages(workspace: &Workspace) -> Outcome<Vec<Utf8PathBuf>> {
    let mut pages = Vec::new();
    for folder in FOLDERS {
        let path = workspace.root.join(folder);
        if !path.is_dir() {
            continue;
        }
        for entry in path.read_dir_utf8().context(|| path.to_string())? {
            let name = Utf8Path::new(folder).join(entry?.file_name());
            if name.extension() == Some("md") && !name.starts_with(GENERATED) {
                pages.push(name);
            }
        }
    }
    pages.sort();
    Ok(pages)
}

/// What came of the fences.
#[derive(Debug, Default)]
struct Tally {
    passed: usize,
    not_run: usize,
    failed: usize,
}

impl Tally {
    fn count(&mut self, page: &Utf8Path, fence: &Fence, result: Outcome<Result<(), String>>) {
        let place = format!("{page}:{}", fence.line);
        match result {
            Ok(Ok(())) => self.passed += 1,
            Ok(Err(why)) => {
                self.not_run += 1;
                say::line(&format!("{place}: not run: {why}"));
            }
            Err(failure) => {
                self.failed += 1;
                say::line(&format!("{place}: {failure}"));
            }
        }
    }

    fn conclude(&self) -> Outcome {
        let Tally { passed, not_run, failed } = self;
        say::line(&format!("snippets: {passed} passed, {not_run} not run, {failed} failed"));
        match failed {
            0 => Ok(()),
            _ => Err(Failure::new(format!("{failed} snippets do not work"))),
        }
    }
}
