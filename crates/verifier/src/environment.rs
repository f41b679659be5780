//! The environment that was chosen, with the configuration that it stands in; or none.

use jiff::Timestamp;
use sealwright_policy::config::{Artifact, Environment, Exception};
use sealwright_policy::source_report::ClusterNote;
use sealwright_policy::{Code, Config, Finding, Issuers, Requirements};

use crate::cluster::Scope;
use crate::failure::Failure;
use crate::kubernetes::{Cluster, Kind, Live};
use crate::world::WorldArguments;

/// What the configuration says about the cluster that is looked at.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// With the registry that stands in; none where nothing needed it.
    config: Option<Config>,
    issuers: Issuers,
    environment: Option<(String, Environment)>,
    /// Registry that stands in for those in the configuration.
    stand_in: Option<String>,
}

impl Chosen {
    /// Reads the configuration when an environment is named.
    pub(crate) fn new(
        name: Option<&str>,
        world: &WorldArguments,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let issuers = world.config.issuers();
        let stand_in = world.config.stand_in.registry.clone();
        let Some(name) = name else {
            return Ok(Self { config: None, issuers, environment: None, stand_in });
        };
        let config = world.config.stood_in(world.config.read_config(now)?);
        let Some(environment) = config.environments.get(name).cloned() else {
            let known: Vec<&str> = config.environments.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(Failure::usage(format!(
                "there is no environment {name} in the configuration\nthere are: {known}"
            )));
        };
        let environment = Some((name.to_owned(), environment));
        Ok(Self { config: Some(config), issuers, environment, stand_in })
    }

    /// Reads the configuration in any case. Without a name the environment is the one with this
    /// context, if there is one. With several nobody would know which sources must be there.
    pub(crate) fn with_config(
        name: Option<&str>,
        context: Option<&str>,
        world: &WorldArguments,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        if name.is_some() {
            return Self::new(name, world, now);
        }
        let config = world.config.stood_in(world.config.read_config(now)?);
        let chosen = Self {
            config: Some(config),
            issuers: world.config.issuers(),
            environment: None,
            stand_in: world.config.stand_in.registry.clone(),
        };
        match context {
            Some(context) => chosen.of_context(context),
            None => Ok(chosen),
        }
    }

    /// With the environment of this context, where none was named.
    pub(crate) fn of_context(mut self, context: &str) -> Result<Self, Failure> {
        if self.environment.is_some() {
            return Ok(self);
        }
        let all = self.config.iter().flat_map(|config| &config.environments);
        let mut found =
            all.filter(|(_, environment)| environment.context.as_deref() == Some(context));
        self.environment = match (found.next(), found.next()) {
            (Some((one, _)), Some((other, _))) => {
                return Err(Failure::usage(format!(
                    "the context is that of the environments {one} and {other}\nsay with --environment which one is meant"
                )));
            }
            (found, _) => found.map(|(name, environment)| (name.clone(), environment.clone())),
        };
        Ok(self)
    }

    /// What is looked at in a cluster: what belongs to the organisation, the artifacts'
    /// repositories, and the declared sources. Without an environment the organisation is what all
    /// environments call so: whose a source is does not depend on where it is.
    pub(crate) fn scope(&self) -> Scope {
        let config = self.config.as_ref();
        let all = || config.into_iter().flat_map(|config| config.environments.values());
        let organisation: Vec<&str> = match &self.environment {
            Some((_, found)) => found.organisation.iter().map(String::as_str).collect(),
            None => all().flat_map(|found| &found.organisation).map(String::as_str).collect(),
        };
        let artifacts = config.into_iter().flat_map(|config| config.artifacts.values());
        let repositories = artifacts.map(|artifact| artifact.repository.as_str());
        Scope::new(organisation, repositories, self.sources(), self.stand_in.as_deref())
    }

    /// Flux version that the environment names.
    pub(crate) fn flux(&self) -> Option<&str> {
        self.environment.as_ref().and_then(|(_, environment)| environment.flux.as_deref())
    }

    /// What must hold for an artifact.
    ///
    /// # Errors
    /// The configuration has none of this name: asking for nothing would be no answer.
    pub(crate) fn requirements(&self, artifact: &str) -> Result<Requirements, Failure> {
        let found = self.config.as_ref().and_then(|c| c.requirements(artifact, &self.issuers));
        found.ok_or_else(|| {
            Failure::usage(format!("there is no artifact {artifact} in the configuration"))
        })
    }

    /// The exception that lets a chart through without a signature.
    pub(crate) fn exception(&self, live: &Live) -> Option<Finding> {
        let charts = self.config.iter().flat_map(|config| &config.charts);
        let exception = charts.filter(|_| live.kind == Kind::HelmChart).find(|chart| {
            let scope = Scope::new([chart.url.as_str()], [], &[], self.stand_in.as_deref());
            scope.covers_url(&live.url)
        })?;
        let Exception { reason, until } = &exception.unsigned;
        let message = format!("unsigned until {until}: {reason}");
        Some(Finding::new(Code::SourceExcepted, message).with_place(live.place()))
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
            scope: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_declared_is_a_mistake_and_never_held_by_nothing() {
        let text = "\
apiVersion: sealwright.dev/v1alpha1
kind: SupplyChain
signers:
  cd: {github: {repository: acme/platform, workflow: cd.yaml, refs: [refs/heads/main]}}
artifacts:
  manifests: {repository: ghcr.io/acme/platform/manifests, signers: [cd], evidence: [signature]}
";
        let today = jiff::civil::date(2026, 1, 1);
        let config = Config::parse("sealwright.yaml", text, today).unwrap();
        let chosen = |config| Chosen {
            config,
            issuers: Issuers::public(),
            environment: None,
            stand_in: None,
        };
        let found = chosen(Some(config.clone())).requirements("manifests").unwrap();
        assert_eq!((found.signers.len(), found.evidence.len()), (1, 1));
        for (config, artifact, why) in
            [(Some(config), "other", "another name"), (None, "manifests", "no configuration")]
        {
            let failure = chosen(config).requirements(artifact).unwrap_err();
            assert!(failure.message.contains(artifact), "{why}: {}", failure.message);
            assert_eq!(failure.exit_code, 64, "{why}");
        }
    }
}
