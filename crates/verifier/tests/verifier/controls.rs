//! Negative controls against locks that are closed, open, and shut for everybody.

use std::net::SocketAddr;

use assert_cmd::Command;
use camino::{Utf8Path, Utf8PathBuf};
use sealwright_devstack::controls::ControlSet;
use sealwright_devstack::sigstore::Mint;
use sealwright_devstack::{DevStack, Options};
use sealwright_policy::control_report::ControlReport;
use sealwright_policy::{Code, Report, Verdict};
use serde_json::{Value, json};

use crate::estate::layer;
use crate::world::{
    BUNDLE, OCI_MANIFEST, PROVENANCE, REPOSITORY, SIGNATURE, answer, descriptor, statement,
};

const INTO: &str = "acme/platform/controls";

/// A dev stack with a good artifact, its controls, and configurations.
pub(crate) struct World {
    stack: DevStack,
    folder: tempfile::TempDir,
    good: String,
    pub(crate) set: ControlSet,
}

impl World {
    pub(crate) fn start() -> Self {
        let stack = DevStack::start(Options { control: true, ..Options::default() });
        let stack = stack.expect("it starts");
        let digest = publish(&stack);
        let good = format!("{}/{REPOSITORY}@{digest}", stack.endpoints().registry);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let set = runtime.expect("a runtime").block_on(sealwright_devstack::controls::push(
            stack.endpoints(),
            &good,
            INTO,
        ));
        let folder = tempfile::tempdir().expect("a folder");
        let world = Self { stack, folder, good, set: set.expect("they are made") };
        world.write_set(|_| {});
        world.configure("repository: acme/platform, workflow: cd.yaml, refs: [refs/heads/main]");
        world
    }

    pub(crate) fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.folder.path()).expect("UTF-8").join(name)
    }

    pub(crate) fn write_set(&self, change: impl FnOnce(&mut Value)) {
        let mut set = serde_json::to_value(&self.set).expect("JSON");
        change(&mut set);
        std::fs::write(self.path("controls.json"), set.to_string()).expect("it is written");
    }

    /// Who may sign.
    pub(crate) fn configure(&self, github: &str) {
        let text = format!(
            "apiVersion: sealwright.dev/v1alpha1\nkind: SupplyChain\n\
             signers: {{cd: {{github: {{{github}}}}}}}\n\
             artifacts: {{manifests: {{repository: ghcr.io/{REPOSITORY}, signers: [cd], evidence: [signature, provenance]}}}}\n"
        );
        std::fs::write(self.path("sealwright.yaml"), text).expect("it is written");
    }

    /// Where the registry is.
    pub(crate) fn registry(&self) -> SocketAddr {
        self.stack.registry().address()
    }

    pub(crate) fn command(&self, flags: &[&str]) -> Command {
        self.command_at(&self.stack.endpoints().registry, flags)
    }

    /// The same where the registry has another name.
    pub(crate) fn command_at(&self, registry: &str, flags: &[&str]) -> Command {
        let endpoints = self.stack.endpoints();
        let mut command = Command::cargo_bin("sealwright-verifier").expect("it is built");
        command.env_clear().current_dir(self.folder.path());
        command.args(["controls", "--registry", registry]);
        command.args(["--trust", endpoints.trust.as_str(), "--github-issuer", &endpoints.issuer]);
        command.args(flags);
        command
    }

    fn try_set(&self) -> (Report, i32) {
        answer(&mut self.command(&["--set", "controls.json"]))
    }
}

/// An artifact with signature and provenance of the default run.
fn publish(stack: &DevStack) -> String {
    let registry = stack.registry();
    let blob = |bytes: &[u8]| {
        let digest = registry.add_blob(REPOSITORY, bytes.to_vec()).expect("it is taken");
        digest.as_str().to_owned()
    };
    let manifest = |json: &Value| {
        let bytes = json.to_string().into_bytes();
        let digest = registry.add_manifest(REPOSITORY, None, OCI_MANIFEST, bytes);
        digest.expect("it is taken").as_str().to_owned()
    };
    let contents = layer();
    let (config, layer) = (blob(b"{}"), blob(&contents));
    let artifact = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.cncf.flux.config.v1+json", &config, 2),
        "layers": [descriptor("application/vnd.cncf.flux.content.v1.tar+gzip", &layer, contents.len())],
    });
    let digest = manifest(&artifact);
    for kind in [SIGNATURE, PROVENANCE] {
        let mint = Mint::new(statement(&digest, kind));
        let bundle = stack.sigstore().mint(&mint).expect("it is minted");
        manifest(&json!({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": BUNDLE,
            "config": descriptor("application/vnd.oci.empty.v1+json", &config, 2),
            "layers": [descriptor(BUNDLE, &blob(&bundle), bundle.len())],
            "subject": descriptor(OCI_MANIFEST, &digest, artifact.to_string().len()),
        }));
    }
    digest
}

pub(crate) fn control<'a>(report: &'a Report, name: &str) -> &'a ControlReport {
    let found = report.controls.iter().find(|control| control.name == name);
    found.unwrap_or_else(|| panic!("no control {name}"))
}

