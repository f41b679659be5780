//! The repository's own rules. Each is an ordinary function over text, with a test that breaks it;
//! a complaint says what to do.

mod dependencies;
mod files;
mod flow;
mod layers;
mod situations;
mod workflow;
mod workflows;

use camino::{Utf8Path, Utf8PathBuf};

use crate::failure::{Context as _, Failure, Outcome};
use crate::program::Program;
use crate::say;
use crate::workspace::Workspace;

/// What is wrong, where, and what to do about it, in one line.
pub(crate) type Complaints = Vec<String>;

struct Rule {
    /// What holds when nobody complains.
    holds: &'static str,
    check: fn(&Repository) -> Outcome<Complaints>,
}

const RULES: &[Rule] = &[
    Rule {
        holds: "crates depend downwards only, as the table of edges says",
        check: layers::edges,
    },
    Rule {
        holds: "pure crates ban clock, files, network, environment and processes",
        check: layers::bans,
    },
    Rule {
        holds: "nothing in the trees of pure crates speaks to a network",
        check: layers::pure_trees,
    },
    Rule {
        holds: "every dependency comes through the workspace table",
        check: dependencies::inherited,
    },
    Rule { holds: "what breaks between releases is pinned exactly", check: dependencies::pins },
    Rule { holds: "the lock file holds no OpenSSL and one registry", check: dependencies::lock },
    Rule {
        holds: "files are named by what is in them, and short",
        check: files::names_and_lengths,
    },
    Rule { holds: "no file names a machine, and none leaves work for later", check: files::words },
    Rule { holds: "links within the repository lead somewhere", check: files::links },
    Rule {
        holds: "a situation that the rules of Flux refer to is one that the oracle shows",
        check: situations::links,
    },
    Rule { holds: "actions are pinned by commit", check: workflows::pins },
    Rule {
        holds: "every job has the least permissions and a time limit",
        check: workflows::permissions,
    },
    Rule { holds: "there is one route to the tag", check: workflows::one_route },
    Rule {
        holds: "our own configuration names the workflow that publishes",
        check: workflows::signers,
    },
    Rule {
        holds: "scripts in workflows take text from outside as variables only",
        check: workflows::scripts,
    },
    Rule { holds: "the workflows run the flow that `cargo xtask release` runs", check: flow::flow },
    Rule { holds: "CI runs here what it runs elsewhere", check: workflows::tasks },
];

/// Checks every rule, and says all that is wrong.
pub(crate) fn run(workspace: &Workspace) -> Outcome {
    let repository = Repository::read(workspace)?;
    let mut count = 0;
    for rule in RULES {
        for complaint in (rule.check)(&repository)? {
            say::line(&format!("{complaint}\n  rule: {}", rule.holds));
            count += 1;
        }
    }
    if count > 0 {
        return Err(Failure::new(format!("{count} complaints about the repository")));
    }
    say::line(&format!("tidy: {} rules hold", RULES.len()));
    Ok(())
}

/// The files that belong to the repository, committed or about to be.
pub(crate) struct Repository {
    workspace: Workspace,
    files: Vec<Utf8PathBuf>,
}

impl Repository {
    fn read(workspace: &Workspace) -> Outcome<Repository> {
        let listed = Program::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
            .folder(&workspace.root)
            .run_ok()?;
        let files = String::from_utf8_lossy(&listed)
            .split_terminator('\0')
            .map(Utf8PathBuf::from)
            .filter(|path| workspace.root.join(path).is_file())
            .collect();
        Ok(Repository { workspace: workspace.clone(), files })
    }

    /// Paths below a folder (`""` for all) with one of these extensions (none for all).
    fn files<'a>(
        &'a self,
        below: &'a str,
        extensions: &'a [&'a str],
    ) -> impl Iterator<Item = &'a Utf8Path> {
        self.files.iter().map(Utf8PathBuf::as_path).filter(move |path| {
            let extension = path.extension().unwrap_or_default();
            path.starts_with(below) && (extensions.is_empty() || extensions.contains(&extension))
        })
    }

    fn text(&self, path: impl AsRef<Utf8Path>) -> Outcome<String> {
        let path = path.as_ref();
        std::fs::read_to_string(self.workspace.root.join(path)).context(|| path.to_string())
    }

    /// What `cargo` says, without asking a registry.
    fn cargo(&self, args: &[&str]) -> Outcome<String> {
        let cargo = self.workspace.cargo().args(args.iter().copied()).args(["--offline"]);
        // Each package with the features that itself asks for, whatever the machine prefers.
        let said = cargo.env("CARGO_RESOLVER_FEATURE_UNIFICATION", "selected").run_ok()?;
        Ok(String::from_utf8_lossy(&said).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_repository_keeps_every_rule() {
        let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned();
        let repository = Repository::read(&Workspace { root }).unwrap();
        for rule in RULES {
            let complaints = (rule.check)(&repository).unwrap();
            assert!(complaints.is_empty(), "{}:\n{}", rule.holds, complaints.join("\n"));
        }
    }
}
