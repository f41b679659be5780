//! Objects under one rising version, with the latest changes, from which watches and the later pages
//! of a list are answered.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use camino::Utf8Path;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::journal::Journal;
use super::kinds::Kind;
use super::status::Refusal;
use crate::DevStackError;

/// Where an object is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) kind: &'static Kind,
    /// Empty for what belongs to the cluster.
    pub(crate) namespace: String,
    pub(crate) name: String,
}

/// What becomes of an object.
pub(crate) enum Write {
    /// It becomes this; when nothing differs, nothing happens.
    Put(Value),
    Remove,
}

/// One change.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) version: u64,
    pub(crate) key: Key,
    pub(crate) before: Option<Arc<Value>>,
    pub(crate) after: Option<Arc<Value>>,
    /// What it was when it was removed, under the version of the removal; else as `after`.
    pub(crate) last: Arc<Value>,
}

/// Objects with where they are.
pub(crate) type Listed = Vec<(Key, Arc<Value>)>;

/// All objects.
pub(crate) struct Store {
    state: Mutex<State>,
    /// The latest version, for those who wait for the next.
    latest: watch::Sender<u64>,
}

struct State {
    version: u64,
    objects: BTreeMap<Key, Arc<Value>>,
    history: VecDeque<Change>,
    history_max: usize,
    /// Changes up to this version cannot be told any more.
    forgotten: u64,
    journal: Option<Journal>,
}