pub(crate) fn codes(control: &ControlReport) -> Vec<Code> {
    control.findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn the_judge_refuses_each_control_for_its_own_reason_and_accepts_the_neighbour() {
    let world = World::start();
    let (report, _) = world.try_set();
    assert_eq!(report.controls.len(), world.set.controls.len());
    for control in &report.controls {
        // What only a comparison of digests tells.
        let sound = ["tampered-layer", "rolled-back"].contains(&control.name.as_str());
        let expected = if sound { Verdict::Verified } else { Verdict::Refused };
        assert_eq!(control.judged, Some(expected), "{}: {:#?}", control.name, control.findings);
        for code in [Code::ControlAccepted, Code::ControlRefusedOtherwise] {
            assert!(!codes(control).contains(&code), "{}: {:#?}", control.name, control.findings);
        }
    }
}

#[test]
fn a_lock_that_lets_somebody_else_in_is_found_out() {
    let world = World::start();
    for (github, accepted) in [
        (
            "repository: stranger/platform, workflow: cd.yaml, refs: [refs/heads/main]",
            "other-repository",
        ),
        (
            "repository: acme/platform, workflow: sealwright-control.yaml, refs: [refs/heads/main]",
            "other-workflow",
        ),
    ] {
        world.configure(github);
        let (report, exit) = world.try_set();
        let open = control(&report, accepted);
        assert!(codes(open).contains(&Code::ControlAccepted), "{accepted}: {:#?}", open.findings);
        assert_eq!((report.verdict, exit), (Verdict::Refused, 1), "{accepted}");
        assert_eq!(open.verdict, Verdict::Refused, "{accepted}");
    }
}

#[test]
fn a_lock_that_is_shut_for_everybody_proves_nothing() {
    let world = World::start();
    world.configure("repository: acme/platform, workflow: cd.yaml, refs: [refs/heads/nobody]");
    let (report, exit) = world.try_set();
    let found: Vec<Code> = report.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(found, [Code::ControlNeighbourRefused], "{:#?}", report.findings);
    assert_eq!((report.verdict, exit), (Verdict::Unknown, 2));
    assert!(report.controls.iter().all(|control| control.verdict != Verdict::Verified));
}

#[test]
fn what_is_not_there_is_not_refused_but_untried() {
    let world = World::start();
    world.write_set(|set| {
        let gone = format!("{}/{INTO}@sha256:{}", world.stack.endpoints().registry, "0".repeat(64));
        set["controls"][0]["reference"] = gone.into();
        // A control that is about something else than it says.
        let unsigned = set["controls"][0]["expectedFinding"].clone();
        set["controls"][1]["expectedFinding"] = unsigned;
        set["notMade"] = json!([
            {"name": "other-log", "does": "It is.", "refusedBy": "both", "reason": "no log"},
        ]);
    });
    let (report, exit) = world.try_set();
    assert_eq!((report.verdict, exit), (Verdict::Unknown, 2));
    for (name, code, why) in [
        ("unsigned", Code::ControlNotRun, "nothing is there: that is no refusal"),
        ("other-repository", Code::ControlRefusedOtherwise, "it proves something else"),
        ("other-log", Code::ControlNotRun, "it could not be made"),
    ] {
        let control = control(&report, name);
        assert!(codes(control).contains(&code), "{why}: {:#?}", control.findings);
        assert_eq!(control.verdict, Verdict::Unknown, "{why}");
    }
}

#[test]
fn a_tag_that_has_moved_on_rolls_nothing_back() {
    let world = World::start();
    let (report, _) = world.try_set();
    assert_eq!(codes(control(&report, "rolled-back"))[0], Code::ControlRollbackUnseen);
    world.write_set(|set| {
        for control in set["controls"].as_array_mut().expect("a list") {
            if control["name"] == "rolled-back" {
                control["tag"] = "another".into();
            }
        }
    });
    let (report, _) = world.try_set();
    assert_eq!(codes(control(&report, "rolled-back"))[0], Code::ControlNotRun);
}

#[test]
fn without_a_signer_what_can_be_made_is_tried_and_the_rest_is_said() {
    let world = World::start();
    let into = format!("{}/acme/platform/staging", world.stack.endpoints().registry);
    let (report, exit) = answer(&mut world.command(&["--from", &world.good, "--into", &into]));
    for (name, judged) in [
        ("unsigned", Some(Verdict::Refused)),
        ("tampered-manifest", Some(Verdict::Refused)),
        ("other-artifact", Some(Verdict::Refused)),
        ("misplaced-verify", Some(Verdict::Refused)),
        ("not-logged", None),
    ] {
        let control = control(&report, name);
        assert_eq!(control.judged, judged, "{name}: {:#?}", control.findings);
        assert!(!codes(control).contains(&Code::ControlAccepted), "{name}");
    }
    assert_eq!((report.verdict, exit), (Verdict::Unknown, 2), "not everything was tried");
}

#[test]
fn questions_that_make_no_sense_are_refused() {
    let world = World::start();
    std::fs::write(world.path("report.json"), "{}").expect("it is written");
    let same = format!("{}/{REPOSITORY}", world.stack.endpoints().registry);
    for (flags, exit, said) in [
        (vec!["--set", "absent.json"], 74, "absent.json"),
        (vec!["--set", "report.json"], 65, "sealwright-devstack controls"),
        (vec!["--set", "controls.json", "--artifact", "shop"], 64, "there are: manifests"),
        (vec!["--set", "controls.json", "--controller", "latest"], 64, "--controller"),
        (vec!["--set", "controls.json", "--environment", "moon"], 64, "no environment moon"),
        (vec!["--from", &world.good, "--into", &same], 64, "a repository of their own"),
        (vec!["--from", "ghcr.io/acme/a:latest", "--into", &same], 64, "by digest"),
        (vec!["--from", &world.good], 64, "--into"),
        (vec!["--live"], 64, "--set"),
    ] {
        let output = world.command(&flags).output().expect("it runs");
        let talk = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(exit), "{flags:?}: {talk}");
        assert!(talk.contains(said), "{flags:?}: {talk}");
    }
}
