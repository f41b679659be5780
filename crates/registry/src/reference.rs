//! References: `ghcr.io/acme/platform/manifests:latest`.
//!
//! The grammar is oci-client's parser's; what it is lenient about (a missing host, tags outside
//! ASCII, upper-case digests) is refused here, because two spellings of one thing are a way
//! around a check.

use std::fmt;

use sealwright_evidence::Digest;

use crate::error::{Fault, RegistryError, quoted};
use crate::limits::REFERENCE_CHARS_MAX;

const EXPECTED: &str = "expected HOST/PATH, HOST/PATH:TAG or HOST/PATH@sha256:DIGEST, such as \
    ghcr.io/acme/platform/manifests:latest";

/// A repository: where, without tag or digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    /// `host` or `host:port`, lower case.
    pub host: String,
    /// The name within the registry, such as `acme/platform/manifests`.
    pub path: String,
}

/// What in a repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// Whatever the tag names now.
    Tag(String),
    /// Exactly these bytes.
    Digest(Digest),
}

/// A repository and what in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// Where.
    pub repository: Repository,
    /// What.
    pub target: Target,
}

impl Reference {
    /// Parses `[oci://]HOST/PATH[:TAG][@DIGEST]`. A digest wins over a tag beside it; with
    /// neither, the tag is `latest`. The host must be named: nothing is looked for on Docker Hub
    /// because somebody forgot it.
    pub fn parse(text: &str) -> Result<Self, RegistryError> {
        Parsed::of(text)?.reference()
    }
}

impl Repository {
    /// Parses `[oci://]HOST/PATH` without tag or digest.
    pub fn parse(text: &str) -> Result<Self, RegistryError> {
        let parsed = Parsed::of(text)?;
        if parsed.names_target() {
            return Err(parsed.error("it names a tag or a digest; expected HOST/PATH only"));
        }
        Ok(parsed.reference()?.repository)
    }

    /// This repository's artifact of that tag or digest.
    pub fn at(&self, target: Target) -> Reference {
        Reference { repository: self.clone(), target }
    }
}

impl Target {
    /// Checks a tag on its own.
    pub fn tag(text: &str) -> Result<Self, RegistryError> {
        if is_tag(text) {
            return Ok(Self::Tag(text.to_owned()));
        }
        let why = "expected a tag: 1 to 128 of A-Z a-z 0-9 _ . -, not starting with . or -";
        Err(RegistryError::new(quoted(text), Fault::Reference { why: why.to_owned() }))
    }
}

/// Whether it can stand in a URL's path and be nothing but a repository's name there. Names that
/// were parsed always can; the fields are public.
pub(crate) fn is_path(path: &str) -> bool {
    let component = |component: &str| {
        component.bytes().any(|c| c.is_ascii_alphanumeric())
            && component
                .bytes()
                .all(|c| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'))
    };
    path.len() <= REFERENCE_CHARS_MAX && path.split('/').all(component)
}

/// Distribution specification 1.1, "Pulling manifests".
pub(crate) fn is_tag(text: &str) -> bool {
    let word = |c: u8| c.is_ascii_alphanumeric() || c == b'_';
    text.len() <= 128
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|c| word(c) || matches!(c, b'.' | b'-'))
}

struct Parsed<'a> {
    text: &'a str,
    /// Without the scheme.
    bare: &'a str,
    reference: oci_client::Reference,
}

impl<'a> Parsed<'a> {
    fn of(text: &'a str) -> Result<Self, RegistryError> {
        let error = |why: String| RegistryError::new(quoted(text), Fault::Reference { why });
        if text.len() > REFERENCE_CHARS_MAX {
            return Err(error(format!("it has more than {REFERENCE_CHARS_MAX} characters")));
        }
        let bare = text.strip_prefix("oci://").unwrap_or(text);
        if bare.contains("://") {
            return Err(error(format!("it is a URL of another scheme than oci://; {EXPECTED}")));
        }
        let reference = oci_client::Reference::try_from(bare)
            .map_err(|reason| error(format!("{reason}; {EXPECTED}")))?;
        Ok(Self { text, bare, reference })
    }

    fn reference(&self) -> Result<Reference, RegistryError> {
        let host = self.host()?;
        let path = self.reference.repository().to_owned();
        Ok(Reference { repository: Repository { host, path }, target: self.target()? })
    }

    /// The parser puts Docker Hub where no host is named; so look whether it stands there.
    fn host(&self) -> Result<String, RegistryError> {
        let first = self.bare.split('/').next().unwrap_or_default();
        let is_host = first.contains(['.', ':']) || first == "localhost";
        if !is_host || !self.bare.contains('/') {
            return Err(self.error(&format!(
                "it names no registry host ({first} is not one; write docker.io/… for Docker Hub); {EXPECTED}"
            )));
        }
        Ok(self.reference.registry().to_ascii_lowercase())
    }

    fn target(&self) -> Result<Target, RegistryError> {
        if let Some(digest) = self.reference.digest() {
            let digest = Digest::parse(digest).map_err(|e| self.error(&e.to_string()))?;
            return Ok(Target::Digest(digest));
        }
        let tag = self.reference.tag().unwrap_or("latest");
        Target::tag(tag).map_err(|e| self.error(&e.fault().to_string()))
    }

    fn names_target(&self) -> bool {
        let name = self.bare.rsplit('/').next().unwrap_or_default();
        self.bare.contains('/') && name.contains([':', '@'])
    }

    fn error(&self, why: &str) -> RegistryError {
        RegistryError::new(quoted(self.text), Fault::Reference { why: why.to_owned() })
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.path)
    }
}

impl fmt::Display for Target {
    /// As it stands in a manifest's URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => f.write_str(tag),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if matches!(self.target, Target::Tag(_)) { ':' } else { '@' };
        write!(f, "{}{separator}{}", self.repository, self.target)
    }
}
