//! Whether the bytes that a controller hands on are those that were judged. Where a revision names a
//! digest, that ties them; a chart's names a version, and the tag behind it can have moved since.

use sealwright_policy::{Code, Finding};

use super::running::Judgement;
use crate::kubernetes::{Live, Serves};

/// What keeps a judgement on a reference from being one on what runs.
pub(super) fn complaint(live: &Live, judgement: &Judgement) -> Option<Finding> {
    // What could not be gathered, or does not run, is told elsewhere.
    let layers = judgement.layers.as_ref().filter(|_| live.revision.is_some())?;
    let is_tied = live.digest().is_some();
    let served = live.served_digest.as_deref();
    // Other algorithms (`--artifact-digest-algo`) cannot be compared with the registry's.
    let comparable = served.filter(|digest| digest.starts_with(SHA256) && !layers.is_empty());
    match (live.serves, comparable) {
        (Serves::Layer, Some(served)) if layers.iter().any(|layer| layer == served) => None,
        (Serves::Layer, Some(served)) => Some(other(live, judgement, layers, served)),
        _ if is_tied => None,
        (Serves::ChangedChart, _) => {
            Some(uncompared(live, "values are merged into the chart, so it is packed anew", served))
        }
        _ => Some(uncompared(live, "its status tells no digest that a layer could have", served)),
    }
}

const SHA256: &str = "sha256:";

fn other(live: &Live, judgement: &Judgement, layers: &[String], served: &str) -> Finding {
    let reference = &judgement.report.reference;
    let message = format!("it serves other bytes than {reference} names now");
    Finding::new(Code::SourceRunsOther, message)
        .with_place(live.place())
        .with_mismatch(layers.join(" or "), served)
}

fn uncompared(live: &Live, why: &str, served: Option<&str>) -> Finding {
    Finding::new(Code::SourceUncompared, why).with_place(live.place()).with_mismatch(
        "the digest of a layer in `status.artifact.digest`",
        served.unwrap_or("none"),
    )
}

#[cfg(test)]
mod tests {
    use sealwright_policy::Verdict;
    use sealwright_policy::report::ArtifactReport;
    use serde_json::{Value, json};

    use super::*;
    use crate::kubernetes::Kind;

    const LAYER: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const OTHER: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    fn code(kind: Kind, spec: &Value, artifact: &Value, layers: Option<&[&str]>) -> Option<Code> {
        let object = json!({"spec": spec, "status": {"artifact": artifact}});
        let report = ArtifactReport {
            name: None,
            reference: "r/chart:1.0.0".to_owned(),
            digest: None,
            verdict: Verdict::Verified,
            requirements: vec![],
            evidence: vec![],
            findings: vec![],
        };
        let layers = layers.map(|layers| layers.iter().map(|&layer| layer.to_owned()).collect());
        let judgement = Judgement { report, layers };
        complaint(&Live::read(kind, &object), &judgement).map(|finding| finding.code)
    }

    #[test]
    fn a_chart_runs_what_was_judged_only_when_its_bytes_are_those_of_a_layer() {
        let runs = |digest: Value| json!({"revision": "1.0.0", "digest": digest});
        let (plain, values) = (json!({}), json!({"valuesFiles": ["prod.yaml"]}));
        let layers: Option<&[&str]> = Some(&[LAYER, "sha256:cc"]);
        for (spec, artifact, layers, expected, why) in [
            (&plain, runs(json!(LAYER)), layers, None, "the layer itself"),
            (&plain, runs(json!(OTHER)), layers, Some(Code::SourceRunsOther), "the tag moved"),
            (&plain, runs(json!(null)), layers, Some(Code::SourceUncompared), "no digest is told"),
            (
                &plain,
                runs(json!("sha512:aa")),
                layers,
                Some(Code::SourceUncompared),
                "another algorithm",
            ),
            (
                &plain,
                runs(json!(LAYER)),
                Some(&[]),
                Some(Code::SourceUncompared),
                "an index has no layers",
            ),
            (&values, runs(json!(OTHER)), layers, Some(Code::SourceUncompared), "packed anew"),
            (
                &values,
                runs(json!(LAYER)),
                layers,
                Some(Code::SourceUncompared),
                "by chance, or since somebody wrote it there",
            ),
            (&plain, runs(json!(OTHER)), None, None, "nothing was gathered, which is told"),
            (&plain, json!(null), layers, None, "nothing runs, which is told"),
        ] {
            assert_eq!(code(Kind::HelmChart, spec, &artifact, layers), expected, "{why}");
        }
    }

    #[test]
    fn an_artifact_is_tied_by_its_revision_and_a_copied_layer_by_its_bytes_as_well() {
        let runs = |digest: &str| json!({"revision": format!("v1@{OTHER}"), "digest": digest});
        let (extracts, copies) = (json!({}), json!({"layerSelector": {"operation": "copy"}}));
        let layers: Option<&[&str]> = Some(&[LAYER]);
        for (spec, served, layers, expected, why) in [
            (&extracts, OTHER, layers, None, "an archive of the controller's own making"),
            (&copies, LAYER, layers, None, "the layer itself"),
            (&copies, OTHER, layers, Some(Code::SourceRunsOther), "another one was stored"),
            (&copies, OTHER, Some(&[][..]), None, "an index: the revision names its digest"),
        ] {
            let found = code(Kind::OciRepository, spec, &runs(served), layers);
            assert_eq!(found, expected, "{why}");
        }
    }
}
