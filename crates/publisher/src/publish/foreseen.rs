//! What the Flux of every environment will say about the artifact, before a tag moves.
//!
//! Nothing is written. What a stranger has gathered by digest is not asked for again; the list of
//! referrers is, since Flux reads its raw answer, and the layer, which Flux unpacks.

use jiff::Timestamp;
use sealwright_evidence::{Digest, Evidence, TrustedRoot};
use sealwright_flux::declared::{Declared, Root, declared};
use sealwright_flux::prediction::ERRORS_PLACE;
use sealwright_flux::render::Follows;
use sealwright_flux::{Ask, Authorities, Prediction, Request, Seen, Situation, predict};
use sealwright_keyless::{Trust, TrustSource};
use sealwright_policy::source_report::PredictionReport;
use sealwright_policy::{Code, Config, Finding, Issuers, Place};
use sealwright_registry::Client;
use serde::Serialize;

use super::artifact::Artifact;
use super::stopped::Stopped;
use super::world::World;

/// The configuration whose environments are asked.
#[derive(Debug, Clone)]
pub struct Environments {
    /// With the registry that stands in.
    pub config: Config,
    /// Who issues the tokens of signers.
    pub issuers: Issuers,
}

/// What the Flux of one environment will say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Foreseen {
    /// Name in the configuration.
    pub environment: String,
    /// Whether the given trusted root stood in for the public Sigstore's, which decides there.
    pub rehearsed: bool,
    /// What its controller will say.
    pub predicted: PredictionReport,
}

/// What Flux asks that evidence does not hold: asked while the evidence is gathered.
pub(super) async fn look_ahead(world: &World, stranger: &Client, artifact: &Artifact) -> Seen {
    let mut seen = Seen::default();
    if asked(world).next().is_none() {
        return seen;
    }
    let referrers = Ask::Referrers(artifact.digest.to_string());
    let layer = artifact.layer().map(|layer| Ask::Blob(layer.to_owned()));
    let wanted: Vec<Request> = [Some(referrers), layer]
        .into_iter()
        .flatten()
        .map(|ask| Request {
            registry: world.repository.host.clone(),
            repository: world.repository.path.clone(),
            insecure: false,
            authorities: Authorities::Everybodys,
            ask,
        })
        .collect();
    stranger.see_as_flux(&mut seen, 1, |_| wanted.clone()).await;
    seen
}

/// The predictions for all environments whose trust is at hand.
///
/// # Errors
/// One of them would not take it, or nobody can tell.
pub(super) async fn foresee(
    world: &World,
    stranger: &Client,
    artifact: &Artifact,
    evidence: &Evidence,
    trust: &Trust,
    mut seen: Seen,
) -> Result<Vec<Foreseen>, Stopped> {
    for (request, answer) in stranger.seen_already(&world.repository, evidence).iter() {
        seen.insert(request.clone(), answer.clone());
    }
    let mut foreseen = Vec::new();
    for (environments, name) in asked(world) {
        let follows = Follows::Digest(artifact.digest.to_string());
        let root = match world.trust {
            TrustSource::Public { .. } => Root::Public,
            _ => Root::Own(&trust.root_json),
        };
        let Environments { config, issuers } = environments;
        let found = match declared(config, name, &world.name, issuers, follows, root) {
            Ok(found) => found,
            Err(finding) if finding.code == Code::EnvironmentTrustAbsent => {
                world.remark(&finding.as_note());
                continue;
            }
            Err(finding) => return Err(unacceptable(name, artifact.digest, *finding)),
        };
        let prediction = ask(stranger, &found, &trust.root, &mut seen).await;
        foreseen.push(accepted(world, name, artifact, &found, &prediction)?);
    }
    Ok(foreseen)
}

/// The environments of the configuration.
fn asked(world: &World) -> impl Iterator<Item = (&Environments, &str)> {
    let environments = world.environments.iter();
    environments
        .flat_map(|one| one.config.environments.keys().map(move |name| (one, name.as_str())))
}

async fn ask(
    stranger: &Client,
    found: &Declared,
    root: &TrustedRoot,
    seen: &mut Seen,
) -> Prediction {
    let now = Timestamp::now();
    let one = |seen: &Seen| {
        predict(Situation {
            source: &found.source,
            others: &[],
            secrets: &found.secrets,
            seen,
            controller: &found.controller,
            // An environment with a root of its own has it in a Secret.
            public_root: Some(root),
            now,
            fresh: true,
        })
    };
    stranger.see_as_flux(seen, 1, |seen| one(seen).wanted).await;
    one(seen)
}

fn accepted(
    world: &World,
    name: &str,
    artifact: &Artifact,
    found: &Declared,
    prediction: &Prediction,
) -> Result<Foreseen, Stopped> {
    for finding in &found.findings {
        world.remark(finding);
    }
    let rule = prediction.because.last().map(|rule| format!("{} ({})", rule.says, rule.name));
    let finding = match prediction.ready() {
        Some(true) => {
            let rehearsed = found.findings.iter().any(|one| one.code == Code::TrustReplaced);
            let (environment, predicted) = (name.to_owned(), prediction.report());
            return Ok(Foreseen { environment, rehearsed, predicted });
        }
        Some(false) => {
            let outcome = &prediction.outcomes[0];
            let said = outcome.condition("Ready").map(|ready| ready.message.as_str());
            let said = said.unwrap_or_default().replace(ERRORS_PLACE, &outcome.errors.join("; "));
            let message = format!("{} will set Ready=False", prediction.controller);
            Finding::new(Code::PredictedRefusal, message).with_mismatch("Ready=True", said)
        }
        None => {
            let why = prediction.report().undecided;
            let why = why.unwrap_or_else(|| "more than one thing may come of it".to_owned());
            Finding::new(Code::PredictionUndecided, why)
        }
    };
    let finding = finding.with_place(Place::object(format!("environments.{name}")));
    let finding = match rule {
        Some(rule) => finding.with_hint(rule),
        None => finding,
    };
    Err(unacceptable(name, artifact.digest, finding))
}

/// The finding about the environment, under a headline that says what did not happen.
fn unacceptable(environment: &str, digest: Digest, finding: Finding) -> Stopped {
    let (code, message) = match finding.severity {
        sealwright_policy::Severity::Unknown => (
            Code::PublicationStateUnknown,
            format!(
                "nobody can tell whether Flux in {environment} will take it; the tag has not moved"
            ),
        ),
        _ => (
            Code::PublicationUnacceptable,
            format!("Flux in {environment} would not take it; the tag has not moved"),
        ),
    };
    let place = Place::object(format!("environments.{environment}"));
    let place = place.with_digest(digest.to_string());
    Stopped::because(Finding::new(code, message).with_place(place), [finding])
}
