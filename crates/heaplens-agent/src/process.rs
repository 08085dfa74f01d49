//! What the kernel says about this process. Missing figures are left out, on every system that lacks them.

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// Now, in Unix milliseconds.
pub(crate) fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| u64::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}

/// When the process started, in Unix milliseconds. Computed once: the kernel's boot time moves with the clock, and two
/// dumps of one run must agree.
pub(crate) fn start_ms() -> Option<u64> {
    static START: OnceLock<Option<u64>> = OnceLock::new();
    *START.get_or_init(|| {
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        let boot = std::fs::read_to_string("/proc/stat").ok()?;
        let boot_s: u64 = field(&boot, "btime ")?.parse().ok()?;
        start_of(&stat, boot_s, ticks_per_second()?)
    })
}

/// From /proc/PID/stat: the 22nd field, counted behind the command, which may hold anything.
fn start_of(stat: &str, boot_s: u64, ticks_per_second: u64) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let ticks: u64 = rest.split_ascii_whitespace().nth(19)?.parse().ok()?;
    let ms = u128::from(ticks) * 1000 / u128::from(ticks_per_second);
    boot_s.checked_mul(1000)?.checked_add(u64::try_from(ms).ok()?)
}

#[cfg(target_os = "linux")]
fn ticks_per_second() -> Option<u64> {
    crate::sys::linux::ticks_per_second()
}

#[cfg(not(target_os = "linux"))]
fn ticks_per_second() -> Option<u64> {
    None
}

fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

/// The executable's path, as the mappings show it.
pub(crate) fn executable() -> Option<std::path::PathBuf> {
    std::env::current_exe().ok()
}

/// The program and its arguments, with a NUL between them.
pub(crate) fn command_line() -> Vec<u8> {
    let mut line = std::fs::read("/proc/self/cmdline").unwrap_or_default();
    // One ends each argument.
    line.pop();
    if line.is_empty() {
        let arguments: Vec<Vec<u8>> =
            std::env::args_os().map(std::ffi::OsString::into_encoded_bytes).collect();
        line = arguments.join(&0);
    }
    line
}

/// The host's name.
pub(crate) fn host() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// The kernel's figures of memory.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Name as in the trailer, bytes.
    pub(crate) bytes: Vec<(&'static str, u64)>,
    /// Number of threads.
    pub(crate) threads: Option<u64>,
}

/// Reads resident memory by kind, swap, and what was given back lazily (counted in VmRSS until it is taken).
pub(crate) fn memory() -> Memory {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    memory_of(&status, &rollup)
}

fn memory_of(status: &str, rollup: &str) -> Memory {
    let kilobytes = |text: &str, name: &str| -> Option<u64> {
        let number: u64 = field(text, name)?.strip_suffix("kB")?.trim().parse().ok()?;
        number.checked_mul(1024)
    };
    let bytes = [
        ("vmrss", kilobytes(status, "VmRSS:")),
        ("rssanon", kilobytes(status, "RssAnon:")),
        ("rssfile", kilobytes(status, "RssFile:")),
        ("rssshmem", kilobytes(status, "RssShmem:")),
        ("lazyfree", kilobytes(rollup, "LazyFree:")),
        ("swap", kilobytes(status, "VmSwap:")),
    ];
    Memory {
        bytes: bytes.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
        threads: field(status, "Threads:").and_then(|text| text.parse().ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_found_behind_any_command_name() {
        let stat = "7 (a) R 1 (b) S 1 7 7 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 250 1 2 3";
        assert_eq!(start_of(stat, 1_000, 100), Some(1_002_500));
        assert_eq!(start_of("7 (a", 1_000, 100), None);
        assert_eq!(start_of("7 (a) S", 1_000, 100), None);
    }

    #[test]
    fn figures_are_in_bytes_and_missing_ones_are_left_out() {
        let memory = memory_of("VmRSS:\t    12 kB\nThreads:\t3\nRssAnon: x kB\n", "LazyFree:  4 kB\n");
        assert_eq!(memory.bytes, [("vmrss", 12_288), ("lazyfree", 4096)]);
        assert_eq!(memory.threads, Some(3));
        assert!(memory_of("", "").bytes.is_empty());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_started_before_now() {
        let start = start_ms().unwrap();
        // The boot time has whole seconds.
        assert!(start <= now_ms() + 1000 && start > now_ms() - 86_400_000, "{start}");
        assert!(memory().bytes.iter().any(|(name, bytes)| *name == "vmrss" && *bytes > 0));
    }
}
