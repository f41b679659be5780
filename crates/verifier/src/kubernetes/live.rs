//! What a live source says about itself: what it follows, whom it trusts, what the controller wrote
//! into its status, and who owns its verify block. Read leniently: what is odd is reported, not lost.

use sealwright_policy::source_report::{
    ConditionReport, IdentityPatternReport, ObservationReport, SourceReport, VerifyReport,
};
use sealwright_policy::{Place, Verdict};
use serde_json::Value;

use super::cluster::{Object, object_name};
use super::kind::Kind;

/// A source as the API server has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Live {
    pub(crate) kind: Kind,
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// `spec.url`; of a chart that of its repository with the chart's name.
    pub(crate) url: String,
    /// `tag latest`, `semver >=1.0.0`, `digest sha256:…`, `version 1.2.3`.
    pub(crate) follows: String,
    /// `spec.verify`, as it stands there.
    pub(crate) verify: Option<Value>,
    pub(crate) suspended: bool,
    /// Who owns `spec.verify`: manager and operation.
    pub(crate) owners: Vec<Owner>,
    pub(crate) generation: i64,
    pub(crate) observed_generation: Option<i64>,
    pub(crate) conditions: Vec<ConditionReport>,
    /// `status.artifact.revision`.
    pub(crate) revision: Option<String>,
    /// `status.artifact.digest`: of the bytes that the controller hands on.
    pub(crate) served_digest: Option<String>,
    pub(crate) serves: Serves,
}

/// What the controller hands on of what it has pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Serves {
    /// A layer, byte for byte: a chart, or with `operation: copy`.
    Layer,
    /// The contents of a layer, in an archive of its own making.
    Contents,
    /// A chart with other values in it than were pulled (`valuesFiles`).
    ChangedChart,
}

/// An owner of a field, by the API server's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    /// What it calls itself: `kustomize-controller`, `kubectl-edit`.
    pub(crate) manager: String,
    /// `Apply` or `Update`.
    pub(crate) operation: String,
}

impl Live {
    /// Reads an object. The URL of a chart is known only together with its repository
    /// ([`Live::with_url`]).
    pub(crate) fn read(kind: Kind, object: &Object) -> Self {
        let at = |path: &str| object.pointer(path);
        let text = |path: &str| at(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let optional = |path: &str| at(path).and_then(Value::as_str).map(ToOwned::to_owned);
        Self {
            kind,
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name"),
            url: text("/spec/url"),
            follows: follows(kind, object),
            verify: at("/spec/verify").filter(|verify| !verify.is_null()).cloned(),
            suspended: at("/spec/suspend").and_then(Value::as_bool).unwrap_or_default(),
            owners: owners(object),
            generation: at("/metadata/generation").and_then(Value::as_i64).unwrap_or_default(),
            observed_generation: at("/status/observedGeneration").and_then(Value::as_i64),
            conditions: conditions(object),
            revision: optional("/status/artifact/revision"),
            served_digest: optional("/status/artifact/digest"),
            serves: serves(kind, object),
        }
    }

    /// The same with the URL that it pulls from.
    pub(crate) fn with_url(mut self, url: String) -> Self {
        self.url = url;
        self
    }

    /// `namespace/name`.
    pub(crate) fn full_name(&self) -> String {
        object_name(&self.namespace, &self.name)
    }

    /// Where findings about it are.
    pub(crate) fn place(&self) -> Place {
        Place::object(format!("{} {}", self.kind, self.full_name()))
    }

    /// The digest that the controller serves: what stands behind the `@` of the revision, or all
    /// of it when the source follows a digest.
    pub(crate) fn digest(&self) -> Option<&str> {
        let revision = self.revision.as_deref()?;
        let digest = revision.rsplit_once('@').map_or(revision, |(_, digest)| digest);
        digest.starts_with("sha256:").then_some(digest)
    }

    /// The condition of this type, whatever generation it is about.
    pub(crate) fn condition(&self, kind: &str) -> Option<&ConditionReport> {
        self.conditions.iter().find(|condition| condition.kind == kind)
    }

    /// The same, when it is about the object as it stands there now.
    pub(crate) fn current(&self, kind: &str) -> Option<&ConditionReport> {
        self.condition(kind)
            .filter(|condition| condition.observed_generation == Some(self.generation))
    }

    /// Whether a condition about the object as it stands there is `True`.
    pub(crate) fn holds(&self, kind: &str) -> bool {
        self.current(kind).is_some_and(|condition| condition.status == "True")
    }

    /// What the controller has said.
    pub(crate) fn observation(&self) -> ObservationReport {
        ObservationReport {
            generation: self.generation,
            observed_generation: self.observed_generation,
            conditions: self.conditions.clone(),
        }
    }

    /// A report of what is known of it so far.
    pub(crate) fn report(&self) -> SourceReport {
        SourceReport {
            kind: self.kind.name().to_owned(),
            name: self.full_name(),
            environment: None,
            artifact: None,
            url: self.url.clone(),
            follows: Some(self.follows.clone()),
            verdict: Verdict::Unknown,
            verify: self.verify.as_ref().map(verify_report),
            owners: self.owners.iter().map(ToString::to_string).collect(),
            revision: self.revision.clone(),
            predicted: None,
            observed: Some(self.observation()),
            judged: None,
            findings: vec![],
        }
    }
}

impl Owner {
    /// Whether somebody typed it: what comes from a repository does not own the field then.
    pub(crate) fn is_by_hand(&self) -> bool {
        ["kubectl-edit", "kubectl-patch", "kubectl-replace"].contains(&self.manager.as_str())
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.manager, self.operation)
    }
}

