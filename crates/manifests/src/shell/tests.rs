//! What people write, and what it says.

use proptest::prelude::*;

use super::*;

fn words(text: &str) -> Vec<Vec<String>> {
    let commands = read(text).commands.into_iter();
    commands.map(|command| command.words.iter().map(Word::text).collect()).collect()
}

#[test]
fn commands_are_read_as_the_shell_reads_them() {
    for (text, expected, why) in [
        ("a b  c", &["a|b|c"][..], "blanks part words"),
        ("a \\\n  b\nc", &["a|b", "c"], "a line goes on after a backslash"),
        ("a \\\r\n  b\r\nc", &["a|b", "c"], "with the line ends of Windows"),
        ("a 'b c' \"d e\" f\\ g", &["a|b c|d e|f g"], "quotes and escapes keep words together"),
        ("a 'it''s' x\"y\"z ''", &["a|its|xyz|"], "quotes join, and an empty word is one"),
        ("a '$X' \"$X\" $X", &["a|$X|$X|$X"], "variables stay as they are written"),
        ("a \"\\$X \\d\"", &["a|$X \\d"], "a backslash in double quotes escapes a few"),
        ("a && b || c; d | e & f", &["a", "b", "c", "d", "e", "f"], "operators part commands"),
        ("a # b\n# c\nd#e", &["a", "d#e"], "comments begin a word"),
        ("a > f 2>&1 >> g b &> h < i", &["a|b"], "redirections are no words"),
        ("if a; then b; else c; fi", &["a", "b", "c"], "reserved words are no commands"),
        ("if [[ $x =~ (a|b) && c ]]; then d; fi", &["d"], "a condition of Bash"),
        ("echo if then", &["echo|if|then"], "reserved only where a command begins"),
        ("(a; b) && { c; }", &["a", "b", "c"], "groups"),
        ("f() { a; }\nf", &["a", "f"], "functions"),
        ("case $x in\n  a|b) c ;;\n  *) d ;;\nesac", &["case|$x|in", "a", "c", "d"], "patterns"),
        ("a $(b $(c)) `d`", &["c", "b|$(c)", "d", "a|$(b $(c))|`d`"], "inner commands come first"),
        ("a \"$(b \"c d\")\"", &["b|c d", "a|$(b \"c d\")"], "quotes within a substitution"),
        ("a ${{ b || 'c d' }} e", &["a|${{ b || 'c d' }}|e"], "an expression is one piece"),
        ("a x${{b}}:${{c}}", &["a|x${{ b }}:${{ c }}"], "and may stand within a word"),
        ("a ${B:-c d} ${E}", &["a|${B:-c d}|${E}"], "defaults"),
        ("cat <<EOF > f\na; b\nEOF\nc", &["cat", "c"], "the body of a here-document is data"),
        ("cat <<-'E'\n\ta\n\tE\nc", &["cat", "c"], "indented, with a quoted end"),
        ("a <<< \"b\" c", &["a|c"], "a here-string"),
        ("a <(b c) d", &["b|c", "a|<(b c)|d"], "process substitution"),
        ("for t in a b; do c \"$t\"; done", &["for|t|in|a|b", "c|$t"], "loops"),
        ("x=(a 'b c'\n d)\ne", &["", "e"], "an array is an assignment"),
        ("don't stop", &["don't|stop"], "an apostrophe that closes nowhere"),
        ("a $((1 + 2)) $", &["a|$((1 + 2))|$"], "arithmetic, and a dollar by itself"),
    ] {
        let found: Vec<String> = words(text).iter().map(|words| words.join("|")).collect();
        assert_eq!(found, expected, "{why}: {text}");
    }
}

#[test]
fn places_lead_back_into_the_text() {
    let text = "x\n  cosign verify \\\n    --identity \"é $A\"\n";
    let script = read(text);
    let command = &script.commands[1];
    assert_eq!((command.line, command.words[0].line, command.words[3].line), (1, 1, 2));
    assert_eq!(&text[command.words[3].range.clone()], "\"é $A\"");
    assert_eq!(&text[command.range.clone()], "cosign verify \\\n    --identity \"é $A\"");
}

