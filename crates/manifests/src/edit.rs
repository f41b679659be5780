//! What an object is after a patch: operations of RFC 6902 and strategic merges, on values that keep
//! their places. As Kustomize 5 does them on objects of which it knows no schema, so that lists are
//! replaced whole.

use sealwright_yaml::{Key, Node, Place, Style, Value};

/// Why Kustomize stops, as a sentence without a full stop.
pub(crate) type Failed = String;

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Operation {
    op: Op,
    path: String,
    from: Option<String>,
    pub(crate) value: Option<Node>,
    /// Where its path stands.
    pub(crate) at: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Add,
    Replace,
    Remove,
    Move,
    Copy,
    Test,
}

impl Operation {
    /// From an entry of the list.
    pub(crate) fn of(node: &Node) -> Option<Self> {
        let op = match node.text_at(&["op"])? {
            "add" => Op::Add,
            "replace" => Op::Replace,
            "remove" => Op::Remove,
            "move" => Op::Move,
            "copy" => Op::Copy,
            "test" => Op::Test,
            _ => return None,
        };
        let path = node.get("path")?;
        Some(Self {
            op,
            path: path.scalar()?.to_owned(),
            from: node.text_at(&["from"]).map(str::to_owned),
            value: node.get("value").cloned(),
            at: path.at.clone(),
        })
    }

    /// Whether it changes anything.
    pub(crate) fn changes(&self) -> bool {
        self.op != Op::Test
    }

    /// What it changes: its path, and where it moves something away from.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        let from = self.from.as_deref().filter(|_| self.op == Op::Move);
        std::iter::once(self.path.as_str()).chain(from)
    }

    pub(crate) fn apply(&self, object: &mut Node) -> Result<(), Failed> {
        let value = || self.value.clone().ok_or_else(|| "an operation has no `value`".to_owned());
        match self.op {
            Op::Add => add(object, &self.path, value()?),
            Op::Replace => replace(object, &self.path, value()?),
            Op::Remove => remove(object, &self.path).map(drop),
            Op::Move => {
                let moved = remove(object, self.from()?)?;
                add(object, &self.path, moved)
            }
            Op::Copy => {
                let from = self.from()?;
                let copied = find(object, from).cloned().ok_or_else(|| absent(from))?;
                add(object, &self.path, copied)
            }
            Op::Test => self.test(object),
        }
    }

    fn from(&self) -> Result<&str, Failed> {
        self.from.as_deref().ok_or_else(|| "an operation has no `from`".to_owned())
    }

    fn test(&self, object: &Node) -> Result<(), Failed> {
        let null = |node: Option<&Node>| node.is_none_or(Node::is_null);
        let (is, wanted) = (find(object, &self.path), self.value.as_ref());
        let holds = match (is, wanted) {
            (Some(is), Some(wanted)) => is_same(is, wanted),
            (is, wanted) => null(is) && null(wanted),
        };
        holds.then_some(()).ok_or_else(|| format!("`{}` is not what its test asks for", self.path))
    }
}

fn absent(path: &str) -> Failed {
    format!("there is no `{path}`")
}

/// The steps of a pointer.
fn steps(path: &str) -> Vec<String> {
    path.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
}

fn find<'a>(object: &'a Node, path: &str) -> Option<&'a Node> {
    steps(path).iter().try_fold(object, |node, step| match &node.value {
        Value::List(items) => items.get(step.parse::<usize>().ok()?),
        _ => node.get(step),
    })
}

fn find_mut<'a>(object: &'a mut Node, steps: &[String]) -> Option<&'a mut Node> {
    steps.iter().try_fold(object, |node, step| match &mut node.value {
        Value::List(items) => items.get_mut(step.parse::<usize>().ok()?),
        Value::Map(entries) => {
            entries.iter_mut().rev().find(|(key, _)| key.name == *step).map(|(_, node)| node)
        }
        _ => None,
    })
}

/// What holds the end of a path, and that end.
fn holder<'a>(object: &'a mut Node, path: &str) -> Result<(&'a mut Node, String), Failed> {
    let mut steps = steps(path);
    let last = steps.pop().ok_or_else(|| format!("`{path}` leads nowhere"))?;
    Ok((find_mut(object, &steps).ok_or_else(|| absent(path))?, last))
}

fn add(object: &mut Node, path: &str, value: Node) -> Result<(), Failed> {
    let (holder, last) = holder(object, path)?;
    match &mut holder.value {
        Value::Map(_) => set(holder, &last, value),
        Value::List(items) => {
            let at = if last == "-" { Some(items.len()) } else { last.parse().ok() };
            let at = at.filter(|at| *at <= items.len()).ok_or_else(|| absent(path))?;
            items.insert(at, value);
        }
        _ => return Err(absent(path)),
    }
    Ok(())
}

