//! What may be attached to an artifact, and what the judge makes of all of it together.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test reads files, and may fail"
)]

mod recording;

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use recording::Recording;
use recording::attach::{attached, blob, referrer};
use sealwright_evidence::descriptor::{BUNDLE_V03, OCI_INDEX, OCI_MANIFEST};
use sealwright_evidence::limits::{
    BUNDLES_COUNT_MAX, LOG_ENTRIES_COUNT_MAX, PROOFS_COUNT_MAX, REFERRERS_COUNT_MAX,
};
use sealwright_evidence::{Evidence, Gap, Judgement, Referrer, TrustedRoot, judge};
use sealwright_policy::{Code, EvidenceKind, Requirements, Severity, Verdict, verdict_of};
use serde_json::{Value, json};

/// A genuine provenance bundle, and what else is needed to judge it.
struct Scene {
    artifact: Vec<u8>,
    good: Vec<u8>,
    /// Genuine, of another trust domain.
    foreign: Vec<u8>,
    root: TrustedRoot,
    provenance: Requirements,
    now: jiff::Timestamp,
}

impl Scene {
    fn new() -> Self {
        let recording = Recording::named("public-rekor-v1");
        Self {
            artifact: recording.evidence.artifact.bytes.clone(),
            good: recording.bundle(),
            foreign: Recording::named("staging-rekor-v2").bundle(),
            root: recording.root(),
            provenance: recording.satisfied_requirements(),
            now: recording.expectations.now,
        }
    }

    fn attached(&self, bundles: &[&[u8]]) -> Evidence {
        attached(&self.artifact, bundles)
    }

    fn judge(&self, evidence: &Evidence, requirements: &Requirements) -> Judgement {
        let judgement = judge(evidence, &self.root, requirements, self.now);
        assert_eq!(verdict_of(&judgement.findings), judgement.verdict, "{judgement:#?}");
        judgement
    }

    fn requiring(&self, kinds: &[EvidenceKind]) -> Requirements {
        Requirements { evidence: kinds.iter().copied().collect(), ..self.provenance.clone() }
    }

    fn by_somebody_else(&self) -> Requirements {
        let mut requirements = self.provenance.clone();
        requirements.signers[0].san = sealwright_policy::SanPattern::exact("https://acme/else");
        requirements
    }

    /// A referrer with this manifest edited and the good bundle.
    fn with_manifest(&self, edit: impl FnOnce(&mut Value)) -> Evidence {
        let mut evidence = self.attached(&[&self.good]);
        let referrer = &mut evidence.referrers[0];
        let mut manifest: Value = serde_json::from_slice(&referrer.manifest.bytes).unwrap();
        edit(&mut manifest);
        referrer.manifest = blob(OCI_MANIFEST, manifest.to_string().as_bytes());
        evidence
    }
}

fn gap() -> Gap {
    let code = Code::EvidenceUnjudged;
    Gap { what: "a referrer".into(), why: "503 from the registry".into(), code }
}

fn codes(judgement: &Judgement) -> BTreeSet<Code> {
    judgement.findings.iter().map(|finding| finding.code).collect()
}

fn loudest(judgement: &Judgement) -> Option<Severity> {
    judgement.findings.iter().map(|finding| finding.severity).max()
}

