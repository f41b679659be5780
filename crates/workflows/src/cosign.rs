//! Which cosign a job installs, and which arguments that version refuses or ignores.
//!
//! Seen with cosign 3.1.2, read in 3.0.6 (cmd/cosign/cli/signcommon/common.go), and for older ones in
//! its changelog; what cosign-installer installs by default stands in the `action.yml` of its releases.

use crate::model::{Setting, setting};
use crate::uses::Remote;

/// The action that installs it.
const INSTALLER: &str = "sigstore/cosign-installer";
/// Where releases are downloaded from.
const RELEASES: &str = "sigstore/cosign/releases/download/v";

/// A release: major, minor, patch.
pub(crate) type Version = (u16, u16, u16);
const FIRST: Version = (0, 0, 0);
const LAST: Version = (u16::MAX, 0, 0);
/// New bundles and signing configurations by default.
const THREE: Version = (3, 0, 0);
/// The next one takes old flags away, and nobody knows yet which.
const FOUR: Version = (4, 0, 0);

/// What is known of the cosign that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Installed {
    from: Version,
    to: Version,
    /// How it is known, for a sentence.
    pub(crate) told: String,
}

/// Whether an action installs it.
pub(crate) fn is_installer(remote: &Remote) -> bool {
    remote.name() == INSTALLER
}

/// Whether a line of a workflow uses the installer, with the version in the comment behind it.
pub(crate) fn comment(line: &str) -> Option<&str> {
    let (_, behind) = line.split_once(&format!("{INSTALLER}@"))?;
    let (_, comment) = behind.split_once('#')?;
    comment.split_whitespace().find(|word| version(word).is_some())
}

impl Installed {
    /// By the inputs of the installer, else by its own version: a tag, or a commit with the version in
    /// a comment.
    pub(crate) fn by(remote: &Remote, with: &[Setting], comment: Option<&str>) -> Option<Self> {
        if let Some(release) = setting(with, "cosign-release") {
            let exact = version(release.text.trim())?;
            let told = format!("`cosign-release: {}`", release.text.trim());
            return Some(Self { from: exact, to: exact, told });
        }
        let tag = if remote.commit().is_some() { comment? } else { &remote.version };
        let (from, to) = default_of(tag)?;
        let told = format!("cosign-installer {tag}, which installs cosign {}", from.0);
        Some(Self { from, to, told })
    }

    /// By the address that a script downloads it from.
    pub(crate) fn downloaded(script: &str) -> Option<Self> {
        let (_, behind) = script.split_once(RELEASES)?;
        let name = behind.split('/').next()?;
        let exact = version(name)?;
        Some(Self {
            from: exact,
            to: exact,
            told: format!("the release v{name} that is downloaded"),
        })
    }

    /// Whether it is for certain this release or a later one.
    pub(crate) fn is_since(&self, release: Version) -> bool {
        self.from >= release
    }

    fn within(installed: Option<&Self>, since: Version, until: Version) -> bool {
        let (from, to) = installed.map_or((FIRST, LAST), |one| (one.from, one.to));
        from >= since && (to < until || until == LAST)
    }
}

/// First and last release that a version of the installer installs when nobody asks for another.
fn default_of(tag: &str) -> Option<(Version, Version)> {
    let numbers = tag.strip_prefix('v')?;
    let fixed = numbers.split('.').count() == 3;
    Some(match (version(tag)?, fixed) {
        ((4, 0, 0), true) => ((3, 0, 2), (3, 0, 2)),
        // A shorter tag moves with the newest.
        ((4, ..), _) => ((3, 0, 5), (3, u16::MAX, 0)),
        ((3, ..), true) => ((2, 0, 0), (2, 6, u16::MAX)),
        ((3, 0, 0), false) if !numbers.contains('.') => ((2, 6, 1), (2, 6, u16::MAX)),
        ((2, ..), _) => (FIRST, (1, 13, u16::MAX)),
        _ => return None,
    })
}

/// `v3.0.2`, `v3`, `3.0`; nothing with more behind it, such as a release candidate.
fn version(text: &str) -> Option<Version> {
    let mut numbers = text.strip_prefix('v').unwrap_or(text).split('.');
    let first = numbers.next()?.parse().ok()?;
    let mut next = || numbers.next().map_or(Some(0), |number| number.parse().ok());
    let found = (first, next()?, next()?);
    numbers.next().is_none().then_some(found)
}

/// What comes of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comes {
    /// The command ends with an error.
    Refused,
    /// It runs, and the argument does nothing.
    Ignored,
}

/// An argument that some versions do not take.
struct Change {
    verbs: &'static [&'static str],
    flags: &'static [&'static str],
    /// The value that matters; any when empty.
    value: &'static str,
    /// Arguments beside which all is as it was.
    unless: &'static [&'static str],
    since: Version,
    /// The first that takes it.
    until: Version,
    comes: Comes,
    /// Why, and what to write.
    why: &'static str,
}

const BLOBS: &[&str] = &["sign-blob", "attest-blob"];
const SIGN: &[&str] = &["sign", "attest", "sign-blob", "attest-blob"];
const IMAGES: &[&str] = &["sign", "attest"];
const VERIFY: &[&str] = &["verify", "verify-attestation", "verify-blob", "verify-blob-attestation"];
const NO_CONFIG: &[&str] = &["--use-signing-config=false"];
const NO_BUNDLE: &[&str] = &["--new-bundle-format=false"];

