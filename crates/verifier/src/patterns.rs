//! `patterns`: whom patterns over identities let in, on paper. Nothing is asked.

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use jiff::Timestamp;
use sealwright_manifests::Matcher;
use sealwright_manifests::patterns::{Judge, Pair};
use sealwright_policy::pattern_report::PatternReport;
use sealwright_policy::{Config, Finding, Report, Requirements};

use crate::TOOL;
use crate::failure::Failure;
use crate::world::{ConfigArguments, ReportArguments, StandInArguments};

/// The word for every signer in the configuration.
const ALL: &str = "all";

/// Which patterns, and whom they should let in.
#[derive(Debug, Args)]
pub struct PatternsArguments {
    /// Pattern over the certificate's name, as in Flux's `matchOIDCIdentity[].subject`. Without
    /// this and --issuer, the matchers of every artifact in the configuration are looked at.
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true)]
    pub subject: Option<String>,
    /// Pattern over the issuer, as in Flux's `matchOIDCIdentity[].issuer`.
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true)]
    pub issuer: Option<String>,
    /// Signers in the configuration whom the pattern should let in, and nobody else: names with
    /// commas between, or `all`. Without it, only slips of the pen are found.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub allow_signers: Vec<String>,
    /// Look at every matcher of a repository's manifests, scripts and documents.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["subject", "issuer"])]
    pub manifests: Option<Utf8PathBuf>,
    /// Say what the pattern should be.
    #[arg(long)]
    pub suggest: bool,
    /// Who may sign what.
    #[arg(long, value_name = "FILE", default_value = "sealwright.yaml")]
    pub config: Utf8PathBuf,
    /// OIDC issuer behind `github:` signers, when it is not GitHub's own.
    #[arg(long, value_name = "URL")]
    pub github_issuer: Option<String>,
    /// Where the answer goes.
    #[command(flatten)]
    pub report: ReportArguments,
}

/// The report.
///
/// # Errors
/// The configuration cannot be used, or names no such signer.
pub fn patterns(arguments: &PatternsArguments, now: Timestamp) -> Result<Report, Failure> {
    let mut report = Report::new(TOOL, now);
    report.patterns = match (&arguments.manifests, &arguments.issuer, &arguments.subject) {
        (Some(folder), ..) => {
            let (patterns, findings) = of_manifests(arguments, folder, now)?;
            report.findings = findings;
            patterns
        }
        (None, None, None) => of_configuration(arguments, now)?,
        (None, issuer, subject) => {
            let allowed = allowed(arguments, now)?;
            let judge = Judge { allowed: allowed.as_ref(), suggest: arguments.suggest };
            vec![judge.judge(Pair {
                name: "command line".to_owned(),
                issuer: issuer.clone(),
                subject: subject.clone(),
            })]
        }
    };
    Ok(report.concluded())
}

/// Every matcher in a folder, by the signers that are named where some are.
fn of_manifests(
    arguments: &PatternsArguments,
    folder: &Utf8Path,
    now: Timestamp,
) -> Result<(Vec<PatternReport>, Vec<Finding>), Failure> {
    let (found, findings) = crate::manifests::find(folder)?;
    let allowed = allowed(arguments, now)?;
    let judge = Judge { allowed: allowed.as_ref(), suggest: arguments.suggest };
    let mut reports = Vec::new();
    for declaration in &found.declarations {
        let name = format!("{}:{} {}", declaration.file, declaration.at.line, declaration.object);
        let whole = |half: &Option<Matcher>| half.as_ref().is_none_or(|matcher| matcher.whole);
        let judged =
            declaration.identities.iter().filter(|one| whole(&one.issuer) && whole(&one.subject));
        reports.extend(judged.map(|identity| judge.declared(&name, identity)));
    }
    Ok((reports, findings))
}

fn of_configuration(
    arguments: &PatternsArguments,
    now: Timestamp,
) -> Result<Vec<PatternReport>, Failure> {
    if !arguments.allow_signers.is_empty() {
        return Err(Failure::usage("--allow-signers needs a pattern: --subject, --issuer or both"));
    }
    let (config, world) = (read(arguments, now)?, world(arguments));
    let artifacts = config.artifacts.keys();
    let reports = artifacts.filter_map(|name| {
        let requirements = config.requirements(name, &world.issuers())?;
        let judge = Judge { allowed: Some(&requirements), suggest: arguments.suggest };
        Some(judge.judge(Pair {
            name: format!("artifact {name}"),
            issuer: Some(requirements.issuer_pattern()),
            subject: Some(requirements.subject_pattern()),
        }))
    });
    Ok(reports.collect())
}

/// The signers named, as one artifact would have them.
fn allowed(arguments: &PatternsArguments, now: Timestamp) -> Result<Option<Requirements>, Failure> {
    if arguments.allow_signers.is_empty() {
        return Ok(None);
    }
    let (config, world) = (read(arguments, now)?, world(arguments));
    let all = arguments.allow_signers == [ALL];
    let names: Vec<&String> = if all {
        config.signers.keys().collect()
    } else {
        arguments.allow_signers.iter().collect()
    };
    let signers = names.into_iter().map(|name| {
        let signer = config.expected_signer(name, &world.issuers());
        signer.ok_or_else(|| no_signer(name, &config))
    });
    Ok(Some(Requirements {
        artifact: "command line".to_owned(),
        evidence: Default::default(),
        signers: signers.collect::<Result<_, _>>()?,
        accept_legacy_signature: false,
    }))
}

fn read(arguments: &PatternsArguments, now: Timestamp) -> Result<Config, Failure> {
    world(arguments).read_config(now)
}

fn world(arguments: &PatternsArguments) -> ConfigArguments {
    ConfigArguments {
        config: arguments.config.clone(),
        stand_in: StandInArguments {
            registry: None,
            github_issuer: arguments.github_issuer.clone(),
        },
    }
}

fn no_signer(name: &str, config: &Config) -> Failure {
    let names: Vec<&str> = config.signers.keys().map(String::as_str).collect();
    Failure::usage(format!(
        "no signer is called {name}; there are: {}, or `{ALL}`",
        names.join(", ")
    ))
}
