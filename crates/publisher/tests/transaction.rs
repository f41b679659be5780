//! The transaction against the dev stack: what it does, and that it does nothing needless.

#![allow(clippy::unwrap_used, reason = "a test ends there")]

mod stage;

use std::time::Duration;

use sealwright_devstack::registry::{Kind, RegistryOptions};
use sealwright_devstack::sigstore::TokenRequest;
use sealwright_policy::{Code, Verdict};
use sealwright_publisher::publish::{Action, Outcome, plan, promote, prune, publish};
use sealwright_registry::Target;

use stage::Stage;

const PATH: &str = "acme/platform/manifests";

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_becomes_a_proven_tag_and_a_second_run_does_nothing() {
    for referrers_api in [true, false] {
        let stage = Stage::with(RegistryOptions { referrers_api, ..RegistryOptions::default() });
        let first = publish(&stage.world(PATH), &stage.packing()).await.unwrap();
        assert_eq!(first.outcome, Outcome::Published);
        assert_eq!(first.previous[0].digest, None);
        assert_eq!(stage.digest(PATH, "latest").await.as_ref(), Some(&first.digest));
        assert_eq!(stage.verdict(PATH, "latest").await, Some(Verdict::Verified));
        assert_eq!(first.identity.as_ref().unwrap().signer, "cd");
        assert_eq!(first.evidence.len(), 3);
        assert_eq!(stage.stack.registry().open_uploads(), 0);
        eprintln!("referrers API {referrers_api}: {} requests", first.registry_requests);

        stage.stack.registry().clear_requests();
        let again = publish(&stage.world(PATH), &stage.packing()).await.unwrap();
        assert_eq!(again.outcome, Outcome::Unchanged);
        assert_eq!(again.digest, first.digest);
        assert!(stage.writes().is_empty(), "{:?}", stage.writes());
        eprintln!("unchanged: {} requests", again.registry_requests);
    }
}

