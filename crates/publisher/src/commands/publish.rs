//! `publish`: the transaction.

use super::{Outcome, hand_out};
use crate::cli::PublishArguments;
use crate::{publish, settings};

pub(super) async fn run(arguments: &PublishArguments) -> Outcome {
    let PublishArguments { common, contents, signing, stranger, .. } = arguments;
    let chosen = settings::choose(common, None)?;
    let packing = chosen.packing(common, contents)?;
    let mut world = chosen.world(common, Some(stranger))?;
    settings::with_signing(&mut world, signing)?;
    settings::with_tags(&mut world, &contents.tag, &packing.contents)?;
    world.allow_rollback = arguments.allow_rollback;
    let receipt = publish::publish(&world, &packing).await?;
    hand_out(&receipt, arguments.receipt.as_deref())
}
