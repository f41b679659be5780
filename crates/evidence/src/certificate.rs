//! What a Fulcio certificate says about its holder. Read, not verified: [`crate::crypto`] does
//! that.
//!
//! Sources: <https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md> and
//! <https://github.com/sigstore/fulcio/blob/main/docs/certificate-specification.md>.

use std::collections::BTreeSet;

use const_oid::ObjectIdentifier;
use der::Decode as _;
use der::asn1::Utf8StringRef;
use jiff::Timestamp;
use sealwright_policy::Claims;
use x509_cert::Certificate;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::{GeneralName, OtherName};

use crate::limits::{
    CERTIFICATE_BYTES_MAX, CERTIFICATE_EXTENSIONS_COUNT_MAX, CERTIFICATE_NAMES_COUNT_MAX,
};

/// The arc of Fulcio's extensions.
const FULCIO_ARC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1");
/// Subject alternative names (RFC 5280, section 4.2.1.6).
const SUBJECT_ALT_NAME: ObjectIdentifier = const_oid::db::rfc5280::ID_CE_SUBJECT_ALT_NAME;
/// Type of the `otherName` in which Fulcio puts a user name that is neither e-mail nor URI.
const OTHER_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.7");

/// Why a certificate cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not the DER of an X.509 certificate, or a part of it is malformed.
    #[error("the certificate cannot be read: {0}")]
    Malformed(String),
    /// More than a limit in [`crate::limits`].
    #[error("the certificate has {count} {what}, more than {max}")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// How much.
        count: usize,
        /// The limit.
        max: usize,
    },
    /// RFC 5280 section 4.2 allows each extension once; readers differ in which one they take.
    #[error("the certificate has extension {0} twice")]
    Twice(String),
    /// The deprecated and the current issuer extension disagree; readers differ in which one they
    /// take.
    #[error("the certificate names two issuers, `{0}` (.1.1) and `{1}` (.1.8)")]
    TwoIssuers(String, String),
}

/// What a leaf certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// About its holder.
    pub claims: Claims,
    /// First moment at which it may be used.
    pub not_before: Timestamp,
    /// Last moment.
    pub not_after: Timestamp,
}

/// What the certificate of these DER bytes says about its holder: every subject alternative name,
/// every extension of Fulcio's arc. Nothing is verified.
///
/// # Errors
/// What cannot be read in only one way is an error, not an absence.
pub fn claims(der: &[u8]) -> Result<Claims, CertificateError> {
    read(der).map(|leaf| leaf.claims)
}

/// The same, with the time window.
///
/// # Errors
/// As for [`claims`].
pub fn read(der: &[u8]) -> Result<Leaf, CertificateError> {
    at_most("bytes", der.len(), CERTIFICATE_BYTES_MAX)?;
    let certificate = Certificate::from_der(der).map_err(malformed)?.tbs_certificate;
    let extensions = certificate.extensions.as_deref().unwrap_or_default();
    at_most("extensions", extensions.len(), CERTIFICATE_EXTENSIONS_COUNT_MAX)?;
    each_once(extensions)?;
    Ok(Leaf {
        claims: claims_of(extensions)?,
        not_before: moment(certificate.validity.not_before)?,
        not_after: moment(certificate.validity.not_after)?,
    })
}

fn at_most(what: &'static str, count: usize, max: usize) -> Result<(), CertificateError> {
    if count > max { Err(CertificateError::TooMuch { what, count, max }) } else { Ok(()) }
}

fn malformed(error: impl std::fmt::Display) -> CertificateError {
    CertificateError::Malformed(error.to_string())
}

fn moment(time: x509_cert::time::Time) -> Result<Timestamp, CertificateError> {
    Timestamp::try_from(time.to_system_time()).map_err(malformed)
}

fn each_once(extensions: &[Extension]) -> Result<(), CertificateError> {
    let mut seen = BTreeSet::new();
    match extensions.iter().find(|extension| !seen.insert(extension.extn_id)) {
        Some(twice) => Err(CertificateError::Twice(twice.extn_id.to_string())),
        None => Ok(()),
    }
}

fn claims_of(extensions: &[Extension]) -> Result<Claims, CertificateError> {
    let mut claims = Claims::default();
    let mut deprecated_issuer = None;
    for extension in extensions {
        let value = extension.extn_value.as_bytes();
        if extension.extn_id == SUBJECT_ALT_NAME {
            claims.sans = names(value)?;
        } else if let Some(number) = number_in_arc(&extension.extn_id) {
            match (number, field(&mut claims, number)) {
                (1, _) => deprecated_issuer = Some(lenient_text(value)),
                (_, Some(field)) => *field = Some(utf8_string(&extension.extn_id, value)?),
                (_, None) => {
                    claims.other.insert(extension.extn_id.to_string(), lenient_text(value));
                }
            }
        }
    }
    claims.issuer = one_issuer(deprecated_issuer, claims.issuer)?;
    Ok(claims)
}

