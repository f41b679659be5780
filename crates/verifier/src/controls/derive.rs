//! The controls that need no signer: made of a good artifact's own bytes and evidence, pushed to a
//! staging repository of the same registry.

use bytes::Bytes;
use sealwright_evidence::referrer::BUNDLE_PREDICATE_TYPE;
use sealwright_evidence::{Descriptor, Digest, Evidence};
use sealwright_policy::Finding;
use sealwright_policy::control_report::RefusedBy;
use sealwright_registry::{
    BlobSource, Client, GatherOptions, Lookup, Reference, RegistryError, Repository, Target,
};
use serde_json::{Map, Value, json};

use super::set::{Control, ControlSet, NotMade};
use crate::failure::{Failure, registry_failure};
use crate::reference;

/// Largest blob of the good artifact that is copied: it is held in memory.
const BLOB_BYTES_MAX: usize = 64 << 20;

/// What cannot be made without a signer of one's own: name, and what would be the matter.
const NEED_A_SIGNER: [(&str, &str, RefusedBy); 9] = [
    (
        "other-repository",
        "It is signed by the workflow of the same name in another repository.",
        RefusedBy::Both,
    ),
    (
        "other-workflow",
        "It is signed by another workflow of the right repository.",
        RefusedBy::Both,
    ),
    ("other-ref", "It is signed by the right workflow, run for a pull request.", RefusedBy::Both),
    (
        "other-caller",
        "It is signed by the right workflow, called from a foreign repository.",
        RefusedBy::Judge,
    ),
    ("other-issuer", "Its certificate names another issuer of tokens.", RefusedBy::Both),
    (
        "two-identities",
        "Its certificate names a second identity after the right one.",
        RefusedBy::Judge,
    ),
    (
        "expired-certificate",
        "It was signed an hour after its certificate had ended.",
        RefusedBy::Both,
    ),
    ("not-logged", "Its signature is in no transparency log.", RefusedBy::Both),
    ("foreign-log", "Its signature is in a transparency log that nobody trusts.", RefusedBy::Both),
];

/// Makes and pushes them.
///
/// The inner error is about the registry, the outer one about the question.
pub(super) async fn derive(
    client: &Client,
    from: &str,
    into: &str,
) -> Result<Result<ControlSet, Box<Finding>>, Failure> {
    let reference = Reference::parse(from).map_err(Failure::usage)?;
    let into = Repository::parse(into).map_err(Failure::usage)?;
    if !matches!(reference.target, Target::Digest(_)) {
        return Err(Failure::usage(format!("--from {from}: name the good artifact by digest")));
    }
    if into == reference.repository {
        return Err(Failure::usage("--into: controls belong in a repository of their own"));
    }
    let manifest = match reference::resolve(client, &reference).await? {
        Ok(manifest) => manifest,
        Err(finding) => return Ok(Err(finding)),
    };
    let options = GatherOptions { legacy: false };
    let made = match client.gather(&reference.repository, manifest, options).await {
        Ok(evidence) => Workshop { client, reference: &reference, into, evidence }.all().await,
        Err(error) => Err(error),
    };
    match made {
        Ok(set) => Ok(Ok(set)),
        Err(error) => Ok(Err(Box::new(registry_failure(&error)?))),
    }
}

struct Workshop<'a> {
    client: &'a Client,
    reference: &'a Reference,
    into: Repository,
    evidence: Evidence,
}

