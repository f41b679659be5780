//! Signing against the dev Sigstore: what comes out is judged, what goes over the wire is counted,
//! and every service fails in every way.
#![allow(clippy::unwrap_used, unreachable_pub, reason = "a test may fail")]

mod proxy;

use std::collections::BTreeSet;
use std::time::Duration;

use proxy::{CERTIFICATES, Fault, LOG_V1, LOG_V2, Proxy, TIMESTAMPS};
use sealwright_devstack::sigstore::{Sigstore, SigstoreOptions, TokenFault, TokenRequest};
use sealwright_evidence::descriptor::{BUNDLE_V03, OCI_MANIFEST};
use sealwright_evidence::referrer::referrer_manifest;
use sealwright_evidence::statement::{Statement, sign_statement};
use sealwright_evidence::{
    Blob, Descriptor, Digest, Evidence, Judgement, Referrer, ReferrersFrom, TrustedRoot, judge,
};
use sealwright_keyless::{
    HttpOptions, SignedBundle, Signer, SigningConfig, SigningError, Token, TrustSource, load_trust,
};
use sealwright_policy::{EvidenceKind, ExpectedSigner, Requirements, SanPattern, Verdict};

const MANIFEST: &[u8] = br#"{"schemaVersion":2}"#;
const LOGS: [(&str, &str, &str); 2] = [
    ("signing_config.json", LOG_V2, "hashedrekord 0.0.2"),
    ("signing_config.rekor-v1.json", LOG_V1, "dsse 0.0.1"),
];

/// A dev Sigstore whose services are asked through a proxy.
struct World {
    sigstore: Sigstore,
    proxy: Proxy,
    config: SigningConfig,
}

impl World {
    async fn start(signing_config: &str) -> World {
        let sigstore = Sigstore::start(SigstoreOptions::default()).unwrap();
        let proxy = Proxy::start(sigstore.fulcio_url()).await;
        let json = std::fs::read_to_string(sigstore.trust_folder().join(signing_config)).unwrap();
        let json = json.replace(sigstore.fulcio_url(), proxy.url());
        let config = SigningConfig::parse(json.as_bytes(), signing_config).unwrap();
        World { sigstore, proxy, config }
    }

    fn token(&self, request: &TokenRequest) -> Token {
        Token::parse(&self.sigstore.token(request).unwrap(), "test").unwrap()
    }

    fn signer(&self, deadline: Duration) -> Signer {
        let http = HttpOptions { deadline, ..HttpOptions::default() };
        Signer::new(self.config.clone(), self.token(&TokenRequest::default()), http).unwrap()
    }

    async fn sign(&self) -> Result<Vec<SignedBundle>, SigningError> {
        self.signer(Duration::from_secs(20)).sign(&statements(&Digest::of(MANIFEST))).await
    }

    async fn root(&self) -> TrustedRoot {
        let source = TrustSource::Folder(self.sigstore.trust_folder().to_owned());
        load_trust(&source, jiff::Timestamp::now()).await.unwrap().root
    }

    async fn judge(&self, bundles: &[SignedBundle], manifest: &[u8]) -> Judgement {
        let requirements = Requirements {
            artifact: "manifests".to_owned(),
            evidence: BTreeSet::from(EvidenceKind::ALL),
            signers: vec![ExpectedSigner {
                name: "cd".to_owned(),
                issuer: self.sigstore.issuer_url().to_owned(),
                san: SanPattern::exact(TokenRequest::default().san()),
                source_repositories: Vec::new(),
            }],
            accept_legacy_signature: false,
        };
        let evidence = attached(bundles, manifest);
        judge(&evidence, &self.root().await, &requirements, jiff::Timestamp::now())
    }
}

/// A healthy run with something changed.
fn run(change: impl FnOnce(&mut TokenRequest)) -> TokenRequest {
    let mut run = TokenRequest::default();
    change(&mut run);
    run
}

fn statements(artifact: &Digest) -> Vec<Vec<u8>> {
    let about = |kind: EvidenceKind, predicate| {
        Statement::new("ghcr.io/acme/platform", artifact, kind.predicate_type(), predicate)
            .to_bytes()
    };
    vec![
        sign_statement(artifact).to_bytes(),
        about(EvidenceKind::Provenance, serde_json::json!({"buildDefinition": {}})),
        about(EvidenceKind::Sbom, serde_json::json!({"bomFormat": "CycloneDX"})),
    ]
}

