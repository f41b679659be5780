//! Legacy signatures, checked piece by piece: each situation fails in one of them, the healthy one in none.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use sealwright_devstack::sigstore::{LegacyMint, LegacySignature, LegacySituation, Sigstore};
use serde_json::Value;
use sigstore_crypto::{SigningScheme, VerificationKey};
use sigstore_types::{DerCertificate, DerPublicKey, SignatureBytes};

use crate::world::{digest, sigstore, trusted_root};

/// Everything that a reader of legacy signatures has to check.
#[derive(Debug, PartialEq, Eq)]
enum Fault {
    Digest,
    Signature,
    NotLogged,
    EntryHash,
    UnknownLog,
    Authority,
    Expired,
}

fn faults(sigstore: &Sigstore, signature: &LegacySignature, digest: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let payload: Value = serde_json::from_slice(&signature.payload).unwrap();
    if payload["critical"]["image"]["docker-manifest-digest"] != digest {
        faults.push(Fault::Digest);
    }
    let certificate = DerCertificate::from_pem(signature.certificate.as_ref().unwrap()).unwrap();
    let info = sigstore_crypto::parse_certificate_info(&certificate).unwrap();
    let key = VerificationKey::from_spki(&info.public_key).unwrap();
    let bytes = SignatureBytes::new(BASE64.decode(&signature.signature).unwrap());
    if key.verify(&signature.payload, &bytes).is_err() {
        faults.push(Fault::Signature);
    }
    let root = trusted_root(sigstore);
    let intermediate =
        root.certificate_authorities[0].cert_chain.certificates[0].raw_bytes.to_pem();
    let chain = signature.chain.as_ref().unwrap();
    if !chain.starts_with(&intermediate.replace("\r\n", "\n")) {
        faults.push(Fault::Authority);
    }
    let Some(bundle) = &signature.bundle else {
        faults.push(Fault::NotLogged);
        return faults;
    };
    let bundle: Value = serde_json::from_str(bundle).unwrap();
    let entry = &bundle["Payload"];
    let body: Value =
        serde_json::from_slice(&BASE64.decode(entry["body"].as_str().unwrap()).unwrap()).unwrap();
    if body["spec"]["data"]["hash"]["value"] != sigstore_crypto::sha256(&signature.payload).to_hex()
    {
        faults.push(Fault::EntryHash);
    }
    let log = &root.tlogs[0];
    let promise = BASE64.decode(bundle["SignedEntryTimestamp"].as_str().unwrap()).unwrap();
    let promised = format!(
        r#"{{"body":{},"integratedTime":{},"logID":{},"logIndex":{}}}"#,
        entry["body"], entry["integratedTime"], entry["logID"], entry["logIndex"]
    );
    let key: &DerPublicKey = &log.public_key.raw_bytes;
    let key = VerificationKey::from_der(key, SigningScheme::EcdsaP256Sha256).unwrap();
    let ours = entry["logID"] == hex::encode(log.log_id.key_id.as_bytes());
    if !ours || key.verify(promised.as_bytes(), &SignatureBytes::new(promise)).is_err() {
        faults.push(Fault::UnknownLog);
    }
    if entry["integratedTime"].as_i64().unwrap() > info.not_after.as_second() {
        faults.push(Fault::Expired);
    }
    faults
}

#[test]
fn every_legacy_situation_has_its_one_fault_and_its_neighbour_none() {
    let sigstore = sigstore();
    let digest = format!("sha256:{}", digest().to_hex());
    let cases: [(LegacySituation, &[Fault]); 8] = [
        (LegacySituation::Healthy, &[]),
        (LegacySituation::OtherDigest, &[Fault::Digest]),
        (LegacySituation::TamperedPayload, &[Fault::Signature, Fault::EntryHash]),
        (LegacySituation::EntryOfOtherPayload, &[Fault::EntryHash]),
        (LegacySituation::NotLogged, &[Fault::NotLogged]),
        (LegacySituation::ForeignLog, &[Fault::UnknownLog]),
        (LegacySituation::ForeignAuthority, &[Fault::Authority]),
        (LegacySituation::SignedAfterExpiry, &[Fault::Expired]),
    ];
    for (situation, expected) in cases {
        let mint = LegacyMint::new("registry.acme.example/platform/manifests", &digest);
        let signature = sigstore.mint_legacy(&LegacyMint { situation, ..mint }).unwrap();
        assert_eq!(faults(&sigstore, &signature, &digest), expected, "{situation:?}");
    }
}

#[test]
fn annotations_are_named_as_cosign_names_them() {
    let sigstore = sigstore();
    let mint = LegacyMint::new("registry.acme.example/a", format!("sha256:{}", digest().to_hex()));
    let names = |mint: &LegacyMint| {
        let signature = sigstore.mint_legacy(mint).unwrap();
        signature.annotations().iter().map(|(name, _)| *name).collect::<Vec<_>>()
    };
    let all = [
        "dev.cosignproject.cosign/signature",
        "dev.sigstore.cosign/certificate",
        "dev.sigstore.cosign/chain",
        "dev.sigstore.cosign/bundle",
    ];
    assert_eq!(names(&mint), all);
    let unlogged = LegacyMint { situation: LegacySituation::NotLogged, ..mint };
    assert_eq!(names(&unlogged), all[..3]);
}