#[test]
fn what_is_attached_decides() {
    let scene = Scene::new();
    let garbage = b"{}".as_slice();
    let with_gap = |mut evidence: Evidence| {
        evidence.gaps.push(gap());
        evidence
    };
    let good = || scene.attached(&[&scene.good]);
    use Code::*;
    let cases: Vec<(Evidence, Requirements, Verdict, Vec<Code>, &str)> = vec![
        (good(), scene.provenance.clone(), Verdict::Verified, vec![], "all that is required"),
        (
            scene.attached(&[]),
            scene.provenance.clone(),
            Verdict::Refused,
            vec![NothingAttached],
            "nothing is attached",
        ),
        (
            with_gap(scene.attached(&[])),
            scene.provenance.clone(),
            Verdict::Unknown,
            vec![EvidenceUnjudged, EvidenceUndecided],
            "nothing was found, and something could not be looked at",
        ),
        (
            with_gap(good()),
            scene.provenance.clone(),
            Verdict::Verified,
            vec![EvidenceUnjudged],
            "what could not be looked at cannot take away what was found",
        ),
        (
            scene.attached(&[garbage, &scene.foreign, &scene.good]),
            scene.provenance.clone(),
            Verdict::Verified,
            vec![BundleUnreadable, LogForeign],
            "rubbish beside what suffices spoils nothing",
        ),
        (
            scene.attached(&[garbage, &scene.foreign]),
            scene.provenance.clone(),
            Verdict::Refused,
            vec![BundleUnreadable, LogForeign, EvidenceRefused],
            "rubbish alone",
        ),
        (
            with_gap(scene.attached(&[garbage])),
            scene.provenance.clone(),
            Verdict::Unknown,
            vec![BundleUnreadable, EvidenceUnjudged, EvidenceUndecided],
            "rubbish, and something that could not be looked at",
        ),
        (
            with_gap(scene.with_manifest(|m| m["subject"]["size"] = 1.into())),
            scene.provenance.clone(),
            Verdict::Unknown,
            vec![ReferrerForeign, EvidenceUnjudged, EvidenceUndecided],
            "a referrer of something else, and something that could not be looked at",
        ),
        (
            good(),
            scene.by_somebody_else(),
            Verdict::Refused,
            vec![IdentityMismatch, EvidenceRefused],
            "signed by somebody else",
        ),
        (
            good(),
            scene.requiring(&[EvidenceKind::Signature]),
            Verdict::Refused,
            vec![AttestationIsNoSignature],
            "an attestation in place of the signature",
        ),
        (
            with_gap(good()),
            scene.requiring(&[EvidenceKind::Signature]),
            Verdict::Unknown,
            vec![EvidenceUnjudged, EvidenceUndecided],
            "the signature may be what could not be looked at",
        ),
        (
            good(),
            scene.requiring(&[EvidenceKind::Provenance, EvidenceKind::Sbom]),
            Verdict::Refused,
            vec![EvidenceMissing],
            "one of two is missing",
        ),
        (good(), scene.requiring(&[]), Verdict::Refused, vec![NothingRequired], "no kind"),
        (
            good(),
            Requirements { signers: vec![], ..scene.provenance.clone() },
            Verdict::Refused,
            vec![NothingRequired],
            "no signer",
        ),
    ];
    for (evidence, requirements, verdict, expected, why) in cases {
        let judgement = scene.judge(&evidence, &requirements);
        assert_eq!(judgement.verdict, verdict, "{why}: {judgement:#?}");
        assert_eq!(codes(&judgement), expected.into_iter().collect(), "{why}: {judgement:#?}");
        assert_eq!(judgement.requirements.len(), requirements.evidence.len(), "{why}");
    }
}

#[test]
fn a_referrer_must_be_what_it_says() {
    let scene = Scene::new();
    use Code::*;
    let cases: Vec<(Evidence, Code, &str)> = vec![
        (
            scene.with_manifest(|m| m["subject"]["digest"] = m["layers"][0]["digest"].clone()),
            ReferrerForeign,
            "it points at something else",
        ),
        (
            scene.with_manifest(|m| m["subject"]["size"] = 1.into()),
            ReferrerForeign,
            "it lies about the artifact's size",
        ),
        (
            scene.with_manifest(|m| drop(m.as_object_mut().unwrap().remove("subject"))),
            ReferrerForeign,
            "it points at nothing",
        ),
        (
            scene.with_manifest(|m| m["layers"][0]["size"] = 1.into()),
            EvidenceBytes,
            "it lies about the bundle's size",
        ),
        (
            scene.with_manifest(|m| m["layers"] = json!([])),
            EvidenceBytes,
            "it does not name the bundle",
        ),
        (
            scene.with_manifest(|m| m["mediaType"] = OCI_INDEX.into()),
            ReferrerUnreadable,
            "it says to be an index",
        ),
        (
            scene.with_manifest(|m| m["layers"] = "none".into()),
            ReferrerUnreadable,
            "its layers are no list",
        ),
        (
            {
                let mut evidence = scene.attached(&[&scene.good]);
                evidence.referrers[0].manifest.bytes.push(b'\n');
                evidence
            },
            EvidenceBytes,
            "its bytes are not those of its digest",
        ),
        (
            {
                let mut evidence = scene.attached(&[&scene.good]);
                evidence.referrers[0].bundles[0].bytes.push(b'\n');
                evidence
            },
            EvidenceBytes,
            "the bundle's bytes are not those of its digest",
        ),
    ];
    for (evidence, expected, why) in cases {
        let judgement = scene.judge(&evidence, &scene.provenance);
        assert_eq!(judgement.verdict, Verdict::Refused, "{why}: {judgement:#?}");
        let expected = BTreeSet::from([expected, EvidenceMissing]);
        assert_eq!(codes(&judgement), expected, "{why}: {judgement:#?}");

        let mut beside = evidence;
        beside.referrers.push(referrer(&scene.artifact, &scene.good));
        let judgement = scene.judge(&beside, &scene.provenance);
        assert_eq!(judgement.verdict, Verdict::Verified, "{why}, beside a good one");
        assert_eq!(loudest(&judgement), Some(Severity::Note), "{why}, beside a good one");
    }
}

