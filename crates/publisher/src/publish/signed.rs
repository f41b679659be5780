//! sign: one key and one certificate for all statements that are missing.
//!
//! A crash leaves log entries that nobody refers to. Run again, it signs again.

use sealwright_evidence::Statement;
use sealwright_evidence::limits::BUNDLE_BYTES_MAX;
use sealwright_evidence::statement::sign_statement;
use sealwright_keyless::{SignedBundle, Signer, SigningConfig, load_signing_config};
use sealwright_policy::{Code, EvidenceKind, Finding, Place};

use super::admitted::{Admission, check_identity};
use super::artifact::Artifact;
use super::staged::Staged;
use super::stopped::Stopped;
use super::talk::Step;
use super::world::World;
use crate::{provenance, sbom};

/// An artifact with signed statements about it that are attached to nothing yet.
pub(super) struct Signed {
    pub(super) artifact: Artifact,
    pub(super) bundles: Vec<(EvidenceKind, SignedBundle)>,
    _made_by_sign: (),
}

/// Who signs and logs. Nothing of the artifact is needed to know it, so it is found out meanwhile.
pub(super) async fn services(world: &World) -> Result<SigningConfig, Stopped> {
    let config = load_signing_config(&world.trust, jiff::Timestamp::now()).await;
    let config = config.map_err(|error| failed(error.code(), error.to_string()))?;
    Ok(match world.rekor_version {
        Some(version) => config.with_rekor_version(version),
        None => config,
    })
}

/// Services that cannot be had stop it only where something is to be signed.
pub(super) async fn sign(
    world: &World,
    staged: Staged,
    services: Result<SigningConfig, Stopped>,
) -> Result<Signed, Stopped> {
    let kinds = staged.missing.clone();
    let statements: Vec<Statement> =
        kinds.iter().map(|kind| statement(world, &staged, *kind)).collect();
    let Staged { artifact, admission, .. } = staged;
    if kinds.is_empty() {
        world.done(Step::Sign, "all evidence is there already; nothing was signed".to_owned());
        return Ok(Signed { artifact, bundles: vec![], _made_by_sign: () });
    }
    let bundles = sign_all(world, services?, admission, &statements).await?;
    let bundles = kinds.into_iter().zip(bundles).collect();
    Ok(Signed { artifact, bundles, _made_by_sign: () })
}

/// One statement about something that is in the registry already.
pub(super) async fn sign_one(
    world: &World,
    admission: Admission,
    statement: &Statement,
) -> Result<SignedBundle, Stopped> {
    let services = services(world).await?;
    let mut bundles = sign_all(world, services, admission, std::slice::from_ref(statement)).await?;
    let none = || Finding::new(Code::SigningFailed, "no bundle came of the statement");
    bundles.pop().ok_or_else(|| none().into())
}

fn statement(world: &World, staged: &Staged, kind: EvidenceKind) -> Statement {
    let (name, digest) = (world.repository.to_string(), &staged.artifact.digest);
    let predicate = match kind {
        EvidenceKind::Signature => return sign_statement(digest),
        EvidenceKind::Provenance => {
            let claims = staged.admission.token.claims();
            provenance::provenance(claims, &staged.source, Some(&staged.packed.contents))
        }
        EvidenceKind::Sbom => sbom::sbom(&name, digest, &staged.packed.inventory),
    };
    Statement::new(&name, digest, kind.predicate_type(), predicate)
}

async fn sign_all(
    world: &World,
    services: SigningConfig,
    admission: Admission,
    statements: &[Statement],
) -> Result<Vec<SignedBundle>, Stopped> {
    world.begin(Step::Sign, "asking for a certificate, signing, logging");
    let signer = Signer::new(services, admission.token, world.http.clone());
    let signer = signer.map_err(|error| failed(error.code(), error.to_string()))?;
    let bytes: Vec<Vec<u8>> = statements.iter().map(Statement::to_bytes).collect();
    let bundles = signer.sign(&bytes).await;
    let bundles = bundles.map_err(|error| failed(error.code(), error.to_string()))?;
    for (statement, bundle) in statements.iter().zip(&bundles) {
        check(world, &statement.predicate_type, bundle)?;
    }
    let entries: Vec<String> = bundles.iter().map(|bundle| bundle.log_index.to_string()).collect();
    world.done(Step::Sign, format!("log entries {}", entries.join(", ")));
    Ok(bundles)
}

fn failed(code: Code, why: String) -> Stopped {
    Finding::new(code, why).into()
}

/// The certificate must say what the token promised, and a reader must take the bundle.
fn check(world: &World, predicate_type: &str, bundle: &SignedBundle) -> Result<(), Stopped> {
    check_identity(&world.requirements, &bundle.certificate_claims)?;
    if bundle.bytes.len() > BUNDLE_BYTES_MAX {
        let message = format!(
            "the bundle for {predicate_type} has {} bytes, more than the {BUNDLE_BYTES_MAX} that readers take",
            bundle.bytes.len()
        );
        let place = Place::object(world.repository.to_string());
        return Err(Finding::new(Code::BundleTooLarge, message).with_place(place).into());
    }
    Ok(())
}
