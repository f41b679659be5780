//! `manifests` on trees that nobody should have made: each is one finding that names the file, the
//! rest is still judged, and the answer is never Verified.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use sealwright_policy::{Code, Report, Severity, Verdict};

const GOOD: &str = r"apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: good, namespace: apps}
spec:
  url: oci://ghcr.io/acme/good
  verify:
    provider: cosign
    matchOIDCIdentity:
      - issuer: ^https://token\.actions\.githubusercontent\.com$
        subject: ^https://github\.com/acme/good/\.github/workflows/cd\.yaml@refs/heads/main$
";
/// Address space of the command, in KiB: it is never needed, and more is a crash and no answer.
#[cfg(target_os = "linux")]
const MEMORY_KIB_MAX: u64 = 2 << 20;
/// Time for any of these trees, in a build without optimisations on a busy machine.
const TIME_MAX: Duration = Duration::from_secs(60);

pub(crate) struct Tree(tempfile::TempDir);

impl Tree {
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// With a healthy source beside whatever is wrong.
    fn new() -> Self {
        let tree = Self::empty();
        tree.write("k8s/good.yaml", GOOD);
        tree
    }

    pub(crate) fn path(&self, path: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.0.path()).expect("UTF-8").join(path)
    }

    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }

    /// The command in the tree, with nothing around it and little memory.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let binary = assert_cmd::cargo::cargo_bin("sealwright-verifier");
        #[cfg(target_os = "linux")]
        let mut command = {
            let limited = format!("ulimit -v {MEMORY_KIB_MAX}; exec \"$0\" \"$@\"");
            let mut command = Command::new("/bin/sh");
            command.args(["-c", &limited]).arg(binary);
            command
        };
        #[cfg(not(target_os = "linux"))]
        let mut command = Command::new(binary);
        command.env_clear().current_dir(self.path("")).args(words);
        command
    }

    fn judge(&self) -> Report {
        report(self.command(&["manifests"]))
    }

    /// What is told besides notes: code, and place.
    fn told(&self) -> Vec<(Code, String)> {
        told(&self.judge())
    }
}

/// The report of a command, which must come in time and have the exit code of its verdict.
pub(crate) fn report(mut command: Command) -> Report {
    let begun = Instant::now();
    let output = command.args(["--format", "json"]).output().expect("it runs");
    assert!(begun.elapsed() < TIME_MAX, "it took {:?}", begun.elapsed());
    let report: Report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "no report: {error}\n{:?} {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )
    });
    let code = match report.verdict {
        Verdict::Verified => 0,
        Verdict::Refused => 1,
        Verdict::Unknown => 2,
    };
    assert_eq!(output.status.code(), Some(code), "the exit code says so");
    report
}

pub(crate) fn told(report: &Report) -> Vec<(Code, String)> {
    let declared = report.declarations.iter().flat_map(|one| &one.findings);
    let all = report.findings.iter().chain(declared);
    all.filter(|one| one.severity > Severity::Note)
        .map(|one| (one.code, one.place.to_string()))
        .collect()
}

fn is_good_judged(report: &Report) -> bool {
    report.declarations.iter().any(|one| one.object == "OCIRepository apps/good")
}

fn utf16(text: &str, of: fn(u16) -> [u8; 2]) -> Vec<u8> {
    "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(of).collect()
}

