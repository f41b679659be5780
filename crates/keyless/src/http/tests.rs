use super::fake::{Answer, FakeService};
use super::*;

fn transport(deadline_ms: u64) -> Transport {
    let deadline = Duration::from_millis(deadline_ms);
    Transport::new(&HttpOptions { deadline, ca_certificates: None }).unwrap()
}

async fn ask(answers: Vec<Answer>, deadline_ms: u64) -> (Attempt, usize) {
    let service = FakeService::start(answers).await;
    let transport = transport(deadline_ms);
    let request = Request::post(service.url(), "application/json", b"{}".to_vec(), 16);
    let attempt = transport.ask(&request, transport.until()).await;
    (attempt, service.seen().len())
}

#[tokio::test]
async fn asks_again_only_when_that_may_help() {
    let ok = || Answer::ok("yes");
    for (answers, expected, asked, why) in [
        (vec![ok()], "yes", 1, "answered"),
        (vec![Answer::status(503, ""), ok()], "yes", 2, "a server that was restarting"),
        (vec![Answer::status(500, ""), Answer::status(502, ""), ok()], "yes", 3, "twice"),
        (vec![Answer::busy(429, 0), ok()], "yes", 2, "too many requests"),
        (vec![Answer::status(400, "bad token"), ok()], "refused 400 bad token", 1, "our mistake"),
        (vec![Answer::status(409, "exists"), ok()], "refused 409 exists", 1, "a conflict"),
        (vec![Answer::status(501, "no"), ok()], "refused 501 no", 1, "never implemented"),
        (vec![Answer::busy(429, 3_600), ok()], "unavailable", 1, "a wait beyond the deadline"),
        (vec![Answer::redirect("http://127.0.0.1:1"), ok()], "unusable", 1, "sent elsewhere"),
        (vec![Answer::ok("seventeen letters"), ok()], "unusable", 1, "more than asked for"),
        (vec![Answer::ok("sixteen letters!"), ok()], "sixteen letters!", 1, "exactly as much"),
    ] {
        let (attempt, count) = ask(answers, 10_000).await;
        let found = match attempt {
            Attempt::Answered(body) => String::from_utf8(body).unwrap(),
            Attempt::Refused { status, reason } => format!("refused {status} {reason}"),
            Attempt::Unavailable { .. } => "unavailable".to_owned(),
            Attempt::Unusable { .. } => "unusable".to_owned(),
        };
        assert_eq!((found.as_str(), count), (expected, asked), "{why}");
    }
}

#[tokio::test]
async fn the_deadline_ends_it_and_the_last_reason_is_kept() {
    let (attempt, count) = ask(vec![Answer::status(503, "down for the night")], 700).await;
    let Attempt::Unavailable { reason, .. } = attempt else { panic!("{attempt:?}") };
    assert!(reason.contains("down for the night"), "{reason}");
    assert!(count >= 2, "asked {count} times");
}

#[tokio::test]
async fn nobody_there_is_unavailable_not_refused() {
    let transport = transport(300);
    let request = Request::post("http://127.0.0.1:1/".to_owned(), "text/plain", vec![], 16);
    let attempt = transport.ask(&request, transport.until()).await;
    assert!(matches!(attempt, Attempt::Unavailable { .. }), "{attempt:?}");
}

#[test]
fn a_credential_goes_over_https_or_to_loopback_only() {
    let transport = transport(1);
    for (url, allowed, why) in [
        ("https://fulcio.acme.example/x", true, "encrypted"),
        ("http://127.0.0.1:5555/x", true, "stays on the machine"),
        ("http://[::1]:5555/x", true, "stays on the machine"),
        ("http://localhost:5555/x", true, "stays on the machine"),
        ("http://fulcio.acme.example/x", false, "in clear"),
        ("http://127.0.0.1.acme.example/x", false, "only looks like loopback"),
        ("http://localhost.acme.example/x", false, "only looks like loopback"),
        ("ftp://fulcio.acme.example/x", false, "not even HTTP"),
        ("fulcio.acme.example", false, "not a URL"),
    ] {
        let request = Request::post(url.to_owned(), "", vec![], 1).confidential();
        assert_eq!(transport.client_for(&request).is_ok(), allowed, "{url}: {why}");
    }
    let public = Request::post("http://rekor.acme.example/".to_owned(), "", vec![], 1);
    assert!(transport.client_for(&public).is_ok(), "what is public may go in clear");
}

#[test]
fn a_broken_file_of_authorities_is_an_error_and_not_fewer_authorities() {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(folder.path().join("ca.pem")).unwrap();
    let with_file = || {
        let ca_certificates = Some(path.clone());
        Transport::new(&HttpOptions { ca_certificates, ..HttpOptions::default() })
    };
    assert!(with_file().unwrap_err().contains("ca.pem"), "absent");
    std::fs::write(&path, "nothing of the kind").unwrap();
    assert!(with_file().unwrap_err().contains("no certificate"), "empty");
}

#[test]
fn pauses_are_spread_but_never_longer() {
    for _ in 0..100 {
        let pause = spread(PAUSE_FIRST);
        assert!(pause >= PAUSE_FIRST / 2 && pause <= PAUSE_FIRST, "{pause:?}");
    }
}

#[test]
fn a_service_says_when_to_come_back_in_seconds_or_as_a_date() {
    let now: jiff::Timestamp = "2026-11-25T12:00:00Z".parse().unwrap();
    for (value, seconds, why) in [
        ("0", Some(0), "at once"),
        ("120", Some(120), "seconds"),
        ("Wed, 25 Nov 2026 12:01:30 GMT", Some(90), "a date"),
        ("Wed, 25 Nov 2026 11:00:00 GMT", Some(0), "a date that has passed"),
        ("-1", None, "nonsense"),
        ("soon", None, "nonsense"),
        ("", None, "nothing"),
    ] {
        assert_eq!(retry_after(value, now), seconds.map(Duration::from_secs), "{value}: {why}");
    }
}
