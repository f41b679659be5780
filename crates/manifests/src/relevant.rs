//! Which files are worth reading: the others hold no word that any object of ours has.

use std::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use memchr::memmem;

use crate::commands;
use crate::escaped::unescaped;
use crate::unspoken::makes_objects;

/// Every object that declares or needs an identity, every patch of one, and every command that
/// verifies has one of these words in it, perhaps spelt with escapes. `verify` alone is none of
/// them: prose in large schemas has it.
const WORDS: &[&str] = &[
    "OCIRepository",
    "HelmRelease",
    "HelmRepository",
    "HelmChart",
    "FluxInstance",
    "kustomize.toolkit.fluxcd.io",
    "ArtifactGenerator",
    "ResourceGraphDefinition",
    "ImagePolicy",
    "ImageValidatingPolicy",
    "ImageVerificationConfig",
    "verifyImages",
    "PolicyException",
    "no-match-policy",
    "ksail.",
    "pkg.crossplane.io",
    "kubewarden",
    "ratify",
    "keyless",
    "matchO",
    "verify:",
    "/verify",
    "/spec",
    "\"verify\"",
    "cosign",
    "COSIGN",
    "attestation",
    "verifier",
    "notation verify",
    "notation-action/verify",
];

/// Kinds that pull an artifact or say who may sign one.
pub(crate) const KINDS: &[&str] = &[
    "OCIRepository",
    "HelmRelease",
    "HelmChart",
    "FluxInstance",
    "ClusterImagePolicy",
    "ImageValidatingPolicy",
    "ImageVerificationConfig",
    "verifyImages",
];

/// Words of other files: scripts that verify, and documents that show objects.
const WORDS_OF_TEXTS: &[&str] = &["verify", "kind:", "\"kind\""];

/// Bytes of a file that tell which program runs it.
const FIRST_LINE_BYTES: usize = 256;

/// Whether a file is one in which anything is looked for, by its name and its first bytes.
pub fn is_looked_into(path: &str, head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&head[..head.len().min(FIRST_LINE_BYTES)]);
    is_yaml(path) || makes_objects(path) || commands::holds_texts(path, &head)
}

/// Whether a file, or a part of one, can say anything about identities. What is in UTF-16 is looked
/// at as such when it begins with the mark.
pub fn may_tell(path: &str, bytes: &[u8]) -> bool {
    is_relevant(path, &utf8(bytes))
}

/// The same of bytes that are in UTF-8.
pub(crate) fn is_relevant(path: &str, bytes: &[u8]) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let words = if is_yaml(path) { &OF_YAML } else { &OF_TEXTS };
    let any = |bytes: &[u8]| words.is_match(bytes);
    let may_give_values =
        || is_yaml(path) && bytes.len() <= VALUES_BYTES_MAX && holds(bytes, "ConfigMap");
    is_kustomization(name) || is_ksail(name) || plain_or_unescaped(bytes, any) || may_give_values()
}

/// Bytes of a file with a `ConfigMap` that gives variables: larger ones hold files, such as dashboards.
const VALUES_BYTES_MAX: usize = 16 << 10;

/// Whether there is a word in these bytes, plain or spelt with escapes.
pub(crate) fn holds(bytes: &[u8], word: &str) -> bool {
    plain_or_unescaped(bytes, |bytes| memmem::find(bytes, word.as_bytes()).is_some())
}

fn plain_or_unescaped(bytes: &[u8], holds: impl Fn(&[u8]) -> bool) -> bool {
    holds(bytes) || unescaped(bytes).is_some_and(|plain| holds(&plain))
}

static OF_YAML: LazyLock<AhoCorasick> = LazyLock::new(|| any_of(WORDS));
static OF_TEXTS: LazyLock<AhoCorasick> =
    LazyLock::new(|| any_of(&[WORDS_OF_TEXTS, KINDS].concat()));

fn any_of(words: &[&str]) -> AhoCorasick {
    AhoCorasick::new(words).expect("a few short words are no automaton that is too large")
}

/// The bytes in UTF-8: those of a file in UTF-16, which begins with a mark, are brought there. Windows
/// PowerShell writes such files, and the readers of YAML that Kubernetes and Kustomize use take them.
pub(crate) fn utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return Cow::Borrowed(bytes),
    };
    let (pairs, _) = bytes[2..].as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    Cow::Owned(String::from_utf16_lossy(&units).into_bytes())
}

