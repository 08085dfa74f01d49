//! The picture for readers without script.

use super::header::{self, Header};
use super::{MAX_DEPTH, Options, Shape, data, style};
use crate::out::{escape, units};
use crate::view::layout::{self, Block, Content};
use crate::view::{Tree, palette};
use std::fmt::Write as _;

/// Height of a row; frames leave one pixel of it free.
const ROW: usize = 18;
/// Advance of a character of the monospaced font at 12 pixels.
const CHAR: f64 = 7.25;
/// Free space around everything.
const MARGIN: usize = 10;
const LINE: usize = 18;
/// Merged blocks below this are too thin to be seen.
const THINNEST: f64 = 0.25;
/// Width of one colour of the legend.
const SWATCH: usize = 16;

pub(super) struct Picture {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) body: String,
}

/// Draws header and graph.
pub(super) fn draw(tree: &Tree, header: &Header, options: &Options) -> Picture {
    let width = options.width.unwrap_or(1200).clamp(320, 10_000) as usize;
    let mut graph = String::new();
    let mut y = draw_header(tree, header, width, &mut graph);
    y += MARGIN / 2;
    let mut blocks = layout::layout(tree, 0, (width - 2 * MARGIN) as f64, 1.0);
    blocks.retain(|block| block.row <= MAX_DEPTH);
    let largest = data::largest_change(tree);
    let last_row = blocks.iter().map(|b| b.row).max().unwrap_or(0) as usize;
    graph.push_str("<g id=\"frames\">\n");
    for block in &blocks {
        let row = match options.shape {
            Shape::Icicle => block.row as usize,
            Shape::Flame => last_row - block.row as usize,
        };
        let class = match block.content {
            Content::Merged { .. } if block.width < THINNEST => continue,
            Content::Merged { .. } => "m".to_owned(),
            Content::Frame { node } if tree.is_diff => {
                style::change_class(palette::change_step(tree.nodes[node].net(), largest))
            }
            Content::Frame { node } => style::warm_class(&tree.nodes[node].name),
        };
        draw_block(tree, block, y + row * ROW, &class, &mut graph);
    }
    graph.push_str("</g>\n");
    let height = y + (last_row + 1) * ROW + MARGIN;
    Picture {
        width,
        height,
        body: format!(
            "<rect id=\"background\" width=\"100%\" height=\"100%\"/>\n<g id=\"static\">\n{graph}</g>\n"
        ),
    }
}

/// Returns where the next thing can be drawn.
fn draw_header(tree: &Tree, header: &Header, width: usize, out: &mut String) -> usize {
    let columns = ((width - 2 * MARGIN) as f64 / CHAR) as usize;
    let mut y = MARGIN;
    let mut lines = |class: &str, text: &str, height: usize, columns: usize| {
        for line in header::wrap(text, columns) {
            y += height;
            // Writing to a String cannot fail.
            let _ = writeln!(
                out,
                "<text class=\"{class}\" x=\"{MARGIN}\" y=\"{}\">{}</text>",
                y - 5,
                escape::xml(&line)
            );
        }
    };
    lines("title", &header.title, 24, columns * 12 / 16);
    for fact in &header.facts {
        lines("fact", fact, LINE, columns);
    }
    for warning in &header.warnings {
        lines("warning", &format!("⚠ {warning}"), LINE, columns);
    }
    if let Some(symbols) = &header.symbols {
        lines("muted", &symbols.line(), LINE, columns);
    }
    lines("muted", &header.legend, LINE, columns);
    if tree.is_diff {
        y += 4;
        draw_legend(tree, y, out);
        y += LINE + 4;
    }
    y
}

/// The colours of a difference with the values at both ends.
fn draw_legend(tree: &Tree, y: usize, out: &mut String) {
    let largest = units::amount(data::largest_change(tree).as_f64(), tree.sample_type.is_bytes());
    let (left, right) = (format!("shrank {largest}"), format!("grew {largest}"));
    let colors = (left.chars().count() as f64 * CHAR) as usize + 8;
    let after = colors + 17 * SWATCH + 8;
    let width = after + (right.chars().count() as f64 * CHAR) as usize + 4;
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "<g id=\"legend\" data-width=\"{width}\" transform=\"translate({MARGIN} {y})\">\
         <text class=\"fact\" x=\"0\" y=\"13\">{left}</text>"
    );
    for step in -palette::CHANGE_STEPS..=palette::CHANGE_STEPS {
        let x = colors + (step + palette::CHANGE_STEPS) as usize * SWATCH;
        let class = style::change_class(step);
        let _ = write!(out, "<rect class=\"{class}\" x=\"{x}\" y=\"2\" width=\"{SWATCH}\" height=\"14\"/>");
    }
    let middle = colors + 8 * SWATCH + SWATCH / 2;
    let _ = writeln!(
        out,
        "<text class=\"label\" x=\"{middle}\" y=\"13\" text-anchor=\"middle\">0</text>\
         <text class=\"fact\" x=\"{after}\" y=\"13\">{right}</text></g>"
    );
}

fn draw_block(tree: &Tree, block: &Block, y: usize, class: &str, out: &mut String) {
    let left = MARGIN as f64 + block.x;
    // A thin gap tells neighbours apart, but must not eat narrow frames.
    let visible = (block.width - 0.75).max(block.width * 0.6);
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "<rect class=\"{class}\" x=\"{}\" y=\"{y}\" width=\"{}\" height=\"{}\"/>",
        short(left),
        short(visible),
        ROW - 1
    );
    let available = ((block.width - 6.0) / CHAR).max(0.0) as usize;
    let text = match block.content {
        Content::Frame { node } => layout::cut(&escape::terminal(&tree.nodes[node].name), available),
        Content::Merged { frames, .. } => merged_label(frames, available),
    };
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        let _ = write!(
            out,
            "<text class=\"label\" x=\"{}\" y=\"{}\">{}</text>",
            short(left + 3.0),
            y + 13,
            escape::xml(&text)
        );
    }
    out.push('\n');
}

fn merged_label(frames: usize, available: usize) -> Option<String> {
    let text =
        if frames == 1 { "1 frame".to_owned() } else { format!("{} frames", units::count(frames as f64)) };
    layout::cut(&text, available)
}

/// A coordinate with two decimals at most.
fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
