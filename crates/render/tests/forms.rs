//! Every form of a few reports, and that what strangers write stays text in all of them.

use proptest::prelude::*;
use sealwright_policy::report::{
    ArtifactReport, EvidenceReport, LogEntryReport, RequirementReport, TimeReport, TrustNote,
};
use sealwright_policy::{Claims, Code, Finding, Place, Report, Verdict};
use sealwright_render::{Format, catalogue, explain, render};

const FORMS: [Format; 7] = [
    Format::Text,
    Format::ColouredText,
    Format::Json,
    Format::Sarif,
    Format::Junit,
    Format::GithubAnnotations,
    Format::Markdown,
];
const DIGEST: &str = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";

fn report(verdict: Verdict, artifacts: Vec<ArtifactReport>, findings: Vec<Finding>) -> Report {
    let judged_at = "2026-11-25T13:00:00Z".parse().expect("a time");
    let trust = Some(TrustNote {
        origin: "public (TUF)".to_owned(),
        age_s: Some(7_300),
        digest: DIGEST.to_owned(),
    });
    let report = Report::new("sealwright-verifier 0.1.0", judged_at);
    Report { verdict, trust, artifacts, findings, ..report }
}

fn piece(verdict: Verdict, signer: Option<&str>, san: &str) -> EvidenceReport {
    EvidenceReport {
        digest: DIGEST.to_owned(),
        referrer: None,
        form: "bundle".to_owned(),
        verdict,
        predicate_type: Some("https://sigstore.dev/cosign/sign/v1".to_owned()),
        signer: signer.map(str::to_owned),
        claims: Claims {
            issuer: Some("https://token.actions.githubusercontent.com".to_owned()),
            sans: vec![san.to_owned()],
            source_repository_uri: Some("https://github.com/acme/platform".to_owned()),
            source_repository_digest: Some("8f4b7f84864484a7bf31766abe9204da3cbe65b3".to_owned()),
            source_repository_ref: Some("refs/heads/main".to_owned()),
            run_invocation_uri: Some(
                "https://github.com/acme/platform/actions/runs/7/attempts/1".to_owned(),
            ),
            ..Claims::default()
        },
        log_entries: vec![LogEntryReport {
            log: "rekor.sigstore.dev".to_owned(),
            index: 123,
            kind: "dsse 0.0.2".to_owned(),
        }],
        times: vec![TimeReport {
            source: "timestamp-authority".to_owned(),
            time: "2026-11-25T12:00:00Z".parse().expect("a time"),
        }],
        facts: Default::default(),
    }
}

fn requirement(evidence: &str, verdict: Verdict, signer: Option<&str>) -> RequirementReport {
    RequirementReport {
        evidence: evidence.to_owned(),
        predicate_type: "https://sigstore.dev/cosign/sign/v1".to_owned(),
        verdict,
        signer: signer.map(str::to_owned),
        bundle: signer.map(|_| DIGEST.to_owned()),
    }
}

fn artifact(
    verdict: Verdict,
    requirements: Vec<RequirementReport>,
    evidence: Vec<EvidenceReport>,
    findings: Vec<Finding>,
) -> ArtifactReport {
    ArtifactReport {
        name: Some("manifests".to_owned()),
        reference: "ghcr.io/acme/platform/manifests:latest".to_owned(),
        digest: Some(DIGEST.to_owned()),
        verdict,
        requirements,
        evidence,
        findings,
    }
}

fn verified() -> Report {
    let san = "https://github.com/acme/platform/.github/workflows/cd.yaml@refs/heads/main";
    let artifact = artifact(
        Verdict::Verified,
        vec![requirement("signature", Verdict::Verified, Some("cd"))],
        vec![piece(Verdict::Verified, Some("cd"), san)],
        vec![],
    );
    report(Verdict::Verified, vec![artifact], vec![])
}

