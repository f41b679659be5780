//! Transparency logs: promise, inclusion and checkpoint, each by itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sigstore_merkle::{hash_children, hash_leaf};
use sigstore_types::{Sha256Hash, SignatureBytes, TransparencyLogEntry};

use crate::TrustedRoot;

/// Why an inclusion proof or its checkpoint does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProofFault {
    /// The checkpoint cannot be read.
    CheckpointUnreadable,
    /// No signature on the checkpoint is of the log.
    CheckpointUnsigned,
    /// A signature on the checkpoint that says to be the log's is not: name and hint of the key.
    CheckpointForged(String, [u8; 4]),
    /// The checkpoint is of another log: its origin, and the one expected.
    CheckpointOrigin(String, String),
    /// The proof is for another tree than the checkpoint: roots in hex.
    OtherTree(String, String),
    /// The index is not in the tree: index and size.
    Beyond(u64, u64),
    /// Another number of hashes than the tree needs: found and needed.
    Length(usize, usize),
    /// The hashes lead to another root: calculated and expected.
    Root(Vec<u8>, Vec<u8>),
}

/// Base URL of the log of this id; `None` when the trusted root does not name it.
pub fn log_url<'a>(log_id: &[u8], root: &'a TrustedRoot) -> Option<&'a str> {
    root.log(log_id).map(|log| log.base_url.as_str())
}

/// Whether the log's signed promise covers body, index and time of the entry, and the log was in use
/// at that time.
pub fn promise_holds(entry: &TransparencyLogEntry, root: &TrustedRoot) -> bool {
    let id = entry.log_id.key_id.as_bytes();
    let (Some(promise), Some(log)) = (&entry.inclusion_promise, root.log(id)) else { return false };
    let Some(window) = log.public_key.valid_for else { return false };
    let time = entry.integrated_time.unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    if time < window.start || window.end.is_some_and(|end| time > end) {
        return false;
    }
    let Some(key) = key_of(id, root) else { return false };
    // RFC 8785: names in order, no spaces.
    let signed = json!({
        "body": STANDARD.encode(entry.canonicalized_body.as_bytes()),
        "integratedTime": time.as_second(),
        "logID": hex::encode(id),
        "logIndex": entry.log_index.get(),
    });
    let signature = SignatureBytes::new(promise.signed_entry_timestamp.as_bytes().to_vec());
    key.verify(signed.to_string(), &signature).is_ok()
}

fn key_of<'a>(id: &[u8], root: &'a TrustedRoot) -> Option<&'a sigstore_crypto::VerificationKey> {
    root.log_key(id, jiff::Timestamp::MAX)
}

/// The root to which a leaf and its proof lead (RFC 6962, section 2.1.1).
///
/// # Errors
/// [`ProofFault::Beyond`] or [`ProofFault::Length`].
pub(super) fn merkle_root(
    leaf: &Sha256Hash,
    index: u64,
    size: u64,
    proof: &[Sha256Hash],
) -> Result<Sha256Hash, ProofFault> {
    if index >= size {
        return Err(ProofFault::Beyond(index, size));
    }
    let inner = (u64::BITS - (index ^ (size - 1)).leading_zeros()) as usize;
    let border = index.checked_shr(inner as u32).unwrap_or(0).count_ones() as usize;
    if proof.len() != inner + border {
        return Err(ProofFault::Length(proof.len(), inner + border));
    }
    let mut hash = *leaf;
    for (level, other) in proof[..inner].iter().enumerate() {
        hash = match (index >> level) & 1 {
            0 => hash_children(&hash, other),
            _ => hash_children(other, &hash),
        };
    }
    Ok(proof[inner..].iter().fold(hash, |hash, other| hash_children(other, &hash)))
}

