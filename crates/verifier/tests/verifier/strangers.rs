//! What a stranger is told of a repository that nobody has looked at, in repositories of every style: every
//! line of it.

use crate::manifests::Folder;
use crate::world::snapshots;

const CD: &str = r"^https://github\.com/acme/fleet/\.github/workflows/cd\.yaml@refs/heads/main$";

/// An `OCIRepository`, with whom it lets in.
fn source(name: &str, subject: Option<&str>) -> String {
    let block = subject.map(|subject| {
        format!(
            "  verify:
    provider: cosign
    matchOIDCIdentity:
      - issuer: ^https://token\\.actions\\.githubusercontent\\.com$
        subject: {subject}
"
        )
    });
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {{name: {name}, namespace: apps}}
spec:
  url: oci://ghcr.io/acme/{name}
{}",
        block.unwrap_or_default()
    )
}

fn shifted(text: &str, first: &str, rest: &str) -> String {
    let lines = text.lines().enumerate();
    lines.map(|(at, line)| format!("{}{line}\n", if at == 0 { first } else { rest })).collect()
}

fn told(name: &str, files: &[(&str, &str)]) {
    snapshots().bind(|| {
        insta::assert_snapshot!(format!("strangers_{name}"), Folder::with(files).said(&[]));
    });
}

#[test]
fn flux_with_charts_of_all_kinds() {
    let repository = |name: &str, rest: &str| {
        format!(
            "apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {{name: {name}, namespace: flux-system}}
spec: {{{rest}}}
---
"
        )
    };
    let release = |name: &str, spec: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {{name: {name}, namespace: apps}}
spec: {spec}
---
"
        )
    };
    let of = |kind: &str, repository: &str| {
        let named = format!("{{kind: {kind}, name: {repository}, namespace: flux-system}}");
        format!("{{chart: {{spec: {{chart: web, version: 1.2.3, sourceRef: {named}}}}}}}")
    };
    let repositories = repository("acme", "type: oci, url: 'oci://ghcr.io/acme/charts'")
        + &repository("others", "url: 'https://charts.acme.example'");
    let releases = release("oci", &of("HelmRepository", "acme"))
        + &release("http", &of("HelmRepository", "others"))
        + &release("absent", &of("HelmRepository", "elsewhere"))
        + &release(
            "git",
            &of("GitRepository", "flux-system")
                .replace("{chart: web", "{verify: {provider: cosign}, chart: web"),
        )
        + &release("named", "{chartRef: {kind: OCIRepository, name: chart}}");
    told(
        "charts",
        &[
            ("infra/repositories.yaml", &repositories),
            ("apps/releases.yaml", &releases),
            ("apps/chart.yaml", &source("chart", Some(CD))),
        ],
    );
}

#[test]
fn flux_operator_with_sets() {
    let set = |rest: &str| {
        format!(
            "apiVersion: fluxcd.controlplane.io/v1
kind: ResourceSet
metadata: {{name: tenants, namespace: flux-system}}
spec:
  inputs: [{{tenant: one}}]
{rest}"
        )
    };
    let plain = source("<< inputs.tenant >>", None);
    let locked = source("all", Some("^https://github\\.com/acme/.*$"));
    let resources = shifted(&plain, "    - ", "      ") + &shifted(&locked, "    - ", "      ");
    let template = format!("<<- range .x >>\n{plain}<<- end >>\n");
    told(
        "sets",
        &[
            ("tenants/plain.yaml", &set(&format!("  resources:\n{resources}"))),
            (
                "tenants/template.yaml",
                &set(&format!("  resourcesTemplate: |\n{}", shifted(&template, "    ", "    "))),
            ),
        ],
    );
}

#[test]
fn objects_in_other_objects() {
    let held = shifted(&source("app", None), "    ", "    ");
    told(
        "held",
        &[
            (
                "cm.yaml",
                &format!(
                    "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: all}}\ndata:\n  a.yaml: |\n{held}"
                ),
            ),
            ("charts/app/values.yaml", &format!("extraObjects:\n  -\n{held}")),
            (
                "list.yaml",
                "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepositoryList\nitems:\n  - \
                 {metadata: {name: typed, namespace: apps}, spec: {url: 'oci://ghcr.io/acme/typed'}}\n",
            ),
        ],
    );
}

