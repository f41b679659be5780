//! `promote`: other tags for an artifact whose evidence is complete.

use super::{Outcome, hand_out};
use crate::cli::PromoteArguments;
use crate::{publish, settings};

pub(super) async fn run(arguments: &PromoteArguments) -> Outcome {
    let PromoteArguments { common, stranger, .. } = arguments;
    let reference = settings::reference(&arguments.reference)?;
    let chosen = settings::choose(common, Some(&reference))?;
    let mut world = chosen.world(common, Some(stranger))?;
    settings::with_tags(&mut world, &arguments.tag, ".".into())?;
    world.allow_rollback = arguments.allow_rollback;
    let receipt = publish::promote(&world, &reference.target).await?;
    hand_out(&receipt, None)
}
