//! For people: the answer, what is wrong with the worst first, what is required, who signed.

mod declarations;
mod patterns;
mod routes;
mod sources;
mod workflows;

use std::fmt::{self, Write as _};

use anstyle::{AnsiColor, Style};
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use sealwright_policy::report::{ArtifactReport, EvidenceReport, TrustNote};
use sealwright_policy::{Code, Finding, Report, Severity, Verdict};

use crate::findings::{word, worst_first};
use crate::visible;

/// Findings and pieces of evidence that are told for one artifact; JSON has them all.
const FINDINGS_COUNT_MAX: usize = 50;
const EVIDENCE_COUNT_MAX: usize = 20;

/// Colours by meaning. A word beside each says the same, so that nothing is lost without them.
pub(crate) struct Palette {
    good: Style,
    bad: Style,
    unsure: Style,
    quiet: Style,
    loud: Style,
}

/// No colours at all.
pub(crate) const PLAIN: Palette = Palette {
    good: Style::new(),
    bad: Style::new(),
    unsure: Style::new(),
    quiet: Style::new(),
    loud: Style::new(),
};

/// The colours that every terminal has.
pub(crate) const COLOURED: Palette = Palette {
    good: AnsiColor::Green.on_default().bold(),
    bad: AnsiColor::Red.on_default().bold(),
    unsure: AnsiColor::Yellow.on_default().bold(),
    quiet: Style::new().dimmed(),
    loud: Style::new().bold(),
};

pub(crate) fn render(report: &Report, palette: Palette) -> String {
    let mut page = Page { text: String::new(), palette };
    page.report(report).expect("a string takes everything");
    page.text
}

struct Page {
    text: String,
    palette: Palette,
}

impl Page {
    fn report(&mut self, report: &Report) -> fmt::Result {
        if let Some(cluster) = &report.cluster {
            self.cluster(cluster)?;
        }
        for artifact in &report.artifacts {
            self.artifact(artifact)?;
        }
        self.controls(&report.controls)?;
        self.sources(&report.sources)?;
        let told = self.declarations(report)?;
        self.workflows(&report.workflows)?;
        self.patterns(&report.patterns)?;
        self.routes(&report.routes)?;
        self.beside(report, &told)?;
        if let Some(trust) = &report.trust {
            self.trust(trust)?;
        }
        self.sum(report)
    }

    /// The last line. A single part has said it all, unless something beside it is worse.
    fn sum(&mut self, report: &Report) -> fmt::Result {
        let artifacts = report.artifacts.iter().map(|artifact| artifact.verdict);
        let sources = report.sources.iter().map(|source| source.verdict);
        let patterns = report.patterns.iter().map(|pattern| pattern.verdict);
        let parts: Vec<Verdict> = artifacts.chain(sources).chain(patterns).collect();
        let single = report.controls.is_empty() && report.declarations.is_empty();
        let single = single && report.routes.is_empty() && report.workflows.is_empty();
        if parts == [report.verdict] && single {
            return Ok(());
        }
        let (artifacts, sources) = (report.artifacts.len(), report.sources.len());
        let (controls, patterns) = (report.controls.len(), report.patterns.len());
        let (declarations, routes) = (report.declarations.len(), report.routes.len());
        let mut counted = Vec::new();
        counted.extend((artifacts > 0).then(|| count(artifacts, "artifact")));
        counted.extend((sources > 0).then(|| count(sources, "source")));
        counted.extend((controls > 0).then(|| count(controls, "negative control")));
        counted.extend((patterns > 0).then(|| count(patterns, "pattern")));
        counted.extend((declarations > 0).then(|| count(declarations, "declaration")));
        counted.extend((routes > 0).then(|| count(routes, "route")));
        let jobs = &report.workflows;
        counted.extend((!jobs.is_empty()).then(|| crate::workflows::tally(jobs)));
        let verdict = match report.verdict {
            // Warnings do not change a verdict, and what nobody verifies is not called Verified.
            Verdict::Verified if crate::declarations::any_open(&report.declarations) => {
                paint(self.palette.unsure, "No error, and not everything verified")
            }
            verdict => self.verdict(verdict),
        };
        if counted.is_empty() {
            return writeln!(self.text, "{verdict}: nothing judged");
        }
        let states = match report.declarations.as_slice() {
            [] => String::new(),
            all => format!(": {}", crate::declarations::tally(all)),
        };
        let hidden =
            |one: &&Finding| one.code == Code::NotJudged && one.severity == Severity::Unknown;
        let hidden = match report.findings.iter().filter(hidden).count() {
            0 => String::new(),
            many => format!(", and {} not", count(many, "place")),
        };
        writeln!(self.text, "{verdict}: {} judged{hidden}{states}", counted.join(", "))
    }

