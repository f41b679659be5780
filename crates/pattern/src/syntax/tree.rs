//! The parsed expression, counted as Go counts it.
//!
//! Whether Go finds an expression too large or too deep depends on the tree that it happens to
//! build: which nodes it makes, which it uses again, and when it measures. So nodes are made, given
//! back and measured here in the same order.

use super::error::ErrorCode;
use super::limits::{HEIGHT_MAX, INSTRUCTIONS_MAX, REPEAT_MAX, RUNES_MAX};
use super::runes::RuneSet;

/// Index of a node in its [`Tree`].
pub(super) type NodeId = usize;

/// The flags that a group can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Flags {
    /// `i`
    pub(super) fold_case: bool,
    /// `m`
    pub(super) multi_line: bool,
    /// `s`
    pub(super) dot_newline: bool,
    /// `U`
    pub(super) non_greedy: bool,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Op {
    Nothing,
    Empty,
    Literal(Vec<u32>),
    Class(RuneSet),
    AnyButNewline,
    Any,
    BeginLine,
    EndLine,
    BeginText,
    /// `$` or `\z`, which Go keeps apart although they mean the same.
    EndText {
        dollar: bool,
    },
    WordBoundary,
    NoWordBoundary,
    /// Which group it is.
    Capture(usize),
    Star,
    Plus,
    Quest,
    Repeat(Bounds),
    Concat,
    Alternate,
    /// An open group, with its number if it captures. Only on the stack.
    LeftParen(Option<usize>),
    /// What is below it are the alternatives so far. Only on the stack.
    VerticalBar,
}

/// `{min,max}`; no `max` for `{min,}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) min: i32,
    pub(super) max: Option<i32>,
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) op: Op,
    pub(super) flags: Flags,
    pub(super) subs: Vec<NodeId>,
}

impl Node {
    /// Whether it only marks a place on the stack.
    pub(super) fn is_mark(&self) -> bool {
        matches!(self.op, Op::LeftParen(_) | Op::VerticalBar)
    }

    /// Whether it matches exactly one code point out of a set.
    pub(super) fn is_class(&self) -> bool {
        match &self.op {
            Op::Literal(runes) => runes.len() == 1,
            Op::Class(_) | Op::AnyButNewline | Op::Any => true,
            _ => false,
        }
    }

    /// How much a class can hold, and how much it does: the larger takes in the smaller.
    pub(super) fn complexity(&self) -> (u8, usize) {
        match &self.op {
            Op::Literal(runes) => (0, runes.len()),
            Op::Class(set) => (1, set.ranges().len()),
            Op::AnyButNewline => (2, 0),
            _ => (3, 0),
        }
    }
}

/// All nodes, those that Go would have given back included.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// To be used again, last in first out.
    free: Vec<NodeId>,
    /// Ends of ranges and characters pushed so far.
    runes: usize,
    /// Product of all repetitions so far.
    repeats: i64,
    /// Known heights; none are kept before there are many nodes.
    heights: Option<Vec<Option<usize>>>,
    /// Known sizes; none are kept before they could matter. Like Go's they outlive their node.
    sizes: Option<Vec<Option<i64>>>,
}