/// The number of an extension directly in Fulcio's arc; 0, which is none, where it is deeper or
/// above 127, and so encoded in more than one byte.
fn number_in_arc(id: &ObjectIdentifier) -> Option<u8> {
    match id.as_bytes().strip_prefix(FULCIO_ARC.as_bytes())? {
        [] => None,
        [number] => Some(*number),
        _ => Some(0),
    }
}

/// Where the value of extension `.1.<number>` goes: those that hold a DER UTF8String.
fn field(claims: &mut Claims, number: u8) -> Option<&mut Option<String>> {
    Some(match number {
        8 => &mut claims.issuer,
        9 => &mut claims.build_signer_uri,
        10 => &mut claims.build_signer_digest,
        11 => &mut claims.runner_environment,
        12 => &mut claims.source_repository_uri,
        13 => &mut claims.source_repository_digest,
        14 => &mut claims.source_repository_ref,
        15 => &mut claims.source_repository_identifier,
        16 => &mut claims.source_repository_owner_uri,
        17 => &mut claims.source_repository_owner_identifier,
        18 => &mut claims.build_config_uri,
        19 => &mut claims.build_config_digest,
        20 => &mut claims.build_trigger,
        21 => &mut claims.run_invocation_uri,
        22 => &mut claims.source_repository_visibility_at_signing,
        23 => &mut claims.deployment_environment,
        _ => return None,
    })
}

fn one_issuer(
    deprecated: Option<String>,
    current: Option<String>,
) -> Result<Option<String>, CertificateError> {
    match (deprecated, current) {
        (Some(old), Some(new)) if old != new => {
            Err(CertificateError::TwoIssuers(crate::quote(&old), crate::quote(&new)))
        }
        (old, new) => Ok(new.or(old)),
    }
}

fn utf8_string(id: &ObjectIdentifier, value: &[u8]) -> Result<String, CertificateError> {
    Utf8StringRef::from_der(value)
        .map(|text| text.as_str().to_owned())
        .map_err(|e| malformed(format_args!("extension {id} is not a UTF8String: {e}")))
}

/// The value of an extension whose encoding is not fixed: the deprecated ones hold bare text, and
/// what comes in future will hold a UTF8String; anything else is shown in hex.
fn lenient_text(value: &[u8]) -> String {
    if let Ok(text) = Utf8StringRef::from_der(value) {
        return text.as_str().to_owned();
    }
    match std::str::from_utf8(value) {
        Ok(text) if !text.contains(char::is_control) => text.to_owned(),
        _ => hex::encode(value),
    }
}

/// Every name, in the order of the certificate. A kind that Fulcio never writes is listed too,
/// with the kind before it: it must neither match a pattern nor be overlooked.
fn names(value: &[u8]) -> Result<Vec<String>, CertificateError> {
    let names = SubjectAltName::from_der(value).map_err(malformed)?.0;
    at_most("subject alternative names", names.len(), CERTIFICATE_NAMES_COUNT_MAX)?;
    names.iter().map(name).collect()
}

