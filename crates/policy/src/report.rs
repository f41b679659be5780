//! The report: a serialised promise to strangers. One type, whatever the form it is rendered in.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::control_report::ControlReport;
use crate::declaration_report::{CoverageReport, DeclarationReport};
use crate::finding::{Finding, verdict_of};
use crate::identity::Claims;
use crate::pattern_report::PatternReport;
use crate::route_report::RouteReport;
use crate::source_report::{ClusterNote, SourceReport};
use crate::verdict::Verdict;
use crate::workflow_report::WorkflowReport;

/// `apiVersion` of reports and of the configuration.
pub const API_VERSION: &str = "sealwright.dev/v1alpha1";

/// What a command found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Report {
    /// Always [`API_VERSION`].
    pub api_version: String,
    /// Always `Report`.
    pub kind: String,
    /// Which program at which version, such as `sealwright-verifier 0.1.0`.
    pub tool: String,
    /// When it was judged, RFC 3339 in UTC.
    pub judged_at: jiff::Timestamp,
    /// The worst of all below.
    pub verdict: Verdict,
    /// Where trust came from and how old it is, when cryptography was involved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<TrustNote>,
    /// One per artifact judged.
    #[serde(default)]
    pub artifacts: Vec<ArtifactReport>,
    /// The cluster that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterNote>,
    /// One per Flux source looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceReport>,
    /// One per attempt to break in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub controls: Vec<ControlReport>,
    /// One per pattern over identities that was looked at on paper.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patterns: Vec<PatternReport>,
    /// One per place of a repository that says who may sign, or leaves a source open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub declarations: Vec<DeclarationReport>,
    /// How many of a repository's sources are guarded, by kind and by part of the organisation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coverage: Vec<CoverageReport>,
    /// One per job that signs, or holds what it takes to sign.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workflows: Vec<WorkflowReport>,
    /// One per way from a trigger to a step that moves a tag.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<RouteReport>,
    /// Findings that belong to no artifact.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

impl Report {
    /// A report of nothing yet, which is Unknown: nothing judged is nothing proven.
    pub fn new(tool: &str, judged_at: jiff::Timestamp) -> Self {
        Self {
            api_version: API_VERSION.to_owned(),
            kind: "Report".to_owned(),
            tool: tool.to_owned(),
            judged_at,
            verdict: Verdict::Unknown,
            trust: None,
            artifacts: vec![],
            cluster: None,
            sources: vec![],
            controls: vec![],
            patterns: vec![],
            declarations: vec![],
            coverage: vec![],
            workflows: vec![],
            routes: vec![],
            findings: vec![],
        }
    }

    /// The same with the worst verdict of all its parts; Unknown when it has none.
    pub fn concluded(mut self) -> Self {
        let artifacts = self.artifacts.iter().map(|artifact| artifact.verdict);
        let sources = self.sources.iter().map(|source| source.verdict);
        let controls = self.controls.iter().map(|control| control.verdict);
        let patterns = self.patterns.iter().map(|pattern| pattern.verdict);
        let declarations = self.declarations.iter().map(|declaration| declaration.verdict);
        let routes = self.routes.iter().map(|route| route.verdict);
        let parts = artifacts.chain(sources).chain(controls).chain(patterns).chain(declarations);
        let workflows = self.workflows.iter().map(|job| job.verdict);
        let parts = parts.chain(routes).chain(workflows);
        let parts = parts.reduce(Verdict::and).unwrap_or(Verdict::Unknown);
        self.verdict = parts.and(verdict_of(&self.findings));
        self
    }
}

/// Where the trusted root came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrustNote {
    /// `public (TUF)`, `public (embedded)`, `file PATH`, `dev stack`.
    pub origin: String,
    /// Seconds since it was fetched or written, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_s: Option<u64>,
    /// SHA-256 of the trusted root's bytes.
    pub digest: String,
}

