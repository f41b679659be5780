//! Every place in a repository that declares or needs an identity, found by the kind of the object
//! and read at the path that its consumer reads; and what is wrong with it, on paper. Files come in as
//! bytes: nothing is opened, asked or run here.

pub mod patterns;
pub mod shell;
