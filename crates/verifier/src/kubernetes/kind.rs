//! The kinds of objects that are read, and where the API has them.

/// A kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    OciRepository,
    HelmChart,
    HelmRepository,
    HelmRelease,
    FluxInstance,
    Secret,
    Deployment,
    Lease,
    CustomResourceDefinition,
    Namespace,
    ClusterPolicy,
    Policy,
    ImageValidatingPolicy,
    ClusterImagePolicy,
    ValidatingWebhookConfiguration,
    MutatingWebhookConfiguration,
    EndpointSlice,
}

/// Groups that have several of them.
const SOURCE: &str = "source.toolkit.fluxcd.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

/// `kind`, plural, group and versions.
type Row = (&'static str, &'static str, &'static str, &'static [&'static str]);

impl Kind {
    /// Flux's kinds, of which `cluster` lists all objects.
    pub(crate) const OF_FLUX: [Self; 5] = [
        Self::OciRepository,
        Self::HelmChart,
        Self::HelmRepository,
        Self::HelmRelease,
        Self::FluxInstance,
    ];

    /// Policies that may verify images.
    pub(crate) const POLICIES: [Self; 4] =
        [Self::ClusterPolicy, Self::Policy, Self::ImageValidatingPolicy, Self::ClusterImagePolicy];

    fn row(self) -> Row {
        use Kind::*;
        match self {
            OciRepository => ("OCIRepository", "ocirepositories", SOURCE, &["v1", "v1beta2"]),
            HelmChart => ("HelmChart", "helmcharts", SOURCE, &["v1", "v1beta2"]),
            HelmRepository => ("HelmRepository", "helmrepositories", SOURCE, &["v1", "v1beta2"]),
            HelmRelease => {
                ("HelmRelease", "helmreleases", "helm.toolkit.fluxcd.io", &["v2", "v2beta2"])
            }
            FluxInstance => ("FluxInstance", "fluxinstances", "fluxcd.controlplane.io", &["v1"]),
            Secret => ("Secret", "secrets", "", &["v1"]),
            Deployment => ("Deployment", "deployments", "apps", &["v1"]),
            Lease => ("Lease", "leases", "coordination.k8s.io", &["v1"]),
            CustomResourceDefinition => (
                "CustomResourceDefinition",
                "customresourcedefinitions",
                "apiextensions.k8s.io",
                &["v1"],
            ),
            Namespace => ("Namespace", "namespaces", "", &["v1"]),
            ClusterPolicy => ("ClusterPolicy", "clusterpolicies", "kyverno.io", &["v1", "v2beta1"]),
            Policy => ("Policy", "policies", "kyverno.io", &["v1", "v2beta1"]),
            ImageValidatingPolicy => (
                "ImageValidatingPolicy",
                "imagevalidatingpolicies",
                "policies.kyverno.io",
                &["v1", "v1beta1", "v1alpha1"],
            ),
            ClusterImagePolicy => (
                "ClusterImagePolicy",
                "clusterimagepolicies",
                "policy.sigstore.dev",
                &["v1beta1", "v1alpha1"],
            ),
            ValidatingWebhookConfiguration => (
                "ValidatingWebhookConfiguration",
                "validatingwebhookconfigurations",
                ADMISSION,
                &["v1"],
            ),
            MutatingWebhookConfiguration => (
                "MutatingWebhookConfiguration",
                "mutatingwebhookconfigurations",
                ADMISSION,
                &["v1"],
            ),
            EndpointSlice => ("EndpointSlice", "endpointslices", "discovery.k8s.io", &["v1"]),
        }
    }

    /// As `kind` spells it.
    pub(crate) fn name(self) -> &'static str {
        self.row().0
    }

    /// As URLs and RBAC rules spell it.
    pub(crate) fn plural(self) -> &'static str {
        self.row().1
    }

    /// Its API group; the core group has no name.
    pub(crate) fn group(self) -> &'static str {
        self.row().2
    }

    /// The versions that are understood, the best first. An older one is asked for only where a
    /// better one is absent.
    pub(crate) fn versions(self) -> &'static [&'static str] {
        self.row().3
    }

    /// Whether `cluster` lists all of them; others are read by name, and rights are given so.
    pub(crate) fn is_listed(self) -> bool {
        Self::OF_FLUX.contains(&self)
    }

    /// `group/version`, as `apiVersion` spells it.
    pub(crate) fn api_version(self, version: &str) -> String {
        match self.group() {
            "" => version.to_owned(),
            group => format!("{group}/{version}"),
        }
    }

    /// Path of all objects of the kind, or of those of one namespace.
    pub(crate) fn path(self, version: &str, namespace: Option<&str>) -> String {
        let root = if self.group().is_empty() { "/api" } else { "/apis" };
        let api = self.api_version(version);
        match namespace {
            Some(namespace) => format!("{root}/{api}/namespaces/{namespace}/{}", self.plural()),
            None => format!("{root}/{api}/{}", self.plural()),
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn paths_are_those_of_the_api() {
        for (path, expected, why) in [
            (
                Kind::OciRepository.path("v1", None),
                "/apis/source.toolkit.fluxcd.io/v1/ocirepositories",
                "all namespaces",
            ),
            (
                Kind::HelmRelease.path("v2", Some("shop")),
                "/apis/helm.toolkit.fluxcd.io/v2/namespaces/shop/helmreleases",
                "one namespace",
            ),
            (
                Kind::Secret.path("v1", Some("shop")),
                "/api/v1/namespaces/shop/secrets",
                "the core group has another root",
            ),
        ] {
            assert_eq!(path, expected, "{why}");
        }
    }

    const SHIPPED: [&str; 2] = [
        include_str!("../../deploy/reader-role.yaml"),
        include_str!("../../deploy/reader-secrets.yaml"),
    ];

    fn documents(text: &str) -> Vec<Value> {
        serde_saphyr::from_multiple(text).expect("YAML")
    }

    /// The rules of the ClusterRoles, or of the one of this name.
    fn rules(documents: &[Value], name: Option<&str>) -> Vec<Value> {
        let roles = documents.iter().filter(|document| document["kind"] == "ClusterRole");
        let roles = roles.filter(|role| name.is_none_or(|name| role["metadata"]["name"] == name));
        roles.flat_map(|role| role["rules"].as_array().expect("it has rules").clone()).collect()
    }

    #[test]
    fn secrets_are_read_by_name_alone_and_the_documented_patch_adds_one() {
        for rule in SHIPPED.iter().flat_map(|file| rules(&documents(file), None)) {
            let secrets = rule["resources"]
                .as_array()
                .is_some_and(|all| all.iter().any(|one| one == "secrets" || one == "*"));
            let names = rule["resourceNames"].as_array().map_or(0, Vec::len);
            assert!(!secrets || names > 0, "every Secret of the cluster: {rule}");
        }
        let readme = include_str!("../../deploy/README.md");
        let (_, block) = readme.split_once("```yaml\n").expect("an example");
        let (block, _) = block.split_once("```").expect("it ends");
        let example = documents(block).remove(0);
        let patch = &example["patches"][0];
        let target = patch["target"]["name"].as_str().expect("a name");
        let operation = documents(patch["patch"].as_str().expect("text")).remove(0).take();
        let path = operation[0]["path"].as_str().expect("a path");
        let list = path.strip_suffix("/-").expect("it adds to a list");
        let role = serde_json::json!({"rules": rules(&documents(SHIPPED[1]), Some(target))});
        let names = role.pointer(list).and_then(Value::as_array);
        assert!(
            names.is_some_and(|names| names.iter().any(|one| one == "sealwright-trusted-root"))
        );
        assert_eq!(role["rules"][0]["resources"][0], "secrets", "{path}");
    }

    #[test]
    fn the_shipped_role_reads_every_kind_and_writes_nothing() {
        let rules: Vec<Value> =
            SHIPPED.iter().flat_map(|file| rules(&documents(file), None)).collect();
        let has = |list: &Value, text: &str| {
            list.as_array().is_some_and(|list| list.iter().any(|one| one == text))
        };
        let may = |kind: Kind, verb: &str| {
            rules.iter().any(|rule| {
                has(&rule["apiGroups"], kind.group())
                    && has(&rule["resources"], kind.plural())
                    && has(&rule["verbs"], verb)
            })
        };
        use Kind::*;
        let beside = [
            ValidatingWebhookConfiguration,
            MutatingWebhookConfiguration,
            EndpointSlice,
            Namespace,
        ];
        for kind in Kind::OF_FLUX.into_iter().chain(Kind::POLICIES).chain(beside) {
            assert!(may(kind, "list"), "{kind}: `cluster` lists it");
        }
        let by_name = [Secret, Deployment, Lease, CustomResourceDefinition];
        for kind in Kind::OF_FLUX.into_iter().chain(by_name) {
            assert!(may(kind, "get"), "{kind}: `cluster`, `wait` or `predict` gets it");
        }
        assert!(may(OciRepository, "watch"), "`wait` watches it");
        for rule in &rules {
            for verb in rule["verbs"].as_array().expect("verbs") {
                let reads = ["get", "list", "watch"].iter().any(|reading| verb == reading);
                assert!(reads, "{verb} changes something: {rule}");
            }
        }
    }
}