#[test]
fn only_kyverno() {
    told(
        "kyverno",
        &[(
            "policies/images.yaml",
            "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: images}
spec:
  validationFailureAction: Audit
  rules:
    - name: signed
      verifyImages:
        - imageReferences: ['ghcr.io/acme/*']
          attestors:
            - entries:
                - keyless:
                    issuer: https://token.actions.githubusercontent.com
                    subject: https://github.com/acme/*
                - keyless:
                    issuer: https://token.actions.githubusercontent.com
                    subjectRegExp: https://github.com/acme/app/.github/workflows/release.yml@refs/tags/.*
",
        )],
    );
}

#[test]
fn only_policy_controller() {
    told(
        "policy_controller",
        &[(
            "policies.yaml",
            "apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata: {name: acme}
spec:
  mode: warn
  images: [{glob: 'ghcr.io/acme/**'}]
  authorities:
    - keyless:
        identities:
          - issuer: https://token.actions.githubusercontent.com
            subject: https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main
---
apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata: {name: others}
spec:
  images: [{glob: '**'}]
  authorities: [{static: {action: pass}}]
",
        )],
    );
}

#[test]
fn only_talos() {
    told(
        "talos",
        &[(
            "controlplane.yaml",
            r"version: v1alpha1
machine: {type: controlplane}
---
apiVersion: v1alpha1
kind: ImageVerificationConfig
rules:
  - image: '*'
    skip: true
  - image: ghcr.io/acme/*
    keyless:
      issuer: https://token.actions.githubusercontent.com
      subject: https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main
",
        )],
    );
}

#[test]
fn an_application_that_only_tells_how_to_verify_it() {
    told(
        "readme",
        &[
            (
                "README.md",
                "```sh
cosign verify ghcr.io/acme/app:v1.0.0 \\
  --certificate-identity-regexp 'https://github.com/acme/app' \\
  --certificate-oidc-issuer https://token.actions.githubusercontent.com
```
",
            ),
            (".github/workflows/release.yaml", "on: push\njobs: {}\n"),
        ],
    );
}

#[test]
fn the_same_slip_in_many_places_and_more_that_nobody_verifies() {
    let wide = CD.replace("refs/heads/main", ".+");
    let any = source("any", Some("'.*'"));
    let mut files = vec![("apps/any.yaml".to_owned(), any)];
    for number in 0..3 {
        let name = format!("wide{number}");
        files.push((format!("apps/{name}.yaml"), source(&name, Some(&wide))));
        let name = format!("open{number}");
        files.push((format!("apps/{name}.yaml"), source(&name, None)));
    }
    let files: Vec<(&str, &str)> =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    told("many", &files);
}

#[test]
fn what_runs_comes_before_what_is_only_tried() {
    let all = Some("'.*'");
    told(
        "fixtures",
        &[
            ("deploy/source.yaml", &source("app", Some(CD))),
            ("deploy/open.yaml", &source("open", None)),
            ("internal/testdata/source.yaml", &source("tested", all)),
            ("examples/source.yaml", &source("shown", Some("^https://github\\.com/acme/.*$"))),
            ("node_modules/a/source.yaml", &source("installed", all)),
        ],
    );
}

#[test]
fn what_is_filled_in_later_is_not_known() {
    let named =
        "'^https://github\\.com/${ORG}/fleet/\\.github/workflows/cd\\.yaml@refs/heads/main$'";
    told(
        "variables",
        &[
            ("apps/source.yaml", &source("app", Some(named))),
            ("apps/good.yaml", &source("good", Some(CD))),
            ("chart/templates/source.yaml", "{{ if .x }}\nkind: OCIRepository\n{{ end }}\n"),
        ],
    );
}

#[test]
fn languages_that_are_not_read() {
    told(
        "languages",
        &[
            (
                "main.tf",
                "resource \"kubernetes_manifest\" \"a\" {\n  manifest = {\n    kind = \"OCIRepository\"\n  }\n}\n",
            ),
            ("lib/source.jsonnet", "{ kind: 'OCIRepository' }\n"),
            ("templates/source.yaml.j2", &source("app", Some(CD))),
        ],
    );
}

#[test]
fn blocks_that_are_refused_or_read_by_nobody() {
    let text = source("a", Some(CD));
    told(
        "blocks",
        &[
            ("case.yaml", &text.replace("  verify:", "  Verify:")),
            ("flat.yaml", &text.replace("      - issuer", "        issuer")),
            ("text.yaml", &(source("b", None) + "  verify: cosign\n")),
            ("both.yaml", &text.replace("provider: cosign", "secretRef: {name: key}")),
        ],
    );
}
