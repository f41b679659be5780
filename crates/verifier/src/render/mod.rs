//! `render`: an artifact's one matcher, as the cluster's own files have it. Nothing is asked.

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use sealwright_flux::declared::standing;
use sealwright_flux::render::{FLUX_SYSTEM, Follows, Matcher, Place, TRUSTED_ROOT_SECRET};
use sealwright_manifests::written::{Reader, Wanted, written};
use sealwright_policy::{Config, Trust};

use crate::failure::Failure;
use crate::world::ConfigArguments;

/// What to render.
#[derive(Debug, Args)]
pub struct RenderArguments {
    /// Name of the artifact in the configuration.
    pub artifact: String,
    /// In which form.
    #[arg(long = "as", value_name = "FORM", default_value = "oci-repository")]
    pub form: RenderForm,
    /// Environment whose trust and source are meant; needed where it makes a difference.
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
    /// Who may sign what.
    #[command(flatten)]
    pub world: ConfigArguments,
    /// Namespace of the source, when it is not the environment's.
    #[arg(long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,
    /// Name of the source, when it is not the environment's.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Tag that the source follows.
    #[arg(long, value_name = "TAG", default_value = "latest")]
    pub tag: String,
    /// Secret with a trusted root of one's own (key `trusted_root.json`), instead of the public
    /// Sigstore's; an environment that trusts a dev stack has one anyway.
    #[arg(long, value_name = "NAME")]
    pub trusted_root_secret: Option<String>,
}

/// A form of the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RenderForm {
    /// A whole OCIRepository with spec.verify.
    OciRepository,
    /// A FluxInstance's spec.kustomize.patches, for the source that flux-operator generates.
    FluxInstancePatch,
    /// KSail's spec.workload.flux.verify.
    Ksail,
    /// Kyverno's ClusterPolicy, for images.
    KyvernoClusterPolicy,
    /// Kyverno's ImageValidatingPolicy, for images.
    KyvernoImageValidatingPolicy,
    /// policy-controller's ClusterImagePolicy, for images.
    ClusterImagePolicy,
    /// Talos' ImageVerificationConfig, for images.
    Talos,
    /// A command of cosign.
    Cosign,
    /// A command of gh.
    Gh,
}

/// The YAML.
///
/// # Errors
/// The configuration cannot be used, a name is not in it, or the form cannot say what is needed.
pub fn render(arguments: &RenderArguments, now: Timestamp) -> Result<String, Failure> {
    let world = &arguments.world;
    let config = world.stood_in(world.read_config(now)?);
    let requirements = config.requirements(&arguments.artifact, &world.issuers());
    let requirements = requirements.ok_or_else(|| no_artifact(&arguments.artifact, &config))?;
    let secret = trusted_root_secret(arguments, &config)?;
    let matcher = Matcher::of(&requirements).trusting(secret.clone());
    let place = place(arguments, &config)?;
    let reader = match arguments.form {
        RenderForm::OciRepository => return Ok(matcher.oci_repository(&place)),
        RenderForm::FluxInstancePatch => return Ok(matcher.flux_instance_patch(&place)),
        RenderForm::Ksail => return matcher.ksail().map_err(Failure::usage),
        RenderForm::KyvernoClusterPolicy => Reader::KyvernoClusterPolicy,
        RenderForm::KyvernoImageValidatingPolicy => Reader::KyvernoImageValidatingPolicy,
        RenderForm::ClusterImagePolicy => Reader::ClusterImagePolicy,
        RenderForm::Talos => Reader::Talos,
        RenderForm::Cosign => Reader::Cosign,
        RenderForm::Gh => Reader::Gh,
    };
    // A Secret with a trusted root is how Flux is told whom to trust; no other consumer reads one.
    if let Some(secret) = secret {
        return Err(Failure::usage(format!(
            "this form is for the public Sigstore: it has no word for the trusted root in the Secret \
             {secret}; render a form of Flux, or leave out --environment and --trusted-root-secret"
        )));
    }
    let name = arguments.name.as_deref().unwrap_or(&arguments.artifact);
    let (repository, tag) = (place.repository.as_str(), arguments.tag.as_str());
    let wanted = Wanted { requirements: &requirements, repository, name, tag };
    written(reader, &wanted).map_err(Failure::usage)
}

fn trusted_root_secret(
    arguments: &RenderArguments,
    config: &Config,
) -> Result<Option<String>, Failure> {
    let named = arguments.trusted_root_secret.clone();
    let Some(environment) = &arguments.environment else { return Ok(named) };
    let found = config.environments.get(environment);
    let trust = found.ok_or_else(|| no_environment(environment, config))?.trust;
    let default = (trust == Trust::Devstack).then(|| TRUSTED_ROOT_SECRET.to_owned());
    Ok(named.or(default))
}

fn place(arguments: &RenderArguments, config: &Config) -> Result<Place, Failure> {
    let follows = Follows::Tag(arguments.tag.clone());
    let artifact = &arguments.artifact;
    let place = match &arguments.environment {
        Some(environment) => standing(config, environment, artifact, follows)
            .ok_or_else(|| no_environment(environment, config))?,
        None => Place {
            namespace: FLUX_SYSTEM.to_owned(),
            name: default_name(arguments),
            repository: config.artifacts[artifact].repository.clone(),
            follows,
            certificates: None,
        },
    };
    Ok(Place {
        namespace: arguments.namespace.clone().unwrap_or(place.namespace),
        name: arguments.name.clone().unwrap_or(place.name),
        ..place
    })
}

/// What is generated is called after its namespace; what is written by hand after its artifact.
fn default_name(arguments: &RenderArguments) -> String {
    match arguments.form {
        RenderForm::FluxInstancePatch | RenderForm::Ksail => FLUX_SYSTEM.to_owned(),
        _ => arguments.artifact.clone(),
    }
}

fn no_artifact(name: &str, config: &Config) -> Failure {
    let names: Vec<&str> = config.artifacts.keys().map(String::as_str).collect();
    let names = names.join(", ");
    Failure::usage(format!("there is no artifact {name} in the configuration\nthere are: {names}"))
}

pub(crate) fn no_environment(name: &str, config: &Config) -> Failure {
    let names: Vec<&str> = config.environments.keys().map(String::as_str).collect();
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    Failure::usage(format!(
        "there is no environment {name} in the configuration\nthere are: {names}"
    ))
}
