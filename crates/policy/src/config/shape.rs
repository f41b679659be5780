//! The shapes of text in a configuration: one table of patterns that the reader checks and the
//! JSON Schema repeats, so that an editor refuses what we refuse.

use std::sync::OnceLock;

use regex_lite::Regex;

/// A shape that a text must have.
pub(super) struct Shape {
    /// What it is, with its article: `a workflow file name`.
    pub(super) what: &'static str,
    /// One that is right.
    pub(super) example: &'static str,
    /// Anchored, in the common subset of Rust and ECMA-262 that JSON Schema asks for.
    pub(super) pattern: &'static str,
    compiled: OnceLock<Regex>,
    hint: fn(&str) -> Option<String>,
}

/// Longest text of any shape, in bytes. A Docker reference may have 255; a git ref has less.
pub(super) const TEXT_BYTES_MAX: usize = 255;

impl Shape {
    const fn new(
        what: &'static str,
        example: &'static str,
        pattern: &'static str,
        hint: fn(&str) -> Option<String>,
    ) -> Self {
        Self { what, example, pattern, compiled: OnceLock::new(), hint }
    }

    pub(super) fn accepts(&self, text: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| {
            Regex::new(self.pattern).expect("a test compiles every pattern of this table")
        });
        text.len() <= TEXT_BYTES_MAX && compiled.is_match(text)
    }

    /// What to do about a text that is not accepted.
    pub(super) fn hint(&self, text: &str) -> Option<String> {
        if text.len() > TEXT_BYTES_MAX {
            return Some(format!("it has {} bytes, at most {TEXT_BYTES_MAX} are read", text.len()));
        }
        (self.hint)(text)
    }
}

/// A name of the user's choice: it becomes a file name and a heading in the docs.
pub(super) static NAME: Shape =
    Shape::new("a name", "merge-queue", "^[A-Za-z0-9][A-Za-z0-9-]{0,62}$", |_| {
        Some("letters, digits and `-`, at most 63, beginning with a letter or digit".to_owned())
    });

/// `owner/name` on GitHub.
pub(super) static GITHUB_REPOSITORY: Shape = Shape::new(
    "a GitHub repository",
    "acme/platform",
    r"^[A-Za-z0-9][A-Za-z0-9_-]{0,38}/\.?[A-Za-z0-9_-][A-Za-z0-9._-]{0,98}$",
    github_repository_hint,
);

/// The file of a workflow.
pub(super) static WORKFLOW: Shape = Shape::new(
    "a workflow file name",
    "cd.yaml",
    r"^[A-Za-z0-9_-][A-Za-z0-9._-]*\.ya?ml$",
    workflow_hint,
);

/// A branch or tag, with `*` for a whole segment. The characters are those that stand unchanged in
/// a certificate's name. Pull requests are left out: their refs hold what nobody has reviewed.
pub(super) static GIT_REF: Shape = Shape::new(
    "a branch or tag ref",
    "refs/heads/main",
    r"^refs/(heads|tags)(/(\*|[A-Za-z0-9_@=,-][A-Za-z0-9_@=,+-]*(\.[A-Za-z0-9_@=,-][A-Za-z0-9_@=,+-]*)*))+$",
    git_ref_hint,
);

/// A whole commit id.
pub(super) static COMMIT: Shape = Shape::new(
    "a commit of 40 lower-case hexadecimal digits",
    "8f4b7f84864484a7bf31766abe9204da3cbe65b3",
    "^[0-9a-f]{40}$",
    |_| Some("write the whole id, as `git rev-parse` prints it".to_owned()),
);

/// `registry/path` of the OCI distribution specification, with the registry spelt out.
pub(super) static OCI_REPOSITORY: Shape = Shape::new(
    "a registry repository",
    "ghcr.io/acme/platform/manifests",
    r"^(localhost|[a-z0-9]([a-z0-9-]*[a-z0-9])?((\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+|:[0-9]{1,5}))(:[0-9]{1,5})?(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)+$",
    oci_repository_hint,
);

/// `oci://` URL of one or more repositories.
pub(super) static OCI_URL: Shape = Shape::new(
    "an `oci://` URL",
    "oci://ghcr.io/acme/*",
    r"^oci://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/(\*|[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*))+$",
    oci_url_hint,
);