#[test]
fn a_file_that_cannot_be_read_is_one_finding_and_the_rest_is_judged() {
    let open = GOOD[..GOOD.find("  verify:").expect("it is there")].replace("good", "open");
    let bomb: String = ('b'..='z').zip('a'..).fold(
        "kind: OCIRepository\na: &a [x, x, x, x, x, x, x, x, x]\n".to_owned(),
        |bomb, (one, other)| format!("{bomb}{one}: &{one} [{}]\n", format!("*{other}, ").repeat(9)),
    );
    let laughs: String =
        (0..30).fold("kind: OCIRepository\nm0: &m0 {a: 1}\n".to_owned(), |all, n| {
            let m = format!("*m{n}, ").repeat(9);
            format!("{all}m{0}: &m{0} {{<<: [{m}], b{0}: [{m}]}}\n", n + 1)
        });
    let long = format!(
        "kind: OCIRepository\na: &a {}\nb:\n{}",
        "x".repeat(1 << 20),
        "- *a\n".repeat(100_000)
    );
    let deep = format!("kind: OCIRepository\na: {}\n", "[".repeat(1_000_000));
    let between = format!("{open}---\nkind: [OCIRepository\n---\n{open}");
    let twice = GOOD
        .replace("good", "twice")
        .replace("  verify:", "  url: oci://ghcr.io/acme/x\n  verify:");
    for (text, code, line, verdict, why) in [
        (bomb, Code::DocumentTooLarge, "7:", Verdict::Unknown, "an alias bomb"),
        (laughs, Code::DocumentTooLarge, "7:", Verdict::Unknown, "merge keys that multiply"),
        (long, Code::DocumentTooLarge, "65:", Verdict::Unknown, "a long text that aliases repeat"),
        (deep, Code::DocumentTooLarge, "2:", Verdict::Unknown, "brackets"),
        (
            "kind: OCIRepository\nspec: {a: \0}\n".to_owned(),
            Code::DocumentUnreadable,
            "2:",
            Verdict::Unknown,
            "a zero",
        ),
        (
            format!("{GOOD}x: {}\0\n", "x".repeat(10_000)),
            Code::DocumentUnreadable,
            "11:",
            Verdict::Unknown,
            "a zero far down",
        ),
        (
            between,
            Code::DocumentUnreadable,
            "7:",
            Verdict::Unknown,
            "a broken document between two",
        ),
        (twice, Code::KeyTwice, "6:", Verdict::Verified, "a key that stands twice"),
    ] {
        let tree = Tree::new();
        tree.write("k8s/bad.yaml", &text);
        let report = tree.judge();
        let (open, of_bad): (Vec<_>, Vec<_>) =
            told(&report).into_iter().partition(|(code, _)| *code == Code::SourceOpen);
        assert_eq!(of_bad.len(), 1, "{why}: {of_bad:?}");
        assert_eq!(of_bad[0].0, code, "{why}");
        let place = format!("k8s/bad.yaml:{line}");
        assert!(of_bad[0].1.starts_with(&place), "{why}: {of_bad:?}");
        assert_eq!(report.verdict, verdict, "{why}");
        assert!(is_good_judged(&report), "{why}");
        let beside = if text.contains("acme/open") { 2 } else { 0 };
        assert_eq!(open.len(), beside, "{why}");
    }
}

#[test]
fn the_text_says_it_too() {
    let tree = Tree::new();
    tree.write("k8s/bad.yaml", "kind: OCIRepository\nspec: [\n");
    let output = tree.command(&["manifests"]).output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.contains("SW9101") && text.contains("k8s/bad.yaml:"), "{text}");
    assert!(text.contains("Unknown") && !text.contains("Verified"), "{text}");
    assert_eq!(output.status.code(), Some(2));
}

/// A pattern that takes too long or that Go refuses is one finding where it stands.
#[test]
fn a_hostile_pattern_is_one_finding() {
    let long = "a".repeat(1 << 20);
    let open = "(".repeat(60_000);
    for (subject, code, why) in [
        (format!("'^(a|b){long}$'"), Code::PatternUndecided, "a megabyte"),
        (format!("'{open}'"), Code::PatternInvalid, "brackets that nothing closes"),
        ("'(a{1000}){1000}'".to_owned(), Code::PatternInvalid, "repetitions multiplied"),
        ("'(?=a)b'".to_owned(), Code::PatternInvalid, "a look ahead"),
        ("'(?<!a)b'".to_owned(), Code::PatternInvalid, "a look behind"),
        (r"'(a)\1'".to_owned(), Code::PatternInvalid, "a back-reference"),
        (r#""^a\0b$""#.to_owned(), Code::PatternNeverMatches, "a zero, which no identity has"),
    ] {
        let tree = Tree::new();
        let at = GOOD.find("subject: ").expect("it is there") + "subject: ".len();
        tree.write("k8s/bad.yaml", format!("{}{subject}\n", &GOOD[..at]).replace("good", "bad"));
        let report = tree.judge();
        let told = told(&report);
        assert_eq!(told.len(), 1, "{why}: {told:?}");
        assert_eq!(told[0].0, code, "{why}");
        assert!(told[0].1.starts_with("k8s/bad.yaml:10:"), "{why}: {told:?}");
        assert_ne!(report.verdict, Verdict::Verified, "{why}");
        assert!(is_good_judged(&report), "{why}");
    }
    let tree = Tree::new();
    tree.write("k8s/bad.yaml", [GOOD.as_bytes(), b"# \xff\n"].concat());
    let told = tree.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, Code::DocumentUnreadable, "what is no UTF-8");
}

