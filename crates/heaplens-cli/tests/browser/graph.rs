//! The page's flame graph: differences, search, menus, keys.

use crate::home::Home;
use crate::lab::{Lab, totals};
use crate::story::{LEAK, drawn, sums_to};
use crate::tab::{BACKSPACE, DOWN, ENTER, ESCAPE, F10, SHIFT, TAB, Tab};
use libtest_mimic::Failed;
use serde_json::json;

/// A point of the frame whose name has a word in it; found as a mouse finds it, by what the box beside it says.
pub(crate) fn find(tab: &Tab<'_>, word: &str) -> Result<(i64, i64), Failed> {
    let script = format!(
        "const space = [...document.querySelectorAll('.graph-space')].find(e => e.checkVisibility()); \
         const box = space.getBoundingClientRect(); \
         for (let y = Math.max(box.top, 0) + 9; y < Math.min(box.bottom, innerHeight); y += 6) {{ \
           for (let x = box.left + 2; x < box.right; x += 4) {{ \
             space.dispatchEvent(new PointerEvent('pointermove', {{clientX: x, clientY: y, bubbles: true, pointerType: 'mouse'}})); \
             const tip = space.closest('.graph').querySelector('.graph-tip:not([hidden]) .name'); \
             if (tip?.textContent.includes({})) return [Math.round(x), Math.round(y)]; \
           }} \
         }} return null",
        json!(word)
    );
    let found = tab.eval(&script)?;
    match (found[0].as_i64(), found[1].as_i64()) {
        (Some(x), Some(y)) => Ok((x, y)),
        _ => {
            Err(format!("no frame has {word:?} in its name; the graph is {}", tab.text(".graph-scroll")?)
                .into())
        }
    }
}

/// `+80.0 MiB` and `−16.0 MiB` of `…; stacks that grew +80.0 MiB, that shrank −16.0 MiB`.
fn sides(line: &str) -> Result<(&str, &str), Failed> {
    let (_, rest) = line.split_once("stacks that grew ").ok_or_else(|| format!("{line:?} has no sides"))?;
    rest.split_once(", that shrank ").ok_or_else(|| format!("{line:?} has no second side").into())
}

/// What grew and shrank, together and alone; relative; as a plain profile.
pub(crate) fn difference(lab: &Lab, home: Home) -> Result<(), Failed> {
    let ends = lab.ends()?;
    let line = totals(ends, &[])?;
    let (grown, shrunk) = sides(&line)?;
    let tab = lab.open(home, "#view=flame")?;
    sums_to(&tab, &line)?;
    tab.hover(".graph-scroll")?;
    let pixels =
        |tab: &Tab<'_>| tab.eval("return document.querySelector('.flamepage canvas').toDataURL().length");
    let all = pixels(&tab)?;
    for (part, figure) in [("grown", grown), ("shrunk", shrunk)] {
        tab.keys("p")?;
        tab.fragment(&format!("part={part}"), true)?;
        let words = format!(": {figure}");
        tab.until(
            &format!("{words} is all that has {part}"),
            &format!(
                "return document.querySelector('.flamepage .summary strong').textContent.includes({})",
                json!(words)
            ),
        )?;
    }
    tab.keys("p")?;
    sums_to(&tab, &line)?;
    tab.until(
        "it is drawn as before",
        &format!("return document.querySelector('.flamepage canvas').toDataURL().length === {all}"),
    )?;
    tab.keys("%")?;
    tab.fragment("relative=1", true)?;
    find(&tab, LEAK)?;
    let shares =
        "return document.querySelector('.flamepage .graph-tip').textContent.includes('% of its side')";
    tab.until("shares are compared", shares)?;
    tab.keys("%d")?;
    tab.fragment("a=-1", true)?;
    let last = crate::lab::heaplens(["top".as_ref(), "-n".as_ref(), "1".as_ref(), ends[1].as_os_str()])?;
    sums_to(&tab, last.lines().next().unwrap_or_default())?;
    tab.close()
}

