//! Who may do what: nobody is asked, or a name and a password, or a token from the token server.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, Response, StatusCode};
use serde_json::json;

use super::api_error::{ApiError, Code};
use super::query::Query;
use super::reply::reply;
use super::route::Route;

const SERVICE: &str = "sealwright-devstack";

/// How the registry knows its users.
#[derive(Clone, Debug, Default)]
pub enum Auth {
    /// It asks nobody.
    #[default]
    None,
    /// Name and password with each request.
    Basic(Account),
    /// A challenge that leads to the registry's own token server, as GHCR and most others do.
    Bearer {
        /// Who gets tokens to write.
        account: Account,
        /// How long a token lasts, to the second.
        lifetime: Duration,
        /// Identity token that may stand in for the password (`POST`, `grant_type=refresh_token`).
        refresh_token: Option<String>,
    },
}

/// The one account of the registry. `Debug` hides the password.
#[derive(Clone)]
pub struct Account {
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
    /// Whether strangers may read, as from a public package.
    pub anonymous_pull: bool,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, anonymous_pull, .. } = self;
        write!(f, "Account {{ user: {user:?}, anonymous_pull: {anonymous_pull} }}")
    }
}

/// Access to one repository, as in a scope `repository:NAME:pull,push`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Scope {
    repository: String,
    actions: Vec<String>,
}

impl Scope {
    fn parse(text: &str) -> Option<Self> {
        let (repository, actions) = text.strip_prefix("repository:")?.rsplit_once(':')?;
        let actions = actions.split(',').map(str::to_owned).collect();
        Some(Self { repository: repository.to_owned(), actions })
    }

    fn allows(&self, repository: &str, action: &str) -> bool {
        self.repository == repository && self.actions.iter().any(|a| a == action || a == "*")
    }
}

struct Grant {
    scopes: Vec<Scope>,
    ends: Instant,
}

/// The guard at the door, with the tokens that it gave out.
pub(crate) struct Access {
    auth: Auth,
    /// `http://127.0.0.1:PORT/token`.
    realm: String,
    granted: Mutex<HashMap<String, Grant>>,
}

/// What a request may do beyond what it was admitted for.
pub(crate) struct Admitted {
    scopes: Option<Vec<Scope>>,
}

impl Admitted {
    /// Whether it may also read `repository`: a mount asks.
    pub(crate) fn may_pull(&self, repository: &str) -> bool {
        let all = |scopes: &Vec<Scope>| scopes.iter().any(|s| s.allows(repository, "pull"));
        self.scopes.as_ref().is_none_or(all)
    }
}

impl Access {
    pub(crate) fn new(auth: Auth, realm: String) -> Self {
        Self { auth, realm, granted: Mutex::default() }
    }

