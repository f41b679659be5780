//! The certificate of a signer, as Fulcio issues it: ten minutes, no subject, the identity as alternative name.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{ID_CE_SUBJECT_ALT_NAME, ID_KP_CODE_SIGNING};
use der::asn1::Ia5String;
use jiff::{SignedDuration, Timestamp};
use x509_cert::certificate::Certificate;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

use super::authority::Authority;
use super::certificate::{self, Issuer, Request, extension, raw_extension, signer_extensions};
use super::claims::GithubClaims;
use super::ct::embedded_sct;
use super::keys::SigningKey;
use crate::DevStackError;

/// How long a signer's certificate is valid, as at public Fulcio.
pub(crate) const VALIDITY: SignedDuration = SignedDuration::from_mins(10);

/// Fulcio's arc of extensions.
const FULCIO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1");

/// What to certify.
pub(crate) struct Certified {
    /// The alternative names; Fulcio writes exactly one.
    pub(crate) sans: Vec<String>,
    /// Fulcio's first six extensions, bare bytes.
    pub(crate) bare: Vec<(u32, String)>,
    /// Fulcio's further extensions, DER strings.
    pub(crate) strings: Vec<(u32, String)>,
}

impl Certified {
    /// What Fulcio certifies for a run on GitHub.
    pub(crate) fn of_claims(claims: &GithubClaims, issuer: &str) -> Self {
        Self {
            sans: vec![claims.san()],
            bare: claims.bare_extensions(issuer).into(),
            strings: claims.extensions(issuer).into(),
        }
    }
}

/// Issues a certificate from `at` on; with the key of a CT log it embeds that log's SCT.
pub(crate) fn issue(
    certified: &Certified,
    spki: &[u8],
    authority: &Authority,
    ct_log: Option<&SigningKey>,
    at: Timestamp,
) -> Result<Certificate, DevStackError> {
    let issuing = &authority.issuing;
    let mut extensions = signer_extensions(spki, issuing.key.spki(), ID_KP_CODE_SIGNING, false)?;
    extensions.extend(alternative_names(&certified.sans)?);
    for (number, value) in &certified.bare {
        extensions.push(raw_extension(fulcio(*number)?, false, value.clone().into_bytes())?);
    }
    for (number, value) in &certified.strings {
        extensions.push(extension(fulcio(*number)?, false, value)?);
    }
    let request = Request {
        subject: Name::default(),
        spki,
        not_before: at,
        not_after: at
            .checked_add(VALIDITY)
            .map_err(|error| DevStackError::mint("a validity", error))?,
        extensions,
    };
    let issuer = Issuer { name: &issuing.certificate.tbs_certificate.subject, key: &issuing.key };
    let mut certificate = certificate::to_be_signed(request, &issuer)?;
    if let Some(log) = ct_log {
        let sct = embedded_sct(&certificate, issuing.key.spki(), log, at)?;
        certificate.extensions.get_or_insert_default().push(sct);
    }
    certificate::sign(certificate, &issuing.key)
}

/// The extension of alternative names, critical because there is no subject (RFC 5280, section 4.2.1.6).
fn alternative_names(sans: &[String]) -> Result<Option<Extension>, DevStackError> {
    if sans.is_empty() {
        return Ok(None);
    }
    let names = sans
        .iter()
        .map(|san| Ia5String::new(san).map(general_name(san)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| DevStackError::mint("an alternative name", error))?;
    extension(ID_CE_SUBJECT_ALT_NAME, true, &SubjectAltName(names)).map(Some)
}

/// Fulcio writes people's e-mail addresses as such, and everything else as a URI.
fn general_name(san: &str) -> fn(Ia5String) -> GeneralName {
    if san.contains('@') && !san.contains("://") {
        GeneralName::Rfc822Name
    } else {
        GeneralName::UniformResourceIdentifier
    }
}

fn fulcio(number: u32) -> Result<ObjectIdentifier, DevStackError> {
    FULCIO.push_arc(number).map_err(|error| DevStackError::mint("an extension", error))
}
