//! What files are called, how long they are, and what must not stand in them.

use camino::Utf8Path;
use pulldown_cmark::{Event, Parser, Tag};

use super::{Complaints, Repository};
use crate::failure::Outcome;
use crate::program::{Program, on_path};

/// Names that say nothing about what is inside: things end up there that belong elsewhere.
const DRAWERS: &[&str] =
    &["util", "utils", "helper", "helpers", "common", "misc", "shared", "lib2"];
/// A Rust file may have this many lines; what is longer tells more than one story.
const LINES_MAX: usize = 700;
/// One long list of one kind of thing.
const LISTS: &[&str] = &["crates/policy/src/codes.rs"];

/// Extensions of what people write, and so of what is searched.
const WRITTEN: &[&str] = &["rs", "md", "toml", "yaml", "hbs", "css", "go", "json", "run", ""];
/// Recorded bytes from elsewhere may say what they like.
const RECORDED: &str = "testdata";

pub(super) fn names_and_lengths(repository: &Repository) -> Outcome<Complaints> {
    let mut complaints = Complaints::new();
    for path in repository.files("", &["rs"]) {
        let lines = repository.text(path)?.lines().count();
        complaints.extend(check_name(path));
        complaints.extend(check_length(path, lines));
    }
    Ok(complaints)
}

fn check_name(path: &Utf8Path) -> Option<String> {
    let drawer =
        path.components().find(|part| DRAWERS.contains(&part.as_str().trim_end_matches(".rs")))?;
    Some(format!("{path}: `{drawer}` says nothing; name it by what a reader looks for"))
}

fn check_length(path: &Utf8Path, lines: usize) -> Option<String> {
    (lines > LINES_MAX && !LISTS.contains(&path.as_str())).then(|| {
        format!("{path}: {lines} lines, and the limit is {LINES_MAX}; it tells more than one story")
    })
}

pub(super) fn words(repository: &Repository) -> Outcome<Complaints> {
    let forbidden = Forbidden::of_this_machine(repository);
    let mut complaints = Complaints::new();
    for path in repository.files("", WRITTEN) {
        if path.components().any(|part| part.as_str() == RECORDED) {
            continue;
        }
        // What is not text cannot be read, and says nothing.
        if let Ok(text) = repository.text(path) {
            complaints.extend(forbidden.check(path, &text));
        }
    }
    Ok(complaints)
}

pub(super) fn links(repository: &Repository) -> Outcome<Complaints> {
    let mut complaints = Complaints::new();
    for page in repository.files("", &["md"]) {
        let exists = |target: &Utf8Path| repository.workspace.root.join(target).exists();
        complaints.extend(check_links(page, &repository.text(page)?, exists));
    }
    Ok(complaints)
}

/// Links within the repository must lead to something; others' pages are not ours to check.
fn check_links(page: &Utf8Path, text: &str, exists: impl Fn(&Utf8Path) -> bool) -> Complaints {
    let folder = page.parent().unwrap_or(Utf8Path::new(""));
    Parser::new(text)
        .filter_map(|event| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                Some(dest_url)
            }
            _ => None,
        })
        .filter(|link| !link.contains("://") && !link.starts_with("mailto:"))
        .filter(|link| {
            let target = link.split('#').next().unwrap_or_default();
            !target.is_empty() && !exists(&folder.join(target))
        })
        .map(|link| format!("{page}: links to {link}, which does not exist"))
        .collect()
}

/// Words that must not be committed. The machine's are asked for, so that this file need not name them.
struct Forbidden {
    machine: Vec<String>,
}

impl Forbidden {
    fn of_this_machine(repository: &Repository) -> Forbidden {
        let mut machine = Vec::new();
        machine.extend(repository.workspace.root.parent().map(|folder| format!("{folder}/")));
        machine.extend(std::env::var("HOME").ok().map(|home| format!("{home}/")));
        machine.extend(go_proxy());
        // A folder directly below the root of the file system is too short to mean this machine.
        machine.retain(|word| word.len() > 3);
        Forbidden { machine }
    }

