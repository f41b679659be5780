//! One command line as its program reads it: the verb, flags with their values, and places.

use std::ops::Range;

use crate::shell::{Command, Word};

/// Programs that print their words.
const PRINTERS: [&str; 5] = ["echo", "printf", "print", "Write-Host", "Write-Output"];

/// A program that verifies, or writes down what is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    Cosign,
    Flux,
    Gh,
    Notation,
    Slsa,
}

impl Tool {
    const ALL: [Tool; 5] = [Tool::Cosign, Tool::Flux, Tool::Gh, Tool::Notation, Tool::Slsa];

    fn name(self) -> &'static str {
        match self {
            Tool::Cosign => "cosign",
            Tool::Flux => "flux",
            Tool::Gh => "gh",
            Tool::Notation => "notation",
            Tool::Slsa => "slsa-verifier",
        }
    }

    /// The words behind the name that make it one of the commands looked for.
    fn verbs(self) -> &'static [&'static [&'static str]] {
        match self {
            Tool::Cosign => &[
                &["verify"],
                &["verify-attestation"],
                &["verify-blob"],
                &["verify-blob-attestation"],
                &["dockerfile", "verify"],
                &["manifest", "verify"],
            ],
            Tool::Flux => &[&["create", "source", "oci"]],
            Tool::Gh => &[&["attestation", "verify"], &["at", "verify"]],
            Tool::Notation => &[&["verify"]],
            Tool::Slsa => &[
                &["verify-artifact"],
                &["verify-image"],
                &["verify-npm-package"],
                &["verify-github-attestation"],
                &["verify-vsa"],
            ],
        }
    }

    /// Flags that take no word behind them.
    fn switches(self) -> &'static [&'static str] {
        match self {
            Tool::Cosign => &[
                "allow-http-registry",
                "allow-insecure-registry",
                "base-image-only",
                "check-claims",
                "d",
                "experimental-oci11",
                "h",
                "help",
                "insecure-ignore-sct",
                "insecure-ignore-tlog",
                "k8s-keychain",
                "local-image",
                "new-bundle-format",
                "offline",
                "private-infrastructure",
                "sk",
                "use-signed-timestamps",
                "verbose",
            ],
            Tool::Flux => &["export", "h", "help", "insecure", "silent", "verbose"],
            Tool::Gh => &["bundle-from-oci", "deny-self-hosted-runners", "help", "no-public-good"],
            Tool::Notation => &[
                "allow-referrers-api",
                "debug",
                "h",
                "help",
                "insecure-registry",
                "oci-layout",
                "v",
                "verbose",
            ],
            Tool::Slsa => &["h", "help", "print-attestation", "print-provenance"],
        }
    }

    /// The long name of a short flag.
    fn long(self, short: &str) -> &str {
        match (self, short) {
            (Tool::Gh, "o") => "owner",
            (Tool::Gh, "R") => "repo",
            (Tool::Gh, "b") => "bundle",
            (Tool::Gh, "i") => "cert-identity-regex",
            (Tool::Gh, "d") => "digest-alg",
            (Tool::Gh, "L") => "limit",
            (Tool::Gh, "q") => "jq",
            (Tool::Gh, "t") => "template",
            (Tool::Cosign, "d") => "verbose",
            (Tool::Cosign, "t") => "timeout",
            (Tool::Cosign, "a") => "annotations",
            (Tool::Cosign, "o") => "output",
            _ => short,
        }
    }

    /// The name of a flag that has two.
    fn known_as(self, name: &str) -> &str {
        match (self, name) {
            (Tool::Cosign, "cert") => "certificate",
            (Tool::Cosign, "cert-chain") => "certificate-chain",
            (Tool::Cosign, "cert-identity") => "certificate-identity",
            (Tool::Cosign, "cert-oidc-issuer") => "certificate-oidc-issuer",
            _ => name,
        }
    }
}

