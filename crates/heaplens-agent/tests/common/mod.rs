//! Shared by the tests: running one test again in a process of its own, and asking an agent.
#![allow(dead_code, unreachable_pub)]

use std::net::IpAddr;
use std::process::Command;

use heaplens_agent::Agent;
use http::{Request, Response};

const CHILD: &str = "HEAPLENS_TEST_CHILD";

/// Runs `body` in a child process that starts with this jemalloc configuration; jemalloc reads it before main.
///
/// `test` is the full name of the calling test: the child is this binary, told to run that test alone.
pub fn in_child(test: &str, configuration: Option<&str>, body: impl FnOnce()) {
    in_child_through(test, configuration, &[], body);
}

/// Whether this is such a child.
pub fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// The same through a wrapper such as `sh -c 'ulimit …; exec "$@"' sh`.
pub fn in_child_through(test: &str, configuration: Option<&str>, wrapper: &[&str], body: impl FnOnce()) {
    if is_child() {
        return body();
    }
    let exe = std::env::current_exe().unwrap();
    let mut command = match wrapper {
        [] => Command::new(exe),
        [program, arguments @ ..] => {
            let mut command = Command::new(program);
            command.args(arguments).arg(exe);
            command
        }
    };
    command
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .env_remove("MALLOC_CONF")
        .env_remove("_RJEM_MALLOC_CONF");
    if let Some(configuration) = configuration {
        let (name, value) = configuration.split_once('=').unwrap();
        command.env(name, value);
    }
    let output = command.output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{stdout}\n{stderr}", output.status);
    assert!(stdout.contains("1 passed"), "the child ran no test of that name: {stdout}");
}

/// Runs `body` in a forked process, which has this thread alone, and passes its answer on; a hang is a failure.
#[cfg(unix)]
#[allow(unsafe_code)]
pub fn in_fork(body: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child runs what the test wants to know to be possible there, and ends without clean-up.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: asks the kernel for a signal, whose default ends the process.
        unsafe { libc::alarm(300) };
        let good = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or(false);
        // SAFETY: ends the process.
        unsafe { libc::_exit(i32::from(!good)) };
    }
    assert!(child > 0, "{}", std::io::Error::last_os_error());
    let mut status = -1;
    // SAFETY: `status` is writable.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    status == 0
}

/// The local machine.
pub const LOCAL: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

/// Asks as a local client.
pub fn ask(agent: &Agent, method: &str, path: &str, body: &str) -> Response<Vec<u8>> {
    let request = Request::builder().method(method).uri(path).header("host", "localhost");
    agent.handle(request.body(body.to_owned()).unwrap(), LOCAL)
}

/// The body as text.
pub fn text(response: &Response<Vec<u8>>) -> String {
    String::from_utf8_lossy(response.body()).into_owned()
}

/// The body as JSON, with the content type that goes with it.
pub fn json(response: &Response<Vec<u8>>) -> serde_json::Value {
    assert_eq!(response.headers()["content-type"], "application/json");
    serde_json::from_slice(response.body()).unwrap_or_else(|e| panic!("{e}: {}", text(response)))
}

/// Live allocations of a known size, sampled at `lg_prof_sample:0`.
pub fn allocate(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|_| std::hint::black_box(vec![1u8; 1024])).collect()
}
