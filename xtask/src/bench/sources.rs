//! Many sources on a real API server, each verified by the real source-controller: looking at the whole
//! cluster, predicting every source offline, and noticing that one is ready.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use camino::Utf8PathBuf;
use serde_json::{Value, json};

use super::verify::PATH;
use super::world::{ONE, World};
use super::{Goal, Row};
use crate::failure::{Context as _, Failure, Outcome};
use crate::measure::{cost_of, median};
use crate::planes::{Controller, FLUX_NAMESPACE, Named, Plane, Setup, condition};
use crate::program::Program;
use crate::workspace::Workspace;

/// Sources on the plane.
const SOURCES: usize = 1_000;
/// Digests that they run, the same number of sources each.
const DIGESTS: usize = 200;
/// Runs of each; the first warms the API server's caches and counts like the others.
const RUNS: usize = 3;
/// How long source-controller may take for all sources: it verifies each, a few at a time.
const READY_WITHIN: Duration = Duration::from_secs(300);
/// How often the API is asked whether a source is ready, which bounds how well the moment is known.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// Seconds within which a cluster of this size is looked at.
const CLUSTER_WITHIN_S: f64 = 5.0;
/// Peak memory of that.
const CLUSTER_MIB: f64 = 100.0;
/// Milliseconds that an offline prediction of one source may take.
const PREDICT_MS: f64 = 2.0;
/// Milliseconds within which readiness is noticed.
const NOTICED_WITHIN_MS: f64 = 200.0;

const CLUSTER: [&str; 3] = ["cluster-wall", "cluster-memory", "cluster-requests"];
const CONFIG: &str = "sources.yaml";
const ENVIRONMENT: &str = "\
environments:
  bench: {trust: devstack, context: bench, flux: \"2.9\", organisation: [\"oci://ghcr.io/acme/*/*\"]}
";

pub(super) fn rows(workspace: &Workspace) -> Outcome<Vec<Row>> {
    let programs = ["etcd", "kube-apiserver", "source-controller-1.9"];
    let missing: Vec<&str> =
        programs.into_iter().filter(|name| !workspace.peers().join(name).is_file()).collect();
    if !missing.is_empty() {
        return Ok(not_run(&format!("{} not built; run `cargo xtask peers`", missing.join(", "))));
    }
    let world = World::start(workspace, Duration::ZERO)?;
    let bench = Bench::start(workspace, &world)?;
    let mut rows = bench.cluster()?;
    rows.push(bench.predict()?);
    // What could not be measured hides nothing of what was.
    rows.push(bench.wait().unwrap_or_else(|why| {
        let why = why.to_string();
        not_run(why.lines().next().unwrap_or_default()).remove(4)
    }));
    Ok(rows)
}

fn works() -> [(&'static str, String, &'static str, Goal); 5] {
    let cluster =
        format!("verifier cluster, {SOURCES} sources, {DIGESTS} digests, real API server");
    [
        (CLUSTER[0], format!("{cluster}: wall time"), "s", Goal::OursAtMost(CLUSTER_WITHIN_S)),
        (CLUSTER[1], format!("{cluster}: peak memory"), "MiB", Goal::OursAtMost(CLUSTER_MIB)),
        // Resolve, list, referrer, bundle for the judge; the controller's own for the prediction.
        (
            CLUSTER[2],
            format!("{cluster}: registry requests a digest"),
            "requests",
            Goal::OursAtMost(REQUESTS_A_DIGEST),
        ),
        (
            "predict-offline",
            format!("verifier predict --replay, {DIGESTS} sources: each"),
            "ms",
            Goal::OursAtMost(PREDICT_MS),
        ),
        (
            "wait-notices",
            "verifier wait: from Ready in the API to its end".to_owned(),
            "ms",
            Goal::OursAtMost(NOTICED_WITHIN_MS),
        ),
    ]
}

/// Registry requests for one digest, however many sources run it.
const REQUESTS_A_DIGEST: f64 = 12.0;

fn row(id: &str, ours: f64) -> Row {
    let (id, work, unit, goal) =
        works().into_iter().find(|(known, ..)| *known == id).expect("a row of the table");
    Row::alone(id, &work, unit, goal, ours)
}

fn not_run(why: &str) -> Vec<Row> {
    works().map(|(id, work, unit, goal)| Row::not_run(id, &work, unit, goal, why)).into()
}

/// The plane with its sources, all of them ready.
struct Bench<'a> {
    world: &'a World,
    plane: Plane,
    config: Utf8PathBuf,
    /// What the environment's source looks like.
    template: Value,
    digests: Vec<String>,
}

