//! The page of what people ran into: every row is there, every test that it names exists, and what is
//! rendered for a consumer is taken by the command that reads it.

use std::collections::BTreeSet;

use assert_cmd::Command;
use camino::{Utf8Path, Utf8PathBuf};
use sealwright_policy::Code;

use crate::world::World;

fn workspace() -> Utf8PathBuf {
    Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Number, what it says, file and test of each row.
fn rows() -> Vec<(u32, String, String, String)> {
    let page = workspace().join("docs/concepts/reports.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let number = cells.first()?.parse().ok()?;
        let [_, _, _, says, test] = cells.as_slice() else { panic!("{line}: five cells") };
        let (file, name) = test.trim_matches('`').split_once(": ").expect("file: test");
        Some((number, (*says).to_owned(), file.to_owned(), name.to_owned()))
    });
    rows.collect()
}

#[test]
fn every_report_has_an_answer_and_a_test_that_holds_it() {
    let numbers: BTreeSet<u32> = rows().iter().map(|(number, ..)| *number).collect();
    let all: BTreeSet<u32> = (1..=57).step_by(2).collect();
    assert_eq!((numbers, rows().len()), (all, 29), "twenty-nine, each once");
    for (number, _, file, name) in rows() {
        let text = std::fs::read_to_string(workspace().join(&file)).expect(&file);
        assert!(text.contains(&format!("fn {name}(")), "{number}: {file} has no test {name}");
    }
}

#[test]
fn every_code_on_the_page_is_one_of_ours() {
    for (number, says, ..) in rows() {
        for word in says.split(|letter: char| !letter.is_ascii_alphanumeric()) {
            let is_code = word.strip_prefix("SW").is_some_and(|id| id.len() == 4);
            assert!(!is_code || Code::parse(word).is_some(), "{number}: {word}");
        }
    }
}

/// Report 55 as a whole: rendered by one command, and clean for the other, by the same configuration.
#[test]
fn what_is_rendered_for_a_consumer_is_clean_where_it_is_read() {
    let world = World::start();
    for (form, file) in [
        ("oci-repository", "source.yaml"),
        ("kyverno-cluster-policy", "policy.yaml"),
        ("kyverno-image-validating-policy", "policy.yaml"),
        ("cluster-image-policy", "policy.yaml"),
        ("talos", "talos.yaml"),
        ("cosign", "verify.sh"),
        ("gh", "verify.sh"),
    ] {
        let issuer = ["--github-issuer", "https://token.actions.githubusercontent.com"];
        let output =
            world.command().args(["render", "manifests", "--as", form]).args(issuer).output();
        let output = output.expect("it runs");
        let talk = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), talk.as_str()), (Some(0), ""), "{form}");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert_eq!(exit(&world, file, &text), Some(0), "{form}: {text}");
        let other = text.replace("cd.yaml", "cb.yaml").replace("cd\\.yaml", "cb\\.yaml");
        assert_eq!(exit(&world, file, &other), Some(1), "{form}, for another workflow: {other}");
    }
}

/// What `manifests` says of a folder with this file alone.
fn exit(world: &World, file: &str, text: &str) -> Option<i32> {
    let folder = tempfile::tempdir().expect("a folder");
    let root = Utf8Path::from_path(folder.path()).expect("UTF-8");
    std::fs::write(root.join(file), text).expect("a file");
    let mut command = Command::cargo_bin("sealwright-verifier").expect("it is built");
    let config = world.path("sealwright.yaml");
    let command =
        command.env_clear().args(["manifests", root.as_str(), "--config", config.as_str()]);
    command.output().expect("it runs").status.code()
}

#[test]
fn trust_of_ones_own_has_no_word_outside_flux() {
    let world = World::start();
    for form in ["talos", "cosign", "cluster-image-policy"] {
        let flags = ["render", "manifests", "--trusted-root-secret", "own", "--as", form];
        let output = world.command().args(flags).output().expect("it runs");
        let talk = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(64), "{form}: {talk}");
        assert!(talk.contains("no word for the trusted root in the Secret own"), "{talk}");
    }
}
