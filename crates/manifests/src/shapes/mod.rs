//! One file for each consumer: which objects it reads, and at which paths.

pub(crate) mod flux;
