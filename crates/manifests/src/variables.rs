//! Variables that Flux puts in after building: `postBuild` of a `Kustomization`, as Flux'
//! kustomize-controller 1.9 and its envsubst 1.7 read them.

use std::collections::{BTreeMap, BTreeSet};

use sealwright_yaml::{Node, template_in};

use crate::declaration::{Declaration, Follows, Guarded, Matcher};
use crate::object::Object;
use crate::paths::{is_within, normal};

/// Expressions inside each other: people write a default in a default, and no more.
const EXPRESSIONS_DEPTH_MAX: usize = 8;

/// The variables of one `Kustomization`, for the files below its path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Substitution {
    path: String,
    namespace: String,
    /// Its own, which win.
    values: BTreeMap<String, String>,
    /// What it takes from elsewhere, of which the later ones win.
    from: Vec<From>,
}

/// Another object that gives variables.
#[derive(Debug, Clone, PartialEq, Eq)]
struct From {
    /// A `ConfigMap` can be read; a Secret is nobody's to know.
    is_config_map: bool,
    name: String,
}

/// A `ConfigMap` that may give variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Values {
    namespace: String,
    name: String,
    /// Nothing where the value is encrypted.
    values: BTreeMap<String, Option<String>>,
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    Known(String),
    /// Nobody sets it: its default counts, without one it is empty or Flux stops.
    Unset,
    Unknown,
}

/// The variables of a Flux `Kustomization`.
pub(crate) fn substitution(object: &Object<'_>) -> Option<Substitution> {
    let spec = object.node.get("spec")?;
    let post = |key| spec.at_path(&["postBuild", key]);
    let own = post("substitute").map(Node::entries).unwrap_or_default();
    let own = own.iter().filter_map(|(key, it)| Some((key.name.clone(), one_line(it.scalar()?))));
    let from = post("substituteFrom").map(Node::items).unwrap_or_default();
    let from = from.iter().map(|item| From {
        is_config_map: item.text_at(&["kind"]) == Some("ConfigMap"),
        name: item.get("name").and_then(Node::scalar).unwrap_or_default().to_owned(),
    });
    Some(Substitution {
        path: normal(spec.text_at(&["path"]).unwrap_or("")),
        namespace: object.namespace.to_owned(),
        values: own.collect(),
        from: from.collect(),
    })
}

/// The values of a `ConfigMap`.
pub(crate) fn values(object: &Object<'_>) -> Values {
    let data = object.node.get("data").map(Node::entries).unwrap_or_default().iter();
    let value = |node: &Node| node.scalar().filter(|_| !node.is_encrypted()).map(one_line);
    Values {
        namespace: object.namespace.to_owned(),
        name: object.name.to_owned(),
        values: data.map(|(key, node)| (key.name.clone(), value(node))).collect(),
    }
}

/// Flux takes the line breaks out of values.
fn one_line(value: &str) -> String {
    value.replace('\n', "")
}

/// All variables of a repository.
#[derive(Debug, Default)]
pub(crate) struct Variables {
    pub(crate) substitutions: Vec<Substitution>,
    pub(crate) values: Vec<Values>,
}

impl Variables {
    /// A declaration with its variables put in.
    pub(crate) fn put_into(&self, mut declaration: Declaration) -> Declaration {
        let file = declaration.file.clone();
        for identity in &mut declaration.identities {
            for matcher in [&mut identity.issuer, &mut identity.subject].into_iter().flatten() {
                self.matcher(matcher, &file);
            }
        }
        for guard in &mut declaration.guards {
            self.guarded(guard, &file);
        }
        declaration
    }

    /// A matcher with its variables put in.
    pub(crate) fn matcher(&self, matcher: &mut Matcher, file: &str) {
        if let Some(text) = self.changed(&matcher.text, matcher.whole, file) {
            (matcher.text, matcher.whole, matcher.at.range) = (text, true, 0..0);
        }
    }

