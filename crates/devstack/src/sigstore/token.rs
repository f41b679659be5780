//! Identity tokens, signed and checked as GitHub's are: RS256, a few minutes, for one audience.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use camino::Utf8Path;
use der::asn1::UintRef;
use der::{Decode, Sequence};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::claims::{GithubClaims, TokenFault, TokenRequest};
use super::keys::{KeyKind, SigningKey, write_private};
use crate::DevStackError;

/// How long a token is valid; GitHub's live a few minutes as well.
const TOKEN_SECONDS: i64 = 600;
const HOUR_SECONDS: i64 = 3600;
/// No honest token of GitHub's comes near this.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// The issuer's key and the secret with which a job may ask for a token.
pub(crate) struct TokenIssuer {
    pub(crate) url: String,
    key: SigningKey,
    key_id: String,
    request_secret: String,
}

impl TokenIssuer {
    pub(crate) fn load(url: String, folder: Option<&Utf8Path>) -> Result<Self, DevStackError> {
        let key = SigningKey::load_or_create(folder, "oidc.key", KeyKind::Rsa2048)?;
        let key_id = hex::encode(&Sha256::digest(key.spki())[..16]);
        let request_secret = load_or_create_secret(folder)?;
        Ok(Self { url, key, key_id, request_secret })
    }

    /// What `ACTIONS_ID_TOKEN_REQUEST_URL` would be.
    pub(crate) fn request_url(&self) -> String {
        super::oidc::request_url(&self.url)
    }

    /// What `ACTIONS_ID_TOKEN_REQUEST_TOKEN` would be.
    pub(crate) fn request_secret(&self) -> &str {
        &self.request_secret
    }

    /// A token for the run that was asked for.
    pub(crate) fn token(
        &self,
        request: &TokenRequest,
        now: Timestamp,
    ) -> Result<String, DevStackError> {
        let now = now.as_second();
        let (begins, ends) = match request.fault {
            TokenFault::Expired => (now - HOUR_SECONDS - TOKEN_SECONDS, now - HOUR_SECONDS),
            TokenFault::NotYetValid => (now + HOUR_SECONDS, now + HOUR_SECONDS + TOKEN_SECONDS),
            _ => (now, now + TOKEN_SECONDS),
        };
        let issuer = match request.fault {
            TokenFault::OtherIssuer => "https://issuer.acme.example",
            _ => &self.url,
        };
        let payload = Payload {
            jti: hex::encode(super::random_bytes::<16>()?),
            iss: issuer.to_owned(),
            aud: json!(request.audience),
            iat: begins,
            nbf: begins,
            exp: ends,
            claims: request.claims(),
        };
        if request.fault == TokenFault::ForeignKey {
            return self.encode(&payload, &SigningKey::generate(KeyKind::Rsa2048)?);
        }
        self.encode(&payload, &self.key)
    }

    fn encode(&self, payload: &Payload, key: &SigningKey) -> Result<String, DevStackError> {
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": self.key_id});
        let payload =
            serde_json::to_vec(payload).map_err(|error| DevStackError::mint("a token", error))?;
        let signed =
            format!("{}.{}", BASE64URL.encode(header.to_string()), BASE64URL.encode(payload));
        let signature = key.sign(signed.as_bytes())?;
        Ok(format!("{signed}.{}", BASE64URL.encode(signature)))
    }

    /// What a token says, once signature, issuer, audience and times are found right.
    pub(crate) fn verify(
        &self,
        token: &str,
        audience: &str,
        now: Timestamp,
    ) -> Result<GithubClaims, TokenRefused> {
        let payload = self.authentic(token)?;
        if payload.iss != self.url {
            return Err(TokenRefused::Issuer { found: payload.iss, expected: self.url.clone() });
        }
        if !names_audience(&payload.aud, audience) {
            return Err(TokenRefused::Audience { found: payload.aud.to_string() });
        }
        let now = now.as_second();
        if payload.exp <= now {
            return Err(TokenRefused::Expired { seconds: now - payload.exp });
        }
        if payload.nbf > now {
            return Err(TokenRefused::NotYetValid { seconds: payload.nbf - now });
        }
        Ok(payload.claims)
    }

    fn authentic(&self, token: &str) -> Result<Payload, TokenRefused> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenRefused::Malformed("it is longer than 16 KiB"));
        }
        let (signed, signature) =
            token.rsplit_once('.').ok_or(TokenRefused::Malformed("it has no dots"))?;
        let (header, payload) = signed
            .split_once('.')
            .filter(|(_, payload)| !payload.contains('.'))
            .ok_or(TokenRefused::Malformed("it has not three parts"))?;
        let decoded = |part: &str| {
            BASE64URL.decode(part).map_err(|_| TokenRefused::Malformed("a part is not base64url"))
        };
        let header: Header = serde_json::from_slice(&decoded(header)?)
            .map_err(|_| TokenRefused::Malformed("its header is not that of a token"))?;
        if header.alg != "RS256" || header.kid != self.key_id {
            return Err(TokenRefused::Signature);
        }
        if !self.key.verifies(signed.as_bytes(), &decoded(signature)?) {
            return Err(TokenRefused::Signature);
        }
        serde_json::from_slice(&decoded(payload)?)
            .map_err(|_| TokenRefused::Malformed("its claims are not GitHub's"))
    }

    /// The public half as a JSON Web Key Set.
    pub(crate) fn json_web_keys(&self) -> Value {
        // An RSA public key that the key's own library wrote.
        let key = RsaPublicKey::from_der(self.key.public_bits());
        let number = |part: fn(&RsaPublicKey<'_>) -> Vec<u8>| {
            key.as_ref().map(|key| BASE64URL.encode(part(key))).unwrap_or_default()
        };
        json!({"keys": [{
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "kid": self.key_id,
            "n": number(|key| key.modulus.as_bytes().to_vec()),
            "e": number(|key| key.exponent.as_bytes().to_vec()),
        }]})
    }
}

