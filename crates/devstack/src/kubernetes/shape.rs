//! Fields that the definitions of Flux's sources know (source-controller 1.9.6). What is not among
//! them never reaches the store, as with a structural schema: a verify block in the wrong place is
//! dropped without an error, and that is the trap.

use serde_json::{Map, Value, json};

use super::kinds::Kind;

/// What may stand at a place.
enum Shape {
    /// Anything.
    Any,
    /// An object with these fields.
    Fields(&'static [(&'static str, Shape)]),
    /// A list of such.
    List(&'static Shape),
}

use Shape::{Any, Fields, List};

const REFERENCE: Shape = Fields(&[("name", Any)]);
const IDENTITY: Shape = Fields(&[("issuer", Any), ("subject", Any)]);

const OCI_REPOSITORY: &[(&str, Shape)] = &[
    ("certSecretRef", REFERENCE),
    ("ignore", Any),
    ("insecure", Any),
    ("interval", Any),
    ("layerSelector", Fields(&[("mediaType", Any), ("operation", Any)])),
    ("provider", Any),
    ("proxySecretRef", REFERENCE),
    ("ref", Fields(&[("digest", Any), ("semver", Any), ("semverFilter", Any), ("tag", Any)])),
    ("secretRef", REFERENCE),
    ("serviceAccountName", Any),
    ("suspend", Any),
    ("timeout", Any),
    ("url", Any),
    (
        "verify",
        Fields(&[
            ("matchOIDCIdentity", List(&IDENTITY)),
            ("provider", Any),
            ("secretRef", REFERENCE),
            ("trustedRootSecretRef", REFERENCE),
        ]),
    ),
];

const HELM_CHART: &[(&str, Shape)] = &[
    ("chart", Any),
    ("ignoreMissingValuesFiles", Any),
    ("interval", Any),
    ("reconcileStrategy", Any),
    ("sourceRef", Fields(&[("apiVersion", Any), ("kind", Any), ("name", Any)])),
    ("suspend", Any),
    ("valuesFiles", Any),
    (
        "verify",
        Fields(&[
            ("matchOIDCIdentity", List(&IDENTITY)),
            ("provider", Any),
            ("secretRef", REFERENCE),
        ]),
    ),
    ("version", Any),
];

const HELM_REPOSITORY: &[(&str, Shape)] = &[
    ("accessFrom", Any),
    ("certSecretRef", REFERENCE),
    ("insecure", Any),
    ("interval", Any),
    ("passCredentials", Any),
    ("provider", Any),
    ("secretRef", REFERENCE),
    ("suspend", Any),
    ("timeout", Any),
    ("type", Any),
    ("url", Any),
];

/// Values that are filled in where the object says nothing: pointer of the object that must be
/// there, field, value.
const DEFAULTS: &[(&str, &str, &str, &str)] = &[
    ("ocirepositories", "/spec", "provider", "generic"),
    ("ocirepositories", "/spec", "timeout", "60s"),
    ("ocirepositories", "/spec/verify", "provider", "cosign"),
    ("helmcharts", "/spec", "reconcileStrategy", "ChartVersion"),
    ("helmcharts", "/spec", "version", "*"),
    ("helmcharts", "/spec/verify", "provider", "cosign"),
    ("helmrepositories", "/spec", "provider", "generic"),
];

/// Fields without which an object is refused.
const REQUIRED: &[(&str, &str, &[&str])] = &[
    ("ocirepositories", "/spec", &["interval", "url"]),
    ("helmcharts", "/spec", &["chart", "interval", "sourceRef"]),
    ("helmrepositories", "/spec", &["url"]),
];

/// Removes what the kind does not know; gives the paths of what went.
pub(crate) fn prune(kind: &Kind, object: &mut Value) -> Vec<String> {
    let mut gone = Vec::new();
    if !kind.is_custom() {
        return gone;
    }
    if let Value::Object(fields) = object {
        retain(fields, "", &mut gone, |name| {
            matches!(name, "apiVersion" | "kind" | "metadata" | "spec" | "status")
        });
    }
    let spec = match kind.plural {
        "ocirepositories" => Fields(OCI_REPOSITORY),
        "helmcharts" => Fields(HELM_CHART),
        "helmrepositories" => Fields(HELM_REPOSITORY),
        _ => Any,
    };
    if let Some(value) = object.get_mut("spec") {
        walk(value, &spec, "spec", &mut gone);
    }
    gone
}

fn walk(value: &mut Value, shape: &Shape, path: &str, gone: &mut Vec<String>) {
    match (shape, value) {
        (Fields(known), Value::Object(fields)) => {
            let prefix = format!("{path}.");
            retain(fields, &prefix, gone, |name| known.iter().any(|(field, _)| *field == name));
            for (name, shape) in *known {
                if let Some(value) = fields.get_mut(*name) {
                    walk(value, shape, &format!("{prefix}{name}"), gone);
                }
            }
        }
        (List(shape), Value::Array(items)) => {
            for (index, item) in items.iter_mut().enumerate() {
                walk(item, shape, &format!("{path}[{index}]"), gone);
            }
        }
        _ => {}
    }
}

fn retain(
    fields: &mut Map<String, Value>,
    prefix: &str,
    gone: &mut Vec<String>,
    known: impl Fn(&str) -> bool,
) {
    fields.retain(|name, _| {
        let keep = known(name);
        if !keep {
            gone.push(format!("{prefix}{name}"));
        }
        keep
    });
}