    /// What is guarded, with its variables put in.
    pub(crate) fn guarded(&self, guarded: &mut Guarded, file: &str) {
        if let Some(text) = self.changed(&guarded.what, guarded.whole, file) {
            (guarded.what, guarded.whole, guarded.at.range) = (text, true, 0..0);
        }
        self.follows(&mut guarded.follows, file);
    }

    /// What is followed, with its variables put in.
    pub(crate) fn follows(&self, follows: &mut Follows, file: &str) {
        let names = match follows {
            Follows::Tag(name) | Follows::Digest(name) => vec![name],
            Follows::Range(range) => vec![&mut range.text, &mut range.filter],
            Follows::AsWritten | Follows::NotResolved(_) => return,
        };
        for name in names.into_iter().filter(|name| template_in(name).is_some()) {
            match self.changed(name, false, file) {
                Some(text) => *name = text,
                None => {
                    let told = format!("`{name}` is a template");
                    return *follows = Follows::NotResolved(told);
                }
            }
        }
    }

    /// The text once all variables in it are known.
    pub(crate) fn changed(&self, text: &str, whole: bool, file: &str) -> Option<String> {
        if whole || !text.contains("${") {
            return None;
        }
        let covering: Vec<_> =
            self.substitutions.iter().filter(|one| is_within(file, &one.path)).collect();
        // Without any variable nothing is put in, and all of it stays as it is written.
        let substitutes = |one: &&&Substitution| !one.values.is_empty() || !one.from.is_empty();
        let giving: Vec<_> = covering.iter().filter(substitutes).copied().collect();
        if giving.is_empty() && (!covering.is_empty() || text.contains("$$")) {
            return None;
        }
        put_in(text, &|name| self.answer(name, &giving))
    }

    /// What all of them say of a name: those that do not set it leave it to the others.
    fn answer(&self, name: &str, giving: &[&Substitution]) -> Answer {
        let answers = giving.iter().map(|one| self.answer_of(name, one));
        answers.fold(Answer::Unset, |one, other| match (one, other) {
            (Answer::Unset, answer) | (answer, Answer::Unset) => answer,
            (Answer::Known(one), Answer::Known(other)) if one == other => Answer::Known(one),
            _ => Answer::Unknown,
        })
    }

    fn answer_of(&self, name: &str, one: &Substitution) -> Answer {
        if let Some(value) = one.values.get(name) {
            return Answer::Known(value.clone());
        }
        // Of one that is not known it is not known either whether it has the name.
        let given = one.from.iter().rev().map(|from| self.given(name, from, &one.namespace));
        let first = given.into_iter().find(|answer| *answer != Answer::Unset);
        first.unwrap_or(Answer::Unset)
    }

    fn given(&self, name: &str, from: &From, namespace: &str) -> Answer {
        let is_it = |one: &&Values| {
            let is_there = [&one.namespace, ""].contains(&namespace) || one.namespace.is_empty();
            one.name == from.name && is_there
        };
        let held: Vec<&Values> =
            self.values.iter().filter(|_| from.is_config_map).filter(is_it).collect();
        let values: BTreeSet<Option<&Option<String>>> =
            held.iter().map(|one| one.values.get(name)).collect();
        match values.into_iter().collect::<Vec<_>>().as_slice() {
            [None] => Answer::Unset,
            [Some(Some(value))] => Answer::Known(value.clone()),
            _ => Answer::Unknown,
        }
    }
}

