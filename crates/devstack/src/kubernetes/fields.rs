//! Who owns which field: the record in `metadata.managedFields`, as in structured-merge-diff's
//! `FieldsV1`. Lists are owned whole, as those of Flux's kinds are; a Deployment's containers are
//! finer in the real API server.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// A path, name by name.
pub(crate) type Path = Vec<String>;

/// Metadata that belongs to the server.
const SYSTEM: &[&str] = &[
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generateName",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Last name of the path of an object itself, apart from what is in it.
const ITSELF: &str = ".";

/// One writer's part of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ownership {
    pub(crate) manager: String,
    /// `Apply` or `Update`.
    pub(crate) operation: String,
    /// `status`, or empty.
    pub(crate) subresource: String,
    pub(crate) api_version: String,
    pub(crate) time: String,
    pub(crate) paths: BTreeSet<Path>,
}

/// The record of an object.
pub(crate) fn record_of(object: &Value) -> Vec<Ownership> {
    let entries = object["metadata"]["managedFields"].as_array();
    entries.into_iter().flatten().map(Ownership::read).collect()
}

/// Writes the record into an object.
pub(crate) fn put_record(object: &mut Value, record: &[Ownership]) {
    let mut record: Vec<&Ownership> = record.iter().filter(|one| !one.paths.is_empty()).collect();
    // As the API server lists them: applies first, then by time and name.
    record.sort_by_key(|one| (one.operation.as_str(), one.time.as_str(), one.manager.as_str()));
    let entries: Vec<Value> = record.into_iter().map(Ownership::write).collect();
    if !entries.is_empty() {
        object["metadata"]["managedFields"] = Value::Array(entries);
    } else if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.shift_remove("managedFields");
    }
}

/// After an update: what changed belongs to `writer`, and what is gone to nobody. `writer` comes
/// without paths, and owns nothing of the status unless that is what it writes.
pub(crate) fn updated(
    mut record: Vec<Ownership>,
    writer: Ownership,
    live: &Value,
    new: &Value,
) -> Vec<Ownership> {
    let mut changed: BTreeSet<Path> = leaves(new)
        .into_iter()
        .filter(|path| (path[0] == "status") == (writer.subresource == "status"))
        .filter(|path| at(live, path) != at(new, path))
        .collect();
    for one in &mut record {
        let mine = one.is_by(&writer);
        one.paths.retain(|path| {
            at(new, path).is_some() && (mine || !changed.iter().any(|other| overlap(path, other)))
        });
    }
    if changed.is_empty() {
        return record;
    }
    let made: Vec<Path> = changed.iter().flat_map(|path| objects_above(path, live)).collect();
    changed.extend(made);
    match record.iter_mut().find(|one| one.is_by(&writer)) {
        Some(mine) => {
            mine.paths.extend(changed);
            mine.time = writer.time;
        }
        None => record.push(Ownership { paths: changed, ..writer }),
    }
    record
}

/// The objects on the way to a path that were not there before; `metadata` itself belongs to nobody.
fn objects_above(path: &[String], live: &Value) -> Vec<Path> {
    let above = (1..path.len()).map(|depth| &path[..depth]);
    let made = above.filter(|above| *above != ["metadata"] && at(live, above).is_none());
    made.map(|above| [above, &[ITSELF.to_owned()]].concat()).collect()
}

impl Ownership {
    /// Whether it is the same writer's, in the same way.
    pub(crate) fn is_by(&self, other: &Ownership) -> bool {
        (&self.manager, &self.operation, &self.subresource)
            == (&other.manager, &other.operation, &other.subresource)
    }

    fn read(entry: &Value) -> Self {
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let mut paths = BTreeSet::new();
        read_paths(&entry["fieldsV1"], &mut Vec::new(), &mut paths);
        Self {
            manager: text("manager"),
            operation: text("operation"),
            subresource: text("subresource"),
            api_version: text("apiVersion"),
            time: text("time"),
            paths,
        }
    }

    fn write(&self) -> Value {
        let mut fields = json!({});
        for path in &self.paths {
            let mut place = &mut fields;
            for name in path {
                let key = if name == ITSELF { ITSELF.to_owned() } else { format!("f:{name}") };
                place = &mut place[key];
                if place.is_null() {
                    *place = json!({});
                }
            }
        }
        let mut entry = json!({
            "manager": self.manager, "operation": self.operation, "apiVersion": self.api_version,
            "time": self.time, "fieldsType": "FieldsV1", "fieldsV1": fields,
        });
        if !self.subresource.is_empty() {
            entry["subresource"] = json!(self.subresource);
        }
        entry
    }
}

fn read_paths(fields: &Value, path: &mut Path, paths: &mut BTreeSet<Path>) {
    let name = |key: &str| match key {
        ITSELF => Some(ITSELF.to_owned()),
        key => key.strip_prefix("f:").map(str::to_owned),
    };
    let named = fields.as_object().into_iter().flatten();
    let mut named = named.filter_map(|(key, below)| Some((name(key)?, below))).peekable();
    if named.peek().is_none() && !path.is_empty() {
        paths.insert(path.clone());
    }
    for (name, below) in named {
        path.push(name);
        read_paths(below, path, paths);
        path.pop();
    }
}

/// The paths of everything that a writer may own: values, whole lists, empty objects.
pub(crate) fn leaves(object: &Value) -> BTreeSet<Path> {
    let mut paths = BTreeSet::new();
    for (name, value) in object.as_object().into_iter().flatten() {
        match (name.as_str(), value) {
            ("apiVersion" | "kind", _) => {}
            ("metadata", Value::Object(metadata)) => {
                for (field, value) in metadata {
                    if !SYSTEM.contains(&field.as_str()) {
                        descend(value, &mut vec![name.clone(), field.clone()], &mut paths);
                    }
                }
            }
            _ => descend(value, &mut vec![name.clone()], &mut paths),
        }
    }
    paths
}

fn descend(value: &Value, path: &mut Path, paths: &mut BTreeSet<Path>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                path.push(name.clone());
                descend(value, path, paths);
                path.pop();
            }
        }
        _ => {
            paths.insert(path.clone());
        }
    }
}

/// What stands at a path.
pub(crate) fn at<'a>(object: &'a Value, path: &[String]) -> Option<&'a Value> {
    let path = path.strip_suffix(&[ITSELF.to_owned()]).unwrap_or(path);
    path.iter().try_fold(object, |value, name| value.get(name))
}

/// Takes away what stands at a path, and the objects that are empty without it.
pub(crate) fn remove(object: &mut Value, path: &[String]) {
    fn within(fields: &mut Map<String, Value>, path: &[String]) {
        let Some((name, rest)) = path.split_first() else { return };
        let empty = match fields.get_mut(name) {
            Some(Value::Object(below)) if !rest.is_empty() => {
                within(below, rest);
                below.is_empty()
            }
            Some(_) => rest.is_empty(),
            None => false,
        };
        if empty {
            fields.shift_remove(name);
        }
    }
    if let Value::Object(fields) = object {
        within(fields, path);
    }
}

/// Whether one path is at, above or below the other.
pub(crate) fn overlap(one: &[String], other: &[String]) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

/// `.spec.verify`, as in messages.
pub(crate) fn shown(path: &[String]) -> String {
    path.iter().map(|name| format!(".{name}")).collect()
}
