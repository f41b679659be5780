//! The source that an environment of the configuration must have for an artifact, with all that its
//! controller will know: what is rendered is what is predicted.

use std::collections::BTreeMap;

use sealwright_policy::{Code, Config, Environment, Finding, Issuers, Place, Trust};

use crate::render::{self, FLUX_SYSTEM, Follows, Matcher, TRUSTED_ROOT_SECRET};
use crate::{Controller, Secret, Secrets, Source};

/// Key of the Secret that holds a trusted root.
const TRUSTED_ROOT_KEY: &str = "trusted_root.json";

/// The trusted root that is at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root<'a> {
    /// That of the public Sigstore.
    Public,
    /// Another one, as JSON: a dev stack's.
    Own(&'a [u8]),
}

/// A source as an environment must have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The object.
    pub source: Source,
    /// The Secrets that it points at.
    pub secrets: Secrets,
    /// Whose rules.
    pub controller: Controller,
    /// What to know about the prediction: notes and warnings.
    pub findings: Vec<Finding>,
}

/// The source for an artifact in an environment.
///
/// # Errors
/// Why nothing can be predicted for this environment: an unknown name, trust that is not at hand, or
/// a controller that cannot be told whom to trust.
pub fn declared(
    config: &Config,
    environment: &str,
    artifact: &str,
    issuers: &Issuers,
    follows: Follows,
    root: Root<'_>,
) -> Result<Declared, Box<Finding>> {
    let place = Place::object(format!("environments.{environment}"));
    let unknown = || {
        let message = format!("the configuration has no environment {environment} with {artifact}");
        Box::new(Finding::new(Code::PredictionUndecided, message).with_place(place.clone()))
    };
    let found = config.environments.get(environment).ok_or_else(unknown)?;
    let requirements = config.requirements(artifact, issuers).ok_or_else(unknown)?;
    let (controller, mut findings) = controller(found, &place)?;
    let secret = trusted_root_secret(found, &controller, root, &place, &mut findings)?;
    let matcher =
        Matcher::of(&requirements).trusting(secret.map(|_| TRUSTED_ROOT_SECRET.to_owned()));
    let standing = standing(config, environment, artifact, follows).ok_or_else(unknown)?;
    let object = matcher.oci_repository_object(&standing);
    let source = Source::parse(&object).map_err(|error| {
        let message = format!("the rendered source cannot be read: {error}");
        Box::new(Finding::new(Code::PredictionUndecided, message).with_place(place))
    })?;
    let mut secrets = Secrets::default();
    if let Some(json) = secret {
        let entries = BTreeMap::from([(TRUSTED_ROOT_KEY.to_owned(), json.to_vec())]);
        secrets.insert(&standing.namespace, TRUSTED_ROOT_SECRET, Secret::Found(entries));
    }
    Ok(Declared { source, secrets, controller, findings })
}

/// Where the source of an artifact stands: a declared source that has the artifact's name; the only
/// declared one, when there is only one artifact as well; else one named after the artifact.
pub fn standing(
    config: &Config,
    environment: &str,
    artifact: &str,
    follows: Follows,
) -> Option<render::Place> {
    let repository = config.artifacts.get(artifact)?.repository.clone();
    let found = config.environments.get(environment)?;
    let sources = &found.sources;
    let split = |source: &String| {
        let (namespace, name) = source.split_once('/')?;
        Some((namespace.to_owned(), name.to_owned()))
    };
    let mut declared = sources.iter().filter_map(split);
    let named = declared.clone().find(|(_, name)| name == artifact);
    let only =
        (config.artifacts.len() == 1 && sources.len() == 1).then(|| declared.next()).flatten();
    let fallback = || (FLUX_SYSTEM.to_owned(), artifact.to_owned());
    let (namespace, name) = named.or(only).unwrap_or_else(fallback);
    let certificates = found.certificates.clone();
    Some(render::Place { namespace, name, repository, follows, certificates })
}

fn controller(
    environment: &Environment,
    place: &Place,
) -> Result<(Controller, Vec<Finding>), Box<Finding>> {
    let Some(flux) = &environment.flux else {
        let controller = Controller::default();
        let message = format!("no version of Flux is given; {} is assumed", controller.describe());
        let note = Finding::new(Code::ControllerAssumed, message).with_place(place.clone());
        return Ok((controller, vec![note]));
    };
    let controller = Controller::parse(&format!("flux {flux}")).map_err(|error| {
        Box::new(
            Finding::new(Code::PredictionUndecided, error.to_string()).with_place(place.clone()),
        )
    })?;
    let newer = unknown_version(&controller).map(|finding| finding.with_place(place.clone()));
    Ok((controller, newer.into_iter().collect()))
}

/// A warning when rules of another version stand in for those that were asked for.
pub fn unknown_version(controller: &Controller) -> Option<Finding> {
    let asked = controller.asked()?;
    let message =
        format!("the rules of {asked} are not known; those of {} are used", controller.version());
    Some(Finding::new(Code::ControllerUnknown, message))
}

