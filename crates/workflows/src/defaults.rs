//! What a script does not say itself: its shell and folder by `defaults`, and what was checked out before.

use sealwright_yaml::Node;

use crate::model::{Act, Checkout, Job, Step, Work, setting};
use crate::read::scalar;

/// What puts a repository where steps find it.
const CHECKOUT: &str = "actions/checkout";

/// What each step finds checked out by those before it.
pub(crate) fn check_out(steps: &mut [Step]) {
    let mut checkouts: Vec<Checkout> = Vec::new();
    for step in steps {
        match &mut step.act {
            Act::Run(script) => script.checkouts.clone_from(&checkouts),
            Act::Uses(uses) if uses.remote().is_some_and(|one| one.name() == CHECKOUT) => {
                let text = |key| setting(&step.with, key).map(|written| written.text.clone());
                checkouts.push(Checkout { path: text("path"), repository: text("repository") });
            }
            _ => (),
        }
    }
}

/// The shell of a step that names none, on a machine with another one than GitHub's others have.
pub(crate) fn shell_of_machine(node: &Node, job: &mut Job) {
    let Work::Steps(steps) = &mut job.work else { return };
    let Some(on) = node.get("runs-on") else { return };
    let windows = |one: &Node| one.text().is_some_and(|name| name.starts_with("windows"));
    if !windows(on) && !on.items().iter().any(windows) {
        return;
    }
    for step in steps {
        if let Act::Run(script) = &mut step.act {
            script.shell.get_or_insert_with(|| "pwsh".to_owned());
        }
    }
}

/// `defaults.run` of a job or workflow, for scripts that do not say it themselves.
pub(crate) fn default_to(node: &Node, job: &mut Job) {
    let Work::Steps(steps) = &mut job.work else { return };
    let run = node.get("defaults").and_then(|defaults| defaults.get("run"));
    let text = |key| scalar(run?.get(key)).map(|written| written.text);
    let (shell, folder) = (text("shell"), text("working-directory"));
    for step in steps {
        let Act::Run(script) = &mut step.act else { continue };
        script.shell = script.shell.take().or_else(|| shell.clone());
        script.folder = script.folder.take().or_else(|| folder.clone());
    }
}
