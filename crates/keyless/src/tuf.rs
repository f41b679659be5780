//! The public Sigstore's trust material: through TUF, or the copy that is built in.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use sigstore_trust_root::{
    SIGNING_CONFIG_TARGET, SIGSTORE_PRODUCTION_SIGNING_CONFIG, SIGSTORE_PRODUCTION_TRUSTED_ROOT,
    SigstoreInstance, TRUSTED_ROOT_TARGET,
};
use sigstore_tuf::{FileStore, HttpRepository, StoreRepository, Updater};

use crate::error::TrustLoadError;
use crate::http::{HttpOptions, Transport};

/// How long fetching may take in all: six small files, normally below a second.
const FETCH_WITHIN: Duration = Duration::from_secs(30);
/// When the built-in copy was made: the release of `sigstore-trust-root` 0.15.1.
const BUILT_IN_ON: &str = "2026-10-23T00:00:00Z";

/// Exact bytes of both files, and where they came from.
#[derive(Debug)]
pub(crate) struct Material {
    pub(crate) trusted_root: Vec<u8>,
    pub(crate) signing_config: Vec<u8>,
    pub(crate) origin: String,
    pub(crate) age_s: Option<u64>,
}

/// Online: through TUF, or not at all; a failure never falls back to something older without a
/// word. Offline: the cache, verified anew from the built-in bootstrap, else the built-in copy; the
/// origin says which.
pub(crate) async fn public_material(
    cache: Option<&Utf8Path>,
    offline: bool,
    now: jiff::Timestamp,
) -> Result<Material, TrustLoadError> {
    if !offline {
        let fetched = tokio::time::timeout(FETCH_WITHIN, fetch(cache, now)).await;
        return fetched
            .unwrap_or_else(|_| Err(format!("no answer within {FETCH_WITHIN:?}")))
            .map_err(TrustLoadError::Tuf);
    }
    match cache {
        Some(folder) => Ok(cached(folder, now).await.unwrap_or_else(|reason| {
            tracing::warn!(%folder, reason, "the cached trusted root is not used");
            built_in(now)
        })),
        None => Ok(built_in(now)),
    }
}

async fn fetch(cache: Option<&Utf8Path>, now: jiff::Timestamp) -> Result<Material, String> {
    let transport = Transport::new(&HttpOptions::default())?;
    let repository = HttpRepository::new(SigstoreInstance::PublicGood.tuf_url())
        .map_err(|error| describe(&error))?
        .with_http_client(transport.client_for_public_files()?);
    let mut updater = Updater::new(repository, SigstoreInstance::PublicGood.tuf_root())
        .map_err(|error| describe(&error))?;
    if let Some(folder) = cache {
        std::fs::create_dir_all(folder).map_err(|error| format!("{folder}: {error}"))?;
        updater = updater.with_store(FileStore::new(folder));
    }
    targets(updater, now, "public (TUF)", Some(0)).await
}

async fn cached(folder: &Utf8Path, now: jiff::Timestamp) -> Result<Material, String> {
    let store = FileStore::new(folder);
    let updater =
        Updater::new(StoreRepository::new(store.clone()), SigstoreInstance::PublicGood.tuf_root())
            .map_err(|error| describe(&error))?
            .with_store(store);
    let age_s = crate::trust::age_of(&folder.join("timestamp.json"), now);
    targets(updater, now, "public (TUF, cached)", age_s).await
}

async fn targets(
    mut updater: Updater,
    now: jiff::Timestamp,
    origin: &str,
    age_s: Option<u64>,
) -> Result<Material, String> {
    updater.refresh(now).await.map_err(|error| describe(&error))?;
    let mut get =
        async |name: &str| updater.get_target(name, now).await.map_err(|error| describe(&error));
    Ok(Material {
        trusted_root: get(TRUSTED_ROOT_TARGET).await?,
        signing_config: get(SIGNING_CONFIG_TARGET).await?,
        origin: origin.to_owned(),
        age_s,
    })
}

fn built_in(now: jiff::Timestamp) -> Material {
    let built_in_on: jiff::Timestamp = BUILT_IN_ON.parse().expect("a constant that a test parses");
    Material {
        trusted_root: SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes().to_vec(),
        signing_config: SIGSTORE_PRODUCTION_SIGNING_CONFIG.as_bytes().to_vec(),
        origin: "public (embedded)".to_owned(),
        age_s: u64::try_from(now.as_second() - built_in_on.as_second()).ok(),
    }
}

/// Where TUF metadata is kept between runs; `None` where there is no home.
pub(crate) fn default_cache() -> Option<Utf8PathBuf> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let caches = variable("XDG_CACHE_HOME").map(Utf8PathBuf::from);
    let caches = caches.or_else(|| Some(Utf8PathBuf::from(variable("HOME")?).join(".cache")))?;
    Some(caches.join("sealwright").join("tuf"))
}

fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(cause) = below {
        text = format!("{text}: {cause}");
        below = cause.source();
    }
    crate::quote(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> jiff::Timestamp {
        "2026-11-25T00:00:00Z".parse().unwrap()
    }

    #[tokio::test]
    async fn offline_is_never_silent_about_what_it_uses() {
        let folder = tempfile::tempdir().unwrap();
        let empty = Utf8Path::from_path(folder.path()).unwrap();
        for cache in [None, Some(empty)] {
            let material = public_material(cache, true, now()).await.unwrap();
            assert_eq!(material.origin, "public (embedded)", "{cache:?}");
            assert_eq!(material.age_s, Some(33 * 86_400), "days since it was built in");
            assert_eq!(material.trusted_root, SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes());
        }
    }

    #[tokio::test]
    async fn a_forged_cache_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Utf8Path::from_path(folder.path()).unwrap();
        for name in ["root.json", "timestamp.json", "snapshot.json", "targets.json"] {
            std::fs::write(cache.join(name), "{\"signed\":{},\"signatures\":[]}").unwrap();
        }
        std::fs::create_dir(cache.join("targets")).unwrap();
        std::fs::write(cache.join("targets").join(TRUSTED_ROOT_TARGET), "forged").unwrap();
        let material = public_material(Some(cache), true, now()).await.unwrap();
        assert_eq!(material.trusted_root, SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes());
        assert_eq!(material.origin, "public (embedded)");
    }
}
