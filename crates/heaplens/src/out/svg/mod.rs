//! Flame graphs as one SVG file, without network, for three readers.
//!
//! - A viewer that runs no script (an `<img>`, a file manager) shows the picture drawn here, 1200 wide by
//!   default. Frames narrower than a pixel are merged into grey blocks; totals include them.
//! - A browser runs the scripts beside this, which lay out the same data to the window's width, with zoom,
//!   search, keyboard, and the state in the URL fragment. The data is JSON columns in a script element.
//! - Both follow `prefers-color-scheme`, by style sheet alone.
//!
//! For a difference the width is grown + shrunk, so a stack that vanished keeps its place; colour is the net
//! change. The file's data has at most [`MAX_NODES`] nodes and [`MAX_DEPTH`] levels, and the picture shows what is a
//! pixel wide; beyond, frames are merged, and the header says so.
//! Names are hostile: see [`crate::out::escape`]. The script writes text as text, never as markup.

mod data;
mod header;
mod picture;
mod rows;
mod style;

pub use crate::view::layout::Shape;

/// The script (an ES module) that knows the data of a graph and searches it: for pages that draw it themselves.
pub const MODEL: &str = include_str!("model.js");

/// The script (an ES module, on `model.js`) that lays out a graph.
pub const LAYOUT: &str = include_str!("layout.js");

/// The script (an ES module, on `model.js`) that says in words what a frame is.
pub const DESCRIBE: &str = include_str!("describe.js");

use crate::error::Error;
use crate::out::script;
use crate::profile::Profile;
use crate::view::Tree;
use std::io::Write;

/// Nodes in one file: about 6 MB of data. Merged rests come on top, at most one for each node.
pub const MAX_NODES: usize = 200_000;

/// Levels in one file: 36,000 pixels. What lies deeper is merged into its caller at that level.
pub const MAX_DEPTH: u32 = 2_000;

/// What to draw around the graph, and how.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// Headline; says what the graph is by default.
    pub title: Option<String>,
    /// A line below it, such as the names of the inputs.
    pub subtitle: Option<String>,
    /// Root at the top (the default) or at the bottom.
    pub shape: Shape,
    /// What is missing or doubtful; shown in the picture.
    pub warnings: Vec<String>,
    /// What became of each module's symbols: its summary in the picture, the rest behind it.
    pub symbols: Option<super::symbols::Report>,
    /// Width of the picture without script in pixels, 320 to 10,000; 1200 by default.
    pub width: Option<u32>,
}

impl Options {
    /// The defaults.
    pub fn new() -> Options {
        Options::default()
    }

    /// Sets the headline.
    pub fn title(mut self, title: impl Into<String>) -> Options {
        self.title = Some(title.into());
        self
    }

    /// Sets the line below the headline.
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Options {
        self.subtitle = Some(subtitle.into());
        self
    }

    /// Sets which way the stacks grow.
    pub fn shape(mut self, shape: Shape) -> Options {
        self.shape = shape;
        self
    }

    /// Adds warnings; [`Warning`](crate::Warning)s and strings both do.
    pub fn warnings(mut self, warnings: impl IntoIterator<Item = impl ToString>) -> Options {
        self.warnings.extend(warnings.into_iter().map(|warning| warning.to_string()));
        self
    }

    /// Says what became of the symbols of a profile's modules.
    pub fn symbols(mut self, profile: &Profile) -> Options {
        self.symbols = super::symbols::report(profile);
        self
    }

    /// Sets the width of the picture without script, in pixels.
    pub fn width(mut self, width: u32) -> Options {
        self.width = Some(width);
        self
    }
}

/// Writes the flame graph of a tree. The same tree and options give the same bytes.
///
/// # Errors
/// Only if `out` fails.
pub fn write(tree: &Tree, options: &Options, out: &mut (impl Write + ?Sized)) -> Result<(), Error> {
    write_limited(tree, options, MAX_NODES, out)
}

fn write_limited(
    tree: &Tree,
    options: &Options,
    limit: usize,
    out: &mut (impl Write + ?Sized),
) -> Result<(), Error> {
    let rows = rows::select(tree, limit);
    let header = header::Header::new(tree, options, &rows);
    let picture = picture::draw(tree, &header, options);
    let data = data::encode(tree, rows.rows, &header, options);
    let title = super::escape::xml(&header.title);
    let symbols = header.symbols.as_ref().map(header::Symbols::line);
    let facts: Vec<&str> = header.facts.iter().chain(&symbols).map(String::as_str).collect();
    let facts = facts.join(". ");
    write!(
        out,
        concat!(
            r#"<?xml version="1.0" encoding="UTF-8"?>"#,
            "\n",
            r#"<svg xmlns="http://www.w3.org/2000/svg" id="heaplens" role="img" aria-labelledby="name about" "#,
            r#"width="{width}" height="{height}" viewBox="0 0 {width} {height}">"#,
            "\n<title id=\"name\">{title}</title>\n<desc id=\"about\">{about}</desc>\n",
            "<style><![CDATA[\n{css}]]></style>\n",
            "{body}",
            "<script id=\"data\" type=\"application/json\">{data}</script>\n",
            "<script><![CDATA[\n\"use strict\";\n(() => {{\n{script}}})();\n]]></script>\n</svg>\n"
        ),
        width = picture.width,
        height = picture.height,
        title = title,
        about = super::escape::xml(&facts),
        css = style::sheet(tree.is_diff),
        body = picture.body,
        data = data,
        script =
            script::joined([MODEL, LAYOUT, DESCRIBE, include_str!("panel.js"), include_str!("flame.js")]),
    )?;
    Ok(())
}

#[cfg(test)]
mod tests;
