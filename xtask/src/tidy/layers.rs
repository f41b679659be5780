//! Which crate may know which, and what pure crates must not know.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{Complaints, Repository};
use crate::failure::{Context as _, Outcome};

/// The edges between our crates, for normal and build dependencies. They point down only, and each is
/// used: what nobody uses any more is not allowed any more.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("sealwright-pattern", &[]),
    ("sealwright-yaml", &[]),
    ("sealwright-policy", &[]),
    ("sealwright-render", &["policy"]),
    ("sealwright-evidence", &["policy"]),
    ("sealwright-flux", &["evidence", "policy", "pattern"]),
    ("sealwright-manifests", &["flux", "policy", "pattern", "yaml"]),
    ("sealwright-workflows", &["manifests", "policy", "pattern", "yaml"]),
    ("sealwright-registry", &["flux", "evidence", "policy"]),
    ("sealwright-keyless", &["evidence", "policy"]),
    ("sealwright-publisher", &["registry", "keyless", "flux", "evidence", "policy", "render"]),
    (
        "sealwright-verifier",
        &[
            "registry",
            "keyless",
            "workflows",
            "manifests",
            "flux",
            "evidence",
            "policy",
            "render",
            "yaml",
        ],
    ),
    (
        "sealwright-fuzzing",
        &["workflows", "manifests", "evidence", "render", "policy", "pattern", "yaml"],
    ),
    ("sealwright-docs", &["policy"]),
    ("sealwright-devstack", &[]),
    ("xtask", &[]),
];

/// Test code may know this as well: it is what tests run against.
const TESTS_MAY_KNOW: &str = "devstack";

/// Crates that know no clock, file, network, environment or process.
const PURE: &[&str] =
    &["pattern", "yaml", "policy", "render", "evidence", "flux", "manifests", "workflows"];

/// Calls that each pure crate's `clippy.toml` bans: that file replaces the root one.
const BANNED: &[&str] = &[
    "std::time::SystemTime::now",
    "std::time::Instant::now",
    "jiff::Timestamp::now",
    "jiff::Zoned::now",
    "std::env::var",
    "std::env::var_os",
    "std::env::vars",
    "std::fs::read",
    "std::fs::read_to_string",
    "std::fs::write",
    "std::fs::File::open",
    "std::process::Command::new",
    "std::net::TcpStream::connect",
];

/// Packages that speak to a network or wait for one.
const NETWORK: &[&str] = &[
    "tokio",
    "reqwest",
    "hyper",
    "mio",
    "socket2",
    "axum",
    "rustls",
    "oci-client",
    "ureq",
    "async-std",
];

#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    /// Absent for a normal dependency, else `dev` or `build`.
    kind: Option<String>,
    /// Present for our own crates.
    path: Option<String>,
}

pub(super) fn edges(repository: &Repository) -> Outcome<Complaints> {
    let said = repository.cargo(&["metadata", "--no-deps", "--format-version=1"])?;
    let metadata: Metadata = serde_json::from_str(&said).context(|| "cargo metadata".to_owned())?;
    Ok(check_edges(&metadata))
}

fn check_edges(metadata: &Metadata) -> Complaints {
    let mut complaints = Complaints::new();
    for package in &metadata.packages {
        let Some((_, may_know)) = MAY_KNOW.iter().find(|(name, _)| *name == package.name) else {
            complaints.push(format!("{}: not in the table of edges; give it a row in xtask/src/tidy/layers.rs and in docs/architecture.md", package.name));
            continue;
        };
        let ours: Vec<&Dependency> =
            package.dependencies.iter().filter(|known| known.path.is_some()).collect();
        for dependency in &ours {
            let known = dependency.name.trim_start_matches("sealwright-");
            let in_tests = dependency.kind.as_deref() == Some("dev");
            let allowed = may_know.contains(&known) || (in_tests && known == TESTS_MAY_KNOW);
            if !allowed {
                complaints.push(format!(
                    "{}: may not depend on {}; move what it needs to a crate below both",
                    package.name, dependency.name
                ));
            }
        }
        let unused = may_know.iter().filter(|edge| {
            !ours.iter().any(|known| {
                known.kind.as_deref() != Some("dev")
                    && known.name.trim_start_matches("sealwright-") == **edge
            })
        });
        complaints.extend(unused.map(|edge| {
            format!(
                "{}: does not depend on {edge}; take it out of its row in the table of edges",
                package.name
            )
        }));
    }
    let present: BTreeSet<&str> =
        metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let gone = MAY_KNOW.iter().filter(|(name, _)| !present.contains(name));
    complaints.extend(gone.map(|(name, _)| {
        format!("{name}: has a row in the table of edges and is no crate; remove the row")
    }));
    complaints
}

pub(super) fn bans(repository: &Repository) -> Outcome<Complaints> {
    let mut complaints = Complaints::new();
    for name in PURE {
        let path = format!("crates/{name}/clippy.toml");
        complaints.extend(check_bans(&path, &repository.text(&path).unwrap_or_default()));
    }
    Ok(complaints)
}

