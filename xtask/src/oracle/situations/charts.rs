//! HelmChart, with a HelmRepository of type `oci`.

use serde_json::json;

use crate::oracle::evidence::{Run, bundle, signature};
use crate::oracle::situation::{Content, Secret, Situation, chart};

use super::{ALPHA, CD, ISSUER, keyed};

pub(super) fn situations() -> Vec<Situation> {
    [versions(), by_key(), by_identity()].concat()
}

fn versions() -> Vec<Situation> {
    vec![
        chart("chart-version", "a version is a tag"),
        chart("chart-range", "the highest of a range")
            .tags_of_charts(&["1.0.0", "1.2.0"])
            .spec("version", json!(">=1.0.0")),
        chart("chart-version-missing", "a version that is not there")
            .spec("version", json!("9.0.0")),
        chart("chart-over-tls", "charts speak TLS unless the repository says otherwise").over_tls(),
        chart("chart-over-tls-verified", "the same before anything is verified")
            .over_tls()
            .with(bundle().key("alpha"))
            .verify(keyed(ALPHA)),
        chart("chart-missing", "a chart that is not there").spec("chart", json!("nothing")),
    ]
}

fn by_key() -> Vec<Situation> {
    let (alpha, beta) = (Content::PublicKey("alpha"), Content::PublicKey("beta"));
    let of = |name: &str, because: &str, secret: Secret| {
        chart(name, because).with(bundle().key("alpha")).verify(keyed(secret.name)).secret(secret)
    };
    vec![
        chart("chart-key-bundle", "a bundle by the key")
            .with(bundle().key("alpha"))
            .verify(keyed(ALPHA)),
        chart("chart-key-other", "a bundle by another key")
            .with(bundle().key("beta"))
            .verify(keyed(ALPHA)),
        chart("chart-key-signature", "a signature by the key")
            .with(signature().key("alpha"))
            .verify(keyed(ALPHA)),
        chart("chart-key-signature-other", "a signature by another key")
            .with(signature().key("beta"))
            .verify(keyed(ALPHA)),
        chart("chart-key-other-digest", "a sound signature of another chart")
            .with(signature().key("alpha").matter("other-digest"))
            .verify(keyed(ALPHA)),
        chart("chart-key-nothing", "nothing is signed").verify(keyed(ALPHA)),
        chart("chart-key-certificate", "a certificate instead of the key")
            .with(bundle())
            .verify(keyed(ALPHA)),
        of(
            "chart-two-keys",
            "the first key that does not match ends it",
            Secret::new("chart-keys", vec![("a.pub", alpha.clone()), ("b.pub", beta)]),
        )
        .chance("keys are tried in no fixed order", 6),
        of(
            "chart-no-keys",
            "only names that end in .pub count",
            Secret::new("chart-no-keys", vec![("cosign.pem", alpha)]),
        ),
        of(
            "chart-key-garbage",
            "a key that cannot be read",
            Secret::text("chart-key-garbage", "cosign.pub", "no PEM"),
        ),
        chart("chart-secret-missing", "the Secret is not there")
            .with(bundle().key("alpha"))
            .verify(keyed("nowhere")),
    ]
}

fn by_identity() -> Vec<Situation> {
    let verify = || {
        json!({
            "provider": "cosign",
            "matchOIDCIdentity": [{"issuer": ISSUER, "subject": CD}],
        })
    };
    let any = || json!({"provider": "cosign"});
    vec![
        chart("chart-keyless-bundle", "a bundle of the expected run")
            .with(bundle())
            .verify(verify()),
        chart("chart-keyless-stranger", "a bundle of another repository")
            .with(bundle().run(Run::Evil))
            .verify(verify()),
        chart("chart-keyless-signature", "a signature of the expected run")
            .with(signature())
            .verify(verify()),
        chart("chart-keyless-nothing", "nothing is signed").verify(verify()),
        chart("chart-anybody-bundle", "no identity, no policy").with(bundle()).verify(any()),
        chart("chart-anybody-signature", "no identity, anybody")
            .with(signature().run(Run::Evil))
            .verify(any()),
    ]
}
