//! The trial: judge, predict and, with a cluster, try the neighbour and every control.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;
use jiff::Timestamp;
use sealwright_flux::render::{Matcher, TRUSTED_ROOT_SECRET};
use sealwright_flux::{Controller, Prediction, Secret, Secrets, Source};
use sealwright_keyless::Trust;
use sealwright_policy::control_report::{ControlReport, RefusedBy};
use sealwright_policy::source_report::ObservationReport;
use sealwright_policy::{Code, Finding, Place, Report, Requirements, Verdict, verdict_of};
use sealwright_registry::{Client, Lookup, Reference, Target};
use serde_json::Value;

use super::conclude::{Tried, codes, conclude};
use super::flux::Flux;
use super::judged::{Bench, Judged};
use super::live::{Outcome, try_all};
use super::scratch::Scratch;
use super::set::{Control, ControlSet, NEIGHBOUR};
use super::source::Lock;
use super::{report_of, without_neighbour};
use crate::TOOL;
use crate::failure::Failure;
use crate::kubernetes::Cluster;
use crate::predict::Rules;

/// Largest layer that is compared with its digest: it is held in memory.
const LAYER_BYTES_MAX: usize = 64 << 20;

/// Name of the Secret that sources point at where the registry's certificates are nobody else's.
const CERTIFICATES_SECRET: &str = "sealwright-registry-ca";

/// Everything that a trial needs.
pub(super) struct Trial<'a> {
    pub(super) client: &'a Client,
    pub(super) requirements: &'a Requirements,
    pub(super) trust: &'a Trust,
    /// Whether trust is another one than the public Sigstore's: then sources bring it along.
    pub(super) own_trust: bool,
    pub(super) matcher: Matcher,
    /// PEM of the registry's certificate authorities, where not everybody trusts it: then sources
    /// bring these along, too.
    pub(super) authorities: Option<Vec<u8>>,
    pub(super) controller: Controller,
    pub(super) set: &'a ControlSet,
    pub(super) namespace: &'a str,
    pub(super) now: Timestamp,
    pub(super) foretold: Foretold,
}

/// What source-controller will say of the neighbour and of every control, by name.
pub(super) type Foretold = BTreeMap<String, Prediction>;

/// What one artifact met.
struct Met<'a> {
    judged: Judged,
    prediction: &'a Prediction,
    predicted: Flux,
    outcome: Option<Outcome>,
}

impl Met<'_> {
    fn observed(&self) -> Option<Flux> {
        self.outcome.as_ref().map(|outcome| match outcome {
            Outcome::Seen(live) => Flux::observed(&live.observation(), self.prediction),
            Outcome::Rejected(why) => Flux::SourceRejected(why.clone()),
            Outcome::Failed(finding) => Flux::Unknown(finding.message.clone()),
        })
    }

    fn observation(&self) -> Option<ObservationReport> {
        match self.outcome.as_ref()? {
            Outcome::Seen(live) => Some(live.observation()),
            _ => None,
        }
    }
}