/// A command that was found, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Invocation {
    pub(super) tool: Tool,
    /// The words of the verb, such as `attestation verify`.
    pub(super) verb: String,
    pub(super) flags: Vec<Flag>,
    /// What is neither: images, files.
    pub(super) places: Vec<Word>,
    /// The word of the program.
    pub(super) program: Word,
    /// The words before it.
    before: Vec<Word>,
    /// A word may hold flags that are not seen here: a list of arguments in a variable.
    pub(super) hides: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flag {
    /// Without dashes; short ones by their long name.
    pub(super) name: String,
    /// What it is set to; `None` for a switch that is named alone.
    pub(super) value: Option<Word>,
    /// Where the value stands, or the flag when it has none: bytes of the text.
    pub(super) range: Range<usize>,
}

impl Invocation {
    /// The first command of its kind in the words.
    pub(super) fn read(command: &Command) -> Option<Self> {
        let words = &command.words;
        // What is printed is not run.
        let first = words.first()?.text();
        if PRINTERS.contains(&first.as_str()) {
            return None;
        }
        words.iter().enumerate().find_map(|(index, program)| {
            let name = program.text();
            let tool = Tool::ALL.into_iter().find(|tool| is_named(&name, tool.name()))?;
            let behind = &words[index + 1..];
            let verb = tool.verbs().iter().find(|verb| {
                verb.len() <= behind.len()
                    && verb.iter().zip(behind).all(|(part, word)| word.is(part))
            })?;
            let invocation = Invocation {
                tool,
                verb: verb.join(" "),
                flags: Vec::new(),
                places: Vec::new(),
                program: program.clone(),
                before: words[..index].to_vec(),
                hides: false,
            };
            Some(invocation.with(&behind[verb.len()..]))
        })
    }

    fn with(mut self, words: &[Word]) -> Self {
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            if word.is("--") {
                self.places.extend(words.cloned());
                break;
            }
            let Some((name, value)) = self.flag(word) else {
                self.places.push(word.clone());
                continue;
            };
            let takes = value.is_none() && !self.tool.switches().contains(&name.as_str());
            let value = match value {
                None => words.next_if(|next| takes && !next.start().starts_with('-')).cloned(),
                joined => joined,
            };
            let range = value.as_ref().map_or(&word.range, |value| &value.range).clone();
            let name = self.tool.known_as(&name).to_owned();
            self.flags.push(Flag { name, value, range });
        }
        let splitting = self.places.iter().filter(|word| splits(word)).count();
        // A single unquoted variable is what is verified, more are not.
        self.hides =
            splitting > 1 || self.places.iter().any(|word| is_list(word) || is_flags(word));
        self
    }

    /// The name of a flag and what is joined to it.
    fn flag(&self, word: &Word) -> Option<(String, Option<Word>)> {
        let start = word.start();
        let short = start.strip_prefix('-').filter(|short| !short.is_empty())?;
        let letter = short.chars().next().map_or(0, char::len_utf8);
        let joined = short.split_once('=').map_or(short, |(name, _)| name);
        // cosign once had long names behind one dash.
        let once_long = self.tool == Tool::Cosign && joined.len() > letter + 1;
        let name = match start.strip_prefix("--") {
            Some(long) => long.split_once('=').map_or(long, |(name, _)| name).to_owned(),
            None if once_long => joined.to_owned(),
            None => {
                let name = self.tool.long(&short[..letter]).to_owned();
                let rest = word.after(&start[..=letter]).filter(|rest| !rest.parts.is_empty());
                let value = rest.map(|rest| rest.after("=").unwrap_or(rest));
                return Some((name, value.filter(|value| !value.text().is_empty())));
            }
        };
        let begin = start.find(&name).unwrap_or_default() + name.len();
        Some((name, word.after(&start[..begin])?.after("=")))
    }

    /// The last flag of this name: a later one overrules.
    pub(super) fn get(&self, name: &str) -> Option<&Flag> {
        self.flags.iter().rev().find(|flag| flag.name == name)
    }

    /// Whether a switch is on.
    pub(super) fn is_on(&self, name: &str) -> bool {
        let off = |value: &Word| value.is("false") || value.is("0");
        self.get(name).is_some_and(|flag| !flag.value.as_ref().is_some_and(off))
    }

    /// Whether nothing but a prompt and wrappers stand before it: else it is a sentence about it.
    pub(super) fn is_typed(&self) -> bool {
        self.before.iter().all(|word| {
            let text = word.text();
            matches!(
                text.as_str(),
                "$" | "%" | "❯" | "sudo" | "env" | "time" | "exec" | "PS>" | "&"
            ) || text.contains('=')
        }) || self.before.first().is_some_and(|first| {
            matches!(first.text().as_str(), "docker" | "podman" | "nerdctl" | "kubectl" | "xargs")
        })
    }

    /// `cosign verify`: what a person calls it.
    pub(super) fn called(&self) -> String {
        format!("{} {}", self.tool.name(), self.verb)
    }
}

