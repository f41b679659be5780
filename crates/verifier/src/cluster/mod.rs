//! `cluster`: whether the lock is closed, read from a live cluster. Every source in scope: has it a
//! verify block, is it the declared one, is it in effect, and is what runs still what it should be.
//! Reads and never writes; what cannot be read is Unknown.

mod arguments;
mod baseline;
mod declared;
mod effect;
mod enforcement;
mod found;
mod predicted;
mod running;
mod scope;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use sealwright_flux::{Prediction, Secret, Secrets};
use sealwright_keyless::{Trust, TrustSource, load_trust};
use sealwright_policy::source_report::SourceReport;
use sealwright_policy::{Code, Finding, Place, Report, Severity, Verdict, verdict_of};
use sealwright_registry::Client;
use tokio::time::Instant;

use self::arguments::Controller;
pub use self::arguments::SurveyArguments;
use self::baseline::Baseline;
pub(crate) use self::enforcement::controller_image;
use self::enforcement::enforcement;
use self::found::{Found, Inventory, inventory};
use self::predicted::{Rules, disagreement, predictions, secrets};
use self::running::{Court, JUDGING_TIME, Judged, judge_running, reference, unjudged};
pub(crate) use self::scope::Scope;
use crate::TOOL;
use crate::environment::Chosen;
use crate::failure::{Failure, registry_failure, trust_failure};
use crate::kubernetes::{Busy, Cluster, Kind, connect};

/// Looks at a cluster.
///
/// # Errors
/// The question is wrong: no configuration, no such environment, a file that cannot be used.
pub async fn survey(arguments: &SurveyArguments, now: Timestamp) -> Result<Report, Failure> {
    let world = &arguments.world;
    let context = arguments.cluster.context.as_deref();
    let chosen = Chosen::with_config(arguments.environment.as_deref(), context, world, now)?;
    let before = arguments.baseline.as_deref().map(Baseline::read).transpose()?;
    let time = world.deadline.map(Duration::from_secs);
    let connecting = connect(&arguments.cluster, chosen.context(), time, Busy::AskAgain);
    let trust_source = world.trust_source(false);
    let (cluster, trust) = tokio::join!(connecting, load_trust(&trust_source, now));
    let mut report = Report::new(TOOL, now);
    let trust = match trust {
        Ok(trust) => Some(trust),
        Err(error) => {
            report.findings.push(trust_failure(&error)?);
            None
        }
    };
    report.trust = trust.as_ref().map(|trust| trust.note.clone());
    match cluster? {
        Ok(cluster) => {
            let name = chosen.note(Some(&cluster)).environment;
            if let (Some(before), Some(path)) = (&before, &arguments.baseline) {
                before.check_environment(path, &name)?;
            }
            let look = Look { arguments, chosen: &chosen, cluster: &cluster, before, name, now };
            look.into(&mut report, trust.as_ref(), &trust_source).await?;
        }
        Err(finding) => {
            report.cluster = Some(chosen.note(None));
            report.findings.push(*finding);
        }
    }
    Ok(report.concluded())
}

/// One look at one cluster.
struct Look<'a> {
    arguments: &'a SurveyArguments,
    chosen: &'a Chosen,
    cluster: &'a Cluster,
    before: Option<Baseline>,
    /// What the report calls the cluster.
    name: String,
    now: Timestamp,
}

