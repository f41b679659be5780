//! A registry, a Sigstore, a configuration, and artifacts in any state. The bytes are written here
//! as JSON, so that the product's own builders cannot hide a mistake of its readers.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use assert_cmd::Command;
use camino::{Utf8Path, Utf8PathBuf};
use sealwright_devstack::registry::{RegistryOptions, RegistryServer};
use sealwright_devstack::sigstore::{Mint, Sigstore, SigstoreOptions};
use sealwright_policy::{Code, Report};
use serde_json::{Value, json};

pub(crate) const REPOSITORY: &str = "acme/platform/manifests";
pub(crate) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
pub(crate) const SIGNATURE: &str = "https://sigstore.dev/cosign/sign/v1";
pub(crate) const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

const CONFIG: &str = "\
apiVersion: sealwright.dev/v1alpha1
kind: SupplyChain
signers:
  cd: {github: {repository: acme/platform, workflow: cd.yaml, refs: [refs/heads/main]}}
artifacts:
  manifests: {repository: ghcr.io/acme/platform/manifests, signers: [cd], evidence: [signature]}
  proven: {repository: ghcr.io/acme/proven, signers: [cd], evidence: [signature, provenance]}
";

/// One for all tests: its logs grow, which is what logs do.
pub(crate) fn sigstore() -> &'static Sigstore {
    static SIGSTORE: OnceLock<Sigstore> = OnceLock::new();
    SIGSTORE.get_or_init(|| Sigstore::start(SigstoreOptions::default()).expect("it starts"))
}

pub(crate) struct World {
    pub(crate) registry: RegistryServer,
    folder: tempfile::TempDir,
    /// Sizes of the manifests by digest, for descriptors that tell the truth.
    sizes: RefCell<BTreeMap<String, usize>>,
}

impl World {
    pub(crate) fn start() -> Self {
        Self::with(RegistryOptions::default())
    }

    pub(crate) fn with(options: RegistryOptions) -> Self {
        let registry = RegistryServer::start(options).expect("it starts");
        let folder = tempfile::tempdir().expect("a folder");
        let world = Self { registry, folder, sizes: RefCell::default() };
        std::fs::write(world.path("sealwright.yaml"), CONFIG).expect("it is written");
        world
    }

