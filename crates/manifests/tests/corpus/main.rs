//! Real declarations, each written again as a manifest of its kind or as a command line: whether it
//! is found, read back as it stands, and judged. The findings are printed for people to read.
//!
//! The corpus is not part of the project: it is read from `../shared/corpus` and `../shared/data`
//! beside the workspace (or below `SEALWRIGHT_SHARED`); without them the tests say "not run".
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test reads files, talks, and may fail"
)]

mod written;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sealwright_manifests::checks::{Expected, Judged, judge};
use sealwright_manifests::{File, Found, discover};
use sealwright_policy::declaration_report::DeclarationReport;
use sealwright_policy::{Code, Issuers, Severity};

use self::written::{Line, Written, written};

/// Lines with an identity, as the corpus counts itself.
const IDENTITIES_COUNT: usize = 293;

fn shared(part: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let base = std::env::var_os("SEALWRIGHT_SHARED").map_or(beside, PathBuf::from);
    let path = base.join(part);
    if path.exists() {
        return Some(path);
    }
    eprintln!("not run: {part} is not beside the workspace");
    None
}

fn judged(files: &[(String, Vec<u8>)]) -> (Found, Judged) {
    let files = files.iter().map(|(path, bytes)| File { path, bytes });
    let found = discover(files);
    let judged = judge(&found, &Expected { config: None, issuers: Issuers::public() });
    (found, judged)
}

fn told(report: &DeclarationReport) -> impl Iterator<Item = String> + '_ {
    report
        .findings
        .iter()
        .map(|finding| format!("    {:?} {} {}", finding.severity, finding.code, finding.message))
}

#[test]
fn every_identity_is_found_and_read_back() {
    let Some(folder) = shared("corpus") else { return };
    let text = std::fs::read_to_string(folder.join("identities.jsonl")).unwrap();
    let lines: Vec<Line> = text.lines().map(Line::read).collect();
    assert_eq!(lines.len(), IDENTITIES_COUNT, "the corpus is another one");
    let (mut counts, mut missed) = (BTreeMap::<(Code, Severity), usize>::new(), Vec::new());
    for line in &lines {
        let Some(Written { file, subject }) = written(line) else { continue };
        let (found, judged) = judged(std::slice::from_ref(&file));
        println!("{} {} {}", line.id, line.kind, line.subject.as_deref().unwrap_or("-"));
        let texts = found.declarations.iter().flat_map(|declaration| &declaration.identities);
        let texts = texts.filter_map(|identity| Some(identity.subject.as_ref()?.text.clone()));
        let texts: Vec<String> = texts.collect();
        if subject.as_ref().is_some_and(|subject| !texts.contains(subject)) {
            missed.push(format!("{} {}: {texts:?}", line.id, line.kind));
        }
        let own = judged
            .findings
            .iter()
            .map(|one| format!("    {:?} {} {}", one.severity, one.code, one.message));
        own.chain(judged.declarations.iter().flat_map(told)).for_each(|told| println!("{told}"));
        let reports = judged.declarations.iter().flat_map(|report| &report.findings);
        for finding in reports.chain(&judged.findings) {
            *counts.entry((finding.code, finding.severity)).or_default() += 1;
        }
    }
    for ((code, severity), count) in counts {
        println!("{count:4} {severity:?} {code} {}", code.entry().title);
    }
    assert!(missed.is_empty(), "not read back:\n{}", missed.join("\n"));
}

#[test]
fn real_trees_are_judged() {
    let Some(folder) = shared("data/gitops") else { return };
    for tree in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let mut files = Vec::new();
        collect(&tree, &tree, &mut files);
        let (found, judged) = judged(&files);
        println!(
            "{}: {} files, {} declarations, {} sources, {} unread, {} not judged",
            tree.file_name().unwrap().display(),
            files.len(),
            found.declarations.len(),
            found.sources.len(),
            found.unread.len(),
            found.unjudged.len()
        );
        for one in &found.unjudged {
            println!("    not judged {}:{} {}", one.file, one.at.line, one.told);
        }
        for one in &judged.findings {
            println!("    {:?} {} {} {}", one.severity, one.code, one.place, one.message);
        }
        for report in &judged.declarations {
            println!("  {} {} {:?}", report.place, report.who, report.state);
            told(report).for_each(|told| println!("{told}"));
        }
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            collect(root, &path, files);
        } else if let Ok(bytes) = std::fs::read(&path) {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.push((name, bytes));
        }
    }
}
