//! Laying overlays over the objects of the whole repository: what each of them is in the end, and
//! which patches change nothing.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sealwright_yaml::{Node, Place};

use crate::discover::Kept;
use crate::edit::{is_same, map, move_to, set, text};
use crate::found::Unread;
use crate::kustomize::{Laid, Overlay, Renames};
use crate::object::Object;
use crate::patch::{Patch, matters};
use crate::paths::{folder, is_within};
use crate::target::{Hit, Named, Target};
use crate::unread::unread;

/// Most overlays inside each other.
const OVERLAYS_DEPTH_MAX: usize = 32;

/// Kinds that are followed through overlays, and kinds that never verify any artifact.
const KINDS: &[&str] =
    &["OCIRepository", "HelmChart", "HelmRelease", "HelmRepository", "GitRepository", "Bucket"];

/// All files as far as overlays are concerned.
pub(crate) struct Ground<'a> {
    pub(crate) overlays: &'a [Overlay],
    /// Those that others name by their folder.
    pub(crate) by_folder: HashMap<&'a str, &'a Overlay>,
    /// Objects by the file that declares them, with their number.
    pub(crate) objects: BTreeMap<&'a str, Vec<(usize, &'a Kept)>>,
    /// Patches by the file that holds them.
    pub(crate) patches: HashMap<&'a str, &'a [Patch]>,
    /// Every file there is, and whether all of it was read.
    pub(crate) files: BTreeMap<&'a str, Read>,
}

/// How much of a file is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    Whole,
    /// Something in it could not be read.
    Partly,
    /// No word in it is about what is looked for.
    Not,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// What becomes of each object, one for each outermost overlay that takes it.
    pub(crate) rendered: BTreeMap<usize, Vec<Rendered>>,
    /// Patches and what they hit, by their file and place.
    pub(crate) hits: BTreeMap<(String, usize, u32), Struck>,
}

/// An object as an overlay makes it.
#[derive(Debug, Clone)]
pub(crate) struct Rendered {
    /// The outermost overlay.
    pub(crate) overlay: String,
    /// Nothing when a patch deletes it.
    pub(crate) object: Node,
    /// The file in which the places of its verification are, when that is not its own.
    pub(crate) verified_in: Option<String>,
    /// Why it is not known what becomes of it.
    pub(crate) doubt: Option<String>,
}

/// What a patch hit.
#[derive(Debug, Clone)]
pub(crate) struct Struck {
    pub(crate) file: String,
    pub(crate) at: Place,
    pub(crate) target: Target,
    pub(crate) hit: Hit,
    pub(crate) verifies: bool,
    pub(crate) removes: Option<(Place, String)>,
    pub(crate) fails: Option<(Place, String)>,
    pub(crate) unread: Vec<Unread>,
}

/// An object on its way through the overlays.
#[derive(Debug, Clone)]
struct Carried<'a> {
    number: usize,
    /// All names that it has had.
    names: Vec<Named>,
    object: Cow<'a, Node>,
    verified_in: Option<String>,
    doubt: Option<String>,
}

impl<'a> Ground<'a> {
    /// Lays every overlay that no other takes, and so all that they take.
    pub(crate) fn lay(&self) -> Outcome {
        let (mut outcome, taken) = (Outcome::default(), self.taken());
        for overlay in self.overlays.iter().filter(|one| is_outermost(one, &taken)) {
            let (carried, _) = self.carry(overlay, &mut outcome, 0);
            for one in carried {
                outcome.rendered.entry(one.number).or_default().push(Rendered {
                    overlay: overlay.file.clone(),
                    object: one.object.into_owned(),
                    verified_in: one.verified_in,
                    doubt: one.doubt,
                });
            }
        }
        outcome
    }

