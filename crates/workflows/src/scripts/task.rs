//! Tasks of a Taskfile.

use sealwright_yaml::{Node, Style};

use super::recipes::{Part, Recipe, Recipes, braces};

/// Reads a Taskfile; what does not have its form is left out.
pub(super) fn read(bytes: &[u8]) -> Recipes {
    let mut recipes = Recipes::default();
    let stream = sealwright_yaml::read(bytes);
    let Some(document) = stream.documents.first() else { return recipes };
    let entries = |key: &str| document.root.get(key).map(Node::entries).unwrap_or_default();
    for (key, value) in entries("vars").iter().chain(entries("env")) {
        let text = value.scalar().filter(|text| !text.contains("{{"));
        recipes.variables.extend(text.map(|text| (key.name.clone(), text.to_owned())));
    }
    for (key, task) in entries("tasks") {
        recipes.add(&key.name, recipe(task));
    }
    recipes
}

fn recipe(task: &Node) -> Recipe {
    let mut recipe = Recipe::default();
    let names = task.get("deps").map(Node::items).unwrap_or_default();
    recipe.before.extend(
        names.iter().filter_map(|name| {
            name.text().or_else(|| name.text_at(&["task"])).map(ToOwned::to_owned)
        }),
    );
    let own = [Some(task), task.get("cmd"), task.get("cmds")];
    for node in own.into_iter().flatten() {
        for command in std::iter::once(node).chain(node.items()) {
            if let Some(name) = command.text_at(&["task"]) {
                recipe.before.push(name.to_owned());
            }
            recipe.parts.extend(part(command.get("cmd").unwrap_or(command)));
        }
    }
    recipe
}

/// A text that a shell runs, at its place.
pub(super) fn part(node: &Node) -> Option<Part> {
    let text = braces(node.text()?);
    let literal = node.style == Style::Literal && node.defined.is_none();
    Some(Part { text, line: node.at.line, literal, ignored: false })
}
