//! Two passes: each file alone, then what one file says about another.

use sealwright_yaml::{Complaint, Document, Node, Stream};

use crate::File;
use crate::commands::{self, Commands};
use crate::declaration::Declaration;
use crate::edit::{set, text};
use crate::found::{Found, NoMatch, Unjudged, Unread};
use crate::held::{Held, held};
use crate::kustomize::{self, Overlay};
use crate::left_alone::{is_left_alone, leave};
use crate::object::Object;
use crate::patch::{Patch, patches};
use crate::relevant::{
    holds, is_ksail, is_kustomization, is_relevant, is_yaml, names_a_kind, utf8,
};
use crate::shapes::flux::{self, HELM_GROUP, KUSTOMIZE_GROUP, Pulled, SOURCE_GROUP};
use crate::shapes::flux_instance::{self, Instance};
use crate::shapes::{charts, image_policy, kro, ksail, kyverno, others, policy_controller, talos};
use crate::takers;
use crate::target::Named;
use crate::unread::{unread, unread_by_ksail};
use crate::unspoken::unspoken;
use crate::variables::{Substitution, Values, substitution, values};

/// What one file says; ask for it with [`look`], put all of them together with [`join`]. Files can
/// be looked at in any order and on any thread.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    pub(crate) path: String,
    pub(crate) pulled: Vec<Pulled>,
    /// Sources that other objects hold: no patch of an overlay reaches them.
    pub(crate) held: Vec<Pulled>,
    pub(crate) declarations: Vec<Declaration>,
    /// Sources, charts and their repositories, as overlays find them.
    pub(crate) kept: Vec<Kept>,
    pub(crate) instances: Vec<Instance>,
    pub(crate) overlays: Vec<Overlay>,
    pub(crate) patches: Vec<Patch>,
    pub(crate) substitutions: Vec<Substitution>,
    /// `ConfigMap`s that may give variables.
    pub(crate) values: Vec<Values>,
    pub(crate) unread: Vec<Unread>,
    pub(crate) complaints: Vec<Complaint>,
    pub(crate) unjudged: Vec<Unjudged>,
    /// A kind is named that pulls an artifact or says who may sign one.
    pub(crate) names_a_kind: bool,
    /// No word in it is about what is looked for, and nothing more was read.
    pub(crate) is_other: bool,
    pub(crate) commands: Commands,
    pub(crate) no_match: Option<NoMatch>,
    /// Of Kyverno's policies.
    pub(crate) exceptions: Vec<kyverno::Exception>,
    /// The objects stand in a document: what they declare counts, and they run nowhere.
    pub(crate) is_shown: bool,
}

/// An object that overlays may change, whole.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Kept {
    pub(crate) kind: Kind,
    pub(crate) named: Named,
    pub(crate) object: Node,
    /// Another object holds it: no patch of an overlay reaches it.
    pub(crate) is_held: bool,
    /// Flux puts no variables into what holds it.
    pub(crate) is_left_alone: bool,
}

/// Kinds of what is followed through overlays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    OciRepository,
    HelmRepository,
    HelmChart,
    HelmRelease,
    /// What takes from a source without being one: see [`takers`].
    Taker,
    /// A policy of an admission controller that declares identities.
    ImagePolicy,
}

/// All that is declared in these files.
pub fn discover<'a>(files: impl IntoIterator<Item = File<'a>>) -> Found {
    join(files.into_iter().map(look).collect())
}

pub use crate::joining::join;

/// What one file says; of one that is larger than is read ([`sealwright_yaml::FILE_BYTES_MAX`]) that
/// it is, whatever is in it.
pub fn look(file: File<'_>) -> Facts {
    let mut facts = Facts { path: file.path.to_owned(), ..Facts::default() };
    if let Some(complaint) = sealwright_yaml::too_large(file.bytes) {
        facts.complaints.push(complaint);
        return facts;
    }
    let bytes = utf8(file.bytes);
    let file = File { bytes: &bytes, ..file };
    if !is_relevant(file.path, file.bytes) {
        facts.is_other = true;
        return facts;
    }
    let embedded = commands::embedded(file.path, file.bytes);
    let stream = match &embedded {
        Some(yaml) => sealwright_yaml::read(yaml),
        None if is_yaml(file.path) => sealwright_yaml::read(file.bytes),
        None => Stream::default(),
    };
    facts.commands = commands::commands(file, &stream);
    // Terraform and Nix apply what they hold.
    let applies = [".tf", ".hcl", ".nix"].iter().any(|end| file.path.ends_with(end));
    facts.is_shown = embedded.is_some() && !applies;
    facts.names_a_kind = names_a_kind(file.bytes);
    if facts.names_a_kind && !is_yaml(file.path) {
        facts.unjudged.extend(unspoken(file, embedded.as_deref()));
    }
    let file = File { bytes: embedded.as_deref().unwrap_or(file.bytes), ..file };
    let may_have_instance = holds(file.bytes, "instance");
    for document in &stream.documents {
        facts.document(document, file, may_have_instance);
    }
    facts.complaints = stream.complaints;
    facts
}

