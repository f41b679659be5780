//! Packing: the real kube-prometheus tree, repeated, against `tar | pigz`.

use camino::Utf8PathBuf;

use super::{Goal, Row};
use crate::failure::{Context as _, Failure, Outcome};
use crate::measure::{Cost, cost_of, median};
use crate::program::{Program, on_path};
use crate::workspace::Workspace;

/// Bytes of YAML to pack.
const TREE_BYTES: u64 = 105_000_000;
/// Runs of each, alternating.
const RUNS: usize = 5;
/// The most that packing may keep in memory, in MiB, whatever the size of the tree.
const PEAK_MIB_MAX: f64 = 64.0;

pub(super) fn rows(workspace: &Workspace) -> Outcome<Vec<Row>> {
    let (speed, memory) = (Goal::RatioAtLeast(1.4), Goal::OursAtMost(PEAK_MIB_MAX));
    let work = "pack 105 MB of YAML";
    let source = workspace.shared().join("data/gitops/kube-prometheus");
    if !source.is_dir() {
        return Ok(vec![Row::not_run("pack", work, "MB/s", speed, "the shared data is not here")]);
    }
    let folder = tempfile::tempdir()?;
    let folder = Utf8PathBuf::try_from(folder.path().to_owned())
        .context(|| "the temporary folder".to_owned())?;
    let tree = folder.join("tree");
    let bytes = repeat(&source, &tree)?;
    let ours = Program::new(workspace.binary("release", "sealwright-publisher")).args([
        "pack",
        "--contents",
        tree.as_str(),
        "--contents-bytes-max",
        "200000000",
        "--output",
        folder.join("ours.tgz").as_str(),
    ]);
    let pipe = "set -o pipefail; tar --sort=name --mtime=@0 --owner=0 --group=0 -C \"$1\" -cf - . | pigz -6n -p2 > \"$2\"";
    let peer = Program::new("bash").args([
        "-c",
        pipe,
        "bash",
        tree.as_str(),
        folder.join("peer.tgz").as_str(),
    ]);
    let peer = on_path("pigz").map(|_| peer);
    let (mut our_costs, mut peer_costs) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        our_costs.push(ended_well(&ours)?);
        if let Some(peer) = &peer {
            peer_costs.push(ended_well(peer)?);
        }
    }
    let speed_of =
        |costs: &[Cost]| bytes as f64 / 1e3 / median(costs.iter().map(|cost| cost.wall_ms));
    let our_speed = speed_of(&our_costs);
    let peak = our_costs.iter().map(|cost| cost.peak_kib as f64 / 1024.0).fold(0.0, f64::max);
    let speed_row = match peer {
        Some(_) => Row::compared("pack", work, "MB/s", speed, our_speed, speed_of(&peer_costs))
            .detail("peer: tar --sort=name | pigz -6n -p2"),
        None => Row::not_run(
            "pack",
            work,
            "MB/s",
            speed,
            "pigz is missing; `apt-get install pigz` brings it",
        ),
    };
    Ok(vec![speed_row, Row::alone("pack-memory", "peak memory of packing it", "MiB", memory, peak)])
}

fn ended_well(program: &Program) -> Outcome<Cost> {
    let cost = cost_of(program)?;
    if cost.code == 0 {
        return Ok(cost);
    }
    Err(Failure::new(format!(
        "{} ended with {}: {}",
        program.shown(),
        cost.code,
        program.run()?.said()
    )))
}

/// Copies the YAML files of `source` into numbered folders until there are enough bytes.
fn repeat(source: &Utf8PathBuf, tree: &Utf8PathBuf) -> Outcome<u64> {
    let files = files_below(source)?;
    let mut bytes = 0;
    for number in 0.. {
        let copy = tree.join(format!("copy-{number:04}"));
        std::fs::create_dir_all(&copy)?;
        for file in &files {
            let name = file.file_name().unwrap_or("file");
            bytes += std::fs::copy(file, copy.join(name)).context(|| file.to_string())?;
            if bytes >= TREE_BYTES {
                return Ok(bytes);
            }
        }
    }
    Ok(bytes)
}

fn files_below(folder: &Utf8PathBuf) -> Outcome<Vec<Utf8PathBuf>> {
    let mut files = Vec::new();
    for entry in folder.read_dir_utf8().context(|| folder.to_string())? {
        let path = entry?.path().to_owned();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else if path.extension() == Some("yaml") {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() { Err(Failure::new(format!("{folder} holds no YAML"))) } else { Ok(files) }
}
