//! Admission that is declared and does not run: policies about images, and what must be there for them
//! to have any effect. The estate is healthy otherwise.

use sealwright_devstack::kubernetes::{Effect, Fault};
use sealwright_policy::{Code, Report, Verdict};
use serde_json::{Value, json};

use crate::estate::Estate;

const WEBHOOKS: &str = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";

/// What stands in the cluster beside a policy.
struct Standing {
    webhook: Value,
    /// Whether an endpoint of the webhook's Service is ready.
    ready: bool,
}

fn standing() -> Standing {
    let webhook = json!({
        "name": "validate.kyverno.svc-fail",
        "failurePolicy": "Fail",
        "clientConfig": {
            "caBundle": "Q0E=",
            "service": {"namespace": "kyverno", "name": "kyverno-svc", "path": "/validate/fail"},
        },
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        "namespaceSelector": {"matchExpressions": [
            {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kyverno", "kube-system"]},
        ]},
    });
    Standing { webhook, ready: true }
}

impl Standing {
    fn with(mut self, field: &str, value: Value) -> Self {
        self.webhook[field] = value;
        self
    }

    fn build(&self, estate: &Estate) {
        let configuration = json!({
            "metadata": {"name": "kyverno-resource-validating-webhook-cfg"},
            "webhooks": [self.webhook],
        });
        estate.plane.create(WEBHOOKS, &configuration);
        estate.plane.room("kyverno");
        let slice = |name: &str, service: &str, ready: bool| {
            json!({
                "metadata": {"namespace": "kyverno", "name": name,
                    "labels": {"kubernetes.io/service-name": service}},
                "addressType": "IPv4",
                "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": ready}}],
            })
        };
        let path = "/apis/discovery.k8s.io/v1/namespaces/kyverno/endpointslices";
        estate.plane.create(path, &slice("kyverno-svc-1", "kyverno-svc", self.ready));
        // Another Service's pods are no help.
        estate.plane.create(path, &slice("metrics-1", "kyverno-svc-metrics", true));
    }
}

fn policy(estate: &Estate) {
    let rule = json!({
        "name": "images",
        "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
        "verifyImages": [{"imageReferences": ["ghcr.io/acme/*"]}],
    });
    let policy = json!({"metadata": {"name": "images"}, "spec": {"rules": [rule]}});
    estate.plane.create("/apis/kyverno.io/v1/clusterpolicies", &policy);
}

fn about_admission(report: &Report) -> Vec<Code> {
    let quiet = |code: &Code| *code != Code::ControllerAssumed && *code != Code::SourceOutside;
    report.findings.iter().map(|finding| finding.code).filter(quiet).collect()
}

