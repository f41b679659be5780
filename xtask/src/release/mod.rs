//! A whole release on this machine, against the dev stack: from a folder to a tag that carries
//! proof, first on the local plane, then in production, and the page that says who may sign it.

mod course;
mod deploy;
mod drill;
pub(crate) mod flow;
mod outcome;
mod places;
mod run;
pub(crate) mod steps;
mod stopped;

use std::time::{Duration, Instant};

use camino::Utf8PathBuf;

use crate::devstack::DevStack;
use crate::failure::{Failure, Outcome};
use crate::say;
use crate::workspace::Workspace;

use course::Course;
use deploy::{Fleet, Planes};
use flow::Stage;
use outcome::{Judged, Published};
use places::Places;
use steps::RELEASE;
use stopped::Stopped;

/// The platform that is released when nothing else is said.
const EXAMPLE: &str = "docs/example/sealwright.yaml";
/// A debug build: it is what the tests have built already, and digests and compression are
/// optimised in it as well. Figures come from `bench`, which builds for release.
pub(crate) const PROFILE: &str = "debug";
/// How long one step may take: the largest example takes seconds.
const STEP_TIME_MAX: Duration = Duration::from_secs(600);

/// What it is told.
#[derive(Debug, Clone, clap::Args)]
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
    /// Where receipt, report, site and the state of dev stack and planes go (default:
    /// target/sealwright).
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<Utf8PathBuf>,
    /// The planes that it is deployed on, `local` before `prod` (default: simulated, where the
    /// configuration has environments of these names).
    #[arg(long, value_enum, value_name = "KIND")]
    pub(crate) planes: Option<Planes>,
    /// Fail unless this is what came of it.
    #[arg(long, value_enum, value_name = "OUTCOME", conflicts_with = "drill")]
    pub(crate) expect: Option<Expected>,
    /// Release twice, the second time with a source on this plane that lets nobody through, and fail
    /// unless the release stops there and harms nothing beyond.
    #[arg(long, value_enum, value_name = "PLANE")]
    drill: Option<Stage>,
    /// The plane whose source lets nobody through.
    #[arg(skip)]
    closed: Option<Stage>,
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
struct Released {
    /// What the receipt says.
    published: Published,
    /// What the stranger's report says.
    judged: Judged,
}

/// Releases, and says what came of it.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Outcome {
    if let Some(closed) = arguments.drill {
        return drill::run(workspace, arguments, closed);
    }
    let released = release(workspace, arguments)?.map_err(Stopped::into_failure)?;
    match arguments.expect {
        Some(expected) => released.published.insist_on(expected),
        None => Ok(()),
    }
}

/// Releases: every step of the flow, one after another, on a dev stack and planes of its own.
/// Inside, how it stopped at a step.
fn release(workspace: &Workspace, arguments: &Arguments) -> Outcome<Result<Released, Stopped>> {
    let places = Places::of(workspace, arguments)?;
    say::stage("build the binaries");
    workspace.build()?;
    places.clear()?;
    let run = run::flags(&places.config, arguments.artifact.as_deref());
    // Stopped when it goes out of scope, also when a step fails. Its state stays for the next run.
    let stack = DevStack::start(workspace, &places.out.join("devstack"))?.for_run(&run)?;
    let contents = places.contents(arguments.artifact.as_deref());
    let folder = places.out.join("planes");
    let planes = planes(arguments, &places)?;
    let fleet = Fleet::start(workspace, planes, &folder, contents, &stack)?;
    let mut course = Course::new(workspace, arguments, &places, &stack, fleet);
    let mut rows = Vec::new();
    for step in RELEASE {
        if step.plane.is_some_and(|stage| !course.fleet.has(stage)) {
            continue;
        }
        let started = Instant::now();
        say::stage(&format!("{}: {}", step.name, step.does));
        let done = match course.take(step) {
            Ok(done) => done,
            Err(failure) => return Ok(Err(Stopped::at(step, failure, &course))),
        };
        let seconds = format!("{:.1} s", started.elapsed().as_secs_f64());
        rows.push([step.name.to_owned(), done, seconds]);
    }
    let released = places.released()?;
    say::table(["step", "what was done", "took"], rows);
    conclude(&released, planes, &places);
    Ok(Ok(released))
}

/// Which planes there will be: a plane is an environment of the configuration.
fn planes(arguments: &Arguments, places: &Places) -> Outcome<Planes> {
    let names = Stage::ALL.map(Stage::name);
    let missing = run::missing_environment(&places.config, &names);
    match (arguments.planes, missing) {
        (Some(Planes::None), _) => Ok(Planes::None),
        (Some(kind), None) => Ok(kind),
        (Some(_), Some(name)) => {
            Err(Failure::new(format!("{}: there is no environment {name}", places.config))
                .next("give it one, as docs/example/sealwright.yaml does, or say `--planes none`"))
        }
        (None, None) => Ok(Planes::Simulated),
        (None, Some(name)) => {
            say::line(&format!(
                "not run: any plane, for the configuration has no environment {name}"
            ));
            Ok(Planes::None)
        }
    }
}

fn conclude(released: &Released, planes: Planes, places: &Places) {
    let Published { repository, digest, outcome, .. } = &released.published;
    if released.published.is_unchanged() {
        say::line(&format!(
            "unchanged: {repository}@{digest} was published before, with all its evidence; nothing was published or signed"
        ));
    } else {
        say::line(&format!("{outcome}: {repository}@{digest}"));
    }
    say::line(&format!("{}: judged by a stranger", released.judged.verdict));
    say::line(match planes {
        Planes::Real => "local and prod run it, verified and Ready",
        Planes::Simulated => {
            "local and prod (simulated) would run it, verified and Ready; `--planes real` asks Flux itself"
        }
        Planes::None => "not run: any plane",
    });
    say::line(&format!("site: {}", places.out.join("site/index.html")));
}