/// What is wrong with proof and checkpoint of an entry of Rekor v1, in the order of rekor's
/// `VerifyInclusion` and `VerifyCheckpointSignature`.
pub fn v1_checkpoint_fault(entry: &TransparencyLogEntry, root: &TrustedRoot) -> Option<ProofFault> {
    let proof = entry.inclusion_proof.as_ref()?;
    let leaf = hash_leaf(entry.canonicalized_body.as_bytes());
    match merkle_root(&leaf, proof.log_index.get(), proof.tree_size, &proof.hashes) {
        Err(fault) => return Some(fault),
        Ok(found) if found != proof.root_hash => {
            let bytes = |hash: &Sha256Hash| hash.as_bytes().to_vec();
            return Some(ProofFault::Root(bytes(&found), bytes(&proof.root_hash)));
        }
        Ok(_) => {}
    }
    let Some(checkpoint) = proof.checkpoint.checkpoint() else {
        return Some(ProofFault::CheckpointUnreadable);
    };
    let Some(key) = key_of(entry.log_id.key_id.as_bytes(), root) else {
        return Some(ProofFault::CheckpointUnsigned);
    };
    let signed = checkpoint.signed_data();
    let mut signatures = checkpoint.signatures().iter().peekable();
    // rekor asks every signature to be the log's.
    if signatures.peek().is_none()
        || !signatures.all(|one| key.verify(signed, &one.signature).is_ok())
    {
        return Some(ProofFault::CheckpointUnsigned);
    }
    (proof.root_hash != *checkpoint.root_hash())
        .then(|| ProofFault::OtherTree(proof.root_hash.to_hex(), checkpoint.root_hash().to_hex()))
}

/// What is wrong with proof and checkpoint of an entry of Rekor v2, for the leaf that it should be,
/// in the order of rekor-tiles' `VerifyLogEntryWithHash`. `name` is the host of the log's URL.
pub fn v2_checkpoint_fault(
    entry: &TransparencyLogEntry,
    leaf: &[u8; 32],
    name: &str,
    root: &TrustedRoot,
) -> Option<ProofFault> {
    let leaf = &Sha256Hash::new(*leaf);
    let proof = entry.inclusion_proof.as_ref()?;
    let Some(checkpoint) = proof.checkpoint.checkpoint() else {
        return Some(ProofFault::CheckpointUnreadable);
    };
    let id = entry.log_id.key_id.as_bytes();
    let ours = |hint: &[u8]| id.get(..hint.len()).is_some_and(|start| start == hint);
    let signature =
        checkpoint.signatures().iter().find(|one| one.name == name && ours(one.key_id.as_bytes()));
    let (Some(signature), Some(key)) = (signature, key_of(id, root)) else {
        return Some(ProofFault::CheckpointUnsigned);
    };
    if key.verify(checkpoint.signed_data(), &signature.signature).is_err() {
        let mut hint = [0; 4];
        hint.copy_from_slice(id.get(..4)?);
        return Some(ProofFault::CheckpointForged(name.to_owned(), hint));
    }
    if checkpoint.origin() != name {
        let origin = checkpoint.origin().to_owned();
        return Some(ProofFault::CheckpointOrigin(origin, name.to_owned()));
    }
    match merkle_root(leaf, entry.log_index.get(), checkpoint.tree_size(), &proof.hashes) {
        Err(fault) => Some(fault),
        Ok(found) if found != *checkpoint.root_hash() => Some(ProofFault::Root(
            found.as_bytes().to_vec(),
            checkpoint.root_hash().as_bytes().to_vec(),
        )),
        Ok(_) => None,
    }
}

/// The leaf that Rekor v2 makes of an envelope signed by the key of an ECDSA P-256 certificate:
/// sigstore-go 1.2 derives it from the bundle instead of reading the entry's body.
pub fn v2_leaf(pae: &[u8], signature: &[u8], certificate: &[u8]) -> [u8; 32] {
    let digest = sigstore_crypto::sha256(pae);
    let body = json!({
        "apiVersion": "0.0.2",
        "kind": "hashedrekord",
        "spec": {"hashedRekordV002": {
            "data": {"algorithm": "SHA2_256", "digest": STANDARD.encode(digest.as_bytes())},
            "signature": {
                "content": STANDARD.encode(signature),
                "verifier": {
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    "x509Certificate": {"rawBytes": STANDARD.encode(certificate)},
                },
            },
        }},
    });
    *hash_leaf(body.to_string().as_bytes()).as_bytes()
}

/// The leaf that the entry's own body makes.
pub fn leaf_of_body(entry: &TransparencyLogEntry) -> [u8; 32] {
    *hash_leaf(entry.canonicalized_body.as_bytes()).as_bytes()
}
