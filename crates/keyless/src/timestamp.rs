//! RFC 3161 timestamps over a signature.

use cms::signed_data::SignedData;
use const_oid::db::rfc5912::ID_SHA_256;
use der::asn1::{Int, OctetString, Uint};
use der::{Decode as _, Encode as _};
use sigstore_types::{SignatureBytes, TimestampToken};
use x509_tsp::{MessageImprint, TimeStampReq, TimeStampResp, TspVersion, TstInfo};

use crate::error::{Service, SigningError};
use crate::http::Request;
use crate::signer::Session;

/// Bytes of the answer: a token with the authority's certificates, 2 to 6 KiB in practice.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Has the signature stamped, and checks that the stamp is over it and new. That the authority is
/// a trusted one is the judge's work.
pub(crate) async fn stamp(
    session: &Session,
    url: &str,
    signature: &SignatureBytes,
) -> Result<TimestampToken, SigningError> {
    let service = session.at(Service::TimestampAuthority, url);
    let question = question(signature).map_err(|error| SigningError::Local(error.to_string()))?;
    let body = question.to_der().map_err(|error| SigningError::Local(error.to_string()))?;
    let request =
        Request::post(url.to_owned(), "application/timestamp-query", body, ANSWER_BYTES_MAX);
    let answer = service.ask(&request).await?;
    check(&question, &answer).map_err(|reason| service.unusable(reason))?;
    Ok(TimestampToken::new(answer))
}

fn question(signature: &SignatureBytes) -> der::Result<TimeStampReq> {
    let digest = sigstore_crypto::sha256(signature.as_bytes());
    Ok(TimeStampReq {
        version: TspVersion::V1,
        message_imprint: MessageImprint {
            hash_algorithm: spki_algorithm(),
            hashed_message: OctetString::new(digest.as_bytes().to_vec())?,
        },
        req_policy: None,
        nonce: Some(nonce()?),
        cert_req: true,
        extensions: None,
    })
}

fn spki_algorithm() -> cms::cert::x509::spki::AlgorithmIdentifierOwned {
    cms::cert::x509::spki::AlgorithmIdentifierOwned { oid: ID_SHA_256, parameters: None }
}

/// A number that no earlier answer can carry.
fn nonce() -> der::Result<Int> {
    let mut bytes = [0; 8];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| der::ErrorKind::Failed)?;
    Ok(Int::from(Uint::new(&bytes)?))
}

/// RFC 3161, section 2.4.2: status granted, the imprint and the nonce of the question.
fn check(question: &TimeStampReq, answer: &[u8]) -> Result<(), String> {
    let unreadable = |error: der::Error| format!("not a timestamp response: {error}");
    let response = TimeStampResp::from_der(answer).map_err(unreadable)?;
    let token = response.time_stamp_token.ok_or("the authority did not grant a timestamp")?;
    let signed: SignedData = token.content.decode_as().map_err(unreadable)?;
    let content = signed.encap_content_info.econtent.ok_or("the timestamp has no content")?;
    let octets: OctetString = content.decode_as().map_err(unreadable)?;
    let info = TstInfo::from_der(octets.as_bytes()).map_err(unreadable)?;
    let (asked, given) = (&question.message_imprint, &info.message_imprint);
    if given.hash_algorithm.oid != asked.hash_algorithm.oid
        || given.hashed_message != asked.hashed_message
    {
        return Err("the timestamp is over something else".to_owned());
    }
    if info.nonce != question.nonce {
        return Err("the timestamp answers another question (nonce)".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_has_a_nonce_of_its_own() {
        let signature = SignatureBytes::from_bytes(b"signature");
        let (one, two) = (question(&signature).unwrap(), question(&signature).unwrap());
        assert_ne!(one.nonce, two.nonce);
        assert_eq!(one.message_imprint, two.message_imprint);
        let other = question(&SignatureBytes::from_bytes(b"other")).unwrap();
        assert_ne!(one.message_imprint, other.message_imprint);
    }

    #[test]
    fn what_is_no_timestamp_is_refused() {
        let question = question(&SignatureBytes::from_bytes(b"signature")).unwrap();
        let rejected = [0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02];
        for (answer, expected) in [
            (&b""[..], "not a timestamp"),
            (b"<html>", "not a timestamp"),
            (&rejected, "did not grant"),
        ] {
            let reason = check(&question, answer).unwrap_err();
            assert!(reason.contains(expected), "{answer:?}: {reason}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_answer_breaks_the_reader(answer in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
            let question = question(&SignatureBytes::from_bytes(b"signature")).unwrap();
            proptest::prop_assert!(check(&question, &answer).is_err());
        }
    }
}
