//! One controller, all situations: arrange, apply, watch, act, watch again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};

use super::arrange::{self, Arranged, arrange};
use super::mint::Mint;
use super::objects::{self, NAMESPACE, Places};
use super::shelves::Shelves;
use super::situation::{Act, Situation};
use super::situations::common_secrets;
use super::watch::{self, Awaited, Seen};
use crate::failure::{Context as _, Outcome};
use crate::planes::{Api, Controller, Plane, Setup};
use crate::say;
use crate::workspace::Workspace;

const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";
const SOURCE_API: &str = "source.toolkit.fluxcd.io/v1";

/// What fails is not tried again by itself within a run, or hundreds of retries would starve the rest;
/// and the API may be asked as fast as it answers.
const ARGUMENTS: [&str; 5] = [
    "--concurrent=8",
    "--min-retry-delay=10m",
    "--max-retry-delay=15m",
    "--kube-api-qps=1000",
    "--kube-api-burst=2000",
];

/// A controller that has been asked; its plane and the registries still run.
pub(super) struct Asked {
    /// Where predictions may keep their files.
    pub(super) folder: Utf8PathBuf,
    /// All Secrets, as they are in the end.
    pub(super) secrets: Vec<Value>,
    /// One for each object that was watched.
    pub(super) observations: Vec<Observation>,
    /// Where names of the internet lead to a registry.
    pub(super) proxy: String,
    /// Where the dev stack's trusted root is.
    pub(super) trusted_root: Utf8PathBuf,
    _plane: Plane,
    _shelves: Shelves,
}

/// What the controller said about one object.
pub(super) struct Observation {
    pub(super) situation: Situation,
    pub(super) object: Value,
    /// What it was asked last: the object with its status from before, and what it names.
    pub(super) asked: Vec<Value>,
    /// Kind and name of what the predictor is asked about, where it is not the object.
    pub(super) about: Option<(String, String)>,
    /// Whether it said anything that lasts.
    pub(super) settled: bool,
}

/// Situations with what was arranged for them.
struct Scene<'a> {
    situation: &'a Situation,
    arranged: Arranged,
    places: Places,
    /// As they are to be, without status.
    objects: Vec<Value>,
}

/// Starts everything, and lets the controller see every situation.
pub(super) fn ask(
    workspace: &Workspace,
    folder: &Utf8Path,
    controller: Controller,
    situations: &[Situation],
) -> Outcome<Asked> {
    let shelves = Shelves::start(workspace, &folder.join("registries"))?;
    let mint = Mint::at(&shelves)?;
    let began = Instant::now();
    let mut scenes = Vec::new();
    for situation in situations {
        scenes.push(scene(situation, &shelves, &mint).context(|| situation.name.clone())?);
    }
    set_faults(&scenes, &shelves)?;
    say::line(&format!("  {} situations arranged in {:.0?}", scenes.len(), began.elapsed()));
    let context = folder.file_name().unwrap_or("oracle").to_owned();
    let setup = Setup {
        name: &context,
        folder: &folder.join("plane"),
        controller,
        kustomize: false,
        arguments: ARGUMENTS.map(str::to_owned).into(),
        environment: public_sigstore(&shelves, &mint, folder)?,
    };
    let plane = Plane::start(workspace, &setup)?;
    plane.namespace(NAMESPACE)?;
    say::line(&format!("  plane ready after {:.0?}", began.elapsed()));
    let (asked, seen) =
        Stage { api: &plane.api, controller, shelves: &shelves, mint: &mint }.play(&mut scenes)?;
    let observations = observations(&scenes, &asked, &seen);
    let mut secrets = plane.api.list("v1", "Secret", Some(NAMESPACE))?;
    for secret in &mut secrets {
        // Items of a list do not say what they are.
        secret["apiVersion"] = "v1".into();
        secret["kind"] = "Secret".into();
    }
    say::line(&format!("  all observed after {:.0?}", began.elapsed()));
    Ok(Asked {
        folder: folder.to_owned(),
        observations,
        secrets,
        proxy: shelves.proxy.clone(),
        trusted_root: shelves.sigstore()?.endpoints().trust.join("trusted_root.json"),
        _plane: plane,
        _shelves: shelves,
    })
}

