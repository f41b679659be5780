//! admit: the token's identity is one that the configuration lets sign this artifact.
//!
//! Nothing has been sent to the registry before this, and a crash leaves nothing.

use sealwright_keyless::{SIGSTORE_AUDIENCE, Token, TokenError};
use sealwright_policy::{Claims, Code, Finding, Mismatch, Place, Requirements};

use super::artifact::Artifact;
use super::packed::{Packed, Packing};
use super::stopped::Stopped;
use super::talk::Step;
use super::world::World;
use crate::source::Source;

/// An identity that may sign the artifact.
#[derive(Debug, Clone)]
pub struct Admission {
    /// The token, not yet shown to anybody.
    pub token: Token,
    /// Name of the signer in the configuration.
    pub signer: String,
    /// What the certificate will say.
    pub claims: Claims,
}

/// Contents and somebody who may sign them.
pub(super) struct Admitted {
    pub(super) packed: Packed,
    pub(super) admission: Admission,
    pub(super) source: Source,
    pub(super) artifact: Artifact,
    _made_by_admit: (),
}

pub(super) async fn admit(
    world: &World,
    packed: Packed,
    packing: &Packing,
) -> Result<Admitted, Stopped> {
    let admission = admission(world).await?;
    let claims = admission.token.claims();
    let source = Source::find(&packing.source, Some(claims), &packing.contents);
    let artifact = Artifact::build(&packed.contents, &source)?;
    Ok(Admitted { packed, admission, source, artifact, _made_by_admit: () })
}

/// Finds the token at hand and whether its identity may sign.
///
/// # Errors
/// There is no usable token, or its identity is none of the artifact's signers.
pub async fn admission(world: &World) -> Result<Admission, Stopped> {
    world.begin(Step::Admit, "asking for the identity token");
    let token = Token::at_hand(world.token.file.as_deref(), SIGSTORE_AUDIENCE, &world.http).await;
    let token = token.map_err(|error| unusable(&error))?;
    let now = jiff::Timestamp::now();
    token.check(SIGSTORE_AUDIENCE, None, now).map_err(|error| unusable(&error))?;
    let claims = token.claims().predicted();
    let signer = check_identity(&world.requirements, &claims)?;
    world.done(Step::Admit, format!("signer {signer}: {}", claims.sans.join(", ")));
    Ok(Admission { token, signer, claims })
}

/// The name of the signer whose identity the claims are.
pub(super) fn check_identity(
    requirements: &Requirements,
    claims: &Claims,
) -> Result<String, Stopped> {
    let refusals = match requirements.signer_for(claims) {
        Ok(signer) => return Ok(signer.name.clone()),
        Err(refusals) => refusals,
    };
    let artifact = &requirements.artifact;
    let message =
        format!("this identity may not sign the artifact {artifact}; nothing was written");
    let identity = claims.sans.join(", ");
    let expected: Vec<String> = refusals.iter().map(explain).collect();
    let finding = Finding::new(Code::IdentityNotAllowed, message)
        .with_place(Place::object(format!("artifacts.{artifact}.signers")))
        .with_mismatch(
            expected.join("; "),
            if identity.is_empty() { "(nobody)" } else { &identity },
        );
    Err(Stopped::from(finding))
}

fn explain((signer, mismatches): &(String, Vec<Mismatch>)) -> String {
    let differences: Vec<String> = mismatches.iter().map(ToString::to_string).collect();
    format!("signer {signer} ({})", differences.join(", "))
}

fn unusable(error: &TokenError) -> Stopped {
    Stopped::from(Finding::new(error.code(), error.to_string()))
}
