//! Whole folders, good and bad.

use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;

use camino::{Utf8Path, Utf8PathBuf};
use sealwright_policy::Code;

use super::*;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            folder.write(path, text);
        }
        folder
    }

    fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.0.path()).unwrap()
    }

    fn write(&self, path: &str, text: &str) -> Utf8PathBuf {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn pack_with(&self, threads: usize, inspect: &mut dyn Inspect) -> (Packed, Vec<u8>) {
        let output = tempfile::NamedTempFile::new().unwrap();
        let threads = NonZeroUsize::new(threads).unwrap();
        let file = output.reopen().unwrap();
        let packed = pack(self.path(), Limits::default(), threads, file, inspect).unwrap();
        (packed, fs::read(output.path()).unwrap())
    }

    fn pack(&self) -> (Packed, Vec<u8>) {
        self.pack_with(2, &mut ())
    }

    fn refuse(&self, limits: Limits) -> ContentsError {
        let output = tempfile::tempfile().unwrap();
        pack(self.path(), limits, NonZeroUsize::MIN, output, &mut ()).unwrap_err()
    }

    fn names(&self) -> Vec<String> {
        let contents = Contents::find(self.path(), Limits::default()).unwrap();
        contents.entries.into_iter().map(|entry| entry.path).collect()
    }
}

const TREE: &[(&str, &str)] =
    &[("apps/a.yaml", "a: 1\n"), ("apps-old/b.yaml", "b: 2\n"), ("z.sh", "#!/bin/sh\n")];

#[test]
fn the_layer_is_a_tarball_in_order_without_owner_and_time() {
    let folder = Folder::new(TREE);
    fs::set_permissions(folder.path().join("z.sh"), fs::Permissions::from_mode(0o710)).unwrap();
    let (packed, bytes) = folder.pack();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
    let mut found = Vec::new();
    for entry in archive.entries().unwrap() {
        let entry = entry.unwrap();
        let header = entry.header();
        assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
        assert_eq!(header.mtime().unwrap(), 0);
        assert_eq!(header.username().unwrap().unwrap_or_default(), "");
        found.push((entry.path().unwrap().display().to_string(), header.mode().unwrap()));
    }
    let expected = [
        ("apps/", 0o755),
        ("apps/a.yaml", 0o644),
        ("apps-old/", 0o755),
        ("apps-old/b.yaml", 0o644),
        ("z.sh", 0o755),
    ];
    assert_eq!(found, expected.map(|(path, mode)| (path.to_owned(), mode)));
    assert_eq!(packed.files_count, 3);
    assert_eq!(packed.layer, sealwright_evidence::Digest::of(&bytes));
}

