//! A whole release on this machine, against the dev stack: from a folder to a promoted tag that
//! carries proof, judged by a stranger, and the page that says who may sign it.

pub(crate) mod flow;
mod outcome;
mod run;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};

use crate::devstack::DevStack;
use crate::failure::{Context as _, Failure, Outcome};
use crate::program::Program;
use crate::say;
use crate::workspace::Workspace;

use flow::{Holds, RELEASE, Step, Value};
use outcome::{Judged, Published};

/// The platform that is released when nothing else is said.
const EXAMPLE: &str = "docs/example/sealwright.yaml";
/// Its artifact that has contents.
const EXAMPLE_ARTIFACT: &str = "manifests";
/// A debug build: it is what the tests have built already, and digests and compression are
/// optimised in it as well. Figures come from `bench`, which builds for release.
pub(crate) const PROFILE: &str = "debug";
/// How long one step may take: the largest example takes seconds.
const STEP_TIME_MAX: Duration = Duration::from_secs(600);

/// What it is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Who may sign what; the example platform's when absent.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<Utf8PathBuf>,
    /// Name of the artifact in it; needed when several have contents.
    #[arg(long, value_name = "NAME")]
    pub(crate) artifact: Option<String>,
    /// Folder to publish, instead of the one that the configuration names.
    #[arg(long, value_name = "DIR")]
    pub(crate) contents: Option<Utf8PathBuf>,
    /// Where receipt, report, site and the dev stack's state go (default: target/sealwright).
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<Utf8PathBuf>,
    /// Fail unless this is what came of it.
    #[arg(long, value_enum, value_name = "OUTCOME")]
    pub(crate) expect: Option<Expected>,
}

/// What may come of a publication that ends well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Expected {
    /// Something new was published.
    Published,
    /// It had all been published before; nothing was signed.
    Unchanged,
}

/// What a release came to.
pub(crate) struct Released {
    /// What the receipt says.
    pub(crate) published: Published,
    /// What the stranger's report says.
    pub(crate) judged: Judged,
}

/// Releases, and says what came of it.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Outcome {
    release(workspace, arguments).map(drop)
}

/// Releases: every step of the flow, one after another, on a dev stack of its own.
pub(crate) fn release(workspace: &Workspace, arguments: &Arguments) -> Outcome<Released> {
    let places = Places::of(workspace, arguments)?;
    say::stage("build the binaries");
    workspace.build()?;
    places.clear()?;
    let run = run::flags(&places.config, arguments.artifact.as_deref());
    // Stopped when it goes out of scope, also when a step fails. Its state stays for the next run.
    let stack = DevStack::start(workspace, &places.out.join("devstack"))?.for_run(&run)?;
    let mut given = places.given(arguments, &stack);
    let mut rows = Vec::new();
    for step in RELEASE {
        let started = Instant::now();
        run_step(workspace, step, &mut given, &stack, &places)?;
        let seconds = format!("{:.1} s", started.elapsed().as_secs_f64());
        rows.push([step.name.to_owned(), step.does.to_owned(), seconds]);
    }
    let released = places.released()?;
    say::table(["step", "what was done", "took"], rows);
    conclude(&released, &places);
    match arguments.expect {
        Some(expected) => released.published.insist_on(expected).map(|()| released),
        None => Ok(released),
    }
}

fn run_step(
    workspace: &Workspace,
    step: &Step,
    given: &mut BTreeMap<Value, String>,
    stack: &DevStack,
    places: &Places,
) -> Outcome {
    say::stage(&format!("{}: {}", step.name, step.does));
    let program = Program::new(workspace.binary(PROFILE, step.program))
        .args(step.arguments(given)?)
        .empty_environment()
        .time_limit(STEP_TIME_MAX);
    let program = match step.holds {
        Holds::SigningToken => program.envs(stack.environment()),
        Holds::Nothing => program,
    };
    let output = program.run_talking()?;
    if output.code != 0 {
        return Err(Failure::new(format!("{}: {} ended with {}", step.name, program.shown(), output.code))
            .next("its own words stand above; nothing was promoted unless the step `publish` had ended well")
            .exit_code(output.code));
    }
    if let Some(file) = step.keeps {
        let path = places.out.join(file);
        std::fs::write(&path, &output.stdout).context(|| path.to_string())?;
    }
    if step.publishes {
        given.insert(Value::Reference, Published::read(&places.receipt())?.reference()?);
    }
    Ok(())
}

