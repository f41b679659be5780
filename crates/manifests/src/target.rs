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
    /// Selectors of labels and of annotations.
    labels: String,
    annotations: String,
    /// The names are regular expressions, as in a `target`.
    is_pattern: bool,
}

impl Target {
    /// From a `target` of Kustomize.
    pub(crate) fn of(node: &Node) -> Self {
        let field = |key| node.get(key).and_then(Node::scalar).unwrap_or("").to_owned();
        Self {
            group: field("group"),
            version: field("version"),
            kind: field("kind"),
            name: field("name"),
            namespace: field("namespace"),
            labels: field("labelSelector"),
            annotations: field("annotationSelector"),
            is_pattern: true,
        }
    }

    /// From the names in a strategic merge patch.
    pub(crate) fn of_object(named: Named) -> Self {
        let Named { group, version, kind, name, namespace } = named;
        Self { group, version, kind, name, namespace, ..Self::default() }
    }

    /// Whether it takes this object, of which the labels are known when the object itself is. Of a
    /// renamed one any of its names will do.
    pub(crate) fn takes_any(&self, names: &[Named], object: &Node) -> Hit {
        let names = names.iter().map(|named| match self.is_pattern {
            true => self.names(named),
            false => self.is_exactly(named),
        });
        let named = names.fold(Hit::No, |one, other| match (one, other) {
            (Hit::Yes, _) | (_, Hit::Yes) => Hit::Yes,
            (Hit::Unknown, _) | (_, Hit::Unknown) => Hit::Unknown,
            _ => Hit::No,
        });
        let held = |key| object.at_path(&["metadata", key]);
        let selected = [(&self.labels, held("labels")), (&self.annotations, held("annotations"))];
        let selected = selected.into_iter().map(|(selector, held)| match selects(selector, held) {
            Some(true) => Hit::Yes,
            Some(false) => Hit::No,
            None => Hit::Unknown,
        });
        selected.fold(named, worse)
    }

    /// Kustomize finds the object of a partial one by all of its names, an absent namespace among them.
    fn is_exactly(&self, object: &Named) -> Hit {
        let namespace =
            |name: &str| if name.is_empty() { "default".to_owned() } else { name.to_owned() };
        let fields = [
            (self.group.clone(), object.group.clone()),
            (self.version.clone(), object.version.clone()),
            (self.kind.clone(), object.kind.clone()),
            (self.name.clone(), object.name.clone()),
            (namespace(&self.namespace), namespace(&object.namespace)),
        ];
        fields.iter().map(|(wanted, is)| self.field(wanted, is)).fold(Hit::Yes, worse)
    }

    /// Whether it takes this object, of whose labels nothing is known.
    pub(crate) fn takes(&self, object: &Named) -> Hit {
        let selects = !self.labels.is_empty() || !self.annotations.is_empty();
        let selected = if selects { Hit::Unknown } else { Hit::Yes };
        worse(self.names(object), selected)
    }

    fn names(&self, object: &Named) -> Hit {
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
        hits.fold(Hit::Yes, worse)
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

    /// Whether it says that it aims at objects of one of these kinds.
    pub(crate) fn names_kind(&self, kinds: &[&str]) -> bool {
        !self.kind.is_empty() && kinds.iter().any(|kind| self.may_take_kind(kind))
    }

    /// Whether it names one object, which must be there.
    pub(crate) fn is_exact(&self) -> bool {
        !self.is_pattern
    }

    /// `GitRepository flux-system`, for a sentence.
    pub(crate) fn told(&self) -> String {
        let words = [&self.kind, &self.namespace, &self.name];
        let words: Vec<&str> =
            words.into_iter().map(String::as_str).filter(|w| !w.is_empty()).collect();
        if words.is_empty() { "every object".to_owned() } else { words.join(" ") }
    }
}

/// Whether labels are what a selector of Kubernetes asks for; nothing when it cannot be read.
fn selects(selector: &str, labels: Option<&Node>) -> Option<bool> {
    let label = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Node::scalar);
    if template_in(selector).is_some() {
        return None;
    }
    let mut rest = selector.trim();
    while !rest.is_empty() {
        // A comma between brackets parts values.
        let open = rest.find('(').filter(|at| !rest[..*at].contains(','));
        let end = match open {
            Some(open) => open + rest[open..].find(')')? + 1,
            None => rest.find(',').unwrap_or(rest.len()),
        };
        let (term, behind) = (rest[..end].trim(), rest[end..].trim_start());
        rest = behind.strip_prefix(',').unwrap_or(behind).trim_start();
        if !term_holds(term, &label)? {
            return Some(false);
        }
    }
    Some(true)
}