/// Of a mapping, a key that is not there is set (Kustomize 5.5).
fn replace(object: &mut Node, path: &str, value: Node) -> Result<(), Failed> {
    let (holder, last) = holder(object, path)?;
    match &mut holder.value {
        Value::Map(_) => set(holder, &last, value),
        Value::List(items) => {
            let at = last.parse::<usize>().ok().and_then(|at| items.get_mut(at));
            *at.ok_or_else(|| absent(path))? = value;
        }
        _ => return Err(absent(path)),
    }
    Ok(())
}

fn remove(object: &mut Node, path: &str) -> Result<Node, Failed> {
    let (holder, last) = holder(object, path)?;
    match &mut holder.value {
        Value::Map(entries) => {
            let at = entries.iter().rposition(|(key, _)| key.name == last);
            Ok(entries.remove(at.ok_or_else(|| absent(path))?).1)
        }
        Value::List(items) => {
            let at = last.parse::<usize>().ok().filter(|at| *at < items.len());
            Ok(items.remove(at.ok_or_else(|| absent(path))?))
        }
        _ => Err(absent(path)),
    }
}

/// Sets an entry of a mapping.
pub(crate) fn set(map: &mut Node, name: &str, value: Node) {
    let Value::Map(entries) = &mut map.value else { return };
    match entries.iter_mut().rev().find(|(key, _)| key.name == name) {
        Some((_, node)) => *node = value,
        None => entries.push((Key { at: value.at.clone(), name: name.to_owned() }, value)),
    }
}

/// A mapping of these entries, all at one place.
pub(crate) fn map(at: &Place, entries: Vec<(&str, Node)>) -> Node {
    let key = |name: &str| Key { at: at.clone(), name: name.to_owned() };
    let entries = entries.into_iter().map(|(name, node)| (key(name), node)).collect();
    Node { at: at.clone(), value: Value::Map(entries), style: Style::Block, defined: None }
}

/// A text at a place.
pub(crate) fn text(at: &Place, text: &str) -> Node {
    let value = Value::Text(text.to_owned());
    Node { at: at.clone(), value, style: Style::Plain, defined: None }
}

/// The names of an object, which choose and are not merged.
const NAMES: &[&[&str]] =
    &[&["apiVersion"], &["kind"], &["metadata", "name"], &["metadata", "namespace"]];

/// A partial object laid over a whole one.
pub(crate) fn merge(object: &mut Node, part: &Node) -> Result<(), Failed> {
    let mut part = part.clone();
    for path in NAMES {
        let (last, parents) = path.split_last().expect("none is empty");
        let steps: Vec<String> = parents.iter().map(|one| (*one).to_owned()).collect();
        if let Some(Value::Map(entries)) = find_mut(&mut part, &steps).map(|node| &mut node.value) {
            entries.retain(|(key, _)| key.name != *last);
        }
    }
    match directive(&part) {
        // All of it is gone: nothing is pulled.
        Some("delete") => object.value = Value::Null,
        _ => merge_into(object, &part),
    }
    Ok(())
}

fn directive(node: &Node) -> Option<&str> {
    node.text_at(&["$patch"])
}

fn merge_into(is: &mut Node, part: &Node) {
    if directive(part) == Some("replace") || !matches!(is.value, Value::Map(_)) {
        *is = plain(part);
        return;
    }
    for (key, value) in part.entries().iter().filter(|(key, _)| key.name != "$patch") {
        let Value::Map(entries) = &mut is.value else { return };
        let at = entries.iter().rposition(|(one, _)| one.name == key.name);
        match (at, &value.value) {
            _ if value.is_null() || directive(value) == Some("delete") => {
                entries.retain(|(one, _)| one.name != key.name);
            }
            (Some(at), Value::Map(_)) => merge_into(&mut entries[at].1, value),
            (Some(at), _) => entries[at].1 = plain(value),
            (None, _) => entries.push((key.clone(), plain(value))),
        }
    }
}

/// A part that comes where nothing was: without directives, and without what it takes out.
fn plain(node: &Node) -> Node {
    let mut node = node.clone();
    if let Value::Map(entries) = &mut node.value {
        entries.retain(|(key, value)| {
            key.name != "$patch" && !value.is_null() && directive(value) != Some("delete")
        });
        entries.iter_mut().for_each(|(_, value)| *value = plain(value));
    }
    node
}

/// Whether two values say the same, wherever and however they are written.
pub(crate) fn is_same(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| is_same(a, b))
        }
        (Value::Map(entries), Value::Map(others)) => {
            entries.len() == others.len()
                && entries
                    .iter()
                    .all(|(key, node)| other.get(&key.name).is_some_and(|it| is_same(node, it)))
        }
        (one, other) => one == other,
    }
}

/// Puts all of a value at one place, where no bytes of a file are exactly this.
pub(crate) fn move_to(node: &mut Node, at: &Place) {
    let at = Place { range: 0..0, ..at.clone() };
    (node.at, node.defined) = (at.clone(), None);
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| move_to(item, &at)),
        Value::Map(entries) => {
            for (key, value) in entries {
                key.at = at.clone();
                move_to(value, &at);
            }
        }
        _ => {}
    }
}
