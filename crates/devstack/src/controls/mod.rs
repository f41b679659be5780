//! Negative controls: artifacts like a good one, each with one thing wrong, pushed beside each other
//! into a repository of their own. A lock that accepts one of them is open.
//!
//! Everything comes from the running dev stack: the good artifact from its registry, the evidence
//! from `POST /_mint`, bytes under a foreign digest from `PUT /_content`.

mod evidence;
mod original;
mod store;
mod table;

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use self::evidence::{Minter, Run};
use self::original::Original;
use self::store::Repository;
use self::table::{CONTROLS, Control, Recipe};
use crate::{DevStackError, Endpoints};

/// Everything that was made, in the form that `sealwright-verifier controls --set` reads.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ControlSet {
    api_version: &'static str,
    kind: &'static str,
    /// The good artifact that they were derived from, by digest.
    pub artifact: String,
    /// An artifact in the same repository with nothing wrong: the lock must accept it, else no
    /// refusal proves anything.
    pub neighbour: String,
    /// The controls.
    pub controls: Vec<Made>,
    /// What could not be made of this artifact.
    pub not_made: Vec<NotMade>,
}

/// One control.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Made {
    /// Such as `unsigned`.
    pub name: &'static str,
    /// What is the matter with it.
    pub does: &'static str,
    /// Where it is, by digest.
    pub reference: String,
    /// `judge`, `flux`, `both`, or a `comparison` of digests.
    pub refused_by: &'static str,
    /// Code of the finding that the judge must give.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_finding: Option<&'static str>,
    /// The tag through which it must be followed, where the matter is the tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<&'static str>,
    /// Where in the source's `spec` the verify block stands instead of `verify`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify_at: Option<&'static str>,
}

/// A control that could not be made.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotMade {
    /// Its name.
    pub name: &'static str,
    /// What would be the matter with it.
    pub does: &'static str,
    /// Who would have had to refuse it.
    pub refused_by: &'static str,
    /// Why there is none.
    pub reason: String,
}

/// Makes all controls of a good artifact of the running dev stack, and pushes them into `into`.
///
/// `artifact` is `[HOST/]REPOSITORY@DIGEST`, `into` is `[HOST/]REPOSITORY`; the host can only be the
/// dev stack's registry.
///
/// # Errors
/// The artifact is not there or not signed by this dev stack, or the dev stack runs without
/// `--control`, or not at all.
pub async fn push(
    endpoints: &Endpoints,
    artifact: &str,
    into: &str,
) -> Result<ControlSet, DevStackError> {
    let failed = |why: String| DevStackError::Controls { artifact: artifact.to_owned(), why };
    let (from, digest) = artifact
        .rsplit_once('@')
        .ok_or_else(|| failed("give it as REPOSITORY@DIGEST: tags move".to_owned()))?;
    let from = Repository::at(endpoints, from).map_err(failed)?;
    let into = Repository::at(endpoints, into).map_err(failed)?;
    if from.path == into.path {
        return Err(failed("controls belong in a repository of their own (--into)".to_owned()));
    }
    let original = Original::read(&from, digest).await.map_err(failed)?;
    let run = original.run(&endpoints.issuer).map_err(failed)?;
    let minter = Minter { issuer: endpoints.issuer.clone(), log: original.log() };
    let workshop = Workshop { from, into, original, run, minter };
    workshop.all(artifact).await.map_err(failed)
}

/// Everything that controls are made with.
struct Workshop {
    from: Repository,
    into: Repository,
    original: Original,
    run: Run,
    minter: Minter,
}

impl Workshop {
    async fn all(&self, artifact: &str) -> Result<ControlSet, String> {
        for blob in self.original.blobs() {
            self.into.mount(&self.from, &blob).await?;
        }
        let neighbour = self.variant("neighbour", |_| {}).await?;
        self.attach_minted(&neighbour, &self.run.request(), "healthy", |_| true).await?;
        let (mut controls, mut not_made) = (Vec::new(), Vec::new());
        for control in CONTROLS {
            match self.make(control, &neighbour).await? {
                Ok(digest) => controls.push(self.made(control, &digest)),
                Err(reason) => not_made.push(NotMade {
                    name: control.name,
                    does: control.does,
                    refused_by: control.refused_by,
                    reason,
                }),
            }
        }
        Ok(ControlSet {
            api_version: "sealwright.dev/v1alpha1",
            kind: "ControlSet",
            artifact: format!("{}@{}", self.from, artifact.rsplit('@').next().unwrap_or_default()),
            neighbour: format!("{}@{neighbour}", self.into),
            controls,
            not_made,
        })
    }

    fn made(&self, control: &Control, digest: &str) -> Made {
        let Control { name, does, refused_by, expected_finding, tag, verify_at, .. } = *control;
        let reference = format!("{}@{digest}", self.into);
        Made { name, does, reference, refused_by, expected_finding, tag, verify_at }
    }

