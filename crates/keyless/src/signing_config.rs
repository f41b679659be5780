//! The signing config: which services to use, as the instance's operator says.
//!
//! Format and selection: Sigstore client specification, `SigningConfig` of protobuf-specs; where
//! that leaves a choice, as sigstore-go's `SelectServices` does.

use std::collections::BTreeSet;

use camino::Utf8Path;
use sigstore_trust_root::{ServiceConfiguration, ServiceEndpoint, ServiceSelector};

use crate::error::TrustLoadError;
use crate::quote;
use crate::trust::{TrustSource, read_limited};
use crate::tuf;

/// Bytes of a signing config. The public one has 2 KiB.
const SIGNING_CONFIG_BYTES_MAX: usize = 1 << 20;
/// Services of one kind that are used at once, whatever the selector says: a bundle may carry 32
/// log entries and 32 timestamps, and nobody runs this many.
const SERVICES_COUNT_MAX: usize = 8;
/// Where a signing config stands in a folder.
const FILE: &str = "signing_config.json";

/// A log's major API version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RekorVersion {
    /// Entries of kind `dsse`, with a signed promise and an inclusion proof.
    V1,
    /// Tiles; entries of kind `hashedrekord`; the time comes from a timestamp authority.
    V2,
}

impl RekorVersion {
    /// Reads `1` or `2`.
    pub fn parse(text: &str) -> Option<RekorVersion> {
        match text {
            "1" => Some(RekorVersion::V1),
            "2" => Some(RekorVersion::V2),
            _ => None,
        }
    }

    /// The number.
    pub fn number(self) -> u32 {
        match self {
            RekorVersion::V1 => 1,
            RekorVersion::V2 => 2,
        }
    }
}

/// A signing config as read. Nothing is chosen yet.
#[derive(Debug, Clone)]
pub struct SigningConfig {
    config: sigstore_trust_root::SigningConfig,
    origin: String,
    rekor_version: Option<RekorVersion>,
}

/// The services that one signing uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Services {
    /// Base URL of the certificate authority.
    pub certificate_authority: String,
    /// Base URLs of the logs, all of this version.
    pub logs: Vec<String>,
    /// Their version.
    pub log_version: RekorVersion,
    /// URLs of the timestamp authorities; with a v2 log at least one.
    pub timestamp_authorities: Vec<String>,
}

/// Loads the signing config that stands beside the trusted root.
///
/// # Errors
/// It cannot be had or read. Whether its services can be used is said by [`SigningConfig::services`].
pub async fn load_signing_config(
    source: &TrustSource,
    now: jiff::Timestamp,
) -> Result<SigningConfig, TrustLoadError> {
    match source {
        TrustSource::Public { cache, offline } => {
            let material = tuf::public_material(cache.as_deref(), *offline, now).await?;
            SigningConfig::parse(&material.signing_config, &material.origin)
        }
        TrustSource::Folder(folder) => SigningConfig::from_file(&folder.join(FILE)),
        TrustSource::RootFile(path) => {
            SigningConfig::from_file(&path.parent().unwrap_or(Utf8Path::new(".")).join(FILE))
        }
    }
}

impl SigningConfig {
    /// Reads a `signing_config.json` of version 0.2; `origin` says in messages where it came from.
    ///
    /// # Errors
    /// Too large, not JSON, or of another version.
    pub fn parse(json: &[u8], origin: &str) -> Result<SigningConfig, TrustLoadError> {
        let unusable = |reason: String| TrustLoadError::SigningConfig {
            origin: origin.to_owned(),
            reason: quote(&reason),
        };
        if json.len() > SIGNING_CONFIG_BYTES_MAX {
            let reason = format!("it has more than {SIGNING_CONFIG_BYTES_MAX} bytes");
            return Err(unusable(reason));
        }
        let text = std::str::from_utf8(json).map_err(|error| unusable(error.to_string()))?;
        let config = sigstore_trust_root::SigningConfig::from_json(text)
            .map_err(|error| unusable(format!("not a signing config v0.2: {error}")))?;
        Ok(SigningConfig { config, origin: origin.to_owned(), rekor_version: None })
    }

    fn from_file(path: &Utf8Path) -> Result<SigningConfig, TrustLoadError> {
        SigningConfig::parse(&read_limited(path, SIGNING_CONFIG_BYTES_MAX)?, path.as_str())
    }

    /// The same, with logs of this version only.
    pub fn with_rekor_version(mut self, version: RekorVersion) -> SigningConfig {
        self.rekor_version = Some(version);
        self
    }