fn name(name: &GeneralName) -> Result<String, CertificateError> {
    Ok(match name {
        GeneralName::Rfc822Name(email) => email.as_str().to_owned(),
        GeneralName::UniformResourceIdentifier(uri) => uri.as_str().to_owned(),
        GeneralName::OtherName(OtherName { type_id, value }) if *type_id == OTHER_NAME => {
            value.decode_as::<Utf8StringRef<'_>>().map_err(malformed)?.as_str().to_owned()
        }
        GeneralName::OtherName(other) => format!("otherName {}", other.type_id),
        GeneralName::DnsName(dns) => format!("dNSName {}", dns.as_str()),
        GeneralName::DirectoryName(directory) => format!("directoryName {directory}"),
        GeneralName::EdiPartyName(_) => "ediPartyName".to_owned(),
        GeneralName::IpAddress(address) => format!("iPAddress {}", hex::encode(address.as_bytes())),
        GeneralName::RegisteredId(id) => format!("registeredID {id}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use der::asn1::{Ia5String, OctetString, Utf8StringRef};
    use der::{Any, Encode as _};

    fn extension(id: &str, value: &[u8]) -> Extension {
        let extn_value = OctetString::new(value).unwrap();
        Extension { extn_id: ObjectIdentifier::new_unwrap(id), critical: false, extn_value }
    }

    fn text(id: &str, value: &str) -> Extension {
        extension(id, &Utf8StringRef::new(value).unwrap().to_der().unwrap())
    }

    fn sans(names: Vec<GeneralName>) -> Extension {
        extension("2.5.29.17", &SubjectAltName(names).to_der().unwrap())
    }

    fn uri(text: &str) -> GeneralName {
        GeneralName::UniformResourceIdentifier(Ia5String::new(text).unwrap())
    }

    fn email(text: &str) -> GeneralName {
        GeneralName::Rfc822Name(Ia5String::new(text).unwrap())
    }

    fn other_name(id: &str, text: &str) -> GeneralName {
        let value = Any::encode_from(&Utf8StringRef::new(text).unwrap()).unwrap();
        GeneralName::OtherName(OtherName { type_id: ObjectIdentifier::new_unwrap(id), value })
    }

    #[test]
    fn every_name_is_listed_in_order() {
        let dns = GeneralName::DnsName(Ia5String::new("acme.example").unwrap());
        let names = vec![
            uri("https://github.com/acme/platform"),
            email("me@acme.example"),
            other_name("1.3.6.1.4.1.57264.1.7", "acme!user"),
            other_name("1.2.3.4", "hidden"),
            dns,
            uri(""),
        ];
        let claims = claims_of(&[sans(names)]).unwrap();
        assert_eq!(
            claims.sans,
            [
                "https://github.com/acme/platform",
                "me@acme.example",
                "acme!user",
                "otherName 1.2.3.4",
                "dNSName acme.example",
                "",
            ]
        );
        assert_eq!(claims_of(&[]).unwrap(), Claims::default(), "no extension, no claim");
    }

    #[test]
    fn the_current_extensions_are_der_and_the_deprecated_ones_bare_text() {
        let arc = |number: u16| format!("{FULCIO_ARC}.{number}");
        let mut extensions: Vec<Extension> =
            (9..=23).map(|number| text(&arc(number), &format!("value {number}"))).collect();
        extensions.push(text(&arc(8), "https://issuer.example"));
        extensions.push(extension(&arc(1), b"https://issuer.example"));
        extensions.push(extension(&arc(2), b"push"));
        extensions.push(text(&arc(24), "repo:acme/platform"));
        extensions.push(extension(&arc(99), b"\x02\x01\x07"));
        extensions.push(text(&arc(300), "far"));
        extensions.push(text(&format!("{}.1", arc(8)), "deep"));
        extensions.push(text("1.3.6.1.4.1.57264.2.1", "another arc"));
        let claims = claims_of(&extensions).unwrap();
        assert_eq!(claims.issuer.as_deref(), Some("https://issuer.example"));
        assert_eq!(claims.build_signer_uri.as_deref(), Some("value 9"));
        assert_eq!(claims.source_repository_uri.as_deref(), Some("value 12"));
        assert_eq!(claims.deployment_environment.as_deref(), Some("value 23"));
        let other: Vec<(&str, &str)> =
            claims.other.iter().map(|(id, value)| (id.as_str(), value.as_str())).collect();
        assert_eq!(
            other,
            [
                ("1.3.6.1.4.1.57264.1.2", "push"),
                ("1.3.6.1.4.1.57264.1.24", "repo:acme/platform"),
                ("1.3.6.1.4.1.57264.1.300", "far"),
                ("1.3.6.1.4.1.57264.1.8.1", "deep"),
                ("1.3.6.1.4.1.57264.1.99", "020107"),
            ]
        );
    }

    #[test]
    fn an_issuer_is_one_or_an_error() {
        let (old, new) = (format!("{FULCIO_ARC}.1"), format!("{FULCIO_ARC}.8"));
        let issuer = |extensions: &[Extension]| claims_of(extensions).map(|claims| claims.issuer);
        let a = || Some("https://a".to_owned());
        assert_eq!(issuer(&[extension(&old, b"https://a")]), Ok(a()), "the deprecated one alone");
        assert_eq!(issuer(&[text(&new, "https://a")]), Ok(a()), "the current one alone");
        assert!(
            matches!(
                issuer(&[extension(&old, b"https://a"), text(&new, "https://b")]),
                Err(CertificateError::TwoIssuers(..))
            ),
            "two that differ"
        );
        assert!(
            matches!(
                issuer(&[extension(&new, b"https://a"), extension(&old, b"https://a")]),
                Err(CertificateError::Malformed(_))
            ),
            "a malformed one is not absent"
        );
    }

    #[test]
    fn what_has_two_readings_or_no_end_is_refused() {
        let twice = [sans(vec![uri("https://a")]), sans(vec![uri("https://b")])];
        assert!(matches!(each_once(&twice), Err(CertificateError::Twice(_))));
        assert!(each_once(&[text("1.2.3", "a"), text("1.2.4", "a")]).is_ok());
        let many = sans(vec![uri("https://a"); CERTIFICATE_NAMES_COUNT_MAX + 1]);
        assert!(matches!(claims_of(&[many]), Err(CertificateError::TooMuch { .. })));
        let huge = vec![0x30; CERTIFICATE_BYTES_MAX + 1];
        assert!(matches!(claims(&huge), Err(CertificateError::TooMuch { .. })));
        for der in [&b""[..], b"\x30\x00", b"not DER"] {
            assert!(matches!(claims(der), Err(CertificateError::Malformed(_))));
        }
    }
}
