//! A tab of the one browser that the tests share, and what people do in it.

use crate::webdriver::{Driver, ELEMENT, Session};
use libtest_mimic::Failed;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// How often the page is looked at before what was asked of it counts as lost: for a minute, which only a hang meets.
const PATIENCE: u32 = 3000;
const PAUSE: Duration = Duration::from_millis(20);

pub(crate) const ENTER: &str = "\u{e007}";
pub(crate) const ESCAPE: &str = "\u{e00c}";
pub(crate) const LEFT: &str = "\u{e012}";
pub(crate) const RIGHT: &str = "\u{e014}";
pub(crate) const DOWN: &str = "\u{e015}";
pub(crate) const BACKSPACE: &str = "\u{e003}";
pub(crate) const TAB: &str = "\u{e004}";
pub(crate) const SHIFT: &str = "\u{e008}";
pub(crate) const F10: &str = "\u{e03a}";

/// The browser, and where it saves files.
pub(crate) struct Browser {
    pub(crate) session: Session,
    downloads: tempfile::TempDir,
    /// The tab that commands go to is the last one. The first one stays, so that the browser does.
    tabs: Mutex<Vec<String>>,
}

impl Browser {
    pub(crate) fn start() -> Result<Browser, Failed> {
        let downloads = tempfile::tempdir()?;
        let session = Session::start(Driver::start()?, downloads.path())?;
        let first = new_tab(&session)?;
        Ok(Browser { session, downloads, tabs: Mutex::new(vec![first]) })
    }

    /// A new tab at an address.
    pub(crate) fn open(&self, url: &str) -> Result<Tab<'_>, Failed> {
        let handle = new_tab(&self.session)?;
        self.session.post("window", &json!({"handle": handle}))?;
        self.tabs().push(handle);
        let tab = Tab { browser: self, session: &self.session };
        // Beyond what the browser cannot find: a file has no business with any network.
        if url.starts_with("file:") {
            let offline =
                json!({"offline": true, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
            self.session.devtools("Network.enable", &json!({}))?;
            self.session.devtools("Network.emulateNetworkConditions", &offline)?;
        }
        tab.go(url)?;
        Ok(tab)
    }

    fn tabs(&self) -> MutexGuard<'_, Vec<String>> {
        self.tabs.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// What the browser's console says, emptied by this.
    fn log(&self) -> Result<Vec<Value>, Failed> {
        let log = self.session.post("se/log", &json!({"type": "browser"}))?;
        Ok(log.as_array().cloned().unwrap_or_default())
    }

    /// The file that was saved just now.
    fn saved(&self) -> Result<Saved, Failed> {
        for _ in 0..PATIENCE {
            for entry in std::fs::read_dir(self.downloads.path())? {
                let path = entry?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                // What is still being written has another name.
                if name.ends_with(".crdownload") || name.starts_with('.') {
                    continue;
                }
                let bytes = std::fs::read(&path)?;
                if bytes.is_empty() {
                    continue;
                }
                std::fs::remove_file(&path)?;
                return Ok(Saved { name, bytes });
            }
            std::thread::sleep(PAUSE);
        }
        Err("nothing was saved".into())
    }
}

/// A file as it was saved.
pub(crate) struct Saved {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

impl Saved {
    pub(crate) fn text(&self) -> Result<&str, Failed> {
        Ok(std::str::from_utf8(&self.bytes)?)
    }

    pub(crate) fn json(&self) -> Result<Value, Failed> {
        Ok(serde_json::from_slice(&self.bytes)?)
    }

    /// Puts it into a directory, for other programs.
    pub(crate) fn put(&self, dir: &Path) -> Result<std::path::PathBuf, Failed> {
        let path = dir.join(&self.name);
        std::fs::write(&path, &self.bytes)?;
        Ok(path)
    }
}

/// A tab; closed when dropped.
pub(crate) struct Tab<'a> {
    browser: &'a Browser,
    pub(crate) session: &'a Session,
}

impl Tab<'_> {
    pub(crate) fn go(&self, url: &str) -> Result<(), Failed> {
        self.session.post("url", &json!({"url": url}))?;
        Ok(())
    }

    /// As if a link to another place of the page had been followed.
    pub(crate) fn link(&self, fragment: &str) -> Result<(), Failed> {
        let own = self.eval("return location.href.replace(/#.*/, '')")?;
        self.go(&format!("{}#{fragment}", own.as_str().unwrap_or_default()))
    }

    pub(crate) fn reload(&self) -> Result<(), Failed> {
        self.session.post("refresh", &json!({}))?;
        Ok(())
    }

    pub(crate) fn back(&self) -> Result<(), Failed> {
        self.session.post("back", &json!({}))?;
        Ok(())
    }

    /// What a script returns.
    pub(crate) fn eval(&self, script: &str) -> Result<Value, Failed> {
        self.session.script(script)
    }

