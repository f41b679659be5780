//! KSail's configuration: `spec.workload.flux.verify`, and nowhere else. It drops keys that it does
//! not know without a word, and takes a blank provider for off.

use sealwright_yaml::{Node, Value};

use crate::declaration::{Consumer, Declaration, Follows, Guarded, Provider};
use crate::found::{Guard, Source, SourceKind};
use crate::object::Object;
use crate::shapes::flux::{Pulled, verify};
use crate::shapes::flux_instance::generated;

/// Path of the block.
pub(crate) const PATH: &[&str] = &["spec", "workload", "flux", "verify"];

/// Whether an object is KSail's configuration.
pub(crate) fn is_it(object: &Object<'_>) -> bool {
    object.group().starts_with("ksail.") && object.kind == "Cluster"
}

/// The source that a cluster begins with, with its declaration.
pub(crate) fn cluster(root: &Node, file: &str) -> Option<Pulled> {
    let named = generated("OCIRepository", "flux-system", "flux-system");
    let block = root.at_path(PATH).filter(|block| !block.is_null());
    let engine = root.text_at(&["spec", "cluster", "gitOpsEngine"]);
    if block.is_none() && !engine.is_some_and(|engine| engine.eq_ignore_ascii_case("flux")) {
        return None;
    }
    let source = Source {
        kind: SourceKind::Ksail,
        object: named.told(),
        url: String::new(),
        whole: true,
        follows: Follows::AsWritten,
        file: file.to_owned(),
        at: root.at.clone(),
        guarded_by: Guard::Nothing,
        rendered: Vec::new(),
    };
    let declaration = block.map(|block| declaration(block, &source.object, file));
    Some(Pulled { named, source, declaration })
}

fn declaration(block: &Node, object: &str, file: &str) -> Declaration {
    let guards = vec![Guarded::object(object, block.at.clone())];
    let mut declaration = verify(block, Consumer::Ksail, object.to_owned(), file, guards);
    // Unlike Flux' API, KSail fills nothing in: no provider is off.
    let provider = block.get("provider").map(|provider| &provider.value);
    if matches!(provider, None | Some(Value::Null)) {
        declaration.provider = Provider::Blank;
    }
    declaration
}
