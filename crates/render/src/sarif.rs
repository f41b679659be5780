//! SARIF 2.1.0. The rules are the table of codes.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sealwright_policy::codes::{Entry, TABLE};
use sealwright_policy::{Finding, Place, Report, Severity, Verdict};
use serde_json::{Value, json};
use serde_sarif::sarif::{
    ArtifactLocation, Invocation, Location, LogicalLocation, Message, MultiformatMessageString,
    PhysicalLocation, PropertyBag, Region, ReportingConfiguration, ReportingDescriptor,
    Result as SarifResult, ResultLevel, Run, SCHEMA_URL, Sarif, Tool, ToolComponent, Version,
};

use crate::findings::{all, told, word};
use crate::sources::simulated;
use crate::{json, visible};

pub(crate) fn render(report: &Report) -> String {
    let results: Vec<SarifResult> =
        all(report).into_iter().map(|(about, finding)| result(report, about, finding)).collect();
    let invocation = Invocation::builder()
        .execution_successful(report.verdict != Verdict::Unknown)
        .exit_code(i64::from(report.verdict.exit_code()))
        .end_time_utc(report.judged_at.to_string())
        .build();
    let simulated = simulated(report).then(|| ("simulated", json!(true)));
    let facts = [("verdict", json!(report.verdict))].into_iter().chain(simulated);
    let run = Run::builder()
        .tool(Tool::builder().driver(driver(&report.tool)).build())
        .invocations(vec![invocation])
        .column_kind(json!("unicodeCodePoints"))
        .results(results)
        .properties(properties(facts))
        .build();
    let sarif = Sarif::builder()
        .schema(SCHEMA_URL.to_owned())
        .version(json!(Version::V2_1_0))
        .runs(vec![run])
        .build();
    json::pretty(&sarif)
}

fn driver(tool: &str) -> ToolComponent {
    let (name, version) = tool.split_once(' ').unwrap_or((tool, ""));
    ToolComponent::builder()
        .name(name.to_owned())
        .version(version.to_owned())
        .rules(TABLE.iter().map(rule).collect::<Vec<_>>())
        .build()
}

fn rule(entry: &Entry) -> ReportingDescriptor {
    let text = |text: String| MultiformatMessageString::builder().text(text).build();
    let level = ReportingConfiguration::builder().level(json!(level(entry.severity))).build();
    ReportingDescriptor::builder()
        .id(entry.id.to_owned())
        .short_description(text(entry.title.to_owned()))
        .full_description(text(format!("{} {}", entry.cause, entry.risk)))
        .help(text(entry.fix.to_owned()))
        .default_configuration(level)
        .build()
}

fn result(report: &Report, about: Option<String>, finding: &Finding) -> SarifResult {
    let reference = about.as_deref();
    let index = TABLE.iter().position(|entry| entry.code == finding.code);
    let mut facts = vec![("severity", json!(word(finding.severity)))];
    facts.extend(reference.map(|reference| ("artifact", json!(visible(reference)))));
    SarifResult::builder()
        .rule_id(finding.code.to_string())
        .rule_index(index.and_then(|index| i64::try_from(index).ok()).unwrap_or(-1))
        .level(level(finding.severity))
        .message(Message::builder().text(visible(&told(report, finding))).build())
        .locations(vec![location(reference, &finding.place)])
        .properties(properties(facts))
        .build()
}

/// Not knowing is never green.
fn level(severity: Severity) -> ResultLevel {
    match severity {
        Severity::Error | Severity::Unknown => ResultLevel::Error,
        Severity::Warning => ResultLevel::Warning,
        Severity::Note => ResultLevel::Note,
    }
}

/// The file, when there is one, and everything that has a name: at least the artifact.
fn location(reference: Option<&str>, place: &Place) -> Location {
    let names = [place.object.as_deref(), place.digest.as_deref(), reference];
    let logical = names
        .into_iter()
        .flatten()
        .map(|name| LogicalLocation::builder().fully_qualified_name(visible(name)).build())
        .collect::<Vec<_>>();
    match place.file.as_deref() {
        None => Location::builder().logical_locations(logical).build(),
        Some(file) => Location::builder()
            .physical_location(physical(file, place))
            .logical_locations(logical)
            .build(),
    }
}

fn physical(file: &str, place: &Place) -> PhysicalLocation {
    let file = ArtifactLocation::builder().uri(uri(file)).build();
    // A region without a line means nothing; the whole file is meant then.
    match place.line {
        None => PhysicalLocation::builder().artifact_location(file).build(),
        Some(line) => {
            let region = Region::builder()
                .start_line(i64::from(line))
                .start_column(i64::from(place.column.unwrap_or(1)))
                .build();
            PhysicalLocation::builder().artifact_location(file).region(region).build()
        }
    }
}

/// A path as a relative reference (RFC 3986): a name may hold what would begin a query or a fragment, look
/// like an escape, or make a scheme of the first folder. Separators and what needs no escape stay.
fn uri(path: &str) -> String {
    const STAYS: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(path, STAYS).to_string()
}

fn properties(facts: impl IntoIterator<Item = (&'static str, Value)>) -> PropertyBag {
    let facts: BTreeMap<String, Value> =
        facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    PropertyBag::builder().additional_properties(facts).build()
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn a_file_name_stays_one_path_in_a_uri() {
        for (path, expected, why) in [
            ("k8s/app-v1.2_x~.yaml", "k8s/app-v1.2_x~.yaml", "what needs no escape"),
            ("k8s/a b#c?d.yaml", "k8s/a%20b%23c%3Fd.yaml", "a fragment and a query"),
            ("a%41.yaml", "a%2541.yaml", "what looks like an escape"),
            ("https://x/y.yaml", "https%3A//x/y.yaml", "a folder that looks like a scheme"),
            ("a\nb\u{1b}[2J.yaml", "a%0Ab%1B%5B2J.yaml", "lines and what drives a terminal"),
            ("ü.yaml", "%C3%BC.yaml", "letters beyond ASCII"),
            ("a\\b\"<.yaml", "a%5Cb%22%3C.yaml", "marks"),
        ] {
            assert_eq!(uri(path), expected, "{why}");
        }
    }
}
