//! The second pass: what one file says about another. Patches to what they hit, charts to their
//! repositories, releases to the sources that they name, variables to their values.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sealwright_policy::Code;
use sealwright_yaml::Place;

use crate::commands::{Commands, absent};
use crate::declaration::{Declaration, Follows, Guarded, Provider};
use crate::discover::Facts;
use crate::found::{Found, Guard, Source, Unread, Why};
use crate::kustomize::{Laid, Overlay};
use crate::laying::{Ground, Outcome};
use crate::shapes::charts::{Chart, From, Repository};
use crate::shapes::flux::Pulled;
use crate::target::Named;
use crate::tell;
use crate::variables::Variables;

/// What all files say together.
pub fn join(mut facts: Vec<Facts>) -> Found {
    facts.sort_by(|one, other| one.path.cmp(&other.path));
    let mut joining = Joining::of(&facts);
    joining.shown(&mut facts);
    joining.overlays(&facts);
    joining.plain(&mut facts);
    joining.instances(&mut facts);
    joining.charts(&mut facts);
    let paths = facts.iter().map(|file| file.path.as_str());
    let absent = absent(&joining.found.declarations, paths);
    joining.found.findings.extend(absent);
    joining.finish()
}

struct Joining {
    found: Found,
    variables: Variables,
    /// What overlays make of the sources, by the number of the source.
    outcome: Outcome,
    /// Files that overlays name as patches: their objects are parts, and pull nothing.
    used_as_patch: BTreeSet<String>,
}

impl Joining {
    fn of(facts: &[Facts]) -> Self {
        let variables =
            Variables(facts.iter().flat_map(|file| file.substitutions.iter().cloned()).collect());
        let laid = facts.iter().flat_map(|file| &file.overlays).flat_map(|one| &one.patches);
        let used = laid.filter_map(|laid| match laid {
            Laid::At { path, .. } => Some(path.clone()),
            Laid::Here(_) => None,
        });
        let used_as_patch = used.collect();
        Self { found: Found::default(), variables, outcome: Outcome::default(), used_as_patch }
    }

    /// Verifying commands; and what is only shown, in documents: it declares, and pulls
    /// nothing.
    fn shown(&mut self, facts: &mut [Facts]) {
        for file in facts {
            let Commands { declarations, findings, unjudged } = std::mem::take(&mut file.commands);
            self.found.declarations.extend(declarations);
            self.found.findings.extend(findings);
            self.found.unjudged.extend(unjudged);
            if file.is_shown {
                file.pulled.retain(|pulled| pulled.declaration.is_some());
                file.held.retain(|pulled| pulled.declaration.is_some());
                file.unjudged.clear();
                file.charts.retain(|chart| chart.declaration.is_some());
                file.overlays.clear();
                file.parts.clear();
                file.complaints.clear();
                file.patches.clear();
            }
        }
    }

    /// Lays the overlays over the sources of all files.
    fn overlays(&mut self, facts: &[Facts]) {
        let overlays: Vec<Overlay> =
            facts.iter().flat_map(|file| file.overlays.iter().cloned()).collect();
        let mut sources: BTreeMap<&str, Vec<(usize, &Pulled)>> = BTreeMap::new();
        for (number, (path, pulled)) in numbered(facts).enumerate() {
            if !self.used_as_patch.contains(path) {
                sources.entry(path).or_default().push((number, pulled));
            }
        }
        let is_unclear = |file: &&Facts| file.complaints.iter().any(|one| one.trouble.is_fatal());
        let patches: HashMap<&str, &[_]> =
            facts.iter().map(|file| (file.path.as_str(), file.patches.as_slice())).collect();
        let ground = Ground {
            by_folder: overlays
                .iter()
                .filter_map(|one| Some((one.folder.as_deref()?, one)))
                .collect(),
            overlays: &overlays,
            sources,
            patches,
            files: facts.iter().map(|file| file.path.as_str()).collect(),
            unclear: facts.iter().filter(is_unclear).map(|file| file.path.as_str()).collect(),
        };
        self.outcome = ground.lay();
        for struck in self.outcome.hits.values() {
            tell::struck(struck, &mut self.found);
        }
    }

