//! A stage for the transaction: the dev stack, a folder to publish, somebody who may sign, and a
//! stranger who looks at what others do.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test ends there")]

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use sealwright_devstack::registry::{Kind, RegistryOptions, RegistryServer, RequestRecord};
use sealwright_devstack::sigstore::{Sigstore, SigstoreOptions, TokenRequest};
use sealwright_evidence::judge;
use sealwright_keyless::{HttpOptions, TrustSource, load_trust};
use sealwright_policy::{Config, Issuers, Requirements, Verdict};
use sealwright_publisher::contents::{Limits, threads_available};
use sealwright_publisher::publish::{Environments, Packing, Parts, Silent, World};
use sealwright_publisher::source::SourceFlags;
use sealwright_registry::{Client, ClientOptions, GatherOptions, Lookup, Repository, Target};

const CONFIG: &str = include_str!("sealwright.yaml");
const DECLARED: &str = "acme/platform/manifests";

pub(crate) struct Stage {
    pub(crate) stack: Stack,
    folder: tempfile::TempDir,
}

/// The dev stack's two servers. The registry is kept in memory: these tests are many, and a disk
/// that others use would be what they measure.
pub(crate) struct Stack {
    registry: RegistryServer,
    sigstore: Sigstore,
}

impl Stack {
    fn start(options: RegistryOptions) -> Self {
        let registry = RegistryServer::start(options).unwrap();
        Self { registry, sigstore: Sigstore::start(SigstoreOptions::default()).unwrap() }
    }

    pub(crate) fn registry(&self) -> &RegistryServer {
        &self.registry
    }

    pub(crate) fn sigstore(&self) -> &Sigstore {
        &self.sigstore
    }
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with(RegistryOptions::default())
    }

    pub(crate) fn with(options: RegistryOptions) -> Self {
        // A second test of the same process finds it installed.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let stage = Self { stack: Stack::start(options), folder: tempfile::tempdir().unwrap() };
        stage.write(
            "k8s/app.yaml",
            "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: nginx:1.29}]}\n",
        );
        stage.write("sealwright.yaml", CONFIG);
        stage.token("token", &TokenRequest::default());
        stage
    }

    pub(crate) fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.folder.path()).unwrap()
    }

    pub(crate) fn write(&self, path: &str, text: &str) -> Utf8PathBuf {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Puts a token for this run into a file.
    pub(crate) fn token(&self, file: &str, run: &TokenRequest) -> Utf8PathBuf {
        let token = self.stack.sigstore().token(run).unwrap();
        self.write(file, &token)
    }

    pub(crate) fn registry(&self) -> String {
        self.stack.registry().address().to_string()
    }

    pub(crate) fn repository(&self, path: &str) -> Repository {
        Repository::parse(&format!("{}/{path}", self.registry())).unwrap()
    }

    pub(crate) fn requirements(&self) -> Requirements {
        let today = jiff::civil::date(2026, 11, 1);
        let config = Config::parse("sealwright.yaml", CONFIG, today).unwrap();
        let issuers = Issuers { github: self.stack.sigstore().issuer_url().to_owned() };
        config.requirements("manifests", &issuers).unwrap()
    }

    fn trust(&self) -> TrustSource {
        TrustSource::Folder(self.stack.sigstore().trust_folder().to_owned())
    }

    /// Who publishes into the repository of this path.
    pub(crate) fn world(&self, path: &str) -> World {
        let mut world = World::new(Parts {
            name: "manifests".to_owned(),
            repository: self.repository(path),
            requirements: self.requirements(),
            writer: Client::new(ClientOptions::stranger()).unwrap(),
            stranger: ClientOptions::stranger(),
            trust: self.trust(),
            http: HttpOptions::default(),
            talk: Box::new(Silent),
        });
        world.token.file = Some(self.path().join("token"));
        world.waits.clear();
        world.checkout = self.path().to_owned();
        world
    }

    /// The same with environments whose Flux is asked.
    pub(crate) fn world_with_environments(&self, path: &str, environments: &str) -> World {
        let today = jiff::civil::date(2026, 11, 1);
        let text = CONFIG.replace(&format!("ghcr.io/{DECLARED}"), &format!("ghcr.io/{path}"));
        let config = Config::parse("sealwright.yaml", &(text + environments), today).unwrap();
        let config = config.with_registry(&self.registry());
        let issuers = Issuers { github: self.stack.sigstore().issuer_url().to_owned() };
        let mut world = self.world(path);
        world.environments = Some(Environments { config, issuers });
        world
    }

    pub(crate) fn packing(&self) -> Packing {
        Packing {
            contents: self.path().join("k8s"),
            limits: Limits::default(),
            threads: threads_available(),
            source: SourceFlags::default(),
        }
    }

    /// What a stranger says about a tag: `None` when there is no such tag.
    pub(crate) async fn verdict(&self, path: &str, tag: &str) -> Option<Verdict> {
        let client = Client::new(ClientOptions::stranger()).unwrap();
        let (repository, target) = (self.repository(path), Target::tag(tag).unwrap());
        let Lookup::Found(artifact) = client.manifest(&repository, &target).await.unwrap() else {
            return None;
        };
        let now = jiff::Timestamp::now();
        let trust = load_trust(&self.trust(), now).await.unwrap();
        let gathered = client.gather(&repository, artifact, GatherOptions::default()).await;
        Some(judge(&gathered.unwrap(), &trust.root, &self.requirements(), now).verdict)
    }

    /// What the tag names.
    pub(crate) async fn digest(&self, path: &str, tag: &str) -> Option<String> {
        let client = Client::new(ClientOptions::stranger()).unwrap();
        let reference = self.repository(path).at(Target::tag(tag).unwrap());
        client.resolve(&reference).await.unwrap().found().map(|found| found.digest)
    }

    /// The requests that could have changed something.
    pub(crate) fn writes(&self) -> Vec<RequestRecord> {
        let requests = self.stack.registry().requests();
        let reads = ["GET", "HEAD"];
        requests.into_iter().filter(|request| !reads.contains(&request.method.as_str())).collect()
    }

    /// Round trips to the registry that were made one after the other.
    pub(crate) fn rounds(&self) -> u64 {
        let requests = self.stack.registry().requests();
        requests.iter().map(|request| request.round).max().unwrap_or_default()
    }

    /// Those that are part of a log entry: what signing leaves at Sigstore is not the registry's.
    pub(crate) fn tag_writes(&self, tag: &str) -> usize {
        let end = format!("/manifests/{tag}");
        let is_put =
            |request: &&RequestRecord| request.kind == Kind::Tag && request.path.ends_with(&end);
        self.writes().iter().filter(is_put).count()
    }
}
