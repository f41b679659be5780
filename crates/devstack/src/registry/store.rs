//! What the registry holds: blobs, manifests, tags and referrers of each repository, indexed in
//! memory and, when it has a folder, kept on disk.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard};

use bytes::Bytes;
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use super::disk::{Disk, Fact, Kind};
use super::manifest::Facts;
use super::names::Digest;
use crate::DevStackError;

/// Blobs up to this many bytes are answered from memory; bundles, configs and small layers fit.
pub(crate) const KEPT_BYTES_MAX: usize = 256 << 10;

/// A blob that can be served.
#[derive(Clone, Debug)]
pub(crate) enum Blob {
    Memory(Bytes),
    File { path: Utf8PathBuf, size: u64 },
}

impl Blob {
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { size, .. } => *size,
        }
    }
}

/// A manifest as it was pushed.
#[derive(Clone, Debug)]
pub(crate) struct StoredManifest {
    pub(crate) digest: Digest,
    pub(crate) media_type: String,
    pub(crate) bytes: Bytes,
}

#[derive(Debug, Default)]
struct Repository {
    blobs: BTreeSet<Digest>,
    manifests: BTreeMap<Digest, StoredManifest>,
    tags: BTreeMap<String, Digest>,
    /// Descriptors by the digest that they refer to; ordered by their own digest, which pages rely on.
    referrers: BTreeMap<Digest, BTreeMap<Digest, Value>>,
}

#[derive(Debug, Default)]
struct Index {
    contents: HashMap<Digest, Blob>,
    repositories: BTreeMap<String, Repository>,
}

#[derive(Debug)]
pub(crate) struct Store {
    disk: Option<Disk>,
    index: Mutex<Index>,
}

impl Store {
    /// A store that lives as long as the process.
    pub(crate) fn in_memory() -> Self {
        Self { disk: None, index: Mutex::default() }
    }

    /// A store in a folder, with everything that was in it before.
    pub(crate) fn open(root: &Utf8Path) -> Result<Self, DevStackError> {
        let disk = Disk::open(root)?;
        let mut index = Index::default();
        for fact in disk.facts()? {
            index.recall(&disk, root, fact)?;
        }
        Ok(Self { disk: Some(disk), index: Mutex::new(index) })
    }

    /// Where an upload that grows large may be written; `None` keeps it in memory.
    pub(crate) fn incoming(&self) -> Option<Utf8PathBuf> {
        self.disk.as_ref().map(Disk::incoming)
    }

    pub(crate) fn blob(&self, repository: &str, digest: &Digest) -> Option<Blob> {
        let index = self.lock();
        index.repositories.get(repository)?.blobs.get(digest)?;
        index.contents.get(digest).cloned()
    }

    /// Adds a blob whose bytes are in memory.
    pub(crate) fn add_blob(
        &self,
        repository: &str,
        digest: &Digest,
        bytes: Bytes,
    ) -> io::Result<()> {
        let mut index = self.lock();
        let blob = match &self.disk {
            Some(disk) => {
                disk.write_content(digest, &bytes)?;
                on_disk(disk, digest, bytes)
            }
            None => Blob::Memory(bytes),
        };
        self.join_blob(&mut index, repository, digest, blob)
    }

    /// Adds a blob whose bytes are in a file that [`Store::incoming`] named.
    pub(crate) fn adopt_blob(
        &self,
        repository: &str,
        digest: &Digest,
        file: &Utf8Path,
        size: u64,
    ) -> io::Result<()> {
        let mut index = self.lock();
        let disk =
            self.disk.as_ref().ok_or_else(|| io::Error::other("this store has no folder"))?;
        disk.adopt_content(digest, file)?;
        let blob = Blob::File { path: disk.content_path(digest), size };
        self.join_blob(&mut index, repository, digest, blob)
    }

    /// Lets `to` hold a blob that `from` holds; false when `from` does not hold it.
    pub(crate) fn mount(&self, from: &str, to: &str, digest: &Digest) -> io::Result<bool> {
        let Some(blob) = self.blob(from, digest) else { return Ok(false) };
        self.join_blob(&mut self.lock(), to, digest, blob)?;
        Ok(true)
    }

