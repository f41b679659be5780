//! cosign, told about our instance and about nothing else.

use camino::Utf8Path;

use super::instance::Instance;
use super::world::{CD, Run, World};
use crate::failure::{Failure, Outcome};
use crate::program::{Program, tail};

/// cosign with one instance.
#[derive(Clone, Copy)]
pub(super) struct Cosign<'a> {
    pub(super) world: &'a World,
    pub(super) instance: &'a Instance,
}

/// Attestation types, as cosign names them.
pub(super) const ATTESTATIONS: [&str; 2] = ["slsaprovenance1", "cyclonedx"];

impl Cosign<'_> {
    fn call(&self, words: &[&str]) -> Outcome<Program> {
        Ok(self.world.tools.peer("cosign")?.args(words.iter().copied()))
    }

    fn verifying(&self, words: &[&str], san: &str) -> Outcome<Program> {
        let program = self
            .call(words)?
            .args([
                "--allow-http-registry",
                "--trusted-root",
                self.instance.trusted_root().as_str(),
            ])
            .args(["--certificate-identity", san])
            .args(["--certificate-oidc-issuer", &self.instance.issuer]);
        Ok(if self.instance.log_tells_time {
            program
        } else {
            program.args(["--use-signed-timestamps"])
        })
    }

    /// `cosign verify`, expecting the run that may publish.
    pub(super) fn verify(&self, reference: &str) -> Outcome<String> {
        self.verifying(&["verify"], CD.san)?.args([reference]).run_ok()?;
        Ok("cosign verify: accepted".to_owned())
    }

    /// `cosign verify-attestation`, likewise.
    pub(super) fn verify_attestation(&self, reference: &str, kind: &str) -> Outcome<String> {
        let program = self.verifying(&["verify-attestation", "--type", kind], CD.san)?;
        program.args([reference]).run_ok()?;
        Ok(format!("cosign verify-attestation --type {kind}: accepted"))
    }

    /// The refused neighbour: cosign expecting somebody else must not accept.
    pub(super) fn refuses_another(&self, reference: &str) -> Outcome<String> {
        let san = CD.san.replace("cd.yaml", "other.yaml");
        let output = self.verifying(&["verify"], &san)?.args([reference]).run()?;
        if output.code == 0 {
            return Err(Failure::new("cosign accepted an identity that did not sign"));
        }
        if !output.stderr.contains("identit") {
            let said = tail(&output.said());
            return Err(Failure::new(format!("cosign refused for another reason: {said}")));
        }
        Ok("cosign verify with another identity: refused".to_owned())
    }

    /// `cosign sign` with a token of this run.
    pub(super) fn sign(&self, reference: &str, run: Run) -> Outcome {
        self.signing(&["sign"], run)?.args([reference]).run_ok().map(drop)
    }

    /// `cosign attest` with a token of the run that may publish.
    pub(super) fn attest(&self, reference: &str, kind: &str, predicate: &Utf8Path) -> Outcome {
        let words = ["attest", "--type", kind, "--predicate", predicate.as_str()];
        self.signing(&words, CD)?.args([reference]).run_ok().map(drop)
    }

    /// `cosign sign` with a key instead of an identity.
    pub(super) fn sign_with_key(&self, reference: &str, folder: &Utf8Path) -> Outcome {
        let key = folder.join("cosign.key");
        if !key.is_file() {
            let program = self.call(&["generate-key-pair"])?.folder(folder);
            program.env("COSIGN_PASSWORD", "").run_ok()?;
        }
        let program = self.services(self.call(&["sign", "--yes", "--key", key.as_str()])?);
        program.env("COSIGN_PASSWORD", "").args([reference]).run_ok().map(drop)
    }

    fn signing(&self, words: &[&str], run: Run) -> Outcome<Program> {
        let token = self.world.token_file(run)?;
        let program = self.call(words)?.args(["--yes", "--identity-token", token.as_str()]);
        Ok(self.services(program))
    }

    fn services(&self, program: Program) -> Program {
        program
            .args(["--allow-http-registry"])
            .args(["--signing-config", self.instance.signing_config().as_str()])
            .args(["--trusted-root", self.instance.trusted_root().as_str()])
    }
}

/// A predicate of this kind, as small as it may be, in a file.
pub(super) fn predicate(world: &World, kind: &str) -> Outcome<camino::Utf8PathBuf> {
    let predicate = match kind {
        "cyclonedx" => serde_json::json!({
            "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": [],
        }),
        _ => serde_json::json!({
            "buildDefinition": {
                "buildType": "https://actions.github.io/buildtypes/workflow/v1",
                "externalParameters": {"workflow": {"ref": "refs/heads/main",
                    "repository": "https://github.com/acme/platform",
                    "path": ".github/workflows/cd.yaml"}},
                "internalParameters": {}, "resolvedDependencies": [],
            },
            "runDetails": {"builder": {"id": "https://github.com/actions/runner/github-hosted"}},
        }),
    };
    let path = world.folder.join(format!("{kind}.json"));
    world.write(&path, predicate.to_string().as_bytes())?;
    Ok(path)
}