/// Text and regular expression; what was found is what `--focus` leaves.
pub(crate) fn search(lab: &Lab, home: Home) -> Result<(), Failed> {
    let line = totals(lab.ends()?, &["--focus", LEAK])?;
    let (_, net) = line.split_once(": ").and_then(|(_, rest)| rest.split_once(": ")).ok_or("a total")?;
    let net = net.split([' ', '(', ';', ',']).take(2).collect::<Vec<_>>().join(" ");
    let matched = |tab: &Tab<'_>, words: &str| {
        let script =
            format!("return document.querySelector('.matched').textContent.includes({})", json!(words));
        tab.until(&format!("matched says {words:?}"), &script)
    };
    let tab = lab.open(home, "#view=flame")?;
    drawn(&tab)?;
    tab.keys("/")?;
    tab.until("the field has the focus", "return document.activeElement.id === 'search'")?;
    tab.keys(LEAK)?;
    matched(&tab, &format!("net {net}"))?;
    tab.keys(ESCAPE)?;
    tab.until("it is cleared", "return document.querySelector('.matched').textContent === ''")?;
    tab.keys("Remember.label")?;
    matched(&tab, "matched: nothing")?;
    tab.click(".search .toggle[aria-label='regular expression']")?;
    matched(&tab, &format!("net {net}"))?;
    tab.fragment("regex=1", true)?;
    tab.click(".search .toggle[aria-label='match case']")?;
    matched(&tab, "matched: nothing")?;
    tab.click("#search")?;
    tab.keys("(")?;
    matched(&tab, "not a regular expression")?;
    tab.close()
}

/// The menu of a frame, and the views that it leads to.
pub(crate) fn menus(lab: &Lab, home: Home) -> Result<(), Failed> {
    let ends = lab.ends()?;
    let name = lab.judgement()?["culprits"][0]["name"].as_str().unwrap_or_default().to_owned();
    let exactly = format!("^{}$", regex::escape(&name));
    let tab = lab.open(home, "#view=flame&part=grown")?;
    drawn(&tab)?;
    tab.right_click_at(find(&tab, &name)?)?;
    tab.choose("Callers and callees")?;
    tab.fragment("view=callers", true)?;
    tab.keys("p")?;
    tab.keys("p")?;
    tab.fragment("part=", false)?;
    sums_to(&tab, &totals(ends, &["--focus", &exactly])?)?;
    let shown = tab.eval("return document.querySelector('.callerspage input').value")?;
    assert_eq!(shown, json!(name));
    for half in ["callers", "callees"] {
        tab.until(
            &format!("there are {half}"),
            &format!("return document.querySelectorAll('.half.{half} .rows .row').length > 0 && document.querySelector('.half.{half} canvas').height > 20"),
        )?;
    }
    let caller = lab.judgement()?["culprits"][0]["callers"][0]["name"].clone();
    assert_eq!(json!(tab.text(".half.callers .rows .row .fn")?), caller);
    // By keys: to the frame, its menu, and away with it.
    tab.link("view=flame")?;
    drawn(&tab)?;
    tab.keys("g")?;
    walk_to(&tab, &name)?;
    tab.chord(SHIFT, F10)?;
    tab.until("the menu is open", "return document.activeElement.role === 'menuitem'")?;
    tab.keys(ESCAPE)?;
    tab.until(
        "it is closed, and the graph has the focus",
        "return document.querySelector('.menu') === null && document.activeElement.matches('.graph-scroll')",
    )?;
    tab.chord(SHIFT, F10)?;
    // Zoom in, focus, ignore.
    tab.keys(&[DOWN, DOWN, ENTER].concat())?;
    tab.fragment("ignore=", true)?;
    sums_to(&tab, &totals(ends, &["--ignore", &exactly])?)?;
    assert!(tab.text(".chips")?.contains(LEAK), "{}", tab.text(".chips")?);
    tab.click(".chips button")?;
    sums_to(&tab, &totals(ends, &[])?)?;
    tab.close()
}

/// Down the graph by its keys until the frame in focus is the one.
fn walk_to(tab: &Tab<'_>, name: &str) -> Result<(), Failed> {
    tab.until("the graph has the focus", "return document.activeElement.matches('.graph-scroll')")?;
    let said = "[...document.querySelectorAll('.graph-said[role=status]')].find(e => e.closest('.view').checkVisibility()).textContent";
    for _ in 0..100 {
        let words = tab.eval(&format!("return {said}"))?;
        let words = words.as_str().unwrap_or_default();
        if words.starts_with(name) {
            return Ok(());
        }
        tab.keys(DOWN)?;
        if tab.eval(&format!("return {said}"))?.as_str() == Some(words) {
            return Err(format!("the widest path ends at {words:?} and not at {name:?}").into());
        }
    }
    Err(format!("{name:?} was not reached").into())
}

