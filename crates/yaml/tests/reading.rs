//! Files as people write them, each with what is read of it and what is complained about.

use sealwright_yaml::{
    COMPLAINTS_MAX, FILE_BYTES_MAX, Node, Stream, Style, Template, Trouble, Value, inside, read,
};

/// A value in one line: `{a: [1, b]}`, texts without quotes.
fn told(node: &Node) -> String {
    let all = |parts: Vec<String>| parts.join(", ");
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::List(items) => format!("[{}]", all(items.iter().map(told).collect())),
        Value::Map(entries) => {
            let entry = |(key, node): &(_, Node)| {
                let key: &sealwright_yaml::Key = key;
                format!("{}: {}", key.name, told(node))
            };
            format!("{{{}}}", all(entries.iter().map(entry).collect()))
        }
        _ => node.scalar().unwrap_or_default().to_owned(),
    }
}

fn documents(stream: &Stream) -> Vec<String> {
    stream.documents.iter().map(|document| told(&document.root)).collect()
}

/// Trouble and line of each complaint.
fn troubles(stream: &Stream) -> Vec<(Trouble, u32)> {
    stream.complaints.iter().map(|one| (one.trouble, one.at.line)).collect()
}

#[test]
fn what_is_written_is_read() {
    let cases: &[(&str, &[&str], &str)] = &[
        ("a: b\n", &["{a: b}"], "a mapping"),
        ("- a\n- [b, {c: d,},]\n", &["[a, [b, {c: d}]]"], "flow style with trailing commas"),
        ("{\"a\": [1, true, null, \"x\\ny\"]}", &["{a: [1, true, null, x\ny]}"], "JSON"),
        ("\u{feff}a: b", &["{a: b}"], "a byte order mark"),
        ("\u{feff}# c\r\n---\r\na:\r\n  - b\r\n", &["{a: [b]}"], "CRLF after a mark and a comment"),
        ("# only\n---\n---\n# comments\n", &[], "empty documents are none"),
        ("a: 1\n---\nb: 2\n...\n---\nc: 3\n", &["{a: 1}", "{b: 2}", "{c: 3}"], "several documents"),
        ("a: |\n  x\n  y\nb: >-\n  x\n  y\n", &["{a: x\ny\n, b: x y}"], "literal and folded"),
        ("a: 'it''s'\nb: \"\\u0041\\.\"\n", &[], "an escape that YAML does not know"),
        ("a: \"\\\\.\"\n", &["{a: \\.}"], "an escaped backslash"),
        ("on: push\nyes: no\n", &["{on: push, yes: false}"], "keys keep their spelling"),
        ("a: !!str 1\nb: !Ref x\n", &["{a: 1, b: x}"], "tags"),
        ("a: &x {b: 1}\nc: *x\n", &["{a: {b: 1}, c: {b: 1}}"], "an alias"),
        ("*x: 1\n", &[], "an alias of nothing"),
        ("a: &x [*x]\n", &[], "an alias within its own anchor"),
        (
            "x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\n",
            &["{x: {a: 1, b: 2}, y: {b: 3, a: 1}}"],
            "a merge key yields to what is written",
        ),
        (
            "x: &x {a: 1}\nz: &z {a: 2, c: 3}\ny: {<<: [*x, *z]}\n",
            &["{x: {a: 1}, z: {a: 2, c: 3}, y: {a: 1, c: 3}}"],
            "of several the first wins",
        ),
        ("y: {'<<': {a: 1}}\n", &["{y: {<<: {a: 1}}}"], "in quotes it is a key like others"),
        ("a: << inputs.x >>\n", &["{a: << inputs.x >>}"], "a ResourceSet's template is text"),
        ("", &[], "nothing"),
    ];
    for (text, expected, reason) in cases {
        let stream = read(text.as_bytes());
        assert_eq!(documents(&stream), *expected, "{reason}: {text:?} {:?}", stream.complaints);
    }
}

