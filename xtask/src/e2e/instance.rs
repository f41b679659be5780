//! A Sigstore to sign with and to trust: the dev stack with either log, or the real services.

use camino::Utf8PathBuf;

use super::world::World;
use crate::failure::{Context as _, Outcome};

/// A Sigstore.
#[derive(Debug, Clone)]
pub(super) struct Instance {
    /// For the names of cases.
    pub(super) name: &'static str,
    /// Part of repository names, so that cases do not meet.
    pub(super) slug: &'static str,
    /// Folder with `trusted_root.json` and `signing_config.json`.
    pub(super) trust: Utf8PathBuf,
    /// The issuer of its tokens.
    pub(super) issuer: String,
    /// A newer log tells no time: cosign must be told to look at the timestamps.
    pub(super) log_tells_time: bool,
}

/// The dev stack as two instances: with the newer log, then with the older one.
pub(super) fn dev_stack(world: &World) -> Outcome<[Instance; 2]> {
    let endpoints = world.stack.endpoints();
    let newer = Instance {
        name: "dev stack, Rekor v2",
        slug: "dev-v2",
        trust: endpoints.trust.clone(),
        issuer: endpoints.issuer.clone(),
        log_tells_time: false,
    };
    let older = Instance {
        name: "dev stack, Rekor v1",
        slug: "dev-v1",
        trust: world.folder.join("trust-v1"),
        log_tells_time: true,
        ..newer.clone()
    };
    for (from, to) in [
        ("trusted_root.json", "trusted_root.json"),
        ("signing_config.rekor-v1.json", "signing_config.json"),
    ] {
        let path = newer.trust.join(from);
        let bytes = std::fs::read(&path).context(|| path.to_string())?;
        world.write(&older.trust.join(to), &bytes)?;
    }
    Ok([newer, older])
}

impl Instance {
    pub(super) fn trusted_root(&self) -> Utf8PathBuf {
        self.trust.join("trusted_root.json")
    }

    pub(super) fn signing_config(&self) -> Utf8PathBuf {
        self.trust.join("signing_config.json")
    }
}
