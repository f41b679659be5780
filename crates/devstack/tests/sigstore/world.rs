//! What all tests start from.

use sealwright_devstack::sigstore::{Sigstore, SigstoreOptions};
use sigstore_trust_root::TrustedRoot;
use sigstore_types::{Bundle, Sha256Hash};
use sigstore_verify::{VerificationPolicy, VerificationResult, Verifier};

/// The artifact that everything here is about.
pub(crate) const ARTIFACT: &[u8] = b"a manifest";

pub(crate) fn sigstore() -> Sigstore {
    Sigstore::start(SigstoreOptions::default()).unwrap()
}

pub(crate) fn digest() -> Sha256Hash {
    sigstore_crypto::sha256(ARTIFACT)
}

/// An in-toto statement about the artifact.
pub(crate) fn statement() -> String {
    format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"digest":{{"sha256":"{}"}}}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{{}}}}"#,
        digest().to_hex()
    )
}

pub(crate) fn trusted_root(sigstore: &Sigstore) -> TrustedRoot {
    let path = sigstore.trust_folder().join("trusted_root.json");
    TrustedRoot::from_json(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Everything that the verifier checks, for any identity: ours is not its business.
pub(crate) fn verify(sigstore: &Sigstore, bundle: &[u8]) -> Result<VerificationResult, String> {
    let bundle = Bundle::from_json(std::str::from_utf8(bundle).unwrap())
        .map_err(|error| format!("malformed: {error}"))?;
    Verifier::new(&trusted_root(sigstore))
        .unwrap()
        .verify(digest(), &bundle, &VerificationPolicy::any_identity())
        .map_err(|error| error.to_string())
}
