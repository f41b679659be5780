//! Whether the controller that enforces verification is there and works, and which version it is.

use jiff::{SignedDuration, Timestamp};
use sealwright_flux::Controller;
use sealwright_policy::{Code, Finding, Place};
use serde_json::Value;

use super::arguments::Controller as Runs;
use crate::kubernetes::{Cluster, Kind, Object};

/// Namespace of Flux.
const NAMESPACE: &str = "flux-system";
/// The controller's Deployment.
const DEPLOYMENT: &str = "source-controller";
/// The Lease that the controller renews while it runs with leader election, as it is shipped.
const LEASE: &str = "source-controller-leader-election";
/// A definition that is installed together with the controller, and labelled with Flux's version.
const DEFINITION: &str = "ocirepositories.source.toolkit.fluxcd.io";

/// How old the last renewal may be: the Lease is renewed every few seconds and lasts 35
/// (`--leader-election-lease-duration`); twice that is nobody.
const LEASE_AGE_MAX: SignedDuration = SignedDuration::from_secs(70);

/// What is known of the controller.
pub(crate) struct Enforcement {
    /// Whose rules predictions follow.
    pub(crate) controller: Controller,
    /// The same for people, with how it is known.
    pub(crate) described: String,
    pub(crate) findings: Vec<Finding>,
}

/// Looks for the controller. `flux` is what the environment says of its version.
pub(crate) async fn enforcement(
    cluster: &Cluster,
    flux: Option<&str>,
    runs: Runs,
    now: Timestamp,
) -> Enforcement {
    let deployment = cluster.get(Kind::Deployment, NAMESPACE, DEPLOYMENT);
    let definition = cluster.get(Kind::CustomResourceDefinition, "", DEFINITION);
    let lease = cluster.get(Kind::Lease, NAMESPACE, LEASE);
    let (deployment, definition, lease) = tokio::join!(deployment, definition, lease);
    let (deployment, lease) = (known(deployment), known(lease));
    let mut findings = Vec::new();
    let said = said(deployment.as_ref().ok(), definition.as_ref().ok(), flux);
    let (controller, how) = match &said {
        Some((text, how)) => match Controller::parse(text) {
            Ok(controller) => (controller, *how),
            Err(error) => {
                findings.push(Finding::new(Code::ControllerAssumed, error.to_string()));
                (Controller::default(), "assumed")
            }
        },
        None => {
            let message = "nothing says which version of source-controller runs";
            findings.push(Finding::new(Code::ControllerAssumed, message));
            (Controller::default(), "assumed")
        }
    };
    if let Some(asked) = controller.asked() {
        let message = format!("the rules of {asked} are not known; the nearest known are used");
        findings.push(Finding::new(Code::ControllerAssumed, message));
    }
    findings.extend(alive(cluster, deployment, lease, runs, now));
    let described = format!("{}, {how}", controller.describe());
    Enforcement { controller, described, findings }
}

/// A server that does not know the kind has no such object either.
fn known(answer: Result<Option<Object>, Box<Finding>>) -> Result<Option<Object>, Box<Finding>> {
    match answer {
        Err(finding) if finding.code == Code::ClusterKindMissing => Ok(None),
        answer => answer,
    }
}

/// What says the version, the surest first.
fn said(
    deployment: Option<&Option<Object>>,
    definition: Option<&Option<Object>>,
    flux: Option<&str>,
) -> Option<(String, &'static str)> {
    let image = deployment.and_then(Option::as_ref).and_then(controller_image);
    let label = definition.and_then(Option::as_ref).and_then(|definition| {
        let label = definition.pointer("/metadata/labels/app.kubernetes.io~1version")?.as_str()?;
        Some(format!("flux {}", label.trim_start_matches('v')))
    });
    image
        .map(|image| (image, "by its Deployment"))
        .or(label.map(|label| (label, "by the label of its definitions")))
        .or(flux.map(|flux| (format!("flux {flux}"), "by the configuration")))
}