    /// Waits until a script returns true.
    pub(crate) fn until(&self, what: &str, script: &str) -> Result<(), Failed> {
        for _ in 0..PATIENCE {
            if self.session.script(script)? == json!(true) {
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
        let state = self.session.script(
            "return location.hash + ' ' + (document.body ? document.body.innerText : [...document.querySelectorAll('[aria-label]')]\
             .map(f => f.getAttribute('aria-label')).join('|')).slice(0, 2000)",
        )?;
        Err(format!("never came true: {what}; the page has {state}").into())
    }

    /// Waits until the URL's fragment has (or has not) a word.
    pub(crate) fn fragment(&self, word: &str, there: bool) -> Result<(), Failed> {
        self.until(
            &format!("{word} in the fragment: {there}"),
            &format!("return location.hash.includes({}) === {there}", json!(word)),
        )
    }

    /// The text of the first element that is shown, white space as one space.
    pub(crate) fn text(&self, css: &str) -> Result<String, Failed> {
        let script = format!(
            "const found = [...document.querySelectorAll({})].find(e => e.checkVisibility()); \
             return found ? found.textContent.trim().replace(/\\s+/g, ' ') : null",
            json!(css)
        );
        let text = self.eval(&script)?;
        text.as_str().map(str::to_owned).ok_or_else(|| format!("there is no {css}").into())
    }

    pub(crate) fn click(&self, css: &str) -> Result<(), Failed> {
        let element = self.session.element(css)?;
        self.session.post(&format!("element/{element}/click"), &json!({}))?;
        Ok(())
    }

    /// Presses keys one after the other.
    pub(crate) fn keys(&self, keys: &str) -> Result<(), Failed> {
        let presses = keys.chars().flat_map(|key| [pressed("keyDown", key), pressed("keyUp", key)]);
        self.act("key", presses.collect())
    }

    /// Presses a key while another one is held.
    pub(crate) fn chord(&self, held: &str, key: &str) -> Result<(), Failed> {
        let down = [held, key].map(|key| json!({"type": "keyDown", "value": key}));
        let up = [key, held].map(|key| json!({"type": "keyUp", "value": key}));
        self.act("key", [down, up].concat())
    }

    pub(crate) fn hover(&self, css: &str) -> Result<(), Failed> {
        let origin = json!({ELEMENT: self.session.element(css)?});
        let over = json!({"type": "pointerMove", "origin": origin, "x": 0, "y": 0, "duration": 0});
        self.act("pointer", vec![over])
    }

    pub(crate) fn click_at(&self, at: (i64, i64)) -> Result<(), Failed> {
        self.act("pointer", vec![moved(at), button("pointerDown", 0), button("pointerUp", 0)])
    }

    pub(crate) fn right_click_at(&self, at: (i64, i64)) -> Result<(), Failed> {
        self.act("pointer", vec![moved(at), button("pointerDown", 2), button("pointerUp", 2)])
    }

    pub(crate) fn drag(&self, from: (i64, i64), to: (i64, i64)) -> Result<(), Failed> {
        let middle = ((from.0 + to.0) / 2, (from.1 + to.1) / 2);
        let down = vec![moved(from), button("pointerDown", 0), moved(middle), moved(to)];
        self.act("pointer", [down, vec![button("pointerUp", 0)]].concat())
    }

    fn act(&self, kind: &str, actions: Vec<Value>) -> Result<(), Failed> {
        let all = json!({"actions": [{"type": kind, "id": kind, "actions": actions}]});
        self.session.post("actions", &all)?;
        Ok(())
    }

    /// Opens the menu of files and chooses one.
    pub(crate) fn save(&self, label: &str) -> Result<Saved, Failed> {
        self.click("header.top button[aria-haspopup=menu]")?;
        self.choose(label)?;
        self.browser.saved()
    }

    /// Chooses from the menu that is open.
    pub(crate) fn choose(&self, label: &str) -> Result<(), Failed> {
        let entries =
            "[...document.querySelectorAll('.menu [role=menuitem] > span')].map(e => e.textContent)";
        self.until("a menu is open", &format!("return {entries}.length > 0"))?;
        let at = self.eval(&format!("return {entries}.indexOf({})", json!(label)))?.as_i64().unwrap_or(-1);
        if at < 0 {
            return Err(
                format!("the menu has no {label:?}: {}", self.eval(&format!("return {entries}"))?).into()
            );
        }
        self.click(&format!(".menu [role=menuitem]:nth-child({})", at + 1))
    }

    /// Ends the test: nothing on the browser's console may be an error, as what a policy forbids is.
    pub(crate) fn close(self) -> Result<(), Failed> {
        let log = self.browser.log()?;
        let errors: Vec<_> = log.iter().filter(|entry| entry["level"] == "SEVERE").collect();
        if errors.is_empty() { Ok(()) } else { Err(format!("errors on the console: {errors:?}").into()) }
    }
}

impl Drop for Tab<'_> {
    fn drop(&mut self) {
        // A dialog that is open makes the first attempt fail, and goes with it.
        if self.session.delete("window").is_err() {
            let _ = self.session.delete("window");
        }
        let mut tabs = self.browser.tabs();
        tabs.pop();
        let _ = self.session.post("window", &json!({"handle": tabs.last()}));
        let _ = self.browser.log();
    }
}

fn new_tab(session: &Session) -> Result<String, Failed> {
    let made = session.post("window/new", &json!({"type": "tab"}))?;
    made["handle"].as_str().map(str::to_owned).ok_or_else(|| "a tab has a handle".into())
}

fn pressed(kind: &str, key: char) -> Value {
    json!({"type": kind, "value": key})
}

fn moved((x, y): (i64, i64)) -> Value {
    json!({"type": "pointerMove", "origin": "viewport", "x": x, "y": y, "duration": 0})
}

fn button(kind: &str, button: u8) -> Value {
    json!({"type": kind, "button": button})
}
