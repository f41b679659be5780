//! Create, update, patch, delete.

use http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;

use super::apply::apply;
use super::fields::{self, Ownership};
use super::object::{self, Part, settle};
use super::route::{Query, Target};
use super::shape;
use super::status::Refusal;
use super::store::{Key, Store, Write};

/// A request that writes.
pub(crate) struct Writing<'a> {
    pub(crate) store: &'a Store,
    pub(crate) target: &'a Target,
    pub(crate) query: &'a Query,
    /// Who is recorded as the writer.
    pub(crate) manager: String,
    /// The time, as the API spells it.
    pub(crate) now: String,
}

/// What came of it.
pub(crate) struct Written {
    pub(crate) code: StatusCode,
    pub(crate) object: Arc<Value>,
    /// Fields that were dropped, since the kind does not know them.
    pub(crate) dropped: Vec<String>,
}

/// How a patch changes an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PatchForm {
    /// RFC 7386.
    Merge,
    /// kubectl's for the kinds of Kubernetes itself.
    Strategic,
    /// The writer's whole intent.
    Apply,
}

impl Writing<'_> {
    pub(crate) fn create(&self, mut body: Value) -> Result<Written, Refusal> {
        self.check_type(&body)?;
        let prefix = body["metadata"]["generateName"].as_str().unwrap_or_default();
        let name = match body["metadata"]["name"].as_str() {
            Some(name) => name.to_owned(),
            None if prefix.is_empty() => {
                return Err(Refusal::invalid(
                    self.target.kind,
                    "",
                    "metadata.name: Required value: name or generateName is required",
                ));
            }
            None => format!("{prefix}{}", self.store.version() + 1),
        };
        body["metadata"]["name"] = json!(name);
        let key = self.key(&name)?;
        let dropped = self.pruned(&mut body)?;
        let object = self.store.write(&key, self.query.rehearse(), |live| {
            // What is wrong is told first, as the API server does.
            let made = self.updated(&key, None, body)?;
            match live {
                Some(_) => Err(Refusal::already_exists(key.kind, &name)),
                None => Ok(made),
            }
        })?;
        Ok(Written { code: StatusCode::CREATED, object, dropped })
    }

    pub(crate) fn update(&self, mut body: Value) -> Result<Written, Refusal> {
        self.check_type(&body)?;
        let key = self.key("")?;
        let dropped = self.pruned(&mut body)?;
        if key.kind.is_custom() && body["metadata"]["resourceVersion"].is_null() {
            let why = "metadata.resourceVersion: Invalid value: 0: must be specified for an update";
            return Err(Refusal::invalid_as(key.kind, key.kind.plural, &key.name, why));
        }
        let object = self.store.write(&key, self.query.rehearse(), |live| {
            let live = live.ok_or_else(|| Refusal::not_found(key.kind, &key.name))?;
            self.updated(&key, Some(live), body)
        })?;
        Ok(Written { code: StatusCode::OK, object, dropped })
    }

    pub(crate) fn patch(&self, form: PatchForm, mut patch: Value) -> Result<Written, Refusal> {
        if form == PatchForm::Apply {
            return self.apply(patch);
        }
        let key = self.key("")?;
        if form == PatchForm::Strategic && !key.kind.is_plain() {
            let why = "this server knows strategic merge patches of namespaces, secrets and configmaps only; use server-side apply";
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, why));
        }
        let dropped = self.pruned(&mut patch)?;
        let object = self.store.write(&key, self.query.rehearse(), |live| {
            let live = live.ok_or_else(|| Refusal::not_found(key.kind, &key.name))?;
            let mut new = live.clone();
            merge_patch(&mut new, &patch);
            self.updated(&key, Some(live), new)
        })?;
        Ok(Written { code: StatusCode::OK, object, dropped })
    }

    fn apply(&self, mut intent: Value) -> Result<Written, Refusal> {
        self.check_type(&intent)?;
        let key = self.key("")?;
        if self.query.get("fieldManager").is_none() {
            let why = "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch";
            return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, why));
        }
        let dropped = self.pruned(&mut intent)?;
        let other = if self.part() == Part::Status { "spec" } else { "status" };
        if let (true, Some(fields)) = (key.kind.status, intent.as_object_mut()) {
            fields.shift_remove(other);
        }
        let mut code = StatusCode::OK;
        let object = self.store.write(&key, self.query.rehearse(), |live| {
            if live.is_none() && self.part() == Part::Status {
                return Err(Refusal::not_found(key.kind, &key.name));
            }
            if live.is_none() {
                code = StatusCode::CREATED;
            }
            let nothing = json!({"metadata": {}});
            let writer = self.writer("Apply");
            let force = self.query.is("force");
            let base = live.unwrap_or(&nothing);
            check_version(&key, live, &intent)?;
            let new = apply(base, &intent, writer, force)?;
            Ok(Write::Put(settle(&key, live, new, self.part(), &self.now)?))
        })?;
        Ok(Written { code, object, dropped })
    }

    /// The object after a write that is no apply, with its writer on record.
    fn updated(&self, key: &Key, live: Option<&Value>, new: Value) -> Result<Write, Refusal> {
        check_version(key, live, &new)?;
        let nothing = json!({});
        let before = live.unwrap_or(&nothing);
        let mut object = settle(key, live, new, self.part(), &self.now)?;
        let finalizers = object["metadata"]["finalizers"].as_array().map_or(0, Vec::len);
        if finalizers == 0 && !object["metadata"]["deletionTimestamp"].is_null() {
            return Ok(Write::Remove);
        }
        let record = fields::record_of(before);
        let record = fields::updated(record, self.writer("Update"), before, &object);
        fields::put_record(&mut object, &record);
        Ok(Write::Put(object))
    }

    /// Deletes one object; gives what it was, or what it is while finalizers hold it.
    pub(crate) fn delete(&self, options: &Value) -> Result<(Arc<Value>, bool), Refusal> {
        let key = self.key("")?;
        let rehearse = self.query.rehearse();
        if !rehearse {
            self.delete_contents(&key)?;
        }
        let mut gone = true;
        let object = self.store.write(&key, rehearse, |live| {
            let live = live.ok_or_else(|| Refusal::not_found(key.kind, &key.name))?;
            for field in ["uid", "resourceVersion"] {
                let wanted = &options["preconditions"][field];
                if !wanted.is_null() && *wanted != live["metadata"][field] {
                    let is = &live["metadata"][field];
                    let why = format!(
                        "the {field} in the precondition ({wanted}) does not match that in record ({is})"
                    );
                    return Err(Refusal::conflict(key.kind, &key.name, &why));
                }
            }
            if live["metadata"]["finalizers"].as_array().is_none_or(Vec::is_empty) {
                return Ok(Write::Remove);
            }
            gone = false;
            let mut marked = live.clone();
            if marked["metadata"]["deletionTimestamp"].is_null() {
                marked["metadata"]["deletionTimestamp"] = json!(self.now);
                marked["metadata"]["deletionGracePeriodSeconds"] = json!(0);
            }
            Ok(Write::Put(marked))
        })?;
        Ok((object, gone))
    }

    /// What goes with a namespace, or with the definition of a kind. Real clusters have controllers
    /// for that, which wait for finalizers; nothing here would ever lift them.
    fn delete_contents(&self, key: &Key) -> Result<(), Refusal> {
        let contents = match key.kind.plural {
            "namespaces" => self.store.within(&key.name),
            "customresourcedefinitions" => {
                let plural = key.name.split('.').next().unwrap_or_default();
                match super::kinds::named(plural) {
                    Some(kind) => self
                        .store
                        .list(kind, None, None)?
                        .1
                        .into_iter()
                        .map(|(key, _)| key)
                        .collect(),
                    None => Vec::new(),
                }
            }
            _ => Vec::new(),
        };
        for key in contents {
            self.store.write(&key, false, |_| Ok(Write::Remove))?;
        }
        Ok(())
    }

    fn part(&self) -> Part {
        if self.target.status { Part::Status } else { Part::Main }
    }

    fn writer(&self, operation: &str) -> Ownership {
        Ownership {
            manager: self.manager.clone(),
            operation: operation.to_owned(),
            subresource: if self.target.status { "status".to_owned() } else { String::new() },
            api_version: self.target.kind.api_version(),
            time: self.now.clone(),
            paths: std::collections::BTreeSet::new(),
        }
    }

    /// Where the object is, or would be: in a namespace that is there.
    fn key(&self, name: &str) -> Result<Key, Refusal> {
        let kind = self.target.kind;
        let key = self.target.key(name);
        if !object::is_name(&key.name) {
            let why = format!(
                "metadata.name: Invalid value: {:?}: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'",
                key.name
            );
            return Err(Refusal::invalid(kind, &key.name, &why));
        }
        if let (true, Some(namespaces)) = (kind.namespaced, super::kinds::named("namespaces")) {
            let home =
                Key { kind: namespaces, namespace: String::new(), name: key.namespace.clone() };
            if self.store.get(&home).is_none() {
                return Err(Refusal::not_found(namespaces, &key.namespace));
            }
        }
        Ok(key)
    }

    fn check_type(&self, body: &Value) -> Result<(), Refusal> {
        let kind = self.target.kind;
        if !body.is_object() {
            return Err(Refusal::malformed("the body is no JSON object"));
        }
        let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
        let name = text("/metadata/name").unwrap_or_default();
        for (field, expected) in
            [("apiVersion", kind.api_version()), ("kind", kind.name.to_owned())]
        {
            let found = body[field].as_str().filter(|found| *found != expected);
            if let Some(found) = found {
                let said = body["kind"].as_str().unwrap_or(kind.name);
                let why = format!("{field}: Invalid value: {found:?}: must be {expected}");
                return Err(Refusal::invalid_as(kind, said, name, &why));
            }
        }
        for (field, expected) in
            [("name", &self.target.name), ("namespace", &self.target.namespace)]
        {
            let found = body["metadata"][field].as_str();
            if let (Some(found), Some(expected)) = (found, expected)
                && found != expected
            {
                let why = format!(
                    "the {field} of the provided object does not match the {field} sent on the request"
                );
                return Err(Refusal::malformed(why));
            }
        }
        Ok(())
    }

    /// Drops what the kind does not know; with `fieldValidation=Strict` it is an error.
    fn pruned(&self, body: &mut Value) -> Result<Vec<String>, Refusal> {
        let dropped = shape::prune(self.target.kind, body);
        match self.query.get("fieldValidation") {
            Some("Strict") if !dropped.is_empty() => {
                let said: Vec<String> =
                    dropped.iter().map(|path| format!("unknown field \"{path}\"")).collect();
                let (name, version) = (self.target.kind.name, self.target.kind.version);
                Err(Refusal::malformed(format!(
                    "{name} in version \"{version}\" cannot be handled as a {name}: strict decoding error: {}",
                    said.join(", ")
                )))
            }
            Some("Ignore") => Ok(Vec::new()),
            _ => Ok(dropped),
        }
    }
}

