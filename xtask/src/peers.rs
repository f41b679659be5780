//! Builds the real programs that we are proved against, once, into `target/peers`.
//!
//! Each has a Go module of its own under `xtask/peers`, since their requirements clash. The pins are
//! in the `go.mod` and `go.sum` there and nowhere else; this table only says which package of it to build.

use std::time::{Duration, Instant};

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
    /// Whether its module comes with definitions of the objects that it reconciles.
    defines_objects: bool,
    /// The Go variable that its version is linked into, when it does not know it by itself.
    version_variable: Option<&'static str>,
}

impl Peer {
    const fn new(name: &'static str, package: &'static str) -> Peer {
        Peer { name, package, defines_objects: false, version_variable: None }
    }

    const fn told_its_version(mut self, variable: &'static str) -> Peer {
        self.version_variable = Some(variable);
        self
    }

    const fn with_definitions(mut self) -> Peer {
        self.defines_objects = true;
        self
    }
}

/// Where a controller's module keeps its custom resource definitions.
const DEFINITIONS: &str = "config/crd/bases";
/// How long one program may take: the API server takes four minutes on two idle cores.
const BUILD_TIME_MAX: Duration = Duration::from_secs(2_400);

/// In the order in which they are built: what others wait for first.
pub(crate) const PEERS: &[Peer] = &[
    Peer::new("cosign", "github.com/sigstore/cosign/v3/cmd/cosign"),
    Peer::new("crane", "github.com/google/go-containerregistry/cmd/crane"),
    Peer::new("oras", "oras.land/oras/cmd/oras"),
    Peer::new("keys", "."),
    Peer::new("fluxoci", "."),
    Peer::new("fulcio", "github.com/sigstore/fulcio"),
    Peer::new("rekor-server", "github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix"),
    Peer::new("tesseract", "github.com/transparency-dev/tesseract/cmd/tesseract/posix"),
    Peer::new(
        "timestamp-server",
        "github.com/sigstore/timestamp-authority/v2/cmd/timestamp-server",
    ),
    Peer::new("registry", "github.com/distribution/distribution/v3/cmd/registry"),
    Peer::new("source-controller-1.9", "github.com/fluxcd/source-controller").with_definitions(),
    Peer::new("source-controller-1.8", "github.com/fluxcd/source-controller").with_definitions(),
    Peer::new("kustomize-controller", "github.com/fluxcd/kustomize-controller").with_definitions(),
    // The release of the libraries that kustomize-controller is built with.
    Peer::new("kustomize", "sigs.k8s.io/kustomize/kustomize/v5"),
    Peer::new("etcd", "go.etcd.io/etcd/server/v3"),
    Peer::new("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver")
        .told_its_version("k8s.io/component-base/version.gitVersion"),
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

/// One peer, built unless it is there.
pub(crate) fn built(workspace: &Workspace, name: &str) -> Outcome<Utf8PathBuf> {
    let peer = PEERS.iter().find(|known| known.name == name);
    let peer = peer.ok_or_else(|| Failure::new(format!("there is no peer {name:?}")))?;
    say::line(&format!("peer {name}: {}", peer.build_once(workspace)?));
    Ok(workspace.peers().join(name))
}

impl Peer {
    fn folder(&self, workspace: &Workspace) -> Utf8PathBuf {
        workspace.root.join("xtask/peers").join(self.name)
    }

    fn build_once(&self, workspace: &Workspace) -> Outcome<&'static str> {
        let program = workspace.peers().join(self.name);
        let stamp = workspace.peers().join(format!("{}.pin", self.name));
        let built_for = std::fs::read_to_string(&stamp).unwrap_or_default();
        let complete = !self.defines_objects || definitions(workspace, self.name).is_dir();
        if program.is_file() && complete && built_for == self.pin(workspace)? {
            return Ok("reused");
        }
        std::fs::create_dir_all(workspace.peers())?;
        self.compile(workspace, &program)?;
        if self.defines_objects {
            self.copy_definitions(workspace)?;
        }
        // Written after the build: a build that was cut off is done again.
        std::fs::write(&stamp, self.pin(workspace)?)?;
        Ok("built")
    }

    fn go(&self, workspace: &Workspace) -> Program {
        Program::new("go")
            .env("GOTOOLCHAIN", GO_TOOLCHAIN)
            .env("GOFLAGS", "-mod=mod -buildvcs=false")
            .env("CGO_ENABLED", "0")
            .folder(self.folder(workspace))
            .time_limit(BUILD_TIME_MAX)
    }

    /// Copies the definitions out of the module that was built: they belong to that version alone.
    fn copy_definitions(&self, workspace: &Workspace) -> Outcome {
        let words = ["list", "-m", "-f", "{{.Dir}}", self.package];
        let folder = self.go(workspace).args(words).run_ok()?;
        let from = Utf8PathBuf::from(String::from_utf8_lossy(&folder).trim()).join(DEFINITIONS);
        let to = definitions(workspace, self.name);
        if to.exists() {
            std::fs::remove_dir_all(&to).context(|| to.to_string())?;
        }
        std::fs::create_dir_all(&to).context(|| to.to_string())?;
        let mut count = 0;
        for entry in from.read_dir_utf8().context(|| from.to_string())? {
            let path = entry?.into_path();
            if let (Some("yaml"), Some(name)) = (path.extension(), path.file_name()) {
                // Read and written, not copied: files of the module cache are read-only.
                let text = std::fs::read(&path).context(|| path.to_string())?;
                std::fs::write(to.join(name), text).context(|| to.to_string())?;
                count += 1;
            }
        }
        if count == 0 {
            return Err(Failure::new(format!("peer {}: {from} has no definitions", self.name)));
        }
        Ok(())
    }

    fn compile(&self, workspace: &Workspace, program: &Utf8PathBuf) -> Outcome {
        let linked = self.link_flags(workspace)?;
        let words = ["build", "-trimpath", &linked, "-o", program.as_str(), self.package];
        let output = self.go(workspace).args(words).run()?;
        if output.code == 0 {
            return Ok(());
        }
        Err(Failure::new(format!("peer {}: {}", self.name, tail(&output.said())))
            .next("is the Go module proxy reachable? `go env GOPROXY` shows which one is asked"))
    }

    fn link_flags(&self, workspace: &Workspace) -> Outcome<String> {
        Ok(match self.version_variable {
            Some(variable) => format!("-ldflags=-s -w -X {variable}={}", self.version(workspace)?),
            None => "-ldflags=-s -w".to_owned(),
        })
    }

    /// Everything that decides what is built: a program is reused as long as this is the same.
    fn pin(&self, workspace: &Workspace) -> Outcome<String> {
        let mut pin = format!("{GO_TOOLCHAIN} {}\n", self.package);
        pin += self.version_variable.unwrap_or_default();
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

/// The version of a peer, as its pin says.
pub(crate) fn version(workspace: &Workspace, peer: &str) -> Outcome<String> {
    match PEERS.iter().find(|known| known.name == peer) {
        Some(peer) => peer.version(workspace),
        None => Err(Failure::new(format!("there is no peer {peer:?}"))),
    }
}

/// Folder of the custom resource definitions that a controller came with.
pub(crate) fn definitions(workspace: &Workspace, peer: &str) -> Utf8PathBuf {
    workspace.peers().join("crds").join(peer)
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
