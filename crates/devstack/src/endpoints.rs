//! Where the services of a dev stack are: `endpoints.json` in its state folder.

use bytes::Bytes;
use camino::{Utf8Path, Utf8PathBuf};
use http::header::AUTHORIZATION;
use http::{Request, StatusCode};
use serde::{Deserialize, Serialize};
use url::Url;
use url::form_urlencoded::Serializer;

use crate::DevStackError;
use crate::registry::RegistryServer;
use crate::sigstore::Sigstore;
use crate::state::write_json;
use crate::wire::{self, WireError};

const FILE: &str = "endpoints.json";
/// Largest answer to a token request; a token has less than 16 KiB.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// Where the services are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Endpoints {
    /// Host part of references: `127.0.0.1:PORT`.
    pub registry: String,
    /// Whether the registry has the referrers API.
    pub referrers_api: bool,
    /// URL of the OIDC issuer.
    pub issuer: String,
    /// Base URL of the certificate authority.
    pub fulcio: String,
    /// Base URL of the Rekor v1 log.
    pub rekor_v1: String,
    /// Base URL of the Rekor v2 log.
    pub rekor_v2: String,
    /// URL that takes timestamp requests.
    pub timestamp: String,
    /// Folder with `trusted_root.json`, `signing_config.json` and `signing_config.rekor-v1.json`.
    pub trust: Utf8PathBuf,
    /// What GitHub gives a job as `ACTIONS_ID_TOKEN_REQUEST_URL`.
    pub token_request_url: String,
    /// What GitHub gives a job as `ACTIONS_ID_TOKEN_REQUEST_TOKEN`.
    pub token_request_token: String,
}

impl Endpoints {
    pub(crate) fn of(registry: &RegistryServer, referrers_api: bool, sigstore: &Sigstore) -> Self {
        Self {
            registry: registry.address().to_string(),
            referrers_api,
            issuer: sigstore.issuer_url().to_owned(),
            fulcio: sigstore.fulcio_url().to_owned(),
            rekor_v1: sigstore.rekor_v1_url().to_owned(),
            rekor_v2: sigstore.rekor_v2_url().to_owned(),
            timestamp: sigstore.timestamp_url(),
            trust: sigstore.trust_folder().to_owned(),
            token_request_url: sigstore.token_request_url(),
            token_request_token: sigstore.token_request_token().to_owned(),
        }
    }

    pub(crate) fn write(&self, state: &Utf8Path) -> Result<(), DevStackError> {
        write_json(&state.join(FILE), self)
    }

    /// What the last dev stack on this folder wrote; `None` when there was none.
    ///
    /// # Errors
    /// The file cannot be read, or is not what a dev stack wrote.
    pub fn left_in(state: &Utf8Path) -> Result<Option<Self>, DevStackError> {
        let path = state.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(DevStackError::file("read", path)(error)),
        };
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| DevStackError::Damaged { path, detail: error.to_string() })
    }

    pub(crate) fn registry_port(&self) -> Option<u16> {
        self.registry.rsplit_once(':')?.1.parse().ok()
    }

    pub(crate) fn sigstore_port(&self) -> Option<u16> {
        Url::parse(&self.issuer).ok()?.port()
    }

    /// The URL from which a job gets its token, for the run that `run` describes: pairs of a field of
    /// [`TokenRequest`](crate::sigstore::TokenRequest) in camel case, and its value.
    pub fn token_request_url_for(&self, run: &[(&str, String)]) -> String {
        let mut url = self.token_request_url.clone();
        for (name, value) in run {
            let pair = Serializer::new(String::new()).append_pair(name, value).finish();
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&pair);
        }
        url
    }

    /// Asks the running dev stack for a token, as a job would.
    ///
    /// # Errors
    /// [`DevStackError::NotRunning`] when nobody answers; `state` is only named in that error. Or the
    /// issuer refused the request.
    pub async fn token(
        &self,
        state: &Utf8Path,
        run: &[(&str, String)],
    ) -> Result<String, DevStackError> {
        let refused = |why: String| DevStackError::mint("a token", why);
        let request = Request::get(self.token_request_url_for(run))
            .header(AUTHORIZATION, format!("Bearer {}", self.token_request_token))
            .body(Bytes::new())
            .map_err(|error| refused(error.to_string()))?;
        let answer = wire::send(request, ANSWER_BYTES_MAX).await.map_err(|error| match error {
            WireError::Nobody(_) => DevStackError::NotRunning(state.to_owned()),
            WireError::Broken(why) => refused(why),
        })?;
        let (status, body) = (answer.status(), answer.into_body());
        let answer: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        match answer["value"].as_str() {
            Some(token) if status == StatusCode::OK => Ok(token.to_owned()),
            _ => Err(refused(format!("{status}: {}", String::from_utf8_lossy(&body)))),
        }
    }
}
