//! Transparency log entries: that the log which an entry names is the one that vouches for it.
//!
//! `sigstore-verify` takes any trusted log's checkpoint for any entry, and lets a Rekor v2 entry
//! carry any log id. Here the chain is closed: log id, to the key that the trusted root has for
//! it, to a checkpoint of that log's own name which this key signed, to the entry's leaf.
//!
//! Specifications: RFC 6962 section 2.1.1; <https://c2sp.org/tlog-checkpoint>;
//! <https://c2sp.org/signed-note>; Sigstore client specification, "Transparency Log Verification".

use jiff::Timestamp;
use sealwright_policy::Code;
use sealwright_policy::report::LogEntryReport;
use sigstore_trust_root::TransparencyLog;
use sigstore_types::bundle::InclusionProof;
use sigstore_types::{Checkpoint, KindVersion, TransparencyLogEntry};

use crate::refusal::{Refusal, mismatch, refuse};
use crate::trust::{TrustedRoot, log_host, log_names};

/// Checks what can be told without the signature and its times: the log is trusted, and it
/// contains the entry if there is a proof. A promise is checked by [`crate::crypto`].
pub(crate) fn check_inclusion(
    entry: &TransparencyLogEntry,
    root: &TrustedRoot,
    now: Timestamp,
) -> Result<(), Refusal> {
    let log = trusted_log(entry, root)?;
    check_promise_shape(entry)?;
    if let Some(time) = entry.integrated_time.filter(|_| is_v1(entry)) {
        check_log_window(entry, root, time)?;
    }
    let Some(proof) = &entry.inclusion_proof else {
        return match &entry.inclusion_promise {
            Some(_) => Ok(()),
            None => Err(refuse(Code::LogEntryInvalid, "a log entry has neither proof nor promise")),
        };
    };
    let checkpoint = proof.checkpoint.checkpoint().ok_or_else(|| {
        refuse(Code::LogEntryInvalid, "the inclusion proof has no checkpoint, so it proves nothing")
    })?;
    check_leaf(entry, proof, checkpoint)?;
    check_origin(log, checkpoint)?;
    check_checkpoint_signature(entry, log, checkpoint, root, now)
}

/// Checks that the log was still in use at this time: an old key must not log new signatures.
pub(crate) fn check_log_window(
    entry: &TransparencyLogEntry,
    root: &TrustedRoot,
    time: Timestamp,
) -> Result<(), Refusal> {
    let log = trusted_log(entry, root)?;
    let window = log.public_key.valid_for;
    if window.and_then(|window| window.end).is_none_or(|end| time <= end) {
        return Ok(());
    }
    Err(mismatch(
        Code::LogForeign,
        format!("log {} was no longer in use when this was signed", log_name(log)),
        window.and_then(|window| window.end).map_or_else(String::new, |end| format!("by {end}")),
        time.to_string(),
    ))
}

/// What an entry says about itself, for the report.
pub(crate) fn describe(entry: &TransparencyLogEntry, root: &TrustedRoot) -> LogEntryReport {
    let id = entry.log_id.key_id.as_bytes();
    LogEntryReport {
        log: root.log(id).map_or_else(|| crate::quote(&hex::encode(id)), log_name),
        index: entry.log_index.get(),
        kind: format!("{} {}", entry.kind_version.kind(), entry.kind_version.version()),
    }
}

/// Whether an entry is of a kind that Rekor v1 writes: only those have a promise and a time.
pub(crate) fn is_v1(entry: &TransparencyLogEntry) -> bool {
    entry.kind_version != KindVersion::HashedRekordV002
}

fn log_name(log: &TransparencyLog) -> String {
    match log_host(log) {
        "" => hex::encode(log.log_id.key_id.as_bytes()),
        host => host.to_owned(),
    }
}

fn trusted_log<'a>(
    entry: &TransparencyLogEntry,
    root: &'a TrustedRoot,
) -> Result<&'a TransparencyLog, Refusal> {
    let id = entry.log_id.key_id.as_bytes();
    root.log(id).ok_or_else(|| {
        mismatch(
            Code::LogForeign,
            "the log entry is of a log that the trusted root does not name",
            root.log_ids().join(" or "),
            crate::quote(&hex::encode(id)),
        )
    })
}

