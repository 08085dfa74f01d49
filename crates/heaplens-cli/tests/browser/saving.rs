//! Files that the page saves, beside those that the command line writes of the same dumps.

use crate::home::Home;
use crate::lab::{Lab, heaplens, json, totals};
use crate::same::{is_the_same_table, is_the_same_text, says_the_same};
use crate::story::{drawn, sums_to};
use crate::tab::Tab;
use libtest_mimic::Failed;
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

/// As the page does by itself: documents and folded stacks of the command line have all start-up frames.
fn ours(args: &[&str], dumps: &[&Path]) -> Result<String, Failed> {
    let args = [&args[..1], &["--fold-runtime"], &args[1..]].concat();
    heaplens(args.into_iter().map(OsStr::new).chain(dumps.iter().map(|dump| dump.as_os_str())))
}

/// Of the graph: folded stacks, pprof, pictures.
pub(crate) fn graphs(lab: &Lab, home: Home) -> Result<(), Failed> {
    let ends = lab.ends()?;
    let tab = lab.open(home, "#view=flame")?;
    drawn(&tab)?;
    let folded = tab.save("folded stacks")?;
    is_the_same_text(folded.text()?, &ours(&["folded", "--base"], &ends)?, "folded")?;
    assert!(folded.name.ends_with("-flame.folded"), "{}", folded.name);
    pprof(&tab, &ends, &["diff"])?;
    let line = totals(ends, &[])?;
    svg(lab, &tab, &line)?;
    png(&tab)?;
    // Filters hold for files as well.
    tab.link("view=flame&focus=remember_label&part=grown")?;
    sums_to_part(&tab, &totals(ends, &["--focus", "remember_label"])?)?;
    let focused = tab.save("folded stacks")?;
    let grown = ours(&["folded", "--focus", "remember_label", "--base"], &ends)?;
    let grown: String = grown.lines().filter(|line| grew(line)).flat_map(|line| [line, "\n"]).collect();
    is_the_same_text(focused.text()?, &grown, "folded, what grew")?;
    // One dump.
    tab.link("view=flame&a=-1")?;
    sums_to(&tab, ours(&["top", "-n", "1"], &ends[1..])?.lines().next().unwrap_or_default())?;
    is_the_same_text(
        tab.save("folded stacks")?.text()?,
        &ours(&["folded"], &ends[1..])?,
        "folded, one dump",
    )?;
    pprof(&tab, &ends[1..], &["top"])?;
    tab.close()
}

/// Of the tables.
pub(crate) fn tables(lab: &Lab, home: Home) -> Result<(), Failed> {
    let ends = lab.ends()?;
    let tab = lab.open(home, "#view=top")?;
    sums_to(&tab, &totals(ends, &[])?)?;
    let csv = ours(&["diff", "-n", "0", "--format", "csv"], &ends)?;
    is_the_same_text(tab.save("CSV of these rows")?.text()?, &csv, "CSV")?;
    let document = tab.save("JSON of these rows")?.json()?;
    let line = serde_json::from_str(&ours(&["diff", "-n", "0", "--format", "json"], &ends)?)?;
    is_the_same_table(&document, &line, "functions")?;
    tab.keys("5")?;
    tab.until("there are suspects", "return document.querySelectorAll('.suspects .rows .row').length > 0")?;
    let judgement = tab.save("JSON of the judgement")?.json()?;
    says_the_same(&judgement, lab.judgement()?, "judgement")?;
    let suspects = tab.save("CSV of these rows")?;
    let first = suspects.text()?.lines().nth(1).unwrap_or_default();
    assert!(first.contains("remember_label"), "{first}");
    tab.close()
}