/// `cosign`, `./bin/cosign`, `cosign.exe`, `$COSIGN`, `"${COSIGN_BIN}"`, `ghcr.io/sigstore/cosign/cosign:v3.0.2`.
fn is_named(word: &str, name: &str) -> bool {
    let plain =
        word.trim_start_matches(['@', '-', '$', '{', '(', '&']).trim_end_matches(['}', ')']);
    let plain = plain.split_once('@').map_or(plain, |(image, _)| image);
    let last = plain.rsplit(['/', '\\']).next().unwrap_or_default();
    let last = last.split_once(':').map_or(last, |(image, _)| image);
    let last = last.to_ascii_lowercase().replace('_', "-");
    let platform = ["-linux", "-darwin", "-windows"].iter().find_map(|system| {
        let (name, machine) = last.rsplit_once(system)?;
        machine.starts_with('-').then_some(name)
    });
    let last = platform.map_or(last.clone(), ToOwned::to_owned);
    let bare = [".exe", "-bin", "-cmd", "-path", "-binary"]
        .into_iter()
        .find_map(|tail| last.strip_suffix(tail))
        .unwrap_or(&last);
    bare == name
}

/// It may become several words, or none.
fn splits(word: &Word) -> bool {
    is_list(word) || (!word.quoted && word.literal().is_none())
}

/// `"$@"`, `"${LIST[@]}"`.
fn is_list(word: &Word) -> bool {
    let text = word.text();
    ["[@]", "$@", "$*"].iter().any(|sign| text.contains(sign))
}

