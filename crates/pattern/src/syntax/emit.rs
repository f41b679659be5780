//! The parsed expression as the automata's own: without groups, since only whether it matches is
//! ever asked.

use regex_syntax::hir::{Class, Hir, Look, Repetition};

use super::factor::runes_of;
use super::runes::RuneSet;
use super::tree::{Bounds, Flags, Node, NodeId, Op, Tree};
use super::unicode::orbit;

pub(super) fn hir(tree: &Tree, id: NodeId) -> Hir {
    let node = tree.node(id);
    match &node.op {
        Op::Nothing | Op::LeftParen(_) | Op::VerticalBar => Hir::fail(),
        Op::Empty => Hir::empty(),
        Op::Literal(runes) => literal(runes, node.flags),
        Op::Class(_) | Op::AnyButNewline | Op::Any => class(&runes_of(node)),
        Op::BeginLine => Hir::look(Look::StartLF),
        Op::EndLine => Hir::look(Look::EndLF),
        Op::BeginText => Hir::look(Look::Start),
        Op::EndText { .. } => Hir::look(Look::End),
        Op::WordBoundary => Hir::look(Look::WordAscii),
        Op::NoWordBoundary => Hir::look(Look::WordAsciiNegate),
        Op::Capture(_) => hir(tree, node.subs[0]),
        Op::Star => repeated(tree, node, Bounds { min: 0, max: None }),
        Op::Plus => repeated(tree, node, Bounds { min: 1, max: None }),
        Op::Quest => repeated(tree, node, Bounds { min: 0, max: Some(1) }),
        Op::Repeat(bounds) => repeated(tree, node, *bounds),
        Op::Concat => Hir::concat(node.subs.iter().map(|sub| hir(tree, *sub)).collect()),
        Op::Alternate => Hir::alternation(node.subs.iter().map(|sub| hir(tree, *sub)).collect()),
    }
}

fn literal(runes: &[u32], flags: Flags) -> Hir {
    if flags.fold_case {
        let both = |rune: &u32| {
            let cases: Vec<_> = orbit(*rune).into_iter().map(|rune| (rune, rune)).collect();
            class(&RuneSet::of(&cases))
        };
        return Hir::concat(runes.iter().map(both).collect());
    }
    // A surrogate is in no text.
    match runes.iter().map(|rune| char::from_u32(*rune)).collect::<Option<String>>() {
        Some(text) => Hir::literal(text.into_bytes()),
        None => Hir::fail(),
    }
}

fn class(set: &RuneSet) -> Hir {
    Hir::class(Class::Unicode(set.scalars()))
}

fn repeated(tree: &Tree, node: &Node, bounds: Bounds) -> Hir {
    Hir::repetition(Repetition {
        // Both are at least 0: the parser reads no sign.
        min: bounds.min.unsigned_abs(),
        max: bounds.max.map(i32::unsigned_abs),
        greedy: !node.flags.non_greedy,
        sub: Box::new(hir(tree, node.subs[0])),
    })
}
