use super::*;
use crate::SIGSTORE_AUDIENCE;
use serde_json::json;

const NOW: i64 = 1_795_000_000;
const GITHUB: &str = "https://token.actions.githubusercontent.com";

fn now() -> jiff::Timestamp {
    jiff::Timestamp::from_second(NOW).unwrap()
}

fn jwt(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2ln", part(&json!({"alg": "RS256"})), part(claims))
}

fn github_claims() -> Value {
    json!({
        "iss": GITHUB, "aud": "sigstore", "exp": NOW + 300, "nbf": NOW - 10,
        "sub": "repo:acme/platform:ref:refs/heads/main",
        "repository": "acme/platform", "repository_id": "1001",
        "repository_owner": "acme", "repository_owner_id": "1000",
        "repository_visibility": "private",
        "ref": "refs/heads/main", "sha": "a".repeat(40), "event_name": "push",
        "workflow_ref": "acme/platform/.github/workflows/cd.yaml@refs/heads/main",
        "workflow_sha": "a".repeat(40),
        "job_workflow_ref": "acme/actions/.github/workflows/publish.yaml@refs/tags/v1",
        "job_workflow_sha": "b".repeat(40),
        "runner_environment": "github-hosted", "run_id": "77", "run_attempt": "2",
    })
}

fn with(name: &str, value: Value) -> Token {
    let mut claims = github_claims();
    claims[name] = value;
    Token::parse(&jwt(&claims), "test").unwrap()
}

#[test]
fn a_good_token_passes_and_each_wrong_claim_is_named() {
    let check = |token: &Token| token.check(SIGSTORE_AUDIENCE, Some(GITHUB), now());
    for (token, why) in [
        (with("aud", json!("sigstore")), "as GitHub gives it"),
        (with("aud", json!(["other", "sigstore"])), "one of several audiences"),
        (with("nbf", json!(NOW)), "valid from this second"),
        (with("exp", json!(NOW as f64 + 1.5)), "a time with a fraction"),
    ] {
        assert_eq!(check(&token), Ok(()), "{why}");
    }
    assert_eq!(with("iss", json!("other")).check(SIGSTORE_AUDIENCE, None, now()), Ok(()), "any");
    for (token, code, why) in [
        (with("exp", json!(NOW)), "SW6022", "expires this second"),
        (with("exp", json!(NOW - 1)), "SW6022", "expired"),
        (with("nbf", json!(NOW + 1)), "SW6022", "not yet"),
        (with("aud", json!("sts.acme.example")), "SW6023", "for somebody else"),
        (with("aud", json!([])), "SW6023", "for nobody"),
        (with("aud", json!(7)), "SW6023", "an audience that is no text"),
        (with("iss", json!("https://gitlab.example")), "SW6024", "another issuer"),
        (with("iss", json!(format!("{GITHUB}/acme"))), "SW6024", "an enterprise's own issuer"),
    ] {
        let error = check(&token).expect_err(why);
        assert_eq!(error.code().to_string(), code, "{why}: {error}");
    }
}

#[test]
fn what_is_no_token_is_refused_without_being_repeated() {
    let good = jwt(&github_claims());
    let (head, rest) = good.split_once('.').unwrap();
    let without = |name: &str| {
        let mut claims = github_claims();
        claims.as_object_mut().unwrap().remove(name);
        jwt(&claims)
    };
    for (text, code, why) in [
        (String::new(), "SW6020", "empty"),
        (" \n".to_owned(), "SW6020", "only a line end"),
        ("hunter2".to_owned(), "SW6021", "a password"),
        (format!("{head}.{}", rest.split('.').next().unwrap()), "SW6021", "two parts"),
        (format!("{good}.x"), "SW6021", "four parts"),
        (".".repeat(TOKEN_BYTES_MAX), "SW6021", "as many dots as fit"),
        (".".repeat(1_000_000), "SW6021", "10^6 dots"),
        (format!("{head}.%%%.sig"), "SW6021", "not base64url"),
        (format!("\"{good}\""), "SW6021", "in quotes, which a shell or a JSON file left there"),
        (json!({"value": good}).to_string(), "SW6021", "the answer of the token service"),
        (format!("{head}.{}.sig", URL_SAFE_NO_PAD.encode("[1]")), "SW6021", "not an object"),
        (format!("{head}.{}.sig", URL_SAFE_NO_PAD.encode("[".repeat(9_000))), "SW6021", "deep"),
        (without("iss"), "SW6021", "no issuer"),
        (without("sub"), "SW6021", "no subject"),
        (without("exp"), "SW6021", "never expires"),
        (jwt(&json!({"iss": "i", "sub": "s", "exp": "soon"})), "SW6021", "an end that is no time"),
        (jwt(&json!({"iss": "i", "sub": "s", "exp": 1e300})), "SW6021", "an end beyond time"),
    ] {
        let error = Token::parse(&text, "test").expect_err(why);
        assert_eq!(error.code().to_string(), code, "{why}: {error}");
        let said = format!("{error} {error:?}");
        assert!(said.len() < 400 && !said.contains("hunter2"), "{why}: {said}");
    }
}

