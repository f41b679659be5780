//! The second pass: what one file says about another. Patches to what they hit, charts to their
//! repositories, releases to the sources that they name, variables to their values.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sealwright_policy::Code;
use sealwright_yaml::{Node, Place};

use crate::commands::{Commands, absent};
use crate::declaration::{Consumer, Declaration, Identity, Provider};
use crate::discover::{Facts, Kept, Kind};
use crate::found::{Before, Found, Guard, Source, Why};
use crate::kustomize::{Laid, Overlay};
use crate::laying::{Ground, Outcome, Read};
use crate::present::Present;
use crate::relaid;
use crate::shapes::flux::Pulled;
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
    joining.objects(&facts);
    joining.exceptions(&facts);
    let paths = facts.iter().map(|file| file.path.as_str());
    let absent = absent(&joining.found.declarations, paths);
    joining.found.findings.extend(absent);
    joining.finish()
}

pub(crate) struct Joining {
    pub(crate) found: Found,
    /// The sources that were found so far, by their names.
    pub(crate) present: Present,
    variables: Variables,
    /// What overlays make of the objects, by the number of each.
    pub(crate) outcome: Outcome,
    /// Files that overlays name as patches: their objects are parts, and pull nothing.
    pub(crate) used_as_patch: BTreeSet<String>,
}

impl Joining {
    fn of(facts: &[Facts]) -> Self {
        let variables = Variables {
            substitutions: facts.iter().flat_map(|file| &file.substitutions).cloned().collect(),
            values: facts.iter().flat_map(|file| &file.values).cloned().collect(),
        };
        let overlays = facts.iter().flat_map(|file| &file.overlays);
        let laid = overlays.flat_map(|one| one.patches.iter().chain(&one.late));
        let used = laid.filter_map(|laid| match laid {
            Laid::At { path, .. } => Some(path.clone()),
            Laid::Here(_) => None,
        });
        let used_as_patch = used.collect();
        Self {
            found: Found::default(),
            present: Present::default(),
            variables,
            outcome: Outcome::default(),
            used_as_patch,
        }
    }

    /// Verifying commands; and what is only shown, in documents: it declares, and pulls
    /// nothing.
    fn shown(&mut self, facts: &mut [Facts]) {
        for file in facts {
            let Commands { declarations, findings, unjudged } = std::mem::take(&mut file.commands);
            self.found.declarations.extend(declarations);
            self.found.findings.extend(findings);
            self.found.unjudged.extend(unjudged);
            let applies = !file.is_shown;
            self.found.no_match.extend(file.no_match.take().filter(|_| applies));
            if file.is_shown {
                file.pulled.retain(|pulled| pulled.declaration.is_some());
                file.held.retain(|pulled| pulled.declaration.is_some());
                file.unjudged.clear();
                let declares =
                    |kept: &Kept| kept.kind == Kind::ImagePolicy || is_verified(&kept.object);
                file.kept.retain(declares);
                file.exceptions.clear();
                file.overlays.clear();
                file.complaints.clear();
                file.patches.clear();
            }
        }
    }

    /// Lays the overlays over the sources of all files.
    fn overlays(&mut self, facts: &[Facts]) {
        let overlays: Vec<Overlay> =
            facts.iter().flat_map(|file| file.overlays.iter().cloned()).collect();
        let mut objects: BTreeMap<&str, Vec<(usize, &Kept)>> = BTreeMap::new();
        for (number, (path, kept)) in numbered(facts).enumerate() {
            if !self.used_as_patch.contains(path) && !kept.is_held {
                objects.entry(path).or_default().push((number, kept));
            }
        }
        let read = |file: &Facts| match file.complaints.iter().any(|it| it.trouble.is_fatal()) {
            true => Read::Partly,
            false if file.is_other => Read::Not,
            false => Read::Whole,
        };
        let patches: HashMap<&str, &[_]> =
            facts.iter().map(|file| (file.path.as_str(), file.patches.as_slice())).collect();
        let relaid;
        let mut ground = Ground {
            by_folder: by_folder(&overlays),
            overlays: &overlays,
            objects,
            patches,
            files: facts.iter().map(|file| (file.path.as_str(), read(file))).collect(),
        };
        self.outcome = ground.lay();
        if let Some(again) = relaid::relaid(facts, &overlays, &self.outcome) {
            relaid = again;
            self.variables.substitutions.extend(relaid.substitutions);
            (ground.overlays, ground.by_folder) = (&relaid.overlays, by_folder(&relaid.overlays));
            self.outcome = ground.lay();
        }
        for overlay in &overlays {
            for (name, at) in &overlay.remote {
                let told =
                    format!("what {name} holds is not known: a remote base is never fetched");
                tell::unjudged(&mut self.found, &overlay.file, at, Why::NotRendered, told);
            }
        }
        if let Some(file) = &self.outcome.stopped_at {
            self.found.findings.push(tell::too_many_overlays(file));
        }
        for struck in self.outcome.hits.values() {
            tell::struck(struck, &mut self.found);
        }
    }

