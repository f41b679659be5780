//! The command line, as it was typed: nothing is looked at yet.

use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand};

use crate::cluster::SurveyArguments;
use crate::controls::ControlsArguments;
use crate::manifests::ManifestsArguments;
use crate::patterns::PatternsArguments;
use crate::predict::PredictArguments;
use crate::render::RenderArguments;
use crate::wait::WaitArguments;
use crate::workflows::WorkflowsArguments;
use crate::world::WorldArguments;

/// Says whether artifacts are what the release workflow published.
#[derive(Debug, Parser)]
#[command(
    name = "sealwright-verifier",
    version,
    arg_required_else_help = true,
    after_help = "\
Examples:
  sealwright-verifier artifact ghcr.io/acme/platform/manifests:latest
  sealwright-verifier artifact ghcr.io/acme/platform/manifests@sha256:… --format sarif --output report.sarif
  sealwright-verifier artifact 127.0.0.1:5000/acme/platform/manifests --trust .dev/trust --registry 127.0.0.1:5000
  sealwright-verifier explain SW4001

Exit codes: 0 Verified, 1 Refused, 2 Unknown (it could not be found out), 64 usage, 65 bad input,
74 file error."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judges one artifact: who signed it, from which commit, and whether that suffices.
    #[command(
        arg_required_else_help = true,
        after_help = "\
Examples:
  sealwright-verifier artifact ghcr.io/acme/platform/manifests:latest
  sealwright-verifier artifact ghcr.io/acme/platform/manifests:latest --record evidence.json
  sealwright-verifier artifact --replay evidence.json --format json"
    )]
    Artifact(Box<ArtifactArguments>),
    /// Says what Flux will say about sources, before it is asked, and what our judge says.
    #[command(after_help = "\
Examples:
  sealwright-verifier predict --environment prod
  sealwright-verifier predict --file k8s/flux-system/source.yaml --controller 2.8
  sealwright-verifier predict --file source.yaml --secrets secrets.yaml --format json
  sealwright-verifier predict flux-system/flux-system --context prod")]
    Predict(Box<PredictArguments>),
    /// Prints who may sign an artifact in the words of one consumer, from the configuration.
    #[command(
        arg_required_else_help = true,
        after_help = "\
Examples:
  sealwright-verifier render manifests --environment prod
  sealwright-verifier render manifests --environment prod --as flux-instance-patch
  sealwright-verifier render manifests --as ksail
  sealwright-verifier render manifests --as kyverno-cluster-policy
  sealwright-verifier render manifests --as cosign"
    )]
    Render(Box<RenderArguments>),
    /// Says whom patterns over identities let in, by which spot, and what they should be.
    #[command(after_help = "\
Examples:
  sealwright-verifier patterns
  sealwright-verifier patterns --subject '^https://github.com/acme/.*$' --suggest
  sealwright-verifier patterns --issuer '^https://token\\.actions\\.githubusercontent\\.com$' --subject '…' --allow-signers cd,recovery

Patterns are Go's, searched for anywhere in the identity, as Flux, cosign and policy-controller do.")]
    Patterns(Box<PatternsArguments>),
    /// Reads a repository: who may sign what, every place that says so, and the worst holes. Asks
    /// nobody, needs no configuration.
    #[command(after_help = "\
Examples:
  sealwright-verifier manifests
  sealwright-verifier manifests k8s --config sealwright.yaml --format sarif --output manifests.sarif
  sealwright-verifier manifests --write-baseline baseline.json
  sealwright-verifier manifests --baseline baseline.json
  sealwright-verifier manifests --observe
  sealwright-verifier manifests --fix | git apply

Without a configuration slips are found: open ends, blocks that nobody reads, sources that nobody
verifies; whether those may stay so is Unknown then. With one, everybody who is let in or kept out
against it. kubectl renders overlays where it is installed; nothing is fetched.")]
    Manifests(Box<ManifestsArguments>),
    /// Reads a repository's GitHub workflows: as whom each job signs, by what right, who accepts it,
    /// and every route to a tag. Asks nobody, needs no configuration.
    #[command(after_help = "\