/// The trusted root to put into a Secret, when the environment's trust needs one.
fn trusted_root_secret<'a>(
    environment: &Environment,
    controller: &Controller,
    root: Root<'a>,
    place: &Place,
    findings: &mut Vec<Finding>,
) -> Result<Option<&'a [u8]>, Box<Finding>> {
    match (environment.trust, root) {
        (Trust::Public, Root::Public) => Ok(None),
        (Trust::Public, Root::Own(_)) => {
            let message = "the environment trusts the public Sigstore; the given trusted root stands in for it";
            findings.push(Finding::new(Code::TrustReplaced, message).with_place(place.clone()));
            Ok(None)
        }
        (Trust::Devstack, Root::Public) => {
            let message = "the environment trusts a dev stack whose trusted root is not given";
            Err(Box::new(
                Finding::new(Code::EnvironmentTrustAbsent, message).with_place(place.clone()),
            ))
        }
        (Trust::Devstack, Root::Own(_)) if !controller.reads_trusted_root() => {
            let message = format!(
                "{} has no trustedRootSecretRef: without keys it trusts the public Sigstore only",
                controller.describe()
            );
            let finding = Finding::new(Code::PredictedRefusal, message).with_place(place.clone());
            Err(Box::new(finding.with_mismatch(
                "source-controller 1.9 or later (Flux 2.9)",
                controller.version().to_string(),
            )))
        }
        (Trust::Devstack, Root::Own(json)) => Ok(Some(json)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "\
apiVersion: sealwright.dev/v1alpha1
kind: SupplyChain
signers:
  cd: {github: {repository: acme/platform, workflow: cd.yaml, refs: [refs/heads/main]}}
artifacts:
  manifests: {repository: ghcr.io/acme/platform/manifests, signers: [cd], evidence: [signature]}
  shop: {repository: ghcr.io/acme/shop, signers: [cd], evidence: [signature]}
environments:
  local: {trust: devstack, flux: '2.9', sources: [apps/shop]}
  old: {trust: devstack, flux: '2.8'}
  prod: {trust: public, flux: '2.9'}
  private: {trust: public, flux: '2.9', certificates: registry-ca}
  next: {trust: public, flux: '2.99'}
  unsaid: {trust: public}
";

    fn of(environment: &str, artifact: &str, root: Root<'_>) -> Result<Declared, Box<Finding>> {
        let config =
            Config::parse("sealwright.yaml", CONFIG, "2026-11-25".parse().unwrap()).unwrap();
        let follows = Follows::Tag("latest".to_owned());
        declared(&config, environment, artifact, &Issuers::public(), follows, root)
    }

    #[test]
    fn what_each_environment_makes_of_the_trust_at_hand() {
        let own = Root::Own(b"{}");
        for (environment, root, expected, why) in [
            ("local", own, Ok(vec![]), "the dev stack's own"),
            ("local", Root::Public, Err(Code::EnvironmentTrustAbsent), "nobody knows its root"),
            ("old", own, Err(Code::PredictedRefusal), "it cannot be told whom to trust"),
            ("prod", Root::Public, Ok(vec![]), "as in production"),
            ("prod", own, Ok(vec![Code::TrustReplaced]), "a rehearsal, and said so"),
            ("next", Root::Public, Ok(vec![Code::ControllerUnknown]), "newer than what is known"),
            ("unsaid", Root::Public, Ok(vec![Code::ControllerAssumed]), "no version"),
            ("none", Root::Public, Err(Code::PredictionUndecided), "no such environment"),
        ] {
            let codes = of(environment, "shop", root)
                .map(|declared| declared.findings.iter().map(|finding| finding.code).collect());
            assert_eq!(codes.map_err(|finding| finding.code), expected, "{why}");
        }
    }

    #[test]
    fn only_a_dev_stacks_root_is_put_into_a_secret() {
        let local = of("local", "shop", Root::Own(b"{}")).unwrap();
        let secret = local.secrets.get("apps", TRUSTED_ROOT_SECRET);
        assert!(matches!(secret, Secret::Found(entries) if entries.contains_key(TRUSTED_ROOT_KEY)));
        assert_eq!(local.source.secret_names(), [TRUSTED_ROOT_SECRET]);
        assert_eq!(of("prod", "shop", Root::Own(b"{}")).unwrap().source.secret_names(), [""; 0]);
    }

    /// What the Secret holds is the cluster's: nobody has looked at it.
    #[test]
    fn a_private_registry_s_authorities_are_named_and_not_made_up() {
        let private = of("private", "shop", Root::Public).unwrap();
        assert_eq!(private.source.secret_names(), ["registry-ca"]);
        assert!(!private.secrets.knows(&private.source.metadata().namespace, "registry-ca"));
    }

    #[test]
    fn a_source_stands_where_the_environment_says() {
        for (environment, artifact, namespace, name, why) in [
            ("local", "shop", "apps", "shop", "a declared source of that name"),
            ("local", "manifests", "flux-system", "manifests", "no declared source is meant"),
        ] {
            let declared = of(environment, artifact, Root::Own(b"{}")).unwrap();
            let metadata = declared.source.metadata();
            assert_eq!(
                (metadata.namespace.as_str(), metadata.name.as_str()),
                (namespace, name),
                "{why}"
            );
        }
    }
}
