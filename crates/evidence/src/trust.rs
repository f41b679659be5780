//! The trusted root: whose certificates, logs and timestamps count. Parsed once, used often.
//!
//! Format: `application/vnd.dev.sigstore.trustedroot+json;version=0.1`.

use sigstore_crypto::{Keyring, VerificationKey};
use sigstore_trust_root::TransparencyLog;
use sigstore_types::Sha256Hash;
use sigstore_verify::Verifier;

use crate::Digest;
use crate::limits::TRUSTED_ROOT_BYTES_MAX;

/// A trusted root that can be verified against.
pub struct TrustedRoot {
    digest: Digest,
    root: sigstore_trust_root::TrustedRoot,
    verifier: Verifier,
    log_keys: Keyring,
}

/// Why a trusted root cannot be used. A mistake of configuration, never a verdict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// More than [`TRUSTED_ROOT_BYTES_MAX`].
    #[error(
        "the trusted root has {0} bytes, more than {TRUSTED_ROOT_BYTES_MAX}: this is not a trusted_root.json"
    )]
    TooLarge(usize),
    /// Not the JSON of a trusted root.
    #[error(
        "the trusted root cannot be read: {0}; expected a trusted_root.json as TUF or `cosign trusted-root create` gives it"
    )]
    Malformed(String),
    /// Read, but a key, certificate or window in it is unusable.
    #[error("the trusted root cannot be used: {0}")]
    Unusable(String),
    /// No certificate authority or no transparency log: nothing could ever be verified.
    #[error("the trusted root names no {0}, so nothing could ever be verified against it")]
    Empty(&'static str),
}

impl TrustedRoot {
    /// Parses `trusted_root.json` and prepares its keys and certificates.
    pub fn parse(json: &[u8]) -> Result<Self, TrustError> {
        let root = Self::parse_for_any_use(json)?;
        if root.root.certificate_authorities.is_empty() {
            return Err(TrustError::Empty("certificate authority"));
        }
        if root.root.tlogs.is_empty() {
            return Err(TrustError::Empty("transparency log"));
        }
        Ok(root)
    }

    /// The same without asking for an authority: roots for managed keys have none.
    pub fn parse_for_any_use(json: &[u8]) -> Result<Self, TrustError> {
        if json.len() > TRUSTED_ROOT_BYTES_MAX {
            return Err(TrustError::TooLarge(json.len()));
        }
        let text = std::str::from_utf8(json).map_err(|e| TrustError::Malformed(e.to_string()))?;
        let root = sigstore_trust_root::TrustedRoot::from_json(text)
            .map_err(|e| TrustError::Malformed(e.to_string()))?;
        let unusable = |e: &dyn std::fmt::Display| TrustError::Unusable(e.to_string());
        let verifier = Verifier::new(&root).map_err(|e| unusable(&e))?;
        let log_keys = root.rekor_keys().map_err(|e| unusable(&e))?;
        Ok(Self { digest: Digest::of(json), root, verifier, log_keys })
    }

    /// SHA-256 of the exact bytes it was parsed from.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Everything in it, as it was read.
    pub(crate) fn contents(&self) -> &sigstore_trust_root::TrustedRoot {
        &self.root
    }

    /// The transparency log of this id.
    pub(crate) fn log(&self, id: &[u8]) -> Option<&TransparencyLog> {
        self.root.tlogs.iter().find(|log| log.log_id.key_id.as_bytes() == id)
    }

    /// The ids of all transparency logs, in hex.
    pub(crate) fn log_ids(&self) -> Vec<String> {
        self.root.tlogs.iter().map(|log| hex::encode(log.log_id.key_id.as_bytes())).collect()
    }

    /// The key of the transparency log of this id, if its window has begun by `now`.
    pub(crate) fn log_key(&self, id: &[u8], now: jiff::Timestamp) -> Option<&VerificationKey> {
        self.log_keys.key_started_by(&Sha256Hash::try_from(id).ok()?, now)
    }