impl Facts {
    fn document(&mut self, document: &Document, file: File<'_>, may_have_instance: bool) {
        let root = &document.root;
        let name = file.path.rsplit('/').next().unwrap_or_default();
        self.patches.extend(patches(std::slice::from_ref(root), None));
        if is_kustomization(name) && is_overlay(root) {
            return self.overlays.push(kustomize::overlay(root, file));
        }
        let objects = Object::all_of(root);
        for object in &objects {
            let before = (self.declarations.len(), self.instances.len());
            self.object(object, file);
            if is_left_alone(object.node) {
                self.leave(before);
            }
            self.held_by(object.node, Some(object), file);
        }
        if objects.is_empty() {
            self.held_by(root, None, file);
        }
        if objects.is_empty() && is_ksail(name) {
            self.ksail(root, file);
            self.unread.extend(unread_by_ksail(root, file.path));
        } else if may_have_instance && objects.iter().all(|object| object.kind != "FluxInstance") {
            self.instances.extend(flux_instance::in_values(root, file));
        }
    }

    /// Nothing is put into what was found since then.
    fn leave(&mut self, (declarations, instances): (usize, usize)) {
        let sources = self.instances[instances..].iter_mut().filter_map(|one| one.source.as_mut());
        let of_sources = sources.filter_map(|pulled| pulled.declaration.as_mut());
        self.declarations[declarations..].iter_mut().chain(of_sources).for_each(leave);
    }

    /// The objects that another one holds, or that stand in a file of values.
    fn held_by(&mut self, node: &Node, holder: Option<&Object<'_>>, file: File<'_>) {
        if !self.names_a_kind {
            return;
        }
        let Held { nodes, unjudged } = held(node, file);
        self.unjudged.extend(unjudged);
        let told = holder.map_or_else(|| file.path.to_owned(), Object::told);
        let before = (self.kept.len(), self.held.len());
        // What other holders make of `${…}` is theirs.
        let is_set = |one: &Object<'_>| one.kind == "ResourceSet" && is_left_alone(one.node);
        let is_left_alone = holder.is_some_and(is_set);
        for object in nodes.iter().filter_map(Object::of) {
            let source = (SOURCE_GROUP, "OCIRepository") == (object.group(), object.kind);
            match holder {
                Some(holder) if source && kro::is_it(holder) => {
                    self.held.extend(kro::source(&object, holder, file.path));
                }
                _ if source => self.held.extend(flux::held_source(&object, &told, file.path)),
                _ => self.object(&object, file),
            }
        }
        for kept in &mut self.kept[before.0..] {
            (kept.is_held, kept.is_left_alone) = (true, is_left_alone);
        }
        if is_left_alone {
            self.held[before.1..].iter_mut().for_each(Pulled::leave);
        }
    }

    fn object(&mut self, object: &Object<'_>, file: File<'_>) {
        let path = file.path;
        self.unread.extend(unread(object, path));
        match (object.group(), object.kind) {
            (SOURCE_GROUP, "OCIRepository") => self.keep(Kind::OciRepository, object),
            (SOURCE_GROUP, "HelmRepository") => self.keep(Kind::HelmRepository, object),
            (SOURCE_GROUP, "HelmChart") => self.keep(Kind::HelmChart, object),
            (HELM_GROUP, "HelmRelease") => {
                self.unjudged.extend(charts::rendered_later(object, file));
                self.keep(Kind::HelmRelease, object);
            }
            (KUSTOMIZE_GROUP, "Kustomization") => {
                self.overlays.extend(kustomize::flux_kustomization(object, file));
                self.substitutions.extend(substitution(object));
                self.keep(Kind::Taker, object);
            }
            (takers::GENERATOR_GROUP, takers::GENERATOR)
            | (takers::TERRAFORM_GROUP, takers::TERRAFORM) => self.keep(Kind::Taker, object),
            ("fluxcd.controlplane.io", "FluxInstance") => {
                self.instances.extend(flux_instance::instance(object, file));
            }
            _ if !image_policy(object, path).is_empty() => self.keep(Kind::ImagePolicy, object),
            ("kyverno.io" | "policies.kyverno.io", "PolicyException") => {
                self.exceptions.push(kyverno::exception(object));
            }
            ("", "ConfigMap") if object.name == policy_controller::CONFIG => {
                self.no_match = policy_controller::no_match(object, path).or(self.no_match.take());
            }
            ("", "ConfigMap") => self.values.push(values(object)),
            ("", talos::KIND) => self.declarations.extend(talos::config(object, path)),
            _ if ksail::is_it(object) => self.ksail(object.node, file),
            _ => self.unjudged.extend(others::unjudged(object, path)),
        }
    }

    fn keep(&mut self, kind: Kind, object: &Object<'_>) {
        let mut whole = object.node.clone();
        // Items of a list need not say what they are.
        for (key, is) in [("apiVersion", object.api_version), ("kind", object.kind)] {
            if whole.get(key).is_none() {
                let value = text(&whole.at, is);
                set(&mut whole, key, value);
            }
        }
        let named = object.named();
        let kept = Kept { kind, named, object: whole, is_held: false, is_left_alone: false };
        self.kept.push(kept);
    }

    fn ksail(&mut self, root: &Node, file: File<'_>) {
        self.pulled.extend(ksail::cluster(root, file.path));
    }
}

/// Whether a document in a `kustomization.yaml` is Kustomize's, which needs no kind; Flux' objects
/// are sometimes kept under that name.
fn is_overlay(root: &Node) -> bool {
    let api = root.text_at(&["apiVersion"]).unwrap_or_default();
    !api.starts_with(KUSTOMIZE_GROUP)
}
