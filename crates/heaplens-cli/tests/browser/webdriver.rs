//! The little of the WebDriver protocol (https://www.w3.org/TR/webdriver2/) that the tests need.

use libtest_mimic::Failed;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use ureq::http::Response;
use ureq::{Agent, Body};

/// The key of an element's id.
pub(crate) const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A running chromedriver; stopped when dropped.
pub(crate) struct Driver {
    child: Child,
    url: String,
}

impl Driver {
    /// True if both chromedriver and a chromium answer.
    pub(crate) fn is_installed() -> bool {
        let answers = |name: &str| {
            let mut command = Command::new(name);
            command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        answers("chromedriver") && ["chromium", "chromium-browser", "google-chrome"].into_iter().any(answers)
    }

    pub(crate) fn start() -> Result<Driver, Failed> {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("chromedriver: {error}; install chromium and chromium-driver"))?;
        let stdout = child.stdout.take().ok_or("stdout is piped")?;
        let mut driver = Driver { child, url: String::new() };
        let mut lines = BufReader::new(stdout).lines();
        for line in lines.by_ref() {
            if let Some((_, port)) = line?.split_once("started successfully on port ") {
                driver.url = format!("http://127.0.0.1:{}", port.trim_end_matches(['.', ' ']));
                break;
            }
        }
        if driver.url.is_empty() {
            return Err("chromedriver did not say its port".into());
        }
        // Its pipe must not fill up.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(driver)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser; closed when dropped.
pub(crate) struct Session {
    agent: Agent,
    url: String,
    _driver: Driver,
}

impl Session {
    /// A browser for which there is nothing but this machine. What is saved goes into the directory `downloads`.
    pub(crate) fn start(driver: Driver, downloads: &Path) -> Result<Session, Failed> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(300)));
        let mut session = Session { agent: config.build().into(), url: driver.url.clone(), _driver: driver };
        // Without its own sandbox, since containers have none to give and root may not use it.
        let flags = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--window-size=1200,900",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        ];
        let preferences = json!({
            "download.default_directory": downloads,
            "profile.default_content_setting_values.automatic_downloads": 1,
        });
        let wanted = json!({
            "goog:chromeOptions": {"args": flags, "prefs": preferences},
            "goog:loggingPrefs": {"browser": "ALL"},
        });
        let answer = session.post("session", &json!({"capabilities": {"alwaysMatch": wanted}}))?;
        let id = answer["sessionId"].as_str().ok_or("a session has an id")?;
        session.url = format!("{}/session/{id}", session.url);
        Ok(session)
    }

    /// Sends one command, gives its value.
    pub(crate) fn post(&self, command: &str, body: &Value) -> Result<Value, Failed> {
        let url = format!("{}/{command}", self.url);
        let sent = self.agent.post(&url).header("Content-Type", "application/json").send(body.to_string());
        value(command, body, sent)
    }

    /// Takes something away.
    pub(crate) fn delete(&self, command: &str) -> Result<Value, Failed> {
        value(command, &json!(null), self.agent.delete(format!("{}/{command}", self.url)).call())
    }

    /// A command of the DevTools' protocol (https://chromedevtools.github.io/devtools-protocol/), to the present tab.
    pub(crate) fn devtools(&self, command: &str, parameters: &Value) -> Result<Value, Failed> {
        self.post("goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    /// Runs a script in the page.
    pub(crate) fn script(&self, script: &str) -> Result<Value, Failed> {
        self.post("execute/sync", &json!({"script": script, "args": []}))
    }

    /// Runs a script in the page that calls its last argument with the result.
    pub(crate) fn script_that_waits(&self, script: &str) -> Result<Value, Failed> {
        self.post("execute/async", &json!({"script": script, "args": []}))
    }

    /// The id of the first element that a CSS selector finds.
    pub(crate) fn element(&self, css: &str) -> Result<String, Failed> {
        let found = self.post("element", &json!({"using": "css selector", "value": css}))?;
        Ok(found[ELEMENT].as_str().ok_or("an element has an id")?.to_owned())
    }
}

/// What an answer says.
fn value(command: &str, body: &Value, answer: Result<Response<Body>, ureq::Error>) -> Result<Value, Failed> {
    let mut response = answer.map_err(|error| format!("{command}: {error}"))?;
    let text = response.body_mut().read_to_string().map_err(|error| format!("{command}: {error}"))?;
    let answer: Value = serde_json::from_str(&text).map_err(|error| format!("{command}: {error}: {text}"))?;
    if response.status().is_success() {
        return Ok(answer["value"].clone());
    }
    Err(format!("{command} {body}: {}", answer["value"]["message"]).into())
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.agent.delete(&self.url).call();
    }
}
