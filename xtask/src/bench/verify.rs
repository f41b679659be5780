//! Verifying: one bundle, a hundred referrers, a thousand; against `cosign verify`.

use std::time::Duration;

use camino::Utf8Path;

use super::world::{ONE, World};
use super::{Goal, Row};
use crate::failure::{Failure, Outcome};
use crate::measure::{Cost, cost_of, median};
use crate::program::Program;
use crate::workspace::Workspace;

/// Runs of each on loopback, alternating.
const RUNS: usize = 15;
/// Runs with an added round trip, which take longer and vary less.
const SLOW_RUNS: usize = 3;
/// The round trip that is added to every request in the rows that say so.
pub(super) const ROUND_TRIP: Duration = Duration::from_millis(20);
/// After this cosign is given up on. It needs about 5 round trips a referrer.
const PEER_PATIENCE: Duration = Duration::from_secs(120);
/// Requests that a verification of one bundle needs: manifest, referrers, referrer, bundle.
const REQUESTS: f64 = 4.0;
/// Seconds within which a thousand referrers have an answer or a named limit.
const THOUSAND_WITHIN_S: f64 = 5.0;

pub(super) const PATH: &str = "acme/platform/manifests";

pub(super) fn rows(workspace: &Workspace) -> Outcome<Vec<Row>> {
    let cosign = Some(workspace.peers().join("cosign")).filter(|file| file.is_file());
    let mut rows = one_bundle(workspace, cosign.as_deref())?;
    rows.push(hundred(workspace, cosign.as_deref())?);
    rows.push(thousand(workspace)?);
    Ok(rows)
}

fn one_bundle(workspace: &Workspace, cosign: Option<&Utf8Path>) -> Outcome<Vec<Row>> {
    let world = World::start(workspace, Duration::ZERO)?;
    let digest = signed_by_ours(&world)?;
    let reference = format!("{}/{PATH}@{digest}", world.registry());
    let (ours, peer) =
        (world.verify(&reference), cosign.map(|cosign| cosign_verify(&world, cosign, &reference)));
    world.clear_requests()?;
    accepted(&ours)?;
    let our_requests = world.request_count()? as f64;
    let names = ["verify-wall", "verify-memory", "verify-requests"];
    let works = [
        "verifier artifact, one bundle, loopback: wall time",
        "the same: peak memory",
        "the same: registry requests",
    ];
    let Some(peer) = peer else {
        let why = "cosign is missing; `cargo xtask peers` builds it";
        let goals = [Goal::RatioAtMost(0.3), Goal::RatioAtMost(0.3)];
        let mut rows: Vec<Row> = (0..2)
            .map(|i| Row::not_run(names[i], works[i], ["ms", "MiB"][i], goals[i], why))
            .collect();
        rows.push(Row::alone(
            names[2],
            works[2],
            "requests",
            Goal::OursAtMost(REQUESTS),
            our_requests,
        ));
        return Ok(rows);
    };
    world.clear_requests()?;
    accepted(&peer)?;
    let peer_requests = world.request_count()? as f64;
    let (our_costs, peer_costs) = alternate(&ours, &peer, RUNS)?;
    let wall = |costs: &[Cost]| median(costs.iter().map(|cost| cost.wall_ms));
    let peak = |costs: &[Cost]| median(costs.iter().map(|cost| cost.peak_kib as f64 / 1024.0));
    let ratio = Goal::RatioAtMost(0.3);
    Ok(vec![
        Row::compared(names[0], works[0], "ms", ratio, wall(&our_costs), wall(&peer_costs))
            .detail(format!("medians of {RUNS} alternating runs")),
        Row::compared(names[1], works[1], "MiB", ratio, peak(&our_costs), peak(&peer_costs)),
        Row::compared(
            names[2],
            works[2],
            "requests",
            Goal::OursAtMost(REQUESTS),
            our_requests,
            peer_requests,
        ),
    ])
}

