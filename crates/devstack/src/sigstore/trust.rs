//! What clients are told: the trusted root, and two signing configs (Sigstore's protobuf documents in JSON).

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use camino::Utf8Path;
use der::Encode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use x509_cert::certificate::Certificate;

use super::World;
use super::authority::{Authority, ORGANISATION};
use crate::DevStackError;

/// The three files of a trust folder: name and document.
pub(crate) fn documents(world: &World) -> Result<[(&'static str, Value); 3], DevStackError> {
    Ok([
        ("trusted_root.json", trusted_root(world)?),
        ("signing_config.json", signing_config(world, 2)),
        ("signing_config.rekor-v1.json", signing_config(world, 1)),
    ])
}

/// Writes the trust folder; each file is replaced whole.
pub(crate) fn write(world: &World, folder: &Utf8Path) -> Result<(), DevStackError> {
    std::fs::create_dir_all(folder).map_err(DevStackError::file("create", folder))?;
    for (name, document) in documents(world)? {
        let (path, unfinished) = (folder.join(name), folder.join(format!("{name}.unfinished")));
        std::fs::write(&unfinished, format!("{document:#}\n"))
            .map_err(DevStackError::file("write", &unfinished))?;
        std::fs::rename(&unfinished, &path).map_err(DevStackError::file("write", &path))?;
    }
    Ok(())
}

fn trusted_root(world: &World) -> Result<Value, DevStackError> {
    let url = &world.url;
    let start = json!({"start": world.ours.signers.valid_from().to_string()});
    let log = |spki: &[u8], details: &str, log_id: &[u8]| {
        json!({
            "baseUrl": url,
            "hashAlgorithm": "SHA2_256",
            "publicKey": {"rawBytes": BASE64.encode(spki), "keyDetails": details, "validFor": start},
            "logId": {"keyId": BASE64.encode(log_id)},
        })
    };
    let (v1, v2, ct) = (&world.ours.rekor_v1, &world.ours.rekor_v2, &world.ours.ct_log);
    Ok(json!({
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "tlogs": [
            log(v1.key.spki(), "PKIX_ECDSA_P256_SHA_256", &v1.log_id()),
            log(v2.key.spki(), "PKIX_ED25519", &v2.log_id()),
        ],
        "certificateAuthorities": [authority(&world.ours.signers, url, &start)?],
        "ctlogs": [log(ct.spki(), "PKIX_ECDSA_P256_SHA_256", &Sha256::digest(ct.spki()))],
        "timestampAuthorities": [authority(&world.ours.timestamps, &world.timestamp_url(), &start)?],
    }))
}

fn authority(authority: &Authority, uri: &str, valid_for: &Value) -> Result<Value, DevStackError> {
    let encoded = |certificate: &Certificate| {
        let der =
            certificate.to_der().map_err(|error| DevStackError::mint("the trusted root", error))?;
        Ok(json!({"rawBytes": BASE64.encode(der)}))
    };
    let [issuing, root] = authority.chain();
    let subject = root.tbs_certificate.subject.to_string();
    let common_name = subject.split("CN=").nth(1).and_then(|rest| rest.split(',').next());
    Ok(json!({
        "subject": {"organization": ORGANISATION, "commonName": common_name},
        "uri": uri,
        "certChain": {"certificates": [encoded(issuing)?, encoded(root)?]},
        "validFor": valid_for,
    }))
}

/// Rekor v2 comes with the timestamp authority; Rekor v1 tells the time itself.
fn signing_config(world: &World, rekor_version: u8) -> Value {
    let start = world.ours.signers.valid_from().to_string();
    let service = |url: &str, version: u8| {
        json!([{
            "url": url,
            "majorApiVersion": version,
            "validFor": {"start": start},
            "operator": ORGANISATION,
        }])
    };
    let mut config = json!({
        "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        "caUrls": service(&world.url, 1),
        "oidcUrls": service(&world.url, 1),
        "rekorTlogUrls": service(&world.url, rekor_version),
        "rekorTlogConfig": {"selector": "ANY"},
    });
    if rekor_version == 2 {
        config["tsaUrls"] = service(&world.timestamp_url(), 1);
        config["tsaConfig"] = json!({"selector": "ANY"});
    }
    config
}