/// From the answer through the views without a mouse.
pub(crate) fn keyboard(lab: &Lab, home: Home) -> Result<(), Failed> {
    let tab = lab.open(home, "")?;
    tab.until("there is a verdict", "return document.querySelector('.culprit h3') !== null")?;
    // Everything that can be reached shows that it has the focus, and Tab comes to the marks.
    let mut passed = 0;
    while tab.eval("return document.activeElement.matches('.mark.a')")? != json!(true) {
        tab.keys(TAB)?;
        passed += 1;
        let focus = "const e = document.activeElement; \
                     const is = e => { const s = getComputedStyle(e); return s.outlineStyle !== 'none' || s.boxShadow !== 'none' }; \
                     return e !== document.body && [e, ...e.children].some(is) ? true : e.outerHTML.slice(0, 200)";
        assert_eq!(tab.eval(focus)?, json!(true), "the focus is not seen");
        assert!(passed < 100, "Tab never comes to the marks");
    }
    tab.keys("2")?;
    drawn(&tab)?;
    tab.keys("g")?;
    tab.until("the graph has the focus", "return document.activeElement.matches('.graph-scroll')")?;
    tab.keys(&[DOWN, DOWN, ENTER].concat())?;
    tab.fragment("zoom=", true)?;
    tab.until(
        "the path is told",
        "return document.querySelectorAll('.flamepage .graph-crumbs li').length > 2",
    )?;
    tab.keys(&[BACKSPACE, BACKSPACE].concat())?;
    tab.fragment("zoom=", false)?;
    for (key, word) in [
        ("u", "inverted=1"),
        ("i", "shape=flame"),
        ("o", "color=name"),
        ("m", "allocator=1"),
        ("r", "runtime=1"),
    ] {
        tab.keys(key)?;
        tab.fragment(word, true)?;
        drawn(&tab)?;
    }
    tab.keys("?")?;
    tab.until("the keys are listed", "return document.querySelector('dialog').open")?;
    // What they mean they do not mean there.
    tab.keys("3")?;
    tab.keys(ESCAPE)?;
    tab.until("they are gone", "return !document.querySelector('dialog').open")?;
    tab.fragment("view=flame", true)?;
    tab.keys("3")?;
    tab.until("there are rows", "return document.querySelectorAll('.toppage .rows .row').length > 0")?;
    tab.keys("g")?;
    tab.keys(&[DOWN, DOWN].concat())?;
    tab.until(
        "the second row is chosen",
        "return document.querySelector('.toppage .row.active')?.dataset.row === '1'",
    )?;
    let name = tab.text(".toppage .row.active .fn")?;
    tab.keys(ENTER)?;
    tab.fragment("view=callers", true)?;
    tab.until(
        "it is shown",
        &format!("return document.querySelector('.callerspage input').value === {}", json!(name)),
    )?;
    tab.keys("3/")?;
    tab.keys(LEAK)?;
    tab.fragment("filter=", true)?;
    tab.until("only its rows are left", &format!("const rows = [...document.querySelectorAll('.toppage .rows .row .fn')]; return rows.length > 0 && rows.every(e => e.textContent.includes('{LEAK}'))"))?;
    tab.keys(ESCAPE)?;
    tab.fragment("filter=", false)?;
    tab.until(
        "the whole table is back",
        "return document.querySelectorAll('.toppage .rows .row').length > 5",
    )?;
    // Once more leaves the field.
    tab.keys(ESCAPE)?;
    for (key, view) in [("5", "suspects"), ("7", "modules"), ("8", "source"), ("1", "")] {
        tab.keys(key)?;
        tab.fragment("view=", !view.is_empty())?;
        tab.fragment(view, true)?;
    }
    tab.keys("2")?;
    tab.keys("e")?;
    tab.until("the menu of files has the focus", "return document.activeElement.role === 'menuitem'")?;
    tab.keys(ESCAPE)?;
    tab.until("it is closed", "return document.querySelector('.menu') === null")?;
    tab.close()
}
