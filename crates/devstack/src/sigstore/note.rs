//! Signed notes and checkpoints: how both logs sign the size and root of their tree.
//!
//! Formats: C2SP `signed-note` and `tlog-checkpoint`. The key id of an ECDSA key is not the one of the note
//! specification but the SHA-256 of its SubjectPublicKeyInfo, as all Sigstore clients compute it.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use sha2::{Digest, Sha256};

use super::keys::{KeyKind, SigningKey};
use super::merkle::Hash;
use crate::DevStackError;

/// The note specification's signature type of Ed25519.
const ED25519: u8 = 1;

/// The full key id of a log; the first four bytes are the hint in a note, all of it is the log id in a bundle.
pub(crate) fn key_id(name: &str, key: &SigningKey) -> Hash {
    match key.kind() {
        KeyKind::Ed25519 => Sha256::new()
            .chain_update(name)
            .chain_update(b"\n")
            .chain_update([ED25519])
            .chain_update(key.public_bits())
            .finalize()
            .into(),
        KeyKind::P256 | KeyKind::P384 | KeyKind::Rsa2048 => Sha256::digest(key.spki()).into(),
    }
}

/// A checkpoint over a tree, signed under `name`.
///
/// `origin` is the first line: the log's host for Rekor v2, `host - tree id` for Rekor v1.
pub(crate) fn checkpoint(
    origin: &str,
    name: &str,
    size: usize,
    root: &Hash,
    key: &SigningKey,
) -> Result<String, DevStackError> {
    let text = format!("{origin}\n{size}\n{}\n", BASE64.encode(root));
    let mut signature = key_id(name, key)[..4].to_vec();
    signature.extend(key.sign(text.as_bytes())?);
    Ok(format!("{text}\n\u{2014} {name} {}\n", BASE64.encode(signature)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_a_text_a_blank_line_and_a_signature_over_the_text_alone() {
        for kind in [KeyKind::Ed25519, KeyKind::P256] {
            let key = SigningKey::generate(kind).unwrap();
            let note =
                checkpoint("log.acme.example - 7", "log.acme.example", 3, &[9; 32], &key).unwrap();
            let (text, signatures) = note.split_once("\n\n").unwrap();
            let line = signatures.strip_prefix("\u{2014} log.acme.example ").unwrap();
            let bytes = BASE64.decode(line.trim_end()).unwrap();
            assert_eq!(bytes[..4], key_id("log.acme.example", &key)[..4], "{kind:?}");
            let signed = format!("{text}\n");
            assert!(key.verifies(signed.as_bytes(), &bytes[4..]), "{kind:?}");
            assert!(!key.verifies(note.as_bytes(), &bytes[4..]), "{kind:?}");
        }
    }

    #[test]
    fn an_ed25519_key_id_depends_on_the_name_and_an_ecdsa_one_does_not() {
        let ed25519 = SigningKey::generate(KeyKind::Ed25519).unwrap();
        assert_ne!(key_id("a", &ed25519), key_id("b", &ed25519));
        let ecdsa = SigningKey::generate(KeyKind::P256).unwrap();
        assert_eq!(key_id("a", &ecdsa), key_id("b", &ecdsa));
    }
}
