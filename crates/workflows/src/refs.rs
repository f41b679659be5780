//! The git refs that a workflow runs for: from its triggers to what stands behind the `@` of a
//! certificate.
//!
//! <https://docs.github.com/actions/reference/events-that-trigger-workflows>

use sealwright_pattern::GoRegex;
use sealwright_yaml::Place;

use crate::globs::{self, Glob};
use crate::model::Written;
use crate::triggers::{Event, Filter, Trigger};

/// Any ref of a kind, as identities are written: at least one character.
const ANY: &str = "[!-~]+";
const COMMIT: &str = "[0-9a-f]{40}";
/// What examples have in the place of a `*`.
const TAG: &str = "1.2.3";
const BRANCH: &str = "topic";
const EXAMPLE_COMMIT: &str = "8f4b7f84864484a7bf31766abe9204da3cbe65b3";

/// Refs that one line of a trigger stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refs {
    /// What starts the run.
    pub event: Event,
    /// Where the event is named; with a file that is the starting workflow's.
    pub at: Place,
    /// For people: `refs/heads/main`, `refs/tags/v*`, `refs/heads/<default branch>`.
    pub shown: String,
    /// One of them, as it could really be.
    pub example: String,
    /// All of them, in Go's syntax, without anchors.
    pub(crate) pattern: String,
    /// Those taken out again by a later `!`.
    pub(crate) except: Vec<String>,
    /// Whether the run is for one of these refs. Otherwise it is not known which of them it is: the
    /// default branch has no name here, or the caller is not in this repository.
    pub known: bool,
}

impl Refs {
    fn new(trigger: &Trigger, shown: impl Into<String>, glob: Glob) -> Self {
        Self {
            event: trigger.event.clone(),
            at: trigger.at.clone(),
            shown: shown.into(),
            example: glob.example,
            pattern: glob.pattern,
            except: vec![],
            known: true,
        }
    }

    /// Whatever a caller in another repository writes behind the `@`.
    pub(crate) fn of_other_callers(trigger: &Trigger) -> Self {
        let glob = Glob {
            pattern: format!("(?:refs/(?:heads|tags)/{ANY}|{COMMIT})"),
            example: EXAMPLE_COMMIT.to_owned(),
        };
        Self { known: false, ..Self::new(trigger, "<ref or commit in the caller's `uses`>", glob) }
    }
}

/// Everything that this trigger runs for. Nothing for `workflow_call`: the caller decides.
pub(crate) fn of(trigger: &Trigger, default_branch: Option<&str>) -> Vec<Refs> {
    match &trigger.event {
        Event::WorkflowCall => vec![],
        Event::Push => pushed(trigger),
        Event::PullRequest => pull_request(trigger, default_branch),
        Event::MergeGroup => vec![merge_group(trigger, default_branch)],
        Event::Release => vec![any(trigger, "refs/tags/", "any tag", TAG)],
        Event::WorkflowDispatch => {
            vec![any(trigger, "refs/(?:heads|tags)/", "any branch or tag", BRANCH)]
        }
        Event::Other(name) => match name.as_str() {
            "pull_request_review" | "pull_request_review_comment" => vec![merge_commit(trigger)],
            "create" | "deployment" | "deployment_status" | "registry_package" => {
                vec![any(trigger, "refs/(?:heads|tags)/", "any branch or tag", BRANCH)]
            }
            _ => vec![default(trigger, default_branch)],
        },
        Event::Schedule
        | Event::RepositoryDispatch
        | Event::WorkflowRun
        | Event::PullRequestTarget => vec![default(trigger, default_branch)],
    }
}

/// Without filters, branches and tags; with filters for one of them, that one alone.
fn pushed(trigger: &Trigger) -> Vec<Refs> {
    let (branches, tags) = (&trigger.branches, &trigger.tags);
    let both = *branches == Filter::Unset && *tags == Filter::Unset;
    let mut refs = Vec::new();
    if both || *branches != Filter::Unset {
        refs.extend(filtered(trigger, branches, "refs/heads/", "any branch", BRANCH));
    }
    if both || *tags != Filter::Unset {
        refs.extend(filtered(trigger, tags, "refs/tags/", "any tag", TAG));
    }
    refs
}

fn filtered(trigger: &Trigger, filter: &Filter, start: &str, all: &str, filler: &str) -> Vec<Refs> {
    match filter {
        Filter::Unset => vec![any(trigger, start, all, filler)],
        Filter::Except(names) => {
            let except: Vec<String> =
                names.iter().map(|name| one(start, &name.text, filler).pattern).collect();
            let names: Vec<&str> = names.iter().map(|name| name.text.as_str()).collect();
            let shown = format!("{all} but {}", names.join(", "));
            vec![Refs { except, ..any(trigger, start, &shown, filler) }]
        }
        Filter::Only(names) => in_order(trigger, names, start, filler),
    }
}

