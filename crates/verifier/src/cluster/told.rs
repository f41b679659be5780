//! One source, told: what is declared, whether it is in effect, what runs, and what is foretold.

use std::collections::BTreeMap;

use sealwright_flux::{Prediction, Secret, Secrets};
use sealwright_keyless::Trust;
use sealwright_policy::source_report::SourceReport;
use sealwright_policy::{Code, Finding, Verdict, verdict_of};

use super::found::Found;
use super::predicted::disagreement;
use super::running::{Judged, reference, unjudged};
use super::{declared, effect, served};
use crate::environment::Chosen;
use crate::failure::Failure;

/// All that is known when the single sources are told.
pub(super) struct Known<'a> {
    pub(super) chosen: &'a Chosen,
    pub(super) judged: &'a Judged,
    pub(super) predictions: &'a BTreeMap<&'a str, Prediction>,
    pub(super) secrets: &'a Secrets,
    /// Trust that is not the public Sigstore's.
    pub(super) own_root: Option<&'a Trust>,
    pub(super) is_public: bool,
}

impl Known<'_> {
    pub(super) fn source_report(&self, found: &Found) -> Result<SourceReport, Failure> {
        let live = &found.live;
        let artifact = self.chosen.artifact_of(&live.url).map(|(name, _)| name.to_owned());
        let mut report = live.report();
        report.environment = self.chosen.name().map(ToOwned::to_owned);
        match self.chosen.exception(live).filter(|_| artifact.is_none()) {
            // Nothing is asked of its signature; that it is delivered matters as ever.
            Some(exception) => report.findings.push(exception),
            None => self.locked(found, artifact.as_deref(), &mut report)?,
        }
        report.findings.extend(effect::complaints(live));
        report.artifact = artifact;
        let judged = report.judged.as_ref().map_or(Verdict::Verified, |judged| judged.verdict);
        report.verdict = verdict_of(&report.findings).and(judged);
        Ok(report)
    }

    /// Everything about a source that must have a lock.
    fn locked(
        &self,
        found: &Found,
        artifact: Option<&str>,
        report: &mut SourceReport,
    ) -> Result<(), Failure> {
        let live = &found.live;
        let requirements = artifact.map(|name| self.chosen.requirements(name)).transpose()?;
        report.findings = declared::complaints(live, requirements.as_ref(), !self.is_public);
        report.findings.extend(unjudged(live, self.chosen));
        report.findings.extend(self.foreign_root(found));
        if let Err(why) = &found.source {
            let finding = Finding::new(Code::ClusterProtocol, why.clone());
            report.findings.push(finding.with_place(live.place()));
        }
        if let Some(judgement) = reference(live).and_then(|name| self.judged.get(&name)) {
            let complaint = served::complaint(live, judgement);
            // A verdict on other bytes is none on what runs.
            report.judged = complaint.is_none().then(|| judgement.report.clone());
            report.findings.extend(complaint);
        }
        if let Some(prediction) = self.predictions.get(found.alike.as_str()) {
            let judged = report.judged.as_ref().map(|judged| judged.verdict);
            report.findings.extend(disagreement(live, prediction, judged));
            report.predicted = Some(prediction.report());
        }
        Ok(())
    }

    /// Trust that the cluster has and we do not.
    fn foreign_root(&self, found: &Found) -> Option<Finding> {
        let ours = &self.own_root?.note.digest;
        let verify = found.live.verify.as_ref()?;
        let name = verify.pointer("/trustedRootSecretRef/name")?.as_str()?;
        let Secret::Found(entries) = self.secrets.get(&found.live.namespace, name) else {
            return None;
        };
        let theirs = entries
            .get("trusted_root.json")
            .map(|bytes| sealwright_evidence::Digest::of(bytes).to_string());
        let theirs = theirs.unwrap_or_else(|| "no entry trusted_root.json".to_owned());
        (theirs != *ours).then(|| {
            let message = format!("Secret {name} holds another trusted root than --trust");
            Finding::new(Code::TrustedRootDiffers, message)
                .with_place(found.live.place())
                .with_mismatch(ours, theirs)
        })
    }
}
