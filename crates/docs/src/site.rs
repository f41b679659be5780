//! From pages to a static site, through mdBook. Everything it needs lies beside it: no page loads
//! anything from elsewhere.

use camino::Utf8Path;
use mdbook_driver::MDBook;
use mdbook_driver::config::Config;

use crate::{DocsError, Pages};

const STYLE: &str = include_str!("../templates/style.css");

pub(crate) fn build(pages: &Pages, out: &Utf8Path) -> Result<(), DocsError> {
    let io = |verb, path: &Utf8Path| {
        let path = path.to_owned();
        move |source| DocsError::File { verb, path, source }
    };
    std::fs::create_dir_all(out).map_err(io("create", out))?;
    let out = out.canonicalize_utf8().map_err(io("read", out))?;
    let book = tempfile::tempdir().map_err(io("create", Utf8Path::new("a temporary folder")))?;
    let root = Utf8Path::from_path(book.path()).unwrap_or(&out);
    pages.write(&root.join("src"))?;
    std::fs::write(root.join("style.css"), STYLE).map_err(io("write", &root.join("style.css")))?;
    let config = config(&out).map_err(|why| DocsError::Book(format!("{why:#}")))?;
    let book = MDBook::load_with_config(root, config)
        .map_err(|why| DocsError::Book(format!("{why:#}")))?;
    book.build().map_err(|why| DocsError::Book(format!("{why:#}")))
}

/// The default preprocessors stay off: they would expand `{{#include …}}`, also in a certificate's
/// name.
fn config(out: &Utf8Path) -> mdbook_driver::errors::Result<Config> {
    let mut config = Config::default();
    config.book.title = Some("Who may sign what".into());
    config.book.language = Some("en".into());
    config.build.build_dir = out.into();
    config.build.create_missing = false;
    config.build.use_default_preprocessors = false;
    config.set("output.html.additional-css", ["style.css"])?;
    config.set("output.html.no-section-label", true)?;
    config.set("output.html.smart-punctuation", false)?;
    config.set("output.html.hash-files", false)?;
    config.set("output.html.playground.runnable", false)?;
    config.set("output.html.print.enable", false)?;
    Ok(config)
}
