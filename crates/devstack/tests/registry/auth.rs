//! Who is let in, and what the challenge says to the others.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use sealwright_devstack::registry::{Account, Auth, Digest, RegistryOptions};
use serde_json::Value;

use crate::world::{World, code, header};

const V1: &str = "/v2/acme/app/manifests/v1";
const UPLOADS: &str = "/v2/acme/app/blobs/uploads/";

fn account(anonymous_pull: bool) -> Account {
    Account { user: "robot".to_owned(), password: "s3cret".to_owned(), anonymous_pull }
}

fn world(auth: Auth) -> World {
    World::new(RegistryOptions { auth, ..Default::default() })
}

fn bearer(anonymous_pull: bool) -> Auth {
    Auth::Bearer {
        account: account(anonymous_pull),
        lifetime: Duration::from_secs(60),
        refresh_token: Some("identity".to_owned()),
    }
}

async fn status(world: &World, method: Method, path: &str, token: Option<&str>) -> u16 {
    let mut request = world.request(method, path);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    request.send().await.unwrap().status().as_u16()
}

async fn token(world: &World, scope: &str, password: Option<&str>) -> String {
    let mut request = world.request(Method::GET, &format!("/token?service=x&scope={scope}"));
    if let Some(password) = password {
        request = request.basic_auth("robot", Some(password));
    }
    let body: Value = request.send().await.unwrap().json().await.unwrap();
    body["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn name_and_password() {
    for (anonymous_pull, method, path, password, expected, reason) in [
        (false, Method::GET, "/v2/", None, 401, "nobody"),
        (false, Method::GET, "/v2/", Some("wrong"), 401, "wrong password"),
        (false, Method::GET, "/v2/", Some("s3cret"), 200, "right password"),
        (false, Method::GET, V1, None, 401, "nothing is public"),
        (true, Method::GET, V1, None, 404, "strangers may read (there is nothing)"),
        (true, Method::GET, V1, Some("wrong"), 401, "wrong credentials are never ignored"),
        (true, Method::POST, UPLOADS, None, 401, "strangers may not write"),
        (true, Method::POST, UPLOADS, Some("s3cret"), 202, "the owner may"),
        (true, Method::GET, "/v2/", None, 401, "the ping still tells that there are passwords"),
    ] {
        let world = world(Auth::Basic(account(anonymous_pull)));
        let mut request = world.request(method, path);
        if let Some(password) = password {
            request = request.basic_auth("robot", Some(password));
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), expected, "{reason}");
        if expected == 401 {
            assert!(header(&response, "www-authenticate").starts_with("Basic "), "{reason}");
            assert_eq!(code(response).await, "UNAUTHORIZED", "{reason}");
        }
    }
}

