//! Variables that Flux puts in after building: `postBuild.substitute` of a `Kustomization`.

use std::collections::{BTreeMap, BTreeSet};

use sealwright_yaml::{Node, template_in};

use crate::declaration::{Declaration, Follows, Guarded, Matcher};
use crate::object::Object;
use crate::paths::{is_within, normal};

/// The variables of one `Kustomization`, for the files below its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Substitution {
    path: String,
    values: BTreeMap<String, String>,
}

/// The variables that a Flux `Kustomization` sets itself. What it takes from Secrets and
/// configuration maps is not known, and yields to these.
pub(crate) fn substitution(object: &Object<'_>) -> Option<Substitution> {
    let values = object.node.at_path(&["spec", "postBuild", "substitute"])?;
    let value = |node: &Node| node.scalar().map(str::to_owned);
    let values =
        values.entries().iter().filter_map(|(key, node)| Some((key.name.clone(), value(node)?)));
    let path = normal(object.node.text_at(&["spec", "path"]).unwrap_or(""));
    Some(Substitution { path, values: values.collect() })
}

/// All variables of a repository.
#[derive(Debug, Default)]
pub(crate) struct Variables(pub(crate) Vec<Substitution>);

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
        let (Follows::Tag(name) | Follows::Digest(name)) = follows else { return };
        if template_in(name).is_some() {
            match self.changed(name, false, file) {
                Some(text) => *name = text,
                None => *follows = Follows::NotResolved(format!("`{name}` is a template")),
            }
        }
    }

    /// The text once all variables in it are known.
    pub(crate) fn changed(&self, text: &str, whole: bool, file: &str) -> Option<String> {
        if whole || !text.contains("${") {
            return None;
        }
        let covering: Vec<_> = self.0.iter().filter(|one| is_within(file, &one.path)).collect();
        let lookup = |name: &str| -> Option<BTreeSet<&str>> {
            let values = covering.iter().filter_map(|one| one.values.get(name).map(String::as_str));
            Some(values.collect::<BTreeSet<_>>()).filter(|values| !values.is_empty())
        };
        let put_in = put_in(text, &lookup)?;
        template_in(&put_in).is_none().then_some(put_in)
    }
}

/// Puts in what is known; nothing when a variable has no value, several, or a form that computes.
fn put_in<'a>(text: &str, lookup: &dyn Fn(&str) -> Option<BTreeSet<&'a str>>) -> Option<String> {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find("${") {
        let (before, after) = (&rest[..at], &rest[at + 2..]);
        let (inside, behind) = after.split_once('}')?;
        out.push_str(before);
        out.push_str(&value(inside, lookup)?);
        rest = behind;
    }
    out.push_str(rest);
    Some(out)
}

fn value<'a>(inside: &str, lookup: &dyn Fn(&str) -> Option<BTreeSet<&'a str>>) -> Option<String> {
    let end = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inside.len());
    let (name, form) = inside.split_at(end);
    let default = match form {
        "" => None,
        form => Some(form.strip_prefix(":=").or_else(|| form.strip_prefix(":-"))?),
    };
    match lookup(name) {
        Some(values) if values.len() == 1 => values.first().map(|value| (*value).to_owned()),
        Some(_) => None,
        None => default.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_put_in_where_they_are_known() {
        let of = |path: &str, values: &[(&str, &str)]| Substitution {
            path: path.to_owned(),
            values: values.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        };
        let variables = Variables(vec![
            of("apps", &[("org", "acme"), ("env", "prod")]),
            of("apps/staging", &[("env", "staging")]),
        ]);
        let cases = [
            ("apps/a.yaml", "oci://x/${org}/app", Some("oci://x/acme/app"), "set"),
            ("apps/a.yaml", "${org:=other}", Some("acme"), "set, with a default"),
            ("apps/a.yaml", "${tag:=v1}", Some("v1"), "not set, with a default"),
            ("apps/a.yaml", "${tag:-v1}", Some("v1"), "the other spelling of a default"),
            ("apps/a.yaml", "${tag}", None, "not set, without a default"),
            ("apps/a.yaml", "${org/a/b}", None, "a form that computes"),
            ("infra/a.yaml", "${org}", None, "outside the path"),
            ("apps/staging/a.yaml", "${env}", None, "two values"),
            ("apps/staging/a.yaml", "${org}", Some("acme"), "one of two sets it"),
            ("apps/a.yaml", "${org}/{{ .x }}", None, "something else is still a template"),
            ("apps/a.yaml", "${org", None, "not closed"),
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
