//! What can be the matter with evidence: the situations that tests mint, each a healthy bundle but for one thing.

use serde::Deserialize;

/// The log that an entry stands in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogVersion {
    /// Rekor v1: a signed promise that tells the time, and an inclusion proof.
    V1,
    /// Rekor v2: an inclusion proof; a timestamp authority tells the time.
    #[default]
    V2,
}

/// One situation. Its healthy neighbour is the same [`Mint`](super::Mint) with [`Situation::Healthy`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Situation {
    /// Nothing is the matter.
    #[default]
    Healthy,

    /// The certificate ended an hour before the log (v1) or the timestamp (v2) saw the signature.
    SignedAfterExpiry,
    /// The certificate carries no signed certificate timestamp.
    NoSct,
    /// The signed certificate timestamp is of a log that the trusted root does not know.
    ForeignSct,
    /// The certificate is of an authority that the trusted root does not know.
    ForeignAuthority,
    /// The certificate names a second identity after the expected one.
    TwoSans,
    /// The certificate names an identity that is the empty string.
    EmptySan,
    /// The certificate names no identity.
    NoSan,
    /// The certificate names no issuer of the token.
    NoIssuer,
    /// The certificate names another issuer of the token.
    OtherIssuer,

    /// There is no log entry; with v2 the timestamp stays.
    NotLogged,
    /// The entry stands in a log that the trusted root does not know, and says so.
    ForeignLog,
    /// The entry stands in a log that the trusted root does not know, and claims to stand in ours.
    ForeignLogUnderOurId,
    /// The entry stands in one of our logs and claims to stand in the other.
    LogIdLies,
    /// The checkpoint is right about the tree and signed by our other log.
    CheckpointOfOtherLog,
    /// The inclusion proof has a hash too many.
    WrongProof,
    /// The entry is of another statement by the same signer.
    EntryOfOtherStatement,
    /// The same entry stands in the bundle twice.
    EntryTwice,

    /// v1: the signed promise is over another time; v2: the timestamp is over another signature.
    WrongTime,
    /// v1: there is no signed promise; v2: there is no timestamp. Nothing tells the time.
    NoTime,
    /// The timestamp (with v1: one more than needed) is of an authority that the trusted root does not know.
    ForeignTimestamp,

    /// The payload was changed after it was signed and logged.
    TamperedPayload,
    /// The envelope says that its payload is something other than an in-toto statement.
    OtherPayloadType,
    /// A signature over the artifact itself, of the digest that the statement names first, instead of an envelope.
    MessageSignature,
    /// The bundle is of version 0.1. With v2 this is not even well-formed, since 0.1 demands a promise.
    BundleV01,
    /// The bundle is of version 0.2.
    BundleV02,
}

impl Situation {
    /// Whether it needs a certificate: a key alone cannot be in it.
    pub(crate) fn is_about_the_certificate(self) -> bool {
        use Situation::*;
        matches!(
            self,
            SignedAfterExpiry
                | NoSct
                | ForeignSct
                | ForeignAuthority
                | TwoSans
                | EmptySan
                | NoSan
                | NoIssuer
                | OtherIssuer
        )
    }

    /// All of them, the healthy one first.
    pub const ALL: [Self; 26] = [
        Self::Healthy,
        Self::SignedAfterExpiry,
        Self::NoSct,
        Self::ForeignSct,
        Self::ForeignAuthority,
        Self::TwoSans,
        Self::EmptySan,
        Self::NoSan,
        Self::NoIssuer,
        Self::OtherIssuer,
        Self::NotLogged,
        Self::ForeignLog,
        Self::ForeignLogUnderOurId,
        Self::LogIdLies,
        Self::CheckpointOfOtherLog,
        Self::WrongProof,
        Self::EntryOfOtherStatement,
        Self::EntryTwice,
        Self::WrongTime,
        Self::NoTime,
        Self::ForeignTimestamp,
        Self::TamperedPayload,
        Self::OtherPayloadType,
        Self::MessageSignature,
        Self::BundleV01,
        Self::BundleV02,
    ];
}