    /// Folders that an overlay other than their own takes.
    fn taken(&self) -> HashSet<&'a str> {
        let of = |overlay: &'a Overlay| {
            let all = overlay.takes.iter().chain(&overlay.components).map(String::as_str);
            let named = all.filter(|path| overlay.folder.as_deref() != Some(*path));
            let found = overlay.takes.iter().filter(|_| overlay.folder.is_none());
            let found = found.flat_map(|path| self.below(path)).filter_map(|(_, inner)| inner);
            named.chain(found.filter_map(|inner| inner.folder.as_deref())).collect::<Vec<_>>()
        };
        self.overlays.iter().flat_map(of).collect()
    }

    /// What Flux takes of a folder that has no overlay: the files below it, and the folders that have
    /// one instead of what is in them.
    fn below(&self, path: &str) -> Vec<(&'a str, Option<&'a Overlay>)> {
        if self.at(path).is_some() {
            return Vec::new();
        }
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        for file in self.files.keys().filter(|file| is_within(file, path)) {
            let inner = outermost_first(folder(file)).find_map(|folder| {
                let is_below = folder != path && is_within(folder, path);
                self.at(folder).filter(|inner| is_below && !inner.is_component)
            });
            match inner {
                Some(inner) if !seen.insert(inner.file.as_str()) => {}
                inner => found.push((*file, inner)),
            }
        }
        found
    }

    /// The objects that come out of an overlay, and whether all that it takes is known.
    fn carry(
        &self,
        overlay: &Overlay,
        outcome: &mut Outcome,
        depth: usize,
    ) -> (Vec<Carried<'a>>, bool) {
        let (mut carried, mut is_open) = (Vec::new(), overlay.is_open());
        if depth >= OVERLAYS_DEPTH_MAX {
            return (carried, true);
        }
        for path in &overlay.takes {
            let open = self.take(path, overlay.folder.is_none(), &mut carried, outcome, depth);
            is_open |= open;
        }
        is_open |= self.lay_over(overlay, &mut carried, is_open, outcome, depth);
        (carried, is_open)
    }

    /// Takes a file or a folder; true when not all of it is known.
    fn take(
        &self,
        path: &str,
        by_flux: bool,
        carried: &mut Vec<Carried<'a>>,
        outcome: &mut Outcome,
        depth: usize,
    ) -> bool {
        if let Some(overlay) = self.at(path) {
            let (below, open) = self.carry(overlay, outcome, depth + 1);
            carried.extend(below);
            return open;
        }
        if let Some(read) = self.files.get(path) {
            carried.extend(self.in_file(path));
            return *read == Read::Partly;
        }
        let below = if by_flux { self.below(path) } else { Vec::new() };
        let mut is_open = below.is_empty();
        for (file, inner) in below {
            is_open |= match inner {
                Some(inner) => {
                    let (below, open) = self.carry(inner, outcome, depth + 1);
                    carried.extend(below);
                    open
                }
                None => {
                    carried.extend(self.in_file(file));
                    self.files.get(file) == Some(&Read::Partly)
                }
            };
        }
        is_open
    }

    /// Lays components, patches and names over what an overlay takes; true when not all of it is
    /// known.
    fn lay_over(
        &self,
        overlay: &Overlay,
        carried: &mut Vec<Carried<'a>>,
        was_open: bool,
        outcome: &mut Outcome,
        depth: usize,
    ) -> bool {
        let mut is_open = was_open;
        for path in &overlay.components {
            match self.at(path) {
                Some(component) if depth < OVERLAYS_DEPTH_MAX => {
                    is_open |= component.is_open();
                    for path in &component.takes {
                        is_open |= self.take(path, false, carried, outcome, depth + 1);
                    }
                    is_open |= self.lay_over(component, carried, is_open, outcome, depth + 1);
                }
                _ => {
                    is_open = true;
                    let why = format!("the component {path} of {} is not here", overlay.file);
                    carried.iter_mut().for_each(|one| one.doubts(&why));
                }
            }
        }
        self.lay_patches(&overlay.patches, &overlay.file, carried, is_open, outcome);
        carried.iter_mut().for_each(|one| one.rename(&overlay.renames));
        self.lay_patches(&overlay.late, &overlay.file, carried, is_open, outcome);
        for one in carried.iter_mut() {
            for replacement in &overlay.replacements {
                let hits = replacement.target.takes_any(&one.names, &one.object) != Hit::No;
                if let Some(field) = replacement.fields.iter().find(|it| hits && matters(it)) {
                    one.doubts(&format!("a replacement in {} sets `{field}`", overlay.file));
                }
            }
            if let Some(field) = overlay.transforms {
                one.doubts(&format!("`{field}` of {} may change it", overlay.file));
            }
        }
        is_open
    }

    fn at(&self, folder: &str) -> Option<&'a Overlay> {
        self.by_folder.get(folder).copied()
    }

    fn in_file(&self, file: &str) -> Vec<Carried<'a>> {
        let objects = self.objects.get(file).map(Vec::as_slice).unwrap_or_default();
        let carried = objects.iter().map(|(number, kept)| Carried {
            number: *number,
            names: vec![kept.named.clone()],
            object: Cow::Borrowed(&kept.object),
            verified_in: None,
            doubt: None,
        });
        carried.collect()
    }

    fn lay_patches(
        &self,
        patches: &[Laid],
        file: &str,
        carried: &mut [Carried<'a>],
        is_open: bool,
        outcome: &mut Outcome,
    ) {
        for laid in patches {
            match laid {
                Laid::Here(patch) => lay(patch, file, carried, is_open, outcome),
                Laid::At { path, target, .. } => {
                    let held = self.patches.get(path.as_str()).copied().unwrap_or_default();
                    for patch in held {
                        let target = target.clone().or_else(|| patch.target.clone());
                        lay(&Patch { target, ..patch.clone() }, path, carried, is_open, outcome);
                    }
                    if let Some(why) = self.unknown(path, target.as_ref()) {
                        for one in carried.iter_mut().filter(|one| one.may_be(target.as_ref())) {
                            one.doubts(&why);
                        }
                    }
                }
            }
        }
    }

    /// Why not all is known of what a patch in a file does.
    fn unknown(&self, path: &str, target: Option<&Target>) -> Option<String> {
        match self.files.get(path) {
            None => Some(format!("the patch {path} is not here")),
            Some(Read::Partly) => Some(format!("the patch {path} could not be read")),
            Some(Read::Not) if target.is_some_and(|one| one.names_kind(KINDS)) => {
                Some(format!("what the patch {path} changes is not known"))
            }
            Some(_) => None,
        }
    }
}

