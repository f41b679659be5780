//! X.509: the certificates of the authorities and of signers, built field by field.

use const_oid::ObjectIdentifier;
use const_oid::db::{rfc5280, rfc5912};
use der::asn1::{BitString, GeneralizedTime, OctetString, UtcTime};
use der::{Decode, Encode};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::certificate::{Certificate, TbsCertificate, Version};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages,
    SubjectKeyIdentifier,
};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::{Time, Validity};

use super::keys::{KeyKind, SigningKey};
use crate::DevStackError;

/// What a certificate says, before anybody signs it.
pub(crate) struct Request<'a> {
    pub(crate) subject: Name,
    pub(crate) spki: &'a [u8],
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    pub(crate) extensions: Vec<Extension>,
}

/// The certificate that signs, with its key.
pub(crate) struct Issuer<'a> {
    pub(crate) name: &'a Name,
    pub(crate) key: &'a SigningKey,
}

/// The part of a certificate that gets signed, with a fresh serial number.
pub(crate) fn to_be_signed(
    request: Request<'_>,
    issuer: &Issuer<'_>,
) -> Result<TbsCertificate, DevStackError> {
    Ok(TbsCertificate {
        version: Version::V3,
        serial_number: serial_number()?,
        signature: signature_algorithm(issuer.key.kind()),
        issuer: issuer.name.clone(),
        validity: Validity {
            not_before: time(request.not_before)?,
            not_after: time(request.not_after)?,
        },
        subject: request.subject,
        subject_public_key_info: SubjectPublicKeyInfoOwned::from_der(request.spki)
            .map_err(failed)?,
        issuer_unique_id: None,
        subject_unique_id: None,
        extensions: Some(request.extensions),
    })
}

/// Signs what `to_be_signed` made.
pub(crate) fn sign(
    tbs_certificate: TbsCertificate,
    key: &SigningKey,
) -> Result<Certificate, DevStackError> {
    let signature = key.sign(&tbs_certificate.to_der().map_err(failed)?)?;
    Ok(Certificate {
        signature_algorithm: tbs_certificate.signature.clone(),
        signature: BitString::from_bytes(&signature).map_err(failed)?,
        tbs_certificate,
    })
}

/// Extensions of a certificate authority; `path_length` is how many authorities may follow below it.
pub(crate) fn authority_extensions(
    spki: &[u8],
    issuer_spki: &[u8],
    path_length: u8,
    usage: Option<ObjectIdentifier>,
) -> Result<Vec<Extension>, DevStackError> {
    let mut extensions = vec![
        extension(
            rfc5280::ID_CE_KEY_USAGE,
            true,
            &KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign),
        )?,
        extension(
            rfc5280::ID_CE_BASIC_CONSTRAINTS,
            true,
            &BasicConstraints { ca: true, path_len_constraint: Some(path_length) },
        )?,
    ];
    if let Some(usage) = usage {
        extensions.push(extension(
            rfc5280::ID_CE_EXT_KEY_USAGE,
            false,
            &ExtendedKeyUsage(vec![usage]),
        )?);
    }
    extensions.extend(key_identifiers(spki, issuer_spki)?);
    Ok(extensions)
}

/// Extensions of a certificate that signs things: key usage, one extended usage, key identifiers.
pub(crate) fn signer_extensions(
    spki: &[u8],
    issuer_spki: &[u8],
    usage: ObjectIdentifier,
    usage_critical: bool,
) -> Result<Vec<Extension>, DevStackError> {
    let mut extensions = vec![
        extension(rfc5280::ID_CE_KEY_USAGE, true, &KeyUsage(KeyUsages::DigitalSignature.into()))?,
        extension(rfc5280::ID_CE_EXT_KEY_USAGE, usage_critical, &ExtendedKeyUsage(vec![usage]))?,
    ];
    extensions.extend(key_identifiers(spki, issuer_spki)?);
    Ok(extensions)
}

fn key_identifiers(spki: &[u8], issuer_spki: &[u8]) -> Result<[Extension; 2], DevStackError> {
    Ok([
        extension(
            rfc5280::ID_CE_SUBJECT_KEY_IDENTIFIER,
            false,
            &SubjectKeyIdentifier(key_identifier(spki)?),
        )?,
        extension(
            rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER,
            false,
            &AuthorityKeyIdentifier {
                key_identifier: Some(key_identifier(issuer_spki)?),
                ..AuthorityKeyIdentifier::default()
            },
        )?,
    ])
}

/// RFC 7093, section 2, method 1: the leftmost 160 bits of the SHA-256 of the public key.
fn key_identifier(spki: &[u8]) -> Result<OctetString, DevStackError> {
    let spki = SubjectPublicKeyInfoOwned::from_der(spki).map_err(failed)?;
    let digest = Sha256::digest(spki.subject_public_key.raw_bytes());
    OctetString::new(&digest[..20]).map_err(failed)
}

/// An extension around the DER of its value.
pub(crate) fn extension(
    extn_id: ObjectIdentifier,
    critical: bool,
    value: &impl Encode,
) -> Result<Extension, DevStackError> {
    raw_extension(extn_id, critical, value.to_der().map_err(failed)?)
}

/// An extension around bytes that need not be DER, as Fulcio's first six extensions are not.
pub(crate) fn raw_extension(
    extn_id: ObjectIdentifier,
    critical: bool,
    value: Vec<u8>,
) -> Result<Extension, DevStackError> {
    Ok(Extension { extn_id, critical, extn_value: OctetString::new(value).map_err(failed)? })
}

pub(crate) fn signature_algorithm(kind: KeyKind) -> AlgorithmIdentifierOwned {
    let oid = match kind {
        KeyKind::P256 => rfc5912::ECDSA_WITH_SHA_256,
        KeyKind::P384 => rfc5912::ECDSA_WITH_SHA_384,
        KeyKind::Ed25519 => const_oid::db::rfc8410::ID_ED_25519,
        KeyKind::Rsa2048 => rfc5912::SHA_256_WITH_RSA_ENCRYPTION,
    };
    AlgorithmIdentifierOwned { oid, parameters: None }
}

/// Twenty random bytes, positive and without a leading zero (RFC 5280, section 4.1.2.2).
fn serial_number() -> Result<SerialNumber, DevStackError> {
    let mut bytes: [u8; 20] = super::random_bytes()?;
    bytes[0] = bytes[0] & 0x7f | 0x40;
    SerialNumber::new(&bytes).map_err(failed)
}

/// UTCTime until 2049, GeneralizedTime after (RFC 5280, section 4.1.2.5).
fn time(at: Timestamp) -> Result<Time, DevStackError> {
    let since_epoch =
        std::time::Duration::from_secs(u64::try_from(at.as_second()).map_err(failed)?);
    Ok(match UtcTime::from_unix_duration(since_epoch) {
        Ok(time) => Time::UtcTime(time),
        Err(_) => {
            Time::GeneralTime(GeneralizedTime::from_unix_duration(since_epoch).map_err(failed)?)
        }
    })
}

fn failed(error: impl std::fmt::Display) -> DevStackError {
    DevStackError::mint("a certificate", error)
}
