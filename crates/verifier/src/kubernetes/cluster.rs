//! One cluster that has answered.

use http_body_util::BodyExt as _;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::version::Info;
use kube::Client;
use kube::client::Body;
use kube::core::Status;
use sealwright_policy::{Code, Finding};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use super::fault::{Asked, fault, is_absent, kind_missing, too_late};
use super::kind::Kind;
use super::limits::{CLOCK_SKEW_MAX, NAME_BYTES_MAX};

/// An object as the API server has it.
pub(crate) type Object = Value;

/// A cluster. Every request must be answered before the deadline.
#[derive(Clone)]
pub(crate) struct Cluster {
    client: Client,
    deadline: Instant,
    /// Name of the context, else the server's address.
    pub(crate) name: String,
    /// What the API server calls its version; unknown when even that may not be asked.
    pub(crate) server: Option<String>,
    /// By how much the server's clock goes before ours.
    pub(crate) clock_skew: Option<SignedDuration>,
}

impl Cluster {
    /// Asks for the version: whether anybody is there, and takes the credentials.
    pub(super) async fn new(
        client: Client,
        name: String,
        deadline: Instant,
    ) -> Result<Self, Box<Finding>> {
        let mut cluster = Self { client, deadline, name, server: None, clock_skew: None };
        let asked = Asked::Server;
        match cluster.within(&asked, version(&cluster.client)).await {
            Ok((info, clock_skew)) => {
                (cluster.server, cluster.clock_skew) = (Some(info.git_version), clock_skew);
            }
            // Who may read sources needs no right to the version.
            Err(finding) if finding.code == Code::ClusterDenied => {}
            Err(finding) => return Err(finding),
        }
        Ok(cluster)
    }

    /// Whether the server says that it only imitates one.
    pub(crate) fn is_simulated(&self) -> bool {
        self.server.as_ref().is_some_and(|version| version.contains("simulated"))
    }

    /// The client itself, for watches and for what is written.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The same cluster for questions of another purpose, with time of their own.
    pub(crate) fn until(&self, deadline: Instant) -> Self {
        Self { deadline, ..self.clone() }
    }

    /// When everything must have been answered.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// A warning when the clocks differ: then times in conditions, tokens and certificates do too.
    pub(crate) fn clock_finding(&self) -> Option<Finding> {
        let skew = self.clock_skew?;
        let tolerated = SignedDuration::try_from(CLOCK_SKEW_MAX).ok()?;
        (skew.abs() > tolerated).then(|| {
            let direction = if skew.is_positive() { "before" } else { "behind" };
            let message = format!(
                "the clock of the API server goes {} s {direction} this machine's",
                skew.abs().as_secs()
            );
            Finding::new(Code::ClusterClock, message)
        })
    }

    /// One object; `None` when the server says that there is none of that name, or when nothing can
    /// have it: names stand in the specs of others, and must not lead to another place of the API.
    /// What has no namespace is asked for without.
    pub(crate) async fn get(
        &self,
        kind: Kind,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Object>, Box<Finding>> {
        let asked = Asked::get(kind, object_name(namespace, name));
        if !(is_name(name) && (namespace.is_empty() || is_name(namespace))) {
            return Ok(None);
        }
        for version in kind.versions() {
            let namespace = Some(namespace).filter(|namespace| !namespace.is_empty());
            let path = format!("{}/{name}", kind.path(version, namespace));
            match self.in_time(&asked, self.request(path)).await? {
                Ok(object @ Value::Object(_)) => return Ok(Some(object)),
                Ok(_) => return Err(fault(&no_object(), &asked)),
                Err(kube::Error::Api(status)) if names_the_absent(&status) => return Ok(None),
                Err(kube::Error::Api(status)) if is_absent(&status) => {}
                Err(error) => return Err(fault(&error, &asked)),
            }
        }
        Err(Box::new(kind_missing(&asked, "nothing is known of it there")))
    }

    /// A GET whose answer is JSON.
    pub(super) async fn request<T: DeserializeOwned>(
        &self,
        path: String,
    ) -> Result<T, kube::Error> {
        let request = http::Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)?;
        self.client.request(request).await
    }

    /// Waits for an answer, until the deadline.
    pub(crate) async fn in_time<T>(
        &self,
        asked: &Asked,
        answer: impl Future<Output = T>,
    ) -> Result<T, Box<Finding>> {
        tokio::time::timeout_at(self.deadline, answer).await.map_err(|_| too_late(asked))
    }

    /// The same, with everything that is no success as a finding.
    pub(crate) async fn within<T>(
        &self,
        asked: &Asked,
        answer: impl Future<Output = Result<T, kube::Error>>,
    ) -> Result<T, Box<Finding>> {
        self.in_time(asked, answer).await?.map_err(|error| fault(&error, asked))
    }
}

/// Whether something in the API can be called so: what Kubernetes allows in names of objects, which
/// is one segment of a path as it stands.
pub(crate) fn is_name(text: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.len() <= NAME_BYTES_MAX
        && text.bytes().all(allowed)
}

/// JSON, as something that stands before an API server may send, and no object.
fn no_object() -> kube::Error {
    kube::Error::SerdeError(serde::de::Error::custom("it is no JSON object"))
}

/// Absent is the object when the answer names it; else the whole kind is.
fn names_the_absent(status: &Status) -> bool {
    is_absent(status) && status.details.as_ref().is_some_and(|details| !details.name.is_empty())
}

/// The server's version, and by how much its clock goes before ours.
async fn version(client: &Client) -> Result<(Info, Option<SignedDuration>), kube::Error> {
    let request = http::Request::get("/version").body(Body::empty());
    let response = client.send(request.map_err(kube::Error::HttpError)?).await?;
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await?.to_bytes();
    if !parts.status.is_success() {
        let words = String::from_utf8_lossy(&bytes);
        let status = serde_json::from_slice(&bytes).unwrap_or_else(|_| Status::failure(&words, ""));
        return Err(kube::Error::Api(Box::new(status.with_code(parts.status.as_u16()))));
    }
    let info = serde_json::from_slice(&bytes).map_err(kube::Error::SerdeError)?;
    Ok((info, clock_skew(&parts.headers)))
}

/// The server's `Date` against our clock.
fn clock_skew(headers: &http::HeaderMap) -> Option<SignedDuration> {
    let date = headers.get(http::header::DATE)?.to_str().ok()?;
    let date = jiff::fmt::rfc2822::parse(date).ok()?;
    Some(date.timestamp().duration_since(Timestamp::now()))
}

/// `namespace/name`; what has no namespace has only a name.
pub(crate) fn object_name(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_segment_of_a_path() {
        for (text, expected, why) in [
            ("flux-system", true, "usual"),
            ("keys.v1", true, "with a dot"),
            ("1st", true, "begins with a digit"),
            ("", false, "nothing: that would be the list"),
            ("..", false, "up"),
            ("../../other/secrets/key", false, "somebody else's"),
            ("keys?watch=true", false, "a watch, which does not end"),
            ("keys%2f", false, "a slash in disguise"),
            ("Keys", false, "upper case"),
        ] {
            assert_eq!(is_name(text), expected, "{why}");
        }
        assert!(!is_name(&"a".repeat(NAME_BYTES_MAX + 1)), "too long");
    }
}