#[test]
fn a_token_is_never_shown() {
    let secret = jwt(&github_claims());
    let token = Token::parse(&secret, "a file").unwrap();
    let shown = format!("{token:?} {token}");
    assert!(shown.contains("a file"), "{shown}");
    for part in secret.split('.') {
        assert!(!shown.contains(part), "{shown}");
    }
}

#[test]
fn the_identity_is_predicted_as_fulcio_certifies_it() {
    let claims = with("environment", json!("production")).claims().predicted();
    let expected = Claims {
        issuer: Some(GITHUB.to_owned()),
        sans: vec![
            "https://github.com/acme/actions/.github/workflows/publish.yaml@refs/tags/v1"
                .to_owned(),
        ],
        build_signer_uri: Some(
            "https://github.com/acme/actions/.github/workflows/publish.yaml@refs/tags/v1"
                .to_owned(),
        ),
        build_signer_digest: Some("b".repeat(40)),
        runner_environment: Some("github-hosted".to_owned()),
        source_repository_uri: Some("https://github.com/acme/platform".to_owned()),
        source_repository_digest: Some("a".repeat(40)),
        source_repository_ref: Some("refs/heads/main".to_owned()),
        source_repository_identifier: Some("1001".to_owned()),
        source_repository_owner_uri: Some("https://github.com/acme".to_owned()),
        source_repository_owner_identifier: Some("1000".to_owned()),
        build_config_uri: Some(
            "https://github.com/acme/platform/.github/workflows/cd.yaml@refs/heads/main".to_owned(),
        ),
        build_config_digest: Some("a".repeat(40)),
        build_trigger: Some("push".to_owned()),
        run_invocation_uri: Some(
            "https://github.com/acme/platform/actions/runs/77/attempts/2".to_owned(),
        ),
        source_repository_visibility_at_signing: Some("private".to_owned()),
        deployment_environment: Some("production".to_owned()),
        other: std::collections::BTreeMap::new(),
    };
    assert_eq!(claims, expected);
}

#[test]
fn a_person_is_predicted_by_mail_and_anything_else_as_nobody() {
    let token = |claims: Value| Token::parse(&jwt(&claims), "test").unwrap();
    let person = token(json!({"iss": "https://accounts.acme.example", "sub": "1", "exp": NOW,
                              "email": "ada@acme.example"}));
    assert_eq!(person.claims().predicted().sans, ["ada@acme.example"]);
    assert_eq!(person.claims().challenge(), "ada@acme.example");
    let machine =
        token(json!({"iss": "https://kubernetes.acme.example", "sub": "system:x", "exp": NOW}));
    assert_eq!(machine.claims().predicted().sans, Vec::<String>::new(), "we do not guess");
    assert_eq!(machine.claims().challenge(), "system:x");
}

#[test]
fn a_file_is_read_up_to_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| camino::Utf8PathBuf::from_path_buf(folder.path().join(name)).unwrap();
    let write = |name: &str, text: &str| std::fs::write(path(name), text).unwrap();
    write("good", &format!("{}\n", jwt(&github_claims())));
    write("dots", &".".repeat(1_000_000));
    assert_eq!(Token::from_file(&path("good")).unwrap().claims().issuer, GITHUB);
    for (name, code) in [("dots", "SW6021"), ("absent", "SW6020")] {
        let error = Token::from_file(&path(name)).unwrap_err();
        assert_eq!(error.code().to_string(), code, "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

proptest::proptest! {
    /// Whatever a file holds: a token, or an error that does not repeat it at length.
    #[test]
    fn no_text_breaks_the_parser(text in "[A-Za-z0-9_.{}\":,\\[\\]-]{0,200}") {
        if let Err(error) = Token::parse(&text, "test") {
            proptest::prop_assert!(error.to_string().len() < 200);
        }
    }

    /// Whatever the claims are, a token is shown to nobody whose audience it does not name.
    #[test]
    fn no_claims_break_the_check(exp in proptest::num::i64::ANY, nbf in proptest::num::f64::ANY,
                                 aud in "[a-z]{0,8}", iss in ".{0,40}") {
        let claims = json!({"iss": iss, "sub": "s", "aud": aud, "exp": exp, "nbf": nbf});
        if let Ok(token) = Token::parse(&jwt(&claims), "test") {
            let passes = token.check(SIGSTORE_AUDIENCE, None, now()).is_ok();
            proptest::prop_assert!(!passes || (aud == "sigstore" && exp > NOW));
            token.claims().predicted();
        }
    }
}