Examples:
  sealwright-verifier workflows
  sealwright-verifier workflows --repository acme/platform --config .github/sealwright.yaml
  sealwright-verifier workflows --format sarif --output workflows.sarif

The name in a certificate is that of the file that holds the job: of a called workflow the called
file, at the caller's ref for ./ and else at what stands behind the @. Only DIR is read: what a
workflow of another repository does is known by its name alone.")]
    Workflows(Box<WorkflowsArguments>),
    /// Looks at a live cluster: whether every source of the organisation is locked, by the declared
    /// block, in effect, and runs what it should. Reads only.
    #[command(
        arg_required_else_help = true,
        after_help = "\
Examples:
  sealwright-verifier cluster --environment prod
  sealwright-verifier cluster --context prod --format json --output cluster.json
  sealwright-verifier cluster --environment prod --baseline sources.json --write-baseline sources.json

What cannot be read is Unknown, never green. The rights it needs: crates/verifier/deploy."
    )]
    Cluster(Box<SurveyArguments>),
    /// Waits until sources run one digest, verified and Ready; or says why they will not.
    #[command(
        arg_required_else_help = true,
        after_help = "\
Examples:
  sealwright-verifier wait --environment prod --artifact manifests --digest sha256:…
  sealwright-verifier wait flux-system/flux-system --context prod --digest sha256:… --timeout 600

It only watches. To make the controller look at once: flux reconcile source oci NAME -n NAMESPACE"
    )]
    Wait(Box<WaitArguments>),
    /// Tries to break in: known-bad artifacts must be refused by the judge, by the prediction and, with
    /// --live, by a real cluster.
    #[command(
        arg_required_else_help = true,
        after_help = "\
Examples:
  sealwright-verifier controls --set controls.json --trust .devstack/trust --github-issuer http://127.0.0.1:PORT
  sealwright-verifier controls --set controls.json --live --context kind-local --environment local
  sealwright-verifier controls --from ghcr.io/acme/platform/manifests@sha256:… --into ghcr.io/acme/platform/staging
  sealwright-verifier controls --clean --context kind-local

A control that is accepted is SW8001 and exit code 1. One that could not be tried is Unknown. The good
artifact beside them must be accepted, else no refusal proves anything."
    )]
    Controls(Box<ControlsArguments>),
    /// Says what a finding's code means; without a code, lists them all.
    Explain {
        /// Such as SW4001.
        code: Option<String>,
    },
}

/// How to judge one artifact.
#[derive(Debug, Args)]
pub struct ArtifactArguments {
    /// HOST/PATH, with `:TAG` or `@DIGEST`; without either, the tag `latest`.
    #[arg(value_name = "REF", required_unless_present = "replay")]
    pub reference: Option<String>,
    /// What it is judged by.
    #[command(flatten)]
    pub world: WorldArguments,
    /// Name of the artifact in the configuration, when neither its repository nor its being the
    /// only one decides it.
    // Told right behind the configuration: the shared flags count from 0, and equals go by name.
    #[arg(long, value_name = "NAME", display_order = 1)]
    pub artifact: Option<String>,
    /// Weaker: let a legacy `.sig` signature stand for the signature where no bundle does.
    #[arg(long)]
    pub accept_legacy_signature: bool,
    /// Judge as of another time, RFC 3339.
    #[arg(long, value_name = "TIME")]
    pub at: Option<jiff::Timestamp>,
    /// Write the gathered evidence, unjudged, for --replay.
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    pub record: Option<Utf8PathBuf>,
    /// Judge recorded evidence without any network.
    #[arg(long, value_name = "FILE")]
    pub replay: Option<Utf8PathBuf>,
}
