//! The throw-away keys: made once, kept in the state folder for their owner only, read again at the next start.

use std::fs::{self, OpenOptions};
use std::io::Write;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1,
    ECDSA_P384_SHA384_ASN1_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use camino::Utf8Path;
use der::pem::LineEnding;

use crate::DevStackError;

/// What a key is, and with which digest it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    /// ECDSA with SHA-256.
    P256,
    /// ECDSA with SHA-384.
    P384,
    Ed25519,
    /// PKCS#1 v1.5 with SHA-256, as GitHub signs its tokens.
    Rsa2048,
}

/// A private key with its public half at hand.
pub(crate) struct SigningKey {
    pair: Pair,
    spki: Vec<u8>,
    pkcs8: Vec<u8>,
}

enum Pair {
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa2048(RsaKeyPair),
}

const LABEL: &str = "PRIVATE KEY";

impl SigningKey {
    /// Reads `folder/name.pem`, or makes the key and keeps it there; without a folder the key lives in memory.
    pub(crate) fn load_or_create(
        folder: Option<&Utf8Path>,
        name: &str,
        kind: KeyKind,
    ) -> Result<Self, DevStackError> {
        let Some(folder) = folder else {
            return Self::generate(kind);
        };
        let path = folder.join(format!("{name}.pem"));
        match fs::read(&path) {
            Ok(pem) => {
                Self::from_pem(kind, &pem).map_err(|detail| DevStackError::Damaged { path, detail })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = Self::generate(kind)?;
                let pem = der::pem::encode_string(LABEL, LineEnding::LF, &key.pkcs8)
                    .map_err(|error| DevStackError::mint("a key file", error))?;
                write_private(&path, pem.as_bytes())?;
                Ok(key)
            }
            Err(error) => Err(DevStackError::file("read", path)(error)),
        }
    }

    pub(crate) fn generate(kind: KeyKind) -> Result<Self, DevStackError> {
        let failed = |error| DevStackError::mint("a key", error);
        let random = SystemRandom::new();
        let pkcs8 = match kind {
            KeyKind::P256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random)
                .map_err(failed)?
                .as_ref()
                .to_vec(),
            KeyKind::P384 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, &random)
                .map_err(failed)?
                .as_ref()
                .to_vec(),
            KeyKind::Ed25519 => {
                Ed25519KeyPair::generate_pkcs8(&random).map_err(failed)?.as_ref().to_vec()
            }
            KeyKind::Rsa2048 => AsDer::<Pkcs8V1Der<'_>>::as_der(
                &RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?,
            )
            .map_err(failed)?
            .as_ref()
            .to_vec(),
        };
        Self::from_pkcs8(kind, pkcs8).map_err(|detail| DevStackError::mint("a key", detail))
    }

    fn from_pem(kind: KeyKind, pem: &[u8]) -> Result<Self, String> {
        let (label, pkcs8) = der::pem::decode_vec(pem).map_err(|error| error.to_string())?;
        if label != LABEL {
            return Err(format!("expected a PEM block `{LABEL}`, found `{label}`"));
        }
        Self::from_pkcs8(kind, pkcs8)
    }

    fn from_pkcs8(kind: KeyKind, pkcs8: Vec<u8>) -> Result<Self, String> {
        let rejected = |error: aws_lc_rs::error::KeyRejected| error.to_string();
        let pair = match kind {
            KeyKind::P256 => Pair::P256(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &pkcs8)
                    .map_err(rejected)?,
            ),
            KeyKind::P384 => Pair::P384(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, &pkcs8)
                    .map_err(rejected)?,
            ),
            KeyKind::Ed25519 => {
                Pair::Ed25519(Ed25519KeyPair::from_pkcs8(&pkcs8).map_err(rejected)?)
            }
            KeyKind::Rsa2048 => Pair::Rsa2048(RsaKeyPair::from_pkcs8(&pkcs8).map_err(rejected)?),
        };
        let spki = pair.spki().map_err(|error| error.to_string())?;
        Ok(Self { pair, spki, pkcs8 })
    }

    pub(crate) fn kind(&self) -> KeyKind {
        match self.pair {
            Pair::P256(_) => KeyKind::P256,
            Pair::P384(_) => KeyKind::P384,
            Pair::Ed25519(_) => KeyKind::Ed25519,
            Pair::Rsa2048(_) => KeyKind::Rsa2048,
        }
    }

    /// The public half as DER SubjectPublicKeyInfo.
    pub(crate) fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The public half without its algorithm: a point, 32 bytes, or a DER RSAPublicKey.
    pub(crate) fn public_bits(&self) -> &[u8] {
        match &self.pair {
            Pair::P256(pair) | Pair::P384(pair) => pair.public_key().as_ref(),
            Pair::Ed25519(pair) => pair.public_key().as_ref(),
            Pair::Rsa2048(pair) => pair.public_key().as_ref(),
        }
    }

    /// Signs a message; ECDSA signatures are DER.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, DevStackError> {
        let failed = |error| DevStackError::mint("a signature", error);
        let random = SystemRandom::new();
        Ok(match &self.pair {
            Pair::P256(pair) | Pair::P384(pair) => {
                pair.sign(&random, message).map_err(failed)?.as_ref().to_vec()
            }
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rsa2048(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(failed)?;
                signature
            }
        })
    }

    /// Signs what has this SHA-256, without seeing it. For ECDSA keys on P-256.
    pub(crate) fn sign_sha256(&self, digest: &[u8]) -> Result<Vec<u8>, DevStackError> {
        use aws_lc_rs::digest::{Digest, SHA256};
        let failed = |error| DevStackError::mint("a signature", error);
        let digest = Digest::import_less_safe(digest, &SHA256).map_err(failed)?;
        match &self.pair {
            Pair::P256(pair) => Ok(pair.sign_digest(&digest).map_err(failed)?.as_ref().to_vec()),
            _ => Err(DevStackError::mint("a signature", "only P-256 keys sign a SHA-256 unseen")),
        }
    }

    /// Whether this key made the signature.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        verifies(self.kind(), self.public_bits(), message, signature)
    }
}