#[test]
fn what_is_broken_is_complained_about_at_its_line() {
    let cases: &[(&[u8], Trouble, u32, &str)] = &[
        (b"a: [b\n", Trouble::NotYaml, 1, "an open bracket"),
        (b"a: b: c\n", Trouble::NotYaml, 1, "two colons"),
        (b"a: b\n\tc: d\n", Trouble::NotYaml, 1, "a tab: told at the scalar before it"),
        (b"? [a]\n: b\n", Trouble::NotYaml, 1, "a list as a key"),
        (b"a: \xff\n", Trouble::NotYaml, 1, "not UTF-8"),
        (b"a: b\nc: \0\n", Trouble::NotYaml, 2, "NUL"),
        (b"a: 1\nb: 2\na: 3\n", Trouble::DuplicateKey, 3, "a key that stands twice"),
        (b"{{ if .x }}\na: b\n{{ end }}\n", Trouble::Template(Template::Braces), 1, "Helm"),
        (b"a: {{ .x }}\n", Trouble::Template(Template::Braces), 1, "Helm in a value"),
        (b"a:\n{% if x %}\n  b: c\n{% endif %}\n", Trouble::Template(Template::Jinja), 2, "Jinja"),
        (b"a: b\nsops:\n  mac: x\n", Trouble::Encrypted, 2, "SOPS"),
    ];
    for (bytes, trouble, line, reason) in cases {
        let stream = read(bytes);
        assert_eq!(troubles(&stream), [(*trouble, *line)], "{reason}: {:?}", stream.complaints);
        assert_eq!(stream.documents.is_empty(), trouble.is_fatal(), "{reason}");
    }
    for healthy in ["sops: yes\n", "a: '{{ .x }}'\n", "a: ${X:=y}\n", "sops: {a: b}\n"] {
        let stream = read(healthy.as_bytes());
        assert!(stream.complaints.is_empty() && stream.documents.len() == 1, "{healthy}");
    }
}

#[test]
fn the_documents_beside_a_broken_one_are_read() {
    for broken in
        ["a: [b", "x: \"", "{{ if }}\nx: y", "- a\nb: c", "? {a: b}\n: c", "a: \0", "a: *b"]
    {
        let text = format!("first: 1\n---\n{broken}\n---\nlast: 2\n");
        let stream = read(text.as_bytes());
        assert_eq!(documents(&stream), ["{first: 1}", "{last: 2}"], "{broken:?}");
        assert_eq!(stream.complaints.len(), 1, "{broken:?}: {:?}", stream.complaints);
        let line = stream.complaints[0].at.line;
        assert!((3..=5).contains(&line), "{broken:?} at {line}");
    }
}

#[test]
fn limits_hold_and_are_told() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (one, other) in ('b'..='z').zip('a'..) {
        bomb.push_str(&format!(
            "{one}: &{one} [*{other}, *{other}, *{other}, *{other}, *{other}]\n"
        ));
    }
    let keys: String = (0..100).map(|number| format!("k{number}: 1, ")).collect();
    let merges = format!("a: &a {{{keys}}}\nb: [{}]\n", "{<<: [*a, *a, *a, *a]}, ".repeat(3_000));
    let huge = vec![b' '; FILE_BYTES_MAX + 1];
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), "*a, ".repeat(100));
    let cases: &[(&[u8], Trouble, &str)] = &[
        (bomb.as_bytes(), Trouble::TooManyNodes, "aliases that multiply"),
        (long.as_bytes(), Trouble::TooManyNodes, "few aliases of a long text"),
        (merges.as_bytes(), Trouble::TooManyNodes, "merge keys that multiply"),
        (&"[".repeat(100_000).into_bytes(), Trouble::TooDeep, "brackets"),
        (&"{a: ".repeat(10_000).into_bytes(), Trouble::TooDeep, "braces"),
        (&nested(200).into_bytes(), Trouble::TooDeep, "indentation"),
        (&huge, Trouble::TooLarge, "a large file"),
    ];
    for (bytes, trouble, reason) in cases {
        let stream = read(bytes);
        assert_eq!(stream.complaints[0].trouble, *trouble, "{reason}");
        assert!(stream.documents.is_empty(), "{reason}");
    }
    assert_eq!(read(nested(100).as_bytes()).documents.len(), 1, "what people nest is read");
    let beside = format!("a: b\n---\n{bomb}---\nc: d\n");
    assert_eq!(documents(&read(beside.as_bytes())), ["{a: b}", "{c: d}"], "beside a bomb");
}

fn nested(levels: usize) -> String {
    (0..levels).map(|level| format!("{}a:\n", " ".repeat(level))).collect()
}

#[test]
fn complaints_end() {
    let stream = read("a: [\n---\n".repeat(1000).as_bytes());
    assert_eq!(stream.complaints.len(), COMPLAINTS_MAX);
    assert_eq!(stream.complaints.last().unwrap().trouble, Trouble::TooManyComplaints);
}