fn attached(bundles: &[SignedBundle], manifest: &[u8]) -> Evidence {
    let blob = |media_type: &str, bytes: &[u8]| Blob {
        digest: Digest::of(bytes).to_string(),
        media_type: media_type.to_owned(),
        bytes: bytes.to_vec(),
    };
    let artifact = Descriptor::of(OCI_MANIFEST, manifest);
    let referrers = bundles.iter().zip(EvidenceKind::ALL).map(|(bundle, kind)| {
        let created = "2026-11-25T00:00:00Z";
        let manifest = referrer_manifest(&artifact, &bundle.bytes, kind.predicate_type(), created);
        Referrer {
            manifest: blob(OCI_MANIFEST, &manifest.bytes),
            bundles: vec![blob(BUNDLE_V03, &bundle.bytes)],
        }
    });
    Evidence {
        repository: "ghcr.io/acme/platform".to_owned(),
        artifact: blob(OCI_MANIFEST, manifest),
        referrers_from: ReferrersFrom::Api,
        referrers: referrers.collect(),
        legacy: None,
        gaps: Vec::new(),
    }
}

#[tokio::test]
async fn three_statements_under_one_certificate_are_verified() {
    for (signing_config, log, kind) in LOGS {
        let world = World::start(signing_config).await;
        let bundles = world.sign().await.unwrap();
        let asked = [CERTIFICATES, log, TIMESTAMPS].map(|path| world.proxy.count(path));
        let stamps = world.config.services(jiff::Timestamp::now()).unwrap().timestamp_authorities;
        assert_eq!(asked, [1, 3, 3 * stamps.len()], "{signing_config}: one certificate");
        assert!(bundles.iter().all(|bundle| bundle.log_kind == kind), "{bundles:?}");
        let indices: BTreeSet<u64> = bundles.iter().map(|bundle| bundle.log_index).collect();
        assert_eq!(indices.len(), 3, "three entries: {indices:?}");

        let judgement = world.judge(&bundles, MANIFEST).await;
        assert_eq!(judgement.verdict, Verdict::Verified, "{signing_config}: {judgement:#?}");
        let other = world.judge(&bundles, br#"{"schemaVersion":2,"x":1}"#).await;
        assert_eq!(other.verdict, Verdict::Refused, "the same evidence under another artifact");
        let two = world.judge(&bundles[..2], MANIFEST).await;
        assert_eq!(two.verdict, Verdict::Refused, "no SBOM");
    }
}

#[tokio::test]
async fn what_is_certified_is_what_was_predicted() {
    let world = World::start("signing_config.json").await;
    let reusable = run(|run| {
        run.workflow = "publish.yaml".to_owned();
        run.workflow_repository = Some("acme/actions".to_owned());
        run.workflow_ref = Some("b".repeat(40));
    });
    for request in [TokenRequest::default(), reusable] {
        let token = world.token(&request);
        let predicted = token.claims().predicted();
        let signer = Signer::new(world.config.clone(), token, HttpOptions::default()).unwrap();
        let bundles = signer.sign(&statements(&Digest::of(MANIFEST))[..1]).await.unwrap();
        let mut certified = bundles[0].certificate_claims.clone();
        // The deprecated extensions say the same once more.
        certified.other.clear();
        assert_eq!(certified, predicted);
        assert_eq!(certified.sans, [request.san()]);
    }
}

#[tokio::test]
async fn a_fault_that_passes_is_sat_out() {
    for (signing_config, log, _) in LOGS {
        let world = World::start(signing_config).await;
        for (path, fault, why) in [
            (CERTIFICATES, Fault::Failed(503), "the authority restarts"),
            (CERTIFICATES, Fault::FailedButHappened(502), "a certificate that nobody has"),
            (log, Fault::Failed(429), "the log is busy"),
            (log, Fault::FailedButHappened(504), "an entry whose answer got lost"),
            (TIMESTAMPS, Fault::Failed(500), "the clock hiccups"),
        ] {
            world.proxy.spoil(path, fault);
            let bundles = world.sign().await.unwrap_or_else(|error| panic!("{why}: {error}"));
            let judgement = world.judge(&bundles, MANIFEST).await;
            assert_eq!(judgement.verdict, Verdict::Verified, "{signing_config}: {why}");
        }
    }
}

#[tokio::test]
async fn a_fault_that_stays_is_an_error_that_says_whose() {
    for (path, fault, code, says, why) in [
        (CERTIFICATES, Fault::Failed(400), "SW6027", "certificate authority", "a bad request"),
        (CERTIFICATES, Fault::Redirect, "SW6028", "redirect", "sent elsewhere"),
        (CERTIFICATES, Fault::Truncated, "SW6028", "not the JSON", "half a certificate"),
        (CERTIFICATES, Fault::FirstAnswerAgain, "SW6028", "another key", "somebody else's"),
        (LOG_V2, Fault::Failed(400), "SW6027", "transparency log", "a bad request"),
        (LOG_V2, Fault::Truncated, "SW6028", "not the JSON", "half an entry"),
        (LOG_V2, Fault::FirstAnswerAgain, "SW6028", "something else", "somebody else's entry"),
        (LOG_V2, Fault::Redirect, "SW6028", "redirect", "sent elsewhere"),
        (TIMESTAMPS, Fault::Failed(403), "SW6027", "timestamp authority", "forbidden"),
        (TIMESTAMPS, Fault::Truncated, "SW6028", "not a timestamp", "half a timestamp"),
        (TIMESTAMPS, Fault::FirstAnswerAgain, "SW6028", "something else", "an old timestamp"),
    ] {
        // A world of its own: requests of a signing that failed may still be under way.
        let world = World::start("signing_config.json").await;
        world.sign().await.unwrap();
        world.proxy.spoil(path, fault);
        let error = world.sign().await.expect_err(why);
        assert_eq!(error.code().to_string(), code, "{why}: {error}");
        assert!(error.to_string().contains(says), "{why}: {error}");
        assert!(world.proxy.credentials_seen().is_empty(), "no credential travels in a header");
    }
}

#[tokio::test]
async fn silence_ends_at_the_deadline_and_is_unknown() {
    for path in [CERTIFICATES, LOG_V2, TIMESTAMPS] {
        let world = World::start("signing_config.json").await;
        world.proxy.spoil(path, Fault::Silence);
        let signer = world.signer(Duration::from_millis(800));
        let error = signer.sign(&statements(&Digest::of(MANIFEST))).await.unwrap_err();
        assert_eq!(error.code().to_string(), "SW6026", "{path}: {error}");
        assert!(error.retryable(), "{path}");
    }
}

#[tokio::test]
async fn a_token_that_may_not_be_used_is_sent_to_nobody() {
    let world = World::start("signing_config.json").await;
    let issuer = world.sigstore.issuer_url();
    let other_audience = run(|run| run.audience = "sts.acme.example".to_owned());
    let faulty = |fault| run(|run| run.fault = fault);
    for (request, code, why) in [
        (faulty(TokenFault::Expired), "SW6022", "expired"),
        (faulty(TokenFault::NotYetValid), "SW6022", "from tomorrow"),
        (other_audience, "SW6023", "for somebody else"),
        (faulty(TokenFault::OtherIssuer), "SW6024", "from somebody else"),
    ] {
        let token = world.token(&request);
        let checked = token.check("sigstore", Some(issuer), jiff::Timestamp::now());
        assert_eq!(checked.unwrap_err().code().to_string(), code, "{why}");
        let signer = Signer::new(world.config.clone(), token, HttpOptions::default());
        // The signer does not know which issuer the policy wants; the certificate authority does.
        assert_eq!(signer.is_err(), code != "SW6024", "{why}");
    }
    assert_eq!(world.proxy.count(CERTIFICATES), 0);

    let forged = world.token(&faulty(TokenFault::ForeignKey));
    let secret = world.sigstore.token(&faulty(TokenFault::ForeignKey)).unwrap();
    let signer = Signer::new(world.config.clone(), forged, HttpOptions::default()).unwrap();
    let error = signer.sign(&statements(&Digest::of(MANIFEST))).await.unwrap_err();
    assert_eq!(error.code().to_string(), "SW6027", "{error}");
    assert!(!format!("{error:?} {signer:?}").contains(&secret));
    assert_eq!(world.proxy.count(LOG_V2), 0, "nothing is logged without a certificate");
}

#[tokio::test]
async fn nothing_to_sign_asks_nobody() {
    let world = World::start("signing_config.json").await;
    let bundles = world.signer(Duration::from_secs(5)).sign(&[]).await.unwrap();
    assert!(bundles.is_empty());
    assert_eq!(world.proxy.count(CERTIFICATES), 0);
}
