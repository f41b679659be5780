//! Charts that Flux pulls: `HelmRepository`, `HelmChart` and `HelmRelease`. What guards a chart is
//! known only with the repository that it names, which often stands in another file.

use sealwright_yaml::{Node, Place};

use crate::File;
use crate::declaration::{Consumer, Declaration};
use crate::found::{SourceKind, Unjudged, Why};
use crate::kustomize::patches_in;
use crate::object::Object;
use crate::patch::{Change, Patch};
use crate::shapes::IMAGE_POLICIES;
use crate::shapes::flux::verify;
use crate::target::Target;

/// A `HelmRepository`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repository {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) url: String,
    /// Its type is `oci`; charts of the others are never verified.
    pub(crate) is_oci: bool,
}

/// A chart that is pulled, by a `HelmChart` or a `HelmRelease`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chart {
    pub(crate) kind: SourceKind,
    pub(crate) object: String,
    pub(crate) at: Place,
    pub(crate) from: From,
    pub(crate) declaration: Option<Declaration>,
}

/// Where a chart comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum From {
    /// A repository of charts.
    Repository { namespace: String, name: String, chart: String, version: String },
    /// Another source, by `chartRef` or as a repository of files: kind, namespace and name.
    Source { kind: String, namespace: String, name: String },
}

impl Chart {
    /// Whether another source carries it, or another object makes it.
    pub(crate) fn names_another(&self) -> bool {
        let carries = |kind: &str| matches!(kind, "OCIRepository" | "HelmChart");
        matches!(&self.from, From::Source { kind, .. } if carries(kind))
    }
}

/// A `HelmRepository`.
pub(crate) fn repository(object: &Object<'_>) -> Repository {
    let spec = |key| object.node.text_at(&["spec", key]).unwrap_or("");
    Repository {
        namespace: object.namespace.to_owned(),
        name: object.name.to_owned(),
        url: spec("url").to_owned(),
        is_oci: spec("type") == "oci",
    }
}

/// A Flux `HelmChart`.
pub(crate) fn helm_chart(object: &Object<'_>, file: &str) -> Option<Chart> {
    let spec = object.node.get("spec")?;
    let declaration = declaration(spec, Consumer::FluxHelmChart, object, file);
    chart(SourceKind::HelmChart, object, spec, declaration)
}

/// A `HelmRelease` that makes a chart, or that names the source of one.
pub(crate) fn helm_release(object: &Object<'_>, file: &str) -> Option<Chart> {
    let spec = object.node.get("spec")?;
    if let Some(reference) = spec.get("chartRef").filter(|reference| !reference.is_null()) {
        let from = source(reference, object.namespace)?;
        let (kind, object_name, at) = (SourceKind::HelmRelease, object.told(), object.at());
        return Some(Chart { kind, object: object_name, at, from, declaration: None });
    }
    let template = spec.at_path(&["chart", "spec"])?;
    let mut declaration = declaration(template, Consumer::FluxHelmRelease, object, file);
    // The API of a release has no identities: what stands there never reaches the chart.
    declaration.iter_mut().for_each(|declaration| declaration.identities.clear());
    chart(SourceKind::HelmRelease, object, template, declaration)
}

/// Patches that a release lays over what its chart makes, and that are about a verification.
pub(crate) fn rendered_later(object: &Object<'_>, file: File<'_>) -> Vec<Unjudged> {
    let renderers = object.node.at_path(&["spec", "postRenderers"]).map(Node::items);
    let patches = renderers.unwrap_or_default().iter().filter_map(|one| one.get("kustomize"));
    let patches = patches.flat_map(|kustomize| patches_in(kustomize, file));
    let of_policy = |patch: &Patch| {
        patch.target.as_ref().is_some_and(|target| target.names_kind(IMAGE_POLICIES))
    };
    let verifying =
        patches.filter(|patch| of_policy(patch) || patch.verifies() && !patch.is_about_git());
    let unjudged = verifying.map(|patch| {
        let target = patch.target.as_ref().map_or_else(|| "an object".to_owned(), Target::told);
        let at = patch.changes.iter().find(|one| one.verifies()).map_or(&patch.at, Change::at);
        Unjudged {
            file: file.path.to_owned(),
            at: at.clone(),
            why: Why::NotRendered,
            told: format!(
                "{} patches the verification of {target} in what its chart makes, which is not known",
                object.told()
            ),
            names_a_kind: true,
        }
    });
    unjudged.collect()
}

fn declaration(
    spec: &Node,
    consumer: Consumer,
    object: &Object<'_>,
    file: &str,
) -> Option<Declaration> {
    let block = spec.get("verify").filter(|block| !block.is_null())?;
    Some(verify(block, consumer, object.told(), file, Vec::new()))
}

fn chart(
    kind: SourceKind,
    object: &Object<'_>,
    spec: &Node,
    declaration: Option<Declaration>,
) -> Option<Chart> {
    let from = match source(spec.get("sourceRef")?, object.namespace)? {
        From::Source { kind, namespace, name } if kind == "HelmRepository" => {
            let chart = spec.text_at(&["chart"]).unwrap_or("").to_owned();
            let version = spec.get("version").and_then(Node::scalar).unwrap_or("").to_owned();
            From::Repository { namespace, name, chart, version }
        }
        from => from,
    };
    Some(Chart { kind, object: object.told(), at: object.at(), from, declaration })
}

fn source(reference: &Node, beside: &str) -> Option<From> {
    let field = |key| reference.get(key).and_then(Node::scalar);
    Some(From::Source {
        kind: field("kind")?.to_owned(),
        namespace: field("namespace").unwrap_or(beside).to_owned(),
        name: field("name")?.to_owned(),
    })
}
