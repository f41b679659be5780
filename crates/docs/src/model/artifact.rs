//! The page of one artifact: what is expected of it, and every piece of evidence that was seen.

use std::collections::BTreeMap;

use sealwright_policy::config::Artifact;
use sealwright_policy::report::{ArtifactReport, EvidenceReport, RequirementReport};
use sealwright_policy::{EvidenceKind, Requirements};
use serde::Serialize;

use super::{FindingRow, Link, finding_row, is_dev_stack, link, slug};
use crate::{Inputs, commands, gathered};

/// Evidence rows shown for one artifact; the report file has them all.
const EVIDENCE_ROWS_MAX: usize = 200;

#[derive(Debug, Serialize)]
pub(crate) struct ArtifactPage {
    dev_stack: bool,
    pub(crate) name: String,
    pub(crate) slug: String,
    pub(crate) repository: String,
    pub(crate) observed: String,
    evidence: Vec<EvidenceRow>,
    signers: Vec<Link>,
    issuer_pattern: String,
    subject_pattern: String,
    ours: String,
    cosign: Vec<String>,
    digest: Option<String>,
    pieces: Vec<Seen>,
    pieces_left_out: usize,
    findings: Vec<FindingRow>,
}

/// A required kind of evidence and what met it.
#[derive(Debug, Serialize)]
struct EvidenceRow {
    name: String,
    predicate_type: String,
    verdict: String,
    signer: String,
}

/// One piece of evidence that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Seen {
    title: String,
    artifact: String,
    digest: String,
    verdict: String,
    predicate_type: String,
    signer: String,
    san: String,
    issuer: String,
    commit: String,
    run: String,
    time: String,
    log: String,
}

pub(super) fn artifact_page(
    inputs: &Inputs<'_>,
    name: &str,
    artifact: &Artifact,
) -> Option<ArtifactPage> {
    let requirements = inputs.config.requirements(name, &inputs.issuers)?;
    let observed = gathered::artifact(inputs.reports, name);
    let reference = match observed {
        Some(observed) => observed.reference.clone(),
        None => format!("{}:latest", artifact.repository),
    };
    Some(ArtifactPage {
        dev_stack: is_dev_stack(inputs),
        name: name.to_owned(),
        slug: slug(name),
        repository: artifact.repository.clone(),
        observed: observed
            .map_or("not observed".to_owned(), |observed| observed.verdict.to_string()),
        evidence: evidence_rows(&requirements, observed),
        signers: artifact.signers.iter().map(|signer| link(signer)).collect(),
        issuer_pattern: requirements.issuer_pattern(),
        subject_pattern: requirements.subject_pattern(),
        ours: commands::ours(&inputs.reader, name, &reference),
        cosign: commands::cosign(&inputs.reader, &requirements, &reference),
        digest: observed.and_then(|observed| observed.digest.clone()),
        pieces: observed.into_iter().flat_map(pieces).take(EVIDENCE_ROWS_MAX).collect(),
        pieces_left_out: observed
            .map_or(0, |observed| observed.evidence.len().saturating_sub(EVIDENCE_ROWS_MAX)),
        findings: observed
            .iter()
            .flat_map(|observed| &observed.findings)
            .map(finding_row)
            .collect(),
    })
}

/// In the order in which evidence is published; what is of no known kind comes last.
fn pieces(artifact: &ArtifactReport) -> Vec<Seen> {
    let mut pieces: Vec<&EvidenceReport> = artifact.evidence.iter().collect();
    pieces.sort_by_key(|piece| {
        let kind =
            |kind: &EvidenceKind| Some(kind.predicate_type()) == piece.predicate_type.as_deref();
        EvidenceKind::ALL.iter().position(kind).unwrap_or(EvidenceKind::ALL.len())
    });
    pieces.into_iter().map(|piece| seen(artifact, piece)).collect()
}

fn evidence_rows(
    requirements: &Requirements,
    observed: Option<&ArtifactReport>,
) -> Vec<EvidenceRow> {
    let met: BTreeMap<&str, &RequirementReport> = observed
        .iter()
        .flat_map(|observed| &observed.requirements)
        .map(|requirement| (requirement.predicate_type.as_str(), requirement))
        .collect();
    requirements
        .evidence
        .iter()
        .map(|kind| {
            let met = met.get(kind.predicate_type());
            EvidenceRow {
                name: kind.name().to_owned(),
                predicate_type: kind.predicate_type().to_owned(),
                verdict: met.map_or("not observed".to_owned(), |met| met.verdict.to_string()),
                signer: met.and_then(|met| met.signer.clone()).unwrap_or_default(),
            }
        })
        .collect()
}

pub(super) fn seen(artifact: &ArtifactReport, piece: &EvidenceReport) -> Seen {
    let claims = &piece.claims;
    let time = piece.times.iter().map(|proof| proof.time).max();
    let log = piece.log_entries.iter().map(|entry| format!("{} #{}", entry.log, entry.index));
    let predicate_type = piece.predicate_type.clone().unwrap_or_default();
    let kind = EvidenceKind::ALL.into_iter().find(|kind| kind.predicate_type() == predicate_type);
    Seen {
        title: kind.map_or_else(|| piece.form.clone(), |kind| kind.name().to_owned()),
        artifact: artifact.name.clone().unwrap_or_else(|| artifact.reference.clone()),
        digest: artifact.digest.clone().unwrap_or_default(),
        verdict: piece.verdict.to_string(),
        predicate_type,
        signer: piece.signer.clone().unwrap_or_default(),
        san: claims.sans.join(", "),
        issuer: claims.issuer.clone().unwrap_or_default(),
        commit: claims.source_repository_digest.clone().unwrap_or_default(),
        run: claims.run_invocation_uri.clone().unwrap_or_default(),
        time: time.map(|time| time.to_string()).unwrap_or_default(),
        log: log.collect::<Vec<_>>().join(", "),
    }
}
