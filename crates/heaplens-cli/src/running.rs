//! Whether a dump was made on this machine, and whether the process that it is of still runs.

use heaplens::trailer::Trailer;
use std::fs;

/// The kernel's boot time moves by as much when the clock is set.
const TOLERANCE_MS: u64 = 2_000;

/// The process that a dump's trailer names, if it is on this host, has not ended since, and may be looked
/// into.
pub(crate) fn process(trailer: &Trailer) -> Option<u32> {
    if !is_here(trailer) {
        return None;
    }
    let pid = u32::try_from(trailer.pid?).ok()?;
    // Numbers of processes are used again, and mean others inside containers.
    let same = start_ms(pid)?.abs_diff(trailer.start_ms?) <= TOLERANCE_MS;
    // Nobody asked for it, so that it may not be looked into is no news.
    (same && fs::File::open(format!("/proc/{pid}/maps")).is_ok()).then_some(pid)
}

/// True if a dump's trailer names this host.
pub(crate) fn is_here(trailer: &Trailer) -> bool {
    let host = fs::read_to_string("/proc/sys/kernel/hostname");
    host.is_ok_and(|host| trailer.host.as_deref() == Some(host.trim()))
}

/// When a process started, in Unix milliseconds.
fn start_ms(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let boot = fs::read_to_string("/proc/stat").ok()?;
    let boot_s: u64 = boot.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    // The 22nd field, counted behind the command, which may hold anything.
    let ticks: u64 = stat.rsplit_once(')')?.1.split_ascii_whitespace().nth(19)?.parse().ok()?;
    let since_boot = u64::try_from(u128::from(ticks) * 1000 / u128::from(ticks_per_second()?)).ok()?;
    boot_s.checked_mul(1000)?.checked_add(since_boot)
}

/// From what the kernel tells every program at its start.
fn ticks_per_second() -> Option<u64> {
    const AT_CLKTCK: usize = 17;
    let words = fs::read("/proc/self/auxv").ok()?;
    let size = size_of::<usize>();
    let mut words = words.chunks_exact(size).filter_map(|w| Some(usize::from_ne_bytes(w.try_into().ok()?)));
    while let (Some(key), Some(value)) = (words.next(), words.next()) {
        if key == AT_CLKTCK {
            return u64::try_from(value).ok().filter(|&n| n > 0);
        }
    }
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    fn own() -> Trailer {
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        Trailer {
            host: Some(host.trim().to_owned()),
            pid: Some(u64::from(std::process::id())),
            start_ms: start_ms(std::process::id()),
            ..Trailer::default()
        }
    }

    #[test]
    fn this_process_runs_and_is_told_from_others() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let start = Duration::from_millis(own().start_ms.unwrap());
        assert!(
            start <= now + Duration::from_secs(2) && now < start + Duration::from_secs(86_400),
            "{start:?}"
        );
        assert_eq!(process(&own()), Some(std::process::id()));
        let changes: [fn(&mut Trailer); 4] = [
            |t| t.host = Some("elsewhere".to_owned()),
            |t| t.start_ms = t.start_ms.map(|ms| ms - 60_000),
            |t| t.start_ms = None,
            |t| t.pid = Some(u64::MAX),
        ];
        assert!(is_here(&own()));
        assert!(!is_here(&Trailer::default()));
        for change in changes {
            let mut other = own();
            change(&mut other);
            assert_eq!(process(&other), None, "{other:?}");
        }
    }
}
