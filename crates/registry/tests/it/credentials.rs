//! Credentials: sent where they belong, renewed when they end, and never shown.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sealwright_devstack::registry::{Account, Auth, Effect, Fault, Kind, RegistryOptions};
use sealwright_evidence::Descriptor;
use sealwright_policy::Code;
use sealwright_registry::{ClientOptions, CredentialSource, GatherOptions, Lookup, RegistryError};
use tracing::span::{Attributes, Id, Record};

use crate::world::{World, assert_unknown, client, descriptor, status, tag};

const PASSWORD: &str = "correct-horse-battery-staple";

fn account(anonymous_pull: bool) -> Account {
    Account { user: "robot".to_owned(), password: PASSWORD.to_owned(), anonymous_pull }
}

fn bearer(anonymous_pull: bool) -> Auth {
    let lifetime = Duration::from_secs(300);
    Auth::Bearer { account: account(anonymous_pull), lifetime, refresh_token: None }
}

fn login(password: &str) -> CredentialSource {
    CredentialSource::Basic { user: "robot".to_owned(), password: password.to_owned() }
}

fn world(auth: Auth, credentials: CredentialSource) -> World {
    World::with_credentials(RegistryOptions { auth, ..RegistryOptions::default() }, credentials)
}

#[tokio::test]
async fn a_challenge_is_answered_once_and_remembered() {
    for (auth, first, why) in [
        (Auth::Basic(account(false)), 2, "Basic: refused, then let in"),
        (bearer(false), 3, "Bearer: refused, token, let in"),
        (Auth::None, 1, "nobody asks"),
    ] {
        let world = world(auth, login(PASSWORD));
        world.publish().await;
        let reader = client(login(PASSWORD));
        let target = tag("latest");
        let (found, cost) = world.cost(reader.manifest(&world.repository, &target)).await;
        assert!(matches!(found, Ok(Lookup::Found(_))), "{why}");
        assert_eq!(cost, first, "{why}");
        let (_, cost) = world.cost(reader.manifest(&world.repository, &target)).await;
        assert_eq!(cost, 1, "{why}: from then on");
        assert_eq!(reader.request_count(), first as u64 + 1, "{why}");
    }
}

#[tokio::test]
async fn requests_side_by_side_share_one_token() {
    let world = world(bearer(true), login(PASSWORD));
    let artifact = world.publish().await;
    for number in 0..20u8 {
        world.attach(&artifact, &[number]).await;
    }
    let stranger = client(CredentialSource::Anonymous);
    let gathered = stranger.gather(&world.repository, artifact, GatherOptions::default());
    let (evidence, cost) = world.cost(gathered).await;
    assert_eq!(evidence.unwrap().gaps, []);
    assert_eq!(cost, 1 + 1 + 1 + 20 + 20, "a refusal, a token, the list, manifests, bundles");
}

#[tokio::test]
async fn strangers_read_what_is_public_and_are_told_what_is_not() {
    for (auth, why) in
        [(Auth::Basic(account(false)), "Basic"), (bearer(false), "Bearer: a token for nothing")]
    {
        let private = world(auth, login(PASSWORD));
        private.publish().await;
        let stranger = client(CredentialSource::Anonymous);
        let found = stranger.manifest(&private.repository, &tag("latest")).await;
        assert_unknown(found, Code::RegistryDenied, why);
        let found = client(login("wrong")).manifest(&private.repository, &tag("latest")).await;
        assert_unknown(found, Code::RegistryDenied, "wrong password");
    }
    let public = world(bearer(true), login(PASSWORD));
    let artifact = public.publish().await;
    let stranger = client(CredentialSource::Anonymous);
    let found = stranger.manifest(&public.repository, &tag("latest")).await;
    assert_eq!(found, Ok(Lookup::Found(artifact.clone())));
    let (v2, bytes) = (tag("v2"), artifact.bytes);
    let pushed = stranger.push_manifest(&public.repository, &v2, &artifact.media_type, bytes);
    assert_eq!(pushed.await.unwrap_err().code(), Code::RegistryDenied, "may read, may not write");
}

