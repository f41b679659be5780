//! Jobs that sign, in words that every form shares.

use std::cmp::Reverse;

use sealwright_policy::workflow_report::{JobIdentity, SignedBy, WorkflowReport};

/// Heads of the columns of [`rows`].
pub(crate) const COLUMNS: [&str; 4] = ["job", "signs with", "identity", "accepted by"];

/// What every name of a GitHub workflow begins with; the details have it whole.
const SERVER: &str = "https://github.com/";
/// Identities of one job in a table; JSON has them all.
const IDENTITIES_MAX: usize = 6;

/// Jobs as they are told: the worst first; of those alike, what signs before what only could.
pub(crate) fn worst_first(jobs: &[WorkflowReport]) -> Vec<&WorkflowReport> {
    let mut sorted: Vec<&WorkflowReport> = jobs.iter().collect();
    sorted.sort_by_key(|job| (Reverse(job.verdict), job.signs_with.is_empty()));
    sorted
}

/// The rows of a job: one for each identity, its name and tools in the first.
pub(crate) fn rows(job: &WorkflowReport) -> Vec<[String; 4]> {
    let mut identities: Vec<(String, String)> = Vec::new();
    for identity in &job.identities {
        let row = match signs_itself(job) {
            true => (named(identity), accepted(identity)),
            false => ("none of its own".to_owned(), "-".to_owned()),
        };
        if !identities.contains(&row) {
            identities.push(row);
        }
    }
    let more = identities.len().saturating_sub(IDENTITIES_MAX);
    identities.truncate(IDENTITIES_MAX);
    identities.extend((more > 0).then(|| (format!("and {more} more"), String::new())));
    if identities.is_empty() {
        identities.push(("nothing starts it".to_owned(), String::new()));
    }
    let mut first = Some((job.job.clone(), signs_with(job)));
    let rows = identities.into_iter().map(|(identity, accepted)| {
        let (job, tools) = first.take().unwrap_or_default();
        [job, tools, identity, accepted]
    });
    rows.collect()
}

/// `2 signing jobs (and 1 that could sign)`.
pub(crate) fn tally(jobs: &[WorkflowReport]) -> String {
    let signing = jobs.iter().filter(|job| !job.signs_with.is_empty()).count();
    let others = jobs.len() - signing;
    let plural = if signing == 1 { "" } else { "s" };
    let others =
        if others > 0 { format!(" (and {others} that could sign)") } else { String::new() };
    format!("{signing} signing job{plural}{others}")
}

fn signs_with(job: &WorkflowReport) -> String {
    let mut tools: Vec<String> = Vec::new();
    for one in &job.signs_with {
        let tool = match one.by {
            SignedBy::Workflow => one.tool.clone(),
            SignedBy::PerhapsWorkflow => format!("{}?", one.tool),
            SignedBy::Key => format!("{} (a key)", one.tool),
            SignedBy::Elsewhere => format!("{} (another identity)", one.tool),
        };
        if !tools.contains(&tool) {
            tools.push(tool);
        }
    }
    if tools.is_empty() { "nothing known".to_owned() } else { tools.join(", ") }
}

/// A key has no name, and a token from elsewhere not this one.
fn signs_itself(job: &WorkflowReport) -> bool {
    let own = |by: SignedBy| matches!(by, SignedBy::Workflow | SignedBy::PerhapsWorkflow);
    job.signs_with.is_empty() || job.signs_with.iter().any(|one| own(one.by))
}

fn named(identity: &JobIdentity) -> String {
    identity.san.strip_prefix(SERVER).unwrap_or(&identity.san).to_owned()
}

fn accepted(identity: &JobIdentity) -> String {
    match (identity.accepted_by.as_slice(), identity.compared) {
        ([], true) => "nobody".to_owned(),
        ([], false) => "-".to_owned(),
        (names, _) => names.join(", "),
    }
}
