//! What keeps strangers out: every condition is answered as if one of them had started the run.

use super::start::Start;
use super::walk::{Run, Unit};
use crate::expression::{Contexts, Expression, Value};
use crate::triggers::Event;

/// What stands between strangers and a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Guard {
    /// Nothing that is known.
    None,
    /// Something of which paper does not say whether it holds.
    Perhaps(String),
    /// A condition that is false for them.
    Holds,
}

pub(super) fn of(run: &Run<'_>, unit: &Unit<'_>) -> Guard {
    let stranger = Stranger { start: &run.start, repository: run.repository };
    let mut perhaps = None;
    for condition in &unit.conditions {
        match stranger.passes(condition) {
            Some(false) => return Guard::Holds,
            None if asks_others(condition) => perhaps = Some(format!("`if: {condition}`")),
            _ => (),
        }
    }
    // Who has to approve there is a setting of the repository.
    let environment = unit.environment.as_ref().map(|name| format!("environment `{name}`"));
    environment.or(perhaps).map_or(Guard::None, Guard::Perhaps)
}

/// Whether a condition is false whenever a stranger has started the run.
pub(super) fn keeps_out(condition: &str, start: &Start<'_>, repository: Option<&str>) -> bool {
    Stranger { start, repository }.passes(condition) == Some(false)
}

/// Whether a condition is false after a run that failed.
pub(super) fn asks_for_success(condition: &str) -> bool {
    let failed = Expression::parse(condition).map(|condition| condition.value(&Failed).truth());
    failed == Some(Some(false))
}

/// Whether it depends on what an earlier job or step found out, or on a label that stays when its
/// author pushes again.
fn asks_others(condition: &str) -> bool {
    Expression::parse(condition).is_some_and(|condition| {
        condition.asks("steps.")
            || condition.asks("github.event.pull_request.labels")
            || condition.asks("needs.") && condition_has_outputs(&condition)
    })
}

fn condition_has_outputs(condition: &Expression) -> bool {
    let mut paths = Vec::new();
    condition.contexts(&mut paths);
    paths.iter().any(|path| path.starts_with("needs.") && path.contains(".outputs."))
}

/// The run that this one follows has failed.
struct Failed;

impl Contexts for Failed {
    fn value(&self, path: &str) -> Value {
        match path {
            "github.event.workflow_run.conclusion" => Value::Text("failure".to_owned()),
            _ => Value::Unknown,
        }
    }
}

/// Somebody without any rights started it, from a fork.
struct Stranger<'a> {
    start: &'a Start<'a>,
    repository: Option<&'a str>,
}

const NAME: &str = "a-stranger";
const FORK: &str = "a-stranger/fork";
/// In the place of a name that is not known: only that it is none of a stranger's counts.
const OURS: &str = "this/repository";

impl Stranger<'_> {
    fn passes(&self, condition: &str) -> Option<bool> {
        Expression::parse(condition)?.value(self).truth()
    }

    /// Labels take rights to set. Whoever pushes again keeps those that are there.
    fn labels(&self) -> Value {
        let types = &self.start.trigger.types;
        let again = types.is_empty() || types.iter().any(|kind| kind.text == "synchronize");
        if again { Value::Unknown } else { Value::Null }
    }

    fn event(&self, rest: &str) -> Value {
        let text = |text: &str| Value::Text(text.to_owned());
        let ours = self.repository.unwrap_or(OURS);
        let theirs = rest.contains("head.repo.") || rest.contains("head_repository.");
        match rest {
            _ if rest.ends_with(".author_association") => text("NONE"),
            _ if theirs && rest.ends_with(".full_name") => text(FORK),
            _ if theirs && rest.ends_with(".fork") => Value::Bool(true),
            _ if theirs && rest.ends_with(".owner.login") => text(NAME),
            _ if theirs && rest.ends_with(".id") => text("the fork's id"),
            "pull_request.base.repo.full_name" | "repository.full_name" => text(ours),
            "pull_request.base.repo.id" | "repository.id" => text("our id"),
            "pull_request.base.repo.owner.login" | "repository.owner.login" => {
                text(ours.split('/').next().unwrap_or_default())
            }
            // Merging takes rights.
            "pull_request.merged" => Value::Bool(false),
            "pull_request.labels" | "pull_request.labels.*.name" | "issue.labels.*.name" => {
                self.labels()
            }
            "label.name" => Value::Null,
            "workflow_run.event" => text("pull_request"),
            "workflow_run.conclusion" => text("success"),
            _ if rest.ends_with(".login") => text(NAME),
            _ => Value::Unknown,
        }
    }
}

