//! Sets of identities, and questions about them: who is in one and not in another?
//!
//! Only texts of printable URI characters are considered: a certificate's name is a URI or an
//! e-mail address, and everything else in it would be percent-encoded.

mod alphabet;
mod closure;
mod narrow;
mod product;
mod states;

use std::sync::Arc;

use regex_syntax::hir::{Dot, Hir, Look, Repetition};

use crate::depth::with_stack_for;
use crate::go_regex::GoRegex;
use crate::syntax::{self, ParseError};

/// Levels of the expressions that are made here, around those of their parts.
const LEVELS_AROUND: usize = 3;

/// A set of identities.
#[derive(Debug, Clone)]
pub struct Language {
    expression: Arc<Hir>,
    height: usize,
    automaton: Option<Arc<states::Automaton>>,
}

/// The answer to "is there an identity in all of these sets?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Witness {
    /// There is: this one is among the shortest, and reads best of them.
    Found(String),
    /// There is none.
    Nobody,
    /// It takes more states or memory than a question may take.
    Undecided,
}

/// The answer to a question about whole sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Containment {
    /// Everything in the one is in the other.
    Contained,
    /// This is in the one and not in the other.
    Outside(String),
    /// It takes more states or memory than a question may take.
    Undecided,
}

/// How two sets compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Equivalence {
    /// They are the same.
    Same,
    /// This is in one of them only.
    Different(String),
    /// It takes more states or memory than a question may take.
    Undecided,
}

impl Language {
    /// What a pattern matches, anywhere in the identity, as Flux, cosign and policy-controller use it.
    pub fn search(pattern: &GoRegex) -> Self {
        Self::new(pattern.expression().hir.clone(), pattern.expression().height)
    }

    /// The same of a pattern that is only asked about, and never matched.
    pub(crate) fn of_pattern(pattern: &str) -> Result<Self, ParseError> {
        let expression = syntax::parse(pattern)?;
        Ok(Self::new(expression.hir, expression.height))
    }

    /// Exactly this identity, as `cosign --certificate-identity` and Kyverno's `subject` use it.
    pub fn exact(identity: &str) -> Self {
        Self::new(whole(vec![Hir::literal(identity.as_bytes())]), 1)
    }

    /// A wildcard pattern over the whole identity, as Kyverno uses them: `*` for any text, `?` for
    /// any one character.
    pub fn glob(pattern: &str) -> Self {
        let pieces = pattern.chars().map(|c| match c {
            '*' => repeated(any()),
            '?' => any(),
            c => Hir::literal(c.to_string().into_bytes()),
        });
        Self::new(whole(pieces.collect()), 2)
    }

    /// Everything that is in any of these.
    pub fn union(languages: &[Language]) -> Self {
        let alternatives = languages.iter().map(|language| (*language.expression).clone());
        let height = languages.iter().map(|language| language.height).max().unwrap_or_default();
        let mut union = Self::new(Hir::alternation(alternatives.collect()), height + 1);
        // Of what is too large to decide, nothing is known, and so of the union.
        if languages.iter().any(|language| language.automaton.is_none()) {
            union.automaton = None;
        }
        union
    }

    fn new(expression: Hir, height: usize) -> Self {
        let height = height + LEVELS_AROUND;
        let built = with_stack_for(height, || {
            let narrow = narrow::to_ascii(&expression);
            let automaton = states::automaton(&narrow);
            (narrow, automaton)
        });
        let (expression, automaton) = built.unwrap_or((Hir::fail(), None));
        Self { expression: Arc::new(expression), height, automaton: automaton.map(Arc::new) }
    }

    /// An identity that is in every one of the first sets and in none of the others.
    pub fn witness(within: &[&Language], outside: &[&Language]) -> Witness {
        product::search(within, outside)
    }

    /// Whether every identity in this set is in the other.
    pub fn contained_in(&self, other: &Language) -> Containment {
        match Self::witness(&[self], &[other]) {
            Witness::Nobody => Containment::Contained,
            Witness::Found(stranger) => Containment::Outside(stranger),
            Witness::Undecided => Containment::Undecided,
        }
    }

    /// Whether both sets hold the same identities.
    pub fn compared_with(&self, other: &Language) -> Equivalence {
        match (self.contained_in(other), other.contained_in(self)) {
            (Containment::Contained, Containment::Contained) => Equivalence::Same,
            (Containment::Outside(one), _) | (_, Containment::Outside(one)) => {
                Equivalence::Different(one)
            }
            _ => Equivalence::Undecided,
        }
    }

    /// An identity in both sets.
    pub fn overlap(&self, other: &Language) -> Witness {
        Self::witness(&[self, other], &[])
    }

    /// Whether this identity is in it; `None` when that takes too much to find out, or when it is
    /// not ASCII.
    pub fn holds(&self, identity: &str) -> Option<bool> {
        if !identity.is_ascii() {
            return None;
        }
        states::holds(self.automaton.as_deref()?, identity)
    }
}

/// From the first character of an identity to its last.
fn whole(mut pieces: Vec<Hir>) -> Hir {
    pieces.insert(0, Hir::look(Look::Start));
    pieces.push(Hir::look(Look::End));
    Hir::concat(pieces)
}

fn any() -> Hir {
    Hir::dot(Dot::AnyChar)
}

fn repeated(sub: Hir) -> Hir {
    Hir::repetition(Repetition { min: 0, max: None, greedy: true, sub: Box::new(sub) })
}
