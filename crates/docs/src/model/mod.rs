//! What the templates see: plain values, already decided. Templates choose words and places only.

mod artifact;

use sealwright_policy::config::{Artifact, Environment, Signer};
use sealwright_policy::{Finding, Verdict, codes};
use serde::Serialize;

pub(crate) use self::artifact::ArtifactPage;
use self::artifact::{Seen, artifact_page, seen};
use crate::clusters::Clusters;
use crate::{Inputs, gathered};

/// The whole site.
#[derive(Debug, Serialize)]
pub(crate) struct Site {
    pub(crate) signers: Vec<SignerPage>,
    pub(crate) artifacts: Vec<ArtifactPage>,
    pub(crate) environments: Vec<EnvironmentRow>,
    exceptions: Vec<ExceptionRow>,
    findings: Vec<FindingRow>,
    observations: Vec<Observation>,
    clusters: Clusters,
    codes: Vec<CodeRow>,
    dev_stack: bool,
}

/// When and with what trust the report was made.
#[derive(Debug, Serialize)]
struct Observation {
    judged_at: String,
    /// `artifacts`, or the environment.
    about: String,
    simulated: bool,
    tool: String,
    verdict: String,
    trust: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct SignerPage {
    dev_stack: bool,
    pub(crate) name: String,
    pub(crate) slug: String,
    issuer: String,
    /// Repository and file of the workflow, short enough for the map.
    pub(crate) workflow: String,
    pub(crate) subject_pattern: String,
    source_repositories: Vec<String>,
    pub(crate) artifacts: Vec<Link>,
    last_seen: Option<Seen>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Link {
    pub(crate) name: String,
    pub(crate) slug: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct EnvironmentRow {
    pub(crate) name: String,
    trust: String,
    pub(crate) trusts: String,
    pub(crate) sources: Vec<String>,
    flux: String,
}

#[derive(Debug, Serialize)]
struct ExceptionRow {
    url: String,
    reason: String,
    until: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct FindingRow {
    code: String,
    anchor: String,
    severity: String,
    message: String,
    place: String,
    expected: String,
    found: String,
    hint: String,
}

#[derive(Debug, Serialize)]
struct CodeRow {
    id: &'static str,
    anchor: String,
    title: &'static str,
    severity: String,
    cause: &'static str,
    risk: &'static str,
    fix: &'static str,
}

impl Site {
    pub(crate) fn new(inputs: &Inputs<'_>) -> Self {
        let artifacts: Vec<ArtifactPage> = inputs
            .config
            .artifacts
            .iter()
            .filter_map(|(name, artifact)| artifact_page(inputs, name, artifact))
            .collect();
        Self {
            signers: inputs.config.signers.keys().map(|name| signer_page(inputs, name)).collect(),
            environments: inputs
                .config
                .environments
                .iter()
                .map(|(name, environment)| environment_row(name, environment))
                .collect(),
            exceptions: inputs.config.charts.iter().map(exception_row).collect(),
            findings: inputs
                .reports
                .iter()
                .flat_map(|report| &report.findings)
                .map(finding_row)
                .collect(),
            observations: observations(inputs.reports),
            clusters: Clusters::of(inputs.reports),
            codes: codes::TABLE.iter().map(code_row).collect(),
            dev_stack: is_dev_stack(inputs),
            artifacts,
        }
    }
}

/// Whether identities come from an issuer on this machine: whoever runs it can have any of them.
fn is_dev_stack(inputs: &Inputs<'_>) -> bool {
    let authority = inputs.issuers.github.split("://").nth(1).unwrap_or_default();
    let host = authority.split(['/', ':']).next().unwrap_or_default();
    host == "localhost" || host.starts_with("127.") || authority.starts_with("[::1]")
}

fn signer_page(inputs: &Inputs<'_>, name: &str) -> SignerPage {
    let used_by: Vec<(&String, &Artifact)> = inputs
        .config
        .artifacts
        .iter()
        .filter(|(_, artifact)| artifact.signers.iter().any(|signer| signer == name))
        .collect();
    let expected = inputs.config.expected_signer(name, &inputs.issuers);
    SignerPage {
        dev_stack: is_dev_stack(inputs),
        name: name.to_owned(),
        slug: slug(name),
        issuer: expected.as_ref().map(|signer| signer.issuer.clone()).unwrap_or_default(),
        workflow: inputs.config.signers.get(name).map(workflow).unwrap_or_default(),
        subject_pattern: expected.as_ref().map(|signer| signer.san.regex()).unwrap_or_default(),
        source_repositories: expected.map(|signer| signer.source_repositories).unwrap_or_default(),
        artifacts: used_by.iter().map(|(name, _)| link(name)).collect(),
        last_seen: last_seen(inputs, name),
    }
}

fn workflow(signer: &Signer) -> String {
    format!("{} {}", signer.github.repository, signer.github.workflow)
}

/// The newest piece of evidence by this signer that held.
fn last_seen(inputs: &Inputs<'_>, signer: &str) -> Option<Seen> {
    let pieces = gathered::judged(inputs.reports)
        .flat_map(|artifact| artifact.evidence.iter().map(move |piece| (artifact, piece)));
    pieces
        .filter(|(_, piece)| {
            piece.verdict == Verdict::Verified && piece.signer.as_deref() == Some(signer)
        })
        .max_by_key(|(_, piece)| piece.times.iter().map(|proof| proof.time).max())
        .map(|(artifact, piece)| seen(artifact, piece))
}

fn environment_row(name: &str, environment: &Environment) -> EnvironmentRow {
    EnvironmentRow {
        name: name.to_owned(),
        trust: environment.trust.to_string(),
        trusts: format!("trusts: {}", environment.trust),
        sources: environment.sources.clone(),
        flux: environment.flux.clone().unwrap_or_default(),
    }
}

fn exception_row(exception: &sealwright_policy::config::ChartException) -> ExceptionRow {
    ExceptionRow {
        url: exception.url.clone(),
        reason: exception.unsigned.reason.clone(),
        until: exception.unsigned.until.to_string(),
    }
}

/// The latest first.
fn observations(reports: &[sealwright_policy::Report]) -> Vec<Observation> {
    let mut reports: Vec<&sealwright_policy::Report> = reports.iter().collect();
    reports.sort_by_key(|report| std::cmp::Reverse(report.judged_at));
    reports.into_iter().map(observation).collect()
}

fn observation(report: &sealwright_policy::Report) -> Observation {
    Observation {
        judged_at: report.judged_at.to_string(),
        about: about(report),
        simulated: gathered::is_simulated(report),
        tool: report.tool.clone(),
        verdict: report.verdict.to_string(),
        trust: report.trust.as_ref().map(|trust| trust.origin.clone()).unwrap_or_default(),
    }
}

/// What a report looked at, in a few words.
fn about(report: &sealwright_policy::Report) -> String {
    let counted = [
        (report.artifacts.len(), "artifact", "artifacts"),
        (report.sources.len(), "source", "sources"),
        (report.controls.len(), "control", "controls"),
    ];
    let parts = counted.iter().filter(|(count, _, _)| *count > 0);
    let parts: Vec<String> = parts
        .map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many }))
        .collect();
    let place = report.cluster.as_ref().map(|cluster| format!(" in {}", cluster.environment));
    format!("{}{}", parts.join(", "), place.unwrap_or_default())
}

pub(crate) fn finding_row(finding: &Finding) -> FindingRow {
    FindingRow {
        code: finding.code.to_string(),
        anchor: finding.code.to_string().to_lowercase(),
        severity: format!("{:?}", finding.severity).to_lowercase(),
        message: finding.message.clone(),
        place: finding.place.to_string(),
        expected: finding.expected.clone().unwrap_or_default(),
        found: finding.found.clone().unwrap_or_default(),
        hint: finding.hint.clone().unwrap_or_default(),
    }
}

fn code_row(entry: &codes::Entry) -> CodeRow {
    CodeRow {
        id: entry.id,
        anchor: entry.id.to_lowercase(),
        title: entry.title,
        severity: format!("{:?}", entry.severity).to_lowercase(),
        cause: entry.cause,
        risk: entry.risk,
        fix: entry.fix,
    }
}

fn link(name: &str) -> Link {
    Link { name: name.to_owned(), slug: slug(name) }
}

/// A file name for a name from the configuration, which allows letters, digits and `-` only; what
/// else might come is spelt out, so that two names never share a page.
fn slug(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c.to_string()
            } else {
                format!("_{:x}", c as u32)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn names_never_leave_their_folder() {
        assert_eq!(slug("merge-queue"), "merge-queue");
        assert_eq!(slug("../x"), "_2e_2e_2fx");
        assert_ne!(slug("a.b"), slug("a/b"));
    }
}
