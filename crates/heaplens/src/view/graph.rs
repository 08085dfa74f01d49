//! The graph of calls: the functions that hold most, and who calls whom.

use super::Top;
use crate::profile::{Amount, Profile, SampleType};
use rustc_hash::FxHashMap;

/// How much of a graph is kept, as jeprof's options say it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Most functions.
    pub nodes: usize,
    /// Functions with no more than this part of the total go.
    pub node_fraction: f64,
    /// Calls with no more than this part of the total go, unless nothing else leads to the callee.
    pub edge_fraction: f64,
    /// Most calls into a function, and out of it.
    pub degree: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { nodes: 80, node_fraction: 0.005, edge_fraction: 0.001, degree: 8 }
    }
}

/// Functions and calls of a profile. All amounts are unsampled; of a difference they are net.
#[derive(Clone, Debug)]
pub struct CallGraph {
    /// What is counted.
    pub sample_type: SampleType,
    /// The sum of all samples that have a stack.
    pub total: Amount,
    /// Functions with no more went.
    pub node_limit: Amount,
    /// Calls with no more went.
    pub edge_limit: Amount,
    /// By the size of what they and their callees hold, largest first, then by name.
    pub nodes: Vec<GraphNode>,
    /// By amount, largest first.
    pub edges: Vec<Edge>,
}

/// A function, or what else frames are named after.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphNode {
    /// Its name (raw: escape it for where it goes).
    pub name: String,
    /// Allocated by itself.
    pub flat: Amount,
    /// Allocated by it and what it calls, recursion counted once.
    pub cum: Amount,
}

/// Calls of one function by another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// Index of the caller.
    pub caller: usize,
    /// Index of the callee.
    pub callee: usize,
    /// What was allocated below these calls; recursion counts each time.
    pub amount: Amount,
}

impl CallGraph {
    /// The graph of a profile's functions, by their names.
    pub fn new(profile: &Profile, sample_type: SampleType, limits: &Limits) -> CallGraph {
        let top = Top::new(profile, sample_type);
        let mut nodes: Vec<GraphNode> = top
            .rows
            .into_iter()
            .map(|row| GraphNode { flat: row.flat.net(), cum: row.cum.net(), name: row.name })
            .collect();
        let total: Amount = nodes.iter().map(|node| node.flat).sum();
        let part = |fraction: f64| Amount::from_i128(Amount::from_f64(fraction * total.as_f64()).trunc());
        let (node_limit, edge_limit) = (part(limits.node_fraction), part(limits.edge_fraction));
        nodes.sort_by(|a, b| b.cum.abs().cmp(&a.cum.abs()).then_with(|| a.name.cmp(&b.name)));
        nodes.truncate(limits.nodes);
        nodes.truncate(nodes.iter().rposition(|node| node.cum.abs() > node_limit).map_or(0, |last| last + 1));
        let mut graph = CallGraph { sample_type, total, node_limit, edge_limit, nodes, edges: Vec::new() };
        graph.edges = graph.kept(graph.all_edges(profile), limits.degree);
        graph
    }

    /// Every call between two of the nodes, largest first.
    fn all_edges(&self, profile: &Profile) -> Vec<Edge> {
        let by_name: FxHashMap<&str, usize> =
            self.nodes.iter().enumerate().map(|(index, node)| (node.name.as_str(), index)).collect();
        let node_of: Vec<Option<usize>> =
            profile.frame_ids().map(|id| by_name.get(profile.frame_name(id).as_ref()).copied()).collect();
        let mut sums: FxHashMap<(usize, usize), Amount> = FxHashMap::default();
        for sample in profile.samples() {
            let amount = sample.values.get(self.sample_type);
            let mut callee: Option<usize> = None;
            for (_, frame) in profile.stack_from_leaf(sample.stack) {
                let caller = node_of[frame.index()];
                if let (Some(caller), Some(callee)) = (caller, callee) {
                    *sums.entry((caller, callee)).or_default() += amount;
                }
                callee = caller;
            }
        }
        let mut edges: Vec<Edge> =
            sums.into_iter().map(|((caller, callee), amount)| Edge { caller, callee, amount }).collect();
        edges.sort_by(|a, b| {
            b.amount.cmp(&a.amount).then_with(|| (a.caller, a.callee).cmp(&(b.caller, b.callee)))
        });
        edges
    }

    fn kept(&self, mut edges: Vec<Edge>, degree: usize) -> Vec<Edge> {
        let mut calls_in = vec![0; self.nodes.len()];
        let mut calls_out = vec![0; self.nodes.len()];
        edges.retain(|edge| {
            let (callers, callees) = (calls_in[edge.callee], calls_out[edge.caller]);
            // A function that nothing leads to would float.
            let is_kept =
                callers == 0 || (edge.amount.abs() > self.edge_limit && callees < degree && callers < degree);
            if is_kept {
                calls_in[edge.callee] += 1;
                calls_out[edge.caller] += 1;
            }
            is_kept
        });
        edges
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::parse_folded;

    fn graph(folded: &str, limits: &Limits) -> (Vec<String>, Vec<String>) {
        let profile = parse_folded(folded.as_bytes()).unwrap();
        let graph = CallGraph::new(&profile, SampleType::InuseSpace, limits);
        let name = |index: usize| graph.nodes[index].name.clone();
        let nodes = graph.nodes.iter().map(|n| format!("{} {} {}", n.name, n.flat.trunc(), n.cum.trunc()));
        let edges =
            graph.edges.iter().map(|e| format!("{}>{} {}", name(e.caller), name(e.callee), e.amount.trunc()));
        (nodes.collect(), edges.collect())
    }

    #[test]
    fn functions_and_calls_are_summed() {
        let (nodes, edges) = graph("main;a;b 700\nmain;b 200\nmain;a;a;c 90\nmain 10\n", &Limits::default());
        assert_eq!(nodes, ["main 10 1000", "b 900 900", "a 0 790", "c 90 90"]);
        assert_eq!(edges, ["main>a 790", "a>b 700", "main>b 200", "a>a 90", "a>c 90"]);
    }

    #[test]
    fn limits_cut_functions_and_calls() {
        let folded = "main;a 500\nmain;b 300\nmain;c 150\nmain;d 50\nmain;b;a 100\nmain;c;a 90\n";
        let mut limits = Limits { nodes: 4, ..Limits::default() };
        let (nodes, edges) = graph(folded, &limits);
        assert_eq!(nodes, ["main 0 1190", "a 690 690", "b 300 400", "c 150 240"]);
        assert_eq!(edges, ["main>a 500", "main>b 400", "main>c 240", "b>a 100", "c>a 90"]);
        limits.degree = 2;
        // The calls of c are the third out of main, but nothing else leads there.
        assert_eq!(graph(folded, &limits).1, ["main>a 500", "main>b 400", "main>c 240", "b>a 100"]);
        limits.edge_fraction = 0.095;
        assert_eq!(graph(folded, &limits).1.len(), 3);
        limits.node_fraction = 0.3;
        assert_eq!(graph(folded, &limits).0.len(), 3);
        limits.nodes = 0;
        assert_eq!(graph(folded, &limits), (vec![], vec![]));
    }
}
