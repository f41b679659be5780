//! Admission on a real API server, as the account that is shipped reads it: policies about images whose
//! webhook is absent, is asked and answered by nobody, and is answered.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use camino::Utf8PathBuf;
use serde_json::{Value, json};

use super::cases::{Cases, again};
use super::world::World;
use crate::failure::{Failure, Outcome};
use crate::planes::{Controller, Named, Plane, Setup, condition};
use crate::program::Program;
use crate::workspace::Workspace;

const PEER: &str = "kube-apiserver 1.37";
const ROLES: &str = "crates/verifier/deploy";
const CONFIG: &str = "docs/example/sealwright.yaml";
/// An authority of tests.
const AUTHORITY: &str = include_str!("../../../crates/registry/tests/data/ca.pem");
/// How long the API server may take to serve a new kind.
const ESTABLISHED_WITHIN: Duration = Duration::from_secs(30);
/// A finding that says that it does not run.
const ABSENT: &str = "SW7052";
/// Where what is found is.
const WEBHOOK: &str = "ValidatingWebhookConfiguration kyverno-resource-validating-webhook-cfg";

/// A plane with a policy, as the verifier's own account sees it.
struct Stage<'a> {
    workspace: &'a Workspace,
    plane: Plane,
    kubeconfig: Utf8PathBuf,
}

pub(super) fn run(cases: &mut Cases, workspace: &Workspace, world: &World) {
    let folder = world.folder.join("admission");
    let setup = Setup {
        name: "admission",
        folder: &folder,
        controller: Controller::Source19,
        kustomize: false,
        arguments: Vec::new(),
        environment: BTreeMap::new(),
    };
    let stage = Plane::start(workspace, &setup).and_then(|plane| Stage::of(workspace, plane));
    let steps: [(&str, Vec<Value>, &str, bool); 3] = [
        ("no webhook is refused", vec![], "ClusterPolicy images", true),
        ("a webhook that nobody answers is refused", vec![webhook()], WEBHOOK, true),
        ("a webhook that is answered is not", endpoints(), WEBHOOK, false),
    ];
    for (what, objects, place, absent) in steps {
        cases.run(&format!("admission: {what}"), PEER, || {
            let stage = stage.as_ref().map_err(again)?;
            objects.iter().try_for_each(|object| stage.plane.api.apply(object).map(drop))?;
            stage.expect(place, absent)
        });
    }
}

impl Stage<'_> {
    fn of(workspace: &Workspace, plane: Plane) -> Outcome<Stage<'_>> {
        plane.apply_folder(&workspace.root.join(ROLES))?;
        plane.namespace("kyverno")?;
        let definition = definition();
        plane.api.apply(&definition)?;
        plane.api.wait(&Named::of(&definition)?, ESTABLISHED_WITHIN, |found| {
            condition(found, "Established") == Some("True")
        })?;
        plane.api.apply(&policy())?;
        let kubeconfig = plane.kubeconfig_of("sealwright", "sealwright-verifier")?;
        Ok(Stage { workspace, plane, kubeconfig })
    }

    /// What `cluster` says of it; what it says of sources that are not there is another matter.
    fn expect(&self, place: &str, absent: bool) -> Outcome<String> {
        let verifier = self.workspace.binary(crate::release::PROFILE, "sealwright-verifier");
        let output = Program::new(verifier)
            .args(["cluster", "--config", self.workspace.root.join(CONFIG).as_str()])
            .args(["--environment", "prod", "--context", &self.plane.name])
            .args(["--kubeconfig", self.kubeconfig.as_str()])
            .args(["--trust", "public-embedded", "--format", "json"])
            .run()?;
        let report: Value = serde_json::from_slice(&output.stdout)?;
        let all = report["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
        let denied = all.iter().find(|finding| finding["code"] == "SW7033");
        if let Some(finding) = denied {
            return Err(Failure::new(format!("the account may not look: {finding}")));
        }
        let about =
            |finding: &&Value| finding["code"] == ABSENT && finding["place"]["object"] == *place;
        match (all.iter().find(about), absent) {
            (Some(finding), true) => Ok(finding["message"].to_string()),
            (None, false) => Ok("nothing is missing".to_owned()),
            (found, _) => Err(Failure::new(format!("{found:?} in {}", report["findings"]))),
        }
    }
}

/// Kyverno's own definition is not at hand; of its objects only what is read matters here.
fn definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "clusterpolicies.kyverno.io"},
        "spec": {
            "group": "kyverno.io", "scope": "Cluster",
            "names": {"kind": "ClusterPolicy", "plural": "clusterpolicies",
                "singular": "clusterpolicy", "listKind": "ClusterPolicyList"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {
                "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            }}],
        },
    })
}

fn policy() -> Value {
    json!({
        "apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": {"name": "images"},
        "spec": {"rules": [{
            "name": "images",
            "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
            "verifyImages": [{"imageReferences": ["ghcr.io/acme/*"]}],
        }]},
    })
}

fn webhook() -> Value {
    let authority = base64::engine::general_purpose::STANDARD.encode(AUTHORITY);
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "kyverno-resource-validating-webhook-cfg"},
        "webhooks": [{
            "name": "validate.kyverno.svc-fail",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "failurePolicy": "Fail",
            "clientConfig": {
                // Nobody is asked here; the API server takes what is a certificate.
                "caBundle": authority,
                "service": {"namespace": "kyverno", "name": "kyverno-svc", "path": "/validate"},
            },
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        }],
    })
}

fn endpoints() -> Vec<Value> {
    vec![json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {"namespace": "kyverno", "name": "kyverno-svc-1",
            "labels": {"kubernetes.io/service-name": "kyverno-svc"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.0.0.9"], "conditions": {"ready": true}}],
        "ports": [{"name": "https", "port": 9443, "protocol": "TCP"}],
    })]
}
