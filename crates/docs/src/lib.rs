//! The page that says who may sign what: configuration and report in, a site out.
//!
//! Knows no network and no cryptography. What comes from a report is somebody else's text and is
//! shown as text, whatever it contains (see [`mod@escape`]).

mod clusters;
mod commands;
mod compare;
mod escape;
mod flux_words;
mod gathered;
mod model;
mod pages;
mod site;
mod trust_map;

pub use commands::Reader;
pub use compare::{Difference, compare};
pub use pages::Pages;

use sealwright_policy::config::Config;
use sealwright_policy::{Issuers, Report};

/// Everything a site is made from.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// Who may sign what.
    pub config: &'a Config,
    /// What was seen, in any order: of each thing the latest counts. Without any, pages say that
    /// nothing was observed.
    pub reports: &'a [Report],
    /// Which OIDC issuer stands behind `github:` signers.
    pub issuers: Issuers,
    /// How a reader of the page reaches registry, configuration and trust.
    pub reader: Reader,
}

/// Why no site could be made.
#[derive(Debug, thiserror::Error)]
pub enum DocsError {
    /// A template does not render: a defect of this program.
    #[error("template {template} does not render: {why}")]
    Template {
        /// Name of the template.
        template: String,
        /// Handlebars' own words, with line and column.
        why: String,
    },
    /// A file could not be read or written.
    #[error("cannot {verb} {path}: {source}")]
    File {
        /// `read`, `write` or `create`.
        verb: &'static str,
        /// Which file.
        path: camino::Utf8PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// mdBook refused the pages.
    #[error("mdBook cannot build the site: {0}")]
    Book(String),
}

/// Renders all pages as Markdown (and the trust map as SVG), ready to commit or to build.
///
/// The same inputs give the same bytes: nothing here reads a clock.
pub fn render(inputs: &Inputs<'_>) -> Result<Pages, DocsError> {
    pages::render(&model::Site::new(inputs))
}

/// Builds the static site of `pages` under `out`, which is created or replaced file by file.
pub fn build(pages: &Pages, out: &camino::Utf8Path) -> Result<(), DocsError> {
    site::build(pages, out)
}
