//! The files of another revision, through git: nothing is checked out, fetched or written.

use std::process::Command;
use std::time::{Duration, Instant};

use camino::Utf8Path;

use crate::program::{Bounds, Unanswered, ask};

/// A revision with fifty thousand files is listed in well under a second.
const DEADLINE: Duration = Duration::from_secs(20);
/// Of a list of files, or of all workflows together.
const OUTPUT_BYTES_MAX: u64 = 64 << 20;

/// Files with their paths below the folder.
pub(super) type Files = Vec<(String, Vec<u8>)>;

/// The files below a folder as they were at a revision.
///
/// # Errors
/// In words: there is no git, no such revision, or it takes too much.
pub(super) fn files(
    folder: &Utf8Path,
    revision: &str,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Files, String> {
    let until = Instant::now() + DEADLINE;
    let named = format!("{revision}^{{commit}}");
    let commit = git(
        folder,
        &["rev-parse", "--verify", "--quiet", "--end-of-options", &named],
        vec![],
        until,
    )
    .map_err(|why| match why {
        Unanswered::Failed(said) if said.is_empty() => {
            format!("{revision} is no revision that is there")
        }
        why => why.words(),
    })?;
    let commit = String::from_utf8_lossy(&commit).trim().to_owned();
    let listed = git(folder, &["ls-tree", "-r", "-z", &commit], vec![], until);
    let listed = listed.map_err(Unanswered::words)?;
    let wanted: Vec<(String, String)> = listed
        .split(|byte| *byte == 0)
        .filter_map(entry)
        .filter(|(_, path)| is_wanted(path))
        .collect();
    let asked: String = wanted.iter().map(|(object, _)| format!("{object}\n")).collect();
    let answered = git(folder, &["cat-file", "--batch"], asked.into_bytes(), until);
    let answered = answered.map_err(Unanswered::words)?;
    contents(wanted, &answered).ok_or_else(|| "git does not give what it has listed".to_owned())
}

/// `MODE blob OBJECT\tPATH`; links and submodules are no files.
fn entry(line: &[u8]) -> Option<(String, String)> {
    let (facts, path) = std::str::from_utf8(line).ok()?.split_once('\t')?;
    let mut facts = facts.split(' ');
    let (mode, kind, object) = (facts.next()?, facts.next()?, facts.next()?);
    (kind == "blob" && mode.starts_with("100")).then(|| (object.to_owned(), path.to_owned()))
}

/// Of each object, `OBJECT blob SIZE\n`, the bytes, and a line break.
fn contents(wanted: Vec<(String, String)>, mut answered: &[u8]) -> Option<Files> {
    let mut files = Vec::new();
    for (object, path) in wanted {
        let end = answered.iter().position(|byte| *byte == b'\n')?;
        let head = std::str::from_utf8(&answered[..end]).ok()?;
        let size = head.strip_prefix(&object)?.strip_prefix(" blob ")?.parse::<usize>().ok()?;
        let bytes = answered.get(end + 1..)?.get(..size)?;
        answered = answered.get(end + 1 + size + 1..)?;
        files.push((path, bytes.to_vec()));
    }
    Some(files)
}

fn git(
    folder: &Utf8Path,
    arguments: &[&str],
    input: Vec<u8>,
    until: Instant,
) -> Result<Vec<u8>, Unanswered> {
    let mut command = Command::new("git");
    let kept = ["HOME", "SYSTEMROOT"];
    let kept = kept.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    let kept: Vec<_> = kept.collect();
    command.env_clear().envs(kept).current_dir(folder);
    // What a clone left out is not fetched, and nobody is asked for a password.
    command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
    // A git that does not know the first of these has no protocol to fetch by.
    let settings = ["-c", "core.fsmonitor=false", "-c", "protocol.allow=never"];
    command.arg("--no-pager").args(settings).args(arguments);
    ask(command, input, Bounds { until, deadline: DEADLINE, answer_bytes_max: OUTPUT_BYTES_MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_and_its_contents_are_taken_apart() {
        assert_eq!(entry(b"100644 blob abc\ta b.yaml"), Some(("abc".into(), "a b.yaml".into())));
        for other in ["120000 blob abc\tlink", "160000 commit abc\tmodule", "", "100644 blob abc"] {
            assert_eq!(entry(other.as_bytes()), None, "{other}");
        }
        let wanted = vec![("abc".to_owned(), "a".to_owned()), ("def".to_owned(), "b".to_owned())];
        let answered = b"abc blob 3\nx\ny\ndef blob 0\n\n";
        let files = contents(wanted.clone(), answered).unwrap();
        assert_eq!(files, [("a".to_owned(), b"x\ny".to_vec()), ("b".to_owned(), vec![])]);
        for broken in ["abc missing\n", "abc blob 9\nx\n", "xyz blob 1\nx\n", ""] {
            assert_eq!(contents(wanted.clone(), broken.as_bytes()), None, "{broken}");
        }
    }

    #[test]
    fn files_of_before_are_read_and_what_is_not_there_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        if Command::new("git").arg("--version").output().is_err() {
            eprintln!("not run: there is no git");
            return;
        }
        let run = |arguments: &[&str]| {
            let who = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
            let mut git = Command::new("git");
            git.current_dir(root).args(who).args(arguments).env("HOME", root);
            assert!(git.output().unwrap().status.success(), "{arguments:?}");
        };
        run(&["init", "--quiet", "."]);
        std::fs::create_dir_all(root.join("sub/.github/workflows")).unwrap();
        std::fs::write(root.join("sub/.github/workflows/a.yaml"), "before").unwrap();
        std::fs::write(root.join("sub/other"), "x").unwrap();
        run(&["add", "."]);
        run(&["commit", "--quiet", "-m", "a"]);
        std::fs::remove_file(root.join("sub/.github/workflows/a.yaml")).unwrap();
        let wanted = |path: &str| path.ends_with(".yaml");
        let expected = vec![(".github/workflows/a.yaml".to_owned(), b"before".to_vec())];
        assert_eq!(files(&root.join("sub"), "HEAD", wanted), Ok(expected), "below the folder");
        let gone = files(root, "no-such-branch", wanted).unwrap_err();
        assert!(gone.contains("no-such-branch is no revision"), "{gone}");
        assert!(files(root, "--help", wanted).is_err(), "an option is no revision");
        let nowhere = tempfile::tempdir().unwrap();
        let nowhere = Utf8Path::from_path(nowhere.path()).unwrap();
        assert!(files(nowhere, "HEAD", wanted).is_err(), "no repository");
    }
}
