//! Sources and Secrets from YAML files: any number of documents, lists as kubectl prints them.

use camino::{Utf8Path, Utf8PathBuf};
use sealwright_flux::{Secrets, Source, SourceError};
use sealwright_policy::{Code, Finding, Place};
use serde_json::Value;

use crate::failure::Failure;
use crate::file;
use crate::kubernetes::secret;

/// Bytes of one file: five thousand sources of usual size have 8 MiB.
const FILE_BYTES_MAX: u64 = 32 << 20;

/// What files hold.
#[derive(Debug, Default)]
pub(super) struct Documents {
    /// Sources with the file they stand in.
    pub(super) sources: Vec<(Source, Utf8PathBuf)>,
    /// Secrets of all files.
    pub(super) secrets: Secrets,
    /// Objects that are meant as sources and are none.
    pub(super) findings: Vec<Finding>,
}

impl Documents {
    /// Reads a file. Objects that are neither sources nor Secrets are left aside.
    pub(super) fn read(&mut self, path: &Utf8Path, namespace: &str) -> Result<(), Failure> {
        for (number, document) in parse(path)?.into_iter().enumerate() {
            self.take(document, path, number + 1, namespace);
        }
        Ok(())
    }

    fn take(&mut self, document: Value, path: &Utf8Path, number: usize, namespace: &str) {
        let is_list = document["kind"].as_str().is_some_and(|kind| kind.ends_with("List"));
        match document {
            Value::Object(mut list) if is_list => {
                let items = list.remove("items").unwrap_or_default();
                for item in items.as_array().cloned().unwrap_or_default() {
                    self.object(item, path, number, namespace);
                }
            }
            object => self.object(object, path, number, namespace),
        }
    }

    fn object(&mut self, mut object: Value, path: &Utf8Path, number: usize, namespace: &str) {
        put_into_namespace(&mut object, namespace);
        if object["apiVersion"] == "v1" && object["kind"] == "Secret" {
            let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
            let name = text("/metadata/name").unwrap_or_default();
            let namespace = text("/metadata/namespace").unwrap_or_default();
            self.secrets.insert(namespace, name, secret(&object));
            return;
        }
        match Source::parse(&object) {
            Ok(source) => self.sources.push((source, path.to_owned())),
            Err(SourceError::NotASource { .. }) => {}
            Err(error) => {
                let name = object.pointer("/metadata/name").and_then(Value::as_str);
                let message = format!("document {number}: {error}");
                let mut place = Place::file(path.as_str());
                place.object = name.map(ToOwned::to_owned);
                self.findings.push(Finding::new(Code::SourceInvalid, message).with_place(place));
            }
        }
    }
}

fn parse(path: &Utf8Path) -> Result<Vec<Value>, Failure> {
    let not_yaml =
        |error: &dyn std::fmt::Display| Failure::data(format!("{path} is not YAML: {error}"));
    let bytes = file::read(path, FILE_BYTES_MAX)?;
    let text = std::str::from_utf8(&bytes).map_err(|error| not_yaml(&error))?;
    serde_saphyr::from_multiple(text).map_err(|error| not_yaml(&error))
}

fn put_into_namespace(object: &mut Value, namespace: &str) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        let named =
            metadata.get("namespace").and_then(Value::as_str).is_some_and(|n| !n.is_empty());
        if !named {
            metadata.insert("namespace".to_owned(), namespace.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use sealwright_flux::Secret;

    use super::*;

    fn read(text: &str) -> Result<Documents, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(folder.path()).unwrap().join("sources.yaml");
        std::fs::write(&path, text).unwrap();
        let mut documents = Documents::default();
        documents.read(&path, "apps").map(|()| documents)
    }

    const SOURCE: &str = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: shop}
spec: {url: 'oci://ghcr.io/acme/shop', interval: 1m}
";

    #[test]
    fn sources_are_found_among_other_documents() {
        let indented = SOURCE.trim_end().replace('\n', "\n  ");
        let list = format!("apiVersion: v1\nkind: List\nitems:\n- {indented}\n- {indented}\n");
        for (text, count, why) in [
            (SOURCE.to_owned(), 1, "one"),
            (format!("---\n{SOURCE}---\n{SOURCE}"), 2, "two documents"),
            (format!("---\n---\n{SOURCE}"), 1, "an empty document"),
            (format!("kind: Namespace\napiVersion: v1\n---\n{SOURCE}"), 1, "another kind"),
            (list, 2, "a list"),
            (String::new(), 0, "nothing"),
            ("- a\n- b\n".to_owned(), 0, "no object at all"),
        ] {
            let documents = read(&text).unwrap();
            assert_eq!((documents.sources.len(), documents.findings.len()), (count, 0), "{why}");
            assert!(documents.sources.iter().all(|(s, _)| s.metadata().namespace == "apps"));
        }
    }

    #[test]
    fn what_is_no_source_is_told_apart_from_a_broken_one() {
        let broken = SOURCE.replace("url: 'oci://ghcr.io/acme/shop'", "url: [1]");
        let documents = read(&broken).unwrap();
        assert_eq!(documents.findings[0].code, Code::SourceInvalid);
        assert!(documents.findings[0].message.contains("spec.url"), "{:?}", documents.findings);
        let failure = read("a: [").unwrap_err();
        assert!(failure.message.contains("is not YAML"), "{}", failure.message);
        assert_eq!(failure.exit_code, 65);
    }

    #[test]
    fn secrets_are_read_in_every_form() {
        let of = |text: &str| {
            let head = "apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\n";
            read(&format!("{head}{text}")).unwrap().secrets.get("apps", "keys")
        };
        let found = |key: &str, value: &[u8]| {
            Secret::Found(BTreeMap::from([(key.to_owned(), value.to_vec())]))
        };
        for (text, expected, why) in [
            ("data: {a.pub: aGk=}\n", found("a.pub", b"hi"), "base64"),
            ("stringData: {a.pub: hi}\n", found("a.pub", b"hi"), "text"),
            ("data: {a.pub: eA==}\nstringData: {a.pub: hi}\n", found("a.pub", b"hi"), "text wins"),
            ("type: Opaque\n", Secret::Found(BTreeMap::new()), "empty"),
        ] {
            assert_eq!(of(text), expected, "{why}");
        }
        for (text, why) in [
            ("data: {a.pub: 'ENC[AES256_GCM,data:x]'}\nsops: {mac: x}\n", "SOPS"),
            ("data: {a.pub: '%'}\n", "base64"),
        ] {
            assert!(matches!(of(text), Secret::Unreadable(said) if said.contains(why)), "{why}");
        }
    }
}
