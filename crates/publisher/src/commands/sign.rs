//! `sign`: the signature for an artifact that something else has pushed.

use sealwright_evidence::statement::sign_statement;

use super::{Outcome, hand_out};
use crate::cli::SignArguments;
use crate::{publish, settings};

pub(super) async fn run(arguments: &SignArguments) -> Outcome {
    let SignArguments { common, signing, stranger, .. } = arguments;
    let reference = settings::reference(&arguments.reference)?;
    let chosen = settings::choose(common, Some(&reference))?;
    let mut world = chosen.world(common, Some(stranger))?;
    settings::with_signing(&mut world, signing)?;
    let statement = |artifact: &publish::Artifact, _: &_| sign_statement(&artifact.digest);
    let receipt = publish::sign_existing(&world, &reference.target, statement).await?;
    hand_out(&receipt, None)
}
