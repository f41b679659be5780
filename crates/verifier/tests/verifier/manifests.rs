//! The whole command `manifests` on small repositories.

use std::fs;

use assert_cmd::Command;
use camino::{Utf8Path, Utf8PathBuf};
use sealwright_devstack::sigstore::Mint;
use sealwright_policy::declaration_report::DeclarationState;
use sealwright_policy::{Code, Report, Severity};

use crate::world::*;

const CD: &str = r"^https://github\.com/acme/platform/\.github/workflows/cd\.yaml@refs/heads/main$";
const GITHUB: &str = r"^https://token\.actions\.githubusercontent\.com$";

/// A folder of files.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        for (path, text) in files {
            let path = folder.path(path);
            fs::create_dir_all(path.parent().expect("it has one")).expect("folders");
            fs::write(path, text).expect("it is written");
        }
        folder
    }

    fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.0.path()).expect("UTF-8").join(name)
    }

    /// The command in the folder, with an empty environment: no kubectl either.
    fn command(&self, flags: &[&str]) -> Command {
        let mut command = Command::cargo_bin("sealwright-verifier").expect("it is built");
        command.env_clear().current_dir(self.0.path()).arg("manifests").args(flags);
        command
    }

    fn judge(&self, flags: &[&str]) -> (Report, i32) {
        answer(&mut self.command(flags))
    }

    pub(crate) fn said(&self, flags: &[&str]) -> String {
        let output = self.command(flags).output().expect("it runs");
        let text = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
            text.replace(self.path("").as_str(), "[folder]/")
        };
        let code = output.status.code().expect("it was not killed");
        let (out, talk) = (text(&output.stdout), text(&output.stderr));
        format!("exit code {code}\n--- stdout\n{out}--- stderr\n{talk}")
    }
}

fn source(name: &str, url: &str, subject: &str) -> String {
    source_by(name, url, GITHUB, subject)
}

fn source_by(name: &str, url: &str, issuer: &str, subject: &str) -> String {
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {{name: {name}, namespace: apps}}
spec:
  url: oci://{url}
  verify:
    provider: cosign
    matchOIDCIdentity:
      - issuer: '{issuer}'
        subject: '{subject}'
"
    )
}

fn open(name: &str, url: &str) -> String {
    let source = source(name, url, "x");
    source[..source.find("  verify:").expect("it is there")].to_owned()
}

/// A repository that nobody has looked at yet.
fn unknown() -> Folder {
    let wide = CD.replace("refs/heads/main", ".+");
    Folder::with(&[
        ("k8s/good.yaml", &source("good", "ghcr.io/acme/good", CD)),
        ("k8s/wide.yaml", &source("wide", "ghcr.io/acme/wide", &wide)),
        ("k8s/dots.yaml", &source("dots", "ghcr.io/acme/dots", "https://github.com/acme/.*")),
        (
            "k8s/open.yaml",
            &format!("{}---\n{}", open("a", "ghcr.io/acme/a"), open("b", "ghcr.io/acme/b")),
        ),
        (
            "k8s/bare.yaml",
            &format!("{}  verify: {{provider: cosign}}\n", open("bare", "ghcr.io/acme/bare")),
        ),
    ])
}

/// Codes of what is louder than a warning, in the report's order.
fn loud(report: &Report) -> Vec<Code> {
    let declared = report.declarations.iter().flat_map(|one| &one.findings);
    let all = report.findings.iter().chain(declared);
    all.filter(|one| one.severity > Severity::Warning).map(|one| one.code).collect()
}

#[test]
fn a_stranger_sees_who_may_sign_and_the_worst_holes() {
    let mut settings = snapshots();
    settings.add_filter("sealwright-verifier [0-9.]+", "sealwright-verifier [version]");
    settings.bind(|| {
        insta::assert_snapshot!("manifests_help", unknown().said(&["--help"]));
        insta::assert_snapshot!("manifests_unknown", unknown().said(&[]));
        insta::assert_snapshot!("manifests_junit", unknown().said(&["--format", "junit"]));
    });
}

