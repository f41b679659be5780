//! What can go wrong, each with a finding code and what to do next. No error holds a credential.

use std::time::Duration;

use sealwright_policy::Code;
use thiserror::Error;

/// Why there is no usable identity token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TokenError {
    /// No place to take one from, or the place is empty.
    #[error("no identity token: {0}")]
    Missing(String),
    /// GitHub's token service did not give one.
    #[error("GitHub gave no identity token: {0}")]
    Refused(String),
    /// GitHub's token service was not to be had in time.
    #[error("GitHub's token service cannot be reached: {0}")]
    Unreachable(String),
    /// Larger than [`crate::token::TOKEN_BYTES_MAX`].
    #[error("the identity token from {origin} has more than {limit} bytes: this is no token")]
    TooLarge {
        /// Where it came from.
        origin: String,
        /// The limit.
        limit: usize,
    },
    /// Not a JSON web token.
    #[error("the identity token from {origin} cannot be read: {reason}")]
    Malformed {
        /// Where it came from.
        origin: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Its time is over.
    #[error("the identity token expired at {expired_at:.0}; it is {now:.0} now")]
    Expired {
        /// `exp`.
        expired_at: jiff::Timestamp,
        /// The time it was checked at.
        now: jiff::Timestamp,
    },
    /// Its time has not come.
    #[error(
        "the identity token is valid from {valid_from:.0}; it is {now:.0} now: is the clock right?"
    )]
    NotYetValid {
        /// `nbf`.
        valid_from: jiff::Timestamp,
        /// The time it was checked at.
        now: jiff::Timestamp,
    },
    /// Made for somebody else.
    #[error("the identity token is for the audience `{found}`, expected `{expected}`")]
    Audience {
        /// What the signing service asks for.
        expected: String,
        /// What it says.
        found: String,
    },
    /// From an issuer that the signers are not bound to.
    #[error("the identity token was issued by `{found}`, expected `{expected}`")]
    Issuer {
        /// What the policy wants.
        expected: String,
        /// What it says.
        found: String,
    },
}

impl TokenError {
    /// The finding code.
    pub fn code(&self) -> Code {
        match self {
            TokenError::Missing(_) | TokenError::Refused(_) => Code::TokenMissing,
            TokenError::Unreachable(_) => Code::SigningServiceUnavailable,
            TokenError::TooLarge { .. } | TokenError::Malformed { .. } => Code::TokenMalformed,
            TokenError::Expired { .. } | TokenError::NotYetValid { .. } => Code::TokenExpired,
            TokenError::Audience { .. } => Code::TokenAudience,
            TokenError::Issuer { .. } => Code::TokenIssuer,
        }
    }
}

/// Why there is no trusted root or signing config.
#[derive(Debug, Error)]
pub enum TrustLoadError {
    /// A file that cannot be read.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: camino::Utf8PathBuf,
        /// What the operating system says, or which limit it exceeds.
        reason: String,
    },
    /// The trusted root itself.
    #[error("{origin}: {error}")]
    Root {
        /// Where it came from.
        origin: String,
        /// What is wrong.
        error: sealwright_evidence::TrustError,
    },
    /// The signing config itself, or no service in it can be used.
    #[error("{origin}: {reason}")]
    SigningConfig {
        /// Where it came from.
        origin: String,
        /// What is wrong.
        reason: String,
    },
    /// The public instance's repository could not be asked.
    #[error(
        "the public trusted root could not be fetched: {0}; `--trust public-embedded` uses the one built in, `--trust DIR` one of your own"
    )]
    Tuf(String),
}

impl TrustLoadError {
    /// The finding code.
    pub fn code(&self) -> Code {
        match self {
            TrustLoadError::SigningConfig { .. } => Code::SigningConfigUnusable,
            _ => Code::TrustUnavailable,
        }
    }
}

/// Which service said it, or did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Fulcio.
    CertificateAuthority,
    /// Rekor.
    TransparencyLog,
    /// The RFC 3161 authority.
    TimestampAuthority,
}

impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Service::CertificateAuthority => "certificate authority",
            Service::TransparencyLog => "transparency log",
            Service::TimestampAuthority => "timestamp authority",
        })
    }
}

/// Why nothing was signed.
#[derive(Debug, Error)]
pub enum SigningError {
    /// The token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The services cannot be chosen.
    #[error(transparent)]
    Config(#[from] TrustLoadError),
    /// The HTTP client or our key could not be made.
    #[error("{0}")]
    Local(String),
    /// A service could not be reached, or was busy, until the deadline.
    #[error("the {service} at {url} was not to be had within {waited:?}: {reason}")]
    Unavailable {
        /// Which.
        service: Service,
        /// Where.
        url: String,
        /// How long it was tried.
        waited: Duration,
        /// What it said last.
        reason: String,
    },
    /// A service said no.
    #[error("the {service} at {url} refused with HTTP {status}: {reason}")]
    Refused {
        /// Which.
        service: Service,
        /// Where.
        url: String,
        /// HTTP status.
        status: u16,
        /// What it said.
        reason: String,
    },
    /// A service gave an answer that cannot be used.
    #[error("the {service} at {url} gave an answer that cannot be used: {reason}")]
    Answer {
        /// Which.
        service: Service,
        /// Where.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl SigningError {
    /// The finding code.
    pub fn code(&self) -> Code {
        match self {
            SigningError::Token(error) => error.code(),
            SigningError::Config(error) => error.code(),
            SigningError::Local(_) => Code::SigningFailed,
            SigningError::Unavailable { .. } => Code::SigningServiceUnavailable,
            SigningError::Refused { .. } => Code::SigningServiceRefused,
            SigningError::Answer { .. } => Code::SigningServiceAnswer,
        }
    }

    /// Whether a log said that it holds this entry already.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, SigningError::Refused { status: 409, .. })
    }

    /// The same without a credential that the service may have repeated.
    pub(crate) fn without(mut self, secret: &str) -> SigningError {
        if let SigningError::Unavailable { reason, .. }
        | SigningError::Refused { reason, .. }
        | SigningError::Answer { reason, .. } = &mut self
        {
            *reason = reason.replace(secret, "***");
        }
        self
    }

    /// Whether the same again might succeed.
    pub fn retryable(&self) -> bool {
        matches!(self, SigningError::Unavailable { .. })
    }
}
