//! References: `ghcr.io/acme/platform/manifests:latest`.
//!
//! The grammar is that of the distribution specification 1.1 ("Pulling manifests"), with the host
//! spelt out. It is read by hand: oci-client's parser compiles one regular expression over all of
//! Unicode, which took 40 ms and 20 MiB of every run, and lets through what a check must not (no
//! host, tags outside ASCII, digests in upper case).

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

/// The pieces of a reference, cut apart but not yet checked.
struct Parsed<'a> {
    text: &'a str,
    host: &'a str,
    path: &'a str,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> Parsed<'a> {
    fn of(text: &'a str) -> Result<Self, RegistryError> {
        let error = |why: String| RegistryError::new(spelled(text), Fault::Reference { why });
        if text.len() > REFERENCE_CHARS_MAX {
            return Err(error(format!("it has more than {REFERENCE_CHARS_MAX} characters")));
        }
        let bare = text.strip_prefix("oci://").unwrap_or(text);
        if bare.contains("://") {
            return Err(error(format!("it is a URL of another scheme than oci://; {EXPECTED}")));
        }
        let (host, rest) = bare.split_once('/').unwrap_or((bare, ""));
        let (name, digest) = cut(rest, '@');
        let (path, tag) = cut(name, ':');
        Ok(Self { text, host, path, tag, digest })
    }

    fn reference(&self) -> Result<Reference, RegistryError> {
        let (host, path) = (self.host()?, self.path()?);
        Ok(Reference { repository: Repository { host, path }, target: self.target()? })
    }

    fn host(&self) -> Result<String, RegistryError> {
        if self.host.contains('@') {
            return Err(self.error(&format!(
                "it holds a login, which belongs into Docker's configuration; {EXPECTED}"
            )));
        }
        let first = quoted(self.host);
        if !self.host.contains(['.', ':']) && self.host != "localhost" {
            return Err(self.error(&format!(
                "it names no registry host ({first} is not one; write docker.io/… for Docker Hub); {EXPECTED}"
            )));
        }
        if !is_host(self.host) {
            return Err(self.error(&format!("{first} is not a registry host; {EXPECTED}")));
        }
        Ok(self.host.to_ascii_lowercase())
    }

    /// Docker Hub keeps its official images under a name that nobody writes.
    fn path(&self) -> Result<String, RegistryError> {
        if !self.path.split('/').all(is_path_component) {
            let path = quoted(self.path);
            return Err(self.error(&format!("{path} is not a repository's path; {EXPECTED}")));
        }
        let official = self.host == "docker.io" && !self.path.contains('/');
        Ok(format!("{}{}", if official { "library/" } else { "" }, self.path))
    }

    fn target(&self) -> Result<Target, RegistryError> {
        let tag = Target::tag(self.tag.unwrap_or("latest"))
            .map_err(|error| self.error(&error.fault().to_string()))?;
        let Some(digest) = self.digest else { return Ok(tag) };
        let digest = Digest::parse(digest).map_err(|error| self.error(&error.to_string()))?;
        Ok(Target::Digest(digest))
    }

    fn names_target(&self) -> bool {
        self.tag.is_some() || self.digest.is_some()
    }

    fn error(&self, why: &str) -> RegistryError {
        RegistryError::new(spelled(self.text), Fault::Reference { why: why.to_owned() })
    }
}

/// The text for a message. What stands before an `@` in the host's place is a login: people paste
/// URLs with a password in them, and logs keep it.
fn spelled(text: &str) -> String {
    let start = text.find("://").map_or(0, |at| at + "://".len());
    let (scheme, rest) = text.split_at(start);
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match host.rsplit_once('@') {
        Some((_, host)) => quoted(&format!("{scheme}***@{host}{path}")),
        None => quoted(text),
    }
}

/// What stands before the first `mark`, and what behind it when there is one.
fn cut(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(before, behind)| (before, Some(behind)))
}

