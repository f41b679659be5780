//! A registry, a client, and an artifact in it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use sealwright_devstack::registry::{Effect, Fault, RegistryOptions, RegistryServer};
use sealwright_evidence::artifact::{FLUX_CONFIG, FLUX_LAYER, FluxArtifact};
use sealwright_evidence::descriptor::OCI_MANIFEST;
use sealwright_evidence::{Blob, Descriptor, Digest};
use sealwright_policy::Code;
use sealwright_registry::{
    BlobSource, Client, ClientOptions, CredentialSource, Lookup, RegistryError, Repository, Target,
};

/// Retries come at once, so that a fault that lasts ends by its attempts and not by the clock.
const BACKOFF: Duration = Duration::from_millis(1);
pub(crate) const PREDICATE: &str = "https://sealwright.dev/publication/v1";
pub(crate) const CREATED: jiff::Timestamp = jiff::Timestamp::UNIX_EPOCH;

pub(crate) struct World {
    pub(crate) server: RegistryServer,
    pub(crate) client: Client,
    pub(crate) repository: Repository,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::of(RegistryOptions::default())
    }

    pub(crate) fn of(options: RegistryOptions) -> Self {
        Self::with_credentials(options, CredentialSource::Anonymous)
    }

    pub(crate) fn with_credentials(
        options: RegistryOptions,
        credentials: CredentialSource,
    ) -> Self {
        let server = RegistryServer::start(options).unwrap();
        let repository = repository(&server.address().to_string());
        Self { server, client: client(credentials), repository }
    }

    pub(crate) fn faults(&self, faults: impl IntoIterator<Item = Fault>) {
        self.server.set_faults(faults.into_iter().collect());
    }

    pub(crate) fn no_faults(&self) {
        self.faults([]);
    }

    /// Requests as `METHOD kind`, in order.
    pub(crate) fn requests(&self) -> Vec<String> {
        let requests = self.server.requests();
        requests.iter().map(|request| format!("{} {:?}", request.method, request.kind)).collect()
    }

    /// Round trips that were made one after the other.
    pub(crate) fn rounds(&self) -> u64 {
        self.server.requests().iter().map(|request| request.round).max().unwrap_or_default()
    }

    /// What a call costs in requests.
    pub(crate) async fn cost<T>(&self, call: impl Future<Output = T>) -> (T, usize) {
        self.server.clear_requests();
        let answer = call.await;
        (answer, self.server.requests().len())
    }

    pub(crate) async fn push_blob(&self, bytes: &[u8]) -> Descriptor {
        let (digest, size) = (Digest::of(bytes), bytes.len() as u64);
        let source = BlobSource::Bytes(Bytes::copy_from_slice(bytes));
        self.client.push_blob(&self.repository, &digest, size, source).await.unwrap();
        Descriptor::of("application/octet-stream", bytes)
    }

    /// An artifact under `latest`; each has another content.
    pub(crate) async fn publish(&self) -> Blob {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let content = format!("content {}", COUNT.fetch_add(1, Ordering::Relaxed));
        let layer = self.push_blob(content.as_bytes()).await;
        let config = self.push_blob(b"{}").await;
        let manifest =
            FluxArtifact::new((&config.digest, config.size), (&layer.digest, layer.size));
        let bytes = manifest.to_bytes();
        assert!(
            [FLUX_CONFIG, FLUX_LAYER].iter().all(|t| String::from_utf8_lossy(&bytes).contains(t))
        );
        let target = tag("latest");
        let pushed =
            self.client.push_manifest(&self.repository, &target, OCI_MANIFEST, bytes.clone()).await;
        Blob {
            digest: pushed.unwrap().digest.to_string(),
            media_type: OCI_MANIFEST.to_owned(),
            bytes,
        }
    }

    pub(crate) async fn attach(&self, artifact: &Blob, bundle: &[u8]) -> Digest {
        let artifact = descriptor(artifact);
        let attached =
            self.client.attach(&self.repository, &artifact, bundle, PREDICATE, CREATED).await;
        attached.unwrap().manifest_digest
    }
}

pub(crate) fn client(credentials: CredentialSource) -> Client {
    let backoff_first = BACKOFF;
    Client::new(ClientOptions { credentials, backoff_first, ..ClientOptions::stranger() }).unwrap()
}

/// A client that waits for nobody.
pub(crate) fn hurried_client() -> Client {
    let deadline = Duration::from_millis(300);
    Client::new(ClientOptions { deadline, ..ClientOptions::stranger() }).unwrap()
}

pub(crate) fn repository(host: &str) -> Repository {
    Repository::parse(&format!("{host}/acme/platform")).unwrap()
}

pub(crate) fn tag(name: &str) -> Target {
    Target::tag(name).unwrap()
}

pub(crate) fn digest(text: &str) -> Target {
    Target::Digest(Digest::parse(text).unwrap())
}

pub(crate) fn descriptor(manifest: &Blob) -> Descriptor {
    Descriptor::of(&manifest.media_type, &manifest.bytes)
}

pub(crate) fn status(code: u16) -> Effect {
    Effect::Status { code, retry_after: None }
}

/// "Could not tell", under this code.
#[track_caller]
pub(crate) fn assert_unknown<T: std::fmt::Debug>(
    answer: Result<Lookup<T>, RegistryError>,
    code: Code,
    why: &str,
) {
    match answer {
        Err(error) => assert_eq!(error.code(), code, "{why}: {error}"),
        Ok(answer) => panic!("{why}: {answer:?}"),
    }
}
