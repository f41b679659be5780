//! `strategy.matrix` as far as it is written out: every combination that a job runs for.
//!
//! <https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstrategymatrix>

use std::collections::{BTreeMap, BTreeSet};

use sealwright_yaml::{Node, Value};

use crate::model::{Action, Job, Runs, Setting, Step, Work};

/// Combinations of one job: GitHub starts none of more.
pub(crate) const COMBINATIONS_MAX: usize = 256;

/// The values of one combination, by their names in lower case: `image`, `image.tag`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Combination {
    cells: BTreeMap<String, Cell>,
    /// Names whose values are made in the run.
    open: BTreeSet<String>,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cell {
    Bool(bool),
    /// It may hold expressions.
    Text(String),
}

/// What a job runs for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Matrix {
    /// It has none, or all of it is made in the run.
    Open,
    Known(Vec<Combination>),
    /// More than GitHub starts.
    TooMany,
}

impl Combination {
    /// The value of `matrix.NAME`: that there is none, when it is not one of this combination; nothing
    /// when it is not on paper.
    pub(crate) fn get(&self, name: &str) -> Option<Option<&Cell>> {
        let known = self.cells.get(name);
        let below = format!("{name}.");
        let holds = |one: &String| *one == name || one.starts_with(&below);
        let within = |one: &String| name.starts_with(&format!("{one}."));
        let open = self.open.iter().any(|one| holds(one) || within(one));
        // Of a mapping as a whole nothing is said.
        let whole = known.is_none() && self.cells.keys().any(holds) || name.contains('*');
        (known.is_some() || !open && !whole).then_some(known)
    }

    /// Whether all that another one says is said here as well.
    fn holds(&self, other: &Combination) -> bool {
        other.cells.iter().all(|(name, cell)| self.cells.get(name) == Some(cell))
    }

    /// Takes out everything below one of these names, and puts in what another one says.
    fn put(&mut self, other: &Combination) {
        let tops: BTreeSet<String> = other.tops().map(str::to_owned).collect();
        self.cells.retain(|name, _| !tops.contains(top(name)));
        self.cells.extend(other.cells.clone());
        self.open.extend(other.open.clone());
    }

    fn tops(&self) -> impl Iterator<Item = &str> {
        self.cells.keys().chain(&self.open).map(|name| top(name))
    }

    fn add(&mut self, name: String, node: &Node) {
        match &node.value {
            Value::Map(entries) => {
                for (key, inner) in entries {
                    self.add(format!("{name}.{}", key.name.to_lowercase()), inner);
                }
            }
            Value::List(_) => drop(self.open.insert(name)),
            // GitHub takes `y`, `on` and the like for texts, whose spelling is not kept.
            Value::Bool(_) if node.at.range.len() < "true".len() => drop(self.open.insert(name)),
            Value::Bool(truth) => drop(self.cells.insert(name, Cell::Bool(*truth))),
            Value::Null => drop(self.cells.insert(name, Cell::Text(String::new()))),
            Value::Number(number) => drop(self.cells.insert(name, Cell::Text(plain(number)))),
            // What is made in the run may be anything.
            Value::Text(text) if text.to_lowercase().contains("fromjson(") => {
                self.open.insert(name);
            }
            Value::Text(text) => drop(self.cells.insert(name, Cell::Text(text.clone()))),
        }
    }
}

