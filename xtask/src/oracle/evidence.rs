//! The evidence of a situation: pieces in plain data, minted by the dev stack when the situation is arranged.

use serde_json::{Value, json};

/// Something that is attached to an artifact.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    Bundle(Bundle),
    Signature(Signature),
    Referrer(Referrer),
}

/// A Sigstore bundle in a referrer.
#[derive(Debug, Clone)]
pub(super) struct Bundle {
    /// What is the matter, in the dev stack's words.
    pub(super) matter: &'static str,
    /// `v1` or `v2`.
    pub(super) log: &'static str,
    pub(super) run: Run,
    /// The name of the key that signs, instead of a certificate.
    pub(super) key: Option<&'static str>,
    pub(super) statement: Statement,
    /// What its layer says that it is.
    pub(super) media_type: &'static str,
    /// How its referrer is laid out.
    pub(super) layout: Layout,
    pub(super) way: Way,
}

/// What the signed statement says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Statement {
    /// What `cosign sign` says.
    Signed,
    /// An attestation of this predicate type.
    Attests(&'static str),
    /// About another digest.
    Other,
    /// About this digest and another one.
    AmongOthers,
    /// The digest is given in an algorithm that nobody asks for.
    Sha512Only,
    /// Names no subject.
    Nobody,
    /// No statement at all.
    NotJson,
}

/// How a referrer is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    One,
    /// The bundle stands in two layers.
    Twice,
    /// No layer.
    None,
    /// The layer is no JSON.
    Garbage,
    /// No `artifactType`, no annotations.
    Bare,
}

/// How a referrer is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// As this registry wants it: `subject`, and the fallback tag where there is no API.
    Proper,
    /// The fallback tag alone.
    FallbackTag,
}

/// A signature of cosign before bundles.
#[derive(Debug, Clone)]
pub(super) struct Signature {
    /// What is the matter, in the dev stack's words.
    pub(super) matter: &'static str,
    pub(super) run: Run,
    pub(super) key: Option<&'static str>,
    /// Annotations that are left out.
    pub(super) without: &'static [&'static str],
    /// The suffix of its tag: `sig`, or what nobody reads.
    pub(super) suffix: &'static str,
}

/// A referrer that is no bundle.
#[derive(Debug, Clone)]
pub(super) struct Referrer {
    pub(super) artifact_type: &'static str,
    pub(super) media_type: &'static str,
    pub(super) text: &'static str,
}

/// The run that signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Run {
    /// `acme/platform`, `cd.yaml`, main.
    Cd,
    /// Another repository.
    Evil,
    /// Another workflow of the same repository.
    OtherWorkflow,
    /// Another branch.
    OtherBranch,
    /// A reusable workflow of `acme/actions`, pinned to a commit.
    Reusable,
}

pub(super) const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A healthy bundle of the expected run, in Rekor v2.
pub(super) fn bundle() -> Bundle {
    Bundle {
        matter: "healthy",
        log: "v2",
        run: Run::Cd,
        key: None,
        statement: Statement::Signed,
        media_type: BUNDLE,
        layout: Layout::One,
        way: Way::Proper,
    }
}

/// A healthy signature of the expected run.
pub(super) fn signature() -> Signature {
    Signature { matter: "healthy", run: Run::Cd, key: None, without: &[], suffix: "sig" }
}

/// A signature of notation, as far as discovery is concerned.
pub(super) fn notation_signature() -> Referrer {
    Referrer {
        artifact_type: "application/vnd.cncf.notary.signature",
        media_type: "application/jose+json",
        text: "{}",
    }
}

impl Bundle {
    pub(super) fn matter(self, matter: &'static str) -> Self {
        Self { matter, ..self }
    }
    pub(super) fn log(self, log: &'static str) -> Self {
        Self { log, ..self }
    }
    pub(super) fn run(self, run: Run) -> Self {
        Self { run, ..self }
    }
    pub(super) fn key(self, key: &'static str) -> Self {
        Self { key: Some(key), ..self }
    }
    pub(super) fn says(self, statement: Statement) -> Self {
        Self { statement, ..self }
    }
    pub(super) fn media_type(self, media_type: &'static str) -> Self {
        Self { media_type, ..self }
    }
    pub(super) fn layout(self, layout: Layout) -> Self {
        Self { layout, ..self }
    }
    pub(super) fn way(self, way: Way) -> Self {
        Self { way, ..self }
    }
}

impl Signature {
    pub(super) fn matter(self, matter: &'static str) -> Self {
        Self { matter, ..self }
    }
    pub(super) fn run(self, run: Run) -> Self {
        Self { run, ..self }
    }
    pub(super) fn key(self, key: &'static str) -> Self {
        Self { key: Some(key), ..self }
    }
    pub(super) fn without(self, without: &'static [&'static str]) -> Self {
        Self { without, ..self }
    }
    pub(super) fn suffix(self, suffix: &'static str) -> Self {
        Self { suffix, ..self }
    }
}

impl Run {
    /// As the dev stack is asked for it.
    pub(super) fn request(self) -> Value {
        match self {
            Run::Cd => json!({}),
            Run::Evil => json!({"repository": "evil/twin"}),
            Run::OtherWorkflow => json!({"workflow": "ci.yaml"}),
            Run::OtherBranch => json!({"gitRef": "refs/heads/dev"}),
            Run::Reusable => json!({
                "workflow": "publish.yaml", "workflowRepository": "acme/actions",
                "workflowRef": COMMIT, "callerWorkflow": "cd.yaml",
            }),
        }
    }
}

impl Statement {
    /// The bytes that are signed, for an artifact of this digest.
    pub(super) fn about(self, digest: &str) -> String {
        let own = digest.trim_start_matches("sha256:");
        let other = "00".repeat(32);
        let sha256 = |hex: &str| json!({"name": "", "digest": {"sha256": hex}});
        let subject = match self {
            Statement::NotJson => return "not a statement".to_owned(),
            Statement::Signed | Statement::Attests(_) => json!([sha256(own)]),
            Statement::Other => json!([sha256(&other)]),
            Statement::AmongOthers => json!([sha256(&other), sha256(own)]),
            Statement::Sha512Only => json!([{"name": "", "digest": {"sha512": "00".repeat(64)}}]),
            Statement::Nobody => json!([]),
        };
        let predicate_type = match self {
            Statement::Attests(predicate_type) => predicate_type,
            _ => "https://sigstore.dev/cosign/sign/v1",
        };
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1", "subject": subject,
            "predicateType": predicate_type, "predicate": {},
        });
        statement.to_string()
    }
}

impl From<Bundle> for Piece {
    fn from(bundle: Bundle) -> Piece {
        Piece::Bundle(bundle)
    }
}

impl From<Signature> for Piece {
    fn from(signature: Signature) -> Piece {
        Piece::Signature(signature)
    }
}

impl From<Referrer> for Piece {
    fn from(referrer: Referrer) -> Piece {
        Piece::Referrer(referrer)
    }
}
