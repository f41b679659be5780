//! The planes of a release: each gets its source, follows its tag, and shows what it made of it.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};

use super::flow::Stage;
use crate::devstack::DevStack;
use crate::failure::{Context as _, Failure, Outcome};
use crate::planes::{Controller, FLUX_NAMESPACE, Named, Plane, Setup, condition};
use crate::say;
use crate::workspace::Workspace;

/// Which kind of planes a release runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Planes {
    /// A small API server that says what source-controller would; needs no Go.
    Simulated,
    /// A real API server, source-controller and kustomize-controller for each.
    Real,
    /// None: the artifact is published, promoted and judged, and nothing runs it.
    None,
}

/// How long a plane may take to run what it ran before.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// The key of a Secret that source-controller reads a trusted root from.
const TRUSTED_ROOT: &str = "trusted_root.json";
/// Asks Flux for a reconciliation, whatever the interval.
const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";
/// Folder of the contents that a plane without nodes can apply: it has one ConfigMap in it.
const SHOWN: &str = "about";
/// That ConfigMap.
const SHOWN_NAME: &str = "platform";

/// The roles that are shipped.
const ROLES: &str = "crates/verifier/deploy";
/// Whose rights suffice for a command of the verifier: namespace and name of a service account there.
const ACCOUNTS: &[(&str, &str, &str)] = &[
    ("wait", "sealwright", "sealwright-verifier"),
    ("controls", "sealwright-controls", "sealwright-controls"),
    ("cluster", "sealwright", "sealwright-verifier"),
];

/// The running planes.
pub(super) struct Fleet {
    kind: Planes,
    planes: BTreeMap<Stage, Plane>,
    /// Kubeconfigs that may do what a command needs, and no more.
    kubeconfigs: BTreeMap<(Stage, &'static str), Utf8PathBuf>,
    /// Folder that was published.
    contents: Option<Utf8PathBuf>,
    /// What production ran before, as `tag@digest`.
    pub(super) last_good: Option<String>,
    requests: u32,
}

impl Fleet {
    /// Starts a plane for each stage.
    pub(super) fn start(
        workspace: &Workspace,
        kind: Planes,
        folder: &Utf8Path,
        contents: Option<Utf8PathBuf>,
        stack: &DevStack,
    ) -> Outcome<Fleet> {
        let (mut planes, mut kubeconfigs) = (BTreeMap::new(), BTreeMap::new());
        let stages: &[Stage] = if kind == Planes::None { &[] } else { &Stage::ALL };
        for stage in stages {
            say::stage(&format!("start the {} plane ({})", stage.name(), kind.name()));
            let folder = folder.join(stage.name());
            let plane = start(workspace, kind, *stage, &folder, stack)?;
            if kind == Planes::Real {
                plane.apply_folder(&workspace.root.join(ROLES))?;
                for (command, namespace, account) in ACCOUNTS {
                    let kubeconfig = plane.kubeconfig_of(namespace, account)?;
                    kubeconfigs.insert((*stage, *command), kubeconfig);
                }
            }
            planes.insert(*stage, plane);
        }
        Ok(Fleet { kind, planes, kubeconfigs, contents, last_good: None, requests: 0 })
    }

    /// Whether a step on this plane can be taken.
    pub(super) fn has(&self, stage: Stage) -> bool {
        self.planes.contains_key(&stage)
    }

    /// Kubeconfig for a command of the verifier. On a real plane it is that of the shipped account,
    /// so that its rights are shown to suffice; a simulated plane knows no rights.
    pub(super) fn kubeconfig(&self, stage: Stage, command: &'static str) -> Outcome<&Utf8Path> {
        match self.kubeconfigs.get(&(stage, command)) {
            Some(kubeconfig) => Ok(kubeconfig),
            None => Ok(&self.plane(stage)?.kubeconfig),
        }
    }

    fn plane(&self, stage: Stage) -> Outcome<&Plane> {
        self.planes
            .get(&stage)
            .ok_or_else(|| Failure::new(format!("there is no {} plane", stage.name())))
    }

