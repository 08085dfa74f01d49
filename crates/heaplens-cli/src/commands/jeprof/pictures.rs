//! `--dot`, and the pictures that graphviz makes of it.

use super::settings::{Graph, Mode, Picture};
use crate::notes;
use anyhow::{Context, anyhow, bail};
use heaplens::Profile;
use heaplens::out::dot;
use heaplens::out::figures::Unit;
use heaplens::profile::{Amount, SampleType};
use heaplens::view::CallGraph;
use heaplens::view::graph::Limits;
use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};

/// What the graph is of.
pub(super) struct Subject<'a> {
    pub(super) title: String,
    /// Before stacks were left out.
    pub(super) overall: Amount,
    pub(super) profile: &'a Profile,
    pub(super) sample: SampleType,
    pub(super) unit: Unit,
}

/// Writes the graph, or its picture.
///
/// # Errors
/// If nothing is left to show, or graphviz is not there or fails.
pub(super) fn write(
    subject: Subject<'_>,
    limits: &Graph,
    mode: &Mode,
    out: &mut Vec<u8>,
) -> anyhow::Result<()> {
    let graph = CallGraph::new(subject.profile, subject.sample, &self::limits(limits));
    if graph.nodes.is_empty() {
        bail!("no nodes to print: lower --nodefraction, or leave out --focus and --ignore");
    }
    let unit = subject.unit;
    if graph.node_limit > Amount::ZERO || graph.edge_limit > Amount::ZERO {
        let (nodes, edges, label) =
            (unit.figure(graph.node_limit), unit.figure(graph.edge_limit), unit.label());
        notes::line(&format!("Dropping nodes with <= {nodes} {label}; edges with <= {edges} abs({label})"));
    }
    let mut options = dot::Options::default();
    options.title = subject.title;
    options.unit = unit;
    options.overall = Some(subject.overall);
    options.no_hairlines = *mode == Mode::Picture(Picture::Svg);
    options.page = *mode == Mode::Picture(Picture::Pdf);
    match mode {
        Mode::Picture(picture) => {
            let mut text = Vec::new();
            dot::write(&graph, &options, &mut text)?;
            out.extend(draw(&text, *picture)?);
        }
        _ => dot::write(&graph, &options, out)?,
    }
    Ok(())
}

fn limits(typed: &Graph) -> Limits {
    let count = |number: i64| usize::try_from(number).unwrap_or(0);
    let mut limits = Limits::default();
    limits.nodes = count(typed.nodecount);
    limits.node_fraction = typed.nodefraction;
    limits.edge_fraction = typed.edgefraction;
    limits.degree = count(typed.maxdegree);
    limits
}

/// Lets graphviz draw.
fn draw(graph: &[u8], picture: Picture) -> anyhow::Result<Vec<u8>> {
    let format = match picture {
        Picture::Ps => "ps2",
        Picture::Pdf => "pdf",
        Picture::Svg => "svg",
        Picture::Gif => "gif",
    };
    let started = Command::new("dot")
        .arg(format!("-T{format}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => bail!(
            "graphviz draws this picture, and its program `dot` is not in the search path: install graphviz, or write \
             --dot > mem.dot for one that is elsewhere; `heaplens flamegraph` draws by itself"
        ),
        Err(error) => return Err(error).context("starting graphviz' dot"),
    };
    let mut stdin = child.stdin.take().ok_or_else(|| anyhow!("graphviz' dot has no standard input"))?;
    // It reads all before it draws. If it ends early its exit code says why.
    let _ = stdin.write_all(graph);
    drop(stdin);
    let output = child.wait_with_output().context("waiting for graphviz' dot")?;
    if !output.status.success() {
        bail!("graphviz' dot ended with {}; look at what it said, or at the graph with --dot", output.status);
    }
    Ok(output.stdout)
}
