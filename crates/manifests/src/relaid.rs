//! Flux `Kustomization`s that an overlay patches: they lay what they then say, and put in the variables
//! that they then have. People give all of a cluster the same patches so.

use sealwright_yaml::Node;

use crate::File;
use crate::discover::{Facts, Kind};
use crate::edit::is_same;
use crate::joining::numbered;
use crate::kustomize::{Overlay, flux_kustomization};
use crate::laying::Outcome;
use crate::object::Object;
use crate::variables::{Substitution, substitution};

/// Fields by which one takes and changes objects.
const LAYS: &[&str] = &[
    "path",
    "components",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "targetNamespace",
    "namePrefix",
    "nameSuffix",
    "commonMetadata",
];

/// What all of them say once they are patched.
#[derive(Debug, Default)]
pub(crate) struct Relaid {
    pub(crate) overlays: Vec<Overlay>,
    pub(crate) substitutions: Vec<Substitution>,
}

/// Nothing when no patch changes any of this. What is patched in one overlay and not in another is laid
/// both ways.
pub(crate) fn relaid(facts: &[Facts], overlays: &[Overlay], outcome: &Outcome) -> Option<Relaid> {
    let mut relaid = Relaid::default();
    // File and line of those that are no longer what their files say.
    let mut replaced = Vec::new();
    for (number, (path, kept)) in numbered(facts).enumerate() {
        let views = outcome.rendered.get(&number).map(Vec::as_slice).unwrap_or_default();
        if kept.kind != Kind::Taker || kept.named.kind != "Kustomization" {
            continue;
        }
        let differs = |made: &Node, fields: &[&str]| {
            fields.iter().any(|field| !is_same_at(&kept.object, made, &["spec", field]))
        };
        let mut stays = false;
        for view in views.iter().filter(|view| !view.object.is_null()) {
            let Some(object) = Object::of(&view.object) else { continue };
            if differs(&view.object, &["postBuild", "path"]) {
                relaid.substitutions.extend(substitution(&object));
            }
            let file = File { path: view.verified_in.as_deref().unwrap_or(path), bytes: b"" };
            match flux_kustomization(&object, file).filter(|_| differs(&view.object, LAYS)) {
                Some(overlay) if relaid.overlays.contains(&overlay) => {}
                Some(overlay) => relaid.overlays.push(overlay),
                None => stays = true,
            }
        }
        if !stays && views.iter().any(|view| differs(&view.object, LAYS)) {
            replaced.push((path, kept.object.at.line));
        }
    }
    if relaid.overlays.is_empty() && relaid.substitutions.is_empty() {
        return None;
    }
    let is_left = |one: &&Overlay| !replaced.contains(&(one.file.as_str(), one.line));
    relaid.overlays.extend(overlays.iter().filter(is_left).cloned());
    Some(relaid)
}

fn is_same_at(one: &Node, other: &Node, path: &[&str]) -> bool {
    let at = |node| Node::at_path(node, path).filter(|node| !node.is_null());
    match (at(one), at(other)) {
        (Some(one), Some(other)) => is_same(one, other),
        (one, other) => one.is_none() && other.is_none(),
    }
}
