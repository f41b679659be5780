//! Evidence as gathered: all bytes found for one digest, unjudged. A recorded [`Evidence`] replays
//! the judge offline: it is the bug-report format, the fuzz input and the benchmark input at once.

use serde::{Deserialize, Serialize};

/// Everything that was found for one artifact, and what could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Evidence {
    /// `registry/path` without tag or digest.
    pub repository: String,
    /// The artifact's own manifest. Its digest is the one that evidence must name.
    pub artifact: Blob,
    /// Where the list of referrers came from.
    pub referrers_from: ReferrersFrom,
    /// What points at the artifact, in the order the registry listed it.
    pub referrers: Vec<Referrer>,
    /// The legacy `sha256-<hex>.sig` tag, when it was asked for and is there.
    pub legacy: Option<LegacyImage>,
    /// What could not be found out. A gap never counts as absence.
    pub gaps: Vec<Gap>,
}

/// How referrers were listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ReferrersFrom {
    /// OCI 1.1 referrers API.
    Api,
    /// Fallback tag `sha256-<hex>`.
    FallbackTag,
    /// Neither has any.
    Nowhere,
    /// It could not be told; a gap says why.
    Unknown,
}

/// Exact bytes with the media type they were served or declared under, and their digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Blob {
    /// `algorithm:hex` that was asked for; the gatherer has checked the bytes against it, and the
    /// judge checks again.
    pub digest: String,
    /// Media type.
    pub media_type: String,
    /// The bytes, in base64 when serialised.
    #[serde(with = "base64_bytes")]
    pub bytes: Vec<u8>,
}

/// A manifest whose `subject` points at the artifact, with the layers worth reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Referrer {
    /// The referrer's manifest.
    pub manifest: Blob,
    /// Its layers that hold a Sigstore bundle. Other layers are not fetched.
    pub bundles: Vec<Blob>,
}

/// The image behind the legacy `.sig` tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LegacyImage {
    /// The manifest, whose layer annotations hold signature, certificate and log entry.
    pub manifest: Blob,
    /// The payloads: one simple-signing document a layer.
    pub payloads: Vec<Blob>,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Gap {
    /// What was asked for, such as `referrers of sha256:…` or a digest.
    pub what: String,
    /// Why it could not be had, with the status or the name of the limit.
    pub why: String,
    /// Code of the finding: a registry fault, or a limit of ours.
    pub code: sealwright_policy::Code,
}

mod base64_bytes {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(input)?).map_err(serde::de::Error::custom)
    }
}
