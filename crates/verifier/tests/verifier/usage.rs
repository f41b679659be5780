//! Help, mistakes on the command line and in files: one clear message each, and the exit code.

use crate::world::*;

/// What a command says, with its exit code, as one text.
fn said(world: &World, arguments: &[&str]) -> String {
    let output = world.command().args(arguments).output().expect("it runs");
    format!(
        "exit code {}\n--- stdout\n{}--- stderr\n{}",
        output.status.code().expect("it was not killed"),
        settle(&output.stdout, world),
        settle(&output.stderr, world),
    )
}

#[test]
fn help() {
    let world = World::start();
    insta::assert_snapshot!(said(&world, &["--help"]));
    insta::assert_snapshot!(said(&world, &["artifact", "--help"]));
}

#[test]
fn explanations() {
    let world = World::start();
    insta::assert_snapshot!(said(&world, &["explain", "sw4001"]));
    insta::assert_snapshot!(said(&world, &["explain", "SW0000"]));
    let all = said(&world, &["explain"]);
    assert!(all.starts_with("exit code 0\n") && all.contains("SW4001  error "), "{all}");
}

#[test]
fn mistakes_on_the_command_line() {
    let world = World::start();
    for (arguments, message) in [
        (vec![], "Usage:"),
        (vec!["judge"], "unrecognized subcommand"),
        (vec!["artifact"], "Usage:"),
        (vec!["artifact", "--format", "text"], "required"),
        (vec!["artifact", "acme/x"], "names no registry host"),
        (vec!["artifact", "https://ghcr.io/acme/x"], "another scheme"),
        (vec!["artifact", "ghcr.io/acme/x:"], "not a reference"),
        (vec!["artifact", "ghcr.io/acme/other"], "name one with --artifact: manifests, proven"),
        (vec!["artifact", "ghcr.io/acme/x", "--artifact", "none"], "there are: manifests, proven"),
        (vec!["artifact", "ghcr.io/acme/x", "--at", "yesterday"], "invalid value"),
        (vec!["artifact", "ghcr.io/acme/x", "--deadline", "0"], "invalid value"),
        (vec!["artifact", "ghcr.io/acme/x", "--format", "xml"], "possible values"),
        (
            vec!["artifact", "ghcr.io/acme/x", "--record", "a", "--replay", "b"],
            "cannot be used with",
        ),
    ] {
        let said = said(&world, &arguments);
        assert!(
            said.starts_with("exit code 64\n--- stdout\n--- stderr\n"),
            "{arguments:?}: {said}"
        );
        assert!(said.contains(message), "{arguments:?}: {said}");
    }
}

#[test]
fn a_broken_configuration_is_shown_at_its_place() {
    let world = World::start();
    let config = std::fs::read_to_string(world.path("sealwright.yaml")).unwrap();
    std::fs::write(world.path("sealwright.yaml"), config.replace("workflow:", "workfolw:"))
        .unwrap();
    insta::assert_snapshot!(said(&world, &["artifact", "ghcr.io/acme/platform/manifests"]));
    let mut command = world.command();
    command.args(["artifact", "ghcr.io/acme/platform/manifests"]).env("GITHUB_ACTIONS", "true");
    let talk = String::from_utf8(command.output().unwrap().stderr).unwrap();
    assert!(talk.contains("::error file=sealwright.yaml,line=4,col=44,"), "{talk}");
}

#[test]
fn files_that_cannot_be_used() {
    let world = World::start();
    let reference = "ghcr.io/acme/platform/manifests";
    std::fs::write(world.path("bytes"), [0xff, 0xfe]).unwrap();
    std::fs::write(world.path("empty.json"), "{}").unwrap();
    std::fs::write(world.path("evidence.json"), "").unwrap();
    let trust = sigstore().trust_folder().as_str();
    for (flags, exit, message) in [
        (vec!["--config", "none.yaml"], 74, "give the configuration with --config"),
        (vec!["--config", "."], 74, "cannot read ."),
        (vec!["--config", "bytes"], 65, "is not UTF-8"),
        (vec!["--trust", "none"], 74, "--trust takes"),
        (vec!["--trust", "empty.json"], 65, "trusted root"),
        (
            vec!["--trust", trust, "--ca-certificates", "none"],
            64,
            "none: the connection cannot be set up",
        ),
    ] {
        let mut arguments =
            vec!["artifact", reference, "--registry", "127.0.0.1:1", "--deadline", "1"];
        arguments.extend(&flags);
        let said = said(&world, &arguments);
        assert!(said.starts_with(&format!("exit code {exit}\n")), "{flags:?}: {said}");
        assert!(said.contains(message), "{flags:?}: {said}");
    }
}

#[test]
fn a_configuration_without_end_is_refused() {
    let world = World::start();
    std::fs::write(world.path("sealwright.yaml"), "#".repeat(10 << 20)).unwrap();
    let said = said(&world, &["artifact", "ghcr.io/acme/platform/manifests"]);
    assert!(said.starts_with("exit code 65\n") && said.contains("SW1002"), "{said}");
}
