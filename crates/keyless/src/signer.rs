//! Signing: one key and one certificate for all statements of one publication; entries and
//! timestamps submitted side by side.
//!
//! What a crash leaves behind: entries in the log that nobody refers to. Harmless; signing again
//! makes new ones.

use std::time::Duration;

use futures::future::try_join_all;
use sealwright_evidence::statement::PAYLOAD_TYPE;
use sealwright_policy::Claims;
use sigstore_bundle::BundleV03;
use sigstore_crypto::KeyPair;
use sigstore_types::dsse::{DsseSignature, pae};
use sigstore_types::{DerCertificate, DsseEnvelope, KeyId, PayloadBytes};
use tokio::time::Instant;

use crate::error::{Service, SigningError};
use crate::http::{Attempt, HttpOptions, Request, Transport};
use crate::signing_config::{Services, SigningConfig};
use crate::token::Token;
use crate::{SIGSTORE_AUDIENCE, fulcio, quote, rekor, timestamp};

/// Times a statement is signed anew when a log says that it has the entry already: it took our
/// entry and the answer got lost. A new signature is a new entry.
const CONFLICTS_COUNT_MAX: usize = 3;

/// Signs statements with a key that never leaves the process and is forgotten afterwards.
#[derive(Debug)]
pub struct Signer {
    services: Services,
    token: Token,
    transport: Transport,
}

/// A bundle as it will be attached, and what is worth knowing about it.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedBundle {
    /// The exact bytes of the bundle, version 0.3.
    pub bytes: Vec<u8>,
    /// Index of the (first) log entry.
    pub log_index: u64,
    /// Kind and version of the (first) log entry, such as `dsse 0.0.1`.
    pub log_kind: String,
    /// What the certificate says.
    pub certificate_claims: Claims,
}

impl std::fmt::Debug for SignedBundle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedBundle")
            .field("bytes", &self.bytes.len())
            .field("log_index", &self.log_index)
            .field("log_kind", &self.log_kind)
            .finish_non_exhaustive()
    }
}

impl Signer {
    /// A signer for one publication. The token is checked, and the services are chosen, before
    /// anything is sent.
    ///
    /// # Errors
    /// The token may not be used now, no services can be chosen, or no HTTP client can be made.
    pub fn new(
        config: SigningConfig,
        token: Token,
        http: HttpOptions,
    ) -> Result<Signer, SigningError> {
        let now = jiff::Timestamp::now();
        token.check(SIGSTORE_AUDIENCE, None, now)?;
        let services = config.services(now)?;
        let transport = Transport::new(&http).map_err(SigningError::Local)?;
        Ok(Signer { services, token, transport })
    }

    /// The services that will be asked.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Signs in-toto statements, given as exact bytes; one bundle each, in their order.
    ///
    /// # Errors
    /// Any of them could not be signed, logged or stamped: then there is none.
    pub async fn sign(&self, statements: &[Vec<u8>]) -> Result<Vec<SignedBundle>, SigningError> {
        if statements.is_empty() {
            return Ok(Vec::new());
        }
        let session = Session::new(self.transport.clone());
        let key = KeyPair::generate_ecdsa_p256()
            .map_err(|error| SigningError::Local(error.to_string()))?;
        let authority = &self.services.certificate_authority;
        let certificate =
            fulcio::request_certificate(&session, authority, &self.token, &key).await?;
        let claims =
            sealwright_evidence::certificate::claims(certificate.as_bytes()).map_err(|error| {
                session.at(Service::CertificateAuthority, authority).unusable(error.to_string())
            })?;
        let holder = Holder { session: &session, key: &key, certificate: &certificate };
        try_join_all(statements.iter().map(|statement| self.sign_one(&holder, statement, &claims)))
            .await
    }

    async fn sign_one(
        &self,
        holder: &Holder<'_>,
        statement: &[u8],
        claims: &Claims,
    ) -> Result<SignedBundle, SigningError> {
        let mut conflicts = 0;
        loop {
            match self.sign_once(holder, statement, claims).await {
                Err(error) if error.is_conflict() && conflicts < CONFLICTS_COUNT_MAX => {
                    conflicts += 1;
                }
                answer => return answer,
            }
        }
    }

