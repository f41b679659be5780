//! Following sources until all have arrived, one has failed for good, or the time is over.

use std::time::Duration;

use futures::StreamExt as _;
use sealwright_policy::{Code, Finding, Severity};
use tokio::time::{Instant, sleep_until};

use super::Waited;
use super::progress::Progress;
use super::standing::{Standing, standing};
use super::watching::{Change, changes};
use crate::kubernetes::{Cluster, Live};

/// How long a refusal must stay before it counts. The controller retries after 750 ms, 1.5 s, 3 s
/// (`--min-retry-delay`), so by then it has looked three times at a registry that may have been
/// slow to show a signature.
const FAILURE_LASTS: Duration = Duration::from_secs(10);

/// With a second refusal it counts sooner: two looks, this far apart, saw the same.
const FAILURE_SEEN_AGAIN: Duration = Duration::from_secs(2);

/// How long a missing right or refused token must stay before waiting is given up: an API server
/// that has just started refuses for a moment.
const DENIED_LASTS: Duration = Duration::from_secs(5);

/// What became of a source.
pub(super) enum End {
    /// It runs the digest, verified and Ready.
    Arrived,
    /// It will not, or nobody may look.
    Failed(Box<Finding>),
    /// Nobody knows: the time was over, or another source had failed.
    Unfinished {
        /// How it stood last.
        standing: String,
        /// Why it could not be watched at the end.
        trouble: Option<Box<Finding>>,
    },
}

/// A source and how it stands.
struct Followed {
    source: Waited,
    standing: Standing,
    /// The first refusal of the object as it is, and how often it was seen.
    refused: Option<(Instant, usize)>,
    /// Since when it cannot be watched.
    trouble: Option<(Instant, Box<Finding>)>,
}

/// Follows sources to their ends, in the order in which they came.
pub(super) async fn follow(
    cluster: &Cluster,
    sources: Vec<Waited>,
    digest: &str,
) -> Vec<(Waited, End)> {
    let mut progress = Progress::of(sources.iter().map(|source| source.live.full_name()).collect());
    let mut changes = changes(cluster, &sources);
    let mut followed: Vec<Followed> =
        sources.into_iter().map(|source| Followed::new(source, digest)).collect();
    while !is_over(&followed) {
        for (number, source) in followed.iter().enumerate() {
            progress.say(number, &source.words());
        }
        let wake = followed.iter().filter_map(Followed::decides).min();
        let wake = wake.unwrap_or(cluster.deadline()).min(cluster.deadline());
        tokio::select! {
            Some((number, change)) = changes.next() => followed[number].take(change, digest),
            () = sleep_until(wake) => {
                if Instant::now() >= cluster.deadline() {
                    break;
                }
            }
        }
        followed.iter_mut().for_each(Followed::decide);
    }
    for (number, source) in followed.iter().enumerate() {
        progress.done(number, &source.words());
    }
    followed.into_iter().map(Followed::end).collect()
}

/// All are there, or one will never be.
fn is_over(followed: &[Followed]) -> bool {
    followed.iter().all(|source| source.standing == Standing::Arrived)
        || followed.iter().any(|source| matches!(source.standing, Standing::Failed(_)))
}

impl Followed {
    fn new(source: Waited, digest: &str) -> Self {
        let standing = standing(&source.live, digest);
        let mut followed = Self { source, standing, refused: None, trouble: None };
        followed.count();
        followed
    }

    fn take(&mut self, change: Change, digest: &str) {
        match change {
            Change::Now(live) => self.look(*live, digest),
            Change::Gone => {
                let message = "it was deleted while it was waited for";
                let finding = Finding::new(Code::SourceMissing, message);
                let finding = finding.with_place(self.source.live.place());
                self.standing = Standing::Failed(Box::new(finding));
            }
            Change::Trouble(finding) => {
                let since = self.trouble.take().map_or_else(Instant::now, |(since, _)| since);
                self.trouble = Some((since, finding));
            }
        }
    }

    fn look(&mut self, live: Live, digest: &str) {
        self.trouble = None;
        if live.generation != self.source.live.generation {
            self.refused = None;
        }
        let seen_already = live == self.source.live;
        self.source.live = live;
        self.standing = standing(&self.source.live, digest);
        if !seen_already {
            self.count();
        }
    }

    fn count(&mut self) {
        match self.standing {
            Standing::Failing(_) => {
                let (_, count) = self.refused.get_or_insert_with(|| (Instant::now(), 0));
                *count += 1;
            }
            Standing::Arrived => self.refused = None,
            _ => {}
        }
    }

    /// When what is the matter now will count as lasting.
    fn decides(&self) -> Option<Instant> {
        let denied = self.denied().map(|(since, _)| since + DENIED_LASTS);
        let refused = match (&self.standing, self.refused) {
            (Standing::Failing(_), Some((since, 1))) => Some(since + FAILURE_LASTS),
            (Standing::Failing(_), Some((since, _))) => Some(since + FAILURE_SEEN_AGAIN),
            _ => None,
        };
        denied.into_iter().chain(refused).min()
    }

    fn decide(&mut self) {
        if self.decides().is_none_or(|time| Instant::now() < time) {
            return;
        }
        let denied = self.denied().map(|(_, finding)| Box::new(finding.clone()));
        if let Standing::Failing(finding) = &self.standing {
            self.standing = Standing::Failed(finding.clone());
        } else if let Some(finding) = denied {
            self.standing = Standing::Failed(finding);
        }
    }

    /// Trouble that does not pass by itself.
    fn denied(&self) -> Option<(Instant, &Finding)> {
        let (since, finding) = self.trouble.as_ref()?;
        let lasting = [Code::ClusterDenied, Code::ClusterUnauthorized, Code::ClusterCredentials];
        lasting.contains(&finding.code).then_some((*since, finding))
    }

    fn words(&self) -> String {
        match (&self.standing, &self.trouble) {
            (Standing::Arrived, _) => "runs it, verified and Ready".to_owned(),
            (Standing::Failed(finding), _) => told(finding),
            (_, Some((_, finding))) => told(finding),
            (Standing::Failing(finding), None) => told(finding),
            (Standing::Underway(doing), None) => doing.clone(),
        }
    }

    fn end(self) -> (Waited, End) {
        let end = match self.standing {
            Standing::Arrived => End::Arrived,
            Standing::Failed(finding) => End::Failed(finding),
            Standing::Failing(finding) => {
                End::Failed(Box::new(Finding { severity: Severity::Unknown, ..*finding }))
            }
            Standing::Underway(standing) => {
                End::Unfinished { standing, trouble: self.trouble.map(|(_, finding)| finding) }
            }
        };
        (self.source, end)
    }
}

fn told(finding: &Finding) -> String {
    match &finding.found {
        Some(found) => format!("{}: {found}", finding.message),
        None => finding.message.clone(),
    }
}
