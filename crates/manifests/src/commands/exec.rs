//! Commands as lists of words: `command:` and `args:` of a container, and of whatever else runs one.

use sealwright_yaml::{Node, Place, Stream};

use crate::shell::{Command, Part, Word};

/// Keys of the words that come first.
const FIRST: [&str; 3] = ["command", "entrypoint", "exec"];
/// Keys of those that follow.
const THEN: [&str; 3] = ["args", "arguments", "argv"];
/// Shells, whose argument is a script.
const SHELLS: [&str; 4] = ["sh", "bash", "ash", "dash"];

/// A command without a shell.
pub(super) struct List {
    /// The range of each word is its number.
    pub(super) command: Command,
    places: Vec<Place>,
}

impl List {
    /// Where a word stands, by its number.
    pub(super) fn place(&self, word: usize) -> Place {
        self.places.get(word).cloned().unwrap_or_default()
    }
}

/// All lists of a file that can be commands.
pub(super) fn lists(stream: &Stream) -> Vec<List> {
    let mut found = Vec::new();
    for document in &stream.documents {
        document.root.walk(&mut |node| found.extend(list(node)));
    }
    found
}

/// The scripts in lists: `[sh, -c, SCRIPT]`, and `args` where the command is a shell.
pub(super) fn scripts(node: &Node) -> Vec<&Node> {
    let words = words(node);
    let shell = words.first().and_then(|first| first.text()).is_some_and(is_shell);
    let scripts =
        words.into_iter().skip(1).filter(|word| word.text().is_some_and(|t| t.contains(' ')));
    if shell { scripts.collect() } else { vec![] }
}

fn is_shell(word: &str) -> bool {
    SHELLS.contains(&word.rsplit('/').next().unwrap_or_default())
}

fn list(node: &Node) -> Option<List> {
    let mut words = words(node);
    // Without a command the image's own program runs.
    let given = FIRST.iter().any(|key| node.get(key).is_some());
    if let Some(image) = node.get("image").filter(|_| !given && !words.is_empty()) {
        words.insert(0, image);
    }
    if words.len() < 2 {
        return None;
    }
    let texts: Vec<&str> = words.iter().map(|word| word.scalar()).collect::<Option<_>>()?;
    let words_of = |(number, text): (usize, &&str)| Word {
        parts: vec![Part::Text((*text).to_owned())],
        range: number..number + 1,
        line: 0,
        quoted: true,
    };
    let command = Command {
        words: texts.iter().enumerate().map(words_of).collect(),
        range: 0..words.len(),
        ..Command::default()
    };
    Some(List { command, places: words.iter().map(|word| word.at.clone()).collect() })
}

fn words(node: &Node) -> Vec<&Node> {
    let values = |keys: &[&str]| -> Vec<&Node> {
        let value = keys.iter().find_map(|key| node.get(key));
        match value {
            Some(list) if !list.items().is_empty() => list.items().iter().collect(),
            Some(word) if word.text().is_some_and(|text| !text.contains(' ')) => vec![word],
            _ => vec![],
        }
    };
    let mut words = values(&FIRST);
    words.extend(values(&THEN));
    words
}