fn term_holds<'a>(term: &str, label: &dyn Fn(&str) -> Option<&'a str>) -> Option<bool> {
    if let Some((key, values)) = term.split_once('(') {
        let is_in = |key: &str| {
            let is = label(key.trim());
            is.is_some_and(|is| values.trim_end_matches(')').split(',').any(|one| one.trim() == is))
        };
        return match key.trim().rsplit_once(char::is_whitespace)? {
            (key, "in") => Some(is_in(key)),
            (key, "notin") => Some(!is_in(key)),
            _ => None,
        };
    }
    if let Some((key, value)) = term.split_once("!=") {
        return Some(label(key.trim()) != Some(value.trim()));
    }
    if let Some((key, value)) = term.split_once('=') {
        return Some(label(key.trim()) == Some(value.trim_start_matches('=').trim()));
    }
    match term.strip_prefix('!') {
        Some(key) => Some(label(key.trim()).is_none()),
        None => (!term.contains(char::is_whitespace)).then(|| label(term).is_some()),
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
        let object = sealwright_yaml::read(b"a: b").documents.remove(0).root;
        let is = named("OCIRepository", "apps", "flux-system");
        for (namespace, name, expected, reason) in [
            ("apps", "flux-system", Hit::Yes, "all names"),
            ("apps", "flux.*", Hit::No, "no pattern"),
            ("", "flux-system", Hit::No, "Kustomize finds no object without the namespace"),
            ("other", "flux-system", Hit::No, "another namespace"),
            ("apps", "${NAME}", Hit::Unknown, "a variable"),
        ] {
            let target = Target::of_object(named("OCIRepository", namespace, name));
            assert_eq!(target.takes_any(std::slice::from_ref(&is), &object), expected, "{reason}");
        }
        let first = named("OCIRepository", "", "flux-system");
        let target = Target::of_object(named("OCIRepository", "default", "flux-system"));
        let names = [first, is];
        assert_eq!(target.takes_any(&names, &object), Hit::Yes, "the name that it had before");
    }

    #[test]
    fn labels_are_selected_as_kubernetes_selects() {
        let text = b"metadata: {labels: {tier: prod, app: shop}, annotations: {a: b}}";
        let object = sealwright_yaml::read(text).documents.remove(0).root;
        let is = named("OCIRepository", "apps", "shop");
        for (selector, expected, reason) in [
            ("labelSelector: tier=prod", Hit::Yes, "equal"),
            ("labelSelector: tier==prod", Hit::Yes, "written as in Go"),
            ("labelSelector: tier=test", Hit::No, "another value"),
            ("labelSelector: 'tier=prod,app=shop'", Hit::Yes, "both"),
            ("labelSelector: 'tier=prod,app=x'", Hit::No, "one of two"),
            ("labelSelector: tier!=prod", Hit::No, "not equal"),
            ("labelSelector: 'tier in (test, prod),app'", Hit::Yes, "one of a list, and there"),
            ("labelSelector: tier notin (test)", Hit::Yes, "none of a list"),
            ("labelSelector: '!tier'", Hit::No, "not there"),
            ("labelSelector: zone", Hit::No, "there"),
            ("labelSelector: tier is prod", Hit::Unknown, "no selector"),
            ("annotationSelector: a=b", Hit::Yes, "annotations alike"),
            ("{kind: Deployment, labelSelector: tier=prod}", Hit::No, "another kind"),
        ] {
            let stream = sealwright_yaml::read(selector.as_bytes());
            let target = Target::of(&stream.documents[0].root);
            let hit = target.takes_any(std::slice::from_ref(&is), &object);
            assert_eq!(hit, expected, "{selector}: {reason}");
        }
    }
}
