//! Signature checks that have held, known for the life of the process.
//!
//! Judge and prediction ask the same of the same bundle, and every certificate of an authority is
//! followed to the same root. Whether a key made a signature over some bytes is a fact about those
//! bytes alone: no policy, trusted root or time has a part in it. So it is computed once. What is
//! asked, by whom, and what follows from the answer stays where it was: this stands below
//! `sigstore-verify` and [`crate::steps`] alike, as their provider of arithmetic.

use std::collections::BTreeSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};
use sigstore_crypto::{
    CryptoProvider, HashContext, KeyAlgorithm, Result, SigningKeyPair, SigningScheme,
    aws_lc_provider, install_default_provider,
};
use sigstore_types::HashAlgorithm;

use crate::limits::SIGNATURE_CHECKS_COUNT_MAX;

/// From now on this process computes no signature check that has held a second time. For programs
/// that look at many bundles, or at one in several ways; to be called before the first check.
pub fn remember() {
    static REMEMBERING: LazyLock<Remembering> =
        LazyLock::new(|| Remembering::over(aws_lc_provider(), SIGNATURE_CHECKS_COUNT_MAX));
    // Fails only when it was called before.
    let _ = install_default_provider(&*REMEMBERING);
}

/// Another provider, asked only for what is not known to hold.
#[derive(Debug)]
struct Remembering {
    inner: &'static dyn CryptoProvider,
    /// Digests of everything that went into a check, refusals never.
    held: Mutex<BTreeSet<[u8; 32]>>,
    count_max: usize,
}

impl Remembering {
    fn over(inner: &'static dyn CryptoProvider, count_max: usize) -> Self {
        Self { inner, held: Mutex::default(), count_max }
    }

    fn once(&self, question: [u8; 32], check: impl FnOnce() -> Result<()>) -> Result<()> {
        if self.held().contains(&question) {
            return Ok(());
        }
        check()?;
        let mut held = self.held();
        if held.len() < self.count_max {
            held.insert(question);
        }
        Ok(())
    }

    fn held(&self) -> std::sync::MutexGuard<'_, BTreeSet<[u8; 32]>> {
        // What is in it held, whatever happened to a thread since.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The digest of a check: of the exact bytes of each part behind its length, so that nothing can
/// move from one part to the next.
fn question(form: &str, scheme: SigningScheme, parts: [&[u8]; 3]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in [form.as_bytes(), scheme.name().as_bytes()].into_iter().chain(parts) {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

impl CryptoProvider for Remembering {
    fn verify_raw(
        &self,
        scheme: SigningScheme,
        key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<()> {
        let question = question("message", scheme, [key, message, signature]);
        self.once(question, || self.inner.verify_raw(scheme, key, message, signature))
    }

    fn verify_prehashed(
        &self,
        scheme: SigningScheme,
        key: &[u8],
        digest: &[u8],
        signature: &[u8],
    ) -> Result<()> {
        let question = question("digest", scheme, [key, digest, signature]);
        self.once(question, || self.inner.verify_prehashed(scheme, key, digest, signature))
    }

    fn hash(&self, algorithm: HashAlgorithm) -> Result<Box<dyn HashContext>> {
        self.inner.hash(algorithm)
    }

    fn sha256(&self, data: &[u8]) -> [u8; 32] {
        self.inner.sha256(data)
    }

    fn sha384(&self, data: &[u8]) -> [u8; 48] {
        self.inner.sha384(data)
    }

    fn sha512(&self, data: &[u8]) -> [u8; 64] {
        self.inner.sha512(data)
    }

    fn generate_key_pair(&self, algorithm: KeyAlgorithm) -> Result<Box<dyn SigningKeyPair>> {
        self.inner.generate_key_pair(algorithm)
    }

    fn key_pair_from_pkcs8_der(&self, pkcs8: &[u8]) -> Result<Box<dyn SigningKeyPair>> {
        self.inner.key_pair_from_pkcs8_der(pkcs8)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use sigstore_crypto::Error;

    use super::*;

    const SCHEME: SigningScheme = SigningScheme::EcdsaP256Sha256;

    /// Counts what it is asked; only the signature `good` holds, whatever it is over.
    #[derive(Debug, Default)]
    struct Counting {
        asked: AtomicUsize,
    }

    impl CryptoProvider for Counting {
        fn verify_raw(&self, _: SigningScheme, _: &[u8], _: &[u8], signature: &[u8]) -> Result<()> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            match signature {
                b"good" => Ok(()),
                _ => Err(Error::Verification("it does not hold".to_owned())),
            }
        }

        fn verify_prehashed(
            &self,
            scheme: SigningScheme,
            key: &[u8],
            digest: &[u8],
            signature: &[u8],
        ) -> Result<()> {
            self.verify_raw(scheme, key, digest, signature)
        }

        fn hash(&self, algorithm: HashAlgorithm) -> Result<Box<dyn HashContext>> {
            aws_lc_provider().hash(algorithm)
        }
    }

    fn remembering(count_max: usize) -> (Remembering, &'static Counting) {
        let inner: &'static Counting = Box::leak(Box::default());
        (Remembering::over(inner, count_max), inner)
    }

    fn asked(inner: &Counting) -> usize {
        inner.asked.swap(0, Ordering::Relaxed)
    }

    #[test]
    fn what_has_held_is_not_computed_again_and_nothing_else_is_taken_for_it() {
        let (provider, inner) = remembering(100);
        let check = |scheme, key: &[u8], message: &[u8], signature: &[u8]| {
            provider.verify_raw(scheme, key, message, signature).is_ok()
        };
        assert!(check(SCHEME, b"key", b"message", b"good") && asked(inner) == 1);
        assert!(check(SCHEME, b"key", b"message", b"good") && asked(inner) == 0, "the same bytes");
        let other = SigningScheme::EcdsaP384Sha384;
        for (scheme, key, message, why) in [
            (SCHEME, &b"kez"[..], &b"message"[..], "another key"),
            (SCHEME, b"key", b"messagf", "another message"),
            (SCHEME, b"keym", b"essage", "a byte moved from one part to the next"),
            (SCHEME, b"", b"keymessage", "all of it moved"),
            (other, b"key", b"message", "another scheme"),
        ] {
            assert!(check(scheme, key, message, b"good"), "{why}");
            assert_eq!(asked(inner), 1, "{why}: it is asked");
            assert!(!check(scheme, key, message, b"goad"), "{why}: it may not hold");
            assert_eq!(asked(inner), 1, "{why}: and that is asked, too");
        }
        let digest = provider.verify_prehashed(SCHEME, b"key", b"message", b"good");
        assert!(digest.is_ok() && asked(inner) == 1, "a digest is no message");
    }

    #[test]
    fn a_refusal_is_asked_for_each_time() {
        let (provider, inner) = remembering(100);
        for _ in 0..2 {
            assert!(provider.verify_raw(SCHEME, b"key", b"message", b"bad").is_err());
            assert!(provider.verify_prehashed(SCHEME, b"key", b"message", b"bad").is_err());
        }
        assert_eq!(asked(inner), 4);
    }

    #[test]
    fn what_finds_no_room_is_asked_for_each_time_and_holds() {
        let (provider, inner) = remembering(1);
        for message in [&b"one"[..], b"two", b"two", b"one"] {
            assert!(provider.verify_raw(SCHEME, b"key", message, b"good").is_ok());
        }
        assert_eq!(asked(inner), 3, "only the first was kept");
    }
}
