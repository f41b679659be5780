//! Whether goreleaser signs: its own configuration says so, at the root of the repository.

use sealwright_yaml::{Node, Stream};

use crate::facts::With;
use crate::model::Written;

/// Where goreleaser looks, in its order.
const FILES: &[&str] = &[
    ".config/goreleaser.yml",
    ".config/goreleaser.yaml",
    ".goreleaser.yml",
    ".goreleaser.yaml",
    "goreleaser.yml",
    "goreleaser.yaml",
];
/// The lists of what is signed, each with a command.
const SIGNS: &[&str] = &["signs", "docker_signs", "binary_signs"];

/// Whether a path is a configuration of goreleaser.
pub(crate) fn is_configuration(path: &str) -> bool {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    FILES.contains(&path) || name.starts_with(".goreleaser") && is_yaml(name)
}

fn is_yaml(name: &str) -> bool {
    name.ends_with(".yml") || name.ends_with(".yaml")
}

/// What is known of a run of goreleaser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goreleaser {
    Signs(With),
    SignsNothing,
    NotKnown,
}

impl Goreleaser {
    /// By the configurations of the repository, each with its path, and the arguments of the run.
    pub(crate) fn of(read: &[(String, Goreleaser)], arguments: Option<&Written>) -> Self {
        let words: Vec<&str> =
            arguments.map_or(vec![], |text| text.text.split_whitespace().collect());
        let skips = |word: &&str| word.starts_with("--skip") && word.contains("sign");
        if words.iter().any(skips) || words.first().is_some_and(|verb| *verb == "check") {
            return Goreleaser::SignsNothing;
        }
        let named = words.iter().position(|word| ["-f", "--config"].contains(word));
        let named =
            named.and_then(|at| words.get(at + 1)).map(|path| path.trim_start_matches("./"));
        let equal = words.iter().find_map(|word| word.strip_prefix("--config="));
        let paths: Vec<&str> = named.or(equal).map_or(FILES.to_vec(), |path| vec![path]);
        let found = paths.iter().find_map(|path| read.iter().find(|(known, _)| known == path));
        found.map_or(Goreleaser::NotKnown, |(_, known)| *known)
    }

    /// By what a configuration says.
    pub(crate) fn read(stream: &Stream) -> Self {
        let Some(document) = stream.documents.first() else { return Goreleaser::NotKnown };
        let root = &document.root;
        // A part that is taken from somewhere else may sign.
        if root.get("includes").is_some() || root.get("pro").is_some() {
            return Goreleaser::NotKnown;
        }
        let lists = SIGNS.iter().filter_map(|list| root.get(list));
        let commands: Vec<&Node> = lists.flat_map(Node::items).collect();
        if commands.is_empty() {
            return Goreleaser::SignsNothing;
        }
        let keyless = commands.iter().any(|entry| is_keyless(entry));
        Goreleaser::Signs(if keyless { With::Identity } else { With::Key })
    }
}

/// cosign without a key. Without a command it is GnuPG.
fn is_keyless(entry: &Node) -> bool {
    let command = entry.get("cmd").and_then(Node::text).unwrap_or("gpg");
    let arguments = entry.get("args").map(Node::items).unwrap_or_default();
    command.contains("cosign")
        && !arguments.iter().any(|word| word.scalar().is_some_and(|word| word.starts_with("--key")))
}
