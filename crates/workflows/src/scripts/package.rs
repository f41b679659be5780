//! Scripts of a `package.json`.

use sealwright_yaml::Node;

use super::recipes::{Recipe, Recipes};
use super::task::part;

/// Reads a `package.json`. What stands under `preX` and `postX` is run around `X`.
pub(super) fn read(bytes: &[u8]) -> Recipes {
    let mut recipes = Recipes::default();
    let stream = sealwright_yaml::read(bytes);
    let scripts = stream.documents.first().and_then(|document| document.root.get("scripts"));
    let scripts = scripts.map(Node::entries).unwrap_or_default();
    for (key, script) in scripts {
        let around = ["pre", "post"].map(|word| format!("{word}{}", key.name));
        let there = |name: &String| scripts.iter().any(|(key, _)| key.name == *name);
        let before = around.into_iter().filter(there).collect();
        let parts = part(script).into_iter().collect();
        recipes.add(&key.name, Recipe { before, parameters: vec![], parts });
    }
    recipes
}
