//! Which files are worth reading: the others hold no word that any object of ours has.

use memchr::memmem;

/// Every object that declares or needs an identity, and every block that looks like one, has one of
/// these words in it. A word that is written with escapes is not found, which nobody does.
const WORDS: &[&str] = &[
    "OCIRepository",
    "HelmRelease",
    "HelmRepository",
    "HelmChart",
    "FluxInstance",
    "ResourceGraphDefinition",
    "ImagePolicy",
    "ImageVerificationConfig",
    "keyless",
    "atchO",
    "erify",
    "postBuild",
];

/// Whether a file can say anything about identities.
pub(crate) fn is_relevant(path: &str, bytes: &[u8]) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    is_kustomization(name)
        || is_ksail(name)
        || WORDS.iter().any(|word| memmem::find(bytes, word.as_bytes()).is_some())
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
