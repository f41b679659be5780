//! As whom to ask: the challenge flow of the distribution specification ("Token Authentication"),
//! and Basic. Credentials are looked for only when a registry asks for them.

mod challenge;
mod login;
mod said;
mod token;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::header::{HeaderValue, WWW_AUTHENTICATE};
use tokio::sync::Mutex as AsyncMutex;
use url::Url;

use crate::options::CredentialSource;
use crate::transport::{Answer, Ask, Call, Failure, Transport};
use challenge::Challenge;
use login::{Environment, Login};
use token::Token;

pub(crate) use said::{Words, said};

/// What a request wants to do, and where.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    pub(crate) path: String,
    pub(crate) access: Access,
}

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Access {
    Pull,
    Push,
    Delete,
}

impl Scope {
    /// As the token specification spells it.
    fn text(&self) -> String {
        let actions = match self.access {
            Access::Pull => "pull",
            Access::Push => "pull,push",
            Access::Delete => "pull,delete",
        };
        format!("repository:{}:{actions}", self.path)
    }
}

/// What is known about each registry: how it wants to be asked, and the tokens it has given.
#[derive(Debug)]
pub(crate) struct Authenticator {
    source: CredentialSource,
    environment: Environment,
    registries: Mutex<HashMap<String, Arc<AsyncMutex<Registry>>>>,
}

#[derive(Debug, Default)]
struct Registry {
    challenge: Option<Challenge>,
    login: Option<Login>,
    tokens: HashMap<Scope, Token>,
}

impl Authenticator {
    pub(crate) fn new(source: CredentialSource) -> Self {
        Self { source, environment: Environment::read(), registries: Mutex::default() }
    }

    /// The header to send at first: what the registry's last challenge asked for. A token that is
    /// about to expire is replaced here, before it costs a 401.
    pub(crate) async fn known(
        &self,
        transport: &Transport,
        url: &Url,
        scope: &Scope,
        call: Call,
    ) -> Result<Option<HeaderValue>, Failure> {
        let registry = self.registry(url);
        let mut registry = call.within(registry.lock(), "waiting for a token").await?;
        if registry.challenge.is_none() {
            return Ok(None);
        }
        self.header(&mut registry, transport, url, scope, call).await
    }

    /// The header to send after a 401, if there is a better one than `rejected`. Requests that
    /// were refused side by side wait for each other, and the first one's token serves them all.
    pub(crate) async fn answer(
        &self,
        transport: &Transport,
        ask: &Ask,
        scope: &Scope,
        refusal: &Answer,
        rejected: Option<HeaderValue>,
        call: Call,
    ) -> Result<Option<HeaderValue>, Failure> {
        let registry = self.registry(&ask.url);
        let mut registry = call.within(registry.lock(), "waiting for a token").await?;
        if let Some(current) = registry.current(scope).filter(|c| Some(c) != rejected.as_ref()) {
            return Ok(Some(current));
        }
        registry.tokens.retain(|_, token| token.header() != rejected);
        registry.challenge = Challenge::choose(refusal.headers.get_all(WWW_AUTHENTICATE).iter());
        let fresh = self.header(&mut registry, transport, &ask.url, scope, call).await?;
        Ok(fresh.filter(|fresh| Some(fresh) != rejected.as_ref()))
    }

    async fn header(
        &self,
        registry: &mut Registry,
        transport: &Transport,
        url: &Url,
        scope: &Scope,
        call: Call,
    ) -> Result<Option<HeaderValue>, Failure> {
        if let Some(current) = registry.current(scope) {
            return Ok(Some(current));
        }
        let Some(challenge) = registry.challenge.clone() else { return Ok(None) };
        let login = match &registry.login {
            Some(login) => login.clone(),
            None => login::look_up(&self.source, &self.environment, url).await?,
        };
        registry.login = Some(login.clone());
        let Challenge::Bearer(bearer) = challenge else { return Ok(login.basic()) };
        let token = token::fetch(transport, url, &bearer, &login, scope, call).await?;
        let header = token.header();
        registry.tokens.insert(scope.clone(), token);
        Ok(header)
    }

    fn registry(&self, url: &Url) -> Arc<AsyncMutex<Registry>> {
        let mut registries = self.registries.lock().unwrap_or_else(PoisonError::into_inner);
        registries.entry(url.origin().ascii_serialization()).or_default().clone()
    }
}

impl Registry {
    /// A header that is good as far as is known. What may push may pull.
    fn current(&self, scope: &Scope) -> Option<HeaderValue> {
        if matches!(self.challenge, Some(Challenge::Basic)) {
            return self.login.as_ref().and_then(Login::basic);
        }
        let wider = Scope { access: Access::Push, ..scope.clone() };
        let scopes = [Some(scope), (scope.access == Access::Pull).then_some(&wider)];
        let mut tokens = scopes.into_iter().flatten().filter_map(|scope| self.tokens.get(scope));
        tokens.find(|token| token.is_fresh()).and_then(Token::header)
    }
}

/// A header value that does not show up in debug output.
fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
