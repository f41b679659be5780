//! kro's `ResourceGraphDefinition`: templates that become objects, with `${…}` expressions in them.

use crate::declaration::Consumer;
use crate::found::SourceKind;
use crate::object::Object;
use crate::shapes::flux::{self, Pulled};

/// Whether an object is a definition.
pub(crate) fn is_it(object: &Object<'_>) -> bool {
    (object.group(), object.kind) == ("kro.run", "ResourceGraphDefinition")
}

/// A source in a template of a definition.
pub(crate) fn source(object: &Object<'_>, within: &Object<'_>, file: &str) -> Option<Pulled> {
    let mut pulled = flux::held_source(object, &within.told(), file)?;
    pulled.source.kind = SourceKind::Kro;
    if let Some(declaration) = &mut pulled.declaration {
        declaration.consumer = Consumer::Kro;
    }
    Some(pulled)
}