impl Workshop<'_> {
    async fn all(&self) -> Result<ControlSet, RegistryError> {
        self.copy_blobs().await?;
        let good = &self.evidence.artifact;
        let neighbour = self.push(&good.media_type, good.bytes.clone(), true).await?;
        let mut set = ControlSet::new(self.reference.to_string(), self.at(&neighbour));
        for (name, does, refused_by, expected, with_evidence) in [
            ("unsigned", "Nothing vouches for it.", RefusedBy::Both, Some("SW4009"), false),
            (
                "tampered-manifest",
                "It is the good artifact's manifest, changed, with the good artifact's evidence.",
                RefusedBy::Both,
                Some("SW3009"),
                true,
            ),
            (
                "other-artifact",
                "It is another artifact, with the good artifact's evidence.",
                RefusedBy::Both,
                Some("SW3009"),
                true,
            ),
            (
                "misplaced-verify",
                "Nothing vouches for it, and the source has its verify block where nobody reads it.",
                RefusedBy::Judge,
                None,
                false,
            ),
        ] {
            let bytes = changed(&good.bytes, name);
            let digest = self.push(&good.media_type, bytes, with_evidence).await?;
            set.controls.push(Control {
                name: name.to_owned(),
                does: does.to_owned(),
                reference: self.at(&digest),
                refused_by,
                expected_finding: expected.map(str::to_owned),
                tag: None,
                verify_at: (name == "misplaced-verify").then(|| "workload.flux.verify".to_owned()),
            });
        }
        set.not_made = NEED_A_SIGNER.map(not_made).into();
        Ok(set)
    }

    fn at(&self, digest: &Digest) -> String {
        format!("{}@{digest}", self.into)
    }

    async fn copy_blobs(&self) -> Result<(), RegistryError> {
        let manifest: Value =
            serde_json::from_slice(&self.evidence.artifact.bytes).unwrap_or_default();
        let layers = manifest["layers"].as_array().into_iter().flatten();
        for blob in std::iter::once(&manifest["config"]).chain(layers) {
            let Ok(descriptor) = serde_json::from_value::<Descriptor>(blob.clone()) else {
                continue;
            };
            let Ok(digest) = Digest::parse(&descriptor.digest) else { continue };
            let from = &self.reference.repository;
            // A blob that is not there makes the registry refuse the manifest, with its own words.
            if let Lookup::Found(bytes) =
                self.client.blob(from, &descriptor, BLOB_BYTES_MAX).await?
            {
                let source = BlobSource::Bytes(Bytes::from(bytes));
                self.client.push_blob(&self.into, &digest, descriptor.size, source).await?;
            }
        }
        Ok(())
    }

    async fn push(
        &self,
        media_type: &str,
        bytes: Vec<u8>,
        with_evidence: bool,
    ) -> Result<Digest, RegistryError> {
        let (digest, size) = (Digest::of(&bytes), bytes.len() as u64);
        self.client.push_manifest(&self.into, &Target::Digest(digest), media_type, bytes).await?;
        if with_evidence {
            let artifact = Descriptor::new(media_type, digest.to_string(), size);
            for referrer in &self.evidence.referrers {
                let label = label(&referrer.manifest.bytes);
                for bundle in &referrer.bundles {
                    self.attach(&artifact, &bundle.bytes, &label).await?;
                }
            }
        }
        Ok(digest)
    }

    async fn attach(
        &self,
        artifact: &Descriptor,
        bundle: &[u8],
        label: &str,
    ) -> Result<(), RegistryError> {
        // The same bytes each time: making controls again adds nothing.
        let created = jiff::Timestamp::UNIX_EPOCH;
        self.client.attach(&self.into, artifact, bundle, label, created).await.map(drop)
    }
}

/// The good manifest with an annotation; another artifact has another first layer, too. What a
/// registry calls a manifest may have anything at these places.
fn changed(good: &[u8], name: &str) -> Vec<u8> {
    let mut manifest: Map<String, Value> = serde_json::from_slice(good).unwrap_or_default();
    if name == "other-artifact" {
        let first = manifest.get("layers").and_then(|layers| layers.pointer("/0/mediaType"));
        let media_type = first.cloned().unwrap_or_default();
        let mut layer = manifest.get("config").cloned().unwrap_or_default();
        if let Some(layer) = layer.as_object_mut() {
            layer.insert("mediaType".to_owned(), media_type);
        }
        manifest.insert("layers".to_owned(), json!([layer]));
    }
    let annotations = manifest.entry("annotations").or_insert_with(|| json!({}));
    if !annotations.is_object() {
        *annotations = json!({});
    }
    annotations["sealwright.dev/control"] = name.into();
    Value::Object(manifest).to_string().into_bytes()
}

/// How the referrer is labelled; nobody decides by it.
fn label(referrer: &[u8]) -> String {
    let manifest: Value = serde_json::from_slice(referrer).unwrap_or_default();
    manifest["annotations"][BUNDLE_PREDICATE_TYPE].as_str().unwrap_or_default().to_owned()
}

fn not_made((name, does, refused_by): (&str, &str, RefusedBy)) -> NotMade {
    let reason = "it needs a signer of one's own; the dev stack has one".to_owned();
    NotMade { name: name.to_owned(), does: does.to_owned(), refused_by, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_is_another_manifest_whatever_the_good_one_looks_like() {
        let layer = |media_type: &str| json!({"mediaType": media_type, "digest": "d", "size": 1});
        for (good, why) in [
            (json!({"config": layer("c"), "layers": [layer("l")]}), "usual"),
            (json!({"config": layer("c"), "layers": [], "annotations": null}), "nothing in it"),
            (json!({"config": "c", "layers": "l", "annotations": []}), "odd"),
            (json!([2, {}, []]), "no object"),
        ] {
            let of = |name: &str| -> Value {
                serde_json::from_slice(&changed(good.to_string().as_bytes(), name)).expect(why)
            };
            let (tampered, other) = (of("tampered-manifest"), of("other-artifact"));
            assert_eq!(tampered["annotations"]["sealwright.dev/control"], "tampered-manifest");
            assert_eq!(tampered.get("layers"), good.get("layers"), "{why}");
            assert_ne!(tampered, other, "{why}");
            if why == "usual" {
                assert_eq!(other["layers"], json!([layer("l")]), "the config, as a layer");
            }
        }
    }
}
