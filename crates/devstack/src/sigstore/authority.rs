//! The certificate authorities: a root and an intermediate for signers, a root and a leaf for timestamps.

use std::fs;

use camino::Utf8Path;
use const_oid::db::rfc5280::{ID_KP_CODE_SIGNING, ID_KP_TIME_STAMPING};
use der::pem::LineEnding;
use der::{DecodePem, Encode, EncodePem};
use jiff::{Span, Timestamp};
use x509_cert::certificate::Certificate;
use x509_cert::name::Name;

use super::certificate::{self, Issuer, Request, authority_extensions, signer_extensions};
use super::keys::{KeyKind, SigningKey, write_private};
use crate::DevStackError;

/// Who the authorities say they are; shown in every certificate and in the trusted root.
pub(crate) const ORGANISATION: &str = "sealwright-devstack";

/// Before its making an authority is valid this long, so that tests can mint evidence of the past.
const BACKDATED_HOURS: i64 = 365 * 24;
/// After its making an authority is valid this long: a state folder does not outlive ten years.
const VALID_HOURS: i64 = 10 * 365 * 24;

/// A certificate with its private key.
pub(crate) struct Identity {
    pub(crate) certificate: Certificate,
    pub(crate) key: SigningKey,
}

/// A root and what it vouches for: the intermediate that signs certificates, or the leaf that signs timestamps.
pub(crate) struct Authority {
    pub(crate) root: Identity,
    pub(crate) issuing: Identity,
}

impl Authority {
    /// The authority of signing certificates, shaped like public Fulcio: two P-384 keys.
    pub(crate) fn of_signers(
        folder: Option<&Utf8Path>,
        now: Timestamp,
    ) -> Result<Self, DevStackError> {
        let root = root(folder, "fulcio-root", "sealwright-devstack", 1, now)?;
        let key = SigningKey::load_or_create(folder, "fulcio-intermediate.key", KeyKind::P384)?;
        let extensions =
            authority_extensions(key.spki(), root.key.spki(), 0, Some(ID_KP_CODE_SIGNING))?;
        let certificate = load_or_issue(folder, "fulcio-intermediate", &key, || {
            issue("sealwright-devstack-intermediate", &key, extensions, &root, now)
        })?;
        Ok(Self { root, issuing: Identity { certificate, key } })
    }

    /// The authority of timestamps: a P-384 root, a P-256 leaf that may do nothing but timestamps.
    pub(crate) fn of_timestamps(
        folder: Option<&Utf8Path>,
        now: Timestamp,
    ) -> Result<Self, DevStackError> {
        let root = root(folder, "timestamp-root", "sealwright-devstack-timestamp-root", 0, now)?;
        let key = SigningKey::load_or_create(folder, "timestamp.key", KeyKind::P256)?;
        let extensions = signer_extensions(key.spki(), root.key.spki(), ID_KP_TIME_STAMPING, true)?;
        let certificate = load_or_issue(folder, "timestamp", &key, || {
            issue("sealwright-devstack-timestamp", &key, extensions, &root, now)
        })?;
        Ok(Self { root, issuing: Identity { certificate, key } })
    }

    /// The issuing certificate, then the root.
    pub(crate) fn chain(&self) -> [&Certificate; 2] {
        [&self.issuing.certificate, &self.root.certificate]
    }