/// A variable that by its name holds flags.
fn is_flags(word: &Word) -> bool {
    let name = word.text().to_ascii_lowercase();
    splits(word) && ["arg", "flag", "opt"].iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::Invocation;
    use crate::shell;

    fn shown(text: &str) -> Option<String> {
        let script = shell::read(text);
        let invocation = script.commands.iter().find_map(Invocation::read)?;
        let mut words = vec![invocation.called()];
        words.extend(invocation.flags.iter().map(|flag| {
            let value = flag.value.as_ref().map(|value| {
                let open = if value.literal().is_some() { "" } else { "?" };
                format!("={}{open}", value.text())
            });
            format!("--{}{}", flag.name, value.unwrap_or_default())
        }));
        words.extend(invocation.places.iter().map(|place| place.text()));
        if invocation.hides {
            words.push("and more".to_owned());
        }
        Some(words.join(" | "))
    }

    #[test]
    fn a_command_line_comes_apart_as_its_program_reads_it() {
        for (text, expected, why) in [
            (
                "cosign verify --key k.pub img",
                Some("cosign verify | --key=k.pub | img"),
                "a flag takes the next word",
            ),
            (
                "cosign verify --key=k.pub img",
                Some("cosign verify | --key=k.pub | img"),
                "or has it joined",
            ),
            (
                "cosign verify --insecure-ignore-tlog img",
                Some("cosign verify | --insecure-ignore-tlog | img"),
                "a switch takes none",
            ),
            (
                "cosign verify --insecure-ignore-tlog=false img",
                Some("cosign verify | --insecure-ignore-tlog=false | img"),
                "but may be set",
            ),
            (
                "cosign verify -key k.pub img",
                Some("cosign verify | --key=k.pub | img"),
                "as cosign was called once",
            ),
            (
                "cosign verify img -- --key",
                Some("cosign verify | img | --key"),
                "behind two dashes there are no flags",
            ),
            (
                "cosign verify img --certificate-identity-regexp=\"^a\\.b$\"",
                Some("cosign verify | --certificate-identity-regexp=^a\\.b$ | img"),
                "flags may stand last",
            ),
            (
                "cosign verify --certificate-identity \"$ID\" \"$IMG\"",
                Some("cosign verify | --certificate-identity=$ID? | $IMG"),
                "a variable is not known",
            ),
            (
                "cosign verify \"${args[@]}\" img",
                Some("cosign verify | ${args[@]} | img | and more"),
                "a list of arguments",
            ),
            (
                "cosign verify $COSIGN_FLAGS img",
                Some("cosign verify | $COSIGN_FLAGS | img | and more"),
                "flags by name",
            ),
            ("cosign verify $IMG", Some("cosign verify | $IMG"), "a lone variable is the image"),
            ("sudo env A=b ./bin/cosign verify x", Some("cosign verify | x"), "words before it"),
            (
                "if ! \"${COSIGN_BIN}\" verify-blob x; then",
                Some("cosign verify-blob | x"),
                "a program in a variable",
            ),
            (
                "docker run --rm ghcr.io/acme/cosign:v3@sha256:00 verify x",
                Some("cosign verify | x"),
                "an image of it",
            ),
            ("x=$(cosign verify y)", Some("cosign verify | y"), "inside a substitution"),
            (
                "gh attestation verify f -R acme/a --signer-workflow acme/b/.github/workflows/r.yml",
                Some(
                    "gh attestation verify | --repo=acme/a | --signer-workflow=acme/b/.github/workflows/r.yml | f",
                ),
                "short flags of gh",
            ),
            (
                "gh at verify f -oacme",
                Some("gh at verify | --owner=acme | f"),
                "joined without a sign",
            ),
            (
                "flux create source oci a --verify-provider=cosign --verify-subject '^b$'",
                Some(
                    "flux create source oci | --verify-provider=cosign | --verify-subject=^b$ | a",
                ),
                "what flux would write",
            ),
            (
                "cosign verify --cert-identity a --cert-oidc-issuer b img",
                Some(
                    "cosign verify | --certificate-identity=a | --certificate-oidc-issuer=b | img",
                ),
                "the short names of cosign's flags",
            ),
            (
                "slsa-verifier verify-image img --print-provenance --source-uri github.com/acme/a",
                Some(
                    "slsa-verifier verify-image | --print-provenance | --source-uri=github.com/acme/a | img",
                ),
                "slsa-verifier",
            ),
            (
                "./slsa-verifier-linux-amd64 verify-artifact f --source-uri=b",
                Some("slsa-verifier verify-artifact | --source-uri=b | f"),
                "as it is downloaded",
            ),
            ("notation verify img", Some("notation verify | img"), "notation"),
            ("slsa-verifier version", None, "nothing of slsa-verifier's is verified"),
            ("cosign version", None, "nothing is verified"),
            ("echo cosign verify x", None, "what is printed is not run"),
            ("gh release verify x", None, "another thing of gh's"),
            ("my-cosign verify x", None, "another program"),
            ("# cosign verify x", None, "a comment"),
        ] {
            assert_eq!(shown(text).as_deref(), expected, "{why}: {text}");
        }
    }
}
