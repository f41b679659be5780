//! The objects of Flux that say what is fetched and whose signature it must carry: only the fields
//! that decide about it. Unknown fields are dropped, as the API server drops them.
//!
//! Field names: `api/v1` of source-controller 1.9.6, helm-controller's `api/v2`, flux-operator's
//! `api/v1`.

mod flux_instance;
mod helm;
mod oci_repository;
mod status;
mod verification;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use flux_instance::{
    Distribution, FluxInstance, FluxInstanceSpec, Kustomize, Patch, PatchTarget, Sync,
};
pub use helm::{
    HelmChart, HelmChartSpec, HelmChartTemplate, HelmChartTemplateSpec, HelmRelease,
    HelmReleaseSpec, HelmRepository, HelmRepositorySpec, ObjectReference,
};
pub use oci_repository::{LayerSelector, OciRepository, OciRepositorySpec, Reference};
pub use status::{ServedArtifact, Status, StatusCondition};
pub use verification::{
    ChartVerification, IdentityMatch, SecretName, TemplateVerification, Verification,
};

/// One object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `source.toolkit.fluxcd.io` `OCIRepository`.
    OciRepository(OciRepository),
    /// `source.toolkit.fluxcd.io` `HelmChart`.
    HelmChart(HelmChart),
    /// `source.toolkit.fluxcd.io` `HelmRepository`.
    HelmRepository(HelmRepository),
    /// `helm.toolkit.fluxcd.io` `HelmRelease`.
    HelmRelease(HelmRelease),
    /// `fluxcd.controlplane.io` `FluxInstance`.
    FluxInstance(FluxInstance),
}

/// What an object says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// Its name.
    pub name: String,
    /// Its namespace; empty where the file leaves it to the context.
    pub namespace: String,
    /// Raised by the API server with every change of `spec`; 0 in a file.
    pub generation: i64,
}

/// Why an object cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Another kind of object, or another version than those that are known.
    #[error(
        "{api_version} {kind} is not a source that is read here; expected OCIRepository, HelmChart or \
         HelmRepository of source.toolkit.fluxcd.io (v1 or v1beta2), HelmRelease of \
         helm.toolkit.fluxcd.io (v2) or FluxInstance of fluxcd.controlplane.io (v1)"
    )]
    NotASource {
        /// Its `apiVersion`.
        api_version: String,
        /// Its `kind`.
        kind: String,
    },
    /// A field has another type than the API's.
    #[error("{kind}: field `{path}`: {reason}")]
    Field {
        /// Kind of the object.
        kind: String,
        /// Path of the field, such as `spec.verify.matchOIDCIdentity[0].issuer`.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl Source {
    /// Reads an object.
    ///
    /// # Errors
    /// Not a source, or a field that the API server would refuse.
    pub fn parse(object: &Value) -> Result<Self, SourceError> {
        let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        match (group, version, kind) {
            ("source.toolkit.fluxcd.io", "v1" | "v1beta2", "OCIRepository") => {
                read(object, kind).map(Self::OciRepository)
            }
            ("source.toolkit.fluxcd.io", "v1" | "v1beta2", "HelmChart") => {
                read(object, kind).map(Self::HelmChart)
            }
            ("source.toolkit.fluxcd.io", "v1" | "v1beta2", "HelmRepository") => {
                read(object, kind).map(Self::HelmRepository)
            }
            ("helm.toolkit.fluxcd.io", "v2" | "v2beta2", "HelmRelease") => {
                read(object, kind).map(Self::HelmRelease)
            }
            ("fluxcd.controlplane.io", "v1", "FluxInstance") => {
                read(object, kind).map(Self::FluxInstance)
            }
            _ => {
                Err(SourceError::NotASource { api_version: short(api_version), kind: short(kind) })
            }
        }
    }

    /// `OCIRepository`, `HelmChart` and so on.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::OciRepository(_) => "OCIRepository",
            Self::HelmChart(_) => "HelmChart",
            Self::HelmRepository(_) => "HelmRepository",
            Self::HelmRelease(_) => "HelmRelease",
            Self::FluxInstance(_) => "FluxInstance",
        }
    }

    /// Its name, namespace and generation.
    pub fn metadata(&self) -> &Metadata {
        match self {
            Self::OciRepository(object) => &object.metadata,
            Self::HelmChart(object) => &object.metadata,
            Self::HelmRepository(object) => &object.metadata,
            Self::HelmRelease(object) => &object.metadata,
            Self::FluxInstance(object) => &object.metadata,
        }
    }

    /// Names of the Secrets in its own namespace that it points at.
    pub fn secret_names(&self) -> Vec<&str> {
        match self {
            Self::OciRepository(object) => object.spec.secret_names(),
            Self::HelmChart(object) => object.spec.secret_names(),
            Self::HelmRepository(object) => object.spec.secret_names(),
            Self::HelmRelease(object) => object.spec.secret_names(),
            Self::FluxInstance(_) => vec![],
        }
    }
}

fn read<T: DeserializeOwned>(object: &Value, kind: &str) -> Result<T, SourceError> {
    serde_path_to_error::deserialize(object).map_err(|error| SourceError::Field {
        kind: short(kind),
        path: short(&error.path().to_string()),
        reason: short(&error.inner().to_string()),
    })
}

/// Text from outside as a message may repeat it.
fn short(text: &str) -> String {
    sealwright_evidence::quote(text)
}