fn check_bans(path: &str, text: &str) -> Complaints {
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Clippy {
        #[serde(default)]
        disallowed_methods: Vec<Method>,
    }
    #[derive(Deserialize)]
    struct Method {
        path: String,
    }
    let banned: Vec<String> = match toml::from_str::<Clippy>(text) {
        Ok(clippy) => clippy.disallowed_methods.into_iter().map(|method| method.path).collect(),
        Err(why) => return vec![format!("{path}: {why}")],
    };
    BANNED
        .iter()
        .filter(|call| !banned.iter().any(|banned| banned == *call))
        .map(|call| format!("{path}: does not ban {call}; add it to disallowed-methods"))
        .collect()
}

pub(super) fn pure_trees(repository: &Repository) -> Outcome<Complaints> {
    let mut complaints = Complaints::new();
    for name in PURE {
        let package = format!("sealwright-{name}");
        let tree = repository.cargo(&[
            "tree",
            "--package",
            &package,
            "--edges=normal",
            "--prefix=none",
            "--format={p}",
        ])?;
        complaints.extend(check_tree(&package, &tree));
    }
    Ok(complaints)
}

fn check_tree(package: &str, tree: &str) -> Complaints {
    let names: BTreeSet<&str> =
        tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    NETWORK
        .iter()
        .filter(|network| names.contains(*network))
        .map(|network| format!("{package}: is pure and has {network} in its tree; `cargo tree -p {package} -e normal -i {network}` shows through what"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A workspace with every crate and edge of the table and these extra edges.
    fn metadata(extra: &[(&str, &str, Option<&str>)]) -> Metadata {
        let packages = MAY_KNOW.iter().map(|(name, may_know)| {
            let table = may_know.iter().map(|to| (format!("sealwright-{to}"), None));
            let extra = extra.iter().filter(|(from, _, _)| from == name);
            let extra = extra.map(|(_, to, kind)| ((*to).to_owned(), kind.map(str::to_owned)));
            let dependencies = table.chain(extra).map(|(name, kind)| {
                let path = name.starts_with("sealwright-").then(String::new);
                Dependency { name, kind, path }
            });
            Package { name: (*name).to_owned(), dependencies: dependencies.collect() }
        });
        Metadata { packages: packages.collect() }
    }

    #[test]
    fn edges_point_down() {
        for (from, to, kind, allowed, why) in [
            ("sealwright-registry", "sealwright-policy", None, true, "down"),
            ("sealwright-policy", "serde", None, true, "somebody else's crate"),
            ("sealwright-policy", "sealwright-evidence", None, false, "up"),
            (
                "sealwright-verifier",
                "sealwright-publisher",
                None,
                false,
                "deliverables are strangers",
            ),
            ("sealwright-verifier", "sealwright-devstack", None, false, "never in a deliverable"),
            (
                "sealwright-verifier",
                "sealwright-devstack",
                Some("dev"),
                true,
                "tests run against it",
            ),
            (
                "sealwright-verifier",
                "sealwright-devstack",
                Some("build"),
                false,
                "a build is no test",
            ),
            (
                "sealwright-devstack",
                "sealwright-evidence",
                Some("dev"),
                false,
                "it must not agree with itself",
            ),
            ("xtask", "sealwright-policy", None, false, "no product logic"),
        ] {
            let complaints = check_edges(&metadata(&[(from, to, kind)]));
            assert_eq!(complaints.is_empty(), allowed, "{from} -> {to}: {why}: {complaints:?}");
        }
    }

    #[test]
    fn an_edge_that_nobody_uses_is_taken_out() {
        let mut workspace = metadata(&[]);
        assert_eq!(check_edges(&workspace), Complaints::new(), "all are used");
        let render = workspace.packages.iter_mut().find(|one| one.name == "sealwright-render");
        render.expect("it is there").dependencies.clear();
        let complaints = check_edges(&workspace);
        assert!(
            complaints.len() == 1 && complaints[0].contains("sealwright-render"),
            "{complaints:?}"
        );
    }

    #[test]
    fn every_crate_has_a_row_and_every_row_a_crate() {
        let mut workspace = metadata(&[]);
        workspace.packages[0].name = "sealwright-new".into();
        let complaints = check_edges(&workspace);
        assert_eq!(complaints.len(), 2, "{complaints:?}");
    }

    #[test]
    fn a_pure_crate_bans_every_call() {
        let row = |call: &&str| format!("{{ path = \"{call}\", reason = \"pure\" }},");
        let all: String = BANNED.iter().map(row).collect();
        assert_eq!(check_bans("x", &format!("disallowed-methods = [{all}]")), Complaints::new());
        let but_one: String = BANNED.iter().skip(1).map(row).collect();
        assert_eq!(check_bans("x", &format!("disallowed-methods = [{but_one}]")).len(), 1);
        assert_eq!(check_bans("x", "").len(), BANNED.len(), "a missing file bans nothing");
        assert_eq!(check_bans("x", "disallowed-methods = 1").len(), 1, "not what clippy reads");
    }

    #[test]
    fn a_network_in_a_pure_tree_is_found() {
        assert!(
            check_tree("x", "sealwright-policy v0.1.0\nserde v1.0.0\ntokio-util v1.0.0\n")
                .is_empty()
        );
        assert_eq!(check_tree("x", "serde v1.0.0\ntokio v1.54.0 (*)\n").len(), 1);
    }
}
