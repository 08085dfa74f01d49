//! Files that were cut, and files that nobody means well with.

use crate::{by_thread, read, stacks, try_read};
use heaplens::out::{csv, speedscope, symbolized};
use heaplens::profile::SampleType;
use std::fmt::Write as _;

const MAPS: &str = "\nMAPPED_LIBRARIES:\n1000-2000 r-xp 00000000 08:01 1 /bin/a\n\
    7ffd00000000-7ffd00002000 rw-p 00000000 00:00 0 [stack]\n";
const GPERFTOOLS: &str = "heap profile: 3: 35 [3: 35] @ heap_v2/524288\n1: 10 [1: 10] @ 0x1010 0x1020\n\
    2: 25 [2: 25] @ 0x1030 0x1020\n";
const HEAP: &str = "heap_v2/524288\n  t*: 3: 3145728 [0: 0]\n@ 0x1010 0x1020\n  t*: 1: 1048576 [0: 0]\n\
    @ 0x1030 0x1020\n  t*: 2: 2097152 [0: 0]\n";
const SYMBOLS: &str = "--- symbol\nbinary=/bin/a\n0x1010 leaf\n0x101f main--f\n0x1030 other\n---\n--- heap\n";
const LOG: &str = r#"{"info":{"lg_sample_rate":12},"threads":[{"thr_uid":0}],"stack_traces":[["0x10"]],"allocations":[{"alloc_thread":0,"alloc_trace":0,"usize":3072}]}"#;
const RECENT: &str = r#"{"sample_interval":4096,"recent_alloc_max":9,"recent_alloc":[{"usize":81920,"released":false,"alloc_thread_uid":1,"alloc_trace":["0x10"]}]}"#;

/// Every prefix is refused, or flagged, or gives the whole figures.
#[test]
fn a_cut_is_noticed_at_every_byte() {
    let mut files = vec![
        format!("{GPERFTOOLS}{MAPS}"),
        format!("{SYMBOLS}{HEAP}{MAPS}"),
        format!("{SYMBOLS}{GPERFTOOLS}{MAPS}"),
        LOG.to_owned(),
        RECENT.to_owned(),
    ];
    let mut ours = Vec::new();
    symbolized::write(&read(files[1].as_bytes()), &mut ours).unwrap();
    files.push(String::from_utf8(ours).unwrap());
    for file in &files {
        let whole = read(file.as_bytes());
        for end in 0..file.len() {
            let Ok(cut) = try_read(&file.as_bytes()[..end]) else { continue };
            cut.check().unwrap();
            let is_whole = cut.net_stacks() == whole.net_stacks();
            let more = cut.warnings.iter().any(|w| !whole.warnings.iter().any(|known| known.code == w.code));
            assert!(more || is_whole, "{:?}", &file[..end]);
        }
    }
}

#[test]
fn numbers_neither_wrap_nor_panic() {
    let huge = u64::MAX;
    for text in [
        format!(
            "heap profile: {huge}: {huge} [{huge}: {huge}] @ heap_v2/{huge}\n{huge}: 1 [1: {huge}] @ 0x1\n{huge}: {huge} [0: 0] @ 0xffffffffffffffff 0x0\n"
        ),
        format!(
            "heap profile: 0: 0 [0: 0] @ heap/{huge}\n{huge}: 1 [1: {huge}] @\n0: {huge} [{huge}: 0] @ 0x1\n"
        ),
        format!("heap profile: 1: 1 [1: 1] @ heap_v2/1\n1: {huge} [1: 1] @ 0x1\n{huge}: 1 [1: 1] @ 0x1\n"),
        LOG.replace("3072", &huge.to_string()).replace(":12}", ":4294967295}"),
        RECENT
            .replace("81920", &huge.to_string())
            .replace("4096", &huge.to_string())
            .replace("max\":9", "max\":-9223372036854775808"),
        format!("{SYMBOLS}{HEAP}")
            .replace("2097152", &huge.to_string())
            .replace("0x101f", "0xffffffffffffffff"),
        format!("{SYMBOLS}{HEAP}").replace("0x1020", "0x0"),
    ] {
        let profile = read(text.as_bytes());
        assert!(SampleType::ALL.iter().all(|&t| !profile.total().get(t).is_negative()), "{text}");
        let mut bytes = Vec::new();
        symbolized::write(&profile, &mut bytes).unwrap();
        assert_eq!(read(&bytes).samples().len(), profile.samples().len(), "{text}");
        speedscope::write(&profile, &mut bytes).unwrap();
        csv::write_profile(&profile, &mut bytes).unwrap();
    }
}