impl Trial<'_> {
    /// With every prediction made.
    pub(super) async fn foreseen(mut self) -> Result<Self, Failure> {
        let (client, secrets) = (self.client, self.secrets());
        let controller = &self.controller;
        let public_root = (!self.own_trust).then_some(&self.trust.root);
        let rules = Rules { controller, secrets: &secrets, public_root, now: self.now };
        let sources = self.sources(str::to_owned)?;
        let asking = sources.iter().map(|(name, object)| async move {
            let source = Source::parse(object).map_err(Failure::data)?;
            Ok::<_, Failure>((name.clone(), rules.foretell(client, &source).await))
        });
        self.foretold = try_join_all(asking).await?.into_iter().collect();
        Ok(self)
    }

    /// The report, without what the caller knows better.
    pub(super) async fn run(
        &self,
        cluster: Option<(&Cluster, &Scratch)>,
    ) -> Result<Report, Failure> {
        let mut report = Report::new(TOOL, self.now);
        let mut outcomes = BTreeMap::new();
        if let Some((cluster, scratch)) = cluster {
            match self.prepared(cluster, scratch).await {
                Ok(()) => {
                    let sources = self.sources(|object| scratch.name(object))?;
                    outcomes = try_all(cluster, scratch, sources, &self.foretold).await;
                }
                Err(finding) => {
                    // Each control says that it was not tried there, and this is why.
                    for name in self.names() {
                        outcomes.insert(name.to_owned(), Outcome::Failed(finding.clone()));
                    }
                    report.findings.push(*finding);
                }
            }
        }
        let neighbour = self.neighbour(outcomes.remove(NEIGHBOUR)).await?;
        let holds = match neighbour_refused(&neighbour, &self.set.neighbour) {
            Some(finding) => {
                report.findings.push(finding);
                false
            }
            None => true,
        };
        if let (true, Judged::Yes(judged)) = (holds, neighbour.judged) {
            report.artifacts.push(*judged);
        }
        for control in &self.set.controls {
            let outcome = outcomes.remove(&control.name);
            let mut tried = self.control(control, outcome).await?;
            if !holds {
                without_neighbour(&mut tried);
            }
            report.controls.push(tried);
        }
        Ok(report)
    }

    /// Every control, untried.
    pub(super) fn untried(&self) -> Report {
        let mut report = Report::new(TOOL, self.now);
        report.controls = self
            .set
            .controls
            .iter()
            .map(|control| {
                let finding = Finding::new(Code::ControlNotRun, "the run was stopped");
                self.report(control, vec![finding])
            })
            .collect();
        report
    }

    async fn prepared(&self, cluster: &Cluster, scratch: &Scratch) -> Result<(), Box<Finding>> {
        scratch.prepare(cluster).await?;
        for (secret, entry) in self.entries() {
            scratch.put_secret(cluster, secret, entry).await?;
        }
        Ok(())
    }

    fn names(&self) -> BTreeSet<&str> {
        let controls = self.set.controls.iter().map(|control| control.name.as_str());
        controls.chain([NEIGHBOUR]).collect()
    }

    /// The Secrets that sources point at, each with its only entry.
    fn entries(&self) -> impl Iterator<Item = (&'static str, (&'static str, &[u8]))> {
        let root = self.own_trust.then_some(self.trust.root_json.as_slice());
        let root = root.map(|json| (TRUSTED_ROOT_SECRET, ("trusted_root.json", json)));
        let authorities = self.authorities.as_deref();
        root.into_iter().chain(authorities.map(|pem| (CERTIFICATES_SECRET, ("ca.crt", pem))))
    }

    /// The sources of the neighbour and of all controls, by the controls' names; `called` is what
    /// the objects are, Secrets as well.
    fn sources(&self, called: impl Fn(&str) -> String) -> Result<Vec<(String, Value)>, Failure> {
        let lock = Lock {
            matcher: self
                .matcher
                .clone()
                .trusting(self.own_trust.then(|| called(TRUSTED_ROOT_SECRET))),
            namespace: self.namespace,
            certificates: self.authorities.as_ref().map(|_| called(CERTIFICATES_SECRET)),
        };
        let good = Reference::parse(&self.set.neighbour).map_err(Failure::data)?;
        let mut sources =
            vec![(NEIGHBOUR.to_owned(), lock.source(&called(NEIGHBOUR), &good, None))];
        for control in &self.set.controls {
            let reference = Reference::parse(&control.reference).map_err(Failure::data)?;
            let object = lock.of_control(&called(&control.name), control, &reference);
            sources.push((control.name.clone(), object));
        }
        Ok(sources)
    }

    async fn neighbour(&self, outcome: Option<Outcome>) -> Result<Met<'_>, Failure> {
        self.met(NEIGHBOUR, &self.set.neighbour, outcome).await
    }

    async fn control(
        &self,
        control: &Control,
        outcome: Option<Outcome>,
    ) -> Result<ControlReport, Failure> {
        let reference = Reference::parse(&control.reference).map_err(Failure::data)?;
        let met = self.met(&control.name, &control.reference, outcome).await?;
        let observed = met.observed();
        let findings = conclude(&Tried {
            control,
            judged: &met.judged,
            predicted: &met.predicted,
            observed: observed.as_ref(),
            compared: self.compared(control, &reference).await,
        });
        Ok(ControlReport {
            judged: met.judged.verdict(),
            observed: met.observation(),
            predicted: Some(met.prediction.report()),
            ..self.report(control, findings)
        })
    }

    async fn met(
        &self,
        name: &str,
        reference: &str,
        outcome: Option<Outcome>,
    ) -> Result<Met<'_>, Failure> {
        let (client, requirements) = (self.client, self.requirements);
        let bench = Bench { client, requirements, root: &self.trust.root, now: self.now };
        let judged = bench.judge(reference).await?;
        // One was made for each source that there is.
        let prediction = &self.foretold[name];
        let predicted = Flux::predicted(&prediction.report());
        Ok(Met { judged, prediction, predicted, outcome })
    }

    fn secrets(&self) -> Secrets {
        let mut secrets = Secrets::default();
        for (secret, (entry, value)) in self.entries() {
            let found = Secret::Found([(entry.to_owned(), value.to_vec())].into());
            secrets.insert(self.namespace, secret, found);
        }
        secrets
    }

    /// Of a control that only a comparison tells: whether its tag names it, or a layer is not what
    /// its digest names.
    async fn compared(
        &self,
        control: &Control,
        reference: &Reference,
    ) -> Option<Result<bool, String>> {
        if control.refused_by != RefusedBy::Comparison {
            return None;
        }
        let repository = &reference.repository;
        let target = control.tag.clone().map_or_else(|| reference.target.clone(), Target::Tag);
        let found = match self.client.manifest(repository, &target).await {
            Ok(Lookup::Found(manifest)) => manifest,
            Ok(Lookup::Absent) => return Some(Ok(false)),
            Err(error) => return Some(Err(error.to_string())),
        };
        if control.tag.is_some() {
            return Some(Ok(found.digest == reference.target.to_string()));
        }
        let manifest: Value = serde_json::from_slice(&found.bytes).unwrap_or_default();
        for layer in manifest["layers"].as_array().into_iter().flatten() {
            let Ok(descriptor) = serde_json::from_value(layer.clone()) else { continue };
            match self.client.blob(repository, &descriptor, LAYER_BYTES_MAX).await {
                Err(error) if error.code() == Code::RegistryMismatch => return Some(Ok(true)),
                Err(error) => return Some(Err(error.to_string())),
                Ok(_) => {}
            }
        }
        Some(Ok(false))
    }

    fn report(&self, control: &Control, findings: Vec<Finding>) -> ControlReport {
        let Control { name, does, reference, refused_by, .. } = control.clone();
        let artifact = &self.requirements.artifact;
        let report = report_of(name, does, artifact, refused_by, findings);
        ControlReport { reference: Some(reference), ..report }
    }
}

/// Why the neighbour proves nothing.
fn neighbour_refused(met: &Met<'_>, reference: &str) -> Option<Finding> {
    let judged = met.judged.verdict() == Some(Verdict::Verified);
    let flux = [Some(&Flux::certain(&met.prediction.report())), met.observed().as_ref()]
        .into_iter()
        .flatten()
        .find(|flux| **flux != Flux::AcceptedVerified)
        .cloned();
    let found = match (judged, flux) {
        (true, None) => return None,
        (false, _) => format!("the judge: {}", codes(&met.judged)),
        (true, Some(flux)) => format!("source-controller: {}", flux.words()),
    };
    let message = "the good artifact beside the controls was not accepted by the same lock";
    let finding = Finding::new(Code::ControlNeighbourRefused, message)
        .with_place(Place::object(reference))
        .with_mismatch("accepted and verified", found);
    debug_assert_eq!(verdict_of(std::slice::from_ref(&finding)), Verdict::Unknown);
    Some(finding)
}
