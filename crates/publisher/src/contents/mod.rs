//! The contents of an artifact: which files of a folder go in, in which order, within which limits.
//!
//! What Flux would silently leave out (symlinks, devices) is an error here: a publisher that drops
//! a file without saying so publishes something else than what was reviewed.

mod archive;
mod error;
mod glob;
mod gzip;
mod ignore;
mod name;
mod pack;
#[cfg(test)]
mod tests;
mod walk;

pub use error::ContentsError;
pub use pack::{Inspect, Packed, pack, threads_available};
pub use walk::{Contents, Entry, EntryKind, FilePrint, Limits};

/// Most bytes of file contents in one artifact: the default at which Flux's own extractor stops
/// (`github.com/fluxcd/pkg/tar`, `DefaultMaxUntarSize`).
pub const CONTENTS_BYTES_MAX: u64 = 100 * 1024 * 1024;

/// Most files and folders in one artifact. A platform repository has hundreds; ten times the
/// largest one known still fits, and a forgotten `node_modules` does not.
pub const ENTRIES_COUNT_MAX: usize = 50_000;

/// Longest relative path, in bytes. Linux itself stops at 4,096.
pub const PATH_BYTES_MAX: usize = 4_096;

/// Deepest nesting of folders. Real trees have ten.
pub const FOLDER_DEPTH_MAX: usize = 256;

/// Largest `.sourceignore`, in bytes.
pub const IGNORE_FILE_BYTES_MAX: u64 = 1024 * 1024;
