//! What is found in manifests, and what is not.

use std::fmt::Write as _;

use super::*;

/// One line for each place: file, line, rule, thing; then the notes.
fn search(files: &[(&str, &str)]) -> String {
    let mut inventory = Inventory::default();
    for (file, text) in files {
        inventory.read(file, text.as_bytes());
    }
    show(&inventory)
}

fn show(inventory: &Inventory) -> String {
    let mut lines = Vec::new();
    for (pulled, locations) in inventory.pulled() {
        for Location { file, line, rule } in locations {
            lines.push(format!("{file}:{line} {} {}", rule.name(), name(&pulled)));
        }
    }
    lines.extend(inventory.notes().iter().map(|note| format!("{} {}", note.place, note.message)));
    lines.join("\n")
}

fn name(pulled: &Pulled) -> String {
    let mut text = String::new();
    let mut optional = |label: &str, part: &Option<String>| {
        if let Some(part) = part {
            let _ = write!(text, " {label} {part}");
        }
    };
    match pulled {
        Pulled::Image(reference) => reference.to_string(),
        Pulled::OciArtifact { reference, range } => {
            optional("range", range);
            format!("oci {reference}{text}")
        }
        Pulled::Chart { repository, name, version } => {
            optional("version", version);
            match repository {
                ChartRepository::Url(url) => format!("chart {name} from {url}{text}"),
                ChartRepository::Named { namespace, name: repository } => {
                    format!("chart {name} from object {namespace}/{repository}{text}")
                }
            }
        }
        Pulled::Git { url, revision } => {
            optional("at", revision);
            format!("git {url}{text}")
        }
        Pulled::Bucket { endpoint, name } => format!("bucket {name} at {endpoint}"),
        Pulled::File { url } => format!("file {url}"),
    }
}

#[test]
fn every_workload_kind_is_searched_where_the_kubelet_looks() {
    let pod = "containers: [{image: a:1}]";
    let template = format!("template: {{spec: {{{pod}}}}}");
    for (api_version, kind, spec) in [
        ("v1", "Pod", pod),
        ("apps/v1", "Deployment", &template),
        ("apps/v1", "StatefulSet", &template),
        ("apps/v1", "DaemonSet", &template),
        ("apps/v1", "ReplicaSet", &template),
        ("batch/v1", "Job", &template),
        ("batch/v1", "CronJob", &format!("jobTemplate: {{spec: {{{template}}}}}")),
    ] {
        let text = format!("apiVersion: {api_version}\nkind: {kind}\nspec: {{{spec}}}\n");
        assert_eq!(search(&[("f.yaml", &text)]), "f.yaml:3 pod docker.io/library/a:1", "{kind}");
    }
    let config_map = "apiVersion: v1\nkind: ConfigMap\ndata: {image: a:1}\n";
    assert_eq!(search(&[("f.yaml", config_map)]), "", "data of a ConfigMap is not pulled");
}

#[test]
fn every_kind_of_container_counts_and_nothing_else_of_a_pod() {
    let text = "\
apiVersion: v1
kind: Pod
spec:
  initContainers:
    - image: ghcr.io/acme/init:v1
  containers:
    - name: image
      image: ghcr.io/acme/app:v1
      args: [--image=ghcr.io/acme/not-this:v1]
      env: [{name: image, value: ghcr.io/acme/nor-this:v1}]
  ephemeralContainers:
    - image: ghcr.io/acme/debug:v1
  volumes:
    - image:
        reference: ghcr.io/acme/data:v1
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Pod
    spec: {containers: [{image: '${REGISTRY}/app:v1'}]}
";
    insta::assert_snapshot!(search(&[("pod.yaml", text)]));
}

#[test]
fn sources_and_charts_of_flux() {
    let text = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: podinfo, namespace: podinfo}
spec: {url: https://stefanprodan.github.io/podinfo}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: podinfo, namespace: podinfo}
spec:
  chart:
    spec:
      chart: podinfo
      version: '>=1.0.0'
      sourceRef: {kind: HelmRepository, name: podinfo}
  values:
    image: {repository: ghcr.io/stefanprodan/podinfo, tag: 6.9.0}
    redis: {repository: public.ecr.aws/docker/library/redis, tag: 8.6.2}
    git: {repository: https://github.com/acme/x, tag: v1}
    ui: {image: logo.png}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: other}
spec: {chart: {spec: {chart: other, version: 1.2.3, sourceRef: {kind: HelmRepository, name: elsewhere}}}}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: own}
spec: {chart: {spec: {chart: ./charts/own, sourceRef: {kind: GitRepository, name: flux-system}}}}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
spec:
  url: oci://ghcr.io/acme/platform/manifests
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
spec:
  url: oci://quay.io/jetstack/charts/cert-manager
  ref: {semver: 1.x, tag: ignored}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