impl Store {
    /// Opens what the folder keeps; `None` is in memory. At most `history_max` changes are remembered.
    pub(crate) fn open(
        folder: Option<&Utf8Path>,
        history_max: usize,
    ) -> Result<Self, DevStackError> {
        let (journal, version, objects) = match folder {
            Some(folder) => {
                let (journal, version, objects) = Journal::open(folder)?;
                (Some(journal), version, objects)
            }
            None => (None, 0, BTreeMap::new()),
        };
        let state = State {
            version,
            objects,
            history: VecDeque::new(),
            history_max,
            forgotten: version,
            journal,
        };
        Ok(Self { state: Mutex::new(state), latest: watch::Sender::new(version) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn version(&self) -> u64 {
        self.state().version
    }

    /// Tells of every new version.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.latest.subscribe()
    }

    pub(crate) fn get(&self, key: &Key) -> Option<Arc<Value>> {
        self.state().objects.get(key).cloned()
    }

    /// Changes one object as `decide` says, with nobody in between; gives what it is then, or was
    /// when it was removed. With `rehearse`, nothing is kept.
    pub(crate) fn write(
        &self,
        key: &Key,
        rehearse: bool,
        decide: impl FnOnce(Option<&Value>) -> Result<Write, Refusal>,
    ) -> Result<Arc<Value>, Refusal> {
        let mut state = self.state();
        let before = state.objects.get(key).cloned();
        let write = decide(before.as_deref())?;
        let (mut object, stays) = match write {
            Write::Put(object) if before.as_deref() == Some(&object) => {
                return Ok(Arc::new(object));
            }
            Write::Put(object) => (object, true),
            Write::Remove => {
                let gone = before.clone();
                let gone = gone.ok_or_else(|| Refusal::not_found(key.kind, &key.name))?;
                (Arc::unwrap_or_clone(gone), false)
            }
        };
        if rehearse {
            return Ok(Arc::new(object));
        }
        let version = state.version + 1;
        object["metadata"]["resourceVersion"] = json!(version.to_string());
        let last = Arc::new(object);
        let after = stays.then(|| Arc::clone(&last));
        state.keep(Change { version, key: key.clone(), before, after, last: Arc::clone(&last) })?;
        self.latest.send_replace(version);
        Ok(last)
    }

    /// All objects of a kind, in the order of their keys, as they were at a version (now, if `None`).
    pub(crate) fn list(
        &self,
        kind: &'static Kind,
        namespace: Option<&str>,
        at: Option<u64>,
    ) -> Result<(u64, Listed), Refusal> {
        let state = self.state();
        let version = at.unwrap_or(state.version);
        let wanted =
            |key: &Key| key.kind == kind && namespace.is_none_or(|name| key.namespace == name);
        let mut objects: BTreeMap<Key, Arc<Value>> = state
            .objects
            .iter()
            .filter(|(key, _)| wanted(key))
            .map(|(key, object)| (key.clone(), Arc::clone(object)))
            .collect();
        if version < state.forgotten {
            return Err(Refusal::expired(version, state.forgotten));
        }
        let later = state.history.iter().rev().take_while(|change| change.version > version);
        for change in later.filter(|change| wanted(&change.key)) {
            match &change.before {
                Some(before) => objects.insert(change.key.clone(), Arc::clone(before)),
                None => objects.remove(&change.key),
            };
        }
        Ok((version, objects.into_iter().collect()))
    }

    /// What lives in a namespace.
    pub(crate) fn within(&self, namespace: &str) -> Vec<Key> {
        let state = self.state();
        state.objects.keys().filter(|key| key.namespace == namespace).cloned().collect()
    }

    /// The changes to a kind after a version.
    pub(crate) fn since(
        &self,
        version: u64,
        kind: &'static Kind,
        namespace: Option<&str>,
    ) -> Result<(u64, Vec<Change>), Refusal> {
        let state = self.state();
        if version < state.forgotten {
            return Err(Refusal::expired(version, state.forgotten));
        }
        let from = state.history.partition_point(|change| change.version <= version);
        let changes = state.history.range(from..).filter(|change| {
            change.key.kind == kind && namespace.is_none_or(|name| change.key.namespace == name)
        });
        Ok((state.version, changes.cloned().collect()))
    }

    /// Forgets the changes so far, as a server does that starts again: the objects stay.
    pub(crate) fn forget_history(&self) {
        let mut state = self.state();
        state.history.clear();
        state.forgotten = state.version;
    }
}

impl State {
    fn keep(&mut self, change: Change) -> Result<(), Refusal> {
        if let Some(journal) = &mut self.journal {
            journal.append(&change).map_err(|error| {
                let why = format!("the object could not be kept: {error}");
                Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, why)
            })?;
        }
        self.version = change.version;
        match &change.after {
            Some(object) => self.objects.insert(change.key.clone(), Arc::clone(object)),
            None => self.objects.remove(&change.key),
        };
        self.history.push_back(change);
        while self.history.len() > self.history_max {
            self.forgotten = self.history.pop_front().map_or(self.forgotten, |old| old.version);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::kinds::named;

    fn key(name: &str) -> Key {
        Key { kind: named("configmaps").unwrap(), namespace: "acme".into(), name: name.into() }
    }

    fn put(store: &Store, name: &str, value: u32) {
        let object = json!({"metadata": {"name": name}, "data": {"v": value}});
        store.write(&key(name), false, |_| Ok(Write::Put(object))).unwrap();
    }

    fn names(store: &Store, at: Option<u64>) -> Vec<String> {
        let (_, objects) = store.list(named("configmaps").unwrap(), None, at).unwrap();
        objects
            .into_iter()
            .map(|(key, object)| format!("{}={}", key.name, object["data"]["v"]))
            .collect()
    }

    #[test]
    fn a_list_can_be_had_as_it_was() {
        let store = Store::open(None, 10).unwrap();
        put(&store, "a", 1);
        put(&store, "b", 1);
        let then = store.version();
        put(&store, "a", 2);
        put(&store, "c", 1);
        store.write(&key("b"), false, |_| Ok(Write::Remove)).unwrap();
        assert_eq!(names(&store, None), ["a=2", "c=1"]);
        assert_eq!(names(&store, Some(then)), ["a=1", "b=1"]);
    }

    #[test]
    fn what_is_too_old_is_expired_and_what_is_not_is_told() {
        let store = Store::open(None, 2).unwrap();
        let kind = named("configmaps").unwrap();
        for version in 1..=4 {
            put(&store, "a", version);
        }
        assert!(store.since(1, kind, None).is_err(), "the change to 2 is forgotten");
        assert_eq!(store.since(2, kind, None).unwrap().1.len(), 2);
        assert_eq!(store.since(2, kind, Some("other")).unwrap().1.len(), 0);
        assert!(store.list(kind, None, Some(1)).is_err());
        store.forget_history();
        assert!(store.since(3, kind, None).is_err(), "a server that started again");
        assert!(store.since(4, kind, None).unwrap().1.is_empty(), "who is up to date may go on");
    }

    #[test]
    fn a_rehearsal_and_a_write_that_changes_nothing_leave_the_version() {
        let store = Store::open(None, 10).unwrap();
        put(&store, "a", 1);
        let same = store.get(&key("a")).unwrap();
        store.write(&key("a"), false, |_| Ok(Write::Put(Value::clone(&same)))).unwrap();
        store.write(&key("a"), true, |_| Ok(Write::Remove)).unwrap();
        assert_eq!((store.version(), store.get(&key("a")).is_some()), (1, true));
    }
}