    /// Gives the plane a source as it was rendered, and what that refers to.
    pub(super) fn apply(&mut self, stage: Stage, source: &Utf8Path, stack: &DevStack) -> Outcome {
        let source = read_source(source)?;
        self.apply_object(stage, source, stack)
    }

    /// The same with a matcher that nobody can satisfy, as a mistake in it would be.
    pub(super) fn apply_unsatisfiable(
        &mut self,
        stage: Stage,
        source: &Utf8Path,
        stack: &DevStack,
    ) -> Outcome {
        let mut source = read_source(source)?;
        let pattern = source.pointer_mut("/spec/verify/matchOIDCIdentity/0/subject");
        *pattern.ok_or_else(|| Failure::new("the rendered source has no matcher"))? =
            json!("^nobody$");
        self.apply_object(stage, source, stack)
    }

    fn apply_object(&mut self, stage: Stage, mut source: Value, stack: &DevStack) -> Outcome {
        self.requests += 1;
        source["metadata"]["annotations"][REQUESTED_AT] =
            format!("release-{}", self.requests).into();
        let plane = self.plane(stage)?;
        if let Some(name) = source.pointer("/spec/verify/trustedRootSecretRef/name") {
            plane.api.apply(&trusted_root(name, &source, stack)?)?;
        }
        plane.api.apply(&source)?;
        if self.kind == Planes::Real && self.shows() {
            plane.api.apply(&kustomization(&source))?;
        }
        Ok(())
    }

    /// Lets production run what `latest` names, so that there is something to lose.
    pub(super) fn before(
        &mut self,
        stage: Stage,
        source: &Utf8Path,
        stack: &DevStack,
    ) -> Outcome<String> {
        self.apply(stage, source, stack)?;
        let name = Named::of(&read_source(source)?)?;
        // The condition may be there a moment before the artifact that it is about.
        let ready = |source: &Value| {
            condition(source, "Ready") == Some("True") && revision(source).is_some()
        };
        let source = self.plane(stage)?.api.wait(&name, READY_WITHIN, ready)?;
        self.last_good = revision(&source);
        Ok(format!("{} runs {}", stage.name(), self.last_good.as_deref().unwrap_or("nothing")))
    }

    /// What the source of a plane serves right now, as `tag@digest`.
    pub(super) fn runs(&self, stage: Stage, source: &Utf8Path) -> Outcome<Option<String>> {
        let name = Named::of(&read_source(source)?)?;
        Ok(self.plane(stage)?.api.get(&name)?.as_ref().and_then(revision))
    }

    fn shows(&self) -> bool {
        let contents = self.contents.as_ref();
        contents.is_some_and(|folder| folder.join(SHOWN).join("kustomization.yaml").is_file())
    }

    /// Waits until kustomize-controller has applied exactly this digest, and shows the ConfigMap.
    pub(super) fn show_applied(&self, stage: Stage, digest: &str) -> Outcome<String> {
        if self.kind != Planes::Real {
            return Ok("not run: a simulated plane applies nothing".to_owned());
        }
        if !self.shows() {
            return Ok(format!("not run: the contents have no {SHOWN}/kustomization.yaml"));
        }
        let api = &self.plane(stage)?.api;
        let kustomization = Named::new(KUSTOMIZE_API, "Kustomization", FLUX_NAMESPACE, SHOWN);
        api.wait(&kustomization, READY_WITHIN, |object| {
            let applied = object.pointer("/status/lastAppliedRevision").and_then(Value::as_str);
            condition(object, "Ready") == Some("True")
                && applied.is_some_and(|applied| applied.ends_with(digest))
        })?;
        let name = Named::new("v1", "ConfigMap", FLUX_NAMESPACE, SHOWN_NAME);
        let map = api.get(&name)?.ok_or_else(|| {
            Failure::new(format!("{SHOWN} is applied, and there is no ConfigMap {SHOWN_NAME}"))
        })?;
        let data = map.get("data").map(Value::to_string).unwrap_or_default();
        Ok(format!("ConfigMap {FLUX_NAMESPACE}/{SHOWN_NAME}: {data}"))
    }
}

impl Planes {
    pub(super) fn name(self) -> &'static str {
        match self {
            Planes::Simulated => "simulated",
            Planes::Real => "real",
            Planes::None => "none",
        }
    }
}

