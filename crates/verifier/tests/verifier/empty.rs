//! A folder in which there is nothing to judge: Unknown, unless somebody said that it may be.

use assert_cmd::Command;
use camino::Utf8Path;

const CONFIG: &str = "\
apiVersion: sealwright.dev/v1alpha1
kind: SupplyChain
signers:
  cd: {github: {repository: acme/shop, workflow: cd.yaml, refs: [refs/heads/main]}}
artifacts:
  shop: {repository: ghcr.io/acme/shop, signers: [cd], evidence: [signature]}
";
const PLAIN: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\n";
const OPEN: &str = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: shop}
spec: {url: \"oci://ghcr.io/acme/shop\"}
";
const UNSIGNED: &str = "\
on: push
permissions: {contents: read}
jobs: {test: {runs-on: ubuntu-24.04, steps: [{run: make test}]}}
";

/// The exit code for a folder with this one file.
fn exit_code(command: &str, path: &str, text: &str, flags: &[&str]) -> Option<i32> {
    let folder = tempfile::tempdir().expect("a folder");
    let root = Utf8Path::from_path(folder.path()).expect("UTF-8");
    std::fs::write(root.join("sealwright.yaml"), CONFIG).expect("a file");
    std::fs::create_dir_all(root.join(path).parent().expect("a parent")).expect("a folder");
    std::fs::write(root.join(path), text).expect("a file");
    let mut verifier = Command::cargo_bin("sealwright-verifier").expect("it is built");
    let verifier = verifier.env_clear().args([command, root.as_str()]).args(flags);
    verifier.output().expect("it runs").status.code()
}

#[test]
fn nothing_to_judge_is_unknown_unless_it_may_be() {
    for (command, path, text, without, with, why) in [
        ("manifests", "k8s/plain.yaml", PLAIN, 2, 0, "plain workloads"),
        ("manifests", "k8s/source.yaml", OPEN, 1, 1, "a source that nothing verifies"),
        ("workflows", "k8s/plain.yaml", PLAIN, 1, 0, "a folder that is not the repository"),
        (
            "workflows",
            ".git/HEAD",
            "ref: x\n",
            1,
            1,
            "the repository without its signer's workflow",
        ),
        (
            "workflows",
            ".github/workflows/cd.yaml",
            UNSIGNED,
            1,
            1,
            "the signer's workflow does not sign",
        ),
    ] {
        let name: &[&str] =
            if command == "workflows" { &["--repository", "acme/shop"] } else { &[] };
        let may = [name, &["--may-be-empty"]].concat();
        assert_eq!(exit_code(command, path, text, name), Some(without), "{why}");
        assert_eq!(exit_code(command, path, text, &may), Some(with), "{why}, and it may be empty");
    }
}
