//! The flame graph as an SVG file: clicks, searches, keys, the URL.

use crate::lab::{Lab, heaplens};
use crate::tab::{BACKSPACE, DOWN, ENTER, ESCAPE, Tab};
use libtest_mimic::Failed;
use serde_json::json;
use std::ops::Deref;
use std::path::{Path, PathBuf};

/// An SVG of an input, opened in a tab.
pub(crate) struct Picture<'a> {
    tab: Tab<'a>,
    _dir: tempfile::TempDir,
}

impl<'a> Deref for Picture<'a> {
    type Target = Tab<'a>;

    fn deref(&self) -> &Tab<'a> {
        &self.tab
    }
}

impl<'a> Picture<'a> {
    fn open(lab: &'a Lab, fixture: &str) -> Result<Picture<'a>, Failed> {
        Picture::of(lab, &fixture_path(fixture))
    }

    pub(crate) fn of(lab: &'a Lab, input: &Path) -> Result<Picture<'a>, Failed> {
        let dir = tempfile::tempdir()?;
        let svg = dir.path().join("graph.svg");
        heaplens([Path::new("flamegraph"), input, Path::new("-o"), &svg])?;
        let tab = lab.browser()?.open(&format!("file://{}", svg.display()))?;
        tab.until("the script has run", "return document.querySelectorAll('.frame[data-i]').length > 0")?;
        Ok(Picture { tab, _dir: dir })
    }

    /// Waits until exactly these functions are drawn, root and callers included.
    fn shows(&self, names: &[&str]) -> Result<(), Failed> {
        let script = format!(
            "return JSON.stringify([...document.querySelectorAll('.frame[data-i]')]\
             .map(f => f.getAttribute('aria-label').split(',')[0]).sort()) === JSON.stringify({}.sort())",
            json!(names)
        );
        self.until(&format!("frames are {names:?}"), &script)
    }

    fn matched(&self, words: &str) -> Result<(), Failed> {
        self.until(
            &format!("matched says {words:?}"),
            &format!("return document.querySelector('#matched').textContent.includes({})", json!(words)),
        )
    }

    fn click_frame(&self, name: &str) -> Result<(), Failed> {
        self.click(&frame(name))
    }

    fn type_search(&self, text: &str) -> Result<(), Failed> {
        self.click("#search")?;
        self.keys(text)
    }

    pub(crate) fn close(self) -> Result<(), Failed> {
        self.tab.close()
    }
}

fn fixture_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd/dumps.in").join(name)
}

fn frame(name: &str) -> String {
    format!(".frame[aria-label^='{name},']")
}

const ALL: [&str; 5] = ["all", "main", "serve", "parse", "store"];

fn everything() -> Vec<&'static str> {
    ALL.into_iter().chain(["grow"]).collect()
}

pub(crate) fn zoom(lab: &Lab) -> Result<(), Failed> {
    let page = Picture::open(lab, "stacks.folded")?;
    page.shows(&everything())?;
    page.fragment("zoom", false)?;
    page.click_frame("store")?;
    let zoomed = ["all", "main", "serve", "store", "grow"];
    page.shows(&zoomed)?;
    page.fragment("zoom=", true)?;
    page.reload()?;
    page.shows(&zoomed)?;
    page.click("#reset")?;
    page.shows(&everything())?;
    page.fragment("zoom", false)?;
    page.back()?;
    page.shows(&zoomed)?;
    page.close()
}

pub(crate) fn search(lab: &Lab) -> Result<(), Failed> {
    let page = Picture::open(lab, "stacks.folded")?;
    page.type_search("grow")?;
    // 40 of 50 bytes.
    page.matched("80")?;
    page.until("one frame is marked", "return document.querySelectorAll('.frame.hit').length === 1")?;
    page.fragment("search=grow", true)?;
    page.click_frame("store")?;
    // 40 of 47 bytes.
    page.matched("85.1")?;
    page.reload()?;
    page.matched("85.1")?;
    page.until(
        "the search stands in its field",
        "return document.querySelector('#search').value === 'grow'",
    )?;
    page.click("#reset")?;
    page.shows(&everything())?;
    page.click("#search")?;
    page.keys(ESCAPE)?;
    page.until("no frame is marked", "return document.querySelectorAll('.frame.hit').length === 0")?;
    page.close()
}

pub(crate) fn keys(lab: &Lab) -> Result<(), Failed> {
    let page = Picture::open(lab, "stacks.folded")?;
    page.keys("/")?;
    page.until("the field has the focus", "return document.activeElement.id === 'search'")?;
    page.keys("parse")?;
    page.matched("6")?;
    page.keys(ESCAPE)?;
    page.until("the search is gone", "return document.querySelector('#search').value === ''")?;
    page.until(
        "the root can be reached",
        "document.querySelector('.frame[tabindex=\"0\"]').focus(); return true",
    )?;
    // all, main, serve, store: the widest callee each time.
    page.keys(&[DOWN, DOWN, DOWN, ENTER].concat())?;
    page.shows(&["all", "main", "serve", "store", "grow"])?;
    page.keys(BACKSPACE)?;
    page.shows(&everything())?;
    page.keys("i")?;
    page.fragment("shape=flame", true)?;
    page.reload()?;
    page.until("the root is at the bottom", "const y = n => document.querySelector(`.frame[aria-label^=\"${n},\"]`).getBoundingClientRect().y; return y('all') > y('grow')")?;
    page.keys("?")?;
    page.until("the keys are listed", "return !document.querySelector('#keys').hidden")?;
    page.close()
}

pub(crate) fn symbols(lab: &Lab) -> Result<(), Failed> {
    let page = Picture::open(lab, "leak.heap")?;
    let above = |what: &str| {
        format!(
            "const list = document.querySelector('details'); return {what} \
             && list.querySelector('p').textContent.includes('/opt/tsdb/bin/tsdb') \
             && document.querySelector('#bar').getBoundingClientRect().bottom \
             < document.querySelector('.frame').getBoundingClientRect().top"
        )
    };
    page.until("they are folded", &above("!list.open"))?;
    page.click("summary")?;
    page.until("they are shown, and cover nothing", &above("list.open"))?;
    page.keys(ENTER)?;
    page.until("they are folded again", &above("!list.open"))?;
    page.close()
}

pub(crate) fn difference(lab: &Lab) -> Result<(), Failed> {
    let page = Picture::open(lab, "two.folded")?;
    page.shows(&["all", "main", "serve", "parse", "store", "grow", "old"])?;
    page.hover(&frame("old"))?;
    page.until(
        "the box has both sides",
        "return document.querySelector('#tip').textContent.includes('30 B → 10 B')",
    )?;
    // Widths are grown + shrunk: 2 + 50 + 20.
    page.type_search("old")?;
    page.matched("27.8")?;
    page.until(
        "red is not blue",
        "const fill = n => getComputedStyle(document.querySelector(`.frame[aria-label^=\"${n},\"] rect`)).fill; return fill('grow') !== fill('old')",
    )?;
    page.click_frame("store")?;
    page.fragment("zoom=", true)?;
    page.close()
}
