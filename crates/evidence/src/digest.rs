//! Digests as OCI writes them: `sha256:` and 64 lower-case hexadecimal digits.

use std::fmt;

/// A SHA-256 digest of exact bytes. The only algorithm that evidence is bound by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

/// What is wrong with a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a digest: expected `sha256:` and 64 lower-case hexadecimal digits")]
pub struct NotADigest(pub String);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*sigstore_crypto::sha256(bytes).as_bytes())
    }

    /// Parses `sha256:<64 lower-case hex digits>`, the only spelling the OCI image specification
    /// (descriptor, "Registered algorithms") allows.
    pub fn parse(text: &str) -> Result<Self, NotADigest> {
        let error = || NotADigest(crate::quote(text));
        Self::parse_hex(text.strip_prefix("sha256:").ok_or_else(error)?).ok_or_else(error)
    }

    /// Parses the hexadecimal part alone, as statements carry it.
    pub fn parse_hex(hex_digits: &str) -> Option<Self> {
        let canonical = hex_digits.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
        let mut bytes = [0; 32];
        // Digits for more or fewer bytes than these are refused as well.
        (canonical && hex::decode_to_slice(hex_digits, &mut bytes).is_ok()).then_some(Self(bytes))
    }

    /// The hexadecimal part alone.
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }

    /// The bytes themselves.
    pub fn bytes(&self) -> [u8; 32] {
        self.0
    }

    pub(crate) fn sha256(&self) -> sigstore_types::Sha256Hash {
        sigstore_types::Sha256Hash::new(self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

#[cfg(test)]
mod tests {
    use super::Digest;

    #[test]
    fn the_digest_of_nothing_is_the_well_known_one() {
        let known = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of(b"").to_string(), known);
        assert_eq!(Digest::parse(known).unwrap(), Digest::of(b""));
    }

    #[test]
    fn other_spellings_are_refused() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        for (text, why) in [
            (hex.to_owned(), "no algorithm"),
            (format!("sha512:{hex}"), "another algorithm"),
            (format!("sha256:{}", hex.to_uppercase()), "upper case names the same bytes twice"),
            (format!("sha256:{}", &hex[1..]), "a digit short"),
            (format!("sha256:{hex}0"), "a digit long"),
            (format!("sha256:g{}", &hex[1..]), "not hexadecimal"),
            (String::new(), "empty"),
        ] {
            assert!(Digest::parse(&text).is_err(), "{why}");
        }
    }
}
