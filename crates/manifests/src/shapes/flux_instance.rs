//! flux-operator's `FluxInstance`: its `sync` generates a source that has no `verify`; a patch in
//! `kustomize.patches` is the only way to one. The same fields stand under `instance` in the values of
//! the chart flux-instance, which other charts and configuration maps hold as a text.

use sealwright_yaml::{Node, Place, Stream, inside};

use crate::File;
use crate::declaration::{Consumer, Declaration, Follows};
use crate::edit::{is_same, map, text};
use crate::found::{Guard, Source, SourceKind, Unread};
use crate::kustomize::in_text;
use crate::object::Object;
use crate::patch::Patch;
use crate::shapes::flux::{Pulled, SOURCE_GROUP, oci_repository, verify};
use crate::target::{Hit, Named, Target};
use crate::unread::unread;

/// Most texts inside each other that are looked into.
const TEXTS_DEPTH_MAX: usize = 4;

/// An instance, or the values that make one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Instance {
    /// The source it generates; absent when the fields do not tell.
    pub(crate) source: Option<Pulled>,
    pub(crate) patched: Vec<Patched>,
    /// What the verification was before each patch that changed it.
    pub(crate) before: Vec<Declaration>,
}

/// What a patch in an instance comes to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Patched {
    /// It aims at nothing that the instance generates.
    Nothing { target: String, at: Place },
    /// It takes the block out of the generated source.
    Removes(Place),
    /// It sets something that nobody reads.
    Unread(Unread),
    /// Kustomize stops at it, and why.
    Fails { why: String, at: Place },
    /// It cannot be told.
    Unknown { why: &'static str, at: Place },
}

/// A source by the names that Flux gives it.
pub(crate) fn generated(kind: &str, namespace: &str, name: &str) -> Named {
    Named {
        group: SOURCE_GROUP.to_owned(),
        version: "v1".to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
        namespace: namespace.to_owned(),
    }
}

/// A `FluxInstance`.
pub(crate) fn instance(object: &Object<'_>, file: File<'_>) -> Option<Instance> {
    let spec = object.node.get("spec")?;
    let namespace = if object.namespace.is_empty() { "flux-system" } else { object.namespace };
    Some(read(spec, namespace, object.at(), file))
}

/// All instances in the values of charts: in a document, or in the texts that it holds.
pub(crate) fn in_values(root: &Node, file: File<'_>) -> Vec<Instance> {
    let mut found = Vec::new();
    search(root, file, TEXTS_DEPTH_MAX, &mut found);
    found
}

fn search(root: &Node, file: File<'_>, depth: usize, found: &mut Vec<Instance>) {
    let mut texts = Vec::new();
    root.walk(&mut |node| {
        if let Some(instance) = node.get("instance").filter(|it| is_instance(it)) {
            found.push(read(instance, "flux-system", instance.at.clone(), file));
        }
        let words = ["/spec/verify", "OCIRepository"];
        let holds =
            |text: &str| text.contains("instance:") && words.iter().any(|word| text.contains(word));
        if depth > 0 && node.text().is_some_and(holds) {
            texts.push(inside(node, file.bytes));
        }
    });
    for document in texts.iter().flat_map(|Stream { documents, .. }| documents) {
        search(&document.root, file, depth - 1, found);
    }
}

/// Whether values are those of an instance: it patches, or says which artifact it begins with.
fn is_instance(node: &Node) -> bool {
    let patches = node.at_path(&["kustomize", "patches"]);
    patches.is_some_and(|list| !list.items().is_empty())
        || node.text_at(&["sync", "kind"]) == Some("OCIRepository")
}

fn read(spec: &Node, namespace: &str, at: Place, file: File<'_>) -> Instance {
    let mut generated = spec.get("sync").and_then(|sync| Generated::of(sync, namespace, &at));
    let mut patched = Vec::new();
    let list = spec.at_path(&["kustomize", "patches"]).map(Node::items).unwrap_or_default();
    for item in list {
        let target = item.get("target").filter(|target| !target.is_null()).map(Target::of);
        for patch in in_text(item.get("patch"), target.as_ref(), file) {
            match &mut generated {
                Some(generated) => generated.lay(&patch, &mut patched, file.path),
                None if patch.verifies() => {
                    let why = "the fields beside it do not tell which source is generated";
                    patched.push(Patched::Unknown { why, at: patch.at.clone() });
                }
                None => {}
            }
        }
    }
    let mut before = Vec::new();
    let source = generated.map(|mut generated| {
        before = std::mem::take(&mut generated.before);
        generated.pulled(&at, file.path)
    });
    Instance { source, patched, before }
}

/// The source that flux-operator makes, on its way through the patches: it has an interval, a URL, a
/// tag, a Secret and a provider (flux-operator 0.30).
struct Generated {
    named: Named,
    object: Node,
    /// Why it is not known what is pulled.
    open: Option<String>,
    /// What its verification was before each patch that changed it.
    before: Vec<Declaration>,
    /// Why it is not known what guards it.
    doubt: Option<String>,
}

