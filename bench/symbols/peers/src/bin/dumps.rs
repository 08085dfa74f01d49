//! `dumps addresses DUMP BINARY` prints the distinct places of calls in the dump's program as virtual addresses of its
//! file. `dumps parse DUMP` prints how fast the dump is parsed on one core, as MB/s of the best of several times;
//! `dumps pprof DUMP [BINARY]` how fast it is written as pprof and read back, with names if there is a binary.

use heaplens::dump::{Dump, Threads};
use heaplens::input::{Limits, parse_pprof};
use heaplens::out::pprof::{self, Packing};
use heaplens::profile::Profile;
use heaplens::symbols::{self, symbolize};
use object::read::ReadCache;
use object::{Object, ObjectSegment};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How long a measured step is repeated: long enough for the clock to step up, short enough to wait for.
const REPEAT: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done =
        match args[..] {
            ["addresses", dump, binary] => addresses(Path::new(dump), Path::new(binary)),
            ["parse", dump] => parse(Path::new(dump)),
            ["pprof", dump] => both_ways(Path::new(dump), None),
            ["pprof", dump, binary] => both_ways(Path::new(dump), Some(Path::new(binary))),
            _ => Err("usage: dumps addresses DUMP BINARY | dumps parse DUMP | dumps pprof DUMP [BINARY]"
                .to_owned()),
        };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("dumps: {why}");
            ExitCode::FAILURE
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn addresses(dump: &Path, binary: &Path) -> Result<(), String> {
    let text = read(dump)?;
    let profile = Dump::parse(&text).map_err(|e| e.to_string())?.to_profile(Threads::Merged);
    let cache =
        ReadCache::new(std::fs::File::open(binary).map_err(|e| format!("{}: {e}", binary.display()))?);
    let file = object::File::parse(&cache).map_err(|e| e.to_string())?;
    let segments: Vec<(u64, u64, u64)> = file
        .segments()
        .filter(|segment| segment.permissions().executable())
        .map(|segment| (segment.file_range().0, segment.file_range().1, segment.address()))
        .collect();
    for offset in offsets(&profile) {
        let address = segments.iter().find_map(|&(start, size, address)| {
            let inside = offset.checked_sub(start).filter(|&inside| inside < size)?;
            Some(address + inside)
        });
        println!(
            "{:#x}",
            address.ok_or_else(|| format!("{offset:#x} is not in the code of {}", binary.display()))?
        );
    }
    Ok(())
}

/// The places of the calls (return address − 1) in the program itself.
fn offsets(profile: &Profile) -> BTreeSet<u64> {
    let frames = profile.frame_ids().map(|id| profile.frame(id));
    frames
        .filter(|frame| frame.module.is_some_and(|id| profile.module(id).is_main))
        .filter_map(|frame| frame.offset.checked_sub(1))
        .collect()
}

fn parse(dump: &Path) -> Result<(), String> {
    let text = read(dump)?;
    let mut stacks = 0;
    let best = best(|| {
        let parsed = Dump::parse(&text).map_err(|e| e.to_string())?;
        stacks = parsed.stacks().len();
        Ok(())
    })?;
    let speed = speed(text.len(), best);
    println!("{{\"bytes\": {}, \"stacks\": {stacks}, \"mb_per_s\": {speed:.1}}}", text.len());
    Ok(())
}

fn both_ways(dump: &Path, binary: Option<&Path>) -> Result<(), String> {
    let mut limits = Limits::default();
    limits.threads = Threads::Separate;
    let text = read(dump)?;
    let mut profile = Dump::parse(&text).map_err(|e| e.to_string())?.to_profile(limits.threads);
    if let Some(binary) = binary {
        let mut options = symbols::Options::default();
        options.binaries = vec![binary.to_owned()];
        profile = symbolize(&profile, &options);
    }
    let mut message = Vec::new();
    let write = |message: &mut Vec<u8>| {
        message.clear();
        pprof::write(&profile, Packing::Plain, message).map_err(|e| e.to_string())
    };
    let writing = best(|| write(&mut message))?;
    let mut back = Profile::default();
    let reading = best(|| {
        back = parse_pprof(&message, &limits).map_err(|e| e.to_string())?;
        Ok(())
    })?;
    let mut again = Vec::new();
    pprof::write(&back, Packing::Plain, &mut again).map_err(|e| e.to_string())?;
    if again != message {
        return Err("what was read from pprof is not written as it was".to_owned());
    }
    println!(
        "{{\"bytes\": {}, \"samples\": {}, \"written_mb_per_s\": {:.1}, \"read_mb_per_s\": {:.1}}}",
        message.len(),
        back.samples().len(),
        speed(message.len(), writing),
        speed(message.len(), reading),
    );
    Ok(())
}

/// The shortest of several times.
fn best(mut step: impl FnMut() -> Result<(), String>) -> Result<Duration, String> {
    let mut best = Duration::MAX;
    let started = Instant::now();
    while started.elapsed() < REPEAT {
        let once = Instant::now();
        step()?;
        best = best.min(once.elapsed());
    }
    Ok(best)
}

fn speed(bytes: usize, time: Duration) -> f64 {
    bytes as f64 / 1e6 / time.as_secs_f64()
}