    fn artifact(&mut self, artifact: &ArtifactReport) -> fmt::Result {
        let verdict = self.verdict(artifact.verdict);
        let reference = paint(self.palette.loud, &artifact.reference);
        writeln!(self.text, "{verdict} {reference}")?;
        let name = artifact.name.iter().map(|name| format!("artifact {name}"));
        let facts: Vec<String> = name.chain(artifact.digest.clone()).collect();
        if !facts.is_empty() {
            writeln!(self.text, "  {}", visible(&facts.join(", ")))?;
        }
        writeln!(self.text)?;
        self.findings(&artifact.findings)?;
        self.requirements(artifact)?;
        self.evidence(&artifact.evidence)
    }

    fn findings(&mut self, findings: &[Finding]) -> fmt::Result {
        for finding in worst_first(findings).into_iter().take(FINDINGS_COUNT_MAX) {
            self.finding(finding)?;
        }
        self.left_out(findings.len(), FINDINGS_COUNT_MAX, "findings")
    }

    /// What belongs to no part, and was not told among the worst.
    fn beside(&mut self, report: &Report, told: &[&Finding]) -> fmt::Result {
        let is_told = |finding: &Finding| told.iter().any(|known| std::ptr::eq(*known, finding));
        let rest = report.findings.iter().filter(|finding| !is_told(finding));
        self.findings(&rest.cloned().collect::<Vec<Finding>>())
    }

    fn finding(&mut self, finding: &Finding) -> fmt::Result {
        let style = self.severity_style(finding.severity);
        let severity = paint(style, &format!("{}[{}]", word(finding.severity), finding.code));
        writeln!(self.text, "{severity}: {}", visible(&finding.message))?;
        let place = finding.place.to_string();
        let lines = [
            ("at", Some(place).filter(|place| !place.is_empty())),
            ("expected", finding.expected.clone()),
            ("found", finding.found.clone()),
            ("help", Some(finding.hint.as_deref().unwrap_or(finding.code.entry().fix).to_owned())),
        ];
        for (label, line) in lines {
            let Some(line) = line else { continue };
            let label = paint(self.palette.quiet, &format!("{label:>10}:"));
            writeln!(self.text, "{label} {}", visible(&line))?;
        }
        writeln!(self.text)
    }

    fn requirements(&mut self, artifact: &ArtifactReport) -> fmt::Result {
        if artifact.requirements.is_empty() {
            return Ok(());
        }
        let mut table = Table::new();
        table.load_style(NOTHING);
        for requirement in &artifact.requirements {
            let signer = requirement.signer.iter().map(|signer| format!("by {}", visible(signer)));
            table.add_row([
                visible(&requirement.evidence),
                requirement.verdict.to_string(),
                signer.collect(),
            ]);
        }
        self.heading("Required")?;
        for line in table.trim_fmt().lines() {
            writeln!(self.text, " {line}")?;
        }
        writeln!(self.text)
    }

