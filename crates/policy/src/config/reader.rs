//! Walking the tree: every step either gives what it was asked for or keeps a mistake, so that one
//! run reports all of them.

use std::collections::{BTreeMap, BTreeSet};

use super::mistake::{Mistake, quote};
use super::node::{Key, Node, Position, Value};
use super::shape::Shape;
use crate::codes::Code;

/// Farthest spelling, in single changes, that is still taken for a slip of the keyboard.
fn slip_max(word: &str) -> usize {
    (word.chars().count() / 3).max(1)
}

/// A value and the way to it.
#[derive(Debug, Clone)]
pub(super) struct At<'a> {
    pub(super) node: &'a Node,
    pub(super) path: String,
}

/// A mapping whose keys are all known.
pub(super) struct Fields<'a> {
    path: String,
    entries: &'a [(Key, Node)],
}

/// All mistakes so far.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) mistakes: Vec<Mistake>,
}

impl<'a> At<'a> {
    pub(super) fn top(node: &'a Node) -> Self {
        Self { node, path: String::new() }
    }

    fn text(&self) -> Option<&'a str> {
        match &self.node.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl<'a> Fields<'a> {
    /// The value of a key; of the first one, should it be there twice.
    pub(super) fn get(&self, name: &str) -> Option<At<'a>> {
        let (_, node) = self.entries.iter().find(|(key, _)| key.name == name)?;
        Some(At { node, path: join(&self.path, name) })
    }

    /// Where a key stands.
    pub(super) fn key(&self, name: &str) -> Option<Position> {
        self.entries.iter().find(|(key, _)| key.name == name).map(|(key, _)| key.position)
    }
}