fn follows(kind: Kind, object: &Object) -> String {
    let text =
        |path: &str| object.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty());
    if kind == Kind::HelmChart {
        return format!("version {}", text("/spec/version").unwrap_or("*"));
    }
    // The order in which the controller decides.
    ["digest", "semver", "tag"]
        .into_iter()
        .find_map(|way| text(&format!("/spec/ref/{way}")).map(|value| format!("{way} {value}")))
        .unwrap_or_else(|| "tag latest".to_owned())
}

/// A chart is copied unless values are merged into it (`internal/helm/chart/builder_remote.go`), and
/// a layer is extracted unless it is asked to be copied.
fn serves(kind: Kind, object: &Object) -> Serves {
    let copies =
        || object.pointer("/spec/layerSelector/operation").and_then(Value::as_str) == Some("copy");
    let has_values = || {
        let files = object.pointer("/spec/valuesFiles").and_then(Value::as_array);
        // The older API has one file.
        let file = object.pointer("/spec/valuesFile").and_then(Value::as_str);
        files.is_some_and(|files| !files.is_empty()) || file.is_some_and(|file| !file.is_empty())
    };
    match kind {
        Kind::HelmChart if has_values() => Serves::ChangedChart,
        Kind::HelmChart => Serves::Layer,
        _ if copies() => Serves::Layer,
        _ => Serves::Contents,
    }
}