#[test]
fn code_scanning_is_told_the_line_of_the_matcher() {
    let output = unknown().command(&["--format", "sarif"]).output().expect("it runs");
    let sarif: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let wide = results
        .iter()
        .find(|one| one["ruleId"] == "SW9004" && one.to_string().contains("wide.yaml"));
    let place = &wide.expect("it is there")["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "k8s/wide.yaml");
    assert_eq!(
        (&place["region"]["startLine"], &place["region"]["startColumn"]),
        (&10.into(), &18.into())
    );
}

#[test]
fn the_configuration_in_the_folder_measures() {
    let world = World::start();
    let config = fs::read_to_string(world.path("sealwright.yaml")).expect("it is there");
    let of = |subject: &str| source("app", "ghcr.io/acme/proven", subject);
    for (text, expected, exit, why) in [
        (of(CD), vec![], 0, "what is rendered"),
        (
            of(&CD.replace("main", "next")),
            vec![Code::PatternOpenRef, Code::PatternKeepsOut],
            1,
            "another branch",
        ),
        (open("app", "ghcr.io/acme/proven"), vec![Code::OrganisationUnverified], 1, "no block"),
    ] {
        let folder = Folder::with(&[("sealwright.yaml", &config), ("k8s/app.yaml", &text)]);
        let (report, code) = folder.judge(&[]);
        assert_eq!((loud(&report), code), (expected, exit), "{why}: {report:#?}");
    }
    let folder = Folder::with(&[("sealwright.yaml", "kind: SupplyChain\n"), ("a.yaml", &of(CD))]);
    assert!(folder.said(&[]).starts_with("exit code 65\n"), "a broken one is not left aside");
}

#[test]
fn a_baseline_adopts_what_is_there_and_nothing_new() {
    let folder = unknown();
    let (_, code) = folder.judge(&["--write-baseline", "baseline.json"]);
    assert_eq!(code, 1, "what is written down is still told");
    let flags = ["--baseline", "baseline.json"];
    let (report, code) = folder.judge(&flags);
    assert_eq!((loud(&report), code), (vec![], 0), "{report:#?}");
    let adopted = report.findings.iter().any(|one| one.code == Code::FindingsAdopted);
    assert!(adopted, "it is said how many");

    // The same mistake, moved to another line and file.
    let wide = fs::read_to_string(folder.path("k8s/wide.yaml")).expect("it is there");
    fs::remove_file(folder.path("k8s/wide.yaml")).expect("it was there");
    fs::write(folder.path("k8s/moved.yaml"), format!("# moved\n{wide}")).expect("written");
    assert_eq!(folder.judge(&flags).1, 0, "moving a file is nothing new");

    let more = source("new", "ghcr.io/acme/new", "https://github.com/acme/.*");
    fs::write(folder.path("k8s/new.yaml"), more).expect("written");
    let (report, code) = folder.judge(&flags);
    assert_eq!(code, 1);
    assert!(loud(&report).contains(&Code::PatternOpenRef), "{report:#?}");

    for file in ["new.yaml", "moved.yaml"] {
        fs::remove_file(folder.path("k8s").join(file)).expect("it was there");
    }
    let (report, code) = folder.judge(&flags);
    assert_eq!((loud(&report), code), (vec![Code::SourcesFewer], 1), "a source is gone");
    assert!(report.findings.iter().any(|one| one.code == Code::BaselineStale), "and told");
}

#[test]
fn a_source_that_nothing_verifies_is_no_clean_answer() {
    let folder = Folder::with(&[("k8s/open.yaml", &open("a", "ghcr.io/acme/a"))]);
    let (report, code) = folder.judge(&["--write-baseline", "baseline.json"]);
    assert_eq!((loud(&report), code), (vec![Code::SourceOpen], 2), "nobody says that it may");
    let output = folder.command(&["--format", "junit"]).output().expect("it runs");
    let junit = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(junit.contains("errors=\"1\""), "{junit}");
    let (report, code) = folder.judge(&["--baseline", "baseline.json"]);
    assert_eq!((loud(&report), code), (vec![], 0), "the baseline says that it may");
    fs::write(folder.path("k8s/more.yaml"), open("b", "ghcr.io/acme/b")).expect("written");
    let (report, code) = folder.judge(&["--baseline", "baseline.json"]);
    assert_eq!((loud(&report), code), (vec![Code::SourceOpen], 2), "not of another");
    let closed = Folder::with(&[("k8s/a.yaml", &source("a", "ghcr.io/acme/a", CD))]);
    assert_eq!(closed.judge(&[]).1, 0, "it is verified");
}

#[test]
fn what_was_not_read_is_told_and_the_rest_judged() {
    let folder = Folder::with(&[
        ("k8s/good.yaml", &source("good", "ghcr.io/acme/good", CD)),
        ("k8s/broken.yaml", "kind: OCIRepository\nspec: {verify: [\n"),
        (".git/hidden.yaml", &open("hidden", "ghcr.io/acme/hidden")),
        ("node_modules/x/y.yaml", &open("installed", "ghcr.io/acme/installed")),
        (".hidden/seen.yaml", &open("seen", "ghcr.io/acme/seen")),
        ("cache/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n"),
        ("cache/x.yaml", &open("cached", "ghcr.io/acme/cached")),
        ("k8s/binary.yaml", "\0\0\0kind: OCIRepository"),
    ]);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/", folder.path("k8s/out")).expect("a link");
        std::os::unix::fs::symlink(folder.path("k8s"), folder.path("k8s/loop")).expect("a link");
    }
    let (report, _) = folder.judge(&[]);
    let objects: Vec<&str> = report.declarations.iter().map(|one| one.object.as_str()).collect();
    assert_eq!(objects, ["OCIRepository apps/good", "OCIRepository apps/seen"]);
    let told: Vec<(Code, Option<&str>)> =
        report.findings.iter().map(|one| (one.code, one.place.file.as_deref())).collect();
    if cfg!(unix) {
        assert!(told.contains(&(Code::TreeLinkOutside, Some("k8s/out"))), "{told:?}");
        assert!(!told.iter().any(|(_, file)| *file == Some("k8s/loop")), "{told:?}");
    }
}

