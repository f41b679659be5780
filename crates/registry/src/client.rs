//! The client: one for a process, cheap to clone. What it can do stands in the modules beside:
//! `manifests`, `blobs`, `upload`, `tags`, `attach`, `gather`.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use sealwright_evidence::Digest;
use sealwright_flux::Authorities as SourceAuthorities;

use crate::error::{Fault, RegistryError};
use crate::limits::AUTHORITIES_COUNT_MAX;
use crate::options::ClientOptions;
use crate::reference::Repository;
use crate::transport::{Authorities, Call, Transport};

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
    pub(crate) transport: Arc<Transport>,
    options: ClientOptions,
    /// What speaks for Flux's sources, by the certificate authorities that they name; `None` is those
    /// that everybody trusts.
    by_authorities: Mutex<HashMap<Option<String>, Arc<Transport>>>,
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
        let authorities =
            options.ca_certificates.as_deref().map_or(Authorities::Everybodys, Authorities::File);
        let shared = Shared {
            transport: Arc::new(Transport::new(options.clone(), authorities)?),
            options,
            by_authorities: Mutex::default(),
            known_blobs: Mutex::default(),
            index_writers: Mutex::default(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// HTTP requests sent so far, those for tokens and repetitions included.
    pub fn request_count(&self) -> u64 {
        let others = self.shared.by_authorities.lock().unwrap_or_else(PoisonError::into_inner);
        let of_others = others.values().map(|transport| transport.request_count());
        self.shared.transport.request_count() + of_others.sum::<u64>()
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.shared.transport
    }

    pub(crate) fn has_authorities(&self) -> bool {
        self.shared.options.ca_certificates.is_some()
    }

    /// What speaks for one of Flux's sources, with the certificate authorities that its controller
    /// has, and with ours only where they stand in for a Secret that nobody looked at.
    pub(crate) fn transport_for(
        &self,
        authorities: &SourceAuthorities,
    ) -> Result<Arc<Transport>, RegistryError> {
        let shared = &self.shared;
        let pem = match authorities {
            SourceAuthorities::Named(pem) => Some(pem),
            SourceAuthorities::Everybodys if shared.options.ca_certificates.is_some() => None,
            _ => return Ok(Arc::clone(&shared.transport)),
        };
        let mut others = shared.by_authorities.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = others.get(&pem.cloned()) {
            return Ok(Arc::clone(known));
        }
        if others.len() >= AUTHORITIES_COUNT_MAX {
            let why =
                format!("sources name more than {AUTHORITIES_COUNT_MAX} different authorities");
            return Err(RegistryError::new("ca.crt", Fault::Limit { why }));
        }
        let own = pem.map_or(Authorities::Everybodys, |pem| Authorities::Pem(pem));
        let made = Arc::new(Transport::new(shared.options.clone(), own)?);
        others.insert(pem.cloned(), Arc::clone(&made));
        Ok(made)
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
    fn a_source_is_asked_for_with_the_authorities_that_its_controller_has() {
        let ca = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ca.pem");
        let pem = std::fs::read_to_string(&ca).unwrap();
        let named = SourceAuthorities::Named(pem);
        for (ca_certificates, authorities, expected, why) in [
            (Some(&ca), &SourceAuthorities::Everybodys, false, "nobody gives it ours"),
            (Some(&ca), &SourceAuthorities::Assumed, true, "ours stand in for what was not seen"),
            (Some(&ca), &named, true, "its own"),
            (None, &named, true, "its own, whatever we have"),
            (None, &SourceAuthorities::Assumed, false, "there are none at hand"),
            (None, &SourceAuthorities::Everybodys, false, "none on either side"),
        ] {
            let options = ClientOptions {
                ca_certificates: ca_certificates.cloned(),
                ..ClientOptions::stranger()
            };
            let client = Client::new(options).unwrap();
            let speaks = format!("{:?}", client.transport_for(authorities).unwrap());
            assert!(speaks.contains("certificates: ["), "{why}: what it trusts is shown");
            assert_eq!(!speaks.contains("certificates: []"), expected, "{why}: {speaks}");
            // What is judged and not predicted is always asked for with all that was given.
            let judges = format!("{:?}", client.transport());
            assert_eq!(!judges.contains("certificates: []"), ca_certificates.is_some(), "{why}");
        }
    }

    #[test]
    fn authorities_of_sources_are_kept_within_a_limit_and_must_be_some() {
        let client = Client::new(ClientOptions::stranger()).unwrap();
        let ca = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/ca.pem");
        let pem = std::fs::read_to_string(&ca).unwrap();
        for at in 0..=AUTHORITIES_COUNT_MAX {
            let named = SourceAuthorities::Named(format!("{pem}{}", "\n".repeat(at)));
            let fits = client.transport_for(&named).is_ok();
            assert_eq!(fits, at < AUTHORITIES_COUNT_MAX, "number {at}");
        }
        let first = SourceAuthorities::Named(pem);
        assert!(client.transport_for(&first).is_ok(), "what is known costs nothing");
        let none = Client::new(ClientOptions::stranger()).unwrap();
        let none = none.transport_for(&SourceAuthorities::Named("-----BEGIN".to_owned()));
        assert!(none.is_err(), "no certificate is no trust");
    }
}
