//! Who may do what on a plane: the roles that are shipped, and tokens of the accounts that hold them.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};

use super::Plane;
use super::kubeconfig::Access;
use crate::failure::{Context as _, Failure, Outcome};

/// How long a token of a service account lasts: longer than any task.
const TOKEN_SECONDS: u32 = 7_200;

impl Plane {
    /// Applies every object in the YAML files of a folder, namespaces first.
    pub(crate) fn apply_folder(&self, folder: &Utf8Path) -> Outcome {
        let mut objects = Vec::new();
        for entry in folder.read_dir_utf8().context(|| folder.to_string())? {
            let path = entry?.into_path();
            if path.extension() == Some("yaml") {
                let text = std::fs::read_to_string(&path).context(|| path.to_string())?;
                objects.extend(objects_in(&text).context(|| path.to_string())?);
            }
        }
        objects.sort_by_key(|object| object["kind"] != "Namespace");
        objects.iter().try_for_each(|object| self.api.apply(object).map(drop))
    }

    /// Kubeconfig of a service account, which may do what its roles say and no more.
    pub(crate) fn kubeconfig_of(&self, namespace: &str, account: &str) -> Outcome<Utf8PathBuf> {
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token");
        let request = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": TOKEN_SECONDS},
        });
        let answer = self.api.post(&path, &request)?;
        let token = answer.pointer("/status/token").and_then(Value::as_str);
        let token = token.ok_or_else(|| Failure::new(format!("{path}: no token")))?;
        let access = Access { token: Some(token.to_owned()), ..Access::read(&self.kubeconfig)? };
        let kubeconfig = self.kubeconfig.with_file_name(format!("kubeconfig-{account}"));
        access.write(&kubeconfig, &self.name)?;
        Ok(kubeconfig)
    }
}

/// The objects of a cluster in a YAML file; what kustomize alone reads is none.
fn objects_in(text: &str) -> Outcome<Vec<Value>> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).context(|| "YAML".to_owned())?;
    let is_object = |document: &Value| {
        !document.is_null()
            && !document["apiVersion"].as_str().is_some_and(|api| api.starts_with("kustomize."))
    };
    Ok(documents.into_iter().filter(is_object).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_is_an_object_but_for_the_list_of_files() {
        let text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: b}\n";
        let kinds: Vec<Value> =
            objects_in(text).unwrap().iter().map(|object| object["kind"].clone()).collect();
        assert_eq!(kinds, ["Namespace", "Secret"]);
        let list = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n";
        assert!(objects_in(list).unwrap().is_empty());
    }
}