    /// The digest of the control; the inner error is why there can be none of this artifact.
    async fn make(
        &self,
        control: &Control,
        neighbour: &str,
    ) -> Result<Result<String, String>, String> {
        match control.recipe {
            Recipe::Bare => self.variant(control.name, |_| {}).await.map(Ok),
            Recipe::Situation(situation) => self.signed(control, situation, |_| {}).await.map(Ok),
            Recipe::Run(change) => self.signed(control, "healthy", change).await.map(Ok),
            Recipe::EvidenceOfOriginal => {
                let digest = self.variant(control.name, |_| {}).await?;
                for bundle in &self.original.bundles {
                    self.into.attach(&digest, &bundle.json, &bundle.predicate_type).await?;
                }
                Ok(Ok(digest))
            }
            Recipe::EvidenceOfNeighbour => self.evidence_of(neighbour, control).await.map(Ok),
            Recipe::AttestationsOnly => self.attestations_only(control).await,
            Recipe::ForgedLayer => self.forged_layer(control).await,
            Recipe::RolledBack => self.rolled_back(control, neighbour).await.map(Ok),
        }
    }

    /// The good manifest with an annotation, so that the digest is another; pushed.
    async fn variant(&self, name: &str, change: impl FnOnce(&mut Value)) -> Result<String, String> {
        let mut manifest = self.original.manifest.clone();
        if !manifest["annotations"].is_object() {
            manifest["annotations"] = json!({});
        }
        manifest["annotations"]["sealwright.dev/control"] = name.into();
        change(&mut manifest);
        self.into.put_manifest(None, &self.original.media_type, manifest.to_string()).await
    }

    async fn signed(
        &self,
        control: &Control,
        situation: &str,
        change: fn(&mut Run),
    ) -> Result<String, String> {
        let digest = self.variant(control.name, |_| {}).await?;
        let mut run = self.run.clone();
        change(&mut run);
        self.attach_minted(&digest, &run.request(), situation, |_| true).await?;
        Ok(digest)
    }

    /// Everything that vouches for the original, made anew about another digest.
    async fn attach_minted(
        &self,
        digest: &str,
        signer: &Value,
        situation: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<(), String> {
        for bundle in self.original.bundles.iter().filter(|one| wanted(&one.predicate_type)) {
            let statement = evidence::about(&bundle.statement, digest);
            let minted = self.minter.mint(&statement, signer, situation).await?;
            self.into.attach(digest, &minted, &bundle.predicate_type).await?;
        }
        Ok(())
    }

    /// Sound evidence, about the neighbour.
    async fn evidence_of(&self, neighbour: &str, control: &Control) -> Result<String, String> {
        let digest = self.variant(control.name, |_| {}).await?;
        for bundle in &self.original.bundles {
            let statement = evidence::about(&bundle.statement, neighbour);
            let minted = self.minter.mint(&statement, &self.run.request(), "healthy").await?;
            self.into.attach(&digest, &minted, &bundle.predicate_type).await?;
        }
        Ok(digest)
    }

    async fn attestations_only(&self, control: &Control) -> Result<Result<String, String>, String> {
        let is_attestation = |kind: &str| kind != evidence::SIGNATURE;
        if !self.original.bundles.iter().any(|bundle| is_attestation(&bundle.predicate_type)) {
            return Ok(Err("the artifact carries no attestation beside its signature".to_owned()));
        }
        let digest = self.variant(control.name, |_| {}).await?;
        self.attach_minted(&digest, &self.run.request(), "healthy", is_attestation).await?;
        Ok(Ok(digest))
    }

    /// Soundly signed; the registry serves other bytes for its first layer than the manifest names.
    async fn forged_layer(&self, control: &Control) -> Result<Result<String, String>, String> {
        let Some(layer) = self.original.manifest["layers"][0]["digest"].as_str() else {
            return Ok(Err("the artifact has no layer".to_owned()));
        };
        let bytes = match self.from.blob(layer).await {
            Ok(bytes) => bytes,
            Err(why) => return Ok(Err(format!("its layer cannot be read: {why}"))),
        };
        let mut sum = Sha256::new_with_prefix(&bytes);
        sum.update(control.name);
        let claimed = format!("sha256:{}", hex::encode(sum.finalize()));
        self.into.forge(&claimed, bytes).await?;
        let forge = |manifest: &mut Value| manifest["layers"][0]["digest"] = claimed.into();
        let digest = self.variant(control.name, forge).await?;
        self.attach_minted(&digest, &self.run.request(), "healthy", |_| true).await?;
        Ok(Ok(digest))
    }

    /// An artifact that was good yesterday, and a tag that has already gone on from it.
    async fn rolled_back(&self, control: &Control, neighbour: &str) -> Result<String, String> {
        let superseded = self.signed(control, "healthy", |_| {}).await?;
        let tag = control.tag.unwrap_or(control.name);
        for digest in [&superseded, neighbour, &superseded] {
            self.into.tag(tag, digest, &self.original.media_type).await?;
        }
        Ok(superseded)
    }
}