#[test]
fn an_empty_answer_is_no_clean_one() {
    let folder = Folder::with(&[("README.md", "nothing\n")]);
    let (report, code) = folder.judge(&[]);
    assert_eq!((loud(&report), code), (vec![Code::TreeEmpty], 2));
    assert!(folder.said(&["absent"]).starts_with("exit code 74\n"));
    assert!(folder.said(&["README.md"]).starts_with("exit code 74\n"));
    assert!(folder.said(&["--baseline", "README.md"]).starts_with("exit code 65\n"));
}

#[test]
fn a_fix_is_shown_and_then_made_and_is_gone() {
    let slip = CD.replacen('^', "", 1);
    let wrong = source("app", "ghcr.io/acme/app", &slip).replace('\n', "\r\n");
    let right = source("app", "ghcr.io/acme/app", CD).replace('\n', "\r\n");
    let commented = |text: &str| text.replace("spec:", "# kept\r\nspec: # too");
    let wide = source("wide", "ghcr.io/acme/wide", &CD.replace("refs/heads/main", ".+"));
    let (wrong, right) = (commented(&wrong), commented(&right));
    let folder = Folder::with(&[("k8s/app.yaml", &wrong), ("k8s/wide.yaml", &wide)]);
    let read = |name: &str| fs::read_to_string(folder.path(name)).expect("it is there");

    let (before, _) = folder.judge(&[]);
    let all = before.declarations.iter().flat_map(|one| &one.findings);
    assert!(all.clone().any(|one| one.code == Code::PatternNotAnchored), "{before:#?}");
    let shown = folder.said(&["--fix"]);
    let diff = format!("-        subject: '{slip}'\r\n+        subject: '{CD}'\r\n");
    assert!(shown.contains(&diff), "{shown}");
    assert!(!shown.contains("wide.yaml\n+++"), "what is open may be meant: {shown}");
    assert_eq!(read("k8s/app.yaml"), wrong, "shown is not done");

    let written = folder.said(&["--fix", "--write"]);
    assert!(written.contains("k8s/app.yaml:11: anchored"), "{written}");
    assert_eq!((read("k8s/app.yaml"), read("k8s/wide.yaml")), (right, wide), "that and no more");
    let (after, code) = folder.judge(&[]);
    assert_eq!((loud(&after), code), (vec![Code::PatternOpenRef], 1), "only what was left");
    let again = folder.said(&["--fix", "--write"]);
    assert!(again.contains("nothing can be mended mechanically"), "{again}");
    assert!(folder.said(&["--write"]).starts_with("exit code 64\n"), "only with --fix");
}

