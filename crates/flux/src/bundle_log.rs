//! The log entries of a bundle, as sigstore-go checks them (`VerifyTlogEntry`).

use jiff::Timestamp;
use sealwright_evidence::TrustedRoot;
use sealwright_evidence::bundle::Bundle;
use sealwright_evidence::steps::{
    EntryBody, ProofFault, TransparencyLogEntry, certificate_window, leaf_of_body, log_url,
    promise_holds, read_body, v1_checkpoint_fault, v2_checkpoint_fault, v2_leaf,
};

use crate::controller::Controller;

/// Most entries in a bundle.
const ENTRIES_COUNT_MAX: usize = 32;

/// Checks the entries; the integrated times that a promise covers, one for each log.
///
/// # Errors
/// sigstore-go's words, behind `failed to verify log inclusion: `.
pub(crate) fn check(
    bundle: &Bundle,
    root: &TrustedRoot,
    controller: &Controller,
) -> Result<Vec<Timestamp>, String> {
    let entries = &bundle.document().verification_material.tlog_entries;
    if entries.len() > ENTRIES_COUNT_MAX {
        return Err(format!("too many tlog entries: {} > {ENTRIES_COUNT_MAX}", entries.len()));
    }
    if has_twice(entries) {
        return Err("duplicate tlog entries found".to_owned());
    }
    let mut logs: Vec<&[u8]> = vec![];
    let mut times: Vec<(&[u8], Timestamp)> = vec![];
    for entry in entries {
        let log = entry.log_id.key_id.as_bytes();
        if !check_entry(bundle, entry, root, controller)? {
            continue;
        }
        if !logs.contains(&log) {
            logs.push(log);
        }
        let known = times.iter().any(|(other, _)| *other == log);
        if let (Some(time), Some(_), false) =
            (entry.integrated_time, &entry.inclusion_promise, known)
        {
            times.push((log, time));
        }
    }
    if logs.is_empty() {
        return Err("not enough verified log entries from transparency log: 0 < 1".to_owned());
    }
    Ok(times.into_iter().map(|(_, time)| time).collect())
}

fn has_twice(entries: &[TransparencyLogEntry]) -> bool {
    let name = |entry: &TransparencyLogEntry| {
        (entry.log_id.key_id.as_bytes().to_vec(), entry.log_index.get())
    };
    (1..entries.len()).any(|at| entries[..at].iter().any(|other| name(other) == name(&entries[at])))
}

/// Whether the entry counts; one that the trusted root cannot verify is passed over.
fn check_entry(
    bundle: &Bundle,
    entry: &TransparencyLogEntry,
    root: &TrustedRoot,
    controller: &Controller,
) -> Result<bool, String> {
    let Some(body) = read_body(entry.canonicalized_body.as_bytes()) else {
        return Err("unsupported entry type".to_owned());
    };
    let Some(url) = log_url(entry.log_id.key_id.as_bytes(), root) else { return Ok(false) };
    if entry.inclusion_promise.is_none() && entry.inclusion_proof.is_none() {
        return Err("entry must contain an inclusion proof and/or promise".to_owned());
    }
    let derives_leaf = controller.derives_log_leaf();
    if body.is_v2() && entry.inclusion_proof.is_none() && derives_leaf {
        return Err("rekor v2 entries must have an inclusion proof".to_owned());
    }
    if entry.inclusion_promise.is_some() && (body.is_v2() || !promise_holds(entry, root)) {
        return Ok(false);
    }
    if entry.inclusion_proof.is_some() {
        check_proof(bundle, entry, url, root, derives_leaf)?;
    }
    if !body.is_v2() || !derives_leaf {
        check_is_about(bundle, &body, derives_leaf)?;
    }
    check_time(bundle, entry)?;
    Ok(true)
}

fn check_proof(
    bundle: &Bundle,
    entry: &TransparencyLogEntry,
    url: &str,
    root: &TrustedRoot,
    derives_leaf: bool,
) -> Result<(), String> {
    if has_v1_checkpoint(entry) {
        return v1_checkpoint_fault(entry, root).map_or(Ok(()), |fault| Err(words(&fault, false)));
    }
    if url.is_empty() {
        return Err(
            "cannot verify Rekor v2 entry without baseUrl in transparency log's trusted root"
                .to_owned(),
        );
    }
    let leaf = match (derives_leaf, bundle.certificate(), bundle.envelope()) {
        (true, Some(certificate), Some(envelope)) => {
            v2_leaf(&envelope.pae(), bundle.signature(), certificate)
        }
        (true, None, _) => {
            return Err(
                "public key not found in trusted material: no public key material available"
                    .to_owned(),
            );
        }
        _ => leaf_of_body(entry),
    };
    v2_checkpoint_fault(entry, &leaf, host(url), root)
        .map_or(Ok(()), |fault| Err(format!("verifying log entry: {}", words(&fault, true))))
}

