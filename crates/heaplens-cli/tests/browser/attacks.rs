//! Names that attack are text: nothing of them runs, nothing is hidden in them, and the page stays alive.

use crate::home::{Home, Shown};
use crate::lab::{Lab, heaplens};
use crate::picture::Picture;
use crate::tab::Tab;
use libtest_mimic::Failed;
use serde_json::json;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::path::PathBuf;

/// What would run leaves this mark.
const MARK: &str = "window.hacked=1";

/// A kind of attack each.
fn names() -> Vec<String> {
    let mut names: Vec<String> = [
        format!("</script><script>{MARK}</script>"),
        format!("<img src=x onerror={MARK}>"),
        format!("\"><svg/onload={MARK}>"),
        format!("' onmouseover='{MARK}' style='position:fixed"),
        format!("javascript:{MARK}"),
        format!("]]><script>{MARK}</script><!--"),
        format!("${{{MARK}}}{{{{{MARK}}}}}"),
        "</style></title></textarea></noscript>".to_owned(),
        "&lt;b&gt;&#x41;".to_owned(),
    ]
    .into();
    names.extend(
        [
            "safe\u{202e}gpj.exe\u{2066}",
            "zero\u{200b}width\u{feff}",
            "\u{1b}[31mred\u{1b}[2J",
            "bell\u{7}and\u{9b}c1",
            "=cmd|'/C calc'!A0",
            "+1+cmd|' /C calc'!A0",
            "-2+3",
            "@SUM(1+1)",
            "\t=1+1",
            "__proto__",
            "constructor",
            "toString",
        ]
        .map(str::to_owned),
    );
    names.push(format!("long::{}", "x".repeat(64 << 10)));
    names
}

/// A series in which the first name leaks, so that it is all over the page. The files have such names as well.
fn series(lab: &Lab) -> Result<Vec<PathBuf>, Failed> {
    let dir = lab.dir().join("attacks");
    std::fs::create_dir_all(&dir)?;
    let mut files = Vec::new();
    for number in 0..10 {
        let mut text = String::new();
        for (i, name) in names().iter().enumerate() {
            let grows = if i == 0 { number * 30_000_000 } else { 0 };
            let _ = writeln!(text, "main;{name} {}", 20_000_000 + grows - i * 1000);
            let _ = writeln!(text, "{name};alloc::vec::Vec<u8>::push {}", 4_000_000 + grows / 5);
        }
        let file = dir.join(format!("{number}<img src=x onerror={MARK}>\u{202e}\".folded"));
        std::fs::write(&file, text)?;
        files.push(file);
    }
    Ok(files)
}

/// Nothing ran, nothing became an element, nothing is hidden.
fn is_text(tab: &Tab<'_>, what: &str) -> Result<(), Failed> {
    let wrong = tab.eval(
        "const wrong = []; if (window.hacked !== undefined) wrong.push('it ran'); \
         for (const e of document.body?.querySelectorAll('img,iframe,object,embed,base,form,script,style,link') ?? []) wrong.push(e.outerHTML.slice(0, 200)); \
         const hidden = /[\\0-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u200b-\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ufeff]/; \
         for (const e of document.querySelectorAll('body, body *, title, svg *')) for (const a of e.attributes) { \
           if (/^on/i.test(a.name) || (/^(href|src|action|formaction|xlink:href)$/.test(a.name) && /^\\s*javascript:/i.test(a.value))) wrong.push(e.outerHTML.slice(0, 200)); \
           if (hidden.test(a.value)) wrong.push(a.name + ' hides ' + a.value.slice(0, 200)); \
         } \
         const text = (document.body ?? document.documentElement).textContent; \
         if (hidden.test(text)) wrong.push('hidden near ' + text.slice(Math.max(text.search(hidden) - 50, 0)).slice(0, 100)); \
         return wrong",
    )?;
    if wrong == json!([]) { Ok(()) } else { Err(format!("{what}: {wrong}").into()) }
}