/// Puts in what is known; nothing when something is not, or has a form that computes.
fn put_in(text: &str, answer: &dyn Fn(&str) -> Answer) -> Option<String> {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    // What could be another kind of template, without what is escaped.
    let mut checked = String::new();
    while let Some(at) = rest.find('$') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        out.push_str(before);
        checked.push_str(before);
        if let Some(behind) = after.strip_prefix('$') {
            out.push('$');
            rest = behind;
        } else if let Some(inside) = after.strip_prefix('{') {
            let (value, behind) = expression(inside, answer, 0)?;
            out.push_str(&value?);
            rest = behind;
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    checked.push_str(rest);
    template_in(&checked).is_none().then_some(out)
}

/// The value of an expression, when it is known, and what stands behind it.
fn expression<'t>(
    inside: &'t str,
    answer: &dyn Fn(&str) -> Answer,
    depth: usize,
) -> Option<(Option<String>, &'t str)> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let end =
        inside.find(|c| !is_name(c)).filter(|end| *end > 0 && depth < EXPRESSIONS_DEPTH_MAX)?;
    let (name, form) = inside.split_at(end);
    let value = answer(name);
    let known = |value: Answer| match value {
        Answer::Known(value) => Some(value),
        Answer::Unset | Answer::Unknown => None,
    };
    if let Some(behind) = form.strip_prefix('}') {
        return Some((known(value), behind));
    }
    for (operator, change) in CASES {
        if let Some(behind) = form.strip_prefix(operator).and_then(|it| it.strip_prefix('}')) {
            return Some((known(value).map(|value| change(&value)), behind));
        }
    }
    // All of these give the default of what is empty or not set (envsubst 1.7).
    let mut defaults = ["=", ":=", ":-", ":?", ":+"].iter();
    let mut rest = defaults.find_map(|operator| form.strip_prefix(operator))?;
    let mut default = Some(String::new());
    while !rest.starts_with('}') {
        let (piece, behind) = match rest.strip_prefix("${") {
            Some(inside) => expression(inside, answer, depth + 1)?,
            None => {
                let next = rest.chars().next()?;
                (Some(next.to_string()), &rest[next.len_utf8()..])
            }
        };
        default = default.zip(piece).map(|(begun, piece)| begun + &piece);
        rest = behind;
    }
    let value = match value {
        Answer::Known(value) if !value.is_empty() => Some(value),
        Answer::Known(_) | Answer::Unset => default,
        Answer::Unknown => None,
    };
    Some((value, &rest[1..]))
}

