use super::*;
use serde_json::{Value, json};

fn service(url: &str, version: u32, start: &str, end: Option<&str>, operator: &str) -> Value {
    let mut valid_for = json!({"start": format!("{start}T00:00:00Z")});
    if let Some(end) = end {
        valid_for["end"] = json!(format!("{end}T00:00:00Z"));
    }
    json!({"url": url, "majorApiVersion": version, "validFor": valid_for, "operator": operator})
}

fn config(logs: Value, log_config: Value, stamps: Value) -> SigningConfig {
    let json = json!({
        "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        "caUrls": [service("https://fulcio.example/", 1, "2025-01-01", None, "one")],
        "rekorTlogUrls": logs, "rekorTlogConfig": log_config,
        "tsaUrls": stamps, "tsaConfig": {"selector": "ANY"},
    });
    SigningConfig::parse(json.to_string().as_bytes(), "test").unwrap()
}

fn stamp() -> Value {
    json!([service("https://tsa.example/api/v1/timestamp", 1, "2025-01-01", None, "one")])
}

fn now() -> jiff::Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

#[test]
fn logs_are_chosen_by_window_version_operator_and_selector() {
    let any = json!({"selector": "ANY"});
    let v1 = service("v1", 1, "2025-01-01", None, "one");
    let v2 = service("v2", 2, "2026-01-01", None, "one");
    let v2_other = service("v2-other", 2, "2025-06-01", None, "two");
    let v2_old = service("v2-old", 2, "2025-01-01", None, "one");
    let v2_ended = service("v2-ended", 2, "2025-01-01", Some("2026-05-31"), "one");
    let v2_later = service("v2-later", 2, "2026-06-02", None, "one");
    let v3 = service("v3", 3, "2025-01-01", None, "one");
    for (logs, wanted, expected, why) in [
        (json!([v1]), &any, Ok(vec!["v1"]), "all there is"),
        (json!([v1, v2]), &any, Ok(vec!["v2"]), "the higher version"),
        (json!([v2_old, v2]), &any, Ok(vec!["v2"]), "the newest of an operator"),
        (json!([v2_ended, v1]), &any, Ok(vec!["v1"]), "an ended one does not count"),
        (json!([v2_later, v1]), &any, Ok(vec!["v1"]), "a coming one does not count"),
        (json!([v3, v1]), &any, Ok(vec!["v1"]), "an unknown version does not count"),
        (json!([v3]), &any, Err("none is valid"), "only an unknown version"),
        (json!([v2_ended]), &any, Err("v2-ended"), "only an ended one, which is named"),
        (json!([]), &any, Err("none is listed"), "nothing"),
        (
            json!([v2, v2_other, v1]),
            &json!({"selector": "ALL"}),
            Ok(vec!["v2", "v2-other"]),
            "all of one version",
        ),
        (
            json!([v2, v2_old, v2_other]),
            &json!({"selector": "EXACT", "count": 2}),
            Ok(vec!["v2", "v2-other"]),
            "two operators",
        ),
        (
            json!([v2, v2_old]),
            &json!({"selector": "EXACT", "count": 2}),
            Err("2 are asked for"),
            "one operator is not two",
        ),
        (json!([v2]), &json!({"selector": "EXACT"}), Err("without a count"), "how many?"),
        (
            json!([v2]),
            &json!({"selector": "EXACT", "count": 0}),
            Err("without a count"),
            "none at all",
        ),
        (
            json!([v2]),
            &json!({"selector": "SERVICE_SELECTOR_UNDEFINED"}),
            Err("says nothing"),
            "undefined",
        ),
        (json!([v2]), &json!({}), Ok(vec!["v2"]), "left out means ANY"),
    ] {
        let services = config(logs, wanted.clone(), stamp()).services(now());
        match (services, expected) {
            (Ok(services), Ok(expected)) => assert_eq!(services.logs, expected, "{why}"),
            (Err(error), Err(expected)) => {
                assert!(error.to_string().contains(expected), "{why}: {error}");
                assert_eq!(error.code().to_string(), "SW6025", "{why}");
            }
            (services, _) => panic!("{why}: {services:?}"),
        }
    }
}