fn conclude(released: &Released, places: &Places) {
    let Published { repository, digest, outcome, .. } = &released.published;
    if released.published.is_unchanged() {
        say::line(&format!(
            "unchanged: {repository}@{digest} was published before, with all its evidence; nothing was published or signed"
        ));
    } else {
        say::line(&format!("{outcome}: {repository}@{digest}"));
    }
    say::line(&format!("{}: judged by a stranger", released.judged.verdict));
    say::line(&format!("site: {}", places.out.join("site/index.html")));
}

/// Where things are, all of them absolute: the steps run in other folders.
struct Places {
    config: Utf8PathBuf,
    contents: Option<Utf8PathBuf>,
    out: Utf8PathBuf,
}

impl Places {
    fn of(workspace: &Workspace, arguments: &Arguments) -> Outcome<Places> {
        let config = match &arguments.config {
            Some(config) => config.clone(),
            None => workspace.root.join(EXAMPLE),
        };
        let out = arguments.out.clone().unwrap_or_else(|| workspace.out());
        std::fs::create_dir_all(&out).context(|| format!("create {out}"))?;
        Ok(Places {
            config: existing(&config)?,
            contents: arguments.contents.as_deref().map(existing).transpose()?,
            out: existing(&out)?,
        })
    }

    /// Takes away what an earlier run left: a file that is there was made by this run.
    fn clear(&self) -> Outcome {
        for file in [self.receipt(), self.report()] {
            if file.exists() {
                std::fs::remove_file(&file).context(|| file.to_string())?;
            }
        }
        let site = self.out.join("site");
        if site.exists() {
            std::fs::remove_dir_all(&site).context(|| site.to_string())?;
        }
        Ok(())
    }

    fn given(&self, arguments: &Arguments, stack: &DevStack) -> BTreeMap<Value, String> {
        let endpoints = stack.endpoints();
        let example = arguments.config.is_none().then(|| EXAMPLE_ARTIFACT.to_owned());
        [
            (Value::Config, Some(self.config.to_string())),
            (Value::Artifact, arguments.artifact.clone().or(example)),
            (Value::Contents, self.contents.as_ref().map(ToString::to_string)),
            (Value::Registry, Some(endpoints.registry.clone())),
            (Value::Issuer, Some(endpoints.issuer.clone())),
            (Value::Trust, Some(endpoints.trust.to_string())),
            (Value::Report, Some(self.report().to_string())),
            (Value::Site, Some(self.out.join("site").to_string())),
        ]
        .into_iter()
        .filter_map(|(value, given)| Some((value, given?)))
        .collect()
    }

    fn receipt(&self) -> Utf8PathBuf {
        self.out.join("receipt.json")
    }

    fn report(&self) -> Utf8PathBuf {
        self.out.join("report.json")
    }

    /// Reads back what the steps left and compares it: the stranger must have judged the digest
    /// that the publisher promoted.
    fn released(&self) -> Outcome<Released> {
        let published = Published::read(&self.receipt())?;
        let judged = Judged::read(&self.report())?;
        judged.insist_on(&published)?;
        Ok(Released { published, judged })
    }
}

fn existing(path: &Utf8Path) -> Outcome<Utf8PathBuf> {
    path.canonicalize_utf8().context(|| format!("cannot use {path}")).map_err(|failure| {
        failure.next("check the path; it is relative to the current folder").exit_code(74)
    })
}