impl Generated {
    fn of(sync: &Node, namespace: &str, at: &Place) -> Option<Self> {
        let kind = sync.text_at(&["kind"])?;
        // The source has the name of its namespace unless one is given.
        let named = generated(kind, namespace, sync.text_at(&["name"]).unwrap_or(namespace));
        let field = |key| sync.get(key).filter(|node| !node.is_null()).cloned();
        let mut spec = vec![("interval", text(at, "1m"))];
        spec.extend(field("url").map(|url| ("url", url)));
        spec.extend(field("provider").map(|provider| ("provider", provider)));
        let tag = field("ref").filter(|tag| tag.scalar().is_some_and(|tag| !tag.is_empty()));
        let open = tag.is_none().then(|| "`sync` has no `ref`".to_owned());
        spec.extend(tag.map(|tag| ("ref", map(at, vec![("tag", tag)]))));
        let secret = field("pullSecret").map(|name| map(at, vec![("name", name)]));
        spec.extend(secret.map(|secret| ("secretRef", secret)));
        let names = vec![("name", text(at, &named.name)), ("namespace", text(at, namespace))];
        let object = map(
            at,
            vec![
                ("apiVersion", text(at, &format!("{SOURCE_GROUP}/v1"))),
                ("kind", text(at, kind)),
                ("metadata", map(at, names)),
                ("spec", map(at, spec)),
            ],
        );
        Some(Self { named, object, open, before: Vec::new(), doubt: None })
    }

    fn lay(&mut self, patch: &Patch, patched: &mut Vec<Patched>, file: &str) {
        let Some(target) = &patch.target else { return };
        let (is_oci, is_git) = (self.named.kind == "OCIRepository", patch.is_about_git());
        let at = || patch.at.clone();
        match target.takes(&self.named) {
            Hit::Unknown => {
                let why = "it selects its target by labels, annotations or a template";
                self.doubt.get_or_insert_with(|| why.to_owned());
                patched.extend(patch.verifies().then(|| Patched::Unknown { why, at: at() }));
            }
            Hit::No if patch.verifies() && !is_git => {
                patched.push(Patched::Nothing { target: target.told(), at: at() });
            }
            Hit::No => {}
            // Commits are verified by a block of another form, which is not judged.
            Hit::Yes if !is_oci && patch.verifies() && !is_git => {
                patched.push(Patched::Unread(of_another_kind(&self.named, patch, file)));
            }
            Hit::Yes if !is_oci => {}
            Hit::Yes => self.change(patch, patched, file),
        }
    }

    fn change(&mut self, patch: &Patch, patched: &mut Vec<Patched>, file: &str) {
        let before = self.object.clone();
        for change in &patch.changes {
            let had = self.is_verified();
            if let Err(why) = change.apply(&mut self.object) {
                self.object = before;
                self.doubt = Some(format!("Kustomize stops at a patch: {why}"));
                return patched.push(Patched::Fails { why, at: change.at().clone() });
            }
            if had && !self.is_verified() {
                patched.push(Patched::Removes(change.at().clone()));
            }
        }
        if self.object.at_path(&["spec", "ref"]) != before.at_path(&["spec", "ref"]) {
            self.open = None;
        }
        if let (Some(was), Some(is)) = (block(&before), block(&self.object))
            && !is_same(was, is)
        {
            let (consumer, told) = (Consumer::FluxInstance, self.named.told());
            self.before.push(verify(was, consumer, told, file, Vec::new()));
        }
        if self.is_verified() {
            patched.retain(|one| !matches!(one, Patched::Removes(_)));
        }
        let of =
            |object: &Node| Object::of(object).map(|one| unread(&one, file)).unwrap_or_default();
        let known = of(&before);
        let new = of(&self.object).into_iter().filter(|one| !known.contains(one));
        patched.extend(new.map(Patched::Unread));
    }

    fn is_verified(&self) -> bool {
        block(&self.object).is_some()
    }

    fn pulled(self, at: &Place, file: &str) -> Pulled {
        let mut source = Source {
            kind: SourceKind::FluxInstance,
            object: self.named.told(),
            url: String::new(),
            follows: Follows::AsWritten,
            whole: true,
            file: file.to_owned(),
            at: at.clone(),
            guarded_by: self.doubt.map_or(Guard::Nothing, Guard::NotRendered),
            rendered: Vec::new(),
        };
        // Without a URL it is one nevertheless, of which the values of a chart say more elsewhere.
        let mut object = self.object;
        if object.at_path(&["spec", "url"]).is_none()
            && let Some(mut spec) = object.get("spec").cloned()
        {
            crate::edit::set(&mut spec, "url", text(at, ""));
            crate::edit::set(&mut object, "spec", spec);
        }
        let read = Object::of(&object).and_then(|object| oci_repository(&object, file));
        let Some(mut pulled) = read else {
            return Pulled { named: self.named, source, declaration: None };
        };
        (source.url, source.whole) = (pulled.source.url, pulled.source.whole);
        source.follows = self.open.map_or(pulled.source.follows, Follows::NotResolved);
        if let Some(declaration) = &mut pulled.declaration {
            declaration.consumer = Consumer::FluxInstance;
            declaration.object.clone_from(&source.object);
            for guarded in &mut declaration.guards {
                guarded.at = at.clone();
                guarded.follows = source.follows.clone();
                if guarded.what.is_empty() {
                    guarded.what.clone_from(&source.object);
                }
            }
        }
        Pulled { named: self.named, source, declaration: pulled.declaration }
    }
}

fn block(object: &Node) -> Option<&Node> {
    object.at_path(&["spec", "verify"]).filter(|block| !block.is_null())
}

fn of_another_kind(named: &Named, patch: &Patch, file: &str) -> Unread {
    let path = format!("spec.verify of a {}", named.kind);
    let at = patch.changes.iter().find(|one| one.verifies()).map_or(&patch.at, |one| one.at());
    Unread {
        file: file.to_owned(),
        at: at.clone(),
        object: named.told(),
        told: format!("nobody reads `{path}`, which this patch sets in {}", named.told()),
        path,
        read_at: "/spec/verify of an OCIRepository".to_owned(),
    }
}
