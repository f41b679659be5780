//! The clients that sign with Sigstore, against ours: what they get back makes a bundle that verifies.

use sealwright_devstack::sigstore::{Sigstore, TokenFault, TokenRequest};
use serde_json::{Value, json};
use sigstore_crypto::KeyPair;
use sigstore_fulcio::{FulcioClient, SigningCertificate};
use sigstore_oidc::IdentityToken;
use sigstore_rekor::{DsseEntry, HashedRekordV2, RekorClient, RekorV2Client, RekorV2KeyDetails};
use sigstore_trust_root::SigningConfig;
use sigstore_tsa::TimestampClient;
use sigstore_types::{DerCertificate, DsseEnvelope, DsseSignature, KindVersion, SignatureBytes};

use crate::world::{sigstore, statement, verify};

fn tls() {
    // Plain http all the way, but the client's constructor wants a provider.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

async fn certificate(sigstore: &Sigstore, key: &KeyPair) -> DerCertificate {
    let token =
        IdentityToken::from_jwt(&sigstore.token(&TokenRequest::default()).unwrap()).unwrap();
    let fulcio = FulcioClient::new(sigstore.fulcio_url()).unwrap();
    match fulcio.create_signing_certificate(&token, key).await.unwrap() {
        SigningCertificate::EmbeddedSct { chain } => chain[0].clone(),
        other => panic!("expected an embedded SCT, found {other:?}"),
    }
}

/// The statement in an envelope, with the bytes that were signed and the signature.
fn signed(key: &KeyPair) -> (DsseEnvelope, Vec<u8>, SignatureBytes) {
    let statement = statement();
    let pae = sigstore_types::dsse::pae("application/vnd.in-toto+json", statement.as_bytes());
    let signature = key.sign(&pae).unwrap();
    let envelope = DsseEnvelope::new(
        "application/vnd.in-toto+json".to_owned(),
        statement.into_bytes().into(),
        DsseSignature::new(signature.clone(), Default::default()),
    );
    (envelope, pae, signature)
}

fn bundle(
    certificate: &DerCertificate,
    envelope: &DsseEnvelope,
    entry: Value,
    stamps: Value,
) -> Vec<u8> {
    json!({
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "certificate": {"rawBytes": certificate},
            "tlogEntries": [entry],
            "timestampVerificationData": stamps,
        },
        "dsseEnvelope": envelope,
    })
    .to_string()
    .into_bytes()
}

#[tokio::test]
async fn a_bundle_made_with_rekor_v2_and_a_timestamp_verifies() {
    tls();
    let sigstore = sigstore();
    let key = KeyPair::generate_ecdsa_p256().unwrap();
    let certificate = certificate(&sigstore, &key).await;
    let (envelope, pae, signature) = signed(&key);
    let request = HashedRekordV2::new_with_certificate(
        &sigstore_crypto::sha256(&pae),
        &signature,
        &certificate,
        RekorV2KeyDetails::PkixEcdsaP256Sha256,
    );
    let rekor = RekorV2Client::new(sigstore.rekor_v2_url()).unwrap();
    let entry = rekor.create_entry(request.clone()).await.unwrap();
    let timestamp = TimestampClient::new(sigstore.timestamp_url())
        .unwrap()
        .timestamp_signature(&signature)
        .await
        .unwrap();
    let stamps = json!({"rfc3161Timestamps": [{"signedTimestamp": timestamp}]});
    let bundle = bundle(&certificate, &envelope, json!(entry), stamps);
    let result = verify(&sigstore, &bundle).unwrap();
    assert_eq!(result.identity().unwrap().as_str(), TokenRequest::default().san());

    let again = rekor.create_entry(request).await.unwrap_err().to_string();
    assert!(again.contains("409") && again.contains("index 0"), "{again}");
    let checkpoint = rekor.get_checkpoint().await.unwrap();
    assert_eq!((checkpoint.origin(), checkpoint.tree_size()), ("127.0.0.1", 1));
    let entries = rekor.get_entry_bundle(0, std::num::NonZeroU8::new(1)).await.unwrap();
    assert_eq!(entries.bytes[2..], *entry.canonicalized_body.as_bytes());
}