    pub(crate) fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.folder.path()).expect("UTF-8").join(name)
    }

    pub(crate) fn add_to_config(&self, text: &str) {
        let path = self.path("sealwright.yaml");
        let config = std::fs::read_to_string(&path).expect("it is there");
        std::fs::write(path, config + text).expect("it is written");
    }

    pub(crate) fn reference(&self) -> String {
        format!("{}/{REPOSITORY}:latest", self.registry.address())
    }

    /// An artifact under the tag `latest`, without evidence. Gives its digest.
    pub(crate) fn push(&self, contents: &str) -> String {
        self.push_layer(contents.as_bytes())
    }

    /// The same with a layer of any bytes.
    pub(crate) fn push_layer(&self, contents: &[u8]) -> String {
        let config = self.blob(b"{}");
        let layer = self.blob(contents);
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": descriptor("application/vnd.cncf.flux.config.v1+json", &config, 2),
            "layers": [descriptor(
                "application/vnd.cncf.flux.content.v1.tar+gzip", &layer, contents.len())],
        });
        self.manifest(Some("latest"), OCI_MANIFEST, &manifest)
    }

    /// The same as a Helm chart, under the tag of its version.
    pub(crate) fn push_chart(&self, version: &str, contents: &[u8]) -> String {
        let (config, layer) = (self.blob(b"{}"), self.blob(contents));
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": descriptor("application/vnd.cncf.helm.config.v1+json", &config, 2),
            "layers": [descriptor(
                "application/vnd.cncf.helm.chart.content.v1.tar+gzip", &layer, contents.len())],
        });
        self.manifest(Some(version), OCI_MANIFEST, &manifest)
    }

    /// An artifact with a healthy signature of the expected signer.
    pub(crate) fn push_signed(&self, contents: &str) -> String {
        let digest = self.push(contents);
        self.attach(&digest, &mint(&Mint::new(statement(&digest, SIGNATURE))));
        digest
    }

    /// Attaches a bundle. Gives the digest of the referrer.
    pub(crate) fn attach(&self, digest: &str, bundle: &[u8]) -> String {
        self.manifest(None, OCI_MANIFEST, &self.referrer(digest, bundle))
    }

    pub(crate) fn referrer(&self, digest: &str, bundle: &[u8]) -> Value {
        let layer = self.blob(bundle);
        json!({
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": BUNDLE,
            "config": descriptor("application/vnd.oci.empty.v1+json", &self.blob(b"{}"), 2),
            "layers": [descriptor(BUNDLE, &layer, bundle.len())],
            "subject": descriptor(OCI_MANIFEST, digest, self.sizes.borrow()[digest]),
        })
    }

    pub(crate) fn blob(&self, bytes: &[u8]) -> String {
        let digest = self.registry.add_blob(REPOSITORY, bytes.to_vec());
        digest.expect("it is taken").as_str().to_owned()
    }

    pub(crate) fn manifest(&self, tag: Option<&str>, media_type: &str, json: &Value) -> String {
        let bytes = json.to_string().into_bytes();
        let size = bytes.len();
        let digest = self.registry.add_manifest(REPOSITORY, tag, media_type, bytes);
        let digest = digest.expect("it is taken").as_str().to_owned();
        self.sizes.borrow_mut().insert(digest.clone(), size);
        digest
    }

    /// The command as a stranger runs it: no environment, no credentials, no home.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::cargo_bin("sealwright-verifier").expect("it is built");
        command.env_clear().current_dir(self.folder.path());
        command
    }

    /// `artifact REF` with the flags of the dev stack.
    pub(crate) fn verifier(&self, reference: &str) -> Command {
        let mut command = self.command();
        command.args(["artifact", reference]);
        command.args(["--registry", &self.registry.address().to_string()]);
        command.args(["--trust", sigstore().trust_folder().as_str()]);
        command.args(["--github-issuer", sigstore().issuer_url()]);
        command
    }

    /// The report on the tag `latest`, and the exit code.
    pub(crate) fn judge(&self, flags: &[&str]) -> (Report, i32) {
        answer(self.verifier(&self.reference()).args(flags))
    }
}

/// The report that a command prints as JSON, and its exit code.
pub(crate) fn answer(command: &mut Command) -> (Report, i32) {
    let output = command.args(["--format", "json"]).output().expect("it runs");
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("no report: {error}\n{}", String::from_utf8_lossy(&output.stderr))
    });
    (report, output.status.code().expect("it was not killed"))
}

/// The codes of all findings, in order.
pub(crate) fn codes(report: &Report) -> Vec<Code> {
    let of_artifacts = report.artifacts.iter().flat_map(|artifact| &artifact.findings);
    of_artifacts.chain(&report.findings).map(|finding| finding.code).collect()
}

pub(crate) fn statement(digest: &str, predicate_type: &str) -> Vec<u8> {
    let hex = digest.trim_start_matches("sha256:");
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": hex}}],
        "predicateType": predicate_type,
        "predicate": {},
    });
    statement.to_string().into_bytes()
}

pub(crate) fn mint(mint: &Mint) -> Vec<u8> {
    sigstore().mint(mint).expect("it is minted")
}

pub(crate) fn descriptor(media_type: &str, digest: &str, size: usize) -> Value {
    json!({"mediaType": media_type, "digest": digest, "size": size})
}

/// Text with what differs from run to run replaced, for snapshots.
pub(crate) fn settle(text: &[u8], world: &World) -> String {
    let mut text = String::from_utf8(text.to_vec()).expect("UTF-8");
    text = text.replace(&world.registry.address().to_string(), "[registry]");
    text = text.replace(sigstore().issuer_url(), "[issuer]");
    text = text.replace(sigstore().trust_folder().as_str(), "[trust]");
    text.replace(world.path("").as_str(), "[folder]/")
}

/// What every snapshot leaves out.
pub(crate) fn snapshots() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter("sha256:[0-9a-f]{64}", "[digest]");
    settings.add_filter(r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "[time]");
    settings.add_filter(r"#\d+", "#[index]");
    settings.add_filter(r"127\.0\.0\.1:\d+", "[loopback]");
    settings.add_filter(r"\d+ (second|minute)s? old", "[age] old");
    settings
}