const KUSTOMIZE_API: &str = "kustomize.toolkit.fluxcd.io/v1";

fn start(
    workspace: &Workspace,
    kind: Planes,
    stage: Stage,
    folder: &Utf8Path,
    stack: &DevStack,
) -> Outcome<Plane> {
    let setup = Setup {
        name: stage.name(),
        folder,
        controller: Controller::Source19,
        kustomize: true,
        environment: BTreeMap::new(),
        arguments: Vec::new(),
    };
    match kind {
        Planes::Real => Plane::start(workspace, &setup),
        _ => Plane::simulate(workspace, &setup, world(stack)),
    }
}

/// Flags that lead our programs to the dev stack.
fn world(stack: &DevStack) -> Vec<String> {
    let endpoints = stack.endpoints();
    [
        ("--registry", endpoints.registry.as_str()),
        ("--trust", endpoints.trust.as_str()),
        ("--github-issuer", endpoints.issuer.as_str()),
    ]
    .into_iter()
    .flat_map(|(flag, value)| [flag.to_owned(), value.to_owned()])
    .collect()
}

fn read_source(path: &Utf8Path) -> Outcome<Value> {
    let text = std::fs::read_to_string(path).context(|| path.to_string())?;
    serde_saphyr::from_str(&text).context(|| path.to_string())
}

/// `namespace/name` of a rendered source.
pub(super) fn source_name(path: &Utf8Path) -> Outcome<String> {
    let source = read_source(path)?;
    let word = |field: &str| source["metadata"][field].as_str();
    match (word("namespace"), word("name")) {
        (Some(namespace), Some(name)) => Ok(format!("{namespace}/{name}")),
        _ => Err(Failure::new(format!("{path}: the source has no namespace or no name"))),
    }
}

/// `status.artifact.revision`: what the controller serves, whatever it says of a newer one.
fn revision(source: &Value) -> Option<String> {
    source.pointer("/status/artifact/revision").and_then(Value::as_str).map(str::to_owned)
}

/// The Secret with the dev stack's trusted root, beside the source that names it.
fn trusted_root(name: &Value, source: &Value, stack: &DevStack) -> Outcome<Value> {
    let path = stack.endpoints().trust.join(TRUSTED_ROOT);
    let bytes = std::fs::read(&path).context(|| path.to_string())?;
    Ok(json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": source["metadata"]["namespace"]},
        "data": {TRUSTED_ROOT: STANDARD.encode(bytes)},
    }))
}

/// What has the artifact applied: the folder of it that needs no nodes.
fn kustomization(source: &Value) -> Value {
    let metadata = &source["metadata"];
    json!({
        "apiVersion": KUSTOMIZE_API,
        "kind": "Kustomization",
        "metadata": {
            "name": SHOWN,
            "namespace": FLUX_NAMESPACE,
            "annotations": {REQUESTED_AT: metadata["annotations"][REQUESTED_AT]},
        },
        "spec": {
            "interval": "10m",
            "retryInterval": "1s",
            "path": format!("./{SHOWN}"),
            "prune": true,
            "sourceRef": {
                "kind": "OCIRepository",
                "name": metadata["name"],
                "namespace": metadata["namespace"],
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kustomization_follows_its_source() {
        let source = json!({"metadata": {
            "name": "web", "namespace": "shop", "annotations": {REQUESTED_AT: "release-7"},
        }});
        let kustomization = kustomization(&source);
        assert_eq!(kustomization["spec"]["sourceRef"]["name"], "web");
        assert_eq!(kustomization["spec"]["sourceRef"]["namespace"], "shop");
        assert_eq!(kustomization["metadata"]["annotations"][REQUESTED_AT], "release-7");
    }

    #[test]
    fn what_a_source_serves_is_its_artifact_and_not_its_spec() {
        let digest = "latest@sha256:a";
        let source = json!({
            "spec": {"ref": {"tag": "latest"}},
            "status": {"artifact": {"revision": digest}, "observedGeneration": 2},
        });
        assert_eq!(revision(&source).as_deref(), Some(digest));
        assert_eq!(revision(&json!({"spec": {"ref": {"tag": "latest"}}})), None);
    }
}