    /// What stands in each file on its own.
    fn plain(&mut self, facts: &mut [Facts]) {
        let mut number = 0;
        for file in facts {
            for complaint in &file.complaints {
                tell::complaint(complaint, &file.path, file.names_a_kind, &mut self.found);
            }
            self.found.unjudged.append(&mut file.unjudged);
            let is_patch = self.used_as_patch.contains(&file.path);
            for unread in std::mem::take(&mut file.unread) {
                tell::unread(unread, &mut self.found);
            }
            for at in file.parts.iter().filter(|_| !is_patch) {
                let told = "this is a part of an object, and no overlay that was found uses it";
                tell::unjudged(&mut self.found, &file.path, at, Why::NotRendered, told.to_owned());
            }
            for pulled in std::mem::take(&mut file.pulled) {
                if !is_patch {
                    self.pulled(pulled, number);
                }
                number += 1;
            }
            for Pulled { mut source, declaration, .. } in std::mem::take(&mut file.held) {
                source.guarded_by = self.guard(declaration);
                self.keep(source);
            }
            for declaration in std::mem::take(&mut file.declarations) {
                self.declare(declaration);
            }
        }
    }

    /// A source with what its overlays make of it.
    fn pulled(&mut self, pulled: Pulled, number: usize) {
        let Pulled { mut source, declaration, .. } = pulled;
        let Some(guards) = self.outcome.guards.remove(&number).filter(|guards| !guards.is_empty())
        else {
            source.guarded_by = self.guard(declaration);
            return self.keep(source);
        };
        let open: Vec<&String> =
            guards.iter().filter(|(_, guard)| guard.is_none()).map(|(file, _)| file).collect();
        let partly = !open.is_empty() && open.len() < guards.len();
        let told = partly.then(|| {
            let (first, object) = (open[0], &source.object);
            format!("{object} is verified by some overlays, and not by {first}")
        });
        let mut declared: Vec<Declaration> = Vec::new();
        for declaration in guards.into_iter().filter_map(|(_, guard)| guard) {
            if !declared.contains(&declaration) {
                declared.push(declaration);
            }
        }
        let guards: Vec<Guard> = declared.into_iter().map(|one| self.guard(Some(one))).collect();
        source.guarded_by = match told {
            Some(told) => {
                let told_of = tell::finding(Code::VerifiedPartly, &source.file, &source.at, &told);
                self.found.findings.push(told_of);
                Guard::Unknown(told)
            }
            None => guards.into_iter().next().unwrap_or(Guard::Nothing),
        };
        self.keep(source);
    }

    fn guard(&mut self, declaration: Option<Declaration>) -> Guard {
        match declaration {
            None => Guard::Nothing,
            Some(declaration) => {
                let same =
                    |one: &Declaration| one.file == declaration.file && one.at == declaration.at;
                let known = self.found.declarations.iter().position(same);
                let number = known.unwrap_or_else(|| self.declare(declaration.clone()));
                if known.is_some() {
                    self.add_guards(number, declaration);
                }
                Guard::Declaration(number)
            }
        }
    }

    /// The same block guards one more.
    fn add_guards(&mut self, number: usize, declaration: Declaration) {
        let guards = &mut self.found.declarations[number].guards;
        for mut guard in declaration.guards {
            self.variables.guarded(&mut guard, &declaration.file);
            if !guards.contains(&guard) {
                guards.push(guard);
            }
        }
    }

