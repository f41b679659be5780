//! What runs, judged today as a stranger would: each distinct digest is gathered and judged once,
//! side by side, however many sources run it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use sealwright_evidence::TrustedRoot;
use sealwright_flux::Seen;
use sealwright_policy::report::ArtifactReport;
use sealwright_policy::{Code, Finding, Place, Requirements};
use sealwright_registry::{Client, Reference};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::environment::Chosen;
use crate::failure::Failure;
use crate::kubernetes::{Kind, Live, quoted};
use crate::verify::{artifact_report, gather_from};

/// Digests that are gathered at a time: enough to hide the way to a registry, few enough for the
/// evidence of all of them to fit into memory.
const DIGESTS_AT_A_TIME: usize = 8;

/// How long all gathering may take together unless --deadline says otherwise. A registry that takes
/// connections and never answers would cost its own deadline for each digest.
pub(super) const JUDGING_TIME: Duration = Duration::from_secs(300);

/// What is known of what a reference names.
pub(super) struct Judgement {
    pub(super) report: ArtifactReport,
    /// Digests of its layers; `None` when it could not be gathered.
    pub(super) layers: Option<Vec<String>>,
}

/// Judgements by reference.
pub(super) type Judged = BTreeMap<String, Judgement>;

/// What all judging shares.
#[derive(Clone, Copy)]
pub(super) struct Court<'a> {
    pub(super) client: &'a Client,
    pub(super) root: Option<&'a TrustedRoot>,
    pub(super) chosen: &'a Chosen,
    pub(super) now: Timestamp,
    /// When everything must have been gathered.
    pub(super) until: Instant,
}

/// What a source runs, as a reference: by digest, or a chart by its version. That its tag still
/// names what runs is another question ([`super::served`]).
pub(super) fn reference(live: &Live) -> Option<String> {
    let repository = live.url.strip_prefix("oci://")?.trim_end_matches('/');
    match (live.digest(), &live.revision) {
        (Some(digest), _) => Some(format!("{repository}@{digest}")),
        // OCI tags have no `+`; charts are pushed with `_` in its place.
        (None, Some(version)) if live.kind == Kind::HelmChart => {
            Some(format!("{repository}:{}", version.replace('+', "_")))
        }
        _ => None,
    }
}

/// Gathers and judges everything that runs and has a declared artifact. Also gives what of the
/// registry was seen on the way, so that a prediction need not ask again.
pub(super) async fn judge_running<'a>(
    sources: impl IntoIterator<Item = &'a Live>,
    court: Court<'_>,
) -> Result<(Judged, Seen), Failure> {
    let references: BTreeSet<(String, String)> = sources
        .into_iter()
        .filter_map(|live| {
            let (artifact, _) = court.chosen.artifact_of(&live.url)?;
            Some((reference(live)?, artifact.to_owned()))
        })
        .collect();
    let mut judging = stream::iter(references)
        .map(|(reference, artifact)| judge_one(reference, artifact, court))
        .buffer_unordered(DIGESTS_AT_A_TIME);
    let (mut judged, mut seen) = (Judged::new(), Vec::new());
    while let Some(one) = judging.next().await {
        let (judgement, of_it) = one?;
        seen.extend(Vec::from(of_it));
        judged.insert(judgement.report.reference.clone(), judgement);
    }
    Ok((judged, Seen::from(seen)))
}

async fn judge_one(
    spelled: String,
    artifact: String,
    court: Court<'_>,
) -> Result<(Judgement, Seen), Failure> {
    let requirements = court.chosen.requirements(&artifact)?;
    let reference = match Reference::parse(&spelled) {
        Ok(reference) => reference,
        Err(error) => {
            return Ok((unreadable(spelled, &requirements, error.finding()), Seen::default()));
        }
    };
    let gathering = gather_from(court.client, &reference, &spelled, false);
    let Ok(gathered) = timeout_at(court.until, gathering).await else {
        let message = "the time for all registries was over before it was gathered";
        let finding = Finding::new(Code::RegistryDeadline, message);
        let finding = finding.with_place(Place::object(&spelled));
        return Ok((unreadable(spelled, &requirements, finding), Seen::default()));
    };
    let gathered = gathered?;
    let (seen, layers) = match &gathered.evidence {
        Ok(evidence) => {
            let layers = layers(&evidence.artifact.bytes);
            (court.client.seen_already(&reference.repository, evidence), Some(layers))
        }
        Err(_) => (Seen::default(), None),
    };
    let report = artifact_report(&requirements, gathered, court.root, court.now);
    Ok((Judgement { report, layers }, seen))
}

/// Digests of the layers that a manifest names; an index names none.
fn layers(manifest: &[u8]) -> Vec<String> {
    let manifest: Value = serde_json::from_slice(manifest).unwrap_or_default();
    let layers = manifest.get("layers").and_then(Value::as_array).into_iter().flatten();
    let digests = layers.filter_map(|layer| layer.get("digest")?.as_str());
    digests.map(ToOwned::to_owned).collect()
}

fn unreadable(spelled: String, requirements: &Requirements, finding: Finding) -> Judgement {
    let report = ArtifactReport {
        name: Some(requirements.artifact.clone()),
        reference: spelled,
        digest: None,
        verdict: finding.severity.verdict(),
        requirements: vec![],
        evidence: vec![],
        findings: vec![finding],
    };
    Judgement { report, layers: None }
}

/// What is missing for a verdict on what runs. An exception is a verdict: somebody has said that it
/// may be unsigned, why, and until when.
pub(super) fn unjudged(live: &Live, chosen: &Chosen) -> Option<Finding> {
    let revision = live.revision.as_ref()?;
    if chosen.artifact_of(&live.url).is_none() {
        let message = format!("no artifact of the configuration is pulled from {}", live.url);
        let finding = Finding::new(Code::SourceJudgedElsewhere, message);
        return Some(finding.with_place(live.place()));
    }
    reference(live).is_none().then(|| {
        let message = "its revision names no digest, so what runs cannot be judged";
        Finding::new(Code::ClusterProtocol, message)
            .with_place(live.place())
            .with_mismatch("TAG@sha256:HEX", quoted(revision))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_runs_is_named_by_digest_where_there_is_one() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for (kind, revision, expected, why) in [
            (
                Kind::OciRepository,
                json!(format!("latest@{digest}")),
                Some(format!("r/x@{digest}")),
                "a tag's",
            ),
            (Kind::OciRepository, json!(digest), Some(format!("r/x@{digest}")), "a digest"),
            (Kind::OciRepository, json!("latest"), None, "no digest, no judgement"),
            (Kind::OciRepository, json!(null), None, "nothing runs"),
            (
                Kind::HelmChart,
                json!("1.2.3+4"),
                Some("r/x:1.2.3_4".to_owned()),
                "a chart's version",
            ),
        ] {
            let object = json!({"spec": {"url": "oci://r/x"}, "status": {"artifact": {"revision": revision}}});
            assert_eq!(reference(&Live::read(kind, &object)), expected, "{why}");
        }
    }
}
