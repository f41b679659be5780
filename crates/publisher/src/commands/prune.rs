//! `prune-staging`: rubbish of interrupted publications.

use sealwright_registry::ClientOptions;

use super::{Outcome, json};
use crate::cli::PruneArguments;
use crate::{publish, settings};

pub(super) async fn run(PruneArguments { common }: &PruneArguments) -> Outcome {
    let chosen = settings::choose(common, None)?;
    let client = settings::client(common, ClientOptions::ambient())?;
    json(&publish::prune(&client, &chosen.repository).await?)
}
