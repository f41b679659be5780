//! What Flux says of evidence minted by the dev stack: the words were taken from source-controller
//! 1.9.6 looking at the same situations.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test reads files and the clock, and may fail"
)]

mod world;

use sealwright_devstack::sigstore::{
    LegacyMint, LegacySituation, LogVersion, Mint, Situation, TokenRequest,
};
use sealwright_evidence::statement::sign_statement;
use serde_json::{Value, json};
use world::{REPOSITORY, SIGSTORE, World, keyless, predicted, ready_text, secrets, source};

const LOGS: [LogVersion; 2] = [LogVersion::V1, LogVersion::V2];
const ATT: &str =
    "failed to verify the signature using provider 'cosign keyless': no matching attestations: ";
const SIG: &str =
    "failed to verify the signature using provider 'cosign keyless': no matching signatures: ";
const NOTHING: &str =
    "failed to verify the signature using provider 'cosign keyless': no signatures found";
const SUBJECT: &str =
    "^https://github\\.com/acme/platform/\\.github/workflows/cd\\.yaml@refs/heads/main$";

fn ours() -> Value {
    json!({"issuer": format!("^{}$", SIGSTORE.issuer_url()), "subject": SUBJECT})
}

fn mint(world: &World) -> Mint {
    Mint::new(sign_statement(&world.artifact).to_bytes())
}

fn stored(world: &World) -> String {
    format!("stored artifact for digest 'v1@{}'", world.artifact)
}

/// The words for each situation in Rekor v1 and v2; nothing where it is accepted.
fn words(situation: Situation) -> [Option<&'static str>; 2] {
    use Situation::*;
    let both = |words| [Some(words), Some(words)];
    let unsigned = "verifying log entry: unverified checkpoint signature: failed to verify signatures on checkpoint: note has no verifiable signatures";
    match situation {
        Healthy | TwoSans => [None, None],
        SignedAfterExpiry => [
            Some("failed to verify log inclusion: integrated time outside certificate validity"),
            Some("failed to verify leaf certificate: leaf certificate verification failed"),
        ],
        NoSct | ForeignSct => both(
            "failed to verify signed certificate timestamp: only able to verify 0 SCT entries; unable to meet threshold of 1",
        ),
        ForeignAuthority => {
            both("failed to verify leaf certificate: leaf certificate verification failed")
        }
        EmptySan | NoSan => {
            both("failed to summarize certificate: no Subject Alternative Name found")
        }
        NoIssuer => both("got \"\""),
        OtherIssuer => both("got \"https://issuer.acme.example\""),
        NotLogged | ForeignLog => {
            both("not enough verified log entries from transparency log: 0 < 1")
        }
        ForeignLogUnderOurId | LogIdLies => {
            [Some("not enough verified log entries from transparency log: 0 < 1"), Some(unsigned)]
        }
        CheckpointOfOtherLog => [
            Some(unsigned),
            Some("failed to verify log inclusion: signature on checkpoint did not verify"),
        ],
        WrongProof => [
            Some("failed to verify log inclusion: wrong proof size"),
            Some(
                "failed to verify log inclusion: verifying log entry: verifying inclusion: wrong proof size",
            ),
        ],
        EntryOfOtherStatement => [
            Some("failed to verify log inclusion: transparency log signature does not match"),
            Some("verifying log entry: verifying inclusion: calculated root:\n["),
        ],
        EntryTwice => both("failed to verify log inclusion: duplicate tlog entries found"),
        WrongTime => [
            Some("not enough verified log entries from transparency log: 0 < 1"),
            Some("0 < 1; error: unable to verify signed timestamps: hashed messages don't match"),
        ],
        NoTime => [
            Some(
                "failed to verify timestamps: threshold not met for verified log entry integrated timestamps: 0 < 1",
            ),
            Some(
                "failed to verify timestamps: threshold not met for verified signed timestamps: 0 < 1; error: %!w(<nil>)",
            ),
        ],
        ForeignTimestamp => [
            None,
            Some(
                "error: unable to verify signed timestamps: error while verifying signature: pkcs7: No certificate for signer",
            ),
        ],
        TamperedPayload => [
            Some(
                "failed to verify log inclusion: transparency log dsse/intoto entry payload hash ",
            ),
            Some("verifying inclusion: calculated root:\n["),
        ],
        OtherPayloadType => both(
            "failed to verify signature: could not verify artifact: unable to extract statement from envelope: validation error: unsupported media type",
        ),
        MessageSignature => both("bundle does not contain a DSSE envelope"),
        BundleV01 | BundleV02 => both("no signatures found"),
        other => panic!("{other:?} is new: say what Flux says of it"),
    }
}

