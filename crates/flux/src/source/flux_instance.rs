//! `FluxInstance` of flux-operator: it generates the OCIRepository `flux-system` and knows no
//! verification; only a patch can bring it in.

use serde::Deserialize;

use super::Metadata;

/// A FluxInstance, `v1`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FluxInstance {
    /// What it is called.
    #[serde(default)]
    pub metadata: Metadata,
    /// What is wanted.
    #[serde(default)]
    pub spec: FluxInstanceSpec,
}

/// `spec` of a FluxInstance.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FluxInstanceSpec {
    /// The source to generate.
    pub sync: Option<Sync>,
    /// Which Flux.
    pub distribution: Distribution,
    /// What is changed in what is generated.
    pub kustomize: Kustomize,
}

/// `spec.distribution`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Distribution {
    /// Version or range of Flux, such as `2.9.x`.
    pub version: String,
}

/// `spec.kustomize`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Kustomize {
    /// Patches, in order.
    pub patches: Vec<Patch>,
}

/// `spec.sync`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Sync {
    /// Name of the generated source; the namespace's when absent.
    pub name: Option<String>,
    /// `OCIRepository`, `GitRepository` or `Bucket`.
    pub kind: String,
    /// `oci://…`.
    pub url: String,
    /// The tag, for an OCIRepository.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Credentials' provider.
    pub provider: Option<String>,
    /// Name of the Secret with the registry's credentials.
    pub pull_secret: Option<String>,
}

/// One kustomize patch.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct Patch {
    /// JSON 6902 operations or a strategic merge patch, as YAML text.
    pub patch: String,
    /// Which objects; those that a strategic merge patch names itself when absent.
    pub target: Option<PatchTarget>,
}

/// What a patch is for. Kind, name and namespace are anchored regular expressions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PatchTarget {
    /// API group.
    pub group: Option<String>,
    /// API version.
    pub version: Option<String>,
    /// Kind.
    pub kind: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Namespace.
    pub namespace: Option<String>,
    /// Labels.
    pub label_selector: Option<String>,
    /// Annotations.
    pub annotation_selector: Option<String>,
}
