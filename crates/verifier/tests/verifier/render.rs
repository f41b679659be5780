//! The whole command `render`: what it prints is what the library renders; mistakes are named.

use crate::world::*;

const ENVIRONMENTS: &str = "
environments:
  local: {trust: devstack, flux: '2.9', sources: [apps/manifests]}
  prod: {trust: public, flux: '2.9'}
";

fn rendered(flags: &[&str]) -> (String, String, i32) {
    let world = World::start();
    world.add_to_config(ENVIRONMENTS);
    let output = world.command().arg("render").args(flags).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let code = output.status.code().expect("it was not killed");
    (text(output.stdout), text(output.stderr), code)
}

#[test]
fn an_environment_decides_about_place_and_trust() {
    for (flags, present, absent) in [
        (vec!["manifests", "--environment", "local"], "namespace: apps", "namespace: flux-system"),
        (vec!["manifests", "--environment", "local"], "name: sealwright-trusted-root", "x"),
        (
            vec!["manifests", "--environment", "prod"],
            "namespace: flux-system",
            "trustedRootSecretRef",
        ),
        (vec!["manifests", "--trusted-root-secret", "own"], "name: own", "sealwright-trusted-root"),
        (vec!["manifests", "--as", "flux-instance-patch"], "kind: FluxInstance", "x"),
        (vec!["manifests", "--as", "ksail"], "kind: Cluster", "x"),
        (
            vec!["manifests", "--registry", "127.0.0.1:5000", "--tag", "v1"],
            "url: oci://127.0.0.1:5000/acme/platform/manifests",
            "latest",
        ),
        (
            vec!["manifests", "--namespace", "a", "--name", "b"],
            "name: b\n  namespace: a",
            "name: manifests",
        ),
        (
            vec!["manifests", "--github-issuer", "https://issuer.test"],
            "issuer: ^https://issuer\\.test$",
            "githubusercontent",
        ),
    ] {
        let (out, talk, code) = rendered(&flags);
        assert_eq!((talk.as_str(), code), ("", 0), "{flags:?}");
        assert!(out.contains(present), "{flags:?}: {out}");
        assert!(absent == "x" || !out.contains(absent), "{flags:?}: {out}");
    }
}

#[test]
fn what_cannot_be_rendered_is_refused_with_nothing_on_standard_output() {
    for (flags, words) in [
        (vec!["none"], "there are: manifests, proven"),
        (vec!["manifests", "--environment", "none"], "there are: local, prod"),
        (
            vec!["manifests", "--environment", "local", "--as", "ksail"],
            "no field for a trusted root",
        ),
        (vec!["manifests", "--as", "helm"], "possible values"),
    ] {
        let (out, talk, code) = rendered(&flags);
        assert_eq!((out.as_str(), code), ("", 64), "{flags:?}");
        assert!(talk.contains(words), "{flags:?}: {talk}");
    }
}