/// Whoever is recorded to own `spec.verify` or something in it.
fn owners(object: &Object) -> Vec<Owner> {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    let text = |entry: &Value, field: &str| {
        entry.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    entries
        .into_iter()
        .flatten()
        .filter(|entry| entry.pointer("/fieldsV1/f:spec/f:verify").is_some())
        .map(|entry| Owner { manager: text(entry, "manager"), operation: text(entry, "operation") })
        .collect()
}

fn conditions(object: &Object) -> Vec<ConditionReport> {
    let entries = object.pointer("/status/conditions").and_then(Value::as_array);
    let text = |entry: &Value, field: &str| {
        entry.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    entries
        .into_iter()
        .flatten()
        .map(|entry| ConditionReport {
            kind: text(entry, "type"),
            status: text(entry, "status"),
            reason: text(entry, "reason"),
            message: text(entry, "message"),
            observed_generation: entry.get("observedGeneration").and_then(Value::as_i64),
        })
        .collect()
}

fn verify_report(verify: &Value) -> VerifyReport {
    let text = |value: &Value, path: &str| {
        value.pointer(path).and_then(Value::as_str).map(ToOwned::to_owned)
    };
    let identities = verify.get("matchOIDCIdentity").and_then(Value::as_array);
    VerifyReport {
        provider: text(verify, "/provider").unwrap_or_default(),
        identities: identities
            .into_iter()
            .flatten()
            .map(|entry| IdentityPatternReport {
                issuer: text(entry, "/issuer").unwrap_or_default(),
                subject_pattern: text(entry, "/subject").unwrap_or_default(),
            })
            .collect(),
        secret: text(verify, "/secretRef/name"),
        trusted_root_secret: text(verify, "/trustedRootSecretRef/name"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object() -> Object {
        json!({
            "metadata": {"namespace": "shop", "name": "shop", "generation": 3, "managedFields": [
                {"manager": "kustomize-controller", "operation": "Apply",
                 "fieldsV1": {"f:spec": {"f:url": {}, "f:verify": {"f:provider": {}}}}},
                {"manager": "source-controller", "operation": "Update", "subresource": "status",
                 "fieldsV1": {"f:status": {"f:conditions": {}}}},
            ]},
            "spec": {"url": "oci://ghcr.io/acme/shop", "ref": {"tag": "v1", "semver": ">=1"},
                "verify": {"provider": "cosign", "matchOIDCIdentity": [{"issuer": "i", "subject": "s"}]}},
            "status": {"observedGeneration": 3, "artifact": {"revision": "v1@sha256:ab"}, "conditions": [
                {"type": "Ready", "status": "True", "reason": "Succeeded", "message": "m", "observedGeneration": 2},
                {"type": "SourceVerified", "status": "True", "reason": "Succeeded", "message": "m", "observedGeneration": 3},
            ]},
        })
    }

    #[test]
    fn what_matters_is_read() {
        let live = Live::read(Kind::OciRepository, &object());
        assert_eq!(live.full_name(), "shop/shop");
        assert_eq!(live.follows, "semver >=1", "a range goes before a tag");
        assert_eq!(live.digest(), Some("sha256:ab"));
        let owners: Vec<String> = live.owners.iter().map(ToString::to_string).collect();
        assert_eq!(owners, ["kustomize-controller (Apply)"], "the status is another matter");
        assert!(live.holds("SourceVerified"));
        assert!(!live.holds("Ready"), "it is about an older generation");
        assert!(live.condition("Ready").is_some(), "and still there to be shown");
    }

    #[test]
    fn what_is_missing_is_not_made_up() {
        let live = Live::read(Kind::OciRepository, &json!({"spec": {"verify": null}}));
        assert_eq!((live.digest(), live.verify.as_ref()), (None, None));
        assert_eq!(live.follows, "tag latest", "what the controller does without a reference");
        for (revision, digest, why) in [
            ("sha256:ab", Some("sha256:ab"), "a source that follows a digest"),
            ("latest@sha256:ab", Some("sha256:ab"), "one that follows a tag"),
            ("6.5.1", None, "a chart's revision is its version"),
        ] {
            let object = json!({"status": {"artifact": {"revision": revision}}});
            assert_eq!(Live::read(Kind::OciRepository, &object).digest(), digest, "{why}");
        }
    }

    #[test]
    fn hands_are_told_from_programs() {
        for (manager, by_hand) in [
            ("kubectl-edit", true),
            ("kubectl-patch", true),
            ("kubectl-client-side-apply", false),
            ("kustomize-controller", false),
            ("flux-operator", false),
        ] {
            let owner = Owner { manager: manager.to_owned(), operation: "Update".to_owned() };
            assert_eq!(owner.is_by_hand(), by_hand, "{manager}");
        }
    }
}