    async fn sign_once(
        &self,
        holder: &Holder<'_>,
        statement: &[u8],
        claims: &Claims,
    ) -> Result<SignedBundle, SigningError> {
        let envelope = holder.envelope(statement)?;
        let (session, signature) = (holder.session, &envelope.signature.sig);
        let entries = self.services.logs.iter().map(|url| {
            let version = self.services.log_version;
            rekor::log_envelope(session, url, version, &envelope, holder.certificate)
        });
        let stamps = self
            .services
            .timestamp_authorities
            .iter()
            .map(|url| timestamp::stamp(session, url, signature));
        let (entries, stamps) =
            futures::future::try_join(try_join_all(entries), try_join_all(stamps)).await?;

        let (log_index, log_kind) = match entries.first() {
            Some(entry) => {
                let kind = entry.kind_version;
                (entry.log_index.get(), format!("{} {}", kind.kind(), kind.version()))
            }
            None => return Err(SigningError::Local("no transparency log was chosen".to_owned())),
        };
        let bundle =
            BundleV03::with_certificate_and_dsse(holder.certificate.clone(), envelope.clone());
        let bundle = entries.into_iter().fold(bundle, BundleV03::with_tlog_entry);
        let bundle = stamps.into_iter().fold(bundle, BundleV03::with_rfc3161_timestamp);
        let json = bundle.into_bundle().to_json();
        let bytes = json.map_err(|error| SigningError::Local(error.to_string()))?.into_bytes();
        Ok(SignedBundle { bytes, log_index, log_kind, certificate_claims: claims.clone() })
    }
}

/// Who signs: the key and the certificate that says whose it is.
struct Holder<'a> {
    session: &'a Session,
    key: &'a KeyPair,
    certificate: &'a DerCertificate,
}

impl Holder<'_> {
    /// DSSE, protocol: the signature is over the pre-authentication encoding.
    fn envelope(&self, statement: &[u8]) -> Result<DsseEnvelope, SigningError> {
        let signature = self
            .key
            .sign(&pae(PAYLOAD_TYPE, statement))
            .map_err(|error| SigningError::Local(error.to_string()))?;
        Ok(DsseEnvelope::new(
            PAYLOAD_TYPE,
            PayloadBytes::from_bytes(statement),
            DsseSignature::new(signature, KeyId::default()),
        ))
    }
}

/// One signing: a deadline that all its requests share.
#[derive(Debug)]
pub(crate) struct Session {
    transport: Transport,
    began: Instant,
    until: Instant,
}

/// One service within a session.
pub(crate) struct ServiceAt<'a> {
    session: &'a Session,
    service: Service,
    url: &'a str,
}

impl Session {
    pub(crate) fn new(transport: Transport) -> Session {
        let until = transport.until();
        Session { transport, began: Instant::now(), until }
    }

    pub(crate) fn at<'a>(&'a self, service: Service, url: &'a str) -> ServiceAt<'a> {
        ServiceAt { session: self, service, url }
    }
}

impl ServiceAt<'_> {
    pub(crate) async fn ask(&self, request: &Request) -> Result<Vec<u8>, SigningError> {
        let (service, url) = (self.service, self.url.to_owned());
        match self.session.transport.ask(request, self.session.until).await {
            Attempt::Answered(body) => Ok(body),
            Attempt::Refused { status, reason } => {
                Err(SigningError::Refused { service, url, status, reason })
            }
            Attempt::Unavailable { reason, .. } => {
                let waited = Duration::from_millis(self.session.began.elapsed().as_millis() as u64);
                Err(SigningError::Unavailable { service, url, waited, reason })
            }
            Attempt::Unusable { reason } => Err(self.unusable(reason)),
        }
    }

    pub(crate) fn unusable(&self, reason: String) -> SigningError {
        let (service, url) = (self.service, self.url.to_owned());
        SigningError::Answer { service, url, reason: quote(&reason) }
    }
}
