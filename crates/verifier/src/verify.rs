//! The story: trust and manifest side by side, then gather, then judge without touching the world.

use jiff::Timestamp;
use sealwright_evidence::{Blob, Evidence, TrustedRoot, judge};
use sealwright_keyless::{Trust, load_trust};
use sealwright_policy::report::{ArtifactReport, RequirementReport};
use sealwright_policy::{Code, Finding, Report, Requirements, Verdict};
use sealwright_registry::{Client, ClientOptions, GatherOptions, Reference};

use crate::failure::{Failure, registry_failure, trust_failure};
use crate::request::{Origin, Request};
use crate::{TOOL, file, reference};

/// Answers a request.
///
/// # Errors
/// The question turns out to be wrong: a setting that can never work, a file that cannot be
/// written. Everything that the world does wrong is in the report.
pub async fn verify(request: &Request) -> Result<Report, Failure> {
    // Whatever time is judged at, trust must be fresh today: old metadata could be replayed.
    let (trust, gathered) =
        tokio::join!(load_trust(&request.trust, request.clock), gather(request));
    let gathered = gathered?;
    if let (Some(path), Ok(evidence)) = (&request.record, &gathered.evidence) {
        file::write_json(path, evidence)?;
    }
    let (trust, untrusted) = match trust {
        Ok(trust) => (Some(trust), None),
        Err(error) => (None, Some(trust_failure(&error)?)),
    };
    let mut findings = weakenings(request);
    findings.extend(untrusted);
    let root = trust.as_ref().map(|trust| &trust.root);
    let artifact = artifact_report(&request.requirements, gathered, root, request.now());
    Ok(report(request, artifact, findings, trust))
}

/// What was found behind the reference.
#[derive(Debug, Clone)]
pub(crate) struct Gathered {
    /// The reference as typed, or what a recording is of.
    pub(crate) spelled: String,
    /// Known as soon as the reference is resolved.
    pub(crate) digest: Option<String>,
    pub(crate) evidence: Result<Evidence, Box<Finding>>,
}

impl Gathered {
    /// What a recording holds.
    pub(crate) fn recorded(evidence: Evidence) -> Self {
        Self {
            spelled: format!("{}@{}", evidence.repository, evidence.artifact.digest),
            digest: Some(evidence.artifact.digest.clone()),
            evidence: Ok(evidence),
        }
    }
}

async fn gather(request: &Request) -> Result<Gathered, Failure> {
    match &request.origin {
        Origin::Recording(evidence) => Ok(Gathered::recorded(evidence.clone())),
        Origin::Registry { reference, spelled, options } => {
            let legacy = request.requirements.accept_legacy_signature;
            from_registry(reference, spelled, options, legacy).await
        }
    }
}

async fn from_registry(
    reference: &Reference,
    spelled: &str,
    options: &ClientOptions,
    legacy: bool,
) -> Result<Gathered, Failure> {
    match Client::new(options.clone()) {
        Ok(client) => gather_from(&client, reference, spelled, legacy).await,
        Err(error) => {
            let finding = Box::new(registry_failure(&error)?);
            Ok(Gathered { spelled: spelled.to_owned(), digest: None, evidence: Err(finding) })
        }
    }
}

/// Everything that is found behind a reference.
pub(crate) async fn gather_from(
    client: &Client,
    reference: &Reference,
    spelled: &str,
    legacy: bool,
) -> Result<Gathered, Failure> {
    let spelled = spelled.to_owned();
    let manifest = match reference::resolve(client, reference).await? {
        Ok(manifest) => manifest,
        Err(finding) => {
            let digest = finding.place.digest.clone();
            return Ok(Gathered { spelled, digest, evidence: Err(finding) });
        }
    };
    let digest = Some(manifest.digest.clone());
    let evidence = gather_evidence(client, reference, manifest, legacy).await?;
    tracing::info!(requests = client.request_count(), "gathered");
    Ok(Gathered { spelled, digest, evidence })
}

async fn gather_evidence(
    client: &Client,
    reference: &Reference,
    manifest: Blob,
    legacy: bool,
) -> Result<Result<Evidence, Box<Finding>>, Failure> {
    match client.gather(&reference.repository, manifest, GatherOptions { legacy }).await {
        Ok(evidence) => Ok(Ok(evidence)),
        Err(error) => Ok(Err(Box::new(registry_failure(&error)?))),
    }
}

/// The judgement on what was found.
pub(crate) fn artifact_report(
    requirements: &Requirements,
    gathered: Gathered,
    root: Option<&TrustedRoot>,
    now: Timestamp,
) -> ArtifactReport {
    let report = ArtifactReport {
        name: Some(requirements.artifact.clone()),
        reference: gathered.spelled,
        digest: gathered.digest,
        verdict: Verdict::Unknown,
        requirements: unmet(requirements, Verdict::Unknown),
        evidence: vec![],
        findings: vec![],
    };
    match (gathered.evidence, root) {
        (Err(finding), _) => {
            let verdict = finding.severity.verdict();
            let requirements = unmet(requirements, verdict);
            ArtifactReport { verdict, requirements, findings: vec![*finding], ..report }
        }
        // The report says beside it why nothing can be trusted.
        (Ok(_), None) => report,
        (Ok(evidence), Some(root)) => {
            let judgement = judge(&evidence, root, requirements, now);
            ArtifactReport {
                verdict: judgement.verdict,
                requirements: judgement.requirements,
                evidence: judgement.evidence,
                findings: judgement.findings,
                ..report
            }
        }
    }
}

/// Every requirement with the same answer: nothing was judged.
fn unmet(requirements: &Requirements, verdict: Verdict) -> Vec<RequirementReport> {
    requirements
        .evidence
        .iter()
        .map(|kind| RequirementReport {
            evidence: kind.name().to_owned(),
            predicate_type: kind.predicate_type().to_owned(),
            verdict,
            signer: None,
            bundle: None,
        })
        .collect()
}

/// What the command line weakened, whether or not it made a difference.
fn weakenings(request: &Request) -> Vec<Finding> {
    let mut findings = Vec::new();
    if request.requirements.accept_legacy_signature {
        let message = "--accept-legacy-signature: a legacy signature would have counted";
        findings.push(Finding::new(Code::LegacySignatureAllowed, message));
    }
    if let Some(at) = request.at {
        let message = format!("--at: judged as of {at}");
        findings.push(Finding::new(Code::JudgedAtAnotherTime, message));
    }
    findings
}

fn report(
    request: &Request,
    artifact: ArtifactReport,
    findings: Vec<Finding>,
    trust: Option<Trust>,
) -> Report {
    let report = Report::new(TOOL, request.now());
    let trust = trust.map(|trust| trust.note);
    Report { trust, artifacts: vec![artifact], findings, ..report }.concluded()
}
