//! Evidence minted by the dev stack's Sigstore: every situation in both logs, whole publications,
//! and legacy signatures. The dev stack writes its bytes with its own code.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test reads files, and may fail"
)]

mod recording;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use recording::attach::{attached, blob};
use sealwright_devstack::sigstore::{
    LegacyMint, LegacySignature, LegacySituation, LogVersion, Mint, Sigstore, SigstoreOptions,
    Situation, TokenRequest,
};
use sealwright_evidence::descriptor::{OCI_MANIFEST, SIMPLE_SIGNING};
use sealwright_evidence::statement::sign_statement;
use sealwright_evidence::{
    Digest, Evidence, Gap, Judgement, LegacyImage, Statement, TrustedRoot, judge,
};
use sealwright_policy::{
    Code, EvidenceKind, ExpectedSigner, Requirements, SanPattern, Severity, Verdict, verdict_of,
};
use serde_json::{Value, json};

const ARTIFACT: &[u8] = br#"{"schemaVersion":2,"layers":[]}"#;
const LOGS: [LogVersion; 2] = [LogVersion::V1, LogVersion::V2];

static SIGSTORE: LazyLock<Sigstore> =
    LazyLock::new(|| Sigstore::start(SigstoreOptions::default()).unwrap());
static ROOT: LazyLock<TrustedRoot> = LazyLock::new(|| root_of(&SIGSTORE));

fn root_of(sigstore: &Sigstore) -> TrustedRoot {
    let json = std::fs::read(sigstore.trust_folder().join("trusted_root.json")).unwrap();
    TrustedRoot::parse(&json).unwrap()
}

fn signer(name: &str, run: &TokenRequest) -> ExpectedSigner {
    ExpectedSigner {
        name: name.to_owned(),
        issuer: SIGSTORE.issuer_url().to_owned(),
        san: SanPattern::exact(run.san()),
        source_repositories: vec!["https://github.com/acme/platform".to_owned()],
    }
}

fn requiring(kinds: &[EvidenceKind]) -> Requirements {
    Requirements {
        artifact: "platform".to_owned(),
        evidence: kinds.iter().copied().collect(),
        signers: vec![signer("cd", &TokenRequest::default())],
        accept_legacy_signature: false,
    }
}

fn statement(kind: EvidenceKind, artifact: &[u8]) -> Vec<u8> {
    let digest = Digest::of(artifact);
    match kind {
        EvidenceKind::Signature => sign_statement(&digest).to_bytes(),
        kind => Statement::new("platform", &digest, kind.predicate_type(), json!({})).to_bytes(),
    }
}

fn mint(kind: EvidenceKind) -> Mint {
    Mint::new(statement(kind, ARTIFACT))
}

fn minted(mint: &Mint) -> Vec<u8> {
    SIGSTORE.mint(mint).unwrap()
}

fn judged(evidence: &Evidence, requirements: &Requirements) -> Judgement {
    let judgement = judge(evidence, &ROOT, requirements, jiff::Timestamp::now());
    assert_eq!(verdict_of(&judgement.findings), judgement.verdict, "{judgement:#?}");
    judgement
}

fn judged_bundles(bundles: &[Vec<u8>], requirements: &Requirements) -> Judgement {
    let bundles: Vec<&[u8]> = bundles.iter().map(Vec::as_slice).collect();
    judged(&attached(ARTIFACT, &bundles), requirements)
}

fn codes(judgement: &Judgement) -> BTreeSet<Code> {
    judgement.findings.iter().map(|finding| finding.code).collect()
}

/// What each situation is refused for, in Rekor v1 and in Rekor v2.
fn reason(situation: Situation) -> [Option<Code>; 2] {
    use Code::*;
    let both = |code| [Some(code), Some(code)];
    match situation {
        Situation::Healthy => [None, None],
        Situation::SignedAfterExpiry | Situation::ForeignAuthority => both(CertificateInvalid),
        Situation::NoSct | Situation::ForeignSct => both(CertificateUnlogged),
        Situation::TwoSans | Situation::EmptySan | Situation::NoSan | Situation::NoIssuer => {
            both(IdentityAbsent)
        }
        Situation::OtherIssuer => both(IdentityMismatch),
        Situation::NotLogged
        | Situation::ForeignLogUnderOurId
        | Situation::LogIdLies
        | Situation::CheckpointOfOtherLog
        | Situation::WrongProof => both(LogEntryInvalid),
        Situation::ForeignLog => both(LogForeign),
        Situation::EntryOfOtherStatement => both(LogEntryMismatch),
        Situation::EntryTwice => both(BundleUnreadable),
        Situation::WrongTime => [Some(LogEntryInvalid), Some(TimeUnproven)],
        Situation::NoTime | Situation::ForeignTimestamp => both(TimeUnproven),
        Situation::TamperedPayload => both(SignatureInvalid),
        Situation::OtherPayloadType => both(StatementUnreadable),
        Situation::MessageSignature | Situation::BundleV01 | Situation::BundleV02 => {
            both(BundleForm)
        }
        other => panic!("{other:?} is new: say what it must be refused for"),
    }
}