/// `namespace/name` of a Flux source.
pub(super) static KUBERNETES_OBJECT: Shape = Shape::new(
    "a source as `namespace/name`",
    "flux-system/flux-system",
    r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?/[a-z0-9]([a-z0-9.-]*[a-z0-9])?$",
    |_| None,
);

/// A Secret in the namespace of whatever names it.
pub(super) static SECRET: Shape = Shape::new(
    "the name of a Secret",
    "registry-authorities",
    r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$",
    |text| text.contains('/').then(|| "leave out the namespace: it is the source's".to_owned()),
);

/// Version of Flux.
pub(super) static FLUX_VERSION: Shape =
    Shape::new("a Flux version", "2.9", r"^[0-9]+\.[0-9]+(\.[0-9]+)?$", |text| {
        text.starts_with('v').then(|| format!("leave out the `v`: `{}`", &text[1..]))
    });

/// A folder beside the configuration.
pub(super) static FOLDER: Shape = Shape::new(
    "a folder, relative to the configuration",
    "k8s",
    r"^[^/\\\x00-\x1f\x7f][^\\\x00-\x1f\x7f]*$",
    |text| {
        text.starts_with('/')
            .then(|| "leave out the part up to the configuration's folder".to_owned())
    },
);

/// A context of a kubeconfig.
pub(super) static CONTEXT: Shape =
    Shape::new("the name of a kubeconfig context", "kind-local", r"^[^\x00-\x1f\x7f]+$", |_| None);

/// A day; whether the calendar has it is for the reader.
pub(super) static DATE: Shape =
    Shape::new("a day", "2027-03-01", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", |_| {
        Some("year, month and day: `YYYY-MM-DD`".to_owned())
    });

/// A sentence.
pub(super) static REASON: Shape = Shape::new(
    "a reason",
    "publisher does not sign",
    r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$",
    |_| Some("say in one line why the signature is missing".to_owned()),
);

fn github_repository_hint(text: &str) -> Option<String> {
    let inside = text.strip_prefix("https://")?.strip_prefix("github.com/")?;
    let inside = inside.trim_end_matches('/').trim_end_matches(".git");
    Some(format!("without the server: `{inside}`"))
}

fn workflow_hint(text: &str) -> Option<String> {
    if let Some((_, name)) = text.rsplit_once('/') {
        return Some(format!("without the folder: `{name}`"));
    }
    let bare = text.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    bare.then(|| format!("the file, not the workflow's name: `{text}.yaml`?"))
}

fn git_ref_hint(text: &str) -> Option<String> {
    if text.contains(|c| r"\?()|[]{}^$".contains(c)) || text.contains(".*") || text.contains(".+") {
        return Some(
            "there are no regular expressions here: list each ref, or put `*` for a whole segment, as in `refs/heads/release/*`"
                .to_owned(),
        );
    }
    if text.starts_with("refs/pull/") {
        return Some(
            "a pull request's code is not reviewed yet; sign from a branch or the merge queue"
                .to_owned(),
        );
    }
    if text.contains('*') {
        return Some(
            "a `*` stands for one whole segment behind `refs/heads/` or `refs/tags/`".to_owned(),
        );
    }
    let bare = GIT_REF.accepts(&format!("refs/heads/{text}"));
    bare.then(|| format!("in full: `refs/heads/{text}` or `refs/tags/{text}`"))
}

fn oci_repository_hint(text: &str) -> Option<String> {
    if let Some(inside) = text.strip_prefix("oci://") {
        return Some(format!("without `oci://`: `{inside}`"));
    }
    if text.contains('@') {
        return Some("without a digest: it names where versions live, not one of them".to_owned());
    }
    if let Some((inside, _)) = text.rsplit_once(':')
        && OCI_REPOSITORY.accepts(inside)
    {
        return Some(format!("without a tag: `{inside}`"));
    }
    if OCI_REPOSITORY.accepts(&text.to_ascii_lowercase()) {
        return Some(format!("in lower case: `{}`", text.to_ascii_lowercase()));
    }
    let bare = OCI_REPOSITORY.accepts(&format!("ghcr.io/{text}"));
    bare.then(|| format!("with its registry: `ghcr.io/{text}`?"))
}

fn oci_url_hint(text: &str) -> Option<String> {
    let prefixed = format!("oci://{text}");
    OCI_URL.accepts(&prefixed).then(|| format!("with its scheme: `{prefixed}`"))
}
