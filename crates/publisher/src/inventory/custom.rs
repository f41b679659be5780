//! Images in custom resources and chart values, where they plainly occur. Two rules, both careful:
//! a wrong entry in an SBOM is worse than none, because somebody will look for it.
//!
//! `image-field`: a key `image` or `…Image` whose text is an image reference with a tag, a digest or
//! a slash. `repository-and-tag`: a mapping with `repository` and `tag` or `digest` (and perhaps
//! `registry`), either under such a key or with a slash in the repository.

use super::document::{Node, Value};
use super::search::Source;
use super::{ImageReference, Inventory, Pulled, Rule};

/// Resources that speak about images without anybody pulling them.
const NOT_PULLED: [&str; 6] = [
    "image.toolkit.fluxcd.io",
    "kyverno.io",
    "policies.kyverno.io",
    "policy.sigstore.dev",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
];

pub(super) fn search(node: &Node, source: Source<'_>, inventory: &mut Inventory) {
    let group = node.text("apiVersion").and_then(|version| version.split_once('/'));
    if !group.is_some_and(|(group, _)| NOT_PULLED.contains(&group)) {
        values("", node, source, inventory);
    }
}

/// Searches below the key `key`.
pub(super) fn values(key: &str, node: &Node, source: Source<'_>, inventory: &mut Inventory) {
    match &node.value {
        Value::Text(text) if is_image_key(key) && is_plainly_an_image(text) => {
            inventory.add_image(text, source.file, source.line(node), Rule::ImageField);
        }
        Value::Text(_) => {}
        Value::List(items) => {
            for item in items {
                let inside = if matches!(item.value, Value::Text(_)) { "" } else { key };
                values(inside, item, source, inventory);
            }
        }
        Value::Map(entries) => {
            if let Some(found) = repository_and_tag(key, node) {
                let line = source.line(node.get("repository").unwrap_or(node));
                match found {
                    Ok(image) => {
                        let pulled = Pulled::Image(image);
                        inventory.add(pulled, source.file, line, Rule::RepositoryAndTag);
                    }
                    Err(template) => {
                        inventory.add_image(&template, source.file, line, Rule::RepositoryAndTag);
                    }
                }
            }
            for (name, value) in entries {
                values(name, value, source, inventory);
            }
        }
    }
}

fn is_image_key(key: &str) -> bool {
    key == "image" || key.ends_with("Image")
}

fn is_plainly_an_image(text: &str) -> bool {
    text.contains("${")
        || text.contains("{{")
        || ImageReference::parse(text).is_some_and(|image| {
            image.tag.is_some() || image.digest.is_some() || text.contains('/')
        })
}

/// The image that the mapping spells out in parts, or its text when a part is a template.
fn repository_and_tag(key: &str, node: &Node) -> Option<Result<ImageReference, String>> {
    let repository = node.text("repository")?;
    let (tag, digest) = (node.text("tag"), node.text("digest"));
    let plain = (is_image_key(key) || repository.contains('/')) && !repository.contains("://");
    if !plain || (tag.is_none() && digest.is_none()) {
        return None;
    }
    let registry = node.text("registry").map_or(String::new(), |registry| format!("{registry}/"));
    let tag = tag.map_or(String::new(), |tag| format!(":{tag}"));
    let digest = digest.map_or(String::new(), |digest| format!("@{digest}"));
    let text = format!("{registry}{repository}{tag}{digest}");
    ImageReference::parse(&text).map(Ok).or_else(|| text.contains("${").then_some(Err(text)))
}
