//! The environment that was chosen, with the configuration that it stands in; or none.

use jiff::Timestamp;
use sealwright_policy::Config;
use sealwright_policy::config::{Artifact, Environment};
use sealwright_policy::source_report::ClusterNote;

use crate::failure::Failure;
use crate::kubernetes::Cluster;
use crate::world::WorldArguments;

/// What the configuration says about the cluster that is looked at.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// With the registry that stands in; none where nothing needed it.
    config: Option<Config>,
    environment: Option<(String, Environment)>,
}

impl Chosen {
    /// Reads the configuration when an environment is named.
    pub(crate) fn new(
        name: Option<&str>,
        world: &WorldArguments,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let Some(name) = name else { return Ok(Self { config: None, environment: None }) };
        let config = world.config.stood_in(world.config.read_config(now)?);
        let Some(environment) = config.environments.get(name).cloned() else {
            let known: Vec<&str> = config.environments.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(Failure::usage(format!(
                "there is no environment {name} in the configuration\nthere are: {known}"
            )));
        };
        Ok(Self { config: Some(config), environment: Some((name.to_owned(), environment)) })
    }

    /// Its name.
    pub(crate) fn name(&self) -> Option<&str> {
        self.environment.as_ref().map(|(name, _)| name.as_str())
    }

    /// Context of the kubeconfig that it names.
    pub(crate) fn context(&self) -> Option<&str> {
        self.environment.as_ref().and_then(|(_, environment)| environment.context.as_deref())
    }

    /// `namespace/name` of its sources.
    pub(crate) fn sources(&self) -> &[String] {
        self.environment.as_ref().map_or(&[], |(_, environment)| &environment.sources)
    }

    /// The artifact that is pulled from an `oci://` URL, with its name.
    pub(crate) fn artifact_of(&self, url: &str) -> Option<(&str, &Artifact)> {
        let repository = url.strip_prefix("oci://")?.trim_end_matches('/');
        self.config.as_ref()?.artifact_for_repository(repository)
    }

    /// Names of all artifacts.
    pub(crate) fn artifact_names(&self) -> Vec<&str> {
        let artifacts = self.config.iter().flat_map(|config| config.artifacts.keys());
        artifacts.map(String::as_str).collect()
    }

    /// What the report says about the cluster.
    pub(crate) fn note(&self, cluster: Option<&Cluster>) -> ClusterNote {
        let name = cluster.map_or("the cluster", |cluster| &cluster.name);
        ClusterNote {
            environment: self.name().unwrap_or(name).to_owned(),
            server: cluster.and_then(|cluster| cluster.server.clone()),
            simulated: cluster.is_some_and(Cluster::is_simulated),
            controller: None,
        }
    }
}
