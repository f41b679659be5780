//! Publishing: our whole transaction, with its proof as a stranger, against the four commands that
//! people write into their workflows instead.

use camino::{Utf8Path, Utf8PathBuf};

use super::verify::{PATH, ROUND_TRIP};
use super::world::{ALL, World};
use super::{Goal, Row};
use crate::failure::{Context as _, Outcome};
use crate::measure::{Cost, cost_of, median};
use crate::program::Program;
use crate::workspace::Workspace;

/// Runs of each, alternating; every run publishes something new.
const RUNS: usize = 5;

const ID: &str = "publish";
const WORK: &str = "publish with 3 statements, 20 ms round trip";
const GOAL: Goal = Goal::RatioAtMost(0.4);

pub(super) fn rows(workspace: &Workspace) -> Outcome<Vec<Row>> {
    let programs = ["cosign", "oras"].map(|name| workspace.peers().join(name));
    if let Some(missing) = programs.iter().find(|file| !file.is_file()) {
        let name = missing.file_name().unwrap_or_default();
        return Ok(vec![Row::not_run(
            ID,
            WORK,
            "ms",
            GOAL,
            format!("{name} is missing; `cargo xtask peers` builds it"),
        )]);
    }
    let [cosign, oras] = programs;
    let world = World::start(workspace, ROUND_TRIP)?;
    let (mut ours, mut peer) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        let contents = new_contents(&world, run)?;
        let token = world.token_file("acme/platform")?;
        ours.push(insist(&world.publish(ALL, &contents, "latest", &token))?.wall_ms);
        peer.push(script(&world, &cosign, &oras, &contents, run, &token)?);
    }
    let row = Row::compared(ID, WORK, "ms", GOAL, median(ours), median(peer));
    Ok(vec![row.detail("peer: oras push, cosign sign, 2 x cosign attest, one after the other; ours also proves and confirms as a stranger")])
}

/// The example with one more file, so that there is something to publish.
fn new_contents(world: &World, run: usize) -> Outcome<Utf8PathBuf> {
    let folder = world.folder.join(format!("contents-{run}"));
    copy(world.contents(), &folder)?;
    let file = folder.join("run.yaml");
    std::fs::write(
        &file,
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: run-{run}}}\n"),
    )
    .context(|| file.to_string())?;
    Ok(folder)
}

fn copy(from: &Utf8Path, to: &Utf8Path) -> Outcome {
    std::fs::create_dir_all(to)?;
    for entry in from.read_dir_utf8().context(|| from.to_string())? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), &target).context(|| target.to_string())?;
        }
    }
    Ok(())
}

/// The four commands; packing is not counted against them.
fn script(
    world: &World,
    cosign: &Utf8Path,
    oras: &Utf8Path,
    contents: &Utf8Path,
    run: usize,
    token: &Utf8Path,
) -> Outcome<f64> {
    Program::new("tar")
        .args(["-C", contents.as_str(), "-czf", world.folder.join("layer.tgz").as_str(), "."])
        .run_ok()?;
    for (name, text) in [
        ("config.json", "{}"),
        ("predicate.json", "{\"buildDefinition\":{},\"runDetails\":{}}"),
        ("sbom.json", "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\"}"),
    ] {
        std::fs::write(world.folder.join(name), text).context(|| name.to_owned())?;
    }
    let reference = format!("{}/{PATH}:peer-{run}", world.registry());
    let push = Program::new(oras).folder(world.folder.clone()).args([
        "push",
        "--plain-http",
        &reference,
        "--config",
        "config.json:application/vnd.cncf.flux.config.v1+json",
        "layer.tgz:application/vnd.cncf.flux.content.v1.tar+gzip",
    ]);
    let trust = [world.trust("signing_config.json"), world.trust("trusted_root.json")];
    let signing = [
        "--yes",
        "--allow-http-registry",
        "--signing-config",
        &trust[0],
        "--trusted-root",
        &trust[1],
        "--identity-token",
        token.as_str(),
    ];
    let cosign_with = |words: &[&str]| {
        let words: Vec<&str> =
            words.iter().chain(&signing).copied().chain([reference.as_str()]).collect();
        world.cosign(cosign, &words)
    };
    let attest = |kind: &str, file: &str| {
        cosign_with(&["attest", "--type", kind, "--predicate", world.folder.join(file).as_str()])
    };
    let commands = [
        push,
        cosign_with(&["sign"]),
        attest("slsaprovenance1", "predicate.json"),
        attest("cyclonedx", "sbom.json"),
    ];
    commands.iter().map(|command| insist(command).map(|cost| cost.wall_ms)).sum()
}

fn insist(program: &Program) -> Outcome<Cost> {
    let cost = cost_of(program)?;
    if cost.code == 0 {
        return Ok(cost);
    }
    Err(crate::failure::Failure::new(format!("{} ended with {}", program.shown(), cost.code)))
}
