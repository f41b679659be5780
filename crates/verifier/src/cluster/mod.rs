//! `cluster`: whether the lock is closed, read from a live cluster. Every source in scope: has it a
//! verify block, is it the declared one, is it in effect, and is what runs still what it should be.
//! Reads and never writes; what cannot be read is Unknown.

mod admission;
mod arguments;
mod baseline;
mod charts;
mod declared;
mod effect;
mod enforcement;
mod found;
mod look;
mod predicted;
mod running;
mod scope;
mod served;
mod told;

use std::time::Duration;

use jiff::Timestamp;
use sealwright_keyless::load_trust;
use sealwright_policy::Report;

pub(crate) use self::arguments::Controller as ControllerRuns;
pub use self::arguments::SurveyArguments;
use self::baseline::Baseline;
pub(crate) use self::enforcement::{controller_image, enforcement};
use self::look::Look;
pub(crate) use self::predicted::secrets_of;
pub(crate) use self::scope::Scope;
use crate::TOOL;
use crate::environment::Chosen;
use crate::failure::{Failure, trust_failure};
use crate::kubernetes::{Busy, connect};

/// Looks at a cluster.
///
/// # Errors
/// The question is wrong: no configuration, no such environment, a file that cannot be used.
pub async fn survey(arguments: &SurveyArguments, now: Timestamp) -> Result<Report, Failure> {
    let world = &arguments.world;
    let context = arguments.cluster.context.as_deref();
    let chosen = Chosen::with_config(arguments.environment.as_deref(), context, world, now)?;
    let before = arguments.baseline.as_deref().map(Baseline::read).transpose()?;
    let time = world.asking.deadline.map(Duration::from_secs);
    let connecting = connect(&arguments.cluster, chosen.context(), time, Busy::AskAgain);
    let trust_source = world.asking.trust_source(false);
    let (cluster, trust) = tokio::join!(connecting, load_trust(&trust_source, now));
    let mut report = Report::new(TOOL, now);
    let trust = match trust {
        Ok(trust) => Some(trust),
        Err(error) => {
            report.findings.push(trust_failure(&error)?);
            None
        }
    };
    report.trust = trust.as_ref().map(|trust| trust.note.clone());
    match cluster? {
        Ok(cluster) => {
            // The context in use may be the kubeconfig's own.
            let chosen = chosen.of_context(&cluster.name)?;
            let name = chosen.note(Some(&cluster)).environment;
            if let (Some(before), Some(path)) = (&before, &arguments.baseline) {
                before.check_environment(path, &name)?;
            }
            let look = Look { arguments, chosen: &chosen, cluster: &cluster, before, name, now };
            look.into(&mut report, trust.as_ref(), &trust_source).await?;
        }
        Err(finding) => {
            report.cluster = Some(chosen.note(None));
            report.findings.push(*finding);
        }
    }
    Ok(report.concluded())
}
