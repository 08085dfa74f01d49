//! The nodes that go into the file, so that a browser can zoom and search.

use super::MAX_DEPTH;
use crate::profile::Amount;
use crate::view::{Node, Tree};

/// A node, or what was left out below one.
pub(super) struct Row {
    pub(super) content: Content,
    pub(super) depth: u32,
    /// What is not in the rows below: its sums over a subtree are the node's.
    pub(super) grown: Amount,
    pub(super) shrunk: Amount,
    pub(super) before: Amount,
    pub(super) other_after: Amount,
    pub(super) other_before: Amount,
}

pub(super) enum Content {
    /// Index of a node of the tree.
    Node(usize),
    /// So many nodes that are not in the file.
    Merged(usize),
}

/// All rows in preorder; left-out nodes come last among their siblings.
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    /// How many nodes were left out for their small width.
    pub(super) left_out: usize,
    /// None of those is wider.
    pub(super) left_out_width: Amount,
}

/// Selects at most `limit` nodes, the widest; the others are merged by their caller, so totals stay.
///
/// Nodes of no width are no rows: their amounts (equal before and after) go to their caller.
pub(super) fn select(tree: &Tree, limit: usize) -> Rows {
    let (kept, left_out_width) = keep(tree, limit);
    // They are as large as the tree: not twice while they grow.
    let mut rows: Vec<Row> = Vec::with_capacity(kept.iter().filter(|&&kept| kept).count());
    // Merged rows that wait until the last callee of their caller is written, with that caller's end.
    let mut waiting: Vec<(usize, Row)> = Vec::new();
    let mut left_out = 0;
    for (i, node) in tree.nodes.iter().enumerate() {
        while let Some((_, row)) = waiting.pop_if(|(end, _)| *end <= i) {
            rows.push(row);
        }
        if !kept[i] {
            continue;
        }
        let mut row = Row {
            content: Content::Node(i),
            depth: node.depth,
            grown: node.self_net().max(Amount::ZERO),
            shrunk: (-node.self_net()).max(Amount::ZERO),
            before: node.before(),
            other_after: node.other_after,
            other_before: node.other_before(),
        };
        let mut merged = Row {
            content: Content::Merged(0),
            depth: node.depth + 1,
            grown: Amount::ZERO,
            shrunk: Amount::ZERO,
            before: Amount::ZERO,
            other_after: Amount::ZERO,
            other_before: Amount::ZERO,
        };
        let mut frames = 0;
        for child in tree.children(i) {
            let callee = &tree.nodes[child];
            if callee.width().is_zero() {
                continue;
            }
            row.before -= callee.before();
            row.other_after -= callee.other_after;
            row.other_before -= callee.other_before();
            if !kept[child] {
                frames += crate::view::layout::count_frames(tree, child);
                merged.grown += callee.grown();
                merged.shrunk += callee.shrunk();
                merged.before += callee.before();
                merged.other_after += callee.other_after;
                merged.other_before += callee.other_before();
            }
        }
        rows.push(row);
        if frames > 0 {
            left_out += frames;
            merged.content = Content::Merged(frames);
            waiting.push((node.end, merged));
        }
    }
    rows.extend(waiting.into_iter().rev().map(|(_, row)| row));
    Rows { rows, left_out, left_out_width }
}

/// Which nodes stay, and the width of the widest that does not.
fn keep(tree: &Tree, limit: usize) -> (Vec<bool>, Amount) {
    let drawn = |n: &Node| !n.width().is_zero() && n.depth <= MAX_DEPTH;
    let mut kept: Vec<bool> = tree.nodes.iter().map(drawn).collect();
    if let Some(root) = kept.first_mut() {
        *root = true;
    }
    let mut order: Vec<usize> = (0..tree.nodes.len()).filter(|&i| kept[i]).collect();
    if order.len() <= limit {
        return (kept, Amount::ZERO);
    }
    // A callee is never wider than its caller and comes after it, so what stays always has its caller.
    order.select_nth_unstable_by(limit, |&a, &b| {
        let width = |i: usize| tree.nodes[i].width();
        width(b).cmp(&width(a)).then(a.cmp(&b))
    });
    for &i in &order[limit..] {
        kept[i] = false;
    }
    (kept, tree.nodes[order[limit]].width())
}