impl Reader {
    /// A mapping with these keys and no others.
    pub(super) fn fields<'a>(
        &mut self,
        at: &At<'a>,
        required: &[&str],
        optional: &[&str],
    ) -> Option<Fields<'a>> {
        let entries = self.mapping(at)?;
        let known: Vec<&str> = required.iter().chain(optional).copied().collect();
        let mut misspelt = Vec::new();
        for (key, _) in entries.iter().filter(|(key, _)| !known.contains(&key.name.as_str())) {
            misspelt.extend(nearest(&key.name, &known));
            self.unknown_key(at, key, &known);
        }
        let present = |name: &str| entries.iter().any(|(key, _)| key.name == name);
        // What is there under a wrong spelling is not told again as missing.
        for missing in required.iter().filter(|name| !present(name) && !misspelt.contains(name)) {
            self.missing_key(at, missing);
        }
        Some(Fields { path: at.path.clone(), entries })
    }

    /// A mapping from names of the user's choice, at least one.
    pub(super) fn named<'a, T>(
        &mut self,
        at: &At<'a>,
        name: &Shape,
        mut item: impl FnMut(&mut Self, &At<'a>) -> Option<T>,
    ) -> Option<BTreeMap<String, T>> {
        let entries = self.mapping(at)?;
        let mut named = Some(BTreeMap::new());
        for (key, node) in entries {
            if !name.accepts(&key.name) {
                self.wrong_shape(&key.name, key.position, &at.path, name);
            }
            let value = item(self, &At { node, path: join(&at.path, &key.name) });
            match (&mut named, value) {
                (Some(map), Some(value)) => drop(map.insert(key.name.clone(), value)),
                _ => named = None,
            }
        }
        named
    }

    /// A list, of at least `count_min` items.
    pub(super) fn list<'a, T>(
        &mut self,
        at: &At<'a>,
        count_min: usize,
        mut item: impl FnMut(&mut Self, &At<'a>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Value::List(nodes) = &at.node.value else {
            self.wrong_type(at, "a list");
            return None;
        };
        if nodes.len() < count_min {
            let mistake = Mistake::new(Code::ConfigWrongValue, format!("{} is empty", name(at)));
            self.keep(at, mistake.expected("at least one"));
            return None;
        }
        let read: Vec<Option<T>> = nodes
            .iter()
            .enumerate()
            .map(|(index, node)| item(self, &At { node, path: format!("{}[{index}]", at.path) }))
            .collect();
        read.into_iter().collect()
    }

    /// A list of texts of one shape, each once.
    pub(super) fn texts(
        &mut self,
        at: &At<'_>,
        count_min: usize,
        shape: &Shape,
    ) -> Option<Vec<String>> {
        let texts = self.list(at, count_min, |reader, at| reader.shaped(at, shape));
        self.refuse_repeats(at);
        texts
    }

    /// Refuses a text that stands in this list twice.
    pub(super) fn refuse_repeats(&mut self, at: &At<'_>) {
        let Value::List(nodes) = &at.node.value else { return };
        let mut seen = BTreeSet::new();
        for (index, node) in nodes.iter().enumerate() {
            let at = At { node, path: format!("{}[{index}]", at.path) };
            if let Some(text) = at.text()
                && !seen.insert(text)
            {
                let message = format!("{} stands in the list twice", quote(text));
                self.keep(&at, Mistake::new(Code::ConfigConflict, message));
            }
        }
    }

    /// A text.
    pub(super) fn text(&mut self, at: &At<'_>, wanted: &str) -> Option<String> {
        let text = at.text().map(str::to_owned);
        if text.is_none() {
            self.wrong_type(at, wanted);
        }
        text
    }

    /// A text of this shape.
    pub(super) fn shaped(&mut self, at: &At<'_>, shape: &Shape) -> Option<String> {
        let text = self.text(at, &format!("{} such as `{}`", shape.what, shape.example))?;
        if shape.accepts(&text) {
            return Some(text);
        }
        self.wrong_shape(&text, at.node.position, &at.path, shape);
        None
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&mut self, at: &At<'_>, words: &[(&str, T)]) -> Option<T> {
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        let text = self.text(at, &one_of(&names))?;
        let found = words.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let message = format!("{} is not known as {}", quote(&text), name(at));
            let mistake = Mistake::new(Code::ConfigWrongValue, message)
                .expected(one_of(&names))
                .found(&text)
                .hint(did_you_mean(&text, &names));
            self.keep(at, mistake);
        }
        found.map(|(_, value)| *value)
    }

    /// A name that must be defined elsewhere in the file.
    pub(super) fn defined(&mut self, at: &At<'_>, what: &str, defined: &[&str]) -> Option<String> {
        let text = self.text(at, &format!("the name of a {what}"))?;
        if defined.contains(&text.as_str()) {
            return Some(text);
        }
        let message = format!("there is no {what} {}", quote(&text));
        let mistake = Mistake::new(Code::ConfigUnknownName, message)
            .expected(one_of(defined))
            .found(&text)
            .hint(did_you_mean(&text, defined));
        self.keep(at, mistake);
        None
    }

    /// Keeps a mistake about this value.
    pub(super) fn keep(&mut self, at: &At<'_>, mut mistake: Mistake) {
        mistake.position = Some(at.node.position);
        mistake.spelled = at.text().map(str::to_owned);
        mistake.path.clone_from(&at.path);
        self.mistakes.push(mistake);
    }

    /// Keeps a mistake about a key.
    pub(super) fn keep_key(&mut self, position: Position, key: &str, path: &str, mistake: Mistake) {
        self.mistakes.push(Mistake {
            position: Some(position),
            spelled: Some(key.to_owned()),
            path: join(path, key),
            ..mistake
        });
    }

    /// The entries of a mapping; a key that repeats is a mistake.
    fn mapping<'a>(&mut self, at: &At<'a>) -> Option<&'a [(Key, Node)]> {
        let Value::Map(entries) = &at.node.value else {
            self.wrong_type(at, "a mapping");
            return None;
        };
        let mut first: BTreeMap<&str, Position> = BTreeMap::new();
        for (key, _) in entries {
            match first.get(key.name.as_str()) {
                None => drop(first.insert(&key.name, key.position)),
                Some(earlier) => {
                    let message = format!("the key {} stands here twice", quote(&key.name));
                    let hint = format!("it is already in line {}: keep one of them", earlier.line);
                    let mistake = Mistake::new(Code::ConfigDuplicateKey, message).hint(Some(hint));
                    self.keep_key(key.position, &key.name, &at.path, mistake);
                }
            }
        }
        Some(entries)
    }

    fn unknown_key(&mut self, at: &At<'_>, key: &Key, known: &[&str]) {
        let message = format!("unknown key {} in {}", quote(&key.name), name(at));
        let mistake = Mistake::new(Code::ConfigUnknownKey, message)
            .expected(one_of(known))
            .found(&key.name)
            .hint(did_you_mean(&key.name, known));
        self.keep_key(key.position, &key.name, &at.path, mistake);
    }

    fn missing_key(&mut self, at: &At<'_>, missing: &str) {
        let message = format!("the key `{missing}` is missing in {}", name(at));
        self.keep(at, Mistake::new(Code::ConfigMissingKey, message));
    }

    fn wrong_type(&mut self, at: &At<'_>, wanted: &str) {
        let found = at.node.value.kind();
        let message = format!("{} is {found}", name(at));
        let hint = match &at.node.value {
            Value::Number | Value::Bool if wanted.starts_with("a Flux version") => {
                Some("put it in quotes: YAML reads it as a number".to_owned())
            }
            Value::Text(_) if wanted == "a list" => {
                Some("put it in brackets, or behind a dash on a line of its own".to_owned())
            }
            _ => None,
        };
        let mistake = Mistake::new(Code::ConfigWrongType, message);
        self.keep(at, mistake.expected(wanted).found(found).hint(hint));
    }

    fn wrong_shape(&mut self, text: &str, position: Position, path: &str, shape: &Shape) {
        let message = format!("{} is not {}", quote(text), shape.what);
        self.mistakes.push(Mistake {
            position: Some(position),
            spelled: Some(text.to_owned()),
            path: path.to_owned(),
            ..Mistake::new(Code::ConfigWrongValue, message)
                .expected(format!("{} such as `{}`", shape.what, shape.example))
                .found(text)
                .hint(shape.hint(text))
        });
    }
}

/// What a value is called in messages: its path, or the file as a whole.
fn name(at: &At<'_>) -> String {
    if at.path.is_empty() { "the configuration".to_owned() } else { format!("`{}`", at.path) }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn one_of(words: &[&str]) -> String {
    match words {
        [] => "none is defined yet".to_owned(),
        [only] => format!("`{only}`"),
        [most @ .., last] => format!("`{}` or `{last}`", most.join("`, `")),
    }
}

fn did_you_mean(word: &str, known: &[&str]) -> Option<String> {
    nearest(word, known).map(|nearest| format!("did you mean `{nearest}`?"))
}

/// The nearest known word, when it is near enough for a slip.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let (distance, nearest) = known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(&lower, &known.to_lowercase()), *known))
        .min()?;
    (distance <= slip_max(word)).then_some(nearest)
}
