//! The fenced blocks of a page, with the line that each starts on.

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

use crate::failure::{Failure, Outcome};

/// What is to be done with a fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Run,
    /// Not run here; why.
    Elsewhere(String),
    Yaml,
    Json,
    Text,
    Other(String),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fence {
    pub(super) line: usize,
    pub(super) kind: Kind,
    pub(super) text: String,
}

pub(super) fn fences(page: &str) -> Vec<Fence> {
    let mut fences = Vec::new();
    let mut open: Option<Fence> = None;
    for (event, range) in Parser::new(page).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let line = page[..range.start].lines().count().max(1);
                let line = if page[..range.start].ends_with('\n') { line + 1 } else { line };
                open = Some(Fence { line, kind: kind(&info), text: String::new() });
            }
            Event::Text(text) => {
                if let Some(fence) = &mut open {
                    fence.text.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => fences.extend(open.take()),
            _ => {}
        }
    }
    fences
}

fn kind(info: &str) -> Kind {
    match info.trim() {
        "sh" => Kind::Run,
        "yaml" => Kind::Yaml,
        "json" => Kind::Json,
        "text" => Kind::Text,
        other => match other.strip_prefix("sh elsewhere:") {
            Some(why) if !why.trim().is_empty() => Kind::Elsewhere(why.trim().to_owned()),
            _ => Kind::Other(other.to_owned()),
        },
    }
}

/// Reads YAML; says whether it is a configuration of ours.
pub(super) fn check_yaml(text: &str) -> Outcome<bool> {
    let documents: Vec<serde_json::Value> =
        serde_saphyr::from_multiple(text).map_err(|why| Failure::new(why.to_string()))?;
    Ok(documents.iter().any(|document| document["kind"] == "SupplyChain"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_are_told_apart_by_what_they_say() {
        for (info, expected) in [
            ("sh", Kind::Run),
            ("yaml", Kind::Yaml),
            ("json", Kind::Json),
            ("text", Kind::Text),
            ("sh elsewhere: needs GitHub", Kind::Elsewhere("needs GitHub".into())),
            ("sh elsewhere:", Kind::Other("sh elsewhere:".into())),
            ("sh elsewhere", Kind::Other("sh elsewhere".into())),
            ("bash", Kind::Other("bash".into())),
            ("", Kind::Other(String::new())),
        ] {
            let page = format!("words\n\n```{info}\na\nb\n```\n");
            let expected = Fence { line: 3, kind: expected, text: "a\nb\n".into() };
            assert_eq!(fences(&page), [expected], "{info:?}");
        }
    }

    #[test]
    fn fences_in_lists_and_of_tildes_are_found() {
        let page = "- one\n\n  ```sh\n  true\n  ```\n\n~~~~sh\nfalse\n~~~~\n";
        let texts: Vec<String> = fences(page).into_iter().map(|fence| fence.text).collect();
        assert_eq!(texts, ["true\n", "false\n"]);
    }

    #[test]
    fn a_configuration_is_known_by_its_kind() {
        assert!(check_yaml("kind: SupplyChain\n").unwrap());
        assert!(!check_yaml("kind: OCIRepository\n").unwrap());
        assert!(check_yaml("a: [\n").is_err());
    }
}
