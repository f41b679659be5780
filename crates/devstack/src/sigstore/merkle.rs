//! The Merkle tree of RFC 6962, section 2: appended leaf by leaf, asked for its root and for inclusion proofs.

use sha2::{Digest, Sha256};

/// A node or leaf of the tree.
pub(crate) type Hash = [u8; 32];

/// A Merkle tree that remembers every complete subtree, so that an append and a proof cost O(log n).
#[derive(Default)]
pub(crate) struct Tree {
    /// `levels[k][i]` is the root of leaves `i * 2^k .. (i + 1) * 2^k`.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    pub(crate) fn len(&self) -> usize {
        self.levels.first().map_or(0, Vec::len)
    }

    /// Appends a leaf and completes the subtrees that it completes; returns the leaf's index.
    pub(crate) fn push(&mut self, leaf: Hash) -> usize {
        let index = self.len();
        let (mut node, mut level, mut position) = (leaf, 0, index);
        loop {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            self.levels[level].push(node);
            if position.is_multiple_of(2) {
                return index;
            }
            node = hash_children(&self.levels[level][position - 1], &node);
            (level, position) = (level + 1, position / 2);
        }
    }

    /// The root over all leaves (section 2.1).
    pub(crate) fn root(&self) -> Hash {
        self.subtree(0, self.len())
    }

    /// The audit path of a leaf, from its sibling up (section 2.1.1). The leaf must be in the tree.
    pub(crate) fn inclusion_proof(&self, leaf: usize) -> Vec<Hash> {
        let (mut start, mut end) = (0, self.len());
        let mut path = Vec::new();
        while end - start > 1 {
            let middle = start + split(end - start);
            if leaf < middle {
                path.push(self.subtree(middle, end));
                end = middle;
            } else {
                path.push(self.subtree(start, middle));
                start = middle;
            }
        }
        path.reverse();
        path
    }

    /// The complete hashes of one level, as a tile reads them (level 0: the leaves).
    pub(crate) fn level(&self, level: usize) -> &[Hash] {
        self.levels.get(level).map_or(&[], Vec::as_slice)
    }

    fn subtree(&self, start: usize, end: usize) -> Hash {
        let leaves = end - start;
        if leaves == 0 {
            return Sha256::digest([]).into();
        }
        if leaves.is_power_of_two() && start.is_multiple_of(leaves) {
            return self.levels[leaves.ilog2() as usize][start / leaves];
        }
        let middle = start + split(leaves);
        hash_children(&self.subtree(start, middle), &self.subtree(middle, end))
    }
}

/// The largest power of two smaller than `leaves` (which is at least 2).
fn split(leaves: usize) -> usize {
    leaves.next_power_of_two() / 2
}

pub(crate) fn hash_leaf(entry: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(entry).finalize().into()
}

fn hash_children(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(leaves: &[&[u8]]) -> Tree {
        let mut tree = Tree::default();
        for leaf in leaves {
            tree.push(hash_leaf(leaf));
        }
        tree
    }

    /// The eight leaves and roots that the Certificate Transparency projects test against.
    const LEAVES: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];

    #[test]
    fn roots_are_those_of_the_reference_trees() {
        let reference = [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ];
        for (size, root) in reference {
            assert_eq!(hex::encode(tree(&LEAVES[..size]).root()), root, "{size} leaves");
        }
    }

    /// Section 2.1.1 read backwards: fold the path into a root, without the tree.
    fn root_from_proof(leaf: Hash, mut index: usize, size: usize, path: &[Hash]) -> Hash {
        let (mut node, mut last) = (leaf, size - 1);
        for sibling in path {
            if index % 2 == 1 || index == last {
                node = hash_children(sibling, &node);
                while index.is_multiple_of(2) && index != 0 {
                    (index, last) = (index / 2, last / 2);
                }
            } else {
                node = hash_children(&node, sibling);
            }
            (index, last) = (index / 2, last / 2);
        }
        node
    }

    #[test]
    fn every_leaf_of_every_small_tree_proves_its_inclusion_and_no_other() {
        let mut tree = Tree::default();
        for size in 1..=70_usize {
            tree.push(hash_leaf(&size.to_be_bytes()));
            for index in 0..size {
                let leaf = hash_leaf(&(index + 1).to_be_bytes());
                let path = tree.inclusion_proof(index);
                assert_eq!(
                    root_from_proof(leaf, index, size, &path),
                    tree.root(),
                    "{index} of {size}"
                );
                let stranger = hash_leaf(b"stranger");
                assert_ne!(root_from_proof(stranger, index, size, &path), tree.root());
            }
        }
    }
}