    /// Lets a request in, or answers with the challenge.
    pub(crate) fn admit(
        &self,
        route: &Route,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Admitted, ApiError> {
        let everything = Ok(Admitted { scopes: None });
        match &self.auth {
            _ if *route == Route::Token => everything,
            Auth::None => everything,
            Auth::Basic(account) => match basic(headers) {
                Some(given) if account.is(&given) => everything,
                None if account.anonymous_pull
                    && action(method) == "pull"
                    && *route != Route::Base =>
                {
                    everything
                }
                _ => Err(refused(&format!("Basic realm=\"{SERVICE}\""))),
            },
            Auth::Bearer { .. } => self.admit_bearer(route, method, headers),
        }
    }

    fn admit_bearer(
        &self,
        route: &Route,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Admitted, ApiError> {
        let scopes = bearer(headers).and_then(|token| self.scopes(token));
        let action = action(method);
        let enough = |scopes: &Vec<Scope>| {
            route.repository().is_none_or(|name| scopes.iter().any(|s| s.allows(name, action)))
        };
        match scopes {
            Some(scopes) if enough(&scopes) => Ok(Admitted { scopes: Some(scopes) }),
            scopes => Err(refused(&self.challenge(route, action, scopes.is_some()))),
        }
    }

    fn challenge(&self, route: &Route, action: &str, token_is_good: bool) -> String {
        let mut challenge = format!("Bearer realm=\"{}\",service=\"{SERVICE}\"", self.realm);
        if let Some(repository) = route.repository() {
            let actions = if action == "push" { "pull,push" } else { action };
            challenge.push_str(&format!(",scope=\"repository:{repository}:{actions}\""));
        }
        if token_is_good {
            challenge.push_str(",error=\"insufficient_scope\"");
        }
        challenge
    }

    fn scopes(&self, token: &str) -> Option<Vec<Scope>> {
        let granted = self.granted.lock().unwrap_or_else(PoisonError::into_inner);
        let grant = granted.get(token)?;
        (Instant::now() < grant.ends).then(|| grant.scopes.clone())
    }

    /// Every token given out so far stops working.
    pub(crate) fn revoke(&self) {
        self.granted.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The token server. `form` is the query of a `GET`, or the body of a `POST`.
    pub(crate) fn give_token(
        &self,
        method: &Method,
        headers: &HeaderMap,
        form: &Query,
    ) -> Result<Response<Body>, ApiError> {
        let Auth::Bearer { account, lifetime, refresh_token } = &self.auth else {
            let message = "this registry gives no tokens";
            return Err(
                ApiError::new(Code::Unsupported, message).with_status(StatusCode::NOT_FOUND)
            );
        };
        let proof = Proof::read(method, headers, form);
        let known = match &proof {
            Proof::Nothing => false,
            Proof::Password(given) if account.is(given) => true,
            Proof::RefreshToken(given) if refresh_token.as_ref() == Some(given) => true,
            _ => return Err(ApiError::new(Code::Unauthorized, "the credentials are wrong")),
        };
        let mut scopes: Vec<Scope> = form
            .all("scope")
            .flat_map(|scopes| scopes.split(' '))
            .filter_map(Scope::parse)
            .collect();
        if !known {
            // As on public registries: strangers get a token, for what strangers may do.
            for scope in &mut scopes {
                scope.actions.retain(|action| account.anonymous_pull && action == "pull");
            }
        }
        let mut answer = self.grant(scopes, *lifetime);
        let offline = form.get("access_type") == Some("offline") || method == Method::POST;
        if let (true, true, Some(refresh_token)) = (known, offline, refresh_token) {
            answer["refresh_token"] = json!(refresh_token);
        }
        Ok(reply(StatusCode::OK).json(&answer))
    }

    fn grant(&self, scopes: Vec<Scope>, lifetime: Duration) -> serde_json::Value {
        let token = super::random_id();
        let now = Instant::now();
        let mut granted = self.granted.lock().unwrap_or_else(PoisonError::into_inner);
        granted.retain(|_, grant| now < grant.ends);
        granted.insert(token.clone(), Grant { scopes, ends: now + lifetime });
        json!({
            "token": token,
            "access_token": token,
            "expires_in": lifetime.as_secs(),
            "issued_at": jiff::Timestamp::now().to_string(),
        })
    }
}

impl Account {
    fn is(&self, given: &(String, String)) -> bool {
        (&self.user, &self.password) == (&given.0, &given.1)
    }
}

/// How somebody proves to the token server who they are.
enum Proof {
    Nothing,
    Password((String, String)),
    RefreshToken(String),
    Unknown,
}

impl Proof {
    fn read(method: &Method, headers: &HeaderMap, form: &Query) -> Self {
        if method != Method::POST {
            return match basic(headers) {
                Some(given) => Self::Password(given),
                None if headers.contains_key(AUTHORIZATION) => Self::Unknown,
                None => Self::Nothing,
            };
        }
        match (form.get("grant_type"), form.get("refresh_token")) {
            (Some("refresh_token"), Some(token)) => Self::RefreshToken(token.to_owned()),
            (Some("password"), _) => {
                let text = |name| form.get(name).unwrap_or_default().to_owned();
                Self::Password((text("username"), text("password")))
            }
            _ => Self::Unknown,
        }
    }
}

fn action(method: &Method) -> &'static str {
    match *method {
        Method::GET | Method::HEAD => "pull",
        Method::DELETE => "delete",
        _ => "push",
    }
}

fn refused(challenge: &str) -> ApiError {
    ApiError::new(Code::Unauthorized, "authentication required")
        .with_header(WWW_AUTHENTICATE, challenge)
}

fn after_scheme<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let (given, rest) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    given.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    after_scheme(headers, "Bearer")
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let decoded = BASE64_STANDARD.decode(after_scheme(headers, "Basic")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}