#[test]
fn every_situation_is_refused_for_its_reason() {
    let requirements = requiring(&[EvidenceKind::Signature]);
    for situation in Situation::ALL {
        for (log, reason) in LOGS.into_iter().zip(reason(situation)) {
            let bundle = minted(&mint(EvidenceKind::Signature).log(log).situation(situation));
            let judgement = judged_bundles(std::slice::from_ref(&bundle), &requirements);
            let context = format!("{situation:?} in {log:?}: {:#?}", judgement.findings);
            let expected: BTreeSet<Code> = match reason {
                None => BTreeSet::new(),
                Some(reason) => BTreeSet::from([reason, Code::EvidenceRefused]),
            };
            assert_eq!(codes(&judgement), expected, "{context}");
            assert_eq!(judgement.verdict == Verdict::Verified, reason.is_none(), "{context}");

            let good = minted(&mint(EvidenceKind::Signature).log(log));
            let beside = judged_bundles(&[bundle, good], &requirements);
            assert_eq!(beside.verdict, Verdict::Verified, "beside a good one: {context}");
        }
    }
}

#[test]
fn a_publication_needs_every_kind() {
    let all = requiring(&EvidenceKind::ALL);
    let bundles: Vec<Vec<u8>> = EvidenceKind::ALL.map(|kind| minted(&mint(kind))).to_vec();
    let whole = judged_bundles(&bundles, &all);
    assert_eq!(whole.verdict, Verdict::Verified, "{whole:#?}");
    assert!(whole.findings.is_empty());
    assert!(whole.requirements.iter().all(|one| one.signer.as_deref() == Some("cd")));

    for (left_out, kind) in EvidenceKind::ALL.into_iter().enumerate() {
        let mut rest = bundles.clone();
        rest.remove(left_out);
        let judgement = judged_bundles(&rest, &all);
        let expected = match kind {
            EvidenceKind::Signature => Code::AttestationIsNoSignature,
            _ => Code::EvidenceMissing,
        };
        assert_eq!(judgement.verdict, Verdict::Refused, "without {kind:?}");
        assert_eq!(codes(&judgement), BTreeSet::from([expected]), "without {kind:?}");
        let missing: Vec<&str> = judgement
            .requirements
            .iter()
            .filter(|one| one.verdict != Verdict::Verified)
            .map(|one| one.evidence.as_str())
            .collect();
        assert_eq!(missing, [kind.name()]);
    }
}

#[test]
fn one_kind_never_stands_in_for_another() {
    for required in EvidenceKind::ALL {
        for attached in EvidenceKind::ALL {
            let judgement = judged_bundles(&[minted(&mint(attached))], &requiring(&[required]));
            let verdict = if required == attached { Verdict::Verified } else { Verdict::Refused };
            assert_eq!(judgement.verdict, verdict, "{attached:?} where {required:?} is required");
        }
    }
}

