//! The stack of what was parsed and is not yet joined: the half of the parser that builds.

use super::error::ErrorCode;
use super::runes::RuneSet;
use super::tree::{Flags, NodeId, Op, Tree};
use super::unicode::orbit;

/// What is parsed so far, with the flags in force.
#[derive(Debug, Default)]
pub(super) struct Stack {
    pub(super) tree: Tree,
    pub(super) flags: Flags,
    nodes: Vec<NodeId>,
    groups: usize,
}

/// Why a `)` cannot be closed: there is no `(`, or what it closes is too much.
pub(super) enum CloseError {
    Unopened,
    Limit(ErrorCode),
}

impl From<ErrorCode> for CloseError {
    fn from(code: ErrorCode) -> Self {
        CloseError::Limit(code)
    }
}

impl Stack {
    /// The topmost node, unless it only marks a place.
    pub(super) fn operand(&self) -> Option<NodeId> {
        self.nodes.last().copied().filter(|id| !self.tree.node(*id).is_mark())
    }

    pub(super) fn replace_operand(&mut self, id: NodeId) -> Result<(), ErrorCode> {
        self.nodes.pop();
        self.nodes.push(id);
        self.tree.check_limits(id, &self.nodes)
    }

    pub(super) fn push_op(&mut self, op: Op) -> Result<(), ErrorCode> {
        let id = self.tree.make(op, self.flags, Vec::new());
        self.push(id)
    }

    pub(super) fn open_group(&mut self, captures: bool) -> Result<(), ErrorCode> {
        self.groups += usize::from(captures);
        self.push_op(Op::LeftParen(captures.then_some(self.groups)))
    }

    pub(super) fn push_literal(&mut self, rune: u32) -> Result<(), ErrorCode> {
        let rune = if self.flags.fold_case { orbit(rune)[0] } else { rune };
        self.push_op(Op::Literal(vec![rune]))
    }

    fn push(&mut self, id: NodeId) -> Result<(), ErrorCode> {
        self.tree.count_runes(id);
        match self.single_rune(id) {
            Some((rune, flags)) => {
                if self.join_literals(Some((rune, flags))) {
                    return Ok(());
                }
                let node = self.tree.node_mut(id);
                (node.op, node.flags) = (Op::Literal(vec![rune]), flags);
            }
            None => {
                self.join_literals(None);
            }
        }
        self.nodes.push(id);
        self.tree.check_limits(id, &self.nodes)
    }

    /// The one character that a class matches, in one case or in both.
    fn single_rune(&self, id: NodeId) -> Option<(u32, Flags)> {
        let Op::Class(set) = &self.tree.node(id).op else { return None };
        match set.ranges() {
            [(rune, last)] if rune == last => {
                Some((*rune, Flags { fold_case: false, ..self.flags }))
            }
            _ if is_letter_in_both_cases(set) => {
                Some((set.ranges()[0].0, Flags { fold_case: true, ..self.flags }))
            }
            _ => None,
        }
    }

    /// Joins the two topmost nodes when both are text: the upper one can no longer be repeated.
    /// The new character then takes its place; says whether it did.
    fn join_literals(&mut self, new: Option<(u32, Flags)>) -> bool {
        let [.., lower, upper] = self.nodes.as_slice() else { return false };
        let (lower, upper) = (*lower, *upper);
        let (below, above) = (self.tree.node(lower), self.tree.node(upper));
        let (Op::Literal(_), Op::Literal(runes)) = (&below.op, &above.op) else { return false };
        if below.flags.fold_case != above.flags.fold_case {
            return false;
        }
        let mut runes = runes.clone();
        if let Op::Literal(text) = &mut self.tree.node_mut(lower).op {
            text.append(&mut runes);
        }
        if let Some((rune, flags)) = new {
            let node = self.tree.node_mut(upper);
            (node.op, node.flags) = (Op::Literal(vec![rune]), flags);
            return true;
        }
        self.nodes.pop();
        self.tree.give_back(upper);
        false
    }

    /// Everything above the topmost mark.
    fn pop_to_mark(&mut self) -> Vec<NodeId> {
        let above = self.nodes.iter().rev().take_while(|id| !self.tree.node(**id).is_mark());
        self.nodes.split_off(self.nodes.len() - above.count())
    }

