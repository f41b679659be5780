//! The only crate that speaks OCI: resolve, push, referrers, gather.