impl Tree {
    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.nodes[id]
    }

    pub(super) fn make(&mut self, op: Op, flags: Flags, subs: Vec<NodeId>) -> NodeId {
        let node = Node { op, flags, subs };
        match self.free.pop() {
            Some(id) => {
                self.nodes[id] = node;
                id
            }
            None => {
                self.nodes.push(node);
                self.nodes.len() - 1
            }
        }
    }

    pub(super) fn give_back(&mut self, id: NodeId) {
        if let Some(height) = self.heights.as_mut().and_then(|heights| heights.get_mut(id)) {
            *height = None;
        }
        self.free.push(id);
    }

    pub(super) fn count_runes(&mut self, id: NodeId) {
        self.runes += match &self.nodes[id].op {
            Op::Literal(runes) => runes.len(),
            Op::Class(set) => 2 * set.ranges().len(),
            _ => 0,
        };
    }

    /// Measures a node that is about to be used.
    pub(super) fn check_limits(&mut self, id: NodeId, stack: &[NodeId]) -> Result<(), ErrorCode> {
        if self.runes > RUNES_MAX {
            return Err(ErrorCode::Large);
        }
        self.check_size(id, stack)?;
        self.check_height(id, stack)
    }

    fn check_size(&mut self, id: NodeId, stack: &[NodeId]) -> Result<(), ErrorCode> {
        if self.sizes.is_none() {
            self.multiply_repeats(id);
            if (self.nodes.len() as i64) < INSTRUCTIONS_MAX / self.repeats {
                return Ok(());
            }
            self.sizes = Some(Vec::new());
            for id in stack {
                self.measure_size(*id)?;
            }
        }
        self.measure_size(id)
    }

    fn multiply_repeats(&mut self, id: NodeId) {
        self.repeats = self.repeats.max(1);
        if let Op::Repeat(Bounds { min, max }) = self.nodes[id].op {
            let times = i64::from(max.unwrap_or(min)).max(1);
            self.repeats = match times > INSTRUCTIONS_MAX / self.repeats {
                true => INSTRUCTIONS_MAX,
                false => self.repeats * times,
            };
        }
    }

    fn measure_size(&mut self, id: NodeId) -> Result<(), ErrorCode> {
        match self.size(id, true) > INSTRUCTIONS_MAX {
            true => Err(ErrorCode::Large),
            false => Ok(()),
        }
    }

    /// Instructions that the node compiles to, as Go estimates it.
    fn size(&mut self, id: NodeId, anew: bool) -> i64 {
        let known = self.sizes.as_ref().and_then(|sizes| sizes.get(id).copied().flatten());
        if let Some(size) = known.filter(|_| !anew) {
            return size;
        }
        let mut inside = 0;
        for index in 0..self.nodes[id].subs.len() {
            inside += self.size(self.nodes[id].subs[index], false);
        }
        let node = &self.nodes[id];
        let size = match &node.op {
            Op::Literal(runes) => runes.len() as i64,
            Op::Capture(_) | Op::Star => 2 + inside,
            Op::Plus | Op::Quest => 1 + inside,
            Op::Concat => inside,
            Op::Alternate => inside + node.subs.len().saturating_sub(1) as i64,
            Op::Repeat(Bounds { min: 0, max: None }) => 2 + inside,
            Op::Repeat(Bounds { min, max: None }) => 1 + i64::from(*min) * inside,
            Op::Repeat(Bounds { min, max: Some(max) }) => {
                i64::from(*max) * inside + i64::from(max - min)
            }
            _ => 1,
        };
        remember(&mut self.sizes, id, size.max(1))
    }

    fn check_height(&mut self, id: NodeId, stack: &[NodeId]) -> Result<(), ErrorCode> {
        if self.nodes.len() < HEIGHT_MAX {
            return Ok(());
        }
        if self.heights.is_none() {
            self.heights = Some(Vec::new());
            for id in stack {
                self.measure_height(*id)?;
            }
        }
        self.measure_height(id)
    }

    fn measure_height(&mut self, id: NodeId) -> Result<(), ErrorCode> {
        match self.height(id, true) > HEIGHT_MAX {
            true => Err(ErrorCode::NestingDepth),
            false => Ok(()),
        }
    }

    /// Levels below and including a node.
    pub(super) fn height(&mut self, id: NodeId, anew: bool) -> usize {
        let known = self.heights.as_ref().and_then(|heights| heights.get(id).copied().flatten());
        if let Some(height) = known.filter(|_| !anew) {
            return height;
        }
        let mut height = 1;
        for index in 0..self.nodes[id].subs.len() {
            height = height.max(1 + self.height(self.nodes[id].subs[index], false));
        }
        remember(&mut self.heights, id, height)
    }

    /// Whether nested repetitions ask for at most `copies` copies of anything.
    pub(super) fn repeats_at_most(&self, id: NodeId, copies: i32) -> bool {
        let node = &self.nodes[id];
        let mut left = copies;
        if let Op::Repeat(Bounds { min, max }) = node.op {
            match max.unwrap_or(min) {
                _ if max == Some(0) => return true,
                times if times > copies => return false,
                0 => {}
                times => left /= times,
            }
        }
        node.subs.iter().all(|sub| self.repeats_at_most(*sub, left))
    }

    /// [`Tree::repeats_at_most`] with Go's own limit.
    pub(super) fn repetition_is_valid(&self, id: NodeId) -> bool {
        self.repeats_at_most(id, REPEAT_MAX)
    }

    /// Whether two nodes are the same expression to Go.
    pub(super) fn same(&self, one: NodeId, other: NodeId) -> bool {
        let (one, other) = (&self.nodes[one], &self.nodes[other]);
        let flags_agree = match one.op {
            Op::Literal(_) | Op::Class(_) => one.flags.fold_case == other.flags.fold_case,
            Op::Star | Op::Plus | Op::Quest | Op::Repeat(_) => {
                one.flags.non_greedy == other.flags.non_greedy
            }
            _ => true,
        };
        let subs_agree = || one.subs.iter().zip(&other.subs).all(|(a, b)| self.same(*a, *b));
        flags_agree && one.op == other.op && one.subs.len() == other.subs.len() && subs_agree()
    }
}

fn remember<T: Copy>(known: &mut Option<Vec<Option<T>>>, id: NodeId, value: T) -> T {
    if let Some(known) = known {
        if known.len() <= id {
            known.resize(id + 1, None);
        }
        known[id] = Some(value);
    }
    value
}
