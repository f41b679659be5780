//! Laying overlays over the objects of the whole repository: what each of them is in the end, and
//! which patches change nothing.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Bound;

use sealwright_yaml::{Node, Place};

use crate::carried::{Carried, Was};
use crate::discover::Kept;
use crate::found::Unread;
use crate::kustomize::{Laid, Overlay};
use crate::patch::{Patch, matters};
use crate::paths::{folder, is_within};
use crate::target::{Hit, Target};

/// Most overlays inside each other.
const OVERLAYS_DEPTH_MAX: usize = 32;

/// Most overlays entered and objects carried out of them, all together. Overlays that take the same
/// base twice double what they take at every level; 500 overlays of 100 sources are half of this.
pub(crate) const STEPS_MAX: usize = 100_000;

/// Kinds that are followed through overlays, and kinds that never verify any artifact.
const KINDS: &[&str] = &[
    "OCIRepository",
    "HelmChart",
    "HelmRelease",
    "HelmRepository",
    "GitRepository",
    "Bucket",
    "Kustomization",
    "ClusterPolicy",
    "Policy",
    "ImageValidatingPolicy",
    "NamespacedImageValidatingPolicy",
    "ClusterImagePolicy",
];

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
    /// The overlay at which it was too much; then nothing is known of any object.
    pub(crate) stopped_at: Option<String>,
    steps: usize,
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
    /// What its verification was before patches changed it.
    pub(crate) before: Vec<Was>,
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

impl Outcome {
    fn is_too_much(&mut self, overlay: &Overlay, steps: usize, depth: usize) -> bool {
        self.steps += steps;
        if self.stopped_at.is_none() && (self.steps > STEPS_MAX || depth >= OVERLAYS_DEPTH_MAX) {
            self.stopped_at = Some(overlay.file.clone());
        }
        self.stopped_at.is_some()
    }
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
                    before: one.before,
                    doubt: one.doubt,
                });
            }
        }
        if let Some(overlay) = outcome.stopped_at.clone() {
            self.doubt_all(&overlay, &mut outcome);
        }
        outcome
    }

    /// What was laid before the limit is no more than a part of what an object becomes.
    fn doubt_all(&self, overlay: &str, outcome: &mut Outcome) {
        let doubt = format!("the overlays from {overlay} on were too many to be laid");
        for (number, kept) in self.objects.values().flatten() {
            let rendered = outcome.rendered.entry(*number).or_default();
            if rendered.is_empty() {
                rendered.push(Rendered {
                    overlay: overlay.to_owned(),
                    object: kept.object.clone(),
                    verified_in: None,
                    before: Vec::new(),
                    doubt: None,
                });
            }
            for one in rendered {
                one.doubt.get_or_insert_with(|| doubt.clone());
            }
        }
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
        // They stand together, with those of folders whose names go on.
        let from = self.files.range::<str, _>((Bound::Included(path), Bound::Unbounded));
        let near = from.map(|(file, _)| file).take_while(|file| file.starts_with(path));
        for file in near.filter(|file| is_within(file, path)) {
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
        if outcome.is_too_much(overlay, 1, depth) {
            return (carried, true);
        }
        for path in &overlay.takes {
            let open = self.take(path, overlay.folder.is_none(), &mut carried, outcome, depth);
            is_open |= open;
        }
        if outcome.is_too_much(overlay, carried.len(), depth) {
            return (Vec::new(), true);
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
                Some(component) if outcome.is_too_much(component, 1, depth) => is_open = true,
                Some(component) => {
                    is_open |= component.is_open();
                    for path in &component.takes {
                        is_open |= self.take(path, false, carried, outcome, depth + 1);
                    }
                    is_open |= self.lay_over(component, carried, is_open, outcome, depth + 1);
                }
                None => {
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
            before: Vec::new(),
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
