//! What the page shows is what the command line says of the same inputs.

use crate::home::Shown;
use crate::inputs::{self, Input};
use crate::lab::{Lab, heaplens};
use crate::same::{is_the_same_table, says_the_same};
use crate::story::{says_the_verdict, sums_to};
use crate::tab::Tab;
use libtest_mimic::Failed;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::path::PathBuf;

pub(crate) fn plain(lab: &Lab) -> Result<(), Failed> {
    inputs::plain(lab)?.iter().try_for_each(|input| compare(lab, input))
}

pub(crate) fn cpp(lab: &Lab) -> Result<(), Failed> {
    let input = inputs::cpp(lab)?;
    let named = heaplens([OsStr::new("folded"), input.files[0].as_os_str()])?;
    assert!(named.contains("store::Index<std::") && named.contains("::insert"), "{named}");
    compare(lab, &input)
}

/// One dump of a Rust program; the whole series is compared by other tests.
pub(crate) fn rust(lab: &Lab) -> Result<(), Failed> {
    let last = lab.ends()?[1].to_owned();
    compare(lab, &Input { name: "rust", files: vec![last], options: Vec::new() })
}

fn ours(input: &Input, args: &[&str], files: &[&PathBuf]) -> Result<String, Failed> {
    let args = args.iter().map(OsStr::new).chain(input.options.iter().map(AsRef::as_ref));
    heaplens(args.chain(files.iter().map(|file| file.as_os_str())))
}

fn compare(lab: &Lab, input: &Input) -> Result<(), Failed> {
    let Input { name, files, options } = input;
    let args: Vec<&OsStr> =
        options.iter().map(AsRef::as_ref).chain(files.iter().map(|file| file.as_os_str())).collect();
    let shown = Shown::from_disk(&args)?;
    let tab = lab.page(&shown, "#view=top")?;
    let said = |failed: Failed| Failed::from(format!("{name}: {}", failed.message().unwrap_or_default()));
    match &files[..] {
        [only] => {
            functions(&tab, input, &["top"], &[only]).map_err(said)?;
            threads(&tab, input, only).map_err(said)?;
        }
        [a, b] => functions(&tab, input, &["diff"], &[a, b]).map_err(said)?,
        _ => series(&tab, input).map_err(said)?,
    }
    tab.close()
}

/// The table of functions: its document, and the first ten rows as they are seen.
fn functions(tab: &Tab<'_>, input: &Input, command: &[&str], files: &[&PathBuf]) -> Result<(), Failed> {
    let text = ours(input, &[command, &["-n", "10"]].concat(), files)?;
    sums_to(tab, text.lines().next().unwrap_or_default())?;
    tab.until("there are rows", "return document.querySelectorAll('.toppage .rows .row').length > 0")?;
    let document = tab.save("JSON of these rows")?.json()?;
    let line = ours(input, &[command, &["--fold-runtime", "-n", "0", "--format", "json"]].concat(), files)?;
    is_the_same_table(&document, &serde_json::from_str(&line)?, &command.join(" "))?;
    // Below the line of totals and the heads of columns.
    let rows: Vec<&str> = text
        .lines()
        .skip(2)
        .filter(|row| {
            !row.starts_with('…')
                && row.starts_with([' ', '+', '−', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
        })
        .collect();
    let seen = tab.eval(
        "return [...document.querySelectorAll('.toppage .rows .row')].slice(0, 10).map(row => { \
         const cells = [...row.querySelectorAll('.cell')]; \
         return [cells[0].textContent, cells[2].textContent, row.querySelector('.fn').textContent] })",
    )?;
    let seen = seen.as_array().ok_or("rows")?;
    assert!(!rows.is_empty() && seen.len() >= rows.len(), "{rows:?} {seen:?}");
    for (row, cells) in rows.iter().zip(seen) {
        for cell in cells.as_array().ok_or("cells")? {
            let cell = cell.as_str().unwrap_or_default();
            // Long names are shortened in the middle.
            let parts: Vec<&str> = cell.split('…').collect();
            assert!(parts.iter().all(|part| row.contains(part)), "{cell:?} is not in {row:?}");
        }
    }
    Ok(())
}

/// Threads as roots, where the dump tells them apart.
fn threads(tab: &Tab<'_>, input: &Input, file: &PathBuf) -> Result<(), Failed> {
    tab.keys("6")?;
    tab.until(
        "threads are shown, or that there are none",
        "const view = document.querySelector('.threadspage'); return view && (view.querySelectorAll('.rows .row').length > 0 \
         || view.textContent.includes('do not tell threads apart'))",
    )?;
    let has_threads =
        tab.eval("return document.querySelectorAll('.threadspage .rows .row').length > 0")? == json!(true);
    let is_known =
        input.name == "threads" || input.name == "cpp" || input.name == "rust" || input.name == "one-dump";
    assert_eq!(has_threads, is_known, "{}: threads", input.name);
    if !has_threads {
        return Ok(());
    }
    let line: Value = serde_json::from_str(&ours(
        input,
        &["top", "--by-thread", "--fold-runtime", "--cum", "-n", "0", "--format", "json"],
        &[file],
    )?)?;
    let mut threads: Vec<(String, i64)> = line["functions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|row| Some((row["name"].as_str()?.to_owned(), row["cum"]["value"].as_i64()?)))
        .filter(|(name, _)| name.starts_with("[thread") || name == "[no thread]")
        .collect();
    let document = tab.save("JSON of these rows")?.json()?;
    let mut shown: Vec<(String, i64)> = document
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|row| Some((row["name"].as_str()?.to_owned(), row["bytes"].as_i64()?)))
        .collect();
    threads.sort();
    shown.sort();
    assert_eq!(shown.len(), threads.len(), "{shown:?} {threads:?}");
    for (shown, thread) in shown.iter().zip(&threads) {
        assert!(shown.0 == thread.0 && (shown.1 - thread.1).abs() <= 1, "{shown:?} {thread:?}");
    }
    Ok(())
}

/// The verdict; what the page compares at first; and one dump of it alone.
fn series(tab: &Tab<'_>, input: &Input) -> Result<(), Failed> {
    let files: Vec<&PathBuf> = input.files.iter().collect();
    let judged: Value = serde_json::from_str(&ours(input, &["leaks", "--format", "json"], &files)?)?;
    let captures = judged["runs"][0]["captures"].as_array().ok_or("captures")?;
    let find = |name: Option<&Value>| {
        let name = name.and_then(Value::as_str).unwrap_or_default();
        files.iter().position(|file| file.to_string_lossy().ends_with(name)).ok_or("it is a file")
    };
    let (a, b) = (find(captures.first())?, find(captures.last())?);
    functions(tab, input, &["diff"], &[files[a], files[b]])?;
    let single = files.len() / 2;
    tab.keys("d")?;
    let select = format!(
        "const select = document.querySelector('.sides select:last-of-type'); select.value = '{single}'; \
         select.dispatchEvent(new Event('change')); return true"
    );
    tab.until("another dump is chosen", &select)?;
    functions(tab, input, &["top"], &[files[single]])?;
    tab.keys("1")?;
    tab.until("there is a verdict", "return document.querySelector('.headline h2') !== null")?;
    says_the_verdict(tab, &judged)?;
    let named = tab.eval("return document.querySelector('.culprit h3')?.textContent ?? null")?;
    assert_eq!(named, judged["culprits"][0]["name"]);
    let document = tab.save("JSON of the judgement")?.json()?;
    says_the_same(&document, &judged, "leaks")
}