#[test]
fn the_artifact_must_be_the_bytes_of_its_digest() {
    let scene = Scene::new();
    let mut evidence = scene.attached(&[&scene.good]);
    evidence.artifact.bytes.push(b'\n');
    let judgement = scene.judge(&evidence, &scene.provenance);
    assert_eq!(judgement.verdict, Verdict::Refused);
    assert_eq!(codes(&judgement), BTreeSet::from([Code::ArtifactDigest]));

    let mut moved = attached(b"another artifact", &[&scene.good]);
    let judgement = scene.judge(&moved, &scene.provenance);
    let expected = BTreeSet::from([Code::ArtifactNotNamed, Code::EvidenceRefused]);
    assert_eq!(codes(&judgement), expected, "a genuine bundle moved to another artifact");
    moved.artifact.digest = scene.attached(&[]).artifact.digest;
    let judgement = scene.judge(&moved, &scene.provenance);
    assert_eq!(codes(&judgement), BTreeSet::from([Code::ArtifactDigest]), "under its digest");
}

#[test]
fn a_bundle_that_was_listed_and_not_gathered_is_a_gap() {
    let scene = Scene::new();
    let mut evidence = scene.attached(&[&scene.good]);
    evidence.referrers[0].bundles.clear();
    let judgement = scene.judge(&evidence, &scene.provenance);
    assert_eq!(judgement.verdict, Verdict::Unknown, "{judgement:#?}");

    let other = scene.with_manifest(|m| m["layers"][0]["mediaType"] = "text/plain".into());
    let mut other = other;
    other.referrers[0].bundles.clear();
    let judgement = scene.judge(&other, &scene.provenance);
    assert_eq!(judgement.verdict, Verdict::Refused, "what is no bundle need not be gathered");
}