/// Rekor v1 adds the id of the tree to the first line of its checkpoints.
fn has_v1_checkpoint(entry: &TransparencyLogEntry) -> bool {
    let Some(proof) = &entry.inclusion_proof else { return false };
    let lines: Vec<&str> = proof.checkpoint.envelope().split('\n').collect();
    let tree = lines.first().and_then(|first| first.rsplit_once(" - ")).map(|(_, tree)| tree);
    lines.len() >= 4
        && tree.is_some_and(|tree| !tree.is_empty() && tree.bytes().all(|b| b.is_ascii_digit()))
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    authority.rsplit_once(':').map_or(authority, |(host, _)| host)
}

fn words(fault: &ProofFault, v2: bool) -> String {
    let inclusion = if v2 { "verifying inclusion: " } else { "" };
    let checkpoint = "unverified checkpoint signature: failed to verify signatures on checkpoint";
    match fault {
        ProofFault::CheckpointUnreadable if v2 => format!("{checkpoint}: malformed note"),
        ProofFault::CheckpointUnreadable => {
            "unmarshalling log entry checkpoint to SignedCheckpoint: malformed checkpoint"
                .to_owned()
        }
        ProofFault::CheckpointUnsigned if v2 => {
            format!("{checkpoint}: note has no verifiable signatures")
        }
        ProofFault::CheckpointUnsigned => "signature on checkpoint did not verify".to_owned(),
        ProofFault::CheckpointForged(name, hint) => {
            format!("{checkpoint}: invalid signature for key {name}+{}", hex::encode(hint))
        }
        ProofFault::CheckpointOrigin(found, expected) => format!(
            "unverified checkpoint signature: got Origin {found:?} but expected {expected:?}"
        ),
        ProofFault::OtherTree(proof, checkpoint) => format!(
            "proof root hash does not match signed tree head, expected {proof} got {checkpoint}"
        ),
        ProofFault::Beyond(index, size) => {
            format!("{inclusion}index is beyond size: {index} >= {size}")
        }
        ProofFault::Length(found, needed) => {
            format!("{inclusion}wrong proof size {found}, want {needed}")
        }
        ProofFault::Root(calculated, expected) => format!(
            "{inclusion}calculated root:\n{}\n does not match expected root:\n{}",
            go_bytes(calculated),
            go_bytes(expected)
        ),
    }
}

/// Bytes as Go's `%v` prints them.
fn go_bytes(bytes: &[u8]) -> String {
    let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
    format!("[{}]", numbers.join(" "))
}

/// The entry is about this signature, by this certificate, of this payload.
fn check_is_about(bundle: &Bundle, body: &EntryBody, compares_digests: bool) -> Result<(), String> {
    if body.signature != bundle.signature() {
        return Err("transparency log signature does not match".to_owned());
    }
    if bundle.certificate().is_none() || body.verifier_der().as_deref() != bundle.certificate() {
        return Err("transparency log certificate does not match".to_owned());
    }
    if !compares_digests {
        return Ok(());
    }
    let digest = body.digest.as_deref().unwrap_or_default();
    match bundle.envelope() {
        Some(_) if !["dsse", "intoto"].contains(&body.kind.as_str()) => {
            Err("transparency log rekor v1 entry is not a dsse_v001 or intoto_v002 entry"
                .to_owned())
        }
        Some(envelope) => {
            let payload = sealwright_evidence::Digest::of(envelope.payload.as_bytes()).hex();
            if payload == digest {
                return Ok(());
            }
            Err(format!(
                "transparency log dsse/intoto entry payload hash {payload} does not match envelope payload hash {digest}"
            ))
        }
        None if body.kind != "hashedrekord" => {
            Err("transparency log entry is not a hashedrekord or missing digest".to_owned())
        }
        None => {
            let message = hex::encode(bundle.message_digest().unwrap_or_default());
            if message == digest {
                return Ok(());
            }
            Err(format!(
                "transparency log hashedrekord entry digest {digest} does not match artifact {message}"
            ))
        }
    }
}

fn check_time(bundle: &Bundle, entry: &TransparencyLogEntry) -> Result<(), String> {
    let (Some(time), Some(der)) = (entry.integrated_time, bundle.certificate()) else {
        return Ok(());
    };
    match certificate_window(der) {
        Some((not_before, not_after)) if time < not_before || time > not_after => {
            Err("integrated time outside certificate validity".to_owned())
        }
        _ => Ok(()),
    }
}
