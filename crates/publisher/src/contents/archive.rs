//! The tarball: GNU headers that carry nothing but path, size and whether a file may be executed.

use std::fs::File;
use std::io::{self, Read, Write};

use tar::{Builder, EntryType, Header};

use super::walk::{Contents, EntryKind, FilePrint};
use super::{ContentsError, Inspect};

/// Writes all entries. Each file is opened and read once.
pub(super) fn write(
    contents: &Contents,
    output: &mut dyn Write,
    inspect: &mut dyn Inspect,
) -> Result<(), ContentsError> {
    let mut archive = Archive { tar: Builder::new(output), inspect, buffer: Vec::new() };
    for entry in &contents.entries {
        match entry.kind {
            EntryKind::Folder => archive.folder(&entry.path)?,
            EntryKind::File(print) => archive.file(contents, &entry.path, print)?,
        }
    }
    archive.tar.finish().map_err(unwritable)
}

struct Archive<'a> {
    tar: Builder<&'a mut dyn Write>,
    inspect: &'a mut dyn Inspect,
    buffer: Vec<u8>,
}

impl Archive<'_> {
    fn folder(&mut self, path: &str) -> Result<(), ContentsError> {
        let mut header = header(EntryType::Directory, 0, 0o755);
        self.tar.append_data(&mut header, format!("{path}/"), io::empty()).map_err(unwritable)
    }

    fn file(
        &mut self,
        contents: &Contents,
        path: &str,
        expected: FilePrint,
    ) -> Result<(), ContentsError> {
        let unreadable = |source| ContentsError::Unreadable { path: path.to_owned(), source };
        let mut file = File::open(contents.root.join(path)).map_err(unreadable)?;
        check(path, &file, expected)?;
        if self.inspect.wants(path, expected.size) {
            self.buffer.clear();
            (&file).take(expected.size).read_to_end(&mut self.buffer).map_err(unreadable)?;
            self.inspect.inspect(path, &self.buffer);
            let bytes = std::mem::take(&mut self.buffer);
            self.append(path, expected, &mut bytes.as_slice())?;
            self.buffer = bytes;
        } else {
            self.inspect.pass(path, expected.size);
            self.append(path, expected, &mut file)?;
        }
        let beyond = file.read(&mut [0]).map_err(unreadable)?;
        if beyond > 0 {
            return Err(changed(path, "it grew"));
        }
        check(path, &file, expected)
    }

    /// Exactly the promised number of bytes: a header with another size would corrupt all after it.
    fn append(
        &mut self,
        path: &str,
        print: FilePrint,
        input: &mut dyn Read,
    ) -> Result<(), ContentsError> {
        let mut reading = Reading { input: input.take(print.size), failure: None };
        let mode = if print.executable { 0o755 } else { 0o644 };
        let mut header = header(EntryType::Regular, print.size, mode);
        let written = self.tar.append_data(&mut header, path, &mut reading);
        if let Some(source) = reading.failure {
            return Err(ContentsError::Unreadable { path: path.to_owned(), source });
        }
        written.map_err(unwritable)?;
        if reading.input.limit() > 0 {
            return Err(changed(path, "it became shorter"));
        }
        Ok(())
    }
}

/// Nothing of the machine and of the moment: no owner, no time.
fn header(kind: EntryType, size: u64, mode: u32) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(mode);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header
}

/// Keeps a failure to read apart from a failure to write.
struct Reading<R> {
    input: R,
    failure: Option<io::Error>,
}

impl<R: Read> Read for Reading<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.input.read(buffer).map_err(|error| {
            let kind = error.kind();
            if kind != io::ErrorKind::Interrupted {
                self.failure = Some(error);
            }
            kind.into()
        })
    }
}

/// Whether the open file is still the one that was found.
fn check(path: &str, file: &File, expected: FilePrint) -> Result<(), ContentsError> {
    let metadata = file.metadata();
    let metadata =
        metadata.map_err(|source| ContentsError::Unreadable { path: path.to_owned(), source })?;
    match expected.difference(&FilePrint::of(&metadata)) {
        Some(what) => Err(changed(path, what)),
        None => Ok(()),
    }
}

fn changed(path: &str, what: &'static str) -> ContentsError {
    ContentsError::Changed { path: path.to_owned(), what }
}

fn unwritable(source: io::Error) -> ContentsError {
    ContentsError::Archive { source }
}
