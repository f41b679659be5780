//! kro's `ResourceGraphDefinition`: templates that become objects, with `${…}` expressions in them.

use sealwright_yaml::{Node, Value, inside};

use crate::File;
use crate::declaration::Consumer;
use crate::found::SourceKind;
use crate::object::Object;
use crate::shapes::flux::{self, Pulled, SOURCE_GROUP};

/// The sources in the templates of a definition.
pub(crate) fn definition(object: &Object<'_>, file: File<'_>) -> Vec<Pulled> {
    let resources =
        object.node.at_path(&["spec", "resources"]).map(Node::items).unwrap_or_default();
    let templates = resources.iter().filter_map(|resource| resource.get("template"));
    templates.flat_map(|template| sources(template, object, file)).collect()
}

fn sources(template: &Node, within: &Object<'_>, file: File<'_>) -> Vec<Pulled> {
    match template.value {
        Value::Text(_) => {
            let documents = inside(template, file.bytes).documents;
            documents.iter().filter_map(|document| source(&document.root, within, file)).collect()
        }
        _ => source(template, within, file).into_iter().collect(),
    }
}

fn source(template: &Node, within: &Object<'_>, file: File<'_>) -> Option<Pulled> {
    let object = Object::of(template)?;
    if (object.group(), object.kind) != (SOURCE_GROUP, "OCIRepository") {
        return None;
    }
    let mut pulled = flux::oci_repository(&object, file.path)?;
    let told = format!("{} in {}", object.told(), within.told());
    pulled.source.kind = SourceKind::Kro;
    pulled.source.object.clone_from(&told);
    if let Some(declaration) = &mut pulled.declaration {
        (declaration.consumer, declaration.object) = (Consumer::Kro, told);
    }
    Some(pulled)
}
