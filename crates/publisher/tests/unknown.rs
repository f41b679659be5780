//! What a stranger cannot tell is never promoted: faults of the registry while proving, a private
//! registry, and somebody else who moves the tag meanwhile.

#![allow(clippy::unwrap_used, reason = "a test ends there")]

mod stage;

use std::time::Duration;

use sealwright_devstack::registry::{Account, Auth, Effect, Fault, Kind, RegistryOptions};
use sealwright_policy::{Code, Finding, Verdict};
use sealwright_publisher::publish::{Outcome, ProvenAs, Step, Talk, publish};
use sealwright_registry::{Client, ClientOptions, CredentialSource, Target};

use stage::Stage;

/// A look at the tag may take longer than this only when a fault makes it.
const SHORT: Duration = Duration::from_millis(700);

#[tokio::test(flavor = "multi_thread")]
async fn faults_while_proving_are_unknown_and_nothing_moves() {
    let status = |code| Effect::Status { code, retry_after: None };
    let referrers = |effect| Fault::new(effect).on(Kind::Referrers);
    // The stranger reads blobs only to prove; the publisher asks with HEAD.
    let bundles = |effect| Fault::new(effect).on(Kind::Blob).method("GET");
    for (number, (fault, why)) in [
        (referrers(status(429)), "rate limited"),
        (referrers(status(500)), "broken"),
        (referrers(status(403)), "not allowed"),
        (referrers(Effect::Truncate { bytes: 10 }), "an answer that ends early"),
        (referrers(Effect::Stall { bytes: 10 }), "an answer that never ends"),
        (bundles(status(500)), "bundles are broken"),
        (bundles(Effect::Corrupt { at: 40 }), "bundles are altered"),
        (bundles(Effect::Truncate { bytes: 40 }), "bundles are cut"),
    ]
    .into_iter()
    .enumerate()
    {
        let stage = Stage::new();
        let path = format!("acme/fault-{number}");
        let mut world = stage.world(&path);
        world.stranger.deadline = SHORT;
        stage.stack.registry().set_faults(vec![fault]);
        let stopped = publish(&world, &stage.packing()).await.unwrap_err();
        assert_eq!(stopped.verdict(), Verdict::Unknown, "{why}: {stopped:?}");
        assert_eq!(stopped.findings[0].code, Code::PublicationStateUnknown, "{why}");
        stage.stack.registry().set_faults(vec![]);
        assert_eq!(stage.digest(&path, "latest").await, None, "{why}");
        let again = publish(&stage.world(&path), &stage.packing()).await.unwrap();
        assert_eq!(again.outcome, Outcome::Published, "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_registry_is_proven_with_credentials_only_when_told() {
    let (user, password) = ("acme".to_owned(), "secret".to_owned());
    let account = Account { user: user.clone(), password: password.clone(), anonymous_pull: false };
    let stage =
        Stage::with(RegistryOptions { auth: Auth::Basic(account), ..RegistryOptions::default() });
    let path = "acme/private";
    let credentials = CredentialSource::Basic { user, password };
    let own = ClientOptions { credentials, ..ClientOptions::stranger() };
    let mut world = stage.world(path);
    world.writer = Client::new(own.clone()).unwrap();
    let stopped = publish(&world, &stage.packing()).await.unwrap_err();
    assert_eq!(stopped.verdict(), Verdict::Unknown, "{stopped:?}");
    assert!(!format!("{stopped:?}").contains("secret"));
    assert_eq!(stage.tag_writes("latest"), 0);
    world.stranger = own;
    let receipt = publish(&world, &stage.packing()).await.unwrap();
    assert_eq!(receipt.outcome, Outcome::Published);
    assert_eq!(receipt.proven_as, ProvenAs::ReaderWithCredentials, "the weakening is told");
    assert_eq!(stage.tag_writes("latest"), 1);
}

/// Moves the tag as soon as the evidence is proven: the latest moment at which it can be noticed.
struct Rival {
    client: Client,
    repository: sealwright_registry::Repository,
}

const MANIFEST: &[u8] = br#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"a/b","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]}"#;

impl Talk for Rival {
    fn begin(&self, _: Step, _: &str) {}

    fn done(&self, step: Step, _: &str) {
        if step == Step::Prove {
            tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current().block_on(async {
                    let media_type = "application/vnd.oci.image.manifest.v1+json";
                    let target = Target::tag("latest").unwrap();
                    let (client, repository) = (&self.client, &self.repository);
                    let pushed =
                        client.push_manifest(repository, &target, media_type, MANIFEST.to_vec());
                    pushed.await.unwrap();
                });
            });
        }
    }

    fn remark(&self, _: &Finding) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_somebody_else_moves_is_left_to_him() {
    let stage = Stage::new();
    let path = "acme/rival";
    let mut world = stage.world(path);
    let client = Client::new(ClientOptions::stranger()).unwrap();
    world.talk = Box::new(Rival { client, repository: stage.repository(path) });
    let stopped = publish(&world, &stage.packing()).await.unwrap_err();
    assert_eq!(stopped.findings[0].code, Code::TagMovedMeanwhile, "{stopped:?}");
    let theirs = sealwright_evidence::Digest::of(MANIFEST).to_string();
    assert_eq!(stage.digest(path, "latest").await, Some(theirs));
}
