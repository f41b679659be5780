//! Which files are worth reading: the others hold no word that any object of ours has.

use memchr::memmem;

/// Every object that declares or needs an identity, every patch of one, and every command that
/// verifies has one of these words in it. A word written with escapes is not found, which nobody does.
/// `verify` alone is none of them: prose in large schemas has it.
const WORDS: &[&str] = &[
    "OCIRepository",
    "HelmRelease",
    "HelmRepository",
    "HelmChart",
    "FluxInstance",
    "kustomize.toolkit.fluxcd.io",
    "ResourceGraphDefinition",
    "ImagePolicy",
    "ImageValidatingPolicy",
    "ImageVerificationConfig",
    "verifyImages",
    "ksail.",
    "keyless",
    "matchO",
    "verify:",
    "/verify",
    "/spec/ref",
    "cosign",
    "COSIGN",
    "attestation",
    "verifier",
];

/// Kinds that pull an artifact or say who may sign one.
const KINDS: &[&str] = &[
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

/// Whether a file can say anything about identities.
pub(crate) fn is_relevant(path: &str, bytes: &[u8]) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let words = if is_yaml(path) { WORDS } else { WORDS_OF_TEXTS };
    is_kustomization(name) || is_ksail(name) || words.iter().any(|word| holds(bytes, word))
}

/// Whether there is a word in these bytes.
pub(crate) fn holds(bytes: &[u8], word: &str) -> bool {
    memmem::find(bytes, word.as_bytes()).is_some()
}

/// Whether a kind is named that pulls an artifact or says who may sign one.
pub(crate) fn names_a_kind(bytes: &[u8]) -> bool {
    KINDS.iter().any(|kind| holds(bytes, kind))
}

/// Names under which Kustomize looks for its file.
pub(crate) fn is_kustomization(name: &str) -> bool {
    matches!(name, "kustomization.yaml" | "kustomization.yml" | "Kustomization")
}

/// Names of KSail's configuration.
pub(crate) fn is_ksail(name: &str) -> bool {
    name.starts_with("ksail") && (name.ends_with(".yaml") || name.ends_with(".yml"))
}

/// Whether a file holds YAML or JSON, by its name.
pub(crate) fn is_yaml(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
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
            ("kustomization.yaml", "", true, "an overlay, whatever is in it"),
            ("ksail.prod.yaml", "", true, "KSail's configuration, whatever is in it"),
            ("a.sh", "gh attestation verify x", true, "a script"),
            ("a.sh", "make all", false, "another script"),
        ];
        for (path, text, expected, reason) in cases {
            assert_eq!(is_relevant(path, text.as_bytes()), expected, "{reason}");
        }
    }
}
