//! Every example that `explain` shows, run by the command that it names.

use std::collections::BTreeSet;

use assert_cmd::Command;
use camino::Utf8Path;
use sealwright_policy::codes::TABLE;
use sealwright_policy::{Code, Severity};
use sealwright_render::examples::{Example, Shown, all, example};
use serde_json::Value;

/// Codes that a few lines cannot show, and why.
const NOT_SHOWN: &[(&[Code], &str)] = &[
    (&[Code::DocumentTooLarge, Code::TreeTooLarge], "it is large"),
    (&[Code::VerifyRemoved, Code::VerifiedPartly], "it takes a tree of overlays"),
    (&[Code::NotJudged], "it counts what is listed at the end of a report"),
    (&[Code::ChartExcepted], "it is what is right: an exception in force"),
    (&[Code::IdentityWorkflowAbsent], "it takes a repository with workflows and a name"),
    (&[Code::BootstrapDisagrees], "it takes the files of two tools"),
    (&[Code::WorkflowTooLarge], "it is large"),
    (&[Code::SignerVanished, Code::IdentityStillNamed], "it takes two revisions"),
    (&[Code::RepositoryNameUnknown, Code::BaseUnread], "it is about how the command is called"),
    (&[Code::NothingSigns], "it is about what is nowhere in a repository"),
    (
        &[Code::SourcesFewer, Code::FindingsAdopted, Code::BaselineStale],
        "it is by comparison with a baseline",
    ),
    (
        &[Code::ObservedKeptOut, Code::ObservedNothing, Code::ObservedUnknown],
        "it is about what is in a registry",
    ),
    (
        &[
            Code::TreeUnreadable,
            Code::OverlayNotRendered,
            Code::TreeLinkOutside,
            Code::TreeFolderPassedOver,
        ],
        "it is about the machine and no file",
    ),
];

/// Codes that do not come alone, and why.
const ALSO: &[(Code, Code, &str)] = &[
    (Code::CallsInCircle, Code::RouteUnread, "nobody gets to its end"),
    (Code::JobMaySign, Code::RouteUnread, "it may push as well"),
    (Code::SignerSignsNothing, Code::JobMaySign, "the job is one that may"),
    (Code::RouteWithoutEvidence, Code::RouteMissesGate, "another route has it"),
    (Code::StrangersCodeSigns, Code::RouteUnread, "what is fetched may push as well"),
    (Code::PatchFails, Code::NotJudged, "nothing is rendered, so nothing guards the source"),
    (Code::PatchTargetsNothing, Code::SourceOpen, "what the patch should have locked is open"),
];

fn codes(arguments: &[&str]) -> Vec<Code> {
    let mut command = Command::cargo_bin("sealwright-verifier").expect("it is built");
    let output = command.env_clear().args(arguments).args(["--format", "json"]).output();
    let output = output.expect("it runs");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
        panic!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    });
    codes_in(&report)
}

/// The codes of all findings, wherever they are in a report.
fn codes_in(report: &Value) -> Vec<Code> {
    let here = report["findings"].as_array().into_iter().flatten();
    let here = here.filter_map(|finding| Code::parse(finding["code"].as_str()?));
    let parts = ["patterns", "declarations", "workflows", "routes"];
    let parts = parts.iter().filter_map(|part| report[part].as_array()).flatten();
    here.chain(parts.flat_map(codes_in)).collect()
}

fn of_files(command: &str, files: &[(&str, &str)]) -> Vec<Code> {
    let folder = tempfile::tempdir().expect("a folder");
    let root = Utf8Path::from_path(folder.path()).expect("UTF-8");
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    let named: &[&str] = if command == "workflows" { &["--repository", "acme/shop"] } else { &[] };
    let mut codes = codes(&[&[command, root.as_str()], named].concat());
    // Most examples are too short to sign anything.
    codes.retain(|code| *code != Code::NothingSigns);
    codes
}

#[test]
fn the_wrong_one_has_this_code_alone_and_the_right_one_none() {
    let mistaken: Vec<String> = all().filter_map(mistaken).collect();
    assert!(mistaken.is_empty(), "{}", mistaken.join("\n"));
}

fn mistaken(example: &Example) -> Option<String> {
    let (mut wrong, right) = match example.shown {
        Shown::Pattern { flag, wrong, right } => {
            let run = |pattern| codes(&["patterns", flag, pattern]);
            (run(wrong), run(right))
        }
        Shown::File { command, path, wrong, right, beside } => {
            let run = |text| of_files(command, &[beside, &[(path, text)]].concat());
            (run(wrong), run(right))
        }
    };
    wrong.dedup();
    let also = ALSO.iter().filter(|(code, ..)| *code == example.code).map(|(_, also, _)| *also);
    let expected: BTreeSet<Code> = also.chain([example.code]).collect();
    let loud = right.iter().any(|code| code.entry().severity > Severity::Note);
    let good = !loud && !right.contains(&example.code);
    let bad = wrong.iter().copied().collect::<BTreeSet<_>>() == expected;
    (!good || !bad).then(|| format!("{}: wrong {wrong:?}, right {right:?}", example.code))
}

#[test]
fn every_code_about_paper_is_shown_or_cannot_be() {
    for entry in TABLE.iter().filter(|entry| entry.id.starts_with("SW9")) {
        let reason = NOT_SHOWN.iter().find(|(codes, _)| codes.contains(&entry.code));
        assert!(
            example(entry.code).is_some() != reason.is_some(),
            "{}: {}: an example, or a reason why there is none",
            entry.id,
            entry.title
        );
    }
    let codes: Vec<Code> = all().map(|example| example.code).collect();
    for pair in codes.windows(2) {
        assert!(pair[0] < pair[1], "{} stands before {}", pair[0], pair[1]);
    }
}