/// The image that the controller runs from; others stand beside it in service meshes.
pub(crate) fn controller_image(deployment: &Object) -> Option<String> {
    let containers = deployment.pointer("/spec/template/spec/containers")?.as_array()?;
    let images = containers.iter().filter_map(|container| container.get("image")?.as_str());
    let images: Vec<&str> = images.collect();
    let ours = images.iter().find(|image| image.contains(DEPLOYMENT));
    ours.map(|image| (*image).to_owned())
}

/// Complaints unless something shows that the controller works: in the cluster its Deployment, and
/// the Lease that it renews; outside of it the Lease alone.
fn alive(
    cluster: &Cluster,
    deployment: Result<Option<Object>, Box<Finding>>,
    lease: Result<Option<Object>, Box<Finding>>,
    runs: Runs,
    now: Timestamp,
) -> Option<Finding> {
    // Its clock is the server's as far as we can tell.
    let now = cluster.clock_skew.and_then(|skew| now.checked_add(skew).ok()).unwrap_or(now);
    let deployment = if runs == Runs::Outside { Ok(None) } else { deployment };
    let is_simulated = cluster.is_simulated();
    dead(deployment, lease, is_simulated, now).map(|finding| match runs {
        Runs::Inside => finding,
        Runs::Outside => finding.with_hint(
            "a controller outside the cluster shows itself by its Lease: run it with --enable-leader-election",
        ),
    })
}

fn dead(
    deployment: Result<Option<Object>, Box<Finding>>,
    lease: Result<Option<Object>, Box<Finding>>,
    is_simulated: bool,
    now: Timestamp,
) -> Option<Finding> {
    let place = Place::object(format!("Deployment {NAMESPACE}/{DEPLOYMENT}"));
    let absent =
        |message: String| Finding::new(Code::EnforcementAbsent, message).with_place(place.clone());
    match (deployment, lease) {
        (Ok(Some(deployment)), lease) => readiness(&deployment).map(absent).or_else(|| {
            // A pod that is ready and leads nothing does nothing; an old Lease may be left over.
            let silent = renewal(&lease.ok()??, now)?;
            Some(Finding::new(Code::EnforcementUnseen, silent).with_place(place.clone()))
        }),
        (_, Ok(Some(lease))) => renewal(&lease, now).map(absent),
        (Err(finding), _) | (Ok(None), Err(finding)) => Some(*finding),
        (Ok(None), Ok(None)) if is_simulated => None,
        (Ok(None), Ok(None)) => {
            let message = "nothing shows that a source-controller runs";
            let finding = Finding::new(Code::EnforcementUnseen, message).with_place(place.clone());
            Some(finding.with_mismatch(
                format!("a Deployment {DEPLOYMENT} or a Lease {LEASE} in {NAMESPACE}"),
                "neither",
            ))
        }
    }
}

/// What keeps a Deployment from working.
fn readiness(deployment: &Object) -> Option<String> {
    let count = |path: &str| deployment.pointer(path).and_then(Value::as_i64);
    match (count("/spec/replicas").unwrap_or(1), count("/status/readyReplicas").unwrap_or(0)) {
        (0, _) => Some("source-controller is scaled to nothing".to_owned()),
        (wanted, 0) => Some(format!("none of {wanted} source-controllers is ready")),
        _ => None,
    }
}

