//! Where the trusted root comes from, how old it is, and that it is what it claims to be.

use std::io::Read as _;

use camino::{Utf8Path, Utf8PathBuf};
use sealwright_evidence::TrustedRoot;
use sealwright_evidence::limits::TRUSTED_ROOT_BYTES_MAX;
use sealwright_policy::report::TrustNote;

use crate::error::TrustLoadError;
use crate::tuf;

/// Where a trusted root stands in a folder.
const FILE: &str = "trusted_root.json";

/// Where trust comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustSource {
    /// The public Sigstore.
    Public {
        /// Where its TUF metadata is kept between runs.
        cache: Option<Utf8PathBuf>,
        /// Whether the network is out of bounds.
        offline: bool,
    },
    /// A folder with `trusted_root.json` and, for signing, `signing_config.json`.
    Folder(Utf8PathBuf),
    /// A `trusted_root.json` by any name; for signing, `signing_config.json` beside it.
    RootFile(Utf8PathBuf),
}

/// A trusted root, its exact bytes, and where it came from.
#[derive(Debug)]
pub struct Trust {
    /// Ready to verify against.
    pub root: TrustedRoot,
    /// The bytes it was parsed from.
    pub root_json: Vec<u8>,
    /// For the report.
    pub note: TrustNote,
}

impl TrustSource {
    /// Reads what `--trust` takes: `public`, `public-embedded`, or a path.
    pub fn parse(text: &str) -> TrustSource {
        match text {
            "public" => TrustSource::Public { cache: tuf::default_cache(), offline: false },
            "public-embedded" => TrustSource::Public { cache: None, offline: true },
            path if Utf8Path::new(path).is_dir() => TrustSource::Folder(path.into()),
            path => TrustSource::RootFile(path.into()),
        }
    }
}

impl std::fmt::Display for TrustSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TrustSource::Public { offline: false, .. } => f.write_str("public"),
            TrustSource::Public { offline: true, .. } => f.write_str("public-embedded"),
            TrustSource::Folder(path) | TrustSource::RootFile(path) => f.write_str(path.as_str()),
        }
    }
}

/// Loads the trusted root.
///
/// # Errors
/// It cannot be had, or cannot be trusted against.
pub async fn load_trust(
    source: &TrustSource,
    now: jiff::Timestamp,
) -> Result<Trust, TrustLoadError> {
    match source {
        TrustSource::Public { cache, offline } => {
            let material = tuf::public_material(cache.as_deref(), *offline, now).await?;
            trust(material.trusted_root, material.origin, material.age_s)
        }
        TrustSource::Folder(folder) => from_file(&folder.join(FILE), now),
        TrustSource::RootFile(path) => from_file(path, now),
    }
}

fn from_file(path: &Utf8Path, now: jiff::Timestamp) -> Result<Trust, TrustLoadError> {
    let json = read_limited(path, TRUSTED_ROOT_BYTES_MAX)?;
    trust(json, format!("file {path}"), age_of(path, now))
}

fn trust(root_json: Vec<u8>, origin: String, age_s: Option<u64>) -> Result<Trust, TrustLoadError> {
    let root = TrustedRoot::parse(&root_json)
        .map_err(|error| TrustLoadError::Root { origin: origin.clone(), error })?;
    let note = TrustNote { origin, age_s, digest: root.digest().to_string() };
    Ok(Trust { root, root_json, note })
}

/// Seconds since a file was written.
pub(crate) fn age_of(path: &Utf8Path, now: jiff::Timestamp) -> Option<u64> {
    let written: jiff::Timestamp =
        std::fs::metadata(path).ok()?.modified().ok()?.try_into().ok()?;
    u64::try_from(now.as_second() - written.as_second()).ok()
}

/// A file of at most so many bytes.
pub(crate) fn read_limited(path: &Utf8Path, bytes_max: usize) -> Result<Vec<u8>, TrustLoadError> {
    let failed = |reason: String| TrustLoadError::File { path: path.to_owned(), reason };
    let file = std::fs::File::open(path).map_err(|error| failed(error.to_string()))?;
    let mut bytes = Vec::new();
    let read = file.take(bytes_max as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| failed(error.to_string()))?;
    if bytes.len() > bytes_max {
        return Err(failed(format!("it has more than {bytes_max} bytes")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sigstore_trust_root::SIGSTORE_PRODUCTION_TRUSTED_ROOT as PUBLIC;

    fn now() -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    #[tokio::test]
    async fn a_folder_and_a_file_are_told_apart_and_their_age_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap();
        let file = path.join(FILE);
        std::fs::write(&file, PUBLIC).unwrap();
        for source in [path.as_str(), file.as_str()] {
            let trust = load_trust(&TrustSource::parse(source), now()).await.unwrap();
            assert_eq!(trust.note.origin, format!("file {file}"), "{source}");
            assert!(trust.note.age_s.is_some_and(|age| age < 60), "{:?}", trust.note);
            assert_eq!(trust.root_json, PUBLIC.as_bytes());
        }
        let later = now() + jiff::SignedDuration::from_hours(24);
        let trust = load_trust(&TrustSource::parse(path.as_str()), later).await.unwrap();
        assert!(trust.note.age_s.is_some_and(|age| age >= 86_000), "{:?}", trust.note);
    }

    #[tokio::test]
    async fn what_cannot_be_trusted_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap();
        let absent = load_trust(&TrustSource::Folder(path.to_owned()), now()).await.unwrap_err();
        assert!(absent.to_string().contains(FILE), "{absent}");
        for (bytes, why) in [
            (&b"{}"[..], "an empty object"),
            (b"", "an empty file"),
            (&vec![b' '; TRUSTED_ROOT_BYTES_MAX + 1], "a huge file"),
        ] {
            std::fs::write(path.join(FILE), bytes).unwrap();
            let error = load_trust(&TrustSource::parse(path.as_str()), now()).await.unwrap_err();
            assert!(error.to_string().contains(FILE), "{why}: {error}");
            assert_eq!(error.code().to_string(), "SW6009", "{why}");
        }
    }

    #[tokio::test]
    async fn the_built_in_root_says_that_it_is_built_in() {
        let source = TrustSource::parse("public-embedded");
        let trust = load_trust(&source, now()).await.unwrap();
        assert_eq!(trust.note.origin, "public (embedded)");
        assert_eq!(source.to_string(), "public-embedded");
        assert!(matches!(TrustSource::parse("public"), TrustSource::Public { offline: false, .. }));
    }
}
