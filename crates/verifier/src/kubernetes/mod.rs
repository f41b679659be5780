//! The Kubernetes API, as far as it is read here: one cluster, one deadline, whole lists, and for
//! everything that cannot be found out a finding that says what right or setting is missing.

mod arguments;
mod cluster;
mod connect;
mod fault;
mod kind;
pub(crate) mod limits;
mod list;
mod live;
mod secret;

pub use arguments::ClusterArguments;
pub(crate) use cluster::{Cluster, Object, is_name, object_name};
pub(crate) use connect::{Busy, connect};
pub(crate) use fault::{Asked, fault, quoted};
pub(crate) use kind::Kind;
pub(crate) use list::Installed;
pub(crate) use live::{Live, Serves};
pub(crate) use secret::secret;
