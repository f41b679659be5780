//! The client: one for a process, cheap to clone. What it can do stands in the modules beside:
//! `manifests`, `blobs`, `upload`, `tags`, `attach`, `gather`.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use sealwright_evidence::Digest;

use crate::error::RegistryError;
use crate::options::ClientOptions;
use crate::reference::Repository;
use crate::transport::{Call, Transport};

/// An answer that could be found out. "Could not tell" is an error, never [`Lookup::Absent`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup<T> {
    /// It is there.
    Found(T),
    /// The registry says that it is not there.
    Absent,
}

impl<T> Lookup<T> {
    /// What was found, if anything.
    pub fn found(self) -> Option<T> {
        match self {
            Self::Found(value) => Some(value),
            Self::Absent => None,
        }
    }

    /// The same answer about something made from it.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Lookup<U> {
        match self {
            Self::Found(value) => Lookup::Found(f(value)),
            Self::Absent => Lookup::Absent,
        }
    }
}

/// A client for any number of registries. Each call takes at most the deadline of its options.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) shared: Arc<Shared>,
}

/// Whoever holds the lock may write.
type Turn = Arc<tokio::sync::Mutex<()>>;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) transport: Transport,
    /// For sources that name no certificate authorities, where that makes a difference.
    without_authorities: Option<Transport>,
    /// Blobs that this client has seen in a repository or put there, so that the empty config of
    /// three attestations is looked for once.
    known_blobs: Mutex<HashSet<(Repository, Digest)>>,
    /// One writer of a fallback index at a time within this process; against others there is
    /// only reading it again.
    index_writers: Mutex<HashMap<(Repository, Digest), Turn>>,
}

impl Client {
    /// A client. Reads the file of certificate authorities, nothing else; credentials are looked
    /// for when a registry first asks for them.
    pub fn new(options: ClientOptions) -> Result<Self, RegistryError> {
        let differs = options.authorities_by_source && options.ca_certificates.is_some();
        let without = differs.then(|| ClientOptions { ca_certificates: None, ..options.clone() });
        let shared = Shared {
            without_authorities: without.map(Transport::new).transpose()?,
            transport: Transport::new(options)?,
            known_blobs: Mutex::default(),
            index_writers: Mutex::default(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// HTTP requests sent so far, those for tokens and repetitions included.
    pub fn request_count(&self) -> u64 {
        let without = self.shared.without_authorities.as_ref();
        self.shared.transport.request_count() + without.map_or(0, Transport::request_count)
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.shared.transport
    }

    /// What speaks for a source: with the additional certificate authorities where it names some.
    pub(crate) fn transport_for(&self, names_authorities: bool) -> &Transport {
        match &self.shared.without_authorities {
            Some(without) if !names_authorities => without,
            _ => &self.shared.transport,
        }
    }

    /// The start of a call: its deadline begins to run.
    pub(crate) fn call(&self) -> Call {
        self.shared.transport.call()
    }

    pub(crate) fn knows_blob(&self, repository: &Repository, digest: Digest) -> bool {
        let known = self.shared.known_blobs.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains(&(repository.clone(), digest))
    }

    pub(crate) fn remember_blob(&self, repository: &Repository, digest: Digest) {
        let mut known = self.shared.known_blobs.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert((repository.clone(), digest));
    }

    pub(crate) fn index_writer(&self, repository: &Repository, artifact: Digest) -> Turn {
        let mut writers = self.shared.index_writers.lock().unwrap_or_else(PoisonError::into_inner);
        writers.entry((repository.clone(), artifact)).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use super::*;

    /// That such a registry is not reached without its authority, `transport::http` shows.
    #[test]
    fn a_source_that_names_no_authorities_is_not_lent_ours() {
        let ca = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ca.pem");
        for (ca_certificates, authorities_by_source, names_authorities, expected, why) in [
            (Some(&ca), true, true, true, "the source names them"),
            (Some(&ca), true, false, false, "the controller would not have them"),
            (Some(&ca), false, false, true, "nobody asks for the controller"),
            (None, true, true, false, "there are none"),
        ] {
            let options = ClientOptions {
                ca_certificates: ca_certificates.cloned(),
                authorities_by_source,
                ..ClientOptions::stranger()
            };
            let client = Client::new(options).unwrap();
            let speaks = format!("{:?}", client.transport_for(names_authorities));
            assert_eq!(!speaks.contains("certificates: []"), expected, "{why}: {speaks}");
            assert!(speaks.contains("certificates: ["), "{why}: what it trusts is shown");
            // What is judged and not predicted is always asked for with all that was given.
            assert_eq!(
                !format!("{:?}", client.transport()).contains("certificates: []"),
                ca_certificates.is_some(),
                "{why}"
            );
        }
    }
}
