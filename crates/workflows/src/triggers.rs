//! What starts a workflow.

use sealwright_yaml::Place;

use crate::model::{Setting, Written};

/// An event that starts a workflow, with what narrows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Which event.
    pub event: Event,
    /// Where it is named.
    pub at: Place,
    /// `branches` and `branches-ignore`.
    pub branches: Filter,
    /// `tags` and `tags-ignore`.
    pub tags: Filter,
    /// `paths` and `paths-ignore`. They do not hold for tags.
    pub paths: Filter,
    /// `types`: all that the event has by default when empty.
    pub types: Vec<Written>,
    /// `workflows` of `workflow_run`: the names that they call themselves.
    pub workflows: Vec<Written>,
    /// `cron` of `schedule`.
    pub times: Vec<Written>,
    /// `inputs` of `workflow_dispatch` and `workflow_call`; the value is the default.
    pub inputs: Vec<Setting>,
    /// `secrets` of `workflow_call`.
    pub secrets: Vec<Setting>,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// A branch or tag was pushed.
    Push,
    /// A pull request, with its merge commit.
    PullRequest,
    /// A pull request, with the workflow and the secrets of the repository.
    PullRequestTarget,
    /// A group of the merge queue.
    MergeGroup,
    /// A time.
    Schedule,
    /// Somebody, by hand, on any branch or tag.
    WorkflowDispatch,
    /// Somebody, over the API.
    RepositoryDispatch,
    /// A release.
    Release,
    /// Another workflow has run.
    WorkflowRun,
    /// Another workflow calls it.
    WorkflowCall,
    /// Anything else, by its name.
    Other(String),
}

/// Which names pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Filter {
    /// All.
    #[default]
    Unset,
    /// Those that match, in order: a later one with `!` takes out again.
    Only(Vec<Written>),
    /// All but those that match.
    Except(Vec<Written>),
}

impl Trigger {
    pub(crate) fn new(event: Event, at: Place) -> Self {
        Self {
            event,
            at,
            branches: Filter::Unset,
            tags: Filter::Unset,
            paths: Filter::Unset,
            types: vec![],
            workflows: vec![],
            times: vec![],
            inputs: vec![],
            secrets: vec![],
        }
    }
}

const EVENTS: &[(&str, Event)] = &[
    ("push", Event::Push),
    ("pull_request", Event::PullRequest),
    ("pull_request_target", Event::PullRequestTarget),
    ("merge_group", Event::MergeGroup),
    ("schedule", Event::Schedule),
    ("workflow_dispatch", Event::WorkflowDispatch),
    ("repository_dispatch", Event::RepositoryDispatch),
    ("release", Event::Release),
    ("workflow_run", Event::WorkflowRun),
    ("workflow_call", Event::WorkflowCall),
];

impl Event {
    /// By the name that `on` has for it.
    pub fn named(name: &str) -> Self {
        let known = EVENTS.iter().find(|(known, _)| *known == name);
        known.map_or_else(|| Event::Other(name.to_owned()), |(_, event)| event.clone())
    }
}

impl std::fmt::Display for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let known = EVENTS.iter().find(|(_, event)| event == self).map(|(name, _)| *name);
        f.write_str(match (known, self) {
            (Some(name), _) => name,
            (None, Event::Other(name)) => name,
            (None, _) => "an event",
        })
    }
}
