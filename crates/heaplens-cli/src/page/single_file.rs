//! The page as one file: works from disk, without a network.

use super::assets;
use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use base64::write::EncoderWriter;
use flate2::Compression;
use flate2::write::GzEncoder;
use heaplens::out::page::Page;
use sha2::{Digest, Sha256};
use std::io::Write;

/// Writes the page with all its data.
///
/// # Errors
/// Those of `out`.
pub(crate) fn write(page: &Page, title: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    let html = assets::titled(assets::find("index.html").unwrap_or_default(), title);
    let parts: Vec<Part> = html.lines().map(part).collect();
    for (line, part) in html.lines().zip(&parts) {
        match part {
            Part::Line => writeln!(out, "{line}")?,
            Part::Charset => {
                writeln!(out, "{line}")?;
                let policy = policy(&parts);
                writeln!(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">")?;
            }
            Part::Style(text) => writeln!(out, "<style>{text}</style>")?,
            Part::Script(text) => writeln!(out, "<script>{text}</script>")?,
            Part::Module(text) => {
                write!(out, "<script type=\"application/octet-stream\" id=\"data\">")?;
                data(page, out).context("the page's data")?;
                writeln!(out, "</script>")?;
                writeln!(out, "<script type=\"module\">{text}</script>")?;
            }
        }
    }
    Ok(())
}

/// What becomes of a line of the page.
enum Part {
    Line,
    /// The first thing in a document: what follows is under the policy.
    Charset,
    Style(&'static str),
    Script(&'static str),
    Module(String),
}

fn part(line: &str) -> Part {
    let line = line.trim();
    let named =
        |before: &str, after: &str| line.strip_prefix(before)?.strip_suffix(after).and_then(assets::find);
    if line.starts_with("<meta charset=") {
        Part::Charset
    } else if let Some(text) = named("<link rel=stylesheet href=", ">") {
        Part::Style(text)
    } else if let Some(text) = named("<script src=", "></script>") {
        Part::Script(text)
    } else if line.starts_with("<script type=module") {
        Part::Module(assets::scripts())
    } else {
        Part::Line
    }
}

/// Only what stands in the file runs, and nothing is fetched.
fn policy(parts: &[Part]) -> String {
    let hash = |text: &str| format!(" 'sha256-{}'", BASE64.encode(Sha256::digest(text)));
    let (mut scripts, mut styles) = (String::new(), String::new());
    for part in parts {
        match part {
            Part::Style(text) => styles += &hash(text),
            Part::Script(text) => scripts += &hash(text),
            Part::Module(text) => scripts += &hash(text),
            Part::Line | Part::Charset => {}
        }
    }
    format!(
        "default-src 'none'; script-src{scripts}; style-src{styles}; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
}

fn data(page: &Page, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut text = EncoderWriter::new(out, &BASE64);
    let mut zip = GzEncoder::new(&mut text, Compression::best());
    page.write(&mut zip)?;
    zip.finish()?;
    text.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use heaplens::out::page;
    use heaplens::series::Series;

    #[test]
    fn everything_stands_in_the_file() {
        let page = Page::new(Series::new(), None, &page::Options::default()).unwrap();
        let mut html = Vec::new();
        write(&page, "a </title><script>alert(1)</script>", &mut html).unwrap();
        let html = String::from_utf8(html).unwrap();
        assert!(html.contains("<title>a &lt;/title&gt;"));
        for outside in [" src=", "href=vendor", "href=style", "@import", "url("] {
            let (head, _) = html.split_once("<script>").unwrap();
            assert!(!head.contains(outside), "{outside}");
        }
        let policy = html.split_once("Content-Security-Policy").unwrap().1.split_once("\">").unwrap().0;
        assert_eq!(policy.matches("'sha256-").count(), html.matches("<style>").count() + 2, "{policy}");
        assert!(!policy.contains("unsafe"));
    }
}
