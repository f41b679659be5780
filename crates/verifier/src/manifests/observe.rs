//! Who really signed: a well-formed matcher that accepts nobody shows only here.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sealwright_evidence::TrustedRoot;
use sealwright_flux::highest_tags;
use sealwright_keyless::load_trust;
use sealwright_manifests::checks::accepts;
use sealwright_manifests::{Consumer, Declaration, Follows, Found, Guarded, Provider, Range};
use sealwright_policy::declaration_report::{DeclarationReport, DeclarationState};
use sealwright_policy::report::ArtifactReport;
use sealwright_policy::{
    Code, Config, EvidenceKind, ExpectedSigner, Finding, Report, Requirements, SanPattern,
    Severity, Verdict, verdict_of,
};
use sealwright_registry::{Client, Lookup, Reference, Repository};

use super::ManifestsArguments;
use crate::failure::{Failure, registry_failure, trust_failure};
use crate::verify::{Gathered, artifact_report, gather_from};
use crate::world::ConfigArguments;

/// Artifacts that are asked for: each costs a dozen requests.
const ARTIFACTS_MAX: usize = 200;

/// Tags of one version that are asked for: `v1.2.3` beside `1.2.3`, hardly ever more.
const TIES_MAX: usize = 4;

/// The tags of a repository; or why they are not known.
type Tags = Result<Vec<String>, Box<Finding>>;

/// An identity whose signature holds: its issuer and its name.
type Signer = (String, String);

/// Who signed an artifact, and whether there may be others; or why that is not known.
type Signers = Result<(Vec<Signer>, Option<String>), Box<Finding>>;

/// Compares each matcher with those who really signed.
pub(super) async fn observe(
    (arguments, config): (&ManifestsArguments, Option<&Config>),
    found: &Found,
    report: &mut Report,
    now: Timestamp,
) -> Result<(), Failure> {
    let world = arguments.world();
    let root = match load_trust(&world.asking.trust_source(false), now).await {
        Ok(trust) => {
            report.trust = Some(trust.note);
            trust.root
        }
        Err(error) => {
            report.findings.push(trust_failure(&error)?);
            return Ok(());
        }
    };
    let client = match Client::new(world.asking.client_options()) {
        Ok(client) => client,
        Err(error) => {
            report.findings.push(registry_failure(&error)?);
            return Ok(());
        }
    };
    let asking = Asking { client: &client, root: &root, now, world: &world.config, config };
    let mut known: BTreeMap<String, Signers> = BTreeMap::new();
    let mut lists: BTreeMap<String, Tags> = BTreeMap::new();
    for (declaration, told) in found.declarations.iter().zip(&mut report.declarations) {
        for wanted in references(declaration) {
            let resolved = match wanted {
                Wanted::This(spelled) => vec![Ok(spelled)],
                Wanted::NotKnown(what, why) => {
                    let finding = Box::new(not_resolved(&what, &why));
                    vec![Err((what, finding))]
                }
                Wanted::Highest(what, range) => {
                    if !lists.contains_key(&what) {
                        let tags = match lists.len() < ARTIFACTS_MAX {
                            true => asking.tags(&what).await?,
                            false => Err(Box::new(too_many())),
                        };
                        lists.insert(what.clone(), tags);
                    }
                    highest(&what, &range, &lists[&what])
                }
            };
            for spelled in resolved {
                let (spelled, signers) = match spelled {
                    Err((what, finding)) => (what, Err(finding)),
                    Ok(spelled) => match known.get(&spelled) {
                        Some(signers) => (spelled, signers.clone()),
                        None if known.len() >= ARTIFACTS_MAX => {
                            (spelled, Err(Box::new(too_many())))
                        }
                        None => {
                            let signers = asking.signers(&spelled).await?;
                            known.insert(spelled.clone(), signers.clone());
                            (spelled, signers)
                        }
                    },
                };
                compare(declaration, told, &spelled, signers);
            }
        }
    }
    Ok(())
}