/// A kubectl that says and does what it is told.
#[cfg(unix)]
fn kubectl(folder: &Folder, script: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.path("bin/kubectl");
    fs::create_dir_all(folder.path("bin")).expect("a folder");
    fs::write(&path, format!("#!/bin/sh\n[ \"$2\" = --help ] && exit 0\n{script}\n"))
        .expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it runs");
    folder.path("bin").into_string()
}

#[cfg(unix)]
#[test]
fn overlays_are_rendered_where_kubectl_is() {
    let folder = Folder::with(&[
        ("base/source.yaml", &source("app", "ghcr.io/acme/app", CD)),
        ("base/kustomization.yaml", "resources: [source.yaml]\n"),
        ("prod/kustomization.yaml", "resources: [../base]\npatches: [{path: patch.yaml}]\n"),
        ("prod/patch.yaml", "[]\n"),
        (
            "remote/kustomization.yaml",
            "resources: [../base, 'https://git.example/x?ref=v1']\npatches: []\n",
        ),
        ("plain/kustomization.yaml", "resources: [../base]\n"),
        ("rendered", &open("app", "ghcr.io/acme/app")),
        ("rendered-same", &source("app", "ghcr.io/acme/app", CD)),
    ]);
    for (script, expected, why) in [
        ("exec /bin/cat rendered-same", vec![], "nothing changes"),
        ("exec /bin/cat rendered", vec![Code::SourceOpen], "the patch takes the lock away"),
        ("echo broken >&2; exit 1", vec![Code::OverlayNotRendered], "kustomize refuses"),
    ] {
        let path = kubectl(&folder, script);
        let (report, _) = answer(folder.command(&[]).env("PATH", &path));
        let declared = report.declarations.iter().flat_map(|one| &one.findings);
        let of_prod = declared.chain(&report.findings).filter(|one| {
            one.severity >= Severity::Warning
                && one.place.file.as_deref() == Some("prod/kustomization.yaml")
        });
        let of_prod: Vec<Code> = of_prod.map(|one| one.code).collect();
        assert_eq!(of_prod, expected, "{why}: {report:#?}");
        let remote = report.findings.iter().find(|one| one.message.contains("https://git.example"));
        assert_eq!(remote.expect("it is told").code, Code::OverlayNotRendered);
    }
    let (report, _) = folder.judge(&[]);
    let missing =
        report.findings.iter().filter(|one| one.message.contains("kubectl cannot be run"));
    assert_eq!(missing.count(), 1, "it is said once that nothing was rendered");
}

/// A policy of Kyverno that is enforced as its file says.
const POLICY: &str = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: images}\n\
     spec:\n  validationFailureAction: Enforce\n  rules:\n  - name: signed\n    \
     match: {any: [{resources: {kinds: [Pod]}}]}\n    verifyImages:\n    \
     - imageReferences: ['ghcr.io/acme/*']\n      attestors:\n      - entries:\n        \
     - keyless: {issuer: 'https://token.actions.githubusercontent.com', subject: 'https://github.com/acme/platform/.github/workflows/cd.yaml@refs/heads/main'}\n";