#[test]
fn only_expected_signers_count() {
    let run = |repository: &str| TokenRequest::new(repository, "cd.yaml");
    let reusable = |git_ref: &str| TokenRequest {
        workflow_repository: Some("acme/actions".to_owned()),
        workflow_ref: Some(git_ref.to_owned()),
        ..TokenRequest::default()
    };
    let shared = |git_ref: &str| Requirements {
        signers: vec![signer("shared", &reusable(git_ref))],
        ..requiring(&[EvidenceKind::Signature])
    };
    let ours = requiring(&[EvidenceKind::Signature]);
    let cases = [
        (run("acme/platform"), &ours, true, "the expected run"),
        (run("evil/platform"), &ours, false, "another owner"),
        (TokenRequest::new("acme/platform", "ci.yaml"), &ours, false, "another workflow"),
        (
            TokenRequest { git_ref: "refs/pull/7/merge".into(), ..TokenRequest::default() },
            &ours,
            false,
            "a pull request",
        ),
        (
            reusable("refs/heads/main"),
            &shared("refs/heads/main"),
            true,
            "a reusable workflow, called by the expected repository",
        ),
        (
            TokenRequest { repository: "evil/platform".into(), ..reusable("refs/heads/main") },
            &shared("refs/heads/main"),
            false,
            "the same reusable workflow, called by another repository",
        ),
        (
            reusable("refs/heads/next"),
            &shared("refs/heads/main"),
            false,
            "the reusable workflow at another ref",
        ),
    ];
    for (run, requirements, holds, why) in cases {
        let bundle = minted(&mint(EvidenceKind::Signature).run(run));
        let judgement = judged_bundles(&[bundle], requirements);
        assert_eq!(judgement.verdict == Verdict::Verified, holds, "{why}: {judgement:#?}");
        if !holds {
            assert!(codes(&judgement).contains(&Code::IdentityMismatch), "{why}");
            assert_eq!(judgement.evidence[0].facts["cryptography"], "holds", "{why}");
        }
    }
}

#[test]
fn each_kind_may_come_from_another_signer() {
    let other = TokenRequest::new("acme/platform", "attest.yaml");
    let bundles = [
        minted(&mint(EvidenceKind::Signature)),
        minted(&mint(EvidenceKind::Provenance).run(other.clone())),
    ];
    let mut requirements = requiring(&[EvidenceKind::Signature, EvidenceKind::Provenance]);
    assert_eq!(judged_bundles(&bundles, &requirements).verdict, Verdict::Refused);
    requirements.signers.push(signer("attest", &other));
    let judgement = judged_bundles(&bundles, &requirements);
    assert_eq!(judgement.verdict, Verdict::Verified);
    let signers: Vec<_> = judgement.requirements.iter().map(|one| one.signer.clone()).collect();
    assert_eq!(signers, [Some("cd".to_owned()), Some("attest".to_owned())]);
}

#[test]
fn nothing_is_signed_in_the_future() {
    let hour = jiff::SignedDuration::from_hours(1);
    let requirements = requiring(&[EvidenceKind::Signature]);
    for log in LOGS {
        let ahead = mint(EvidenceKind::Signature).log(log).at(jiff::Timestamp::now() + hour);
        let judgement = judged_bundles(&[minted(&ahead)], &requirements);
        assert!(codes(&judgement).contains(&Code::TimeAhead), "{log:?}: {judgement:#?}");
        let past = mint(EvidenceKind::Signature).log(log).at(jiff::Timestamp::now() - hour * 24);
        let judgement = judged_bundles(&[minted(&past)], &requirements);
        assert_eq!(judgement.verdict, Verdict::Verified, "yesterday: {judgement:#?}");
    }
}

#[test]
fn another_sigstore_is_not_trusted() {
    let other = Sigstore::start(SigstoreOptions::default()).unwrap();
    let bundle = other.mint(&mint(EvidenceKind::Signature)).unwrap();
    let judgement =
        judged_bundles(std::slice::from_ref(&bundle), &requiring(&[EvidenceKind::Signature]));
    assert!(codes(&judgement).contains(&Code::LogForeign), "{judgement:#?}");

    let evidence = attached(ARTIFACT, &[&bundle]);
    let mut requirements = requiring(&[EvidenceKind::Signature]);
    requirements.signers[0].issuer = other.issuer_url().to_owned();
    let judgement = judge(&evidence, &root_of(&other), &requirements, jiff::Timestamp::now());
    assert_eq!(judgement.verdict, Verdict::Verified, "it is sound in its own domain");
}

#[test]
fn a_signature_moved_from_another_artifact_is_refused() {
    for log in LOGS {
        let other = Mint::new(statement(EvidenceKind::Signature, b"another artifact")).log(log);
        let judgement = judged_bundles(&[minted(&other)], &requiring(&[EvidenceKind::Signature]));
        let expected = BTreeSet::from([Code::ArtifactNotNamed, Code::EvidenceRefused]);
        assert_eq!(codes(&judgement), expected);
    }
}

