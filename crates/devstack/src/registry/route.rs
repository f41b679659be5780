//! What a path asks for. Repository names contain slashes, so paths are read from their end.

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use super::api_error::{ApiError, Code};
use super::names::{Digest, is_repository, is_tag};

/// Kinds of requests, for the log and for faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Kind {
    /// `/v2/`: is this a registry?
    Base,
    /// A finished blob.
    Blob,
    /// An upload session: begin, append, status, finish, cancel.
    Upload,
    /// A manifest by digest. A fault on this kind also meets manifests by tag.
    Manifest,
    /// A manifest by tag.
    Tag,
    /// The list of tags.
    TagList,
    /// The referrers API.
    Referrers,
    /// The list of repositories.
    Catalog,
    /// The token endpoint of bearer authentication.
    Token,
    /// Anything else.
    Other,
}

/// A manifest's name in a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    Tag(String),
    Digest(Digest),
}

/// An understood path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Base,
    Catalog,
    Token,
    Blob { repository: String, digest: Digest },
    Uploads { repository: String },
    Upload { repository: String, id: String },
    Manifest { repository: String, reference: Reference },
    Tags { repository: String },
    Referrers { repository: String, digest: Digest },
}

impl Route {
    pub(crate) fn read(path: &str) -> Result<Self, ApiError> {
        let path = percent_decode_str(path)
            .decode_utf8()
            .map_err(|_| ApiError::new(Code::NameInvalid, "the path is not UTF-8"))?;
        match path.as_ref() {
            "/token" => return Ok(Self::Token),
            "/v2" | "/v2/" => return Ok(Self::Base),
            "/v2/_catalog" => return Ok(Self::Catalog),
            _ => {}
        }
        let rest = path.strip_prefix("/v2/").ok_or_else(unknown_route)?;
        if let Some(name) =
            rest.strip_suffix("/blobs/uploads/").or(rest.strip_suffix("/blobs/uploads"))
        {
            return Ok(Self::Uploads { repository: repository(name)? });
        }
        if let Some(name) = rest.strip_suffix("/tags/list") {
            return Ok(Self::Tags { repository: repository(name)? });
        }
        let (rest, last) = rest.rsplit_once('/').ok_or_else(unknown_route)?;
        if let Some(name) = rest.strip_suffix("/blobs/uploads") {
            return Ok(Self::Upload { repository: repository(name)?, id: last.to_owned() });
        }
        let (name, noun) = rest.rsplit_once('/').ok_or_else(unknown_route)?;
        match noun {
            "blobs" => Ok(Self::Blob { repository: repository(name)?, digest: digest(last)? }),
            "manifests" => {
                Ok(Self::Manifest { repository: repository(name)?, reference: reference(last)? })
            }
            "referrers" => {
                Ok(Self::Referrers { repository: repository(name)?, digest: digest(last)? })
            }
            _ => Err(unknown_route()),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Base => Kind::Base,
            Self::Catalog => Kind::Catalog,
            Self::Token => Kind::Token,
            Self::Blob { .. } => Kind::Blob,
            Self::Uploads { .. } | Self::Upload { .. } => Kind::Upload,
            Self::Manifest { reference: Reference::Digest(_), .. } => Kind::Manifest,
            Self::Manifest { reference: Reference::Tag(_), .. } => Kind::Tag,
            Self::Tags { .. } => Kind::TagList,
            Self::Referrers { .. } => Kind::Referrers,
        }
    }

    /// The repository that the request is about.
    pub(crate) fn repository(&self) -> Option<&str> {
        match self {
            Self::Base | Self::Catalog | Self::Token => None,
            Self::Blob { repository, .. }
            | Self::Uploads { repository }
            | Self::Upload { repository, .. }
            | Self::Manifest { repository, .. }
            | Self::Tags { repository }
            | Self::Referrers { repository, .. } => Some(repository),
        }
    }
}

fn unknown_route() -> ApiError {
    ApiError::new(Code::Unsupported, "no such endpoint").with_status(http::StatusCode::NOT_FOUND)
}

fn repository(name: &str) -> Result<String, ApiError> {
    if is_repository(name) {
        return Ok(name.to_owned());
    }
    Err(ApiError::new(Code::NameInvalid, "the repository name is not well-formed"))
}

/// Reads a digest from a path or a query.
pub(crate) fn digest(text: &str) -> Result<Digest, ApiError> {
    Digest::parse(text).ok_or_else(|| {
        ApiError::new(Code::DigestInvalid, "the digest is not sha256 or sha512 in lower-case hex")
    })
}

fn reference(text: &str) -> Result<Reference, ApiError> {
    if text.contains(':') {
        return digest(text).map(Reference::Digest);
    }
    if is_tag(text) {
        return Ok(Reference::Tag(text.to_owned()));
    }
    Err(ApiError::new(Code::ManifestInvalid, "the tag is not well-formed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_from_their_end() {
        let sha = Digest::sha256(b"{}");
        let blob = format!("/v2/acme/blobs/blobs/{sha}");
        let escaped = blob.replace(':', "%3A");
        for (path, repository, kind, reason) in [
            ("/v2/", None, Kind::Base, "base"),
            ("/v2", None, Kind::Base, "base as some clients spell it"),
            ("/v2/_catalog", None, Kind::Catalog, "catalogue"),
            ("/token", None, Kind::Token, "token endpoint"),
            (blob.as_str(), Some("acme/blobs"), Kind::Blob, "a repository named like a noun"),
            (escaped.as_str(), Some("acme/blobs"), Kind::Blob, "an escaped colon"),
            ("/v2/a/blobs/uploads/", Some("a"), Kind::Upload, "begin an upload"),
            ("/v2/a/b/blobs/uploads/7f", Some("a/b"), Kind::Upload, "go on with an upload"),
            ("/v2/a/manifests/manifests/v1", Some("a/manifests"), Kind::Tag, "manifest by tag"),
            (&format!("/v2/a/manifests/{sha}"), Some("a"), Kind::Manifest, "manifest by digest"),
            ("/v2/a/tags/list", Some("a"), Kind::TagList, "tags"),
            (&format!("/v2/a/referrers/{sha}"), Some("a"), Kind::Referrers, "referrers"),
        ] {
            let route = Route::read(path).unwrap();
            assert_eq!((route.repository(), route.kind()), (repository, kind), "{reason}: {path}");
        }
    }

    #[test]
    fn paths_that_are_refused() {
        for (path, reason) in [
            ("/", "outside the interface"),
            ("/v1/", "the protocol before"),
            ("/v2/a", "no noun"),
            ("/v2/a/layers/x", "unknown noun"),
            ("/v2/manifests/latest", "no repository"),
            ("/v2/../x/manifests/latest", "traversal"),
            ("/v2/%2e%2e/x/manifests/latest", "escaped traversal"),
            ("/v2/A/manifests/latest", "upper case"),
            ("/v2/a/manifests/.hidden", "malformed tag"),
            ("/v2/a/manifests/sha256:zz", "malformed digest"),
            ("/v2/a/blobs/latest", "a blob has no tag"),
            ("/v2/a/referrers/latest", "referrers of a tag"),
            ("/v2/%ff/manifests/latest", "not UTF-8"),
        ] {
            assert!(Route::read(path).is_err(), "{reason}: {path}");
        }
    }
}
