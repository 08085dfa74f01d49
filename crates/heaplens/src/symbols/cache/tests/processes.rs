//! Processes that fill one cache at once and die of it: this test program, started again as its own helper.

use super::*;
use std::process::{Child, Command, Stdio};

const HELPER: &str = "symbols::cache::tests::processes::helper";
const DIR: &str = "HEAPLENS_TEST_CACHE";
const SEED: &str = "HEAPLENS_TEST_SEED";
/// Addresses in play: a few MB of records.
const RANGE: u64 = 40_000;

/// Numbers that look random; the same for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// Not a test by itself: what the other processes do. They ask for addresses here and there, judge every answer, and
/// begin anew from time to time, as otherwise all would soon be known.
#[test]
#[ignore = "started by processes_that_are_killed_leave_the_cache_right"]
fn helper() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let mut random = Random(std::env::var(SEED).unwrap().parse().unwrap());
    let cache = Cache::at(dir);
    loop {
        let start = random.below(RANGE);
        let count = random.below(4000);
        look(&cache, &key(), &some((start..RANGE.min(start + count)).step_by(1 + random.below(3) as usize)));
        if random.below(10) == 0 {
            cache.shrink(0).unwrap();
        }
    }
}

fn start(cache: &Cache, seed: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", HELPER])
        .env(DIR, cache.dir())
        .env(SEED, seed.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills a helper that must still be at it: it ends by itself only if an answer was wrong.
fn kill(mut child: Child) {
    let ended = child.try_wait().unwrap();
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(ended.is_none(), "a process saw a wrong answer: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn processes_that_are_killed_leave_the_cache_right() {
    let d = dir();
    let mut random = Random(3);
    let mut children: Vec<Child> = (0..2).map(|seed| start(&d.cache, seed)).collect();
    let mut damaged = 0;
    for round in 2..60 {
        std::thread::sleep(Duration::from_micros(random.below(60_000)));
        let one = random.below(2) as usize;
        kill(std::mem::replace(&mut children[one], start(&d.cache, round)));
        // What lies there now, the other process still writing.
        let addresses = some(0..RANGE);
        let found = store::read(&d.file, &key(), &addresses);
        for at in (0..addresses.len()).filter(|&at| found.known[at]) {
            judge_one(&found.chains, at, addresses[at]);
        }
        damaged += usize::from(fs::metadata(&d.file).is_ok_and(|meta| meta.len() > found.end));
    }
    children.into_iter().for_each(kill);
    println!("{damaged} times the file ended in something unfinished");
    look(&d.cache, &key(), &some(0..RANGE));
    assert_eq!(look(&d.cache, &key(), &some(0..RANGE)), 0);
    assert_eq!(fs::metadata(&d.file).unwrap().len(), store::read(&d.file, &key(), &[]).end);
}