    fn concat(&mut self) -> Result<(), ErrorCode> {
        self.join_literals(None);
        let subs = self.pop_to_mark();
        if subs.is_empty() {
            let empty = self.tree.make(Op::Empty, Flags::default(), Vec::new());
            return self.push(empty);
        }
        let joined = self.tree.collapse(subs, Op::Concat, &self.nodes)?;
        self.push(joined)
    }

    fn alternate(&mut self) -> Result<(), ErrorCode> {
        let subs = self.pop_to_mark();
        if let Some(last) = subs.last() {
            self.tree.name_full_class(*last);
        }
        if subs.is_empty() {
            let nothing = self.tree.make(Op::Nothing, Flags::default(), Vec::new());
            return self.push(nothing);
        }
        let joined = self.tree.collapse(subs, Op::Alternate, &self.nodes)?;
        self.push(joined)
    }

    /// At a `|`: what stands before it becomes an alternative.
    pub(super) fn vertical_bar(&mut self) -> Result<(), ErrorCode> {
        self.concat()?;
        if !self.swap_vertical_bar() {
            self.push_op(Op::VerticalBar)?;
        }
        Ok(())
    }

    /// Brings the topmost node below the mark under it; joins it with the class there if it can.
    fn swap_vertical_bar(&mut self) -> bool {
        let count = self.nodes.len();
        let mark = count.checked_sub(2).map(|mark| self.nodes[mark]);
        if mark.is_none_or(|mark| self.tree.node(mark).op != Op::VerticalBar) {
            return false;
        }
        if count >= 3 {
            let (upper, lower) = (self.nodes[count - 1], self.nodes[count - 3]);
            if self.tree.node(upper).is_class() && self.tree.node(lower).is_class() {
                self.join_across_bar(upper, lower);
                return true;
            }
            self.tree.name_full_class(lower);
        }
        self.nodes.swap(count - 1, count - 2);
        true
    }

    fn join_across_bar(&mut self, upper: NodeId, lower: NodeId) {
        let rank = |id: NodeId| self.tree.node(id).complexity().0;
        let (into, from) = if rank(upper) > rank(lower) { (upper, lower) } else { (lower, upper) };
        let count = self.nodes.len();
        self.nodes[count - 3] = into;
        self.tree.merge_class(into, from);
        self.tree.give_back(from);
        self.nodes.pop();
    }

    /// At the end of a group, or of everything: one node for all of it.
    fn finish_alternatives(&mut self) -> Result<(), ErrorCode> {
        self.concat()?;
        if self.swap_vertical_bar() {
            self.nodes.pop();
        }
        self.alternate()
    }

    /// At a `)`.
    pub(super) fn close_group(&mut self) -> Result<(), CloseError> {
        self.finish_alternatives()?;
        let (Some(inside), Some(paren)) = (self.nodes.pop(), self.nodes.pop()) else {
            return Err(CloseError::Unopened);
        };
        let Op::LeftParen(group) = self.tree.node(paren).op else {
            return Err(CloseError::Unopened);
        };
        self.flags = self.tree.node(paren).flags;
        match group {
            None => Ok(self.push(inside)?),
            Some(number) => {
                let node = self.tree.node_mut(paren);
                (node.op, node.subs) = (Op::Capture(number), vec![inside]);
                Ok(self.push(paren)?)
            }
        }
    }

    /// At the end of the pattern: the whole of it, if every group was closed.
    pub(super) fn finish(mut self) -> Result<Option<(Tree, NodeId)>, ErrorCode> {
        self.finish_alternatives()?;
        match self.nodes.as_slice() {
            [root] => Ok(Some((self.tree, *root))),
            _ => Ok(None),
        }
    }
}

fn is_letter_in_both_cases(set: &RuneSet) -> bool {
    let pair = match set.ranges() {
        [(one, one_too), (other, other_too)] if one == one_too && other == other_too => {
            [*one, *other]
        }
        [(one, other)] if one + 1 == *other => [*one, *other],
        _ => return false,
    };
    orbit(pair[0]) == pair
}
