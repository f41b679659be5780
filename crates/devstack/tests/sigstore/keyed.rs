//! Evidence signed by a key that others know, instead of by one with a certificate.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use der::Decode;
use sealwright_devstack::sigstore::{
    Identity, LegacyMint, LegacySituation, LogVersion, Mint, Sigstore, Situation,
};
use serde_json::Value;
use sigstore_crypto::{SigningScheme, VerificationKey};
use sigstore_types::{DerPublicKey, SignatureBytes};
use x509_cert::Certificate;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use crate::world::{digest, sigstore, statement};

fn signer(name: &str) -> Identity {
    Identity { key: Some(name.to_owned()), ..Identity::default() }
}

fn verifies(sigstore: &Sigstore, name: &str, message: &[u8], signature: &str) -> bool {
    let pem = sigstore.public_key(name).unwrap();
    let key = DerPublicKey::from_pem(&pem).unwrap();
    let key = VerificationKey::from_der(&key, SigningScheme::EcdsaP256Sha256).unwrap();
    key.verify(message, &SignatureBytes::new(BASE64.decode(signature).unwrap())).is_ok()
}

#[test]
fn a_bundle_is_signed_by_the_key_of_that_name_and_says_so() {
    let sigstore = sigstore();
    for (log, situation, entries, timestamps, reason) in [
        (LogVersion::V1, Situation::Healthy, 1, 0, "the old log tells the time"),
        (LogVersion::V2, Situation::Healthy, 1, 1, "the new log needs a timestamp beside it"),
        (LogVersion::V1, Situation::NotLogged, 0, 0, "nothing but the signature"),
    ] {
        let mint = Mint::new(statement()).log(log).situation(situation).signer(signer("release"));
        let bundle: Value = serde_json::from_slice(&sigstore.mint(&mint).unwrap()).unwrap();
        let material = &bundle["verificationMaterial"];
        assert!(material["publicKey"]["hint"].is_string(), "{reason}: {material}");
        assert!(material.get("certificate").is_none(), "{reason}");
        let listed = |list: &Value| list.as_array().map_or(0, Vec::len);
        assert_eq!(listed(&material["tlogEntries"]), entries, "{reason}");
        let times = &material["timestampVerificationData"]["rfc3161Timestamps"];
        assert_eq!(listed(times), timestamps, "{reason}");

        let payload = statement();
        let kind = "application/vnd.in-toto+json";
        let signed = format!("DSSEv1 {} {kind} {} {payload}", kind.len(), payload.len());
        let signature = bundle["dsseEnvelope"]["signatures"][0]["sig"].as_str().unwrap();
        assert!(verifies(&sigstore, "release", signed.as_bytes(), signature), "{reason}");
        assert!(!verifies(&sigstore, "other", signed.as_bytes(), signature), "{reason}");
    }
}

#[test]
fn the_log_names_the_key() {
    let sigstore = sigstore();
    let pem = sigstore.public_key("release").unwrap();
    for log in [LogVersion::V1, LogVersion::V2] {
        let mint = Mint::new(statement()).log(log).signer(signer("release"));
        let bundle: Value = serde_json::from_slice(&sigstore.mint(&mint).unwrap()).unwrap();
        let body = &bundle["verificationMaterial"]["tlogEntries"][0]["canonicalizedBody"];
        let body = BASE64.decode(body.as_str().unwrap()).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let (named, expected) = match log {
            LogVersion::V1 => {
                (&body["spec"]["signatures"][0]["verifier"], BASE64.encode(pem.as_bytes()))
            }
            LogVersion::V2 => {
                let verifier = &body["spec"]["hashedRekordV002"]["signature"]["verifier"];
                let der = DerPublicKey::from_pem(&pem).unwrap();
                (&verifier["publicKey"]["rawBytes"], BASE64.encode(der.as_bytes()))
            }
        };
        assert_eq!(named, expected.as_str(), "{log:?}: {body}");
    }
}

#[test]
fn a_legacy_signature_by_a_key_has_no_certificate() {
    let sigstore = sigstore();
    let mint = LegacyMint::new("registry.acme.example/a", format!("sha256:{}", digest().to_hex()));
    for (situation, expected) in [
        (LegacySituation::Healthy, ["signature", "bundle"].as_slice()),
        (LegacySituation::NotLogged, &["signature"]),
    ] {
        let mint = LegacyMint { signer: signer("release"), situation, ..mint.clone() };
        let signature = sigstore.mint_legacy(&mint).unwrap();
        let names = signature.annotations().into_iter();
        let names: Vec<_> = names.filter_map(|(name, _)| name.rsplit('/').next()).collect();
        assert_eq!(names, expected, "{situation:?}");
        let made = |name| verifies(&sigstore, name, &signature.payload, &signature.signature);
        assert!(made("release") && !made("other"), "{situation:?}");
    }
    let expired = LegacySituation::SignedAfterExpiry;
    let impossible = LegacyMint { signer: signer("release"), situation: expired, ..mint };
    assert!(sigstore.mint_legacy(&impossible).is_err(), "a key does not expire");
}

#[test]
fn names_and_issuer_as_wished() {
    let sigstore = sigstore();
    let signer = Identity {
        sans: Some(vec!["someone@acme.example".to_owned(), "https://acme.example/x".to_owned()]),
        issuer: Some("https://login.acme.example".to_owned()),
        ..Identity::default()
    };
    let bundle = sigstore.mint(&Mint::new(statement()).signer(signer)).unwrap();
    let bundle: Value = serde_json::from_slice(&bundle).unwrap();
    let der = bundle["verificationMaterial"]["certificate"]["rawBytes"].as_str().unwrap();
    let der = BASE64.decode(der).unwrap();
    let certificate = Certificate::from_der(&der).unwrap().tbs_certificate;
    let (_, names) = certificate.get::<SubjectAltName>().unwrap().unwrap();
    let [GeneralName::Rfc822Name(person), GeneralName::UniformResourceIdentifier(uri)] =
        names.0.as_slice()
    else {
        panic!("an e-mail address and a URI: {names:?}");
    };
    assert_eq!((person.as_str(), uri.as_str()), ("someone@acme.example", "https://acme.example/x"));
    let issuer = b"https://login.acme.example";
    assert!(der.windows(issuer.len()).any(|window| window == issuer));
}