#[test]
fn policies_count_only_where_somebody_is_asked_and_answers() {
    let absent = [Code::EnforcementAbsent];
    let bypassed = [Code::AdmissionBypassed];
    let client = |bundle: Value| json!({"caBundle": bundle, "service": {"namespace": "kyverno", "name": "kyverno-svc"}});
    let selector = |values: Value| json!({"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": values}]});
    type Case<'a> = (Option<Standing>, &'a [Code], Verdict, &'a str, &'a str);
    let cases: [Case; 11] = [
        (Some(standing()), &[], Verdict::Verified, "", "it runs"),
        (None, &absent, Verdict::Refused, "no admission webhook asks Kyverno", "no webhook"),
        (
            Some(Standing { ready: false, ..standing() }),
            &absent,
            Verdict::Refused,
            "nothing that it is asked about can be created",
            "no pod is ready",
        ),
        (
            Some(Standing { ready: false, ..standing() }.with("failurePolicy", json!("Ignore"))),
            &absent,
            Verdict::Refused,
            "everything is let in",
            "no pod is ready, and nobody minds",
        ),
        (
            Some(standing().with("clientConfig", client(json!("")))),
            &absent,
            Verdict::Refused,
            "has no caBundle",
            "it cannot be asked",
        ),
        (
            Some(standing().with("rules", json!([{"apiGroups": ["kyverno.io"], "operations": ["CREATE"], "resources": ["clusterpolicies"]}]))),
            &absent,
            Verdict::Refused,
            "asks Kyverno about new pods",
            "it is asked about policies only",
        ),
        (
            Some(standing().with("failurePolicy", json!("Ignore"))),
            &bypassed,
            Verdict::Verified,
            "does not answer about in time is let in",
            "it need not answer",
        ),
        (
            Some(standing().with("namespaceSelector", selector(json!(["shop"])))),
            &absent,
            Verdict::Refused,
            "is asked about no namespace: default, flux-system",
            "about no namespace that is there",
        ),
        (
            Some(standing().with("namespaceSelector", selector(json!(["flux-system"])))),
            &bypassed,
            Verdict::Verified,
            "is not asked about namespaces: default",
            "about one of two",
        ),
        (
            Some(standing().with("objectSelector", json!({"matchLabels": {"verify": "yes"}}))),
            &bypassed,
            Verdict::Verified,
            "which whoever makes them sets",
            "only what asks for it",
        ),
        (
            Some(standing().with("clientConfig", json!({"url": "https://kyverno.acme.test", "caBundle": "Q0E="}))),
            &[Code::EnforcementUnseen],
            Verdict::Unknown,
            "outside of the cluster",
            "nobody can see it from here",
        ),
    ];
    for (standing, codes, verdict, words, why) in cases {
        let estate = Estate::healthy();
        policy(&estate);
        if let Some(standing) = standing {
            standing.build(&estate);
        }
        let (report, _) = estate.look(&[]);
        assert_eq!(about_admission(&report), codes, "{why}: {:#?}", report.findings);
        assert_eq!(report.verdict, verdict, "{why}: {:#?}", report.findings);
        let said = serde_json::to_string(&report.findings).expect("JSON");
        assert!(said.contains(words), "{why}: {said}");
    }
}

#[test]
fn what_may_not_be_read_is_unknown() {
    for (resource, why) in [
        ("clusterpolicies", "policies"),
        ("validatingwebhookconfigurations", "webhooks"),
        ("endpointslices", "endpoints"),
        ("namespaces", "namespaces"),
    ] {
        let estate = Estate::healthy();
        policy(&estate);
        standing().build(&estate);
        estate
            .plane
            .cluster
            .set_faults(vec![Fault::new(Effect::Forbidden).verb("list").on(resource)]);
        let (report, _) = estate.look(&[]);
        assert_eq!(report.verdict, Verdict::Unknown, "{why}: {:#?}", report.findings);
        assert!(about_admission(&report).contains(&Code::ClusterDenied), "{why}");
    }
}

/// policy-controller verifies only where it may refuse, and asks for a label on the namespace.
#[test]
fn a_cluster_image_policy_needs_its_own_webhook() {
    let estate = Estate::healthy();
    let policy = json!({"metadata": {"name": "images"}, "spec": {"images": [{"glob": "**"}]}});
    estate.plane.create("/apis/policy.sigstore.dev/v1beta1/clusterimagepolicies", &policy);
    standing().build(&estate);
    let (report, exit) = estate.look(&[]);
    assert_eq!(exit, 1, "Kyverno's is no help: {:#?}", report.findings);
    assert!(about_admission(&report).contains(&Code::EnforcementAbsent));
    let chosen = json!({"matchExpressions": [
        {"key": "policy.sigstore.dev/include", "operator": "In", "values": ["true"]},
    ]});
    let own = standing().with("name", json!("policy.sigstore.dev"));
    let own = own.with("namespaceSelector", chosen).webhook;
    let configuration = json!({"metadata": {"name": "policy.sigstore.dev"}, "webhooks": [own]});
    estate.plane.create(WEBHOOKS, &configuration);
    let (report, exit) = estate.look(&[]);
    assert_eq!(exit, 1, "no namespace has the label: {:#?}", report.findings);
    let labels = json!({"metadata": {"labels": {"policy.sigstore.dev/include": "true"}}});
    estate.plane.merge("/api/v1/namespaces/flux-system", &labels);
    let (report, exit) = estate.look(&[]);
    let said = serde_json::to_string(&report.findings).expect("JSON");
    assert_eq!((report.verdict, exit), (Verdict::Verified, 0), "{said}");
}
