//! The questions that are asked about a pattern, one after the other.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;

use super::edits::{Edit, closing, with_all, without_alternatives, without_open_pieces};
use super::shapes::{self, Workflow};
use super::{ALTERNATIVES_MAX, About, Allowed, Weakness, WeaknessKind, likely_witness};
use crate::{Containment, GoRegex, Language, Witness};

/// A pattern being looked at.
pub(super) struct Subject<'a> {
    pattern: &'a str,
    language: Language,
    about: About,
    allowed: Option<&'a Allowed>,
    /// Changed patterns that were asked about: each is asked several questions.
    changed: RefCell<HashMap<String, Option<Language>>>,
}

/// Changed patterns that are kept; those of a pattern made of dots would fill the memory.
const CHANGED_MAX: usize = 32;

impl<'a> Subject<'a> {
    pub(super) fn new(pattern: &'a GoRegex, about: About, allowed: Option<&'a Allowed>) -> Self {
        Self {
            pattern: pattern.as_str(),
            language: Language::search(pattern),
            about,
            allowed,
            changed: RefCell::default(),
        }
    }

    pub(super) fn weaknesses(&self) -> Vec<Weakness> {
        match (Language::witness(&[&self.language], &[]), Language::witness(&[], &[&self.language]))
        {
            (Witness::Nobody, _) => return vec![self.all_of_it(WeaknessKind::NeverMatches, None)],
            (_, Witness::Nobody) => {
                let stranger = found(likely_witness(&[&self.language], &[], self.about));
                return vec![self.all_of_it(WeaknessKind::MatchesEverything, stranger)];
            }
            (Witness::Undecided, _) | (_, Witness::Undecided) => return vec![self.undecided()],
            _ => {}
        }
        let mut weaknesses = self.strangers();
        weaknesses.extend(self.kept_out());
        weaknesses.extend(self.dead_alternatives());
        weaknesses
    }

    /// Whom a changed pattern lets in.
    fn language(&self, pattern: String) -> Option<Language> {
        if let Some(known) = self.changed.borrow().get(&pattern) {
            return known.clone();
        }
        let language = Language::of_pattern(&pattern).ok();
        let mut changed = self.changed.borrow_mut();
        if changed.len() < CHANGED_MAX {
            changed.insert(pattern, language.clone());
        }
        language
    }

    fn undecided(&self) -> Weakness {
        self.all_of_it(WeaknessKind::Undecided, None)
    }

    /// Something wrong with the whole pattern, and not with a spot of it.
    fn all_of_it(&self, kind: WeaknessKind, witness: Option<String>) -> Weakness {
        weak(kind, std::iter::once(0..self.pattern.len()).collect(), witness)
    }

    /// Whoever is let in and should not be.
    fn strangers(&self) -> Vec<Weakness> {
        match self.allowed.map(|allowed| self.language.contained_in(&allowed.language)) {
            Some(Containment::Contained) => return vec![],
            Some(Containment::Undecided) => return vec![self.undecided()],
            Some(Containment::Outside(_)) | None => {}
        }
        let (edits, mut weaknesses) = self.slips();
        let tight = self.language(with_all(self.pattern, &edits));
        let tight = tight.unwrap_or_else(|| self.language.clone());
        weaknesses.extend(self.intentions(&tight));
        if weaknesses.is_empty() && self.allowed.is_some() {
            weaknesses.extend(self.stranger(&[&self.language], &[], WeaknessKind::TooWide));
        }
        weaknesses
    }

    /// Slips of the pen that let somebody in, with what would mend them.
    pub(super) fn slips(&self) -> (Vec<Edit>, Vec<Weakness>) {
        let closing = closing(self.pattern).into_iter();
        let effective: Vec<Edit> = closing.filter(|edit| self.is_closed_by(edit)).collect();
        let mut edits = Vec::new();
        let mut weaknesses: Vec<Weakness> = Vec::new();
        for (index, edit) in effective.iter().enumerate() {
            let stranger = self.let_in_by(&effective, index);
            match (stranger, weaknesses.iter_mut().find(|weakness| weakness.kind == edit.kind)) {
                (Witness::Nobody, _) => continue,
                (Witness::Undecided, _) => weaknesses.push(self.undecided()),
                (Witness::Found(stranger), Some(known)) => {
                    known.spots.push(edit.spot.clone());
                    // Of several, one who could really sign says most.
                    if !could_sign(known.witness.as_deref()) && could_sign(Some(&stranger)) {
                        known.witness = Some(stranger);
                    }
                }
                (Witness::Found(stranger), None) => {
                    weaknesses.push(weak(edit.kind, vec![edit.spot.clone()], Some(stranger)));
                }
            }
            edits.push(edit.clone());
        }
        (edits, weaknesses)
    }

