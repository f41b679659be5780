//! Workflows as large projects write them, told again with `acme`: what is said of each, and nothing
//! that its reviewers would call wrong.

use sealwright_manifests::File;
use sealwright_policy::Severity::{self, Note, Warning};

use super::*;

/// A reusable workflow that pushes when it is told to, and signs what it pushed.
const IMAGE_REUSE: &str = "name: image reuse
on:
  workflow_call:
    inputs:
      push: {type: boolean, required: true}
      tag: {type: string, required: true}
jobs:
  publish:
    runs-on: ubuntu-24.04
    permissions: {contents: read, packages: write, id-token: write}
    outputs:
      digest: ${{ steps.image.outputs.digest }}
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8
      - id: image
        uses: docker/build-push-action@v6
        with:
          push: ${{ inputs.push }}
          tags: ghcr.io/acme/deliver:${{ inputs.tag }}
      - name: Sign
        if: ${{ inputs.push }}
        run: cosign sign --yes ghcr.io/acme/deliver@${{ steps.image.outputs.digest }}
";

/// Its caller: proposals are built, the main branch is published.
const IMAGE: &str = "name: image
on:
  push: {branches: [main]}
  pull_request: {branches: [main]}
jobs:
  build-only:
    if: github.event_name == 'pull_request'
    permissions: {contents: read, packages: write, id-token: write}
    uses: ./.github/workflows/image-reuse.yaml
    with: {push: false, tag: latest}
  build-and-publish:
    if: github.repository == 'acme/deliver' && github.event_name == 'push'
    permissions: {contents: read, packages: write, id-token: write}
    uses: ./.github/workflows/image-reuse.yaml
    with: {push: true, tag: latest}
";

/// Manifests under a version, signed, then under `latest`.
const MANIFESTS: &str = "name: manifests
on:
  workflow_dispatch:
    inputs: {version: {required: true}}