fn is_outermost(overlay: &Overlay, taken: &HashSet<&str>) -> bool {
    let is_taken = overlay.folder.as_deref().is_some_and(|folder| taken.contains(folder));
    !overlay.is_component && !is_taken
}

/// A folder and those that it is in, from the top.
fn outermost_first(folder: &str) -> impl Iterator<Item = &str> {
    let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
    ends.map(move |end| &folder[..end])
}

fn lay(
    patch: &Patch,
    file: &str,
    carried: &mut [Carried<'_>],
    is_open: bool,
    outcome: &mut Outcome,
) {
    let Some(target) = &patch.target else { return };
    if !KINDS.iter().any(|kind| target.may_take_kind(kind))
        || patch.is_about_git() && patch.verifies()
    {
        return;
    }
    let key = (file.to_owned(), patch.at.range.start, patch.at.line);
    let struck = outcome.hits.entry(key).or_insert_with(|| Struck {
        file: file.to_owned(),
        at: patch.at.clone(),
        target: target.clone(),
        hit: Hit::No,
        verifies: patch.verifies(),
        removes: None,
        fails: None,
        unread: Vec::new(),
    });
    if is_open && struck.hit == Hit::No {
        struck.hit = Hit::Unknown;
    }
    for one in carried.iter_mut() {
        match target.takes_any(&one.names, &one.object) {
            Hit::No => {}
            Hit::Unknown => {
                struck.hit = if struck.hit == Hit::No { Hit::Unknown } else { struck.hit };
                one.doubts(&format!("whether a patch in {file} changes it is not known"));
            }
            Hit::Yes => {
                struck.hit = Hit::Yes;
                one.strike(patch, struck);
            }
        }
    }
}

impl Carried<'_> {
    /// The first reason stays.
    fn doubts(&mut self, why: &str) {
        self.doubt.get_or_insert_with(|| why.to_owned());
    }

    fn may_be(&self, target: Option<&Target>) -> bool {
        target.is_none_or(|target| target.takes_any(&self.names, &self.object) != Hit::No)
    }

    fn told(&self) -> String {
        self.names.last().map(Named::told).unwrap_or_default()
    }

    /// All changes of a patch, or none when Kustomize stops at one.
    fn strike(&mut self, patch: &Patch, struck: &mut Struck) {
        let (before, mut removed) = (self.clone(), None);
        for change in &patch.changes {
            let at = change.at();
            if let Err(why) = self.change(&struck.file, at, |object| change.apply(object)) {
                let doubt = format!("Kustomize stops at a patch in {}: {why}", struck.file);
                struck.fails = Some((at.clone(), format!("{}: {why}", self.told())));
                *self = before;
                return self.doubts(&doubt);
            }
            if block(&before.object).is_some() && block(&self.object).is_none() {
                removed.get_or_insert(at.clone());
            }
        }
        // Another one of its changes may put it back, or all of the object is gone.
        if block(&self.object).is_none() && !self.object.is_null() {
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
    fn rename(&mut self, renames: &Renames) {
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

/// Where the verification of an object of this kind is read.
fn block_path(object: &Node) -> &'static [&'static str] {
    match object.text_at(&["kind"]) {
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
