//! What both logs keep: entries that are only ever appended, in a file and in a Merkle tree.

use std::fs::{File, OpenOptions};
use std::io::Write;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use camino::{Utf8Path, Utf8PathBuf};

use super::merkle::{Hash, Tree, hash_leaf};
use crate::DevStackError;

/// One line of the file: the time of integration in Unix seconds (0 where the log has none), and the body.
pub(crate) struct Entry {
    pub(crate) integrated_time: i64,
    pub(crate) body: Vec<u8>,
}

/// Entries in the order of their index, with the tree over their bodies.
pub(crate) struct Log {
    pub(crate) entries: Vec<Entry>,
    pub(crate) tree: Tree,
    file: Option<(Utf8PathBuf, File)>,
}

/// An entry's proof against the tree as it was right after the append.
pub(crate) struct Appended {
    pub(crate) index: usize,
    pub(crate) size: usize,
    pub(crate) root: Hash,
    pub(crate) proof: Vec<Hash>,
}

impl Log {
    /// Reads `folder/name.log` again, or begins it; without a folder the log lives in memory.
    ///
    /// A crash in the middle of a line leaves a line without its end: nobody was answered for it, it is cut off.
    pub(crate) fn open(folder: Option<&Utf8Path>, name: &str) -> Result<Self, DevStackError> {
        let mut log = Self { entries: Vec::new(), tree: Tree::default(), file: None };
        let Some(path) = folder.map(|folder| folder.join(format!("{name}.log"))) else {
            return Ok(log);
        };
        let mut options = OpenOptions::new();
        options.create(true).append(true).read(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(DevStackError::file("open", &path))?;
        let text = std::fs::read_to_string(&path).map_err(DevStackError::file("read", &path))?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64).map_err(DevStackError::file("truncate", &path))?;
        for (number, line) in text[..whole].lines().enumerate() {
            let entry = parse_line(line).ok_or_else(|| DevStackError::Damaged {
                path: path.clone(),
                detail: format!("line {} is not a time and a base64 body", number + 1),
            })?;
            log.remember(entry);
        }
        log.file = Some((path, file));
        Ok(log)
    }

    /// Writes the entry down, then takes it into the tree, so that no proof is given for what a crash forgets.
    pub(crate) fn append(
        &mut self,
        integrated_time: i64,
        body: Vec<u8>,
    ) -> Result<Appended, DevStackError> {
        if let Some((path, file)) = &mut self.file {
            let line = format!("{integrated_time} {}\n", BASE64.encode(&body));
            file.write_all(line.as_bytes()).map_err(DevStackError::file("append to", &*path))?;
        }
        let index = self.remember(Entry { integrated_time, body });
        Ok(self.prove(index))
    }

    /// The proof of an entry against the present tree.
    pub(crate) fn prove(&self, index: usize) -> Appended {
        Appended {
            index,
            size: self.tree.len(),
            root: self.tree.root(),
            proof: self.tree.inclusion_proof(index),
        }
    }

    /// Where a body stands already.
    pub(crate) fn find(&self, leaf: &Hash) -> Option<usize> {
        self.tree.level(0).iter().position(|known| known == leaf)
    }

    fn remember(&mut self, entry: Entry) -> usize {
        let index = self.tree.push(hash_leaf(&entry.body));
        self.entries.push(entry);
        index
    }
}

fn parse_line(line: &str) -> Option<Entry> {
    let (time, body) = line.split_once(' ')?;
    Some(Entry { integrated_time: time.parse().ok()?, body: BASE64.decode(body).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_the_same_after_a_restart_and_a_torn_last_line_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let mut log = Log::open(Some(folder), "rekor").unwrap();
        for number in 0..5_u8 {
            log.append(1_700_000_000, vec![number; 3]).unwrap();
        }
        let root = log.tree.root();
        drop(log);
        let path = folder.join("rekor.log");
        let whole = std::fs::read(&path).unwrap();
        for torn in ["", "1700000000", "1700000000 AAA", "1700000000 AAAA"] {
            std::fs::write(&path, [&whole, torn.as_bytes()].concat()).unwrap();
            let mut again = Log::open(Some(folder), "rekor").unwrap();
            assert_eq!(again.tree.root(), root, "{torn:?}");
            assert_eq!(again.append(1, vec![9]).unwrap().index, 5, "{torn:?}");
            std::fs::write(&path, &whole).unwrap();
        }
    }

    #[test]
    fn a_damaged_line_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        for line in ["", "now AAAA", "1700000000 not/base64!", "1700000000"] {
            std::fs::write(folder.join("rekor.log"), format!("1 AAAA\n{line}\n")).unwrap();
            let error = Log::open(Some(folder), "rekor").err().unwrap();
            assert!(error.to_string().contains("line 2 is not"), "{line:?}: {error}");
        }
    }
}