    fn declare(&mut self, mut declaration: Declaration) -> usize {
        let file = declaration.file.clone();
        for identity in &mut declaration.identities {
            for matcher in [&mut identity.issuer, &mut identity.subject].into_iter().flatten() {
                self.variables.matcher(matcher, &file);
            }
        }
        for guard in &mut declaration.guards {
            self.variables.guarded(guard, &file);
        }
        if let Provider::Other(word) = &declaration.provider
            && sealwright_yaml::template_in(word).is_none()
        {
            let told = format!("{} knows no provider `{word}`", declaration.object);
            let told = tell::finding(Code::ProviderUnknown, &file, &declaration.at, told);
            self.found.findings.push(told.with_mismatch("cosign or notation", word.clone()));
        }
        self.found.declarations.push(declaration);
        self.found.declarations.len() - 1
    }

    fn keep(&mut self, mut source: Source) {
        if let Some(url) = self.variables.changed(&source.url, source.whole, &source.file) {
            (source.url, source.whole) = (url, true);
        }
        self.variables.follows(&mut source.follows, &source.file);
        self.found.sources.push(source);
    }

    fn instances(&mut self, facts: &mut [Facts]) {
        for file in facts {
            for instance in std::mem::take(&mut file.instances) {
                let source = instance.source.as_ref();
                let object = source.map_or("a source", |pulled| &pulled.source.object).to_owned();
                for patched in &instance.patched {
                    tell::patched(patched, &object, &file.path, &mut self.found);
                }
                let Some(Pulled { named, mut source, declaration }) = instance.source else {
                    continue;
                };
                if named.kind == "OCIRepository" {
                    source.guarded_by = self.guard(declaration);
                    self.keep(source);
                }
            }
        }
    }

    fn charts(&mut self, facts: &mut [Facts]) {
        let repositories: Vec<Repository> =
            facts.iter_mut().flat_map(|file| std::mem::take(&mut file.repositories)).collect();
        let mut references = Vec::new();
        for file in facts {
            for chart in std::mem::take(&mut file.charts) {
                match chart.from.clone() {
                    From::Repository { namespace, name, chart: path, version } => {
                        let is_it = |one: &&Repository| {
                            one.name == name
                                && (one.namespace == namespace
                                    || one.namespace.is_empty()
                                    || namespace.is_empty())
                        };
                        let repository = repositories.iter().find(is_it);
                        let follows = Follows::chart(&version);
                        self.chart(chart, repository, (&path, follows), &file.path);
                    }
                    From::Source { kind, namespace, name } => match kind.as_str() {
                        "OCIRepository" | "HelmChart" => {
                            let named = Named { kind, namespace, name, ..Named::default() };
                            references.push((chart, named, file.path.clone()));
                        }
                        _ => self.of_files(&chart, &format!("{kind} {name}"), &file.path),
                    },
                }
            }
        }
        // What they name may stand in any file.
        for (chart, named, file) in references {
            self.by_reference(&chart, &named, &file);
        }
    }

    /// A chart of a repository, which decides whether it is verified at all.
    fn chart(
        &mut self,
        chart: Chart,
        repository: Option<&Repository>,
        (path, follows): (&str, Follows),
        file: &str,
    ) {
        let url = |one: &Repository| format!("{}/{path}", one.url.trim_end_matches('/'));
        let source =
            Source { follows, ..source_of(&chart, file, &repository.map(url).unwrap_or_default()) };
        let Some(mut declaration) = chart.declaration.clone() else {
            return self.keep(source);
        };
        match repository {
            Some(repository) if !repository.is_oci => {
                let from = format!("HelmRepository {}", repository.name);
                tell::unread(not_oci(&chart, &from, &declaration, file), &mut self.found);
                return self.keep(source);
            }
            Some(_) => declaration.guards.push(Guarded {
                what: source.url.clone(),
                at: chart.at.clone(),
                whole: source.whole,
                follows: source.follows.clone(),
            }),
            // Whether it is an OCI repository is not known, so neither is whether anything is read.
            None => {}
        }
        let guarded_by = self.guard(Some(declaration));
        self.keep(Source { guarded_by, ..source });
    }

