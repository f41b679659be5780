//! What Flux says around verification: references, layers, what was verified before, other kinds.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "a test reads files and the clock, and may fail"
)]

mod world;

use sealwright_flux::{
    Answer, Authorities, Controller, Response, Secret, Secrets, Seen, Situation, Source, Then,
    predict,
};
use serde_json::{Value, json};
use world::{REPOSITORY, World, archive, predicted, ready_text, secrets, source};

fn with(field: &str, value: Value) -> Value {
    let mut source = source(Value::Null);
    source["spec"][field] = value;
    source
}

#[test]
fn references_are_followed_in_the_controller_s_order() {
    let mut world = World::new();
    let other = json!({"schemaVersion": 2, "layers": [world.blob(&archive("other"))]}).to_string();
    let other_digest = sealwright_evidence::Digest::of(other.as_bytes());
    world.manifest("1.2.0", other.as_bytes());
    let first = world.manifests["v1"].1.clone();
    for tag in ["1.0.0", "v1.1.0", "2.0.0-rc.1", "latest", "not-a-version"] {
        world.manifest(tag, &first);
    }
    let artifact = world.artifact;
    let stored = |revision: String| format!("stored artifact for digest '{revision}'");
    let tag_fault = |words: &str| {
        format!("failed to determine the artifact tag for 'oci://{REPOSITORY}': {words}")
    };
    for (reference, expected, why) in [
        (json!({"tag": "v1"}), stored(format!("v1@{artifact}")), "a tag"),
        (json!({}), stored(format!("latest@{artifact}")), "nothing is latest"),
        (
            json!({"tag": "v1", "semver": "1.x"}),
            stored(format!("1.2.0@{other_digest}")),
            "a range before a tag",
        ),
        (
            json!({"tag": "v1", "semver": "1.x", "semverFilter": "^v"}),
            stored(format!("v1.1.0@{artifact}")),
            "a filter over the tags",
        ),
        (
            json!({"semver": ">=1.0.0-0"}),
            stored(format!("2.0.0-rc.1@{artifact}")),
            "prereleases where they are asked for",
        ),
        (
            json!({"semver": "1.x", "digest": artifact.to_string()}),
            stored(artifact.to_string()),
            "a digest before a range",
        ),
        (json!({"semver": "3.x"}), tag_fault("no match found for semver: 3.x"), "no such version"),
        (
            json!({"semver": "newest"}),
            tag_fault("semver 'newest' parse error: improper constraint: \"newest\""),
            "no range",
        ),
        (
            json!({"semver": "1.x", "semverFilter": "("}),
            tag_fault("error parsing regexp: missing closing ): `(`"),
            "no pattern",
        ),
        (
            json!({"digest": "sha256:abc"}),
            "failed to determine artifact digest: wrong number of hex digits for sha256: abc"
                .to_owned(),
            "no digest",
        ),
        (
            json!({"tag": "v9"}),
            "failed to determine artifact digest: GET http://127.0.0.1:5000/v2/acme/platform/manifests/v9: MANIFEST_UNKNOWN: not here".to_owned(),
            "no such tag",
        ),
    ] {
        let text = ready_text(&predicted(&with("ref", reference), &world, &secrets(&[]), "1.9.6"));
        assert_eq!(text, expected, "{why}");
    }
    world.manifest("v1.2.0", &first);
    let twice = predicted(&with("ref", json!({"semver": "1.2.x"})), &world, &secrets(&[]), "1.9.6");
    assert_eq!(twice.outcomes.len(), 2, "the same version under two names");
}

#[test]
fn a_url_that_names_no_repository_stalls() {
    let prediction = predicted(
        &with("url", json!("oci://ghcr.io/acme/app:v1")),
        &World::new(),
        &secrets(&[]),
        "2.9",
    );
    let [outcome] = prediction.outcomes.as_slice() else { panic!("one outcome") };
    assert_eq!(outcome.then, Then::Stalls);
    let kinds: Vec<&str> = outcome.conditions.iter().map(|condition| condition.kind).collect();
    assert_eq!(kinds, ["Ready", "Stalled", "FetchFailed"]);
    assert!(outcome.conditions.iter().all(|condition| condition.reason == "URLInvalid"));
}