/// The artifact that a range comes to; several where tags are the same version.
fn highest(what: &str, range: &Range, tags: &Tags) -> Vec<Result<String, (String, Box<Finding>)>> {
    let bad = |finding| vec![Err((what.to_owned(), finding))];
    let tags = match tags {
        Ok(tags) => tags.clone(),
        Err(finding) => return bad(finding.clone()),
    };
    let text = if range.text.is_empty() { "*" } else { &range.text };
    match highest_tags(tags, text, &range.filter, range.is_chart) {
        Ok(tags) => tags.iter().take(TIES_MAX).map(|tag| Ok(format!("{what}:{tag}"))).collect(),
        // Flux would stop with these words: nothing is delivered.
        Err(words) => {
            let finding = Finding::new(Code::ObservedNothing, format!("{what}: {words}"));
            bad(Box::new(finding))
        }
    }
}

fn too_many() -> Finding {
    let message = format!("more than {ARTIFACTS_MAX} artifacts are not asked for in one go");
    Finding::new(Code::ObservedUnknown, message)
}

fn not_resolved(repository: &str, why: &str) -> Finding {
    let message = format!("which artifact of {repository} is pulled is not resolved: {why}");
    Finding::new(Code::ObservedUnknown, message)
}

/// Which artifact is asked for.
enum Wanted {
    This(String),
    /// The highest version of a repository that is in a range.
    Highest(String, Range),
    /// It is not known which one of a repository, and why.
    NotKnown(String, String),
}

/// What a declaration guards, as far as that names artifacts and not patterns of them; with the
/// reason where it is not known which one, since another tag may have other signers.
fn references(declaration: &Declaration) -> Vec<Wanted> {
    let builds = declaration.consumer == Consumer::SlsaCommand;
    if builds || declaration.provider != Provider::Cosign || declaration.identities.is_empty() {
        return vec![];
    }
    let guards = declaration.guards.iter().filter(|one| one.whole && !one.what.is_empty());
    let named = guards.filter(|one| !one.what.contains(['*', '?', ' ']));
    let reference = |one: &Guarded| {
        let what = one.what.trim_start_matches("oci://");
        match &one.follows {
            Follows::AsWritten => Wanted::This(what.to_owned()),
            Follows::Tag(tag) => Wanted::This(format!("{what}:{tag}")),
            Follows::Digest(digest) => Wanted::This(format!("{what}@{digest}")),
            Follows::Range(range) => Wanted::Highest(what.to_owned(), range.clone()),
            Follows::NotResolved(why) => Wanted::NotKnown(what.to_owned(), why.clone()),
        }
    };
    named.map(reference).collect()
}

fn compare(
    declaration: &Declaration,
    told: &mut DeclarationReport,
    spelled: &str,
    signers: Signers,
) {
    let finding = match signers {
        Err(finding) => Some(*finding),
        Ok((signers, _)) if signers.is_empty() => Some(Finding::new(
            Code::ObservedNothing,
            format!("{spelled} carries no signature that holds"),
        )),
        Ok((signers, doubt)) => {
            told.observed.extend(signers.iter().map(|(issuer, name)| format!("{name} ({issuer})")));
            let answers: Vec<Option<bool>> =
                signers.iter().map(|(issuer, name)| accepts(declaration, issuer, name)).collect();
            kept_out(&answers, doubt, spelled)
        }
    };
    let Some(mut finding) = finding else { return };
    finding.place = told.place.clone();
    let state = match finding.code {
        Code::ObservedKeptOut | Code::ObservedNothing => DeclarationState::Stuck,
        _ => DeclarationState::Undecided,
    };
    told.state = told.state.min(state);
    told.findings.push(finding);
    told.verdict = verdict_of(&told.findings);
}

fn kept_out(answers: &[Option<bool>], doubt: Option<String>, spelled: &str) -> Option<Finding> {
    if answers.contains(&Some(true)) {
        return None;
    }
    // A template, or what Go does not compile: told where it stands.
    if answers.contains(&None) {
        let message = "the matcher cannot be compared with who signed";
        return Some(Finding::new(Code::ObservedUnknown, message));
    }
    if let Some(doubt) = doubt {
        let message =
            format!("it accepts none of those who are known to have signed {spelled}: {doubt}");
        return Some(Finding::new(Code::ObservedUnknown, message));
    }
    let message = format!("it accepts none of those who signed {spelled}");
    Some(Finding::new(Code::ObservedKeptOut, message))
}

