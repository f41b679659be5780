//! One report, many forms: text, JSON, SARIF, JUnit, GitHub annotations, a Markdown summary. Pure.
//!
//! A report carries text from certificates, registries and files that strangers wrote. None of it
//! reaches a terminal, a workflow command or a page as anything but text: see [`visible()`].

mod controls;
mod declarations;
pub mod examples;
mod explain;
mod findings;
mod github;
mod holes;
mod json;
mod junit;
mod markdown;
mod patterns;
mod routes;
mod sarif;
mod sources;
mod text;
mod visible;
mod workflows;

use sealwright_policy::Report;

pub use explain::{catalogue, explain};
pub use github::annotations;
pub use visible::visible;

/// A form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// For people, without colour.
    Text,
    /// For people on a terminal: the same text with colour, which carries no meaning of its own.
    ColouredText,
    /// The report itself.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit XML, for test reports.
    Junit,
    /// Workflow commands of GitHub Actions, one annotation a finding.
    GithubAnnotations,
    /// GitHub-flavoured Markdown, for the summary of a job.
    Markdown,
}

/// The report in this form, ending with a line feed unless it is empty.
pub fn render(report: &Report, format: Format) -> String {
    match format {
        Format::Text => text::render(report, text::PLAIN),
        Format::ColouredText => text::render(report, text::COLOURED),
        Format::Json => json::render(report),
        Format::Sarif => sarif::render(report),
        Format::Junit => junit::render(report),
        Format::GithubAnnotations => github::render(report),
        Format::Markdown => markdown::render(report),
    }
}