#[test]
fn layers_are_chosen_and_must_be_what_they_say() {
    let chart = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
    let mut plain = World::new();
    let mut layer = plain.blob(b"not compressed");
    layer["mediaType"] = chart.into();
    plain.manifest("v1", json!({"layers": [layer]}).to_string().as_bytes());
    let mut empty = World::new();
    empty.manifest("v1", br#"{"layers":[]}"#);
    let mut gone = World::new();
    gone.blobs.clear();
    let selector = |kind: &str, operation: &str| {
        with("layerSelector", json!({"mediaType": kind, "operation": operation}))
    };
    for (source, world, reason, text, why) in [
        (source(Value::Null), &World::new(), "Succeeded", "stored artifact", "the first one"),
        (
            selector(chart, ""),
            &World::new(),
            "OCIArtifactLayerOperationFailed",
            "failed to find layer with media type 'application/vnd.cncf.helm.chart.content.v1.tar+gzip' in artifact",
            "none of the type",
        ),
        (
            source(Value::Null),
            &plain,
            "OCIArtifactLayerOperationFailed",
            "failed to extract layer contents from artifact: requires gzip-compressed body: gzip: invalid header",
            "not compressed",
        ),
        (selector(chart, "copy"), &plain, "Succeeded", "stored artifact", "copied as it is"),
        (
            source(Value::Null),
            &empty,
            "OCIArtifactLayerOperationFailed",
            "no layers found in artifact",
            "none",
        ),
        (
            source(Value::Null),
            &gone,
            "OCIArtifactLayerOperationFailed",
            "failed to extract the first layer from artifact: GET http://",
            "a blob that is gone",
        ),
    ] {
        let prediction = predicted(&source, world, &secrets(&[]), "1.9.6");
        let ready = prediction.outcomes[0].condition("Ready").unwrap();
        assert_eq!(ready.reason, reason, "{why}: {}", ready.message);
        assert!(ready.message.starts_with(text), "{why}: {}", ready.message);
    }
}

/// An unsigned artifact whose revision the status says to be verified.
#[test]
fn what_was_verified_for_this_generation_is_not_verified_again() {
    let world = World::new();
    let status = |revision: &str, generation: i64| {
        let mut source = source(json!({"provider": "cosign", "secretRef": {"name": "keys"}}));
        source["metadata"]["generation"] = 2.into();
        source["status"] = json!({
            "artifact": {"revision": revision},
            "conditions": [{
                "type": "SourceVerified", "status": "True", "reason": "Succeeded",
                "message": "verified signature of revision before", "observedGeneration": generation,
            }],
        });
        source
    };
    let revision = format!("v1@{}", world.artifact);
    for (revision, generation, controller, readies, why) in [
        (&*revision, 2, "1.9.6", vec![true], "the same revision and generation"),
        (&*revision, 1, "1.9.6", vec![false], "a later generation"),
        ("v1@sha256:other", 2, "1.9.6", vec![false], "another revision"),
        ("sha256:other", 2, "1.9.6", vec![false], "another form of the revision"),
        (&*revision, 2, "1.10.1", vec![true, false], "from 1.10 on, unless the Secret was changed"),
    ] {
        let prediction =
            predicted(&status(revision, generation), &world, &secrets(&[]), controller);
        let found: Vec<bool> =
            prediction.outcomes.iter().filter_map(|outcome| outcome.ready).collect();
        assert_eq!(found, readies, "{why}: {}", ready_text(&prediction));
    }
    let kept = predicted(&status(&revision, 2), &world, &secrets(&[]), "1.9.6");
    let verified = kept.outcomes[0].condition("SourceVerified").unwrap();
    assert_eq!(verified.message, "verified signature of revision before", "what was said stays");
}

#[test]
fn suspended_sources_and_registries_of_charts_say_nothing() {
    let repository = json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "HelmRepository",
        "metadata": {"name": "charts", "namespace": "apps"},
        "spec": {"url": "oci://127.0.0.1:5000/acme", "type": "oci"},
    });
    for (source, why) in
        [(with("suspend", json!(true)), "suspended"), (repository, "not reconciled")]
    {
        let prediction = predicted(&source, &World::new(), &secrets(&[]), "2.9");
        assert_eq!(prediction.outcomes[0].ready, None, "{why}");
        assert_eq!(prediction.outcomes[0].then, Then::Nothing, "{why}");
        assert_eq!(prediction.ready(), None, "{why}: neither Ready nor not");
    }
}

