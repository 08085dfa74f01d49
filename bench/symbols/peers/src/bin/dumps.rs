//! `dumps addresses DUMP BINARY` prints the distinct places of calls in the dump's program as virtual addresses of its
//! file. `dumps parse DUMP` prints how fast the dump is parsed on one core, as MB/s of the best of several times.

use heaplens::dump::{Dump, Threads};
use heaplens::profile::Profile;
use object::read::ReadCache;
use object::{Object, ObjectSegment};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// How long parsing is repeated: long enough for the clock to step up, short enough to wait for.
const REPEAT: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["addresses", dump, binary] => addresses(Path::new(dump), Path::new(binary)),
        ["parse", dump] => parse(Path::new(dump)),
        _ => Err("usage: dumps addresses DUMP BINARY | dumps parse DUMP".to_owned()),
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
    let (mut best, mut stacks) = (Duration::MAX, 0);
    let started = Instant::now();
    while started.elapsed() < REPEAT {
        let once = Instant::now();
        let parsed = Dump::parse(&text).map_err(|e| e.to_string())?;
        stacks = parsed.stacks().len();
        best = best.min(once.elapsed());
    }
    let speed = text.len() as f64 / 1e6 / best.as_secs_f64();
    println!("{{\"bytes\": {}, \"stacks\": {stacks}, \"mb_per_s\": {speed:.1}}}", text.len());
    Ok(())
}
