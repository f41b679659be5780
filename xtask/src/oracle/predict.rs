//! Asks `sealwright-verifier predict` about every object, as the controller was asked.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::Utf8Path;
use serde_json::{Value, json};

use super::objects::NAMESPACE;
use super::run::{Asked, Observation};
use crate::failure::{Context as _, Failure, Outcome};
use crate::program::Program;
use crate::workspace::Workspace;

const VERIFIER: &str = "sealwright-verifier";
/// The name under which the registry has no TLS, which its reader must be told.
const PLAIN: &str = "plain.acme.test";
/// Seconds for everything that is asked of registries: those that refuse are asked again a few times.
const DEADLINE: u64 = 120;

/// One prediction for each observation, in their order.
///
/// From files and not from the cluster: there, what the controller has said already would answer for
/// the rest.
pub(super) fn all(
    workspace: &Workspace,
    asked: &Asked,
    controller: &str,
) -> Outcome<Vec<Outcome<Value>>> {
    let [sources, secrets] = ["asked.json", "secrets.json"].map(|name| asked.folder.join(name));
    write(&sources, asked.observations.iter().flat_map(|observation| &observation.asked))?;
    write(&secrets, &asked.secrets)?;
    let ask = |source: Option<&str>| -> Outcome<Value> {
        let program = Program::new(workspace.binary(crate::release::PROFILE, VERIFIER))
            .args(["predict"])
            .args(source)
            .args(["--file", sources.as_str(), "--secrets", secrets.as_str()])
            .args(["--controller", controller, "--format", "json"])
            .args(["--deadline", &DEADLINE.to_string(), "--plain-http", PLAIN])
            .args(["--trust", asked.trusted_root.as_str()])
            .args(["--controller-trust", asked.trusted_root.as_str()])
            .env("HTTPS_PROXY", asked.proxy.as_str())
            .env("HTTP_PROXY", asked.proxy.as_str())
            .env("NO_PROXY", "127.0.0.1")
            .time_limit(Duration::from_secs(2 * DEADLINE));
        let output = program.run()?;
        serde_json::from_slice(&output.stdout).map_err(|_| {
            Failure::new(format!("predict ended with {}: {}", output.code, output.stderr.trim()))
        })
    };
    let mut report = ask(None)?;
    // Nothing is fetched for a repository by itself, so it is predicted only by its name.
    for observation in &asked.observations {
        if word(&observation.object, "/kind") == "HelmRepository" {
            let name = format!("{NAMESPACE}/{}", word(&observation.object, "/metadata/name"));
            let mut more = ask(Some(&name))?;
            let more = more["sources"].as_array_mut().map(std::mem::take);
            if let Some(all) = report["sources"].as_array_mut() {
                all.extend(more.unwrap_or_default());
            }
        }
    }
    let predicted: BTreeMap<(&str, &str), &Value> = report["sources"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|source| ((word(source, "/kind"), word(source, "/name")), source))
        .collect();
    Ok(asked.observations.iter().map(|observation| of(observation, &predicted)).collect())
}

fn of(observation: &Observation, predicted: &BTreeMap<(&str, &str), &Value>) -> Outcome<Value> {
    let object = &observation.object;
    let own = || (word(object, "/kind").to_owned(), word(object, "/metadata/name").to_owned());
    let (kind, name) = observation.about.clone().unwrap_or_else(own);
    let name = format!("{NAMESPACE}/{name}");
    let source = predicted.get(&(kind.as_str(), name.as_str()));
    let source = source.ok_or_else(|| Failure::new("the report has no such source"))?;
    match source.get("predicted") {
        Some(predicted) => Ok(predicted.clone()),
        None => Err(Failure::new(format!("the report predicts nothing: {}", source["findings"]))),
    }
}

fn word<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn write<'a>(path: &Utf8Path, objects: impl IntoIterator<Item = &'a Value>) -> Outcome {
    let items: Vec<&Value> = objects.into_iter().collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    std::fs::write(path, serde_json::to_vec(&list)?).context(|| path.to_string())
}