#[test]
fn the_order_of_referrers_does_not_matter() {
    let scene = Scene::new();
    let spaced = [&scene.good[..], b" "].concat();
    let bundles: [&[u8]; 4] = [b"{}", &scene.foreign, &scene.good, &spaced];
    let answer = |order: &[usize]| {
        let order: Vec<&[u8]> = order.iter().map(|place| bundles[*place]).collect();
        let judgement = scene.judge(&scene.attached(&order), &scene.provenance);
        (judgement.verdict, judgement.requirements.clone(), codes(&judgement))
    };
    let first = answer(&[0, 1, 2, 3]);
    assert_eq!(first.0, Verdict::Verified);
    for order in [[3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
        assert_eq!(answer(&order), first, "{order:?}");
    }
}

#[test]
fn an_identical_bundle_is_judged_once() {
    let scene = Scene::new();
    let evidence = scene.attached(&[scene.good.as_slice(); 3]);
    let judgement = scene.judge(&evidence, &scene.provenance);
    assert_eq!(judgement.evidence.len(), 1);
    assert_eq!(judgement.verdict, Verdict::Verified);
}

#[test]
fn more_than_the_limits_is_not_absence() {
    let scene = Scene::new();
    let rubbish: Vec<Vec<u8>> =
        (0..REFERRERS_COUNT_MAX).map(|number| format!("{{\"n\":{number}}}").into_bytes()).collect();
    let rubbish: Vec<&[u8]> = rubbish.iter().map(Vec::as_slice).collect();
    let many = scene.attached(&rubbish);
    let judgement = scene.judge(&many, &scene.provenance);
    assert_eq!(judgement.verdict, Verdict::Refused, "as many as are looked at");

    let mut hidden = many.clone();
    hidden.referrers.push(referrer(&scene.artifact, &scene.good));
    let judgement = scene.judge(&hidden, &scene.provenance);
    assert_eq!(judgement.verdict, Verdict::Unknown, "the good one stands behind them");
    assert!(codes(&judgement).contains(&Code::EvidenceUnjudged));

    let mut first = many;
    first.referrers.insert(0, referrer(&scene.artifact, &scene.good));
    assert_eq!(scene.judge(&first, &scene.provenance).verdict, Verdict::Verified);
}

#[test]
fn many_bundles_in_one_referrer_are_limited_too() {
    let scene = Scene::new();
    let bundles: Vec<_> = (0..=BUNDLES_COUNT_MAX)
        .map(|number| blob(BUNDLE_V03, format!("{{\"n\":{number}}}").as_bytes()))
        .collect();
    let mut evidence = scene.with_manifest(|manifest| {
        let layers = bundles
            .iter()
            .map(|b| json!({"mediaType": b.media_type, "digest": b.digest, "size": b.bytes.len()}));
        manifest["layers"] = layers.collect::<Vec<Value>>().into();
    });
    let manifest = evidence.referrers.remove(0).manifest;
    evidence.referrers = vec![Referrer { manifest, bundles }];
    let judgement = scene.judge(&evidence, &scene.provenance);
    assert_eq!(judgement.verdict, Verdict::Unknown);
    assert_eq!(judgement.evidence.len(), BUNDLES_COUNT_MAX);
}

#[test]
fn a_flood_of_full_bundles_does_not_crowd_out_an_honest_one() {
    let scene = Scene::new();
    let entry = |bundle: &Value| bundle["verificationMaterial"]["tlogEntries"][0].clone();
    let good: Value = serde_json::from_slice(&scene.good).unwrap();
    let flood: Vec<Vec<u8>> = (0..PROOFS_COUNT_MAX / LOG_ENTRIES_COUNT_MAX + 1)
        .map(|number| {
            let mut full = good.clone();
            let entries = (0..LOG_ENTRIES_COUNT_MAX).map(|place| {
                let mut entry = entry(&good);
                entry["canonicalizedBody"] = STANDARD.encode(format!("{number} {place}")).into();
                entry
            });
            full["verificationMaterial"]["tlogEntries"] = entries.collect::<Vec<Value>>().into();
            full.to_string().into_bytes()
        })
        .collect();
    let mut bundles: Vec<&[u8]> = flood.iter().map(Vec::as_slice).collect();
    let judgement = scene.judge(&scene.attached(&bundles), &scene.provenance);
    assert_eq!(judgement.verdict, Verdict::Unknown, "one of them was not looked at");
    assert!(codes(&judgement).contains(&Code::EvidenceUnjudged));
    let judgement = scene.judge(&scene.attached(&bundles[1..]), &scene.provenance);
    assert_eq!(judgement.verdict, Verdict::Refused, "as many as are looked at");

    bundles.push(&scene.good);
    let judgement = scene.judge(&scene.attached(&bundles), &scene.provenance);
    assert_eq!(judgement.verdict, Verdict::Verified, "though it stands behind them");
}

#[test]
fn much_is_learnt_whether_it_holds_or_not() {
    let scene = Scene::new();
    let evidence = scene.attached(&[&scene.good]);
    let accepted = scene.judge(&evidence, &scene.provenance);
    let refused = scene.judge(&evidence, &scene.by_somebody_else());
    let (accepted, refused) = (&accepted.evidence[0], &refused.evidence[0]);
    assert_eq!(accepted.signer.as_deref(), Some("beacon"));
    assert_eq!(refused.signer, None);
    assert_eq!((accepted.verdict, refused.verdict), (Verdict::Verified, Verdict::Refused));
    assert_eq!(accepted.claims, refused.claims, "the certificate is shown in any case");
    assert_eq!(accepted.times, refused.times, "and so are the proven times");
    insta::assert_json_snapshot!("what_is_learnt", accepted);
}

#[test]
fn a_wrong_label_is_pointed_out_and_does_not_count() {
    let scene = Scene::new();
    let evidence = scene.with_manifest(|manifest| {
        manifest["annotations"]["dev.sigstore.bundle.predicateType"] =
            "https://sigstore.dev/cosign/sign/v1".into();
    });
    let judgement = scene.judge(&evidence, &scene.provenance);
    assert_eq!(judgement.verdict, Verdict::Verified);
    assert_eq!(codes(&judgement), BTreeSet::from([Code::PredicateMislabelled]));
    let judgement = scene.judge(&evidence, &scene.requiring(&[EvidenceKind::Signature]));
    assert_eq!(judgement.verdict, Verdict::Refused, "a label is no signature");
}

#[test]
fn a_refusal_says_what_was_expected_and_found() {
    let scene = Scene::new();
    let evidence = scene.attached(&[&scene.good]);
    let mut findings = scene.judge(&evidence, &scene.by_somebody_else()).findings;
    findings.extend(scene.judge(&evidence, &scene.requiring(&[EvidenceKind::Signature])).findings);
    findings.extend(scene.judge(&scene.attached(&[]), &scene.provenance).findings);
    insta::assert_json_snapshot!("refusals", findings);
}
