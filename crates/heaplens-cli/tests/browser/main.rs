//! The flame graph in a browser: clicks, searches, keys, the URL. Needs chromium and chromedriver; without them the
//! tests are reported as ignored, or fail if `HEAPLENS_REQUIRE_PEERS=1` is set.

mod webdriver;

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;
use webdriver::{Driver, Session};

/// How often the page is looked at before what was asked of it counts as lost: for a minute, which only a hang meets.
const PATIENCE: u32 = 1200;
const PAUSE: Duration = Duration::from_millis(50);

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // One browser at a time is enough.
    arguments.test_threads = Some(1);
    let required = std::env::var_os("HEAPLENS_REQUIRE_PEERS").is_some_and(|v| v == "1");
    let ignored = !required && !Driver::is_installed();
    let trials = [
        ("click_zooms_and_the_url_keeps_it", zoom as fn() -> Result<(), Failed>),
        ("search_tells_the_matched_share", search),
        ("keys_work_without_a_mouse", keys),
        ("a_difference_shows_both_sides", difference),
        ("the_files_of_symbols_unfold", symbols),
    ];
    let trials = trials.map(|(name, test)| Trial::test(name, test).with_ignored_flag(ignored));
    libtest_mimic::run(&arguments, trials.into()).exit_code()
}

/// An SVG of a fixture, opened in a browser of its own.
struct Page {
    session: Session,
    _dir: tempfile::TempDir,
}

impl Page {
    fn open(fixture: &str) -> Result<Page, Failed> {
        let dir = tempfile::tempdir()?;
        let svg = dir.path().join("graph.svg");
        draw(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cmd/dumps.in").join(fixture), &svg)?;
        let session = Session::start(Driver::start()?)?;
        session.post("url", &json!({"url": format!("file://{}", svg.display())}))?;
        let page = Page { session, _dir: dir };
        page.until("the script has run", "return document.querySelectorAll('.frame[data-i]').length > 0")?;
        Ok(page)
    }

    /// Waits until a script returns true.
    fn until(&self, what: &str, script: &str) -> Result<(), Failed> {
        for _ in 0..PATIENCE {
            if self.session.script(script)? == json!(true) {
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
        let state = self.session.script("return location.hash + ' ' + document.querySelector('#matched')?.textContent + ' ' + [...document.querySelectorAll('.frame')].map(f => f.getAttribute('aria-label')).join('|')")?;
        Err(format!("never came true: {what}; the page has {state}").into())
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

    /// Waits until the URL fragment has (or has not) a word.
    fn fragment(&self, word: &str, there: bool) -> Result<(), Failed> {
        self.until(
            &format!("{word} in the fragment: {there}"),
            &format!("return location.hash.includes({}) === {there}", json!(word)),
        )
    }

    fn matched(&self, words: &str) -> Result<(), Failed> {
        self.until(
            &format!("matched says {words:?}"),
            &format!("return document.querySelector('#matched').textContent.includes({})", json!(words)),
        )
    }

    fn click(&self, css: &str) -> Result<(), Failed> {
        let element = self.session.element(css)?;
        self.session.post(&format!("element/{element}/click"), &json!({}))?;
        Ok(())
    }

    fn click_frame(&self, name: &str) -> Result<(), Failed> {
        self.click(&frame(name))
    }

    fn keys(&self, keys: &str) -> Result<(), Failed> {
        let actions: Vec<_> = keys
            .chars()
            .flat_map(|key| {
                [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})]
            })
            .collect();
        self.session
            .post("actions", &json!({"actions": [{"type": "key", "id": "keyboard", "actions": actions}]}))?;
        Ok(())
    }

    fn type_search(&self, text: &str) -> Result<(), Failed> {
        self.click("#search")?;
        self.keys(text)
    }

    fn reload(&self) -> Result<(), Failed> {
        self.session.post("refresh", &json!({}))?;
        Ok(())
    }

    /// Ends the test: nothing on the browser's console may be an error.
    fn close(self) -> Result<(), Failed> {
        let log = self.session.post("se/log", &json!({"type": "browser"}))?;
        let errors: Vec<_> =
            log.as_array().into_iter().flatten().filter(|entry| entry["level"] == "SEVERE").collect();
        if errors.is_empty() { Ok(()) } else { Err(format!("errors on the console: {errors:?}").into()) }
    }
}

fn frame(name: &str) -> String {
    format!(".frame[aria-label^='{name},']")
}

fn draw(input: &Path, svg: &PathBuf) -> Result<(), Failed> {
    let drawn = Command::new(env!("CARGO_BIN_EXE_heaplens"))
        .arg("flamegraph")
        .arg(input)
        .arg("-o")
        .arg(svg)
        .output()?;
    if drawn.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&drawn.stderr).into_owned().into())
}

const ALL: [&str; 5] = ["all", "main", "serve", "parse", "store"];

fn everything() -> Vec<&'static str> {
    ALL.into_iter().chain(["grow"]).collect()
}

fn zoom() -> Result<(), Failed> {
    let page = Page::open("stacks.folded")?;
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
    page.session.post("back", &json!({}))?;
    page.shows(&zoomed)?;
    page.close()
}

fn search() -> Result<(), Failed> {
    let page = Page::open("stacks.folded")?;
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

const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";
const DOWN: &str = "\u{e015}";
const BACKSPACE: &str = "\u{e003}";

fn keys() -> Result<(), Failed> {
    let page = Page::open("stacks.folded")?;
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

fn symbols() -> Result<(), Failed> {
    let page = Page::open("leak.heap")?;
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

fn difference() -> Result<(), Failed> {
    let page = Page::open("two.folded")?;
    page.shows(&["all", "main", "serve", "parse", "store", "grow", "old"])?;
    let old = page.session.element(&frame("old"))?;
    let origin = json!({"element-6066-11e4-a52e-4f735466cecf": old});
    let hover = json!({"type": "pointerMove", "origin": origin, "x": 0, "y": 0, "duration": 0});
    page.session
        .post("actions", &json!({"actions": [{"type": "pointer", "id": "mouse", "actions": [hover]}]}))?;
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
