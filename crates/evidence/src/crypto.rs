//! The cryptographic core: everything that needs a key. Who signed is judged elsewhere.

use jiff::Timestamp;
use sealwright_policy::report::TimeReport;
use sealwright_policy::{Code, Finding};
use sigstore_types::bundle::MediaType;
use sigstore_types::{Artifact, DerPublicKey};
use sigstore_verify::{
    CertificateError, Error, PublicKeyVerificationPolicy, TransparencyLogError, VerificationPolicy,
    VerificationResult,
};

use crate::bundle::Bundle;
use crate::limits::CLOCK_SKEW_MAX;
use crate::log_entry::{check_inclusion, check_log_window, is_v1};
use crate::refusal::{Refusal, mismatch, refuse};
use crate::{Digest, TrustedRoot};

/// `source` of a time that a log's signed promise proves.
pub const TIME_FROM_LOG: &str = "log";
/// `source` of a time that an RFC 3161 timestamp proves.
pub const TIME_FROM_AUTHORITY: &str = "timestamp-authority";

/// What a bundle is about.
#[derive(Debug, Clone, Copy)]
pub enum Signed<'a> {
    /// Known by digest.
    Digest(&'a Digest),
    /// The bytes themselves. Some key types can only sign these.
    Bytes(&'a [u8]),
}

/// Whose key must have signed.
#[derive(Debug, Clone, Copy)]
pub enum SignedBy<'a> {
    /// The holder of the certificate in the bundle, whoever it is: authorize the identity
    /// afterwards.
    AnyCertificate,
    /// The holder of this public key (DER SubjectPublicKeyInfo).
    Key(&'a DerPublicKey),
}

/// Proof that a bundle was verified: there is no other way to one than [`verify_core`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The times at which the signature is proven to have existed.
    pub times: Vec<TimeReport>,
}

/// Verifies a bundle of any version and content: log entries, times, certificate chain, signed
/// certificate timestamp, signature, and that all of them are about one another.
///
/// `sigstore-verify` reads the machine's clock to refuse log keys and promises of the future; what
/// is proven is compared with `now` in any case.
///
/// # Errors
/// The first thing that does not hold.
pub fn verify_core(
    bundle: &Bundle,
    signed: Signed<'_>,
    signed_by: SignedBy<'_>,
    root: &TrustedRoot,
    now: Timestamp,
) -> Result<Proven, Refusal> {
    // Client specification, "Transparency Log Verification": the log is a trusted one, and has it.
    let entries = &bundle.document().verification_material.tlog_entries;
    for entry in entries {
        check_inclusion(entry, root, now)?;
    }
    check_logged(bundle, signed_by)?;
    // "Signing time", "Certificate", "Signature": each step in `sigstore_verify::Verifier::verify`.
    let result = verify_upstream(bundle, signed, signed_by, root).map_err(explain)?;
    let times = label_times(bundle, &result)?;
    // The log may not have been retired, and nothing may be signed in the future.
    for time in &times {
        for entry in entries {
            check_log_window(entry, root, time.time)?;
        }
        check_not_ahead(time, now)?;
    }
    Ok(Proven { times })
}

/// For certificates, upstream's check of the log entries is left out because [`check_inclusion`]
/// has made it, and bound it closer: inclusion proof and checkpoint. Upstream still verifies each
/// v1 promise (it needs the time), that no promise is from the future, that the certificate was
/// valid at every proven time, and that each entry records this signature, key and content. A
/// promise without a time, which it would skip, is refused by [`check_inclusion`].
///
/// For keys nothing is left out: upstream looks at promises in that check only.
fn verify_upstream(
    bundle: &Bundle,
    signed: Signed<'_>,
    signed_by: SignedBy<'_>,
    root: &TrustedRoot,
) -> sigstore_verify::Result<VerificationResult> {
    let artifact = match signed {
        Signed::Digest(digest) => Artifact::from(digest.sha256()),
        Signed::Bytes(bytes) => Artifact::from_blob(bytes),
    };
    match signed_by {
        SignedBy::AnyCertificate => {
            let policy = VerificationPolicy::any_identity().skip_tlog_unsafe();
            root.verifier().verify(artifact, bundle.document(), &policy)
        }
        SignedBy::Key(key) => {
            let policy = PublicKeyVerificationPolicy::new(key.clone());
            root.verifier().verify(artifact, bundle.document(), &policy)
        }
    }
}