/// Fills in what the object leaves open.
pub(crate) fn fill_in(kind: &Kind, object: &mut Value) {
    if kind.group.ends_with(".toolkit.fluxcd.io") && object["status"].is_null() {
        object["status"] = json!({"observedGeneration": -1});
    }
    for (_, place, field, value) in DEFAULTS.iter().filter(|row| row.0 == kind.plural) {
        if let Some(Value::Object(fields)) = object.pointer_mut(place)
            && !fields.contains_key(*field)
        {
            fields.insert((*field).to_owned(), json!(value));
        }
    }
}

/// What is wrong with an object, as the API server would say it.
pub(crate) fn complaint(kind: &Kind, object: &Value) -> Option<String> {
    for (_, place, fields) in REQUIRED.iter().filter(|row| row.0 == kind.plural) {
        // An object without a spec is let in, and its controller has something to complain about.
        let within = object.pointer(place)?;
        let missing = fields.iter().find(|field| within[**field].is_null());
        if let Some(field) = missing {
            let path = place.trim_start_matches('/').replace('/', ".");
            return Some(format!("{path}.{field}: Required value"));
        }
    }
    if kind.plural == "ocirepositories" {
        let url = object["spec"]["url"].as_str().unwrap_or_default();
        if !url.starts_with("oci://") {
            return Some(format!(
                "spec.url: Invalid value: {url:?}: spec.url in body should match '^oci://.*$'"
            ));
        }
    }
    verify_complaint(&object["spec"]["verify"])
}

fn verify_complaint(verify: &Value) -> Option<String> {
    if let Some(provider) = verify["provider"].as_str()
        && !matches!(provider, "cosign" | "notation")
    {
        return Some(format!(
            "spec.verify.provider: Unsupported value: {provider:?}: supported values: \"cosign\", \"notation\""
        ));
    }
    let identities = verify["matchOIDCIdentity"].as_array()?;
    identities.iter().enumerate().find_map(|(index, identity)| {
        let field = ["issuer", "subject"].into_iter().find(|field| identity[*field].is_null())?;
        Some(format!("spec.verify.matchOIDCIdentity[{index}].{field}: Required value"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::kinds::named;

    #[test]
    fn what_nobody_reads_is_dropped() {
        let kind = named("ocirepositories").unwrap();
        let verify =
            json!({"provider": "cosign", "matchOIDCIdentity": [{"issuer": "i", "subject": "s"}]});
        for (object, gone, why) in [
            (json!({"spec": {"url": "u", "verify": verify}}), vec![], "the right place"),
            (json!({"spec": {"url": "u"}, "verify": verify}), vec!["verify"], "beside the spec"),
            (json!({"spec": {"ref": {"verify": verify}}}), vec!["spec.ref.verify"], "in the ref"),
            (json!({"spec": {"verification": verify}}), vec!["spec.verification"], "misspelt"),
            (
                json!({"spec": {"verify": {"matchOidcIdentity": []}}}),
                vec!["spec.verify.matchOidcIdentity"],
                "another spelling",
            ),
            (
                json!({"spec": {"verify": {"matchOIDCIdentity": [{"san": "x"}]}}}),
                vec!["spec.verify.matchOIDCIdentity[0].san"],
                "within a list",
            ),
        ] {
            let mut pruned = object.clone();
            assert_eq!(prune(kind, &mut pruned), gone, "{why}");
            assert_eq!(pruned == object, gone.is_empty(), "{why}");
        }
    }

    #[test]
    fn kinds_without_a_table_keep_their_spec_and_core_kinds_everything() {
        let mut release = json!({"spec": {"chart": {"spec": {"verify": {}}}}, "other": 1});
        assert_eq!(prune(named("helmreleases").unwrap(), &mut release), ["other"]);
        let mut secret = json!({"data": {"a": "b"}});
        assert!(prune(named("secrets").unwrap(), &mut secret).is_empty());
    }

    #[test]
    fn what_is_left_open_is_filled_in() {
        let kind = named("ocirepositories").unwrap();
        let mut object = json!({"spec": {"url": "oci://r/a", "verify": {}, "timeout": "5s"}});
        fill_in(kind, &mut object);
        let expected = json!({"spec": {"url": "oci://r/a", "verify": {"provider": "cosign"},
            "timeout": "5s", "provider": "generic"}, "status": {"observedGeneration": -1}});
        assert_eq!(object, expected);
    }

    #[test]
    fn an_object_that_lacks_something_is_refused_and_its_neighbour_is_not() {
        let kind = named("ocirepositories").unwrap();
        let spec = |more: Value| {
            let mut spec = json!({"interval": "1m", "url": "oci://r/a"});
            spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({"spec": spec})
        };
        let entry = |identity: Value| spec(json!({"verify": {"matchOIDCIdentity": [identity]}}));
        for (object, part, why) in [
            (spec(json!({})), None, "all there"),
            (json!({"spec": {"url": "oci://r/a"}}), Some("spec.interval"), "no interval"),
            (json!({}), None, "no spec at all"),
            (spec(json!({"url": "https://r/a"})), Some("spec.url"), "another scheme"),
            (spec(json!({"verify": {"provider": "gpg"}})), Some("provider"), "unknown provider"),
            (entry(json!({"issuer": "i", "subject": "s"})), None, "an identity"),
            (entry(json!({"issuer": "i"})), Some("[0].subject"), "half an identity"),
        ] {
            let complaint = complaint(kind, &object);
            match part {
                None => assert_eq!(complaint, None, "{why}"),
                Some(part) => assert!(complaint.unwrap().contains(part), "{why}"),
            }
        }
    }
}