/// A host name or IPv4 address, with or without a port.
fn is_host(text: &str) -> bool {
    let (name, port) = cut(text, ':');
    let label = |label: &str| {
        let inner = label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
        inner && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
    };
    name.split('.').all(label) && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_path_component(text: &str) -> bool {
    let word = |c: char| matches!(c, 'a'..='z' | '0'..='9');
    let begins_and_ends = text.starts_with(word) && text.ends_with(word);
    let separators = text.split(word).filter(|between| !between.is_empty());
    begins_and_ends
        && separators.into_iter().all(|between| {
            matches!(between, "." | "_" | "__") || between.bytes().all(|c| c == b'-')
        })
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// The whole reference was repeated in the error.
    #[test]
    fn a_password_in_a_reference_is_not_repeated() {
        for (text, shown, why) in [
            ("me:hunter2@ghcr.io/acme/x", "***@ghcr.io/acme/x", "as in a URL without its scheme"),
            ("https://me:hunter2@ghcr.io/acme/x", "https://***@ghcr.io/acme/x", "pasted whole"),
            ("me:hunter2@@ghcr.io/acme/x", "***@ghcr.io/acme/x", "an @ in the password"),
            ("me:hunter2@ghcr.io", "***@ghcr.io", "no path behind it"),
            ("ghcr.io/acme/x@sha256:12", "ghcr.io/acme/x@sha256:12", "a digest is no login"),
        ] {
            let error = Reference::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(shown) && !error.contains("hunter2"), "{why}: {error}");
        }
    }

    #[test]
    fn references_that_are_understood() {
        let pinned = format!("ghcr.io/acme/platform@{DIGEST}");
        let both = format!("ghcr.io/acme/platform:v1@{DIGEST}");
        for (text, expected, why) in [
            ("ghcr.io/acme/platform:v1", "ghcr.io/acme/platform:v1", "a tag"),
            ("oci://ghcr.io/acme/platform:v1", "ghcr.io/acme/platform:v1", "as Flux writes it"),
            ("ghcr.io/acme/platform", "ghcr.io/acme/platform:latest", "the default tag"),
            (&pinned, &pinned, "a digest"),
            (&both, &pinned, "the digest wins"),
            ("127.0.0.1:5000/a:v1", "127.0.0.1:5000/a:v1", "an address with a port"),
            ("localhost/a/b:v1", "localhost/a/b:v1", "localhost needs no dot"),
            ("registry:5000/a", "registry:5000/a:latest", "nor does a host with a port"),
            ("GHCR.io/acme/platform:V1", "ghcr.io/acme/platform:V1", "hosts know no case, tags do"),
            ("docker.io/acme", "docker.io/library/acme:latest", "Docker Hub, when it is named"),
            ("ghcr.io/a.b/c_d/e--f:_x", "ghcr.io/a.b/c_d/e--f:_x", "separators"),
        ] {
            let parsed = Reference::parse(text).map(|reference| reference.to_string());
            assert_eq!(parsed.as_deref(), Ok(expected), "{why}");
        }
    }

    #[test]
    fn references_that_are_refused_say_what_is_expected() {
        let upper = format!("ghcr.io/acme/platform@{}", DIGEST.to_uppercase());
        let short = format!("ghcr.io/acme/platform@{}", &DIGEST[..70]);
        let other = format!("ghcr.io/acme/platform@sha512:{}", "0".repeat(128));
        let long = format!("ghcr.io/{}", "a/".repeat(REFERENCE_CHARS_MAX));
        let long_tag = format!("ghcr.io/acme/platform:{}", "v".repeat(129));
        for (text, why) in [
            ("", "nothing"),
            ("acme/platform:v1", "no host: not Docker Hub by accident"),
            ("platform", "no host and no path"),
            ("ghcr.io", "a host alone"),
            ("ghcr.io/Acme/platform", "upper case"),
            ("https://ghcr.io/acme/platform", "another scheme"),
            ("oci://oci://ghcr.io/acme/platform", "twice"),
            ("ghcr.io/acme/../other:v1", "a path trick"),
            ("ghcr.io/acme//platform", "an empty component"),
            ("ghcr.io/acme/platform:", "an empty tag"),
            ("ghcr.io/acme/platform:.v1", "a tag that begins with a dot"),
            ("ghcr.io/acme/platform:v\u{e9}", "a tag outside ASCII"),
            ("ghcr.io/acme/platform:v1:v2", "two tags"),
            ("ghcr.io:99999/acme/platform", "a port that cannot be"),
            ("ghcr.io:/acme/platform", "an empty port"),
            ("-ghcr.io/acme/platform", "a host that begins with a hyphen"),
            ("ghcr..io/acme/platform", "a host with an empty label"),
            ("ghcr.io/acme/plat..form", "two dots together"),
            ("ghcr.io/acme/plat___form", "three underscores together"),
            ("ghcr.io/acme/platform-", "a path that ends with a separator"),
            ("ghcr.io/acme/platform:v 1@", "an empty digest"),
            ("ghcr.io/acme/platform:v1 ", "a blank"),
            ("ghcr.io/acme/platform?x=1", "a query"),
            ("user:password@ghcr.io/acme/platform", "credentials"),
            ("[::1]:5000/acme/platform", "an address that the grammar does not know"),
            (&upper, "a digest in upper case"),
            (&short, "a digest too short"),
            (&other, "another algorithm"),
            (&long, "too long"),
            (&long_tag, "a tag too long"),
        ] {
            let error = Reference::parse(text).expect_err(why);
            assert_eq!(error.code(), sealwright_policy::Code::RegistryReference, "{why}");
            assert!(
                error.to_string().contains("is not")
                    || error.to_string().contains("expected")
                    || error.to_string().contains("than"),
                "{why}: {error}"
            );
        }
    }

    #[test]
    fn a_repository_is_named_without_tag_and_digest() {
        let parsed = Repository::parse("oci://127.0.0.1:5000/acme/platform").unwrap();
        assert_eq!(
            (parsed.host.as_str(), parsed.path.as_str()),
            ("127.0.0.1:5000", "acme/platform")
        );
        for (text, why) in [
            ("ghcr.io/acme/platform:v1".to_owned(), "a tag"),
            (format!("ghcr.io/acme/platform@{DIGEST}"), "a digest"),
            ("acme/platform".to_owned(), "no host"),
        ] {
            assert!(Repository::parse(&text).is_err(), "{why}");
        }
    }

    #[test]
    fn paths_that_cannot_stand_in_a_url_are_known() {
        for (path, expected, why) in [
            ("acme/platform", true, "plain"),
            ("a.b/c_d/e-f", true, "separators"),
            ("", false, "empty"),
            ("acme/", false, "ends with a slash"),
            ("acme/../other", false, "upwards"),
            ("acme/./other", false, "here"),
            ("acme/platform?x", false, "a query"),
            ("acme%2Fplatform", false, "escaped"),
            ("Acme", false, "upper case"),
        ] {
            assert_eq!(is_path(path), expected, "{why}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC*") {
            let _ = Reference::parse(&text);
            let _ = Repository::parse(&text);
        }

        #[test]
        fn what_is_understood_is_shown_as_what_is_understood(
            text in "(oci://)?[a-z]{1,5}\\.io/[a-z0-9./_-]{1,20}(:[a-zA-Z0-9._-]{1,10})?"
        ) {
            if let Ok(reference) = Reference::parse(&text) {
                prop_assert_eq!(Reference::parse(&reference.to_string()), Ok(reference));
            }
        }
    }
}
