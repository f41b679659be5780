//! Joins what was parsed into sequences and alternatives, and takes out what alternatives share.
//!
//! `ABC|ABD|AEF` becomes `A(?:B[CD]|EF)`. The language stays the same; how deep and large the tree
//! becomes decides whether Go takes the expression, so it is done in Go's four rounds.

use super::error::ErrorCode;
use super::runes::RuneSet;
use super::tree::{Flags, Node, NodeId, Op, Tree};
use super::unicode::folded;

/// What a round of factoring shares out: a prefix, and the alternatives that begin with it.
type Run = (usize, usize);

impl Tree {
    /// One node for all of these under `op`, which never holds a node with the same `op`.
    pub(super) fn collapse(
        &mut self,
        subs: Vec<NodeId>,
        op: Op,
        stack: &[NodeId],
    ) -> Result<NodeId, ErrorCode> {
        if let [single] = subs.as_slice() {
            return Ok(*single);
        }
        let joined = self.make(op.clone(), Flags::default(), Vec::new());
        let mut flat = Vec::with_capacity(subs.len());
        for sub in subs {
            if self.node(sub).op == op {
                flat.append(&mut self.node_mut(sub).subs);
                self.give_back(sub);
            } else {
                flat.push(sub);
            }
        }
        if op == Op::Alternate {
            flat = self.factor(flat, stack)?;
            if let [single] = flat.as_slice() {
                self.give_back(joined);
                return Ok(*single);
            }
        }
        self.node_mut(joined).subs = flat;
        Ok(joined)
    }

    fn factor(&mut self, subs: Vec<NodeId>, stack: &[NodeId]) -> Result<Vec<NodeId>, ErrorCode> {
        if subs.len() < 2 {
            return Ok(subs);
        }
        let subs = self.factor_strings(subs, stack)?;
        let subs = self.factor_pieces(subs, stack)?;
        let subs = self.join_classes(subs);
        Ok(self.drop_doubled_empties(&subs))
    }

    /// Round 1: literal text that neighbours begin with.
    fn factor_strings(
        &mut self,
        subs: Vec<NodeId>,
        stack: &[NodeId],
    ) -> Result<Vec<NodeId>, ErrorCode> {
        let mut out = Vec::with_capacity(subs.len());
        let mut start = 0;
        let (mut shared, mut fold): (Vec<u32>, bool) = (Vec::new(), false);
        for index in 0..=subs.len() {
            let (text, text_fold) = match subs.get(index) {
                Some(sub) => self.leading_string(*sub),
                None => (&[][..], false),
            };
            if index < subs.len() && text_fold == fold {
                let same = shared.iter().zip(text).take_while(|(one, other)| one == other).count();
                if same > 0 {
                    shared.truncate(same);
                    continue;
                }
            }
            let text = text.to_vec();
            let run = (start, index);
            out.extend(self.share_string(&subs, run, &shared, fold, stack)?);
            (start, shared, fold) = (index, text, text_fold);
        }
        Ok(out)
    }

    fn share_string(
        &mut self,
        subs: &[NodeId],
        (start, end): Run,
        shared: &[u32],
        fold: bool,
        stack: &[NodeId],
    ) -> Result<Option<NodeId>, ErrorCode> {
        if end - start < 2 {
            return Ok((end > start).then(|| subs[start]));
        }
        let flags = Flags { fold_case: fold, ..Flags::default() };
        let prefix = self.make(Op::Literal(shared.to_vec()), flags, Vec::new());
        let mut rest = Vec::with_capacity(end - start);
        for sub in &subs[start..end] {
            let sub = self.without_leading_string(*sub, shared.len());
            self.check_limits(sub, stack)?;
            rest.push(sub);
        }
        let suffix = self.collapse(rest, Op::Alternate, stack)?;
        Ok(Some(self.make(Op::Concat, Flags::default(), vec![prefix, suffix])))
    }

    /// Round 2: a character class, or one repeated a fixed number of times, that neighbours begin
    /// with.
    fn factor_pieces(
        &mut self,
        subs: Vec<NodeId>,
        stack: &[NodeId],
    ) -> Result<Vec<NodeId>, ErrorCode> {
        let mut out = Vec::with_capacity(subs.len());
        let mut start = 0;
        let mut first: Option<NodeId> = None;
        for index in 0..=subs.len() {
            let leading = subs.get(index).and_then(|sub| self.leading_piece(*sub));
            if let (true, Some(first), Some(leading)) = (index < subs.len(), first, leading)
                && self.same(first, leading)
                && self.can_be_shared(first)
            {
                continue;
            }
            out.extend(self.share_piece(&subs, (start, index), first, stack)?);
            (start, first) = (index, leading);
        }
        Ok(out)
    }

    fn share_piece(
        &mut self,
        subs: &[NodeId],
        (start, end): Run,
        first: Option<NodeId>,
        stack: &[NodeId],
    ) -> Result<Option<NodeId>, ErrorCode> {
        let (Some(prefix), true) = (first, end - start >= 2) else {
            return Ok((end > start).then(|| subs[start]));
        };
        let mut rest = Vec::with_capacity(end - start);
        for (index, sub) in subs[start..end].iter().enumerate() {
            // The first one's piece is the prefix from now on.
            let sub = self.without_leading_piece(*sub, index != 0);
            self.check_limits(sub, stack)?;
            rest.push(sub);
        }
        let suffix = self.collapse(rest, Op::Alternate, stack)?;
        Ok(Some(self.make(Op::Concat, Flags::default(), vec![prefix, suffix])))
    }

