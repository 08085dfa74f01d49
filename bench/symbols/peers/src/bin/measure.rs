//! Wall time, CPU time and memory of a command and everything it starts.
//!
//! `measure REPORT COMMAND [ARGUMENT…]` runs the command and writes one line of JSON to the file REPORT.
//! `measure REPORT --pid PID` watches a process that runs already, until standard input ends.
//!
//! Peak RSS is the larger of the kernel's own mark for the largest process and the sum over the tree, sampled 500
//! times a second. Anonymous memory has no such mark, so its peak is the sampled one.

use std::fmt::Write as _;
use std::io::Read as _;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const INTERVAL: Duration = Duration::from_millis(2);

/// Peaks over the samples, in pages.
#[derive(Default)]
struct Peaks {
    rss: u64,
    anonymous: u64,
    samples: u64,
    /// Of the last sample.
    last: (u64, u64),
}

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(why) => {
            eprintln!("measure: {why}");
            ExitCode::from(125)
        }
    }
}

fn run() -> Result<ExitCode, String> {
    let usage = "usage: measure REPORT COMMAND [ARGUMENT…] | measure REPORT --pid PID";
    let mut args = std::env::args_os().skip(1);
    let report = args.next().ok_or(usage)?;
    let program = args.next().ok_or(usage)?;
    let started = Instant::now();
    let (peaks, wall, code) = if program == "--pid" {
        let pid = args.next().and_then(|pid| pid.to_str()?.parse().ok()).ok_or(usage)?;
        let done = AtomicBool::new(false);
        let peaks = std::thread::scope(|scope| {
            scope.spawn(|| {
                let _ = std::io::stdin().read_to_end(&mut Vec::new());
                done.store(true, Ordering::SeqCst);
            });
            watch(pid, &done)
        });
        (peaks, started.elapsed(), 0)
    } else {
        let mut child =
            Command::new(&program).args(args).spawn().map_err(|e| format!("{}: {e}", program.display()))?;
        let pid = child.id();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                let status = child.wait();
                let wall = started.elapsed();
                done.store(true, Ordering::SeqCst);
                (status, wall)
            });
            let peaks = watch(pid, &done);
            let (status, wall) = waiting.join().map_err(|_| "waiting for the command failed")?;
            let status = status.map_err(|e| e.to_string())?;
            Ok::<_, String>((peaks, wall, status.code().unwrap_or(128)))
        })?
    };
    let usage = children();
    // SAFETY: sysconf takes a number and returns one.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as u64;
    let mut json = String::new();
    let _ = writeln!(
        json,
        "{{\"exit\": {code}, \"wall\": {:.6}, \"cpu\": {:.6}, \"rss\": {}, \"anon\": {}, \"last_rss\": {}, \
         \"last_anon\": {}, \"samples\": {}}}",
        wall.as_secs_f64(),
        seconds(usage.ru_utime) + seconds(usage.ru_stime),
        (peaks.rss * page).max(usage.ru_maxrss as u64 * 1024),
        peaks.anonymous * page,
        peaks.last.0 * page,
        peaks.last.1 * page,
        peaks.samples,
    );
    std::fs::write(&report, json).map_err(|e| format!("{}: {e}", report.display()))?;
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(125)))
}

fn watch(root: u32, done: &AtomicBool) -> Peaks {
    let mut peaks = Peaks::default();
    let mut text = String::new();
    while !done.load(Ordering::SeqCst) {
        let (mut rss, mut anonymous) = (0, 0);
        let mut open = vec![root];
        while let Some(pid) = open.pop() {
            if let Some((all, anon)) = resident(pid, &mut text) {
                rss += all;
                anonymous += anon;
            }
            children_of(pid, &mut open, &mut text);
        }
        if rss > 0 {
            peaks.rss = peaks.rss.max(rss);
            peaks.anonymous = peaks.anonymous.max(anonymous);
            peaks.samples += 1;
            peaks.last = (rss, anonymous);
        }
        std::thread::sleep(INTERVAL);
    }
    peaks
}

/// Resident pages, and those of them that belong to no file.
fn resident(pid: u32, text: &mut String) -> Option<(u64, u64)> {
    read(&format!("/proc/{pid}/statm"), text)?;
    let mut numbers = text.split_ascii_whitespace().skip(1).map(str::parse::<u64>);
    let (rss, shared) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    Some((rss, rss.saturating_sub(shared)))
}

fn children_of(pid: u32, open: &mut Vec<u32>, text: &mut String) {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return };
    for task in tasks.flatten() {
        if read(&format!("{}/children", task.path().display()), text).is_some() {
            open.extend(text.split_ascii_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
    }
}

fn read(path: &str, text: &mut String) -> Option<()> {
    text.clear();
    std::fs::File::open(path).ok()?.read_to_string(text).ok()?;
    Some(())
}

/// What all children that were waited for used, theirs included.
fn children() -> libc::rusage {
    // SAFETY: rusage is plain numbers, for which zero is valid; getrusage fills the one it is given.
    unsafe {
        let mut usage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage);
        usage
    }
}

fn seconds(time: libc::timeval) -> f64 {
    time.tv_sec as f64 + time.tv_usec as f64 / 1e6
}
