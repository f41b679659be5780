//! Manifests inside other texts: fences of a document, and the indented strings of Terraform and Nix.
//!
//! Everything around them is blanked out byte by byte, so what is left is YAML whose places are
//! those of the file.

use super::fences::{Markup, fences};

/// The YAML in a file that is none itself, in place; nothing when there is none.
pub(crate) fn embedded(path: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let extension = path.rsplit_once('.')?.1.to_ascii_lowercase();
    let text = std::str::from_utf8(bytes).ok()?;
    if !may_declare(text) {
        return None;
    }
    let blocks = match (Markup::of(&extension), extension.as_str()) {
        (Some(markup), _) => in_document(text, markup),
        (None, "tf" | "hcl") => in_terraform(text),
        (None, "nix") => in_nix(text),
        _ => return None,
    };
    let held = |block: &Block| may_declare(&text[block.body.clone()]);
    let blocks: Vec<Block> = blocks.into_iter().filter(held).collect();
    let mut yaml = (!blocks.is_empty()).then(|| only(bytes, &blocks))?;
    if extension == "nix" {
        unescape_nix(&mut yaml);
    }
    Some(yaml)
}

/// Whether files of this name hold manifests in texts, beside documents.
pub(super) fn holds_manifests(path: &str) -> bool {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    ["tf", "hcl", "nix"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// `''${` is `${`; blanks before it keep its place.
fn unescape_nix(yaml: &mut [u8]) {
    let found: Vec<usize> = memchr::memmem::find_iter(yaml, b"''$").collect();
    for at in found {
        yaml[at..at + 2].fill(b' ');
    }
}

/// A declaration is found by its kind, and a step of a workflow by the command in it.
fn may_declare(text: &str) -> bool {
    ["kind:", "\"kind\"", "verify"].iter().any(|word| text.contains(word))
}

/// Lines that hold YAML, and a line before them that holds none.
struct Block {
    opening: std::ops::Range<usize>,
    body: std::ops::Range<usize>,
}

fn only(bytes: &[u8], blocks: &[Block]) -> Vec<u8> {
    let blank = |byte: &u8| if matches!(byte, b'\n' | b'\r') { *byte } else { b' ' };
    let mut yaml: Vec<u8> = bytes.iter().map(blank).collect();
    for Block { opening, body } in blocks {
        yaml[body.clone()].copy_from_slice(&bytes[body.clone()]);
        if bytes[opening.clone()].trim_ascii_start().starts_with(b">") {
            unquote(&mut yaml[body.clone()]);
        }
        // Each block is a document of its own.
        let line = opening.start..bytes[..opening.end].len();
        if bytes[line.clone()].iter().take_while(|byte| **byte != b'\n').count() >= 3 {
            yaml[line.start..line.start + 3].copy_from_slice(b"---");
        }
    }
    yaml
}

/// The signs of a quotation at the beginning of each line are blanks.
fn unquote(lines: &mut [u8]) {
    for line in lines.split_mut(|byte| *byte == b'\n') {
        let signs = line.iter_mut().take_while(|byte| matches!(byte, b' ' | b'\t' | b'>'));
        signs.filter(|byte| **byte == b'>').for_each(|byte| *byte = b' ');
    }
}

fn in_document(text: &str, markup: Markup) -> Vec<Block> {
    let found = fences(text, markup).into_iter();
    let yaml = found.filter(|fence| {
        let language = fence.language.to_ascii_lowercase();
        matches!(language.as_str(), "yaml" | "yml" | "json" | "")
    });
    yaml.map(|fence| Block { opening: fence.opening, body: fence.body }).collect()
}

/// `<<EOT` and `<<-EOT`, up to the line that holds the word alone.
fn in_terraform(text: &str) -> Vec<Block> {
    let word = |line: &str| {
        let (_, word) = line.trim_end().rsplit_once("<<")?;
        let word = word.trim_start_matches(['-', '~']);
        let named = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        named.then(|| word.to_owned())
    };
    between(text, word, |line, word| line.trim() == word)
}

/// `''`, up to the next one.
fn in_nix(text: &str) -> Vec<Block> {
    let opens = |line: &str| {
        let odd = line.matches("''").count() % 2 == 1;
        (odd && line.trim_end().ends_with("''")).then(String::new)
    };
    // Behind them `$`, `'` and `\` only escape.
    let closes = |line: &str, _: &str| {
        line.match_indices("''").any(|(at, _)| {
            !line[at + 2..].starts_with(['$', '\'', '\\']) && !line[..at].ends_with('\'')
        })
    };
    between(text, opens, closes)
}

fn between(
    text: &str,
    opens: impl Fn(&str) -> Option<String>,
    closes: impl Fn(&str, &str) -> bool,
) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, Block)> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        open = match open {
            Some((word, block)) if closes(line, &word) => {
                blocks.push(Block { body: block.body.start..at, ..block });
                None
            }
            None => opens(line).map(|word| (word, Block { opening: at..end, body: end..end })),
            still => still,
        };
        at = end;
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::embedded;

    const SOURCE: &str = "apiVersion: v1\nkind: A\n";

    #[test]
    fn what_is_left_is_yaml_in_its_place() {
        let indented = SOURCE.replace("api", "  api").replace("kind", "  kind");
        for (path, text, documents, why) in [
            (
                "a.md",
                format!("# a\n```yaml\n{SOURCE}```\n```yaml\n{SOURCE}```\nb: [\n"),
                2,
                "two fences",
            ),
            ("a.md", format!("- x:\n  ```yaml\n{indented}  ```\n"), 1, "in a list"),
            ("a.md", format!("```go\n{SOURCE}```\n"), 0, "another language"),
            ("a.adoc", format!("[source,yaml]\n----\n{SOURCE}----\n"), 1, "AsciiDoc"),
            ("a.tf", format!("a = <<-EOT\n{indented}  EOT\nb = 1\n"), 1, "Terraform"),
            (
                "a.nix",
                format!("{{ a = ''\n{indented}  x: ''${{b}}\n  ''; c = 1; }}\n"),
                1,
                "Nix, with an escape",
            ),
            ("a.rs", SOURCE.to_owned(), 0, "something else"),
        ] {
            let yaml = embedded(path, text.as_bytes());
            let stream = yaml.as_ref().map(|yaml| sealwright_yaml::read(yaml)).unwrap_or_default();
            assert_eq!(stream.complaints, [], "{why}");
            assert_eq!(stream.documents.len(), documents, "{why}: {text}");
            for document in &stream.documents {
                let (key, _) = document.root.entry("kind").unwrap();
                let line = text.lines().nth(key.at.line as usize - 1).unwrap();
                assert_eq!(line.trim(), "kind: A", "{why}: {text}");
            }
        }
    }
}