#[tokio::test]
async fn a_bundle_made_with_rekor_v1_verifies_and_the_entry_is_found_again() {
    tls();
    let sigstore = sigstore();
    let key = KeyPair::generate_ecdsa_p256().unwrap();
    let certificate = certificate(&sigstore, &key).await;
    let (envelope, _, _) = signed(&key);
    let rekor = RekorClient::new(sigstore.rekor_v1_url()).unwrap();
    let request = DsseEntry::new(&envelope, &certificate).unwrap();
    let entry = rekor.create_dsse_entry(request.clone()).await.unwrap();
    let logged = entry.to_bundle_entry(KindVersion::DsseV001).unwrap();
    let bundle = bundle(&certificate, &envelope, json!(logged), json!({}));
    let result = verify(&sigstore, &bundle).unwrap();
    assert_eq!(result.integrated_time(), entry.integrated_time);

    let again = rekor.create_dsse_entry(request).await.unwrap_err().to_string();
    assert!(again.contains("409"), "{again}");
    let found = rekor.get_entry_by_index(entry.log_index).await.unwrap();
    assert_eq!(found.body, entry.body);
    let found = rekor.get_entry_by_uuid(&entry.uuid).await.unwrap();
    assert_eq!(found.body, entry.body);
}

#[tokio::test]
async fn no_certificate_without_a_sound_token_and_the_key() {
    tls();
    let sigstore = sigstore();
    let fulcio = FulcioClient::new(sigstore.fulcio_url()).unwrap();
    let key = KeyPair::generate_ecdsa_p256().unwrap();
    let cases = [
        (TokenFault::Expired, "sigstore", "expired 3600 s ago"),
        (TokenFault::OtherIssuer, "sigstore", "is of issuer https://issuer.acme.example"),
        (TokenFault::ForeignKey, "sigstore", "is not signed by this issuer"),
        (TokenFault::None, "acme", "is for audience \"acme\""),
    ];
    for (fault, audience, complaint) in cases {
        let request =
            TokenRequest { fault, audience: audience.to_owned(), ..TokenRequest::default() };
        let token = IdentityToken::from_jwt(&sigstore.token(&request).unwrap()).unwrap();
        let error = fulcio.create_signing_certificate(&token, &key).await.unwrap_err().to_string();
        assert!(
            error.contains("401") && error.contains(&complaint.replace('"', "\\\"")),
            "{fault:?}: {error}"
        );
    }

    let other = KeyPair::generate_ecdsa_p256().unwrap();
    let subject = "repo:acme/platform:ref:refs/heads/main";
    let request = |proof: SignatureBytes| {
        json!({
            "credentials": {"oidcIdentityToken": sigstore.token(&TokenRequest::default()).unwrap()},
            "publicKeyRequest": {
                "publicKey": {"content": key.public_key_der().unwrap().to_pem()},
                "proofOfPossession": proof,
            },
        })
    };
    for (signer, status) in [(&key, 200), (&other, 400)] {
        let body = request(signer.sign(subject.as_bytes()).unwrap());
        let url = format!("{}/api/v2/signingCert", sigstore.fulcio_url());
        let answer = reqwest::Client::new().post(url).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), status, "{}", answer.text().await.unwrap());
    }
}

#[tokio::test]
async fn logs_take_nothing_that_does_not_verify() {
    tls();
    let sigstore = sigstore();
    let key = KeyPair::generate_ecdsa_p256().unwrap();
    let certificate = certificate(&sigstore, &key).await;
    let (mut envelope, _, signature) = signed(&key);
    let request = HashedRekordV2::new_with_certificate(
        &sigstore_crypto::sha256(b"something else"),
        &signature,
        &certificate,
        RekorV2KeyDetails::PkixEcdsaP256Sha256,
    );
    let rekor = RekorV2Client::new(sigstore.rekor_v2_url()).unwrap();
    let error = rekor.create_entry(request).await.unwrap_err().to_string();
    assert!(error.contains("400") && error.contains("does not verify over the digest"), "{error}");

    envelope.payload = b"{}".to_vec().into();
    let request = DsseEntry::new(&envelope, &certificate).unwrap();
    let rekor = RekorClient::new(sigstore.rekor_v1_url()).unwrap();
    let error = rekor.create_dsse_entry(request).await.unwrap_err().to_string();
    assert!(
        error.contains("400") && error.contains("does not verify over the envelope"),
        "{error}"
    );
}