#[tokio::test]
async fn a_token_that_ends_is_renewed() {
    let world = world(bearer(false), login(PASSWORD));
    let artifact = world.publish().await;
    world.server.revoke_tokens();
    let target = tag("latest");
    let (found, cost) = world.cost(world.client.manifest(&world.repository, &target)).await;
    assert_eq!(found, Ok(Lookup::Found(artifact)), "refused, renewed, let in");
    assert_eq!(cost, 3);

    // A lifetime of a second is over before the next call, and is known to be.
    let short = Auth::Bearer {
        account: account(false),
        lifetime: Duration::from_secs(1),
        refresh_token: None,
    };
    let world = self::world(short, login(PASSWORD));
    world.publish().await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let (_, cost) = world.cost(world.client.manifest(&world.repository, &target)).await;
    assert_eq!(world.requests(), ["GET Token", "GET Tag"], "renewed before it costs a refusal");
    assert_eq!(cost, 2);
}

#[tokio::test]
async fn faults_of_the_token_server_are_unknown() {
    let world = world(bearer(true), login(PASSWORD));
    let artifact = world.publish().await;
    for (effect, times, code, why) in [
        (status(503), 2, None, "ridden out"),
        (status(500), 9, Some(Code::RegistryStatus), "broken"),
        (status(403), 9, Some(Code::RegistryDenied), "denied"),
        (status(404), 9, Some(Code::RegistryStatus), "no such server"),
        (status(429), 99, Some(Code::RegistryRateLimited), "limited"),
        (Effect::Corrupt { at: 0 }, 9, Some(Code::RegistryProtocol), "not JSON"),
        (Effect::DropBefore, 99, Some(Code::RegistryUnreachable), "hung up"),
        (
            Effect::Redirect { to: "http://127.0.0.1:1".to_owned() },
            9,
            Some(Code::RegistryStatus),
            "a password does not go along with a redirect",
        ),
    ] {
        world.faults([Fault::new(effect).on(Kind::Token).times(times)]);
        let found = client(login(PASSWORD)).manifest(&world.repository, &tag("latest")).await;
        match code {
            None => assert_eq!(found, Ok(Lookup::Found(artifact.clone())), "{why}"),
            Some(code) => assert_unknown(found, code, why),
        }
    }
}

/// Everything that is logged while it lives, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl tracing::field::Visit for Log {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        let _ = writeln!(self.0.lock().unwrap(), "{field}={value:?}");
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn no_secret_is_ever_shown() {
    let log = Log::default();
    let guard = tracing::subscriber::set_default(log.clone());
    let encoded = "cm9ib3Q6Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5LXN0YXBsZQ==";
    let mut shown = String::new();
    for auth in [Auth::Basic(account(false)), bearer(false)] {
        let options = ClientOptions { credentials: login(PASSWORD), ..ClientOptions::stranger() };
        let _ = writeln!(shown, "{options:?}");
        let world = world(auth, login(PASSWORD));
        let artifact = world.publish().await;
        for effect in [status(403), status(500), Effect::DropBefore, Effect::Corrupt { at: 3 }] {
            for kind in [Kind::Manifest, Kind::Blob, Kind::Upload, Kind::Token, Kind::TagList] {
                world.faults([Fault::new(effect.clone()).on(kind)]);
                let show =
                    |error: &RegistryError| format!("{error} {error:?} {:?}\n", error.finding());
                let client = client(login(PASSWORD));
                let blob = Descriptor::of("text/plain", b"{}");
                let errors = [
                    client.manifest(&world.repository, &tag("latest")).await.err(),
                    client.blob(&world.repository, &blob, 9).await.err(),
                    client.tags(&world.repository).await.err(),
                    client
                        .attach(
                            &world.repository,
                            &descriptor(&artifact),
                            b"b",
                            "p",
                            crate::world::CREATED,
                        )
                        .await
                        .err(),
                ];
                shown.extend(errors.iter().flatten().map(show));
                let _ = writeln!(shown, "{client:?}");
            }
        }
    }
    drop(guard);
    let logged = log.0.lock().unwrap().clone();
    assert!(
        logged.contains("request") && shown.contains("HTTP 403"),
        "there is something to search"
    );
    for text in [&shown, &logged] {
        let token = |line: &str| {
            let mut after = line.split("Bearer ").skip(1).filter_map(|rest| rest.chars().next());
            after.any(|c| c.is_ascii_alphanumeric())
        };
        let secret = |line: &&str| line.contains(PASSWORD) || line.contains(encoded) || token(line);
        assert_eq!(text.lines().find(secret), None);
    }
}