    /// The services to use at this time.
    ///
    /// # Errors
    /// A service that is needed is missing, expired, or of versions that we do not speak.
    pub fn services(&self, now: jiff::Timestamp) -> Result<Services, TrustLoadError> {
        let config = &self.config;
        let any = ServiceConfiguration::default();
        let authorities = self.select("certificate authority", &config.ca_urls, &[1], &any, now)?;
        let versions: &[u32] = match self.rekor_version {
            Some(RekorVersion::V1) => &[1],
            Some(RekorVersion::V2) => &[2],
            None => &[2, 1],
        };
        let (logs, urls) = (&config.rekor_tlog_config, &config.rekor_tlog_urls);
        let logs = self.select("transparency log", urls, versions, logs, now)?;
        let log_version = match logs[0].major_api_version {
            1 => RekorVersion::V1,
            _ => RekorVersion::V2,
        };
        let stamps =
            self.select("timestamp authority", &config.tsa_urls, &[1], &config.tsa_config, now);
        let timestamp_authorities = match (stamps, log_version) {
            (Ok(stamps), _) => urls_of(&stamps),
            // A v1 log signs the time itself; whoever lists no authority wants none.
            (Err(_), RekorVersion::V1) if config.tsa_urls.is_empty() => Vec::new(),
            (Err(error), _) => return Err(error),
        };
        Ok(Services {
            certificate_authority: urls_of(&authorities).swap_remove(0),
            logs: urls_of(&logs),
            log_version,
            timestamp_authorities,
        })
    }

    /// The services of the first version in `versions` that has any: at most one an operator (the
    /// newest), and as many of them as the selector says. Never empty.
    fn select<'a>(
        &self,
        what: &str,
        listed: &'a [ServiceEndpoint],
        versions: &[u32],
        wanted: &ServiceConfiguration,
        now: jiff::Timestamp,
    ) -> Result<Vec<&'a ServiceEndpoint>, TrustLoadError> {
        let unusable = |reason: String| TrustLoadError::SigningConfig {
            origin: self.origin.clone(),
            reason: format!("{what}: {reason}"),
        };
        let eligible = versions.iter().map(|version| newest_by_operator(listed, *version, now));
        let Some(mut chosen) = eligible.into_iter().find(|services| !services.is_empty()) else {
            return Err(unusable(none_eligible(listed, versions, now)));
        };
        let count = match (wanted.selector, wanted.count) {
            (ServiceSelector::Any, _) => 1,
            (ServiceSelector::All, _) => chosen.len(),
            (ServiceSelector::Exact, Some(count)) if count >= 1 => count as usize,
            (ServiceSelector::Exact, _) => {
                return Err(unusable("EXACT without a count".to_owned()));
            }
            (other, _) => return Err(unusable(format!("the selector {other:?} says nothing"))),
        };
        if count > chosen.len() || count > SERVICES_COUNT_MAX {
            return Err(unusable(format!(
                "{count} are asked for, {} of different operators are valid now, and \
                 {SERVICES_COUNT_MAX} is our limit",
                chosen.len()
            )));
        }
        chosen.truncate(count);
        Ok(chosen)
    }
}

fn newest_by_operator(
    listed: &[ServiceEndpoint],
    version: u32,
    now: jiff::Timestamp,
) -> Vec<&ServiceEndpoint> {
    let mut valid: Vec<&ServiceEndpoint> = listed
        .iter()
        .filter(|service| service.major_api_version == version && service.valid_for.contains(now))
        .collect();
    valid.sort_by_key(|service| std::cmp::Reverse(service.valid_for.start));
    let mut operators = BTreeSet::new();
    valid.retain(|service| operators.insert(service.operator.clone().unwrap_or_default()));
    valid
}

fn none_eligible(listed: &[ServiceEndpoint], versions: &[u32], now: jiff::Timestamp) -> String {
    if listed.is_empty() {
        return "none is listed".to_owned();
    }
    let listed: Vec<String> = listed
        .iter()
        .take(SERVICES_COUNT_MAX)
        .map(|service| {
            let end = service.valid_for.end.map_or(String::new(), |end| end.to_string());
            let (url, version) = (quote(&service.url), service.major_api_version);
            format!("{url} (version {version}, {}..{end})", service.valid_for.start)
        })
        .collect();
    format!("none is valid at {now} and of version {versions:?}; listed: {}", listed.join(", "))
}

fn urls_of(services: &[&ServiceEndpoint]) -> Vec<String> {
    services.iter().map(|service| service.url.trim_end_matches('/').to_owned()).collect()
}

#[cfg(test)]
mod tests;
