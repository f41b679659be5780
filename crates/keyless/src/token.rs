//! Identity tokens: where they come from, and what is checked before anybody is shown one.
//!
//! The signature of a token is not ours to check: the certificate authority does. What we check is
//! what makes sending it pointless or dangerous.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use camino::Utf8Path;
use sealwright_policy::Claims;
use serde_json::{Map, Value};

use crate::error::TokenError;
use crate::http::HttpOptions;
use crate::{TOKEN_VARIABLE, github, quote};

/// Bytes of a token. GitHub's have 2 to 3 KiB; HTTP servers refuse headers of this size.
pub const TOKEN_BYTES_MAX: usize = 64 << 10;

/// A JSON web token at hand. Never printed: `Debug` and `Display` show where it came from.
#[derive(Clone)]
pub struct Token {
    secret: String,
    origin: String,
    claims: TokenClaims,
}

/// What a token says about its holder: unverified, and without the token itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenClaims {
    /// `iss`.
    pub issuer: String,
    /// `sub`.
    pub token_subject: String,
    /// `aud`, one or several.
    pub audiences: Vec<String>,
    /// `exp`.
    pub expires_at: jiff::Timestamp,
    /// `nbf`.
    pub valid_from: Option<jiff::Timestamp>,
    /// `email`.
    pub email: Option<String>,
    all: Map<String, Value>,
}

impl Token {
    /// The token that this process was given: the file, else `SIGSTORE_ID_TOKEN`, else GitHub's
    /// token service for this job.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub async fn at_hand(
        file: Option<&Utf8Path>,
        audience: &str,
        http: &HttpOptions,
    ) -> Result<Token, TokenError> {
        match file {
            Some(path) => Token::from_file(path),
            None if std::env::var_os(TOKEN_VARIABLE).is_some() => Token::from_env(TOKEN_VARIABLE),
            None => Token::ambient_github(audience, http).await,
        }
    }

    /// From a file, which may end with a line end.
    ///
    /// # Errors
    /// The file cannot be read, is too large, or holds no token.
    pub fn from_file(path: &Utf8Path) -> Result<Token, TokenError> {
        use std::io::Read as _;
        let unreadable = |error: std::io::Error| TokenError::Missing(format!("{path}: {error}"));
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).map_err(unreadable)?;
        // One byte more than allowed tells a file that is too long from one that is just right.
        file.take(TOKEN_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        Token::parse(&String::from_utf8_lossy(&bytes), path.as_str())
    }

    /// From an environment variable.
    ///
    /// # Errors
    /// It is not set, or holds no token.
    pub fn from_env(name: &str) -> Result<Token, TokenError> {
        let text = std::env::var(name)
            .map_err(|_| TokenError::Missing(format!("the variable {name} is not set")))?;
        Token::parse(&text, name)
    }

    /// From GitHub's token service, which a job with `permissions: id-token: write` may ask.
    ///
    /// # Errors
    /// This is no such job, the service cannot be reached, or it refuses.
    async fn ambient_github(audience: &str, http: &HttpOptions) -> Result<Token, TokenError> {
        let text = github::request_token(audience, http).await?;
        Token::parse(&text, "GitHub's token service")
    }

    /// Reads a token; `origin` says in messages where it came from.
    ///
    /// # Errors
    /// It is too large, or is no JSON web token.
    pub fn parse(text: &str, origin: &str) -> Result<Token, TokenError> {
        let secret = text.trim();
        match secret.len() {
            0 => return Err(TokenError::Missing(format!("{origin} is empty"))),
            length if length > TOKEN_BYTES_MAX => {
                let origin = origin.to_owned();
                return Err(TokenError::TooLarge { origin, limit: TOKEN_BYTES_MAX });
            }
            _ => {}
        }
        let malformed =
            |reason: String| TokenError::Malformed { origin: origin.to_owned(), reason };
        let claims = TokenClaims::parse(secret).map_err(malformed)?;
        Ok(Token { secret: secret.to_owned(), origin: origin.to_owned(), claims })
    }

    /// What it says.
    pub fn claims(&self) -> &TokenClaims {
        &self.claims
    }

    /// Whether it may be sent: for this audience, valid now, and, if asked, from this issuer.
    ///
    /// # Errors
    /// The first respect in which it may not.
    pub fn check(
        &self,
        audience: &str,
        issuer: Option<&str>,
        now: jiff::Timestamp,
    ) -> Result<(), TokenError> {
        self.claims.check(audience, issuer, now)
    }

    /// The token itself, for the one request that needs it.
    pub(crate) fn reveal(&self) -> &str {
        &self.secret
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "identity token from {}", self.origin)
    }
}