#[tokio::test]
async fn a_job_gets_its_token_with_the_request_token_only() {
    tls();
    let sigstore = sigstore();
    let url = format!("{}&audience=sigstore&workflow=ci.yaml", sigstore.token_request_url());
    let client = reqwest::Client::new();
    let secret = sigstore.token_request_token();
    let basic = format!("Basic {secret}");
    for authorization in ["", "Bearer", "Bearer guess", secret, &basic] {
        let answer = client.get(&url).header("authorization", authorization).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{authorization}");
    }
    // cosign writes the scheme small.
    let authorization = format!("bearer {secret}");
    let answer = client.get(&url).header("authorization", authorization).send().await.unwrap();
    let token: Value = answer.json().await.unwrap();
    let token = IdentityToken::from_jwt(token["value"].as_str().unwrap()).unwrap();
    assert_eq!(token.issuer(), sigstore.issuer_url());
    assert_eq!(token.subject(), "repo:acme/platform:ref:refs/heads/main");

    let discovery = format!("{}/.well-known/openid-configuration", sigstore.issuer_url());
    let discovery: Value = client.get(discovery).send().await.unwrap().json().await.unwrap();
    assert_eq!(discovery["issuer"], sigstore.issuer_url());
    let keys: Value = client
        .get(discovery["jwks_uri"].as_str().unwrap())
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!((&keys["keys"][0]["kty"], &keys["keys"][0]["e"]), (&json!("RSA"), &json!("AQAB")));
}

#[test]
fn the_signing_configs_name_one_log_each_and_a_timestamp_where_it_is_needed() {
    let sigstore = sigstore();
    for (file, version, timestamps) in
        [("signing_config.json", 2, 1), ("signing_config.rekor-v1.json", 1, 0)]
    {
        let config = SigningConfig::from_file(sigstore.trust_folder().join(file)).unwrap();
        let logs: Vec<u32> =
            config.eligible_rekor_urls(None).iter().map(|log| log.major_api_version).collect();
        assert_eq!(logs, [version], "{file}");
        assert_eq!(config.eligible_tsa_urls().len(), timestamps, "{file}");
        assert_eq!(config.fulcio_url().unwrap().url, sigstore.fulcio_url(), "{file}");
    }
}

#[tokio::test]
async fn a_restart_keeps_keys_logs_and_port() {
    use sealwright_devstack::sigstore::{LogVersion, Mint, SigstoreOptions};
    let folder = tempfile::tempdir().unwrap();
    let state = camino::Utf8Path::from_path(folder.path()).unwrap().join("state");
    let first = Sigstore::start(SigstoreOptions::at(state.clone(), None)).unwrap();
    let port = first.issuer_url().rsplit(':').next().unwrap().parse().unwrap();
    let root = std::fs::read(first.trust_folder().join("trusted_root.json")).unwrap();
    let old = first.mint(&Mint::new(statement()).log(LogVersion::V1)).unwrap();
    let secret = first.token_request_token().to_owned();
    drop(first);

    let again = Sigstore::start(SigstoreOptions::at(state, Some(port))).unwrap();
    assert_eq!(std::fs::read(again.trust_folder().join("trusted_root.json")).unwrap(), root);
    assert_eq!(again.token_request_token(), secret);
    assert!(verify(&again, &old).is_ok());
    let new = again.mint(&Mint::new(statement()).log(LogVersion::V1)).unwrap();
    let new: Value = serde_json::from_slice(&new).unwrap();
    assert_eq!(new["verificationMaterial"]["tlogEntries"][0]["logIndex"], "1");
}
