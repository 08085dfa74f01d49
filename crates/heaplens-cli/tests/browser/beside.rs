//! Captures that are not one course: processes beside each other, a dump that is damaged, one of another program.

use crate::home::Shown;
use crate::lab::Lab;
use libtest_mimic::Failed;
use serde_json::json;
use std::path::PathBuf;

const STACK: &str = "@ 0x10 0x20\n  t*: ";

/// A dump as the agent writes it, or one that was changed since.
fn dump(pid: u32, exe: &str, second: u64, bytes: u64, is_whole: bool) -> String {
    let header = format!("heap_v2/1\n  t*: 1: {bytes} [1: {bytes}]\n");
    let mut body = format!(
        "{header}{STACK}1: {bytes} [1: {bytes}]\n\nMAPPED_LIBRARIES:\n0-1000 r-xp 00000000 fe:00 7 {exe}\n"
    );
    let (length, sum) = (body.len(), crc32fast::hash(body.as_bytes()));
    if !is_whole {
        body = body.replace(STACK, "@ 0x10 0x20 0x30\n  t*: ");
    }
    let time = 1_795_789_800_000 + second * 1000;
    format!(
        "{body}# heaplens 1\n# process pid={pid} start={}000 time={time} exe={exe} host=db7\n# end length={length} crc32={sum:08x}\n",
        1_795_789_000 + pid
    )
}

/// A directory with the dumps of two processes, of which one dump is damaged.
fn two_processes(lab: &Lab, name: &str) -> Result<PathBuf, Failed> {
    let dir = lab.dir().join(name);
    std::fs::create_dir_all(&dir)?;
    for second in 0..12 {
        for pid in [7, 8] {
            let text = dump(pid, "/srv/app", second * 60 + u64::from(pid), 1 << 20, (pid, second) != (7, 5));
            std::fs::write(dir.join(format!("{pid}-{second:02}.heap")), text)?;
        }
    }
    Ok(dir)
}

/// The process whose curve is that of the chart.
const LEAD: &str = "document.querySelector('.legend button').textContent.match(/pid \\d+/)?.[0]";

/// What the chart is drawn from cannot be read from its canvas: its legend, its words and its marks are.
pub(crate) fn courses(lab: &Lab) -> Result<(), Failed> {
    let dir = two_processes(lab, "beside")?;
    // Weeks before.
    let other = dump(9, "/srv/other", 0, 1 << 30, true).replace("time=1795789800000", "time=1793491200000");
    std::fs::write(dir.join("other.heap"), other)?;
    let shown = Shown::from_disk(&[dir])?;
    let tab = lab.page(&shown, "#view=answer")?;
    tab.until("the chart has a legend", "return document.querySelectorAll('.legend button').length > 1")?;
    let about = tab.text("header .title p")?;
    assert!(about.contains("2 processes") && about.contains("25 dumps, 1 of other"), "{about}");
    let words = tab.text(".chart .unseen")?;
    assert!(words.contains("beside it") && words.contains("1 left out"), "{words}");
    assert!(!words.contains("restarted"), "{words}");
    let names = tab
        .eval("return [...document.querySelectorAll('.legend button')].map(e => e.textContent).join('|')")?;
    let names = names.as_str().unwrap_or_default();
    assert!(
        names.contains("profile of pid") && names.split('|').count() == 2,
        "{names}: the other program is far away"
    );
    let main = tab.text("main")?;
    assert!(main.contains("1 dump of another program, other: too little to judge."), "{main}");
    let why = tab.eval("return document.querySelector('.leftout').getAttribute('aria-label')")?;
    assert!(why.as_str().is_some_and(|why| why.contains("pid 7; left out: damaged")), "{why}");
    tab.hover(".leftout")?;
    tab.until("the mark says why", "return document.querySelector('.leftout .why').checkVisibility()")?;
    assert!(tab.text(".leftout .why")?.contains("left out: damaged"), "{}", tab.text(".leftout .why")?);
    assert!(tab.text(".when")?.ends_with("pid 7; left out"), "{}", tab.text(".when")?);
    // The one that is chosen is the one that is looked at.
    let judged = tab.eval(&format!("return {LEAD}"))?;
    let other = if judged == json!("pid 7") { "pid 8" } else { "pid 7" };
    tab.eval("location.hash = '#view=top&a=-1'")?;
    tab.until("B is chosen", "return document.querySelector('.toppage')?.checkVisibility() === true")?;
    tab.eval(&format!(
        "const select = [...document.querySelectorAll('.sides select')].at(-1); \
         select.value = [...select.options].findLast(o => o.textContent.includes('{other}')).value; \
         select.dispatchEvent(new Event('change'))"
    ))?;
    tab.until("the other process leads", &format!("return {LEAD} === '{other}'"))?;
    tab.close()
}

/// Views that have no chart change what it shows all the same.
pub(crate) fn out_of_sight(lab: &Lab) -> Result<(), Failed> {
    let shown = Shown::from_disk(&[two_processes(lab, "hidden")?])?;
    let tab = lab.page(&shown, "#view=answer")?;
    tab.until("the chart is drawn", "return document.querySelector('.plot .mark.b') !== null")?;
    let judged = tab.eval(&format!("return {LEAD}"))?;
    let other = if judged == json!("pid 7") { "pid 8" } else { "pid 7" };
    for view in ["modules", "suspects"] {
        tab.eval(&format!("location.hash = '#view={view}'"))?;
        tab.until(
            "the chart is hidden",
            &format!(
                "return document.querySelector('.{view}page, .{view}')?.checkVisibility() === true \
                 && document.querySelector('.chart').clientWidth === 0"
            ),
        )?;
        tab.keys(",")?;
        tab.until(
            "B is told of",
            &format!("return document.querySelector('[aria-live]').textContent.startsWith('B: ') && {LEAD} === '{other}'"),
        )?;
        tab.keys("3")?;
        tab.until(
            "the view and the chart have the other B",
            &format!(
                "return document.querySelector('.toppage')?.checkVisibility() === true \
                 && [...document.querySelectorAll('.sides select')].at(-1).selectedOptions[0].textContent.includes('{other}') \
                 && document.querySelectorAll('.plot canvas').length === 1 \
                 && document.querySelector('.plot .mark.b').getAttribute('aria-valuetext').endsWith('{other}')"
            ),
        )?;
        tab.keys("1.")?;
        tab.until(
            "the first one is back",
            &format!("return {LEAD} === '{}'", judged.as_str().unwrap_or_default()),
        )?;
    }
    tab.close()
}
