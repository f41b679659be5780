//! Files as they are: templates, several documents, encryption, and what is broken.

use sealwright_manifests::Why;

use super::{VERIFY, codes, found, guards, source};

#[test]
fn the_documents_beside_a_broken_one_are_read() {
    let text = format!("{}---\na: [verify\n---\n{}", source("a", VERIFY), source("b", VERIFY));
    let found = found(&[("a.yaml", &text)]);
    assert_eq!(guards(&found), ["OCIRepository apps/a <- ^s$", "OCIRepository apps/b <- ^s$"]);
    assert_eq!(codes(&found), ["SW9101"]);
    assert_eq!(found.unjudged[0].why, Why::Unreadable);
}

#[test]
fn a_template_is_said_and_not_judged() {
    let text = format!("{{{{- if .Values.verify }}}}\n{}{{{{- end }}}}\n", source("a", VERIFY));
    let whole = found(&[("templates/a.yaml", &text)]);
    assert_eq!(codes(&whole), [""; 0]);
    assert_eq!(whole.unjudged[0].why, Why::Template);
    for template in ["^<< inputs.subject >>$", "'^{{ subject }}$'", "^${SUBJECT}$"] {
        let block = VERIFY.replace("subject: ^s$", &format!("subject: {template}"));
        let found = found(&[("a.yaml", &source("a", &block))]);
        let subject = found.declarations[0].identities[0].subject.as_ref().unwrap();
        assert!(!subject.whole, "{template}");
    }
}

#[test]
fn clear_text_beside_encrypted_values_is_judged() {
    let sops = "sops:\n  mac: ENC[AES256_GCM,data:x]\n  version: 3.9.0\n";
    let clear = found(&[("a.yaml", &format!("{}{sops}", source("a", VERIFY)))]);
    assert_eq!(guards(&clear), ["OCIRepository apps/a <- ^s$"]);
    assert!(clear.declarations[0].identities[0].subject.as_ref().unwrap().whole);
    assert_eq!(clear.unjudged[0].why, Why::Encrypted);
    let block = VERIFY.replace("subject: ^s$", "subject: ENC[AES256_GCM,data:x]");
    let hidden = found(&[("a.yaml", &format!("{}{sops}", source("a", &block)))]);
    assert!(!hidden.declarations[0].identities[0].subject.as_ref().unwrap().whole);
}

#[test]
fn spellings_of_the_same_are_the_same() {
    let json = "{\"apiVersion\":\"source.toolkit.fluxcd.io/v1\",\"kind\":\"OCIRepository\",\
         \"metadata\":{\"name\":\"a\",\"namespace\":\"apps\"},\"spec\":{\"url\":\"oci://ghcr.io/acme/a\",\
         \"verify\":{\"provider\":\"cosign\",\"matchOIDCIdentity\":[{\"issuer\":\"^i$\",\"subject\":\"^s$\"}]}}}";
    let flow = source(
        "a",
        "  verify: {provider: cosign, matchOIDCIdentity: [{issuer: \"^i$\", subject: \"^s$\",}], # who\n  }\n",
    );
    let anchors = source(
        "a",
        "  verify: &v\n    provider: cosign\n    matchOIDCIdentity: &m\n      - &x {issuer: ^i$, subject: ^s$}\n",
    );
    let folded = source("a", &VERIFY.replace("subject: ^s$", "subject: >-\n          ^s$"));
    let plain = source("a", VERIFY);
    for (text, reason) in [
        (json.to_owned(), "JSON"),
        (flow, "flow style with a comma and a comment"),
        (anchors, "anchors"),
        (folded, "a folded scalar"),
        (format!("\u{feff}{plain}"), "a byte order mark"),
        (plain.replace('\n', "\r\n"), "CRLF"),
        (format!("# yaml-language-server: $schema=x\n---\n{plain}"), "a comment before the marker"),
    ] {
        let found = found(&[("a.yaml", &text)]);
        assert_eq!(guards(&found), ["OCIRepository apps/a <- ^s$"], "{reason}\n{text}");
        assert_eq!(codes(&found), [""; 0], "{reason}");
    }
}

#[test]
fn a_key_that_stands_twice_is_told_and_the_last_one_read() {
    let twice = format!("{}{VERIFY}", source("a", &VERIFY.replace("^s$", "^old$")));
    let found = found(&[("a.yaml", &twice)]);
    assert_eq!(codes(&found), ["SW9103"]);
    assert_eq!(guards(&found), ["OCIRepository apps/a <- ^s$"]);
}

#[test]
fn files_that_say_nothing_about_identities_may_be_broken() {
    let found = found(&[("a.yaml", "a: [b\n"), ("b.yaml", "{{ x }}\n")]);
    assert!(found.findings.is_empty() && found.unjudged.is_empty());
}
