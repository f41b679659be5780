//! Objects in languages that are not read: Terraform's and Nix' own, jsonnet, CUE, texts in scripts. That
//! one is there can be seen; what it says cannot.

use memchr::memmem;

use crate::File;
use crate::commands::Lines;
use crate::found::{Unjudged, Why};
use crate::relevant::KINDS;

/// Ends of names of files that make objects, and are no YAML. In programs and prose a kind is named for
/// many reasons.
const MAKE_OBJECTS: &[&str] = &[
    "bash",
    "cue",
    "dhall",
    "erb",
    "hcl",
    "jsonnet",
    "k",
    "ksh",
    "libsonnet",
    "mk",
    "nix",
    "pkl",
    "sh",
    "star",
    "tf",
    "tofu",
    "tpl",
    "zsh",
];

/// The first object in a file that was not read. `read`: what of it was, in place.
pub(crate) fn unspoken(file: File<'_>, read: Option<&[u8]>) -> Option<Unjudged> {
    if !makes_objects(file.path) {
        return None;
    }
    let was_read = |at: usize| read.is_some_and(|read| read.get(at) == file.bytes.get(at));
    let of_kind = |kind: &&'static str| {
        let found = memmem::find_iter(file.bytes, kind).map(|at| (at, *kind));
        found.filter(|(at, _)| is_value_of_kind(&file.bytes[..*at]) && !was_read(*at)).min()
    };
    let (at, kind) = KINDS.iter().filter_map(of_kind).min()?;
    Some(Unjudged {
        file: file.path.to_owned(),
        at: Lines::of(file.bytes).place(at..at + kind.len()),
        why: Why::Unspoken,
        told: format!("`kind: {kind}` stands in a language that is not read here"),
        names_a_kind: true,
    })
}

/// Whether a file is one that may make objects, by its name.
pub(crate) fn makes_objects(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let end = name.rsplit_once('.').map_or(name, |(_, end)| end);
    MAKE_OBJECTS.contains(&end) || matches!(name, "Makefile" | "Justfile" | "justfile")
}

/// Whether `kind: `, `"kind": ` or `kind = ` stands before it.
fn is_value_of_kind(before: &[u8]) -> bool {
    let quoted = |byte: &u8| b" \t\"'".contains(byte);
    let trimmed = |mut bytes: &[u8], of: &dyn Fn(&u8) -> bool| {
        while bytes.last().is_some_and(of) {
            bytes = &bytes[..bytes.len() - 1];
        }
        bytes.len()
    };
    let value = &before[..trimmed(before, &quoted)];
    let key = &value[..trimmed(value, &|byte| b":=".contains(byte))];
    key.len() < value.len() && key[..trimmed(key, &quoted)].ends_with(b"kind")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_in_another_language_is_seen() {
        for (path, text, line, why) in [
            ("a.jsonnet", "{\n  kind: 'OCIRepository' }", Some(2), "jsonnet"),
            ("a.tf", "x = {\n kind = \"OCIRepository\"\n}", Some(2), "Terraform's own"),
            ("a.cue", "kind: \"ClusterImagePolicy\"", Some(1), "CUE"),
            ("a.sh", "cat <<E\nkind: HelmRelease\nE", Some(2), "a text in a script"),
            ("Makefile", "x:\n\techo 'kind: OCIRepository'", Some(2), "a recipe"),
            ("a.jsonnet", "// an OCIRepository", None, "prose"),
            ("a.jsonnet", "sourceKind == OCIRepository", None, "another word"),
            ("a.py", "kind = 'OCIRepository'", None, "a program may mean anything by it"),
            ("a.jsonnet", "kind: 'Deployment'", None, "another kind"),
        ] {
            let file = File { path, bytes: text.as_bytes() };
            let found = unspoken(file, None).map(|one| one.at.line);
            assert_eq!(found, line, "{why}: {text}");
        }
    }

    #[test]
    fn what_was_read_is_not_told_again() {
        let text = "a = <<E\nkind: OCIRepository\nE\nkind = \"OCIRepository\"\n";
        let read = "       \nkind: OCIRepository\n \n                       \n";
        let file = File { path: "a.tf", bytes: text.as_bytes() };
        assert_eq!(unspoken(file, Some(read.as_bytes())).map(|one| one.at.line), Some(4));
        assert_eq!(unspoken(file, Some(text.as_bytes())), None);
    }
}