/// A form, and what it makes of a value.
type Case = (&'static str, fn(&str) -> String);

/// Forms that change case.
const CASES: [Case; 4] = [
    (",,", |value| value.to_lowercase()),
    ("^^", |value| value.to_uppercase()),
    (",", |value| first(value, |one| one.to_lowercase().collect())),
    ("^", |value| first(value, |one| one.to_uppercase().collect())),
];

fn first(value: &str, change: fn(char) -> String) -> String {
    let mut rest = value.chars();
    rest.next().map(change).unwrap_or_default() + rest.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, values: &[(&str, &str)], from: &[(bool, &str)]) -> Substitution {
        Substitution {
            path: path.to_owned(),
            namespace: "flux-system".to_owned(),
            values: values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            from: from
                .iter()
                .map(|(is_config_map, name)| From {
                    is_config_map: *is_config_map,
                    name: (*name).to_owned(),
                })
                .collect(),
        }
    }

    fn map(name: &str, values: &[(&str, Option<&str>)]) -> Values {
        let values = values.iter().map(|(k, v)| ((*k).to_owned(), v.map(str::to_owned)));
        Values {
            namespace: "flux-system".to_owned(),
            name: name.to_owned(),
            values: values.collect(),
        }
    }

    #[test]
    fn variables_are_put_in_where_they_are_known() {
        let substitutions = vec![
            of("apps", &[("org", "acme"), ("env", "prod"), ("none", "")], &[]),
            of("apps/staging", &[("env", "staging")], &[]),
            of("plain", &[], &[]),
            of("maps", &[("own", "x")], &[(true, "first"), (true, "second")]),
            of("secret", &[("own", "x")], &[(true, "first"), (false, "secret")]),
            of("later", &[], &[(false, "secret"), (true, "first")]),
            of("absent", &[], &[(true, "nowhere")]),
        ];
        let values = vec![
            map("first", &[("a", Some("1")), ("b", Some("1")), ("enc", None)]),
            map("second", &[("b", Some("2")), ("own", Some("y"))]),
        ];
        let variables = Variables { substitutions, values };
        let cases = [
            ("apps/a.yaml", "oci://x/${org}/app", Some("oci://x/acme/app"), "set"),
            ("apps/a.yaml", "${org:=other}", Some("acme"), "set, with a default"),
            ("apps/a.yaml", "${tag:=v1}", Some("v1"), "not set, with a default"),
            ("apps/a.yaml", "${tag:-v1}", Some("v1"), "the other spelling of a default"),
            ("apps/a.yaml", "${tag=v1}", Some("v1"), "and the shortest"),
            ("apps/a.yaml", "${none:=v1}", Some("v1"), "what is empty takes the default"),
            ("apps/a.yaml", "${tag:=}", Some(""), "an empty default"),
            ("apps/a.yaml", "${tag:=${org}-x}", Some("acme-x"), "a variable in a default"),
            ("apps/a.yaml", "${tag:=${x:=${org}}}", Some("acme"), "deeper"),
            ("apps/a.yaml", "${org:=${x}}", Some("acme"), "one that is not needed"),
            ("apps/a.yaml", "${tag:=${x}}", None, "one that is needed and not set"),
            ("apps/a.yaml", "${tag:=[0-9a-f]{40}$}", Some("[0-9a-f]{40$}"), "the first } closes"),
            ("apps/a.yaml", "$${org}", Some("${org}"), "two dollars are one, and no variable"),
            ("apps/a.yaml", "^$${org}/${org}$", Some("^${org}/acme$"), "beside one that is"),
            ("apps/a.yaml", "${org^^}-${org^}", Some("ACME-Acme"), "case"),
            ("apps/a.yaml", "${tag}", None, "not set, without a default: empty, or Flux stops"),
            ("apps/a.yaml", "${org/a/b}", None, "a form that computes"),
            ("apps/a.yaml", "${org:0:1}", None, "a part"),
            ("apps/a.yaml", "${tag-v1}", None, "no form of Flux"),
            ("infra/a.yaml", "${org}", None, "outside the path"),
            ("infra/a.yaml", "${org:=x}", Some("x"), "nobody is seen to set it"),
            ("apps/staging/a.yaml", "${env}", None, "two values"),
            ("apps/staging/a.yaml", "${org}", Some("acme"), "one of two sets it"),
            ("apps/a.yaml", "${org}/{{ .x }}", None, "something else is still a template"),
            ("apps/a.yaml", "${org", None, "not closed"),
            ("plain/a.yaml", "${org:=x}", None, "without variables nothing is put in"),
            ("maps/a.yaml", "${a}", Some("1"), "from a map"),
            ("maps/a.yaml", "${b}", Some("2"), "of two the later wins"),
            ("maps/a.yaml", "${own}", Some("x"), "its own wins"),
            ("maps/a.yaml", "${enc:=x}", None, "encrypted"),
            ("maps/a.yaml", "${tag:=x}", Some("x"), "in none"),
            ("secret/a.yaml", "${a}", None, "a Secret may say otherwise"),
            ("secret/a.yaml", "${tag:=x}", None, "or set what has a default"),
            ("secret/a.yaml", "${own}", Some("x"), "its own wins all the same"),
            ("later/a.yaml", "${a}", Some("1"), "behind the Secret"),
            ("absent/a.yaml", "${tag:=x}", None, "a map that is not here"),
        ];
        for (file, text, expected, reason) in cases {
            assert_eq!(
                variables.changed(text, false, file).as_deref(),
                expected,
                "{text}: {reason}"
            );
        }
        assert_eq!(variables.changed("${org}", true, "apps/a.yaml"), None, "judged whole already");
    }
}
