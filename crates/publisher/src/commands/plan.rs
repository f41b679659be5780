//! `plan`: what `publish` would do.

use super::{Outcome, json};
use crate::cli::PlanArguments;
use crate::{publish, settings};

pub(super) async fn run(arguments: &PlanArguments) -> Outcome {
    let PlanArguments { common, contents, signing, stranger } = arguments;
    let chosen = settings::choose(common, None)?;
    let packing = chosen.packing(common, contents)?;
    let mut world = chosen.world(common, Some(stranger))?;
    settings::with_signing(&mut world, signing)?;
    settings::with_tags(&mut world, &contents.tag, &packing.contents)?;
    json(&publish::plan(&world, &packing).await?)
}
