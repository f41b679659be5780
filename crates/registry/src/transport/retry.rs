//! When to try again, and how long to wait before it.
//!
//! Written here because the wait comes from the answer (`Retry-After`) and has to fit into what
//! is left of the call; the retry crates take their waits from a schedule made beforehand.

use std::time::{Duration, SystemTime};

use http::StatusCode;
use http::header::{HeaderMap, RETRY_AFTER};

use super::Call;
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
    call: Call,
    failures: usize,
}

impl Retry {
    pub(super) fn new(backoff: Backoff, call: Call) -> Self {
        Self { backoff, call, failures: 0 }
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
        (self.failures < attempts_max && self.call.leaves(wait)).then_some(wait)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Fault;
    use http::HeaderValue;
    use proptest::prelude::*;
    use tokio::time::Instant;

    const NOW: u64 = 1_445_412_480; // Wed, 21 Oct 2015 07:28:00 GMT

    fn asked(value: &str) -> Option<u64> {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_str(value).ok()?)]);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        retry_after(&headers, now).map(|wait| wait.as_secs())
    }

    #[test]
    fn both_forms_of_retry_after_are_understood() {
        for (value, expected, why) in [
            ("120", Some(120), "seconds"),
            ("0", Some(0), "at once"),
            (" 7 ", Some(7), "blanks"),
            ("Wed, 21 Oct 2015 07:28:30 GMT", Some(30), "a date"),
            ("Wednesday, 21-Oct-15 07:28:30 GMT", Some(30), "an old date"),
            ("Wed, 21 Oct 2015 07:27:00 GMT", Some(0), "a date that is past"),
            ("99999999999999999999999", Some(u32::MAX.into()), "more than fits is a long time"),
            ("-1", None, "negative"),
            ("1.5", None, "not whole"),
            ("soon", None, "a word"),
            ("", None, "empty"),
        ] {
            assert_eq!(asked(value), expected, "{why}");
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(value in "\\PC*") {
            let _ = asked(&value);
        }
    }

    #[test]
    fn waits_double_up_to_a_limit() {
        let backoff = Backoff(Duration::from_millis(200));
        for (failures, low, high) in
            [(1, 100, 200), (2, 200, 400), (4, 800, 1600), (60, 4000, 8000)]
        {
            let wait = backoff.after(failures).as_millis();
            assert!((low..=high).contains(&wait), "{failures}: {wait}");
        }
    }

    #[test]
    fn there_is_an_end_to_trying() {
        let failure = |again: Again, asked_wait: Option<u64>| Failure {
            fault: Fault::Absent,
            again,
            asked_wait: asked_wait.map(Duration::from_secs),
        };
        for (again, asked, repeatable, retries, why) in [
            (Again::Never, None, true, 0, "it would end alike"),
            (Again::Later, None, true, ATTEMPTS_COUNT_MAX - 1, "attempts are counted"),
            (Again::Later, None, false, 0, "it may have been carried out"),
            (Again::LaterUndone, None, false, ATTEMPTS_COUNT_MAX - 1, "it was not carried out"),
            (Again::Connecting, None, true, CONNECT_ATTEMPTS_COUNT_MAX - 1, "nobody there"),
            (Again::Connecting, None, false, CONNECT_ATTEMPTS_COUNT_MAX - 1, "nothing was sent"),
            (Again::Later, Some(61), true, 0, "asked for more than there is"),
            (Again::Later, Some(50), true, ATTEMPTS_COUNT_MAX - 1, "asked for what there is"),
        ] {
            let limit = Duration::from_secs(60);
            let call = Call { until: Instant::now() + limit, limit };
            let mut retry = Retry::new(Backoff(Duration::from_millis(1)), call);
            let waits = std::iter::from_fn(|| retry.wait_after(&failure(again, asked), repeatable));
            assert_eq!(waits.count(), retries, "{why}");
        }
    }
}