#[test]
fn connections_that_cannot_be_known_are_undecided_and_broken_ones_are_said() {
    let text =
        |source: Value| ready_text(&predicted(&source, &World::new(), &secrets(&[]), "1.9.6"));
    for (field, starts, why) in [
        (
            "secretRef",
            "failed to get credential: failed to get secret 'apps/nowhere': secrets \"nowhere\" not found",
            "no login",
        ),
        (
            "proxySecretRef",
            "failed to get proxy address: secret 'apps/nowhere' not found",
            "no proxy",
        ),
        (
            "certSecretRef",
            "failed to generate transport for 'oci://127.0.0.1:5000/acme/platform': secret 'apps/nowhere' not found",
            "no certificates",
        ),
    ] {
        assert_eq!(text(with(field, json!({"name": "nowhere"}))), starts, "{why}");
    }
    for (field, value, why) in [
        ("provider", json!("aws"), "a cloud's credentials"),
        ("serviceAccountName", json!("puller"), "an account that nobody looked at"),
    ] {
        assert!(text(with(field, value)).starts_with("undecided: "), "{why}");
    }
}

/// Who trusts more certificate authorities than the controller does sees a registry that it does not.
#[test]
fn a_request_says_which_authorities_the_controller_has() {
    let pem = "-----BEGIN CERTIFICATE-----";
    let found = |entries: &[(&str, &str)]| {
        let entry = |(key, text): &(&str, &str)| ((*key).to_owned(), text.as_bytes().to_vec());
        Some(Secret::Found(entries.iter().map(entry).collect()))
    };
    let unseen = || Some(Secret::Unreadable("nobody looked".to_owned()));
    let (named, ours) = (Some("ca"), Authorities::Named(pem.to_owned()));
    for (name, secret, expected, why) in [
        (None, None, Some(Authorities::Everybodys), "it names none"),
        (Some(""), None, Some(Authorities::Everybodys), "an empty name is none"),
        (named, found(&[("ca.crt", pem)]), Some(ours.clone()), "it names one"),
        (named, found(&[("caFile", pem)]), Some(ours), "by the older name"),
        (named, unseen(), Some(Authorities::Assumed), "nobody knows which"),
        (named, None, Some(Authorities::Assumed), "nor whether there is one"),
        (named, found(&[("tls.crt", pem), ("tls.key", "k")]), None, "it shows who it is"),
        (named, found(&[("ca.crt", "x")]), None, "that is none, and is said"),
    ] {
        let object = match name {
            Some(name) => with("certSecretRef", json!({"name": name})),
            None => source(Value::Null),
        };
        let source = Source::parse(&object).unwrap();
        let mut secrets = Secrets::default();
        if let Some(secret) = secret {
            secrets.insert("apps", "ca", secret);
        }
        let prediction = predict(Situation {
            source: &source,
            others: &[],
            secrets: &secrets,
            seen: &Seen::default(),
            controller: &Controller::default(),
            public_root: None,
            now: jiff::Timestamp::UNIX_EPOCH,
            fresh: false,
        });
        let asked = prediction.wanted.first().map(|request| request.authorities.clone());
        assert_eq!(asked, expected, "{why}");
        assert!(asked.is_some() || prediction.ready() != Some(true), "{why}");
    }
}

