//! in-toto statements: what a signature speaks about. Built for publishing, read by the judge.
//!
//! Specification: <https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md>.

use std::collections::BTreeMap;

use sealwright_policy::EvidenceKind;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::limits::STATEMENT_SUBJECTS_COUNT_MAX;
use crate::{Digest, strict_json};

/// `_type` of a version 1 statement: what we write.
pub const STATEMENT_V1: &str = "https://in-toto.io/Statement/v1";
/// `_type` of a version 0.1 statement: what `cosign attest` 3.1.2 still writes. Same fields.
pub const STATEMENT_V01: &str = "https://in-toto.io/Statement/v0.1";
/// DSSE payload type of every statement.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// A statement: some predicate about artifacts named by digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// Version of the statement's own shape.
    #[serde(rename = "_type")]
    pub statement_type: String,
    /// What it speaks about.
    #[serde(rename = "subject")]
    pub statement_subjects: Vec<StatementSubject>,
    /// What kind of thing it says.
    pub predicate_type: String,
    /// What it says. The specification lets it be left out, which means the empty object.
    #[serde(default)]
    pub predicate: Value,
}

/// One artifact that a statement speaks about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementSubject {
    /// A name for people; binds nothing. cosign leaves it out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Algorithm to lower-case hex.
    pub digest: BTreeMap<String, String>,
}

/// Why bytes are no statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Not the JSON of a statement.
    #[error("not an in-toto statement: {0}")]
    Malformed(String),
    /// A version that we do not know.
    #[error("the statement's `_type` is `{0}`, expected `{STATEMENT_V1}` or `{STATEMENT_V01}`")]
    UnknownType(String),
    /// More than [`STATEMENT_SUBJECTS_COUNT_MAX`].
    #[error("the statement speaks about {0} artifacts, more than {STATEMENT_SUBJECTS_COUNT_MAX}")]
    TooManySubjects(usize),
}

impl Statement {
    /// A version 1 statement about one artifact.
    pub fn new(name: &str, artifact: &Digest, predicate_type: &str, predicate: Value) -> Self {
        Self {
            statement_type: STATEMENT_V1.to_owned(),
            statement_subjects: vec![StatementSubject {
                name: name.to_owned(),
                digest: BTreeMap::from([("sha256".to_owned(), artifact.hex())]),
            }],
            predicate_type: predicate_type.to_owned(),
            predicate,
        }
    }

    /// The exact bytes to sign.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings and JSON values always serialise")
    }

    /// Reads a statement of version 1 or 0.1. The caller has capped the size. A name that stands
    /// twice in one object, also within the predicate, is an error: readers differ about it.
    pub fn parse(bytes: &[u8]) -> Result<Self, StatementError> {
        let malformed = |e: serde_json::Error| StatementError::Malformed(e.to_string());
        strict_json::check(bytes).map_err(malformed)?;
        let statement: Self = serde_json::from_slice(bytes).map_err(malformed)?;
        if ![STATEMENT_V1, STATEMENT_V01].contains(&statement.statement_type.as_str()) {
            return Err(StatementError::UnknownType(crate::quote(&statement.statement_type)));
        }
        match statement.statement_subjects.len() {
            count if count > STATEMENT_SUBJECTS_COUNT_MAX => {
                Err(StatementError::TooManySubjects(count))
            }
            _ => Ok(statement),
        }
    }

    /// Whether one of the artifacts it speaks about is this one, by SHA-256.
    pub fn is_about(&self, artifact: &Digest) -> bool {
        let hex_digits = artifact.hex();
        self.statement_subjects.iter().any(|named| named.digest.get("sha256") == Some(&hex_digits))
    }
}

/// The statement that `cosign sign` 3.1.2 makes: one artifact named by digest alone, an empty
/// predicate (cosign `cmd/cosign/cli/sign/sign.go`).
pub fn sign_statement(artifact: &Digest) -> Statement {
    Statement::new("", artifact, EvidenceKind::Signature.predicate_type(), json!({}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_statement_is_the_one_that_cosign_makes() {
        let artifact = Digest::of(b"manifest");
        let expected = format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"digest":{{"sha256":"{}"}}}}],"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{{}}}}"#,
            artifact.hex()
        );
        assert_eq!(String::from_utf8(sign_statement(&artifact).to_bytes()).unwrap(), expected);
    }

    #[test]
    fn a_statement_is_read_back_and_speaks_only_about_its_own_artifact() {
        let (ours, other) = (Digest::of(b"ours"), Digest::of(b"other"));
        let predicate_type = EvidenceKind::Sbom.predicate_type();
        let statement =
            Statement::new("ghcr.io/acme/platform", &ours, predicate_type, json!({"a": 1}));
        let read = Statement::parse(&statement.to_bytes()).unwrap();
        assert_eq!(read, statement);
        assert!(read.is_about(&ours) && !read.is_about(&other));
    }

    #[test]
    fn what_is_no_statement_is_refused() {
        let good = String::from_utf8(sign_statement(&Digest::of(b"")).to_bytes()).unwrap();
        assert!(
            Statement::parse(good.replace("/v1\",\"subject", "/v0.1\",\"subject").as_bytes())
                .is_ok()
        );
        assert!(
            Statement::parse(good.replace(r#","predicate":{}"#, "").as_bytes()).is_ok(),
            "may be left out"
        );
        for (text, why) in [
            (good.replace("Statement/v1", "Statement/v2"), "an unknown version"),
            (good.replace("_type", "type"), "no version"),
            (good.replace("predicateType", "kind"), "no predicate type"),
            (good.replace("\"subject\"", "\"topic\""), "about nothing"),
            (good.replace("sha256\":\"", "sha256\":1,\"x\":\""), "a digest that is a number"),
            (good[1..].to_owned(), "cut off"),
            (good.replacen('{', r#"{"_type":"","#, 1), "a version twice"),
            (good.replace(r#"{}"#, r#"{"a":1,"a":1}"#), "something twice in the predicate"),
        ] {
            assert!(Statement::parse(text.as_bytes()).is_err(), "{why}");
        }
    }

    #[test]
    fn the_number_of_artifacts_is_limited() {
        let mut statement = sign_statement(&Digest::of(b""));
        let one = statement.statement_subjects[0].clone();
        statement.statement_subjects = vec![one.clone(); STATEMENT_SUBJECTS_COUNT_MAX];
        assert!(Statement::parse(&statement.to_bytes()).is_ok());
        statement.statement_subjects.push(one);
        assert_eq!(
            Statement::parse(&statement.to_bytes()),
            Err(StatementError::TooManySubjects(STATEMENT_SUBJECTS_COUNT_MAX + 1))
        );
    }
}
