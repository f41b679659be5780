//! Flux' own kinds, as source-controller and helm-controller read them.

use sealwright_yaml::Node;

use crate::declaration::{Consumer, Declaration, Form, Guarded, Identity, Matcher, Provider};
use crate::found::{Guard, Source, SourceKind};
use crate::object::Object;

/// Group of Flux' sources.
pub(crate) const SOURCE_GROUP: &str = "source.toolkit.fluxcd.io";

/// An `OCIRepository` with its declaration, when it has one.
pub(crate) fn oci_repository(object: &Object<'_>, file: &str) -> (Source, Option<Declaration>) {
    let url = object.node.at_path(&["spec", "url"]).and_then(Guarded::of);
    let source = Source {
        kind: SourceKind::OciRepository,
        object: object.told(),
        url: url.as_ref().map(|url| url.what.clone()).unwrap_or_default(),
        whole: url.as_ref().is_none_or(|url| url.whole),
        file: file.to_owned(),
        at: object.at(),
        guarded_by: Guard::Nothing,
    };
    let block = object.node.at_path(&["spec", "verify"]).filter(|block| !block.is_null());
    let declaration = block.map(|block| {
        verify(block, Consumer::FluxOciRepository, object.told(), file, url.into_iter().collect())
    });
    (source, declaration)
}

/// A `verify` block as source-controller reads it.
pub(crate) fn verify(
    block: &Node,
    consumer: Consumer,
    object: String,
    file: &str,
    guards: Vec<Guarded>,
) -> Declaration {
    let identities = block.get("matchOIDCIdentity").map(Node::items).unwrap_or_default();
    Declaration {
        consumer,
        object,
        file: file.to_owned(),
        at: block.at.clone(),
        guards,
        provider: Provider::of(block.get("provider").and_then(Node::scalar).unwrap_or("cosign")),
        key: block.get("secretRef").is_some_and(|secret| !secret.is_null()),
        identities: identities.iter().map(identity).collect(),
        bundle_path: true,
    }
}

fn identity(entry: &Node) -> Identity {
    let half = |key| entry.get(key).and_then(|node| Matcher::of(node, Form::Regex));
    Identity { issuer: half("issuer"), subject: half("subject"), at: entry.at.clone() }
}
