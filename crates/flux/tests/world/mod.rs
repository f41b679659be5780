//! A registry that stands still, and a source that looks at it.
#![allow(dead_code, reason = "each test file uses a part")]

use std::collections::BTreeMap;

use sealwright_devstack::sigstore::{LegacySignature, Sigstore, SigstoreOptions};
use sealwright_evidence::Digest;
use sealwright_flux::{
    Answer, Ask, Controller, Prediction, Request, Response, Secret, Secrets, Seen, Situation,
    Source, predict,
};
use serde_json::{Value, json};
use std::sync::LazyLock;

/// Repository of the source.
pub const REPOSITORY: &str = "127.0.0.1:5000/acme/platform";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// More rounds of questions than any prediction needs.
const ROUNDS_MAX: usize = 12;

/// One Sigstore for all tests.
pub static SIGSTORE: LazyLock<Sigstore> =
    LazyLock::new(|| Sigstore::start(SigstoreOptions::default()).unwrap());

/// What the registry holds.
#[derive(Clone)]
pub struct World {
    /// By tag or digest.
    pub manifests: BTreeMap<String, (String, Vec<u8>)>,
    pub blobs: BTreeMap<String, Vec<u8>>,
    /// Digests of referrers; `None` where there is no API.
    pub referrers: Option<Vec<String>>,
    pub referrers_type: String,
    /// Statuses instead of answers, by what is asked for.
    pub faults: BTreeMap<String, u16>,
    pub artifact: Digest,
}

/// A layer with one file.
pub fn archive(content: &str) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
    let mut archive = tar::Builder::new(gzip);
    let mut header = tar::Header::new_ustar();
    header.set_size(content.len() as u64);
    archive.append_data(&mut header, "a.yaml", content.as_bytes()).unwrap();
    archive.into_inner().unwrap().finish().unwrap()
}

impl World {
    /// An artifact under the tag `v1`, with one layer.
    pub fn new() -> Self {
        let mut world = Self {
            manifests: BTreeMap::new(),
            blobs: BTreeMap::new(),
            referrers: Some(vec![]),
            referrers_type: INDEX.to_owned(),
            faults: BTreeMap::new(),
            artifact: Digest::of(b""),
        };
        let layer = world.blob(&archive("a layer"));
        let manifest = json!({"schemaVersion": 2, "layers": [layer]}).to_string().into_bytes();
        world.artifact = Digest::of(&manifest);
        world.manifest("v1", &manifest);
        world
    }

    /// Holds a blob; its descriptor, of the media type of a layer.
    pub fn blob(&mut self, bytes: &[u8]) -> Value {
        let digest = Digest::of(bytes).to_string();
        self.blobs.insert(digest.clone(), bytes.to_vec());
        json!({"mediaType": "application/layer", "digest": digest, "size": bytes.len()})
    }

    /// Holds a manifest under a tag and its digest.
    pub fn manifest(&mut self, tag: &str, bytes: &[u8]) {
        let entry = (MANIFEST.to_owned(), bytes.to_vec());
        self.manifests.insert(Digest::of(bytes).to_string(), entry.clone());
        self.manifests.insert(tag.to_owned(), entry);
    }

