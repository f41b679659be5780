//! A folder that is a team's repository, and programs on the path that reach the dev stack where a
//! reader's would reach the world.

use std::os::unix::fs::PermissionsExt as _;

use camino::{Utf8Path, Utf8PathBuf};

use crate::devstack::DevStack;
use crate::failure::{Context as _, Failure, Outcome};
use crate::program::{Program, tail};
use crate::release::PROFILE;
use crate::workspace::Workspace;

/// Commands of ours that reach a registry or need trust; the others take no such flags.
const REACHING: &str = "plan|publish|sign|attest|promote|prune-staging|whoami|artifact|predict";
/// The registry that the example names.
const REGISTRY: &str = "ghcr.io";
const ISSUER: &str = "https://token.actions.githubusercontent.com";
const ARTIFACT: &str = "manifests";

pub(super) struct Desk {
    workspace: Workspace,
    stack: DevStack,
    _folder: tempfile::TempDir,
    path: Utf8PathBuf,
}

impl Desk {
    /// A copy of the example platform, with a dev stack of its own. The binaries are built.
    pub(super) fn new(workspace: &Workspace) -> Outcome<Desk> {
        let folder = tempfile::tempdir()?;
        let path = Utf8PathBuf::try_from(folder.path().to_owned())
            .context(|| "the temporary folder".to_owned())?;
        let repository = path.join("repository");
        let example = workspace.root.join("docs/example");
        Program::new("cp").args(["-R", example.as_str(), repository.as_str()]).run_ok()?;
        std::fs::create_dir(path.join("home"))?;
        let stack = DevStack::start(workspace, &path.join("devstack"))?;
        let desk = Desk { workspace: workspace.clone(), stack, _folder: folder, path };
        desk.put_programs()?;
        Ok(desk)
    }

    /// Runs a snippet as a reader would; `Err` inside says why it could not be run.
    pub(super) fn run(&self, snippet: &str) -> Outcome<Result<(), String>> {
        self.shell(snippet, &self.path.join("bin"))
    }

    /// Runs a snippet with the programs as they are.
    pub(super) fn run_as_it_stands(&self, snippet: &str) -> Outcome<Result<(), String>> {
        self.shell(snippet, &self.workspace.target().join(PROFILE))
    }

    fn shell(&self, snippet: &str, programs: &Utf8Path) -> Outcome<Result<(), String>> {
        let says_cosign = snippet.lines().any(|line| line.trim_start().starts_with("cosign "));
        if says_cosign && !self.cosign().is_file() {
            return Ok(Err("cosign is missing; `cargo xtask peers` builds it".to_owned()));
        }
        let path = std::env::var("PATH").unwrap_or_default();
        let output = Program::new("sh")
            .args(["-euc", snippet])
            .envs(self.stack.environment())
            .env("PATH", format!("{programs}:{}:{path}", self.workspace.peers()))
            .env("HOME", self.path.join("home"))
            .folder(self.path.join("repository"))
            .run()?;
        match output.code {
            0 => Ok(Ok(())),
            code => Err(Failure::new(format!("ended with {code}: {}", tail(&output.said())))),
        }
    }

    /// Publishes the example and gives the page of its artifact.
    pub(super) fn published_page(&self) -> Outcome<String> {
        let endpoints = self.stack.endpoints();
        let publish = format!("sealwright-publisher publish --artifact {ARTIFACT}");
        if let Err(why) = self.run(&publish)? {
            return Err(Failure::new(why));
        }
        let docs = Program::new(self.workspace.binary(PROFILE, "sealwright-docs"));
        docs.args(["build", "--pages", "pages", "--registry", &endpoints.registry])
            .args(["--trust", endpoints.trust.as_str(), "--github-issuer", &endpoints.issuer])
            .folder(self.path.join("repository"))
            .run_ok()?;
        let page = self.path.join(format!("repository/pages/artifacts/{ARTIFACT}.md"));
        std::fs::read_to_string(&page).context(|| page.to_string())
    }

    fn cosign(&self) -> Utf8PathBuf {
        self.workspace.peers().join("cosign")
    }

    /// Programs under the names that readers type.
    fn put_programs(&self) -> Outcome {
        let endpoints = self.stack.endpoints();
        let flags = format!(
            "--registry {} --trust {} --github-issuer {}",
            endpoints.registry, endpoints.trust, endpoints.issuer
        );
        for name in ["sealwright-publisher", "sealwright-verifier", "sealwright-docs"] {
            let program = self.workspace.binary(PROFILE, name);
            let script = format!(
                "case \"$1\" in\n{REACHING}) ;;\n*) exec {program} \"$@\" ;;\nesac\n{}",
                self.rewritten(&program, &flags)
            );
            self.put(name, &script)?;
        }
        let flags =
            format!("--trusted-root {}/trusted_root.json --allow-http-registry", endpoints.trust);
        self.put("cosign", &self.rewritten(&self.cosign(), &flags))?;
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        self.put("cargo", &format!("cd {} && exec {cargo} \"$@\"\n", self.workspace.root))
    }

    /// The program, with the dev stack's registry and issuer where a snippet names the public ones.
    fn rewritten(&self, program: &Utf8Path, flags: &str) -> String {
        let endpoints = self.stack.endpoints();
        let rewrite =
            format!("s|{REGISTRY}/|{}/|;s|{ISSUER}|{}|", endpoints.registry, endpoints.issuer);
        format!(
            "for word do\n  shift\n  set -- \"$@\" \"$(printf %s \"$word\" | sed '{rewrite}')\"\ndone\nexec {program} \"$@\" {flags}\n"
        )
    }

    fn put(&self, name: &str, script: &str) -> Outcome {
        let folder = self.path.join("bin");
        std::fs::create_dir_all(&folder)?;
        let path = folder.join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}"))?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
        Ok(())
    }
}
