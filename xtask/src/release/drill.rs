//! A fire drill: a release whose source on one plane lets nobody through must stop there, and leave
//! everything beyond it as it was.

use camino::{Utf8Path, Utf8PathBuf};

use super::deploy::Planes;
use super::flow::Stage;
use super::places::Places;
use super::stopped::Stopped;
use super::{Arguments, release};
use crate::failure::{Context as _, Failure, Outcome};
use crate::program::Program;
use crate::say;
use crate::workspace::Workspace;

/// A file that makes the second release another one than the first.
const CHANGE: &str = "drill.yaml";

/// Releases once, so that there is something to lose, then once more into a closed door.
pub(super) fn run(workspace: &Workspace, arguments: &Arguments, closed: Stage) -> Outcome {
    if arguments.planes == Some(Planes::None) {
        return Err(Failure::new("a drill needs planes").exit_code(crate::EXIT_USAGE));
    }
    let out = workspace.out().join(format!("drill-{}", closed.name()));
    let out = arguments.out.clone().unwrap_or(out);
    let first = Arguments { out: Some(out.clone()), drill: None, ..arguments.clone() };
    let released = release(workspace, &first)?.map_err(Stopped::into_failure)?;
    let contents = changed_contents(workspace, &first, &out)?;
    let second = Arguments { contents: Some(contents), closed: Some(closed), ..first };
    let Err(stopped) = release(workspace, &second)? else {
        return Err(Failure::new(format!(
            "the source on {} lets nobody through, and the release went past it",
            closed.name()
        )));
    };
    say::line(&format!("stopped: {stopped}"));
    stopped.insist_on(closed, &released.published.digest)?;
    say::line(&format!("drill {}: passed", closed.name()));
    Ok(())
}

/// A copy of the contents with one file more.
fn changed_contents(
    workspace: &Workspace,
    arguments: &Arguments,
    out: &Utf8Path,
) -> Outcome<Utf8PathBuf> {
    let contents = Places::of(workspace, arguments)?.contents(arguments.artifact.as_deref());
    let contents = contents.ok_or_else(|| {
        Failure::new("a drill needs to know what is published").next("say --contents DIR")
    })?;
    let copy = out.join("contents");
    if copy.exists() {
        std::fs::remove_dir_all(&copy).context(|| copy.to_string())?;
    }
    Program::new("cp").args(["-R", contents.as_str(), copy.as_str()]).run_ok()?;
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: drill, namespace: default}\n";
    std::fs::write(copy.join(CHANGE), text).context(|| copy.to_string())?;
    Ok(copy)
}