/// The environment of the controller: the proxy that knows names of the internet, and the dev stack's
/// Sigstore in the place of the public one: by TUF for bundles, in files for older signatures.
fn public_sigstore(
    shelves: &Shelves,
    mint: &Mint,
    folder: &Utf8Path,
) -> Outcome<BTreeMap<String, String>> {
    let mirror = format!("{}/tuf", mint.issuer);
    let url = format!("{mirror}/root.json");
    let mut root = shelves.agent.get(&url).call().context(|| url.clone())?;
    let root = root.body_mut().read_to_vec().context(|| url.clone())?;
    let files = [
        ("TUF_ROOT_JSON", "root.json", root),
        ("SIGSTORE_ROOT_FILE", "fulcio.pem", mint.authorities()?.into_bytes()),
        ("SIGSTORE_REKOR_PUBLIC_KEY", "rekor.pub", mint.log_key("/tlogs/0")?.into_bytes()),
        ("SIGSTORE_CT_LOG_PUBLIC_KEY_FILE", "ct.pub", mint.log_key("/ctlogs/0")?.into_bytes()),
    ];
    let mut environment = BTreeMap::from([("TUF_MIRROR".to_owned(), mirror)]);
    // Go asks loopback itself, whatever is said here.
    for variable in ["HTTPS_PROXY", "HTTP_PROXY"] {
        environment.insert(variable.to_owned(), shelves.proxy.clone());
    }
    for (variable, name, bytes) in files {
        let path = folder.join(name);
        std::fs::write(&path, bytes).context(|| path.to_string())?;
        environment.insert(variable.to_owned(), path.into_string());
    }
    Ok(environment)
}

fn scene<'a>(situation: &'a Situation, shelves: &Shelves, mint: &Mint) -> Outcome<Scene<'a>> {
    let arranged = arrange(situation, shelves, mint)?;
    let address = shelves.host(situation.shelf)?;
    let places = Places::of(situation, situation.under.unwrap_or(address), &arranged, mint)?;
    Ok(Scene { situation, arranged, places, objects: Vec::new() })
}

fn set_faults(scenes: &[Scene], shelves: &Shelves) -> Outcome {
    let mut by_shelf = BTreeMap::new();
    for scene in scenes.iter().filter(|scene| !scene.situation.faults.is_empty()) {
        let faults = arrange::faults(scene.situation, &scene.arranged);
        by_shelf.entry(scene.situation.shelf).or_insert_with(Vec::new).extend(faults);
    }
    by_shelf.iter().try_for_each(|(shelf, faults)| shelves.set_faults(*shelf, faults))
}

/// Where situations are played.
struct Stage<'a> {
    api: &'a Api,
    controller: Controller,
    shelves: &'a Shelves,
    mint: &'a Mint,
}

type Key = (String, String);

