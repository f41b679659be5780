//! What our judge says of one artifact, for controls: a refusal counts only when it is about evidence.

use jiff::Timestamp;
use sealwright_evidence::{TrustedRoot, judge};
use sealwright_policy::report::ArtifactReport;
use sealwright_policy::{Finding, Requirements, Verdict};
use sealwright_registry::{Client, GatherOptions, Reference};

use crate::failure::{Failure, registry_failure};
use crate::reference;

/// The judge's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Judged {
    /// It was gathered and judged.
    Yes(Box<ArtifactReport>),
    /// There was nothing to judge, and why.
    No(Box<Finding>),
}

impl Judged {
    /// For the report.
    pub(super) fn verdict(&self) -> Option<Verdict> {
        match self {
            Self::Yes(report) => Some(report.verdict),
            Self::No(_) => None,
        }
    }
}

/// Who judges, and by what.
pub(super) struct Bench<'a> {
    pub(super) client: &'a Client,
    pub(super) requirements: &'a Requirements,
    pub(super) root: &'a TrustedRoot,
    pub(super) now: Timestamp,
}

impl Bench<'_> {
    /// Gathers and judges what a reference names.
    pub(super) async fn judge(&self, spelled: &str) -> Result<Judged, Failure> {
        let reference = Reference::parse(spelled).map_err(Failure::usage)?;
        let manifest = match reference::resolve(self.client, &reference).await? {
            Ok(manifest) => manifest,
            Err(finding) => return Ok(Judged::No(finding)),
        };
        let digest = manifest.digest.clone();
        let options = GatherOptions { legacy: false };
        let gathered = self.client.gather(&reference.repository, manifest, options).await;
        let evidence = match gathered {
            Ok(evidence) => evidence,
            Err(error) => return Ok(Judged::No(Box::new(registry_failure(&error)?))),
        };
        let judgement = judge(&evidence, self.root, self.requirements, self.now);
        Ok(Judged::Yes(Box::new(ArtifactReport {
            name: Some(self.requirements.artifact.clone()),
            reference: spelled.to_owned(),
            digest: Some(digest),
            verdict: judgement.verdict,
            requirements: judgement.requirements,
            evidence: judgement.evidence,
            findings: judgement.findings,
        })))
    }
}