/// The digests of this very tree, on every machine. When a compressor's update changes the layer's,
/// the tarball's must still stand.
#[test]
fn the_same_tree_has_the_same_digest_everywhere() {
    let (packed, _) = Folder::new(TREE).pack();
    insta::assert_snapshot!(format!("tarball {}\nlayer   {}", packed.tarball, packed.layer), @"
    tarball sha256:2a5f100da21f11df3764b47046a2b49b62a8172e05172b43c3dc2ce6caf5f395
    layer   sha256:b1893f810a37257c6b7ec42d85e032d8f2786cf65016f783f91ec3dac407ad50
    ");
}

#[test]
fn what_does_not_belong_to_the_files_does_not_change_the_digest() {
    let (expected, _) = Folder::new(TREE).pack_with(1, &mut ());
    let mut reversed = TREE.to_vec();
    reversed.reverse();
    let folder = Folder::new(&reversed);
    for (mode, path) in [(0o600, "apps/a.yaml"), (0o666, "apps-old/b.yaml"), (0o700, "apps")] {
        let path = folder.path().join(path);
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let old = fs::File::options().write(true).open(folder.path().join("z.sh")).unwrap();
    old.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    fs::create_dir_all(folder.path().join("empty/inside")).unwrap();
    folder.write(".git/HEAD", "ref: refs/heads/main\n");
    for threads in [1, 2, 5] {
        let (packed, _) = folder.pack_with(threads, &mut ());
        assert_eq!(packed, expected, "{threads} threads, other modes, times, order, empty folders");
    }
}

#[test]
fn what_belongs_to_the_files_changes_the_digest() {
    let (before, _) = Folder::new(TREE).pack();
    let executable = Folder::new(TREE);
    let path = executable.path().join("apps/a.yaml");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    let changes = [
        ("a byte", Folder::new(&[TREE[0], TREE[1], ("z.sh", "#!/bin/sH\n")])),
        ("a name", Folder::new(&[TREE[0], TREE[1], ("y.sh", "#!/bin/sh\n")])),
        ("a file more", Folder::new(&[TREE, &[("x.yaml", "")]].concat())),
        ("executable", executable),
    ];
    for (why, folder) in changes {
        assert_ne!(folder.pack().0.tarball, before.tarball, "{why}");
    }
}

#[test]
fn long_paths_are_read_back() {
    let long = format!("{}/{}.yaml", "folder/".repeat(30), "n".repeat(200));
    let (_, bytes) = Folder::new(&[(&long, "a: 1\n")]).pack();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
    let last = archive.entries().unwrap().last().unwrap().unwrap();
    assert_eq!(last.path().unwrap().display().to_string(), long.replace("//", "/"));
}

#[test]
fn ignore_rules_work_through_all_folders() {
    let folder = Folder::new(&[
        (".sourceignore", "/*\n!/apps/\n!/docs/keep.yaml\n*.tmp\n"),
        ("apps/a.yaml", ""),
        ("apps/.sourceignore", "/secret\n!kept.tmp\n"),
        ("apps/secret/s.yaml", ""),
        ("apps/x/secret/s.yaml", ""),
        ("apps/kept.tmp", ""),
        ("docs/keep.yaml", ""),
        ("docs/other.yaml", ""),
        ("README.md", ""),
        ("x.tmp", ""),
    ]);
    symlink("nowhere", folder.path().join("ignored-link")).unwrap();
    let kept = [
        "apps",
        "apps/.sourceignore",
        "apps/a.yaml",
        "apps/kept.tmp",
        "apps/x",
        "apps/x/secret",
        "apps/x/secret/s.yaml",
        "docs",
        "docs/keep.yaml",
    ];
    assert_eq!(folder.names(), kept);
}

#[test]
fn what_cannot_be_packed_is_refused_by_name() {
    let plain = |text| move |folder: &Folder| drop(folder.write("bad", text));
    type Spoil = Box<dyn Fn(&Folder)>;
    let small = Limits { bytes_max: 10, entries_max: 5 };
    let cases: Vec<(&str, Code, Spoil)> = vec![
        ("bad", Code::ContentsSymlink, Box::new(|f| symlink("a", f.path().join("bad")).unwrap())),
        ("bad", Code::ContentsSymlink, Box::new(|f| symlink(".", f.path().join("bad")).unwrap())),
        (
            "bad",
            Code::ContentsSpecialFile,
            Box::new(|f| drop(UnixListener::bind(f.path().join("bad")).unwrap())),
        ),
        ("b\\\\d", Code::ContentsName, Box::new(|f| drop(f.write("b\\d", "")))),
        ("b\\nd", Code::ContentsName, Box::new(|f| drop(f.write("b\nd/x", "")))),
        ("bad", Code::ContentsTooLarge, Box::new(plain("more than ten bytes"))),
        (
            "many/3",
            Code::ContentsTooMany,
            Box::new(|f| (0..9).for_each(|n| drop(f.write(&format!("many/{n}"), "")))),
        ),
        (
            ".sourceignore",
            Code::ContentsIgnoreRules,
            Box::new(|f| drop(f.write(".sourceignore", "x[\n"))),
        ),
        (
            ".sourceignore",
            Code::ContentsIgnoreRules,
            Box::new(|f| symlink("a", f.path().join(".sourceignore")).unwrap()),
        ),
    ];
    for (path, code, spoil) in cases {
        let folder = Folder::new(&[("a", "a")]);
        spoil(&folder);
        let error = folder.refuse(small);
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(path), "{error} should name {path}");
        assert_eq!(error.finding().code, code);
    }
}

#[test]
fn names_that_are_not_utf_8_are_refused_unless_ignored() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = Folder::new(&[("a", "a")]);
    let name = std::ffi::OsStr::from_bytes(b"b\xff.tmp");
    fs::write(folder.path().as_std_path().join(name), "").unwrap();
    let error = folder.refuse(Limits::default());
    assert_eq!(error.code(), Code::ContentsName);
    assert!(error.to_string().contains("not UTF-8"), "{error}");
    folder.write(".sourceignore", "*.tmp\n");
    assert_eq!(folder.names(), [".sourceignore", "a"]);
}

