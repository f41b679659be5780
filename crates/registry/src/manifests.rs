//! Manifests: get, resolve, put, delete (distribution specification 1.1, "Pulling manifests",
//! "Pushing Manifests", "Content Management").

use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use serde::Deserialize;

use sealwright_evidence::descriptor::{DOCKER_INDEX, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};
use sealwright_evidence::{Blob, Descriptor, Digest};

use crate::auth::{Access, Scope, Words, said};
use crate::client::{Client, Lookup};
use crate::error::{Fault, RegistryError, quoted};
use crate::limits::{ERROR_BYTES_MAX, MANIFEST_BYTES_MAX};
use crate::reference::{Reference, Repository, Target};
use crate::transport::{Answer, Ask, Call, host};

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
const MANIFEST_TYPES: [&str; 4] = [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_INDEX];
const ACCEPT_MANIFESTS: HeaderValue = HeaderValue::from_static(
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json, \
     application/vnd.docker.distribution.manifest.list.v2+json",
);

/// A manifest that the registry has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedManifest {
    /// Digest of the bytes that were sent.
    pub digest: Digest,
    /// Whether the registry answered `OCI-Subject`: it lists the manifest as a referrer by
    /// itself. Otherwise the fallback index is the client's to write.
    pub subject_accepted: bool,
}

impl Client {
    /// The manifest, with its digest computed from the bytes and compared with what was asked for
    /// and with what the registry claims.
    pub async fn manifest(
        &self,
        repository: &Repository,
        target: &Target,
    ) -> Result<Lookup<Blob>, RegistryError> {
        self.manifest_within(repository, target, MANIFEST_BYTES_MAX, self.call()).await
    }

    pub(crate) async fn manifest_within(
        &self,
        repository: &Repository,
        target: &Target,
        bytes_max: usize,
        call: Call,
    ) -> Result<Lookup<Blob>, RegistryError> {
        let ask = self.manifest_ask(Method::GET, Access::Pull, repository, target)?;
        let ask = ask.header(ACCEPT, ACCEPT_MANIFESTS).answer_bytes_max(bytes_max);
        let answer = self.transport().send(&ask, call).await?;
        if absent(&ask, &answer)? {
            return Ok(Lookup::Absent);
        }
        if answer.cut {
            let why = format!("the manifest has more than {bytes_max} bytes");
            return Err(ask.error(Fault::Limit { why }));
        }
        let digest = Digest::of(&answer.body);
        agree(target, &answer.headers, digest).map_err(|fault| ask.error(fault))?;
        let media_type = media_type(&answer).map_err(|fault| ask.error(fault))?;
        let bytes = answer.body.to_vec();
        Ok(Lookup::Found(Blob { digest: digest.to_string(), media_type, bytes }))
    }

    /// The descriptor of what the reference names now: media type, digest and size. Asks with
    /// HEAD, and reads the manifest when a registry leaves anything out of that answer.
    pub async fn resolve(
        &self,
        reference: &Reference,
    ) -> Result<Lookup<Descriptor>, RegistryError> {
        let (repository, target) = (&reference.repository, &reference.target);
        let call = self.call();
        let ask = self.manifest_ask(Method::HEAD, Access::Pull, repository, target)?;
        let ask = ask.header(ACCEPT, ACCEPT_MANIFESTS);
        let answer = self.transport().send(&ask, call).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(Lookup::Absent);
        }
        if answer.status == StatusCode::OK
            && let Some(descriptor) = described(target, &answer.headers)
        {
            return Ok(Lookup::Found(descriptor));
        }
        let found = self.manifest_within(repository, target, MANIFEST_BYTES_MAX, call).await?;
        Ok(found.map(|blob| Descriptor::new(blob.media_type, blob.digest, blob.bytes.len() as u64)))
    }

    /// Puts exactly these bytes under a tag or their digest. Putting them again changes nothing.
    pub async fn push_manifest(
        &self,
        repository: &Repository,
        target: &Target,
        media_type: &str,
        bytes: Vec<u8>,
    ) -> Result<PushedManifest, RegistryError> {
        self.push_manifest_within(repository, target, media_type, bytes, self.call()).await
    }

    pub(crate) async fn push_manifest_within(
        &self,
        repository: &Repository,
        target: &Target,
        media_type: &str,
        bytes: Vec<u8>,
        call: Call,
    ) -> Result<PushedManifest, RegistryError> {
        let ask = self.manifest_ask(Method::PUT, Access::Push, repository, target)?;
        let digest = Digest::of(&bytes);
        if let Target::Digest(asked) = target
            && *asked != digest
        {
            let why = format!("the bytes to be pushed have the digest {digest}");
            return Err(ask.error(Fault::Mismatch { why }));
        }
        let content_type = HeaderValue::from_str(media_type).map_err(|_| {
            let why = format!("{} is not a media type", quoted(media_type));
            ask.error(Fault::Reference { why })
        })?;
        let ask = ask.header(CONTENT_TYPE, content_type).payload(bytes::Bytes::from(bytes));
        let answer = self.transport().send(&ask, call).await?;
        if !answer.status.is_success() {
            return Err(ask.error(refusal(&answer)));
        }
        // The header may be missing, and so may `Location`; wrong it must not be.
        if let Some(claimed) = claimed_digest(&answer.headers).filter(|claimed| *claimed != digest)
        {
            let why = format!("the registry stored {claimed} instead of {digest}");
            return Err(ask.error(Fault::Mismatch { why }));
        }
        Ok(PushedManifest { digest, subject_accepted: answer.headers.contains_key(OCI_SUBJECT) })
    }

    /// Deletes a tag or a manifest. Some registries delete by digest only, some not at all.
    pub async fn delete_manifest(
        &self,
        repository: &Repository,
        target: &Target,
    ) -> Result<Lookup<()>, RegistryError> {
        let ask = self.manifest_ask(Method::DELETE, Access::Delete, repository, target)?;
        let answer = self.transport().send(&ask, self.call()).await?;
        let absent = answer.status == StatusCode::NOT_FOUND;
        // An attempt that seemed to fail may have deleted it.
        if answer.status.is_success() || (absent && answer.repeated) {
            return Ok(Lookup::Found(()));
        }
        if absent && !Words::of(&answer.body).deny_absence() {
            return Ok(Lookup::Absent);
        }
        Err(ask.error(refusal(&answer)))
    }

    fn manifest_ask(
        &self,
        method: Method,
        access: Access,
        repository: &Repository,
        target: &Target,
    ) -> Result<Ask, RegistryError> {
        if let Target::Tag(tag) = target {
            Target::tag(tag)?;
        }
        let url = self.transport().url(repository, &format!("manifests/{target}"))?;
        let what = repository.at(target.clone()).to_string();
        Ok(Ask::new(method, url, what).scope(repository.scope(access)))
    }
}