impl<'a> Bench<'a> {
    fn start(workspace: &Workspace, world: &'a World) -> Outcome<Bench<'a>> {
        let config = world.folder.join(CONFIG);
        let one = std::fs::read_to_string(world.folder.join(ONE))?;
        std::fs::write(&config, one + ENVIRONMENT).context(|| config.to_string())?;
        let digests = publish(world)?;
        let folder = world.folder.join("plane");
        let plane = Plane::start(
            workspace,
            &Setup {
                name: "bench",
                folder: &folder,
                controller: Controller::Source19,
                kustomize: false,
                arguments: vec!["--concurrent=8".to_owned()],
                environment: BTreeMap::new(),
            },
        )?;
        let template = world
            .verifier(&["render", "manifests", "--environment", "bench"])
            .args(["--config", config.as_str(), "--registry", world.registry()])
            .args(["--github-issuer", world.issuer()])
            .args(["--namespace", FLUX_NAMESPACE, "--name", "template"])
            .run_ok()?;
        let template = serde_saphyr::from_str(&String::from_utf8_lossy(&template))
            .context(|| "the rendered source".to_owned())?;
        let bench = Bench { world, plane, config, template, digests };
        bench.trust()?;
        (0..SOURCES)
            .try_for_each(|number| bench.plane.api.apply(&bench.source(number)).map(drop))?;
        bench.await_all()?;
        Ok(bench)
    }

    /// The Secret that the template names.
    fn trust(&self) -> Outcome {
        let name = &self.template["spec"]["verify"]["trustedRootSecretRef"]["name"];
        let root = std::fs::read(self.world.trust("trusted_root.json"))?;
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": name, "namespace": FLUX_NAMESPACE},
            "data": {"trusted_root.json": STANDARD.encode(root)},
        });
        self.plane.api.apply(&secret).map(drop)
    }

    /// The source of this number: its digests come round again after all have had a turn.
    fn source(&self, number: usize) -> Value {
        let mut source = self.template.clone();
        source["metadata"]["name"] = format!("source-{number:04}").into();
        source["spec"]["interval"] = "1h".into();
        source["spec"]["ref"] = json!({"tag": tag(number % DIGESTS)});
        source
    }

    fn await_all(&self) -> Outcome {
        let started = Instant::now();
        loop {
            let sources = self.plane.api.list(
                "source.toolkit.fluxcd.io/v1",
                "OCIRepository",
                Some(FLUX_NAMESPACE),
            )?;
            let ready =
                sources.iter().filter(|one| condition(one, "Ready") == Some("True")).count();
            if ready == SOURCES {
                return Ok(());
            }
            if started.elapsed() > READY_WITHIN {
                return Err(Failure::new(format!("{ready} of {SOURCES} sources are ready")));
            }
            std::thread::sleep(Duration::from_secs(1));
        }
    }

    /// A command of the verifier that knows the configuration, the registry and whom to trust.
    fn command(&self, words: &[&str]) -> Program {
        self.world
            .verifier(words)
            .args(["--config", self.config.as_str(), "--registry", self.world.registry()])
            .args(["--trust", &self.world.trust(""), "--github-issuer", self.world.issuer()])
    }

    fn cluster(&self) -> Outcome<Vec<Row>> {
        let program = self
            .command(&["cluster", "--environment", "bench", "--context", "bench"])
            .args(["--kubeconfig", self.plane.kubeconfig.as_str(), "--format", "json"]);
        self.world.clear_requests()?;
        // A figure of a refusal would say nothing.
        program.run_ok()?;
        let requests = self.world.request_count()? as f64 / DIGESTS as f64;
        let costs = (0..RUNS).map(|_| cost_of(&program)).collect::<Outcome<Vec<_>>>()?;
        let wall_s = median(costs.iter().map(|cost| cost.wall_ms / 1e3));
        let peak_mib = median(costs.iter().map(|cost| cost.peak_kib as f64 / 1024.0));
        Ok(vec![row(CLUSTER[0], wall_s), row(CLUSTER[1], peak_mib), row(CLUSTER[2], requests)])
    }

    fn predict(&self) -> Outcome<Row> {
        let (file, recording) =
            (self.world.folder.join("all.sources.json"), self.world.folder.join("recording.json"));
        let items: Vec<Value> = (0..DIGESTS).map(|number| self.source(number)).collect();
        let mut list = json!({"apiVersion": "v1", "kind": "List", "items": items});
        let root = std::fs::read(self.world.trust("trusted_root.json"))?;
        let name = self.template["spec"]["verify"]["trustedRootSecretRef"]["name"].clone();
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": name, "namespace": FLUX_NAMESPACE},
            "data": {"trusted_root.json": STANDARD.encode(root)},
        });
        if let Some(items) = list["items"].as_array_mut() {
            items.push(secret);
        }
        std::fs::write(&file, serde_json::to_vec(&list)?)?;
        let predict = |word: &str| {
            self.command(&["predict", "--file", file.as_str(), word, recording.as_str()])
        };
        predict("--record").run_ok()?;
        let replay = predict("--replay");
        replay.run_ok()?;
        let costs = (0..RUNS).map(|_| cost_of(&replay)).collect::<Outcome<Vec<_>>>()?;
        Ok(row("predict-offline", median(costs.iter().map(|cost| cost.wall_ms)) / DIGESTS as f64))
    }

    fn wait(&self) -> Outcome<Row> {
        let late = (0..RUNS).map(|run| self.noticed(run)).collect::<Outcome<Vec<_>>>()?;
        let detail = format!("{RUNS} runs; the API was asked every {} ms", LOOK_AGAIN.as_millis());
        Ok(row("wait-notices", median(late)).detail(detail))
    }

    /// Milliseconds from a source being ready, as the API tells, to the end of `wait` for it.
    fn noticed(&self, run: usize) -> Outcome<f64> {
        let mut source = self.source(run);
        let name = format!("awaited-{run}");
        source["metadata"]["name"] = name.clone().into();
        let object = Named::of(&source)?;
        let wait = self
            .command(&["wait", &format!("{FLUX_NAMESPACE}/{name}")])
            .args(["--digest", &self.digests[run], "--context", "bench", "--timeout", "60"])
            .args(["--kubeconfig", self.plane.kubeconfig.as_str(), "--format", "json"]);
        // Waiting for what is not there ends at once: until the watch stands, it follows a tag that
        // nobody has pushed.
        let mut early = source.clone();
        early["spec"]["ref"] = json!({"tag": "not-yet"});
        self.plane.api.apply(&early)?;
        let waiting = std::thread::spawn(move || wait.run_ok().map(|_| Instant::now()));
        // It must be watching before there is anything to see.
        std::thread::sleep(Duration::from_millis(500));
        self.plane.api.apply(&source)?;
        let started = Instant::now();
        let ready = loop {
            let found = self.plane.api.get(&object)?;
            if found.is_some_and(|found| condition(&found, "Ready") == Some("True")) {
                break Instant::now();
            }
            if started.elapsed() > READY_WITHIN {
                return Err(Failure::new(format!("{name} does not get ready")));
            }
            std::thread::sleep(LOOK_AGAIN);
        };
        let ended = waiting.join().map_err(|_| Failure::new("waiting panicked"))??;
        Ok(ended.saturating_duration_since(ready).as_secs_f64() * 1e3)
    }
}

fn tag(number: usize) -> String {
    format!("v{number:03}")
}

/// Publishes as many artifacts as there are digests, each signed, each under a tag of its own.
fn publish(world: &World) -> Outcome<Vec<String>> {
    let token = world.token_file("acme/platform")?;
    let contents = world.folder.join("contents");
    std::fs::create_dir_all(&contents)?;
    (0..DIGESTS)
        .map(|number| {
            let object = json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "number"}, "data": {"number": number.to_string()},
            });
            std::fs::write(contents.join("number.yaml"), object.to_string())?;
            let receipt = world.publish(ONE, &contents, &tag(number), &token).run_ok()?;
            let receipt: Value = serde_json::from_slice(&receipt)?;
            let digest = receipt["digest"].as_str();
            digest
                .map(str::to_owned)
                .ok_or_else(|| Failure::new(format!("no digest in the receipt of {PATH}")))
        })
        .collect()
}
