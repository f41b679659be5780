//! What a cluster keeps over a restart: one line per change, put together when it is opened.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write as _};
use std::sync::Arc;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::kinds;
use super::store::{Change, Key};
use crate::DevStackError;

const FILE: &str = "objects.jsonl";

/// A file that changes are appended to.
pub(crate) struct Journal {
    file: File,
}

/// One line; without an object, what was there is gone.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line<'a> {
    version: u64,
    plural: Cow<'a, str>,
    namespace: Cow<'a, str>,
    name: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    object: Option<Cow<'a, Value>>,
}

type Objects = BTreeMap<Key, Arc<Value>>;

impl Journal {
    /// Reads what is there, and writes it anew without what was overwritten.
    pub(crate) fn open(folder: &Utf8Path) -> Result<(Self, u64, Objects), DevStackError> {
        std::fs::create_dir_all(folder).map_err(DevStackError::file("create", folder))?;
        let path = folder.join(FILE);
        let (version, objects) = read(&path)?;
        let partial = folder.join(format!("{FILE}.partial"));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        // Secrets are in it.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&partial).map_err(DevStackError::file("write", &partial))?;
        let mut journal = Self { file };
        let mut lines = objects.iter().map(|(key, object)| (key, version, Some(object)));
        lines
            .try_for_each(|(key, version, object)| journal.line(key, version, object))
            .and_then(|()| std::fs::rename(&partial, &path))
            .map_err(DevStackError::file("write", &path))?;
        Ok((journal, version, objects))
    }

    pub(crate) fn append(&mut self, change: &Change) -> std::io::Result<()> {
        self.line(&change.key, change.version, change.after.as_ref())
    }

    fn line(
        &mut self,
        key: &Key,
        version: u64,
        object: Option<&Arc<Value>>,
    ) -> std::io::Result<()> {
        let line = Line {
            version,
            plural: key.kind.plural.into(),
            namespace: key.namespace.as_str().into(),
            name: key.name.as_str().into(),
            object: object.map(|object| Cow::Borrowed(&**object)),
        };
        let mut text = serde_json::to_vec(&line)?;
        text.push(b'\n');
        self.file.write_all(&text)
    }
}

fn read(path: &Utf8Path) -> Result<(u64, Objects), DevStackError> {
    let mut objects = Objects::new();
    let mut version = 0;
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((0, objects)),
        Err(error) => return Err(DevStackError::file("read", path)(error)),
    };
    let mut reader = BufReader::new(file);
    let mut text = String::new();
    loop {
        text.clear();
        reader.read_line(&mut text).map_err(DevStackError::file("read", path))?;
        // A line without its end was being written when the process died: it was never answered.
        let Some(line) = text.strip_suffix('\n') else { return Ok((version, objects)) };
        let damaged = |detail: String| DevStackError::Damaged { path: path.to_owned(), detail };
        let line: Line<'_> =
            serde_json::from_str(line).map_err(|error| damaged(error.to_string()))?;
        let kind = kinds::named(&line.plural)
            .ok_or_else(|| damaged(format!("it names the unknown kind {}", line.plural)))?;
        let (namespace, name) = (line.namespace.into_owned(), line.name.into_owned());
        let key = Key { kind, namespace, name };
        version = version.max(line.version);
        match line.object {
            Some(object) => objects.insert(key, Arc::new(object.into_owned())),
            None => objects.remove(&key),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn change(name: &str, version: u64, object: Option<Value>) -> Change {
        let kind = kinds::named("secrets").unwrap();
        let key = Key { kind, namespace: "acme".into(), name: name.into() };
        let after = object.map(Arc::new);
        Change { version, key, before: None, last: Arc::default(), after }
    }

    #[test]
    fn what_was_kept_is_there_again() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let (mut journal, _, _) = Journal::open(folder).unwrap();
        journal.append(&change("a", 1, Some(json!({"v": 1})))).unwrap();
        journal.append(&change("b", 2, Some(json!({"v": 1})))).unwrap();
        journal.append(&change("a", 3, Some(json!({"v": 2})))).unwrap();
        journal.append(&change("b", 4, None)).unwrap();
        let path = folder.join(FILE);
        let half = std::fs::read_to_string(&path).unwrap() + "{\"version\":9,\"pl";
        std::fs::write(&path, half).unwrap();
        let (_, version, objects) = Journal::open(folder).unwrap();
        let left: Vec<_> =
            objects.iter().map(|(key, object)| (key.name.as_str(), &object["v"])).collect();
        assert_eq!((version, left), (4, vec![("a", &json!(2))]));
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert_eq!(lines, 1, "opened, it holds what is there and no more");
    }

    #[test]
    fn a_file_that_is_something_else_is_said_to_be_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let unknown = "{\"version\":1,\"plural\":\"pods\",\"namespace\":\"a\",\"name\":\"b\"}\n";
        for text in ["hello\n", unknown] {
            std::fs::write(folder.join(FILE), text).unwrap();
            assert!(matches!(Journal::open(folder), Err(DevStackError::Damaged { .. })), "{text}");
        }
    }
}
