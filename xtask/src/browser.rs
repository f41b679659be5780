//! Looks at a site in a real browser, at a desk's and at a phone's width: no script fails, no picture
//! is missing, and no page is wider than the screen.

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use crate::failure::{Context as _, Failure, Outcome};
use crate::program::{Program, on_path};

/// Names under which it is installed.
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];
/// Widths in pixels: a phone, and a desk.
const WIDTHS: &[u32] = &[390, 1280];
/// It looks at nothing but files, and reports to nobody.
const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--virtual-time-budget=20000",
    "--dump-dom",
];
/// Put first on every page: collects what fails.
const LISTEN: &str = "<script>window.failures = []; addEventListener('error', (event) => failures.push(event.message || event.target.src || event.target.href), true);</script>";
/// Put last on every page: says how it looks. Frames of files are strangers to each other, so by message.
const TELL: &str = "<script>addEventListener('load', () => parent.postMessage({width: innerWidth, wide: document.documentElement.scrollWidth, missing: [...document.images].filter((image) => !image.naturalWidth).map((image) => image.src), failures}, '*'));</script>";

/// How one page looks at one width.
#[derive(Debug, Deserialize)]
struct Look {
    page: String,
    width: u32,
    /// Width of what is on it.
    wide: u32,
    missing: Vec<String>,
    failures: Vec<String>,
}

/// Looks at every page of the site. `Err` inside says why it could not.
pub(crate) fn look_at(site: &Utf8Path) -> Outcome<Result<String, String>> {
    let Some(browser) = BROWSERS.iter().find_map(|name| on_path(name)) else {
        return Ok(Err("no chromium on this machine".to_owned()));
    };
    let folder = tempfile::tempdir()?;
    let folder = Utf8PathBuf::try_from(folder.path().to_owned())
        .context(|| "the temporary folder".to_owned())?;
    let copy = folder.join("site");
    Program::new("cp").args(["-R", site.as_str(), copy.as_str()]).run_ok()?;
    let pages = prepare(&copy)?;
    let frame = copy.join("all-pages-in-frames.html");
    std::fs::write(&frame, frames(&pages))?;
    let dom = Program::new(browser)
        .args(FLAGS.iter().copied())
        .args([format!("--user-data-dir={folder}/profile"), format!("file://{frame}")])
        .run_ok()?;
    let looks = looks(&String::from_utf8_lossy(&dom))?;
    let complaints = complaints(&looks, &pages);
    if complaints.is_empty() {
        return Ok(Ok(format!("{} pages look right at {WIDTHS:?} pixels", pages.len())));
    }
    Err(Failure::new(format!("in the browser:\n  {}", complaints.join("\n  "))))
}

/// Puts the two scripts into every page; gives the pages.
fn prepare(site: &Utf8Path) -> Outcome<Vec<String>> {
    let mut pages = Vec::new();
    for below in ["", "signers", "artifacts"] {
        for entry in site.join(below).read_dir_utf8().context(|| site.join(below).to_string())? {
            let path = entry?.into_path();
            // The navigation alone is for browsers without scripts; a page not found is for web servers.
            if path.extension() != Some("html")
                || matches!(path.file_name(), Some("toc.html" | "404.html"))
            {
                continue;
            }
            let html = std::fs::read_to_string(&path)?;
            let html = html.replacen("<head>", &format!("<head>{LISTEN}"), 1);
            std::fs::write(&path, html.replacen("</body>", &format!("{TELL}</body>"), 1))?;
            pages.push(path.strip_prefix(site).unwrap_or(&path).to_string());
        }
    }
    pages.sort();
    Ok(pages)
}

/// One page that holds all the others, each at each width, and gathers what they tell.
fn frames(pages: &[String]) -> String {
    let frames: String = pages
        .iter()
        .flat_map(|page| WIDTHS.iter().map(move |width| format!("<iframe name=\"{page}\" src=\"{page}\" width=\"{width}\" height=\"800\"></iframe>")))
        .collect();
    format!(
        "<!doctype html><style>iframe {{ border: 0 }}</style><pre id=\"looks\"></pre><script>addEventListener('message', (event) => {{ const frame = [...document.querySelectorAll('iframe')].find((frame) => frame.contentWindow === event.source); looks.textContent += JSON.stringify({{page: frame.name, ...event.data}}) + '\\n'; }});</script>{frames}"
    )
}

fn looks(dom: &str) -> Outcome<Vec<Look>> {
    let from = dom.find("<pre id=\"looks\">").map(|at| at + "<pre id=\"looks\">".len());
    let told = from.and_then(|from| dom.get(from..)).and_then(|rest| rest.split("</pre>").next());
    let told =
        told.unwrap_or_default().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    told.lines()
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str(line).context(|| line.to_owned()))
        .collect()
}

fn complaints(looks: &[Look], pages: &[String]) -> Vec<String> {
    let mut complaints = Vec::new();
    for page in pages {
        for width in WIDTHS {
            if !looks.iter().any(|look| look.page == *page && look.width == *width) {
                complaints.push(format!("{page} at {width}: said nothing"));
            }
        }
    }
    for Look { page, width, wide, missing, failures } in looks {
        if wide > width {
            complaints.push(format!("{page} at {width}: {wide} pixels wide"));
        }
        complaints
            .extend(missing.iter().map(|image| format!("{page} at {width}: no picture {image}")));
        complaints.extend(failures.iter().map(|failure| format!("{page} at {width}: {failure}")));
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &str) -> Vec<String> {
        let looks = looks(&format!("<html><pre id=\"looks\">{lines}</pre>")).unwrap();
        complaints(&looks, &["a.html".to_owned()])
    }

    #[test]
    fn every_page_must_be_seen_at_every_width_and_look_right() {
        let fine = r#"{"page":"a.html","width":390,"wide":390,"missing":[],"failures":[]}"#;
        let desk = r#"{"page":"a.html","width":1280,"wide":1280,"missing":[],"failures":[]}"#;
        assert_eq!(told(&format!("{fine}\n{desk}\n")), Vec::<String>::new());
        for (line, why) in [
            (String::new(), "said nothing at 390"),
            (fine.replace("\"wide\":390", "\"wide\":391"), "a pixel too wide"),
            (fine.replace("\"missing\":[]", "\"missing\":[\"b.svg\"]"), "a picture is missing"),
            (fine.replace("\"failures\":[]", "\"failures\":[\"a &lt; b\"]"), "a script failed"),
        ] {
            assert_eq!(told(&format!("{line}\n{desk}\n")).len(), 1, "{why}");
        }
    }
}
