//! A registry with a certificate of a private authority. What is judged is asked for with
//! `--ca-certificates`; what is predicted, with the authorities that the controller has, and no others.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use assert_cmd::Command;
use camino::{Utf8Path, Utf8PathBuf};
use sealwright_devstack::front::{Front, FrontOptions};
use sealwright_policy::{Code, Report, Verdict};
use serde_json::{Value, json};

use crate::controls;
use crate::controls_live::{flags, foretold_by, nothing_is_left, with_controller};
use crate::estate::{self, Estate};
use crate::plane::{Plane, refused, running, spec};
use crate::predict::{push_signed, source};
use crate::world::*;

/// The name in the certificate; nothing on the internet has it.
const HOST: &str = "registry.acme.test";

fn data(file: &str) -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../registry/tests/data").join(file)
}

fn pem(file: &str) -> String {
    std::fs::read_to_string(data(file)).expect("it is there")
}

/// How a registry shows itself, and what is named of its authorities.
struct Way {
    host: &'static str,
    certificate: &'static str,
    authority: Option<&'static str>,
    /// What is said of it; of the good one nothing.
    said: &'static str,
    why: &'static str,
}

/// The one way that is good, and its neighbours.
const WAYS: [Way; 5] = [
    Way {
        host: HOST,
        certificate: "server",
        authority: Some("ca.pem"),
        said: "",
        why: "the authority of its certificate",
    },
    Way {
        host: HOST,
        certificate: "server",
        authority: None,
        said: "UnknownIssuer",
        why: "none is named",
    },
    Way {
        host: HOST,
        certificate: "server",
        authority: Some("other-ca.pem"),
        said: "UnknownIssuer",
        why: "another one is named",
    },
    Way {
        host: HOST,
        certificate: "expired",
        authority: Some("expired-ca.pem"),
        said: "certificate expired",
        why: "its certificate has expired",
    },
    Way {
        host: "other.acme.test",
        certificate: "server",
        authority: Some("ca.pem"),
        said: "not valid for name",
        why: "its certificate is of another host",
    },
];

impl Way {
    fn is_good(&self) -> bool {
        self.said.is_empty()
    }

    /// Leads a command to the registry under its name.
    fn leads(&self, registry: SocketAddr, command: &mut Command) {
        let options = FrontOptions {
            certificate: data(&format!("{}.pem", self.certificate)),
            key: data(&format!("{}.key", self.certificate)),
            client_authorities: data("ca.pem"),
        };
        let front = Front::start(registry, &options).expect("it starts");
        // Kubernetes' own client knows the other names of this variable.
        command.env("ALL_PROXY", front.url()).env("NO_PROXY", "127.0.0.1");
        command.args(["--deadline", "20"]).args(authority(self.authority));
    }
}

/// Lets a command reach the world's registry under its name, over TLS, with this authority.
fn through_tls(world: &World, authority: Option<&'static str>, command: &mut Command) {
    Way { authority, ..WAYS[0] }.leads(world.registry.address(), command);
}

/// `--ca-certificates` with the file, or nothing.
fn authority(file: Option<&str>) -> Vec<String> {
    file.map(|file| vec!["--ca-certificates".to_owned(), data(file).into_string()])
        .unwrap_or_default()
}

fn words(report: &Report) -> String {
    serde_json::to_string(report).expect("JSON")
}

#[test]
fn an_artifact_of_a_private_registry_is_judged_when_its_authority_is_named() {
    let world = World::start();
    world.push_signed("healthy");
    for way in WAYS {
        let (host, why) = (way.host, way.why);
        let mut command = world.command();
        command.args(["artifact", &format!("{host}/{REPOSITORY}:latest"), "--registry", host]);
        command.args(["--trust", sigstore().trust_folder().as_str()]);
        command.args(["--github-issuer", sigstore().issuer_url()]);
        way.leads(world.registry.address(), &mut command);
        let (report, exit) = answer(&mut command);
        let verdict = if way.is_good() { Verdict::Verified } else { Verdict::Unknown };
        assert_eq!(report.verdict, verdict, "{why}: {}", words(&report));
        assert_eq!(exit, if way.is_good() { 0 } else { 2 }, "{why}");
        assert!(words(&report).contains(way.said), "{why}: {}", words(&report));
    }
}