struct Asking<'a> {
    client: &'a Client,
    root: &'a TrustedRoot,
    now: Timestamp,
    world: &'a ConfigArguments,
    config: Option<&'a Config>,
}

impl Asking<'_> {
    /// All tags of a repository, as source-controller lists them for a range.
    async fn tags(&self, what: &str) -> Result<Tags, Failure> {
        let unknown = |why: &dyn std::fmt::Display| {
            let message = format!("the tags of {what} are not known: {why}");
            Ok(Err(Box::new(Finding::new(Code::ObservedUnknown, message))))
        };
        let mut repository = match Repository::parse(what) {
            Ok(repository) => repository,
            Err(error) => return unknown(&error),
        };
        if let Some(config) = self.config {
            self.world.stand_in(&mut repository, config);
        }
        match self.client.tags(&repository).await {
            Ok(Lookup::Found(tags)) => Ok(Ok(tags)),
            Ok(Lookup::Absent) => unknown(&"there is no such repository"),
            Err(error) => unknown(&registry_failure(&error)?),
        }
    }

    async fn signers(&self, spelled: &str) -> Result<Signers, Failure> {
        let reference = match Reference::parse(spelled) {
            Ok(reference) => reference,
            Err(error) => {
                let message = format!("{spelled} cannot be asked for: {error}");
                return Ok(Err(Box::new(Finding::new(Code::ObservedUnknown, message))));
            }
        };
        let mut reference = reference;
        if let Some(config) = self.config {
            self.world.stand_in(&mut reference.repository, config);
        }
        let gathered = gather_from(self.client, &reference, spelled, true).await?;
        match gathered.evidence {
            Ok(_) => Ok(self.judged(gathered)),
            Err(finding) => {
                let message = format!("it is not known who signed {spelled}: {finding}");
                Ok(Err(Box::new(Finding::new(Code::ObservedUnknown, message))))
            }
        }
    }

    /// First whom the pieces name, then whether the signatures of just those hold.
    fn judged(&self, gathered: Gathered) -> Signers {
        let named = self.judge(gathered.clone(), vec![]);
        let claimed = named.evidence.iter().filter_map(|piece| {
            let name = piece.claims.sans.first().filter(|_| piece.claims.sans.len() == 1)?;
            Some((piece.claims.issuer.clone()?, name.clone()))
        });
        let mut signers: Vec<Signer> = claimed.collect();
        signers.sort();
        signers.dedup();
        let holds = self.judge(gathered, signers.clone());
        signers.retain(|(issuer, name)| {
            holds.evidence.iter().any(|piece| {
                piece.verdict == Verdict::Verified
                    && piece.claims.issuer.as_ref() == Some(issuer)
                    && piece.claims.sans.first() == Some(name)
            })
        });
        let doubt = holds.findings.iter().find(|one| one.severity == Severity::Unknown);
        match (signers.is_empty(), doubt) {
            (true, Some(doubt)) => {
                let message = format!("it is not known who signed: {doubt}");
                Err(Box::new(Finding::new(Code::ObservedUnknown, message)))
            }
            (_, doubt) => Ok((signers, doubt.map(ToString::to_string))),
        }
    }

    fn judge(&self, gathered: Gathered, signers: Vec<Signer>) -> ArtifactReport {
        // One who can be nobody, so that pieces are looked at although nobody is expected.
        let nobody = (String::new(), String::new());
        let expected = signers.into_iter().chain([nobody]).map(|(issuer, name)| ExpectedSigner {
            name: name.clone(),
            issuer,
            san: SanPattern::exact(name),
            source_repositories: vec![],
        });
        let requirements = Requirements {
            artifact: "observed".to_owned(),
            evidence: EvidenceKind::ALL.into_iter().collect(),
            signers: expected.collect(),
            accept_legacy_signature: true,
        };
        artifact_report(&requirements, gathered, Some(self.root), self.now)
    }
}
