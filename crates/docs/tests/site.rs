//! The built site: text from outside stays text, and nothing is loaded from elsewhere.

#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use camino::{Utf8Path, Utf8PathBuf};
use jiff::civil::date;
use sealwright_docs::{Inputs, Reader, build, render};
use sealwright_policy::config::Config;
use sealwright_policy::control_report::ControlReport;
use sealwright_policy::source_report::SourceReport;
use sealwright_policy::{Finding, Issuers, Report};
use serde_json::json;

/// What somebody may put into a certificate, a workflow or a reason to get at a reader.
const HOSTILE: &[&str] = &[
    "<script>alert('san')</script>",
    "\"><img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![](https://evil.example/pixel.png)",
    "{{#include /etc/hostname}}",
    "`</code><script>alert(2)</script>",
    "a | b\n\n# heading\n\n<iframe src=https://evil.example></iframe>",
    "~~~~\n<script>alert(3)</script>",
    "\u{202e}gnp.exe",
];

fn config(reason: &str) -> Config {
    let text = include_str!("../../../docs/example/sealwright.yaml");
    let mut config = Config::parse("sealwright.yaml", text, date(2026, 11, 25)).unwrap();
    config.charts[0].unsigned.reason = reason.to_owned();
    config
}

/// The verified report with this text wherever somebody else chooses the text.
fn report(text: &str) -> Report {
    let mut report: Report = serde_json::from_str(include_str!("reports/verified.json")).unwrap();
    let artifact = &mut report.artifacts[0];
    for piece in &mut artifact.evidence {
        piece.claims.sans = vec![text.to_owned()];
        piece.claims.issuer = Some(text.to_owned());
        piece.claims.source_repository_digest = Some(text.to_owned());
        piece.claims.run_invocation_uri = Some(text.to_owned());
        piece.predicate_type = Some(text.to_owned());
        piece.log_entries[0].log = text.to_owned();
    }
    let finding = Finding::new(sealwright_policy::Code::ContentsName, text);
    artifact.findings = vec![finding.with_mismatch(text, text).with_hint(text)];
    artifact.reference = text.to_owned();
    report.cluster = serde_json::from_value(json!({"environment": text, "server": text,
        "simulated": true, "controller": text}))
    .unwrap();
    report.sources = vec![source(text, &report)];
    report.controls = vec![control(text, &report)];
    report
}

/// A source all of whose words are this text.
fn source(text: &str, report: &Report) -> SourceReport {
    let condition = json!({"type": "Ready", "status": text, "reason": text, "message": text});
    let mut source: SourceReport = serde_json::from_value(json!({
        "kind": text, "name": text, "url": text, "follows": text, "verdict": "Refused",
        "verify": {"provider": text, "secret": text, "trustedRootSecret": text},
        "owners": [text], "revision": text,
        "predicted": {"controller": text, "outcomes": [], "undecided": text, "because": []},
        "observed": {"generation": 1, "conditions": [condition]},
    }))
    .unwrap();
    source.findings = report.artifacts[0].findings.clone();
    source.judged = Some(report.artifacts[0].clone());
    source
}

/// A negative control all of whose words are this text.
fn control(text: &str, report: &Report) -> ControlReport {
    let source = source(text, report);
    let mut control: ControlReport = serde_json::from_value(json!({
        "name": text, "does": text, "artifact": text, "reference": text, "verdict": "Refused",
        "refusedBy": "both", "judged": "Verified",
    }))
    .unwrap();
    control.predicted = source.predicted;
    control.observed = source.observed;
    control.findings = source.findings;
    control
}

fn built(text: &str, out: &Utf8Path) {
    let (config, report) = (config(text), report(text));
    let inputs = Inputs {
        config: &config,
        reports: std::slice::from_ref(&report),
        issuers: Issuers::public(),
        reader: Reader { config: "sealwright.yaml".into(), ..Reader::default() },
    };
    build(&render(&inputs).unwrap(), out).unwrap();
}

/// The part of every page that we fill: mdBook's frame around it has scripts of its own.
fn mains(out: &Utf8Path) -> Vec<(Utf8PathBuf, String)> {
    let folders = [out.to_owned(), out.join("signers"), out.join("artifacts")];
    let files = folders.iter().flat_map(|folder| folder.read_dir_utf8().unwrap());
    let pages = files.map(|entry| entry.unwrap().into_path());
    pages
        .filter(|path| path.extension() == Some("html"))
        .filter_map(|path| {
            let html = std::fs::read_to_string(&path).unwrap();
            let from = html.find("<main>")?;
            let to = html.find("</main>")?;
            Some((path, html[from..to].to_owned()))
        })
        .collect()
}

#[test]
fn what_others_write_stays_text() {
    for text in HOSTILE {
        let out = tempfile::tempdir().unwrap();
        let out = Utf8Path::from_path(out.path()).unwrap();
        built(text, out);
        for (path, main) in mains(out) {
            for mark in [
                "<script",
                "<iframe",
                "onerror=alert(1)>",
                "javascript:alert(1)\"",
                "src=\"https://",
            ] {
                let count = main.matches(mark).count();
                assert_eq!(count, 0, "{text:?} became {mark} in {path}");
            }
            assert!(!main.contains('\u{202e}'), "{path} turns its text around");
        }
    }
}

#[test]
fn a_script_in_a_certificates_name_can_be_read() {
    let out = tempfile::tempdir().unwrap();
    let out = Utf8Path::from_path(out.path()).unwrap();
    built(HOSTILE[0], out);
    let page = std::fs::read_to_string(out.join("artifacts/manifests.html")).unwrap();
    assert!(page.contains("&lt;script&gt;alert("), "{page}");
}

/// Works offline and tells nobody that it was read.
#[test]
fn no_page_loads_anything_from_elsewhere() {
    let out = tempfile::tempdir().unwrap();
    let out = Utf8Path::from_path(out.path()).unwrap();
    built("plain", out);
    for folder in [out.to_owned(), out.join("artifacts")] {
        for entry in folder.read_dir_utf8().unwrap() {
            let path = entry.unwrap().into_path();
            if path.extension() == Some("html") {
                let html = std::fs::read_to_string(&path).unwrap();
                for mark in ["src=\"http", "src=\"//", "href=\"http", "href=\"//", "@import"] {
                    assert!(!html.contains(mark), "{path} has {mark}");
                }
            }
        }
    }
}
