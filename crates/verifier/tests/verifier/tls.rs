//! A registry with a certificate of a private authority. What is judged is asked for with
//! `--ca-certificates`; what is predicted, with the authorities that the controller has, and no others.

use assert_cmd::Command;
use camino::{Utf8Path, Utf8PathBuf};
use sealwright_devstack::front::{Front, FrontOptions};
use sealwright_policy::{Code, Report, Verdict};
use serde_json::{Value, json};

use crate::cluster::Estate;
use crate::plane::{SOURCES, running, spec};
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

/// Lets a command reach the world's registry under its name, over TLS.
fn through_tls(world: &World, command: &mut Command) {
    let options = FrontOptions {
        certificate: data("server.pem"),
        key: data("server.key"),
        client_authorities: data("ca.pem"),
    };
    let front = Front::start(world.registry.address(), &options).expect("it starts");
    // Kubernetes' own client knows the other names of this variable.
    command.env("ALL_PROXY", front.url()).env("NO_PROXY", "127.0.0.1");
    command.args(["--deadline", "20"]);
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
    for (file, verdict, said, why) in [
        (Some("ca.pem"), Verdict::Verified, "", "the authority of its certificate"),
        (None, Verdict::Unknown, "certificate", "none is named"),
        (Some("other-ca.pem"), Verdict::Unknown, "certificate", "another one is named"),
    ] {
        let mut command = world.command();
        command.args(["artifact", &format!("{HOST}/{REPOSITORY}:latest"), "--registry", HOST]);
        command.args(["--trust", sigstore().trust_folder().as_str()]);
        command.args(["--github-issuer", sigstore().issuer_url()]).args(authority(file));
        through_tls(&world, &mut command);
        let (report, exit) = answer(&mut command);
        assert_eq!(report.verdict, verdict, "{why}: {}", words(&report));
        assert_eq!(exit, if verdict == Verdict::Verified { 0 } else { 2 }, "{why}");
        assert!(words(&report).contains(said), "{why}");
    }
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
        command.args(["--github-issuer", sigstore().issuer_url()]).args(authority(ours));
        through_tls(&world, &mut command);
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
    let path = format!("{SOURCES}/namespaces/flux-system/ocirepositories/flux-system");
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
        estate.plane.delete(&path);
        estate.plane.source("flux-system", "flux-system", spec);
        estate.plane.status("flux-system", "flux-system", running(&estate.digest));
        let mut command = estate.plane.verifier(&["cluster", "--environment", "local"]);
        command.args(["--registry", HOST, "--github-issuer", sigstore().issuer_url()]);
        command.args(["--trust", sigstore().trust_folder().as_str()]).args(authority(ours));
        through_tls(&estate.world, &mut command);
        let (report, _) = answer(&mut command);
        assert_eq!(report.verdict, verdict, "{why}: {}", words(&report));
        assert!(words(&report).contains(said), "{why}: {}", words(&report));
        let undecided = report.sources[0].findings.iter();
        let undecided = undecided.filter(|one| one.code == Code::PredictionUndecided).count();
        assert_eq!(undecided == 0, verdict == Verdict::Verified, "{why}");
    }
}
