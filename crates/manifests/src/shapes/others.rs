//! Objects of engines that are not read here, and that say who may sign: they are told, and not judged.

use crate::found::{Unjudged, Why};
use crate::object::Object;

/// API group, ends of the kinds, where they say it, and whose they are: `ImageConfig` (Crossplane 2),
/// `ClusterImagePolicy` (OpenShift 4.17), the policy for signatures of Kubewarden, verifiers of Ratify.
const OTHERS: &[(&str, &str, &[&str], &str)] = &[
    ("pkg.crossplane.io", "ImageConfig", &["spec", "verification"], "Crossplane"),
    ("config.openshift.io", "ImagePolicy", &["spec", "policy"], "OpenShift"),
    (
        "policies.kubewarden.io",
        "AdmissionPolicy",
        &["spec", "settings", "signatures"],
        "Kubewarden",
    ),
    ("config.ratify.deislabs.io", "Verifier", &["spec", "parameters"], "Ratify"),
];

/// What such an object says of signers; none when it says nothing of them.
pub(crate) fn unjudged(object: &Object<'_>, file: &str) -> Option<Unjudged> {
    let (_, _, path, whose) = OTHERS
        .iter()
        .find(|(group, kind, ..)| object.group() == *group && object.kind.ends_with(kind))?;
    let block = object.node.at_path(path)?;
    Some(Unjudged {
        file: file.to_owned(),
        at: block.at.clone(),
        why: Why::OfAnother,
        told: format!(
            "{} says to {whose} who may sign, at `{}`, which is not read here",
            object.told(),
            path.join(".")
        ),
        names_a_kind: true,
    })
}
