//! The kinds that are served: what the product reads and writes, and no more.

/// One kind of object.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind {
    /// Empty for the core group.
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    /// As in paths.
    pub(crate) plural: &'static str,
    /// As in `kind`.
    pub(crate) name: &'static str,
    pub(crate) short: &'static [&'static str],
    pub(crate) namespaced: bool,
    /// Whether its status is written by a path of its own.
    pub(crate) status: bool,
}

const SOURCES: &str = "source.toolkit.fluxcd.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

/// All of them. Those of Flux are served as long as their definition is there.
pub(crate) const KINDS: &[Kind] = &[
    kind("", "v1", "namespaces", "Namespace", &["ns"]).cluster_wide().with_status(),
    kind("", "v1", "secrets", "Secret", &[]),
    kind("", "v1", "configmaps", "ConfigMap", &["cm"]),
    kind("", "v1", "serviceaccounts", "ServiceAccount", &["sa"]),
    kind("apps", "v1", "deployments", "Deployment", &["deploy"]).with_status(),
    kind(
        "apiextensions.k8s.io",
        "v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        &["crd"],
    )
    .cluster_wide()
    .with_status(),
    kind(SOURCES, "v1", "ocirepositories", "OCIRepository", &["ocirepo"]).with_status(),
    kind(SOURCES, "v1", "helmcharts", "HelmChart", &["hc"]).with_status(),
    kind(SOURCES, "v1", "helmrepositories", "HelmRepository", &["helmrepo"]).with_status(),
    kind("helm.toolkit.fluxcd.io", "v2", "helmreleases", "HelmRelease", &["hr"]).with_status(),
    kind("kustomize.toolkit.fluxcd.io", "v1", "kustomizations", "Kustomization", &["ks"])
        .with_status(),
    kind("fluxcd.controlplane.io", "v1", "fluxinstances", "FluxInstance", &[]).with_status(),
    kind("kyverno.io", "v1", "clusterpolicies", "ClusterPolicy", &["cpol"]).cluster_wide(),
    kind("policy.sigstore.dev", "v1beta1", "clusterimagepolicies", "ClusterImagePolicy", &["cip"])
        .cluster_wide(),
    kind(ADMISSION, "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", &[])
        .cluster_wide(),
    kind(ADMISSION, "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", &[])
        .cluster_wide(),
    kind("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", &[]),
];

const fn kind(
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    name: &'static str,
    short: &'static [&'static str],
) -> Kind {
    Kind { group, version, plural, name, short, namespaced: true, status: false }
}

impl Kind {
    const fn cluster_wide(mut self) -> Self {
        self.namespaced = false;
        self
    }

    const fn with_status(mut self) -> Self {
        self.status = true;
        self
    }

    /// `apiVersion` of its objects.
    pub(crate) fn api_version(&self) -> String {
        match self.group {
            "" => self.version.to_owned(),
            group => format!("{group}/{}", self.version),
        }
    }

    /// `plural.group`, as in messages and in the name of its definition.
    pub(crate) fn resource(&self) -> String {
        match self.group {
            "" => self.plural.to_owned(),
            group => format!("{}.{group}", self.plural),
        }
    }

    /// Whether a definition makes the server know it.
    pub(crate) fn is_custom(&self) -> bool {
        self.group.contains(".fluxcd.") || self.group.starts_with("fluxcd.")
    }

    /// Whether a strategic merge patch means the same as a merge patch: no list of it is merged.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.plural, "namespaces" | "secrets" | "configmaps")
    }
}

/// The kind at a path.
pub(crate) fn find(group: &str, version: &str, plural: &str) -> Option<&'static Kind> {
    KINDS
        .iter()
        .find(|kind| kind.group == group && kind.version == version && kind.plural == plural)
}

/// The kind with this plural.
pub(crate) fn named(plural: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.plural == plural)
}