    fn check(&self, path: &Utf8Path, text: &str) -> Complaints {
        let mut complaints = Complaints::new();
        for (index, line) in text.lines().enumerate() {
            let place = format!("{path}:{}", index + 1);
            if self.machine.iter().any(|word| line.contains(word)) {
                complaints.push(format!("{place}: names a folder or host of this machine; make it relative, or take it from the environment"));
            }
            for word in LATER {
                if line.contains(word) {
                    complaints.push(format!("{place}: says {word}; do it, or open an issue"));
                }
            }
            let silenced = line.trim_start().starts_with(SILENCED) && !line.contains("reason = ");
            if path.extension() == Some("rs") && silenced {
                complaints.push(format!(
                    "{place}: silences a lint and does not say why; mend it, or give a reason"
                ));
            }
        }
        complaints
    }
}

/// Marks of work left for later. Put together, so that they do not stand here. An ignored test with
/// a reason is run by hand or by another tier.
const LATER: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("#[ig", "nore]")];
const SILENCED: &str = concat!("#[al", "low(");

/// Hosts that Go fetches modules from here.
fn go_proxy() -> Vec<String> {
    let Some(go) = on_path("go") else { return Vec::new() };
    let said = Program::new(go).args(["env", "GOPROXY"]).run_ok().unwrap_or_default();
    String::from_utf8_lossy(&said)
        .split([',', '|'])
        .filter_map(|url| url.trim().split_once("://"))
        .filter_map(|(_, rest)| rest.split('/').next())
        .map(|host| host.rsplit('@').next().unwrap_or(host).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawers_are_found_and_words_that_contain_one_are_not() {
        for (path, found) in [
            ("crates/x/src/utils.rs", true),
            ("crates/x/src/helpers/mod.rs", true),
            ("crates/x/tests/common/mod.rs", true),
            ("crates/x/src/utility_bill.rs", false),
        ] {
            assert_eq!(check_name(Utf8Path::new(path)).is_some(), found, "{path}");
        }
    }

    #[test]
    fn long_files_are_found_but_for_lists() {
        assert!(check_length(Utf8Path::new("a.rs"), LINES_MAX).is_none());
        assert!(check_length(Utf8Path::new("a.rs"), LINES_MAX + 1).is_some());
        assert!(check_length(Utf8Path::new(LISTS[0]), LINES_MAX + 1).is_none());
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let there = |target: &Utf8Path| target == "docs/there.md";
        for (link, count) in [
            ("[a](there.md)", 0),
            ("[a](there.md#part)", 0),
            ("[a](#part)", 0),
            ("[a](https://a.example/gone.md)", 0),
            ("[a](gone.md)", 1),
            ("![a](gone.svg)", 1),
            ("`[a](gone.md)`", 0),
        ] {
            let complaints = check_links(Utf8Path::new("docs/page.md"), link, there);
            assert_eq!(complaints.len(), count, "{link}: {complaints:?}");
        }
    }

    #[test]
    fn forbidden_words_are_found_with_their_line() {
        let forbidden = Forbidden { machine: vec!["/home/somebody/".into()] };
        for (text, count, why) in [
            ("fine\n", 0, "nothing"),
            ("fine\nat /home/somebody/x\n", 1, "a folder of this machine"),
            (concat!("// TO", "DO: later\n"), 1, "work left for later"),
            (concat!("    #[al", "low(dead_code)]\n"), 1, "a silenced lint"),
            (concat!("#[al", "low(dead_code, reason = \"x\")]\n"), 0, "with its reason"),
            ("#[expect(dead_code, reason = \"x\")]\n", 0, "an expectation with a reason"),
        ] {
            let complaints = forbidden.check(Utf8Path::new("a.rs"), text);
            assert_eq!(complaints.len(), count, "{why}: {complaints:?}");
        }
        let complaints = forbidden.check(Utf8Path::new("a.rs"), "fine\n/home/somebody/\n");
        assert!(complaints[0].starts_with("a.rs:2:"), "{complaints:?}");
    }
}
