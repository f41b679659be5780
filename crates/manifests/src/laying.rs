//! Laying patches over the objects of the whole repository: what guards each source in the end, and
//! which patches change nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sealwright_yaml::Place;

use crate::declaration::{Consumer, Declaration, Follows, Guarded};
use crate::kustomize::{Laid, Overlay};
use crate::patch::{Act, Patch, is_about_git};
use crate::paths::is_within;
use crate::shapes::flux::{Pulled, verify};
use crate::target::{Hit, Named, Target};

/// Most overlays inside each other.
const OVERLAYS_DEPTH_MAX: usize = 32;

/// All files as far as overlays are concerned.
pub(crate) struct Ground<'a> {
    pub(crate) overlays: &'a [Overlay],
    /// Those that others name by their folder.
    pub(crate) by_folder: HashMap<&'a str, &'a Overlay>,
    /// Sources by the file that declares them, with their number.
    pub(crate) sources: BTreeMap<&'a str, Vec<(usize, &'a Pulled)>>,
    /// Patches by the file that holds them.
    pub(crate) patches: HashMap<&'a str, &'a [Patch]>,
    /// Every file there is.
    pub(crate) files: BTreeSet<&'a str>,
    /// Files that could not be read whole.
    pub(crate) unclear: BTreeSet<&'a str>,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// For each source the declarations that guard it, one for each outermost overlay that takes it.
    pub(crate) guards: BTreeMap<usize, Vec<(String, Option<Declaration>)>>,
    /// Patches and what they hit, by their file and place.
    pub(crate) hits: BTreeMap<(String, usize, u32), Struck>,
}

/// What a patch hit.
#[derive(Debug, Clone)]
pub(crate) struct Struck {
    pub(crate) file: String,
    pub(crate) at: Place,
    pub(crate) target: String,
    pub(crate) hit: Hit,
    pub(crate) removes: Option<(Place, String)>,
    pub(crate) elsewhere: Option<(String, Place)>,
    pub(crate) changes: Option<Place>,
}

/// A source on its way through the overlays.
#[derive(Debug, Clone)]
struct Carried {
    number: usize,
    named: Named,
    url: Guarded,
    declaration: Option<Declaration>,
}

impl Carried {
    /// A patch changes which artifact is pulled.
    fn refer(&mut self, file: &str) {
        let guards = self.declaration.iter_mut().flat_map(|one| &mut one.guards);
        for guarded in guards.chain([&mut self.url]) {
            let told = format!("a patch in {file} changes `spec.ref`");
            guarded.follows = Follows::NotResolved(told);
        }
    }
}

impl<'a> Ground<'a> {
    /// Lays every overlay that no other takes, and so all that they take.
    pub(crate) fn lay(&self) -> Outcome {
        let (mut outcome, taken) = (Outcome::default(), self.taken());
        for overlay in self.overlays.iter().filter(|one| self.is_outermost(one, &taken)) {
            let (carried, _) = self.carry(overlay, &mut outcome, 0);
            for one in carried {
                let guards = outcome.guards.entry(one.number).or_default();
                guards.push((overlay.file.clone(), one.declaration));
            }
        }
        outcome
    }

    fn is_outermost(&self, overlay: &Overlay, taken: &HashSet<&str>) -> bool {
        let is_taken = overlay.folder.as_deref().is_some_and(|folder| taken.contains(folder));
        !overlay.is_component && !is_taken
    }

