//! Throw-away keys that have a name: what signs where there is no certificate, as with `cosign sign --key`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use camino::Utf8PathBuf;
use der::pem::LineEnding;

use super::keys::{KeyKind, SigningKey};
use crate::DevStackError;

/// A test needs two or three; each is a file in the state folder.
const KEYS_COUNT_MAX: usize = 1_000;
const NAME_BYTES_MAX: usize = 40;

/// The keys, made when first asked for and kept beside the others.
pub(crate) struct NamedKeys {
    folder: Utf8PathBuf,
    known: Mutex<BTreeMap<String, Arc<SigningKey>>>,
}

impl NamedKeys {
    pub(crate) fn in_folder(folder: Utf8PathBuf) -> Self {
        Self { folder, known: Mutex::default() }
    }

    /// The ECDSA P-256 key of this name, the same one every time.
    pub(crate) fn get(&self, name: &str) -> Result<Arc<SigningKey>, DevStackError> {
        let refused = |why: String| DevStackError::mint("a named key", why);
        if !is_name(name) {
            return Err(refused(format!(
                "{name:?} is no name: use up to {NAME_BYTES_MAX} of a-z, 0-9 and -"
            )));
        }
        // Held while a key is made, so that two requests at once get the same one.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = known.get(name) {
            return Ok(Arc::clone(key));
        }
        if known.len() == KEYS_COUNT_MAX {
            return Err(refused(format!("there are {KEYS_COUNT_MAX} of them already")));
        }
        let file = format!("named-{name}.key");
        let key = Arc::new(SigningKey::load_or_create(Some(&self.folder), &file, KeyKind::P256)?);
        known.insert(name.to_owned(), Arc::clone(&key));
        Ok(key)
    }
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(fits)
}

/// The public half as PEM, as `cosign.pub` holds it.
pub(crate) fn public_pem(key: &SigningKey) -> Result<String, DevStackError> {
    der::pem::encode_string("PUBLIC KEY", LineEnding::LF, key.spki())
        .map_err(|error| DevStackError::mint("a PEM block", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_one_key_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        let keys = NamedKeys::in_folder(path.clone());
        let spki = |keys: &NamedKeys, name: &str| keys.get(name).unwrap().spki().to_vec();
        let first = spki(&keys, "release");
        assert_eq!(spki(&keys, "release"), first, "asked again");
        assert_ne!(spki(&keys, "other"), first, "another name");
        assert_eq!(spki(&NamedKeys::in_folder(path), "release"), first, "restarted");
        for name in ["", "../ct", "Release", "a b", &"a".repeat(41)] {
            assert!(keys.get(name).is_err(), "{name:?} is no name");
        }
    }
}
