//! The page over a series of the demo: the answer, the two marks, links.

use crate::home::Home;
use crate::lab::{Lab, totals};
use crate::tab::{LEFT, RIGHT, Tab};
use libtest_mimic::Failed;
use serde_json::{Value, json};

/// What must be named; where it stands in the demo's source.
pub(crate) const LEAK: &str = "remember_label";

/// The answer, without a scroll or a click.
pub(crate) fn first_screen(lab: &Lab, home: Home) -> Result<(), Failed> {
    let tab = lab.open(home, "")?;
    tab.until("there is a verdict", "return document.querySelector('.culprit h3') !== null")?;
    let judgement = lab.judgement()?;
    let culprit = &judgement["culprits"][0];
    assert_eq!(judgement["verdict"], "leak");
    assert!(culprit["name"].as_str().is_some_and(|name| name.contains(LEAK)), "{culprit}");
    assert_eq!(tab.text(".headline .badge")?, "Leak");
    says_the_verdict(&tab, judgement)?;
    assert_eq!(json!(tab.text(".culprit h3")?), culprit["name"]);
    for css in [".headline h2", ".culprit h3", ".culprit .facts", ".next button"] {
        let is_seen = format!(
            "const box = document.querySelector('{css}').getBoundingClientRect(); \
             return box.top >= 0 && box.bottom <= innerHeight && box.right <= innerWidth"
        );
        assert_eq!(tab.eval(&is_seen)?, json!(true), "{css} is on the first screen");
    }
    // What to do next leads there.
    tab.click(".next button.main")?;
    tab.until("the graph finds it", "return document.querySelector('.matched').textContent !== ''")?;
    assert!(tab.text(".matched")?.starts_with("matched: "), "{}", tab.text(".matched")?);
    assert!(!tab.text(".matched")?.contains("nothing"), "{}", tab.text(".matched")?);
    tab.fragment("part=grown", true)?;
    tab.fragment(LEAK, true)?;
    tab.close()
}

/// The headline has all figures of the verdict; names and places may be in fewer words.
pub(crate) fn says_the_verdict(tab: &Tab<'_>, judgement: &Value) -> Result<(), Failed> {
    let sentence = judgement["sentence"].as_str().unwrap_or_default();
    let (_, sentence) = sentence.split_once(": ").ok_or("a verdict and its grounds")?;
    let said = tab.text(".headline h2 > :last-child")?;
    let figures = sentence.split_once(" grows by ").map_or(sentence, |(_, figures)| figures);
    match said.to_lowercase().ends_with(&figures.to_lowercase()) {
        true => Ok(()),
        false => Err(format!("the page says {said:?}, and the verdict is {sentence:?}").into()),
    }
}

/// Nothing but the file, or what the server gives under its secret.
pub(crate) fn nothing_else(lab: &Lab, home: Home) -> Result<(), Failed> {
    let tab = lab.open(home, "#view=flame")?;
    drawn(&tab)?;
    let own = tab.eval("return location.href.replace(/#.*/, '')")?;
    let fetched = tab.eval("return performance.getEntriesByType('resource').map(e => e.name)")?;
    let fetched = fetched.as_array().ok_or("a list")?;
    let own = own.as_str().ok_or("an address")?;
    let others: Vec<&Value> =
        fetched.iter().filter(|url| !url.as_str().is_some_and(|url| url.starts_with(own))).collect();
    let is_data = |url: &&&Value| url.as_str().is_some_and(|url| url.starts_with("data:"));
    assert_eq!(others.iter().filter(|url| !is_data(url)).count(), 0, "{others:?}");
    assert_eq!(fetched.len() - others.len() > 10, home == Home::Server, "{fetched:?}");
    tab.close()
}

/// Waits until a flame graph is drawn.
pub(crate) fn drawn(tab: &Tab<'_>) -> Result<(), Failed> {
    tab.until(
        "the graph is drawn",
        "const all = [...document.querySelectorAll('.flamepage')]; return all.some(e => e.checkVisibility() \
         && !e.hasAttribute('aria-busy') && e.querySelector('.graph-canvas')?.height > 20 \
         && e.querySelector('.summary').textContent !== '')",
    )
}

/// Waits until the line above a graph or table begins with what the command line says of the total.
pub(crate) fn sums_to(tab: &Tab<'_>, line: &str) -> Result<(), Failed> {
    let total = line.split_once(": ").map_or(line, |(_, total)| total);
    tab.until(
        &format!("the total is that of {line:?}"),
        &format!(
            "const found = [...document.querySelectorAll('.view .summary strong')].find(e => e.checkVisibility()); \
             return found && {}.startsWith(found.textContent)",
            json!(total)
        ),
    )
}

/// The capture that a mark stands at, from 1.
fn place(tab: &Tab<'_>, mark: &str) -> Result<usize, Failed> {
    let number = tab.eval(&format!("return document.querySelector('.mark.{mark}')?.ariaValueNow"))?;
    Ok(number.as_str().ok_or("there is no mark")?.parse()?)
}

fn at(tab: &Tab<'_>, mark: &str, place: usize) -> Result<(), Failed> {
    let is_there = format!("return document.querySelector('.mark.{mark}').ariaValueNow === '{place}'");
    tab.until(&format!("{mark} stands at {place}"), &is_there)
}

