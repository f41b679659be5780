//! A refusal: a finding that is still without a place, because what finds it does not know which
//! bytes it was given.

use sealwright_policy::{Code, Finding};

/// Why a piece of evidence does not hold. Boxed, as every step of the judge returns one.
pub type Refusal = Box<Finding>;

pub(crate) fn refuse(code: Code, message: impl Into<String>) -> Refusal {
    Box::new(Finding::new(code, message))
}

pub(crate) fn mismatch(
    code: Code,
    message: impl Into<String>,
    expected: impl Into<String>,
    found: impl Into<String>,
) -> Refusal {
    Box::new(Finding::new(code, message).with_mismatch(expected, found))
}