    /// What stands in each file on its own.
    fn plain(&mut self, facts: &mut [Facts]) {
        for file in facts {
            for complaint in &file.complaints {
                tell::complaint(complaint, &file.path, file.names_a_kind, &mut self.found);
            }
            self.found.unjudged.append(&mut file.unjudged);
            for unread in std::mem::take(&mut file.unread) {
                tell::unread(unread, &mut self.found);
            }
            let held = std::mem::take(&mut file.held);
            for pulled in std::mem::take(&mut file.pulled).into_iter().chain(held) {
                let Pulled { mut source, declaration, .. } = pulled;
                source.guarded_by = self.guard(declaration);
                self.keep(source);
            }
            for declaration in std::mem::take(&mut file.declarations) {
                self.declare(declaration);
            }
        }
    }

    pub(crate) fn guard(&mut self, declaration: Option<Declaration>) -> Guard {
        match declaration {
            None => Guard::Nothing,
            Some(declaration) => {
                let texts = |one: &Declaration| self.variables.put_into(one.clone());
                let wanted = texts(&declaration);
                let same = |one: &Declaration| {
                    (&one.file, &one.at, &one.provider, one.key)
                        == (&wanted.file, &wanted.at, &wanted.provider, wanted.key)
                        && one.identities == wanted.identities
                        && one.weakened == wanted.weakened
                };
                let known = self.found.declarations.iter().position(same);
                let number = known.unwrap_or_else(|| self.declare(declaration.clone()));
                if known.is_some() {
                    self.add_guards(number, declaration);
                }
                Guard::Declaration(number)
            }
        }
    }

    /// What a declaration said before patches changed it, and what others of its object say now.
    pub(crate) fn before(&mut self, guard: &Guard, before: Vec<Declaration>, beside: &[Identity]) {
        let Guard::Declaration(declaration) = *guard else { return };
        for said in before {
            let said = self.variables.put_into(said);
            let beside = Declaration { identities: beside.to_vec(), ..said.clone() };
            let beside = self.variables.put_into(beside).identities;
            let before = Before { declaration, said, beside };
            if !self.found.before.contains(&before) {
                self.found.before.push(before);
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
        declaration = self.variables.put_into(declaration);
        let file = declaration.file.clone();
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

    pub(crate) fn keep(&mut self, mut source: Source) {
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
                    let guard = self.guard(declaration);
                    self.before(&guard, instance.before, &[]);
                    if source.guarded_by == Guard::Nothing {
                        source.guarded_by = guard;
                    }
                    self.keep(source);
                }
            }
        }
    }

    /// Told at the exception: who reads the policy sees nothing of it.
    fn exceptions(&mut self, facts: &[Facts]) {
        for (file, exception) in
            facts.iter().flat_map(|file| file.exceptions.iter().map(|one| (&file.path, one)))
        {
            let is_excepted = |one: &&Declaration| {
                let is_kyverno = matches!(
                    one.consumer,
                    Consumer::KyvernoClusterPolicy | Consumer::KyvernoImageValidatingPolicy
                );
                is_kyverno && exception.is_of(&one.object)
            };
            if let Some(policy) = self.found.declarations.iter().find(is_excepted) {
                let told =
                    format!("{}: what it names is let in past {}", exception.object, policy.object);
                let finding = tell::finding(Code::CheckWeakened, file, &exception.at, told);
                let hint = "Narrow it to what cannot be signed, or take it away.";
                self.found.findings.push(finding.with_hint(hint));
            }
        }
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
    found.before.iter_mut().for_each(|one| one.declaration = now[one.declaration]);
    for source in &mut found.sources {
        if let Guard::Declaration(number) = &mut source.guarded_by {
            *number = now[*number];
        }
    }
}

fn by_folder(overlays: &[Overlay]) -> HashMap<&str, &Overlay> {
    overlays.iter().filter_map(|one| Some((one.folder.as_deref()?, one))).collect()
}

/// All objects that overlays may change with their file, in the order in which they are numbered.
pub(crate) fn numbered(facts: &[Facts]) -> impl Iterator<Item = (&str, &Kept)> {
    facts.iter().flat_map(|file| file.kept.iter().map(|kept| (file.path.as_str(), kept)))
}

/// Whether an object declares something; what a document shows without pulls nothing.
fn is_verified(object: &Node) -> bool {
    let blocks: [&[&str]; 2] = [&["spec", "verify"], &["spec", "chart", "spec", "verify"]];
    blocks.iter().any(|path| object.at_path(path).is_some_and(|block| !block.is_null()))
}
