//! The referrer: the manifest that ties a bundle to an artifact, and the fallback index that
//! lists referrers where the registry does not.
//!
//! Shape: cosign `pkg/oci/remote/write.go`; OCI distribution specification 1.1, "Referrers Tag
//! Schema".

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::descriptor::{BUNDLE_V03, Descriptor, OCI_INDEX, OCI_MANIFEST, WrittenManifest};
use crate::limits::{INDEX_BYTES_MAX, REFERRERS_COUNT_MAX};

/// Annotation: when the referrer was made, RFC 3339.
pub const CREATED: &str = "org.opencontainers.image.created";
/// Annotation: what the bundle holds; always [`CONTENT_DSSE`] for us.
pub const BUNDLE_CONTENT: &str = "dev.sigstore.bundle.content";
/// Value of [`BUNDLE_CONTENT`] for a DSSE envelope.
pub const CONTENT_DSSE: &str = "dsse-envelope";
/// Annotation: predicate type of the statement inside.
pub const BUNDLE_PREDICATE_TYPE: &str = "dev.sigstore.bundle.predicateType";

/// A referrer ready to be pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferrerManifest {
    /// The manifest's exact bytes.
    pub bytes: Vec<u8>,
    /// Its descriptor as a referrers list shows it: `artifactType` and annotations lifted.
    pub descriptor: Descriptor,
}

/// The manifest that ties the bundle of `bundle` to the artifact of `artifact`.
///
/// `artifact` is the artifact's own descriptor (media type, digest and size of its manifest);
/// `created` is RFC 3339. The config is the empty object, so `{}` must be pushed as a blob too.
pub fn referrer_manifest(
    artifact: &Descriptor,
    bundle: &[u8],
    predicate_type: &str,
    created: &str,
) -> ReferrerManifest {
    let annotations = BTreeMap::from(
        [
            (CREATED, created),
            (BUNDLE_CONTENT, CONTENT_DSSE),
            (BUNDLE_PREDICATE_TYPE, predicate_type),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned())),
    );
    let manifest = WrittenManifest {
        schema_version: 2,
        media_type: OCI_MANIFEST,
        artifact_type: Some(BUNDLE_V03),
        config: &Descriptor::empty(),
        layers: [&Descriptor::of(BUNDLE_V03, bundle)],
        subject_descriptor: Some(&plain(artifact)),
        annotations: &annotations,
    };
    let bytes = manifest.to_bytes();
    let mut descriptor = Descriptor::of(OCI_MANIFEST, &bytes);
    descriptor.artifact_type = Some(BUNDLE_V03.to_owned());
    descriptor.annotations = annotations;
    ReferrerManifest { bytes, descriptor }
}

/// Only what identifies the bytes: the `subject` of a manifest carries nothing else.
fn plain(descriptor: &Descriptor) -> Descriptor {
    Descriptor::new(&descriptor.media_type, &descriptor.digest, descriptor.size)
}

/// Why a fallback index cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// What is under the fallback tag is not an index; overwriting it would destroy evidence.
    #[error(
        "what stands under the fallback tag is not an OCI image index: {0}; look at it, and delete the tag if it is rubbish"
    )]
    NotAnIndex(String),
    /// It would grow past [`INDEX_BYTES_MAX`] or [`REFERRERS_COUNT_MAX`].
    #[error(
        "the fallback index would hold {entries} referrers in {bytes} bytes, more than {REFERRERS_COUNT_MAX} or {INDEX_BYTES_MAX}; delete referrers that nobody needs"
    )]
    TooLarge {
        /// How many entries it would have.
        entries: usize,
        /// How many bytes it would have.
        bytes: usize,
    },
}

/// The fallback index with `descriptor` in it: what others wrote is kept as it is, an entry of
/// the same digest is replaced, the new one stands last.
///
/// `existing` is what the fallback tag holds now, `None` when the tag is absent (absent, not
/// "could not be read"). When nothing changes, the bytes are those of `existing`.
pub fn merge_into_index(
    existing: Option<&[u8]>,
    descriptor: &Descriptor,
) -> Result<Vec<u8>, IndexError> {
    let mut index = existing.map_or_else(|| Ok(empty_index()), parse_index)?;
    let entry = serde_json::to_value(descriptor).expect("a descriptor always serialises");
    let manifests = manifests_of(&mut index)?;
    if let (Some(bytes), true) = (existing, manifests.contains(&entry)) {
        return Ok(bytes.to_vec());
    }
    manifests.retain(|other| other["digest"] != entry["digest"]);
    manifests.push(entry);
    let entries = manifests.len();
    let bytes = serde_json::to_vec(&index).expect("a JSON value always serialises");
    if entries > REFERRERS_COUNT_MAX || bytes.len() > INDEX_BYTES_MAX {
        return Err(IndexError::TooLarge { entries, bytes: bytes.len() });
    }
    Ok(bytes)
}

fn empty_index() -> Map<String, Value> {
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [] });
    index.as_object().expect("it is written as an object").clone()
}