/// Waits until a view shows something.
pub(crate) fn filled(tab: &Tab<'_>, view: &str) -> Result<(), Failed> {
    tab.until(
        &format!("{view} is shown"),
        "const view = [...document.querySelectorAll('main > .view')].find(e => e.checkVisibility()); \
         return view && !view.hasAttribute('aria-busy') && view.querySelector(':scope > :not(.note)') !== null \
         && !/^Reading/.test(view.querySelector('.note')?.textContent ?? '') && view.textContent.length > 20",
    )
}

const VIEWS: [&str; 8] = ["answer", "flame", "top", "callers", "suspects", "threads", "modules", "source"];

pub(crate) fn views(lab: &Lab, home: Home) -> Result<(), Failed> {
    let files = series(lab)?;
    let title: OsString = format!("</title><script>{MARK}</script>").into();
    let mut args: Vec<&OsStr> = vec![OsStr::new("--title"), &title, OsStr::new("--every"), OsStr::new("5m")];
    args.extend(files.iter().map(|file| file.as_os_str()));
    let shown = Shown::make(home, &args)?;
    let tab = lab.page(&shown, "")?;
    let first = &names()[0];
    for (i, view) in VIEWS.iter().enumerate() {
        tab.keys(&(i + 1).to_string())?;
        filled(&tab, view)?;
        is_text(&tab, view)?;
    }
    tab.keys("1")?;
    assert_eq!(tab.text(".culprit h3")?, *first);
    tab.keys("3")?;
    for (filter, shown) in [
        ("script", first.as_str()),
        ("onerror", "<img src=x onerror=window.hacked=1>"),
        ("gpj", "safe\\u{202e}gpj.exe\\u{2066}"),
        ("31mred", "\\x1b[31mred"),
        ("__proto__", "__proto__"),
    ] {
        tab.link(&format!("view=top&filter={filter}"))?;
        let script =
            format!("return document.querySelector('.toppage .rows').textContent.includes({})", json!(shown));
        tab.until(&format!("{shown} is in the table"), &script)?;
    }
    tab.link("")?;
    // The box beside a frame, menus, and what links say.
    tab.keys("2d")?;
    tab.fragment("a=-1", true)?;
    crate::story::drawn(&tab)?;
    let at = crate::graph::find(&tab, "<img")?;
    is_text(&tab, "the box beside a frame")?;
    tab.right_click_at(at)?;
    tab.until("a menu is open", "return document.querySelector('.menu') !== null")?;
    is_text(&tab, "the menu")?;
    tab.choose("Callers and callees")?;
    filled(&tab, "callers")?;
    is_text(&tab, "callers")?;
    for (i, fragment) in [
        "search=%3Cimg%20src=x%20onerror=window.hacked=1%3E&view=flame",
        "view=__proto__&color=constructor&sample=toString&part=%3Cb%3E&a=1e9&b=-5&zoom=%00",
        "view=top&filter=%3C/script%3E%3Cscript%3Ewindow.hacked=1%3C/script%3E&sort=__proto__",
        "view=flame&focus=(((((a%2B)%2B)%2B)%2B)%2B)$&hide=%5B&ignore=%E2%80%AE",
        "view=callers&fn=__proto__",
        "view=source&fn=javascript:window.hacked=1",
    ]
    .iter()
    .enumerate()
    {
        tab.link(fragment)?;
        filled(&tab, fragment)?;
        is_text(&tab, &format!("link {i}"))?;
    }
    tab.close()
}

