//! What goreleaser signs and pushes: its own configuration says so, at the root of the repository.

use sealwright_yaml::{Node, Place, Stream};

use crate::facts::With;

/// Where goreleaser looks, in its order.
const FILES: &[&str] = &[
    ".config/goreleaser.yml",
    ".config/goreleaser.yaml",
    ".goreleaser.yml",
    ".goreleaser.yaml",
    "goreleaser.yml",
    "goreleaser.yaml",
];
/// The lists of what is signed, each with a command.
const SIGNS: &[&str] = &["signs", "docker_signs", "binary_signs"];

/// Whether a path is a configuration of goreleaser.
pub(crate) fn is_configuration(path: &str) -> bool {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    FILES.contains(&path) || name.starts_with(".goreleaser") && is_yaml(name)
}

fn is_yaml(name: &str) -> bool {
    name.ends_with(".yml") || name.ends_with(".yaml")
}

/// What is known of a run of goreleaser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goreleaser {
    Signs(With),
    SignsNothing,
    NotKnown,
}

/// What one of its configurations says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Configuration {
    pub(crate) signs: Goreleaser,
    /// References that it pushes, with `${…}` for what is not on paper; `None` when a part of the
    /// configuration is taken from somewhere else.
    pub(crate) images: Option<Vec<String>>,
    /// Whether it signs those, once they are pushed.
    pub(crate) signs_images: bool,
    /// The commands of cosign by which it signs, where it gives their arguments.
    pub(crate) commands: Vec<SignCommand>,
}

/// A command by which it signs with cosign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignCommand {
    pub(crate) at: Place,
    pub(crate) verb: String,
    pub(crate) arguments: Vec<String>,
}

/// Configurations of the repository, each with its path.
pub(crate) type Configurations = Vec<(String, Configuration)>;

/// One run, by its arguments.
pub(crate) struct Release<'a> {
    words: Vec<&'a str>,
}

impl<'a> Release<'a> {
    /// Without arguments nothing is run; the action runs `release`.
    pub(crate) fn of(arguments: &'a str) -> Self {
        Self { words: arguments.split_whitespace().collect() }
    }

    pub(crate) fn signs(&self, known: &Configurations) -> Goreleaser {
        if self.skips("sign") || self.words.first().is_some_and(|verb| *verb == "check") {
            return Goreleaser::SignsNothing;
        }
        self.configuration(known).map_or(Goreleaser::NotKnown, |known| known.signs)
    }

    /// The commands by which it signs, with the file that they stand in.
    pub(crate) fn commands<'c>(
        &self,
        known: &'c Configurations,
    ) -> Option<(&'c str, &'c [SignCommand])> {
        let signs = matches!(self.signs(known), Goreleaser::Signs(_));
        let (path, found) = self.found(known).filter(|_| signs)?;
        Some((path, &found.commands))
    }

    /// The configuration by which it pushes images; `Err` when that is one that is not here.
    pub(crate) fn pushes<'c>(
        &self,
        known: &'c Configurations,
    ) -> Result<Option<&'c Configuration>, ()> {
        let verb = self.words.first().copied().filter(|verb| !verb.starts_with('-'));
        let releases = verb.is_none_or(|verb| ["release", "publish", "continue"].contains(&verb));
        let held = self.skips("publish") || self.skips("docker") || self.has("--snapshot");
        if !releases || held {
            return Ok(None);
        }
        match (self.configuration(known), self.named()) {
            (None, Some(_)) => Err(()),
            (found, _) => Ok(found),
        }
    }

    fn has(&self, flag: &str) -> bool {
        self.words.contains(&flag)
    }

    fn skips(&self, part: &str) -> bool {
        self.words.iter().any(|word| word.starts_with("--skip") && word.contains(part))
    }

    /// The file that is named instead of the usual ones.
    fn named(&self) -> Option<&'a str> {
        let at = self.words.iter().position(|word| ["-f", "--config"].contains(word));
        let behind = at.and_then(|at| self.words.get(at + 1)).copied();
        let equal = self.words.iter().find_map(|word| word.strip_prefix("--config="));
        behind.or(equal).map(|path| path.trim_start_matches("./"))
    }

    fn configuration<'c>(&self, known: &'c Configurations) -> Option<&'c Configuration> {
        self.found(known).map(|(_, configuration)| configuration)
    }

    fn found<'c>(&self, known: &'c Configurations) -> Option<(&'c str, &'c Configuration)> {
        let paths: Vec<&str> = self.named().map_or(FILES.to_vec(), |path| vec![path]);
        let found = paths.iter().find_map(|path| known.iter().find(|(known, _)| known == path));
        found.map(|(path, configuration)| (path.as_str(), configuration))
    }
}

impl Configuration {
    pub(crate) fn read(stream: &Stream) -> Self {
        let unknown = Self {
            signs: Goreleaser::NotKnown,
            images: None,
            signs_images: false,
            commands: vec![],
        };
        let Some(document) = stream.documents.first() else { return unknown };
        let root = &document.root;
        // A part that is taken from somewhere else may sign.
        if root.get("includes").is_some() || root.get("pro").is_some() {
            return unknown;
        }
        let signs_images = root.get("docker_signs").is_some_and(|list| !list.items().is_empty());
        let (signs, images) = (signs(root), Some(images(root)));
        Self { signs, images, signs_images, commands: commands(root) }
    }
}

