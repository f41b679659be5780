//! What the transaction works with: who writes, who looks, whom to trust, and what must hold.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use camino::Utf8PathBuf;
use sealwright_keyless::{HttpOptions, RekorVersion, TrustSource};
use sealwright_policy::{Finding, Requirements};
use sealwright_registry::{Client, ClientOptions, Repository};

use super::foreseen::Environments;
use super::talk::{Note, Step, Talk};

/// Six seconds in all: longer than any registry we know needs, and short enough for a failing run.
const WAITS: [Duration; 3] =
    [Duration::from_millis(500), Duration::from_millis(1500), Duration::from_secs(4)];

/// Where the identity token comes from; see [`sealwright_keyless::Token::at_hand`].
#[derive(Debug, Clone, Default)]
pub struct TokenSource {
    /// A file, instead of the environment and GitHub's token service.
    pub file: Option<Utf8PathBuf>,
}

/// Everything around the transaction.
pub struct World {
    /// Name of the artifact in the configuration.
    pub name: String,
    /// Where it is published.
    pub repository: Repository,
    /// The final tags.
    pub tags: Vec<String>,
    /// What must hold before a tag moves.
    pub requirements: Requirements,
    /// Whose Flux is asked before a tag moves; nobody's, when absent.
    pub environments: Option<Environments>,
    /// Reads and writes with the publisher's own credentials.
    pub writer: Client,
    /// How a stranger reaches the registry; each look makes a client of its own.
    pub stranger: ClientOptions,
    /// Whom to trust, and whose services sign.
    pub trust: TrustSource,
    /// Which log version to use, when the signing config shall not decide.
    pub rekor_version: Option<RekorVersion>,
    /// How signing services are reached.
    pub http: HttpOptions,
    /// Whose token.
    pub token: TokenSource,
    /// Whether a tag may move to an older commit.
    pub allow_rollback: bool,
    /// A checkout that may know which commit is older.
    pub checkout: Utf8PathBuf,
    /// Waits before a stranger looks again, who does not see yet what was written: some registries
    /// take a moment.
    pub waits: Vec<Duration>,
    /// What is said meanwhile.
    pub talk: Box<dyn Talk>,
    notes: Mutex<Vec<Note>>,
    requests: AtomicU64,
}

/// What [`World::new`] cannot know.
pub struct Parts {
    /// See [`World`].
    pub name: String,
    /// See [`World`].
    pub repository: Repository,
    /// See [`World`].
    pub requirements: Requirements,
    /// See [`World`].
    pub writer: Client,
    /// See [`World`].
    pub stranger: ClientOptions,
    /// See [`World`].
    pub trust: TrustSource,
    /// See [`World`].
    pub http: HttpOptions,
    /// See [`World`].
    pub talk: Box<dyn Talk>,
}

impl World {
    /// A world with the usual settings: the tag `latest`, no rollback, the ambient token.
    pub fn new(parts: Parts) -> Self {
        let Parts { name, repository, requirements, writer, stranger, trust, http, talk } = parts;
        Self {
            name,
            repository,
            tags: vec!["latest".to_owned()],
            requirements,
            environments: None,
            writer,
            stranger,
            trust,
            rekor_version: None,
            http,
            token: TokenSource::default(),
            allow_rollback: false,
            checkout: Utf8PathBuf::from("."),
            waits: WAITS.to_vec(),
            talk,
            notes: Mutex::default(),
            requests: AtomicU64::new(0),
        }
    }

    /// The steps made so far.
    pub fn notes(&self) -> Vec<Note> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Requests to the registry so far.
    pub fn request_count(&self) -> u64 {
        self.writer.request_count() + self.requests.load(Ordering::Relaxed)
    }

    pub(super) fn begin(&self, step: Step, what: &str) {
        self.talk.begin(step, what);
    }

    pub(super) fn done(&self, step: Step, did: String) {
        self.talk.done(step, &did);
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.push(Note { step, did });
    }

    pub(super) fn remark(&self, finding: &Finding) {
        self.talk.remark(finding);
    }

    /// Counts what a stranger asked.
    pub(super) fn count(&self, stranger: &Client) {
        self.requests.fetch_add(stranger.request_count(), Ordering::Relaxed);
    }
}
