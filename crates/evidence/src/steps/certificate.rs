//! Certificates: the path to an authority at a given time, and the certificate timestamps.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::ID_KP_CODE_SIGNING;
use der::asn1::OctetString;
use der::{Decode as _, Encode as _};
use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, UnixTime};
use sigstore_crypto::{SigningScheme, VerificationKey, WEBPKI_VERIFICATION_ALGS};
use sigstore_types::SignatureBytes;
use webpki::{EndEntityCert, KeyUsage};
use x509_cert::Certificate;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use crate::TrustedRoot;

/// The list of certificate timestamps in a certificate (RFC 6962, section 3.3).
const CERTIFICATE_TIMESTAMPS: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.11129.2.4.2");
/// `precert_entry` of RFC 6962, section 3.1.
const PRECERTIFICATE: u16 = 1;

/// A path from a certificate to a trusted authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// SubjectPublicKeyInfo of who issued the certificate, in DER.
    issuer_key: Vec<u8>,
}

/// The path of a certificate for signing code at this time; `None` when there is none.
pub fn chain_at(certificate: &[u8], time: Timestamp, root: &TrustedRoot) -> Option<Chain> {
    let leaf = CertificateDer::from(certificate);
    let leaf = EndEntityCert::try_from(&leaf).ok()?;
    let seconds = u64::try_from(time.as_second()).ok()?;
    let time_of_day = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
    root.contents().certificate_authorities.iter().find_map(|authority| {
        if authority.valid_for.is_some_and(|window| !window.contains(time)) {
            return None;
        }
        let mut between: Vec<CertificateDer<'_>> = authority
            .cert_chain
            .certificates
            .iter()
            .map(|one| CertificateDer::from(one.raw_bytes.as_bytes()))
            .collect();
        let anchor = between.pop()?;
        let anchors = [webpki::anchor_from_trusted_cert(&anchor).ok()?];
        let usage = KeyUsage::required(ID_KP_CODE_SIGNING.as_bytes());
        let path = leaf
            .verify_for_usage(
                WEBPKI_VERIFICATION_ALGS,
                &anchors,
                &between,
                time_of_day,
                usage,
                None,
                None,
            )
            .ok()?;
        let issuer_key = match path.intermediate_certificates().next() {
            Some(issuer) => issuer.subject_public_key_info().as_ref().to_vec(),
            None => {
                let anchor = Certificate::from_der(&anchor).ok()?;
                anchor.tbs_certificate.subject_public_key_info.to_der().ok()?
            }
        };
        Some(Chain { issuer_key })
    })
}

/// How many logs of certificates in the trusted root vouch for this one; `None` when it carries no
/// certificate timestamp at all.
pub fn logged_certificates_count(
    certificate: &[u8],
    chain: &Chain,
    root: &TrustedRoot,
) -> Option<usize> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let extensions = certificate.tbs_certificate.extensions.as_deref().unwrap_or_default();
    let list = extensions.iter().find(|one| one.extn_id == CERTIFICATE_TIMESTAMPS)?;
    let list = OctetString::from_der(list.extn_value.as_bytes()).ok()?;
    let signed = precertificate(&certificate)?;
    let mut logs: Vec<[u8; 32]> = certificate_timestamps(list.as_bytes())
        .filter(|one| one.holds(&signed, chain, root))
        .map(|one| one.log)
        .collect();
    logs.sort_unstable();
    logs.dedup();
    Some(logs.len())
}

/// What the log signed: the certificate without the list.
fn precertificate(certificate: &Certificate) -> Option<Vec<u8>> {
    let mut signed = certificate.tbs_certificate.clone();
    if let Some(extensions) = &mut signed.extensions {
        extensions.retain(|one| one.extn_id != CERTIFICATE_TIMESTAMPS);
    }
    signed.to_der().ok()
}

struct CertificateTimestamp<'a> {
    log: [u8; 32],
    milliseconds: u64,
    extensions: &'a [u8],
    /// Hash 4 is SHA-256; algorithm 3 is ECDSA, 1 is RSA (RFC 5246, section 7.4.1.4.1).
    algorithm: [u8; 2],
    signature: &'a [u8],
}

impl CertificateTimestamp<'_> {
    fn holds(&self, certificate: &[u8], chain: &Chain, root: &TrustedRoot) -> bool {
        let logs = &root.contents().ctlogs;
        let Some(log) = logs.iter().find(|log| log.log_id.key_id.as_bytes() == self.log) else {
            return false;
        };
        let time = i64::try_from(self.milliseconds)
            .ok()
            .and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let in_window = |time| log.public_key.valid_for.is_none_or(|window| window.contains(time));
        if !time.is_some_and(in_window) {
            return false;
        }
        let key = &log.public_key.raw_bytes;
        let key = match self.algorithm {
            [4, 1] => VerificationKey::from_der(key, SigningScheme::RsaPkcs1Sha256),
            _ => VerificationKey::from_spki(key),
        };
        let signature = SignatureBytes::new(self.signature.to_vec());
        let signed = self.signed(certificate, chain);
        key.is_ok_and(|key| signed.is_some_and(|bytes| key.verify(bytes, &signature).is_ok()))
    }

    /// `digitally-signed` of RFC 6962, section 3.2.
    fn signed(&self, certificate: &[u8], chain: &Chain) -> Option<Vec<u8>> {
        let mut bytes = vec![0, 0];
        bytes.extend(self.milliseconds.to_be_bytes());
        bytes.extend(PRECERTIFICATE.to_be_bytes());
        bytes.extend(sigstore_crypto::sha256(&chain.issuer_key).as_bytes());
        bytes.extend(&u32::try_from(certificate.len()).ok()?.to_be_bytes()[1..]);
        bytes.extend(certificate);
        bytes.extend(u16::try_from(self.extensions.len()).ok()?.to_be_bytes());
        bytes.extend(self.extensions);
        Some(bytes)
    }
}

