//! pack: the folder becomes a layer in a temporary file; meanwhile the inventory is taken from the
//! very bytes that are packed.
//!
//! A crash leaves a temporary file and nothing else.

use std::num::NonZeroUsize;

use camino::{Utf8Path, Utf8PathBuf};
use sealwright_policy::Finding;
use tempfile::TempPath;

use super::stopped::Stopped;
use super::talk::Step;
use super::world::World;
use crate::contents::{self, ContentsError, Limits};
use crate::inventory::Inventory;
use crate::source::SourceFlags;

/// Most notes that are told one by one; all of them stand in the SBOM.
const REMARKS_COUNT_MAX: usize = 20;

/// What to pack, and how.
#[derive(Debug, Clone)]
pub struct Packing {
    /// The folder.
    pub contents: Utf8PathBuf,
    /// How much may go in.
    pub limits: Limits,
    /// Compressors.
    pub threads: NonZeroUsize,
    /// Where the contents come from, as far as flags say it.
    pub source: SourceFlags,
}

/// A packed layer with its inventory.
pub(super) struct Packed {
    pub(super) contents: contents::Packed,
    pub(super) inventory: Inventory,
    /// Deleted when it is dropped.
    pub(super) layer: TempPath,
    _made_by_pack: (),
}

pub(super) async fn pack(world: &World, packing: &Packing) -> Result<Packed, Stopped> {
    world.begin(Step::Pack, &format!("packing {}", packing.contents));
    let work = packing.clone();
    let packed = tokio::task::spawn_blocking(move || pack_folder(&work)).await;
    let packed = packed
        .unwrap_or_else(|lost| Err(ContentsError::Archive { source: std::io::Error::other(lost) }))
        .map_err(|error| Stopped::from(below(&packing.contents, error.finding())))?;
    for note in packed.inventory.notes().iter().take(REMARKS_COUNT_MAX) {
        world.remark(&below(&packing.contents, note.clone()));
    }
    let contents = &packed.contents;
    let not_searched = match packed.inventory.notes().len() {
        0 => String::new(),
        count => format!("; places that could not be searched: {count}"),
    };
    let did = format!(
        "files: {}, KiB packed: {}, things pulled: {}{not_searched}",
        contents.files_count,
        contents.layer_bytes.div_ceil(1024),
        packed.inventory.pulled().len(),
    );
    world.done(Step::Pack, did);
    Ok(packed)
}

/// The place as the caller sees it: from where the command runs, not from within the folder.
fn below(folder: &Utf8Path, mut finding: Finding) -> Finding {
    let inside = finding.place.file.as_ref().filter(|file| !file.starts_with(folder.as_str()));
    if let Some(file) = inside {
        finding.place.file = Some(folder.join(file).into_string());
    }
    finding
}

fn pack_folder(packing: &Packing) -> Result<Packed, ContentsError> {
    let unwritable = |source| ContentsError::Archive { source };
    let (file, layer) = tempfile::NamedTempFile::new().map_err(unwritable)?.into_parts();
    let mut inventory = Inventory::default();
    let Packing { contents, limits, threads, .. } = packing;
    let contents = contents::pack(contents, *limits, *threads, file, &mut inventory)?;
    Ok(Packed { contents, inventory, layer, _made_by_pack: () })
}
