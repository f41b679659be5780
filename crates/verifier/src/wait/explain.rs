//! Why a source failed: what source-controller is foretold to say of it, the rule behind that, and
//! what to do. Whatever goes wrong here changes nothing about the failure itself.

use std::time::Duration;

use jiff::Timestamp;
use sealwright_evidence::TrustedRoot;
use sealwright_flux::{Prediction, Source};
use sealwright_keyless::{TrustSource, load_trust};
use sealwright_policy::source_report::{ConditionReport, SourceReport};
use sealwright_policy::{Code, Finding};
use sealwright_registry::Client;
use tokio::time::{Instant, timeout_at};

use crate::cluster::{ControllerRuns, enforcement, secrets_of};
use crate::kubernetes::{Cluster, Kind, Live};
use crate::predict::Rules;
use crate::world::WorldArguments;

/// How long explaining may take: a person waits for it, and the failure is known already.
const EXPLAINING_TIME: Duration = Duration::from_secs(20);

/// Adds to each source that failed what is foretold of it, and to the finding what to do.
pub(super) async fn explain(
    sources: &mut [SourceReport],
    cluster: &Cluster,
    flux: Option<&str>,
    world: &WorldArguments,
    now: Timestamp,
) {
    let until = Instant::now() + EXPLAINING_TIME;
    let cluster = cluster.until(until);
    for source in sources {
        let Some(failure) = source.findings.iter().position(|one| one.code == Code::WaitFailed)
        else {
            continue;
        };
        let explaining = foretell(&cluster, &source.name, flux, world, now);
        let foretold = timeout_at(until, explaining).await;
        let foretold = foretold.unwrap_or_else(|_| Err("the time for it was over".to_owned()));
        let hint = match &foretold {
            Ok(prediction) => told(prediction, source),
            Err(why) => format!("which rule is behind it could not be found out: {why}"),
        };
        source.predicted = foretold.ok().map(|prediction| prediction.report());
        let finding = &mut source.findings[failure];
        *finding = Finding { hint: Some(hint), ..finding.clone() };
    }
}

/// What a prediction says about a failure that was observed.
fn told(prediction: &Prediction, source: &SourceReport) -> String {
    if let Some(why) = prediction.report().undecided {
        return format!("which rule is behind it cannot be said: {why}");
    }
    let conditions = source.observed.iter().flat_map(|observed| &observed.conditions);
    let said: Vec<&ConditionReport> = conditions.collect();
    let fits = prediction.outcomes.iter().any(|outcome| {
        outcome.conditions.iter().any(|expected| {
            !expected.status
                && said.iter().any(|said| {
                    (said.kind.as_str(), said.status.as_str()) == (expected.kind, "False")
                        && outcome.is_message(expected, &said.message)
                })
        })
    });
    match (fits, prediction.ready(), prediction.remedy()) {
        (true, _, Some(remedy)) => remedy.to_string(),
        (false, Some(true), _) => "by what is there now it would be accepted: the controller looks again by itself, or at once with `flux reconcile`".to_owned(),
        (false, _, Some(remedy)) => {
            format!("by the rules that are known it would be refused in other words: {remedy}")
        }
        (_, _, None) => "no rule that is known says why; read the controller's message".to_owned(),
    }
}

async fn foretell(
    cluster: &Cluster,
    name: &str,
    flux: Option<&str>,
    world: &WorldArguments,
    now: Timestamp,
) -> Result<Prediction, String> {
    let words = |finding: Box<Finding>| finding.message.clone();
    let (namespace, name) = name.split_once('/').unwrap_or(("", name));
    let object = cluster.get(Kind::OciRepository, namespace, name).await.map_err(words)?;
    let object = object.ok_or("it is not there any more")?;
    let source = Source::parse(&object).map_err(|error| error.to_string())?;
    let live = Live::read(Kind::OciRepository, &object);
    let client = Client::new(world.asking.client_options()).map_err(|error| error.to_string())?;
    let enforcing = enforcement(cluster, flux, ControllerRuns::Inside, now);
    let root = public_root(&live, world, now);
    let (enforcement, (secrets, _), root) =
        tokio::join!(enforcing, secrets_of(cluster, [&live]), root);
    let (controller, public_root) = (&enforcement.controller, root.as_ref());
    let rules = Rules { controller, secrets: &secrets, public_root, now };
    Ok(rules.foretell(&client, &source).await)
}

/// The public Sigstore's trusted root, where the source trusts that and we do, too. Without it a
/// prediction that depends on it says so.
async fn public_root(live: &Live, world: &WorldArguments, now: Timestamp) -> Option<TrustedRoot> {
    let verify = live.verify.as_ref()?;
    let has = |field: &str| verify.get(field).is_some_and(|secret| !secret.is_null());
    let source = world.asking.trust_source(false);
    if has("trustedRootSecretRef") || has("secretRef") {
        return None;
    }
    match source {
        TrustSource::Public { .. } => load_trust(&source, now).await.ok().map(|trust| trust.root),
        _ => None,
    }
}
