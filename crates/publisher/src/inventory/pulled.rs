//! The words of the inventory.

use super::ImageReference;

/// Something that is pulled from outside the artifact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pulled {
    /// A container image, or an image mounted as a volume.
    Image(ImageReference),
    /// An OCI artifact that Flux unpacks: manifests or a chart.
    OciArtifact {
        /// Repository, with tag or digest when they are fixed.
        reference: ImageReference,
        /// The range of versions, when it is not fixed.
        range: Option<String>,
    },
    /// A Helm chart.
    Chart {
        /// Where it comes from.
        repository: ChartRepository,
        /// Its name there.
        name: String,
        /// Version or range, as written.
        version: Option<String>,
    },
    /// A git repository.
    Git {
        /// URL, as written.
        url: String,
        /// Branch, tag, range or commit.
        revision: Option<String>,
    },
    /// A bucket of objects.
    Bucket {
        /// Host.
        endpoint: String,
        /// Name.
        name: String,
    },
    /// A file on the web.
    File {
        /// URL.
        url: String,
    },
}

/// Where a chart comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChartRepository {
    /// A URL.
    Url(String),
    /// An object of the cluster that is not among the manifests, or is there twice.
    Named {
        /// Namespace; empty when something else sets it.
        namespace: String,
        /// Name.
        name: String,
    },
}

/// A place that names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// File, relative to the contents.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Why it was taken for something that is pulled.
    pub rule: Rule,
}

/// Why something was taken for what is pulled. The name stands in the SBOM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A container or image volume of a workload of Kubernetes itself.
    Pod,
    /// `image:` with an image reference in a custom resource.
    ImageField,
    /// `{repository, tag}` or `{repository, digest}` in a custom resource or chart values.
    RepositoryAndTag,
    /// An `images:` override of Kustomize.
    ImageOverride,
    /// A replacement of an image in a patch.
    Patch,
    /// A source of Flux.
    FluxSource,
    /// A chart in a `HelmRelease`, `HelmChart` or `helmCharts:`.
    Chart,
    /// A remote resource of Kustomize.
    RemoteBase,
}

impl Rule {
    /// Its name in the SBOM.
    pub fn name(self) -> &'static str {
        match self {
            Rule::Pod => "pod",
            Rule::ImageField => "image-field",
            Rule::RepositoryAndTag => "repository-and-tag",
            Rule::ImageOverride => "image-override",
            Rule::Patch => "patch",
            Rule::FluxSource => "flux-source",
            Rule::Chart => "chart",
            Rule::RemoteBase => "remote-base",
        }
    }
}
