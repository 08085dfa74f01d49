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

/// Waits until a helper has written: the file is there and has another size than before.
fn wait_for_change(file: &Path, children: &mut [Child]) {
    let size = || fs::metadata(file).ok().map(|meta| meta.len());
    let before = size();
    // Without end where nobody writes; the test's runner has a limit for that.
    while size().is_none_or(|now| Some(now) == before) {
        for child in &mut *children {
            assert!(child.try_wait().unwrap().is_none(), "a process ended by itself");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Leaves what a process leaves that dies while it writes: a record that ends too early, here that of one address.
fn cut_short(d: &Dir, address: u64) {
    assert_eq!(look(&d.cache, &key(), &some([address])), 1);
    let file = fs::File::options().write(true).open(&d.file).unwrap();
    let length = file.metadata().unwrap().len() - 5;
    file.set_len(length).unwrap();
    assert!(store::read(&d.file, &key(), &[]).end < length, "it does not count");
}

fn mended(d: &Dir, address: u64) -> bool {
    let asked = look(&d.cache, &key(), &some([address]));
    asked == 1 && fs::metadata(&d.file).unwrap().len() == store::read(&d.file, &key(), &[]).end
}

#[test]
fn processes_that_are_killed_leave_the_cache_right() {
    let d = dir();
    let mut random = Random(3);
    let mut children: Vec<Child> = (0..2).map(|seed| start(&d.cache, seed)).collect();
    let mut answers = 0;
    for round in 2..32 {
        wait_for_change(&d.file, &mut children);
        std::thread::sleep(Duration::from_micros(random.below(5000)));
        let one = random.below(2) as usize;
        kill(std::mem::replace(&mut children[one], start(&d.cache, round)));
        // What lies there now, the other process still writing.
        let addresses = some(0..RANGE);
        let found = store::read(&d.file, &key(), &addresses);
        for at in (0..addresses.len()).filter(|&at| found.known[at]) {
            judge_one(&found.chains, at, addresses[at]);
            answers += 1;
        }
        if round % 10 == 0 {
            // Few kills hit a write, so here is one that does; nobody else may mend it.
            children.drain(..).for_each(kill);
            cut_short(&d, RANGE + round);
            assert!(mended(&d, RANGE + round));
            cut_short(&d, 2 * RANGE + round);
            children.extend((0..2).map(|one| start(&d.cache, 1000 + 2 * round + one)));
        }
    }
    children.into_iter().for_each(kill);
    assert!(answers > 0, "no process ever kept an answer");
    look(&d.cache, &key(), &some(0..RANGE));
    assert_eq!(look(&d.cache, &key(), &some(0..RANGE)), 0);
    assert_eq!(fs::metadata(&d.file).unwrap().len(), store::read(&d.file, &key(), &[]).end);
}
