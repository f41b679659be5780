//! Puts a situation into its registry: artifacts, then the evidence about the first of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::artifacts::{self, OCI_INDEX, OCI_MANIFEST};
use super::evidence::{Bundle, Layout, Piece, Signature, Way};
use super::mint::Mint;
use super::shelves::{Repository, Shelves};
use super::situation::{Shelf, Situation};
use crate::failure::Outcome;

const EMPTY: &str = "application/vnd.oci.empty.v1+json";
const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// What lies in the registry now.
#[derive(Debug, Default)]
pub(super) struct Arranged {
    /// Digest of each tag's artifact.
    pub(super) digests: BTreeMap<&'static str, String>,
    /// Digest of the first artifact.
    pub(super) digest: String,
    /// Digests of the referrers that hold bundles, in the order of the situation.
    pub(super) bundles: Vec<String>,
    /// Digests of all manifests that hold evidence.
    evidence: Vec<String>,
}

/// Pushes everything.
pub(super) fn arrange(situation: &Situation, shelves: &Shelves, mint: &Mint) -> Outcome<Arranged> {
    let name = situation.repository();
    let to = shelves.repository(situation.shelf, &name)?;
    let mut arranged = Arranged::default();
    for artifact in &situation.artifacts {
        let digest = artifacts::push(&to, artifact, &situation.name)?;
        arranged.digests.insert(artifact.tag, digest);
    }
    let Some(first) = situation.artifacts.first() else { return Ok(arranged) };
    arranged.digest = arranged.digests[first.tag].clone();
    attach(situation, &to, mint, &mut arranged)?;
    Ok(arranged)
}

fn attach(situation: &Situation, to: &Repository, mint: &Mint, arranged: &mut Arranged) -> Outcome {
    let mut fallback = Vec::new();
    let mut signatures: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for piece in &situation.evidence {
        match piece {
            Piece::Bundle(bundle) => {
                let tagged = bundle.way == Way::FallbackTag;
                let manifest = bundle_referrer(to, bundle, mint, &arranged.digest)?;
                let descriptor = refer(to, manifest, &arranged.digest, tagged)?;
                arranged.bundles.push(text(&descriptor["digest"]));
                arranged.evidence.push(text(&descriptor["digest"]));
                if tagged || situation.shelf.wants_fallback_tag() {
                    fallback.push(descriptor);
                }
            }
            Piece::Referrer(referrer) => {
                let layers = vec![to.blob(referrer.media_type, referrer.text.as_bytes())?];
                let manifest = referrer_manifest(to, Some(referrer.artifact_type), layers)?;
                let descriptor = refer(to, manifest, &arranged.digest, false)?;
                arranged.evidence.push(text(&descriptor["digest"]));
                if situation.shelf.wants_fallback_tag() {
                    fallback.push(descriptor);
                }
            }
            Piece::Signature(signature) => {
                let layer = signature_layer(to, signature, mint, &arranged.digest)?;
                signatures.entry(signature.suffix).or_default().push(layer);
            }
        }
    }
    let tag = arranged.digest.replace(':', "-");
    if !fallback.is_empty() {
        let index = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": fallback});
        to.manifest(Some(&tag), &index)?;
    }
    for (suffix, layers) in signatures {
        let config = to.blob(OCI_CONFIG, br#"{"architecture":"","os":""}"#)?;
        let manifest = json!({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers,
        });
        let pushed = to.manifest(Some(&format!("{tag}.{suffix}")), &manifest)?;
        arranged.evidence.push(text(&pushed["digest"]));
    }
    Ok(())
}

fn bundle_referrer(to: &Repository, bundle: &Bundle, mint: &Mint, digest: &str) -> Outcome<Value> {
    let minted = match bundle.layout {
        Layout::Garbage => b"no JSON".to_vec(),
        _ => serde_json::to_vec(&mint.bundle(bundle, digest)?)?,
    };
    let layer = to.blob(bundle.media_type, &minted)?;
    let layers = match bundle.layout {
        Layout::None => vec![],
        Layout::Twice => vec![layer.clone(), layer],
        Layout::One | Layout::Garbage | Layout::Bare => vec![layer],
    };
    let bare = bundle.layout == Layout::Bare;
    let mut manifest = referrer_manifest(to, (!bare).then_some(bundle.media_type), layers)?;
    if !bare {
        manifest["annotations"] = json!({
            "dev.sigstore.bundle.content": "dsse-envelope",
            "dev.sigstore.bundle.predicateType": "https://sigstore.dev/cosign/sign/v1",
        });
    }
    Ok(manifest)
}

fn referrer_manifest(
    to: &Repository,
    artifact_type: Option<&str>,
    layers: Vec<Value>,
) -> Outcome<Value> {
    let config = to.blob(EMPTY, b"{}")?;
    let mut manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers,
    });
    if let Some(artifact_type) = artifact_type {
        manifest["artifactType"] = artifact_type.into();
    }
    Ok(manifest)
}

