//! The service draws itself: what that takes of its memory, what it leaves behind, and whether it shows.

use crate::service::{Lab, Server};
use libtest_mimic::Failed;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// More than at rest while a drawing is made.
const AT_THE_PEAK: u64 = 16 << 20;
/// More than at rest when it is done.
const KEPT: u64 = 4 << 20;

/// What only the drawing itself can have allocated. The routes are the program's set-up.
const OF_THE_DRAWING: [&str; 5] = ["heaplens::", "heaplens_agent::", "gimli::", "object::", "addr2line::"];
const OF_THE_PROGRAM: &str = "heaplens_agent::axum::router";

/// Memory of a process. Anonymous is what counts against a container's limit and cannot be dropped.
#[derive(Clone, Copy, Debug)]
struct Memory {
    resident: u64,
    anonymous: u64,
    /// Most that was resident since [`forget_the_peak`].
    peak: u64,
}

impl Memory {
    fn of(pid: u32) -> Memory {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let figure = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() << 10
        };
        Memory { resident: figure("VmRSS:"), anonymous: figure("RssAnon:"), peak: figure("VmHWM:") }
    }
}

fn forget_the_peak(pid: u32) {
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
}

/// The largest anonymous figure while `work` runs, as far as it can be met by reading it again and again.
fn peak_while<T>(pid: u32, work: impl FnOnce() -> T) -> (u64, T) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut peak = 0;
            while !done.load(Ordering::Relaxed) {
                peak = peak.max(Memory::of(pid).anonymous);
            }
            peak
        });
        let result = work();
        done.store(true, Ordering::Relaxed);
        (watch.join().unwrap(), result)
    })
}

fn get(server: &Server, path: &str) -> Vec<u8> {
    // A proxy that the environment names does not reach this machine.
    let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    let mut answer = agent.get(format!("{}{path}", server.url)).call().unwrap();
    answer.body_mut().with_config().limit(1 << 30).read_to_vec().unwrap()
}

fn fetch(server: &Server, output: &str) -> Vec<u8> {
    get(server, &format!("/debug/prof/mem?output={output}"))
}

/// Waits until retention has dropped what the load wrote; but for the leak, which stays as it is.
fn forgotten(server: &Server) {
    let gone = ["\nheaplens_demo_series 0\n", "\nheaplens_demo_segments 0\n"];
    loop {
        let metrics = String::from_utf8(get(server, "/metrics")).unwrap();
        if gone.iter().all(|line| metrics.contains(line)) {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// The service after an answer, whose memory it may free a moment after it is sent.
fn afterwards(pid: u32, rest: Memory) -> Memory {
    let near = |now: Memory| now.anonymous <= rest.anonymous + KEPT && now.resident <= rest.resident + KEPT;
    for _ in 0..100 {
        if near(Memory::of(pid)) {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    Memory::of(pid)
}

pub(crate) fn memory(lab: &Lab) -> Result<(), Failed> {
    let program = lab.demo();
    let _turn = lab.turn();
    // What the service frees goes back to the system at once, so that rest is a figure and not a time.
    for sampling in ["prof:true", "prof:true,lg_prof_sample:12"] {
        let conf = &format!("{sampling},dirty_decay_ms:0,muzzy_decay_ms:0");
        let server = Server::start(program, conf)?;
        server.load(program);
        forgotten(&server);
        // jemalloc's own part of a dump is the same whoever draws it.
        fetch(&server, "text");
        let pid = server.pid();
        let rest = Memory::of(pid);
        for output in ["flamegraph", "folded", "json", "proto", "flamegraph"] {
            forget_the_peak(pid);
            let (anonymous, body) = peak_while(pid, || fetch(&server, output));
            let peak = anonymous.saturating_sub(rest.anonymous);
            let high = Memory::of(pid).peak.saturating_sub(rest.resident);
            let after = afterwards(pid, rest);
            let kept = (
                after.anonymous.saturating_sub(rest.anonymous),
                after.resident.saturating_sub(rest.resident),
            );
            println!(
                "{sampling}, {output}: {} bytes; at the peak {peak} anonymous and {high} resident more, {kept:?} kept",
                body.len()
            );
            assert!(
                peak <= AT_THE_PEAK && high <= AT_THE_PEAK,
                "{sampling}, {output}: {peak}, {high} above {rest:?}"
            );
            assert!(kept.0 <= KEPT && kept.1 <= KEPT, "{sampling}, {output}: {kept:?} kept above {rest:?}");
        }
        let stacks = String::from_utf8(fetch(&server, "folded"))?;
        assert!(stacks.contains("heaplens_demo::"), "{stacks}");
        let of_the_drawing =
            |line: &&str| OF_THE_DRAWING.iter().any(|n| line.contains(n)) && !line.contains(OF_THE_PROGRAM);
        assert_eq!(stacks.lines().filter(of_the_drawing).collect::<Vec<_>>(), [""; 0]);
    }
    Ok(())
}