/// The certificate timestamps in a list, as far as they can be read.
fn certificate_timestamps(list: &[u8]) -> impl Iterator<Item = CertificateTimestamp<'_>> {
    let mut rest = prefixed(list).map_or(&[][..], |(list, _)| list);
    std::iter::from_fn(move || {
        let (one, after) = prefixed(rest)?;
        rest = after;
        Some(certificate_timestamp(one))
    })
    .flatten()
}

fn certificate_timestamp(bytes: &[u8]) -> Option<CertificateTimestamp<'_>> {
    let (version, rest) = bytes.split_first()?;
    let (log, rest) = rest.split_first_chunk::<32>()?;
    let (milliseconds, rest) = rest.split_first_chunk::<8>()?;
    let (extensions, rest) = prefixed(rest)?;
    let (algorithm, rest) = rest.split_first_chunk::<2>()?;
    let (signature, rest) = prefixed(rest)?;
    (*version == 0 && rest.is_empty()).then_some(CertificateTimestamp {
        log: *log,
        milliseconds: u64::from_be_bytes(*milliseconds),
        extensions,
        algorithm: *algorithm,
        signature,
    })
}

/// Bytes after their length in two bytes, and what follows.
fn prefixed(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

/// DER of the first certificate in some PEM text.
pub fn leaf_of_pem(pem: &str) -> Option<Vec<u8>> {
    super::key::pem_block(pem.as_bytes())
        .and_then(|(_, der)| Certificate::from_der(&der).is_ok().then_some(der))
}

/// The subject alternative names in the order in which Go's libraries list them: DNS names, mail
/// addresses, IP addresses, URIs, and the name of Fulcio's `otherName`. The first element is what
/// sigstore-go takes for the one name: a URI before a mail address before the other name.
pub fn names_as_go(certificate: &[u8]) -> Option<(Option<String>, Vec<String>)> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let extensions = certificate.tbs_certificate.extensions.as_deref().unwrap_or_default();
    let Some(names) =
        extensions.iter().find(|one| one.extn_id == const_oid::db::rfc5280::ID_CE_SUBJECT_ALT_NAME)
    else {
        return Some((None, vec![]));
    };
    let names = SubjectAltName::from_der(names.extn_value.as_bytes()).ok()?.0;
    let of = |kind: fn(&GeneralName) -> Option<String>| -> Vec<String> {
        names.iter().filter_map(kind).collect()
    };
    let dns = of(|name| match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
        _ => None,
    });
    let mail = of(|name| match name {
        GeneralName::Rfc822Name(name) => Some(name.as_str().to_owned()),
        _ => None,
    });
    let uris = of(|name| match name {
        GeneralName::UniformResourceIdentifier(name) => Some(name.as_str().to_owned()),
        _ => None,
    });
    let others = of(|name| match name {
        GeneralName::OtherName(other) => other
            .value
            .decode_as::<der::asn1::Utf8StringRef<'_>>()
            .ok()
            .map(|text| text.as_str().to_owned()),
        _ => None,
    });
    let other = (others.len() == 1).then(|| others[0].clone());
    let one = uris.first().or(mail.first()).cloned().filter(|name| !name.is_empty());
    let one = one.or_else(|| other.clone()).filter(|name| !name.is_empty());
    let mut all = dns;
    all.extend(mail);
    all.extend(uris);
    all.extend(other.filter(|name| !name.is_empty()));
    Some((one, all))
}

/// First and last moment at which the certificate may be used.
pub fn certificate_window(certificate: &[u8]) -> Option<(Timestamp, Timestamp)> {
    let window = Certificate::from_der(certificate).ok()?.tbs_certificate.validity;
    let moment = |time: x509_cert::time::Time| Timestamp::try_from(time.to_system_time()).ok();
    Some((moment(window.not_before)?, moment(window.not_after)?))
}

/// The OIDC issuer, as Go's libraries read it: of the deprecated and the current extension the one
/// that stands last.
pub fn issuer_as_go(certificate: &[u8]) -> Option<String> {
    const DEPRECATED: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.1");
    const CURRENT: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.8");
    let certificate = Certificate::from_der(certificate).ok()?;
    let extensions = certificate.tbs_certificate.extensions.as_deref().unwrap_or_default();
    extensions.iter().rev().find_map(|one| match one.extn_id {
        DEPRECATED => Some(String::from_utf8_lossy(one.extn_value.as_bytes()).into_owned()),
        CURRENT => {
            let text = der::asn1::Utf8StringRef::from_der(one.extn_value.as_bytes()).ok()?;
            Some(text.as_str().to_owned())
        }
        _ => None,
    })
}

/// The certificate as PEM, in lines of 64 characters.
pub fn certificate_pem(certificate: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(certificate);
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for at in (0..text.len()).step_by(64) {
        pem += &text[at..text.len().min(at + 64)];
        pem.push('\n');
    }
    pem + "-----END CERTIFICATE-----\n"
}
