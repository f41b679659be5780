//! Our own binaries, as a user calls them: the publisher in a job, the verifier as a stranger.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use serde_json::Value;

use super::instance::Instance;
use super::world::{CD, Run, World};
use crate::failure::{Context as _, Failure, Outcome};
use crate::program::{Output, Program, tail};

/// All kinds of evidence, as the configuration names them.
pub(super) const ALL: &str = "signature, provenance, sbom";
/// The signature alone.
pub(super) const SIGNATURE: &str = "signature";

/// A repository, the policy for it, and the Sigstore that counts.
#[derive(Clone)]
pub(super) struct Ours<'a> {
    world: &'a World,
    instance: Instance,
    pub(super) registry: String,
    /// Path of the repository.
    pub(super) path: String,
    job_environment: BTreeMap<String, String>,
    config: Utf8PathBuf,
}

/// What the publisher says it did.
#[derive(Debug, Deserialize)]
pub(super) struct Receipt {
    pub(super) digest: String,
}

/// What the verifier says.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) code: u8,
    pub(super) verdict: String,
    /// Codes of all findings, each once, sorted.
    pub(super) codes: Vec<String>,
    said: String,
}

impl<'a> Ours<'a> {
    /// A repository of its own for a case; all evidence of the run [`CD`] is required.
    pub(super) fn new(
        world: &'a World,
        instance: &Instance,
        registry: &str,
        case: &str,
    ) -> Outcome<Ours<'a>> {
        let ours = Ours {
            world,
            instance: instance.clone(),
            registry: registry.to_owned(),
            path: format!("acme/{}/{case}", instance.slug),
            job_environment: world.job_environment().clone(),
            config: Utf8PathBuf::new(),
        };
        ours.with_policy(CD, ALL)
    }

    /// The same repository under another policy.
    pub(super) fn with_policy(&self, run: Run, evidence: &str) -> Outcome<Ours<'a>> {
        let repository = run.workflow_repository.unwrap_or("acme/platform");
        let called = match run.workflow_repository {
            Some(_) => "\n    calledFrom: [acme/platform]",
            None => "",
        };
        let config = format!(
            "apiVersion: sealwright.dev/v1alpha1\nkind: SupplyChain\nsigners:\n  signer:\n    \
             github: {{repository: {repository}, workflow: {}, refs: [refs/heads/main]}}{called}\n\
             artifacts:\n  manifests:\n    repository: ghcr.io/{}\n    signers: [signer]\n    \
             evidence: [{evidence}]\n",
            run.workflow, self.path
        );
        let name = format!("{}-{}-{}.yaml", self.path, run.workflow, evidence.replace(", ", "-"));
        let path = self.world.folder.join("config").join(name.replace('/', "-"));
        self.world.write(&path, config.as_bytes())?;
        Ok(Ours { config: path, ..self.clone() })
    }

    /// The same, judged against another trust folder.
    pub(super) fn with_trust(&self, trust: Utf8PathBuf) -> Ours<'a> {
        let mut ours = self.clone();
        ours.instance.trust = trust;
        ours
    }

    /// The same, with another issuer behind the signers of the policy.
    pub(super) fn with_issuer(&self, issuer: &str) -> Ours<'a> {
        let mut ours = self.clone();
        ours.instance.issuer = issuer.to_owned();
        ours
    }

    /// Registry and path.
    pub(super) fn repository(&self) -> String {
        format!("{}/{}", self.registry, self.path)
    }

    /// The artifact of this digest.
    pub(super) fn at(&self, digest: &str) -> String {
        format!("{}@{digest}", self.repository())
    }

    /// Publishes the example's contents under `latest`.
    pub(super) fn publish(&self) -> Outcome<Receipt> {
        self.publish_contents(&self.world.contents)
    }

    /// Publishes a folder under `latest`.
    pub(super) fn publish_contents(&self, contents: &Utf8Path) -> Outcome<Receipt> {
        let program = self
            .call("sealwright-publisher", &["publish"])
            .args(["--contents", contents.as_str(), "--tag", "latest"])
            .envs(&self.job_environment);
        serde_json::from_slice(&program.run_ok()?).context(|| "the receipt".to_owned())
    }

    /// Signs an artifact that is there already.
    pub(super) fn sign(&self, reference: &str, run: Run) -> Outcome {
        let token = self.world.token_file(run)?;
        let program = self
            .call("sealwright-publisher", &["sign", reference])
            .args(["--token-file", token.as_str()]);
        program.run_ok().map(drop)
    }

    /// Attests an artifact that is there already.
    pub(super) fn attest(&self, reference: &str, kind: &str, predicate: &Utf8Path) -> Outcome {
        let program = self
            .call("sealwright-publisher", &["attest", reference])
            .args(["--type", kind, "--predicate", predicate.as_str()])
            .envs(&self.job_environment);
        program.run_ok().map(drop)
    }

    /// Judges as a stranger: an empty environment, no credentials.
    pub(super) fn judge(&self, reference: &str) -> Outcome<Judged> {
        let output = self
            .call("sealwright-verifier", &["artifact", reference])
            .args(["--format", "json"])
            .run()?;
        Judged::read(&output)
    }

    /// Insists that the stranger says `Verified`.
    pub(super) fn insist_verified(&self, reference: &str) -> Outcome<String> {
        self.judge(reference)?.insist("Verified", 0)
    }

    /// Insists that the stranger says `Refused`, and for one of these reasons: an error or
    /// `Unknown` will not do, nor will a refusal of something else.
    pub(super) fn insist_refused(&self, reference: &str, reasons: &[&str]) -> Outcome<String> {
        let judged = self.judge(reference)?;
        if !judged.codes.iter().any(|code| reasons.contains(&code.as_str())) {
            return Err(Failure::new(format!(
                "expected a finding {}, found {}: {}",
                reasons.join(" or "),
                judged.codes.join(", "),
                judged.said
            )));
        }
        judged.insist("Refused", 1)
    }

    fn call(&self, binary: &str, words: &[&str]) -> Program {
        self.world
            .binary(binary)
            .empty_environment()
            .args(words.iter().copied())
            .args(["--config", self.config.as_str(), "--artifact", "manifests"])
            .args(["--registry", &self.registry, "--trust", self.instance.trust.as_str()])
            .args(["--github-issuer", &self.instance.issuer])
    }
}