/// Each would take hours if the work grew with the square of the size.
#[test]
fn what_is_large_within_the_limits_is_read() {
    let keys: String = (0..50_000).map(|number| format!("k{number}: 1\n")).collect();
    let merged = format!("{keys}{}", "<<: {k1: 2}\n".repeat(50_000));
    let root = &read(merged.as_bytes()).documents[0].root;
    assert_eq!(root.entries().len(), 50_000);
    let many = format!("{}{}", "a\n---\n".repeat(200_000), "\0".repeat(2_000_000));
    let stream = read(many.as_bytes());
    assert_eq!((stream.documents.len(), troubles(&stream).len()), (200_000, 1));
    let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), "*a, ".repeat(60));
    assert_eq!(read(text.as_bytes()).complaints, [], "a long text, a little less often");
}

#[test]
fn every_value_is_at_its_bytes() {
    let text = "\u{feff}# ü\r\nä: 'é x'\r\nlist:\r\n  - b # c\r\n  - {k: \"v\"}\r\nlit: |-\r\n  one\r\n  two\r\nend: *a\r\n"
        .replace("*a", "last");
    let stream = read(text.as_bytes());
    let root = &stream.documents[0].root;
    let cases = [
        (vec!["ä"], 2, 4, "'é x'", Style::SingleQuoted),
        (vec!["lit"], 7, 3, "one\r\n  two", Style::Literal),
        (vec!["end"], 9, 6, "last", Style::Plain),
    ];
    for (path, line, column, bytes, style) in cases {
        let node = root.at_path(&path).unwrap();
        assert_eq!((node.at.line, node.at.column, node.style), (line, column, style), "{path:?}");
        assert_eq!(&text[node.at.range.clone()], bytes, "{path:?}");
    }
    let items = root.get("list").unwrap().items();
    assert_eq!(&text[items[0].at.range.clone()], "b");
    assert_eq!(&text[items[1].at.range.clone()], "{k: \"v\"}");
    let (key, _) = root.entry("list").unwrap();
    assert_eq!((key.at.line, &text[key.at.range.clone()]), (3, "list"));
}

#[test]
fn an_alias_stands_where_it_is_used() {
    let text = "a: &x ^s$\nb: *x\n";
    let stream = read(text.as_bytes());
    let node = stream.documents[0].root.get("b").unwrap();
    assert_eq!((node.at.line, &text[node.at.range.clone()]), (2, "*x"));
    assert_eq!((node.origin().line, &text[node.origin().range.clone()]), (1, "^s$"));
}

#[test]
fn texts_inside_texts_lead_to_the_file() {
    let text =
        "values: |-\n  # c\n\n  patch: |\n    - op: add\n      value:\n        subject: '^s$'\n";
    for text in [text.to_owned(), text.replace('\n', "\r\n"), format!("x: ü\n{text}")] {
        let stream = read(text.as_bytes());
        let values = inside(stream.documents[0].root.get("values").unwrap(), text.as_bytes());
        let patch = inside(values.documents[0].root.get("patch").unwrap(), text.as_bytes());
        let operation = &patch.documents[0].root.items()[0];
        let subject = operation.at_path(&["value", "subject"]).unwrap();
        assert_eq!(&text[subject.at.range.clone()], "'^s$'");
        let line = text.lines().position(|line| line.contains("'^s$'")).unwrap() + 1;
        assert_eq!((subject.at.line as usize, subject.at.column), (line, 18));
    }
}

#[test]
fn where_places_inside_are_not_known_the_scalar_s_own_is_told() {
    let text = "a: >\n  - x\n\n  - y\nb: \"- x\\n- y\"\nc: '- \"z\"'\nd: [1]\n";
    let stream = read(text.as_bytes());
    let root = &stream.documents[0].root;
    for key in ["a", "b"] {
        let scalar = root.get(key).unwrap();
        let held = inside(scalar, text.as_bytes());
        let items = held.documents[0].root.items();
        assert_eq!(items.len(), 2, "{key}");
        assert_eq!(
            (items[1].at.line, items[1].at.range.is_empty()),
            (scalar.at.line, true),
            "{key}"
        );
    }
    let held = inside(root.get("c").unwrap(), text.as_bytes());
    assert_eq!(&text[held.documents[0].root.items()[0].at.range.clone()], "\"z\"");
    assert!(inside(root.get("d").unwrap(), text.as_bytes()).documents.is_empty(), "no text");
}

#[test]
fn complaints_inside_are_in_the_outer_file() {
    let text = "a: 1\npatch: |\n  - op: add\n  x: [\n";
    let stream = read(text.as_bytes());
    let held = inside(stream.documents[0].root.get("patch").unwrap(), text.as_bytes());
    assert_eq!(troubles(&held), [(Trouble::NotYaml, 4)]);
}
