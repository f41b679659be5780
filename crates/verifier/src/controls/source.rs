//! The Flux source that would fetch a control: what `render` makes for the artifact, pointed at it.

use sealwright_flux::render::{Follows, Matcher, Place};
use sealwright_registry::Reference;
use serde_json::{Value, json};

use super::set::Control;

/// What all sources of a run have in common.
#[derive(Debug)]
pub(super) struct Lock<'a> {
    pub(super) matcher: Matcher,
    /// The scratch namespace.
    pub(super) namespace: &'a str,
    /// Secret with the certificate authorities of the registry, where it needs some.
    pub(super) certificates: Option<String>,
}

impl Lock<'_> {
    /// A source that follows `reference`, or `tag` in its repository.
    pub(super) fn source(&self, name: &str, reference: &Reference, tag: Option<&str>) -> Value {
        let follows = match tag {
            Some(tag) => Follows::Tag(tag.to_owned()),
            None => Follows::Digest(reference.target.to_string()),
        };
        let mut object = self.matcher.oci_repository_object(&Place {
            namespace: self.namespace.to_owned(),
            name: name.to_owned(),
            repository: reference.repository.to_string(),
            follows,
            certificates: self.certificates.clone(),
        });
        // It is looked at once; nothing should be pulled again while it waits to be removed.
        object["spec"]["interval"] = "1h".into();
        object
    }

    /// The source of a control, with its verify block misplaced where that is the matter.
    pub(super) fn of_control(&self, name: &str, control: &Control, reference: &Reference) -> Value {
        let mut object = self.source(name, reference, control.tag.as_deref());
        if let Some(path) = &control.verify_at {
            let spec = &mut object["spec"];
            let block = spec.as_object_mut().and_then(|spec| spec.remove("verify"));
            put(spec, path, block.unwrap_or_default());
        }
        object
    }
}

/// Puts a value at a dotted path, making what is missing on the way.
fn put(object: &mut Value, path: &str, value: Value) {
    let mut place = object;
    for step in path.split('.') {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[step];
    }
    *place = value;
}

#[cfg(test)]
mod tests {
    use sealwright_policy::control_report::RefusedBy;

    use super::*;

    #[test]
    fn the_block_goes_where_nobody_reads_it_and_nothing_else_changes() {
        let requirements = sealwright_policy::Requirements {
            artifact: "manifests".to_owned(),
            evidence: Default::default(),
            signers: vec![],
            accept_legacy_signature: false,
        };
        let mut lock =
            Lock { matcher: Matcher::of(&requirements), namespace: "scratch", certificates: None };
        let digest = format!("sha256:{}", "0".repeat(64));
        let reference = Reference::parse(&format!("ghcr.io/acme/controls@{digest}")).unwrap();
        let control = |verify_at: Option<&str>, tag: Option<&str>| Control {
            name: "c".to_owned(),
            does: "It is a test.".to_owned(),
            reference: reference.to_string(),
            refused_by: RefusedBy::Both,
            expected_finding: None,
            tag: tag.map(str::to_owned),
            verify_at: verify_at.map(str::to_owned),
        };
        let of = |control: &Control| lock.of_control("c", control, &reference);
        let (plain, moved) =
            (of(&control(None, None)), of(&control(Some("workload.flux.verify"), None)));
        assert!(plain["spec"]["verify"].is_object());
        assert_eq!(plain["spec"]["ref"]["digest"], digest, "by digest");
        assert!(moved["spec"].get("verify").is_none());
        assert_eq!(moved["spec"]["workload"]["flux"]["verify"], plain["spec"]["verify"]);
        assert_eq!(of(&control(None, Some("t")))["spec"]["ref"], json!({"tag": "t"}));
        assert!(plain["spec"].get("certSecretRef").is_none(), "everybody trusts the registry");
        lock.certificates = Some("ca".to_owned());
        let private = lock.of_control("c", &control(None, None), &reference);
        assert_eq!(private["spec"]["certSecretRef"], json!({"name": "ca"}));
    }
}
