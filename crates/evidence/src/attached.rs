//! What is attached to an artifact: the bundles worth judging, the referrers that are not, and
//! what could not be looked at.

use std::collections::BTreeSet;

use sealwright_policy::{Code, Finding, Place, Requirements, Severity};

use crate::descriptor::BUNDLE_PREFIX;
use crate::limits::{BUNDLES_COUNT_MAX, PROOFS_COUNT_MAX, REFERRERS_COUNT_MAX};
use crate::manifest::Manifest;
use crate::referrer::BUNDLE_PREDICATE_TYPE;
use crate::refusal::{Refusal, mismatch};
use crate::{Digest, Evidence, Referrer, legacy};

/// A bundle of a referrer that points at the artifact.
pub(crate) struct AttachedBundle<'a> {
    pub(crate) bytes: &'a [u8],
    /// Their digest, as found.
    pub(crate) digest: Digest,
    /// Digest of the referrer's manifest.
    pub(crate) referrer: &'a str,
    /// The predicate type on the referrer's label. Proves nothing.
    pub(crate) label: Option<String>,
}

/// Everything attached, sorted out.
#[derive(Default)]
pub(crate) struct Attached<'a> {
    /// Each distinct bundle once, however often it is attached.
    pub(crate) bundles: Vec<AttachedBundle<'a>>,
    /// Referrers that do not count, and why.
    pub(crate) refused: Vec<Finding>,
    /// What could not be looked at: anything may be there.
    pub(crate) gaps: Vec<Finding>,
}

impl Attached<'_> {
    /// Whether absence may be concluded.
    pub(crate) fn is_complete(&self) -> bool {
        self.gaps.is_empty()
    }

    /// Notes that bundles were left out because the others hold too much.
    pub(crate) fn leave_out(&mut self, count: usize, repository: &str) {
        let message = format!(
            "{count} bundles are not judged: the others hold {PROOFS_COUNT_MAX} log entries and timestamps"
        );
        self.gap(Code::EvidenceUnjudged, message, Place::object(repository));
    }

    fn gap(&mut self, code: Code, message: String, place: Place) {
        let mut finding = Finding::new(code, message).with_place(place);
        finding.severity = Severity::Unknown;
        self.gaps.push(finding);
    }
}

/// Sorts out what was gathered for the artifact.
pub(crate) fn collect<'a>(
    evidence: &'a Evidence,
    artifact: &Digest,
    requirements: &Requirements,
) -> Attached<'a> {
    let mut attached = Attached::default();
    let here = || Place::object(&evidence.repository);
    for gap in &evidence.gaps {
        let message = crate::quote(&format!("{}: {}", gap.what, gap.why));
        attached.gap(gap.code, message, here());
    }
    let count = evidence.referrers.len();
    if count > REFERRERS_COUNT_MAX {
        let message = format!("{count} referrers, of which {REFERRERS_COUNT_MAX} are looked at");
        attached.gap(Code::EvidenceUnjudged, message, here());
    }
    let mut seen = BTreeSet::new();
    for referrer in evidence.referrers.iter().take(REFERRERS_COUNT_MAX) {
        let place = || here().with_digest(&referrer.manifest.digest);
        match collect_referrer(referrer, evidence, artifact, &mut attached) {
            Ok(bundles) => attached
                .bundles
                .extend(bundles.into_iter().filter(|bundle| seen.insert(bundle.digest))),
            Err(refusal) => attached.refused.push(refusal.with_place(place())),
        }
    }
    if let Some(image) = evidence.legacy.as_ref().filter(|_| requirements.accept_legacy_signature) {
        for digest in legacy::missing_payloads(image) {
            let place = here().with_digest(crate::quote(&digest));
            attached.gap(Code::EvidenceUnjudged, "a legacy payload was not gathered".into(), place);
        }
    }
    let count = attached.bundles.len();
    if count > BUNDLES_COUNT_MAX {
        attached.bundles.truncate(BUNDLES_COUNT_MAX);
        let message = format!("{count} bundles, of which {BUNDLES_COUNT_MAX} are judged");
        attached.gap(Code::EvidenceUnjudged, message, here());
    }
    attached
}

/// The bundles of one referrer. Refused as a whole when it does not point at the artifact; a
/// bundle that is not what the manifest says is refused alone.
fn collect_referrer<'a>(
    referrer: &'a Referrer,
    evidence: &Evidence,
    artifact: &Digest,
    attached: &mut Attached<'a>,
) -> Result<Vec<AttachedBundle<'a>>, Refusal> {
    let manifest = Manifest::parse(&referrer.manifest)?;
    check_points_at(&manifest, evidence, artifact)?;
    let here = || Place::object(&evidence.repository);
    let mut bundles = Vec::new();
    for blob in &referrer.bundles {
        match manifest.check_layer(blob) {
            Ok(digest) => bundles.push(AttachedBundle {
                bytes: &blob.bytes,
                digest,
                referrer: &referrer.manifest.digest,
                label: manifest.annotations.get(BUNDLE_PREDICATE_TYPE).cloned(),
            }),
            Err(refusal) => {
                attached.refused.push(refusal.with_place(here().with_digest(&blob.digest)));
            }
        }
    }
    for layer in manifest.layers.iter().filter(|l| l.media_type.starts_with(BUNDLE_PREFIX)) {
        if !referrer.bundles.iter().any(|blob| blob.digest == layer.digest) {
            let place = here().with_digest(crate::quote(&layer.digest));
            let message = "a bundle was not gathered".to_owned();
            attached.gap(Code::EvidenceUnjudged, message, place);
        }
    }
    Ok(bundles)
}

/// OCI image specification 1.1: the manifest's `subject` is a descriptor of the artifact. Its size
/// must be right, too: a registry may be made to list what it never compared.
fn check_points_at(
    manifest: &Manifest,
    evidence: &Evidence,
    artifact: &Digest,
) -> Result<(), Refusal> {
    let subject = manifest.subject_descriptor.as_ref();
    let (expected, size) = (artifact.to_string(), evidence.artifact.bytes.len() as u64);
    match subject {
        Some(subject) if subject.digest == expected && subject.size == size => Ok(()),
        Some(subject) => Err(mismatch(
            Code::ReferrerForeign,
            "the referrer points at another artifact",
            format!("{expected} of {size} bytes"),
            crate::quote(&format!("{} of {} bytes", subject.digest, subject.size)),
        )),
        None => {
            let message = "the manifest points at no artifact, so it is no referrer";
            Err(mismatch(Code::ReferrerForeign, message, expected, "no subject"))
        }
    }
}
