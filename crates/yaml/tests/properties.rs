//! Whatever the bytes are: no panic, places within the file, and limits that hold.

use proptest::prelude::*;
use sealwright_yaml::{COMPLAINTS_MAX, Node, Value, inside, read};

/// Bytes that often come near to YAML.
fn yamlish() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "a",
        ": ",
        "- ",
        "\n",
        "  ",
        "\n---\n",
        "\n...\n",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "'",
        "\"",
        "\\",
        "|",
        ">",
        "|-\n",
        "&x ",
        "*x",
        "<<: ",
        "#",
        " # c",
        "? ",
        "!!str ",
        "!t ",
        "\r\n",
        "\t",
        "\u{feff}",
        "\0",
        "ü",
        "{{ x }}",
        "{% y %}",
        "${Z:=1}",
        "%YAML 1.2\n",
        "1",
        "yes",
        "~",
    ]);
    let text = prop::collection::vec(words, 0..60).prop_map(|words| words.concat().into_bytes());
    prop_oneof![8 => text, 2 => prop::collection::vec(any::<u8>(), 0..200)]
}

fn check(node: &Node, bytes: &[u8]) {
    node.walk(&mut |node| {
        let range = &node.at.range;
        assert!(range.start <= range.end && range.end <= bytes.len(), "{range:?}");
        assert!(node.at.line >= 1 && node.at.column >= 1);
        if let Value::Text(_) = node.value {
            for document in inside(node, bytes).documents {
                document.root.walk(&mut |held| {
                    let range = &held.at.range;
                    assert!(range.start <= range.end && range.end <= bytes.len(), "{range:?}");
                });
            }
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_bytes_break_it(bytes in yamlish()) {
        let stream = read(&bytes);
        prop_assert!(stream.complaints.len() <= COMPLAINTS_MAX);
        for document in &stream.documents {
            check(&document.root, &bytes);
        }
    }

    #[test]
    fn a_document_after_any_other_is_read(bytes in yamlish()) {
        let mut whole = bytes;
        whole.extend_from_slice(b"\n...\n---\nlast: document\n");
        let stream = read(&whole);
        // What is not closed, such as a quote, takes what follows with it.
        let last = stream.documents.last().and_then(|one| one.root.text_at(&["last"]));
        prop_assert!(last == Some("document") || !stream.complaints.is_empty());
    }
}