impl Look<'_> {
    async fn into(
        self,
        report: &mut Report,
        trust: Option<&Trust>,
        trust_source: &TrustSource,
    ) -> Result<(), Failure> {
        let Self { arguments, chosen, cluster, now, .. } = self;
        let stand_in = arguments.world.config.registry.as_deref();
        let scope =
            Scope::new(chosen.organisation(), chosen.repositories(), chosen.sources(), stand_in);
        let (enforcement, mut inventory) =
            tokio::join!(enforcement(cluster, chosen.flux(), now), inventory(cluster, &scope));
        report.cluster = Some(chosen.note(Some(cluster)));
        if let Some(note) = &mut report.cluster {
            note.controller = Some(enforcement.described.clone());
        }
        report.findings.extend(cluster.clock_finding());
        report.findings.extend(enforcement.findings.into_iter().map(|finding| {
            match (finding.code, arguments.controller_runs) {
                (Code::EnforcementUnseen, Controller::Outside) => {
                    Finding { severity: Severity::Warning, ..finding }
                }
                _ => finding,
            }
        }));
        report.findings.append(&mut inventory.findings);
        self.compare_with_before(&inventory, report)?;
        report.findings.extend(missing(&inventory, chosen));
        if inventory.sources.is_empty() && inventory.is_whole {
            let message = format!("no source of the organisation is in {}", self.name);
            report.findings.push(Finding::new(Code::SourceNoneFound, message));
        }
        let found = inventory.sources;
        let client = match Client::new(arguments.world.client_options()) {
            Ok(client) => client,
            Err(error) => {
                report.findings.push(registry_failure(&error)?);
                return Ok(());
            }
        };
        let root = trust.map(|trust| &trust.root);
        let time = arguments.world.deadline.map_or(JUDGING_TIME, Duration::from_secs);
        let until = Instant::now() + time;
        let court = Court { client: &client, root, chosen, now, until };
        let judging = judge_running(found.iter().map(|found| &found.live), court);
        let (judged, (secrets, denied)) = tokio::join!(judging, secrets(cluster, &found));
        let (judged, seen) = judged?;
        report.findings.extend(denied);
        let is_public = matches!(trust_source, TrustSource::Public { .. });
        let rules = Rules {
            controller: &enforcement.controller,
            secrets: &secrets,
            public_root: root.filter(|_| is_public),
            now,
        };
        let predictions = predictions(&client, seen, &found, rules).await;
        let own_root = trust.filter(|_| !is_public);
        let known = Known {
            chosen,
            judged: &judged,
            predictions: &predictions,
            secrets: &secrets,
            own_root,
            is_public,
        };
        report.sources = found.iter().map(|found| known.source_report(found)).collect();
        Ok(())
    }

    /// Finds what was there last time and is gone; then writes what is there now.
    fn compare_with_before(
        &self,
        inventory: &Inventory,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let now = Baseline::of(&self.name, inventory.sources.iter().map(|found| &found.live));
        if let Some(before) = &self.before {
            let gone = before.vanished(&now);
            report
                .findings
                .extend(gone.into_iter().map(|finding| unless_unseen(finding, inventory)));
        }
        match &self.arguments.write_baseline {
            Some(path) if inventory.is_whole => now.write(path),
            Some(path) => {
                let message = format!("{path} is not written: not every source could be listed");
                report.findings.push(Finding::new(Code::SourceNoneFound, message));
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// What could not be listed may still be there.
fn unless_unseen(finding: Finding, inventory: &Inventory) -> Finding {
    match inventory.is_whole {
        true => finding,
        false => Finding { severity: Severity::Unknown, ..finding },
    }
}

/// Declared sources that are not there.
fn missing(inventory: &Inventory, chosen: &Chosen) -> Vec<Finding> {
    let is_there = |name: &String| {
        inventory
            .sources
            .iter()
            .any(|found| found.live.kind == Kind::OciRepository && found.live.full_name() == *name)
    };
    let absent = chosen.sources().iter().filter(|name| !is_there(name));
    absent
        .map(|name| {
            let message =
                format!("the configuration declares the source {name}, and it is not there");
            let place = Place::object(format!("OCIRepository {name}"));
            let finding = Finding::new(Code::SourceMissing, message).with_place(place);
            unless_unseen(finding, inventory)
        })
        .collect()
}

/// All that is known when the single sources are told.
struct Known<'a> {
    chosen: &'a Chosen,
    judged: &'a Judged,
    predictions: &'a BTreeMap<&'a str, Prediction>,
    secrets: &'a Secrets,
    /// Trust that is not the public Sigstore's.
    own_root: Option<&'a Trust>,
    is_public: bool,
}

impl Known<'_> {
    fn source_report(&self, found: &Found) -> SourceReport {
        let live = &found.live;
        let artifact = self.chosen.artifact_of(&live.url).map(|(name, _)| name.to_owned());
        let requirements = artifact.as_deref().map(|name| self.chosen.requirements(name));
        let mut report = live.report();
        report.environment = self.chosen.name().map(ToOwned::to_owned);
        report.judged = reference(live).and_then(|reference| self.judged.get(&reference).cloned());
        report.findings = match self.chosen.exception(live) {
            Some(exception) if live.verify.is_none() => vec![exception],
            _ => declared::complaints(live, requirements.as_ref(), !self.is_public),
        };
        report.findings.extend(effect::complaints(live));
        report.findings.extend(unjudged(live, self.chosen));
        report.findings.extend(self.foreign_root(found));
        if let Err(why) = &found.source {
            let finding = Finding::new(Code::ClusterProtocol, why.clone());
            report.findings.push(finding.with_place(live.place()));
        }
        if let Some(prediction) = self.predictions.get(found.alike.as_str()) {
            let judged = report.judged.as_ref().map(|judged| judged.verdict);
            report.findings.extend(disagreement(live, prediction, judged));
            report.predicted = Some(prediction.report());
        }
        report.artifact = artifact;
        let judged = report.judged.as_ref().map_or(Verdict::Verified, |judged| judged.verdict);
        report.verdict = verdict_of(&report.findings).and(judged);
        report
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
