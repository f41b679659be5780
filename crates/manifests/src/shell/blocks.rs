//! What commands stand in: a shell of their own, or lines that may be passed over. A change of folder
//! stays within the first and may or may not outlive the second.

/// One block of commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// The block around it; its own number for that of the whole text.
    pub around: usize,
    /// Whether a shell of its own runs it: `( … )`, `$( … )`. Otherwise it is a branch, the body of a
    /// loop, a group or a function.
    pub own_shell: bool,
}

/// All blocks of a text; the first is the text itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocks(Vec<Block>);

impl Default for Blocks {
    fn default() -> Self {
        Blocks(vec![Block { around: 0, own_shell: true }])
    }
}

impl Blocks {
    /// A block, by its number.
    pub fn get(&self, block: usize) -> Block {
        self.0.get(block).copied().unwrap_or(self.0[0])
    }

    /// The block of the shell that runs this one.
    pub fn shell(&self, mut block: usize) -> usize {
        while !self.get(block).own_shell {
            block = self.get(block).around;
        }
        block
    }

    /// Opens a block within another one, and says its number.
    pub(super) fn open(&mut self, around: usize, own_shell: bool) -> usize {
        self.0.push(Block { around, own_shell });
        self.0.len() - 1
    }
}
