//! What the registry must know about a manifest to accept it: its type, what it refers to, and the
//! descriptor under which it shows up as a referrer.

use http::StatusCode;
use serde_json::{Value, json};

use super::api_error::{ApiError, Code};
use super::names::Digest;

/// Largest manifest, in bytes: the 4 MiB that the specification asks registries to take at least.
pub const MANIFEST_BYTES_MAX: usize = 4 << 20;

/// Everything read out of a manifest's bytes.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) media_type: String,
    /// Config and layers that the registry must hold.
    pub(crate) blobs: Vec<Digest>,
    /// Manifests of an index.
    pub(crate) manifests: Vec<Digest>,
    /// Digest of the `subject` descriptor.
    pub(crate) subject_descriptor: Option<Digest>,
    artifact_type: Option<String>,
    annotations: Option<Value>,
}

impl Facts {
    /// Reads a manifest. `content_type` is the header of the request; it must agree with `mediaType`.
    pub(crate) fn read(bytes: &[u8], content_type: Option<&str>) -> Result<Self, ApiError> {
        if bytes.len() > MANIFEST_BYTES_MAX {
            return Err(too_large());
        }
        let manifest: Value = serde_json::from_slice(bytes)
            .ok()
            .filter(Value::is_object)
            .ok_or_else(|| invalid("the manifest is not a JSON object"))?;
        Ok(Self {
            media_type: media_type(&manifest, content_type)?,
            blobs: blobs(&manifest)?,
            manifests: listed(&manifest, "manifests")?,
            subject_descriptor: manifest.get("subject").map(digest_of).transpose()?,
            artifact_type: artifact_type(&manifest),
            annotations: manifest.get("annotations").filter(|a| a.is_object()).cloned(),
        })
    }

    /// The descriptor that the referrers API lists for this manifest.
    pub(crate) fn descriptor(&self, digest: &Digest, size: usize) -> Value {
        let mut descriptor =
            json!({"mediaType": self.media_type, "digest": digest.as_str(), "size": size});
        if let Some(artifact_type) = &self.artifact_type {
            descriptor["artifactType"] = json!(artifact_type);
        }
        if let Some(annotations) = &self.annotations {
            descriptor["annotations"] = annotations.clone();
        }
        descriptor
    }
}

/// The answer for a manifest over [`MANIFEST_BYTES_MAX`].
pub(crate) fn too_large() -> ApiError {
    let message = format!("the manifest is larger than {MANIFEST_BYTES_MAX} bytes");
    ApiError::new(Code::SizeInvalid, message).with_status(StatusCode::PAYLOAD_TOO_LARGE)
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(Code::ManifestInvalid, message)
}

fn media_type(manifest: &Value, content_type: Option<&str>) -> Result<String, ApiError> {
    let declared = manifest.get("mediaType").and_then(Value::as_str);
    match (content_type, declared) {
        (Some(header), Some(field)) if header != field => {
            Err(invalid(format!("Content-Type is {header}, but mediaType is {field}")))
        }
        (Some(either), _) | (None, Some(either)) => Ok(either.to_owned()),
        (None, None) => Err(invalid("neither Content-Type nor mediaType says what this is")),
    }
}

/// Config and layers, without those that the specification lets a registry not hold.
fn blobs(manifest: &Value) -> Result<Vec<Digest>, ApiError> {
    let layers = manifest.get("layers").and_then(Value::as_array);
    manifest
        .get("config")
        .into_iter()
        .chain(layers.into_iter().flatten())
        .filter(|descriptor| !is_non_distributable(descriptor))
        .map(digest_of)
        .collect()
}

fn is_non_distributable(descriptor: &Value) -> bool {
    let media_type = descriptor.get("mediaType").and_then(Value::as_str).unwrap_or_default();
    media_type.contains(".nondistributable.") || media_type.contains(".foreign.")
}

fn listed(manifest: &Value, key: &str) -> Result<Vec<Digest>, ApiError> {
    let descriptors = manifest.get(key).and_then(Value::as_array);
    descriptors.into_iter().flatten().map(digest_of).collect()
}

fn digest_of(descriptor: &Value) -> Result<Digest, ApiError> {
    let text = descriptor.get("digest").and_then(Value::as_str);
    text.and_then(Digest::parse)
        .ok_or_else(|| invalid("a descriptor has no well-formed sha256 or sha512 digest"))
}

/// `artifactType`, else the config's media type (image specification, "Guidelines for Artifact Usage").
fn artifact_type(manifest: &Value) -> Option<String> {
    let text = |value: Option<&Value>| {
        value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    text(manifest.get("artifactType"))
        .or_else(|| text(manifest.get("config").and_then(|config| config.get("mediaType"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";

    fn read(manifest: Value, content_type: Option<&str>) -> Result<Facts, ApiError> {
        Facts::read(manifest.to_string().as_bytes(), content_type)
    }

    #[test]
    fn the_type_comes_from_header_and_field_that_agree() {
        for (field, header, expected, reason) in [
            (Some(IMAGE), Some(IMAGE), Some(IMAGE), "both"),
            (None, Some(IMAGE), Some(IMAGE), "header only"),
            (Some(IMAGE), None, Some(IMAGE), "field only"),
            (Some(IMAGE), Some("application/json"), None, "they differ"),
            (None, None, None, "neither"),
        ] {
            let manifest = field.map_or(json!({}), |field| json!({"mediaType": field}));
            let found = read(manifest, header).ok().map(|facts| facts.media_type);
            assert_eq!(found.as_deref(), expected, "{reason}");
        }
    }

    #[test]
    fn a_referrer_descriptor_lifts_type_and_annotations() {
        let config = Digest::sha256(b"{}");
        let manifest = |artifact_type: Value| {
            json!({"mediaType": IMAGE, "artifactType": artifact_type, "annotations": {"a": "b"},
                "config": {"mediaType": "application/x.config", "digest": config.as_str(), "size": 2}})
        };
        let listed =
            |artifact_type| read(manifest(artifact_type), None).unwrap().descriptor(&config, 7);
        assert_eq!(listed(json!("application/x.own"))["artifactType"], "application/x.own");
        assert_eq!(listed(json!(null))["artifactType"], "application/x.config");
        assert_eq!(listed(json!(null))["annotations"], json!({"a": "b"}));
        assert_eq!(listed(json!(null))["size"], 7);
    }

    #[test]
    fn refuses_what_is_not_a_manifest() {
        for (bytes, reason) in [
            ("", "empty"),
            ("[]", "an array"),
            ("{\"config\": {}}", "a config without a digest"),
            ("{\"layers\": [{\"digest\": \"sha256:zz\"}]}", "a malformed layer digest"),
            ("{\"subject\": {\"digest\": \"latest\"}}", "a malformed subject digest"),
        ] {
            assert!(Facts::read(bytes.as_bytes(), Some(IMAGE)).is_err(), "{reason}");
        }
        let large = vec![b' '; MANIFEST_BYTES_MAX + 1];
        assert!(Facts::read(&large, Some(IMAGE)).is_err(), "over the limit");
    }

    #[test]
    fn layers_that_may_stay_elsewhere_are_not_required() {
        let digest = Digest::sha256(b"x");
        let layer = |media_type: &str| {
            let manifest =
                json!({"layers": [{"mediaType": media_type, "digest": digest.as_str()}]});
            read(manifest, Some(IMAGE)).unwrap().blobs.len()
        };
        assert_eq!(layer("application/vnd.oci.image.layer.nondistributable.v1.tar"), 0);
        assert_eq!(layer("application/vnd.oci.image.layer.v1.tar"), 1);
    }
}
