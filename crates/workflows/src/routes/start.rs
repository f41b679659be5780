//! The ways in: each trigger of each workflow, with what is known of the ref and of who may pull it.

use super::scope::{ANYBODYS_BRANCH, Ref};
use crate::model::{Workflow, Written};
use crate::refs;
use crate::tree::Tree;
use crate::triggers::{Event, Filter, Trigger};

/// One way in.
#[derive(Debug, Clone)]
pub(super) struct Start<'a> {
    pub(super) workflow: &'a Workflow,
    pub(super) trigger: &'a Trigger,
    pub(super) reference: Ref,
    /// In words: `push to main`, `tag v*`, `workflow_dispatch`.
    pub(super) label: String,
    pub(super) branch: Branch,
}

/// What stands between anybody with write access and this way in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Branch {
    /// Only what is on a named branch gets here.
    Named,
    /// Any branch does, unless a condition says otherwise.
    Any,
    /// It cannot be said: tags, patterns of branches, another workflow.
    Unsaid,
}

/// Every way in of every workflow; calls by others are followed from where they begin.
pub(super) fn starts(tree: &Tree) -> Vec<Start<'_>> {
    let pairs = tree
        .workflows
        .iter()
        .flat_map(|workflow| workflow.triggers.iter().map(move |trigger| (workflow, trigger)));
    pairs.flat_map(|(workflow, trigger)| of_trigger(workflow, trigger)).collect()
}

fn of_trigger<'a>(workflow: &'a Workflow, trigger: &'a Trigger) -> Vec<Start<'a>> {
    let name = trigger.event.to_string();
    let one = |label: String, reference, branch| {
        vec![Start { workflow, trigger, reference, label, branch }]
    };
    match &trigger.event {
        Event::WorkflowCall => vec![],
        Event::Push => pushes(workflow, trigger),
        Event::PullRequest => one(name, Ref::Exact("refs/pull/1/merge".to_owned()), Branch::Any),
        Event::Schedule | Event::RepositoryDispatch => one(name, Ref::Unknown, Branch::Named),
        Event::MergeGroup => {
            let group = "refs/heads/gh-readonly-queue/main/pr-1".to_owned();
            one(name, Ref::Exact(group), Branch::Named)
        }
        Event::WorkflowDispatch => one(name, Ref::Unknown, Branch::Any),
        Event::Release => one(name, Ref::Tag, Branch::Unsaid),
        Event::WorkflowRun => {
            let of: Vec<&str> = trigger.workflows.iter().map(|name| name.text.as_str()).collect();
            one(format!("workflow_run after {}", of.join(", ")), Ref::Unknown, Branch::Unsaid)
        }
        Event::PullRequestTarget | Event::Other(_) => one(name, Ref::Unknown, Branch::Unsaid),
    }
}

/// A push of a branch and one of a tag are two ways in.
fn pushes<'a>(workflow: &'a Workflow, trigger: &'a Trigger) -> Vec<Start<'a>> {
    let start =
        |label: String, reference, branch| Start { workflow, trigger, reference, label, branch };
    let mut found = Vec::new();
    let by_tag = trigger.tags != Filter::Unset;
    match &trigger.branches {
        Filter::Only(branches) => {
            let label = format!("push to {}", listed(branches));
            let patterns = branches.iter().any(|branch| branch.text.contains(['*', '?', '[', '!']));
            let (reference, branch) = match branches.as_slice() {
                _ if lets_in_anybodys(trigger) => (Ref::Unknown, Branch::Any),
                _ if patterns => (Ref::Unknown, Branch::Unsaid),
                [only] => (Ref::Exact(format!("refs/heads/{}", only.text)), Branch::Named),
                _ => (Ref::Unknown, Branch::Named),
            };
            found.push(start(label, reference, branch));
        }
        Filter::Except(_) => {
            found.push(start("push to most branches".to_owned(), Ref::Unknown, Branch::Any));
        }
        Filter::Unset if !by_tag => {
            found.push(start("push to any branch or tag".to_owned(), Ref::Unknown, Branch::Any));
        }
        Filter::Unset => (),
    }
    if by_tag {
        let label = match &trigger.tags {
            Filter::Only(tags) => format!("tag {}", listed(tags)),
            _ => "most tags".to_owned(),
        };
        found.push(start(label, Ref::Tag, Branch::Unsaid));
    }
    found
}

/// Whether the patterns let in a branch that nobody has thought of: `**`, or `*` with a few taken out.
fn lets_in_anybodys(trigger: &Trigger) -> bool {
    let refs = refs::of(trigger, None);
    refs.iter().any(|refs| refs.let_in(&format!("refs/heads/{ANYBODYS_BRANCH}")))
}

fn listed(names: &[Written]) -> String {
    names.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join(", ")
}
