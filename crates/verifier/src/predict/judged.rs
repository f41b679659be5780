//! What our own judge says of the digests that sources resolve to: each gathered and judged once.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt as _};
use sealwright_evidence::Evidence;
use sealwright_policy::{Config, Issuers, Requirements};
use sealwright_registry::{Client, Reference};

use crate::failure::Failure;
use crate::verify::{Gathered, gather_from};

/// Artifacts that are gathered side by side.
const SIDE_BY_SIDE: usize = 8;

/// `registry/path` and digest.
pub(super) type Artifact = (String, String);

/// The configuration as it stands, and with the registry that stands in.
pub(super) struct Declarations {
    pub(super) config: Config,
    pub(super) stood_in: Config,
    pub(super) issuers: Issuers,
}

impl Declarations {
    /// Name and requirements of the artifact in this repository.
    pub(super) fn of(&self, repository: &str) -> Option<Requirements> {
        [&self.stood_in, &self.config].into_iter().find_map(|config| {
            let (name, _) = config.artifact_for_repository(repository)?;
            config.requirements(name, &self.issuers)
        })
    }
}

/// Evidence by artifact: from a recording, else from the registry.
pub(super) async fn gather(
    wanted: impl IntoIterator<Item = Artifact>,
    recorded: Vec<Evidence>,
    client: Option<&Client>,
) -> Result<BTreeMap<Artifact, Gathered>, Failure> {
    let mut gathered: BTreeMap<Artifact, Gathered> = recorded
        .into_iter()
        .map(|evidence| {
            let artifact = (evidence.repository.clone(), evidence.artifact.digest.clone());
            (artifact, Gathered::recorded(evidence))
        })
        .collect();
    let Some(client) = client else { return Ok(gathered) };
    let missing = wanted.into_iter().filter(|artifact| !gathered.contains_key(artifact));
    let missing: Vec<Artifact> = missing.collect();
    let mut answers = stream::iter(missing.into_iter().map(|artifact| async move {
        let spelled = format!("{}@{}", artifact.0, artifact.1);
        let reference =
            Reference::parse(&spelled).map_err(|error| Failure::data(error.to_string()))?;
        let found = gather_from(client, &reference, &spelled, false).await?;
        Ok::<_, Failure>((artifact, found))
    }))
    .buffer_unordered(SIDE_BY_SIDE);
    while let Some(answer) = answers.next().await {
        let (artifact, found) = answer?;
        gathered.insert(artifact, found);
    }
    Ok(gathered)
}
