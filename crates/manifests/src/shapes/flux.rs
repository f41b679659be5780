//! Flux' own sources, as source-controller reads them.

use sealwright_yaml::{Node, Value};

use crate::declaration::{
    Consumer, Declaration, Follows, Form, Guarded, Identity, Matcher, Provider,
};
use crate::found::{Guard, Source, SourceKind};
use crate::left_alone::{is_variable, leave, leave_follows};
use crate::object::Object;
use crate::target::Named;

/// Group of Flux' sources.
pub(crate) const SOURCE_GROUP: &str = "source.toolkit.fluxcd.io";

/// Group of Flux' releases.
pub(crate) const HELM_GROUP: &str = "helm.toolkit.fluxcd.io";

/// Group of Flux' Kustomizations.
pub(crate) const KUSTOMIZE_GROUP: &str = "kustomize.toolkit.fluxcd.io";

/// A source and what guards it where it is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pulled {
    pub(crate) named: Named,
    pub(crate) source: Source,
    pub(crate) declaration: Option<Declaration>,
}

impl Pulled {
    /// Flux puts no variables in.
    pub(crate) fn leave(&mut self) {
        self.source.whole |= is_variable(&self.source.url);
        leave_follows(&mut self.source.follows);
        self.declaration.iter_mut().for_each(leave);
    }
}

/// An `OCIRepository` with its declaration, when it has one. One without a URL is a part of one: a
/// patch, and no source.
pub(crate) fn oci_repository(object: &Object<'_>, file: &str) -> Option<Pulled> {
    let spec = object.node.get("spec")?;
    let url = Guarded { follows: Follows::of(spec), ..Guarded::of(spec.get("url")?)? };
    let source = Source {
        kind: SourceKind::OciRepository,
        object: object.told(),
        url: url.what.clone(),
        whole: url.whole,
        follows: url.follows.clone(),
        file: file.to_owned(),
        at: object.at(),
        guarded_by: Guard::Nothing,
        rendered: Vec::new(),
    };
    // What is no mapping the API refuses.
    let block = spec.get("verify").filter(|block| matches!(block.value, Value::Map(_)));
    let declaration = block.map(|block| {
        verify(block, Consumer::FluxOciRepository, object.told(), file, vec![url.clone()])
    });
    Some(Pulled { named: object.named(), source, declaration })
}

/// An `OCIRepository` that another object holds.
pub(crate) fn held_source(object: &Object<'_>, within: &str, file: &str) -> Option<Pulled> {
    let mut pulled = oci_repository(object, file)?;
    let told = format!("{} in {within}", object.told());
    pulled.source.object.clone_from(&told);
    if let Some(declaration) = &mut pulled.declaration {
        declaration.object = told;
    }
    Some(pulled)
}

/// A `verify` block as source-controller reads it.
pub(crate) fn verify(
    block: &Node,
    consumer: Consumer,
    object: String,
    file: &str,
    guards: Vec<Guarded>,
) -> Declaration {
    // One entry without its dash is refused by the API, and says whom it means all the same.
    let identities = match block.get("matchOIDCIdentity") {
        Some(entry) if matches!(entry.value, Value::Map(_)) => std::slice::from_ref(entry),
        list => list.map(Node::items).unwrap_or_default(),
    };
    Declaration {
        consumer,
        object,
        file: file.to_owned(),
        at: block.at.clone(),
        guards,
        // The API fills in `cosign` where nothing is written.
        provider: Provider::of(block.get("provider").and_then(Node::scalar).unwrap_or("cosign")),
        key: block.get("secretRef").is_some_and(|secret| !secret.is_null()),
        identities: identities.iter().map(identity).collect(),
        bundle_path: true,
        claims: Vec::new(),
        weakened: Vec::new(),
    }
}

fn identity(entry: &Node) -> Identity {
    let half = |key| entry.get(key).and_then(|node| Matcher::of(node, Form::Regex));
    Identity { issuer: half("issuer"), subject: half("subject"), at: entry.at.clone() }
}