impl Stage<'_> {
    /// Applies all objects, and plays what happens then, act by act.
    fn play(&self, scenes: &mut [Scene]) -> Outcome<(BTreeMap<Key, Awaited>, Seen)> {
        self.apply_secrets(scenes)?;
        let mut awaited = BTreeMap::new();
        for scene in scenes.iter_mut() {
            let (watched, needed) = objects::of(scene.situation, &scene.places);
            needed.iter().try_for_each(|object| self.api.apply(object).map(drop))?;
            for object in &watched {
                let applied = self.apply(object, None);
                let (key, wanted) = applied.context(|| scene.situation.name.clone())?;
                awaited.insert(key, wanted);
            }
            scene.objects = watched;
        }
        say::line(&format!("  watch {} objects", awaited.len()));
        let mut seen = watch::settle(self.api, SOURCE_API, &awaited)?;
        let mut last = awaited;
        let acts = scenes.iter().map(|scene| scene.situation.acts.len()).max().unwrap_or_default();
        for at in 0..acts {
            let mut awaited = BTreeMap::new();
            for scene in scenes.iter_mut() {
                if let Some(act) = scene.situation.acts.get(at) {
                    awaited.extend(self.perform(act, at, scene)?);
                }
            }
            say::line(&format!("  watch {} objects after act {}", awaited.len(), at + 1));
            seen.extend(watch::settle(self.api, SOURCE_API, &awaited)?);
            last.extend(awaited);
        }
        Ok((last, seen))
    }

    fn apply_secrets(&self, scenes: &[Scene]) -> Outcome {
        let secrets: BTreeMap<&str, _> = common_secrets()
            .into_iter()
            .chain(scenes.iter().flat_map(|scene| scene.situation.secrets.clone()))
            .map(|secret| (secret.name, secret))
            .collect();
        let apply = |secret| self.api.apply(&objects::secret(secret, self.mint)).map(drop);
        secrets.values().try_for_each(apply)
    }

    fn perform(&self, act: &Act, at: usize, scene: &mut Scene) -> Outcome<Vec<(Key, Awaited)>> {
        let mut request = Some(format!("act-{}", at + 1));
        match act {
            Act::Spec(patch) => {
                let patch = scene.places.fill(patch);
                for object in &mut scene.objects {
                    objects::merge(&mut object["spec"], &patch);
                }
                request = None;
            }
            Act::Secret(secret) => drop(self.api.apply(&objects::secret(secret, self.mint))?),
            Act::Reconcile => {}
            Act::MoveTag(to) => arrange::move_tag(scene.situation, self.shelves, to)?,
            Act::DeleteEvidence => {
                arrange::remove_evidence(scene.situation, self.shelves, &scene.arranged)?;
            }
        }
        let mut awaited = Vec::new();
        for object in &mut scene.objects {
            if let Some(request) = &request {
                object["metadata"]["annotations"] = json!({REQUESTED_AT: request});
            }
            awaited.push(self.apply(object, request.clone())?);
        }
        Ok(awaited)
    }

    fn apply(&self, object: &Value, request: Option<String>) -> Outcome<(Key, Awaited)> {
        let applied = self.api.apply(&objects::known_to(self.controller, object))?;
        let word =
            |pointer: &str| applied.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let key = (word("/kind").to_owned(), word("/metadata/name").to_owned());
        let wanted = Awaited {
            generation: applied["metadata"]["generation"].as_i64().unwrap_or_default(),
            request,
            // A repository of type `oci` is only read by others.
            silent: applied["spec"]["suspend"] == Value::Bool(true) || key.0 == "HelmRepository",
            asked: objects::as_written(&applied, object),
        };
        Ok((key, wanted))
    }
}

fn observations(scenes: &[Scene], asked: &BTreeMap<Key, Awaited>, seen: &Seen) -> Vec<Observation> {
    let mut observations = Vec::new();
    let mut named = BTreeSet::new();
    for scene in scenes {
        for object in &scene.objects {
            let word =
                |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            let key = (word("/kind").to_owned(), word("/metadata/name").to_owned());
            let (object, settled) =
                seen.get(&key).cloned().unwrap_or_else(|| (object.clone(), false));
            let mut last = objects::of(scene.situation, &scene.places).1;
            last.extend(asked.get(&key).map(|awaited| awaited.asked.clone()));
            let release = objects::release(scene.situation, &scene.places);
            let about = release.as_ref().map(|release| {
                let word = |pointer: &str| release.pointer(pointer).and_then(Value::as_str);
                (
                    word("/kind").unwrap_or_default().to_owned(),
                    word("/metadata/name").unwrap_or_default().to_owned(),
                )
            });
            last.extend(release);
            if named.insert(key) {
                let situation = scene.situation.clone();
                observations.push(Observation { situation, object, asked: last, about, settled });
            }
        }
    }
    observations
}
