//! Any bytes as YAML, and every text in it as YAML again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sealwright_yaml::{Inside, Node, Place, inside, read};

fuzz_target!(|bytes: &[u8]| {
    let within = |at: &Place| at.range.start <= at.range.end && at.range.end <= bytes.len();
    let stream = read(bytes);
    let mut texts: Vec<&Node> = Vec::new();
    for document in &stream.documents {
        document.root.walk(&mut |node| {
            assert!(within(&node.at), "{:?} is in the file", node.at);
            assert!(node.entries().iter().all(|(key, _)| within(&key.at)));
            texts.extend(node.text().map(|_| node));
        });
    }
    for node in texts.into_iter().take(100) {
        for document in inside(node, bytes).documents {
            document.root.walk(&mut |inner| {
                assert!(within(&inner.at), "{:?} is in the file", inner.at);
            });
        }
        let length = node.text().map_or(0, str::len);
        let place = Inside::of(node, bytes).map(|inside| inside.place(0..length));
        assert!(place.is_none_or(|place| within(&place)));
    }
});
