//! The verify block of an artifact, from the configuration, in each form that a cluster reads it in.
//!
//! One function makes the block ([`Matcher::block`]), so what a cluster starts with and what it is
//! kept at agree. The block has exactly one matcher: source-controller refuses every bundle beside
//! more than one, and without any.

use sealwright_policy::Requirements;
use serde::Serialize;

/// Name of the Secret that rendered sources point at where trust is not the public Sigstore's.
pub const TRUSTED_ROOT_SECRET: &str = "sealwright-trusted-root";

/// Namespace, and name of the source, that Flux's own tools generate.
pub const FLUX_SYSTEM: &str = "flux-system";

/// Who may sign, as Flux matches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matcher {
    issuer: String,
    subject_pattern: String,
    trusted_root_secret: Option<String>,
}

/// Where the source stands and what it follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Namespace of the source.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// `registry/path` of the artifact.
    pub repository: String,
    /// Which artifact in it.
    pub follows: Follows,
    /// Secret with the registry's certificate authorities, for a registry that not everybody trusts.
    pub certificates: Option<String>,
}

/// Which artifact of a repository a source fetches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Follows {
    /// Whatever the tag names.
    Tag(String),
    /// Exactly one.
    Digest(String),
}

/// KSail's verify block knows no trusted root: it can only mean the public Sigstore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "KSail's spec.workload.flux.verify has no field for a trusted root, so it accepts signatures of \
     the public Sigstore only; render a flux-instance-patch or an oci-repository instead"
)]
pub struct NoTrustedRoot;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Block<'a> {
    provider: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trusted_root_secret_ref: Option<Name<'a>>,
    #[serde(rename = "matchOIDCIdentity")]
    match_oidc_identity: [Identity<'a>; 1],
}

#[derive(Serialize)]
struct Identity<'a> {
    issuer: &'a str,
    subject: &'a str,
}

#[derive(Serialize)]
struct Name<'a> {
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<Spec> {
    api_version: &'static str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
    spec: Spec,
}

#[derive(Serialize)]
struct Metadata {
    name: String,
    namespace: String,
}

#[derive(Serialize)]
struct OciRepositorySpec<'a> {
    interval: &'static str,
    url: String,
    #[serde(rename = "ref")]
    reference: Reference<'a>,
    #[serde(rename = "certSecretRef", skip_serializing_if = "Option::is_none")]
    certificates: Option<Name<'a>>,
    verify: Block<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Reference<'a> {
    Tag(&'a str),
    Digest(&'a str),
}

#[derive(Serialize)]
struct Kustomize {
    kustomize: Patches,
}

#[derive(Serialize)]
struct Patches {
    patches: [Patch; 1],
}

#[derive(Serialize)]
struct Patch {
    target: Target,
    patch: serde_saphyr::LitString,
}

#[derive(Serialize)]
struct Target {
    kind: &'static str,
    name: String,
    namespace: String,
}

#[derive(Serialize)]
struct Operation<'a> {
    op: &'static str,
    path: &'static str,
    value: Value<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Value<'a> {
    Verify(Block<'a>),
    Certificates(Name<'a>),
}

#[derive(Serialize)]
struct Workload<'a> {
    workload: Flux<'a>,
}

#[derive(Serialize)]
struct Flux<'a> {
    flux: Verify<'a>,
}

#[derive(Serialize)]
struct Verify<'a> {
    verify: Block<'a>,
}

impl Matcher {
    /// The one matcher for everybody who may sign the artifact, against the public Sigstore.
    pub fn of(requirements: &Requirements) -> Self {
        Self {
            issuer: requirements.issuer_pattern(),
            subject_pattern: requirements.subject_pattern(),
            trusted_root_secret: None,
        }
    }

    /// The same against the trusted root in this Secret (key `trusted_root.json`), which
    /// source-controller reads from 1.9 on.
    pub fn trusting(self, secret: Option<String>) -> Self {
        Self { trusted_root_secret: secret, ..self }
    }

    fn block(&self) -> Block<'_> {
        let trusted_root_secret_ref = self.trusted_root_secret.as_deref().map(|name| Name { name });
        let identity = Identity { issuer: &self.issuer, subject: &self.subject_pattern };
        Block { provider: "cosign", trusted_root_secret_ref, match_oidc_identity: [identity] }
    }

    /// The whole source.
    pub fn oci_repository(&self, place: &Place) -> String {
        yaml(&self.source(place))
    }

    /// The same as an object of the API.
    pub fn oci_repository_object(&self, place: &Place) -> serde_json::Value {
        serde_json::to_value(self.source(place)).expect("these types are plain JSON")
    }

    fn source<'a>(&'a self, place: &'a Place) -> Object<OciRepositorySpec<'a>> {
        Object {
            api_version: "source.toolkit.fluxcd.io/v1",
            kind: "OCIRepository",
            metadata: Some(Metadata {
                name: place.name.clone(),
                namespace: place.namespace.clone(),
            }),
            spec: OciRepositorySpec {
                interval: "1m",
                url: format!("oci://{}", place.repository),
                reference: match &place.follows {
                    Follows::Tag(tag) => Reference::Tag(tag),
                    Follows::Digest(digest) => Reference::Digest(digest),
                },
                certificates: place.certificates(),
                verify: self.block(),
            },
        }
    }

    /// What of a FluxInstance puts the block into the source that flux-operator generates, whose
    /// `spec.sync` has no field for it.
    pub fn flux_instance_patch(&self, place: &Place) -> String {
        let add = |path, value| Operation { op: "add", path, value };
        let certificates =
            place.certificates().map(|name| add("/spec/certSecretRef", Value::Certificates(name)));
        let mut operations = vec![add("/spec/verify", Value::Verify(self.block()))];
        operations.extend(certificates);
        let target = Target {
            kind: "OCIRepository",
            name: place.name.clone(),
            namespace: place.namespace.clone(),
        };
        let patch = serde_saphyr::LitString(yaml(&operations));
        let patches = Patches { patches: [Patch { target, patch }] };
        yaml(&Object {
            api_version: "fluxcd.controlplane.io/v1",
            kind: "FluxInstance",
            // flux-operator takes one instance only, of this name.
            metadata: Some(Metadata {
                name: "flux".to_owned(),
                namespace: place.namespace.clone(),
            }),
            spec: Kustomize { kustomize: patches },
        })
    }

    /// What of `ksail.yaml` puts the block into the source that KSail generates.
    ///
    /// # Errors
    /// With a trusted root of its own, which KSail would drop.
    pub fn ksail(&self) -> Result<String, NoTrustedRoot> {
        if self.trusted_root_secret.is_some() {
            return Err(NoTrustedRoot);
        }
        let spec = Workload { workload: Flux { flux: Verify { verify: self.block() } } };
        let (api_version, kind) = ("ksail.io/v1alpha1", "Cluster");
        Ok(yaml(&Object { api_version, kind, metadata: None, spec }))
    }
}

impl Place {
    fn certificates(&self) -> Option<Name<'_>> {
        self.certificates.as_deref().map(|name| Name { name })
    }
}

/// YAML with the fields in the order of the types: the same text every time.
fn yaml(value: &impl Serialize) -> String {
    serde_saphyr::to_string(value).expect("these types are plain YAML")
}
