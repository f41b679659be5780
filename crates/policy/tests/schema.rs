//! The committed JSON Schemas are what the types give.

use sealwright_policy::schema;

#[test]
fn the_committed_schemas_are_current() {
    for (name, committed, current) in [
        ("sealwright.schema.json", include_str!("../sealwright.schema.json"), schema::config()),
        ("report.schema.json", include_str!("../report.schema.json"), schema::report()),
    ] {
        assert!(
            committed == current,
            "crates/policy/{name} is not what the types give: run `cargo xtask schema` and commit it"
        );
    }
}

#[test]
fn editors_are_told_every_constraint() {
    let schema: serde_json::Value = serde_json::from_str(&schema::config()).unwrap();
    let at = |pointer: &str| {
        schema.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is missing in the schema"))
    };
    for (pointer, expected, why) in [
        ("/additionalProperties", "false", "unknown keys"),
        ("/properties/apiVersion/const", "\"sealwright.dev/v1alpha1\"", "the version"),
        ("/definitions/GithubSigner/properties/refs/minItems", "1", "an empty list of refs"),
        ("/definitions/Signer/then/required/0", "\"calledFrom\"", "a commit without callers"),
        ("/definitions/GithubSigner/oneOf/1/required/0", "\"commit\"", "refs xor commit"),
        ("/definitions/Artifact/properties/evidence/uniqueItems", "true", "repetitions"),
        ("/definitions/Exception/properties/until/format", "\"date\"", "a day"),
    ] {
        assert_eq!(at(pointer).to_string(), expected, "{why}");
    }
    for pointer in [
        "/properties/signers/propertyNames/pattern",
        "/definitions/GithubSigner/properties/workflow/pattern",
        "/definitions/GithubSigner/properties/refs/items/pattern",
        "/definitions/Artifact/properties/repository/pattern",
        "/definitions/Environment/properties/sources/items/pattern",
    ] {
        let pattern = at(pointer).as_str().unwrap();
        assert!(pattern.starts_with('^') && pattern.ends_with('$'), "{pointer} is anchored");
    }
}
