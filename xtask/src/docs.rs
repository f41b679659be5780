//! The committed pages of the example platform, made from its configuration alone, so that the same
//! commit gives the same pages on every machine; and a look at the site in a browser.

use crate::browser;
use crate::failure::Outcome;
use crate::program::Program;
use crate::release::PROFILE;
use crate::say;
use crate::workspace::Workspace;

const PROGRAM: &str = "sealwright-docs";
/// Configuration that the pages are made from.
const CONFIG: &str = "docs/example/sealwright.yaml";
/// Our own supply chain, which no page is committed for; it must be one that our programs accept.
const OWN_CONFIG: &str = ".github/sealwright.yaml";
/// Folder of the committed pages.
const PAGES: &str = "docs/trust";
/// Reports with something on every page, for the site that the browser sees.
const REPORTS: &[&str] = &["verified", "staging-simulated", "prod"];

/// What it is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only says whether the committed pages are current, and whether the site looks right.
    #[arg(long)]
    pub(crate) check: bool,
}

/// Writes or checks the pages, and looks at the site.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Outcome {
    workspace.build()?;
    let program = Program::new(workspace.binary(PROFILE, PROGRAM)).folder(&workspace.root);
    let verb = if arguments.check { "check" } else { "build" };
    program.clone().args([verb, "--config", CONFIG, "--pages", PAGES]).run_shown_ok()?;
    let pages = workspace.out().join("own-pages");
    program.clone().args(["build", "--config", OWN_CONFIG, "--pages", pages.as_str()]).run_ok()?;
    let site = workspace.out().join("example-site");
    if site.exists() {
        std::fs::remove_dir_all(&site)?;
    }
    let reports =
        REPORTS.iter().map(|name| format!("--report=crates/docs/tests/reports/{name}.json"));
    program.args(["build", "--config", CONFIG, "--out", site.as_str()]).args(reports).run_ok()?;
    match browser::look_at(&site)? {
        Ok(seen) => say::line(&format!("browser: {seen}")),
        Err(why) => say::line(&format!("browser: not run: {why}")),
    }
    Ok(())
}
