//! The timestamp authority: RFC 3161 over HTTP, tokens as CMS SignedData.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911;
use const_oid::db::rfc5912::{ID_SHA_256, ID_SHA_384, ID_SHA_512};
use der::asn1::{GeneralizedTime, Int, OctetString, SetOfVec, UtcTime};
use der::{Any, Decode, Encode, Sequence};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use spki::AlgorithmIdentifierOwned;
use x509_cert::attr::Attribute;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::Time;
use x509_tsp::{MessageImprint, TimeStampReq, TspVersion, TstInfo};

use super::World;
use super::authority::{Authority, pem};
use super::certificate::signature_algorithm;
use crate::DevStackError;

/// The policy of Sigstore's timestamp authority.
const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.2");
/// The content type of what a token states (RFC 3161, section 2.4.2).
const TST_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
const GRANTED: u8 = 0;

/// RFC 3161, section 2.4.2; the crate's own type needs one more crate for the status.
#[derive(Sequence)]
struct TimeStampResp {
    status: PkiStatusInfo,
    #[asn1(optional = "true")]
    time_stamp_token: Option<ContentInfo>,
}

#[derive(Sequence)]
struct PkiStatusInfo {
    status: u8,
}

/// RFC 5035: which certificate signed, inside what it signed.
#[derive(Sequence)]
struct SigningCertificateV2 {
    certs: Vec<EssCertIdV2>,
}

#[derive(Sequence)]
struct EssCertIdV2 {
    /// SHA-256, which is the default and therefore not named.
    cert_hash: OctetString,
    issuer_serial: IssuerSerial,
}

#[derive(Sequence)]
struct IssuerSerial {
    issuer: Vec<GeneralName>,
    serial_number: SerialNumber,
}

/// A token for a digest of SHA-256, inside a response that grants it.
pub(crate) fn timestamp(
    digest: &[u8],
    authority: &Authority,
    at: Timestamp,
) -> Result<Vec<u8>, DevStackError> {
    let request = TimeStampReq {
        version: TspVersion::V1,
        message_imprint: MessageImprint {
            hash_algorithm: AlgorithmIdentifierOwned { oid: ID_SHA_256, parameters: None },
            hashed_message: OctetString::new(digest).map_err(failed)?,
        },
        req_policy: None,
        nonce: None,
        cert_req: false,
        extensions: None,
    };
    respond(request, authority, at)
}

fn respond(
    request: TimeStampReq,
    authority: &Authority,
    at: Timestamp,
) -> Result<Vec<u8>, DevStackError> {
    let with_certificate = request.cert_req;
    let stated = TstInfo {
        version: TspVersion::V1,
        policy: POLICY,
        message_imprint: request.message_imprint,
        serial_number: Int::new(&positive_serial()?).map_err(failed)?,
        gen_time: GeneralizedTime::from_unix_duration(since_epoch(at)?).map_err(failed)?,
        accuracy: None,
        ordering: false,
        nonce: request.nonce,
        tsa: None,
        extensions: None,
    };
    let token = sign(&stated.to_der().map_err(failed)?, authority, with_certificate, at)?;
    let response =
        TimeStampResp { status: PkiStatusInfo { status: GRANTED }, time_stamp_token: Some(token) };
    response.to_der().map_err(failed)
}

/// CMS SignedData around what is stated (RFC 5652, section 5; RFC 3161, section 2.4.2).
fn sign(
    stated: &[u8],
    authority: &Authority,
    with_certificate: bool,
    at: Timestamp,
) -> Result<ContentInfo, DevStackError> {
    let signer = &authority.issuing;
    let certificate = &signer.certificate.tbs_certificate;
    let sha256 = AlgorithmIdentifierOwned { oid: ID_SHA_256, parameters: None };
    let attributes = signed_attributes(stated, authority, at)?;
    // The signature is over the set as such, not over its implicitly tagged form (section 5.4).
    let signature = signer.key.sign(&attributes.to_der().map_err(failed)?)?;
    let signer_info = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: certificate.issuer.clone(),
            serial_number: certificate.serial_number.clone(),
        }),
        digest_alg: sha256.clone(),
        signed_attrs: Some(attributes),
        signature_algorithm: signature_algorithm(signer.key.kind()),
        signature: OctetString::new(signature).map_err(failed)?,
        unsigned_attrs: None,
    };
    let certificates = with_certificate
        .then(|| {
            SetOfVec::try_from(vec![CertificateChoices::Certificate(signer.certificate.clone())])
                .map(CertificateSet)
        })
        .transpose()
        .map_err(failed)?;
    let octets = OctetString::new(stated).and_then(|octets| octets.to_der()).map_err(failed)?;
    let signed = SignedData {
        version: CmsVersion::V3,
        digest_algorithms: SetOfVec::try_from(vec![sha256]).map_err(failed)?,
        encap_content_info: EncapsulatedContentInfo {
            econtent_type: TST_INFO,
            econtent: Some(Any::from_der(&octets).map_err(failed)?),
        },
        certificates,
        crls: None,
        signer_infos: SignerInfos(SetOfVec::try_from(vec![signer_info]).map_err(failed)?),
    };
    let content = Any::from_der(&signed.to_der().map_err(failed)?).map_err(failed)?;
    Ok(ContentInfo { content_type: rfc5911::ID_SIGNED_DATA, content })
}