#[tokio::test]
async fn the_challenge_says_where_to_go_and_for_what() {
    let world = world(bearer(false));
    let realm = format!("http://{}/token", world.registry.address());
    for (method, path, scope) in [
        (Method::GET, "/v2/", ""),
        (Method::GET, V1, ",scope=\"repository:acme/app:pull\""),
        (Method::POST, UPLOADS, ",scope=\"repository:acme/app:pull,push\""),
        (Method::DELETE, V1, ",scope=\"repository:acme/app:delete\""),
    ] {
        let response = world.request(method, path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        let expected = format!("Bearer realm=\"{realm}\",service=\"sealwright-devstack\"{scope}");
        assert_eq!(header(&response, "www-authenticate"), expected);
    }
}

#[tokio::test]
async fn a_token_is_good_for_its_scope() {
    let world = world(bearer(false));
    let pull = token(&world, "repository:acme/app:pull", Some("s3cret")).await;
    let push = token(&world, "repository:acme/app:pull,push", Some("s3cret")).await;
    let two = "repository:acme/app:pull&scope=repository:acme/base:pull";
    let two = token(&world, two, Some("s3cret")).await;
    for (method, path, token, expected, reason) in [
        (Method::GET, "/v2/", &pull, 200, "any token answers the ping"),
        (Method::GET, V1, &pull, 404, "may read (there is nothing)"),
        (Method::POST, UPLOADS, &pull, 401, "may not write"),
        (Method::POST, UPLOADS, &push, 202, "may write"),
        (Method::GET, "/v2/acme/base/manifests/v1", &push, 401, "another repository"),
        (Method::GET, "/v2/acme/base/manifests/v1", &two, 404, "a second scope"),
        (Method::DELETE, V1, &push, 401, "writing is not removing"),
        (Method::GET, V1, &"made-up".to_owned(), 401, "not a token of ours"),
    ] {
        assert_eq!(status(&world, method, path, Some(token)).await, expected, "{reason}");
    }
}

#[tokio::test]
async fn strangers_get_tokens_for_what_strangers_may_do() {
    for (anonymous_pull, expected) in [(true, 404), (false, 401)] {
        let world = world(bearer(anonymous_pull));
        let token = token(&world, "repository:acme/app:pull,push", None).await;
        assert_eq!(status(&world, Method::GET, V1, Some(&token)).await, expected);
        assert_eq!(status(&world, Method::POST, UPLOADS, Some(&token)).await, 401);
    }
}

#[tokio::test]
async fn the_token_server_knows_three_proofs() {
    let world = world(bearer(false));
    let post = |form: &'static str| {
        world.request(Method::POST, "/token").body(format!("{form}&scope=repository:acme/app:pull"))
    };
    let get = || world.request(Method::GET, "/token?scope=repository:acme/app:pull");
    for (request, expected, reason) in [
        (get().basic_auth("robot", Some("s3cret")), 200, "password"),
        (get().basic_auth("robot", Some("wrong")), 401, "wrong password"),
        (get().bearer_auth("x"), 401, "a scheme it does not know"),
        (post("grant_type=password&username=robot&password=s3cret"), 200, "password in a form"),
        (post("grant_type=password&username=robot&password=x"), 401, "wrong password in a form"),
        (post("grant_type=refresh_token&refresh_token=identity"), 200, "identity token"),
        (post("grant_type=refresh_token&refresh_token=x"), 401, "wrong identity token"),
        (post("grant_type=magic"), 401, "unknown grant"),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), expected, "{reason}");
        if expected == 200 {
            let body: Value = response.json().await.unwrap();
            assert_eq!(body["expires_in"], 60, "{reason}");
            let token = body["access_token"].as_str().unwrap();
            assert_eq!(status(&world, Method::GET, V1, Some(token)).await, 404, "{reason}");
        }
    }
}

#[tokio::test]
async fn tokens_end() {
    let world = world(bearer(false));
    let token = token(&world, "repository:acme/app:pull", Some("s3cret")).await;
    assert_eq!(status(&world, Method::GET, V1, Some(&token)).await, 404);
    world.registry.revoke_tokens();
    assert_eq!(status(&world, Method::GET, V1, Some(&token)).await, 401);
    let Auth::Bearer { account, .. } = bearer(false) else { unreachable!() };
    let auth = Auth::Bearer { account, lifetime: Duration::ZERO, refresh_token: None };
    let short = self::world(auth);
    let token = self::token(&short, "repository:acme/app:pull", Some("s3cret")).await;
    assert_eq!(status(&short, Method::GET, V1, Some(&token)).await, 401, "its lifetime is over");
}

#[tokio::test]
async fn a_mount_needs_the_right_to_read_the_neighbour() {
    let world = world(bearer(false));
    let push = |name| format!("repository:acme/{name}:pull,push");
    let base = token(&world, &push("base"), Some("s3cret")).await;
    let app = token(&world, &push("app"), Some("s3cret")).await;
    let both = format!("{}&scope={}", push("app"), push("base"));
    let both = token(&world, &both, Some("s3cret")).await;
    let digest = Digest::sha256(b"layer");
    let path = format!("/v2/acme/base/blobs/uploads/?digest={digest}");
    let request = world.request(Method::POST, &path).bearer_auth(base).body("layer");
    assert_eq!(request.send().await.unwrap().status(), StatusCode::CREATED);
    let mount = format!("{UPLOADS}?mount={digest}&from=acme/base");
    assert_eq!(status(&world, Method::POST, &mount, Some(&app)).await, 202, "upload it yourself");
    assert_eq!(status(&world, Method::POST, &mount, Some(&both)).await, 201, "mounted");
}

#[test]
fn a_password_is_not_shown() {
    let shown = format!("{:?}", Auth::Basic(account(true)));
    assert!(shown.contains("robot") && !shown.contains("s3cret"), "{shown}");
}
