//! The questions that are asked about a pattern, one after the other.

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
}

impl<'a> Subject<'a> {
    pub(super) fn new(pattern: &'a GoRegex, about: About, allowed: Option<&'a Allowed>) -> Self {
        Self { pattern: pattern.as_str(), language: Language::search(pattern), about, allowed }
    }

    pub(super) fn weaknesses(&self) -> Vec<Weakness> {
        let all = 0..self.pattern.len();
        match (Language::witness(&[&self.language], &[]), Language::witness(&[], &[&self.language]))
        {
            (Witness::Nobody, _) => return vec![weak(WeaknessKind::NeverMatches, vec![all], None)],
            (_, Witness::Nobody) => {
                let stranger = found(likely_witness(&[&self.language], &[]));
                return vec![weak(WeaknessKind::MatchesEverything, vec![all], stranger)];
            }
            (Witness::Undecided, _) | (_, Witness::Undecided) => return vec![self.undecided()],
            _ => {}
        }
        let mut weaknesses = self.strangers();
        weaknesses.extend(self.kept_out());
        weaknesses.extend(self.dead_alternatives());
        weaknesses
    }

    fn undecided(&self) -> Weakness {
        weak(WeaknessKind::Undecided, vec![0..self.pattern.len()], None)
    }

    /// Whoever is let in and should not be.
    fn strangers(&self) -> Vec<Weakness> {
        match self.allowed.map(|allowed| self.language.contained_in(&allowed.language)) {
            Some(Containment::Contained) => return vec![],
            Some(Containment::Undecided) => return vec![self.undecided()],
            Some(Containment::Outside(_)) | None => {}
        }
        let (edits, mut weaknesses) = self.slips();
        let tight = with_all(self.pattern, &edits);
        let tight = GoRegex::parse(&tight).map(|regex| Language::search(&regex));
        let tight = tight.unwrap_or_else(|_| self.language.clone());
        weaknesses.extend(self.intentions(&tight));
        if weaknesses.is_empty() && self.allowed.is_some() {
            weaknesses.extend(self.stranger(&[&self.language], &[], WeaknessKind::TooWide));
        }
        weaknesses
    }

    /// Slips of the pen that let somebody in, with what would mend them.
    pub(super) fn slips(&self) -> (Vec<Edit>, Vec<Weakness>) {
        let mut edits = Vec::new();
        let mut weaknesses: Vec<Weakness> = Vec::new();
        for edit in closing(self.pattern) {
            let Ok(closed) = GoRegex::parse(&edit.applied(self.pattern)) else { continue };
            let closed = Language::search(&closed);
            // Cheaply first: most changes change nothing.
            if self.language.contained_in(&closed) == Containment::Contained {
                continue;
            }
            let outside =
                [&closed].into_iter().chain(self.allowed.map(|allowed| &allowed.language));
            let outside: Vec<&Language> = outside.collect();
            let stranger = likely_witness(&[&self.language], &outside);
            match (stranger, weaknesses.iter_mut().find(|weakness| weakness.kind == edit.kind)) {
                (Witness::Nobody, _) => continue,
                (_, Some(known)) => known.spots.push(edit.spot.clone()),
                (stranger, None) => {
                    let kind = match stranger {
                        Witness::Undecided => WeaknessKind::Undecided,
                        _ => edit.kind,
                    };
                    weaknesses.push(weak(kind, vec![edit.spot.clone()], found(stranger)));
                }
            }
            edits.push(edit);
        }
        (edits, weaknesses)
    }

    /// What is open although it is written with care.
    fn intentions(&self, tight: &Language) -> Vec<Weakness> {
        match (self.about, self.allowed) {
            (About::Issuer, Some(_)) => {
                self.stranger(&[tight], &[], WeaknessKind::OpenIssuer).into_iter().collect()
            }
            (About::Issuer, None) => self.open_issuer(tight).into_iter().collect(),
            (About::Subject, Some(allowed)) => self.wider_than(tight, allowed),
            (About::Subject, None) => self.wide(tight),
        }
    }

    /// Another host than the likeliest may vouch.
    fn open_issuer(&self, tight: &Language) -> Option<Weakness> {
        let issuer = found(likely_witness(&[tight], &[]))?;
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

    /// Measured by itself: more than one owner, or kind of ref.
    fn wide(&self, tight: &Language) -> Vec<Weakness> {
        let workflows = shapes::workflows();
        let Witness::Found(one) = Language::overlap(tight, workflows) else { return vec![] };
        let Some(one) = Workflow::read(&one) else { return vec![] };
        let mut weaknesses = Vec::new();
        if let Some(owned) = shapes::owned_by(one.owner) {
            let kind = WeaknessKind::OpenOwner;
            weaknesses.extend(self.stranger(&[tight, workflows], &[&owned], kind));
        }
        let kinds = shapes::REFS.iter().filter_map(|git_ref| {
            let of_kind = shapes::whole(&format!("{}@{git_ref}", shapes::quoted(one.file)))?;
            found(Language::overlap(tight, &of_kind))
        });
        let strangers: Vec<String> = kinds.collect();
        if let [_, .., stranger] = strangers.as_slice() {
            let spots = self.blame(stranger);
            weaknesses.push(weak(WeaknessKind::OpenRef, spots, Some(stranger.clone())));
        }
        weaknesses
    }

    /// Somebody in these and not in those, and not allowed.
    fn stranger(
        &self,
        within: &[&Language],
        outside: &[&Language],
        kind: WeaknessKind,
    ) -> Option<Weakness> {
        let mut outside = outside.to_vec();
        outside.extend(self.allowed.map(|allowed| &allowed.language));
        match likely_witness(within, &outside) {
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
            GoRegex::parse(without).is_ok_and(|without| !without.is_match(stranger))
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
        out.map(|example| {
            weak(WeaknessKind::KeepsOut, vec![0..self.pattern.len()], Some(example.clone()))
        })
        .collect()
    }

    /// Alternatives without which nobody less would be let in.
    fn dead_alternatives(&self) -> Option<Weakness> {
        let all = without_alternatives(self.pattern).into_iter().take(ALTERNATIVES_MAX);
        let dead = all.filter(|(_, without)| {
            GoRegex::parse(without).is_ok_and(|without| {
                let without = Language::search(&without);
                self.language.contained_in(&without) == Containment::Contained
            })
        });
        let spots: Vec<Range<usize>> = dead.map(|(spot, _)| spot).collect();
        (!spots.is_empty()).then(|| weak(WeaknessKind::DeadAlternative, spots, None))
    }
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
