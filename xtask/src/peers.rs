//! Builds the real programs that we are proved against, once, into `target/peers`.
//!
//! Each has a Go module of its own under `xtask/peers`, since their requirements clash. The pins are
//! in the `go.mod` and `go.sum` there and nowhere else; this table only says which package of it to build.

use std::time::Instant;

use camino::Utf8PathBuf;

use crate::failure::{Context as _, Failure, Outcome};
use crate::program::{Program, on_path, tail};
use crate::say;
use crate::workspace::Workspace;

/// The toolchain that the peers are built with; Go itself fetches it when the one at hand is older.
const GO_TOOLCHAIN: &str = "go1.27.3";

/// A program to build.
#[derive(Debug)]
pub(crate) struct Peer {
    /// Name of the program in `target/peers`, and of its folder in `xtask/peers`.
    pub(crate) name: &'static str,
    /// The Go package to build; `.` is our own code in that folder.
    package: &'static str,
}

/// In the order in which they are built: what others wait for first.
pub(crate) const PEERS: &[Peer] = &[
    Peer { name: "cosign", package: "github.com/sigstore/cosign/v3/cmd/cosign" },
    Peer { name: "crane", package: "github.com/google/go-containerregistry/cmd/crane" },
    Peer { name: "oras", package: "oras.land/oras/cmd/oras" },
    Peer { name: "keys", package: "." },
    Peer { name: "fluxoci", package: "." },
    Peer { name: "fulcio", package: "github.com/sigstore/fulcio" },
    Peer {
        name: "rekor-server",
        package: "github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix",
    },
    Peer {
        name: "tesseract",
        package: "github.com/transparency-dev/tesseract/cmd/tesseract/posix",
    },
    Peer {
        name: "timestamp-server",
        package: "github.com/sigstore/timestamp-authority/v2/cmd/timestamp-server",
    },
    Peer { name: "registry", package: "github.com/distribution/distribution/v3/cmd/registry" },
];

/// Builds what is missing; says of each program what was done.
pub(crate) fn build(workspace: &Workspace) -> Outcome {
    let go = on_path("go");
    let mut rows = Vec::new();
    for peer in PEERS {
        let started = Instant::now();
        let done = match &go {
            None => "not run: Go is missing".to_owned(),
            Some(_) => peer.build_once(workspace)?.to_owned(),
        };
        say::line(&format!("peer {}: {done}", peer.name));
        let seconds = format!("{:.0} s", started.elapsed().as_secs_f64());
        rows.push([peer.name.to_owned(), peer.version(workspace)?, done, seconds]);
    }
    say::table(["peer", "version", "done", "took"], rows);
    Ok(())
}

impl Peer {
    fn folder(&self, workspace: &Workspace) -> Utf8PathBuf {
        workspace.root.join("xtask/peers").join(self.name)
    }

    fn build_once(&self, workspace: &Workspace) -> Outcome<&'static str> {
        let program = workspace.peers().join(self.name);
        let stamp = workspace.peers().join(format!("{}.pin", self.name));
        let built_for = std::fs::read_to_string(&stamp).unwrap_or_default();
        if program.is_file() && built_for == self.pin(workspace)? {
            return Ok("reused");
        }
        std::fs::create_dir_all(workspace.peers())?;
        self.compile(workspace, &program)?;
        // Written after the build: a build that was cut off is done again.
        std::fs::write(&stamp, self.pin(workspace)?)?;
        Ok("built")
    }

    fn compile(&self, workspace: &Workspace, program: &Utf8PathBuf) -> Outcome {
        let output = Program::new("go")
            .args(["build", "-trimpath", "-ldflags=-s -w", "-o", program.as_str(), self.package])
            .env("GOTOOLCHAIN", GO_TOOLCHAIN)
            .env("GOFLAGS", "-mod=mod -buildvcs=false")
            .env("CGO_ENABLED", "0")
            .folder(self.folder(workspace))
            .time_limit(std::time::Duration::from_secs(1_200))
            .run()?;
        if output.code == 0 {
            return Ok(());
        }
        Err(Failure::new(format!("peer {}: {}", self.name, tail(&output.said())))
            .next("is the Go module proxy reachable? `go env GOPROXY` shows which one is asked"))
    }

    /// Everything that decides what is built: a program is reused as long as this is the same.
    fn pin(&self, workspace: &Workspace) -> Outcome<String> {
        let mut pin = format!("{GO_TOOLCHAIN} {}\n", self.package);
        for file in ["go.mod", "go.sum", "main.go"] {
            let path = self.folder(workspace).join(file);
            if path.is_file() {
                pin += &std::fs::read_to_string(&path).context(|| path.to_string())?;
            }
        }
        Ok(pin)
    }

    /// The version of the module that the package is in, as its `go.mod` pins it.
    fn version(&self, workspace: &Workspace) -> Outcome<String> {
        let path = self.folder(workspace).join("go.mod");
        let text = std::fs::read_to_string(&path).context(|| path.to_string())?;
        Ok(pinned_version(&text, self.package).unwrap_or_else(|| "ours".to_owned()))
    }
}

/// The version that a `go.mod` requires of the module that holds `package`.
fn pinned_version(go_mod: &str, package: &str) -> Option<String> {
    let requirements = go_mod.lines().filter_map(|line| {
        let mut words = line.trim().trim_start_matches("require ").split_whitespace();
        Some((words.next()?, words.next()?)).filter(|(_, version)| version.starts_with('v'))
    });
    let holding = requirements.filter(|(module, _)| {
        package.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    // The longest prefix is the module; a shorter one is its parent repository.
    holding.max_by_key(|(module, _)| module.len()).map(|(_, version)| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GO_MOD: &str = "module x\n\ngo 1.26\n\nreplace a.example/b => a.example/b v9.0.0\n\nrequire (\n\ta.example/b v1.2.3 // indirect\n\ta.example/b/v2 v2.0.0\n\ta.example/bc v3.0.0\n)\n";

    #[test]
    fn the_version_is_that_of_the_module_that_holds_the_package() {
        for (package, version) in [
            ("a.example/b/cmd/x", Some("v1.2.3")),
            ("a.example/b/v2/cmd/x", Some("v2.0.0")),
            ("a.example/bc", Some("v3.0.0")),
            ("a.example/bcd", None),
            (".", None),
        ] {
            assert_eq!(pinned_version(GO_MOD, package).as_deref(), version, "{package}");
        }
    }
}