    fn join_blob(
        &self,
        index: &mut Index,
        repository: &str,
        digest: &Digest,
        blob: Blob,
    ) -> io::Result<()> {
        if let Some(disk) = &self.disk {
            disk.record(repository, Kind::Blob, &digest.file_name(), "")?;
        }
        index.contents.insert(digest.clone(), blob);
        index.repository(repository).blobs.insert(digest.clone());
        Ok(())
    }

    /// Takes a blob out of a repository, and its bytes away when no other repository holds it.
    pub(crate) fn remove_blob(&self, repository: &str, digest: &Digest) -> io::Result<bool> {
        let mut index = self.lock();
        let Some(held) = index.repositories.get_mut(repository) else { return Ok(false) };
        if !held.blobs.remove(digest) {
            return Ok(false);
        }
        let needed = index.needs_content(digest);
        if !needed {
            index.contents.remove(digest);
        }
        if let Some(disk) = &self.disk {
            disk.forget(repository, Kind::Blob, &digest.file_name())?;
            if !needed {
                disk.remove_content(digest)?;
            }
        }
        Ok(true)
    }

    /// Whether a manifest's blobs and manifests are all here; the first missing digest if not.
    pub(crate) fn first_missing(&self, repository: &str, facts: &Facts) -> Option<Digest> {
        let index = self.lock();
        let held = index.repositories.get(repository);
        let lacks_blob = |digest: &&Digest| !held.is_some_and(|held| held.blobs.contains(*digest));
        let lacks_manifest =
            |digest: &&Digest| !held.is_some_and(|held| held.manifests.contains_key(*digest));
        let missing = facts.blobs.iter().find(lacks_blob);
        missing.or_else(|| facts.manifests.iter().find(lacks_manifest)).cloned()
    }

    /// Stores a manifest, and points `tag` at it.
    pub(crate) fn put_manifest(
        &self,
        repository: &str,
        tag: Option<&str>,
        manifest: StoredManifest,
        facts: &Facts,
    ) -> io::Result<()> {
        let mut index = self.lock();
        let digest = manifest.digest.clone();
        if let Some(disk) = &self.disk {
            disk.write_content(&digest, &manifest.bytes)?;
            let name = digest.file_name();
            disk.record(repository, Kind::Manifest, &name, &manifest.media_type)?;
            if let Some(tag) = tag {
                disk.record(repository, Kind::Tag, tag, digest.as_str())?;
            }
        }
        let held = index.repository(repository);
        held.add_manifest(manifest, facts);
        if let Some(tag) = tag {
            held.tags.insert(tag.to_owned(), digest);
        }
        Ok(())
    }

    pub(crate) fn manifest(&self, repository: &str, digest: &Digest) -> Option<StoredManifest> {
        self.lock().repositories.get(repository)?.manifests.get(digest).cloned()
    }

    pub(crate) fn tag(&self, repository: &str, tag: &str) -> Option<Digest> {
        self.lock().repositories.get(repository)?.tags.get(tag).cloned()
    }

    pub(crate) fn remove_tag(&self, repository: &str, tag: &str) -> io::Result<bool> {
        let mut index = self.lock();
        let held = index.repositories.get_mut(repository);
        if held.and_then(|held| held.tags.remove(tag)).is_none() {
            return Ok(false);
        }
        if let Some(disk) = &self.disk {
            disk.forget(repository, Kind::Tag, tag)?;
        }
        Ok(true)
    }

    /// Removes a manifest and every tag that points at it.
    pub(crate) fn remove_manifest(&self, repository: &str, digest: &Digest) -> io::Result<bool> {
        let mut index = self.lock();
        let Some(held) = index.repositories.get_mut(repository) else { return Ok(false) };
        if held.manifests.remove(digest).is_none() {
            return Ok(false);
        }
        for listed in held.referrers.values_mut() {
            listed.remove(digest);
        }
        let tags: Vec<String> =
            held.tags.iter().filter(|(_, to)| *to == digest).map(|(tag, _)| tag.clone()).collect();
        held.tags.retain(|_, to| to != digest);
        if let Some(disk) = &self.disk {
            for tag in &tags {
                disk.forget(repository, Kind::Tag, tag)?;
            }
            disk.forget(repository, Kind::Manifest, &digest.file_name())?;
            if !index.needs_content(digest) {
                disk.remove_content(digest)?;
            }
        }
        Ok(true)
    }

    /// Tags in order, behind `last`, as many as asked for; `None` when the repository does not exist.
    pub(crate) fn tags(
        &self,
        repository: &str,
        last: Option<&str>,
        count: usize,
    ) -> Option<Vec<String>> {
        Some(keys_behind(&self.lock().repositories.get(repository)?.tags, last, count))
    }

