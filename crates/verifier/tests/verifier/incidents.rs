//! What went wrong once, each as a small tree: the broken one has the finding that is told, at its
//! place, and the fixed one beside it has none. `docs/example-broken/README.md` lists the same rows.

use std::collections::BTreeSet;

use assert_cmd::Command;
use camino::Utf8PathBuf;
use serde_json::Value;

/// A row of the page: `folder`, `command`, and what it finds.
struct Row {
    folder: String,
    command: String,
    /// `SW9104 flux-instance.yaml:22`
    found: BTreeSet<String>,
}

fn root() -> Utf8PathBuf {
    Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/example-broken")
}

fn page() -> String {
    std::fs::read_to_string(root().join("README.md")).expect("the page")
}

/// The cells of the table's lines that begin like this.
fn cells(page: &str, begins: &str) -> Vec<Vec<String>> {
    let lines = page.lines().filter(|line| line.starts_with(begins));
    let cells = lines.map(|line| line.trim_matches('|').split(" | ").map(str::trim));
    cells.map(|cells| cells.map(|cell| cell.replace('`', "")).collect()).collect()
}

fn rows() -> Vec<Row> {
    let linked = |cell: &str| cell.split_once("](").map_or(cell, |(name, _)| name).replace('[', "");
    cells(&page(), "| [")
        .into_iter()
        .map(|cells| match cells.as_slice() {
            [folder, _, command, found] => Row {
                folder: linked(folder),
                command: command.clone(),
                found: found.split(", ").map(str::to_owned).collect(),
            },
            other => panic!("{other:?}: four cells"),
        })
        .collect()
}

/// What a command finds in a folder that is worth changing, and its exit code.
fn found(command: &str, folder: &Utf8PathBuf) -> (BTreeSet<String>, i32) {
    let mut words = command.split(' ');
    let mut verifier = Command::cargo_bin("sealwright-verifier").expect("it is built");
    let verifier = verifier.env_clear().args(words.next()).arg(folder).args(words);
    let verifier = verifier.args(["--config", root().join("sealwright.yaml").as_str()]);
    let output = verifier.args(["--format", "json"]).output().expect("it runs");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
        panic!("{folder}: {}", String::from_utf8_lossy(&output.stderr));
    });
    (told(&report), output.status.code().expect("not killed"))
}

/// Code and place of all findings worth changing, wherever they are in a report.
fn told(report: &Value) -> BTreeSet<String> {
    let here = report["findings"].as_array().into_iter().flatten();
    let here = here.filter(|finding| finding["severity"] != "note").map(|finding| {
        let (code, place) = (finding["code"].as_str(), &finding["place"]);
        let file = place["file"].as_str().unwrap_or("-");
        let file = file.rsplit_once("example-broken/").map_or(file, |(_, file)| file);
        format!("{} {file}:{}", code.expect("a code"), place["line"])
    });
    let parts = ["declarations", "workflows", "routes"];
    let parts = parts.iter().filter_map(|part| report[part].as_array()).flatten();
    here.chain(parts.flat_map(told)).collect()
}

#[test]
fn each_incident_is_found_and_its_fixed_form_is_clean() {
    for Row { folder, command, found: expected } in rows() {
        let (broken, _) = found(&command, &root().join(&folder).join("broken"));
        assert_eq!(broken, expected, "{folder}");
        let (fixed, exit_code) = found(&command, &root().join(&folder).join("fixed"));
        assert_eq!((fixed, exit_code), (BTreeSet::new(), 0), "{folder}: fixed");
    }
}

#[test]
fn every_folder_is_in_the_table() {
    let listed: BTreeSet<String> = rows().into_iter().map(|row| row.folder).collect();
    let folders = std::fs::read_dir(root()).expect("the folder").map(|entry| entry.expect("one"));
    let folders = folders.filter(|entry| entry.path().is_dir());
    let there: BTreeSet<String> =
        folders.map(|entry| entry.file_name().into_string().expect("UTF-8")).collect();
    assert_eq!(listed, there);
}

/// What no file shows: the test that shows it is there.
#[test]
fn what_is_not_on_paper_names_a_test_that_exists() {
    let workspace = root().join("../..");
    let rows = cells(&page(), "| not on paper");
    assert!(!rows.is_empty());
    for cells in rows {
        let (file, name) = cells.last().and_then(|cell| cell.split_once(": ")).expect("file: test");
        let text = std::fs::read_to_string(workspace.join(file)).expect(file);
        assert!(text.contains(&format!("fn {name}(")), "{file} has no test {name}");
    }
}

#[test]
fn all_twenty_are_there() {
    let page = page();
    let numbers = page.lines().filter_map(|line| {
        let line = line.strip_prefix("| [").or_else(|| line.strip_prefix("| not on paper "))?;
        line.get(..2)?.parse::<u32>().ok()
    });
    let numbers: BTreeSet<u32> = numbers.collect();
    assert_eq!(numbers, (1..=20).collect());
}
