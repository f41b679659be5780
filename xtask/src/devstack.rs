//! The dev stack as a program of its own, for as long as a task needs it.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use crate::failure::{Context as _, Failure, Outcome};
use crate::program::{Program, Service};
use crate::workspace::Workspace;

const PROGRAM: &str = "sealwright-devstack";

/// A running dev stack; stopped when it is dropped.
pub(crate) struct DevStack {
    endpoints: Endpoints,
    environment: BTreeMap<String, String>,
    /// Prints the environment of a run.
    env: Program,
    _service: Service,
}

/// Where its services are, as it announces them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Endpoints {
    /// `127.0.0.1:PORT`.
    pub(crate) registry: String,
    /// URL of the OIDC issuer.
    pub(crate) issuer: String,
    /// Folder with `trusted_root.json` and `signing_config.json`.
    pub(crate) trust: Utf8PathBuf,
}

impl DevStack {
    /// Starts it on the state in this folder, which is made when it is not there.
    pub(crate) fn start(workspace: &Workspace, state: &Utf8Path) -> Outcome<DevStack> {
        let program = workspace.binary(crate::release::PROFILE, PROGRAM);
        // With it, known-bad artifacts can be made.
        DevStack::serve(Program::new(program), state, &["--control"])
    }

    /// The same with the program given, and with further flags of its `up`.
    pub(crate) fn serve(program: Program, state: &Utf8Path, flags: &[&str]) -> Outcome<DevStack> {
        let folder = state.parent().unwrap_or(state);
        std::fs::create_dir_all(folder).context(|| folder.to_string())?;
        let log = folder.join("devstack.log");
        let up =
            program.clone().args(["up", "--state", state.as_str()]).args(flags.iter().copied());
        let (service, announced) = up.serve_announcing(&log)?;
        let endpoints = serde_json::from_str(&announced)
            .context(|| format!("{PROGRAM} announced {announced:?}"))?;
        let env = program.args(["env", "--state", state.as_str()]);
        let environment = variables(&env.run_ok()?)?;
        Ok(DevStack { endpoints, environment, env, _service: service })
    }

    /// The same, standing in for the workflow run that these flags of its `env` describe.
    pub(crate) fn for_run(mut self, run: &[String]) -> Outcome<DevStack> {
        self.environment = variables(&self.env.clone().args(run.iter().cloned()).run_ok()?)?;
        Ok(self)
    }

    pub(crate) fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// What a job on GitHub would have in its environment.
    pub(crate) fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }
}

fn variables(text: &[u8]) -> Outcome<BTreeMap<String, String>> {
    String::from_utf8_lossy(text)
        .lines()
        .map(|line| match line.split_once('=') {
            Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
            None => Err(Failure::new(format!("{PROGRAM} env: {line:?} is not NAME=value"))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_may_hold_equals_signs() {
        let variables = variables(b"A=b\nURL=http://127.0.0.1:1/token?a=b\n").unwrap();
        assert_eq!(variables["URL"], "http://127.0.0.1:1/token?a=b");
        assert_eq!(variables["A"], "b");
    }

    #[test]
    fn anything_else_is_an_error() {
        assert!(super::variables(b"A=b\nhello\n").is_err());
    }
}