/// What was found out about one artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ArtifactReport {
    /// Its name in `sealwright.yaml`, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The reference as given.
    pub reference: String,
    /// What it resolved to; absent when it could not be resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Answer for this artifact.
    pub verdict: Verdict,
    /// The predicate types that were required, and what satisfied each.
    pub requirements: Vec<RequirementReport>,
    /// Everything that was looked at, good or bad, and what was learnt from it.
    pub evidence: Vec<EvidenceReport>,
    /// Complaints.
    pub findings: Vec<Finding>,
}

/// One required predicate type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequirementReport {
    /// `signature`, `provenance`, `sbom`, or the predicate type itself.
    pub evidence: String,
    /// The predicate type.
    pub predicate_type: String,
    /// Answer for this requirement.
    pub verdict: Verdict,
    /// Name of the signer that satisfied it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    /// Digest of the bundle that satisfied it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bundle: Option<String>,
}

/// One bundle or legacy signature, and what was learnt from it, also when it was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EvidenceReport {
    /// SHA-256 of the bundle's exact bytes.
    pub digest: String,
    /// Digest of the referrer manifest that carries it, when it came through one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
    /// `bundle` or `legacy-signature`.
    pub form: String,
    /// Whether this piece holds by itself: cryptography, artifact digest and identity.
    pub verdict: Verdict,
    /// Predicate type of the statement, when it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicate_type: Option<String>,
    /// Name of the signer in the policy whose identity it carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
    /// What the certificate says.
    #[serde(default)]
    pub claims: Claims,
    /// Log entries, as `(log id, index)` with the times they prove.
    #[serde(default)]
    pub log_entries: Vec<LogEntryReport>,
    /// Times that were proven, by what proved them.
    #[serde(default)]
    pub times: Vec<TimeReport>,
    /// Further facts by name, such as `bundleMediaType`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
}

/// One entry in a transparency log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogEntryReport {
    /// Name of the log: host of its base URL in the trusted root, else its id in hex.
    pub log: String,
    /// Index in the log.
    pub index: u64,
    /// Entry kind and version, such as `dsse 0.0.2`.
    pub kind: String,
}

/// A proven time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TimeReport {
    /// `log` (integrated time under a signed promise) or `timestamp-authority`.
    pub source: String,
    /// The time.
    pub time: jiff::Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::Code;
    use crate::control_report::RefusedBy;

    fn report() -> Report {
        Report::new("sealwright-verifier 0.1.0", jiff::Timestamp::UNIX_EPOCH)
    }

    fn artifact(verdict: Verdict) -> ArtifactReport {
        ArtifactReport {
            name: None,
            reference: "ghcr.io/acme/x".to_owned(),
            digest: None,
            verdict,
            requirements: vec![],
            evidence: vec![],
            findings: vec![],
        }
    }

    fn control(verdict: Verdict) -> ControlReport {
        ControlReport {
            name: "unsigned".to_owned(),
            does: "nobody signed it".to_owned(),
            environment: None,
            artifact: "manifests".to_owned(),
            reference: None,
            verdict,
            refused_by: RefusedBy::Both,
            judged: None,
            predicted: None,
            observed: None,
            findings: vec![],
        }
    }

    #[test]
    fn the_worst_part_is_the_answer() {
        use Verdict::*;
        let finding = Finding::new(Code::EvidenceUndecided, "no answer");
        for (report, verdict, why) in [
            (report(), Unknown, "nothing judged is nothing proven"),
            (Report { artifacts: vec![artifact(Verified)], ..report() }, Verified, "all good"),
            (
                Report { artifacts: vec![artifact(Verified), artifact(Refused)], ..report() },
                Refused,
                "one bad artifact",
            ),
            (
                Report {
                    artifacts: vec![artifact(Verified)],
                    controls: vec![control(Refused)],
                    ..report()
                },
                Refused,
                "an accepted control",
            ),
            (Report { controls: vec![control(Unknown)], ..report() }, Unknown, "not tried"),
            (
                Report { artifacts: vec![artifact(Verified)], findings: vec![finding], ..report() },
                Unknown,
                "a finding beside a good artifact",
            ),
        ] {
            assert_eq!(report.concluded().verdict, verdict, "{why}");
        }
    }
}
