//! Negative controls are what they say: the registry is looked at, nothing is judged here.

#![allow(clippy::unwrap_used, reason = "a test stops where its own set-up fails")]

use sealwright_devstack::controls::{self, ControlSet};
use sealwright_devstack::sigstore::{Mint, TokenRequest};
use sealwright_devstack::{DevStack, Options};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const REPOSITORY: &str = "acme/platform/manifests";
const INTO: &str = "acme/platform/controls";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const SIGNATURE: &str = "https://sigstore.dev/cosign/sign/v1";
const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

/// A dev stack with an artifact that carries evidence of these kinds.
struct World {
    stack: DevStack,
    client: reqwest::Client,
    artifact: String,
}

impl World {
    async fn with(options: Options, kinds: &[&str], run: TokenRequest) -> Self {
        rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
        let stack = DevStack::start(options).unwrap();
        let mut world = Self { stack, client: reqwest::Client::new(), artifact: String::new() };
        let layer = world.blob(b"the layer").await;
        let config = world.blob(b"{}").await;
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": {"mediaType": "application/vnd.cncf.flux.config.v1+json", "digest": config, "size": 2},
            "layers": [{"mediaType": "application/vnd.cncf.flux.content.v1.tar+gzip", "digest": layer, "size": 9}],
        });
        let digest = world.manifest(&manifest).await;
        for kind in kinds {
            let statement = json!({
                "_type": "https://in-toto.io/Statement/v1",
                "subject": [{"digest": {"sha256": digest.trim_start_matches("sha256:")}}],
                "predicateType": kind, "predicate": {},
            });
            let mint = Mint::new(statement.to_string()).run(run.clone());
            let bundle = world.stack.sigstore().mint(&mint).unwrap();
            let layer = world.blob(&bundle).await;
            let referrer = json!({
                "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": BUNDLE,
                "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": config, "size": 2},
                "layers": [{"mediaType": BUNDLE, "digest": layer, "size": bundle.len()}],
                "subject": {"mediaType": MANIFEST, "digest": digest, "size": manifest.to_string().len()},
            });
            let listed = world.manifest(&referrer).await;
            if !world.stack.endpoints().referrers_api {
                world.list(&digest, &listed).await;
            }
        }
        world.artifact = format!("{REPOSITORY}@{digest}");
        world
    }

    fn url(&self, repository: &str, path: &str) -> String {
        format!("http://{}/v2/{repository}/{path}", self.stack.endpoints().registry)
    }

    async fn blob(&self, bytes: &[u8]) -> String {
        let digest = digest(bytes);
        let url = self.url(REPOSITORY, &format!("blobs/uploads/?digest={digest}"));
        let request = self.client.post(url).header("content-type", "application/octet-stream");
        assert_eq!(request.body(bytes.to_vec()).send().await.unwrap().status(), 201);
        digest
    }

    async fn manifest(&self, manifest: &Value) -> String {
        let text = manifest.to_string();
        let digest = digest(text.as_bytes());
        let url = self.url(REPOSITORY, &format!("manifests/{digest}"));
        let request = self.client.put(url).header("content-type", MANIFEST);
        assert_eq!(request.body(text).send().await.unwrap().status(), 201);
        digest
    }

    async fn list(&self, artifact: &str, referrer: &str) {
        let kind = "application/vnd.oci.image.index.v1+json";
        let url = self.url(REPOSITORY, &format!("manifests/{}", artifact.replace(':', "-")));
        let before: Value =
            self.client.get(&url).send().await.unwrap().json().await.unwrap_or_default();
        let mut listed = before["manifests"].as_array().cloned().unwrap_or_default();
        listed.push(json!({"mediaType": MANIFEST, "digest": referrer, "size": 1}));
        let index = json!({"schemaVersion": 2, "mediaType": kind, "manifests": listed});
        let request = self.client.put(url).header("content-type", kind);
        assert_eq!(request.body(index.to_string()).send().await.unwrap().status(), 201);
    }

    async fn controls(&self) -> ControlSet {
        controls::push(self.stack.endpoints(), &self.artifact, INTO).await.unwrap()
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        let request = self.client.get(self.url(INTO, path)).header("accept", "*/*");
        request.send().await.unwrap()
    }

    async fn json(&self, path: &str) -> Value {
        self.get(path).await.json().await.unwrap()
    }

    /// How many referrers a control has.
    async fn referrers(&self, digest: &str) -> usize {
        let index = if self.stack.endpoints().referrers_api {
            self.json(&format!("referrers/{digest}")).await
        } else {
            let answer = self.get(&format!("manifests/{}", digest.replace(':', "-"))).await;
            answer.json().await.unwrap_or_default()
        };
        index["manifests"].as_array().map_or(0, Vec::len)
    }
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