/// Not a test: what the test below runs in a process with an environment of its own. Prints what
/// became of reading `latest`.
#[tokio::test]
#[ignore = "run by another test"]
async fn in_an_environment() {
    let Ok(host) = std::env::var("TEST_REGISTRY") else { return };
    let options =
        ClientOptions { backoff_first: Duration::from_millis(1), ..ClientOptions::ambient() };
    let client = sealwright_registry::Client::new(options).unwrap();
    match client.manifest(&crate::world::repository(&host), &tag("latest")).await {
        Ok(Lookup::Found(_)) => println!("outcome: found"),
        Ok(Lookup::Absent) => println!("outcome: absent"),
        Err(error) => println!("outcome: {} {error}", error.code()),
    }
}

#[tokio::test]
async fn helpers_and_identity_tokens_of_docker_s_configuration_are_used() {
    use std::os::unix::fs::PermissionsExt as _;
    const IDENTITY: &str = "an-identity-token";
    let auth = Auth::Bearer {
        account: account(false),
        lifetime: Duration::from_secs(300),
        refresh_token: Some(IDENTITY.to_owned()),
    };
    let world = world(auth, login(PASSWORD));
    world.publish().await;
    let host = world.server.address().to_string();
    let folder = tempfile::tempdir().unwrap();
    let helper = |name: &str, script: &str| {
        let path = folder.path().join(format!("docker-credential-{name}"));
        std::fs::write(&path, format!("#!/bin/sh\nread server\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    let gives =
        |user: &str, secret: &str| format!(r#"echo '{{"Username":"{user}","Secret":"{secret}"}}'"#);
    helper("good", &gives("robot", PASSWORD));
    helper("token", &gives("<token>", IDENTITY));
    helper("stale", &gives("robot", "old"));
    helper("none", "echo 'credentials not found in native keychain'; exit 1");
    helper("locked", "echo 'the key store is locked' >&2; exit 1");
    helper("odd", "echo hello");
    let uses = |name: &str| format!(r#"{{"credHelpers":{{"{host}":"{name}"}}}}"#);
    for (config, expected, why) in [
        (uses("good"), "found", "a password"),
        (uses("token"), "found", "an identity token, sent by POST"),
        (uses("stale"), "SW2006", "a password that is refused"),
        (uses("none"), "SW2006", "the helper has none: a stranger, who may not read here"),
        (uses("locked"), "SW2003", "the helper failed"),
        (uses("odd"), "SW2003", "the helper talks nonsense"),
        (uses("missing"), "SW2003", "no such helper"),
        (r#"{"credsStore":"good"}"#.to_owned(), "found", "for every host"),
        (
            format!(r#"{{"auths":{{"{host}":{{"identitytoken":"{IDENTITY}"}}}}}}"#),
            "found",
            "an identity token in the file",
        ),
        ("{".to_owned(), "SW2003", "a broken file is not anonymity"),
        ("{}".to_owned(), "SW2006", "no login"),
    ] {
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        let path =
            format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap_or_default());
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "credentials::in_an_environment", "--ignored", "--nocapture"])
            .env("DOCKER_CONFIG", folder.path())
            .env("PATH", path)
            .env("TEST_REGISTRY", &host)
            .env("GITHUB_TOKEN", "a-token-for-another-host")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let outcome = text.lines().find_map(|line| line.split_once("outcome: ")).unwrap().1;
        assert!(outcome.starts_with(expected), "{why}: {outcome}");
        let secrets = [PASSWORD, IDENTITY, "a-token-for-another-host"];
        assert!(!secrets.iter().any(|secret| text.contains(secret)), "{why}: {text}");
    }
}