    /// A chart of a repository of files, which is not verified there.
    fn of_files(&mut self, chart: &Chart, from: &str, file: &str) {
        if let Some(declaration) = &chart.declaration {
            tell::unread(not_oci(chart, from, declaration, file), &mut self.found);
        }
    }

    /// A release whose chart another source carries.
    fn by_reference(&mut self, chart: &Chart, named: &Named, file: &str) {
        let carrier = self.found.sources.iter().find(|source| is_named(&source.object, named));
        let mut source = source_of(chart, file, carrier.map_or("", |carrier| &carrier.url));
        if let Some(carrier) = carrier {
            source.follows.clone_from(&carrier.follows);
        }
        source.guarded_by = match carrier {
            Some(carrier) => Guard::Source(carrier.object.clone()),
            None => Guard::Unknown(format!("{} is not in these files", named.told())),
        };
        self.keep(source);
    }

    fn finish(self) -> Found {
        let mut found = self.found;
        let key = |file: &str, at: &Place| (file.to_owned(), at.line, at.column);
        found.unread.sort_by_key(|one| key(&one.file, &one.at));
        found.unjudged.sort_by_key(|one| key(&one.file, &one.at));
        found.sources.sort_by_key(|one| key(&one.file, &one.at));
        found.findings.sort_by_key(|one| {
            (one.place.file.clone(), one.place.line, one.place.column, one.code)
        });
        in_order(&mut found);
        found
    }
}

/// Declarations in the order of their places, with the sources still pointing at theirs.
fn in_order(found: &mut Found) {
    let mut order: Vec<usize> = (0..found.declarations.len()).collect();
    let key = |number: &usize| {
        let one = &found.declarations[*number];
        (one.file.clone(), one.at.line, one.at.column)
    };
    order.sort_by_key(key);
    let mut now = vec![0; order.len()];
    for (new, old) in order.iter().enumerate() {
        now[*old] = new;
    }
    let mut all: Vec<Option<Declaration>> =
        std::mem::take(&mut found.declarations).into_iter().map(Some).collect();
    found.declarations = order.iter().filter_map(|old| all[*old].take()).collect();
    for source in &mut found.sources {
        if let Guard::Declaration(number) = &mut source.guarded_by {
            *number = now[*number];
        }
    }
}

/// All sources with their file, in the order in which they are numbered.
fn numbered(facts: &[Facts]) -> impl Iterator<Item = (&str, &Pulled)> {
    facts.iter().flat_map(|file| file.pulled.iter().map(|pulled| (file.path.as_str(), pulled)))
}

fn source_of(chart: &Chart, file: &str, url: &str) -> Source {
    Source {
        kind: chart.kind,
        object: chart.object.clone(),
        url: url.to_owned(),
        whole: sealwright_yaml::template_in(url).is_none(),
        follows: Follows::AsWritten,
        file: file.to_owned(),
        at: chart.at.clone(),
        guarded_by: Guard::Nothing,
    }
}

fn not_oci(chart: &Chart, from: &str, block: &Declaration, file: &str) -> Unread {
    let told = format!(
        "nobody reads the verification of {}: charts are verified from a HelmRepository of type \
         `oci`, and {from} is none",
        chart.object
    );
    Unread {
        file: file.to_owned(),
        at: block.at.clone(),
        object: chart.object.clone(),
        path: "verify".to_owned(),
        read_at: "a chart from a HelmRepository of `type: oci`".to_owned(),
        told,
    }
}

/// Whether a source is the one that is named; what it stands in is no part of its name. One without a
/// namespace gets some on the way: it may be the one that is meant.
fn is_named(object: &str, named: &Named) -> bool {
    let bare = object.split(" in ").next().unwrap_or(object);
    let Some(name) = bare.strip_prefix(named.kind.as_str()).map(str::trim_start) else {
        return false;
    };
    match name.rsplit_once('/') {
        Some((namespace, name)) => {
            name == named.name && (namespace == named.namespace || named.namespace.is_empty())
        }
        None => name == named.name,
    }
}
