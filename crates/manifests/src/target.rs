//! Which objects a Kustomize patch aims at.

use sealwright_pattern::GoRegex;
use sealwright_yaml::{Node, template_in};

/// An object, by its names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    /// Empty when it is not told where the object stands.
    pub(crate) namespace: String,
}

impl Named {
    /// `Kind namespace/name`.
    pub(crate) fn told(&self) -> String {
        match (self.namespace.as_str(), self.name.as_str()) {
            ("", name) => format!("{} {name}", self.kind),
            (namespace, name) => format!("{} {namespace}/{name}", self.kind),
        }
    }
}

/// Whether a patch changes an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hit {
    Yes,
    No,
    /// It selects by what is not known here: labels, annotations, templates.
    Unknown,
}

/// What a patch aims at. An empty field takes anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Target {
    group: String,
    version: String,
    kind: String,
    name: String,
    namespace: String,
    /// There is a selector of labels or annotations.
    selects: bool,
    /// The names are regular expressions, as in a `target`.
    is_pattern: bool,
}

impl Target {
    /// From a `target` of Kustomize.
    pub(crate) fn of(node: &Node) -> Self {
        let field = |key| node.get(key).and_then(Node::scalar).unwrap_or("").to_owned();
        let selects =
            ["labelSelector", "annotationSelector"].iter().any(|key| !field(key).is_empty());
        Self {
            group: field("group"),
            version: field("version"),
            kind: field("kind"),
            name: field("name"),
            namespace: field("namespace"),
            selects,
            is_pattern: true,
        }
    }

    /// From the names in a strategic merge patch.
    pub(crate) fn of_object(named: Named) -> Self {
        let Named { group, version, kind, name, namespace } = named;
        Self { group, version, kind, name, namespace, selects: false, is_pattern: false }
    }

    /// Whether it takes this object.
    pub(crate) fn takes(&self, object: &Named) -> Hit {
        let fields = [
            (&self.group, &object.group),
            (&self.version, &object.version),
            (&self.kind, &object.kind),
            (&self.name, &object.name),
        ];
        // An object without a namespace gets one on the way, or not: it may be the one that is meant.
        let namespace =
            (!object.namespace.is_empty()).then_some((&self.namespace, &object.namespace));
        let hits = fields.into_iter().chain(namespace).map(|(wanted, is)| self.field(wanted, is));
        hits.fold(if self.selects { Hit::Unknown } else { Hit::Yes }, worse)
    }

    /// Whether it may aim at objects of this kind.
    pub(crate) fn may_take_kind(&self, kind: &str) -> bool {
        self.field(&self.kind, kind) != Hit::No
    }

    fn field(&self, wanted: &str, is: &str) -> Hit {
        if wanted.is_empty() || wanted == is {
            return Hit::Yes;
        }
        if template_in(wanted).is_some() || template_in(is).is_some() {
            return Hit::Unknown;
        }
        // Kustomize takes the whole name.
        let matches = self.is_pattern
            && GoRegex::parse(&format!("^(?:{wanted})$")).is_ok_and(|regex| regex.is_match(is));
        if matches { Hit::Yes } else { Hit::No }
    }

    /// `GitRepository flux-system`, for a sentence.
    pub(crate) fn told(&self) -> String {
        let words = [&self.kind, &self.namespace, &self.name];
        let words: Vec<&str> =
            words.into_iter().map(String::as_str).filter(|w| !w.is_empty()).collect();
        if words.is_empty() { "every object".to_owned() } else { words.join(" ") }
    }
}

fn worse(one: Hit, other: Hit) -> Hit {
    match (one, other) {
        (Hit::No, _) | (_, Hit::No) => Hit::No,
        (Hit::Unknown, _) | (_, Hit::Unknown) => Hit::Unknown,
        _ => Hit::Yes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(kind: &str, namespace: &str, name: &str) -> Named {
        Named {
            group: "source.toolkit.fluxcd.io".to_owned(),
            version: "v1".to_owned(),
            kind: kind.to_owned(),
            name: name.to_owned(),
            namespace: namespace.to_owned(),
        }
    }

    #[test]
    fn a_target_takes_what_kustomize_takes() {
        let source = named("OCIRepository", "flux-system", "flux-system");
        let cases = [
            ("kind: OCIRepository", Hit::Yes, "any of the kind"),
            ("{kind: OCIRepository, name: flux-system}", Hit::Yes, "by name"),
            ("kind: GitRepository", Hit::No, "another kind"),
            ("{kind: OCIRepository, name: flux}", Hit::No, "a name is taken as a whole"),
            ("{kind: OCIRepository, name: flux.*}", Hit::Yes, "a name is a pattern"),
            ("{kind: '(OCI|Git)Repository'}", Hit::Yes, "so is a kind"),
            ("{kind: OCIRepository, namespace: apps}", Hit::No, "another namespace"),
            ("{group: source.toolkit.fluxcd.io, version: v1beta2}", Hit::No, "another version"),
            ("{kind: OCIRepository, labelSelector: a=b}", Hit::Unknown, "labels are not known"),
            ("{kind: Deployment, labelSelector: a=b}", Hit::No, "whatever the labels are"),
            ("{name: '<< inputs.name >>'}", Hit::Unknown, "a template"),
            ("{}", Hit::Yes, "an empty target takes all"),
        ];
        for (text, expected, reason) in cases {
            let stream = sealwright_yaml::read(text.as_bytes());
            let target = Target::of(&stream.documents[0].root);
            assert_eq!(target.takes(&source), expected, "{text}: {reason}");
        }
    }

    #[test]
    fn a_strategic_merge_patch_takes_exact_names() {
        let target = Target::of_object(named("OCIRepository", "", "flux.*"));
        assert_eq!(target.takes(&named("OCIRepository", "apps", "flux-system")), Hit::No);
        let target = Target::of_object(named("OCIRepository", "", "flux-system"));
        assert_eq!(target.takes(&named("OCIRepository", "apps", "flux-system")), Hit::Yes);
    }
}