#[test]
fn what_cannot_be_read_is_refused_by_name() {
    let folder = Folder::new(&[("apps/a.yaml", "a"), ("apps/secret.yaml", "b")]);
    let secret = folder.path().join("apps/secret.yaml");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&secret).is_ok() {
        return eprintln!("not run: this user may read everything");
    }
    let error = folder.refuse(Limits::default());
    assert_eq!(error.code(), Code::ContentsUnreadable);
    assert!(error.to_string().contains("apps/secret.yaml"), "{error}");
}

#[test]
fn nothing_to_publish_is_an_error() {
    let empty = Folder::new(&[]);
    assert_eq!(empty.refuse(Limits::default()).code(), Code::ContentsEmpty);
    let ignored = Folder::new(&[("a/b", ""), (".sourceignore", "*\n")]);
    assert_eq!(ignored.refuse(Limits::default()).code(), Code::ContentsEmpty);
    let missing = Contents::find(&empty.path().join("missing"), Limits::default()).unwrap_err();
    assert_eq!(missing.code(), Code::ContentsMissing);
    let file = empty.write("file", "");
    let missing = Contents::find(&file, Limits::default()).unwrap_err();
    assert_eq!(missing.code(), Code::ContentsMissing, "a file is no folder");
}

/// Writes to the folder while it is being packed.
struct Meddle<F: FnMut(&str)>(F);

impl<F: FnMut(&str)> Inspect for Meddle<F> {
    fn wants(&self, _: &str, _: u64) -> bool {
        true
    }

    fn inspect(&mut self, path: &str, _: &[u8]) {
        (self.0)(path);
    }
}

#[test]
fn a_change_while_packing_is_noticed() {
    type Change = fn(&Folder);
    let cases: [(&str, Change); 6] = [
        ("appended to while read", |f| drop(f.write("b.yaml", "b: 2 and more"))),
        ("shortened while read", |f| drop(f.write("b.yaml", ""))),
        ("rewritten after it was read", |f| drop(f.write("a.yaml", "a: 9\n"))),
        ("rewritten before it is read", |f| drop(f.write("c.yaml", "c: 9\n"))),
        ("replaced before it is read", |f| {
            let new = f.write(".git/new", "c: 3\n");
            fs::rename(new, f.path().join("c.yaml")).unwrap();
        }),
        ("added", |f| drop(f.write("a0.yaml", "new"))),
    ];
    for (why, change) in cases {
        let folder =
            Folder::new(&[("a.yaml", "a: 1\n"), ("b.yaml", "b: 2\n"), ("c.yaml", "c: 3\n")]);
        let mut meddle = Meddle(|path| {
            if path == "b.yaml" {
                change(&folder)
            }
        });
        let output = tempfile::tempfile().unwrap();
        let result = pack(folder.path(), Limits::default(), NonZeroUsize::MIN, output, &mut meddle);
        assert_eq!(result.unwrap_err().code(), Code::ContentsChanged, "{why}");
    }
}

#[test]
fn the_inspector_sees_the_bytes_that_are_packed() {
    struct Collect(Vec<(String, Vec<u8>)>);
    impl Inspect for Collect {
        fn wants(&self, path: &str, _: u64) -> bool {
            path.ends_with(".yaml")
        }
        fn inspect(&mut self, path: &str, bytes: &[u8]) {
            self.0.push((path.to_owned(), bytes.to_vec()));
        }
    }
    let mut collect = Collect(Vec::new());
    let folder = Folder::new(TREE);
    let (packed, _) = folder.pack_with(2, &mut collect);
    assert_eq!(packed, folder.pack().0, "looking changes nothing");
    let expected = [("apps/a.yaml", "a: 1\n"), ("apps-old/b.yaml", "b: 2\n")];
    assert_eq!(collect.0, expected.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())));
}