impl TokenClaims {
    /// JSON web signature, compact form (RFC 7515, section 3.1): header, payload, signature.
    fn parse(secret: &str) -> Result<TokenClaims, String> {
        // Split at most four times: a million dots cost no more than three.
        let parts: Vec<&str> = secret.splitn(4, '.').collect();
        let [header, payload, signature] = parts.as_slice() else {
            return Err(format!(
                "expected three parts with dots between, found {}",
                if parts.len() > 3 { "more".to_owned() } else { parts.len().to_string() }
            ));
        };
        let decode = |part: &str, name: &str| {
            let decoded = URL_SAFE_NO_PAD.decode(part);
            decoded.map_err(|_| format!("its {name} part is not base64url"))
        };
        // The outer parts are the authority's to judge; quotes or JSON around a token are ours.
        decode(header, "first")?;
        decode(signature, "third")?;
        let json = decode(payload, "second")?;
        let all: Map<String, Value> = serde_json::from_slice(&json)
            .map_err(|_| "its claims are not a JSON object".to_owned())?;
        let text = |name: &str| all.get(name).and_then(Value::as_str).map(str::to_owned);
        let needed = |name: &str| text(name).ok_or_else(|| format!("it has no `{name}`"));
        Ok(TokenClaims {
            issuer: needed("iss")?,
            token_subject: needed("sub")?,
            audiences: audiences(all.get("aud")),
            expires_at: time(&all, "exp")?.ok_or_else(|| "it has no `exp`".to_owned())?,
            valid_from: time(&all, "nbf")?,
            email: text("email"),
            all,
        })
    }

    fn check(
        &self,
        audience: &str,
        issuer: Option<&str>,
        now: jiff::Timestamp,
    ) -> Result<(), TokenError> {
        if self.expires_at <= now {
            return Err(TokenError::Expired { expired_at: self.expires_at, now });
        }
        if let Some(valid_from) = self.valid_from.filter(|from| *from > now) {
            return Err(TokenError::NotYetValid { valid_from, now });
        }
        if !self.audiences.iter().any(|named| named == audience) {
            let found = quote(&self.audiences.join(", "));
            return Err(TokenError::Audience { expected: audience.to_owned(), found });
        }
        match issuer {
            Some(expected) if expected != self.issuer => Err(TokenError::Issuer {
                expected: expected.to_owned(),
                found: quote(&self.issuer),
            }),
            _ => Ok(()),
        }
    }

    /// A claim of any name, when it is a text.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all.get(name)?.as_str().filter(|value| !value.is_empty())
    }

    /// What the certificate will say, as far as it can be told beforehand: so that a wrong
    /// identity is found before anything is written.
    pub fn predicted(&self) -> Claims {
        github::predicted_claims(self).unwrap_or_else(|| Claims {
            issuer: Some(self.issuer.clone()),
            sans: self.email.iter().cloned().collect(),
            ..Claims::default()
        })
    }

    /// What proof of possession is made over: the name that Fulcio takes from the token.
    pub(crate) fn challenge(&self) -> &str {
        self.email.as_deref().unwrap_or(&self.token_subject)
    }
}

fn audiences(claim: Option<&Value>) -> Vec<String> {
    match claim {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => {
            many.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// A NumericDate (RFC 7519, section 2): seconds, possibly with a fraction.
fn time(claims: &Map<String, Value>, name: &str) -> Result<Option<jiff::Timestamp>, String> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64));
    let parsed = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    parsed.map(Some).ok_or_else(|| format!("its `{name}` is not a time"))
}

#[cfg(test)]
mod tests;
