//! One certificate for one key: the certificate authority's v2 API, `POST /api/v2/signingCert`.

use serde::{Deserialize, Serialize};
use sigstore_crypto::KeyPair;
use sigstore_crypto::x509::parse_certificate_info;
use sigstore_types::DerCertificate;

use crate::error::{Service, SigningError};
use crate::http::Request;
use crate::signer::Session;
use crate::token::Token;

/// Bytes of the answer: a leaf and a few authorities, 4 KiB in practice.
const ANSWER_BYTES_MAX: usize = 256 << 10;

/// Asks for a certificate for `key` and checks that it is one for `key`. That it chains to a
/// trusted root is the judge's work, who has one.
pub(crate) async fn request_certificate(
    session: &Session,
    base_url: &str,
    token: &Token,
    key: &KeyPair,
) -> Result<DerCertificate, SigningError> {
    let service = session.at(Service::CertificateAuthority, base_url);
    let local = |error: sigstore_crypto::Error| SigningError::Local(error.to_string());
    let public_key = key.public_key_der().map_err(local)?;
    let proof = key.sign(token.claims().challenge().as_bytes()).map_err(local)?;
    let question = Question {
        credentials: Credentials { oidc_identity_token: token.reveal() },
        public_key_request: PublicKeyRequest {
            public_key: PublicKey { algorithm: "ECDSA", content: public_key.to_pem() },
            proof_of_possession: proof.to_base64(),
        },
    };
    let body = serde_json::to_vec(&question).map_err(|e| SigningError::Local(e.to_string()))?;
    let url = format!("{base_url}/api/v2/signingCert");
    let request = Request::post(url, "application/json", body, ANSWER_BYTES_MAX).confidential();
    let answer = service.ask(&request).await.map_err(|error| error.without(token.reveal()))?;
    let certificate = leaf(&answer).map_err(|reason| service.unusable(reason))?;
    let certified = parse_certificate_info(&certificate)
        .map_err(|error| service.unusable(error.to_string()))?;
    if certified.public_key != public_key {
        return Err(service.unusable("the certificate is for another key than ours".to_owned()));
    }
    Ok(certificate)
}

fn leaf(answer: &[u8]) -> Result<DerCertificate, String> {
    let answer: Answer = serde_json::from_slice(answer)
        .map_err(|error| format!("not the JSON of a certificate: {error}"))?;
    let chain = match answer {
        Answer { signed_certificate_embedded_sct: Some(with_sct), .. } => with_sct.chain,
        Answer { signed_certificate_detached_sct: Some(_), .. } => {
            return Err("the certificate's log promise (SCT) is detached, and a bundle v0.3 \
                        has no place for it"
                .to_owned());
        }
        _ => return Err("no certificate in it".to_owned()),
    };
    let pem = chain.certificates.first().ok_or("an empty certificate chain")?;
    DerCertificate::from_pem(pem).map_err(|error| format!("its certificate is not PEM: {error}"))
}

// Not `Debug`: the first holds the token.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Question<'a> {
    credentials: Credentials<'a>,
    public_key_request: PublicKeyRequest,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Credentials<'a> {
    oidc_identity_token: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PublicKeyRequest {
    public_key: PublicKey,
    proof_of_possession: String,
}

#[derive(Serialize)]
struct PublicKey {
    algorithm: &'static str,
    content: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    signed_certificate_embedded_sct: Option<WithChain>,
    signed_certificate_detached_sct: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct WithChain {
    chain: Chain,
}

#[derive(Deserialize)]
struct Chain {
    certificates: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_certificate_with_its_promise_inside_is_taken() {
        for (answer, expected) in [
            ("<html>", "not the JSON"),
            ("{}", "no certificate"),
            (r#"{"signedCertificateEmbeddedSct":{"chain":{"certificates":[]}}}"#, "empty"),
            (r#"{"signedCertificateEmbeddedSct":{"chain":{"certificates":["x"]}}}"#, "not PEM"),
            (r#"{"signedCertificateEmbeddedSct":{}}"#, "not the JSON"),
            (r#"{"signedCertificateDetachedSct":{"chain":{}}}"#, "detached"),
        ] {
            let reason = leaf(answer.as_bytes()).unwrap_err();
            assert!(reason.contains(expected), "{answer}: {reason}");
        }
    }
}