    pub(crate) fn repositories(&self, last: Option<&str>, count: usize) -> Vec<String> {
        keys_behind(&self.lock().repositories, last, count)
    }

    /// Descriptors of the manifests that refer to `digest`, ordered by their own digest, behind `last`.
    pub(crate) fn referrers(
        &self,
        repository: &str,
        digest: &Digest,
        artifact_type: Option<&str>,
        last: Option<&str>,
        count: usize,
    ) -> Vec<Value> {
        let index = self.lock();
        let listed = index.repositories.get(repository).and_then(|held| held.referrers.get(digest));
        let behind = |digest: &Digest| last.is_none_or(|last| digest.as_str() > last);
        let wanted = |descriptor: &Value| {
            artifact_type.is_none_or(|wanted| descriptor["artifactType"] == wanted)
        };
        listed
            .into_iter()
            .flatten()
            .filter(|(digest, descriptor)| behind(digest) && wanted(descriptor))
            .take(count)
            .map(|(_, descriptor)| descriptor.clone())
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        // A panic while the lock was held has left at worst a smaller index: go on with it.
        self.index.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Repository {
    fn add_manifest(&mut self, manifest: StoredManifest, facts: &Facts) {
        if let Some(referred) = &facts.subject_descriptor {
            let descriptor = facts.descriptor(&manifest.digest, manifest.bytes.len());
            let listed = self.referrers.entry(referred.clone()).or_default();
            listed.insert(manifest.digest.clone(), descriptor);
        }
        self.manifests.insert(manifest.digest.clone(), manifest);
    }
}

impl Index {
    fn repository(&mut self, name: &str) -> &mut Repository {
        self.repositories.entry(name.to_owned()).or_default()
    }

    fn needs_content(&self, digest: &Digest) -> bool {
        self.repositories
            .values()
            .any(|held| held.blobs.contains(digest) || held.manifests.contains_key(digest))
    }

    /// Takes one fact from disk into the index.
    fn recall(&mut self, disk: &Disk, root: &Utf8Path, fact: Fact) -> Result<(), DevStackError> {
        let damaged = || DevStackError::Damaged {
            path: root.join("repositories").join(&fact.repository),
            detail: format!("{:?} {} does not hold what it should", fact.kind, fact.name),
        };
        if fact.kind == Kind::Tag {
            let digest = Digest::parse(&fact.text).ok_or_else(damaged)?;
            self.repository(&fact.repository).tags.insert(fact.name, digest);
            return Ok(());
        }
        let digest = Digest::from_file_name(&fact.name).ok_or_else(damaged)?;
        let path = disk.content_path(&digest);
        let read_failed = DevStackError::file("read", &path);
        if fact.kind == Kind::Manifest {
            let bytes = disk.read_content(&digest).map_err(read_failed)?;
            let facts = Facts::read(&bytes, Some(&fact.text)).map_err(|_| damaged())?;
            let manifest = StoredManifest { digest, media_type: fact.text, bytes };
            self.repository(&fact.repository).add_manifest(manifest, &facts);
        } else {
            let blob = recall_blob(disk, &digest).map_err(read_failed)?;
            self.contents.insert(digest.clone(), blob);
            self.repository(&fact.repository).blobs.insert(digest);
        }
        Ok(())
    }
}

fn keys_behind<T>(map: &BTreeMap<String, T>, last: Option<&str>, count: usize) -> Vec<String> {
    let start = last.map_or(Bound::Unbounded, Bound::Excluded);
    let behind = map.range::<str, _>((start, Bound::Unbounded));
    behind.take(count).map(|(key, _)| key.clone()).collect()
}

fn recall_blob(disk: &Disk, digest: &Digest) -> io::Result<Blob> {
    let path = disk.content_path(digest);
    let size = path.metadata()?.len();
    if size <= KEPT_BYTES_MAX as u64 {
        return disk.read_content(digest).map(Blob::Memory);
    }
    Ok(Blob::File { path, size })
}

fn on_disk(disk: &Disk, digest: &Digest, bytes: Bytes) -> Blob {
    if bytes.len() <= KEPT_BYTES_MAX {
        return Blob::Memory(bytes);
    }
    Blob::File { path: disk.content_path(digest), size: bytes.len() as u64 }
}
