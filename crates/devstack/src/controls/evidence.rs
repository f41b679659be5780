//! The evidence of controls: whose it is, and what it is about.

use bytes::Bytes;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::ID_CE_SUBJECT_ALT_NAME;
use der::Decode;
use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use x509_cert::Certificate;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::original::BLOB_BYTES_MAX;
use crate::wire;

/// Predicate type of what `cosign sign` makes.
pub(super) const SIGNATURE: &str = "https://sigstore.dev/cosign/sign/v1";
const GITHUB: &str = "https://github.com/";

/// The run that signed the original, every part of it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) repository: String,
    pub(super) workflow_repository: String,
    pub(super) workflow: String,
    pub(super) workflow_ref: String,
    pub(super) git_ref: String,
}

impl Run {
    /// Reads it from the signer's certificate.
    pub(super) fn of(certificate: &[u8], issuer: &str) -> Result<Self, String> {
        let certificate = Certificate::from_der(certificate)
            .map_err(|error| format!("its certificate cannot be read: {error}"))?;
        let found = text(&certificate, 8).unwrap_or_default();
        if found != issuer {
            return Err(format!(
                "it was signed under the issuer {found:?} and not by this dev stack ({issuer}); publish it here first"
            ));
        }
        let san = alternative_name(&certificate).unwrap_or_default();
        let unknown = || format!("its signer {san:?} is no workflow on GitHub");
        let path = san.strip_prefix(GITHUB).ok_or_else(unknown)?;
        let (file, workflow_ref) = path.split_once('@').ok_or_else(unknown)?;
        let (workflow_repository, workflow) =
            file.split_once("/.github/workflows/").ok_or_else(unknown)?;
        let repository = text(&certificate, 12).ok_or_else(unknown)?;
        Ok(Self {
            repository: repository.trim_start_matches(GITHUB).to_owned(),
            workflow_repository: workflow_repository.to_owned(),
            workflow: workflow.to_owned(),
            workflow_ref: workflow_ref.to_owned(),
            git_ref: text(&certificate, 14).ok_or_else(unknown)?,
        })
    }

    pub(super) fn repository_name(&self) -> &str {
        self.repository.rsplit('/').next().unwrap_or_default()
    }

    /// As `POST /_mint` takes it.
    pub(super) fn request(&self) -> Value {
        json!({
            "repository": self.repository,
            "workflowRepository": self.workflow_repository,
            "workflow": self.workflow,
            "workflowRef": self.workflow_ref,
            "gitRef": self.git_ref,
        })
    }
}

/// One of Fulcio's extensions, by the last number of its identifier.
fn text(certificate: &Certificate, number: u32) -> Option<String> {
    let oid = ObjectIdentifier::new("1.3.6.1.4.1.57264.1").ok()?.push_arc(number).ok()?;
    let extensions = certificate.tbs_certificate.extensions.as_ref()?;
    let found = extensions.iter().find(|extension| extension.extn_id == oid)?;
    String::from_der(found.extn_value.as_bytes()).ok()
}

fn alternative_name(certificate: &Certificate) -> Option<String> {
    let extensions = certificate.tbs_certificate.extensions.as_ref()?;
    let names = extensions.iter().find(|one| one.extn_id == ID_CE_SUBJECT_ALT_NAME)?;
    match SubjectAltName::from_der(names.extn_value.as_bytes()).ok()?.0.first()? {
        GeneralName::UniformResourceIdentifier(uri) => Some(uri.to_string()),
        _ => None,
    }
}

/// The same statement about another digest.
pub(super) fn about(statement: &Value, digest: &str) -> String {
    let mut statement = statement.clone();
    let hex = digest.trim_start_matches("sha256:");
    statement["subject"][0]["digest"] = json!({"sha256": hex});
    statement.to_string()
}

/// Has evidence minted by the running dev stack.
pub(super) struct Minter {
    pub(super) issuer: String,
    /// `v1` or `v2`, like the original.
    pub(super) log: &'static str,
}

impl Minter {
    pub(super) async fn mint(
        &self,
        statement: &str,
        run: &Value,
        situation: &str,
    ) -> Result<String, String> {
        let wanted = json!({
            "statement": statement, "run": run, "log": self.log, "situation": situation,
        });
        let request = Request::post(format!("{}/_mint", self.issuer))
            .header(CONTENT_TYPE, "application/json")
            .body(Bytes::from(wanted.to_string()))
            .map_err(|error| error.to_string())?;
        let answer =
            wire::send(request, BLOB_BYTES_MAX).await.map_err(|error| error.to_string())?;
        let (status, body) = (answer.status(), answer.into_body());
        match status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => {
                return Err("the dev stack mints for nobody; start it with --control".to_owned());
            }
            _ => {
                return Err(format!(
                    "{situation} was not minted: {}",
                    String::from_utf8_lossy(&body)
                ));
            }
        }
        let answer: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
        Ok(answer["bundle"].to_string())
    }
}