impl Judged {
    fn read(output: &Output) -> Outcome<Judged> {
        let report: Value = serde_json::from_slice(&output.stdout).map_err(|error| {
            Failure::new(format!(
                "the verifier ended with {} and gave no report ({error}): {}",
                output.code,
                tail(&output.said())
            ))
        })?;
        let artifacts = report["artifacts"].as_array().cloned().unwrap_or_default();
        let lists =
            artifacts.iter().chain([&report]).filter_map(|part| part["findings"].as_array());
        let mut codes: Vec<String> = lists
            .flatten()
            .filter_map(|finding| finding["code"].as_str().map(str::to_owned))
            .collect();
        codes.sort();
        codes.dedup();
        Ok(Judged {
            code: output.code,
            verdict: report["verdict"].as_str().unwrap_or("no verdict").to_owned(),
            codes,
            said: tail(&report.to_string()),
        })
    }

    fn insist(self, verdict: &str, code: u8) -> Outcome<String> {
        if self.verdict == verdict && self.code == code {
            let codes = if self.codes.is_empty() {
                String::new()
            } else {
                format!(" ({})", self.codes.join(", "))
            };
            return Ok(format!("our verifier: {verdict}{codes}"));
        }
        Err(Failure::new(format!(
            "expected {verdict} (exit code {code}), found {} (exit code {}): {}",
            self.verdict, self.code, self.said
        )))
    }
}
