//! The small world that the figures of the network are taken in: a dev stack in release mode, with
//! an added round trip where the row says so, and its own count of requests.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use super::crowd::Crowd;
use crate::devstack::DevStack;
use crate::failure::{Context as _, Outcome};
use crate::program::Program;
use crate::workspace::Workspace;

/// Name of the configuration that asks for a signature alone.
pub(super) const ONE: &str = "signature.yaml";
/// Name of the configuration that asks for all three kinds of evidence.
pub(super) const ALL: &str = "all.yaml";
const CONFIG: &str = "\
apiVersion: sealwright.dev/v1alpha1
kind: SupplyChain
signers:
  cd: {github: {repository: acme/platform, workflow: cd.yaml, refs: [refs/heads/main]}}
artifacts:
  manifests: {repository: ghcr.io/acme/platform/manifests, signers: [cd], evidence: EVIDENCE}
";

/// A dev stack of its own, ended when it is dropped.
pub(super) struct World {
    pub(super) folder: Utf8PathBuf,
    release: Utf8PathBuf,
    devstack: DevStack,
    contents: Utf8PathBuf,
    _keep: tempfile::TempDir,
}

impl World {
    /// Starts a dev stack; every request waits `round_trip` before it is answered.
    pub(super) fn start(workspace: &Workspace, round_trip: Duration) -> Outcome<World> {
        let keep = tempfile::tempdir()?;
        let folder = Utf8PathBuf::try_from(keep.path().to_owned())
            .context(|| "the temporary folder".to_owned())?;
        let release = workspace.target().join("release");
        let latency_ms = round_trip.as_millis().to_string();
        let program = Program::new(release.join("sealwright-devstack"));
        let flags = ["--control", "--latency-ms", &latency_ms];
        let devstack = DevStack::serve(program, &folder.join("state"), &flags)?;
        let contents = workspace.root.join("docs/example/k8s");
        for (name, evidence) in [(ONE, "[signature]"), (ALL, "[signature, provenance, sbom]")] {
            let config = CONFIG.replace("EVIDENCE", evidence);
            std::fs::write(folder.join(name), config).context(|| name.to_owned())?;
        }
        Ok(World { folder, release, devstack, contents, _keep: keep })
    }

    pub(super) fn trust(&self, file: &str) -> String {
        self.devstack.endpoints().trust.join(file).to_string()
    }

    pub(super) fn registry(&self) -> &str {
        &self.devstack.endpoints().registry
    }

    pub(super) fn issuer(&self) -> &str {
        &self.devstack.endpoints().issuer
    }

    /// The example platform.
    pub(super) fn contents(&self) -> &Utf8Path {
        &self.contents
    }

    /// A token of the workflow that the example's configuration lets sign, in a file.
    pub(super) fn token_file(&self, repository: &str) -> Outcome<Utf8PathBuf> {
        let token = Program::new(self.release.join("sealwright-devstack"))
            .args(["token", "--state", self.folder.join("state").as_str()])
            .args(["--repository", repository, "--workflow", "cd.yaml", "--ref", "refs/heads/main"])
            .run_ok()?;
        let file = self.folder.join(format!("{}.jwt", repository.replace('/', "-")));
        std::fs::write(&file, token.trim_ascii()).context(|| file.to_string())?;
        Ok(file)
    }

    fn ours(&self, binary: &str, config: &str, verb: &[&str]) -> Program {
        let config = self.folder.join(config);
        Program::new(self.release.join(binary))
            .args(verb.iter().copied())
            .args(["--config", config.as_str(), "--artifact", "manifests"])
            .args(["--registry", self.registry()])
            .args([
                "--trust",
                self.devstack.endpoints().trust.as_str(),
                "--github-issuer",
                self.issuer(),
            ])
    }

    /// `publish` of this folder under this tag.
    pub(super) fn publish(
        &self,
        config: &str,
        contents: &Utf8Path,
        tag: &str,
        token: &Utf8Path,
    ) -> Program {
        self.ours("sealwright-publisher", config, &["publish"]).args([
            "--contents",
            contents.as_str(),
            "--tag",
            tag,
            "--token-file",
            token.as_str(),
        ])
    }

    /// `verifier artifact` of this reference.
    pub(super) fn verify(&self, reference: &str) -> Program {
        self.ours("sealwright-verifier", ONE, &["artifact", reference]).empty_environment()
    }

    /// A command of the verifier, with no environment and nothing but these words.
    pub(super) fn verifier(&self, words: &[&str]) -> Program {
        Program::new(self.release.join("sealwright-verifier"))
            .args(words.iter().copied())
            .empty_environment()
    }

    /// `cosign` with what it needs to reach this world and nothing of the user's.
    pub(super) fn cosign(&self, cosign: &Utf8Path, words: &[&str]) -> Program {
        let home = BTreeMap::from([("HOME".to_owned(), self.folder.to_string())]);
        Program::new(cosign).args(words.iter().copied()).empty_environment().envs(&home)
    }

    /// Forgets the requests that the registry has answered so far.
    pub(super) fn clear_requests(&self) -> Outcome {
        ureq::delete(format!("http://{}/_requests", self.registry()))
            .call()
            .context(|| "clear the registry's request log".to_owned())?;
        Ok(())
    }

    /// How many requests the registry has answered since.
    pub(super) fn request_count(&self) -> Outcome<usize> {
        let requests: Vec<serde_json::Value> =
            ureq::get(format!("http://{}/_requests", self.registry()))
                .call()
                .context(|| "read the registry's request log".to_owned())?
                .body_mut()
                .read_json()
                .context(|| "the registry's request log".to_owned())?;
        Ok(requests.len())
    }

    /// Puts well-made bundles of somebody else beside the artifact, each listed before the good one.
    pub(super) fn crowd(&self, path: &str, artifact: &str, count: usize) -> Outcome {
        let repository = format!("http://{}/v2/{path}", self.registry());
        Crowd { repository: &repository, sigstore: self.issuer(), artifact }.gather(count)
    }
}
