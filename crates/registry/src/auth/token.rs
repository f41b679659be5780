//! Tokens from the realm that a challenge names: GET with a password or as a stranger, POST with
//! an identity token (distribution project, "Token Authentication" and "OAuth2 token").

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode};
use serde::Deserialize;
use tokio::time::Instant;
use url::Url;
use url::form_urlencoded::Serializer;

use super::challenge::Bearer;
use super::login::Login;
use super::{Scope, said, sensitive};
use crate::error::Fault;
use crate::limits::{TOKEN_BYTES_MAX, TOKEN_LIFETIME};
use crate::transport::{Answer, Ask, Call, Failure, Transport, host, shown};

/// A token before its end.
pub(super) struct Token {
    secret: String,
    /// When it is replaced: a little before the registry stops taking it.
    until: Instant,
}

#[derive(Deserialize)]
struct Document {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

impl Token {
    pub(super) fn header(&self) -> Option<HeaderValue> {
        sensitive(&format!("Bearer {}", self.secret))
    }

    pub(super) fn is_fresh(&self) -> bool {
        Instant::now() < self.until
    }

    /// The lifetime counts from now: the clock of the issuer may differ from ours.
    fn parse(body: &[u8]) -> Option<Self> {
        let document: Document = serde_json::from_slice(body).ok()?;
        let both = [document.token, document.access_token];
        let secret = both.into_iter().flatten().find(|token| !token.is_empty())?;
        let lifetime = document.expires_in.filter(|seconds| *seconds > 0).map(Duration::from_secs);
        let lifetime = lifetime.unwrap_or(TOKEN_LIFETIME).min(Duration::from_secs(24 * 3600));
        let margin = (lifetime / 4).min(Duration::from_secs(10));
        Some(Self { secret, until: Instant::now() + lifetime - margin })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(<redacted>)")
    }
}

/// Asks the realm. Redirects are not followed: a password would go along.
pub(super) async fn fetch(
    transport: &Transport,
    registry: &Url,
    bearer: &Bearer,
    login: &Login,
    scope: &Scope,
    call: Call,
) -> Result<Token, Failure> {
    let realm = transport.next_url(registry, &bearer.realm).map_err(Failure::lasting)?;
    let ask = request(&realm, bearer, login, scope);
    let answer = transport.send_bare(&ask, call).await?;
    if answer.status != StatusCode::OK {
        return Err(Failure::lasting(refusal(&answer, login)));
    }
    Token::parse(&answer.body).filter(|token| !answer.cut && token.header().is_some()).ok_or_else(
        || {
            let why = format!("{} answered without a token", shown(&realm));
            Failure::lasting(Fault::Protocol { why })
        },
    )
}

fn request(realm: &Url, bearer: &Bearer, login: &Login, scope: &Scope) -> Ask {
    let mut query = Serializer::new(String::new());
    if let Some(service) = &bearer.service {
        query.append_pair("service", service);
    }
    let wanted = scope.text();
    // Ours says what the next requests need; the registry's own wish may name more.
    let wish = bearer.scope.as_ref().filter(|wish| **wish != wanted && !wanted.starts_with(*wish));
    let what = format!("a token for {wanted}");
    let ask = match login {
        Login::IdentityToken(secret) => {
            let scopes = [Some(&wanted), wish].into_iter().flatten();
            let scopes = scopes.map(String::as_str).collect::<Vec<_>>().join(" ");
            query.append_pair("grant_type", "refresh_token").append_pair("client_id", "sealwright");
            query.append_pair("scope", &scopes).append_pair("refresh_token", secret);
            Ask::new(Method::POST, realm.clone(), what)
                .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
                .payload(Bytes::from(query.finish()))
        }
        Login::Password { .. } | Login::Stranger => {
            for scope in [Some(&wanted), wish].into_iter().flatten() {
                query.append_pair("scope", scope);
            }
            let mut url = realm.clone();
            let fixed = url.query().map(|fixed| format!("{fixed}&")).unwrap_or_default();
            url.set_query(Some(&format!("{fixed}{}", query.finish())));
            let ask = Ask::new(Method::GET, url, what);
            login.basic().into_iter().fold(ask, |ask, basic| ask.header(AUTHORIZATION, basic))
        }
    };
    ask.header(ACCEPT, HeaderValue::from_static("application/json"))
        .answer_bytes_max(TOKEN_BYTES_MAX)
}

fn refusal(answer: &Answer, login: &Login) -> Fault {
    let (host, status) = (host(&answer.url), answer.status);
    let whose = match login {
        Login::Stranger => "no credentials were sent",
        _ => "it refused the credentials",
    };
    let said = format!("{whose}; {}", said(&answer.body));
    if status.is_client_error() && status != StatusCode::NOT_FOUND {
        return Fault::Denied { host, status, said };
    }
    Fault::Status { host, status, said }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Access;

    #[test]
    fn a_token_is_read_from_either_field() {
        for (body, secret, why) in [
            (r#"{"token":"t","expires_in":300}"#, Some("t"), "token"),
            (r#"{"access_token":"a"}"#, Some("a"), "access_token"),
            (r#"{"token":"t","access_token":"a"}"#, Some("t"), "both"),
            (r#"{"token":"","access_token":"a"}"#, Some("a"), "an empty one is none"),
            (r#"{"token":null}"#, None, "null"),
            ("{}", None, "none"),
            ("<html>", None, "not JSON"),
            (r#"{"token":7}"#, None, "not text"),
        ] {
            let token = Token::parse(body.as_bytes());
            assert_eq!(token.map(|token| token.secret).as_deref(), secret, "{why}");
        }
        assert!(
            Token::parse(br#"{"token":"a\nb"}"#).unwrap().header().is_none(),
            "no second header"
        );
    }

    #[test]
    fn a_token_is_replaced_before_it_ends() {
        for (seconds, low, high, why) in [
            ("300", 289, 290, "ten seconds before"),
            ("4", 2, 3, "a quarter before"),
            ("0", 49, 50, "no lifetime is the default"),
            ("18446744073709551615", 86_389, 86_390, "no overflow, and a day at most"),
        ] {
            let token =
                Token::parse(format!(r#"{{"token":"t","expires_in":{seconds}}}"#).as_bytes());
            let left = token.unwrap().until.duration_since(Instant::now()).as_secs();
            assert!((low..=high).contains(&left), "{why}: {left}");
        }
    }

    #[test]
    fn the_realm_is_asked_for_what_is_needed() {
        let realm = Url::parse("https://auth.test/token?fixed=1").unwrap();
        let scope = Scope { path: "acme/platform".to_owned(), access: Access::Push };
        let wish = "repository:acme/other:pull".to_owned();
        let bearer =
            Bearer { realm: realm.to_string(), service: Some("a.test".into()), scope: Some(wish) };
        let password = Login::Password { user: "robot".into(), password: "s3cret".into() };
        let get = request(&realm, &bearer, &password, &scope);
        assert_eq!(
            get.url.as_str(),
            "https://auth.test/token?fixed=1&service=a.test&scope=repository%3Aacme%2Fplatform%3Apull%2Cpush&scope=repository%3Aacme%2Fother%3Apull"
        );
        assert!(get.headers[AUTHORIZATION].is_sensitive());
        let stranger = request(&realm, &bearer, &Login::Stranger, &scope);
        assert!(!stranger.headers.contains_key(AUTHORIZATION));
        let post = request(&realm, &bearer, &Login::IdentityToken("r3fresh".into()), &scope);
        assert_eq!((post.method, post.url), (Method::POST, realm));
        assert!(!format!("{:?}", post.headers).contains("r3fresh"));
    }
}