fn refused() -> Report {
    let foreign = "https://github.com/evil/x/.github/workflows/cd.yaml@refs/heads/main";
    let artifact = artifact(
        Verdict::Refused,
        vec![
            requirement("signature", Verdict::Refused, None),
            requirement("provenance", Verdict::Verified, Some("cd")),
        ],
        vec![piece(Verdict::Refused, None, foreign)],
        vec![
            Finding::new(Code::LegacySignatureAccepted, "the signature is a legacy one"),
            Finding::new(Code::IdentityMismatch, "no signer has this identity")
                .with_place(Place::digest(DIGEST))
                .with_mismatch("acme/platform", "evil/x")
                .with_hint("find out who that is"),
        ],
    );
    report(Verdict::Refused, vec![artifact], vec![])
}

fn unknown() -> Report {
    let finding = Finding::new(Code::EvidenceUndecided, "the registry did not answer")
        .with_place(Place::file("sealwright.yaml").at(3, 7));
    report(Verdict::Unknown, vec![], vec![finding])
}

/// What an attacker would put everywhere.
const NASTY: &str = "a\u{1b}[2J\n::error::x\r%,:\u{9b}1m\u{202e}<script>alert(1)</script>|`*_[x](http://e) ]]>&#27; @all #1";

fn nasty() -> Report {
    everywhere(NASTY)
}

/// A report with one text wherever a stranger could put one.
fn everywhere(text: &str) -> Report {
    let mut finding = Finding::new(Code::IdentityMismatch, text)
        .with_place(Place::file(text).at(1, 1).with_digest(text))
        .with_mismatch(text, text)
        .with_hint(text);
    finding.place.object = Some(text.to_owned());
    let mut piece = piece(Verdict::Refused, Some(text), text);
    piece.digest = text.to_owned();
    piece.claims.issuer = Some(text.to_owned());
    piece.claims.run_invocation_uri = Some(text.to_owned());
    piece.log_entries[0].log = text.to_owned();
    let mut artifact = artifact(
        Verdict::Refused,
        vec![requirement(text, Verdict::Refused, Some(text))],
        vec![piece],
        vec![finding],
    );
    artifact.name = Some(text.to_owned());
    artifact.reference = text.to_owned();
    let mut report = report(Verdict::Refused, vec![artifact], vec![]);
    report.trust.as_mut().expect("it has trust").origin = text.to_owned();
    report
}

#[test]
fn a_verified_report_for_people() {
    insta::assert_snapshot!(render(&verified(), Format::Text));
}

#[test]
fn a_refused_report_tells_the_worst_first() {
    insta::assert_snapshot!(render(&refused(), Format::Text));
}

#[test]
fn an_unknown_report_for_people() {
    insta::assert_snapshot!(render(&unknown(), Format::Text));
}

#[test]
fn colour_carries_no_meaning() {
    for report in [verified(), refused(), unknown()] {
        let coloured = render(&report, Format::ColouredText);
        assert!(coloured.contains("\u{1b}["), "there is colour");
        let stripped = anstream::adapter::strip_str(&coloured).to_string();
        assert_eq!(stripped, render(&report, Format::Text));
    }
}

#[test]
fn json_is_the_report() {
    for report in [verified(), refused(), unknown(), nasty()] {
        let read: Report = serde_json::from_str(&render(&report, Format::Json)).unwrap();
        assert_eq!(read, report);
    }
}

#[test]
fn sarif() {
    let mut sarif: serde_json::Value =
        serde_json::from_str(&render(&refused(), Format::Sarif)).unwrap();
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].take();
    for result in sarif["runs"][0]["results"].as_array_mut().unwrap() {
        let index = usize::try_from(result["ruleIndex"].take().as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"], "the index leads to the rule");
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&sarif).unwrap());
    insta::assert_snapshot!(serde_json::to_string_pretty(&rules[0]).unwrap());
}

#[test]
fn not_knowing_is_never_green_in_sarif_and_annotations() {
    let sarif: serde_json::Value =
        serde_json::from_str(&render(&unknown(), Format::Sarif)).unwrap();
    let run = &sarif["runs"][0];
    assert_eq!(run["results"][0]["level"], "error");
    assert_eq!(run["results"][0]["properties"]["severity"], "unknown");
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    assert!(render(&unknown(), Format::GithubAnnotations).starts_with("::error "));
}

#[test]
fn junit() {
    insta::assert_snapshot!(render(&refused(), Format::Junit));
    insta::assert_snapshot!(render(&unknown(), Format::Junit));
}