impl Repository {
    pub(crate) fn scope(&self, access: Access) -> Scope {
        Scope { path: self.path.clone(), access }
    }
}

/// Whether a read says "absent". Only a 404 does, and not one whose envelope says that it hides
/// something; everything else but success is "could not tell".
pub(crate) fn absent(ask: &Ask, answer: &Answer) -> Result<bool, RegistryError> {
    match answer.status {
        StatusCode::OK => Ok(false),
        StatusCode::NOT_FOUND if !Words::of(&answer.body).deny_absence() => Ok(true),
        _ => Err(ask.error(refusal(answer))),
    }
}

/// A status that is not the one hoped for.
pub(crate) fn refusal(answer: &Answer) -> Fault {
    let (host, status) = (host(&answer.url), answer.status);
    let said = said(&answer.body[..answer.body.len().min(ERROR_BYTES_MAX)]);
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Fault::Denied { host, status, said },
        StatusCode::NOT_FOUND if Words::of(&answer.body).deny_absence() => {
            Fault::Denied { host, status, said }
        }
        _ => Fault::Status { host, status, said },
    }
}

/// The registry's claim about the digest, where it is one that we can check.
fn claimed_digest(headers: &HeaderMap) -> Option<Digest> {
    headers.get(CONTENT_DIGEST)?.to_str().ok().and_then(|text| Digest::parse(text).ok())
}

fn agree(target: &Target, headers: &HeaderMap, digest: Digest) -> Result<(), Fault> {
    let asked = match target {
        Target::Digest(asked) => Some(*asked),
        Target::Tag(_) => None,
    };
    for (expected, whose) in [(asked, "asked for"), (claimed_digest(headers), "claimed")] {
        if let Some(expected) = expected.filter(|expected| *expected != digest) {
            let why = format!("{expected} was {whose}, the bytes have {digest}");
            return Err(Fault::Mismatch { why });
        }
    }
    Ok(())
}

/// The descriptor that a HEAD's headers give, when they are all there and agree.
fn described(target: &Target, headers: &HeaderMap) -> Option<Descriptor> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let digest = claimed_digest(headers)?;
    let size = text(CONTENT_LENGTH)?.parse().ok().filter(|size| *size > 0)?;
    let media_type = bare(text(CONTENT_TYPE)?);
    let known = MANIFEST_TYPES.contains(&media_type);
    let as_asked = !matches!(target, Target::Digest(asked) if *asked != digest);
    (known && as_asked).then(|| Descriptor::new(media_type, digest.to_string(), size))
}

/// What kind of manifest it is. Header and document must not name two kinds: each reader would
/// believe another one.
fn media_type(answer: &Answer) -> Result<String, Fault> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Typed {
        media_type: Option<String>,
    }
    let header = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let header = header.map(|text| bare(text).to_owned()).unwrap_or_default();
    let document = serde_json::from_slice::<Typed>(&answer.body).ok();
    let document = document.and_then(|typed| typed.media_type).unwrap_or_default();
    let known = |text: &str| MANIFEST_TYPES.contains(&text);
    match (known(&header), known(&document)) {
        (false, false) if !is_manifest(&answer.body) => {
            let why = format!("`{}` is served instead of a manifest", quoted(&header));
            Err(Fault::Protocol { why })
        }
        (true, true) if header != document => {
            let why = format!("Content-Type is {header}, but the manifest calls itself {document}");
            Err(Fault::Protocol { why })
        }
        (false, true) => Ok(document),
        _ => Ok(quoted(&header)),
    }
}

/// Whether it is any kind of manifest: a login page must not pass for an artifact of an odd type.
fn is_manifest(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Versioned {
        #[serde(rename = "schemaVersion")]
        _schema_version: u64,
    }
    serde_json::from_slice::<Versioned>(body).is_ok()
}

/// A media type without its parameters.
fn bare(text: &str) -> &str {
    text.split(';').next().unwrap_or_default().trim()
}