#[test]
fn every_situation_gets_the_controller_s_words() {
    for situation in Situation::ALL {
        for (log, words) in LOGS.into_iter().zip(words(situation)) {
            let world = World::new();
            let bundle = SIGSTORE.mint(&mint(&world).log(log).situation(situation)).unwrap();
            let world = world.with(&bundle);
            let prediction = predicted(&keyless(json!([ours()])), &world, &secrets(&[]), "1.9.6");
            let text = ready_text(&prediction);
            assert_eq!(prediction.ready(), Some(words.is_none()), "{situation:?} {log:?}: {text}");
            match words {
                None => assert_eq!(text, stored(&world), "{situation:?} {log:?}"),
                Some(words) => {
                    let prefix =
                        "failed to verify the signature using provider 'cosign keyless': no ";
                    assert!(text.starts_with(prefix), "{situation:?} {log:?}: {text}");
                    assert!(text.contains(words), "{situation:?} {log:?}: {text}");
                }
            }
        }
    }
}

#[test]
fn identities_are_counted_before_anything_is_verified() {
    let world = World::new();
    let bundle = SIGSTORE.mint(&mint(&world)).unwrap();
    let legacy =
        SIGSTORE.mint_legacy(&LegacyMint::new(REPOSITORY, world.artifact.to_string())).unwrap();
    let (bundled, signed) = (world.clone().with(&bundle), world.signed(&[legacy]));
    let nobody = json!({"issuer": "^nobody$", "subject": "^nobody$"});
    let empty = |issuer: &str, subject: &str| json!([{"issuer": issuer, "subject": subject}]);
    for (identities, of_bundle, of_signature, why) in [
        (json!([ours()]), "", "", "the expected one"),
        (
            json!([]),
            "failed to build policy: can't verify identities without providing at least one identity",
            "",
            "none: no bundle, but anybody's signature",
        ),
        (
            json!([ours(), nobody]),
            "unsupported: multiple identities are not supported at this time",
            "",
            "two: no bundle, but either's signature",
        ),
        (
            json!([nobody]),
            "failed to verify certificate identity: no matching CertificateIdentity found, last error: expected SAN value to match regex \"^nobody$\", got \"https://github.com/acme/platform/.github/workflows/cd.yaml@refs/heads/main\"",
            "none of the expected identities matched what was in the certificate, got subjects [https://github.com/acme/platform/.github/workflows/cd.yaml@refs/heads/main] with issuer ISSUER",
            "somebody else",
        ),
        (
            empty("", ".*"),
            "when verifying a certificate identity, must specify Issuer criteria",
            "",
            "an empty issuer",
        ),
        (
            empty(".*", ""),
            "when verifying a certificate identity, there must be subject alternative name criteria",
            "",
            "an empty subject",
        ),
        (
            empty("(", ".*"),
            "error parsing regexp: missing closing ): `(`",
            "malformed issuer in identity: ( : error parsing regexp: missing closing ): `(`",
            "no pattern",
        ),
        (empty("http", "acme/platform"), "", "", "patterns that are not anchored"),
    ] {
        for (world, prefix, words) in [(&bundled, ATT, of_bundle), (&signed, SIG, of_signature)] {
            let source = keyless(identities.clone());
            let text = ready_text(&predicted(&source, world, &secrets(&[]), "1.9.6"));
            let expected = match words {
                "" => stored(world),
                words => format!("{prefix}{}", words.replace("ISSUER", SIGSTORE.issuer_url())),
            };
            assert_eq!(text, expected, "{why}");
        }
    }
}