#[test]
fn options_and_assignments_are_found() {
    let script = read("A=1 B=\"$C\" /bin/x --o=v --p w -q --o last --r=true\nD=2\nL=(a \"$B\")");
    let command = &script.commands[0];
    let assigned = |at: usize| -> Vec<(String, String)> {
        let all = script.commands[at].assignments.iter();
        all.map(|(name, value)| (name.clone(), value.text())).collect()
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(assigned(0), [pair("A", "1"), pair("B", "$C")]);
    assert_eq!(assigned(1), [pair("D", "2")]);
    assert_eq!(assigned(2), [pair("L", "a $B")], "an array");
    assert_eq!(command.option(&["--o"]).unwrap().text(), "last");
    assert_eq!(command.option(&["--p", "-p"]).unwrap().text(), "w");
    assert!(command.option(&["--"]).is_none() && command.switch("--r") && !command.switch("--s"));
    assert_eq!(command.program().unwrap().0, "x");
}

#[test]
fn wrappers_are_looked_through() {
    for (text, program, first) in [
        ("sudo -u root crane tag", "crane", "tag"),
        ("env -u A B=c crane tag", "crane", "tag"),
        ("timeout -k 5 5m crane tag", "crane", "tag"),
        ("time /usr/bin/crane tag", "crane", "tag"),
        ("X=1 exec crane tag", "crane", "tag"),
    ] {
        let script = read(text);
        let (found, arguments) = script.commands[0].program().unwrap();
        assert_eq!((found, arguments[0].text().as_str()), (program, first), "{text}");
    }
    assert!(read("$CRANE tag").commands[0].program().is_none(), "nobody knows which program");
}

#[test]
fn variables_tell_their_default() {
    let script = read("a ${B:-c} ${D=\"e f\"} ${G##*/} $1 ${H}");
    let parts = script.commands[0].words[1..].iter().map(|word| word.parts[0].clone());
    let told: Vec<(String, Option<String>)> = parts
        .map(|part| match part {
            Part::Variable { name, default, .. } => (name, default),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [("B", Some("c")), ("D", Some("e f")), ("G", None), ("1", None), ("H", None)];
    let owned = expected.map(|(name, default)| (name.to_owned(), default.map(str::to_owned)));
    assert_eq!(told, owned);
}

#[test]
fn a_swallowed_failure_is_seen() {
    use Swallowed::*;
    for (text, expected, why) in [
        ("sign", None, "bash -e stops"),
        ("sign || true", Some(Or), "the classic"),
        ("sign || :", Some(Or), "its short form"),
        ("sign || echo \"failed: $(date)\"", Some(Or), "told, and gone on"),
        ("sign || exit 0", Some(Or), "a good end"),
        ("sign || exit 1", None, "told as a failure"),
        ("sign || { echo no; exit 1; }", None, "a group that leaves"),
        ("sign || { echo no; }", Some(Or), "a group that does not"),
        ("sign || sign again", None, "another attempt; who knows"),
        ("sign && next || true", Some(Or), "at the end of a chain"),
        ("(sign) || true", Some(Or), "behind a subshell"),
        ("{ sign; } || true", Some(Or), "behind a group"),
        ("sign | tee log", Some(Pipe), "tee ends well"),
        ("if sign; then go; fi", None, "a question"),
        ("! sign", None, "a refusal is wanted"),
        ("set +e\nsign\nnext", Some(NotStopping), "nobody stops"),
        ("set +e\nsign", None, "the last command's answer is the step's"),
        ("set +e\nset -e\nsign\nnext", None, "taken back"),
        ("sign\n[[ -n x ]] || true", None, "another command's or"),
        ("set +e\nsign\nrc=$?\nnext", None, "its status is kept"),
        ("set +e\nsign\nif [[ $? -ne 0 ]]; then exit 1; fi\nnext", None, "or asked for"),
        ("sign | grep x", None, "grep fails when nothing comes"),
        ("sign | jq -e .ok", None, "so does jq when it is told to"),
        ("sign | jq .ok", Some(Pipe), "and does not otherwise"),
        ("sign &", Some(Background), "nobody waits"),
        ("sign & p=$!\nwait $p", None, "somebody waits"),
        ("sign & next", Some(Background), "on one line"),
        ("if ! sign; then echo no; fi\ngo", Some(Question), "told, and gone on"),
        ("if ! sign; then echo no; exit 1; fi", None, "left"),
        ("if ! sign; then echo no; else go; fi", None, "what follows depends on it"),
        ("if sign; then echo yes; else echo no; fi", Some(Question), "words either way"),
        (
            "if sign; then echo yes; fi\nif a; then go; fi",
            Some(Question),
            "the next question is another",
        ),
        ("if ! sign; then echo no >> f; fi", None, "kept for somebody"),
        ("if ! sign; then echo no >&2; fi", Some(Question), "words for people"),
        ("if ! sign; then failed=1; fi", None, "remembered"),
        ("if sign && other; then echo yes; fi", None, "a part of a question; who knows"),
        ("if ! sign; then if a; then b; fi; fi", None, "more happens there"),
        ("sign && echo good\nnext", Some(And), "only the end of a list ends a script"),
        ("sign && echo good", None, "which it is here"),
        ("sign && next\nlast", None, "what it holds back stands behind it"),
        ("sign && echo good || exit 1\nnext", None, "left"),
        ("(sign && echo good)\nnext", None, "a shell of its own ends with it"),
        ("if a; then sign && echo good; fi\nnext", Some(And), "a branch ends nothing"),
        ("for i in 1 2; do sign && break; sleep 5; done", Some(And), "tried again, and gone on"),
        ("for i in 1 2; do sign && break; sleep 5; done\nexit 1", None, "and left"),
        ("for i in 1 2; do sign && exit 0; sleep 5; done\nexit 1", None, "a good end alone"),
        ("echo \"$(sign)\"", Some(Substitution), "echo succeeds"),
        ("export A=$(sign)", Some(Substitution), "so does export"),
        ("A=$(sign)\nnext", None, "of a variable alone it is the answer"),
        ("test -n \"$(sign)\"", None, "it is asked what came out"),
        ("while ! sign; do echo no; done", None, "asked until it holds"),
    ] {
        let script = read(text);
        let is_sign = |command: &Command| command.first() == Some("sign");
        let index = script.commands.iter().position(is_sign).unwrap();
        assert_eq!(script.swallows(index, false), expected, "{why}: {text}");
    }
    let piped = read("set -euo pipefail\nsign | tee log");
    assert!(has_pipefail(&piped));
    assert_eq!(piped.swallows(1, true), None, "pipefail");
}

#[test]
fn limits_hold() {
    let long = read(&"a\n".repeat(COMMANDS_MAX + 1));
    assert!(long.cut && long.commands.len() == COMMANDS_MAX);
    assert!(read(&"x".repeat(SCRIPT_BYTES_MAX + 1)).cut);
    assert!(!read(&"$(".repeat(10_000)).commands.is_empty(), "deep, but read");
    for bomb in ["(", "`", "\"$(", "'", "\"", "${", "${{", "{ ", "<<a\n", "a=(", "<(", "\\", "&>"] {
        read(&bomb.repeat(5_000));
    }
}

proptest! {
    #[test]
    fn any_text_is_read_and_places_stay_within(text in "[a-c$`'\"(){}|&;<>\\\\ \n#=\\[\\]é-]{0,60}") {
        for command in read(&text).commands {
            prop_assert!(text.get(command.range.clone()).is_some());
            for word in &command.words {
                prop_assert!(text.get(word.range.clone()).is_some());
            }
        }
    }
}
