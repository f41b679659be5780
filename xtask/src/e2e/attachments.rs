//! What is attached to an artifact: read over plain HTTP, attached elsewhere with oras.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::ours::Ours;
use super::world::World;
use crate::failure::{Context as _, Failure, Outcome};

/// Media type of a bundle, and of the manifest that carries one.
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A bundle and the manifest that carries it.
#[derive(Debug, Clone)]
pub(super) struct Attachment {
    pub(super) manifest: Vec<u8>,
    pub(super) manifest_digest: String,
    pub(super) bundle: Vec<u8>,
    pub(super) bundle_digest: String,
}

impl Attachment {
    /// The same bundle with another predicate in its statement.
    pub(super) fn spoilt(&self) -> Outcome<Attachment> {
        let mut bundle: Value = serde_json::from_slice(&self.bundle)?;
        let payload = bundle["dsseEnvelope"]["payload"].as_str().unwrap_or_default();
        let payload = STANDARD.decode(payload).context(|| "the payload".to_owned())?;
        let mut statement: Value = serde_json::from_slice(&payload)?;
        statement["predicate"]["forged"] = Value::Bool(true);
        bundle["dsseEnvelope"]["payload"] = STANDARD.encode(statement.to_string()).into();
        Ok(Attachment { bundle: bundle.to_string().into_bytes(), ..self.clone() })
    }
}

/// Everything that the referrers API lists.
pub(super) fn of(ours: &Ours<'_>, digest: &str) -> Outcome<Vec<Attachment>> {
    let index = get(ours, &format!("referrers/{digest}"))?;
    let index: Value = serde_json::from_slice(&index)?;
    let listed = index["manifests"].as_array().cloned().unwrap_or_default();
    let attachments: Outcome<Vec<Attachment>> = listed
        .iter()
        .map(|entry| {
            let manifest_digest = entry["digest"].as_str().unwrap_or_default().to_owned();
            let bytes = manifest(ours, &manifest_digest)?;
            let parsed: Value = serde_json::from_slice(&bytes)?;
            let bundle_digest =
                parsed["layers"][0]["digest"].as_str().unwrap_or_default().to_owned();
            let bundle = get(ours, &format!("blobs/{bundle_digest}"))?;
            Ok(Attachment { manifest: bytes, manifest_digest, bundle, bundle_digest })
        })
        .collect();
    match attachments?.as_slice() {
        [] => Err(Failure::new(format!("nothing is attached to {digest}"))),
        some => Ok(some.to_vec()),
    }
}

/// The exact bytes of a manifest.
pub(super) fn manifest(ours: &Ours<'_>, reference: &str) -> Outcome<Vec<u8>> {
    get(ours, &format!("manifests/{reference}"))
}

fn get(ours: &Ours<'_>, what: &str) -> Outcome<Vec<u8>> {
    let url = format!("http://{}/v2/{}/{what}", ours.registry, ours.path);
    let answer = ureq::get(&url).header("Accept", format!("{MANIFEST}, */*")).call();
    answer.context(|| url.clone())?.body_mut().read_to_vec().context(|| url)
}

/// Attaches bundles to an artifact, as anybody may who can push.
pub(super) fn attach(world: &World, reference: &str, attachments: &[Attachment]) -> Outcome {
    let folder = world.folder.join("attach");
    for (number, attachment) in attachments.iter().enumerate() {
        let file = format!("bundle-{number}.json");
        world.write(&folder.join(&file), &attachment.bundle)?;
        let words = ["attach", "--plain-http", "--artifact-type", BUNDLE, reference];
        let program = world.tools.peer("oras")?.args(words).folder(&folder);
        program.args([format!("{file}:{BUNDLE}")]).run_ok()?;
    }
    Ok(())
}
