//! `sealwright-verifier`: arguments in, one report out, and an exit code that says the same.

use std::process::ExitCode;

use clap::Parser as _;
use jiff::Timestamp;
use sealwright_policy::{Code, Report};
use sealwright_verifier::arguments::{Arguments, ArtifactArguments, Command};
use sealwright_verifier::render::{RenderArguments, render};
use sealwright_verifier::world::{ReportArguments, WorldArguments};
use sealwright_verifier::{
    Failure, ManifestsArguments, Request, Surroundings, complain, controls, fix, manifests,
    patterns, predict, publish, publish_beside, survey, to_standard_output, verify, wait,
    workflows,
};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

fn main() -> ExitCode {
    // Before anything connects: with two providers in the tree, rustls would not choose by itself.
    // Fails only when a provider is installed already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    // What is predicted is judged, too.
    sealwright_evidence::signature_checks::remember();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(talk) => {
            let usage = talk.use_stderr();
            // Nothing more can be said when even this cannot be written.
            let _ = talk.print();
            return if usage { ExitCode::from(64) } else { ExitCode::SUCCESS };
        }
    };
    let surroundings = Surroundings::from_environment();
    let result = match arguments.command {
        Command::Artifact(arguments) => artifact(&arguments, &surroundings),
        Command::Cluster(arguments) => answer(&arguments.world, &surroundings, || async {
            survey(&arguments, Timestamp::now()).await
        }),
        Command::Wait(arguments) => answer(&arguments.world, &surroundings, || async {
            wait(&arguments, Timestamp::now()).await
        }),
        Command::Predict(arguments) => answer(&arguments.world, &surroundings, || async {
            predict(&arguments, Timestamp::now()).await
        }),
        Command::Render(arguments) => print_rendered(&arguments),
        Command::Controls(arguments) => answer(&arguments.world, &surroundings, || async {
            controls(&arguments, Timestamp::now()).await
        }),
        Command::Manifests(arguments) if arguments.fix => mend(&arguments, &surroundings),
        Command::Manifests(arguments) => answer(&arguments.world(), &surroundings, || async {
            manifests(&arguments, Timestamp::now()).await
        }),
        Command::Patterns(arguments) => patterns(&arguments, Timestamp::now())
            .and_then(|report| hand_over(&report, &arguments.report, &surroundings)),
        Command::Workflows(arguments) => workflows(&arguments, Timestamp::now())
            .and_then(|report| hand_over(&report, &arguments.report, &surroundings)),
        Command::Explain { code } => explain(code.as_deref()),
    };
    result.unwrap_or_else(|failure| {
        complain(&failure, &surroundings);
        ExitCode::from(failure.exit_code)
    })
}

/// What would mend the files, and what would be left; or, once they are written, what is.
fn mend(arguments: &ManifestsArguments, surroundings: &Surroundings) -> Result<ExitCode, Failure> {
    let (diff, report) = fix(arguments, Timestamp::now())?;
    if arguments.write {
        return hand_over(&report, &arguments.report, surroundings);
    }
    publish_beside(&diff, &report, &arguments.report)?;
    Ok(ExitCode::from(report.verdict.exit_code()))
}

/// The report, and the exit code that says the same.
fn hand_over(
    report: &Report,
    to: &ReportArguments,
    surroundings: &Surroundings,
) -> Result<ExitCode, Failure> {
    publish(report, to, surroundings)?;
    Ok(ExitCode::from(report.verdict.exit_code()))
}

fn artifact(
    arguments: &ArtifactArguments,
    surroundings: &Surroundings,
) -> Result<ExitCode, Failure> {
    answer(&arguments.world, surroundings, || async {
        verify(&Request::new(arguments, Timestamp::now())?).await
    })
}

/// What every command that judges does around its own work: talk, wait, hand the report over.
fn answer<F>(
    world: &WorldArguments,
    surroundings: &Surroundings,
    judge: impl FnOnce() -> F,
) -> Result<ExitCode, Failure>
where
    F: Future<Output = Result<Report, Failure>>,
{
    if world.asking.verbose {
        talk_about_requests();
    }
    // One thread: the work is waiting, then judging.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure {
        message: format!("error: cannot start: {error}"),
        exit_code: 71,
        findings: vec![],
    })?;
    let report = runtime.block_on(judge());
    // A credential plugin that hangs is not waited for.
    runtime.shutdown_background();
    hand_over(&report?, &world.report, surroundings)
}

/// What our own crates ask, on standard error. The libraries below would tell too much, and headers.
fn talk_about_requests() {
    let ours = Targets::new().with_target("sealwright", tracing::Level::DEBUG);
    let lines = tracing_subscriber::fmt::layer().with_writer(anstream::stderr).without_time();
    tracing_subscriber::registry().with(lines.with_filter(ours)).init();
}

fn print_rendered(arguments: &RenderArguments) -> Result<ExitCode, Failure> {
    to_standard_output(&render(arguments, Timestamp::now())?)?;
    Ok(ExitCode::SUCCESS)
}

fn explain(code: Option<&str>) -> Result<ExitCode, Failure> {
    let text = match code {
        None => sealwright_render::catalogue(),
        Some(id) => match Code::parse(id) {
            Some(code) => sealwright_render::explain(code),
            None => return Err(Failure::unknown_code(id)),
        },
    };
    to_standard_output(&text)?;
    Ok(ExitCode::SUCCESS)
}
