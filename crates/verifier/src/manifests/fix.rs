//! `manifests --fix`: what would mend the files, as a diff to be read; with `--write` it is done.

use std::collections::BTreeMap;
use std::fs;

use camino::Utf8Component::{CurDir, Normal};
use camino::Utf8Path;
use jiff::Timestamp;
use sealwright_manifests::checks::Expected;
use sealwright_manifests::fix::{Left, Mended, Mending, mend};
use sealwright_manifests::{File, Found, join};
use sealwright_policy::{Finding, Report};
use sealwright_render::visible;

use super::arguments::ManifestsArguments;
use super::tree::{self, Tree};
use super::{concluded, config, find, judged, nothing, reading};
use crate::failure::Failure;
use crate::output::talk;

/// The diff, and the report on what is left.
///
/// # Errors
/// The folder or the configuration cannot be used, or a file cannot be written.
pub fn fix(arguments: &ManifestsArguments, now: Timestamp) -> Result<(String, Report), Failure> {
    let config = config(arguments, now)?;
    let issuers = arguments.stand_in.issuers();
    let expected = Expected { config: config.as_ref(), issuers };
    let (found, seen) = find(&arguments.folder)?;
    let before = read(&arguments.folder, &found)?;
    let files: Vec<File<'_>> = before.iter().map(|(path, bytes)| File { path, bytes }).collect();
    let (facts, _) = reading::look(&tree::walk(&arguments.folder)?);
    let Mending { mended, left } = mend(&files, &facts, &found, &expected);
    tell(&mended, &left, arguments.write);
    let name = |path: &str| from_here(&arguments.folder, path);
    let diff = mended.iter().map(|one| one.diff(&name(&one.path), &before[&one.path])).collect();
    let (found, seen) = match (mended.is_empty(), arguments.write) {
        (true, _) => (found, seen),
        (false, true) => {
            write_all(&arguments.folder, &mended, &before)?;
            find(&arguments.folder)?
        }
        (false, false) => as_if_written(&arguments.folder, mended)?,
    };
    let mut report = judged(&found, seen, &expected, now);
    report.findings.extend(nothing(&report, arguments.may_be_empty));
    Ok((diff, concluded(report, arguments.may_be_empty)))
}

/// The same check with the files as they would be. Overlays are read on paper alone, since kubectl would
/// render the files as they are: what takes a rendering is then Unknown.
fn as_if_written(folder: &Utf8Path, mended: Vec<Mended>) -> Result<(Found, Vec<Finding>), Failure> {
    let instead = mended.into_iter().map(|one| (one.path, one.text)).collect();
    let tree = Tree { instead, ..tree::walk(folder)? };
    let (facts, seen) = reading::look(&tree);
    let seen = seen.into_iter().chain(tree.findings);
    Ok((join(facts), seen.collect()))
}

/// The files that declare something.
fn read(folder: &Utf8Path, found: &Found) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let declared = found.declarations.iter().map(|one| &one.file);
    let mut files = BTreeMap::new();
    for path in declared.chain(found.unread.iter().map(|one| &one.file)) {
        let file = folder.join(path);
        // What vanished since is told by the check.
        if let Ok(bytes) = reading::read(file.as_std_path()) {
            files.insert(path.clone(), bytes);
        }
    }
    Ok(files)
}

/// The path of a file from where the command was started, so that what applies the diff there finds it. What
/// is not below is named from the folder.
fn from_here(folder: &Utf8Path, path: &str) -> String {
    let below = folder.components().all(|one| matches!(one, Normal(_) | CurDir));
    let steps = folder.components().filter(|one| below && matches!(one, Normal(_)));
    steps.map(|one| one.as_str()).chain([path]).collect::<Vec<_>>().join("/")
}

fn tell(mended: &[Mended], left: &[Left], written: bool) {
    for one in mended {
        for change in &one.changes {
            talk(&visible(&format!("{}:{}: {}", one.path, change.line, change.told)));
        }
    }
    for one in left {
        talk(&visible(&format!("{}:{}: left as it is: {}", one.path, one.line, one.why)));
    }
    let files = if mended.len() == 1 { "file" } else { "files" };
    match (mended.len(), written) {
        (0, _) => talk("nothing can be mended mechanically"),
        (count, true) => talk(&format!("{count} {files} changed; what is left:")),
        (count, false) => {
            talk(&format!(
                "{count} {files} to be changed, by --write; what would be left, on paper and without \
                 rendering overlays:"
            ));
        }
    }
}

/// Writes what can be written; the first that cannot is the failure, beside how many were.
fn write_all(
    folder: &Utf8Path,
    mended: &[Mended],
    before: &BTreeMap<String, Vec<u8>>,
) -> Result<(), Failure> {
    let failures = mended.iter().filter_map(|one| write(folder, one, &before[&one.path]).err());
    let failures: Vec<Failure> = failures.collect();
    let Some(first) = failures.first() else { return Ok(()) };
    let (written, all) = (mended.len() - failures.len(), mended.len());
    let message = format!("{}\n{written} of {all} files were written", first.message);
    Err(Failure { message, ..first.clone() })
}

/// Writes a file that is still what was read.
fn write(folder: &Utf8Path, mended: &Mended, before: &[u8]) -> Result<(), Failure> {
    let path = folder.join(&mended.path);
    let cannot = |why| Failure::file(&path, "write", why);
    if reading::read(path.as_std_path()).map_err(cannot)? != before {
        let changed = std::io::Error::other("it was changed meanwhile");
        return Err(Failure::file(&path, "write", changed));
    }
    fs::write(&path, &mended.text).map_err(cannot)
}
