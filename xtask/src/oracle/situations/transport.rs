//! Connections: refusals of the registry, credentials, proxies, certificates.

use serde_json::{Value, json};

use crate::oracle::evidence::bundle;
use crate::oracle::situation::{Content, Secret, Situation, situation};

pub(super) fn situations() -> Vec<Situation> {
    [refusals(), secrets(), connections()].concat()
}

fn status(code: u16) -> Value {
    json!({"status": {"code": code}})
}

fn refusals() -> Vec<Situation> {
    let mut situations = Vec::new();
    for code in [400, 401, 403, 404, 500, 502] {
        situations.push(
            situation(format!("registry-manifest-{code}"), format!("{code} for the tag"))
                .fault("tag", status(code)),
        );
    }
    for code in [403, 404, 500] {
        situations.push(
            situation(format!("registry-tags-{code}"), format!("{code} for the list of tags"))
                .tags(&["1.0.0"])
                .follows(json!({"semver": ">=1.0.0"}))
                .fault("tagList", status(code)),
        );
    }
    situations.push(
        situation("registry-blob-404", "the layer cannot be fetched").fault("blob", status(404)),
    );
    situations.push(
        situation("registry-head-refused", "HEAD is refused, GET is not").fault_method("HEAD", 405),
    );
    situations.push(
        situation("registry-closed", "nobody listens")
            .spec("url", json!("oci://{closed}/{repository}"))
            .unforetold("nobody answers our client either, in other words"),
    );
    situations
}

/// Field, name of the Secret, what is in it, reason.
fn secrets() -> Vec<Situation> {
    let login = r#"{"auths":{"127.0.0.1":{"username":"a","password":"b"}}}"#;
    let docker = |name, text| Secret {
        kind: "kubernetes.io/dockerconfigjson",
        ..Secret::text(name, ".dockerconfigjson", text)
    };
    let named = |field: &str, name: &str| json!({field: {"name": name}});
    let of = |name: &str, because: &str, field: &str, secret: Option<Secret>| {
        let refers = secret.as_ref().map_or("nowhere", |secret| secret.name);
        let with = situation(name, because).spec(field, named("x", refers)["x"].clone());
        match secret {
            Some(secret) => with.secret(secret),
            None => with,
        }
    };
    vec![
        of("login-secret-missing", "the Secret is not there", "secretRef", None),
        of("login", "a login that is not needed", "secretRef", Some(docker("login", login))),
        of(
            "login-opaque",
            "a Secret of another type",
            "secretRef",
            Some(Secret::text("login-opaque", "password", "b")),
        ),
        of(
            "login-without-auths",
            "JSON without logins",
            "secretRef",
            Some(docker("login-empty", "{}")),
        ),
        of("proxy-secret-missing", "the Secret is not there", "proxySecretRef", None),
        of(
            "proxy-without-address",
            "a Secret without address",
            "proxySecretRef",
            Some(Secret::text("proxy-no-address", "username", "a")),
        ),
        of(
            "proxy-closed",
            "nobody listens at the proxy",
            "proxySecretRef",
            Some(Secret::text("proxy-closed", "address", "http://127.0.0.1:1")),
        )
        .unforetold("only the controller asks through its proxy"),
        of("certificates-missing", "the Secret is not there", "certSecretRef", None),
        of(
            "certificates-without-any",
            "a Secret without certificates",
            "certSecretRef",
            Some(Secret::text("certificates-none", "other", "x")),
        ),
        of(
            "certificates-garbage",
            "an authority that is no PEM",
            "certSecretRef",
            Some(Secret::text("certificates-garbage", "ca.crt", "no PEM")),
        ),
        of(
            "certificates-half",
            "a client certificate without its key",
            "certSecretRef",
            Some(Secret::text("certificates-half", "tls.crt", "no PEM")),
        ),
    ]
}

fn connections() -> Vec<Situation> {
    vec![
        situation("service-account-missing", "the service account is not there")
            .spec("serviceAccountName", json!("nobody"))
            .unforetold("service accounts are not read"),
        situation("insecure", "insecure is allowed where plain HTTP is spoken anyway")
            .spec("insecure", json!(true)),
        situation("insecure-verified", "bundles are found there, too")
            .spec("insecure", json!(true))
            .with(bundle())
            .verify(super::by_cd()),
        situation("login-verified", "a login that is not needed does not hinder verification")
            .spec("secretRef", json!({"name": "login-two"}))
            .secret(Secret {
                kind: "kubernetes.io/dockerconfigjson",
                ..Secret::new(
                    "login-two",
                    vec![(".dockerconfigjson", Content::Text(r#"{"auths":{}}"#))],
                )
            })
            .with(bundle())
            .verify(super::by_cd()),
    ]
}
