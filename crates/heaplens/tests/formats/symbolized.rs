//! jeprof's symbolized files.

use crate::{by_thread, codes, read, stacks, try_read};
use heaplens::out;
use heaplens::profile::SampleType;

const NAMES: &str = "--- symbol\nbinary=/bin/a\n\
    0x0000000000001010 malloc\n0x000000000000101f outer--middle--inner\n0x102f main\n---\n";
const HEAP: &str = "heap_v2/524288\n  t*: 2: 2097152 [0: 0]\n  t3: 2: 2097152 [0: 0] worker\n\
    @ 0x1010 0x1020 0x1030\n  t*: 1: 1048576 [0: 0]\n  t3: 1: 1048576 [0: 0]\n\
    @ 0x1020 0x1040\n  t*: 1: 1048576 [0: 0]\n  t3: 1: 1048576 [0: 0]\n";

/// A leaf stands under its own address, callers under the one before; what jeprof would not find is found there too.
#[test]
fn names_are_found_as_jeprof_writes_them() {
    let profile = read(format!("{NAMES}--- heap\n{HEAP}").as_bytes());
    let names: Vec<String> =
        stacks(&profile, SampleType::InuseSpace).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["[unmapped]+0x1040;outer;middle;inner", "main;outer;middle;inner;malloc"]);
    assert_eq!(codes(&profile), ["no-maps"]);
    let frames: Vec<_> = profile.frame_ids().map(|id| profile.frame(id)).collect();
    let of = |name: &str| {
        let is = |f: &&heaplens::profile::Frame| {
            f.function.is_some_and(|id| profile.string(profile.function(id).name) == name)
        };
        *frames.iter().find(is).unwrap()
    };
    assert_eq!((of("inner").inline_depth, of("inner").inlined), (0, true));
    assert_eq!((of("outer").inline_depth, of("outer").inlined), (2, false));
    assert_eq!((of("main").inline_depth, of("main").inlined), (0, false));
    assert_eq!(of("outer").offset, 0x1020);
}

#[test]
fn what_names_everything_needs_no_mappings() {
    let profile = read(format!("{NAMES}--- heap\n{}", HEAP.replace("0x1040", "0x1030")).as_bytes());
    assert_eq!(codes(&profile), [""; 0]);
    let threads = by_thread(format!("{NAMES}--- heap\n{HEAP}").as_bytes());
    assert_eq!(threads.threads()[0].name.as_deref(), Some("worker"));
}

#[test]
fn the_profile_behind_may_be_any_of_addresses() {
    let gperftools = "heap profile: 1: 1024 [1: 1024] @ heapprofile\n1: 1024 [1: 1024] @ 0x1010 0x1030\n";
    for text in [
        format!("{NAMES}--- heap\n{gperftools}"),
        format!("{NAMES}{gperftools}"),
        format!("{NAMES}--- heap\n{gperftools}").replace('\n', "\r\n"),
        format!("\u{feff}{NAMES}\n---heap\n{gperftools}"),
    ] {
        assert_eq!(
            stacks(&read(text.as_bytes()), SampleType::InuseSpace),
            [("main;malloc".to_owned(), 1024)]
        );
    }
}

#[test]
fn names_that_are_none_leave_addresses() {
    let names = "--- symbol\n0x1010 ??\n0x102f 0x000000000000102f\nnonsense\n0xzz f\n0x1\n---\n";
    let profile = read(format!("{names}--- heap\n{HEAP}").as_bytes());
    assert!(profile.frame_ids().all(|id| profile.frame(id).function.is_none()));
}

/// Servers are asked for both addresses, and know one.
#[test]
fn an_address_without_a_name_does_not_hide_the_other() {
    for none in ["??", "0x0000000000001010", "0x101f"] {
        let names =
            format!("--- symbol\n0x1010 {none}\n0x100f leaf\n0x101f {none}\n0x1020 caller\n---\n--- heap\n");
        let heap = "heap_v2/1\n  t*: 1: 1 [0: 0]\n@ 0x1010 0x1020\n  t*: 1: 1 [0: 0]\n";
        let found = stacks(&read(format!("{names}{heap}").as_bytes()), SampleType::InuseObjects);
        assert_eq!(found, [("caller;leaf".to_owned(), 1)], "{none}");
    }
}

#[test]
fn errors_name_the_place_in_the_whole_file() {
    let text = format!("{NAMES}--- heap\n{}", HEAP.replace("@ 0x1020", "@ 0xnone"));
    let at = text.find("@ 0xnone").unwrap();
    let error = try_read(text.as_bytes()).unwrap_err().to_string();
    assert!(error.starts_with(&format!("line 14 (byte {at})")), "{error}");
    let error = try_read(format!("{NAMES}--- heap\nmain;f 5\n").as_bytes()).unwrap_err().to_string();
    assert!(error.contains("heap_v2/"), "{error}");
}

/// The numbers of the dump stand in the file, so that its rate, and the intervals, come back.
#[test]
fn a_dumps_own_numbers_are_written() {
    let profile = by_thread(HEAP.as_bytes());
    let mut text = Vec::new();
    out::symbolized::write(&profile, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains(&HEAP[..HEAP.find("@ 0x1020").unwrap()]), "{text}");
    let back = by_thread(text.as_bytes());
    assert_eq!(back.meta.rate, Some(524_288));
    assert_eq!(back.net_stacks(), profile.net_stacks());
    assert_eq!(back.threads(), profile.threads());
}

/// Values that no dump of one rate has are written as they are.
#[test]
fn other_values_are_written_rounded() {
    let mut profile = read(b"heap_v2/512\n  t*: 1: 64 [0: 0]\n@ 0x1010\n  t*: 1: 64 [0: 0]\n");
    profile.absorb(&read(HEAP.as_bytes()));
    let mut text = Vec::new();
    out::symbolized::write(&profile, &mut text).unwrap();
    let back = read(&text);
    assert_eq!(back.meta.rate, None);
    assert_eq!(codes(&back), ["rate", "no-maps"]);
    assert!((back.total().inuse_space - profile.total().inuse_space).abs().as_f64() < 2.0);
    let difference = heaplens::diff::diff(&profile, &back);
    let error = out::symbolized::write(&difference, &mut Vec::new()).unwrap_err().to_string();
    assert!(error.starts_with("a symbolized file cannot hold a difference"), "{error}");
}

/// Addresses that the names of others stand under are given up for ones of their own.
#[test]
fn no_name_is_found_under_anothers_address() {
    let heap = "heap_v2/1\n  t*: 3: 3 [0: 0]\n@ 0x1010 0x1030\n  t*: 1: 1 [0: 0]\n\
        @ 0x1011 0x1030\n  t*: 1: 1 [0: 0]\n@ 0x1031 0x1012\n  t*: 1: 1 [0: 0]\n";
    let names = "--- symbol\n0x1010 a\n0x1011 b\n0x1012 never\n0x102f c\n0x1031 d\n---\n--- heap\n";
    let profile = read(format!("{names}{heap}").as_bytes());
    let mut text = Vec::new();
    out::symbolized::write(&profile, &mut text).unwrap();
    let back = read(&text);
    assert_eq!(back.net_stacks(), profile.net_stacks(), "{}", String::from_utf8_lossy(&text));
}