/// A promise is Rekor v1's signature over the entry *and its time*. Where it does not belong, or
/// has no time to sign, nothing would check it.
fn check_promise_shape(entry: &TransparencyLogEntry) -> Result<(), Refusal> {
    if entry.inclusion_promise.is_none() {
        return Ok(());
    }
    if !is_v1(entry) {
        return Err(refuse(Code::LogEntryInvalid, "a Rekor v2 entry carries a v1 promise"));
    }
    match entry.integrated_time {
        Some(_) => Ok(()),
        None => Err(refuse(Code::LogEntryInvalid, "the log's promise covers no time")),
    }
}

/// The entry's leaf is in the tree of the checkpoint. Rekor v1 repeats index, size and root in the
/// proof, where the index is the one within the shard; for v2 the specification says to ignore
/// what the proof repeats.
fn check_leaf(
    entry: &TransparencyLogEntry,
    proof: &InclusionProof,
    checkpoint: &Checkpoint,
) -> Result<(), Refusal> {
    let (index, size) = if is_v1(entry) {
        if proof.root_hash != *checkpoint.root_hash() || proof.tree_size != checkpoint.tree_size() {
            return Err(mismatch(
                Code::LogEntryInvalid,
                "the inclusion proof is for another tree than the checkpoint",
                format!("{} leaves, root {}", checkpoint.tree_size(), checkpoint.root_hash()),
                format!("{} leaves, root {}", proof.tree_size, proof.root_hash),
            ));
        }
        (proof.log_index.get(), proof.tree_size)
    } else {
        (entry.log_index.get(), checkpoint.tree_size())
    };
    let leaf = sigstore_merkle::hash_leaf(entry.canonicalized_body.as_bytes());
    let root = checkpoint.root_hash();
    sigstore_merkle::verify_inclusion_proof(&leaf, index, size, &proof.hashes, root).map_err(|e| {
        refuse(Code::LogEntryInvalid, format!("the inclusion proof does not hold: {e}"))
    })
}

/// A checkpoint's first line names its log. Rekor v1 adds the id of the tree: `host - 123`.
fn check_origin(log: &TransparencyLog, checkpoint: &Checkpoint) -> Result<(), Refusal> {
    let names = log_names(log);
    let origin = checkpoint.origin();
    let name = origin.split_once(" - ").map_or(origin, |(name, _)| name);
    if names.is_empty() || names.contains(&name) {
        return Ok(());
    }
    Err(mismatch(
        Code::LogForeign,
        "the checkpoint is of another log than the entry",
        names.join(" or "),
        crate::quote(origin),
    ))
}

/// One of the signatures is by the key of the entry's log; those of witnesses may stand beside it.
/// The first four bytes of the log id are the hint by which a note names its signer's key.
fn check_checkpoint_signature(
    entry: &TransparencyLogEntry,
    log: &TransparencyLog,
    checkpoint: &Checkpoint,
    root: &TrustedRoot,
    now: Timestamp,
) -> Result<(), Refusal> {
    let id = entry.log_id.key_id.as_bytes();
    let key = root.log_key(id, now).ok_or_else(|| {
        refuse(Code::LogForeign, format!("log {} is not in use yet", log_name(log)))
    })?;
    let by_this_log = |hint: &[u8]| id.get(..hint.len()).is_some_and(|start| start == hint);
    let mut candidates = checkpoint
        .signatures()
        .iter()
        .filter(|signature| by_this_log(signature.key_id.as_bytes()))
        .peekable();
    if candidates.peek().is_none() {
        let message = format!("the checkpoint carries no signature of log {}", log_name(log));
        return Err(refuse(Code::LogEntryInvalid, message));
    }
    let signed = checkpoint.signed_data();
    if candidates.any(|signature| key.verify(signed, &signature.signature).is_ok()) {
        return Ok(());
    }
    let message = format!("the checkpoint is not signed by the key of log {}", log_name(log));
    Err(refuse(Code::LogEntryInvalid, message))
}
