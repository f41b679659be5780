//! Single steps of verification, for saying what *another* program will say.
//!
//! cosign and sigstore-go ask the same questions as [`crate::crypto`], in another order, and go on
//! at places where we stop. Nothing here is a verdict: only [`crate::judge()`] gives one.

mod body;
mod certificate;
mod key;
mod log;
mod timestamp;

pub use body::{EntryBody, read_body, read_legacy_entry};
pub use certificate::{
    Chain, certificate_pem, certificate_window, chain_at, issuer_as_go, leaf_of_pem,
    logged_certificates_count, names_as_go,
};
pub use key::{KeyFault, PublicKey, certificate_key};
pub use log::{
    ProofFault, leaf_of_body, log_url, promise_holds, v1_checkpoint_fault, v2_checkpoint_fault,
    v2_leaf,
};
pub use timestamp::{TimestampFault, timestamp_authorities_count, timestamp_by};

pub use sigstore_types::TransparencyLogEntry;
