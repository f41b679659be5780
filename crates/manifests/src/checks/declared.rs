//! One declaration: what it comes to by itself, and by who may sign what it guards.

use sealwright_pattern::{About, GoRegex, tightened};
use sealwright_policy::declaration_report::DeclarationReport;
use sealwright_policy::source_report::IdentityPatternReport;
use sealwright_policy::{Code, Finding, Severity, verdict_of};

use super::claims;
use super::expected::Measure;
use super::forms;
use super::measured::Measures;
use super::slips;
use super::state::{is_skipped, state};
use super::{finding, images, place, weakened};
use crate::declaration::{Consumer, Declaration, Form, Identity, Matcher, Provider, Weakening};
use crate::patterns::{Judge, as_regex, who};

/// Digits of a commit, as people write them in a pattern.
const ANY_COMMIT: &str = "{40}";

pub(super) fn report(declaration: &Declaration, measures: &mut Measures<'_>) -> DeclarationReport {
    let measure = measures.measure(declaration);
    let mut findings = findings(declaration, measure.as_ref(), measures);
    findings.extend(guards_nothing(declaration));
    findings.extend(images::told(declaration, measure.is_some()));
    findings.extend(declaration.weakened.iter().map(|one| weakened::told(declaration, one)));
    // What the configuration lists is published as bundles.
    for finding in
        findings.iter_mut().filter(|one| one.code == Code::LegacyOnly && measure.is_some())
    {
        finding.severity = Severity::Warning;
    }
    let state = state(declaration, measure.is_some(), &findings);
    if is_skipped(declaration) && measures.expected.config.is_none() {
        for finding in findings.iter_mut().filter(|one| one.code == Code::CheckWeakened) {
            // As with a source that nobody verifies: whoever may be let in so has to say it.
            finding.severity = Severity::Unknown;
            finding.message += ", and no configuration says whether they may stay so";
        }
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    DeclarationReport {
        consumer: declaration.consumer.name().to_owned(),
        object: declaration.object.clone(),
        place: place(&declaration.file, &declaration.at, &declaration.object),
        guards: declaration.guards.iter().map(|guarded| guarded.what.clone()).collect(),
        who: told(declaration, &findings),
        identities: declaration.identities.iter().map(written).collect(),
        state,
        verdict: verdict_of(&findings),
        observed: vec![],
        suggested: measure.as_ref().and_then(|measure| suggested(declaration, measure, &findings)),
        artifact: measure.map(|measure| measure.artifacts),
        findings,
    }
}

/// Whether somebody with this issuer and name is let in. `None`: a template, or a pattern that Go does
/// not compile.
pub fn accepts(declaration: &Declaration, issuer: &str, name: &str) -> Option<bool> {
    let half = |matcher: &Option<Matcher>, text: &str| match matcher {
        None => Some(true),
        Some(matcher) if !matcher.whole => None,
        Some(matcher) => {
            let regex = GoRegex::parse(&as_regex(&matcher.text, matcher.form)).ok()?;
            Some(regex.is_match(text))
        }
    };
    let is = |how| declaration.weakened.iter().any(|one| one.how == how);
    if is(Weakening::Excludes) || is(Weakening::Refused) {
        return Some(false);
    }
    if is(Weakening::Undecided) {
        return None;
    }
    // Of nobody in particular, and of no key: anybody.
    let names_nobody = declaration.identities.is_empty() && !declaration.key;
    if names_nobody && declaration.provider == Provider::Cosign {
        return Some(true);
    }
    let entries = declaration
        .identities
        .iter()
        .map(|identity| Some(half(&identity.issuer, issuer)? && half(&identity.subject, name)?));
    let entries: Vec<Option<bool>> = entries.collect();
    if entries.contains(&Some(true)) {
        return Some(true);
    }
    if entries.contains(&None) { None } else { Some(false) }
}

fn findings(
    declaration: &Declaration,
    measure: Option<&Measure>,
    measures: &mut Measures<'_>,
) -> Vec<Finding> {
    let at = || place(&declaration.file, &declaration.at, &declaration.object);
    if declaration.provider == Provider::Blank {
        let message =
            "its provider is blank, which is read as off: what nobody has signed is let in";
        return vec![finding(Code::VerificationOff, message, at())];
    }
    if declaration.key {
        return keyed(declaration, measure);
    }
    if declaration.provider == Provider::Notation {
        return keyed(declaration, measure);
    }
    if declaration.provider != Provider::Cosign {
        return measure.iter().map(|measure| no_identity(declaration, measure)).collect();
    }
    if declaration.identities.is_empty() {
        return anybody(declaration).into_iter().collect();
    }
    let mut findings: Vec<Finding> = several(declaration, measures).into_iter().collect();
    let alone = declaration.identities.len() == 1;
    for identity in &declaration.identities {
        findings.extend(empty_halves(declaration, identity));
        let halves = [(About::Issuer, &identity.issuer), (About::Subject, &identity.subject)];
        for (about, matcher) in halves {
            let Some(matcher) = matcher.as_ref() else { continue };
            findings.extend(template(declaration, matcher, about));
            if !is_judged(matcher) {
                continue;
            }
            let mistaken = forms::mistaken(matcher, about);
            let whose = match about {
                About::Issuer => About::Issuer,
                _ if measure.is_some() => about,
                _ => slips::about(identity),
            };
            let measured = measures.ask(matcher, whose, measure);
            let mut said = measured.findings.clone();
            // Of several entries each lets in some, and together they must let in all.
            said.retain(|one| alone || one.code != Code::PatternKeepsOut);
            if measure.is_none() {
                let weighed = |one| slips::weighed(one, matcher, whose, identity);
                said = said.into_iter().filter_map(weighed).collect();
            }
            let narrowed = |one| match about {
                About::Issuer => one,
                _ => claims::narrowed(one, declaration),
            };
            let said = said.into_iter().map(narrowed).chain(mistaken);
            findings.extend(said.map(|one| Finding {
                place: place(&declaration.file, &matcher.at, &declaration.object),
                hint: match measured.mends(one.code) {
                    Some(tight) => Some(format!("write `{tight}`")),
                    None => one.hint.clone().or_else(|| example(&one, matcher)),
                },
                ..one
            }));
        }
    }
    if let (false, Some(measure)) = (alone, measure) {
        findings.extend(kept_out(declaration, measure));
    }
    findings.extend(any_revision(declaration));
    findings
}

/// What to write instead of the beginning of a name.
const ONLY_BEGUN: &str = "write the whole name, \
    `^https://github\\.com/OWNER/REPOSITORY/\\.github/workflows/FILE@REF$`: with a `$` right behind \
    what is there nobody would be let in";

/// What to write instead of a variable that nobody fills in.
const LEFT_ALONE: &str = "Flux puts nothing in here, and no name has a `${…}` in it: take out \
    `kustomize.toolkit.fluxcd.io/substitute: disabled` or the second `$`, or write the value";

/// What a name with an open end could be closed to, where nobody said who may sign.
fn example(finding: &Finding, matcher: &Matcher) -> Option<String> {
    if finding.code == Code::PatternNeverMatches && forms::holds_variable(&matcher.text) {
        return Some(LEFT_ALONE.to_owned());
    }
    let open = [Code::PatternOpenRef, Code::PatternOpenWorkflow, Code::PatternOpenOwner];
    let without_end = matches!(finding.code, Code::PatternNotAnchored)
        && matcher.text.contains("github")
        && !matcher.text.contains('@');
    if matcher.form != Form::Regex || !(open.contains(&finding.code) || without_end) {
        return None;
    }
    let file = matcher.text.split('@').next().unwrap_or_default();
    if !file.contains("/workflows/") {
        // It lets somebody in only because anything may stand behind it.
        let only_begun = without_end && !matcher.text.ends_with(['*', '+', '$', ')']);
        return only_begun.then(|| ONLY_BEGUN.to_owned());
    }
    let tight = tightened(&GoRegex::parse(file).ok()?).unwrap_or_else(|| file.to_owned());
    let file = tight.trim_start_matches('^').trim_end_matches('$');
    let closed = format!("^{file}@refs/heads/main$");
    // With an open owner or file it is no better than what is there.
    let is_closed = GoRegex::parse(&closed).is_ok() && !file.contains(['*', '+', '[', '(']);
    is_closed.then(|| format!("write the ref that signs, such as `{closed}`"))
}

/// A key decides; identities beside it do not.
fn keyed(declaration: &Declaration, measure: Option<&Measure>) -> Vec<Finding> {
    let ignored = declaration.identities.first().map(|first| {
        let at = place(&declaration.file, &first.at, &declaration.object);
        let beside = if declaration.key { "a key" } else { "a trust policy" };
        let message = format!("identities stand beside {beside}, and are never compared");
        finding(Code::IdentityIgnored, message, at)
    });
    let disagrees = measure.map(|measure| no_identity(declaration, measure));
    ignored.into_iter().chain(disagrees).collect()
}

/// The configuration says who may sign; nothing here asks who did.
fn no_identity(declaration: &Declaration, measure: &Measure) -> Finding {
    let at = place(&declaration.file, &declaration.at, &declaration.object);
    let by = if declaration.key { "a key" } else { "certificates of a trust policy" };
    let message = format!(
        "artifact {} is signed by identities, and this verifies by {by}",
        measure.artifacts
    );
    finding(Code::ConfigDisagreement, message, at)
}

/// One of all those who can sign where nobody is named.
const SOMEBODY: &str = "https://github.com/stranger/fork/.github/workflows/ci.yaml@refs/heads/main";

fn anybody(declaration: &Declaration) -> Option<Finding> {
    let at = place(&declaration.file, &declaration.at, &declaration.object);
    match declaration.consumer {
        // What a command line lacks is told where command lines are read.
        consumer if consumer.is_command() => None,
        // It says so itself.
        Consumer::Talos | Consumer::PolicyController if is_skipped(declaration) => None,
        Consumer::FluxHelmRelease => {
            let message = format!(
                "keyless, and a HelmRelease has no field for an identity: anybody can sign, such as: {SOMEBODY}"
            );
            Some(finding(Code::ChartAnybody, message, at))
        }
        Consumer::KyvernoClusterPolicy => {
            let message = format!(
                "Kyverno compares no identity here, which takes an attestor, and for a bundle issuer and name together: anybody can sign, such as: {SOMEBODY}"
            );
            Some(finding(Code::IdentityAnybody, message, at))
        }
        _ => {
            let message = format!(
                "keyless, and names neither an identity nor a key: anybody can sign, such as: {SOMEBODY}"
            );
            let found = finding(Code::IdentityAnybody, message, at);
            Some(match declaration.consumer.identity_fields() {
                Some(fields) => {
                    found.with_hint(format!("Name issuer and certificate's name in {fields}."))
                }
                None => found,
            })
        }
    }
}

/// Whom a template lets in is not known. What a command line has in variables is told where command
/// lines are read.
fn template(declaration: &Declaration, matcher: &Matcher, about: About) -> Option<Finding> {
    let is_command = matches!(declaration.consumer, Consumer::CosignCommand | Consumer::GhCommand);
    let half = match about {
        About::Issuer => "issuer",
        About::Subject | About::OtherSubject => "name",
    };
    let at = place(&declaration.file, &matcher.at, &declaration.object);
    let told = finding(
        Code::NotJudged,
        format!("whom it lets in is not known: its {half} is filled in or decrypted later"),
        at,
    );
    let told = Finding { severity: Severity::Unknown, found: Some(matcher.text.clone()), ..told };
    (!matcher.whole && !is_command).then_some(told)
}

/// More matchers than the consumer takes.
fn several(declaration: &Declaration, measures: &Measures<'_>) -> Option<Finding> {
    let [_, second, ..] = declaration.identities.as_slice() else { return None };
    if !declaration.bundle_path {
        return None;
    }
    let count = declaration.identities.len();
    let at = place(&declaration.file, &second.at, &declaration.object);
    let who = if declaration.consumer.is_flux() {
        "since source-controller 1.8 (Flux 2.8)"
    } else {
        "by the Sigstore library of this consumer"
    };
    let message = format!("{count} identities, and {who} one is taken: every bundle is refused");
    let found = finding(Code::IdentitySeveralMatchers, message, at);
    let found = match joined(&declaration.identities) {
        Some(joined) => found.with_hint(format!("join them into one entry: subject `{joined}`")),
        None => found,
    };
    let weaker = declaration.consumer.is_flux() && !measures.expected.finds_bundles();
    // Before bundles were looked for, any of several entries sufficed.
    Some(if weaker { Finding { severity: Severity::Warning, ..found } } else { found })
}

/// All subjects in one pattern, when each is anchored and they share an issuer.
fn joined(identities: &[Identity]) -> Option<String> {
    let issuers: Vec<&str> =
        identities.iter().filter_map(|one| Some(one.issuer.as_ref()?.text.as_str())).collect();
    let same = issuers.len() == identities.len() && issuers.windows(2).all(|two| two[0] == two[1]);
    let inside = |identity: &Identity| {
        let subject = identity.subject.as_ref().filter(|one| is_judged(one))?;
        let anchored = as_regex(&subject.text, subject.form);
        let inside = anchored.strip_prefix('^')?.strip_suffix('$')?;
        GoRegex::parse(inside).ok().map(|_| inside.to_owned())
    };
    let pieces: Vec<String> = identities.iter().map(inside).collect::<Option<_>>()?;
    same.then(|| format!("^(?:{})$", pieces.join("|")))
}

/// Halves that are not there, or hold nothing.
fn empty_halves(declaration: &Declaration, identity: &Identity) -> Vec<Finding> {
    // gh and cosign have defaults and rules of their own, told where command lines are read; such a
    // policy is not let in by the controller.
    if declaration.consumer.is_command() || declaration.consumer == Consumer::PolicyController {
        return vec![];
    }
    let halves = [
        ("issuer", "any issuer can vouch", &identity.issuer),
        ("name", "whoever the issuer knows can sign", &identity.subject),
    ];
    let empty = halves.into_iter().filter_map(|(half, comes_to, matcher)| {
        let at = match matcher {
            None => &identity.at,
            Some(matcher) if matcher.text.is_empty() => &matcher.at,
            Some(_) => return None,
        };
        let at = place(&declaration.file, at, &declaration.object);
        Some(finding(Code::IdentityEmpty, format!("no {half} is named: {comes_to}"), at))
    });
    empty.collect()
}

/// Who may sign and is let in by none of the entries.
fn kept_out(declaration: &Declaration, measure: &Measure) -> Option<Finding> {
    let names = declaration.identities.iter().map(|identity| identity.subject.as_ref());
    let names: Vec<&Matcher> = names.collect::<Option<_>>()?;
    if names.iter().any(|matcher| !is_judged(matcher)) {
        return None;
    }
    let union: Vec<String> =
        names.iter().map(|one| format!("(?:{})", as_regex(&one.text, one.form))).collect();
    let judge = Judge { allowed: Some(&measure.requirements), suggest: false };
    let said = judge.findings(&union.join("|"), Form::Regex, About::Subject);
    let kept_out = said.into_iter().find(|one| one.code == Code::PatternKeepsOut)?;
    let at = place(&declaration.file, &declaration.at, &declaration.object);
    Some(Finding { place: at, found: None, ..kept_out })
}

fn any_revision(declaration: &Declaration) -> Option<Finding> {
    let subjects = declaration.identities.iter().filter_map(|one| one.subject.as_ref());
    let matcher = subjects.into_iter().find(|one| {
        let version = one.text.rsplit('@').next().unwrap_or_default();
        one.form == Form::Regex && one.whole && version.contains(ANY_COMMIT)
    })?;
    let at = place(&declaration.file, &matcher.at, &declaration.object);
    Some(finding(
        Code::AnyRevision,
        "every commit of the workflow can sign, a withdrawn one too",
        at,
    ))
}

/// A rule of an admission controller or a node that is about no image.
fn guards_nothing(declaration: &Declaration) -> Option<Finding> {
    let by_image = matches!(
        declaration.consumer,
        Consumer::KyvernoClusterPolicy
            | Consumer::KyvernoImageValidatingPolicy
            | Consumer::PolicyController
            | Consumer::Talos
    );
    let at = place(&declaration.file, &declaration.at, &declaration.object);
    (by_image && declaration.guards.is_empty())
        .then(|| finding(Code::GuardsNothing, "no image is named", at))
}

fn is_judged(matcher: &Matcher) -> bool {
    matcher.whole && !matcher.text.is_empty()
}

fn written(identity: &Identity) -> IdentityPatternReport {
    let text = |matcher: &Option<Matcher>| {
        matcher.as_ref().map(|matcher| matcher.text.clone()).unwrap_or_default()
    };
    IdentityPatternReport {
        issuer: text(&identity.issuer),
        subject_pattern: text(&identity.subject),
    }
}

/// The one entry that would let in those who may sign, when something is wrong with what is there.
fn suggested(
    declaration: &Declaration,
    measure: &Measure,
    findings: &[Finding],
) -> Option<IdentityPatternReport> {
    let wrong = findings.iter().any(|finding| finding.severity > Severity::Note);
    (wrong && !declaration.identities.is_empty()).then(|| IdentityPatternReport {
        issuer: measure.requirements.issuer_pattern(),
        subject_pattern: measure.requirements.subject_pattern(),
    })
}

fn told(declaration: &Declaration, findings: &[Finding]) -> String {
    let nobody = [Code::PatternNeverMatches, Code::PatternInvalid];
    if declaration.identities.len() == 1 && findings.iter().any(|one| nobody.contains(&one.code)) {
        return "nobody".to_owned();
    }
    match (&declaration.provider, declaration.key, declaration.identities.as_slice()) {
        (Provider::Blank, ..) => "anybody: it is switched off".to_owned(),
        (_, true, _) => "who holds the key".to_owned(),
        (Provider::Notation, ..) => "whom the trust policy names".to_owned(),
        (Provider::Other(other), ..) => format!("unknown provider {other}"),
        (Provider::Cosign, _, []) => "anybody".to_owned(),
        (Provider::Cosign, _, identities) => match claims::whose(declaration) {
            Some((whose, _)) if !who(identities).contains(&whose) => {
                format!("{}, for {whose}", who(identities))
            }
            _ => who(identities),
        },
    }
}