/// Why a token was refused. The token itself is never repeated.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenRefused {
    #[error("the identity token is malformed: {0}")]
    Malformed(&'static str),
    #[error("the identity token is not signed by this issuer")]
    Signature,
    #[error("the identity token is of issuer {found}, expected {expected}")]
    Issuer { found: String, expected: String },
    #[error("the identity token is for audience {found}, expected \"sigstore\"")]
    Audience { found: String },
    #[error("the identity token expired {seconds} s ago")]
    Expired { seconds: i64 },
    #[error("the identity token is valid only in {seconds} s")]
    NotYetValid { seconds: i64 },
}

#[derive(Serialize, Deserialize)]
struct Payload {
    jti: String,
    iss: String,
    aud: Value,
    iat: i64,
    nbf: i64,
    exp: i64,
    #[serde(flatten)]
    claims: GithubClaims,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
}

/// RFC 8017, appendix A.1.1.
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

fn names_audience(claim: &Value, audience: &str) -> bool {
    match claim {
        Value::String(one) => one == audience,
        Value::Array(several) => several.iter().any(|one| one == audience),
        _ => false,
    }
}

fn load_or_create_secret(folder: Option<&Utf8Path>) -> Result<String, DevStackError> {
    let path = folder.map(|folder| folder.join("token-request.secret"));
    if let Some(secret) = path.as_ref().and_then(|path| std::fs::read_to_string(path).ok()) {
        return Ok(secret.trim().to_owned());
    }
    let secret = hex::encode(super::random_bytes::<24>()?);
    if let Some(path) = path {
        write_private(&path, secret.as_bytes())?;
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer() -> TokenIssuer {
        TokenIssuer::load("http://127.0.0.1:1".to_owned(), None).unwrap()
    }

    #[test]
    fn a_token_is_accepted_only_whole_timely_and_for_us() {
        let issuer = issuer();
        let now = Timestamp::now();
        let with = |fault| TokenRequest { fault, ..TokenRequest::default() };
        let elsewhere =
            TokenRequest { audience: "https://acme.example".to_owned(), ..TokenRequest::default() };
        type Expected = fn(&Result<GithubClaims, TokenRefused>) -> bool;
        let cases: [(&str, TokenRequest, Expected); 6] = [
            ("healthy", with(TokenFault::None), |answer| answer.is_ok()),
            ("ended an hour ago", with(TokenFault::Expired), |answer| {
                matches!(answer, Err(TokenRefused::Expired { seconds: 3600 }))
            }),
            ("begins in an hour", with(TokenFault::NotYetValid), |answer| {
                matches!(answer, Err(TokenRefused::NotYetValid { seconds: 3600 }))
            }),
            ("another issuer", with(TokenFault::OtherIssuer), |answer| {
                matches!(answer, Err(TokenRefused::Issuer { .. }))
            }),
            ("somebody else's key", with(TokenFault::ForeignKey), |answer| {
                matches!(answer, Err(TokenRefused::Signature))
            }),
            ("meant for another service", elsewhere, |answer| {
                matches!(answer, Err(TokenRefused::Audience { .. }))
            }),
        ];
        for (reason, request, expected) in cases {
            let token = issuer.token(&request, now).unwrap();
            let answer = issuer.verify(&token, "sigstore", now);
            assert!(expected(&answer), "{reason}: {answer:?}");
        }
    }

    #[test]
    fn a_changed_or_malformed_token_is_refused_without_a_panic() {
        let issuer = issuer();
        let now = Timestamp::now();
        let token = issuer.token(&TokenRequest::default(), now).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        let payload = String::from_utf8(BASE64URL.decode(parts[1]).unwrap()).unwrap();
        let other = BASE64URL.encode(payload.replace("acme/platform", "evil/platform"));
        let unsigned = BASE64URL.encode(r#"{"alg":"none","kid":""}"#);
        let cases = [
            (String::new(), "empty"),
            (".".repeat(1_000_000), "a million dots"),
            (format!("{}.{}", parts[0], parts[1]), "no signature"),
            (format!("{token}.{}", parts[2]), "four parts"),
            (format!("{}.{other}.{}", parts[0], parts[2]), "another repository"),
            (format!("{unsigned}.{}.", parts[1]), "algorithm none"),
        ];
        for (token, reason) in cases {
            assert!(issuer.verify(&token, "sigstore", now).is_err(), "{reason}");
        }
        assert!(issuer.verify(&token, "sigstore", now).is_ok());
    }
}