#[test]
fn a_statement_may_name_more_than_the_artifact() {
    let requirements = requiring(&[EvidenceKind::Signature]);
    let (ours, other) = (Digest::of(ARTIFACT).hex(), Digest::of(b"other").hex());
    let about = |digests: Value| {
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": digests,
            "predicateType": EvidenceKind::Signature.predicate_type(),
            "predicate": {},
        });
        judged_bundles(&[minted(&Mint::new(statement.to_string()))], &requirements).verdict
    };
    let both = json!([{ "digest": { "sha256": other } }, { "digest": { "sha256": ours } }]);
    assert_eq!(about(both), Verdict::Verified, "one of two");
    for (digests, why) in [
        (json!([{ "digest": { "sha512": "00".repeat(64), "sha256": other } }]), "another"),
        (json!([{ "digest": { "sha256": ours.to_uppercase() } }]), "in upper case"),
        (json!([{ "name": ours, "digest": { "sha256": other } }]), "in the name"),
        (json!([{ "digest": { "gitCommit": ours } }]), "under another algorithm"),
        (json!([]), "about nothing"),
    ] {
        assert_eq!(about(digests), Verdict::Refused, "{why}");
    }
}

// Legacy signatures.

fn legacy(signatures: &[LegacySignature]) -> LegacyImage {
    let layers = signatures.iter().map(|signature| {
        let payload = blob(SIMPLE_SIGNING, &signature.payload);
        let annotations: serde_json::Map<String, Value> = signature
            .annotations()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        json!({
            "mediaType": SIMPLE_SIGNING,
            "digest": payload.digest,
            "size": payload.bytes.len(),
            "annotations": annotations,
        })
    });
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": layers.collect::<Vec<Value>>(),
    });
    LegacyImage {
        manifest: blob(OCI_MANIFEST, manifest.to_string().as_bytes()),
        payloads: signatures.iter().map(|one| blob(SIMPLE_SIGNING, &one.payload)).collect(),
    }
}

fn legacy_mint() -> LegacyMint {
    LegacyMint::new("ghcr.io/acme/platform/manifests", Digest::of(ARTIFACT).to_string())
}

fn signed_the_old_way(situation: LegacySituation) -> LegacySignature {
    SIGSTORE.mint_legacy(&LegacyMint { situation, ..legacy_mint() }).unwrap()
}

fn with_legacy(bundles: &[&[u8]], signatures: &[LegacySignature]) -> Evidence {
    Evidence { legacy: Some(legacy(signatures)), ..attached(ARTIFACT, bundles) }
}

fn accepting(kinds: &[EvidenceKind]) -> Requirements {
    Requirements { accept_legacy_signature: true, ..requiring(kinds) }
}

#[test]
fn a_legacy_signature_counts_for_the_signature_and_only_where_accepted() {
    use EvidenceKind::{Provenance, Signature};
    let healthy = || [signed_the_old_way(LegacySituation::Healthy)];
    let alone = with_legacy(&[], &healthy());

    let judgement = judged(&alone, &accepting(&[Signature]));
    assert_eq!(judgement.verdict, Verdict::Verified, "{judgement:#?}");
    assert_eq!(codes(&judgement), BTreeSet::from([Code::LegacySignatureAccepted]));
    assert_eq!(judgement.findings[0].severity, Severity::Warning);

    let judgement = judged(&alone, &requiring(&[Signature]));
    assert_eq!(codes(&judgement), BTreeSet::from([Code::LegacySignatureNotAccepted]));

    let judgement = judged(&alone, &accepting(&[Signature, Provenance]));
    assert_eq!(judgement.verdict, Verdict::Refused, "it is no provenance");

    let bundle = minted(&mint(Signature));
    let judgement = judged(&with_legacy(&[&bundle], &healthy()), &accepting(&[Signature]));
    assert!(judgement.findings.is_empty(), "with a bundle nothing depends on the old form");
    assert_eq!(judgement.requirements[0].bundle, Some(Digest::of(&bundle).to_string()));
}

