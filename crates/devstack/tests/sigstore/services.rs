//! What no client crate asks for, asked for by hand: the rarer requests, and requests that are wrong.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use cms::content_info::ContentInfo;
use cms::signed_data::SignedData;
use const_oid::db::rfc5912::{ID_SHA_1, ID_SHA_256, ID_SHA_384};
use der::asn1::{BitString, Int, OctetString};
use der::{Decode, Encode, EncodePem};
use reqwest::StatusCode;
use sealwright_devstack::sigstore::{LogVersion, Mint, Sigstore, TokenRequest};
use serde_json::{Value, json};
use sigstore_crypto::KeyPair;
use sigstore_types::{Bundle, DerCertificate};
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::request::{CertReq, CertReqInfo, Version};
use x509_tsp::{MessageImprint, TimeStampReq, TimeStampResp, TspVersion, TstInfo};

use crate::world::{sigstore, statement};

fn client() -> reqwest::Client {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    reqwest::Client::new()
}

async fn post(url: &str, body: &Value) -> (StatusCode, Value) {
    let answer = client().post(url).json(body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

fn question(algorithm: const_oid::ObjectIdentifier, digest: &[u8], cert_req: bool) -> TimeStampReq {
    TimeStampReq {
        version: TspVersion::V1,
        message_imprint: MessageImprint {
            hash_algorithm: AlgorithmIdentifierOwned { oid: algorithm, parameters: None },
            hashed_message: OctetString::new(digest).unwrap(),
        },
        req_policy: None,
        nonce: Some(Int::new(&[0x11, 0x22, 0x33]).unwrap()),
        cert_req,
        extensions: None,
    }
}

#[tokio::test]
async fn a_timestamp_repeats_what_was_asked_and_brings_the_certificate_when_asked() {
    let sigstore = sigstore();
    for (algorithm, digest, cert_req) in
        [(ID_SHA_256, vec![7; 32], true), (ID_SHA_384, vec![8; 48], false)]
    {
        let asked = question(algorithm, &digest, cert_req);
        let body = asked.to_der().unwrap();
        let answer = client().post(sigstore.timestamp_url()).body(body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        assert_eq!(answer.headers()["content-type"], "application/timestamp-reply");
        let answer = answer.bytes().await.unwrap();
        let token: ContentInfo =
            TimeStampResp::from_der(&answer).unwrap().time_stamp_token.unwrap();
        let signed: SignedData = token.content.decode_as().unwrap();
        assert_eq!(signed.certificates.is_some(), cert_req);
        let stated = signed.encap_content_info.econtent.unwrap();
        let stated = TstInfo::from_der(stated.value()).unwrap();
        assert_eq!(stated.message_imprint, asked.message_imprint);
        assert_eq!(stated.nonce, asked.nonce);
    }
}

#[tokio::test]
async fn a_timestamp_request_that_is_wrong_is_refused() {
    let sigstore = sigstore();
    let cases = [
        (b"not DER".to_vec(), "garbage"),
        (Vec::new(), "nothing"),
        (question(ID_SHA_1, &[7; 20], false).to_der().unwrap(), "a digest that nobody should use"),
        (question(ID_SHA_256, &[7; 31], false).to_der().unwrap(), "a digest too short"),
    ];
    for (body, reason) in cases {
        let answer = client().post(sigstore.timestamp_url()).body(body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{reason}");
    }
}

/// A PKCS#10 request for a key, signed by a key.
fn signing_request(key: &KeyPair, signer: &KeyPair) -> String {
    let public_key = key.public_key_der().unwrap();
    let info = CertReqInfo {
        version: Version::V1,
        subject: Default::default(),
        public_key: SubjectPublicKeyInfoOwned::from_der(public_key.as_bytes()).unwrap(),
        attributes: Default::default(),
    };
    let signature = signer.sign(&info.to_der().unwrap()).unwrap();
    let oid = const_oid::db::rfc5912::ECDSA_WITH_SHA_256;
    let request = CertReq {
        info,
        algorithm: AlgorithmIdentifierOwned { oid, parameters: None },
        signature: BitString::from_bytes(signature.as_bytes()).unwrap(),
    };
    BASE64.encode(request.to_pem(der::pem::LineEnding::LF).unwrap())
}

#[tokio::test]
async fn a_signing_request_proves_possession_by_its_own_signature() {
    let sigstore = sigstore();
    let url = format!("{}/api/v2/signingCert", sigstore.fulcio_url());
    let (key, other) =
        (KeyPair::generate_ecdsa_p256().unwrap(), KeyPair::generate_ecdsa_p256().unwrap());
    let token = sigstore.token(&TokenRequest::default()).unwrap();
    let body = |request: String| json!({"credentials": {"oidcIdentityToken": token}, "certificateSigningRequest": request});
    let (status, answer) = post(&url, &body(signing_request(&key, &key))).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let chain = &answer["signedCertificateEmbeddedSct"]["chain"]["certificates"];
    let leaf = DerCertificate::from_pem(chain[0].as_str().unwrap()).unwrap();
    let leaf = sigstore_crypto::parse_certificate_info(&leaf).unwrap();
    assert_eq!(leaf.public_key, key.public_key_der().unwrap());

    let not_pem = BASE64.encode("request");
    for (request, complaint) in [
        (signing_request(&key, &other), "is not signed by its key"),
        (not_pem, "is not PEM"),
        ("?".to_owned(), "is not base64"),
    ] {
        let (status, answer) = post(&url, &body(request)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(answer["message"].as_str().unwrap().contains(complaint), "{answer}");
    }
    let (status, answer) = post(&url, &json!({"credentials": {"oidcIdentityToken": token}})).await;
    assert_eq!((status, &answer["code"]), (StatusCode::BAD_REQUEST, &json!(3)));
    let (status, answer) = post(&url, &json!({})).await;
    assert_eq!((status, &answer["code"]), (StatusCode::UNAUTHORIZED, &json!(16)));
}

#[tokio::test]
async fn rekor_v2_takes_an_envelope_and_gives_its_tiles() {
    let sigstore = sigstore();
    let bundle: Value =
        serde_json::from_slice(&sigstore.mint(&Mint::new(statement())).unwrap()).unwrap();
    let verifier = json!({
        "keyDetails": "PKIX_ECDSA_P256_SHA_256",
        "x509Certificate": bundle["verificationMaterial"]["certificate"],
    });
    let url = format!("{}/api/v2/log/entries", sigstore.rekor_v2_url());
    let request = |verifiers: Value| json!({"dsseRequestV002": {"envelope": bundle["dsseEnvelope"], "verifiers": verifiers}});
    let (status, entry) = post(&url, &request(json!([verifier]))).await;
    assert_eq!(status, StatusCode::CREATED, "{entry}");
    assert_eq!(entry["kindVersion"], json!({"kind": "dsse", "version": "0.0.2"}));
    assert_eq!(entry["logIndex"], "1");

    let mut wrong = verifier.clone();
    wrong["keyDetails"] = json!("PKIX_ED25519");
    for (verifiers, complaint) in [
        (json!([]), "expected one verifier, found 0"),
        (json!([wrong]), "the key is PKIX_ECDSA_P256_SHA_256"),
    ] {
        let (status, answer) = post(&url, &request(verifiers)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(answer["message"].as_str().unwrap().contains(complaint), "{answer}");
    }

    let tile = |path: &str| format!("{}/api/v2/tile/{path}", sigstore.rekor_v2_url());
    let leaves = client().get(tile("0/000.p/2")).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(leaves.len(), 64);
    let beyond = client().get(tile("0/000.p/3")).send().await.unwrap();
    assert_eq!(beyond.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn rekor_v1_finds_what_it_has_and_nothing_else() {
    let sigstore = sigstore();
    for _ in 0..3 {
        sigstore.mint(&Mint::new(statement()).log(LogVersion::V1)).unwrap();
    }
    let base = format!("{}/api/v1/log", sigstore.rekor_v1_url());
    let info: Value = client().get(&base).send().await.unwrap().json().await.unwrap();
    assert_eq!(info["treeSize"], 3);

    let search = format!("{base}/entries/retrieve");
    let (status, found) = post(&search, &json!({"logIndexes": [2, 0, 7]})).await;
    assert_eq!(status, StatusCode::OK);
    let found = found.as_array().unwrap().clone();
    let index =
        |entry: &Value| entry.as_object().unwrap().values().next().unwrap()["logIndex"].clone();
    assert_eq!(found.iter().map(index).collect::<Vec<_>>(), [2, 0]);
    let uuid = found[0].as_object().unwrap().keys().next().unwrap();
    let (_, again) = post(&search, &json!({"entryUUIDs": [uuid, "0123", "é"]})).await;
    assert_eq!(again.as_array().unwrap().len(), 1);
    let (status, _) = post(&search, &json!({"logIndexes": vec![0; 11]})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);

    for unknown in ["entries?logIndex=3", "entries/00ff", "entries/%C3%A9"] {
        let answer = client().get(format!("{base}/{unknown}")).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{unknown}");
    }
    let key = client().get(format!("{base}/publicKey")).send().await.unwrap().text().await.unwrap();
    assert!(key.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{key}");
    let (status, answer) = post(&format!("{base}/entries"), &json!({"kind": "rpm"})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
}

#[tokio::test]
async fn authorities_show_the_chains_that_the_trusted_root_has() {
    let sigstore = sigstore();
    let root = crate::world::trusted_root(&sigstore);
    let pem = |certificate: &DerCertificate| certificate.to_pem().replace(['\r', '\n'], "");
    let (signers, timestamps) = (&root.certificate_authorities[0], &root.timestamp_authorities[0]);
    let signers: String =
        signers.cert_chain.certificates.iter().map(|one| pem(&one.raw_bytes)).collect();
    let timestamps: String =
        timestamps.cert_chain.certificates.iter().map(|one| pem(&one.raw_bytes)).collect();
    let text = async |path: &str| {
        let url = format!("{}{path}", sigstore.fulcio_url());
        client().get(url).send().await.unwrap().text().await.unwrap()
    };
    assert_eq!(text("/api/v1/timestamp/certchain").await.replace('\n', ""), timestamps);
    assert_eq!(text("/api/v1/rootCert").await.replace('\n', ""), signers);
    let bundle: Value = serde_json::from_str(&text("/api/v2/trustBundle").await).unwrap();
    assert_eq!(bundle["chains"][0]["certificates"].as_array().unwrap().len(), 2);
    let configuration: Value = serde_json::from_str(&text("/api/v2/configuration").await).unwrap();
    assert_eq!(configuration["issuers"][0]["issuerUrl"], sigstore.issuer_url());
}

#[test]
fn a_second_process_does_not_get_the_folder() {
    use sealwright_devstack::{DevStackError, sigstore::SigstoreOptions};
    let folder = tempfile::tempdir().unwrap();
    let state = camino::Utf8Path::from_path(folder.path()).unwrap().join("state");
    let first = Sigstore::start(SigstoreOptions::at(state.clone(), None)).unwrap();
    let second = Sigstore::start(SigstoreOptions::at(state.clone(), None));
    assert!(matches!(second.err(), Some(DevStackError::InUse { .. })));
    drop(first);
    Sigstore::start(SigstoreOptions::at(state, None)).expect("the folder is free again");
}

#[test]
fn minting_wants_a_digest_only_where_it_signs_one() {
    use sealwright_devstack::sigstore::Situation;
    let sigstore = sigstore();
    let odd = Mint::new("[]");
    assert!(Bundle::from_json(std::str::from_utf8(&sigstore.mint(&odd).unwrap()).unwrap()).is_ok());
    let error = sigstore.mint(&odd.situation(Situation::MessageSignature)).unwrap_err();
    assert_eq!(error.to_string(), "cannot make a bundle: the statement names no sha256 digest");
}