    /// Folders that an overlay other than their own takes.
    fn taken(&self) -> HashSet<&'a str> {
        let of = |overlay: &'a Overlay| {
            let all = overlay.takes.iter().chain(&overlay.components).map(String::as_str);
            all.filter(|path| overlay.folder.as_deref() != Some(*path))
        };
        self.overlays.iter().flat_map(of).collect()
    }

    /// The sources that come out of an overlay, and whether all that it takes is known.
    fn carry(
        &self,
        overlay: &Overlay,
        outcome: &mut Outcome,
        depth: usize,
    ) -> (Vec<Carried>, bool) {
        let (mut carried, mut is_open) = (Vec::new(), overlay.is_open);
        if depth >= OVERLAYS_DEPTH_MAX {
            return (carried, true);
        }
        for path in &overlay.takes {
            let open = self.take(path, overlay.folder.is_none(), &mut carried, outcome, depth);
            is_open |= open;
        }
        for path in &overlay.components {
            match self.at(path) {
                Some(component) => {
                    is_open |= self.component(component, &mut carried, outcome, depth + 1);
                }
                None => is_open = true,
            }
        }
        self.lay_patches(overlay, &mut carried, is_open, outcome);
        rename(&mut carried, overlay);
        (carried, is_open)
    }

    /// Takes a file or a folder; true when not all of it is known.
    fn take(
        &self,
        path: &str,
        by_flux: bool,
        carried: &mut Vec<Carried>,
        outcome: &mut Outcome,
        depth: usize,
    ) -> bool {
        if let Some(overlay) = self.at(path) {
            let (below, open) = self.carry(overlay, outcome, depth + 1);
            carried.extend(below);
            return open;
        }
        if self.files.contains(path) {
            carried.extend(self.in_file(path));
            return self.unclear.contains(path);
        }
        // Flux makes the overlay of a folder that has none, of all files below it.
        let below: Vec<&str> = match by_flux {
            true => self.files.iter().copied().filter(|file| is_within(file, path)).collect(),
            false => Vec::new(),
        };
        carried.extend(below.iter().flat_map(|file| self.in_file(file)));
        below.is_empty() || below.iter().any(|file| self.unclear.contains(file))
    }

    /// Lays a component over what its overlay has so far; true when not all of it is known.
    fn component(
        &self,
        component: &Overlay,
        carried: &mut Vec<Carried>,
        outcome: &mut Outcome,
        depth: usize,
    ) -> bool {
        let mut is_open = component.is_open || depth >= OVERLAYS_DEPTH_MAX;
        if depth >= OVERLAYS_DEPTH_MAX {
            return is_open;
        }
        for path in &component.takes {
            is_open |= self.take(path, false, carried, outcome, depth);
        }
        for nested in component.components.iter().filter_map(|path| self.at(path)) {
            is_open |= self.component(nested, carried, outcome, depth + 1);
        }
        self.lay_patches(component, carried, is_open, outcome);
        rename(carried, component);
        is_open
    }

    fn at(&self, folder: &str) -> Option<&'a Overlay> {
        self.by_folder.get(folder).copied()
    }

    fn in_file(&self, file: &str) -> Vec<Carried> {
        let sources = self.sources.get(file).map(Vec::as_slice).unwrap_or_default();
        let carried = sources.iter().map(|(number, pulled)| Carried {
            number: *number,
            named: pulled.named.clone(),
            url: Guarded {
                what: pulled.source.url.clone(),
                at: pulled.source.at.clone(),
                whole: pulled.source.whole,
                follows: pulled.source.follows.clone(),
            },
            declaration: pulled.declaration.clone(),
        });
        carried.collect()
    }

    fn lay_patches(
        &self,
        overlay: &Overlay,
        carried: &mut [Carried],
        is_open: bool,
        outcome: &mut Outcome,
    ) {
        for laid in &overlay.patches {
            match laid {
                Laid::Here(patch) => lay(patch, &overlay.file, carried, is_open, outcome),
                Laid::At { path, target, .. } => {
                    let held = self.patches.get(path.as_str()).copied().unwrap_or_default();
                    for patch in held {
                        let target = target.clone().or_else(|| patch.target.clone());
                        lay(&Patch { target, ..patch.clone() }, path, carried, is_open, outcome);
                    }
                }
            }
        }
    }
}

fn rename(carried: &mut [Carried], overlay: &Overlay) {
    if let Some(namespace) = &overlay.namespace {
        for one in carried {
            one.named.namespace.clone_from(namespace);
        }
    }
}

fn lay(patch: &Patch, file: &str, carried: &mut [Carried], is_open: bool, outcome: &mut Outcome) {
    let Some(target) = &patch.target else { return };
    if patch.refers {
        for one in carried.iter_mut().filter(|one| target.takes(&one.named) != Hit::No) {
            one.refer(file);
        }
    }
    if !is_ours(target, patch) {
        return;
    }
    let key = (file.to_owned(), patch.at.range.start, patch.at.line);
    let struck = outcome.hits.entry(key).or_insert_with(|| Struck {
        file: file.to_owned(),
        at: patch.at.clone(),
        target: target.told(),
        hit: Hit::No,
        removes: None,
        elsewhere: None,
        changes: None,
    });
    if is_open && struck.hit == Hit::No {
        struck.hit = Hit::Unknown;
    }
    for one in carried.iter_mut() {
        match target.takes(&one.named) {
            Hit::No => {}
            Hit::Unknown if struck.hit == Hit::No => struck.hit = Hit::Unknown,
            Hit::Unknown => {}
            Hit::Yes => {
                struck.hit = Hit::Yes;
                patch.acts.iter().for_each(|act| apply(act, one, file, struck));
            }
        }
    }
}

/// Whether a patch is about sources of artifacts, or about kinds that never verify any. What it does
/// to charts and releases is not followed.
fn is_ours(target: &Target, patch: &Patch) -> bool {
    let kinds = ["OCIRepository", "GitRepository", "Bucket", "HelmRepository"];
    kinds.iter().any(|kind| target.may_take_kind(kind)) && !is_about_git(patch)
}

fn apply(act: &Act, one: &mut Carried, file: &str, struck: &mut Struck) {
    match act {
        Act::Declares(block) => {
            let (consumer, object) = (Consumer::KustomizePatch, one.named.told());
            one.declaration = Some(verify(block, consumer, object, file, vec![one.url.clone()]));
        }
        Act::Removes(at) => {
            one.declaration = None;
            struck.removes = Some((at.clone(), one.named.told()));
        }
        Act::Changes(at) => struck.changes = Some(at.clone()),
        Act::Elsewhere(path, at) => struck.elsewhere = Some((path.clone(), at.clone())),
    }
}
