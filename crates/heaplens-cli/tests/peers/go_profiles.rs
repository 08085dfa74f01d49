//! What other programs write as pprof: read by us, it has the figures that `go tool pprof` shows of it.

use crate::pprof::{go, named_stacks, sums, top};
use crate::service::Lab;
use crate::tools::{heaplens, stdout};
use heaplens::Profile;
use heaplens::dump::Threads;
use heaplens::input::{self, Limits};
use heaplens::profile::{ModuleKind, Offsets, SampleType};
use libtest_mimic::Failed;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Allocates by several functions, some inlined, and drops half of it.
const PROGRAM: &str = r#"package main

import (
	"os"
	"runtime"
	"runtime/pprof"
)

type node struct {
	next *node
	data [1000]byte
}

var kept []*node

func small() []byte { return make([]byte, 100) }

//go:noinline
func recurse(depth int, n *node) *node {
	if depth == 0 {
		return &node{next: n}
	}
	return recurse(depth-1, &node{next: n})
}

//go:noinline
func keep(count int) {
	for i := 0; i < count; i++ {
		kept = append(kept, recurse(i%4, nil))
	}
}

//go:noinline
func drop(count int) int {
	sum := 0
	for i := 0; i < count; i++ {
		sum += len(small()) + len(recurse(3, nil).data)
	}
	return sum
}

func main() {
	runtime.MemProfileRate = 2048
	keep(3000)
	drop(5000)
	done := make(chan int)
	go func() { keep(500); done <- 1 }()
	<-done
	runtime.GC()
	file, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	if err := pprof.WriteHeapProfile(file); err != nil {
		panic(err)
	}
	if err := file.Close(); err != nil {
		panic(err)
	}
	runtime.KeepAlive(kept)
}
"#;

fn read(file: &Path) -> Profile {
    let mut limits = Limits::default();
    limits.threads = Threads::Separate;
    let profile = input::read(&std::fs::read(file).unwrap(), &limits).unwrap();
    profile.check().unwrap();
    profile
}

/// Go's own heap profile: all four sample types, function by function; and each sample with its addresses.
pub(crate) fn go_heap(lab: &Lab) -> Result<(), Failed> {
    let dir = lab.dir().join("go-heap");
    std::fs::create_dir_all(&dir)?;
    std::fs::write(dir.join("main.go"), PROGRAM)?;
    let file = dir.join("go.pb.gz");
    let mut run = Command::new("go");
    run.env("GO111MODULE", "off").env("GOPROXY", "off").env("GOCACHE", dir.join("cache"));
    stdout(run.arg("run").arg(dir.join("main.go")).arg(&file));

    let profile = read(&file);
    assert_eq!(profile.meta.rate, Some(2048));
    assert!(profile.meta.has_alloc && profile.meta.has_objects && !profile.meta.is_diff);
    assert!(profile.meta.trailer.as_ref().is_some_and(|trailer| trailer.time_ms.is_some()));
    figures(&profile, &file, 5);
    samples(&profile, &file)?;

    // Written by us, it is the same to the tool.
    let ours = crate::pprof::write(&profile, dir.join("ours.pb.gz"));
    for sample_type in SampleType::ALL {
        assert_eq!(top(&unit(sample_type), &ours), top(&unit(sample_type), &file), "{sample_type:?}");
    }
    // And by the program.
    let table = stdout(&mut heaplens([
        "top".as_ref(),
        "--show-runtime".as_ref(),
        "--cum".as_ref(),
        file.as_os_str(),
    ]));
    assert!(table.contains("main.keep") && table.contains("main.recurse"), "{table}");
    Ok(())
}

fn unit(sample_type: SampleType) -> [&'static str; 2] {
    match sample_type {
        SampleType::AllocObjects => ["-sample_index=alloc_objects", "-unit=count"],
        SampleType::AllocSpace => ["-sample_index=alloc_space", "-unit=B"],
        SampleType::InuseObjects => ["-sample_index=inuse_objects", "-unit=count"],
        SampleType::InuseSpace => ["-sample_index=inuse_space", "-unit=B"],
    }
}

/// All functions with their flat and cumulative figures.
fn figures(profile: &Profile, file: &Path, at_least: usize) {
    for sample_type in SampleType::ALL.into_iter().filter(|t| profile.meta.has(*t)) {
        let ours = sums(&named_stacks(profile, sample_type));
        assert!(ours.len() >= at_least, "{sample_type:?}: {ours:?}");
        assert_eq!(ours, top(&unit(sample_type), file), "{sample_type:?}");
    }
}