/// Pushes a referrer; one that only the fallback tag is to name does not say what it refers to.
fn refer(to: &Repository, mut manifest: Value, digest: &str, tagged: bool) -> Outcome<Value> {
    if !tagged {
        // The size is not read by anybody: referrers are found by digest.
        manifest["subject"] = json!({"mediaType": OCI_MANIFEST, "digest": digest, "size": 0});
    }
    let mut descriptor = to.manifest(None, &manifest)?;
    if let Some(artifact_type) = manifest.get("artifactType") {
        descriptor["artifactType"] = artifact_type.clone();
    }
    Ok(descriptor)
}

fn signature_layer(
    to: &Repository,
    signature: &Signature,
    mint: &Mint,
    digest: &str,
) -> Outcome<Value> {
    let name = format!("{}/{}", to.host, to.name);
    let (payload, mut annotations) = mint.signature(signature, &name, digest)?;
    for name in signature.without {
        annotations.remove(*name);
    }
    let mut layer = to.blob(SIMPLE_SIGNING, payload.as_bytes())?;
    layer["annotations"] = Value::Object(annotations);
    Ok(layer)
}

/// Takes the evidence away again.
pub(super) fn remove_evidence(
    situation: &Situation,
    shelves: &Shelves,
    arranged: &Arranged,
) -> Outcome {
    let name = situation.repository();
    let from = shelves.repository(situation.shelf, &name)?;
    arranged.evidence.iter().try_for_each(|digest| from.delete(digest))
}

/// The first tag now leads where another one does.
pub(super) fn move_tag(situation: &Situation, shelves: &Shelves, to: &str) -> Outcome {
    let name = situation.repository();
    let repository = shelves.repository(situation.shelf, &name)?;
    let artifact = situation.artifacts.iter().find(|artifact| artifact.tag == to);
    let (Some(artifact), Some(first)) = (artifact, situation.artifacts.first()) else {
        return Ok(());
    };
    artifacts::push_as(&repository, artifact, &situation.name, first.tag).map(drop)
}

/// The faults of a situation, each narrowed to its own repository.
pub(super) fn faults(situation: &Situation, arranged: &Arranged) -> Vec<Value> {
    let own = format!("/v2/{}/", situation.repository());
    let narrow = |fault: &Value| {
        let mut fault = fault.clone();
        let path = match fault["path"].as_str() {
            Some("{bundle}") => {
                let bundle = arranged.bundles.first().cloned().unwrap_or_default();
                format!("{own}manifests/{bundle}")
            }
            Some(suffix) => {
                format!("{own}manifests/{}{suffix}", arranged.digest.replace(':', "-"))
            }
            None => own.clone(),
        };
        fault["path"] = path.into();
        fault
    };
    situation.faults.iter().map(narrow).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Shelf {
    fn wants_fallback_tag(self) -> bool {
        matches!(self, Shelf::Tag | Shelf::Distribution | Shelf::Crane)
    }
}