permissions: {contents: read}
jobs:
  push:
    runs-on: ubuntu-24.04
    permissions: {id-token: write, packages: write}
    steps:
      - uses: fluxcd/flux2/action@8454b02a32e48d775b9f563cb51fdcb1787b5b93
      - name: Push
        id: push
        run: |
          DIGEST=$(flux push artifact oci://ghcr.io/acme/deliver-manifests:${{ inputs.version }} \\
            --path=./manifests --source=\"$(git config --get remote.origin.url)\" \\
            --revision=\"main@sha1:$(git rev-parse HEAD)\" --output json | jq -r .digest)
          echo \"digest=$DIGEST\" >> $GITHUB_OUTPUT
      - name: Sign
        run: cosign sign --yes ghcr.io/acme/deliver-manifests@${{ steps.push.outputs.digest }}
      - name: Tag
        run: flux tag artifact oci://ghcr.io/acme/deliver-manifests:${{ inputs.version }} --tag latest
";

/// Images by digest on several machines, joined, signed, tagged.
const BY_DIGEST: &str = "name: release
on: {push: {tags: ['v*']}}
permissions: {}
jobs:
  build:
    strategy: {matrix: {arch: [amd64, arm64]}}
    runs-on: ubuntu-24.04
    permissions: {packages: write}
    steps:
      - uses: docker/build-push-action@v6
        with:
          outputs: type=image,name=ghcr.io/acme/deliver,push-by-digest=true,name-canonical=true,push=true
  merge:
    needs: build
    runs-on: ubuntu-24.04
    permissions: {packages: write, id-token: write}
    steps:
      - id: meta
        uses: docker/metadata-action@v5
        with: {images: ghcr.io/acme/deliver, tags: 'type=semver,pattern={{version}}'}
      - run: |
          docker buildx imagetools create $(jq -cr '.tags | map(\"-t \" + .) | join(\" \")' <<< \"$DOCKER_METADATA_OUTPUT_JSON\") \\
            $(printf 'ghcr.io/acme/deliver@sha256:%s ' *)
";

/// The classic: metadata, push, signature.
const METADATA: &str = "name: publish
on:
  push: {branches: [main], tags: ['v*']}
  pull_request:
jobs:
  build:
    runs-on: ubuntu-24.04
    permissions: {contents: read, packages: write, id-token: write}
    steps:
      - id: meta
        uses: docker/metadata-action@v5
        with:
          images: ghcr.io/${{ github.repository }}
          tags: |
            type=raw,value=latest,enable={{is_default_branch}}
            type=ref,event=pr
            type=semver,pattern={{version}}
      - id: push
        uses: docker/build-push-action@v6
        with:
          push: ${{ github.event_name != 'pull_request' }}
          tags: ${{ steps.meta.outputs.tags }}
      - if: ${{ github.event_name != 'pull_request' }}
        env: {TAGS: '${{ steps.meta.outputs.tags }}', DIGEST: '${{ steps.push.outputs.digest }}'}
        run: echo \"${TAGS}\" | xargs -I {} cosign sign --yes {}@${DIGEST}
";

/// A test of the verification itself, against a registry that lives as long as the job.
const TEST_OF_VERIFICATION: &str = "name: e2e
on: [push, pull_request]
jobs:
  test:
    runs-on: ubuntu-24.04
    permissions: {contents: read, id-token: write}
    env: {KO_DOCKER_REPO: 'registry.local:5000/policy'}
    steps:
      - run: |
          ko build ./cmd/tester
          cosign sign --yes registry.local:5000/policy/tester
          if cosign verify registry.local:5000/policy/tester; then exit 1; fi
          ! cosign verify registry.local:5000/other
          cosign verify registry.local:5000/policy/tester || true
";

/// Comments of strangers, and a label, and nothing that signs.
const TRIAGE: &str = "name: triage
on:
  pull_request_target: {types: [opened]}
  issue_comment: {types: [created]}
permissions: {pull-requests: write}
jobs:
  label:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/labeler@634933edcd8ababfe52f92936142cc22ac488b1b
      - run: echo \"${{ github.event.comment.body }}\"
";

/// Publishing after the checks, with the code of the default branch.
const AFTER_CHECKS: &str = "name: publish
on:
  workflow_run: {workflows: [ci], types: [completed], branches: [main]}
jobs:
  publish:
    if: github.event.workflow_run.conclusion == 'success' && github.event.workflow_run.event == 'push'
    runs-on: ubuntu-24.04
    permissions: {contents: read, packages: write, id-token: write}
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8
        with: {ref: '${{ github.event.workflow_run.head_sha }}'}
      - run: make bundle
      - run: sealwright-publisher publish --tag latest
";
const CI: &str = "name: ci
on: {push: {branches: [main]}, pull_request: }
jobs: {test: {runs-on: ubuntu-24.04, steps: [{run: make test}]}}
";

#[test]
fn nothing_is_said_that_a_reviewer_would_call_wrong() {
    let early: &[(&str, Severity)] = &[("SW9231", Warning)];
    for (files, routes_found, expected, why) in [
        (
            &[("image.yaml", IMAGE), ("image-reuse.yaml", IMAGE_REUSE)][..],
            1,
            early,
            "published from main alone, and the tag is first",
        ),
        (
            &[("manifests.yaml", MANIFESTS)],
            2,
            &[("SW9231", Note)],
            "a version before its signature, `latest` after it",
        ),
        (&[("release.yaml", BY_DIGEST)], 1, &[], "by digest, then a tag that is not on paper"),
        (
            &[("publish.yaml", METADATA)],
            2,
            &[("SW9231", Warning), ("SW9231", Note)],
            "`latest` from main and versions from tags, both before xargs signs",
        ),
        (&[("e2e.yaml", TEST_OF_VERIFICATION)], 0, &[], "a registry that is gone after the job"),
        (&[("triage.yaml", TRIAGE)], 0, &[], "nothing there may sign or push"),
        (
            &[("publish.yaml", AFTER_CHECKS), ("ci.yaml", CI)],
            1,
            &[],
            "after our own successful run",
        ),
    ] {
        let files: Vec<(String, &str)> =
            files.iter().map(|(name, text)| (format!(".github/workflows/{name}"), *text)).collect();
        let read = files.iter().map(|(path, text)| File { path, bytes: text.as_bytes() });
        let tree = Tree::read(read);
        assert_eq!(tree.findings, [], "{why}");
        let found = routes(&tree, About::default(), None);
        let serious = found.findings.iter().filter(|finding| finding.code != Code::RouteUnread);
        let codes: Vec<(&str, Severity)> =
            serious.map(|finding| (finding.code.entry().id, finding.severity)).collect();
        assert_eq!(codes, expected, "{why}: {:#?}", found.findings);
        assert_eq!(found.reports.len(), routes_found, "{why}: {:#?}", found.reports);
    }
}