/// Addresses of the calls and all values of each sample, as `-raw` has them.
fn samples(profile: &Profile, file: &Path) -> Result<(), Failed> {
    let raw = go(&["-raw"], file);
    let (_, rest) = raw.split_once("\nSamples:\n").ok_or("no samples")?;
    let (samples, rest) = rest.split_once("\nLocations\n").ok_or("no locations")?;
    let (locations, _) = rest.split_once("\nMappings\n").ok_or("no mappings")?;
    // Further functions of a location stand on lines of their own.
    let locations: BTreeMap<&str, &str> = locations
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?.strip_suffix(':')?, words.next()?))
        })
        .collect();
    let numbers =
        |text: &str| -> Vec<i128> { text.split_whitespace().map_while(|n| n.parse().ok()).collect() };
    let mut theirs: Vec<(Vec<i128>, Vec<&str>)> = samples
        .lines()
        .filter_map(|line| {
            // The rest are the header and labels.
            let (values, ids) = line.split_once(": ")?;
            let values = numbers(values);
            (values.len() == 4).then(|| (values, ids.split_whitespace().map(|id| locations[id]).collect()))
        })
        .filter(|(values, _)| values.iter().any(|&value| value != 0))
        .collect();
    let address = |frame: heaplens::profile::Frame| {
        let module = profile.module(frame.module.unwrap());
        let part = module.mapped.iter().find_map(|part| part.address(frame.offset - 1));
        format!("{:#x}", part.unwrap())
    };
    let ours: Vec<(Vec<i128>, Vec<String>)> = profile
        .samples()
        .iter()
        .map(|sample| {
            let frames = profile.stack_from_leaf(sample.stack).map(|(_, id)| profile.frame(id));
            let values = SampleType::ALL.map(|t| sample.values.get(t).round()).to_vec();
            (values, frames.filter(|frame| !frame.inlined).map(address).collect())
        })
        .collect();
    let mut ours: Vec<(Vec<i128>, Vec<&str>)> = ours
        .iter()
        .map(|(values, stack)| (values.clone(), stack.iter().map(String::as_str).collect()))
        .collect();
    ours.sort_unstable();
    theirs.sort_unstable();
    assert!(ours.len() > 10);
    assert_eq!(ours, theirs);
    Ok(())
}

/// Made by pprof_util 0.8.2, which writes jemalloc_pprof's answers, of `tests/readme/leak.heap`: live bytes alone, and
/// addresses as the program's own headers have them.
pub(crate) fn jemalloc_pprof(_: &Lab) -> Result<(), Failed> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let file = tests.join("peers/jemalloc_pprof.pb.gz");
    let profile = read(&file);
    assert!(!profile.meta.has_alloc && !profile.meta.has_objects && profile.meta.rate.is_none());
    let module = profile.modules().iter().find(|m| m.kind == ModuleKind::File).ok_or("no module")?;
    assert_eq!((module.path.as_str(), module.offsets), ("/opt/tsdb/bin/tsdb", Offsets::Virtual));
    figures(&profile, &file, 1);

    // Named by the build-id, it has the functions and the bytes of the dump that it was made of.
    let top = |input: &Path| {
        let tsdb = tests.join("readme/tsdb");
        let args = [
            "top".as_ref(),
            "--format=json".as_ref(),
            "--binary".as_ref(),
            tsdb.as_os_str(),
            input.as_os_str(),
        ];
        let text = stdout(&mut heaplens(args));
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let row = |row: &serde_json::Value| {
            let bytes = row["flat"]["value"].as_f64().unwrap_or_else(|| panic!("{row}"));
            (row["name"].as_str().unwrap().to_owned(), bytes)
        };
        json["functions"].as_array().unwrap().iter().map(row).collect::<Vec<_>>()
    };
    let (ours, theirs) = (top(&file), top(&tests.join("readme/leak.heap")));
    assert!(ours.len() > 2 && ours.iter().any(|(name, _)| name.contains("QueryCache::insert")), "{ours:?}");
    assert_eq!(ours.len(), theirs.len());
    for ((name, ours), (same, theirs)) in ours.iter().zip(&theirs) {
        // Theirs is cut to whole bytes, for each stack.
        assert!(name == same && (ours - theirs).abs() < 10.0, "{name} {ours}, {same} {theirs}");
    }
    Ok(())
}