impl Contexts for Stranger<'_> {
    fn value(&self, path: &str) -> Value {
        let text = |text: &str| Value::Text(text.to_owned());
        let ours = self.repository.unwrap_or(OURS);
        match path {
            "github.event_name" => text(&self.start.trigger.event.to_string()),
            "github.actor" | "github.triggering_actor" => text(NAME),
            "github.repository" => text(ours),
            "github.repository_owner" => text(ours.split('/').next().unwrap_or_default()),
            "github.head_ref" if self.start.trigger.event != Event::PullRequestTarget => {
                Value::Null
            }
            _ => path.strip_prefix("github.event.").map_or(Value::Unknown, |rest| self.event(rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use sealwright_yaml::Place;

    use super::*;
    use crate::model::{Workflow, Written};
    use crate::routes::scope::Ref;
    use crate::routes::start::Branch;
    use crate::triggers::Trigger;

    fn keeps(event: Event, types: &[&str], condition: &str) -> bool {
        let mut trigger = Trigger::new(event, Place::default());
        let written = |text: &&str| Written { text: (*text).to_owned(), at: Place::default() };
        trigger.types = types.iter().map(written).collect();
        let workflow = Workflow {
            path: String::new(),
            name: None,
            triggers: vec![],
            permissions: None,
            env: vec![],
            concurrency: None,
            jobs: vec![],
        };
        let (reference, branch) = (Ref::Unknown, Branch::Unsaid);
        let start = Start {
            workflow: &workflow,
            trigger: &trigger,
            reference,
            label: String::new(),
            branch,
        };
        keeps_out(condition, &start, Some("acme/app"))
    }

    #[test]
    fn only_what_is_false_for_strangers_keeps_them_out() {
        let comment = || Event::Other("issue_comment".to_owned());
        use Event::{PullRequestTarget as Target, WorkflowRun};
        for (event, condition, kept, why) in [
            (
                Target,
                "github.event.pull_request.head.repo.full_name == github.repository",
                true,
                "our branches",
            ),
            (
                Target,
                "github.event.pull_request.head.repo.full_name != 'acme/app'",
                false,
                "theirs alone",
            ),
            (Target, "github.event.pull_request.head.repo.fork == false", true, "no fork"),
            (Target, "!github.event.pull_request.head.repo.fork", true, "no fork, in short"),
            (Target, "github.event.pull_request.head.repo.fork == true", false, "forks alone"),
            (
                Target,
                "github.event.pull_request.head.repo.id == github.event.repository.id",
                true,
                "our branches, by number",
            ),
            (Target, "github.actor == 'dependabot[bot]'", true, "a bot alone"),
            (Target, "github.actor != 'dependabot[bot]'", false, "everybody but a bot"),
            (Target, "github.event.pull_request.merged == true", true, "merged by somebody"),
            (
                Target,
                "contains(github.event.pull_request.labels.*.name, 'safe')",
                false,
                "a label that stays",
            ),
            (Target, "!contains(github.event.pull_request.title, 'skip')", false, "a text"),
            (Target, "github.repository == 'acme/app'", false, "where it runs"),
            (
                Target,
                "github.event.pull_request.base.repo.full_name == 'acme/app'",
                false,
                "where it goes to",
            ),
            (Target, "github.event_name == 'push'", true, "another event"),
            (Target, "github.event_name == 'pull_request_target'", false, "this one"),
            (
                comment(),
                "github.event.comment.author_association == 'OWNER'",
                true,
                "by what they are",
            ),
            (
                comment(),
                "contains(fromJSON('[\"OWNER\", \"MEMBER\"]'), github.event.comment.author_association)",
                true,
                "in a list",
            ),
            (
                comment(),
                "contains(fromJSON('[\"MEMBER\", \"NONE\"]'), github.event.comment.author_association)",
                false,
                "a list with everybody in it",
            ),
            (comment(), "startsWith(github.event.comment.body, '/deploy')", false, "what they say"),
            (WorkflowRun, "github.event.workflow_run.event == 'push'", true, "after our own runs"),
            (
                WorkflowRun,
                "github.event.workflow_run.conclusion == 'success'",
                false,
                "theirs succeed as well",
            ),
            (
                WorkflowRun,
                "github.event.workflow_run.head_branch == 'main'",
                false,
                "a fork has a main as well",
            ),
            (Target, "nonsense(", false, "not understood"),
        ] {
            assert_eq!(keeps(event, &[], condition), kept, "{why}: {condition}");
        }
        let label = "contains(github.event.pull_request.labels.*.name, 'safe')";
        assert!(keeps(Target, &["labeled"], label), "each time by somebody with rights");
        assert!(!keeps(Target, &["labeled", "synchronize"], label), "and then they push again");
    }

    #[test]
    fn success_is_asked_for_or_it_is_not() {
        for (condition, asks) in [
            ("github.event.workflow_run.conclusion == 'success'", true),
            ("github.event.workflow_run.conclusion != 'failure'", true),
            ("github.event.workflow_run.conclusion == 'failure'", false),
            ("github.event.workflow_run.conclusion != 'success'", false),
            ("github.ref == 'x'", false),
        ] {
            assert_eq!(asks_for_success(condition), asks, "{condition}");
        }
    }
}