/// Client specification: from version 0.2 on, each log entry has an inclusion proof; in version
/// 0.1 the promise suffices, which upstream requires of that version.
fn check_logged(bundle: &Bundle, signed_by: SignedBy<'_>) -> Result<(), Refusal> {
    let entries = &bundle.document().verification_material.tlog_entries;
    let message = match bundle.document().media_type() {
        _ if matches!(signed_by, SignedBy::Key(_)) => return Ok(()),
        _ if entries.is_empty() => "the signature was never logged",
        MediaType::Bundle0_1 => return Ok(()),
        _ if entries.iter().all(|entry| entry.inclusion_proof.is_some()) => return Ok(()),
        _ => "a log entry has no inclusion proof",
    };
    Err(refuse(Code::LogEntryInvalid, message))
}

/// Which of the proven times is by whom. Upstream returns those of the timestamps first, one for
/// each token, then those of the v1 promises.
fn label_times(bundle: &Bundle, result: &VerificationResult) -> Result<Vec<TimeReport>, Refusal> {
    let material = &bundle.document().verification_material;
    let promised: Vec<Timestamp> = material
        .tlog_entries
        .iter()
        .filter(|entry| is_v1(entry) && entry.inclusion_promise.is_some())
        .filter_map(|entry| entry.integrated_time)
        .collect();
    let mut by_authority = result.verified_timestamps().to_vec();
    for time in &promised {
        match by_authority.iter().rposition(|other| other == time) {
            Some(place) => by_authority.remove(place),
            None => return Err(refuse(Code::TimeUnproven, "a promised time was not verified")),
        };
    }
    if by_authority.len() != material.timestamp_verification_data.rfc3161_timestamps.len() {
        return Err(refuse(Code::TimeUnproven, "a timestamp was not verified"));
    }
    let label = |source: &str, time| TimeReport { source: source.to_owned(), time };
    let by_authority = by_authority.into_iter().map(|time| label(TIME_FROM_AUTHORITY, time));
    Ok(by_authority.chain(promised.into_iter().map(|time| label(TIME_FROM_LOG, time))).collect())
}

fn check_not_ahead(time: &TimeReport, now: Timestamp) -> Result<(), Refusal> {
    if time.time.duration_since(now) <= CLOCK_SKEW_MAX {
        return Ok(());
    }
    Err(mismatch(
        Code::TimeAhead,
        format!("the {} says that it was signed later than now", time.source),
        format!("by {now}"),
        time.time.to_string(),
    ))
}

/// Upstream's refusal as a finding: the code by its kind, its words as the message.
fn explain(error: Error) -> Refusal {
    let code = match &error {
        Error::SignatureInvalid(_) => Code::SignatureInvalid,
        Error::ArtifactMismatch(_) => Code::ArtifactNotNamed,
        // The rest of the trusted root was checked when it was parsed; this is about CT logs.
        Error::Certificate(CertificateError::Sct(_)) | Error::InvalidTrustRoot(_) => {
            Code::CertificateUnlogged
        }
        Error::Certificate(_) => Code::CertificateInvalid,
        Error::TransparencyLog(error) => match error {
            TransparencyLogError::EntryMismatch(_) => Code::LogEntryMismatch,
            // With the certificate checked at every proven time, the future is what remains.
            TransparencyLogError::IntegratedTime(_) => Code::TimeAhead,
            TransparencyLogError::UnknownLog { .. } => Code::LogForeign,
            _ => Code::LogEntryInvalid,
        },
        Error::Timestamp(_) => Code::TimeUnproven,
        Error::UnsupportedBundle(_) => Code::BundleForm,
        _ => Code::BundleUnreadable,
    };
    Box::new(Finding::new(code, crate::quote(&error.to_string())))
}
