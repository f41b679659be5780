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