const CHANGES: &[Change] = &[
    Change {
        verbs: SIGN,
        flags: &[
            "--certificate-identity",
            "--certificate-identity-regexp",
            "--certificate-oidc-issuer",
            "--certificate-oidc-issuer-regexp",
        ],
        value: "",
        unless: &[],
        since: FIRST,
        until: LAST,
        comes: Comes::Refused,
        why: "signing takes no identity: it follows from the workflow that runs it; only verifying asks for one",
    },
    Change {
        verbs: BLOBS,
        flags: &["--output-signature", "--output-certificate", "--output"],
        value: "",
        unless: NO_BUNDLE,
        since: (3, 0, 3),
        until: FOUR,
        comes: Comes::Ignored,
        why: "signature and certificate are in the bundle alone: take the flag out, and let the next step read the file of --bundle",
    },
    Change {
        verbs: SIGN,
        flags: &["--tlog-upload"],
        value: "false",
        unless: NO_CONFIG,
        since: THREE,
        until: FOUR,
        comes: Comes::Refused,
        why: "a signing configuration decides about the log: give one without a log by --signing-config, or --use-signing-config=false beside it",
    },
    Change {
        verbs: SIGN,
        flags: &["--rekor-url", "--fulcio-url", "--oidc-issuer", "--timestamp-server-url"],
        value: "",
        unless: NO_CONFIG,
        since: THREE,
        until: FOUR,
        comes: Comes::Refused,
        why: "services come from a signing configuration: give one by --signing-config, or --use-signing-config=false beside it",
    },
    Change {
        verbs: IMAGES,
        flags: &["--force"],
        value: "",
        unless: &[],
        since: (2, 0, 0),
        until: LAST,
        comes: Comes::Refused,
        why: "it was taken away: write --yes",
    },
    Change {
        verbs: SIGN,
        flags: &["--no-tlog-upload"],
        value: "",
        unless: &[],
        since: (2, 0, 0),
        until: LAST,
        comes: Comes::Refused,
        why: "it was taken away: write --tlog-upload=false",
    },
    Change {
        verbs: VERIFY,
        flags: &["--certificate-email", "--cert-email"],
        value: "",
        unless: &[],
        since: (2, 0, 0),
        until: LAST,
        comes: Comes::Refused,
        why: "it was taken away: write --certificate-identity and --certificate-oidc-issuer",
    },
    Change {
        verbs: VERIFY,
        flags: &["--enforce-sct"],
        value: "",
        unless: &[],
        since: (2, 0, 0),
        until: LAST,
        comes: Comes::Refused,
        why: "it was taken away, and is what happens by default: take it out",
    },
    Change {
        verbs: IMAGES,
        flags: &["--signing-config", "--use-signing-config"],
        value: "",
        unless: &[],
        since: FIRST,
        until: (2, 6, 0),
        comes: Comes::Refused,
        why: "cosign 2.6.0 is the first that knows it",
    },
    Change {
        verbs: &["sign"],
        flags: &["--new-bundle-format"],
        value: "",
        unless: &[],
        since: FIRST,
        until: (2, 6, 0),
        comes: Comes::Refused,
        why: "cosign 2.6.0 is the first that knows it when it signs an image",
    },
];

/// What a command has that its cosign does not take: the argument, what comes of it, and why.
pub(crate) fn refused(
    verb: &str,
    arguments: &[String],
    installed: Option<&Installed>,
) -> Vec<(String, Comes, &'static str)> {
    // Flags that are put together somewhere else may be any.
    if arguments
        .iter()
        .any(|word| word.starts_with('$') && word.to_ascii_lowercase().contains("arg"))
    {
        return vec![];
    }
    let has = |wanted: &&str| arguments.iter().any(|word| word == wanted);
    let changes = CHANGES.iter().filter(|change| {
        change.verbs.contains(&verb)
            && Installed::within(installed, change.since, change.until)
            && !change.unless.iter().any(has)
    });
    let mut found: Vec<(String, Comes, &'static str)> = changes
        .flat_map(|change| {
            let written =
                change.flags.iter().filter(|flag| is_given(arguments, flag, change.value));
            written.map(|flag| (flag.to_string(), change.comes, change.why))
        })
        .collect();
    found.extend(no_bundle(verb, arguments, installed));
    found.extend(scheme(arguments));
    found
}

/// The only thing that a newer version asks for and an older one did not.
fn no_bundle(
    verb: &str,
    arguments: &[String],
    installed: Option<&Installed>,
) -> Option<(String, Comes, &'static str)> {
    let old =
        [NO_BUNDLE, NO_CONFIG].iter().all(|flags| arguments.iter().any(|word| word == flags[0]));
    let known = installed.is_some() && Installed::within(installed, THREE, FOUR);
    let told = old || is_given(arguments, "--bundle", "") || is_given(arguments, "--help", "");
    (known && BLOBS.contains(&verb) && !told).then(|| {
        let why = "since cosign 3 signature, certificate and log entry are one file: name it by --bundle, and let whoever verifies read that";
        ("no --bundle".to_owned(), Comes::Refused, why)
    })
}

/// Every cosign takes what stands before the first colon for the name of a registry, and asks that.
fn scheme(arguments: &[String]) -> Option<(String, Comes, &'static str)> {
    let reference = arguments.iter().find(|word| word.starts_with("oci://"))?;
    let why = "it would ask a registry that is called `oci`: write the reference without a scheme, and with the digest that the push printed";
    Some((reference.clone(), Comes::Refused, why))
}

fn is_given(arguments: &[String], flag: &str, value: &str) -> bool {
    arguments.iter().any(|word| match word.split_once('=') {
        Some((name, given)) => name == flag && (value.is_empty() || given == value),
        None => word == flag && value.is_empty(),
    })
}
