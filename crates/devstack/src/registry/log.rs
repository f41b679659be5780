//! The requests that were made, so that a test can count them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::Request;
use http::header::AUTHORIZATION;
use serde::{Deserialize, Serialize};

use super::route::Kind;

/// Requests that are remembered; the oldest go first.
pub const REQUESTS_COUNT_MAX: usize = 100_000;

/// One request, in the order of arrival. Credentials are not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RequestRecord {
    /// `GET`, `PUT`, …
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query, without the question mark.
    pub query: Option<String>,
    /// What the path is about.
    pub kind: Kind,
    /// Status of the answer; `None` while there is none, and for good where a fault dropped it.
    pub status: Option<u16>,
    /// Whether the request had an `Authorization` header.
    pub authorization_present: bool,
    /// Whether a fault took part.
    pub fault: bool,
    /// One more than the largest of those that had been answered when it came: the largest of all
    /// is how many round trips were made one after the other. Counted from 1.
    pub round: u64,
}

/// Identifies a record until it is finished.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordId(u64);

#[derive(Debug, Default)]
struct Records {
    next: u64,
    /// The largest round of the requests that have been answered.
    round: u64,
    kept: VecDeque<(u64, RequestRecord)>,
}

#[derive(Debug, Default)]
pub(crate) struct Log {
    records: Mutex<Records>,
}

impl Log {
    /// Notes the arrival of a request.
    pub(crate) fn begin<B>(&self, request: &Request<B>, kind: Kind) -> RecordId {
        let mut records = self.lock();
        let record = RequestRecord {
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().map(str::to_owned),
            kind,
            status: None,
            authorization_present: request.headers().contains_key(AUTHORIZATION),
            fault: false,
            round: records.round + 1,
        };
        let id = records.next;
        records.next += 1;
        if records.kept.len() == REQUESTS_COUNT_MAX {
            records.kept.pop_front();
        }
        records.kept.push_back((id, record));
        RecordId(id)
    }

    /// Notes how it ended; nothing happens when the record was cleared meanwhile.
    pub(crate) fn end(&self, id: RecordId, status: Option<u16>, fault: bool) {
        let mut records = self.lock();
        let found = records.kept.iter_mut().rev().find(|(kept, _)| *kept == id.0);
        if let Some((_, record)) = found {
            record.status = status;
            record.fault = fault;
            let round = record.round;
            records.round = records.round.max(round);
        }
    }

    pub(crate) fn all(&self) -> Vec<RequestRecord> {
        self.lock().kept.iter().map(|(_, record)| record.clone()).collect()
    }

    pub(crate) fn clear(&self) {
        let mut records = self.lock();
        records.kept.clear();
        records.round = 0;
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
