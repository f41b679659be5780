//! Whether a job can run for an event: its `if`, as far as it speaks of the event and the ref.
//! Everything else is not known, and what is not known can be.

use crate::expression::{Contexts, Expression, Value};
use crate::refs::Refs;

/// Whether the condition is false for every run of these refs.
pub(crate) fn excludes(condition: &str, refs: &Refs) -> bool {
    let parsed = Expression::parse(condition);
    parsed.is_some_and(|expression| expression.value(refs).truth() == Some(false))
}

/// Whether a job with this condition runs although one that it needs was skipped or failed.
pub(crate) fn goes_on(condition: &str) -> bool {
    Expression::parse(condition).is_some_and(|condition| {
        ["always", "failure", "cancelled"].iter().any(|name| condition.asks(name))
    })
}

impl Contexts for Refs {
    fn value(&self, path: &str) -> Value {
        match path {
            "github.event_name" if !self.is_of_other_callers() => {
                Value::Text(self.event.to_string())
            }
            "github.ref" => self.name(),
            "github.ref_type" => match self.start() {
                start if start.starts_with("refs/tags/") => Value::Text("tag".to_owned()),
                start if start.starts_with("refs/heads/") => Value::Text("branch".to_owned()),
                _ => Value::Unknown,
            },
            _ => Value::Unknown,
        }
    }
}

impl Refs {
    /// The ref, as far as it is the same for all.
    fn name(&self) -> Value {
        let start = self.start();
        if self.are(&start) == Some(true) { Value::Text(start) } else { Value::Begins(start) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Written;
    use crate::triggers::{Event, Filter, Trigger};
    use sealwright_yaml::Place;

    fn refs(event: Event) -> Refs {
        let mut trigger = Trigger::new(event, Place::default());
        let main = Written { text: "main".to_owned(), at: Place::default() };
        trigger.branches = Filter::Only(vec![main]);
        crate::refs::of(&trigger, Some("main")).remove(0)
    }

    #[test]
    fn conditions_that_speak_of_the_event_decide() {
        use Event::{PullRequest, Push, WorkflowDispatch};
        for (event, condition, excluded, why) in [
            (Push, "github.event_name != 'pull_request'", false, "another event"),
            (PullRequest, "github.event_name != 'pull_request'", true, "that event"),
            (PullRequest, "github.event_name == 'push' && x", true, "and more"),
            (PullRequest, "github.event_name == 'push' || x", false, "or something unknown"),
            (PullRequest, "!(github.event_name == 'pull_request')", true, "negated"),
            (PullRequest, "github.ref == 'refs/heads/main'", true, "by the ref"),
            (Push, "github.ref == 'refs/heads/main'", false, "the very ref"),
            (Push, "github.ref != 'refs/heads/main'", true, "not the very ref"),
            (Push, "startsWith(github.ref, 'refs/tags/')", true, "a branch"),
            (WorkflowDispatch, "startsWith(github.ref, 'refs/tags/v')", false, "perhaps a tag"),
            (WorkflowDispatch, "github.ref == 'refs/heads/main'", false, "perhaps main"),
            (Push, "github.ref_type == 'tag'", true, "by the kind of ref"),
            (Push, "always() && !cancelled()", false, "about the run"),
            (Push, "failure()", false, "a run may fail, and sign then"),
            (Push, "cancelled()", false, "or be cancelled"),
            (Push, "false", true, "never"),
            (Push, "github.repository == 'acme/x'", false, "not about the event"),
            (Push, "false &&", false, "not finished"),
        ] {
            let name = format!("{why}: {event} {condition}");
            assert_eq!(excludes(condition, &refs(event)), excluded, "{name}");
        }
    }
}