    /// Whether a change makes the pattern let in fewer.
    fn is_closed_by(&self, edit: &Edit) -> bool {
        let closed = self.language(edit.applied(self.pattern));
        closed.is_some_and(|closed| self.language.contained_in(&closed) != Containment::Contained)
    }

    /// A stranger whom one of the slips lets in: if possible, although all others were mended, and
    /// with a letter for a dot.
    fn let_in_by(&self, edits: &[Edit], index: usize) -> Witness {
        let edit = &edits[index];
        let others: Vec<Edit> = edits.iter().filter(|other| *other != edit).cloned().collect();
        let closed = self.language(with_all(self.pattern, edits));
        let with_letter = edit
            .with_letter()
            .map(|letter| with_all(self.pattern, &[&others[..], &[letter]].concat()));
        let alone = with_letter.into_iter().chain([with_all(self.pattern, &others)]);
        for open in alone.filter_map(|pattern| self.language(pattern)) {
            if let Some(closed) = &closed
                && let found @ Witness::Found(_) = self.likely(&[&open], &[closed])
            {
                return found;
            }
        }
        match self.language(edit.applied(self.pattern)) {
            Some(closed) => self.likely(&[&self.language], &[&closed]),
            None => Witness::Undecided,
        }
    }

    /// The likeliest identity in these and not in those, and not allowed.
    fn likely(&self, within: &[&Language], outside: &[&Language]) -> Witness {
        let mut outside = outside.to_vec();
        outside.extend(self.allowed.map(|allowed| &allowed.language));
        likely_witness(within, &outside, self.about)
    }

    /// What is open although it is written with care.
    fn intentions(&self, tight: &Language) -> Vec<Weakness> {
        match (self.about, self.allowed) {
            (About::Issuer, Some(_)) => {
                self.stranger(&[tight], &[], WeaknessKind::OpenIssuer).into_iter().collect()
            }
            (About::Issuer, None) => self.open_issuer(tight).into_iter().collect(),
            (About::Subject | About::OtherSubject, Some(allowed)) => {
                self.wider_than(tight, allowed)
            }
            (About::Subject | About::OtherSubject, None) => self.wide(tight),
        }
    }

    /// Another host than the likeliest may vouch.
    fn open_issuer(&self, tight: &Language) -> Option<Weakness> {
        let issuer = found(likely_witness(&[tight], &[], self.about))?;
        let host = issuer.split('/').take(3).collect::<Vec<_>>().join("/");
        let same = shapes::whole(&format!("{}(?:/.*)?", shapes::quoted(&host)))?;
        self.stranger(&[tight], &[&same], WeaknessKind::OpenIssuer)
    }

    /// Measured by who is allowed: other owners, other workflows, other refs.
    fn wider_than(&self, tight: &Language, allowed: &Allowed) -> Vec<Weakness> {
        let known: Vec<Workflow<'_>> =
            allowed.examples.iter().filter_map(|example| Workflow::read(example)).collect();
        let owners: Vec<Language> =
            known.iter().filter_map(|known| shapes::owned_by(known.owner)).collect();
        let files: Vec<Language> =
            known.iter().filter_map(|known| shapes::with_any_version(known.file)).collect();
        if known.is_empty() {
            return self.stranger(&[tight], &[], WeaknessKind::TooWide).into_iter().collect();
        }
        let (owned, same_files) = (Language::union(&owners), Language::union(&files));
        let workflows = shapes::workflows();
        let questions: [(&[&Language], &[&Language], WeaknessKind); 3] = [
            (&[tight, workflows], &[&owned], WeaknessKind::OpenOwner),
            (&[tight, workflows, &owned], &[&same_files], WeaknessKind::OpenWorkflow),
            (&[tight, &same_files], &[], WeaknessKind::OpenRef),
        ];
        let mut weaknesses: Vec<Weakness> = questions
            .into_iter()
            .filter_map(|(within, outside, kind)| self.stranger(within, outside, kind))
            .collect();
        if weaknesses.is_empty() {
            weaknesses.extend(self.stranger(&[tight], &[], WeaknessKind::TooWide));
        }
        weaknesses
    }

    /// Whose names it is about: of GitHub's workflows, else, where it says so, of GitLab's pipelines.
    fn forge(&self, tight: &Language) -> Option<(&'static Language, String)> {
        let one_of = |forge| found(Language::overlap(tight, forge)).map(|one| (forge, one));
        let hub = (self.about == About::Subject).then(shapes::workflows);
        let labs = shapes::pipelines().iter().filter(|_| self.pattern.contains("gitlab"));
        hub.into_iter().chain(labs).find_map(one_of)
    }

