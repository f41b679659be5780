//! A live run that cleans up after itself, also when it is told to stop.

use sealwright_policy::{Code, Finding, Report};

use super::scratch::Scratch;
use super::trial::Trial;
use crate::failure::Failure;
use crate::kubernetes::Cluster;

/// Runs the trial in a scratch namespace; what it put there is gone afterwards, or a finding says
/// that it is not. A second signal ends the process at once, as does SIGKILL: `controls --clean` is
/// for that.
pub(super) async fn guarded(
    cluster: &Cluster,
    trial: &Trial<'_>,
) -> Result<(Report, Option<Finding>), Failure> {
    let scratch = Scratch::new(cluster, trial.namespace, trial.now);
    let ended = tokio::select! {
        report = trial.run(Some((cluster, &scratch))) => Ok(report),
        signal = stop_signal() => Err(signal),
    };
    // Before anything else, a wrong question included: it may turn out only with the sources there.
    let left_over = scratch.clean().await;
    let (mut report, finding) = match ended {
        Ok(report) => (report?, None),
        Err(signal) => {
            let message = format!("{signal} stopped the run before the cluster had decided");
            (trial.untried(), Some(Finding::new(Code::ControlNotRun, message)))
        }
    };
    report.findings.extend(left_over);
    Ok((report, finding))
}

#[cfg(unix)]
async fn stop_signal() -> &'static str {
    use tokio::signal::unix::{SignalKind, signal};
    let both = signal(SignalKind::interrupt())
        .and_then(|interrupt| Ok((interrupt, signal(SignalKind::terminate())?)));
    let Ok((mut interrupt, mut terminate)) = both else {
        // No signal can be waited for: the process ends by it, as ever.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
    }
}

#[cfg(not(unix))]
async fn stop_signal() -> &'static str {
    match tokio::signal::ctrl_c().await {
        Ok(()) => "Ctrl-C",
        Err(_) => std::future::pending().await,
    }
}