#[test]
fn a_bundle_rules_signatures_out() {
    let world = World::new();
    let signature = |digest: String, situation| {
        let mint = LegacyMint { situation, ..LegacyMint::new(REPOSITORY, digest) };
        SIGSTORE.mint_legacy(&mint).unwrap()
    };
    let good = signature(world.artifact.to_string(), LegacySituation::Healthy);
    let bundle = |situation| SIGSTORE.mint(&mint(&World::new()).situation(situation)).unwrap();
    let stranger = mint(&world).run(TokenRequest::new("evil/twin", "cd.yaml"));
    let stranger = SIGSTORE.mint(&stranger).unwrap();
    let mut unproven: Value = serde_json::from_slice(&bundle(Situation::Healthy)).unwrap();
    for entry in unproven["verificationMaterial"]["tlogEntries"].as_array_mut().unwrap() {
        entry.as_object_mut().unwrap().remove("inclusionProof").unwrap();
    }
    let unproven = unproven.to_string().into_bytes();
    let mut garbage = world.clone();
    garbage.attach(json!([{"mediaType": "application/vnd.dev.sigstore.bundle", "digest": format!("sha256:{}", "0".repeat(64)), "size": 3}]));
    let mut hidden = world.clone().with(&bundle(Situation::Healthy));
    hidden.referrers_type = "application/vnd.oci.image.index.v1+json; charset=utf-8".to_owned();
    let mut fallback = hidden.clone();
    let index = json!({"manifests": fallback.referrers.as_ref().unwrap().iter().map(|digest| json!({"digest": digest})).collect::<Vec<_>>()});
    fallback.manifest(&format!("sha256-{}", world.artifact.hex()), index.to_string().as_bytes());
    let mut down = world.clone().with(&stranger).signed(std::slice::from_ref(&good));
    down.faults.insert("referrers".to_owned(), 500);
    for (world, ready, why) in [
        (world.clone(), false, "nothing"),
        (world.clone().with(&bundle(Situation::Healthy)), true, "a bundle"),
        (world.clone().signed(std::slice::from_ref(&good)), true, "a signature"),
        (
            world.clone().with(&stranger).signed(std::slice::from_ref(&good)),
            false,
            "a stranger's bundle beside it",
        ),
        (world.clone().with(&stranger).with(&bundle(Situation::Healthy)), true, "one good bundle"),
        (garbage.clone(), false, "a referrer that is no bundle"),
        (
            garbage.signed(std::slice::from_ref(&good)),
            true,
            "and a signature, which it does not rule out",
        ),
        (hidden, false, "an index with a charset is not read"),
        (fallback, true, "but the fallback tag is"),
        (down, true, "an error of the API hides the stranger's bundle"),
        (world.clone().with(&unproven), false, "a bundle without a proof that it was logged"),
        (
            world.clone().with(&unproven).signed(std::slice::from_ref(&good)),
            true,
            "and a signature, which what is no bundle does not rule out",
        ),
        (
            world.clone().signed(&[signature(
                format!("sha256:{}", "b".repeat(64)),
                LegacySituation::Healthy,
            )]),
            true,
            "a signature of another artifact",
        ),
    ] {
        let prediction = predicted(&keyless(json!([ours()])), &world, &secrets(&[]), "2.9");
        let text = ready_text(&prediction);
        assert_eq!(prediction.ready(), Some(ready), "{why}: {text}");
        let unbound = prediction.because.iter().any(|rule| rule.name == "signature-unbound");
        assert_eq!(unbound, why == "a signature of another artifact", "{why}");
    }
}

#[test]
fn signatures_of_the_older_form_get_the_controller_s_words() {
    for (situation, words) in [
        (LegacySituation::Healthy, ""),
        (LegacySituation::OtherDigest, ""),
        (
            LegacySituation::TamperedPayload,
            "error verifying bundle: matching bundle to payload: bundle=\"",
        ),
        (
            LegacySituation::EntryOfOtherPayload,
            "error verifying bundle: signature in bundle does not match signature being verified",
        ),
        (
            LegacySituation::ForeignLog,
            "error verifying bundle: verifying bundle with trusted root: rekor log public key not found for payload",
        ),
        (LegacySituation::ForeignAuthority, "leaf certificate verification failed"),
        (
            LegacySituation::SignedAfterExpiry,
            "checking expiry on certificate with bundle: certificate expired before observed time: ",
        ),
        (
            LegacySituation::NoSct,
            "certificate does not include required embedded SCT and no detached SCT was set",
        ),
        (
            LegacySituation::ForeignSct,
            "only able to verify 0 SCT entries; unable to meet threshold of 1",
        ),
    ] {
        let world = World::new();
        let mint = LegacyMint::new(REPOSITORY, world.artifact.to_string());
        let signature = SIGSTORE.mint_legacy(&LegacyMint { situation, ..mint }).unwrap();
        let world = world.signed(&[signature]);
        let prediction = predicted(&keyless(json!([ours()])), &world, &secrets(&[]), "1.8.5");
        assert!(prediction.undecided.is_some(), "1.8 trusts the public Sigstore alone");
        let prediction = predicted(&keyless(json!([ours()])), &world, &secrets(&[]), "1.9.6");
        let text = ready_text(&prediction);
        match words {
            "" => assert_eq!(text, stored(&world), "{situation:?}"),
            words => assert!(text.starts_with(&format!("{SIG}{words}")), "{situation:?}: {text}"),
        }
    }
}

#[test]
fn before_bundles_only_signatures_count() {
    let world = World::new();
    let bundle = SIGSTORE.mint(&mint(&world)).unwrap();
    let key = SIGSTORE.public_key("release").unwrap();
    let keys = secrets(&[("cosign.pub", &key)]);
    let keyed = source(json!({"provider": "cosign", "secretRef": {"name": "keys"}}));
    let world = world.with(&bundle);
    for controller in ["2.7", "2.8", "2.9"] {
        let text = ready_text(&predicted(&keyed, &world, &keys, controller));
        let reference = match controller {
            "2.9" => format!("{REPOSITORY}@{}", world.artifact),
            _ => format!("{REPOSITORY}:v1"),
        };
        let expected = format!(
            "failed to verify the signature using provider 'cosign': no matching signatures were found for '{reference}'"
        );
        assert_eq!(text, expected, "{controller}");
    }
    let nothing = ready_text(&predicted(&keyless(json!([])), &World::new(), &keys, "2.9"));
    assert_eq!(nothing, NOTHING);
}
