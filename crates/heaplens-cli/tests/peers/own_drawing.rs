//! The service draws itself: what that takes of its memory, what it leaves behind, and whether it shows.

use crate::service::{Lab, Server};
use crate::tools::stdout;
use libtest_mimic::Failed;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// More than at rest while a drawing is made.
const AT_THE_PEAK: u64 = 16 << 20;
/// More than before when it is done.
const KEPT: u64 = 4 << 20;

/// What only the drawing itself can have allocated.
const OF_THE_DRAWING: [&str; 5] =
    ["heaplens::", "heaplens_agent::render", "gimli::", "object::", "addr2line::"];

/// Anonymous memory of a process: what counts against a container's limit and cannot be dropped.
fn anonymous(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() << 10
}

/// What is left when the service has given back what the load took: it does so for some ten seconds.
fn at_rest(pid: u32) -> u64 {
    let mut last = anonymous(pid);
    for _ in 0..30 {
        thread::sleep(Duration::from_secs(2));
        let now = anonymous(pid);
        if now.abs_diff(last) < 64 << 10 {
            return now;
        }
        last = now;
    }
    last
}

/// The largest figure while `work` runs, read as fast as can be.
fn peak_while<T>(pid: u32, work: impl FnOnce() -> T) -> (u64, T) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut peak = 0;
            while !done.load(Ordering::Relaxed) {
                peak = peak.max(anonymous(pid));
            }
            peak
        });
        let result = work();
        done.store(true, Ordering::Relaxed);
        (watch.join().unwrap(), result)
    })
}

fn fetch(server: &Server, output: &str) -> Vec<u8> {
    let url = format!("{}/debug/prof/mem?output={output}", server.url);
    ureq::get(&url).call().unwrap().body_mut().with_config().limit(1 << 30).read_to_vec().unwrap()
}

pub(crate) fn memory(lab: &Lab) -> Result<(), Failed> {
    let program = lab.demo();
    let _turn = lab.turn();
    // With a thread of jemalloc's that gives pages back by the clock, rest is a figure that stays.
    for conf in ["prof:true,background_thread:true", "prof:true,lg_prof_sample:12,background_thread:true"] {
        let server = Server::start(program, conf)?;
        server.load(program);
        // jemalloc's own part of a dump is the same whoever draws it.
        fetch(&server, "text");
        let pid = server.pid();
        let rest = at_rest(pid);
        for output in ["flamegraph", "folded", "json", "proto", "flamegraph"] {
            let (peak, body) = peak_while(pid, || fetch(&server, output));
            let kept = anonymous(pid).saturating_sub(rest);
            let peak = peak.saturating_sub(rest);
            println!("{conf}, {output}: {} bytes; {peak} bytes more at the peak, {kept} kept", body.len());
            assert!(peak <= AT_THE_PEAK, "{conf}, {output}: {peak} bytes above {rest}");
            assert!(kept <= KEPT, "{conf}, {output}: {kept} bytes kept above {rest}");
        }
        let stacks = String::from_utf8(fetch(&server, "folded"))?;
        assert!(stacks.contains("heaplens_demo::store::"), "{stacks}");
        let shown: Vec<_> =
            stacks.lines().filter(|line| OF_THE_DRAWING.iter().any(|n| line.contains(n))).collect();
        assert_eq!(shown, [""; 0]);
    }
    Ok(())
}

/// `go tool pprof` takes the address as it takes Go's own.
pub(crate) fn by_go(lab: &Lab) -> Result<(), Failed> {
    let program = lab.demo();
    let _turn = lab.turn();
    let server = Server::start(program, "prof:true")?;
    server.load(program);
    let mut go = Command::new("go");
    go.args(["tool", "pprof", "-top", "-symbolize=none"])
        .arg(format!("{}/debug/prof/mem?output=proto", server.url));
    let text = stdout(go.env("PPROF_TMPDIR", lab.dir()));
    assert!(text.contains("\nType: inuse_space\nTime: "), "{text}");
    assert!(text.contains("  heaplens_demo::store::"), "{text}");
    // The allocator's functions are left out, and with them the agent's word for what they are.
    assert!(!text.contains("_rjem_") && !text.contains("prof_backtrace"), "{text}");
    Ok(())
}
