//! The artifacts of situations, in every form.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::shelves::Repository;
use super::situation::{Artifact, Forgery, Form};
use crate::failure::{Context as _, Outcome};

pub(super) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const DOCKER_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const FLUX_CONFIG: &str = "application/vnd.cncf.flux.config.v1+json";
const FLUX_LAYER: &str = "application/vnd.cncf.flux.content.v1.tar+gzip";
const HELM_CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
const HELM_LAYER: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

/// A ConfigMap in `web.yaml`, as a gzipped archive.
const CONTENTS: &str = "H4sIAAAAAAAC/+3NsQrCMBSF4cx5ijyBRKgWsjq7ut/SKEGTlja2iPjuhi6Cuzr4f8u5nDPc2Term8SL+iBbbKtqyeI9y7h53UtfV7ZWxqovuI5ZhvJS/Sfpw8EPY+iSM9Nan0Nqndl16RhOe+l19FlayeLMPUn0zsy+eWgFAAAAAAAAAAAAAAAAAPi1J+vl8GkAKAAA";
/// The chart `app`, by version.
const CHARTS: [(&str, &str); 2] = [
    (
        "1.0.0",
        "H4sIAAAAAAAC/+3WsU7DMBDGcc9+Cj9Bci5JkLJ2ZmU/VAMRSWolbhCqeHcCCAll6ZQI0f9vsXWLB/u7s8aY7591SNmbdq1ZhcyqovhaZ8tVpPy1/6x7KYrSODEbOI1Jh/l4c500NvdhGJtjX7tpZ3vtQu00Rjv9VH0mmViDf3r/MZ+0PYVxvQZwMf9ys8z/rXjyv4XzO9G+9vyn0MVWUxjz1/CwQhu4mP+qXOR/5yvm//bz39uXpj/Ubn/sH5unO422C0kPmrR25++vwfxC6BgAAAAAAAAAAAAA8Ad9AAKKDtEAKAAA",
    ),
    (
        "1.2.0",
        "H4sIAAAAAAAC/+3WsW6DMBDGcc9+Cj8B2ASoxJq5a/eL4rSoQCxwqKqo716SqFLFkglUNf/fYusWD/Z3Zwkh3b5JH5NPaRu1CDsp8/y6TuartcWv/aXubJ4Xyli1gtMQpZ+OV49JQv3i+6E+dpUZM91J6ysjIejxp+qSLLFa4Z/ef0hHaU5+WK4B3M2/3czz/2Qd+V/D+YtoP3r+o29DI9EP6YffLdAG7ua/LGb5z1zJ/F9//jv9Xnf7ymyP3aF+fZagWx9lL1Eqc759DaYXQscAAAAAAAAAAAAAgD/oG1m7zh0AKAAA",
    ),
];

/// Pushes an artifact; gives its digest. `whose` makes it another one than everybody else's.
pub(super) fn push(to: &Repository, artifact: &Artifact, whose: &str) -> Outcome<String> {
    push_as(to, artifact, whose, artifact.tag)
}

/// The same artifact under another tag.
pub(super) fn push_as(
    to: &Repository,
    artifact: &Artifact,
    whose: &str,
    tag: &str,
) -> Outcome<String> {
    let whose = format!("{whose}/{}", artifact.tag);
    let manifest = match artifact.form {
        Form::Flux => image(to, &whose, &[(FLUX_LAYER, &archive(CONTENTS)?)])?,
        Form::Plain => image(to, &whose, &[(FLUX_LAYER, b"kind: ConfigMap\n")])?,
        Form::Empty => image(to, &whose, &[])?,
        Form::TwoLayers => {
            let layers = [("text/plain", whose.as_bytes()), (FLUX_LAYER, &archive(CONTENTS)?)];
            image(to, &whose, &layers)?
        }
        Form::Docker => docker(to, &whose)?,
        Form::Chart => chart(to, artifact.tag)?,
        Form::Index => index(to, &whose, "amd64")?,
        Form::ArmIndex => index(to, &whose, "arm64")?,
        Form::Forged(forgery) => forged(to, &whose, forgery)?,
    };
    let pushed = to.manifest(Some(tag), &manifest)?;
    Ok(pushed["digest"].as_str().unwrap_or_default().to_owned())
}

fn archive(base64: &str) -> Outcome<Vec<u8>> {
    STANDARD.decode(base64).context(|| "an archive".to_owned())
}

fn image(to: &Repository, whose: &str, layers: &[(&str, &[u8])]) -> Outcome<Value> {
    let config = to.blob(FLUX_CONFIG, b"{}")?;
    let layers: Vec<Value> = layers
        .iter()
        .map(|(media_type, bytes)| to.blob(media_type, bytes))
        .collect::<Outcome<_>>()?;
    Ok(json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers,
        "annotations": {
            "org.opencontainers.image.created": "2026-01-01T00:00:00Z",
            "org.opencontainers.image.source": "https://github.com/acme/platform",
            "org.opencontainers.image.revision": whose,
        },
    }))
}

/// Bytes of a layer that is forged, and of what stands in its place: either archive fits in.
const FORGED_BYTES: usize = 1024;

/// What follows an archive's own end is never read, so two of any length become equally long.
fn forged(to: &Repository, whose: &str, forgery: Forgery) -> Outcome<Value> {
    let mut honest = archive(CONTENTS)?;
    honest.extend(whose.bytes());
    honest.resize(FORGED_BYTES, 0);
    let manifest = image(to, whose, &[(FLUX_LAYER, &honest)])?;
    let mut other = archive(CHARTS[0].1)?;
    match forgery {
        Forgery::Archive => other.resize(FORGED_BYTES, 0),
        Forgery::Longer => other.resize(FORGED_BYTES + 1, 0),
        Forgery::Broken => {
            other.truncate(other.len() / 2);
            other.resize(FORGED_BYTES, 0);
        }
    }
    to.forge(manifest["layers"][0]["digest"].as_str().unwrap_or_default(), &other)?;
    Ok(manifest)
}

fn docker(to: &Repository, whose: &str) -> Outcome<Value> {
    let config = json!({"architecture": "amd64", "os": "linux", "author": whose});
    let config = to.blob(DOCKER_CONFIG, config.to_string().as_bytes())?;
    let layer = to.blob(DOCKER_LAYER, &archive(CONTENTS)?)?;
    Ok(json!({
        "schemaVersion": 2, "mediaType": DOCKER_MANIFEST, "config": config, "layers": [layer],
    }))
}

/// A chart has no annotations: the same version is the same artifact wherever it lies.
fn chart(to: &Repository, tag: &str) -> Outcome<Value> {
    let version = tag.replace('_', "+");
    let contents = CHARTS.iter().find(|(of, _)| *of == version).unwrap_or(&CHARTS[0]).1;
    let config = json!({"apiVersion": "v2", "name": "app", "version": version});
    let config = to.blob(HELM_CONFIG, config.to_string().as_bytes())?;
    let layer = to.blob(HELM_LAYER, &archive(contents)?)?;
    Ok(json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": [layer],
    }))
}

fn index(to: &Repository, whose: &str, architecture: &str) -> Outcome<Value> {
    let image = image(to, whose, &[(FLUX_LAYER, &archive(CONTENTS)?)])?;
    let mut descriptor = to.manifest(None, &image)?;
    descriptor["platform"] = json!({"os": "linux", "architecture": architecture});
    Ok(json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [descriptor]}))
}
