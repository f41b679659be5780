//! From a manifest to the layer that is kept.

use serde_json::json;

use crate::oracle::evidence::bundle;
use crate::oracle::situation::{Forgery, Form, Situation, situation};

use super::by_cd;

const FLUX: &str = "application/vnd.cncf.flux.content.v1.tar+gzip";
const HELM: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

pub(super) fn situations() -> Vec<Situation> {
    vec![
        situation("layer-selected", "the first layer of the wanted type")
            .form(Form::TwoLayers)
            .spec("layerSelector", json!({"mediaType": FLUX})),
        situation("layer-missing", "no layer of the wanted type")
            .spec("layerSelector", json!({"mediaType": HELM})),
        situation("layer-first", "without a choice it is the first, which is no archive")
            .form(Form::TwoLayers),
        situation("layer-copied", "the layer as it is")
            .spec("layerSelector", json!({"mediaType": FLUX, "operation": "copy"})),
        situation("layer-none", "a manifest without layers").form(Form::Empty),
        situation("layer-plain", "a layer that is not compressed cannot be unpacked")
            .form(Form::Plain),
        situation("layer-plain-copied", "but it can be copied")
            .form(Form::Plain)
            .spec("layerSelector", json!({"operation": "copy"})),
        situation("layer-of-docker", "a Docker manifest is as good").form(Form::Docker),
        situation("layer-of-index", "of an index, the image for linux/amd64").form(Form::Index),
        situation("layer-of-arm-index", "an index without linux/amd64").form(Form::ArmIndex),
        situation("layer-of-chart", "plus and underscore are the same in tags of charts")
            .tags(&["1.0.0_build"])
            .form(Form::Chart)
            .follows(json!({"semver": "1.0.0+build"}))
            .spec("layerSelector", json!({"mediaType": HELM, "operation": "copy"})),
        situation("layer-of-tagged-chart", "plus in a tag of a chart is an underscore")
            .tags(&["1.0.0_build"])
            .form(Form::Chart)
            .follows(json!({"tag": "1.0.0+build"}))
            .spec("layerSelector", json!({"mediaType": HELM, "operation": "copy"})),
        situation("layer-with-ignore", "patterns that match everything leave an empty archive")
            .spec("ignore", json!("/*")),
    ]
    .into_iter()
    .chain(forged())
    .collect()
}

/// Bytes that are not those of the digest.
fn forged() -> [Situation; 5] {
    let of =
        |name: &str, because: &str, forgery| situation(name, because).form(Form::Forged(forgery));
    [
        of("layer-foreign", "another whole archive is taken for the layer", Forgery::Archive),
        of("layer-foreign-verified", "also when the manifest was verified", Forgery::Archive)
            .with(bundle())
            .verify(by_cd()),
        of("layer-foreign-copied", "what is copied is read to its end", Forgery::Archive)
            .spec("layerSelector", json!({"operation": "copy"})),
        of("layer-foreign-longer", "the length is compared first", Forgery::Longer),
        of("layer-foreign-broken", "an archive that breaks off is refused", Forgery::Broken)
            .unforetold("what is wrong with an archive is told in words that are not modelled"),
    ]
}
