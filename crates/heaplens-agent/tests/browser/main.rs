//! The graph that the agent serves, in a browser: interactive under the headers it is served with. Needs chromium
//! and chromedriver; without them the test is reported as ignored, or fails if `HEAPLENS_REQUIRE_PEERS=1` is set.

#[allow(dead_code, reason = "other tests need more of it")]
#[path = "../../../heaplens-cli/tests/browser/webdriver.rs"]
mod webdriver;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::json;
use webdriver::{Driver, Session};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Set in the process that is the server.
const SERVER: &str = "HEAPLENS_TEST_SERVER";
/// How long the page may take for what was asked of it, on a machine that is busy with other tests.
const PATIENCE: u32 = 400;
const PAUSE: Duration = Duration::from_millis(50);

fn main() -> ExitCode {
    if std::env::var_os(SERVER).is_some() {
        return serve();
    }
    let arguments = Arguments::from_args();
    let required = std::env::var_os("HEAPLENS_REQUIRE_PEERS").is_some_and(|v| v == "1");
    let ignored = !required && !Driver::is_installed();
    let trial = Trial::test("the_served_graph_is_interactive", interactive).with_ignored_flag(ignored);
    libtest_mimic::run(&arguments, vec![trial]).exit_code()
}

#[inline(never)]
fn keep_for_the_browser() -> Vec<Vec<u8>> {
    (0..2000).map(|_| std::hint::black_box(vec![1u8; 1024])).collect()
}

/// Serves until the test is gone.
fn serve() -> ExitCode {
    let live = keep_for_the_browser();
    let Ok(listener) = heaplens_agent::listen("127.0.0.1:0") else { return ExitCode::FAILURE };
    println!("{}", listener.local_addr());
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    drop(live);
    ExitCode::SUCCESS
}

struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start() -> Result<Server, Failed> {
        let mut child = Command::new(std::env::current_exe()?)
            .env(SERVER, "1")
            .env("MALLOC_CONF", "prof:true,lg_prof_sample:9")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        BufReader::new(child.stdout.take().ok_or("stdout is piped")?).read_line(&mut address)?;
        Ok(Server { child, address: address.trim().to_owned() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn until(session: &Session, what: &str, script: &str) -> Result<(), Failed> {
    for _ in 0..PATIENCE {
        if session.script(script)? == json!(true) {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
    let state =
        session.script("return location.href + ' ' + document.documentElement.outerHTML.slice(0, 500)")?;
    Err(format!("never came true: {what}; the page is {state}").into())
}

const FRAME: &str = "[...document.querySelectorAll('.frame[data-i]')].map(f => f.getAttribute('aria-label'))";

fn interactive() -> Result<(), Failed> {
    let server = Server::start()?;
    let session = Session::start(Driver::start()?, &std::env::temp_dir())?;
    let url = format!("http://{}/debug/prof/mem?output=flamegraph", server.address);
    session.post("url", &json!({"url": url}))?;
    let until = |what: &str, script: &str| until(&session, what, script);
    let click = |css: &str| {
        let element = session.element(css)?;
        session.post(&format!("element/{element}/click"), &json!({}))
    };
    let drawn = "document.querySelectorAll('.frame[data-i]').length";
    until("the script has run", &format!("return {drawn} > 2"))?;
    until(
        "the function is there",
        &format!("return {FRAME}.some(name => name.includes('keep_for_the_browser'))"),
    )?;

    let frames = session.script(&format!("return {drawn}"))?;
    click(".frame[aria-label*='keep_for_the_browser']")?;
    until("the click is in the fragment", "return location.hash.includes('zoom=')")?;
    let narrowed =
        format!("return {FRAME}.some(name => name.includes('keep_for_the_browser')) && {drawn} <= {frames}");
    until("the click zoomed", &narrowed)?;

    click("#search")?;
    let keys: Vec<_> = "keep_for"
        .chars()
        .flat_map(|key| [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})])
        .collect();
    session.post("actions", &json!({"actions": [{"type": "key", "id": "keyboard", "actions": keys}]}))?;
    until("matches are marked", "return document.querySelectorAll('.frame.hit').length > 0")?;
    until("the search is in the fragment", "return location.hash.includes('search=keep_for')")?;
    until(
        "the matched share is told",
        "return document.querySelector('#matched').textContent.includes('%')",
    )?;

    // A fresh dump, the same view.
    session.post("refresh", &json!({}))?;
    until("the search is kept", "return document.querySelector('#search')?.value === 'keep_for'")?;
    until("the zoom is kept", "return location.hash.includes('zoom=')")?;
    until("matches are marked again", "return document.querySelectorAll('.frame.hit').length > 0")?;
    click("#reset")?;
    until("all is shown again", "return !location.hash.includes('zoom=')")?;
    session.post("back", &json!({}))?;
    until("back is the zoom again", "return location.hash.includes('zoom=')")?;

    // Served in an origin of its own: nothing of the site's is in reach.
    until("the origin is opaque", "return self.origin === 'null'")?;
    let log = session.post("se/log", &json!({"type": "browser"}))?;
    let errors: Vec<_> =
        log.as_array().into_iter().flatten().filter(|entry| entry["level"] == "SEVERE").collect();
    if errors.is_empty() { Ok(()) } else { Err(format!("errors on the console: {errors:?}").into()) }
}