/// A registry that we may ask without TLS is not one that the controller does.
#[test]
fn an_answer_without_tls_counts_only_where_the_controller_would_get_it() {
    for (registry, insecure, decided, why) in [
        ("127.0.0.1:5000", false, true, "this machine"),
        ("plain.acme.test", true, true, "the source says so"),
        ("plain.acme.test", false, false, "nobody has told the controller"),
    ] {
        let mut object = source(Value::Null);
        object["spec"]["url"] = json!(format!("oci://{registry}/acme/app"));
        object["spec"]["insecure"] = json!(insecure);
        let source = Source::parse(&object).unwrap();
        let foretell = |seen: &Seen| {
            predict(Situation {
                source: &source,
                others: &[],
                secrets: &Secrets::default(),
                seen,
                controller: &Controller::default(),
                public_root: None,
                now: jiff::Timestamp::UNIX_EPOCH,
                fresh: false,
            })
        };
        let mut seen = Seen::default();
        for request in foretell(&seen).wanted {
            let url = format!("http://{registry}/v2/acme/app/manifests/latest");
            let response = Response { url, status: 404, ..Response::default() };
            seen.insert(request, Answer::Got(response));
        }
        let told = foretell(&seen);
        assert_eq!(told.undecided.is_none(), decided, "{why}: {told:?}");
        assert!(told.ready() != Some(true), "{why}");
    }
}

/// What a prediction lacks is named, and never taken for an answer.
#[test]
fn without_answers_nothing_is_predicted() {
    let source = Source::parse(&source(Value::Null)).unwrap();
    let (secrets, seen, controller) = (Secrets::default(), Seen::default(), Controller::default());
    let prediction = predict(Situation {
        source: &source,
        others: &[],
        secrets: &secrets,
        seen: &seen,
        controller: &controller,
        public_root: None,
        now: jiff::Timestamp::UNIX_EPOCH,
        fresh: false,
    });
    assert_eq!(prediction.wanted.len(), 1);
    assert_eq!(prediction.ready(), None);
    let report = prediction.report();
    assert!(report.outcomes.is_empty() && report.undecided.is_some());
}

/// A registry that hands out other bytes than the digest says.
#[test]
fn an_archive_is_compared_with_its_digest_only_where_the_stream_ends() {
    let honest = archive("a layer");
    let mut flipped = honest.clone();
    flipped[20] ^= 0xff;
    let swapped = |bytes: Vec<u8>| {
        let mut world = World::new();
        world.blobs.values_mut().for_each(|blob| blob.clone_from(&bytes));
        world
    };
    let copy = with("layerSelector", json!({"operation": "copy"}));
    for (source, bytes, ready, rule, why) in [
        (source(Value::Null), honest.clone(), Some(true), false, "its own bytes"),
        (
            source(Value::Null),
            archive("A LAYER"),
            Some(true),
            true,
            "another whole archive of its size",
        ),
        (
            source(Value::Null),
            archive("another size"),
            Some(false),
            false,
            "of another size, as the header says",
        ),
        (
            source(Value::Null),
            flipped,
            None,
            false,
            "a byte changed: refused in words that are not foretold",
        ),
        (copy.clone(), archive("A LAYER"), Some(false), false, "copied, it is read to its end"),
        (copy, honest, Some(true), false, "copied as it is"),
    ] {
        let prediction = predicted(&source, &swapped(bytes), &secrets(&[]), "1.9.6");
        assert_eq!(prediction.ready(), ready, "{why}: {prediction:?}");
        let met = prediction.because.iter().any(|met| met.name == "layer-uncompared");
        assert_eq!(met, rule, "{why}");
    }
}

/// More bytes than the manifest says: what is beyond its size is never read.
#[test]
fn a_longer_answer_is_refused_only_where_its_length_is_compared() {
    let longer = |mut bytes: Vec<u8>| {
        bytes.push(0);
        let mut world = World::new();
        world.blobs.values_mut().for_each(|blob| blob.clone_from(&bytes));
        world
    };
    let whole = source(Value::Null);
    let copy = with("layerSelector", json!({"operation": "copy"}));
    for (source, bytes, older, why) in [
        (&whole, archive("A LAYER"), true, "another archive, whole before the size ends"),
        (&copy, archive("A LAYER"), false, "copied, the digest is compared"),
        (&copy, archive("a layer"), true, "copied, and the bytes up to the size are its own"),
    ] {
        let world = longer(bytes);
        for (controller, ready) in [("1.8.5", older), ("1.9.6", false)] {
            let prediction = predicted(source, &world, &secrets(&[]), controller);
            assert_eq!(prediction.ready(), Some(ready), "{controller}, {why}: {prediction:?}");
        }
    }
}
