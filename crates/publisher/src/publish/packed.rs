//! pack: the folder becomes a layer in a temporary file; meanwhile the inventory is taken from the
//! very bytes that are packed.
//!
//! A crash leaves a temporary file and nothing else.

use std::num::NonZeroUsize;

use camino::Utf8PathBuf;
use sealwright_policy::Severity;
use tempfile::TempPath;

use super::stopped::Stopped;
use super::talk::Step;
use super::world::World;
use crate::contents::{self, ContentsError, Limits};
use crate::inventory::Inventory;
use crate::source::SourceFlags;

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
        .map_err(|error| Stopped::from(error.finding()))?;
    for note in packed.inventory.notes().iter().filter(|note| note.severity > Severity::Note) {
        world.remark(note);
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

fn pack_folder(packing: &Packing) -> Result<Packed, ContentsError> {
    let unwritable = |source| ContentsError::Archive { source };
    let (file, layer) = tempfile::NamedTempFile::new().map_err(unwritable)?.into_parts();
    let mut inventory = Inventory::default();
    let Packing { contents, limits, threads, .. } = packing;
    let contents = contents::pack(contents, *limits, *threads, file, &mut inventory)?;
    Ok(Packed { contents, inventory, layer, _made_by_pack: () })
}
