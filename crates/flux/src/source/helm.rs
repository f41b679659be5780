//! `HelmRepository`, `HelmChart` and `HelmRelease`.

use serde::Deserialize;

use super::verification::{ChartVerification, TemplateVerification, names};
use super::{Metadata, SecretName, Status};

/// A HelmRepository, `v1` or `v1beta2`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HelmRepository {
    /// What it is called.
    #[serde(default)]
    pub metadata: Metadata,
    /// What is wanted.
    pub spec: HelmRepositorySpec,
}

/// `spec` of a HelmRepository.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HelmRepositorySpec {
    /// `oci://registry/path`, or the `https://` URL of an index.
    pub url: String,
    /// `oci`, or `default` (when empty): only charts of the former can be verified.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Whether the registry has no TLS.
    #[serde(default)]
    pub insecure: bool,
    /// Secret with the registry's credentials.
    pub secret_ref: Option<SecretName>,
    /// Secret with a CA or client certificate for the registry.
    pub cert_secret_ref: Option<SecretName>,
    /// `generic`, `aws`, `azure` or `gcp`: whose credentials.
    pub provider: Option<String>,
    /// Whether the controller leaves it alone.
    #[serde(default)]
    pub suspend: bool,
}

impl HelmRepositorySpec {
    pub(super) fn secret_names(&self) -> Vec<&str> {
        names([self.secret_ref.as_ref(), self.cert_secret_ref.as_ref()])
    }
}

/// A HelmChart, `v1` or `v1beta2`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HelmChart {
    /// What it is called.
    #[serde(default)]
    pub metadata: Metadata,
    /// What is wanted.
    pub spec: HelmChartSpec,
    /// What the controller says.
    #[serde(default)]
    pub status: Status,
}

/// `spec` of a HelmChart.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HelmChartSpec {
    /// Name of the chart in the repository.
    pub chart: String,
    /// Version or range.
    #[serde(default = "any_version")]
    pub version: String,
    /// Where it comes from.
    pub source_ref: ObjectReference,
    /// Whose signature it must carry.
    pub verify: Option<ChartVerification>,
    /// Whether the controller leaves it alone.
    #[serde(default)]
    pub suspend: bool,
}

impl HelmChartSpec {
    pub(super) fn secret_names(&self) -> Vec<&str> {
        names([self.verify.as_ref().and_then(|verify| verify.secret_ref.as_ref())])
    }
}

/// A HelmRelease, `v2`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HelmRelease {
    /// What it is called.
    #[serde(default)]
    pub metadata: Metadata,
    /// What is wanted.
    pub spec: HelmReleaseSpec,
}

/// `spec` of a HelmRelease: a chart of its own, or one that another source holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HelmReleaseSpec {
    /// Template of the HelmChart that helm-controller makes.
    pub chart: Option<HelmChartTemplate>,
    /// The source that holds the chart instead.
    pub chart_ref: Option<ObjectReference>,
    /// Whether the controller leaves it alone.
    #[serde(default)]
    pub suspend: bool,
}

impl HelmReleaseSpec {
    pub(super) fn secret_names(&self) -> Vec<&str> {
        let verify = self.chart.as_ref().and_then(|chart| chart.spec.verify.as_ref());
        names([verify.and_then(|verify| verify.secret_ref.as_ref())])
    }
}

/// `spec.chart` of a HelmRelease.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HelmChartTemplate {
    /// Template of the HelmChart's `spec`.
    pub spec: HelmChartTemplateSpec,
}

/// `spec.chart.spec` of a HelmRelease.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HelmChartTemplateSpec {
    /// Name of the chart in the repository.
    pub chart: String,
    /// Version or range.
    #[serde(default = "any_version")]
    pub version: String,
    /// Where it comes from.
    pub source_ref: ObjectReference,
    /// By whose key it must be signed.
    pub verify: Option<TemplateVerification>,
}

/// One object named by another.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectReference {
    /// Such as `HelmRepository`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its namespace; that of the object which names it when empty.
    pub namespace: String,
}

fn any_version() -> String {
    "*".to_owned()
}