fn parse_index(bytes: &[u8]) -> Result<Map<String, Value>, IndexError> {
    if bytes.len() > INDEX_BYTES_MAX {
        return Err(IndexError::TooLarge { entries: 0, bytes: bytes.len() });
    }
    let index: Map<String, Value> =
        serde_json::from_slice(bytes).map_err(|e| IndexError::NotAnIndex(e.to_string()))?;
    match index.get("mediaType").and_then(Value::as_str) {
        None | Some(OCI_INDEX) => Ok(index),
        Some(other) => {
            Err(IndexError::NotAnIndex(format!("its media type is {}", crate::quote(other))))
        }
    }
}

fn manifests_of(index: &mut Map<String, Value>) -> Result<&mut Vec<Value>, IndexError> {
    let manifests = index.get_mut("manifests").and_then(Value::as_array_mut);
    manifests.ok_or_else(|| IndexError::NotAnIndex("it has no list `manifests`".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(digest_of: &str) -> Descriptor {
        Descriptor::of(OCI_MANIFEST, digest_of.as_bytes())
    }

    fn manifests(index: &[u8]) -> Vec<Value> {
        serde_json::from_slice::<Value>(index).unwrap()["manifests"].as_array().unwrap().clone()
    }

    #[test]
    fn the_referrer_points_at_the_artifact_and_its_descriptor_lifts_what_lists_show() {
        let mut artifact = entry("artifact");
        artifact.annotations.insert("local".into(), "stays here".into());
        let made =
            referrer_manifest(&artifact, b"bundle", "https://example/p", "2026-01-01T00:00:00Z");
        let manifest: Value = serde_json::from_slice(&made.bytes).unwrap();
        assert_eq!(
            manifest["subject"],
            json!({"mediaType": OCI_MANIFEST, "digest": artifact.digest, "size": 8})
        );
        assert_eq!(manifest["artifactType"], BUNDLE_V03);
        assert_eq!(
            manifest["layers"][0],
            serde_json::to_value(Descriptor::of(BUNDLE_V03, b"bundle")).unwrap()
        );
        assert_eq!(manifest["config"], serde_json::to_value(Descriptor::empty()).unwrap());
        assert_eq!(manifest["annotations"][BUNDLE_PREDICATE_TYPE], "https://example/p");
        assert_eq!(made.descriptor.digest, crate::Digest::of(&made.bytes).to_string());
        assert_eq!(made.descriptor.artifact_type.as_deref(), Some(BUNDLE_V03));
        assert_eq!(made.descriptor.annotations[BUNDLE_CONTENT], CONTENT_DSSE);
    }

    #[test]
    fn merging_keeps_what_others_wrote_and_repeats_nothing() {
        let theirs = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "annotations": {"theirs": "1"},
            "manifests": [{"mediaType": OCI_MANIFEST, "digest": "sha256:00", "size": 1, "data": "e30="}]});
        let first = merge_into_index(Some(theirs.to_string().as_bytes()), &entry("a")).unwrap();
        let second = merge_into_index(Some(&first), &entry("b")).unwrap();
        assert_eq!(manifests(&second).len(), 3);
        assert_eq!(manifests(&second)[0]["data"], "e30=", "fields that we do not know stay");
        assert_eq!(serde_json::from_slice::<Value>(&second).unwrap()["annotations"]["theirs"], "1");
        assert_eq!(
            merge_into_index(Some(&second), &entry("a")).unwrap(),
            second,
            "nothing to add, same bytes"
        );

        let mut annotated = entry("a");
        annotated.annotations.insert("k".into(), "v".into());
        let replaced = manifests(&merge_into_index(Some(&second), &annotated).unwrap());
        assert_eq!(replaced.len(), 3, "the same digest is listed once");
        assert_eq!(replaced[2]["annotations"]["k"], "v");
    }

    #[test]
    fn nothing_that_is_not_an_index_is_overwritten() {
        for (existing, why) in [
            (&b"<html>"[..], "not JSON"),
            (b"[]", "not an object"),
            (b"{}", "no list"),
            (br#"{"manifests":{}}"#, "the list is no list"),
            (
                br#"{"mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[]}"#,
                "a manifest",
            ),
        ] {
            let answer = merge_into_index(Some(existing), &entry("a"));
            assert!(matches!(answer, Err(IndexError::NotAnIndex(_))), "{why}: {answer:?}");
        }
        assert_eq!(manifests(&merge_into_index(None, &entry("a")).unwrap()).len(), 1);
    }

    #[test]
    fn the_index_does_not_grow_without_end() {
        let full: Vec<Value> = (0..REFERRERS_COUNT_MAX).map(|i| json!({"digest": i})).collect();
        let index = json!({"mediaType": OCI_INDEX, "manifests": full}).to_string();
        let answer = merge_into_index(Some(index.as_bytes()), &entry("a"));
        assert!(
            matches!(answer, Err(IndexError::TooLarge { entries, .. }) if entries == REFERRERS_COUNT_MAX + 1)
        );
        let huge = vec![b' '; INDEX_BYTES_MAX + 1];
        assert!(matches!(
            merge_into_index(Some(&huge), &entry("a")),
            Err(IndexError::TooLarge { .. })
        ));
    }
}
