//! The pages: a template each, filled through Handlebars in strict mode, so that a name the
//! templates and the model do not share is an error and not an empty place.

use std::collections::BTreeMap;

use camino::Utf8Path;
use handlebars::Handlebars;
use serde::Serialize;

use crate::DocsError;
use crate::escape;
use crate::model::Site;
use crate::trust_map::TrustMap;

/// Largest committed page that is read back, in bytes: ours are a few kilobytes.
const PAGE_BYTES_MAX: u64 = 4 << 20;

const TEMPLATES: &[(&str, &str)] = &[
    ("SUMMARY.md", include_str!("../templates/summary.hbs")),
    ("index.md", include_str!("../templates/index.hbs")),
    ("signer", include_str!("../templates/signer.hbs")),
    ("artifact", include_str!("../templates/artifact.hbs")),
    ("exceptions.md", include_str!("../templates/exceptions.hbs")),
    ("running.md", include_str!("../templates/running.hbs")),
    ("coverage.md", include_str!("../templates/coverage.hbs")),
    ("controls.md", include_str!("../templates/controls.hbs")),
    ("last-known-good.md", include_str!("../templates/last-known-good.hbs")),
    ("rename.md", include_str!("../templates/rename.hbs")),
    ("findings.md", include_str!("../templates/findings.hbs")),
    ("trust-map.svg", include_str!("../templates/trust-map.hbs")),
    ("dev-stack", include_str!("../templates/dev-stack.hbs")),
    ("simulated", include_str!("../templates/simulated.hbs")),
    ("mark", include_str!("../templates/mark.hbs")),
    ("finding-list", include_str!("../templates/finding-list.hbs")),
];

/// Templates that are a page of their own, filled with the whole site.
const PAGES: &[&str] = &[
    "SUMMARY.md",
    "index.md",
    "running.md",
    "coverage.md",
    "controls.md",
    "last-known-good.md",
    "exceptions.md",
    "rename.md",
    "findings.md",
];

/// Rendered files by their path below the book's `src`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pages(BTreeMap<String, String>);

pub(crate) fn render(site: &Site) -> Result<Pages, DocsError> {
    let templates = templates()?;
    let mut pages = Pages::default();
    for page in PAGES {
        pages.add((*page).to_owned(), fill(&templates, page, site)?);
    }
    pages.add("trust-map.svg".to_owned(), fill(&templates, "trust-map.svg", &TrustMap::of(site))?);
    for signer in &site.signers {
        pages.add(format!("signers/{}.md", signer.slug), fill(&templates, "signer", signer)?);
    }
    for artifact in &site.artifacts {
        pages.add(
            format!("artifacts/{}.md", artifact.slug),
            fill(&templates, "artifact", artifact)?,
        );
    }
    Ok(pages)
}

fn templates() -> Result<Handlebars<'static>, DocsError> {
    let mut handlebars = Handlebars::new();
    handlebars.set_strict_mode(true);
    escape::register(&mut handlebars);
    for (name, source) in TEMPLATES {
        handlebars.register_template_string(name, source).map_err(|why| DocsError::Template {
            template: (*name).to_owned(),
            why: why.to_string(),
        })?;
    }
    Ok(handlebars)
}

fn fill(
    templates: &Handlebars<'_>,
    name: &str,
    values: &impl Serialize,
) -> Result<String, DocsError> {
    templates
        .render(name, values)
        .map_err(|why| DocsError::Template { template: name.to_owned(), why: why.to_string() })
}

impl Pages {
    fn add(&mut self, path: String, content: String) {
        self.0.insert(path, content);
    }

    /// Path and content of each.
    pub fn files(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// Writes all below `folder`, and removes pages there that are none of these.
    pub fn write(&self, folder: &Utf8Path) -> Result<(), DocsError> {
        for (path, content) in &self.0 {
            let file = folder.join(path);
            if let Some(parent) = file.parent() {
                std::fs::create_dir_all(parent).map_err(|source| DocsError::File {
                    verb: "create",
                    path: parent.to_owned(),
                    source,
                })?;
            }
            std::fs::write(&file, content).map_err(|source| DocsError::File {
                verb: "write",
                path: file.clone(),
                source,
            })?;
        }
        for stale in Self::read(folder)?.0.keys().filter(|path| !self.0.contains_key(*path)) {
            let file = folder.join(stale);
            std::fs::remove_file(&file).map_err(|source| DocsError::File {
                verb: "remove",
                path: file.clone(),
                source,
            })?;
        }
        Ok(())
    }

    /// Reads the pages below `folder`: `.md` and `.svg` in it and in its two subfolders.
    pub fn read(folder: &Utf8Path) -> Result<Self, DocsError> {
        let mut pages = Self::default();
        for below in ["", "signers", "artifacts"] {
            let subfolder = folder.join(below);
            let entries = match subfolder.read_dir_utf8() {
                Ok(entries) => entries,
                Err(absent) if absent.kind() == std::io::ErrorKind::NotFound => continue,
                Err(source) => {
                    return Err(DocsError::File { verb: "read", path: subfolder, source });
                }
            };
            for entry in entries {
                let read =
                    |source| DocsError::File { verb: "read", path: subfolder.clone(), source };
                let entry = entry.map_err(read)?;
                let size = entry.metadata().map_err(read)?.len();
                if matches!(entry.path().extension(), Some("md" | "svg")) && size <= PAGE_BYTES_MAX
                {
                    let path = if below.is_empty() {
                        entry.file_name().to_owned()
                    } else {
                        format!("{below}/{}", entry.file_name())
                    };
                    let content = std::fs::read(entry.path()).map_err(|source| {
                        DocsError::File { verb: "read", path: entry.path().to_owned(), source }
                    })?;
                    pages.add(path, String::from_utf8_lossy(&content).into_owned());
                }
            }
        }
        Ok(pages)
    }
}