fn signs(root: &Node) -> Goreleaser {
    let lists = SIGNS.iter().filter_map(|list| root.get(list));
    let commands: Vec<&Node> = lists.flat_map(Node::items).collect();
    if commands.is_empty() {
        return Goreleaser::SignsNothing;
    }
    let keyless = commands.iter().any(|entry| is_keyless(entry));
    Goreleaser::Signs(if keyless { With::Identity } else { With::Key })
}

fn commands(root: &Node) -> Vec<SignCommand> {
    let lists = SIGNS.iter().filter_map(|list| root.get(list));
    let commands = lists.flat_map(Node::items).filter_map(|entry| {
        let cosign = entry.get("cmd").and_then(Node::text)?.contains("cosign");
        let words = entry.get("args").filter(|_| cosign)?.items().iter();
        let words: Vec<String> = words.filter_map(Node::scalar).map(str::to_owned).collect();
        let verb = words.first().filter(|verb| !verb.starts_with('-'))?.clone();
        let arguments = words.into_iter().skip(1).collect();
        Some(SignCommand { at: entry.at.clone(), verb, arguments })
    });
    commands.collect()
}

/// Images, lists of images, and what ko builds.
fn images(root: &Node) -> Vec<String> {
    let of = |list: &'static str| root.get(list).map(Node::items).unwrap_or_default();
    let each = |entry: &Node, key: &str| -> Vec<String> {
        let node = entry.get(key);
        let texts = node.map(Node::items).unwrap_or_default().iter().filter_map(Node::scalar);
        texts.chain(node.and_then(Node::scalar)).map(plain).collect()
    };
    let mut found: Vec<String> = Vec::new();
    found.extend(of("dockers").iter().flat_map(|entry| each(entry, "image_templates")));
    found.extend(of("docker_manifests").iter().flat_map(|entry| each(entry, "name_template")));
    for entry in of("dockers_v2") {
        let tags = each(entry, "tags");
        let with_tags = |image: String| tags.iter().map(move |tag| format!("{image}:{tag}"));
        found.extend(each(entry, "images").into_iter().flat_map(with_tags));
    }
    for entry in of("kos") {
        let tags = Some(each(entry, "tags")).filter(|tags| !tags.is_empty());
        let tags = tags.unwrap_or_else(|| vec!["latest".to_owned()]);
        let path = if entry.get("bare").is_some() { "" } else { "/${path}" };
        let repositories = [each(entry, "repository"), each(entry, "repositories")].concat();
        let with_tags = |name: String| tags.iter().map(move |tag| format!("{name}{path}:{tag}"));
        found.extend(repositories.into_iter().flat_map(with_tags));
    }
    found
}

/// `v{{ .Major }}` as `v${version_major}`: what a template puts in is named and not known.
fn plain(template: &str) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, inner)) = rest.split_once("{{") {
        let Some((inner, behind)) = inner.split_once("}}") else { break };
        let name: String = inner.chars().filter(char::is_ascii_alphanumeric).collect();
        let name = name.to_lowercase().replace("major", "version_major");
        text.push_str(&format!("{before}${{{name}}}"));
        rest = behind;
    }
    text + rest
}

/// cosign without a key. Without a command it is GnuPG.
fn is_keyless(entry: &Node) -> bool {
    let command = entry.get("cmd").and_then(Node::text).unwrap_or("gpg");
    let arguments = entry.get("args").map(Node::items).unwrap_or_default();
    command.contains("cosign")
        && !arguments.iter().any(|word| word.scalar().is_some_and(|word| word.starts_with("--key")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_stands_in_its_configuration() {
        let text = "dockers:\n  - image_templates: ['ghcr.io/acme/x:{{ .Tag }}-amd64', 'ghcr.io/acme/x:latest']\ndocker_manifests:\n  - name_template: ghcr.io/acme/x:v{{ .Major }}\ndockers_v2:\n  - {images: [ghcr.io/acme/y], tags: [latest, edge]}\nkos:\n  - {repository: ghcr.io/acme/z}\n  - {repositories: [ghcr.io/acme/w], bare: true, tags: ['{{ .Version }}']}\ndocker_signs: [{cmd: cosign, args: [sign]}]\n";
        let read = Configuration::read(&sealwright_yaml::read(text.as_bytes()));
        let images = [
            "ghcr.io/acme/x:${tag}-amd64",
            "ghcr.io/acme/x:latest",
            "ghcr.io/acme/x:v${version_major}",
            "ghcr.io/acme/y:latest",
            "ghcr.io/acme/y:edge",
            "ghcr.io/acme/z/${path}:latest",
            "ghcr.io/acme/w:${version}",
        ];
        assert_eq!(read.images.as_deref(), Some(images.map(str::to_owned).as_slice()));
        assert_eq!((read.signs, read.signs_images), (Goreleaser::Signs(With::Identity), true));
        let known: Configurations = vec![(".goreleaser.yaml".to_owned(), read)];
        for (arguments, pushes, why) in [
            ("release --clean", Ok(true), "a release"),
            ("", Ok(true), "what it does by default"),
            ("--clean", Ok(true), "flags alone"),
            ("build", Ok(false), "a build"),
            ("release --snapshot", Ok(false), "nothing is published"),
            ("release --skip=publish", Ok(false), "told not to"),
            ("release -f ./.goreleaser.yaml", Ok(true), "named"),
            ("release -f other.yaml", Err(()), "one that is not here"),
        ] {
            let found = Release::of(arguments).pushes(&known).map(|found| found.is_some());
            assert_eq!(found, pushes, "{why}");
        }
    }
}