#[test]
fn documents_that_nest_are_refused() {
    for (open, close) in [
        ("[", "]"),
        ("{\"a\":", "}"),
        ("{\"recent_alloc\":[", "]}"),
        ("{\"stack_traces\":{\"allocations\":", "}}"),
    ] {
        for ends in [String::new(), close.repeat(200_000)] {
            let text = format!("{}0{ends}", open.repeat(200_000));
            assert!(try_read(text.as_bytes()).is_err());
        }
    }
}

/// As many lines as a service has stacks; threads without number.
#[test]
fn a_million_lines_are_read() {
    let mut text = String::from("heap profile: 1000000: 8000000 [1000000: 8000000] @ heapprofile\n");
    for i in 0..1_000_000 {
        writeln!(text, "1: 8 [1: 8] @ {:#x} {:#x}", 0x10_0000 + i % 5_000, 0x20_0000 + i % 100).unwrap();
    }
    text += MAPS;
    let profile = read(text.as_bytes());
    assert_eq!(profile.total().inuse_space.trunc(), 8_000_000);
    assert_eq!((profile.samples().len(), profile.stack_count()), (1_000_000, 100 + 5_000));

    let threads: Vec<String> = (0..100_000).map(|i| format!("{{\"thr_uid\":{i}}}")).collect();
    let log = LOG.replace("{\"thr_uid\":0}", &threads.join(","));
    assert_eq!(by_thread(log.as_bytes()).threads().len(), 100_000);

    let names: String = (0..300_000).map(|i| format!("{i:#x} f{i}\n")).collect();
    let file = format!("--- symbol\n{names}---\n--- heap\n{HEAP}");
    assert_eq!(stacks(&read(file.as_bytes()), SampleType::InuseObjects).len(), 2);
}

/// A short line can name thousands of functions, and a stack can list its address time and again.
#[test]
fn names_that_make_stacks_endless_are_refused() {
    let file = |names: usize, addresses: usize| {
        let (names, stack) = (vec!["f"; names].join("--"), "0x1010 ".repeat(addresses));
        format!(
            "--- symbol\n0x100f {names}\n---\n--- heap\nheap_v2/1\n  t*: 1: 1 [0: 0]\n@ 0x1 {stack}\n  t*: 1: 1 [0: 0]\n"
        )
    };
    let error = try_read(file(50_000, 2_000).as_bytes()).unwrap_err().to_string();
    assert!(error.contains("would become more than"), "{error}");
    let one = read(file(50_000, 1).as_bytes());
    assert!((4_000..5_000).contains(&one.stack_count()), "{}", one.stack_count());
    assert_eq!(read(file(20, 2_000).as_bytes()).stack_count(), 40_001);
}

/// `$build` stands for a path, which is short, on a few lines.
#[test]
fn a_variable_that_makes_mappings_endless_is_refused() {
    let file = |length: usize, lines: usize| {
        let line = "1000-2000 r-xp 00000000 08:01 1 $build/a\n".repeat(lines);
        format!("{GPERFTOOLS}\nMAPPED_LIBRARIES:\nbuild=/{}\n{line}", "b".repeat(length))
    };
    let path = |text: String| read(text.as_bytes()).modules()[0].path.clone();
    assert_eq!(path(file(4095, 1)).len(), "/".len() + 4095 + "/a".len());
    assert_eq!(path(file(4096, 1)), "$build/a");
    let error = try_read(file(4095, 3_000).as_bytes()).unwrap_err().to_string();
    assert!(error.contains("would become more than"), "{error}");
}