/// Each name adds refs, and each with a `!` takes out of those before it.
fn in_order(trigger: &Trigger, names: &[Written], start: &str, filler: &str) -> Vec<Refs> {
    let mut refs: Vec<Refs> = Vec::new();
    for name in names {
        match name.text.strip_prefix('!') {
            Some(out) => {
                let glob = one(start, out, filler);
                refs.iter_mut().for_each(|refs| refs.except.push(glob.pattern.clone()));
            }
            None => {
                let glob = one(start, &name.text, filler);
                let shown = format!("{start}{}", name.text);
                refs.push(Refs { at: name.at.clone(), ..Refs::new(trigger, shown, glob) });
            }
        }
    }
    refs
}

fn one(start: &str, name: &str, filler: &str) -> Glob {
    let glob = globs::read(name, filler);
    Glob {
        pattern: format!("{start}(?:{})", glob.pattern),
        example: format!("{start}{}", glob.example),
    }
}

fn any(trigger: &Trigger, start: &str, shown: &str, filler: &str) -> Refs {
    let example = match start {
        "refs/tags/" => format!("refs/tags/v{filler}"),
        _ => format!("refs/heads/{filler}"),
    };
    Refs::new(trigger, shown, Glob { pattern: format!("{start}{ANY}"), example })
}

fn default(trigger: &Trigger, branch: Option<&str>) -> Refs {
    match branch {
        Some(branch) => {
            let glob = one("refs/heads/", &escaped(branch), BRANCH);
            Refs::new(trigger, format!("refs/heads/{branch}"), glob)
        }
        None => Refs {
            known: false,
            ..any(trigger, "refs/heads/", "refs/heads/<default branch>", "main")
        },
    }
}

/// A branch name as a filter that means this branch alone.
fn escaped(branch: &str) -> String {
    branch.chars().flat_map(|c| ['\\', c]).collect()
}

fn pull_request(trigger: &Trigger, default_branch: Option<&str>) -> Vec<Refs> {
    let mut refs = vec![merge_commit(trigger)];
    // Of one that was merged, the run is for the branch that it was merged into.
    if trigger.types.iter().any(|kind| kind.text == "closed") {
        match &trigger.branches {
            Filter::Unset => refs.push(default(trigger, default_branch)),
            filter => refs.extend(filtered(trigger, filter, "refs/heads/", "any branch", BRANCH)),
        }
    }
    // Those of `closed` alone have nothing to merge any more.
    refs
}

fn merge_commit(trigger: &Trigger) -> Refs {
    let glob = Glob {
        pattern: "refs/pull/[0-9]+/merge".to_owned(),
        example: "refs/pull/42/merge".to_owned(),
    };
    Refs::new(trigger, "refs/pull/<number>/merge", glob)
}

fn merge_group(trigger: &Trigger, default_branch: Option<&str>) -> Refs {
    let base = match (&trigger.branches, default_branch) {
        (Filter::Only(names), _) if names.len() == 1 => globs::read(&names[0].text, BRANCH),
        (Filter::Unset, Some(branch)) => globs::read(&escaped(branch), BRANCH),
        _ => Glob { pattern: ANY.to_owned(), example: "main".to_owned() },
    };
    let queue = "refs/heads/gh-readonly-queue";
    let glob = Glob {
        pattern: format!("{queue}/(?:{})/pr-[0-9]+-{COMMIT}", base.pattern),
        example: format!("{queue}/{}/pr-42-{EXAMPLE_COMMIT}", base.example),
    };
    Refs::new(trigger, format!("{queue}/<branch>/pr-<number>-<commit>"), glob)
}

impl Refs {
    /// Whether a caller in another repository decides.
    pub(crate) fn is_of_other_callers(&self) -> bool {
        self.event == Event::WorkflowCall
    }

    /// Whether a ref is one of them.
    pub(crate) fn let_in(&self, name: &str) -> bool {
        let matches = |pattern: &String| {
            GoRegex::parse(&format!("^(?:{pattern})$")).is_ok_and(|regex| regex.is_match(name))
        };
        matches(&self.pattern) && !self.except.iter().any(matches)
    }

    /// What all of them begin with.
    pub(crate) fn start(&self) -> String {
        let mut start = String::new();
        let mut rest = self.pattern.chars().peekable();
        while let Some(next) = rest.next() {
            let literal = match next {
                '\\' => rest.next().unwrap_or_default(),
                '(' => {
                    // A group around one alternative changes nothing.
                    let inside: String = rest.clone().collect();
                    match inside.strip_prefix("?:") {
                        Some(inside) if !inside.contains('|') => {
                            rest.by_ref().nth(1);
                            continue;
                        }
                        _ => break,
                    }
                }
                c if r".+*?()|[]{}^$".contains(c) => break,
                c => c,
            };
            if rest.peek().is_some_and(|c| matches!(c, '?' | '*' | '{')) {
                break;
            }
            start.push(literal);
        }
        start
    }

    /// Whether all are this one, or none is.
    pub(crate) fn are(&self, name: &str) -> Option<bool> {
        let regex = GoRegex::parse(&format!("^(?:{})$", self.pattern)).ok()?;
        match regex.is_match(name) {
            false => Some(false),
            true if self.start() == name => Some(true),
            true => None,
        }
    }
}
