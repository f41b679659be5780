//! A line of the corpus as the file that it could come from.

use serde_json::{Value, json};

/// One line.
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) kind: String,
    path: String,
    issuer: Option<String>,
    issuer_is_regex: bool,
    pub(crate) subject: Option<String>,
    subject_is_regex: bool,
    note: String,
}

impl Line {
    pub(crate) fn read(text: &str) -> Line {
        let value: Value = serde_json::from_str(text).unwrap();
        let word = |key: &str| value[key].as_str().map(str::to_owned);
        Line {
            id: word("id").unwrap(),
            kind: word("kind").unwrap(),
            path: word("path").unwrap(),
            issuer: word("issuer"),
            issuer_is_regex: value["issuer_is_regex"].as_bool().unwrap(),
            subject: word("subject"),
            subject_is_regex: value["subject_is_regex"].as_bool().unwrap(),
            note: word("note").unwrap_or_default(),
        }
    }
}

/// A file, and the subject that must be read from it; none where there is none to read.
pub(crate) struct Written {
    pub(crate) file: (String, Vec<u8>),
    pub(crate) subject: Option<String>,
}

/// `None`: nothing that sealwright reads has this kind.
pub(crate) fn written(line: &Line) -> Option<Written> {
    let (family, kind) = line.kind.split_once('.')?;
    match family {
        "readme" | "workflow" => command(line, kind),
        "other" => None,
        _ => Some(manifest(line, kind)),
    }
}

fn manifest(line: &Line, kind: &str) -> Written {
    let object = match kind {
        "OCIRepository" => json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": kind, "metadata": meta(),
            "spec": {"url": "oci://ghcr.io/acme/a", "ref": {"tag": "latest"}, "verify": verify(line)},
        }),
        "HelmChart" => json!({
            "apiVersion": "source.toolkit.fluxcd.io/v1", "kind": kind, "metadata": meta(),
            "spec": {"chart": "a", "sourceRef": {"kind": "HelmRepository", "name": "a"}, "verify": verify(line)},
        }),
        "HelmRelease" => json!({
            "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": kind, "metadata": meta(),
            "spec": {"chart": {"spec": {
                "chart": "a", "sourceRef": {"kind": "HelmRepository", "name": "a"}, "verify": {"provider": "cosign"},
            }}},
        }),
        "FluxInstance" | "values" => instance(line, kind),
        "ClusterPolicy" => json!({
            "apiVersion": "kyverno.io/v1", "kind": kind, "metadata": meta(),
            "spec": {"rules": [{"name": "a", "verifyImages": [{
                "imageReferences": ["ghcr.io/acme/*"],
                "attestors": [{"entries": [{"keyless": keyless(line, "RegExp")}]}],
            }]}]},
        }),
        "ImageValidatingPolicy" | "NamespacedImageValidatingPolicy" => json!({
            "apiVersion": "policies.kyverno.io/v1", "kind": kind, "metadata": meta(),
            "spec": {
                "matchImageReferences": [{"glob": "ghcr.io/acme/*"}],
                "attestors": [{"name": "a", "cosign": {"keyless": {"identities": [keyless(line, "RegExp")]}}}],
            },
        }),
        "ClusterImagePolicy" => json!({
            "apiVersion": "policy.sigstore.dev/v1beta1", "kind": kind, "metadata": meta(),
            "spec": {
                "images": [{"glob": "ghcr.io/acme/*"}],
                "authorities": [{"keyless": {"url": "https://fulcio.sigstore.dev", "identities": [keyless(line, "RegExp")]}}],
            },
        }),
        "ImageVerificationConfig" => json!({
            "apiVersion": "v1alpha1", "kind": kind,
            "rules": [{"image": "ghcr.io/acme/*", "keyless": keyless(line, "Regex")}],
        }),
        other => panic!("{}: nobody writes {other}", line.id),
    };
    let bytes = serde_json::to_vec_pretty(&object).unwrap();
    // JSON is YAML too; its ending must not matter.
    let subject = line.subject.clone().filter(|_| kind != "HelmRelease");
    Written { file: ("a.yaml".to_owned(), bytes), subject }
}

fn meta() -> Value {
    json!({"name": "a", "namespace": "b"})
}

