//! What is read of overlays on paper, beside what the real Kustomize makes of them: the flow `e2e` asks
//! it about the same table.

use std::collections::BTreeSet;

use sealwright_manifests::Guard;

use super::{codes, found};

const TABLE: &str = include_str!("../rendered/overlays.txt");

struct Case<'a> {
    name: &'a str,
    files: Vec<(&'a str, String)>,
    guards: BTreeSet<String>,
    stops: bool,
    codes: BTreeSet<&'a str>,
}

fn cases() -> Vec<Case<'static>> {
    let mut parts = TABLE.split("\n== ");
    let common = files(parts.next().expect("what all have"));
    parts.map(|part| case(part, &common)).collect()
}

fn is_told(line: &str) -> bool {
    line.contains(" <- ") || line.starts_with("! ") || line == "stops"
}

fn files(part: &str) -> Vec<(&str, String)> {
    let files = part.split("\n-- ").skip(1);
    let of = |file: &'_ str| -> (usize, String) {
        let (path, text) = file.split_once('\n').expect("a path");
        let lines = text.lines().filter(|line| !is_told(line));
        (path.len(), lines.map(|line| format!("{line}\n")).collect())
    };
    files.map(|file| (of(file), file)).map(|((end, text), file)| (&file[..end], text)).collect()
}

fn case<'a>(part: &'a str, common: &[(&'a str, String)]) -> Case<'a> {
    let told = || part.lines().filter(|line| is_told(line));
    let guards = told().filter(|line| line.contains(" <- ") && !line.starts_with("really "));
    let mut all = common.to_vec();
    all.extend(files(part));
    Case {
        name: part.lines().next().expect("a name"),
        files: all,
        guards: guards.map(|line| line.trim_start_matches("on paper ").to_owned()).collect(),
        stops: told().any(|line| line == "stops"),
        codes: told().filter_map(|line| line.strip_prefix("! ")).collect(),
    }
}

#[test]
fn overlays_are_read_on_paper_as_kustomize_renders_them() {
    let mut wrong = Vec::new();
    assert!(cases().len() > 20, "the table is read");
    for case in cases() {
        let files: Vec<(&str, &str)> =
            case.files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        let found = found(&files);
        let told = |guard: &Guard| match guard {
            Guard::Declaration(number) => {
                let declaration = &found.declarations[*number];
                let identity = declaration.identities.first();
                match identity.and_then(|identity| identity.subject.as_ref()) {
                    Some(subject) => subject.text.clone(),
                    None if declaration.key => "key".to_owned(),
                    None => "no identity".to_owned(),
                }
            }
            Guard::NotRendered(_) => "not rendered".to_owned(),
            other => format!("{other:?}").to_lowercase(),
        };
        let sources = found.sources.iter();
        let guards: BTreeSet<String> =
            sources.map(|one| format!("{} <- {}", one.url, told(&one.guarded_by))).collect();
        let codes: BTreeSet<&str> = codes(&found).into_iter().collect();
        // Where Kustomize stops, nothing is rendered, and that is what is told.
        if codes != case.codes || (!case.stops && guards != case.guards) {
            wrong.push(format!("{}: {codes:?} {guards:#?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