/// The line of totals of what grew alone.
fn sums_to_part(tab: &Tab<'_>, line: &str) -> Result<(), Failed> {
    let (_, rest) = line.split_once("stacks that grew ").ok_or("a sum of what grew")?;
    let grown = rest.split(',').next().unwrap_or_default();
    let words = serde_json::json!(format!(": {grown}"));
    tab.until(
        &format!("{grown} has grown"),
        &format!(
            "return [...document.querySelectorAll('.flamepage .summary strong')][0]?.textContent.includes({words}) \
             && document.querySelector('.flamepage canvas').height > 20"
        ),
    )
}

/// Two columns, of which the second is larger.
fn grew(line: &str) -> bool {
    let mut columns = line.rsplit(' ').map(|number| number.parse::<i64>().unwrap_or_default());
    columns.next() > columns.next()
}

/// Read back by ourselves: the same functions, but that each stack is rounded by itself.
fn pprof(tab: &Tab<'_>, dumps: &[&Path], args: &[&str]) -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let file = tab.save("pprof")?.put(dir.path())?;
    let back = json([
        OsStr::new("top"),
        "-n".as_ref(),
        "0".as_ref(),
        "--format".as_ref(),
        "json".as_ref(),
        file.as_ref(),
    ])?;
    let ours: Value =
        serde_json::from_str(&ours(&[args, &["-n", "0", "--format", "json"]].concat(), dumps)?)?;
    assert_eq!(back["kind"], ours["kind"]);
    assert_eq!(back["rate"], ours["rate"]);
    let most = ours["functions"].as_array().map_or(0, Vec::len) as f64 * 4.0;
    let (back, ours) = (figures(&back), figures(&ours));
    assert_eq!(back.keys().collect::<Vec<_>>(), ours.keys().collect::<Vec<_>>());
    for (key, value) in &ours {
        assert!((back[key] - value).abs() <= most, "{key}: {} in the file, {value} in the dumps", back[key]);
    }
    Ok(())
}

/// Figures of the total and of each function, but for intervals.
fn figures(document: &Value) -> BTreeMap<String, f64> {
    let mut all = BTreeMap::new();
    let mut add = |name: &str, figure: &Value| {
        for part in ["value", "from", "to", "objects"] {
            if let Some(number) = figure[part].as_f64() {
                all.insert(format!("{name} {part}"), number);
            }
        }
    };
    add("total", &document["total"]);
    for function in document["functions"].as_array().into_iter().flatten() {
        let name = function["name"].as_str().unwrap_or_default();
        add(&format!("{name} flat"), &function["flat"]);
        add(&format!("{name} cum"), &function["cum"]);
    }
    all
}

/// A picture by itself: drawn by the browser, with the totals.
fn svg(lab: &Lab, tab: &Tab<'_>, line: &str) -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let file = tab.save("SVG picture")?;
    let text = file.text()?.to_owned();
    for net in [
        line.split(" (").next().and_then(|line| line.rsplit(": ").next()).unwrap_or_default(),
        "remember_label",
    ] {
        assert!(text.contains(net), "{net} is not in the picture: {}", &text[..2000.min(text.len())]);
    }
    let path = file.put(dir.path())?;
    let picture = lab.browser()?.open(&format!("file://{}", path.display()))?;
    let is_drawn = "return document.documentElement.localName === 'svg' && document.querySelectorAll('rect').length > 3 \
                    && document.querySelector('parsererror') === null && document.querySelector('script') === null";
    picture.until("it is a picture and no more", is_drawn)?;
    picture.close()
}

fn png(tab: &Tab<'_>) -> Result<(), Failed> {
    let file = tab.save("PNG picture")?;
    assert!(file.bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "{:?}", &file.bytes[..8]);
    let number = |at: usize| u32::from_be_bytes(file.bytes[at..at + 4].try_into().unwrap_or_default());
    assert_eq!(number(16), 3200, "twice as wide as 1,600");
    assert!(number(20) > 100 && file.bytes.len() > 5000, "{} rows, {} bytes", number(20), file.bytes.len());
    assert!(file.bytes.ends_with(b"IEND\xaeB`\x82"), "it is cut");
    Ok(())
}
