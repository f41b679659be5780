//! Every limit on time, count and size of what a registry sends. Sizes of manifests and bundles
//! are the judge's own ([`sealwright_evidence::limits`]).

use std::time::Duration;

pub use sealwright_evidence::limits::{
    BUNDLE_BYTES_MAX, BUNDLES_COUNT_MAX, INDEX_BYTES_MAX, LEGACY_PAYLOAD_BYTES_MAX,
    LEGACY_SIGNATURES_COUNT_MAX, MANIFEST_BYTES_MAX, REFERRERS_COUNT_MAX,
};

/// How long one call of [`crate::Client`] may take in all, retries and waiting included, unless
/// the options say otherwise: longer than the minute for which registries limit their callers.
pub const DEADLINE: Duration = Duration::from_secs(90);

/// How long one request may take, beside what its body needs at [`UPLOAD_BYTES_PER_S_MIN`].
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes of a file with certificate authorities: those of an operating system have a quarter MiB.
pub const CERTIFICATES_BYTES_MAX: u64 = 8 << 20;

/// Different certificate authorities that sources may name: each has connections of its own, and an
/// organisation has a few.
pub const AUTHORITIES_COUNT_MAX: usize = 16;

/// How long connecting may take: three lost SYN packets.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The slowest upload that is still taken for one, in bytes a second.
pub const UPLOAD_BYTES_PER_S_MIN: u64 = 64 << 10;

/// The first wait before a retry unless the options say otherwise; it doubles, up to
/// [`BACKOFF_MAX`].
pub const BACKOFF_FIRST: Duration = Duration::from_millis(200);

/// The longest wait between retries that the registry did not ask for.
pub const BACKOFF_MAX: Duration = Duration::from_secs(8);

/// Attempts of one request altogether when the registry answers 429, 502, 503 or 504, or breaks
/// off.
pub const ATTEMPTS_COUNT_MAX: usize = 8;

/// Attempts to connect: a host that is misspelt or down is said so within a second or two.
pub const CONNECT_ATTEMPTS_COUNT_MAX: usize = 4;

/// Requests that are in flight to one host at a time. 100 referrers with their bundles are then
/// seven round trips; more connections are taken for an attack by some registries.
pub const CONCURRENCY: usize = 32;

/// Redirects followed for one request. Registries send one, to their blob store.
pub const REDIRECTS_COUNT_MAX: usize = 5;

/// Bytes of an error document that are read. The envelope is small; the rest is an HTML page.
pub const ERROR_BYTES_MAX: usize = 16 << 10;

/// Bytes of a token endpoint's answer. Tokens have 1 to 4 KiB.
pub const TOKEN_BYTES_MAX: usize = 64 << 10;

/// Bytes of one page of a tags list.
pub const TAGS_PAGE_BYTES_MAX: usize = 4 << 20;

/// Tags asked for in one page.
pub const TAGS_PAGE_COUNT: usize = 1000;

/// Tags of one repository. A tag a minute for two months.
pub const TAGS_COUNT_MAX: usize = 100_000;

/// Pages followed in one list. With a page for each referrer the referrers' own limit comes first.
pub const PAGES_COUNT_MAX: usize = 1100;

/// Bytes of all manifests and bundles that are gathered for one artifact, by their declared
/// sizes: memory stays bounded, and a thousand usual referrers (20 KiB) fit.
pub const EVIDENCE_BYTES_MAX: u64 = 64 << 20;

/// Characters of a reference.
pub const REFERENCE_CHARS_MAX: usize = 1024;

/// How long a Docker credential helper may think: some ask the operating system's key store.
pub const HELPER_TIMEOUT: Duration = Duration::from_secs(20);

/// Bytes up to which a blob is sent in one request. Above, chunks cost round trips but a broken
/// connection loses only one of them.
pub const SINGLE_UPLOAD_BYTES_MAX: u64 = 64 << 20;

/// Bytes of a chunk: what oci-client sends too; some registries take no larger ones.
pub const CHUNK_BYTES: u64 = 4 << 20;

/// The largest chunk that a registry may insist on (`OCI-Chunk-Min-Length`): it is held in memory.
pub const CHUNK_BYTES_MAX: u64 = 32 << 20;

/// Times that an upload goes on after a fault before it is given up.
pub const UPLOAD_RESUMES_COUNT_MAX: usize = 5;

/// Times that a fallback index is written again because another writer dropped our entry.
pub const INDEX_WRITES_COUNT_MAX: usize = 8;

/// How long a token counts as valid when the registry does not say (distribution specification,
/// token authentication: "no less than 60 seconds").
pub const TOKEN_LIFETIME: Duration = Duration::from_secs(60);

/// Times that a server error must come before it is taken for what everybody gets: as often as
/// go-containerregistry asks.
pub const LASTING_ATTEMPTS_COUNT: usize = 3;

/// Requests made to see one source as Flux does: twice the referrers, each with its bundle.
pub const FLUX_REQUESTS_COUNT_MAX: usize = 4 * REFERRERS_COUNT_MAX;

/// Rounds of requests for one source: resolving, listing, manifests and blobs take four; more
/// means that question and answer go in circles.
pub const FLUX_ROUNDS_COUNT_MAX: usize = 16;

/// Bytes of all answers that are held to see any number of sources as Flux does.
pub const FLUX_BYTES_MAX: u64 = 4 * EVIDENCE_BYTES_MAX;

/// Bytes of one blob that is read as Flux reads it: beside bundles those are layers, of which
/// manifests fill a few MiB.
pub const FLUX_BLOB_BYTES_MAX: usize = 64 << 20;