#[cfg(unix)]
#[test]
fn a_policy_that_an_overlay_turns_off_is_known_whether_it_was_rendered_or_not() {
    let patch =
        |word| format!("[{{op: replace, path: /spec/validationFailureAction, value: {word}}}]\n");
    let (same, audits) = (patch("Enforce"), patch("Audit"));
    let rendered = POLICY.replace("Enforce", "Audit");
    let folder = |patch: &str| {
        Folder::with(&[
            ("base/policy.yaml", POLICY),
            ("base/kustomization.yaml", "resources: [policy.yaml]\n"),
            (
                "dev/kustomization.yaml",
                "resources: [../base]\npatches: [{path: patch.yaml, target: {kind: ClusterPolicy}}]\n",
            ),
            ("dev/patch.yaml", patch),
            ("rendered", &rendered),
            ("rendered-same", POLICY),
        ])
    };
    let warns = Code::EnforcementWarns;
    for (patch, script, expected, exit, why) in [
        (&same, Some("exec /bin/cat rendered-same"), false, 0, "it stays as it is"),
        (&same, None, false, 0, "that is known on paper"),
        (&same, Some("exec /bin/cat rendered"), true, 1, "by something else"),
        (&audits, Some("exec /bin/cat rendered"), true, 1, "it only warns in the end"),
        (&audits, Some("exit 1"), true, 1, "kustomize refuses"),
        (&audits, None, true, 1, "no kubectl is there"),
    ] {
        let folder = folder(patch);
        let mut command = folder.command(&[]);
        if let Some(script) = script {
            command.env("PATH", kubectl(&folder, script));
        }
        let (report, code) = answer(&mut command);
        // Of the slips that the policy has, with or without its overlay, nothing is asked here.
        let told = loud(&report).contains(&warns);
        assert_eq!((told, code), (expected, exit), "{why}: {report:#?}");
    }
}

/// Asks the dev registry, trusting the dev Sigstore.
fn observed(world: &World, issuer: &str, subject: &str) -> (Report, i32) {
    observed_at(world, issuer, subject, "")
}

/// The same for a source with a `ref`.
fn observed_at(world: &World, issuer: &str, subject: &str, reference: &str) -> (Report, i32) {
    let repository = format!("{}/{REPOSITORY}", world.registry.address());
    fs::create_dir_all(world.path("k8s")).expect("a folder");
    let text = source_by("app", &repository, issuer, subject);
    let text = text.replace("  verify:\n", &format!("{reference}  verify:\n"));
    fs::write(world.path("k8s/app.yaml"), text).expect("written");
    let mut command = world.command();
    command.args(["manifests", "k8s", "--observe"]);
    command.args(["--trust", sigstore().trust_folder().as_str()]);
    answer(&mut command)
}

#[test]
fn a_matcher_must_accept_somebody_who_really_signed() {
    let issuer = sigstore().issuer_url().replace('.', r"\.");
    let issuer = format!("^{issuer}$");
    let signed = World::start();
    signed.push_signed("signed");
    let unsigned = World::start();
    unsigned.push("unsigned");
    let rubbish = World::start();
    let digest = rubbish.push("signed by somebody over something else");
    let other = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
    rubbish.attach(&digest, &mint(&Mint::new(statement(other, SIGNATURE))));
    let absent = World::start();
    for (world, subject, expected, exit, why) in [
        (&signed, CD.to_owned(), vec![], 0, "who signed is accepted"),
        (&signed, CD.replace("cd", "dr"), vec![Code::ObservedKeptOut], 1, "another file signed"),
        (&unsigned, CD.to_owned(), vec![Code::ObservedNothing], 1, "nothing seen is no pass"),
        (&rubbish, CD.to_owned(), vec![Code::ObservedNothing], 1, "a signature that does not hold"),
        (&absent, CD.to_owned(), vec![Code::ObservedUnknown], 2, "no such tag"),
    ] {
        let (report, code) = observed(world, &issuer, &subject);
        // That the dev Sigstore is spoken to without TLS is nobody's mistake here.
        let loud: Vec<Code> =
            loud(&report).into_iter().filter(|one| one.entry().id >= "SW9130").collect();
        assert_eq!((loud, code), (expected, exit), "{why}: {report:#?}");
    }
}