/// Whether a file is in UTF-16, by its mark: places in it have lines and columns, and no bytes.
pub fn is_utf16(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
}

/// Whether a kind is named that pulls an artifact or says who may sign one.
pub(crate) fn names_a_kind(bytes: &[u8]) -> bool {
    KINDS.iter().any(|kind| holds(bytes, kind))
}

/// How the names of templates end, behind that of what they make.
const TEMPLATES: &[&str] =
    &[".gotmpl", ".j2", ".jinja", ".jinja2", ".template", ".tftpl", ".tmpl", ".tpl"];

/// Names under which Kustomize looks for its file.
pub(crate) fn is_kustomization(name: &str) -> bool {
    matches!(name, "kustomization.yaml" | "kustomization.yml" | "Kustomization")
}

/// Names of KSail's configuration.
pub(crate) fn is_ksail(name: &str) -> bool {
    name.starts_with("ksail") && (name.ends_with(".yaml") || name.ends_with(".yml"))
}

/// Whether a file is a template by its name, which somebody fills in before anybody applies it.
pub(crate) fn is_template(path: &str) -> bool {
    TEMPLATES.iter().any(|end| path.ends_with(end))
}

/// Whether a file holds YAML or JSON, by its name.
pub fn is_yaml(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    // A template of YAML is YAML where nothing is filled in.
    let name = TEMPLATES.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    let has = |ending| name.ends_with(ending);
    has(".yaml") || has(".yml") || has(".json") || is_kustomization(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_cannot_declare_are_not_read() {
        let cases = [
            ("a.yaml", "kind: OCIRepository", true, "a source"),
            ("a.yaml", "- op: add\n  path: /spec/verify", true, "a patch"),
            ("a.yaml", "- op: replace\n  path: /spec/ref/tag", true, "a patch of what is followed"),
            ("a.yaml", "run: cosign verify x", true, "a command"),
            ("a.yaml", "description: used to verify certificates", false, "prose in a schema"),
            ("a.yaml", "kind: Deployment", false, "an object of others"),
            ("a.yaml", "kind: ConfigMap", true, "values of variables"),
            ("kustomization.yaml", "", true, "an overlay, whatever is in it"),
            ("ksail.prod.yaml", "", true, "KSail's configuration, whatever is in it"),
            ("a.sh", "gh attestation verify x", true, "a script"),
            ("a.sh", "make all", false, "another script"),
            ("a.yaml", r#"kind: "\x4fCIRepository""#, true, "an escape of YAML"),
            ("a.yaml", r#"kind: "\x44eployment""#, false, "an escape in an object of others"),
            ("a.json", r#"{"k\u0069nd": "\u004fCIRepository"}"#, true, "an escape of JSON"),
            ("a.json", r#"[{"op": "remove", "path": "\/spec\/verify"}]"#, true, "a slash"),
            ("a.yaml", "kind: &kind OCIRepository\n---\nkind: *kind", true, "an anchor"),
        ];
        for (path, text, expected, reason) in cases {
            assert_eq!(is_relevant(path, text.as_bytes()), expected, "{reason}");
        }
    }

    #[test]
    fn files_are_looked_into_by_their_names() {
        for (path, head, expected, why) in [
            ("a.yaml", "", true, "manifests"),
            ("a.sh", "", true, "a script"),
            ("README.md", "", true, "a document"),
            ("main.tf", "", true, "what applies manifests"),
            ("hack/verify", "#!/bin/sh\n", true, "a script by its first line"),
            ("hack/verify", "\u{7f}ELF", false, "a program"),
            ("dump.sql", "-- verify", false, "data"),
        ] {
            assert_eq!(is_looked_into(path, head.as_bytes()), expected, "{why}");
        }
    }

    #[test]
    fn utf16_is_read_in_either_order_of_bytes() {
        let of = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(bytes).collect()
        };
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            assert!(may_tell("a.yaml", &of("kind: OCIRepository # é", bytes)));
            assert!(!may_tell("a.yaml", &of("kind: Deployment", bytes)));
            assert_eq!(utf8(&of("é😀", bytes)), "é😀".as_bytes());
        }
        let mut cut = of("a: b", u16::to_le_bytes);
        cut.pop();
        assert_eq!(&*utf8(&cut), b"a: ", "half a unit says nothing");
        assert_eq!(&*utf8(b"a"), b"a");
    }
}