fn signed_attributes(
    stated: &[u8],
    authority: &Authority,
    at: Timestamp,
) -> Result<SetOfVec<Attribute>, DevStackError> {
    let time = Time::UtcTime(UtcTime::from_unix_duration(since_epoch(at)?).map_err(failed)?);
    let digest = OctetString::new(Sha256::digest(stated).as_slice()).map_err(failed)?;
    SetOfVec::try_from(vec![
        attribute(rfc5911::ID_CONTENT_TYPE, &TST_INFO)?,
        attribute(rfc5911::ID_SIGNING_TIME, &time)?,
        attribute(rfc5911::ID_MESSAGE_DIGEST, &digest)?,
        attribute(rfc5911::ID_AA_SIGNING_CERTIFICATE_V_2, &signing_certificate(authority)?)?,
    ])
    .map_err(failed)
}

fn signing_certificate(authority: &Authority) -> Result<SigningCertificateV2, DevStackError> {
    let certificate = &authority.issuing.certificate;
    let hash = Sha256::digest(certificate.to_der().map_err(failed)?);
    Ok(SigningCertificateV2 {
        certs: vec![EssCertIdV2 {
            cert_hash: OctetString::new(hash.as_slice()).map_err(failed)?,
            issuer_serial: IssuerSerial {
                issuer: vec![GeneralName::DirectoryName(
                    certificate.tbs_certificate.issuer.clone(),
                )],
                serial_number: certificate.tbs_certificate.serial_number.clone(),
            },
        }],
    })
}

fn attribute(oid: ObjectIdentifier, value: &impl Encode) -> Result<Attribute, DevStackError> {
    let value = value.to_der().and_then(|der| Any::from_der(&der)).map_err(failed)?;
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![value]).map_err(failed)? })
}

fn positive_serial() -> Result<[u8; 16], DevStackError> {
    let mut serial: [u8; 16] = super::random_bytes()?;
    serial[0] = serial[0] & 0x7f | 0x40;
    Ok(serial)
}

fn since_epoch(at: Timestamp) -> Result<std::time::Duration, DevStackError> {
    Ok(std::time::Duration::from_secs(u64::try_from(at.as_second()).map_err(failed)?))
}

fn failed(error: impl std::fmt::Display) -> DevStackError {
    DevStackError::mint("a timestamp", error)
}

pub(crate) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/api/v1/timestamp", post(create_timestamp))
        .route("/api/v1/timestamp/certchain", get(certificate_chain))
}

async fn create_timestamp(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let request = match TimeStampReq::from_der(&body) {
        Ok(request) => request,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    if let Err(problem) = check_imprint(&request.message_imprint) {
        return (StatusCode::BAD_REQUEST, problem).into_response();
    }
    match respond(request, &world.ours.timestamps, Timestamp::now()) {
        Ok(token) => {
            (StatusCode::CREATED, [(header::CONTENT_TYPE, "application/timestamp-reply")], token)
                .into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn check_imprint(imprint: &MessageImprint) -> Result<(), String> {
    let expected = match imprint.hash_algorithm.oid {
        ID_SHA_256 => 32,
        ID_SHA_384 => 48,
        ID_SHA_512 => 64,
        other => return Err(format!("digests of algorithm {other} are not served")),
    };
    let found = imprint.hashed_message.as_bytes().len();
    if found != expected {
        return Err(format!("the digest has {found} bytes, expected {expected}"));
    }
    Ok(())
}

async fn certificate_chain(State(world): State<Arc<World>>) -> Response {
    let [leaf, root] = world.ours.timestamps.chain();
    match pem(leaf).and_then(|leaf| Ok(leaf + &pem(root)?)) {
        Ok(chain) => {
            ([(header::CONTENT_TYPE, "application/pem-certificate-chain")], chain).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
