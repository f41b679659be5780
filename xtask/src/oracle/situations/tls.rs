//! Registries under names of the internet: with a certificate of a private authority, with client
//! certificates, and without TLS.

use serde_json::{Value, json};

use super::{ALPHA, by_cd, keyed};
use crate::oracle::evidence::{bundle, signature};
use crate::oracle::situation::{Content, Secret, Situation, chart, release, release_of, situation};

/// The name in the registry's certificate.
const NAME: &str = "registry.acme.test";
/// The same where clients must show a certificate of their own.
const MUTUAL: &str = "mutual.acme.test";
/// The name under which there is no TLS.
const PLAIN: &str = "plain.acme.test";

const AUTHORITY: &str = include_str!("../../../../crates/registry/tests/data/ca.pem");
const OTHER: &str = include_str!("../../../../crates/registry/tests/data/other-ca.pem");
const CERTIFICATE: &str = include_str!("../../../../crates/registry/tests/data/client.pem");
const KEY: &str = include_str!("../../../../crates/registry/tests/data/client.key");

pub(super) fn situations() -> Vec<Situation> {
    [authorities(), certificates(), plain(), charts(), releases()].concat()
}

fn authority() -> Secret {
    Secret::text("registry-ca", "ca.crt", AUTHORITY)
}

fn named(secret: &str) -> Value {
    json!({"name": secret})
}

/// With the right authority.
fn private(name: &str, because: &str) -> Situation {
    situation(name, because)
        .under(NAME)
        .spec("certSecretRef", named("registry-ca"))
        .secret(authority())
}

fn authorities() -> Vec<Situation> {
    let certificate = "what a certificate that is not trusted is called is not foretold";
    vec![
        private("tls-authority", "the source names the authority"),
        private("tls-authority-bundle", "bundles are found there, too")
            .with(bundle())
            .verify(by_cd()),
        private("tls-authority-signature", "signatures of the older form are found there")
            .with(signature().key("alpha"))
            .verify(keyed(ALPHA)),
        private("tls-authority-nothing", "nothing is signed there").verify(keyed(ALPHA)),
        private("tls-authority-older-name", "the authority under the older name")
            .spec("certSecretRef", named("registry-ca-file"))
            .secret(Secret::text("registry-ca-file", "caFile", AUTHORITY)),
        situation("tls-no-authority", "the source names no authority")
            .under(NAME)
            .unforetold(certificate),
        private("tls-other-authority", "the source names another authority")
            .spec("certSecretRef", named("registry-other-ca"))
            .secret(Secret::text("registry-other-ca", "ca.crt", OTHER))
            .unforetold(certificate),
        situation("tls-insecure", "insecure takes any certificate")
            .under(NAME)
            .spec("insecure", json!(true))
            .unforetold("we ask nobody whose certificate we cannot check"),
        private("tls-insecure-authority", "insecure with an authority checks the certificate")
            .spec("insecure", json!(true)),
    ]
}

fn certificates() -> Vec<Situation> {
    let client = Secret::new(
        "registry-client",
        vec![
            ("ca.crt", Content::Text(AUTHORITY)),
            ("tls.crt", Content::Text(CERTIFICATE)),
            ("tls.key", Content::Text(KEY)),
        ],
    );
    vec![
        situation("tls-client-certificate", "the registry asks for a client certificate")
            .under(MUTUAL)
            .spec("certSecretRef", named("registry-client"))
            .secret(client)
            .unforetold("the client certificate of a Secret is not used from here"),
        private("tls-client-certificate-missing", "the same without one")
            .under(MUTUAL)
            .unforetold("the registry answers nobody without a certificate, and so not us"),
    ]
}

fn plain() -> Vec<Situation> {
    vec![
        situation("plain-insecure", "without TLS under a name that is not local")
            .under(PLAIN)
            .spec("insecure", json!(true)),
        situation("plain-insecure-bundle", "1.8 looks for bundles by HTTPS alone")
            .under(PLAIN)
            .spec("insecure", json!(true))
            .with(bundle())
            .verify(by_cd()),
        situation("plain-insecure-signature", "signatures of the older form are found")
            .under(PLAIN)
            .spec("insecure", json!(true))
            .with(signature().key("alpha"))
            .verify(keyed(ALPHA)),
        situation("plain-secure", "without TLS, and the source does not say so")
            .under(PLAIN)
            .unforetold("what stands in the place of TLS there is not foretold"),
        situation("proxy", "the source names the proxy")
            .under(PLAIN)
            .spec("insecure", json!(true))
            .spec("proxySecretRef", named("proxy"))
            .secret(Secret::new("proxy", vec![("address", Content::Proxy)]))
            .unforetold("only the controller asks through its proxy"),
    ]
}

fn charts() -> Vec<Situation> {
    let private = |name: &str, because: &str| {
        chart(name, because)
            .under(NAME)
            .over_tls()
            .repository_spec("certSecretRef", named("registry-ca"))
            .secret(authority())
    };
    let unverified = "what a certificate that is not trusted is called is not foretold";
    vec![
        private("chart-authority", "a chart of a private registry"),
        private("chart-authority-key", "its signatures are looked for without the authority")
            .with(bundle().key("alpha"))
            .verify(keyed(ALPHA))
            .unforetold(unverified),
        private("chart-authority-missing", "the Secret is not there")
            .repository_spec("certSecretRef", named("nowhere")),
        private("chart-authority-without-any", "a Secret without certificates")
            .repository_spec("certSecretRef", named("chart-certificates-none"))
            .secret(Secret::text("chart-certificates-none", "other", "x")),
        chart("chart-login-missing", "the Secret with the login is not there")
            .repository_spec("secretRef", named("nowhere")),
        chart("chart-repository", "the HelmRepository by itself").repository_alone(),
        chart("chart-of-index", "a HelmRepository with an index")
            .repository_spec("type", json!("default"))
            .repository_spec("url", json!("http://{host}/oracle/{name}"))
            .with(bundle().key("alpha"))
            .verify(keyed(ALPHA))
            .unforetold("indexes are not looked at"),
    ]
}

fn releases() -> Vec<Situation> {
    let anybody = || json!({"provider": "cosign"});
    vec![
        release("release-key", "a release by key, verified", keyed(ALPHA))
            .with(bundle().key("alpha")),
        release("release-key-other", "the same by another key", keyed(ALPHA))
            .with(bundle().key("beta")),
        release("release-anybody-bundle", "a release names no identities", anybody())
            .with(bundle()),
        release("release-anybody-signature", "so anybody's older signature counts", anybody())
            .with(signature()),
        release_of(
            situation("release-chart-ref", "a release takes what a source serves")
                .with(bundle())
                .verify(by_cd()),
        ),
        release_of(
            situation("release-chart-ref-unsigned", "and does not where it is refused")
                .verify(by_cd()),
        ),
    ]
}