/// The middle of a mark, as the window has it.
fn middle(tab: &Tab<'_>, mark: &str) -> Result<(i64, i64), Failed> {
    let script = format!(
        "const box = document.querySelector('.mark.{mark}').getBoundingClientRect(); \
         return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)]"
    );
    let found = tab.eval(&script)?;
    Ok((found[0].as_i64().ok_or("a number")?, found[1].as_i64().ok_or("a number")?))
}

/// What is compared is chosen on the chart, by mouse and by keys.
pub(crate) fn marks(lab: &Lab, home: Home) -> Result<(), Failed> {
    let demo = lab.demo()?;
    let tab = lab.open(home, "")?;
    tab.until("there is a chart", "return document.querySelector('.mark.b')?.ariaValueNow != null")?;
    let (a, b) = (place(&tab, "a")?, place(&tab, "b")?);
    assert_eq!([&demo[a - 1], &demo[b - 1]], lab.ends()?, "{a} to {b}");
    tab.click(".chart h2")?;
    let (from, to) = (middle(&tab, "a")?, middle(&tab, "b")?);
    // To the dump that is halfway, and a little beside it.
    let half = a + (b - a) / 2;
    let step = (to.0 - from.0) as f64 / (b - a) as f64;
    let target = from.0 + (step * (half - a) as f64 + step / 5.0).round() as i64;
    tab.drag(from, (target, from.1))?;
    at(&tab, "a", half)?;
    tab.fragment(&format!("a={}", half - 1), true)?;
    tab.keys("2")?;
    sums_to(&tab, &totals([&demo[half - 1], &demo[b - 1]], &[])?)?;
    tab.back()?;
    tab.fragment("view=flame", false)?;
    at(&tab, "a", half)?;
    // All of a drag is one step.
    tab.back()?;
    at(&tab, "a", a)?;
    // By keys: the mark has the focus from a click.
    tab.click(".mark.b")?;
    tab.keys(&[LEFT, LEFT, LEFT, RIGHT].concat())?;
    at(&tab, "b", b - 2)?;
    assert_eq!(place(&tab, "a")?, a);
    tab.keys("3")?;
    sums_to(&tab, &totals([&demo[a - 1], &demo[b - 3]], &[])?)?;
    // And from anywhere.
    tab.keys(".")?;
    at(&tab, "b", b - 1)?;
    tab.keys("]")?;
    at(&tab, "a", a + 1)?;
    sums_to(&tab, &totals([&demo[a], &demo[b - 2]], &[])?)?;
    tab.keys("0")?;
    sums_to(&tab, &totals(lab.ends()?, &[])?)?;
    tab.close()
}

/// All that is seen of a graph, each pixel of it.
fn seen(tab: &Tab<'_>) -> Result<Value, Failed> {
    drawn(tab)?;
    // A picture is drawn with the next frame.
    tab.session.script_that_waits(
        "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => { \
         const view = [...document.querySelectorAll('.flamepage')].find(e => e.checkVisibility()); \
         const canvas = view.querySelector('canvas'); let hash = 7; \
         const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height); \
         for (const pixel of new Int32Array(pixels.data.buffer)) hash = (Math.imul(hash, 31) + pixel) | 0; \
         done([location.hash, view.querySelector('.summary').textContent, view.querySelector('.graph-crumbs').textContent, \
         document.querySelector('.matched').textContent, document.querySelector('#search').value, \
         [...document.querySelectorAll('.bar select')].map(e => e.value), canvas.width, canvas.height, hash]); }))",
    )
}

/// A window in which nothing needs to be scrolled to: how far it was is not in the link.
fn tall(tab: &Tab<'_>) -> Result<(), Failed> {
    let size = json!({"width": 1200, "height": 1500, "deviceScaleFactor": 1, "mobile": false});
    tab.session.devtools("Emulation.setDeviceMetricsOverride", &size)?;
    tab.until("the window is tall", "return innerHeight === 1500")
}

/// A view is what its link says: after a reload, and for whom the link is sent to.
pub(crate) fn links(lab: &Lab, home: Home) -> Result<(), Failed> {
    let tab = lab.open(home, "#view=flame")?;
    tall(&tab)?;
    let plain = seen(&tab)?;
    // Colours by owner, flame, only what grew, searched for, zoomed, and another A.
    tab.keys("oo")?;
    tab.keys("ip]/")?;
    tab.keys(LEAK)?;
    tab.fragment(&format!("search={LEAK}"), true)?;
    let at = crate::graph::find(&tab, LEAK)?;
    tab.click_at(at)?;
    tab.fragment("zoom=", true)?;
    let there = seen(&tab)?;
    assert_ne!(plain, there);
    for word in ["color=owner", "shape=flame", "part=grown", "&a="] {
        assert!(there[0].as_str().is_some_and(|hash| hash.contains(word)), "{word}: {there}");
    }
    tab.reload()?;
    assert_eq!(seen(&tab)?, there);
    let link = tab.eval("return location.hash")?;
    tab.close()?;
    let other = lab.open(home, link.as_str().unwrap_or_default())?;
    tall(&other)?;
    assert_eq!(seen(&other)?, there);
    other.close()
}
