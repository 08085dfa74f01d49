//! A graph of calls in graphviz' language, as jeprof writes it: boxes by what functions hold, lines by what calls do.

use super::escape;
use super::figures::{Unit, share};
use crate::error::Error;
use crate::profile::Amount;
use crate::view::CallGraph;
use std::io::Write;

/// What a graph says beside itself.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// What the profile is of.
    pub title: String,
    /// What amounts are written in.
    pub unit: Unit,
    /// The total before stacks were left out; `None` if none was.
    pub overall: Option<Amount>,
    /// The thinnest lines, which SVG shows badly, get a width of one.
    pub no_hairlines: bool,
    /// Fits the graph on a page of 8 by 11 inches.
    pub page: bool,
}

/// Lines that heavy make graphviz slow and, once, crash.
const MAX_WEIGHT: f64 = 100_000.0;

/// Writes the graph; figures are unsampled, of a difference net.
///
/// # Errors
/// Those of `out`.
pub fn write(graph: &CallGraph, options: &Options, out: &mut dyn Write) -> Result<(), Error> {
    let unit = options.unit;
    let (figure, label) = (|amount| unit.figure(amount), unit.label());
    let title = quoted(&options.title);
    let overall = figure(options.overall.unwrap_or(graph.total));
    writeln!(out, "digraph \"{title}; {overall} {label}\" {{")?;
    if options.page {
        writeln!(out, "size=\"8,11\"")?;
    }
    writeln!(out, "node [width=0.375,height=0.25];")?;
    writeln!(
        out,
        "Legend [shape=box,fontsize=24,shape=plaintext,label=\"{title}\\lTotal {label}: {overall}\\lFocusing on: \
         {}\\lDropped nodes with <= {} abs({label})\\lDropped edges with <= {} {label}\\l\"];",
        figure(graph.total),
        figure(graph.node_limit),
        figure(graph.edge_limit),
    )?;
    for (index, node) in graph.nodes.iter().enumerate() {
        let part = node.flat.as_f64() / graph.total.as_f64();
        let size = if graph.total > Amount::ZERO { 8.0 + 50.0 * part.abs().sqrt() } else { 8.0 };
        let callees = match node.flat == node.cum {
            true => String::new(),
            false => format!("\\rof {} ({})", figure(node.cum), share(node.cum, graph.total)),
        };
        writeln!(
            out,
            "N{} [label=\"{}\\n{} ({}){callees}\\r\",shape=box,fontsize={size:.1}];",
            index + 1,
            lines(&node.name),
            figure(node.flat),
            share(node.flat, graph.total),
        )?;
    }
    for edge in &graph.edges {
        let amount = edge.amount.as_f64();
        let part = if graph.total.is_zero() { 0.0 } else { 3.0 * amount / graph.total.as_f64() };
        let width = 2.0 * part.abs().min(1.0);
        let width = if options.no_hairlines { width.max(1.0) } else { width };
        let weight = amount.abs().powf(0.7).min(MAX_WEIGHT) as u64;
        let dashed = if graph.nodes[edge.callee].name.contains("(inline)") { ",dashed" } else { "" };
        writeln!(
            out,
            "N{} -> N{} [label={}, weight={weight}, style=\"setlinewidth({width:.6}){dashed}\"];",
            edge.caller + 1,
            edge.callee + 1,
            figure(edge.amount),
        )?;
    }
    writeln!(out, "}}")?;
    Ok(())
}

/// A name within quotes, where `\` begins a code of graphviz'.
fn quoted(text: &str) -> String {
    escape::terminal(text).replace('\\', "\\\\").replace('"', "\\\"")
}

/// A name that is broken where it may be.
fn lines(name: &str) -> String {
    let name = quoted(name);
    let words: Vec<&str> = name.split_whitespace().collect();
    words.join("\\n").replace("::", "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::parse_folded;
    use crate::profile::SampleType;
    use crate::view::graph::Limits;

    #[test]
    fn names_cannot_end_their_quotes() {
        let profile = parse_folded(b"ma\"in\\;a::b<\"c\"> d (inline) 3145728\n").unwrap();
        let graph = CallGraph::new(&profile, SampleType::InuseSpace, &Limits::default());
        let mut text = Vec::new();
        let options = Options { title: "x\"\\\n".to_owned(), ..Options::default() };
        write(&graph, &options, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("digraph \"x\\\"\\\\"), "{text}");
        assert!(
            lines[3].starts_with("N1 [label=\"a\\nb<\\\"c\\\">\\nd\\n(inline)\\n3.0 (100.0%)\\r\""),
            "{text}"
        );
        assert!(
            lines[4].starts_with("N2 [label=\"ma\\\"in\\\\\\n0.0 (0.0%)\\rof 3.0 (100.0%)\\r\""),
            "{text}"
        );
        assert_eq!(lines[5], "N2 -> N1 [label=3.0, weight=35351, style=\"setlinewidth(2.000000),dashed\"];");
    }
}
