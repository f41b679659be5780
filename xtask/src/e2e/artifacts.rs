//! The artifact itself: other people's tools read it, and what theirs push is signed by ours.

use std::cell::LazyCell;
use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use super::cases::{Cases, again};
use super::cosign::{Cosign, predicate};
use super::instance::Instance;
use super::interop::push_unsigned;
use super::ours::{Ours, SIGNATURE};
use super::world::{CD, World};
use crate::failure::{Context as _, Failure, Outcome};

const FLUX_CONFIG: &str = "application/vnd.cncf.flux.config.v1+json";
const FLUX_LAYER: &str = "application/vnd.cncf.flux.content.v1.tar+gzip";

/// What is published: name, text, and whether it is in the artifact.
const TREE: &[(&str, &str, bool)] = &[
    (".sourceignore", "*.md\n*_test.yaml\n!apps/KEEP.md\n", true),
    ("kustomization.yaml", "resources: [apps/web.yaml]\n", true),
    ("README.md", "not for the cluster\n", false),
    ("apps/KEEP.md", "kept all the same\n", true),
    ("apps/web.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n", true),
    ("apps/web_test.yaml", "not for the cluster\n", false),
    ("apps/empty.yaml", "", true),
    ("apps/größe.yaml", "# a name beyond ASCII\n", true),
    (".hidden/policy.yaml", "# hidden from ls, not from Flux\n", true),
];

/// Reads what we published with oras, crane and Flux's library; signs what Flux's library pushed.
pub(super) fn run(cases: &mut Cases, world: &World, instance: &Instance) {
    let registry = &world.stack.endpoints().registry;
    let published = LazyCell::new(|| -> Outcome<_> {
        let ours = Ours::new(world, instance, registry, "read-by-others")?;
        Ok((ours.publish_contents(&plant(world)?)?.digest, ours))
    });
    let there = || published.as_ref().map_err(again);

    cases.run("artifact: oras reads manifest and layer", "oras", || {
        let (digest, ours) = there()?;
        let oras = || world.tools.peer("oras");
        let reference = ours.at(digest);
        let manifest = oras()?.args(["manifest", "fetch", "--plain-http", &reference]).run_ok()?;
        let layer = layer_of(&manifest)?;
        let file = world.folder.join("oras-layer.tar.gz");
        let words = ["blob", "fetch", "--plain-http", "--output", file.as_str()];
        oras()?.args(words).args([ours.at(&layer)]).run_ok()?;
        same_tree(&untar(world, &file, "oras")?)
    });
    cases.run("artifact: crane reads manifest and layer", "crane", || {
        let (digest, ours) = there()?;
        let crane = || world.tools.peer("crane");
        let tag = format!("{}:latest", ours.repository());
        let resolved = crane()?.args(["digest", "--insecure", &tag]).run_ok()?;
        if String::from_utf8_lossy(&resolved).trim() != digest {
            return Err(Failure::new("crane resolves the tag to another digest"));
        }
        let manifest = crane()?.args(["manifest", "--insecure", &tag]).run_ok()?;
        let blob =
            crane()?.args(["blob", "--insecure", &ours.at(&layer_of(&manifest)?)]).run_ok()?;
        let file = world.folder.join("crane-layer.tar.gz");
        world.write(&file, &blob)?;
        same_tree(&untar(world, &file, "crane")?)
    });
    cases.run("artifact: Flux's library pulls and unpacks it", "fluxcd/pkg/oci", || {
        let (_, ours) = there()?;
        let folder = world.folder.join("pulled-fluxoci");
        std::fs::create_dir_all(&folder)?;
        let reference = format!("{}:latest", ours.repository());
        world.tools.peer("fluxoci")?.args(["pull", &reference, folder.as_str()]).run_ok()?;
        same_tree(&folder)
    });
    cases.run(
        "artifact: what Flux's library pushed is signed and attested by us",
        "fluxcd/pkg/oci",
        || {
            let ours =
                Ours::new(world, instance, registry, "by-flux")?.with_policy(CD, SIGNATURE)?;
            let reference = push_unsigned(world, &ours)?;
            ours.insist_refused(&reference, &["SW4009"])?;
            ours.sign(&reference, CD)?;
            let seen = ours.insist_verified(&reference)?;
            let (cosign, kind) = (Cosign { world, instance }, "cyclonedx");
            let signed = cosign.verify(&reference)?;
            ours.attest(&reference, kind, &predicate(world, kind)?)?;
            Ok(format!("{seen}; {signed}; {}", cosign.verify_attestation(&reference, kind)?))
        },
    );
}

/// Digest of the one layer, of a manifest that Flux takes.
fn layer_of(manifest: &[u8]) -> Outcome<String> {
    let manifest: Value = serde_json::from_slice(manifest)?;
    let (config, layer) = (&manifest["config"], &manifest["layers"][0]);
    match (config["mediaType"].as_str(), layer["mediaType"].as_str(), layer["digest"].as_str()) {
        (Some(FLUX_CONFIG), Some(FLUX_LAYER), Some(digest)) => Ok(digest.to_owned()),
        _ => Err(Failure::new(format!("not the manifest of a Flux artifact: {manifest}"))),
    }
}

fn untar(world: &World, archive: &Utf8Path, name: &str) -> Outcome<Utf8PathBuf> {
    let folder = world.folder.join(format!("unpacked-{name}"));
    std::fs::create_dir_all(&folder)?;
    let tar = world.tools.system("tar").ok_or_else(|| Failure::new("tar is not installed"))?;
    tar.args(["-xzf", archive.as_str(), "-C", folder.as_str()]).run_ok()?;
    Ok(folder)
}

/// Writes [`TREE`] into a folder.
fn plant(world: &World) -> Outcome<Utf8PathBuf> {
    let folder = world.folder.join("contents");
    for (name, text, _) in TREE {
        world.write(&folder.join(name), text.as_bytes())?;
    }
    Ok(folder)
}

/// Insists that a folder holds exactly what of [`TREE`] is to be published.
fn same_tree(folder: &Utf8Path) -> Outcome<String> {
    let expected: BTreeMap<Utf8PathBuf, Vec<u8>> = TREE
        .iter()
        .filter(|(.., published)| *published)
        .map(|(name, text, _)| ((*name).into(), text.as_bytes().to_vec()))
        .collect();
    let found = files(folder)?;
    if found == expected {
        return Ok(format!("{} files, byte for byte", found.len()));
    }
    let names = |files: &BTreeMap<Utf8PathBuf, Vec<u8>>| {
        files.keys().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    let (expected, found) = (names(&expected), names(&found));
    Err(Failure::new(format!("expected exactly {expected}; found {found}, or other bytes in them")))
}

fn files(root: &Utf8Path) -> Outcome<BTreeMap<Utf8PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir_utf8().context(|| folder.to_string())? {
            let path = entry?.into_path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap_or(&path).to_owned();
                found.insert(name, std::fs::read(&path).context(|| path.to_string())?);
            }
        }
    }
    Ok(found)
}
