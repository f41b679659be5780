//! The sources that are here, by their names: thousands of objects may name thousands of them.

use std::collections::HashMap;

use sealwright_yaml::template_in;

use crate::found::Source;
use crate::target::Named;

/// Sources by kind and name, in their own files and in overlays.
#[derive(Debug, Default)]
pub(crate) struct Present {
    by_name: HashMap<(String, String), Vec<Stand>>,
    /// How many of the sources are in it.
    taken: usize,
}

/// Where a source stands, and which one it is.
#[derive(Debug)]
struct Stand {
    /// `None`: nothing is said of it.
    namespace: Option<String>,
    number: usize,
}

impl Present {
    /// Takes in those that were found since.
    pub(crate) fn take(&mut self, sources: &[Source]) {
        for (number, source) in sources.iter().enumerate().skip(self.taken) {
            let rendered = source.rendered.iter().map(|(_, object)| object);
            let objects = std::iter::once(&source.object).chain(rendered);
            objects.for_each(|object| self.add(object, number));
        }
        self.taken = sources.len();
    }

    /// One more, by the text that it is told by.
    pub(crate) fn add(&mut self, object: &str, number: usize) {
        let Some((kind, namespace, name)) = parts(object) else { return };
        let stand = Stand { namespace: namespace.map(str::to_owned), number };
        self.by_name.entry((kind.to_owned(), name.to_owned())).or_default().push(stand);
    }

    /// The number of the first source that may be the one that is named. One without a namespace, or
    /// with one that is filled in, gets some on the way.
    pub(crate) fn find(&self, named: &Named) -> Option<usize> {
        let stands = self.by_name.get(&(named.kind.clone(), named.name.clone()))?;
        let is_open = |one: &str| one.is_empty() || template_in(one).is_some();
        let may_be_there = |namespace: &str| {
            namespace == named.namespace || is_open(namespace) || is_open(&named.namespace)
        };
        let found = stands.iter().find(|one| one.namespace.as_deref().is_none_or(may_be_there));
        found.map(|one| one.number)
    }
}

/// Kind, namespace and name of an object as it is told; what it stands in is no part of its name.
fn parts(object: &str) -> Option<(&str, Option<&str>, &str)> {
    let (kind, name) = object.split(" in ").next()?.split_once(' ')?;
    Some(match name.rsplit_once('/') {
        Some((namespace, name)) => (kind, Some(namespace), name),
        None => (kind, None, name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declaration::Follows;
    use crate::found::{Guard, SourceKind};

    fn source(object: &str, rendered: &[&str]) -> Source {
        Source {
            kind: SourceKind::OciRepository,
            object: object.to_owned(),
            url: String::new(),
            whole: true,
            follows: Follows::AsWritten,
            file: "a.yaml".to_owned(),
            at: sealwright_yaml::Place::default(),
            guarded_by: Guard::Nothing,
            rendered: rendered.iter().map(|one| ("o".to_owned(), (*one).to_owned())).collect(),
        }
    }

    #[test]
    fn a_source_is_found_by_what_it_is_called_anywhere() {
        let mut present = Present::default();
        let first = [
            source("OCIRepository flux-system/apps", &[]),
            source("OCIRepository here", &[]),
            source("OCIRepository ${NS}/filled", &[]),
        ];
        present.take(&first);
        let mut all = first.to_vec();
        all.push(source("OCIRepository base", &["OCIRepository prod/prod-base"]));
        all.push(source("OCIRepository a/shown in docs/a.md", &[]));
        present.take(&all);
        for (namespace, name, expected, why) in [
            ("flux-system", "apps", Some(0), "both are the same"),
            ("", "apps", Some(0), "it gets some namespace"),
            ("${NS}", "apps", Some(0), "the same, filled in"),
            ("other", "apps", None, "another namespace"),
            ("flux-system", "app", None, "another name"),
            ("any", "here", Some(1), "the source gets some namespace"),
            ("any", "filled", Some(2), "the same, filled in"),
            ("prod", "prod-base", Some(3), "as an overlay calls it"),
            ("a", "shown", Some(4), "what it stands in is no part of its name"),
        ] {
            let kind = "OCIRepository".to_owned();
            let (namespace, name) = (namespace.to_owned(), name.to_owned());
            let named = Named { kind, namespace, name, ..Named::default() };
            assert_eq!(present.find(&named), expected, "{}: {why}", named.told());
            let other = Named { kind: "HelmChart".to_owned(), ..named };
            assert_eq!(present.find(&other), None, "{}: another kind", other.told());
        }
    }
}
