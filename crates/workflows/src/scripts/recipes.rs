//! Recipes of make and just: a name, what is run before, and lines of a shell.

use std::collections::BTreeMap;

/// What a file of recipes says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Recipes {
    pub(super) by_name: BTreeMap<String, Recipe>,
    /// The one that is run when none is named.
    pub(super) first: Option<String>,
    /// Variables that are texts.
    pub(super) variables: BTreeMap<String, String>,
}

/// One recipe.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Recipe {
    /// Recipes that are run before it.
    pub(super) before: Vec<String>,
    /// Names of what it is called with.
    pub(super) parameters: Vec<String>,
    /// Its lines, as a shell reads them.
    pub(super) parts: Vec<Part>,
}

/// Lines that one shell runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) text: String,
    /// Line of the file that the text begins at, from 1.
    pub(super) line: u32,
    /// Whether its lines are those of the file.
    pub(super) literal: bool,
    /// Whether its failure is passed over.
    pub(super) ignored: bool,
}

impl Recipes {
    pub(super) fn add(&mut self, name: &str, recipe: Recipe) {
        if self.first.is_none() && !name.starts_with('.') {
            self.first = Some(name.to_owned());
        }
        let known = self.by_name.entry(name.to_owned()).or_default();
        known.before.extend(recipe.before);
        known.parameters.extend(recipe.parameters);
        known.parts.extend(recipe.parts);
    }
}

fn number(line: usize) -> u32 {
    u32::try_from(line + 1).unwrap_or(u32::MAX)
}

/// A Makefile. Rules of patterns and what is computed are left out.
pub(super) fn make(text: &str) -> Recipes {
    let mut recipes = Recipes::default();
    let mut open: Vec<String> = Vec::new();
    let mut going_on = false;
    for (index, line) in text.lines().enumerate() {
        if let Some(recipe) = line.strip_prefix('\t') {
            for name in &open {
                let known = recipes.by_name.entry(name.clone()).or_default();
                shell_line(known, recipe, index, going_on);
            }
            going_on = recipe.ends_with('\\');
            continue;
        }
        going_on = false;
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        open.clear();
        if let Some((name, value)) = assignment(line) {
            if let Some(value) = value {
                recipes.variables.insert(name, value);
            }
        } else if let Some((targets, before)) = line.split_once(':') {
            let before =
                before.trim_start_matches(':').split(['#', ';']).next().unwrap_or_default();
            let plain = |word: &&str| !word.contains(['%', '$', '=', '|']);
            let before: Vec<String> =
                before.split_whitespace().filter(plain).map(ToOwned::to_owned).collect();
            for target in targets.split_whitespace().filter(plain) {
                recipes.add(target, Recipe { before: before.clone(), ..Recipe::default() });
                open.push(target.to_owned());
            }
        }
    }
    recipes
}

/// Each line is a shell's own, unless the one before goes on.
fn shell_line(recipe: &mut Recipe, line: &str, index: usize, goes_on: bool) {
    let text = line.replace("$(", "\u{1}(").replace("$$", "$");
    let text = variables(&text);
    match recipe.parts.last_mut().filter(|_| goes_on) {
        Some(part) => {
            part.text.push('\n');
            part.text.push_str(&text);
        }
        None => {
            let bare = text.trim_start_matches(['@', '+', '-', ' ']);
            let signs = &text[..text.len() - bare.len()];
            let ignored = signs.contains('-');
            let text = bare.to_owned();
            recipe.parts.push(Part { text, line: number(index), literal: true, ignored });
        }
    }
}

/// `$(X)` of make's is what `${X}` is for a shell; what it computes stays as it is.
fn variables(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("\u{1}(") {
        whole.push_str(before);
        let name = behind.split(')').next().unwrap_or_default();
        let plain =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if plain && name.len() < behind.len() {
            whole.push_str(&format!("${{{name}}}"));
            rest = &behind[name.len() + 1..];
        } else {
            whole.push_str("$(");
            rest = behind;
        }
    }
    whole + rest
}

/// `NAME := value`; without a value when it is computed.
fn assignment(line: &str) -> Option<(String, Option<String>)> {
    let line = line.strip_prefix("export ").unwrap_or(line);
    let end = line.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')?;
    let (name, rest) = line.split_at(end);
    let rest = rest.trim_start();
    let value = ["?=", "::=", ":=", "+=", "="].iter().find_map(|sign| rest.strip_prefix(sign))?;
    let value = value.split(" #").next().unwrap_or_default().trim();
    let plain = !rest.starts_with('+') && !value.contains(['$', '`', '\\']);
    Some((name.to_owned(), plain.then(|| value.to_owned())))
}

