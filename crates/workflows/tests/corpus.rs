//! Real workflows, each told again as a sketch of its triggers and calls: the identity that is derived
//! here against the one that was derived by others.
//!
//! The corpus is not part of the project: it is read from `../shared/corpus` beside the workspace (or
//! below `SEALWRIGHT_SHARED`); without it the test says "not run".
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test reads files, talks, and may fail"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use sealwright_manifests::File;
use sealwright_workflows::{About, Expected, Tree, judge};
use serde_json::{Map, Value, json};

/// Lines of the corpus.
const WORKFLOWS_COUNT: usize = 96;

/// Lines with which nothing can agree, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("W020", "a `!` takes tags away, which the corpus lists as tags"),
    ("W063", "nothing there signs, and nobody expects a name"),
    ("W082", "nothing there signs, and nobody expects a name"),
    ("W114", "a composite action has no identity of its own, but that of whoever uses it"),
];

/// Identities, as `file@refs` in our words.
type Names = BTreeSet<String>;

#[test]
fn identities_are_those_that_others_derived() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let base = std::env::var_os("SEALWRIGHT_SHARED").map_or(beside, PathBuf::from);
    let Ok(text) = std::fs::read_to_string(base.join("corpus/workflows.jsonl")) else {
        eprintln!("not run: corpus/workflows.jsonl is not beside the workspace");
        return;
    };
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), WORKFLOWS_COUNT, "the corpus is another one");
    let different: Vec<String> = lines.iter().filter_map(different).collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
}

fn different(line: &Value) -> Option<String> {
    let text = |key: &str| line[key].as_str().unwrap_or_default();
    let excepted = EXCEPTIONS.iter().any(|(id, _)| *id == text("id"));
    let parts = parts(text("san_expected"));
    let expected: Names = parts.iter().flat_map(Part::names).collect();
    let found = derived(text("repo"), text("path"), text("triggers"), &parts);
    match (expected == found && !expected.is_empty(), excepted) {
        (true, true) => Some(format!("{}: is no exception any more", text("id"))),
        (false, false) => Some(format!("{}: {expected:#?}\n derived: {found:#?}", text("id"))),
        _ => None,
    }
}

/// What the corpus expects of one file.
struct Part {
    kind: Kind,
    /// `https://github.com/acme/x/.github/workflows/cd.yaml`
    file: String,
    refs: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Own,
    Local,
    Remote,
}

fn parts(expected: &str) -> Vec<Part> {
    // What stands in `<…>` may hold any of the words that part the rest.
    let pieces = expected.replace("; else", ", else");
    pieces.split("; ").filter_map(part).collect()
}

fn part(text: &str) -> Option<Part> {
    let kind = match text {
        _ if text.starts_with("CALLED local") => Kind::Local,
        _ if text.starts_with("CALLED remote") => Kind::Remote,
        _ => Kind::Own,
    };
    let (file, refs) = text[text.find("https://")?..].split_once('@')?;
    let refs = refs.split(" or ").collect::<Vec<_>>().join("\u{1}");
    // An `or` within `<…>` is no other ref.
    let refs = refs.replace("ref\u{1}commit", "ref or commit");
    let refs = refs.split('\u{1}').map(str::to_owned).collect();
    Some(Part { kind, file: file.to_owned(), refs })
}

impl Part {
    fn names(&self) -> Vec<String> {
        let version = |name: &str| name.strip_prefix("refs/heads/").map(str::to_owned);
        if self.kind == Kind::Remote {
            // A name that may be a tag or a branch is written once.
            let name = match self.refs.as_slice() {
                [one] => one.clone(),
                [_, heads] => {
                    format!("refs/<tags or heads>/{}", version(heads).unwrap_or_default())
                }
                more => panic!("{more:?}"),
            };
            return vec![format!("{}@{name}", self.file)];
        }
        self.refs.iter().map(|name| format!("{}@{}", self.file, ours(name))).collect()
    }

    /// `.github/workflows/cd.yaml`
    fn path(&self) -> String {
        self.file.splitn(6, '/').nth(5).unwrap_or_default().to_owned()
    }

    /// What a caller in another repository writes.
    fn uses(&self) -> String {
        let file = self.file.trim_start_matches("https://github.com/");
        let version = self.refs[0].trim_start_matches("refs/tags/");
        format!("{file}@{version}")
    }
}

/// A ref of the corpus in our words.
fn ours(name: &str) -> String {
    let called = name.starts_with("<ref the caller used") || name.starts_with("<as called");
    match name {
        _ if called => "<ref or commit in the caller's `uses`>",
        "refs/<whatever is dispatched>" => "any branch or tag",
        "refs/pull/<n>/merge" => "refs/pull/<number>/merge",
        "refs/heads/<default>" => "refs/heads/<default branch>",
        "refs/tags/<released tag>" => "any tag",
        "refs/heads/gh-readonly-queue/<base>/pr-<n>-<sha>" => {
            "refs/heads/gh-readonly-queue/<branch>/pr-<number>-<commit>"
        }
        other => other,
    }
    .to_owned()
}

/// Triggers as the corpus writes them: `push(branches=main|x)(tags=v*), workflow_dispatch`.
fn triggers(text: &str) -> Value {
    let mut events = Map::new();
    let (mut depth, mut event) = (0_usize, String::new());
    let mut all = Vec::new();
    for letter in text.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => all.push(std::mem::take(&mut event)),
            _ => (),
        }
        if letter != ',' || depth > 0 {
            event.push(letter);
        }
    }
    all.push(event);
    for event in &all {
        let mut pieces = event.trim().split('(');
        let name = pieces.next().unwrap_or_default().to_owned();
        let mut filters = Map::new();
        for piece in pieces {
            let Some((key, values)) = piece.trim_end_matches(')').split_once('=') else { continue };
            filters.insert(key.to_owned(), values.split('|').map(Value::from).collect());
        }
        events.insert(name, Value::Object(filters));
    }
    Value::Object(events)
}

/// What we derive from a workflow with these triggers that signs and calls as the corpus says.
fn derived(repository: &str, path: &str, on: &str, parts: &[Part]) -> Names {
    let rights = json!({"id-token": "write", "packages": "write"});
    let signs = json!({
        "permissions": rights,
        "runs-on": "x",
        "steps": [{"run": "cosign sign --yes ghcr.io/acme/x@$DIGEST"}],
    });
    let mut jobs = Map::new();
    let mut files = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let call = |uses: String| json!({"permissions": rights, "uses": uses});
        let job = match part.kind {
            Kind::Own => signs.clone(),
            Kind::Local => {
                let called = json!({"on": {"workflow_call": {}}, "jobs": {"sign": signs}});
                files.push((part.path(), called.to_string()));
                call(format!("./{}", part.path()))
            }
            Kind::Remote => call(part.uses()),
        };
        jobs.insert(format!("job{index}"), job);
    }
    files.push((path.to_owned(), json!({"on": triggers(on), "jobs": jobs}).to_string()));
    let tree = Tree::read(files.iter().map(|(path, text)| File { path, bytes: text.as_bytes() }));
    let about = About { repository: Some(repository), default_branch: None };
    let judged = judge(&tree, about, &Expected::default());
    let own = path.rsplit('/').next().unwrap_or_default();
    let by_us = judged.jobs.iter().flat_map(|job| {
        let of_own = job.job.starts_with(&format!("{own}: "));
        // A called file may be called by others as well, which the corpus does not repeat.
        job.identities.iter().filter(move |one| of_own || !one.called_by.is_empty())
    });
    by_us.map(|identity| identity.san.clone()).collect()
}
