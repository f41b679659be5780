//! `WWW-Authenticate`: how the registry wants to be asked (RFC 9110, 11.6.1). The grammar is
//! http-auth's, which oci-client uses too.

use http::HeaderValue;
use http_auth::parser::ChallengeParser;

/// A way of asking that we know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// With a token from the realm.
    Bearer(Bearer),
    /// With user name and password.
    Basic,
}

/// Where a token is to be had, and what the registry says it must be for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bearer {
    pub(super) realm: String,
    pub(super) service: Option<String>,
    pub(super) scope: Option<String>,
}

impl Challenge {
    /// The best of what is offered: a token lives shorter and reaches less far than a password.
    pub(super) fn choose<'a>(headers: impl Iterator<Item = &'a HeaderValue>) -> Option<Self> {
        let offered: Vec<Self> =
            headers.filter_map(|value| value.to_str().ok()).flat_map(parse).collect();
        let bearer = offered.iter().find(|challenge| matches!(challenge, Self::Bearer(_)));
        bearer.or(offered.first()).cloned()
    }
}

/// What can be understood of one header; other schemes and whatever follows a mistake are skipped.
fn parse(header: &str) -> Vec<Challenge> {
    let challenges = ChallengeParser::new(header).map_while(Result::ok);
    challenges
        .filter_map(|challenge| {
            let parameter = |name: &str| {
                let mut all = challenge.params.iter();
                let found = all.find(|(key, _)| key.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.to_unescaped()).filter(|value| !value.is_empty())
            };
            match challenge.scheme.to_ascii_lowercase().as_str() {
                "bearer" => parameter("realm").map(|realm| {
                    let (service, scope) = (parameter("service"), parameter("scope"));
                    Challenge::Bearer(Bearer { realm, service, scope })
                }),
                "basic" => Some(Challenge::Basic),
                _ => None,
            }
        })
        .collect()
}