#[test]
fn only_verified_is_green_in_junit() {
    for (report, green) in [(verified(), true), (refused(), false), (unknown(), false)] {
        let xml = render(&report, Format::Junit);
        assert_eq!(!xml.contains("<failure") && !xml.contains("<error"), green, "{xml}");
    }
}

#[test]
fn github_annotations() {
    insta::assert_snapshot!(render(&refused(), Format::GithubAnnotations));
    insta::assert_snapshot!(render(&unknown(), Format::GithubAnnotations));
    assert_eq!(render(&verified(), Format::GithubAnnotations), "", "nothing to annotate");
}

#[test]
fn a_summary_in_markdown() {
    insta::assert_snapshot!(render(&refused(), Format::Markdown));
}

#[test]
fn text_from_outside_drives_nothing() {
    for form in FORMS {
        let text = render(&nasty(), form);
        let plain = match form {
            Format::ColouredText => anstream::adapter::strip_str(&text).to_string(),
            _ => text.clone(),
        };
        let driving = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!plain.contains(driving), "{form:?}: {plain:?}");
        if form != Format::ColouredText {
            assert!(!text.contains('\u{1b}'), "{form:?}");
        }
        let command = |line: &str| line.trim_start().starts_with("::error::x");
        assert!(!text.lines().any(command), "{form:?}: no workflow command comes from outside");
    }
    let markup = ["<script", "](http", "@all", "`"];
    let markdown = render(&nasty(), Format::Markdown);
    assert!(!markup.iter().any(|markup| markdown.contains(markup)), "{markdown}");
    assert!(!render(&nasty(), Format::Junit).contains("<script"));
    insta::assert_snapshot!(render(&nasty(), Format::GithubAnnotations));
}

/// Text and JUnit may be in the log of a job, annotations always are.
#[test]
fn no_command_of_a_runner_comes_from_outside() {
    for form in [Format::Text, Format::ColouredText, Format::Junit, Format::GithubAnnotations] {
        let shown = render(&everywhere("x ##[stop-commands]y"), form);
        assert!(!shown.contains("##["), "{form:?}: {shown}");
        assert!(shown.contains("#[stop-commands]y"), "{form:?}: it is still told: {shown}");
    }
}

#[test]
fn very_many_findings_are_counted() {
    let finding = Finding::new(Code::IdentityMismatch, "no signer has this identity");
    let many = artifact(Verdict::Refused, vec![], vec![], vec![finding; 2000]);
    let report = report(Verdict::Refused, vec![many], vec![]);
    assert!(render(&report, Format::Text).contains("and 1950 more findings"));
    assert!(render(&report, Format::Markdown).contains("and 1950 more"));
    assert_eq!(render(&report, Format::GithubAnnotations).lines().count(), 30);
}

#[test]
fn explanations() {
    insta::assert_snapshot!(explain(Code::IdentityMismatch));
    let catalogue = catalogue();
    assert!(catalogue.lines().all(|line| line.starts_with("SW")), "{catalogue}");
    assert!(catalogue.contains("SW4001  error    No signer"), "{catalogue}");
}

proptest! {
    // Each case renders seven forms, one of them with the whole table of codes.
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_text_breaks_out_of_any_form(text in "(\\PC|[\u{0}-\u{2f}\u{7f}-\u{9f}\u{200b}-\u{202e}&<>%\\[\\]]){0,40}") {
        let report = everywhere(&text);
        let json: Report = serde_json::from_str(&render(&report, Format::Json)).unwrap();
        prop_assert_eq!(&json, &report);
        let sarif: serde_json::Value = serde_json::from_str(&render(&report, Format::Sarif)).unwrap();
        prop_assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 1);
        prop_assert_eq!(render(&report, Format::GithubAnnotations).lines().count(), 1);
        for form in FORMS {
            let shown = render(&report, form);
            let plain = anstream::adapter::strip_str(&shown).to_string();
            let driving = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            prop_assert!(!plain.contains(driving), "{:?}: {:?}", form, plain);
        }
        let tags = render(&report, Format::Junit).matches('<').count();
        prop_assert_eq!(tags, render(&everywhere("x"), Format::Junit).matches('<').count());
    }
}
