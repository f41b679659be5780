//! When to try again, and how long to wait before it.
//!
//! Written here because the wait comes from the answer (`Retry-After`) and has to fit into what
//! is left of the call; the retry crates take their waits from a schedule made beforehand.

use std::time::{Duration, SystemTime};

use http::StatusCode;
use http::header::{HeaderMap, RETRY_AFTER};
use tokio::time::Instant;

use super::exchange::{Again, Failure};
use crate::limits::{ATTEMPTS_COUNT_MAX, BACKOFF_MAX, CONNECT_ATTEMPTS_COUNT_MAX};

/// Statuses that a registry answers when it would answer otherwise a little later. No other
/// status is ever tried again.
pub(super) fn is_transient(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// The attempts of one request.
pub(super) struct Retry {
    backoff: Backoff,
    until: Instant,
    failures: usize,
}

impl Retry {
    pub(super) fn new(backoff: Backoff, until: Instant) -> Self {
        Self { backoff, until, failures: 0 }
    }

    pub(super) fn happened(&self) -> bool {
        self.failures > 0
    }

    /// How long to wait before the next attempt; `None` when there is to be none. When the
    /// registry asks for more time than there is, the answer comes now rather than at the
    /// deadline.
    pub(super) fn wait_after(&mut self, failure: &Failure, repeatable: bool) -> Option<Duration> {
        self.failures += 1;
        let attempts_max = match failure.again {
            Again::Never => return None,
            Again::Later if !repeatable => return None,
            Again::Connecting => CONNECT_ATTEMPTS_COUNT_MAX,
            Again::Later | Again::LaterUndone => ATTEMPTS_COUNT_MAX,
        };
        let wait = match failure.asked_wait {
            Some(asked) => asked + self.backoff.after(1),
            None => self.backoff.after(self.failures),
        };
        let in_time = Instant::now() + wait < self.until;
        (self.failures < attempts_max && in_time).then_some(wait)
    }
}

/// Waits that double with each failure, with a random half so that many clients do not come back
/// at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff(pub(super) Duration);

impl Backoff {
    /// How long to wait after so many failures.
    pub(crate) fn after(self, failures: usize) -> Duration {
        let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(16).min(16);
        let doubled = self.0.saturating_mul(1 << doublings);
        doubled.min(BACKOFF_MAX).mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

/// What `Retry-After` asks for, in either of its forms (RFC 9110, 10.2.3).
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|c| c.is_ascii_digit()) {
        // More digits than fit are still a number, and a long time.
        return Some(Duration::from_secs(value.parse().unwrap_or(u32::MAX.into())));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}
