//! The three answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What we say about an artifact. There is no fourth answer and no boolean.
///
/// The order is the order of combining: the worst answer of the parts is the answer of the whole,
/// and a refusal outweighs not knowing, because it will not go away by asking again.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Verdict {
    /// Everything required was found and holds.
    Verified,
    /// It could not be found out: rate limit, time-out, missing permission. Never green.
    Unknown,
    /// Something required is absent or does not hold.
    Refused,
}

impl Verdict {
    /// The process exit code: 0 verified, 1 refused, 2 unknown. 64 and up are usage and configuration.
    pub fn exit_code(self) -> u8 {
        match self {
            Verdict::Verified => 0,
            Verdict::Refused => 1,
            Verdict::Unknown => 2,
        }
    }

    /// The answer for both together.
    pub fn and(self, other: Verdict) -> Verdict {
        self.max(other)
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Verdict::Verified => "Verified",
            Verdict::Unknown => "Unknown",
            Verdict::Refused => "Refused",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::{self, *};

    #[test]
    fn the_worst_answer_wins() {
        for (a, b, together, why) in [
            (Verified, Verified, Verified, "all good"),
            (Verified, Unknown, Unknown, "not knowing one part is not knowing the whole"),
            (Unknown, Refused, Refused, "a refusal does not go away by asking again"),
            (Verified, Refused, Refused, "one bad part spoils the whole"),
        ] {
            assert_eq!(a.and(b), together, "{why}");
            assert_eq!(b.and(a), together, "{why}, the other way round");
        }
    }

    #[test]
    fn only_verified_exits_zero() {
        assert_eq!([Verified, Refused, Unknown].map(Verdict::exit_code), [0, 1, 2]);
    }
}