#[test]
fn a_version_can_be_insisted_on() {
    let logs = json!([
        service("v1", 1, "2025-01-01", None, "one"),
        service("v2", 2, "2025-01-01", None, "one")
    ]);
    let config = config(logs, json!({}), stamp());
    for (version, url) in [(RekorVersion::V1, "v1"), (RekorVersion::V2, "v2")] {
        let services = config.clone().with_rekor_version(version).services(now()).unwrap();
        assert_eq!((services.logs, services.log_version), (vec![url.to_owned()], version));
    }
}

#[test]
fn a_log_of_version_2_needs_a_timestamp_authority() {
    let log = |version| json!([service("log", version, "2025-01-01", None, "one")]);
    let expired = json!([service("tsa", 1, "2025-01-01", Some("2026-01-01"), "one")]);
    for (version, stamps, expected, why) in [
        (2, stamp(), Some(1), "as it should be"),
        (2, json!([]), None, "nobody would tell the time"),
        (2, expired.clone(), None, "nobody would tell the time any more"),
        (1, json!([]), Some(0), "the log tells the time"),
        (1, stamp(), Some(1), "both tell the time"),
        (1, expired, None, "one is wanted and none can be had"),
    ] {
        let services = config(log(version), json!({}), stamps).services(now());
        let count = services.as_ref().ok().map(|services| services.timestamp_authorities.len());
        assert_eq!(count, expected, "{why}: {services:?}");
    }
}

#[test]
fn the_public_config_is_understood_and_a_slash_at_the_end_is_dropped() {
    let public = sigstore_trust_root::SIGSTORE_PRODUCTION_SIGNING_CONFIG;
    let services =
        SigningConfig::parse(public.as_bytes(), "public").unwrap().services(now()).unwrap();
    assert!(services.certificate_authority.starts_with("https://fulcio."), "{services:?}");
    let ours = config(json!([service("log/", 1, "2025-01-01", None, "")]), json!({}), json!([]));
    assert_eq!(ours.services(now()).unwrap().logs, ["log"]);
}

#[test]
fn what_is_no_signing_config_is_refused() {
    for (json, why) in [
        (&b"{}"[..], "no media type"),
        (b"\xff", "not text"),
        (
            br#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.1+json"}"#,
            "an old version",
        ),
        (b"[]", "a list"),
        (&vec![b' '; SIGNING_CONFIG_BYTES_MAX + 1], "huge"),
    ] {
        let error = SigningConfig::parse(json, "here").expect_err(why);
        assert!(error.to_string().starts_with("here: "), "{why}: {error}");
    }
}

proptest::proptest! {
    /// Whatever is chosen is valid now, and never more than may be used at once.
    #[test]
    fn what_is_chosen_is_valid(windows in proptest::collection::vec((0_u32..4, 2019_i16..2030, 2019_i16..2030), 0..12),
                               selector in proptest::sample::select(vec!["ANY", "ALL", "EXACT"]), count in 0_u32..20) {
        let logs: Vec<Value> = windows
            .iter()
            .enumerate()
            .map(|(number, (version, start, end))| {
                let (start, end) = (format!("{start}-01-01"), format!("{end}-01-01"));
                service(&format!("log-{number}"), *version, &start, Some(&end), &number.to_string())
            })
            .collect();
        let config = config(json!(logs), json!({"selector": selector, "count": count}), stamp());
        if let Ok(services) = config.services(now()) {
            proptest::prop_assert!((1..=SERVICES_COUNT_MAX).contains(&services.logs.len()));
            for url in services.logs {
                let number: usize = url.trim_start_matches("log-").parse().unwrap();
                let (version, start, end) = windows[number];
                proptest::prop_assert_eq!(version, services.log_version.number());
                proptest::prop_assert!(start <= 2026 && end > 2026);
            }
        }
    }
}