/// A writer that names a version means the object as it was then.
fn check_version(key: &Key, live: Option<&Value>, new: &Value) -> Result<(), Refusal> {
    let named = &new["metadata"]["resourceVersion"];
    let is = live.map(|live| &live["metadata"]["resourceVersion"]);
    match is {
        Some(is) if !named.is_null() && named != is => {
            let why = "the object has been modified; please apply your changes to the latest version and try again";
            Err(Refusal::conflict(key.kind, &key.name, why))
        }
        _ => Ok(()),
    }
}

/// RFC 7386.
fn merge_patch(object: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *object = patch.clone();
        return;
    };
    if !object.is_object() {
        *object = json!({});
    }
    let Value::Object(fields) = object else { return };
    for (name, value) in patch {
        if value.is_null() {
            fields.shift_remove(name);
        } else {
            merge_patch(fields.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merge_patches() {
        for (object, patch, expected, why) in [
            (json!({"a": 1}), json!({"b": 2}), json!({"a": 1, "b": 2}), "added"),
            (
                json!({"a": {"b": 1, "c": 2}}),
                json!({"a": {"b": null}}),
                json!({"a": {"c": 2}}),
                "removed",
            ),
            (json!({"a": [1, 2]}), json!({"a": [3]}), json!({"a": [3]}), "lists go whole"),
            (
                json!({"a": 1}),
                json!({"a": {"b": null}}),
                json!({"a": {}}),
                "a value becomes an object",
            ),
        ] {
            let mut patched = object;
            merge_patch(&mut patched, &patch);
            assert_eq!(patched, expected, "{why}");
        }
    }
}