fn hundred(workspace: &Workspace, cosign: Option<&Utf8Path>) -> Outcome<Row> {
    let (id, work) =
        ("verify-100", "verifier artifact, 100 referrers, the last is good, 20 ms round trip");
    let (world, reference) = crowded(workspace, 99)?;
    let ours = world.verify(&reference);
    accepted(&ours)?;
    let goal = Goal::RatioAtMost(0.1);
    let Some(cosign) = cosign else {
        return Ok(Row::not_run(
            id,
            work,
            "ms",
            goal,
            "cosign is missing; `cargo xtask peers` builds it",
        ));
    };
    let peer = cosign_verify(&world, cosign, &reference).time_limit(PEER_PATIENCE);
    let (our_costs, peer_costs) = alternate(&ours, &peer, SLOW_RUNS)?;
    let wall = |costs: &[Cost]| median(costs.iter().map(|cost| cost.wall_ms));
    Ok(Row::compared(id, work, "ms", goal, wall(&our_costs), wall(&peer_costs)))
}

fn thousand(workspace: &Workspace) -> Outcome<Row> {
    let (world, reference) = crowded(workspace, 999)?;
    let output = world.verify(&reference).run()?;
    let answer = match output.code {
        0 => "Verified",
        1 => "Refused",
        2 => "Unknown, with the limit named",
        _ => {
            return Err(Failure::new(format!(
                "the verifier ended with {}: {}",
                output.code,
                output.said()
            )));
        }
    };
    let (id, work) =
        ("verify-1000", "verifier artifact, 1,000 referrers, the last is good, 20 ms round trip");
    let row =
        Row::alone(id, work, "s", Goal::OursAtMost(THOUSAND_WITHIN_S), output.took.as_secs_f64());
    Ok(row.detail(format!("answer: {answer}; cosign was not run here")))
}

/// A world with a round trip, and an artifact in it with `others` foreign bundles before the good one.
fn crowded(workspace: &Workspace, others: usize) -> Outcome<(World, String)> {
    let world = World::start(workspace, ROUND_TRIP)?;
    let digest = signed_by_ours(&world)?;
    world.crowd(PATH, &digest, others)?;
    let reference = format!("{}/{PATH}@{digest}", world.registry());
    Ok((world, reference))
}

/// Pushes the example and signs it, nothing else: one bundle. Gives the digest.
fn signed_by_ours(world: &World) -> Outcome<String> {
    let token = world.token_file("acme/platform")?;
    let receipt = world.publish(ONE, world.contents(), "latest", &token).run_ok()?;
    let receipt: serde_json::Value = serde_json::from_slice(&receipt)?;
    let digest =
        receipt["digest"].as_str().ok_or_else(|| Failure::new("the receipt names no digest"))?;
    Ok(digest.to_owned())
}

pub(super) fn alternate(
    ours: &Program,
    peer: &Program,
    runs: usize,
) -> Outcome<(Vec<Cost>, Vec<Cost>)> {
    let (mut our_costs, mut peer_costs) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        our_costs.push(well(ours)?);
        peer_costs.push(well(peer)?);
    }
    Ok((our_costs, peer_costs))
}

fn well(program: &Program) -> Outcome<Cost> {
    let cost = cost_of(program)?;
    if cost.code == 0 {
        Ok(cost)
    } else {
        Err(Failure::new(format!("{} ended with {}", program.shown(), cost.code)))
    }
}

/// A figure of a refusal would say nothing.
fn accepted(program: &Program) -> Outcome {
    program.run_ok().map(drop)
}

fn cosign_verify(world: &World, cosign: &Utf8Path, reference: &str) -> Program {
    let identity = "https://github.com/acme/platform/.github/workflows/cd.yaml@refs/heads/main";
    world.cosign(
        cosign,
        &[
            "verify",
            "--allow-http-registry",
            "--trusted-root",
            &world.trust("trusted_root.json"),
            "--certificate-identity",
            identity,
            "--certificate-oidc-issuer",
            world.issuer(),
            reference,
        ],
    )
}