impl Pair {
    fn spki(&self) -> Result<Vec<u8>, aws_lc_rs::error::Unspecified> {
        let der: PublicKeyX509Der<'_> = match self {
            Self::P256(pair) | Self::P384(pair) => pair.public_key().as_der()?,
            Self::Ed25519(pair) => pair.public_key().as_der()?,
            Self::Rsa2048(pair) => pair.public_key().as_der()?,
        };
        Ok(der.as_ref().to_vec())
    }
}

/// Whether a signature over a message verifies under a public key given without its algorithm.
pub(crate) fn verifies(
    kind: KeyKind,
    public_bits: &[u8],
    message: &[u8],
    signature: &[u8],
) -> bool {
    let algorithm: &'static dyn aws_lc_rs::signature::VerificationAlgorithm = match kind {
        KeyKind::P256 => &ECDSA_P256_SHA256_ASN1,
        KeyKind::P384 => &ECDSA_P384_SHA384_ASN1,
        KeyKind::Ed25519 => &ED25519,
        KeyKind::Rsa2048 => &RSA_PKCS1_2048_8192_SHA256,
    };
    UnparsedPublicKey::new(algorithm, public_bits).verify(message, signature).is_ok()
}

/// Writes a file that only its owner may read.
///
/// A crash leaves a file under a temporary name, never half a key: the rename comes last.
pub(crate) fn write_private(path: &Utf8Path, contents: &[u8]) -> Result<(), DevStackError> {
    let unfinished = path.with_extension("unfinished");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished).map_err(DevStackError::file("create", &unfinished))?;
    file.write_all(contents)
        .and_then(|()| file.sync_all())
        .map_err(DevStackError::file("write", &unfinished))?;
    fs::rename(&unfinished, path).map_err(DevStackError::file("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [KeyKind; 4] = [KeyKind::P256, KeyKind::P384, KeyKind::Ed25519, KeyKind::Rsa2048];

    #[test]
    fn a_key_is_the_same_after_a_restart_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        for kind in KINDS {
            let first = SigningKey::load_or_create(Some(folder), "key", kind).unwrap();
            let again = SigningKey::load_or_create(Some(folder), "key", kind).unwrap();
            assert_eq!(first.spki(), again.spki(), "{kind:?}");
            let path = folder.join("key.pem");
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                let mode = fs::metadata(&path).unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o600, "{kind:?}");
            }
            fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn a_signature_verifies_over_its_message_alone() {
        for kind in KINDS {
            let key = SigningKey::generate(kind).unwrap();
            let signature = key.sign(b"message").unwrap();
            assert!(key.verifies(b"message", &signature), "{kind:?}");
            assert!(!key.verifies(b"massage", &signature), "{kind:?}");
            assert!(!SigningKey::generate(kind).unwrap().verifies(b"message", &signature));
        }
    }

    #[test]
    fn a_damaged_key_file_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        for (contents, reason) in [
            ("", "empty"),
            ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "not a key"),
        ] {
            fs::write(folder.join("ct.pem"), contents).unwrap();
            let error =
                SigningKey::load_or_create(Some(folder), "ct", KeyKind::P256).err().unwrap();
            assert!(error.to_string().contains("ct.pem is damaged"), "{reason}: {error}");
        }
    }
}