    pub(crate) fn verifier(&self) -> &Verifier {
        &self.verifier
    }
}

impl std::fmt::Debug for TrustedRoot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrustedRoot").field("digest", &self.digest).finish_non_exhaustive()
    }
}

/// The name of a log for people: the host of its base URL, with its port. Empty when the trusted
/// root gives no URL.
pub(crate) fn log_host(log: &TransparencyLog) -> &str {
    without_scheme(log).split('/').next().unwrap_or_default()
}

/// The names that a log's checkpoints may carry as their origin: its base URL without scheme, as
/// <https://c2sp.org/tlog-checkpoint> asks, its host with the port (Rekor v1), its host alone
/// (Rekor v2). None when the trusted root gives no URL.
pub(crate) fn log_names(log: &TransparencyLog) -> Vec<&str> {
    let (url, host) = (without_scheme(log).trim_end_matches('/'), log_host(log));
    let mut names = vec![url, host, host.rsplit_once(':').map_or(host, |(name, _port)| name)];
    names.dedup();
    names.retain(|name| !name.is_empty());
    names
}

fn without_scheme(log: &TransparencyLog) -> &str {
    log.base_url.split_once("://").map_or(log.base_url.as_str(), |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sigstore_trust_root::SIGSTORE_PRODUCTION_TRUSTED_ROOT as PUBLIC;

    #[test]
    fn the_public_root_is_usable_and_known_by_its_bytes() {
        let root = TrustedRoot::parse(PUBLIC.as_bytes()).unwrap();
        assert_eq!(root.digest(), Digest::of(PUBLIC.as_bytes()));
        assert!(root.root.tlogs.iter().any(|log| log_host(log) == "rekor.sigstore.dev"));
    }

    #[test]
    fn a_log_is_named_by_its_url_its_host_or_its_host_and_port() {
        let mut root: serde_json::Value = serde_json::from_str(PUBLIC).unwrap();
        for (url, host, names) in [
            ("https://rekor.acme.example", "rekor.acme.example", vec!["rekor.acme.example"]),
            ("http://127.0.0.1:3000", "127.0.0.1:3000", vec!["127.0.0.1:3000", "127.0.0.1"]),
            (
                "https://log.acme.example/2026/",
                "log.acme.example",
                vec!["log.acme.example/2026", "log.acme.example"],
            ),
            ("", "", vec![]),
        ] {
            root["tlogs"][0]["baseUrl"] = url.into();
            let root = TrustedRoot::parse(root.to_string().as_bytes()).unwrap();
            let log = &root.root.tlogs[0];
            assert_eq!((log_host(log), log_names(log)), (host, names), "{url}");
        }
    }

    #[test]
    fn what_cannot_be_trusted_is_an_error_that_says_why() {
        let without = |field: &str| {
            let mut json: serde_json::Value = serde_json::from_str(PUBLIC).unwrap();
            json[field] = serde_json::json!([]);
            json.to_string().into_bytes()
        };
        let error = |json: &[u8]| TrustedRoot::parse(json).unwrap_err();
        assert!(matches!(error(b"{}"), TrustError::Malformed(_)), "not a trusted root");
        assert!(matches!(error(b"\xff"), TrustError::Malformed(_)), "not text");
        assert_eq!(error(&without("tlogs")), TrustError::Empty("transparency log"));
        assert_eq!(
            error(&without("certificateAuthorities")),
            TrustError::Empty("certificate authority")
        );
        let huge = vec![b' '; TRUSTED_ROOT_BYTES_MAX + 1];
        assert_eq!(error(&huge), TrustError::TooLarge(TRUSTED_ROOT_BYTES_MAX + 1));
        let mut json: serde_json::Value = serde_json::from_str(PUBLIC).unwrap();
        let first = json["tlogs"][0].clone();
        json["tlogs"].as_array_mut().unwrap().push(first);
        assert!(
            matches!(error(json.to_string().as_bytes()), TrustError::Unusable(_)),
            "a log id twice"
        );
    }
}