#[test]
fn what_people_s_editors_write_is_read() {
    for (bytes, why) in [
        (GOOD.replace('\n', "\r\n").into_bytes(), "Windows' ends of lines"),
        (format!("\u{feff}{GOOD}").into_bytes(), "a byte order mark"),
        (utf16(GOOD, u16::to_le_bytes), "UTF-16, as PowerShell writes it"),
        (utf16(GOOD, u16::to_be_bytes), "UTF-16, the other way round"),
        (
            GOOD.replace("OCIRepository", r#""\x4fCIRepository""#).into_bytes(),
            "an escape in the kind",
        ),
        (
            GOOD.replace(
                "OCIRepository",
                r#""\u004fCI\
  Repository""#,
            )
            .into_bytes(),
            "a kind on two lines",
        ),
        (
            GOOD.replace("kind: OCIRepository\n", "x: &k OCIRepository\nkind: *k\n").into_bytes(),
            "an alias for the kind",
        ),
    ] {
        let tree = Tree::new();
        // What others see as tight is here wide, so that it cannot go unnoticed.
        fs::remove_file(tree.path("k8s/good.yaml")).expect("it was there");
        tree.write("k8s/app.yaml", &bytes);
        let report = tree.judge();
        assert!(is_good_judged(&report), "{why}: {:?}", report.findings);
        assert_eq!(report.verdict, Verdict::Verified, "{why}: {:?}", report.findings);
    }
    let tree = Tree::new();
    tree.write("k8s/json.json", r#"{"apiVersion": "source.toolkit.fluxcd.io/v1", "k\u0069nd": "\u004fCIRepository", "metadata": {"name": "open"}, "spec": {"url": "oci:\/\/ghcr.io\/acme\/open"}}"#);
    tree.write("k8s/empty.yaml", "");
    assert_eq!(
        tree.told(),
        [(Code::SourceOpen, "k8s/json.json:1:1 OCIRepository open".to_owned())],
        "JSON's escapes"
    );
}

#[test]
fn a_large_file_is_told_when_anything_in_it_may_matter() {
    let tree = Tree::new();
    let file = |name: &str, size: u64, begin: &str, end: &str| {
        use std::io::{Seek as _, SeekFrom, Write as _};
        tree.write(name, begin);
        let mut file = fs::OpenOptions::new().write(true).open(tree.path(name)).expect("a file");
        file.seek(SeekFrom::Start(size)).expect("it has holes");
        file.write_all(end.as_bytes()).expect("written");
    };
    file("data/numbers.json", 20_000_000, "[1,", "2]");
    file("data/plain.yaml", 20_000_000, "a: 1\n", "\nb: 2\n");
    assert_eq!(tree.told(), [], "data is no manifest");
    file("k8s/first.yaml", 100_000_000, GOOD, "\n");
    file("k8s/last.yaml", 20_000_000, "a: 1\n", GOOD);
    file(
        "hack/verify.sh",
        100_000_000,
        &format!("#!/bin/sh\n{}", "#\n".repeat(5_000)),
        "\ncosign verify ghcr.io/acme/x\n",
    );
    file("logs/verify.log", 100_000_000, "cosign verify\n", "\n");
    let expected = ["hack/verify.sh:1:1", "k8s/first.yaml:1:1", "k8s/last.yaml:1:1"];
    let expected = expected.map(|place| (Code::DocumentTooLarge, place.to_owned()));
    let report = tree.judge();
    let mut told = told(&report);
    told.sort_by(|one, other| one.1.cmp(&other.1));
    assert_eq!(told, expected);
    assert_eq!(report.verdict, Verdict::Unknown);
    assert!(is_good_judged(&report));
}

#[cfg(unix)]
mod unix {
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::os::unix::process::CommandExt as _;
    use std::path::Path;

    use super::*;

    #[test]
    fn links_are_followed_within_the_tree_and_told_out_of_it() {
        let tree = Tree::new();
        let outside = Tree::new();
        let link = |to: &str, at: &str| symlink(to, tree.path(at)).expect("a link");
        link(tree.path("").as_str(), "k8s/loop");
        link("self.yaml", "k8s/self.yaml");
        link("good.yaml", "k8s/same.yaml");
        assert_eq!(
            tree.told(),
            [(Code::TreeLinkOutside, "k8s/self.yaml".to_owned())],
            "a loop of folders is nothing, and one of files is no manifest"
        );
        fs::remove_file(tree.path("k8s/self.yaml")).expect("it was there");
        link(outside.path("k8s/good.yaml").as_str(), "k8s/out.yaml");
        link(outside.path("k8s").as_str(), "k8s/folder");
        link("../gone.txt", "k8s/gone.txt");
        let report = tree.judge();
        let expected = ["k8s/folder", "k8s/out.yaml"];
        let expected = expected.map(|path| (Code::TreeLinkOutside, path.to_owned()));
        let mut told = told(&report);
        told.sort_by(|one, other| one.1.cmp(&other.1));
        assert_eq!(told, expected);
        let note = report.findings.iter().find(|one| one.place.to_string() == "k8s/gone.txt");
        assert_eq!(note.map(|one| one.severity), Some(Severity::Note), "no name of a manifest");
        assert_eq!(report.verdict, Verdict::Unknown);
        assert!(is_good_judged(&report));
    }

    #[test]
    fn what_only_a_link_leads_to_is_read() {
        let open = GOOD[..GOOD.find("  verify:").expect("it is there")].to_owned();
        for (at, link, to, why) in [
            ("data/open.csv", "k8s/open.yaml", "../data/open.csv", "under another name"),
            ("node_modules/x/open.yaml", "k8s/x", "../node_modules/x", "in what was installed"),
            ("cache/open.yaml", "k8s/cache", "../cache", "in a cache"),
        ] {
            let tree = Tree::new();
            tree.write("cache/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n");
            tree.write(at, &open);
            assert_eq!(tree.told(), [], "{why}: not by itself");
            symlink(to, tree.path(link)).expect("a link");
            let told = tree.told();
            assert_eq!(told.len(), 1, "{why}: {told:?}");
            assert_eq!(told[0].0, Code::SourceOpen, "{why}");
            assert!(told[0].1.starts_with(link), "{why}: {told:?}");
            let cache = tree.judge().findings;
            let cache = cache.iter().filter(|one| one.code == Code::TreeFolderPassedOver);
            assert_eq!(cache.count(), 1, "{why}: a cache is told");
        }
    }

    #[test]
    fn what_is_no_plain_file_is_not_waited_for() {
        let tree = Tree::new();
        let fifo = |path: &str| {
            fs::create_dir_all(tree.path(path).parent().expect("a parent")).expect("a folder");
            let made = Command::new("mkfifo").arg(tree.path(path)).status();
            assert!(made.expect("mkfifo").success());
        };
        fifo("k8s/pipe.yaml");
        fifo("k8s/picture.png");
        fifo("below/CACHEDIR.TAG");
        let socket = tree.path("k8s/socket.yaml");
        let _socket = std::os::unix::net::UnixListener::bind(socket).expect("a socket");
        symlink("pipe.yaml", tree.path("k8s/to-pipe.yaml")).expect("a link");
        let report = tree.judge();
        let mut told = told(&report);
        told.sort_by(|one, other| one.1.cmp(&other.1));
        let expected =
            ["below/CACHEDIR.TAG", "k8s/pipe.yaml", "k8s/socket.yaml", "k8s/to-pipe.yaml"];
        assert_eq!(told, expected.map(|path| (Code::TreeUnreadable, path.to_owned())));
        assert!(is_good_judged(&report) && report.verdict == Verdict::Unknown);
    }

    #[test]
    fn a_pattern_on_the_command_line_that_is_no_utf8_is_a_mistake_of_usage() {
        let tree = Tree::new();
        let mut command = tree.command(&["patterns", "--subject"]);
        let output = command.arg(std::ffi::OsStr::from_bytes(b"^\xff$")).output().expect("it runs");
        assert_eq!(output.status.code(), Some(64));
        assert!(String::from_utf8_lossy(&output.stderr).contains("UTF-8"), "and says why");
    }

    #[test]
    fn names_that_are_no_utf8_are_told() {
        let tree = Tree::new();
        let name = |bytes: &[u8]| {
            tree.path("k8s").into_std_path_buf().join(std::ffi::OsStr::from_bytes(bytes))
        };
        if fs::write(name(b"\xff.yaml"), GOOD).is_err() {
            return not_run("names must be UTF-8 here");
        }
        fs::write(name(b"\xff.png"), "").expect("a file");
        fs::create_dir(name(b"\xfe")).expect("a folder");
        let report = tree.judge();
        let mut told = told(&report);
        told.sort_by(|one, other| one.1.cmp(&other.1));
        let expected = ["k8s/\u{fffd}", "k8s/\u{fffd}.yaml"];
        assert_eq!(told, expected.map(|path| (Code::TreeUnreadable, path.to_owned())));
        assert!(is_good_judged(&report) && report.verdict == Verdict::Unknown);
    }

    #[test]
    fn what_is_forbidden_is_told() {
        let tree = Tree::new();
        tree.write("k8s/forbidden.yaml", GOOD);
        tree.write("closed/x.yaml", GOOD);
        tree.write(
            ".github/workflows/cd.yaml",
            "on: push\njobs: {a: {steps: [{run: cosign sign x}]}}\n",
        );
        let mode = |path: &str, mode| {
            fs::set_permissions(tree.path(path), fs::Permissions::from_mode(mode)).expect("a mode");
        };
        mode("", 0o755);
        mode("k8s/forbidden.yaml", 0o000);
        mode("closed", 0o000);
        mode(".github/workflows/cd.yaml", 0o000);
        let mut commands = [tree.command(&["manifests"]), tree.command(&["workflows"])];
        if fs::read(tree.path("k8s/forbidden.yaml")).is_ok() {
            // Nothing is forbidden to root.
            for command in &mut commands {
                command.uid(NOBODY).gid(NOBODY);
            }
            if !nobody_runs(&tree) {
                return not_run("root may read everything, and nobody else may run the command");
            }
        }
        let [manifests, workflows] = commands.map(report);
        let expected = ["k8s/forbidden.yaml", ".github/workflows/cd.yaml", "closed"];
        let expected = expected.map(|path| (Code::TreeUnreadable, path.to_owned()));
        let told_sorted = |report: &Report| {
            let mut told = told(report);
            told.sort_by(|one, other| one.1.cmp(&other.1));
            told
        };
        let mut sorted = expected.to_vec();
        sorted.sort_by(|one, other| one.1.cmp(&other.1));
        assert_eq!(told_sorted(&manifests), sorted);
        assert!(is_good_judged(&manifests) && manifests.verdict == Verdict::Unknown);
        assert!(told(&workflows).contains(&expected[1]), "{:?}", told(&workflows));
        assert_eq!(workflows.verdict, Verdict::Unknown);
        mode("closed", 0o755);
    }

    const NOBODY: u32 = 65_534;

    fn nobody_runs(tree: &Tree) -> bool {
        let mut command = tree.command(&["--version"]);
        command.uid(NOBODY).gid(NOBODY).output().is_ok_and(|output| output.status.success())
    }

    #[allow(clippy::print_stderr, reason = "what could not run is said")]
    fn not_run(why: &str) {
        eprintln!("not run: {why}");
    }

    /// A writer that never stops: what was read is either a whole file, or told to have changed.
    #[test]
    fn a_file_that_changes_while_it_is_read_is_told() {
        let tree = Tree::new();
        let padding = "# padding\n".repeat(500_000);
        tree.write("k8s/moving.yaml", format!("{GOOD}{padding}"));
        let path = tree.path("k8s/moving.yaml").into_std_path_buf();
        let stop = std::sync::atomic::AtomicBool::new(false);
        let seen = std::thread::scope(|scope| {
            scope.spawn(|| append(&path, &stop));
            let seen = (0..20).any(|_| {
                let told = tree.told();
                let changed = [(Code::TreeUnreadable, "k8s/moving.yaml".to_owned())];
                assert!(told.is_empty() || told == changed, "{told:?}");
                !told.is_empty()
            });
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
            seen
        });
        assert!(seen, "it was seen at least once");
        assert_eq!(tree.told(), [], "and when it is at rest it is read");
    }

    fn append(path: &Path, stop: &std::sync::atomic::AtomicBool) {
        use std::io::Write as _;
        let mut file = fs::OpenOptions::new().append(true).open(path).expect("a file");
        while !stop.load(std::sync::atomic::Ordering::Relaxed) {
            file.write_all(b"#\n").expect("written");
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}