spec:
  url: https://github.com/acme/platform
  ref: {branch: main, commit: 0123456789012345678901234567890123456789}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: Bucket
spec:
  endpoint: minio.example.com
  bucketName: platform
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
spec: {image: ghcr.io/acme/only-looked-at:v1}
---
apiVersion: fluxcd.controlplane.io/v1
kind: FluxInstance
spec:
  distribution:
    artifact: oci://ghcr.io/controlplaneio-fluxcd/flux-operator-manifests
  sync:
    kind: OCIRepository
    url: oci://ghcr.io/acme/platform/manifests
    ref: latest
";
    insta::assert_snapshot!(search(&[("flux.yaml", text)]));
}

#[test]
fn what_kustomize_brings_and_renames() {
    let text = "\
resources:
  - deployment.yaml
  - ../base
  - https://raw.githubusercontent.com/acme/x/v1/install.yaml
  - https://github.com/acme/bases//app?ref=v2&timeout=1m
  - github.com/acme/bases?ref=main
components:
  - git@github.com:acme/parts.git
helmCharts:
  - {name: minio, repo: https://charts.min.io, version: 5.0.0}
  - {name: app, repo: oci://ghcr.io/acme/charts, version: 1.0.0}
images:
  - {name: nginx, newName: ghcr.io/acme/nginx, newTag: v1}
  - name: redis
    newTag: \"8\"
patches:
  - patch: |
      - op: replace
        path: /spec/template/spec/containers/0/image
        value: ghcr.io/acme/patched:v1
  - path: file.yaml
  - patch: |-
      apiVersion: apps/v1
      kind: Deployment
      spec:
        template:
          spec:
            containers:
              - image: ghcr.io/acme/merged:v1
patchesStrategicMerge: [patch.yaml]
";
    insta::assert_snapshot!(search(&[("kustomization.yaml", text)]));
}

#[test]
fn images_in_custom_resources_where_they_plainly_occur() {
    let text = "\
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
spec:
  image: quay.io/prometheus/prometheus:v3
  configReloaderImage: reloader:1
  image_pull_policy: Always
  thanos: {image: thanos}
  template: {spec: {containers: [{image: a/b}]}}
  image2: x:1
---
apiVersion: kyverno.io/v1
kind: ClusterPolicy
spec: {image: ghcr.io/acme/pattern:v1}
---
apiVersion: example.com/v1
kind: Thing
spec:
  image: {registry: ghcr.io, repository: acme/thing, tag: v1, digest: ''}
  sidecar: {repository: sidecar, tag: v1}
  template: {repository: ghcr.io/acme/x, tag: '${TAG}'}
";
    insta::assert_snapshot!(search(&[("custom.yaml", text)]));
}

#[test]
fn what_cannot_be_searched_is_a_note_and_hides_nothing() {
    let pod = "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: a:1}]}\n";
    let encrypted = "apiVersion: v1\nkind: Secret\ndata: {x: ENC}\nsops: {mac: x}\n";
    let mut inventory = Inventory::default();
    inventory.read("template.yaml", b"a: {{ .Values.x }}\nb: {{- end }}\n");
    inventory.read("broken.yaml", format!("a: [\n---\n{pod}").as_bytes());
    inventory.read("secret.yaml", encrypted.as_bytes());
    inventory.read("bytes.yaml", b"\xff\xfe");
    inventory.read("empty.yaml", b"");
    inventory.read("words.yaml", b"just words\n");
    inventory.read("list.json", b"[1, {\"kind\": 2}]");
    inventory.pass("huge.yaml", 5_000_000);
    inventory.pass("logo.png", 5_000_000);
    assert!(inventory.wants("a/b.yml", 1) && !inventory.wants("a.yaml/b", 1));
    assert!(!inventory.wants("a.yaml", MANIFEST_BYTES_MAX + 1));
    insta::assert_snapshot!(show(&inventory));
}

#[test]
fn real_platforms() {
    for platform in ["flux-example", "kube-prometheus"] {
        let root = std::env::var("SEALWRIGHT_SHARED");
        let root = root
            .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned());
        let folder = camino::Utf8PathBuf::from(format!("{root}/data/gitops/{platform}"));
        if !folder.is_dir() {
            eprintln!("not run: {folder} is missing");
            continue;
        }
        let mut inventory = Inventory::default();
        let output = tempfile::tempfile().unwrap();
        let (limits, threads) = (Default::default(), std::num::NonZeroUsize::MIN);
        crate::contents::pack(&folder, limits, threads, output, &mut inventory).unwrap();
        insta::assert_snapshot!(platform, show(&inventory));
    }
}