/// What is saved from the page is as harmless, and what the command line writes.
pub(crate) fn written(lab: &Lab) -> Result<(), Failed> {
    let files = series(lab)?;
    let last = files.last().ok_or("files")?;
    let shown = Shown::from_disk(&[last])?;
    let tab = lab.page(&shown, "#view=top")?;
    filled(&tab, "top")?;
    harmless_csv(tab.save("CSV of these rows")?.text()?)?;
    tab.keys("2")?;
    crate::story::drawn(&tab)?;
    let dir = tempfile::tempdir()?;
    let svg = tab.save("SVG picture")?;
    assert!(svg.name.is_ascii() && !svg.name.contains(['<', '"', '/']), "{}", svg.name);
    let svg = svg.put(dir.path())?;
    let picture = lab.browser()?.open(&format!("file://{}", svg.display()))?;
    picture.until("it is a picture", "return document.querySelectorAll('svg rect').length > 3 && document.querySelector('script, parsererror') === null")?;
    is_text(&picture, "the page's picture")?;
    picture.close()?;
    tab.close()?;
    let picture = Picture::of(lab, last)?;
    is_text(&picture, "flamegraph's picture")?;
    picture.close()?;
    let os = |args: &[&str]| args.iter().map(OsString::from).chain([last.into()]).collect::<Vec<OsString>>();
    harmless_csv(&heaplens(os(&["top", "-n", "0", "--format", "csv"]))?)?;
    harmless_csv(&heaplens(os(&["convert", "--to", "csv"]))?)?;
    let every = ["leaks", "--every", "5m"].map(OsString::from);
    let leaks: Vec<OsString> = every.into_iter().chain(files.iter().map(OsString::from)).collect();
    for text in [heaplens(os(&["top", "-n", "0"]))?, heaplens(leaks)?] {
        let hidden = |c: char| {
            (c.is_control() && c != '\n')
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}' | '\u{feff}')
        };
        let found = text.find(hidden).map(|at| text[at..].chars().take(20).collect::<String>());
        assert_eq!(found, None);
    }
    Ok(())
}

/// No field starts like a formula but numbers do.
fn harmless_csv(text: &str) -> Result<(), Failed> {
    let mut fields = Vec::new();
    let (mut field, mut is_quoted) = (String::new(), false);
    for c in text.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ',' | '\r' | '\n' if !is_quoted => fields.push(std::mem::take(&mut field)),
            _ => field.push(c),
        }
    }
    assert!(!is_quoted && fields.len() > 100, "{} fields", fields.len());
    assert!(
        fields.iter().any(|field| field.starts_with("'=cmd|'/C calc'!A0")),
        "the formula is there, as text"
    );
    let wrong = fields
        .iter()
        .find(|field| field.starts_with(['=', '+', '-', '@', '\t', '\r']) && field.parse::<f64>().is_err());
    match wrong {
        None => Ok(()),
        Some(field) => Err(format!("a spreadsheet would run {field:?}").into()),
    }
}

/// A million frames, one in another and one beside the other.
pub(crate) fn deep(lab: &Lab) -> Result<(), Failed> {
    let frames: Vec<String> = (0..1_000_000).map(|i| format!("f{}", i % 7)).collect();
    large(lab, "deep", &format!("{} 1000000\n", frames.join(";")))
}

/// A thousand functions that call a thousand others each.
pub(crate) fn wide(lab: &Lab) -> Result<(), Failed> {
    let mut text = String::new();
    for i in 0..1_000_000 {
        let _ = writeln!(text, "caller{};callee{} {}", i % 1000, i / 1000, 1 + i % 7);
    }
    large(lab, "wide", &text)
}

fn large(lab: &Lab, name: &str, text: &str) -> Result<(), Failed> {
    let file = lab.dir().join(format!("{name}.folded"));
    std::fs::write(&file, text)?;
    let shown = Shown::from_disk(&[&file])?;
    let tab = lab.page(&shown, "#view=flame")?;
    crate::story::drawn(&tab)?;
    tab.keys("g")?;
    tab.keys(crate::tab::DOWN)?;
    tab.keys(crate::tab::ENTER)?;
    tab.keys("3")?;
    filled(&tab, "top")?;
    tab.until("there are rows", "return document.querySelectorAll('.toppage .rows .row').length > 3")?;
    tab.keys("1")?;
    filled(&tab, "answer")?;
    tab.close()
}
