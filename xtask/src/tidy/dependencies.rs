//! Where dependencies come from.

use serde::Deserialize;
use toml::{Table, Value};

use super::{Complaints, Repository};
use crate::failure::{Context as _, Outcome};

/// Crates whose releases break each other: only one exact version was tried.
const EXACT: &[&str] = &["sigstore-", "serde-saphyr"];
/// Packages that must never come in: they link a system library that we neither ship nor test.
const NEVER: &[&str] = &["openssl", "openssl-sys", "native-tls"];
/// The one registry, as every lock file spells it.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(super) fn inherited(repository: &Repository) -> Outcome<Complaints> {
    let mut complaints = Complaints::new();
    for path in repository.files("", &["toml"]).filter(|path| {
        path.file_name() == Some("Cargo.toml") && path.parent().is_some_and(|folder| folder != "")
    }) {
        complaints.extend(check_inherited(path.as_str(), &table(repository, path.as_str())?));
    }
    Ok(complaints)
}

fn check_inherited(path: &str, manifest: &Table) -> Complaints {
    let mut complaints = Complaints::new();
    for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let dependencies = manifest.get(kind).and_then(Value::as_table);
        for (name, dependency) in dependencies.into_iter().flatten() {
            let inherits = dependency.get("workspace").and_then(Value::as_bool) == Some(true);
            if !inherits {
                complaints.push(format!("{path}: {kind}.{name} has a version of its own; put it into the root Cargo.toml and write `{name}.workspace = true`"));
            }
        }
    }
    if manifest.get("target").is_some() {
        complaints.push(format!(
            "{path}: has dependencies for one target; the workspace table cannot see them"
        ));
    }
    complaints
}

pub(super) fn pins(repository: &Repository) -> Outcome<Complaints> {
    let manifest = table(repository, "Cargo.toml")?;
    Ok(check_pins(&manifest))
}

fn check_pins(manifest: &Table) -> Complaints {
    let workspace = manifest.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let rows = workspace.and_then(Value::as_table).into_iter().flatten();
    rows.filter(|(name, _)| EXACT.iter().any(|exact| name.starts_with(exact)))
        .filter(|(_, row)| {
            let version = row.as_str().or_else(|| row.get("version").and_then(Value::as_str));
            !version.is_some_and(|version| version.starts_with('='))
        })
        .map(|(name, _)| format!("Cargo.toml: {name} breaks between releases; pin it with `=`"))
        .collect()
}

#[derive(Debug, Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Debug, Deserialize)]
struct Locked {
    name: String,
    /// Absent for our own crates.
    source: Option<String>,
}

pub(super) fn lock(repository: &Repository) -> Outcome<Complaints> {
    let lock: Lock =
        toml::from_str(&repository.text("Cargo.lock")?).context(|| "Cargo.lock".to_owned())?;
    Ok(check_lock(&lock))
}

fn check_lock(lock: &Lock) -> Complaints {
    let mut complaints = Complaints::new();
    for package in &lock.package {
        if NEVER.contains(&package.name.as_str()) {
            complaints.push(format!("Cargo.lock: {0} came in; `cargo tree -i {0}` shows through what, and its features can usually be switched off", package.name));
        }
        if package.source.as_deref().is_some_and(|source| source != REGISTRY) {
            complaints.push(format!(
                "Cargo.lock: {} does not come from the public registry",
                package.name
            ));
        }
    }
    complaints
}

fn table(repository: &Repository, path: &str) -> Outcome<Table> {
    repository.text(path)?.parse().context(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_of_its_own_is_found_wherever_it_stands() {
        for (manifest, count, why) in [
            ("[dependencies]\nserde.workspace = true\n", 0, "inherited"),
            (
                "[dependencies]\nserde = { workspace = true, features = [\"x\"] }\n",
                0,
                "inherited, with a feature",
            ),
            ("[dependencies]\nserde = \"1\"\n", 1, "a version"),
            ("[dev-dependencies]\nserde = { path = \"../x\" }\n", 1, "a path"),
            (
                "[build-dependencies]\nserde = { workspace = false, version = \"1\" }\n",
                1,
                "says no",
            ),
            ("[target.'cfg(unix)'.dependencies]\nx = \"1\"\n", 1, "hidden behind a target"),
        ] {
            assert_eq!(check_inherited("x", &manifest.parse().unwrap()).len(), count, "{why}");
        }
    }

    #[test]
    fn what_breaks_is_pinned() {
        let manifest = |row: &str| format!("[workspace.dependencies]\n{row}\n").parse().unwrap();
        for (row, count) in [
            ("sigstore-x = \"=0.15.1\"", 0),
            ("sigstore-x = { version = \"=0.15.1\" }", 0),
            ("sigstore-x = \"0.15.1\"", 1),
            ("sigstore-x = { path = \"x\" }", 1),
            ("serde = \"1\"", 0),
        ] {
            assert_eq!(check_pins(&manifest(row)).len(), count, "{row}");
        }
    }

    #[test]
    fn openssl_and_other_registries_are_found() {
        for (name, source, count) in [
            ("serde", Some(REGISTRY), 0),
            ("xtask", None, 0),
            ("openssl-sys", Some(REGISTRY), 1),
            ("serde", Some("git+https://example.test/serde"), 1),
        ] {
            let package = Locked { name: name.into(), source: source.map(str::to_owned) };
            assert_eq!(check_lock(&Lock { package: vec![package] }).len(), count, "{name}");
        }
    }
}
