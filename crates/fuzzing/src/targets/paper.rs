//! What stands in a repository.

use sealwright_manifests::checks::{Expected, judge};
use sealwright_manifests::fix::mend;
use sealwright_manifests::{File, Place, discover, is_utf16, join, look, shell as shells};
use sealwright_pattern::{About, Containment, GoRegex, Language, analyse};
use sealwright_policy::Issuers;
use sealwright_workflows::{Tree, compare, routes};
use sealwright_yaml::{Inside, Node, inside, read};

/// Beyond this the analysis of a pattern only grows slower.
const ANALYSED_BYTES_MAX: usize = 200;
/// Texts in a file that are read as YAML again.
const INNER_TEXTS_MAX: usize = 100;
/// Each is read in a way of its own.
const NAMES: [&str; 9] = [
    "a.yaml",
    "kustomization.yaml",
    "ksail.yaml",
    ".github/workflows/a.yml",
    "a.sh",
    "Makefile",
    "README.md",
    "a.tf",
    "a.nix",
];

fn within(at: &Place, bytes: &[u8]) -> bool {
    at.range.start <= at.range.end && at.range.end <= bytes.len()
}

/// A pattern, and on the lines after it an identity: sets hold what patterns match, and every
/// witness is let in.
pub fn go_pattern(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (pattern, identity) = text.split_once('\n').unwrap_or((&text, ""));
    let Ok(regex) = GoRegex::parse(pattern) else { return };
    let matches = regex.is_match(identity);
    if pattern.len() > ANALYSED_BYTES_MAX {
        return;
    }
    let language = Language::search(&regex);
    if let Some(holds) = language.holds(identity) {
        assert_eq!(holds, matches, "the set is what the pattern matches");
    }
    assert!(!matches!(language.contained_in(&language), Containment::Outside(_)));
    for weakness in analyse(&regex, About::Subject, None) {
        if let Some(witness) = weakness.witness {
            assert!(regex.is_match(&witness), "{witness} is let in");
        }
    }
}

/// A file of a repository, its name told by the first byte: every place is in the file, and mending it
/// mends what can still be read.
pub fn manifests(bytes: &[u8]) {
    let Some((name, bytes)) = bytes.split_first() else { return };
    let path = NAMES[usize::from(*name) % NAMES.len()];
    let file = File { path, bytes };
    let found = discover([file]);
    // Places in UTF-16 are those of the text that it stands for.
    if !is_utf16(bytes) {
        let within = |at: &Place| within(at, bytes);
        for declaration in &found.declarations {
            assert!(within(&declaration.at), "{:?} is in the file", declaration.at);
            for identity in &declaration.identities {
                let halves = [&identity.issuer, &identity.subject].into_iter().flatten();
                assert!(halves.into_iter().all(|matcher| within(&matcher.at)));
            }
        }
        assert!(found.sources.iter().all(|source| within(&source.at)));
        assert!(found.unread.iter().all(|unread| within(&unread.at)));
    }
    let expected = Expected { config: None, issuers: Issuers::public() };
    judge(&found, &expected);
    mend(&[file], &[look(file)], &found, &expected);
}

/// Files that lead to each other, one for each document of the input: an overlay with its base and a patch,
/// and what a Kustomization of Flux makes of them. Every place is in the file that it names, and mending them
/// ends.
pub fn tree(bytes: &[u8]) {
    const LAID: [(&str, &str); 5] = [
        ("base/app.yaml", ""),
        ("over/kustomization.yaml", "resources: [../base]\n"),
        ("over/patch.yaml", ""),
        ("base/kustomization.yaml", "resources: [app.yaml]\n"),
        ("clusters/apps.yaml", ""),
    ];
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.split("\n---\n");
    let laid = LAID.map(|(path, begin)| (path, format!("{begin}{}\n", parts.next().unwrap_or(""))));
    let files = laid.each_ref().map(|(path, text)| File { path, bytes: text.as_bytes() });
    let facts = files.map(look);
    let found = join(facts.to_vec());
    for declaration in &found.declarations {
        let file = files.iter().find(|file| file.path == declaration.file).expect("it is there");
        assert!(within(&declaration.at, file.bytes), "{:?} is in the file", declaration.at);
    }
    let expected = Expected { config: None, issuers: Issuers::public() };
    judge(&found, &expected);
    mend(&files, &facts, &found, &expected);
}

/// A script: every command is in the text.
pub fn shell(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let script = shells::read(&text);
    assert!(script.commands.len() <= shells::COMMANDS_MAX);
    for command in &script.commands {
        let words = command.words.iter().chain(&command.outputs).map(|word| &word.range);
        for range in words.chain([&command.range]) {
            assert!(text.get(range.clone()).is_some(), "{range:?} is in the text");
        }
    }
    assert!(script.heredocs.iter().all(|range| text.get(range.clone()).is_some()));
    shells::has_pipefail(&script);
}

/// A workflow, called by itself under another name, and an action: judged alone and with itself as
/// what was there before.
pub fn workflows(bytes: &[u8]) {
    let paths = [
        ".github/workflows/cd.yaml",
        ".github/workflows/publish.yaml",
        "actions/build/action.yaml",
    ];
    let files = paths.map(|path| File { path, bytes });
    let tree = Tree::read(files);
    let about = sealwright_workflows::About {
        repository: Some("acme/platform"),
        default_branch: Some("main"),
    };
    sealwright_workflows::judge(&tree, about, &sealwright_workflows::Expected::default());
    routes(&tree, about, None);
    let changed = compare(&tree, &tree, about, files.into_iter());
    let vanished = changed.iter().filter(|one| one.code == sealwright_policy::Code::SignerVanished);
    assert_eq!(vanished.count(), 0, "nothing has changed");
}

/// A YAML file: every place is in the file, also those inside of texts.
pub fn yaml(bytes: &[u8]) {
    let within = |at: &Place| within(at, bytes);
    let stream = read(bytes);
    let mut texts: Vec<&Node> = Vec::new();
    for document in &stream.documents {
        document.root.walk(&mut |node| {
            assert!(within(&node.at), "{:?} is in the file", node.at);
            assert!(node.entries().iter().all(|(key, _)| within(&key.at)));
            texts.extend(node.text().map(|_| node));
        });
    }
    for node in texts.into_iter().take(INNER_TEXTS_MAX) {
        for document in inside(node, bytes).documents {
            document.root.walk(&mut |inner| {
                assert!(within(&inner.at), "{:?} is in the file", inner.at);
            });
        }
        let length = node.text().map_or(0, str::len);
        let place = Inside::of(node, bytes).map(|inside| inside.place(0..length));
        assert!(place.is_none_or(|place| within(&place)));
    }
}