/// What a publication waits for, in round trips to the registry: the final tag; blobs (three), and
/// the staged manifest; evidence (three); its proof; the tag before and after; the confirmation. One
/// that is unchanged: the final tag; its proof, whose evidence nobody expected (three); the tag again.
#[tokio::test(flavor = "multi_thread")]
async fn a_publication_waits_for_the_registry_twelve_times_and_an_unchanged_one_five_times() {
    let latency = Some(Duration::from_millis(100));
    let stage = Stage::with(RegistryOptions { latency, ..RegistryOptions::default() });
    let mut costs = Vec::new();
    for text in ["a: 1\n", "a: 2\n", "a: 2\n"] {
        stage.write("k8s/app.yaml", text);
        stage.stack.registry().clear_requests();
        let receipt = publish(&stage.world(PATH), &stage.packing()).await.unwrap();
        costs.push((receipt.registry_requests, stage.rounds()));
    }
    let [first, second, unchanged] = [(37, 12), (35, 12), (10, 5)];
    assert_eq!(costs, [first, second, unchanged], "requests, and rounds of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_gives_a_new_digest_and_the_tag_moves() {
    let stage = Stage::new();
    let first = publish(&stage.world(PATH), &stage.packing()).await.unwrap();
    stage.write("k8s/more.yaml", "a: 1\n");
    let second = publish(&stage.world(PATH), &stage.packing()).await.unwrap();
    assert_eq!(second.outcome, Outcome::Published);
    assert_ne!(second.digest, first.digest);
    assert_eq!(second.previous[0].digest, Some(first.digest));
    assert_eq!(stage.verdict(PATH, "latest").await, Some(Verdict::Verified));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_commit_with_the_same_contents_is_unchanged() {
    let stage = Stage::new();
    let first = publish(&stage.world(PATH), &stage.packing()).await.unwrap();
    let mut packing = stage.packing();
    packing.source.revision = Some(format!("main@sha1:{}", "9".repeat(40)));
    let second = publish(&stage.world(PATH), &packing).await.unwrap();
    assert_eq!((second.outcome, second.digest), (Outcome::Unchanged, first.digest));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_is_missing_is_put_without_signing() {
    let stage = Stage::new();
    let first = publish(&stage.world(PATH), &stage.packing()).await.unwrap();
    stage.stack.registry().clear_requests();
    let mut world = stage.world(PATH);
    world.tags.push("v1".to_owned());
    let second = publish(&world, &stage.packing()).await.unwrap();
    assert_eq!((second.outcome, &second.digest), (Outcome::Published, &first.digest));
    assert_eq!(stage.writes().len(), 1, "{:?}", stage.writes());
    assert_eq!(stage.digest(PATH, "v1").await, Some(first.digest));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_identity_stops_before_any_request_to_the_registry() {
    let stage = Stage::new();
    for (run, code, why) in [
        (TokenRequest::new("acme/platform", "ci.yaml"), Code::IdentityNotAllowed, "workflow"),
        (TokenRequest::new("mallory/platform", "cd.yaml"), Code::IdentityNotAllowed, "repository"),
    ] {
        stage.token("token", &run);
        let stopped = publish(&stage.world(PATH), &stage.packing()).await.unwrap_err();
        assert_eq!(stopped.findings[0].code, code, "{why}");
        assert_eq!(stopped.verdict(), Verdict::Refused, "{why}");
        assert!(stage.stack.registry().requests().is_empty(), "{why}");
    }
    let mut branch = TokenRequest::new("acme/platform", "cd.yaml");
    branch.git_ref = "refs/heads/dev".to_owned();
    let mut audience = TokenRequest::new("acme/platform", "cd.yaml");
    audience.audience = "vault".to_owned();
    for (run, code) in [(branch, Code::IdentityNotAllowed), (audience, Code::TokenAudience)] {
        stage.token("token", &run);
        let stopped = publish(&stage.world(PATH), &stage.packing()).await.unwrap_err();
        assert_eq!(stopped.findings[0].code, code);
        assert!(stage.stack.registry().requests().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_touches_nothing_and_foretells_the_digest() {
    let stage = Stage::new();
    let before = plan(&stage.world(PATH), &stage.packing()).await.unwrap();
    assert_eq!(before.action, Action::Publish);
    assert!(stage.writes().is_empty());
    let published = publish(&stage.world(PATH), &stage.packing()).await.unwrap();
    assert_eq!(Some(&published.digest), before.digest.as_ref());
    let after = plan(&stage.world(PATH), &stage.packing()).await.unwrap();
    assert_eq!((after.action, after.digest), (Action::Nothing, before.digest));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_commit_does_not_move_the_tag_back_unless_told() {
    let stage = Stage::new();
    let at = |time: &str, text: &str| {
        stage.write("k8s/app.yaml", text);
        let mut packing = stage.packing();
        packing.source.created = Some(time.parse().unwrap());
        packing
    };
    let new = at("2026-02-02T00:00:00Z", "a: new\n");
    let newer = publish(&stage.world(PATH), &new).await.unwrap();
    let old = at("2026-01-01T00:00:00Z", "a: old\n");
    let stopped = publish(&stage.world(PATH), &old).await.unwrap_err();
    assert_eq!(stopped.findings[0].code, Code::PromotionBackwards, "{stopped:?}");
    assert_eq!(stage.digest(PATH, "latest").await, Some(newer.digest));
    let mut world = stage.world(PATH);
    world.allow_rollback = true;
    let back = publish(&world, &old).await.unwrap();
    assert_eq!(stage.digest(PATH, "latest").await, Some(back.digest));
}

#[tokio::test(flavor = "multi_thread")]
async fn promote_takes_what_is_proven_and_nothing_else() {
    let stage = Stage::new();
    let published = publish(&stage.world(PATH), &stage.packing()).await.unwrap();
    let mut world = stage.world(PATH);
    world.tags = vec!["stable".to_owned()];
    let receipt = promote(&world, &Target::tag("latest").unwrap()).await.unwrap();
    assert_eq!((receipt.outcome, &receipt.digest), (Outcome::Published, &published.digest));
    assert_eq!(stage.verdict(PATH, "stable").await, Some(Verdict::Verified));

    let unsigned = br#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"a/b","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0},"layers":[]}"#;
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let registry = stage.stack.registry();
    registry.add_manifest(PATH, Some("unsigned"), media_type, unsigned.to_vec()).unwrap();
    let stopped = promote(&world, &Target::tag("unsigned").unwrap()).await.unwrap_err();
    assert_eq!(stopped.findings[0].code, Code::PublicationUnproven, "{stopped:?}");
    let absent = promote(&world, &Target::tag("absent").unwrap()).await.unwrap_err();
    assert_eq!(absent.findings[0].code, Code::PublicationArtifactAbsent);
    assert_eq!(stage.digest(PATH, "stable").await, Some(published.digest));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_final_tag_is_put_once_and_after_everything_else() {
    let stage = Stage::new();
    publish(&stage.world(PATH), &stage.packing()).await.unwrap();
    let writes = stage.writes();
    assert_eq!(stage.tag_writes("latest"), 1);
    let last = writes.last().unwrap();
    assert!(last.kind == Kind::Tag && last.path.ends_with("/manifests/latest"), "{last:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn staging_tags_are_pruned_and_final_ones_are_not() {
    let stage = Stage::new();
    let published = publish(&stage.world(PATH), &stage.packing()).await.unwrap();
    let world = stage.world(PATH);
    let kept = prune(&world.writer, &world.repository).await.unwrap();
    assert_eq!((kept.removed.len(), kept.kept.len()), (0, 1), "it names what is promoted");
    stage.write("k8s/app.yaml", "a: 2\n");
    publish(&stage.world(PATH), &stage.packing()).await.unwrap();
    let pruned = prune(&world.writer, &world.repository).await.unwrap();
    assert_eq!((pruned.removed.len(), pruned.kept.len()), (1, 1), "{pruned:?}");
    assert_ne!(stage.digest(PATH, "latest").await, Some(published.digest));
    assert_eq!(stage.verdict(PATH, "latest").await, Some(Verdict::Verified));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_flux_will_say_in_each_environment_is_known_before_the_tag_moves() {
    for referrers_api in [true, false] {
        let stage = Stage::with(RegistryOptions { referrers_api, ..RegistryOptions::default() });
        let environments = "
environments:
  local: {trust: devstack, flux: '2.9'}
  prod: {trust: public, flux: '2.9'}
  older: {trust: public, flux: '2.8'}
";
        let world = stage.world_with_environments(PATH, environments);
        let receipt = publish(&world, &stage.packing()).await.unwrap();
        let told: Vec<(&str, bool)> = receipt
            .predictions
            .iter()
            .map(|one| (one.environment.as_str(), one.rehearsed))
            .collect();
        assert_eq!(told, [("local", false), ("older", true), ("prod", true)]);
        for one in &receipt.predictions {
            assert_eq!(one.predicted.outcomes[0].ready.as_deref(), Some("True"), "{one:?}");
        }
        assert_eq!(stage.verdict(PATH, "latest").await, Some(Verdict::Verified));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_whose_flux_would_refuse_it_stops_before_the_tag_moves() {
    for (environment, words, why) in [
        ("{trust: public, flux: '2.7'}", "no signatures found", "bundles are not looked for"),
        (
            "{trust: devstack, flux: '2.8'}",
            "no trustedRootSecretRef",
            "it cannot be told whom to trust",
        ),
    ] {
        let stage = Stage::new();
        let environments = format!(
            "\nenvironments:\n  good: {{trust: public, flux: '2.9'}}\n  old: {environment}\n"
        );
        let world = stage.world_with_environments(PATH, &environments);
        let stopped = publish(&world, &stage.packing()).await.unwrap_err();
        assert!(stopped.is(Code::PublicationUnacceptable), "{why}: {stopped:?}");
        assert_eq!(stopped.verdict(), Verdict::Refused, "{why}");
        let finding = &stopped.findings[1];
        assert_eq!(finding.code, Code::PredictedRefusal, "{why}");
        let said = format!("{} {}", finding.message, finding.found.as_deref().unwrap_or_default());
        assert!(said.contains(words), "{why}: {said}");
        assert_eq!(stage.tag_writes("latest"), 0, "{why}");
        assert_eq!(stage.digest(PATH, "latest").await, None, "{why}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unchanged_is_still_asked_of_every_environment() {
    let environments = "
environments:
  local: {trust: devstack, flux: '2.9'}
  prod: {trust: public, flux: '2.9'}
";
    let stage = Stage::new();
    let first = publish(&stage.world(PATH), &stage.packing()).await.unwrap();
    assert!(first.predictions.is_empty(), "nobody was asked");
    let world = stage.world_with_environments(PATH, environments);
    let again = publish(&world, &stage.packing()).await.unwrap();
    assert_eq!((again.outcome, &again.digest), (Outcome::Unchanged, &first.digest));
    let told: Vec<&str> = again.predictions.iter().map(|one| one.environment.as_str()).collect();
    assert_eq!(told, ["local", "prod"]);

    let world = stage.world_with_environments(PATH, &environments.replace("2.9", "2.7"));
    let stopped = publish(&world, &stage.packing()).await.unwrap_err();
    assert!(stopped.is(Code::PublicationUnacceptable), "never `unchanged`: {stopped:?}");
    let stopped = plan(&world, &stage.packing()).await.map(|plan| plan.action);
    assert_eq!(stopped.unwrap(), Action::Publish, "nor has a plan nothing to do");
    assert_eq!(stage.digest(PATH, "latest").await, Some(first.digest), "the tag has not moved");
}

#[tokio::test(flavor = "multi_thread")]
async fn predicting_costs_two_requests_that_gathering_does_not_make() {
    let stage = Stage::new();
    let without = publish(&stage.world(PATH), &stage.packing()).await.unwrap();
    let environments = "
environments:
  local: {trust: devstack, flux: '2.9'}
  prod: {trust: public, flux: '2.9'}
";
    let world = stage.world_with_environments("acme/other", environments);
    let with = publish(&world, &stage.packing()).await.unwrap();
    assert_eq!(with.registry_requests, without.registry_requests + 2);
}
