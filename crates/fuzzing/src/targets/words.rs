//! What is read of our own making, by way of a file that anybody may have changed.

use sealwright_policy::{Config, Report};
use sealwright_render::{Format, render};

const FORMS: [Format; 6] = [
    Format::Text,
    Format::Json,
    Format::Sarif,
    Format::Junit,
    Format::GithubAnnotations,
    Format::Markdown,
];

/// A configuration: what is wrong with it stands in it, and telling it drives no terminal.
pub fn config(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Err(errors) = Config::parse("sealwright.yaml", &text, jiff::civil::date(2026, 1, 1)) else {
        return;
    };
    assert!(!errors.findings.is_empty(), "what is refused is refused for a reason");
    let lines = text.split(['\n', '\r']).count() + 1;
    let in_it = |line: Option<u32>| line.is_none_or(|line| line as usize <= lines);
    assert!(errors.findings.iter().all(|finding| in_it(finding.place.line)), "{errors}");
    assert_eq!(driving(&errors.to_string()), None, "{errors}");
}

/// A report that is read back: it stays what it is, and in no form does it drive a terminal or the log of
/// a job.
pub fn report(bytes: &[u8]) {
    let Ok(report) = serde_json::from_slice::<Report>(bytes) else { return };
    for form in FORMS {
        let shown = render(&report, form);
        assert_eq!(driving(&shown), None, "{form:?}");
        let is_log = matches!(form, Format::Text | Format::GithubAnnotations);
        assert!(!(is_log && shown.contains("##[")), "{form:?}");
    }
    let again: Report =
        serde_json::from_str(&render(&report, Format::Json)).expect("it reads what it writes");
    assert_eq!(again, report);
}

/// A character that a terminal would not show.
fn driving(text: &str) -> Option<char> {
    text.chars().find(|one| (one.is_control() && *one != '\n') || *one == '\u{202e}')
}
