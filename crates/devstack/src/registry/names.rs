//! Names as the distribution specification spells them: repository, tag, digest.

use std::fmt;

use aws_lc_rs::digest::{self as hashing, Context};

/// Longest repository name, in bytes: what clients expect to fit beside a host name (spec: "255 characters").
pub const REPOSITORY_BYTES_MAX: usize = 255;
/// Longest tag, in bytes (spec: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`).
pub const TAG_BYTES_MAX: usize = 128;

/// Whether `name` is a repository name: lower-case path components joined by `/`, where a component is
/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`.
pub fn is_repository(name: &str) -> bool {
    name.len() <= REPOSITORY_BYTES_MAX && name.split('/').all(is_component)
}

fn is_component(component: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = component.as_bytes();
    let ends_well = |byte: Option<&u8>| byte.is_some_and(|byte| alphanumeric(*byte));
    ends_well(bytes.first())
        && ends_well(bytes.last())
        && component
            .split(|character: char| character.is_ascii_lowercase() || character.is_ascii_digit())
            .all(is_separator)
}

/// What may stand between two alphanumeric characters: nothing, `.`, `_`, `__`, or dashes.
fn is_separator(text: &str) -> bool {
    matches!(text, "" | "." | "_" | "__") || text.bytes().all(|byte| byte == b'-')
}

/// Whether `tag` is a tag.
pub fn is_tag(tag: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= TAG_BYTES_MAX
        && tag.bytes().next().is_some_and(word)
        && tag.bytes().all(|byte| word(byte) || matches!(byte, b'.' | b'-'))
}

/// The digest algorithms that the registry stores under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// SHA-256, what everybody uses.
    Sha256,
    /// SHA-512, registered by the OCI image specification.
    Sha512,
}

impl Algorithm {
    fn prefix(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    fn hex_length(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }

    /// A hash in progress under this algorithm.
    pub(crate) fn start(self) -> Context {
        Context::new(match self {
            Self::Sha256 => &hashing::SHA256,
            Self::Sha512 => &hashing::SHA512,
        })
    }
}

/// `algorithm:hex` of exact bytes; only well-formed ones exist.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    text: String,
}

impl Digest {
    /// Reads `sha256:…` or `sha512:…` in lower-case hexadecimal; anything else is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let (prefix, hex) = text.split_once(':')?;
        let algorithm =
            [Algorithm::Sha256, Algorithm::Sha512].into_iter().find(|a| a.prefix() == prefix)?;
        let lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (hex.len() == algorithm.hex_length() && hex.bytes().all(lower_hex))
            .then(|| Self { algorithm, text: text.to_owned() })
    }

    /// The digest of `bytes`.
    pub fn of(algorithm: Algorithm, bytes: &[u8]) -> Self {
        let mut hash = algorithm.start();
        hash.update(bytes);
        Self::finish(algorithm, hash)
    }

    /// The SHA-256 digest of `bytes`.
    pub fn sha256(bytes: &[u8]) -> Self {
        Self::of(Algorithm::Sha256, bytes)
    }

    pub(crate) fn finish(algorithm: Algorithm, hash: Context) -> Self {
        let text = format!("{}:{}", algorithm.prefix(), hex::encode(hash.finish()));
        Self { algorithm, text }
    }

    /// Which algorithm made it.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// `algorithm:hex`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The form that fits a file name: `algorithm-hex`.
    pub(crate) fn file_name(&self) -> String {
        self.text.replacen(':', "-", 1)
    }

    /// The reverse of [`Digest::file_name`].
    pub(crate) fn from_file_name(name: &str) -> Option<Self> {
        Self::parse(&name.replacen('-', ":", 1))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repository_names() {
        for (name, valid, reason) in [
            ("acme/platform/manifests", true, "nested"),
            ("a", true, "one character"),
            ("a.b_c__d---e/f0", true, "every separator"),
            ("", false, "empty"),
            ("Acme", false, "upper case"),
            ("acme//x", false, "empty component"),
            ("acme/../x", false, "traversal"),
            ("acme/.x", false, "component starts with a separator"),
            ("acme/x-", false, "component ends with a separator"),
            ("a..b", false, "two dots"),
            ("a___b", false, "three underscores"),
            ("a._b", false, "mixed separators"),
            ("_tags", false, "our own folder names cannot be spelt"),
        ] {
            assert_eq!(is_repository(name), valid, "{name}: {reason}");
        }
        assert!(is_repository(&"a".repeat(REPOSITORY_BYTES_MAX)));
        assert!(!is_repository(&"a".repeat(REPOSITORY_BYTES_MAX + 1)));
    }

    #[test]
    fn tags() {
        for (tag, valid, reason) in [
            ("latest", true, "plain"),
            ("v1.0.0_rc-1", true, "every character class"),
            ("_x", true, "may start with an underscore"),
            (".x", false, "may not start with a dot"),
            ("", false, "empty"),
            ("a/b", false, "a slash would be a path"),
            ("a:b", false, "a colon would be a digest"),
        ] {
            assert_eq!(is_tag(tag), valid, "{tag}: {reason}");
        }
        assert!(is_tag(&"t".repeat(TAG_BYTES_MAX)));
        assert!(!is_tag(&"t".repeat(TAG_BYTES_MAX + 1)));
    }

    #[test]
    fn digests() {
        let known = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(Digest::sha256(b"{}").as_str(), known);
        let parsed = Digest::parse(known).unwrap();
        assert_eq!(Digest::from_file_name(&parsed.file_name()), Some(parsed));
        let long = Digest::of(Algorithm::Sha512, b"{}");
        assert_eq!(Digest::parse(long.as_str()), Some(long));
        for (text, reason) in [
            ("sha256:44136f", "short"),
            ("sha256:", "no hex"),
            ("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", "no algorithm"),
            (&known.to_uppercase(), "upper case"),
            (&known.replace("sha256", "sha512"), "length of another algorithm"),
            (&known.replace("sha256", "md5"), "unknown algorithm"),
        ] {
            assert_eq!(Digest::parse(text), None, "{reason}");
        }
    }
}
