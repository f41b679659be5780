//! Every limit on time, count and size of what an API server sends.

use std::time::Duration;

/// How long all requests of a command may take together unless it is said otherwise. A minute is
/// what an API server gives one list by itself (`--request-timeout`).
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// How long connecting may take: three lost SYN packets.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Objects asked for in one page: what client-go's pager asks for.
pub(crate) const PAGE_COUNT: u32 = 500;

/// Objects of one kind. A fleet of 5,000 sources is known; ten times as many are an accident.
pub(crate) const OBJECTS_COUNT_MAX: usize = 50_000;

/// Bytes of one answer, or of one watch until it is opened anew (every five minutes). A page of
/// 500 usual sources has 3 MiB.
pub(crate) const ANSWER_BYTES_MAX: usize = 64 << 20;

/// Times that a list starts again because its pages expired (410). Pages live for five minutes.
pub(crate) const LIST_STARTS_COUNT_MAX: usize = 3;

/// Characters of the server's words that are repeated: an error page of a proxy has thousands.
pub(crate) const QUOTED_CHARS_MAX: usize = 400;

/// Difference of clocks that is worth a warning: kubelets and tokens tolerate less than this.
pub(crate) const CLOCK_SKEW_MAX: Duration = Duration::from_secs(60);

/// Bytes of an object's name: what Kubernetes allows (a DNS subdomain).
pub(crate) const NAME_BYTES_MAX: usize = 253;