/// What shows that nobody renews a Lease.
fn renewal(lease: &Object, now: Timestamp) -> Option<String> {
    let renewed = lease.pointer("/spec/renewTime").and_then(Value::as_str);
    let Some(renewed) = renewed.and_then(|time| time.parse::<Timestamp>().ok()) else {
        return Some("the Lease of source-controller was never renewed".to_owned());
    };
    let age = now.duration_since(renewed);
    (age > LEASE_AGE_MAX)
        .then(|| format!("source-controller last showed itself {} s ago", age.as_secs()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_deployment_works_when_a_pod_is_ready() {
        for (deployment, works, why) in [
            (json!({"spec": {"replicas": 1}, "status": {"readyReplicas": 1}}), true, "one is"),
            (json!({"spec": {}, "status": {"readyReplicas": 1}}), true, "one is meant by default"),
            (json!({"spec": {"replicas": 1}, "status": {}}), false, "none is"),
            (
                json!({"spec": {"replicas": 0}, "status": {"readyReplicas": 0}}),
                false,
                "scaled down",
            ),
            (json!({}), false, "nothing is said"),
        ] {
            assert_eq!(readiness(&deployment).is_none(), works, "{why}");
        }
    }

    #[test]
    fn a_lease_shows_a_controller_while_it_is_renewed() {
        let now: Timestamp = "2026-01-01T00:10:00Z".parse().unwrap();
        for (renewed, works, why) in [
            (json!("2026-01-01T00:09:55.123456Z"), true, "a moment ago"),
            (json!("2026-01-01T00:10:30Z"), true, "by a clock that goes before"),
            (json!("2026-01-01T00:08:00Z"), false, "two minutes ago"),
            (json!(null), false, "never"),
            (json!("yesterday"), false, "no time"),
        ] {
            let lease = json!({"spec": {"renewTime": renewed}});
            assert_eq!(renewal(&lease, now).is_none(), works, "{why}");
        }
    }

    #[test]
    fn what_shows_no_life_is_never_taken_for_alive() {
        let now: Timestamp = "2026-01-01T00:10:00Z".parse().unwrap();
        let lease = |renewed: &str| Ok(Some(json!({"spec": {"renewTime": renewed}})));
        let (fresh, old) = ("2026-01-01T00:09:55Z", "2026-01-01T00:01:00Z");
        let pods = |ready: u64| Ok(Some(json!({"spec": {}, "status": {"readyReplicas": ready}})));
        let denied = || Err(Box::new(Finding::new(Code::ClusterDenied, "no")));
        type Answer = Result<Option<Object>, Box<Finding>>;
        let cases: [(Answer, Answer, bool, Option<Code>, &str); 11] = [
            (pods(1), lease(fresh), false, None, "ready, and it leads"),
            (pods(1), Ok(None), false, None, "ready, without leader election"),
            (pods(1), denied(), false, None, "ready, and nobody may look further"),
            (pods(1), lease(old), false, Some(Code::EnforcementUnseen), "ready, and leads nothing"),
            (pods(0), lease(fresh), false, Some(Code::EnforcementAbsent), "no pod is ready"),
            (Ok(None), lease(fresh), false, None, "it runs elsewhere"),
            (Ok(None), lease(old), false, Some(Code::EnforcementAbsent), "it ran elsewhere"),
            (Ok(None), Ok(None), false, Some(Code::EnforcementUnseen), "neither"),
            (Ok(None), Ok(None), true, None, "a simulated plane says so of everything"),
            (Ok(None), denied(), false, Some(Code::ClusterDenied), "who may not look"),
            (denied(), Ok(None), false, Some(Code::ClusterDenied), "who may not look there either"),
        ];
        for (deployment, lease, is_simulated, expected, why) in cases {
            let found = dead(deployment, lease, is_simulated, now);
            assert_eq!(found.as_ref().map(|finding| finding.code), expected, "{why}");
            let green = |finding: &Finding| {
                finding.severity.verdict() == sealwright_policy::Verdict::Verified
            };
            assert!(!found.as_ref().is_some_and(green), "{why}");
        }
    }

    #[test]
    fn the_surest_word_on_the_version_counts() {
        let deployment = Some(json!({"spec": {"template": {"spec": {"containers": [
            {"image": "docker.io/istio/proxyv2:1.20"},
            {"image": "ghcr.io/fluxcd/source-controller:v1.8.5@sha256:ab"},
        ]}}}}));
        let definition =
            Some(json!({"metadata": {"labels": {"app.kubernetes.io/version": "v2.9.4"}}}));
        let version = |deployment: Option<&Option<Object>>, definition, flux| {
            let (text, _) = said(deployment, definition, flux)?;
            Some(Controller::parse(&text).unwrap().version().to_string())
        };
        let (deployment, definition) = (Some(&deployment), Some(&definition));
        assert_eq!(version(deployment, definition, Some("2.7")).as_deref(), Some("1.8.5"));
        assert_eq!(version(Some(&None), definition, Some("2.7")).as_deref(), Some("1.9.4"));
        assert_eq!(version(None, Some(&None), Some("2.7")).as_deref(), Some("1.7.4"));
        assert_eq!(version(None, None, None), None);
    }
}