/// What is tried in a cluster brings the authority along, as its controller has no other way to it.
#[test]
fn controls_are_tried_in_a_cluster_when_the_authority_of_their_registry_is_named() {
    for way in WAYS {
        let why = way.why;
        let (world, plane) = (controls::World::start(), Plane::start());
        world.write_set(|set| {
            let text = set.to_string().replace(&world.registry().to_string(), way.host);
            *set = serde_json::from_str(&text).expect("JSON");
        });
        let led = |flags: &[&str]| {
            let mut command = world.command_at(way.host, flags);
            way.leads(world.registry(), &mut command);
            command
        };
        let words_foretold = match way.is_good() {
            true => foretold_by(&mut led(&["--set", "controls.json"])),
            false => BTreeMap::new(),
        };
        let kubeconfig = plane.kubeconfig();
        // Nobody needs to wait for what proves nothing.
        let time = if way.is_good() { "60" } else { "2" };
        let mut command = led(&flags(kubeconfig.as_str(), &["--timeout", time]));
        let (report, exit) = with_controller(&plane, "", &words_foretold, || answer(&mut command));
        let neighbour = report.findings.iter();
        let refused = neighbour.filter(|one| one.code == Code::ControlNeighbourRefused).count();
        assert_eq!(refused == 0, way.is_good(), "{why}: {:#?}", report.findings);
        assert!(words(&report).contains(way.said), "{why}: {}", words(&report));
        if way.is_good() {
            for control in &report.controls {
                let found = controls::codes(control);
                let odd = [Code::ControlAccepted, Code::ControlRefusedOtherwise];
                assert!(!odd.iter().any(|code| found.contains(code)), "{why}: {found:?}");
                assert!(control.observed.is_some(), "{}: {found:?}", control.name);
            }
        } else {
            assert_eq!((report.verdict, exit), (Verdict::Unknown, 2), "{why}");
            let proven = report.controls.iter().filter(|one| one.verdict == Verdict::Verified);
            assert_eq!(proven.count(), 0, "{why}");
        }
        nothing_is_left(&plane);
    }
}

/// Waiting asks no registry; what explains a failure does.
#[test]
fn a_lasting_refusal_is_explained_when_the_authority_of_the_registry_is_named() {
    std::thread::scope(|scope| {
        for way in WAYS {
            scope.spawn(move || {
                let why = way.why;
                let estate = Estate::healthy();
                let digest = estate.world.push("unsigned");
                let url = format!("oci://{}/{REPOSITORY}", way.host);
                let mut spec = spec(&url, Some(estate.block()));
                spec["certSecretRef"] = json!({"name": "ca"});
                estate.plane.delete(&estate::path());
                estate.plane.source("flux-system", "flux-system", spec);
                let status = refused(&digest, "no signatures found");
                estate.plane.status("flux-system", "flux-system", status);
                let mut command = estate.plane.verifier(&["wait", "flux-system/flux-system"]);
                command.args(["--digest", &digest, "--timeout", "40"]);
                way.leads(estate.world.registry.address(), &mut command);
                let (report, exit) = answer(&mut command);
                assert_eq!((report.verdict, exit), (Verdict::Refused, 1), "{why}");
                let hint = report.sources[0].findings[0].hint.as_deref().unwrap_or_default();
                let expected = if way.is_good() { "(no-signatures)" } else { "cannot be said" };
                assert!(hint.contains(expected) && hint.contains(way.said), "{why}: {hint}");
            });
        }
    });
}

