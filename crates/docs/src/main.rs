//! `sealwright-docs`: builds the site, or checks that committed pages are current.

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Parser, Subcommand};
use sealwright_docs::{DocsError, Inputs, Pages, Reader};
use sealwright_policy::config::Config;
use sealwright_policy::{Issuers, Report};

/// Largest report that is read: a full one for a thousand artifacts is a tenth of it.
const REPORT_BYTES_MAX: u64 = 64 << 20;
/// Largest configuration that is read; the parser has its own, smaller limit.
const CONFIG_BYTES_MAX: u64 = 16 << 20;

/// Exit code for committed pages that differ.
const DIFFERS: u8 = 1;
/// Exit code for input that is not what it should be (`EX_DATAERR`).
const DATA: u8 = 65;
/// Exit code for files that cannot be read or written (`EX_IOERR`).
const FILES: u8 = 74;

/// The page that says who may sign what.
#[derive(Debug, Parser)]
#[command(
    name = "sealwright-docs",
    version,
    arg_required_else_help = true,
    after_help = "\
Examples:
  sealwright-docs build --config sealwright.yaml --report report.json --out site
  sealwright-docs build --report report.json --report prod.json --report controls.json --out site
  sealwright-docs build --config sealwright.yaml --pages docs/trust
  sealwright-docs check --config sealwright.yaml --pages docs/trust

Exit codes: 0 done or current, 1 committed pages differ, 64 usage, 65 bad input, 74 file error."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Renders the pages; builds the static site, or writes the Markdown to commit, or both.
    #[command(arg_required_else_help = true)]
    Build {
        #[command(flatten)]
        inputs: InputArguments,
        /// Folder for the static site.
        #[arg(long, value_name = "DIR", required_unless_present = "pages")]
        out: Option<Utf8PathBuf>,
        /// Folder for the pages as Markdown.
        #[arg(long, value_name = "DIR")]
        pages: Option<Utf8PathBuf>,
    },
    /// Says whether the committed pages are what configuration and report give today.
    Check {
        #[command(flatten)]
        inputs: InputArguments,
        /// Folder of the committed pages.
        #[arg(long, value_name = "DIR")]
        pages: Utf8PathBuf,
    },
}

#[derive(Debug, clap::Args)]
struct InputArguments {
    /// Who may sign what.
    #[arg(long, value_name = "FILE", default_value = "sealwright.yaml")]
    config: Utf8PathBuf,
    /// Report in JSON of any command of `sealwright-verifier`; may be repeated, and of each thing the
    /// latest counts. Without any, pages say that nothing was observed.
    #[arg(long, value_name = "FILE")]
    report: Vec<Utf8PathBuf>,
    /// Registry that stands in for the one in the configuration, as the dev stack's does.
    #[arg(long, value_name = "HOST:PORT")]
    registry: Option<String>,
    /// Folder with trusted_root.json, for the commands on the pages; public Sigstore when absent.
    #[arg(long, value_name = "DIR")]
    trust: Option<Utf8PathBuf>,
    /// OIDC issuer behind `github:` signers, when it is not GitHub's own.
    #[arg(long, value_name = "URL")]
    github_issuer: Option<String>,
    /// Today, for end dates of exceptions (default: the clock's date in UTC).
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<jiff::civil::Date>,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(talk) => {
            let usage = talk.use_stderr();
            // Nothing more can be said when even this cannot be written.
            let _ = talk.print();
            return if usage { ExitCode::from(64) } else { ExitCode::SUCCESS };
        }
    };
    match run(arguments.command) {
        Ok(code) => code,
        Err(failure) => {
            say(&failure.message);
            ExitCode::from(failure.code)
        }
    }
}

/// What stops the program, and the exit code for it.
struct Failure {
    code: u8,
    message: String,
}

impl From<DocsError> for Failure {
    fn from(error: DocsError) -> Self {
        let code = if matches!(error, DocsError::File { .. }) { FILES } else { 70 };
        Self { code, message: format!("error: {error}") }
    }
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Build { inputs, out, pages: folder } => {
            let pages = render(&inputs)?;
            if let Some(folder) = folder {
                pages.write(&folder)?;
                say(&format!("wrote {} pages to {folder}", pages.files().len()));
            }
            if let Some(out) = out {
                sealwright_docs::build(&pages, &out)?;
                answer(&format!("{}\n", out.join("index.html")))?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Command::Check { inputs, pages: folder } => {
            let differences = sealwright_docs::compare(&render(&inputs)?, &folder)?;
            if differences.is_empty() {
                say(&format!("the pages in {folder} are current"));
                return Ok(ExitCode::SUCCESS);
            }
            let lines = differences.iter().map(|difference| format!("{folder}/{difference}\n"));
            answer(&lines.collect::<String>())?;
            say(&format!(
                "{} pages differ; run `sealwright-docs build` with the same flags and `--pages {folder}`, and commit",
                differences.len()
            ));
            Ok(ExitCode::from(DIFFERS))
        }
    }
}

/// A line for people. Nothing can be done when even this cannot be written.
fn say(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Data for programs. A reader that has seen enough (`| head`) is no error.
fn answer(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(why) if why.kind() != io::ErrorKind::BrokenPipe => Err(Failure {
            code: FILES,
            message: format!("error: cannot write to standard output: {why}"),
        }),
        _ => Ok(()),
    }
}

fn render(arguments: &InputArguments) -> Result<Pages, Failure> {
    let text = read(&arguments.config, CONFIG_BYTES_MAX)?;
    let today = arguments
        .today
        .unwrap_or_else(|| jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date());
    let config = Config::parse(arguments.config.as_str(), &text, today)
        .map_err(|errors| Failure { code: DATA, message: errors.to_string() })?;
    let config = match &arguments.registry {
        Some(registry) => config.with_registry(registry),
        None => config,
    };
    let reports: Vec<Report> =
        arguments.report.iter().map(|path| read_report(path)).collect::<Result<_, _>>()?;
    let issuers = match &arguments.github_issuer {
        Some(issuer) => Issuers { github: issuer.clone() },
        None => Issuers::public(),
    };
    let reader = Reader {
        config: arguments.config.clone(),
        registry: arguments.registry.clone(),
        trust: arguments.trust.clone(),
        github_issuer: arguments.github_issuer.clone(),
    };
    Ok(sealwright_docs::render(&Inputs { config: &config, reports: &reports, issuers, reader })?)
}

fn read_report(path: &Utf8Path) -> Result<Report, Failure> {
    serde_json::from_str(&read(path, REPORT_BYTES_MAX)?).map_err(|why| Failure {
        code: DATA,
        message: format!("error: {path} is not a report of sealwright-verifier: {why}\nmake one with `sealwright-verifier artifact … --format json --output {path}`"),
    })
}

fn read(path: &Utf8Path, bytes_max: u64) -> Result<String, Failure> {
    let failure =
        |why: String| Failure { code: FILES, message: format!("error: cannot read {path}: {why}") };
    let mut text = String::new();
    // By what is read and not by what the file says of itself: a device says that it is empty.
    let size = std::fs::File::open(path)
        .and_then(|file| file.take(bytes_max + 1).read_to_string(&mut text))
        .map_err(|why| failure(why.to_string()))?;
    if size as u64 > bytes_max {
        return Err(failure(format!("it has more than {bytes_max} bytes")));
    }
    Ok(text)
}