    /// Since when anything of this authority may count.
    pub(crate) fn valid_from(&self) -> Timestamp {
        let not_before = self.root.certificate.tbs_certificate.validity.not_before;
        Timestamp::from_second(not_before.to_unix_duration().as_secs() as i64)
            .unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

fn root(
    folder: Option<&Utf8Path>,
    file: &str,
    common_name: &str,
    path_length: u8,
    now: Timestamp,
) -> Result<Identity, DevStackError> {
    let key = SigningKey::load_or_create(folder, &format!("{file}.key"), KeyKind::P384)?;
    let certificate = load_or_issue(folder, file, &key, || {
        let request = Request {
            subject: name(common_name)?,
            spki: key.spki(),
            not_before: shifted(now, -BACKDATED_HOURS)?,
            not_after: shifted(now, VALID_HOURS)?,
            extensions: authority_extensions(key.spki(), key.spki(), path_length, None)?,
        };
        let itself = Issuer { name: &name(common_name)?, key: &key };
        certificate::sign(certificate::to_be_signed(request, &itself)?, &key)
    })?;
    Ok(Identity { certificate, key })
}

fn issue(
    common_name: &str,
    key: &SigningKey,
    extensions: Vec<x509_cert::ext::Extension>,
    root: &Identity,
    now: Timestamp,
) -> Result<Certificate, DevStackError> {
    let request = Request {
        subject: name(common_name)?,
        spki: key.spki(),
        not_before: shifted(now, -BACKDATED_HOURS)?,
        not_after: shifted(now, VALID_HOURS)?,
        extensions,
    };
    let issuer = Issuer { name: &root.certificate.tbs_certificate.subject, key: &root.key };
    certificate::sign(certificate::to_be_signed(request, &issuer)?, &root.key)
}

/// Reads `folder/file.crt` if it belongs to the key, else issues the certificate and keeps it.
///
/// A crash between key and certificate leaves a key alone; the next start issues for that key.
fn load_or_issue(
    folder: Option<&Utf8Path>,
    file: &str,
    key: &SigningKey,
    issue: impl FnOnce() -> Result<Certificate, DevStackError>,
) -> Result<Certificate, DevStackError> {
    let Some(path) = folder.map(|folder| folder.join(format!("{file}.crt"))) else {
        return issue();
    };
    if let Ok(pem) = fs::read(&path) {
        let certificate = Certificate::from_pem(&pem).map_err(|error| DevStackError::Damaged {
            path: path.clone(),
            detail: error.to_string(),
        })?;
        let spki = certificate.tbs_certificate.subject_public_key_info.to_der();
        return match spki {
            Ok(spki) if spki == key.spki() => Ok(certificate),
            _ => Err(DevStackError::Damaged {
                path,
                detail: "the certificate is of another key than the one beside it".to_owned(),
            }),
        };
    }
    let certificate = issue()?;
    write_private(&path, pem(&certificate)?.as_bytes())?;
    Ok(certificate)
}

/// A certificate as PEM, with a line feed at the end.
pub(crate) fn pem(certificate: &Certificate) -> Result<String, DevStackError> {
    certificate.to_pem(LineEnding::LF).map_err(|error| DevStackError::mint("a PEM block", error))
}

fn name(common_name: &str) -> Result<Name, DevStackError> {
    use std::str::FromStr;
    // The string form of RFC 4514 lists the innermost name first.
    Name::from_str(&format!("CN={common_name},O={ORGANISATION}"))
        .map_err(|error| DevStackError::mint("a name", error))
}

fn shifted(at: Timestamp, hours: i64) -> Result<Timestamp, DevStackError> {
    at.checked_add(Span::new().hours(hours))
        .map_err(|error| DevStackError::mint("a validity", error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sigstore::keys::verifies;

    #[test]
    fn each_chain_is_signed_from_its_root_and_survives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let now = Timestamp::now();
        type Make = fn(Option<&Utf8Path>, Timestamp) -> Result<Authority, DevStackError>;
        let makers: [(Make, KeyKind); 2] =
            [(Authority::of_signers, KeyKind::P384), (Authority::of_timestamps, KeyKind::P256)];
        for (make, kind) in makers {
            let authority = make(Some(folder), now).unwrap();
            assert_eq!(authority.issuing.key.kind(), kind);
            let [issuing, root] = authority.chain();
            for certificate in [issuing, root] {
                let signed = certificate.tbs_certificate.to_der().unwrap();
                let signature = certificate.signature.raw_bytes();
                let by = authority.root.key.public_bits();
                assert!(verifies(KeyKind::P384, by, &signed, signature));
            }
            let again = make(Some(folder), now).unwrap();
            assert_eq!(again.chain(), authority.chain());
        }
    }

    #[test]
    fn a_certificate_of_another_key_is_damage_and_not_silently_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        Authority::of_timestamps(Some(folder), Timestamp::now()).unwrap();
        fs::remove_file(folder.join("timestamp.key.pem")).unwrap();
        let error = Authority::of_timestamps(Some(folder), Timestamp::now()).err().unwrap();
        assert!(error.to_string().contains("timestamp.crt is damaged"), "{error}");
    }
}