/// A justfile.
pub(super) fn just(text: &str) -> Recipes {
    let mut recipes = Recipes::default();
    let mut open: Option<String> = None;
    for (index, line) in text.lines().enumerate() {
        if line.starts_with([' ', '\t']) {
            let known = open.as_ref().and_then(|name| recipes.by_name.get_mut(name));
            known.into_iter().for_each(|recipe| just_line(recipe, line.trim(), index));
            continue;
        }
        if line.trim().is_empty() || line.starts_with(['#', '[']) {
            continue;
        }
        open = None;
        if let Some((name, value)) = line.split_once(":=") {
            let value = value.trim();
            let inner = value.strip_prefix(['"', '\'']).and_then(|v| v.strip_suffix(['"', '\'']));
            let name = name.trim().trim_start_matches("export ").to_owned();
            recipes.variables.extend(inner.map(|inner| (name, inner.to_owned())));
        } else if let Some((head, before)) = line.split_once(':') {
            let mut words = head.trim_start_matches('@').split_whitespace();
            let Some(name) = words.next() else { continue };
            let parameter = |word: &str| {
                let word = word.trim_start_matches(['+', '*', '$']);
                word.split('=').next().unwrap_or_default().to_owned()
            };
            let before = before.split('#').next().unwrap_or_default();
            let before = before.split_whitespace().filter(|word| !word.contains(['(', ')', '&']));
            let before = before.map(ToOwned::to_owned).collect();
            let parameters = words.map(parameter).collect();
            recipes.add(name, Recipe { before, parameters, parts: vec![] });
            open = Some(name.to_owned());
        }
    }
    recipes
}

/// A line of its own, or all lines one script when the first one says who reads it.
fn just_line(recipe: &mut Recipe, line: &str, index: usize) {
    let text = braces(line);
    let script = recipe.parts.first().is_some_and(|part| part.text.starts_with("#!"));
    let goes_on = recipe.parts.last().is_some_and(|part| part.text.ends_with('\\'));
    match recipe.parts.last_mut().filter(|_| script || goes_on) {
        Some(part) => {
            // Lines that are empty are not seen here.
            let lines = u32::try_from(part.text.matches('\n').count()).unwrap_or(u32::MAX);
            let missing = number(index).saturating_sub(part.line.saturating_add(lines));
            part.text.extend(std::iter::repeat_n('\n', missing.min(1_000) as usize));
            part.text.push_str(&text);
        }
        None => {
            let bare = text.trim_start_matches(['@', '-']);
            let ignored = text[..text.len() - bare.len()].contains('-');
            let text = bare.to_owned();
            recipe.parts.push(Part { text, line: number(index), literal: true, ignored });
        }
    }
}

/// `{{X}}` and Task's `{{.X}}` as `${X}`.
pub(super) fn braces(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{{") {
        whole.push_str(before);
        match behind.split_once("}}") {
            Some((name, after)) if is_name(name) => {
                whole.push_str(&format!("${{{}}}", name.trim().trim_start_matches('.')));
                rest = after;
            }
            _ => {
                whole.push_str("{{");
                rest = behind;
            }
        }
    }
    whole + rest
}

fn is_name(text: &str) -> bool {
    let name = text.trim().trim_start_matches('.');
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Recipes, just, make};

    fn shown(recipes: &Recipes, name: &str) -> Option<String> {
        let recipe = recipes.by_name.get(name)?;
        let parts = recipe.parts.iter().map(|part| {
            let sign = if part.ignored { "-" } else { "" };
            format!("{}{sign} {}", part.line, part.text)
        });
        let mut words = vec![recipe.before.join(" ")];
        words.extend(parts);
        Some(words.join(" | "))
    }

    #[test]
    fn recipes_are_read_with_their_lines() {
        let text = "T := v1 # why\nS = $(shell x)\n.PHONY: a\na: b c ## help\n\t@x $(T) $$Y \\\n\t  z\n\n\t-w\nb:\n%.o: %.c\n\tcc\n";
        let recipes = make(text);
        for (name, expected, why) in [
            ("a", Some("b c | 5 x ${T} $Y \\\n  z | 8- w"), "lines, with what make reads first"),
            ("b", Some(""), "nothing to do"),
            ("%.o", None, "a rule of patterns"),
        ] {
            assert_eq!(shown(&recipes, name).as_deref(), expected, "{why}");
        }
        assert_eq!(recipes.first.as_deref(), Some("a"));
        assert_eq!(recipes.variables.get("T").map(String::as_str), Some("v1"));
        assert_eq!(recipes.variables.get("S"), None, "computed");
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_lines_stay_within(text in "[ab:=\\t \n${}()@#\\\\'\"-]{0,80}") {
            let lines = u32::try_from(text.lines().count()).unwrap();
            for recipes in [make(&text), just(&text)] {
                for part in recipes.by_name.values().flat_map(|recipe| &recipe.parts) {
                    prop_assert!((1..=lines).contains(&part.line));
                }
            }
        }
    }

    #[test]
    fn a_justfile_is_read_alike() {
        let text = "t := \"v1\"\n\n# help\na tag='x': b\n    @x {{t}} {{tag}}\n    -y\n\nb:\n    #!/usr/bin/env bash\n    set -e\n\n    z\n";
        let recipes = just(text);
        for (name, expected, why) in [
            ("a", "b | 5 x ${t} ${tag} | 6- y", "a line is a shell's own"),
            ("b", " | 9 #!/usr/bin/env bash\nset -e\n\nz", "a script is one"),
        ] {
            assert_eq!(shown(&recipes, name).as_deref(), Some(expected), "{why}");
        }
        assert_eq!(recipes.by_name["a"].parameters, ["tag"]);
    }
}