#[test]
fn every_legacy_situation_is_refused_for_its_reason() {
    use Code::*;
    for (situation, reason) in [
        (LegacySituation::OtherDigest, ArtifactNotNamed),
        (LegacySituation::TamperedPayload, SignatureInvalid),
        (LegacySituation::EntryOfOtherPayload, LogEntryMismatch),
        (LegacySituation::NotLogged, LegacySignatureUnreadable),
        (LegacySituation::ForeignLog, LogForeign),
        (LegacySituation::ForeignAuthority, CertificateInvalid),
        (LegacySituation::SignedAfterExpiry, CertificateInvalid),
    ] {
        let evidence = with_legacy(&[], &[signed_the_old_way(situation)]);
        let judgement = judged(&evidence, &accepting(&[EvidenceKind::Signature]));
        let expected = BTreeSet::from([reason, EvidenceRefused]);
        assert_eq!(codes(&judgement), expected, "{situation:?}: {judgement:#?}");

        let healthy = signed_the_old_way(LegacySituation::Healthy);
        let beside = with_legacy(&[], &[signed_the_old_way(situation), healthy]);
        let judgement = judged(&beside, &accepting(&[EvidenceKind::Signature]));
        assert_eq!(judgement.verdict, Verdict::Verified, "{situation:?} beside a good one");
    }
}

#[test]
fn a_legacy_signature_by_somebody_else_does_not_count() {
    let run = TokenRequest::new("evil/platform", "cd.yaml");
    let theirs = SIGSTORE.mint_legacy(&LegacyMint { signer: run.into(), ..legacy_mint() }).unwrap();
    let judgement = judged(&with_legacy(&[], &[theirs]), &accepting(&[EvidenceKind::Signature]));
    let expected = BTreeSet::from([Code::IdentityMismatch, Code::EvidenceRefused]);
    assert_eq!(codes(&judgement), expected);
}

#[test]
fn a_malformed_legacy_image_is_refused() {
    let healthy = || signed_the_old_way(LegacySituation::Healthy);
    type Edit = fn(&mut LegacySignature);
    let edits: [(Edit, &str); 7] = [
        (|one| one.signature = "!".into(), "a signature that is no base64"),
        (|one| one.signature.clear(), "no signature"),
        (|one| one.certificate = Some("not PEM".into()), "a certificate that is no PEM"),
        (|one| one.certificate = None, "no certificate"),
        (|one| one.chain = Some("not PEM".into()), "a chain that is no PEM"),
        (|one| one.bundle = Some("{}".into()), "an empty log entry"),
        (
            |one| {
                let twice = r#"{"SignedEntryTimestamp":"AAAA","#;
                one.bundle = Some(one.bundle.take().unwrap().replacen('{', twice, 1));
            },
            "a promise twice",
        ),
    ];
    for (edit, why) in edits {
        let mut signature = healthy();
        edit(&mut signature);
        let evidence = with_legacy(&[], &[signature]);
        let judgement = judged(&evidence, &accepting(&[EvidenceKind::Signature]));
        let expected = BTreeSet::from([Code::LegacySignatureUnreadable, Code::EvidenceRefused]);
        assert_eq!(codes(&judgement), expected, "{why}: {judgement:#?}");
    }

    let mut lost = with_legacy(&[], &[healthy()]);
    lost.legacy.as_mut().unwrap().payloads.clear();
    let judgement = judged(&lost, &accepting(&[EvidenceKind::Signature]));
    assert_eq!(judgement.verdict, Verdict::Unknown, "a payload was not gathered");

    let mut changed = with_legacy(&[], &[healthy()]);
    changed.legacy.as_mut().unwrap().payloads[0].bytes.push(b' ');
    let judgement = judged(&changed, &accepting(&[EvidenceKind::Signature]));
    assert!(codes(&judgement).contains(&Code::EvidenceBytes), "{judgement:#?}");
}

#[test]
fn a_gap_beside_a_legacy_signature_changes_nothing() {
    let gap = || Gap {
        what: "the referrers".into(),
        why: "429 from the registry".into(),
        code: Code::EvidenceUnjudged,
    };
    let mut evidence = with_legacy(&[], &[signed_the_old_way(LegacySituation::Healthy)]);
    evidence.gaps.push(gap());
    let judgement = judged(&evidence, &accepting(&[EvidenceKind::Signature]));
    assert_eq!(judgement.verdict, Verdict::Verified, "{judgement:#?}");
    let judgement = judged(&evidence, &requiring(&[EvidenceKind::Signature]));
    assert_eq!(judgement.verdict, Verdict::Unknown, "a bundle may be what was not seen");
}
