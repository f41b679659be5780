//! Server-side apply: a writer's whole intent is merged into what is there. What it no longer wants
//! goes unless somebody else owns it, and what somebody else owns stays unless it insists.

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::fields::{self, Ownership, Path, at, leaves, overlap};
use super::status::Refusal;

/// Merges `intent` into `live`. `writer` comes without paths.
pub(crate) fn apply(
    live: &Value,
    intent: &Value,
    writer: Ownership,
    force: bool,
) -> Result<Value, Refusal> {
    let wanted = leaves(intent);
    let mut record = fields::record_of(live);
    let conflicts = conflicts(&record, &writer, &wanted, live, intent);
    if !conflicts.is_empty() && !force {
        return Err(refusal(&conflicts));
    }
    let lost: BTreeSet<&Path> = conflicts.iter().map(|(_, path)| path).collect();
    for one in record.iter_mut().filter(|one| !one.is_by(&writer)) {
        one.paths.retain(|path| !lost.iter().any(|lost| overlap(path, lost)));
    }
    let before = record.iter().find(|one| one.is_by(&writer)).map(|one| one.paths.clone());
    let mut new = live.clone();
    for path in before.unwrap_or_default() {
        let others = record.iter().filter(|one| !one.is_by(&writer));
        let owned = others.flat_map(|one| &one.paths).any(|other| overlap(&path, other));
        if !owned && !wanted.iter().any(|wanted| wanted.starts_with(&path)) {
            fields::remove(&mut new, &path);
        }
    }
    merge(&mut new, intent);
    match record.iter_mut().find(|one| one.is_by(&writer)) {
        Some(mine) if mine.paths == wanted => {}
        Some(mine) => *mine = Ownership { paths: wanted, ..writer },
        None => record.push(Ownership { paths: wanted, ..writer }),
    }
    fields::put_record(&mut new, &record);
    Ok(new)
}

/// What others own and the writer wants otherwise: (manager, path).
fn conflicts(
    record: &[Ownership],
    writer: &Ownership,
    wanted: &BTreeSet<Path>,
    live: &Value,
    intent: &Value,
) -> Vec<(Ownership, Path)> {
    let mut conflicts = Vec::new();
    for one in record.iter().filter(|one| !one.is_by(writer)) {
        for path in wanted.iter().filter(|path| !agree(at(live, path), at(intent, path))) {
            if one.paths.iter().any(|other| overlap(path, other)) {
                conflicts.push((one.clone(), path.clone()));
            }
        }
    }
    conflicts
}

/// An object without fields asks for no more than that one is there.
fn agree(live: Option<&Value>, intent: Option<&Value>) -> bool {
    let object = |value: Option<&Value>| value.and_then(Value::as_object).map(Map::len);
    live == intent || (object(intent) == Some(0) && object(live).is_some())
}

fn refusal(conflicts: &[(Ownership, Path)]) -> Refusal {
    let with = conflicts.iter().map(|(one, path)| (owner(one), fields::shown(path)));
    let with: Vec<(String, String)> = with.collect();
    let message = match with.as_slice() {
        [(owner, path)] => format!("Apply failed with 1 conflict: conflict with {owner}: {path}"),
        _ => {
            let said: Vec<String> =
                with.iter().map(|(owner, path)| format!("conflict with {owner}: {path}")).collect();
            format!("Apply failed with {} conflicts: {}", said.len(), said.join("\n"))
        }
    };
    let cause = |(owner, path): &(String, String)| {
        let message = format!("conflict with {owner}");
        json!({"reason": "FieldManagerConflict", "message": message, "field": path})
    };
    Refusal::new(StatusCode::CONFLICT, message).causes(with.iter().map(cause).collect())
}

/// The owner of a field, as the API server names it.
fn owner(one: &Ownership) -> String {
    let mut owner = format!("\"{}\"", one.manager);
    if !one.subresource.is_empty() {
        owner.push_str(&format!(" with subresource \"{}\"", one.subresource));
    }
    if one.operation == "Update" {
        owner.push_str(&format!(" using {} at {}", one.api_version, one.time));
    }
    owner
}

/// Objects field by field, everything else whole.
fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(manager: &str) -> Ownership {
        Ownership {
            manager: manager.into(),
            operation: "Apply".into(),
            subresource: String::new(),
            api_version: "source.toolkit.fluxcd.io/v1".into(),
            time: "2026-11-25T00:00:00Z".into(),
            paths: BTreeSet::new(),
        }
    }

    fn applied(live: &Value, spec: Value, manager: &str, force: bool) -> Result<Value, Refusal> {
        let intent = json!({"metadata": {"name": "a"}, "spec": spec});
        apply(live, &intent, by(manager), force)
    }

    #[test]
    fn what_a_writer_no_longer_wants_goes_unless_somebody_else_owns_it() {
        let live = json!({"metadata": {}});
        let live =
            applied(&live, json!({"url": "u", "verify": {"provider": "cosign"}}), "flux", false);
        let live = applied(&live.unwrap(), json!({"url": "u"}), "ksail", false).unwrap();
        let without = applied(&live, json!({"interval": "1m"}), "flux", false).unwrap();
        assert_eq!(
            without["spec"],
            json!({"url": "u", "interval": "1m"}),
            "verify went, url stays"
        );
        let gone = applied(&without, json!({}), "ksail", false).unwrap();
        assert_eq!(gone["spec"], json!({"interval": "1m"}));
    }

    #[test]
    fn another_value_is_a_conflict_until_the_writer_insists() {
        let live = applied(
            &json!({"metadata": {}}),
            json!({"verify": {"provider": "cosign"}}),
            "flux",
            false,
        );
        let live = live.unwrap();
        let same = applied(&live, json!({"verify": {"provider": "cosign"}}), "ksail", false);
        assert!(same.is_ok(), "the same value is shared");
        let other = json!({"verify": {"provider": "notation"}});
        let refusal = applied(&live, other.clone(), "ksail", false).unwrap_err().object();
        let said = refusal["message"].as_str().unwrap();
        assert!(
            said.contains("conflict with \"flux\"") && said.ends_with(".spec.verify.provider"),
            "{said}"
        );
        let forced = applied(&live, other, "ksail", true).unwrap();
        assert_eq!(forced["spec"]["verify"]["provider"], "notation");
        let owners = forced["metadata"]["managedFields"].as_array().unwrap();
        assert_eq!(owners.len(), 1, "flux owns nothing any more: {owners:?}");
        assert_eq!(owners[0]["fieldsV1"], json!({"f:spec": {"f:verify": {"f:provider": {}}}}));
    }

    #[test]
    fn applying_the_same_again_changes_nothing() {
        let once = applied(
            &json!({"metadata": {}}),
            json!({"url": "u", "ref": {"tag": "t"}}),
            "flux",
            false,
        );
        let once = once.unwrap();
        assert_eq!(
            applied(&once, json!({"url": "u", "ref": {"tag": "t"}}), "flux", false).unwrap(),
            once
        );
    }
}