#[test]
fn what_a_source_follows_is_what_is_asked_for() {
    let issuer = format!("^{}$", sigstore().issuer_url().replace('.', r"\."));
    let world = World::start();
    let signed = world.push_chart("v1", b"signed");
    world.attach(&signed, &mint(&Mint::new(statement(&signed, SIGNATURE))));
    let unsigned = world.push("nobody has signed the latest");
    for (reference, expected, exit, why) in [
        ("  ref: {tag: v1}\n", vec![], 0, "its tag is signed, whatever the latest is"),
        ("", vec![Code::ObservedNothing], 1, "without a reference it is the latest"),
        ("  ref: {tag: latest}\n", vec![Code::ObservedNothing], 1, "the other tag"),
        (&format!("  ref: {{digest: '{signed}'}}\n"), vec![], 0, "by digest"),
        (
            &format!("  ref: {{tag: v1, digest: '{unsigned}'}}\n"),
            vec![Code::ObservedNothing],
            1,
            "the digest wins",
        ),
        ("  ref: {tag: v2}\n", vec![Code::ObservedUnknown], 2, "there is no such tag"),
        (
            "  ref: {semver: '${RANGE}'}\n",
            vec![Code::ObservedUnknown],
            2,
            "a range that is not told",
        ),
        ("  ref: {tag: '${TAG}'}\n", vec![Code::ObservedUnknown], 2, "a template"),
    ] {
        let (report, code) = observed_at(&world, &issuer, CD, reference);
        let loud: Vec<Code> =
            loud(&report).into_iter().filter(|one| one.entry().id >= "SW9130").collect();
        assert_eq!((loud, code), (expected, exit), "{why}: {report:#?}");
    }
    let (report, _) = observed_at(&world, &issuer, CD, "  ref: {semver: '${RANGE}'}\n");
    let told = report.declarations[0].findings.iter().map(|one| one.message.as_str());
    assert!(told.into_iter().any(|one| one.contains("not resolved")), "{report:#?}");
}

#[test]
fn a_range_comes_to_the_tag_that_flux_would_take() {
    let issuer = format!("^{}$", sigstore().issuer_url().replace('.', r"\."));
    let world = World::start();
    let signed = world.push_chart("v1.2.0", b"signed");
    world.attach(&signed, &mint(&Mint::new(statement(&signed, SIGNATURE))));
    world.push_chart("v1.1.0", b"an older one that nobody signed");
    let unsigned = world.push_chart("v2.0.0", b"nobody has signed the highest");
    let nothing = vec![Code::ObservedNothing];
    for (reference, expected, exit, why) in [
        ("{semver: 1.x}", vec![], 0, "the highest in it is signed, whatever the others are"),
        ("{semver: '>=1'}", nothing.clone(), 1, "the highest in it is not"),
        (
            "{semver: '>=1', semverFilter: '^v1'}",
            vec![],
            0,
            "of those that the filter lets through",
        ),
        (
            "{semver: '>=1', semverFilter: '0$'}",
            nothing.clone(),
            1,
            "a filter that lets all through",
        ),
        ("{semver: 1.x, tag: v2.0.0}", vec![], 0, "a range wins over a tag"),
        (
            &format!("{{semver: 1.x, digest: '{unsigned}'}}"),
            nothing.clone(),
            1,
            "a digest wins over a range",
        ),
        ("{semver: 3.x}", nothing.clone(), 1, "no tag is in it: Flux delivers nothing"),
        ("{semver: newest}", nothing, 1, "Flux reads no such range"),
    ] {
        let reference = format!("  ref: {reference}\n");
        let (report, code) = observed_at(&world, &issuer, CD, &reference);
        let loud: Vec<Code> =
            loud(&report).into_iter().filter(|one| one.entry().id >= "SW9130").collect();
        assert_eq!((loud, code), (expected, exit), "{why}: {report:#?}");
    }
    let empty = World::start();
    let (report, code) = observed_at(&empty, &issuer, CD, "  ref: {semver: 1.x}\n");
    assert!(loud(&report).contains(&Code::ObservedUnknown), "no such repository: {report:#?}");
    assert_eq!(code, 2);
}

#[test]
fn observation_names_who_signed() {
    let world = World::start();
    world.push_signed("signed");
    let issuer = format!("^{}$", sigstore().issuer_url().replace('.', r"\."));
    let (report, _) = observed(&world, &issuer, CD);
    let declaration = &report.declarations[0];
    assert_eq!(declaration.state, DeclarationState::NoSlip);
    assert_eq!(declaration.observed.len(), 1);
    assert!(declaration.observed[0].contains("/acme/platform/.github/workflows/cd.yaml@"));
    assert!(report.trust.is_some(), "whose signatures counted is said");
}
