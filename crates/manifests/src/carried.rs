//! An object on its way through the overlays: what a patch and new names make of it, and where its
//! verification then stands.

use std::borrow::Cow;

use sealwright_yaml::{Node, Place};

use crate::edit::{is_same, map, move_to, set, text};
use crate::kustomize::Renames;
use crate::laying::Struck;
use crate::object::Object;
use crate::patch::Patch;
use crate::shapes::{IMAGE_POLICIES, image_policy};
use crate::target::{Hit, Named, Target};
use crate::unread::unread;

/// An object as it was before a patch changed its verification, and the file in which the places of
/// that are, when that is not its own.
#[derive(Debug, Clone)]
pub(crate) struct Was {
    pub(crate) object: Node,
    pub(crate) verified_in: Option<String>,
}

/// An object on its way through the overlays.
#[derive(Debug, Clone)]
pub(crate) struct Carried<'a> {
    pub(crate) number: usize,
    /// All names that it has had.
    pub(crate) names: Vec<Named>,
    pub(crate) object: Cow<'a, Node>,
    pub(crate) verified_in: Option<String>,
    /// The verification as it was before each patch that changed it.
    pub(crate) before: Vec<Was>,
    pub(crate) doubt: Option<String>,
}

impl Carried<'_> {
    /// The first reason stays.
    pub(crate) fn doubts(&mut self, why: &str) {
        self.doubt.get_or_insert_with(|| why.to_owned());
    }

    pub(crate) fn may_be(&self, target: Option<&Target>) -> bool {
        target.is_none_or(|target| target.takes_any(&self.names, &self.object) != Hit::No)
    }

    fn told(&self) -> String {
        self.names.last().map(Named::told).unwrap_or_default()
    }

    /// All changes of a patch, or none when Kustomize stops at one.
    pub(crate) fn strike(&mut self, patch: &Patch, struck: &mut Struck) {
        let (before, mut removed) = (self.clone(), None);
        for change in &patch.changes {
            let at = change.at();
            if let Err(why) = self.change(&struck.file, at, |object| change.apply(object)) {
                let doubt = format!("Kustomize stops at a patch in {}: {why}", struck.file);
                struck.fails = Some((at.clone(), format!("{}: {why}", self.told())));
                *self = before;
                return self.doubts(&doubt);
            }
            if is_verified(&before.object) && !is_verified(&self.object) {
                removed.get_or_insert(at.clone());
            }
        }
        if let (Some(was), Some(is)) = (block(&before.object), block(&self.object))
            && !is_same(was, is)
        {
            let verified_in = before.verified_in.clone();
            self.before.push(Was { object: before.object.clone().into_owned(), verified_in });
        }
        // Another one of its changes may put it back, or all of the object is gone: without a source
        // nothing is pulled, and without a policy everything is let in.
        let is_gone = self.object.is_null() && !is_policy(&before.object);
        if !is_verified(&self.object) && !is_gone {
            struck.removes = struck.removes.take().or(removed.map(|at| (at, self.told())));
        }
        if let Some(object) = Object::of(&self.object) {
            self.names.extend(Some(object.named()).filter(|named| !self.names.contains(named)));
            let known = Object::of(&before.object).map(|one| unread(&one, &struck.file));
            let known: Vec<String> = known.into_iter().flatten().map(|one| one.path).collect();
            let new = unread(&object, &struck.file);
            struck.unread.extend(new.into_iter().filter(|one| !known.contains(&one.path)));
        }
    }

    /// One change. What it leaves as it is of the verification stays where it was; of one that it
    /// changes all is told at the change.
    fn change(
        &mut self,
        file: &str,
        at: &Place,
        apply: impl FnOnce(&mut Node) -> Result<(), String>,
    ) -> Result<(), String> {
        let before = block(&self.object).cloned();
        let mut object = self.object.clone().into_owned();
        if let Some(mut moved) = before.clone() {
            move_to(&mut moved, at);
            set_block(&mut object, moved);
        }
        apply(&mut object)?;
        match (before, block(&object)) {
            (Some(before), Some(after)) if is_same(&before, after) => {
                set_block(&mut object, before);
            }
            (_, Some(_)) => self.verified_in = Some(file.to_owned()),
            _ => {}
        }
        self.object = Cow::Owned(object);
        Ok(())
    }

    /// New names and labels.
    pub(crate) fn rename(&mut self, renames: &Renames) {
        let Some(named) = self.names.last() else { return };
        let Renames { namespace, prefix, suffix, labels, annotations } = renames;
        let renamed = Named {
            name: format!("{prefix}{}{suffix}", named.name),
            namespace: namespace.clone().unwrap_or_else(|| named.namespace.clone()),
            ..named.clone()
        };
        if (*named == renamed && labels.is_empty() && annotations.is_empty())
            || self.object.is_null()
        {
            return;
        }
        let mut object = self.object.clone().into_owned();
        let at = object.get("metadata").map_or(&object.at, |metadata| &metadata.at).clone();
        let mut metadata = object.get("metadata").cloned().unwrap_or_else(|| map(&at, vec![]));
        set(&mut metadata, "name", text(&at, &renamed.name));
        if !renamed.namespace.is_empty() {
            set(&mut metadata, "namespace", text(&at, &renamed.namespace));
        }
        for (key, pairs) in [("labels", labels), ("annotations", annotations)] {
            let mut held = metadata.get(key).cloned().unwrap_or_else(|| map(&at, vec![]));
            pairs.iter().for_each(|(name, value)| set(&mut held, name, text(&at, value)));
            if !pairs.is_empty() {
                set(&mut metadata, key, held);
            }
        }
        set(&mut object, "metadata", metadata);
        self.object = Cow::Owned(object);
        if *named != renamed {
            self.names.push(renamed);
        }
    }
}

fn is_policy(object: &Node) -> bool {
    object.text_at(&["kind"]).is_some_and(|kind| IMAGE_POLICIES.contains(&kind))
}

/// Whether an object verifies anything.
fn is_verified(object: &Node) -> bool {
    match object.text_at(&["kind"]) {
        Some("Kustomization") => false,
        _ if is_policy(object) => {
            Object::of(object).is_some_and(|one| !image_policy(&one, "").is_empty())
        }
        _ => block(object).is_some(),
    }
}

/// Where the verification of an object of this kind is read.
fn block_path(object: &Node) -> &'static [&'static str] {
    match object.text_at(&["kind"]) {
        // What a Flux Kustomization lays may be a verification, and stands where that does.
        Some("Kustomization") => &["spec", "patches"],
        Some(kind) if IMAGE_POLICIES.contains(&kind) => &["spec"],
        Some("HelmRelease") => &["spec", "chart", "spec", "verify"],
        _ => &["spec", "verify"],
    }
}

fn block(object: &Node) -> Option<&Node> {
    object.at_path(block_path(object)).filter(|block| !block.is_null())
}

fn set_block(object: &mut Node, block: Node) {
    fn at(node: &mut Node, path: &[&str], block: Node) {
        match path {
            [] => *node = block,
            [first, rest @ ..] => {
                if let Some(mut inner) = node.get(first).cloned() {
                    at(&mut inner, rest, block);
                    set(node, first, inner);
                }
            }
        }
    }
    let path = block_path(object);
    at(object, path, block);
}