fn control(referrers_api: bool) -> Options {
    Options { control: true, referrers_api, ..Options::default() }
}

fn digest_of(set: &ControlSet, name: &str) -> String {
    let found = set.controls.iter().find(|control| control.name == name);
    found.unwrap().reference.rsplit('@').next().unwrap().to_owned()
}

#[tokio::test]
async fn each_control_is_in_the_registry_with_its_evidence() {
    for referrers_api in [true, false] {
        let kinds = [SIGNATURE, PROVENANCE];
        let world = World::with(control(referrers_api), &kinds, TokenRequest::default()).await;
        let set = world.controls().await;
        assert_eq!(set.not_made, [], "everything can be made of a whole publication");
        for (name, expected) in [
            ("unsigned", 0),
            ("misplaced-verify", 0),
            ("attestation-without-signature", 1),
            ("other-repository", 2),
            ("tampered-manifest", 2),
            ("other-artifact", 2),
            ("tampered-layer", 2),
        ] {
            let digest = digest_of(&set, name);
            assert_eq!(world.referrers(&digest).await, expected, "{name}, API {referrers_api}");
            let manifest = world.json(&format!("manifests/{digest}")).await;
            assert_eq!(manifest["annotations"]["sealwright.dev/control"], name);
        }
        let neighbour = set.neighbour.rsplit('@').next().unwrap();
        assert_eq!(world.referrers(neighbour).await, 2, "the neighbour lacks nothing");
    }
}

#[tokio::test]
async fn the_layer_of_one_is_not_what_its_digest_names_and_of_the_others_it_is() {
    let world = World::with(control(true), &[SIGNATURE], TokenRequest::default()).await;
    let set = world.controls().await;
    for (name, honest) in [("tampered-layer", false), ("unsigned", true)] {
        let manifest = world.json(&format!("manifests/{}", digest_of(&set, name))).await;
        let named = manifest["layers"][0]["digest"].as_str().unwrap().to_owned();
        let served = world.get(&format!("blobs/{named}")).await.bytes().await.unwrap();
        assert_eq!(digest(&served) == named, honest, "{name}");
        assert_eq!(served.len(), 9, "{name}: the size gives nothing away");
    }
}

#[tokio::test]
async fn a_tag_has_gone_back() {
    let world = World::with(control(true), &[SIGNATURE], TokenRequest::default()).await;
    let set = world.controls().await;
    let rolled_back = set.controls.iter().find(|control| control.name == "rolled-back").unwrap();
    let answer = world.get(&format!("manifests/{}", rolled_back.tag.unwrap())).await;
    let behind = answer.headers()["docker-content-digest"].to_str().unwrap();
    assert_eq!(behind, digest_of(&set, "rolled-back"));
}

#[tokio::test]
async fn what_cannot_be_made_is_said() {
    let world = World::with(control(true), &[SIGNATURE], TokenRequest::default()).await;
    let names: Vec<&str> = world.controls().await.not_made.iter().map(|one| one.name).collect();
    assert_eq!(names, ["attestation-without-signature"], "there is only a signature");

    let push = |artifact: String, into: &'static str| {
        let endpoints = world.stack.endpoints().clone();
        async move { controls::push(&endpoints, &artifact, into).await.unwrap_err().to_string() }
    };
    let absent = format!("{REPOSITORY}@{}", digest(b"nothing"));
    let elsewhere = format!("ghcr.io/{}", world.artifact);
    for (artifact, into, said) in [
        (format!("{REPOSITORY}:latest"), INTO, "tags move"),
        (absent, INTO, "no such manifest"),
        (world.artifact.clone(), REPOSITORY, "a repository of their own"),
        (elsewhere.replace("ghcr.io/", "GHCR.io:1/"), INTO, "no repository of the dev stack"),
    ] {
        let why = push(artifact.clone(), into).await;
        assert!(why.contains(said), "{artifact}: {why}");
    }
    let unwilling = World::with(Options::default(), &[SIGNATURE], TokenRequest::default()).await;
    let endpoints = unwilling.stack.endpoints();
    let why = controls::push(endpoints, &unwilling.artifact, INTO).await.unwrap_err();
    assert!(why.to_string().contains("--control"), "{why}");
    let unsigned = World::with(control(true), &[], TokenRequest::default()).await;
    let why = controls::push(unsigned.stack.endpoints(), &unsigned.artifact, INTO).await;
    assert!(why.unwrap_err().to_string().contains("publish it first"));
}