/// Which of the two the source has, and which the command line.
#[test]
fn a_source_is_predicted_with_the_authorities_that_its_secret_holds() {
    let world = World::start();
    push_signed(&world);
    let lent = "asked without the additional certificate authorities";
    let own = "asked with the certificate authorities of its `certSecretRef`";
    let stands_in = "in the place of its `certSecretRef`";
    for (secret, ours, verdict, said, why) in [
        (Some(Some("ca.pem")), Some("ca.pem"), Verdict::Verified, "", "both have it"),
        (None, Some("ca.pem"), Verdict::Unknown, lent, "the source has none"),
        (
            Some(Some("other-ca.pem")),
            Some("ca.pem"),
            Verdict::Unknown,
            own,
            "the source's is wrong",
        ),
        (None, None, Verdict::Unknown, "certificate", "nobody has any"),
        (Some(None), Some("other-ca.pem"), Verdict::Unknown, stands_in, "not looked at, and wrong"),
    ] {
        let text = source(&world, |text| {
            let address = world.registry.address().to_string();
            let text = text.replace(&address, HOST);
            match secret {
                Some(_) => text.replace("  verify:", "  certSecretRef: {name: ca}\n  verify:"),
                None => text,
            }
        });
        let text = match secret.flatten() {
            Some(file) => format!("{text}---\n{}", authorities("flux-system", file)),
            None => text,
        };
        std::fs::write(world.path("source.yaml"), text).expect("it is written");
        let mut command = world.command();
        command.args(["predict", "--file", "source.yaml", "--registry", HOST]);
        command.args(["--trust", sigstore().trust_folder().as_str()]);
        command.args(["--github-issuer", sigstore().issuer_url()]);
        through_tls(&world, ours, &mut command);
        let (report, _) = answer(&mut command);
        assert_eq!(report.verdict, verdict, "{why}: {}", words(&report));
        assert!(words(&report).contains(said), "{why}: {}", words(&report));
        assert_eq!(
            report.sources[0].predicted.as_ref().is_some_and(|one| one.undecided.is_none()),
            verdict == Verdict::Verified,
            "{why}"
        );
    }
}

fn authorities(namespace: &str, file: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "ca", "namespace": namespace},
        "stringData": {"ca.crt": pem(file)},
    })
}

/// The same of a cluster, whose Secrets of connections are not read: ours stand in for them.
#[test]
fn a_cluster_is_green_only_where_its_sources_name_the_authority_that_we_have() {
    let lent = "asked without the additional certificate authorities";
    for (named, ours, verdict, said, why) in [
        (true, Some("ca.pem"), Verdict::Verified, "", "it names one"),
        (false, Some("ca.pem"), Verdict::Unknown, lent, "it names none"),
        (true, Some("other-ca.pem"), Verdict::Unknown, "certificate", "ours is another one"),
        (true, None, Verdict::Unknown, "certificate", "we have none"),
    ] {
        let estate = Estate::healthy();
        let url = format!("oci://{HOST}/acme/platform/manifests");
        let mut spec = spec(&url, Some(estate.block()));
        if named {
            spec["certSecretRef"] = json!({"name": "ca"});
        }
        estate.plane.delete(&estate::path());
        estate.plane.source("flux-system", "flux-system", spec);
        estate.plane.status("flux-system", "flux-system", running(&estate.digest));
        let mut command = estate.plane.verifier(&["cluster", "--environment", "local"]);
        command.args(["--registry", HOST, "--github-issuer", sigstore().issuer_url()]);
        command.args(["--trust", sigstore().trust_folder().as_str()]);
        through_tls(&estate.world, ours, &mut command);
        let (report, _) = answer(&mut command);
        assert_eq!(report.verdict, verdict, "{why}: {}", words(&report));
        assert!(words(&report).contains(said), "{why}: {}", words(&report));
        let undecided = report.sources[0].findings.iter();
        let undecided = undecided.filter(|one| one.code == Code::PredictionUndecided).count();
        assert_eq!(undecided == 0, verdict == Verdict::Verified, "{why}");
    }
}