    fn evidence(&mut self, evidence: &[EvidenceReport]) -> fmt::Result {
        let mut pieces: Vec<&EvidenceReport> = evidence.iter().collect();
        pieces.sort_by_key(|piece| piece.verdict);
        if !pieces.is_empty() {
            self.heading("Signed by")?;
        }
        for piece in pieces.into_iter().take(EVIDENCE_COUNT_MAX) {
            self.piece(piece)?;
        }
        self.left_out(evidence.len(), EVIDENCE_COUNT_MAX, "pieces of evidence")
    }

    fn piece(&mut self, piece: &EvidenceReport) -> fmt::Result {
        let claims = &piece.claims;
        let who = match (&piece.signer, claims.sans.as_slice()) {
            (Some(signer), sans) => format!("{signer}: {}", sans.join(", ")),
            (None, []) => "nobody known".to_owned(),
            (None, sans) => sans.join(", "),
        };
        let verdict = self.verdict(piece.verdict);
        writeln!(self.text, "  {verdict} {}", visible(&who))?;
        let what = piece.predicate_type.iter().map(|kind| format!("{kind} ({})", piece.form));
        let issuer = claims.issuer.iter().map(|issuer| format!("issuer {issuer}"));
        let run = claims.run_invocation_uri.iter().map(|run| format!("run {run}"));
        let logs = piece.log_entries.iter().map(|log| format!("log {} #{}", log.log, log.index));
        let times = piece.times.iter().map(|time| format!("{} ({})", time.time, time.source));
        let facts = what.chain(issuer).chain(commit(piece)).chain(run);
        for fact in facts.chain(logs).chain(times).chain([piece.digest.clone()]) {
            writeln!(self.text, "    {}", visible(&fact))?;
        }
        writeln!(self.text)
    }

    fn trust(&mut self, trust: &TrustNote) -> fmt::Result {
        let age = trust.age_s.map(|seconds| format!(", {} old", age(seconds))).unwrap_or_default();
        let line = format!("Trust: {}{age}, {}", trust.origin, trust.digest);
        writeln!(self.text, "{}", paint(self.palette.quiet, &line))
    }

    fn heading(&mut self, words: &str) -> fmt::Result {
        writeln!(self.text, "{}", paint(self.palette.loud, words))
    }

    fn left_out(&mut self, count: usize, shown: usize, what: &str) -> fmt::Result {
        if count > shown {
            writeln!(self.text, "and {} more {what}; --format json has them all\n", count - shown)?;
        }
        Ok(())
    }

    fn verdict(&self, verdict: Verdict) -> String {
        let style = match verdict {
            Verdict::Verified => self.palette.good,
            Verdict::Refused => self.palette.bad,
            Verdict::Unknown => self.palette.unsure,
        };
        paint(style, &verdict.to_string())
    }

    fn severity_style(&self, severity: Severity) -> Style {
        match severity {
            Severity::Error => self.palette.bad,
            Severity::Unknown | Severity::Warning => self.palette.unsure,
            Severity::Note => self.palette.quiet,
        }
    }
}

/// From which commit it was made.
fn commit(piece: &EvidenceReport) -> Option<String> {
    let claims = &piece.claims;
    let commit = claims.source_repository_digest.as_deref()?;
    let repository = claims.source_repository_uri.as_deref().unwrap_or("an unnamed repository");
    let git_ref = claims.source_repository_ref.iter().map(|git_ref| format!(" ({git_ref})"));
    Some(format!("commit {commit} of {repository}{}", git_ref.collect::<String>()))
}

fn paint(style: Style, text: &str) -> String {
    format!("{style}{}{style:#}", visible(text))
}

fn count(count: usize, what: &str) -> String {
    match count {
        0 => format!("no {what}"),
        1 => format!("1 {what}"),
        many => format!("{many} {what}s"),
    }
}

/// A time span in its largest whole unit.
fn age(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] =
        [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    let (size, unit) = UNITS.into_iter().find(|(size, _)| seconds >= *size).unwrap_or(UNITS[3]);
    let count = seconds / size;
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}