    /// Round 3: neighbours that are single characters or classes.
    fn join_classes(&mut self, subs: Vec<NodeId>) -> Vec<NodeId> {
        let mut out = Vec::with_capacity(subs.len());
        let mut run: Vec<NodeId> = Vec::new();
        for sub in subs {
            if self.node(sub).is_class() {
                run.push(sub);
            } else {
                out.extend(self.join_run(std::mem::take(&mut run)));
                out.push(sub);
            }
        }
        out.extend(self.join_run(run));
        out
    }

    fn join_run(&mut self, mut run: Vec<NodeId>) -> Option<NodeId> {
        if run.len() < 2 {
            return run.pop();
        }
        let mut most = 0;
        for index in 1..run.len() {
            if self.node(run[most]).complexity() < self.node(run[index]).complexity() {
                most = index;
            }
        }
        run.swap(0, most);
        for other in &run[1..] {
            self.merge_class(run[0], *other);
            self.give_back(*other);
        }
        self.name_full_class(run[0]);
        Some(run[0])
    }

    /// Round 4: of neighbours that match nothing but the empty text, one.
    fn drop_doubled_empties(&self, subs: &[NodeId]) -> Vec<NodeId> {
        let empty = |id: NodeId| self.node(id).op == Op::Empty;
        let kept = subs.iter().enumerate().filter(|(index, id)| {
            !(empty(**id) && subs.get(index + 1).is_some_and(|next| empty(*next)))
        });
        kept.map(|(_, id)| *id).collect()
    }

    /// Adds what a smaller class holds to a larger one.
    pub(super) fn merge_class(&mut self, into: NodeId, from: NodeId) {
        let added = self.node(from).clone();
        let node = self.node_mut(into);
        let joined = match &node.op {
            Op::AnyButNewline if holds_newline(&added) => Op::Any,
            Op::Literal(_) if node.op == added.op && node.flags == added.flags => return,
            Op::Literal(_) | Op::Class(_) => {
                let mut set = runes_of(node);
                set.union(&runes_of(&added));
                Op::Class(set)
            }
            _ => return,
        };
        node.op = joined;
    }

    /// Calls a class that holds everything, or everything but a newline, by its name.
    pub(super) fn name_full_class(&mut self, id: NodeId) {
        let node = self.node_mut(id);
        if let Op::Class(set) = &node.op {
            if *set == RuneSet::any() {
                node.op = Op::Any;
            } else if *set == all_but_newline() {
                node.op = Op::AnyButNewline;
            }
        }
    }

    fn leading_string(&self, id: NodeId) -> (&[u32], bool) {
        let mut node = self.node(id);
        if let (Op::Concat, Some(first)) = (&node.op, node.subs.first()) {
            node = self.node(*first);
        }
        match &node.op {
            Op::Literal(runes) => (runes, node.flags.fold_case),
            _ => (&[], false),
        }
    }

    fn without_leading_string(&mut self, id: NodeId, length: usize) -> NodeId {
        if let (Op::Concat, Some(first)) = (&self.node(id).op, self.node(id).subs.first().copied())
        {
            let first = self.without_leading_string(first, length);
            self.node_mut(id).subs[0] = first;
            if self.node(first).op != Op::Empty {
                return id;
            }
            self.give_back(first);
            return self.without_first(id);
        }
        let node = self.node_mut(id);
        if let Op::Literal(runes) = &mut node.op {
            runes.drain(..length);
            if runes.is_empty() {
                node.op = Op::Empty;
            }
        }
        id
    }

    fn leading_piece(&self, id: NodeId) -> Option<NodeId> {
        let node = self.node(id);
        let leading = match (&node.op, node.subs.first()) {
            (Op::Concat, Some(first)) => *first,
            _ => id,
        };
        (self.node(leading).op != Op::Empty).then_some(leading)
    }

    fn without_leading_piece(&mut self, id: NodeId, give_back: bool) -> NodeId {
        if let (Op::Concat, Some(first)) = (&self.node(id).op, self.node(id).subs.first().copied())
        {
            if give_back {
                self.give_back(first);
            }
            return self.without_first(id);
        }
        if give_back {
            self.give_back(id);
        }
        self.make(Op::Empty, Flags::default(), Vec::new())
    }

    /// A sequence without its first piece; the piece itself when only one is left.
    fn without_first(&mut self, id: NodeId) -> NodeId {
        let node = self.node_mut(id);
        node.subs.remove(0);
        match node.subs.as_slice() {
            [] => node.op = Op::Empty,
            [single] => {
                let single = *single;
                self.give_back(id);
                return single;
            }
            _ => {}
        }
        id
    }

    fn can_be_shared(&self, id: NodeId) -> bool {
        let node = self.node(id);
        let fixed = match node.op {
            Op::Repeat(bounds) => bounds.max == Some(bounds.min),
            _ => false,
        };
        node.is_class() || fixed && self.node(node.subs[0]).is_class()
    }
}

/// The code points that a class-like node matches.
pub(super) fn runes_of(node: &Node) -> RuneSet {
    match &node.op {
        Op::Literal(runes) => {
            let set = RuneSet::of(&[(runes[0], runes[0])]);
            if node.flags.fold_case { folded(&set) } else { set }
        }
        Op::Class(set) => set.clone(),
        Op::AnyButNewline => all_but_newline(),
        _ => RuneSet::any(),
    }
}

fn all_but_newline() -> RuneSet {
    RuneSet::of(&[(10, 10)]).negated()
}

fn holds_newline(node: &Node) -> bool {
    match &node.op {
        Op::Literal(runes) => runes.as_slice() == [10],
        Op::Class(set) => set.contains(10),
        Op::Any => true,
        _ => false,
    }
}
