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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Option<Challenge> {
        let (realm, service, scope) =
            (realm.to_owned(), service.map(str::to_owned), scope.map(str::to_owned));
        Some(Challenge::Bearer(Bearer { realm, service, scope }))
    }

    fn choose(headers: &[&str]) -> Option<Challenge> {
        let values: Vec<HeaderValue> =
            headers.iter().filter_map(|header| HeaderValue::from_str(header).ok()).collect();
        Challenge::choose(values.iter())
    }

    #[test]
    fn the_best_challenge_is_chosen() {
        const REALM: &str = "https://auth.test/token";
        for (headers, expected, why) in [
            (
                vec![
                    r#"Bearer realm="https://auth.test/token",service="a.test",scope="repository:x:pull,push""#,
                ],
                bearer(REALM, Some("a.test"), Some("repository:x:pull,push")),
                "usual; a comma within a value",
            ),
            (vec![r#"bearer Realm="https://auth.test/token""#], bearer(REALM, None, None), "case"),
            (vec![r#"Basic realm="x""#], Some(Challenge::Basic), "Basic"),
            (vec!["Basic"], Some(Challenge::Basic), "Basic without a realm"),
            (
                vec![r#"Basic realm="x", Bearer realm="https://auth.test/token""#],
                bearer(REALM, None, None),
                "both in one header",
            ),
            (
                vec![r#"Basic realm="x""#, r#"Bearer realm="https://auth.test/token""#],
                bearer(REALM, None, None),
                "both in two headers",
            ),
            (vec![r#"Bearer service="a.test""#], None, "a token from nowhere"),
            (vec![r#"Bearer realm="""#], None, "a token from an empty realm"),
            (
                vec![r#"Negotiate, Basic realm="x""#],
                Some(Challenge::Basic),
                "one we know among others",
            ),
            (vec!["Negotiate"], None, "none we know"),
            (vec![r#"Bearer realm="unclosed"#], None, "cut"),
            (vec![], None, "none"),
        ] {
            assert_eq!(choose(&headers), expected, "{why}");
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(header in "(Bearer|Basic|,|=|\"| |realm|\\\\|[a-z]|\\PC)*") {
            let _ = choose(&[&header]);
        }
    }
}
