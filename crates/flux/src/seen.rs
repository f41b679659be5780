//! What the controller would see in the registry: raw answers, so that the prediction alone decides
//! what they mean.
//!
//! go-containerregistry 0.21.3 (source-controller 1.8.5) and 0.21.6 (1.9.6) are what is imitated.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A question to a registry, as the controller would ask it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    /// Host and port of the registry, such as `ghcr.io` or `127.0.0.1:5000`; `index.docker.io` where
    /// the URL names none.
    pub registry: String,
    /// Repository within it, such as `acme/platform`.
    pub repository: String,
    /// Whether the source says that the registry has no TLS: HTTPS first, then HTTP. The same goes
    /// for `localhost`, loopback, private IPv4 networks and names that end in `.local`.
    pub insecure: bool,
    /// Whose certificates the controller takes.
    #[serde(default, skip_serializing_if = "Authorities::is_everybodys")]
    pub authorities: Authorities,
    /// What is asked for.
    pub ask: Ask,
}

/// The certificate authorities that the controller has for a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Authorities {
    /// Those that everybody trusts, and no others: the source names none.
    #[default]
    Everybodys,
    /// Beside those, what a Secret holds that nobody looked at: what is at hand stands in for it.
    Assumed,
    /// Beside those, these, as PEM.
    Named(String),
}

impl Authorities {
    fn is_everybodys(&self) -> bool {
        *self == Self::Everybodys
    }
}

/// What is asked for. All are `GET` but [`Ask::Head`]. Redirects are followed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ask {
    /// All tags: `tags/list?n=1000`, and on through every `Link` to a next page. The body of the
    /// answer is one list of all, as `{"tags":[…]}`.
    Tags,
    /// `HEAD` of a manifest, by tag, with [`ACCEPT_ANY`].
    Head(String),
    /// A manifest, by tag or digest, with [`ACCEPT_ANY`].
    Manifest(String),
    /// A manifest, by tag, with [`ACCEPT_INDEX`] alone: where referrers stand without the API.
    Index(String),
    /// The referrers of a digest, first page only and unfiltered, with [`ACCEPT_INDEX`].
    Referrers(String),
    /// A blob, by digest.
    Blob(String),
}

/// `Accept` of a request for a manifest of any kind.
pub const ACCEPT_ANY: &str = "application/vnd.docker.distribution.manifest.v1+json,\
application/vnd.docker.distribution.manifest.v1+prettyjws,\
application/vnd.docker.distribution.manifest.v2+json,\
application/vnd.oci.image.manifest.v1+json,\
application/vnd.docker.distribution.manifest.list.v2+json,\
application/vnd.oci.image.index.v1+json";

/// `Accept` of a request for an index.
pub const ACCEPT_INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Answer {
    /// The registry, or its token service, answered; also with an error.
    Got(Response),
    /// Nobody answered, or not within the limits. Says nothing about what the controller would get.
    Failed(String),
}

/// An HTTP response, of any status.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Response {
    /// The URL that was asked, before any redirect, such as
    /// `http://127.0.0.1:5000/v2/acme/platform/manifests/latest`: errors of the controller repeat it.
    /// Where the first contact (`/v2/`) or the token service refused, the URL of that.
    pub url: String,
    /// The status code.
    pub status: u16,
    /// `Content-Type`, byte for byte.
    pub content_type: Option<String>,
    /// `Content-Length`, where there is one: its absence lets a body of another size pass.
    pub content_length: Option<u64>,
    /// `Docker-Content-Digest`.
    pub content_digest: Option<String>,
    /// The body; empty for `HEAD`. In base64 when recorded.
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    pub body: Vec<u8>,
}

/// All answers so far. Recorded, it replays a prediction offline.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<(Request, Answer)>", into = "Vec<(Request, Answer)>")]
pub struct Seen {
    answers: BTreeMap<Request, Answer>,
}

impl From<Vec<(Request, Answer)>> for Seen {
    fn from(answers: Vec<(Request, Answer)>) -> Self {
        Self { answers: answers.into_iter().collect() }
    }
}

impl From<Seen> for Vec<(Request, Answer)> {
    fn from(seen: Seen) -> Self {
        seen.answers.into_iter().collect()
    }
}

impl Seen {
    /// Notes an answer.
    pub fn insert(&mut self, request: Request, answer: Answer) {
        self.answers.insert(request, answer);
    }

    /// The answer, if it was asked for.
    pub fn get(&self, request: &Request) -> Option<&Answer> {
        self.answers.get(request)
    }

    /// All questions and answers, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = (&Request, &Answer)> {
        self.answers.iter()
    }
}

fn to_base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(bytes))
}

fn from_base64<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<u8>, D::Error> {
    STANDARD.decode(String::deserialize(input)?).map_err(serde::de::Error::custom)
}