    /// Measured by itself: more than one owner, or kind of ref.
    fn wide(&self, tight: &Language) -> Vec<Weakness> {
        let Some((forge, one)) = self.forge(tight) else { return vec![] };
        let Some(one) = Workflow::of_a_forge(&one) else { return vec![] };
        let mut weaknesses = Vec::new();
        if let Some(owned) = shapes::owned_by(one.owner) {
            let kind = WeaknessKind::OpenOwner;
            weaknesses.extend(self.stranger(&[tight, forge], &[&owned], kind));
        }
        let kinds = shapes::REFS.iter().filter_map(|git_ref| {
            let of_kind = shapes::whole(&format!("{}@{git_ref}", shapes::quoted(one.file)))?;
            // GitLab's pipelines of a merge request bear the name of its branch.
            found(Language::overlap(forge, &of_kind))?;
            let first = found(Language::overlap(tight, &of_kind))?;
            // A ref that is written out was meant.
            let second = Language::witness(&[tight, &of_kind], &[&Language::exact(&first)]);
            (second != Witness::Nobody).then_some(first)
        });
        let strangers: Vec<String> = kinds.collect();
        // Anybody can open a pull request.
        let pulled = |stranger: &&String| stranger.contains("@refs/pull/");
        let several = strangers.last().filter(|_| strangers.len() > 1);
        if let Some(stranger) = strangers.iter().find(pulled).or(several) {
            let spots = self.blame(stranger);
            weaknesses.push(weak(WeaknessKind::OpenRef, spots, Some(stranger.clone())));
        } else {
            weaknesses.extend(self.disguised(tight));
        }
        weaknesses
    }

    /// A ref that is kept out, and gets in under a longer name: what stands for the file takes the `@`
    /// as well, `workflows/.*@refs/heads/main`.
    fn disguised(&self, tight: &Language) -> Option<Weakness> {
        let stranger = found(Language::witness(&[tight, shapes::disguised().as_ref()?], &[]))?;
        let (plain, _) = stranger.rsplit_once('@')?;
        let kept_out = self.language.holds(plain) == Some(false);
        kept_out.then(|| weak(WeaknessKind::OpenRef, self.blame(&stranger), Some(stranger.clone())))
    }

    /// Somebody in these and not in those, and not allowed.
    fn stranger(
        &self,
        within: &[&Language],
        outside: &[&Language],
        kind: WeaknessKind,
    ) -> Option<Weakness> {
        match self.likely(within, outside) {
            Witness::Found(stranger) => {
                let spots = self.blame(&stranger);
                Some(weak(kind, spots, Some(stranger)))
            }
            Witness::Nobody => None,
            Witness::Undecided => Some(self.undecided()),
        }
    }

    /// The open pieces without which this stranger would stay out.
    fn blame(&self, stranger: &str) -> Vec<Range<usize>> {
        let needed = without_open_pieces(self.pattern).into_iter().filter(|(_, without)| {
            let without = self.language(without.clone());
            without.is_some_and(|without| without.holds(stranger) == Some(false))
        });
        let spots: Vec<Range<usize>> = needed.map(|(spot, _)| spot).collect();
        // Of an alternative and a piece in it, the piece says more.
        let holds_another = |spot: &Range<usize>| {
            let inside = |other: &&Range<usize>| {
                *other != spot && spot.start <= other.start && other.end <= spot.end
            };
            spots.iter().any(|other| inside(&other))
        };
        spots.iter().filter(|spot| !holds_another(spot)).cloned().collect()
    }

    fn kept_out(&self) -> Vec<Weakness> {
        let examples = self.allowed.iter().flat_map(|allowed| &allowed.examples);
        let out = examples.filter(|example| self.language.holds(example) == Some(false));
        out.map(|example| self.all_of_it(WeaknessKind::KeepsOut, Some(example.clone()))).collect()
    }

    /// Alternatives without which nobody less would be let in.
    fn dead_alternatives(&self) -> Option<Weakness> {
        let all = without_alternatives(self.pattern).into_iter().take(ALTERNATIVES_MAX);
        let dead = all.filter(|(_, without)| {
            self.language(without.clone()).is_some_and(|without| {
                self.language.contained_in(&without) == Containment::Contained
            })
        });
        let spots: Vec<Range<usize>> = dead.map(|(spot, _)| spot).collect();
        (!spots.is_empty()).then(|| weak(WeaknessKind::DeadAlternative, spots, None))
    }
}

/// Whether GitHub would certify such a name.
fn could_sign(witness: Option<&str>) -> bool {
    witness.is_some_and(|name| shapes::workflows().holds(name) == Some(true))
}

fn weak(kind: WeaknessKind, spots: Vec<Range<usize>>, witness: Option<String>) -> Weakness {
    Weakness { kind, spots, witness }
}

fn found(witness: Witness) -> Option<String> {
    match witness {
        Witness::Found(identity) => Some(identity),
        Witness::Nobody | Witness::Undecided => None,
    }
}