    /// The same with a bundle attached.
    pub fn with(mut self, bundle: &[u8]) -> Self {
        let mut layer = self.blob(bundle);
        layer["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.3+json".into();
        self.attach(json!([layer]));
        self
    }

    /// Attaches a referrer with these layers.
    pub fn attach(&mut self, layers: Value) {
        let manifest = json!({"schemaVersion": 2, "layers": layers}).to_string().into_bytes();
        let digest = Digest::of(&manifest).to_string();
        self.manifests.insert(digest.clone(), (MANIFEST.to_owned(), manifest));
        self.referrers.get_or_insert_default().push(digest);
    }

    /// The same with signatures of the older form.
    pub fn signed(mut self, signatures: &[LegacySignature]) -> Self {
        let layers: Vec<Value> = signatures
            .iter()
            .map(|signature| {
                let mut layer = self.blob(&signature.payload);
                layer["mediaType"] = "application/vnd.dev.cosign.simplesigning.v1+json".into();
                for (name, value) in signature.annotations() {
                    layer["annotations"][name] = value.into();
                }
                layer
            })
            .collect();
        let manifest = json!({"schemaVersion": 2, "layers": layers}).to_string().into_bytes();
        let tag = format!("sha256-{}.sig", self.artifact.hex());
        self.manifest(&tag, &manifest);
        self
    }

    fn answer(&self, request: &Request) -> Response {
        let base = format!("http://{}/v2/{}", request.registry, request.repository);
        let found = |url: String, kind: &str, body: Vec<u8>| Response {
            url,
            status: 200,
            content_type: Some(kind.to_owned()),
            content_length: Some(body.len() as u64),
            content_digest: Some(Digest::of(&body).to_string()),
            body,
        };
        let missing = |url: String| Response {
            url,
            status: 404,
            body: br#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"not here"}]}"#.to_vec(),
            ..Response::default()
        };
        let of = |url: String, held: Option<&(String, Vec<u8>)>| match held {
            Some((kind, body)) => found(url, kind, body.clone()),
            None => missing(url),
        };
        let (name, response) = match &request.ask {
            Ask::Tags => {
                let tags: Vec<&String> =
                    self.manifests.keys().filter(|name| !name.contains(':')).collect();
                let body = json!({"tags": tags}).to_string().into_bytes();
                ("tags", found(format!("{base}/tags/list?n=1000"), "application/json", body))
            }
            Ask::Head(name) | Ask::Manifest(name) | Ask::Index(name) => {
                let url = format!("{base}/manifests/{name}");
                let mut response = of(url, self.manifests.get(name));
                if matches!(request.ask, Ask::Head(_)) {
                    response.body.clear();
                }
                (name.as_str(), response)
            }
            Ask::Referrers(digest) => {
                let url = format!("{base}/referrers/{digest}");
                let response = match &self.referrers {
                    Some(referrers) => {
                        let manifests: Vec<Value> = referrers
                            .iter()
                            .map(|digest| json!({"mediaType": MANIFEST, "digest": digest, "size": 1}))
                            .collect();
                        let body = json!({"schemaVersion": 2, "manifests": manifests}).to_string();
                        found(url, &self.referrers_type, body.into_bytes())
                    }
                    None => missing(url),
                };
                ("referrers", response)
            }
            Ask::Blob(digest) => {
                let url = format!("{base}/blobs/{digest}");
                let response = match self.blobs.get(digest) {
                    Some(bytes) => found(url, "application/octet-stream", bytes.clone()),
                    None => missing(url),
                };
                (digest.as_str(), response)
            }
        };
        match self.faults.get(name) {
            Some(status) => Response {
                url: response.url,
                status: *status,
                body: b"fault".to_vec(),
                ..Response::default()
            },
            None => response,
        }
    }
}

/// An OCIRepository that follows the tag `v1`.
pub fn source(verify: Value) -> Value {
    let mut spec = json!({"url": format!("oci://{REPOSITORY}"), "ref": {"tag": "v1"}});
    if !verify.is_null() {
        spec["verify"] = verify;
    }
    json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "OCIRepository",
        "metadata": {"name": "platform", "namespace": "apps", "generation": 1},
        "spec": spec,
    })
}

/// The same, keyless with these identities and the trusted root of our Sigstore.
pub fn keyless(identities: Value) -> Value {
    source(json!({
        "provider": "cosign",
        "matchOIDCIdentity": identities,
        "trustedRootSecretRef": {"name": "root"},
    }))
}

/// The Secrets that the sources above point at.
pub fn secrets(keys: &[(&str, &str)]) -> Secrets {
    let root = std::fs::read(SIGSTORE.trust_folder().join("trusted_root.json")).unwrap();
    let mut secrets = Secrets::default();
    let root = BTreeMap::from([("trusted_root.json".to_owned(), root)]);
    secrets.insert("apps", "root", Secret::Found(root));
    let keys = keys.iter().map(|(name, pem)| ((*name).to_owned(), pem.as_bytes().to_vec()));
    secrets.insert("apps", "keys", Secret::Found(keys.collect()));
    secrets.insert("apps", "nowhere", Secret::Missing);
    secrets
}

/// Predicts, asking the world as long as something is lacking.
pub fn predicted(source: &Value, world: &World, secrets: &Secrets, controller: &str) -> Prediction {
    predicted_with(source, &[], world, secrets, controller)
}

/// The same with other sources at hand.
pub fn predicted_with(
    source: &Value,
    others: &[Value],
    world: &World,
    secrets: &Secrets,
    controller: &str,
) -> Prediction {
    let others: Vec<Source> = others.iter().map(|other| Source::parse(other).unwrap()).collect();
    let source = Source::parse(source).unwrap();
    let controller = Controller::parse(controller).unwrap();
    let mut seen = Seen::default();
    for _ in 0..ROUNDS_MAX {
        let prediction = predict(Situation {
            source: &source,
            others: &others,
            secrets,
            seen: &seen,
            controller: &controller,
            public_root: None,
            now: jiff::Timestamp::now(),
            fresh: false,
        });
        if prediction.wanted.is_empty() {
            return prediction;
        }
        for request in prediction.wanted {
            let answer = world.answer(&request);
            seen.insert(request, Answer::Got(answer));
        }
    }
    panic!("it never ends")
}

/// The text of `Ready`, with the errors in their place, behind what it says first each time.
pub fn ready_text(prediction: &Prediction) -> String {
    let texts: Vec<String> = prediction
        .outcomes
        .iter()
        .map(|outcome| {
            let condition = outcome.condition("Ready").unwrap();
            condition.message.replace("{errors}", &outcome.errors.join("\n"))
        })
        .collect();
    match &prediction.undecided {
        Some(why) => format!("undecided: {why}"),
        None => texts.join(" OR "),
    }
}