fn top(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// A number as it stands in a text: of `1.20`, that is 1.2.
fn plain(number: &str) -> String {
    match number.parse::<f64>() {
        Ok(value) if number.contains('.') => value.to_string(),
        _ => number.to_owned(),
    }
}

/// All combinations of a job.
pub(crate) fn all(job: &Job) -> Matrix {
    let matrix = job.strategy.as_ref().and_then(|strategy| strategy.get("matrix"));
    matrix.map_or(Matrix::Open, read)
}

/// The combinations of a job that differ in what it asks for; its actions are among these.
pub(crate) fn differing(job: &Job, actions: &[Action]) -> Matrix {
    let Matrix::Known(all) = all(job) else { return all(job) };
    let asked = asked(job, actions);
    let needed = |name: &String| asked.as_ref().is_none_or(|asked| asked.contains(top(name)));
    let mut kept: Vec<Combination> = Vec::new();
    for mut one in all {
        one.cells.retain(|name, _| needed(name));
        one.open.retain(needed);
        if !kept.contains(&one) {
            kept.push(one);
        }
    }
    Matrix::Known(kept)
}

fn read(node: &Node) -> Matrix {
    let listed = |key: &str| match node.get(key) {
        None => Some(&[][..]),
        Some(Node { value: Value::List(items), .. }) => Some(items.as_slice()),
        Some(_) => None,
    };
    // Of a list that is made in the run, any value may come.
    let (Value::Map(axes), Some(include), Some(exclude)) =
        (&node.value, listed("include"), listed("exclude"))
    else {
        return Matrix::Open;
    };
    if include.iter().any(|entry| !matches!(entry.value, Value::Map(_))) {
        return Matrix::Open;
    }
    let axes = axes.iter().filter(|(key, _)| key.name != "include" && key.name != "exclude");
    let mut all: Vec<Combination> = Vec::new();
    for (index, (key, values)) in axes.enumerate() {
        let name = key.name.to_lowercase();
        let values: Vec<Combination> = match &values.value {
            Value::List(values) => values.iter().map(|value| one(&name, value)).collect(),
            _ => vec![Combination { open: BTreeSet::from([name]), ..Combination::default() }],
        };
        let before =
            if index == 0 { vec![Combination::default()] } else { std::mem::take(&mut all) };
        if before.len().saturating_mul(values.len()) > COMBINATIONS_MAX {
            return Matrix::TooMany;
        }
        let joined = |one: &Combination, other: &Combination| {
            let mut whole = one.clone();
            whole.put(other);
            whole
        };
        all = before
            .iter()
            .flat_map(|one| values.iter().map(move |other| joined(one, other)))
            .collect();
    }
    let exclude: Vec<Combination> = exclude.iter().map(entry).collect();
    all.retain(|one| !exclude.iter().any(|out| out.open.is_empty() && one.holds(out)));
    let all = included(all, &include.iter().map(entry).collect::<Vec<_>>());
    if all.len() > COMBINATIONS_MAX { Matrix::TooMany } else { Matrix::Known(all) }
}

/// Each entry adds to the combinations that it does not contradict; one that adds to none stands alone.
fn included(original: Vec<Combination>, include: &[Combination]) -> Vec<Combination> {
    let mut all = original.clone();
    let mut alone = Vec::new();
    for entry in include {
        let mut added = false;
        for (one, whole) in original.iter().zip(&mut all) {
            let axes: BTreeSet<&str> = one.tops().collect();
            let shared = entry.cells.iter().filter(|(name, _)| axes.contains(top(name)));
            let mut agrees = shared.clone().all(|(name, cell)| one.cells.get(name) == Some(cell));
            // With a value that is not on paper, it may be either.
            agrees &=
                !one.tops().any(|top| one.open.contains(top) && entry.tops().any(|t| t == top));
            if agrees {
                whole.put(entry);
                added = true;
            }
        }
        if !added {
            alone.push(entry.clone());
        }
    }
    all.extend(alone);
    all
}

fn one(name: &str, value: &Node) -> Combination {
    let mut one = Combination::default();
    one.add(name.to_owned(), value);
    one
}

fn entry(node: &Node) -> Combination {
    let mut entry = Combination::default();
    for (key, value) in node.entries() {
        entry.add(key.name.to_lowercase(), value);
    }
    entry
}

/// The names that a job asks for; nothing when it asks for all at once.
fn asked(job: &Job, actions: &[Action]) -> Option<BTreeSet<String>> {
    let mut texts: Vec<&str> = values(&job.env).collect();
    texts.extend(job.environment.as_ref().map(|name| name.text.as_str()));
    match &job.work {
        Work::Call(call) => texts.extend(values(&call.with)),
        Work::Steps(steps) => {
            texts.extend(steps.iter().flat_map(texts_of));
            // An action sees the matrix of whoever uses it.
            if steps.iter().any(|step| step.uses().is_some()) {
                let composite = actions.iter().filter_map(|action| match &action.runs {
                    Runs::Composite(steps) => Some(steps),
                    _ => None,
                });
                texts.extend(composite.flatten().flat_map(texts_of));
            }
        }
    }
    let mut names = BTreeSet::new();
    for text in texts {
        let lower = text.to_lowercase();
        for (at, found) in lower.match_indices("matrix") {
            let rest = &lower[at + found.len()..];
            let Some(name) = rest.strip_prefix('.') else {
                // `matrix['name']`, `toJSON(matrix)`; any other word is only one that begins so.
                if rest.trim_start().starts_with(['[', ')']) {
                    return None;
                }
                continue;
            };
            let end = name.find(|c: char| !c.is_ascii_alphanumeric() && !"_-".contains(c));
            names.insert(name[..end.unwrap_or(name.len())].to_owned());
        }
    }
    Some(names)
}

fn values(settings: &[Setting]) -> impl Iterator<Item = &str> {
    settings.iter().filter_map(|one| Some(one.value.as_ref()?.text.as_str()))
}

/// All that a step says with an expression in it.
fn texts_of(step: &Step) -> impl Iterator<Item = &str> {
    let script = step.script();
    let own = [
        step.condition.as_ref().map(|condition| condition.text.as_str()),
        script.map(|script| script.text.as_str()),
        script.and_then(|script| script.folder.as_deref()),
    ];
    values(&step.env).chain(values(&step.with)).chain(own.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a=1 b=x; a=2 b=x`, sorted, with `?` for what is not on paper.
    fn shown(matrix: &str) -> String {
        let stream = sealwright_yaml::read(matrix.as_bytes());
        let all = match read(&stream.documents[0].root) {
            Matrix::Open => return "open".to_owned(),
            Matrix::TooMany => return "too many".to_owned(),
            Matrix::Known(all) => all,
        };
        let one = |one: &Combination| {
            let cells = one.cells.iter().map(|(name, cell)| match cell {
                Cell::Bool(truth) => format!("{name}={truth}"),
                Cell::Text(text) => format!("{name}={text}"),
            });
            let open = one.open.iter().map(|name| format!("{name}=?"));
            cells.chain(open).collect::<Vec<_>>().join(" ")
        };
        all.iter().map(one).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn combinations_are_those_that_github_makes() {
        for (matrix, expected, why) in [
            ("{a: [1, 2], b: [x]}", "a=1 b=x; a=2 b=x", "every value with every other"),
            ("{a: [1.20, '1.20', true]}", "a=1.2; a=1.20; a=true", "a number, a text, a yes"),
            ("{a: [1, 2], exclude: [{a: 1}]}", "a=2", "taken out"),
            (
                "{a: [1, 2], b: [x, z], exclude: [{a: 1, b: x}]}",
                "a=1 b=z; a=2 b=x; a=2 b=z",
                "one taken out",
            ),
            ("{include: [{a: 1}, {a: 2, b: x}]}", "a=1; a=2 b=x", "entries alone"),
            (
                // The example of GitHub's documentation.
                "{fruit: [apple, pear], animal: [cat, dog], include: [{color: green}, {color: pink, animal: cat}, {fruit: apple, shape: circle}, {fruit: banana}, {fruit: banana, animal: cat}]}",
                "animal=cat color=pink fruit=apple shape=circle; animal=dog color=green fruit=apple shape=circle; animal=cat color=pink fruit=pear; animal=dog color=green fruit=pear; fruit=banana; animal=cat fruit=banana",
                "entries that add, and entries alone",
            ),
            ("{i: [{n: a, t: x}, {n: b}]}", "i.n=a i.t=x; i.n=b", "mappings"),
            ("{a: ['${{ github.sha }}']}", "a=${{ github.sha }}", "an expression in a value"),
            ("{a: '${{ fromJSON(x) }}', b: [1]}", "b=1 a=?", "a list that is made in the run"),
            ("{a: [1], include: '${{ fromJSON(x) }}'}", "open", "entries that are made in the run"),
            ("'${{ fromJSON(x) }}'", "open", "all of it"),
            ("{a: []}", "", "no value, no job"),
        ] {
            assert_eq!(shown(matrix), expected, "{why}");
        }
        let axis = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
        let product =
            |one: usize, other: usize| format!("{{a: [{}], b: [{}]}}", axis(one), axis(other));
        assert_ne!(shown(&product(16, 16)), "too many");
        assert_eq!(shown(&product(16, 17)), "too many");
        assert_eq!(shown(&product(5_000, 5_000)), "too many");
    }
}