fn verify(line: &Line) -> Value {
    let provider = if line.note.contains("provider='notation'") { "notation" } else { "cosign" };
    let mut verify = json!({"provider": provider});
    if line.note.contains("secretRef") {
        verify["secretRef"] = json!({"name": "a"});
    }
    if line.subject.is_some() || line.issuer.is_some() {
        verify["matchOIDCIdentity"] = json!([{"issuer": line.issuer, "subject": line.subject}]);
    }
    verify
}

fn instance(line: &Line, kind: &str) -> Value {
    let patch = json!([{"op": "add", "path": "/spec/verify", "value": verify(line)}]);
    let target =
        if line.note.contains("GitRepository") { "GitRepository" } else { "OCIRepository" };
    let patches = json!([{"target": {"kind": target}, "patch": patch.to_string()}]);
    let spec = json!({
        "sync": {"kind": target, "url": "oci://ghcr.io/acme/a", "ref": "latest", "path": "."},
        "kustomize": {"patches": patches},
    });
    if kind == "values" {
        return json!({"instance": spec});
    }
    json!({"apiVersion": "fluxcd.controlplane.io/v1", "kind": kind, "metadata": {"name": "flux", "namespace": "flux-system"}, "spec": spec})
}

fn keyless(line: &Line, ending: &str) -> Value {
    let mut keyless = json!({});
    let halves = [
        ("issuer", &line.issuer, line.issuer_is_regex),
        ("subject", &line.subject, line.subject_is_regex),
    ];
    for (half, text, is_regex) in halves {
        if let Some(text) = text {
            let key = if is_regex { format!("{half}{ending}") } else { half.to_owned() };
            keyless[key] = json!(text);
        }
    }
    keyless
}

fn command(line: &Line, kind: &str) -> Option<Written> {
    let value = line.subject.as_deref().unwrap_or_default();
    let (command, subject) = match kind {
        "cosign" => (cosign(line), as_the_shell_reads(value, line)),
        "gh-attestation" => {
            let word = |name: &str| {
                let found = line.note.split(' ').find_map(|word| word.strip_prefix(name))?;
                Some(found.trim_end_matches(';').to_owned())
            };
            let flags = [
                ("repo=", "--repo"),
                ("owner=", "--owner"),
                ("signer-workflow=", "--signer-workflow"),
                ("signer-repo=", "--signer-repo"),
            ];
            let flags = flags
                .iter()
                .filter_map(|(name, flag)| Some(format!(" {flag} \"{}\"", word(name)?)));
            (format!("gh attestation verify a{}", flags.collect::<String>()), String::new())
        }
        _ => return None,
    };
    let name = line.path.rsplit('/').next().unwrap();
    let (path, text) = match name.rsplit_once('.') {
        _ if name == "Makefile" => (name.to_owned(), format!("a:\n\t{command}\n")),
        Some((_, "yml" | "yaml")) => (
            format!(".github/workflows/{name}"),
            format!("on: push\njobs:\n  a:\n    steps:\n      - run: |\n          {command}\n"),
        ),
        Some((_, "sh")) => (name.to_owned(), command),
        _ => ("README.md".to_owned(), format!("```sh\n{command}\n```\n")),
    };
    let expected = line.subject.is_some() && line.issuer.is_some() && kind == "cosign";
    Some(Written { file: (path, text.into_bytes()), subject: expected.then_some(subject) })
}

fn cosign(line: &Line) -> String {
    let half = |name: &str, text: &Option<String>, is_regex: bool| {
        let ending = if is_regex { "-regexp" } else { "" };
        text.as_ref().map(|text| format!(" --{name}{ending}=\"{text}\"")).unwrap_or_default()
    };
    let subject = half("certificate-identity", &line.subject, line.subject_is_regex);
    let issuer = half("certificate-oidc-issuer", &line.issuer, line.issuer_is_regex);
    format!("cosign verify{subject}{issuer} ghcr.io/acme/a")
}

/// Between double quotes, which is how the line is written here.
fn as_the_shell_reads(text: &str, line: &Line) -> String {
    let dollars = if line.path.ends_with("Makefile") { "$$" } else { "$" };
    text.replace("\\\\", "\\").replace(dollars, "$")
}
