//! YAML as a tree in which every key and every value knows its line and column. Reading into a
//! tree first is what lets one run report *all* that is wrong, not only the first thing.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{Error, Location, Spanned};

/// Largest configuration that is read, in bytes. A real one has a few KiB.
pub const CONFIG_BYTES_MAX: usize = 1024 * 1024;

/// Most YAML nodes, after aliases are expanded. One entry has about twenty.
pub const CONFIG_NODES_MAX: usize = 50_000;

/// Deepest nesting. The schema needs six levels.
pub const CONFIG_DEPTH_MAX: usize = 32;

/// Line and column, both from 1; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) column: u32,
}

/// A value at its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) position: Position,
    pub(super) value: Value,
}

/// A key at its place.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) position: Position,
    pub(super) name: String,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Bool,
    Number,
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

impl Value {
    /// What it is, for a message.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Value::Null => "nothing",
            Value::Bool => "a boolean",
            Value::Number => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}

/// Why a text is no tree.
#[derive(Debug)]
pub(super) enum NotYaml {
    /// More of something than is read.
    TooLarge { message: String, position: Option<Position> },
    /// Not YAML.
    Malformed { message: String, position: Option<Position> },
}

/// Reads one YAML document within the limits. Duplicate keys stay in the tree, for the reader to
/// refuse each of them.
pub(super) fn parse(text: &str) -> Result<Node, NotYaml> {
    if text.len() > CONFIG_BYTES_MAX {
        let message = format!("it has {} bytes, more than {CONFIG_BYTES_MAX}", text.len());
        return Err(NotYaml::TooLarge { message, position: None });
    }
    serde_saphyr::from_str_with_options::<Node>(text, options()).map_err(not_yaml)
}

fn not_yaml(error: Error) -> NotYaml {
    let error = error.without_snippet();
    let position = error.location().map(position);
    match limit(error) {
        Some(message) => NotYaml::TooLarge { message, position },
        None if matches!(error, Error::Budget { .. }) => {
            let message = "a second YAML document begins here; there can be one".to_owned();
            NotYaml::Malformed { message, position }
        }
        None => NotYaml::Malformed { message: error.to_string(), position },
    }
}

/// The limit that was reached, when that is what is wrong.
fn limit(error: &Error) -> Option<String> {
    let values = || format!("there are more than {CONFIG_NODES_MAX} values");
    let levels = || format!("it is nested deeper than {CONFIG_DEPTH_MAX} levels");
    match error {
        Error::AliasError { error, .. } => limit(error),
        Error::Budget { breach: BudgetBreach::Depth { .. }, .. }
        | Error::AliasReplayStackDepthExceeded { .. } => Some(levels()),
        Error::Budget {
            breach: BudgetBreach::Nodes { .. } | BudgetBreach::Events { .. }, ..
        } => Some(values()),
        // The parser below has a limit of its own for brackets, which it tells in words only.
        Error::ExternalMessage { msg, .. } if msg.contains("recursion limit") => Some(levels()),
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. } => {
            Some(format!("{} once its aliases are expanded", values()))
        }
        Error::Budget { breach: BudgetBreach::Documents { .. }, .. } => None,
        Error::Budget { .. } => Some(error.to_string()),
        _ => None,
    }
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        strict_booleans: true,
        with_snippet: false,
        reject_unsupported_tags: true,
        budget: serde_saphyr::budget! {
            max_depth: CONFIG_DEPTH_MAX,
            max_nodes: CONFIG_NODES_MAX,
            max_events: 4 * CONFIG_NODES_MAX,
            max_documents: 1,
            max_total_scalar_bytes: CONFIG_BYTES_MAX,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: CONFIG_NODES_MAX,
            max_replay_stack_depth: CONFIG_DEPTH_MAX,
        },
    }
}

fn position(location: Location) -> Position {
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX).max(1);
    Position { line: small(location.line()), column: small(location.column()) }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Node { position: position(spanned.referenced), value: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Value, D::Error> {
        Value::deserialize(inner)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Bool)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Node>()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = entries.next_key::<Spanned<String>>()? {
            let key = Key { position: position(key.referenced), name: key.value };
            map.push((key, entries.next_value::<Node>()?));
        }
        Ok(Value::Map(map))
    }
}
