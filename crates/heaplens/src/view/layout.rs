//! Where the frames of a flame graph lie. Used by every picture, so that all of them agree.
//!
//! x is the amount, the row is the depth; children lie within their caller, in the tree's order, flush left,
//! and what a function allocated itself is the free space right of its callees. `layout.js` lays out a zoomed
//! graph in the browser by the same rules: a change here is a change there.

use super::Tree;
use crate::profile::Amount;

/// Which way the stacks grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Root at the bottom.
    Flame,
    /// Root at the top. The default: the picture starts where the page starts, and deep stacks need scrolling
    /// in the usual direction only.
    #[default]
    Icicle,
}

/// What a block of the picture stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// One node of the tree.
    Frame {
        /// Its index.
        node: usize,
    },
    /// The callees of one node that are too narrow to draw, with all below them.
    Merged {
        /// The caller's index.
        parent: usize,
        /// How many nodes are in it.
        frames: usize,
    },
}

/// A rectangle of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    /// What it stands for.
    pub content: Content,
    /// Rows from the root's, which is 0.
    pub row: u32,
    /// Left edge, in the unit of the whole width.
    pub x: f64,
    /// Width, in the same unit.
    pub width: f64,
    /// What the width stands for: the node's width, or the sum of the merged ones.
    pub amount: Amount,
}

/// Lays out a node and all below it over the whole width; callers before callees, left before right.
///
/// Callees narrower than `min_width` become one block at the right of their siblings. Nodes of no width at all
/// (no live bytes; in a difference: no change) have no block. The root always has one.
pub fn layout(tree: &Tree, root: usize, width: f64, min_width: f64) -> Vec<Block> {
    let Some(top) = tree.nodes.get(root) else {
        return Vec::new();
    };
    let total = top.width().as_f64();
    let scale = if total > 0.0 { width / total } else { 0.0 };
    let mut blocks =
        vec![Block { content: Content::Frame { node: root }, row: 0, x: 0.0, width, amount: top.width() }];
    let mut next = 0;
    // Breadth first, over the list itself: rows come out in order, and no depth is too deep.
    while let Some(&caller) = blocks.get(next) {
        next += 1;
        if let Content::Frame { node } = caller.content {
            push_callees(tree, node, &caller, scale, min_width, &mut blocks);
        }
    }
    blocks
}

fn push_callees(tree: &Tree, node: usize, caller: &Block, scale: f64, min_width: f64, out: &mut Vec<Block>) {
    let row = caller.row + 1;
    let at = |before: Amount, amount: Amount, content| Block {
        content,
        row,
        x: caller.x + before.as_f64() * scale,
        width: amount.as_f64() * scale,
        amount,
    };
    let mut placed = Amount::ZERO;
    let mut merged = Amount::ZERO;
    let mut frames = 0;
    for child in tree.children(node) {
        let amount = tree.nodes[child].width();
        if amount.is_zero() {
            continue;
        }
        if amount.as_f64() * scale < min_width {
            merged += amount;
            frames += count_frames(tree, child);
        } else {
            out.push(at(placed, amount, Content::Frame { node: child }));
            placed += amount;
        }
    }
    if frames > 0 {
        out.push(at(placed, merged, Content::Merged { parent: node, frames }));
    }
}

/// How many nodes of any width are at and below this one.
pub fn count_frames(tree: &Tree, node: usize) -> usize {
    tree.nodes[node..tree.nodes[node].end].iter().filter(|n| !n.width().is_zero()).count()
}

/// How many columns of a monospaced font a text takes, to cut labels by; good enough, not typography.
pub fn columns(text: &str) -> usize {
    text.chars().map(char_columns).sum()
}

/// The text cut to so many columns, the cut marked by `…`; `None` if not even three would fit.
pub fn cut(text: &str, available: usize) -> Option<String> {
    if columns(text) <= available {
        return Some(text.to_owned());
    }
    if available < 3 {
        return None;
    }
    let mut used = 1;
    let mut out: String = text
        .chars()
        .take_while(|&c| {
            used += char_columns(c);
            used <= available
        })
        .collect();
    out.push('…');
    Some(out)
}

/// East Asian wide characters and emoji take two columns.
fn char_columns(c: char) -> usize {
    match c as u32 {
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f => 2,
        0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f000..=0x1ffff | 0x20000..=0x3ffff => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_cut_to_the_width() {
        assert_eq!(cut("alloc::vec", 10).as_deref(), Some("alloc::vec"));
        assert_eq!(cut("alloc::vec", 9).as_deref(), Some("alloc::v…"));
        assert_eq!(cut("alloc::vec", 2), None);
        assert_eq!(cut("日本語日本語", 6).as_deref(), Some("日本…"));
        assert_eq!(cut("f", 1).as_deref(), Some("f"));
    }
}
