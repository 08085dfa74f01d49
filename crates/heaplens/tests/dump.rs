//! Dumps as jemalloc writes them, and as the world damages them.

use heaplens::dump::{Dump, Owner, Threads, Writer};
use heaplens::profile::SampleType;
use heaplens::{Error, Profile};

/// jemalloc 5.2 or prof_unbias:false: raw sums agree.
const RAW: &str = "heap_v2/524288
  t*: 3: 1100800 [0: 0]
  t0: 1: 1048576 [0: 0] main
  t7: 2: 52224 [0: 0] name with ] [0: 0] and : colons
@ 0x55d0a0001100 0x55d0a0001200 0x55d0a0001300
  t*: 2: 1049600 [0: 0]
  t0: 1: 1048576 [0: 0]
  t7: 1: 1024 [0: 0]
@ 0x7f0000020010 0x55d0a0001200 0x55d0a0001300
  t*: 1: 51200 [0: 0]
  t7: 1: 51200 [0: 0]

MAPPED_LIBRARIES:
55d0a0000000-55d0a0009000 r-xp 00000000 08:01 42                         /opt/server
7f0000020000-7f0000030000 r-xp 00003000 08:01 43                         /lib/libc.so.6
7ffc00000000-7ffc00002000 rw-p 00000000 00:00 0                          [stack]
";

fn codes(profile: &Profile) -> Vec<&'static str> {
    profile.warnings.iter().map(|w| w.code).collect()
}

fn profile(text: &str) -> Profile {
    let profile = Dump::parse(text.as_bytes()).unwrap().to_profile(Threads::Merged);
    profile.check().unwrap();
    profile
}

#[test]
fn reads_what_is_there() {
    let dump = Dump::parse(RAW.as_bytes()).unwrap();
    assert_eq!(dump.rate, 524_288);
    assert_eq!((dump.total().objects, dump.total().bytes), (3, 1_100_800));
    let names: Vec<_> = dump.threads().map(|(uid, _, name)| (uid, name.unwrap())).collect();
    assert_eq!(names, [(0, &b"main"[..]), (7, b"name with ] [0: 0] and : colons")]);
    let stacks: Vec<_> = dump.stacks().collect();
    assert_eq!(stacks[1].addresses, [0x7f0000020010, 0x55d0a0001200, 0x55d0a0001300]);
    let lines: Vec<_> = stacks[0].lines().map(|(owner, counts)| (owner, counts.objects)).collect();
    assert_eq!(lines, [(Owner::All, 2), (Owner::Thread(0), 1), (Owner::Thread(7), 1)]);
    assert_eq!(dump.accounting().writer, Writer::Raw);
    assert_eq!(dump.to_bytes(), RAW.as_bytes());
}

#[test]
fn values_are_unsampled_line_by_line() {
    let p = profile(RAW);
    let k = |n: f64, s: f64| s / (1.0 - (-(s / n) / 524_288.0).exp());
    let expected = k(2.0, 1_049_600.0) + k(1.0, 51_200.0);
    assert!((p.total().inuse_space.as_f64() - expected).abs() < 1e-6);
    assert_eq!(codes(&p), ["biased"]);
    let leaf = p.samples()[1].stack.unwrap();
    let frame = p.frame(p.stack(leaf).frame);
    assert_eq!(p.module(frame.module.unwrap()).path, "/lib/libc.so.6");
    assert_eq!(frame.offset, 0x3010);
}

#[test]
fn threads_can_be_kept_apart() {
    let p = Dump::parse(RAW.as_bytes()).unwrap().to_profile(Threads::Separate);
    p.check().unwrap();
    assert_eq!(p.samples().len(), 3);
    let thread = p.samples()[1].thread.unwrap();
    assert_eq!(p.threads()[thread.index()].name.as_deref(), Some("name with ] [0: 0] and : colons"));
}

#[test]
fn accumulated_counts_and_stacks_of_freed_memory() {
    let text = "heap_v2/1024\n  t*: 1: 512 [3: 1536]\n  t1: 1: 512 [3: 1536]\n@ 0x10\n  t*: 0: 0 [2: 1024]\n  t1: 0: 0 [2: 1024]\n@ 0x20\n  t*: 1: 512 [1: 512]\n  t1: 1: 512 [1: 512]\n";
    let dump = Dump::parse(text.as_bytes()).unwrap();
    assert_eq!(dump.to_bytes(), text.as_bytes());
    let p = dump.to_profile(Threads::Merged);
    p.check().unwrap();
    assert!(p.meta.has_alloc);
    let total = p.total();
    assert!(total.get(SampleType::AllocSpace) > total.get(SampleType::InuseSpace));
    assert_eq!(p.samples().len(), 2);
}

#[test]
fn the_unbiased_writer_is_told_by_its_sums() {
    // One object of 8 bytes and one of 8 MiB in each of two stacks, printed as jemalloc 5.3 does.
    let r = 524_288f64;
    let p = |z: f64| -(-z / r).exp_m1();
    let print = |sizes: &[f64]| {
        let objects: f64 = sizes.iter().map(|z| 1.0 / p(*z)).sum();
        let bytes: f64 = sizes.iter().map(|z| z / p(*z)).sum();
        let x = bytes / objects;
        let s = (bytes * p(x)).round();
        format!("{}: {} [0: 0]", (s / x).round(), s)
    };
    let mixed = [8.0, 8_388_608.0];
    let other = [262_144.0, 262_144.0, 65_536.0];
    let all: Vec<f64> = [&mixed[..], &other[..]].concat();
    let text = format!(
        "heap_v2/524288\n  t*: {}\n  t0: {}\n@ 0x10\n  t*: {}\n  t0: {}\n@ 0x20\n  t*: {}\n  t0: {}\n\nMAPPED_LIBRARIES:\n7ffc00000000-7ffc00002000 rw-p 00000000 00:00 0 [stack]\n",
        print(&all),
        print(&all),
        print(&mixed),
        print(&mixed),
        print(&other),
        print(&other)
    );
    let dump = Dump::parse(text.as_bytes()).unwrap();
    let accounting = dump.accounting();
    assert_eq!(accounting.writer, Writer::Unbiased, "{text}");
    assert_eq!(accounting.warnings, []);
    assert!((accounting.header_bytes / accounting.stacks_bytes - 1.0).abs() < 0.08);
}

#[test]
fn odd_texts_come_back_byte_for_byte() {
    let crlf = RAW.replace('\n', "\r\n");
    let long = "x".repeat(70_000);
    for text in [
        crlf.as_str(),
        "\u{feff}%warn something\n\nheap_v2/0512\n  t*: 01: 2 [0: 0]\n frag_util: 0.5\n@ 0xAB 0x0c 0\n  f: 1\n   t*: 1: 2 [0: 0]\n  t3: 1: 2 [0: 0] late name\n",
        "heap_v2/512\r\n  t*: 0: 0 [0: 0]\n@\n  t*: 0: 0 [0: 0]\r\n",
        "heap_v2/512\n  t*: 1: 2 [0: 0]\n  t1: 1: 2 [0: 0] two\nlines\n@ 0x1\n  t*: 1: 2 [0: 0]\n  t1: 1: 2 [0: 0]\n\nMAPPED_LIBRARIES:\r\nrubbish",
        "heap_v2/512\r\n  t*: 1: 2 [0: 0]\r\n  t1: 1: 2 [0: 0] two\r\n lines\r\n",
        "heap_v2/512\n  t*: 1: 2 [0: 0]\n@ 0x1\n  t*: 1: 2 [0: 0]\n\n\n\nMAPPED_LIBRARIES:",
        &format!("heap_v2/512\n  t*: 1: 2 [0: 0]\n@ 0x1\n  t*: 1: 2 [0: 0] {long}"),
        &RAW[..RAW.len() / 2],
    ] {
        let dump = Dump::parse(text.as_bytes()).unwrap();
        assert_eq!(String::from_utf8_lossy(&dump.to_bytes()), text);
        dump.to_profile(Threads::Merged).check().unwrap();
    }
}

#[test]
fn a_thread_name_with_a_line_feed_is_one_name() {
    let text = "heap_v2/512\n  t*: 1: 2 [0: 0]\n  t1: 1: 2 [0: 0] wörk\n@home\n  t2: 0: 0 [0: 0]\n";
    // A line that starts like a stack but is none can only be the name's rest.
    let dump = Dump::parse(text.as_bytes()).unwrap();
    let names: Vec<_> = dump.threads().map(|(_, _, name)| name).collect();
    assert_eq!(names, [Some("wörk\n@home".as_bytes()), None]);
    assert_eq!(dump.to_bytes(), text.as_bytes());
}

#[test]
fn every_prefix_is_refused_or_flagged_or_whole() {
    let whole = profile(RAW).total();
    let stack_line = RAW.find("[stack]").unwrap();
    for end in 0..RAW.len() {
        match Dump::parse(&RAW.as_bytes()[..end]) {
            Err(_) => {}
            Ok(dump) => {
                assert_eq!(dump.to_bytes(), &RAW.as_bytes()[..end]);
                let p = dump.to_profile(Threads::Merged);
                let flagged =
                    p.warnings.iter().any(|w| ["damaged", "truncated", "no-maps"].contains(&w.code));
                assert!(
                    flagged || (p.total() == whole && end > stack_line),
                    "cut at {end}: {:?}",
                    p.warnings
                );
            }
        }
    }
}

#[test]
fn damage_in_the_middle_is_noticed() {
    let codes_of = |text: String| match Dump::parse(text.as_bytes()) {
        Ok(dump) => codes(&dump.to_profile(Threads::Merged)),
        Err(_) => vec!["refused"],
    };
    let stack = &RAW[RAW.find("@ 0x7f").unwrap()..RAW.find("\nMAPPED").unwrap()];
    for (what, text) in [
        ("a stack removed", RAW.replace(stack, "")),
        ("a stack doubled", RAW.replace(stack, &stack.repeat(2))),
        ("a digit changed", RAW.replace("t*: 1: 51200", "t*: 1: 91200")),
        ("a t* line removed", RAW.replace("  t*: 1: 51200 [0: 0]\n", "")),
        ("a thread line removed", RAW.replace("  t7: 1: 51200 [0: 0]\n", "")),
        ("two dumps in one", format!("{RAW}{RAW}").replacen("MAPPED", "MAPPEX", 1)),
        ("a count of 30 digits", RAW.replace(": 51200 ", ": 512005120051200512005120051200 ")),
        ("a negative count", RAW.replace(": 51200 ", ": -51200 ")),
        ("an address of 17 digits", RAW.replace("0x7f0000020010", "0x7f000002001011111")),
    ] {
        let codes = codes_of(text);
        assert!(codes.contains(&"damaged") || codes == ["refused"], "{what}: {codes:?}");
    }
}

#[test]
fn errors_say_where_and_what() {
    let Err(Error::Syntax { line, byte, found, expected }) =
        Dump::parse(RAW.replace("t*: 2:", "t*: x:").as_bytes())
    else {
        panic!("accepted")
    };
    assert_eq!((line, found.as_str()), (6, "`  t*: x: 1049600 [0: 0]`"));
    assert_eq!(byte, RAW.find("  t*: 2:").unwrap() as u64);
    assert!(expected.contains("objects: bytes"), "{expected}");
}

#[test]
fn hostile_numbers_neither_wrap_nor_panic() {
    let max = u64::MAX;
    let text = format!(
        "heap_v2/{max}\n  t*: {max}: {max} [{max}: {max}]\n@ 0xffffffffffffffff 0\n  t*: {max}: 1 [0: {max}]\n@ 0x1\n  t*: {max}: {max} [{max}: 0]\n@\n  t*: 5: 0 [0: 0]\n"
    );
    let p = profile(&text);
    for t in SampleType::ALL {
        assert!(!p.total().get(t).is_negative());
    }
    assert!(
        profile(&text.replace(&format!("heap_v2/{max}"), "heap_v2/0"))
            .warnings
            .iter()
            .any(|w| w.code == "rate")
    );
}

#[test]
fn the_trailer_names_binary_and_run_and_seals_the_dump() {
    let seal = format!("# end length={} crc32={:08x}\n", RAW.len(), crc32fast::hash(RAW.as_bytes()));
    let lines = "# heaplens 1\n# build-id ABCDEF0123456789 /opt/server\n# process pid=7 start=1000 time=2000 exe=/opt/server host=a%20b\n# future thing\n# stats allocated=100 active=200\n# rss vmrss=4096\n";
    let text = format!("{RAW}{lines}{seal}");
    let p = profile(&text);
    let trailer = p.meta.trailer.as_ref().unwrap();
    assert!(trailer.sealed);
    assert_eq!((trailer.pid, trailer.host.as_deref()), (Some(7), Some("a b")));
    assert_eq!(trailer.stats["allocated"], 100);
    assert_eq!(p.modules()[0].build_id.as_deref(), Some("abcdef0123456789"));
    assert!(p.modules()[0].is_main);
    assert_eq!(codes(&p), ["biased"]);

    assert!(codes(&profile(&format!("{RAW}{lines}"))).contains(&"truncated"));
    assert!(codes(&profile(&text.replace("0x55d0a0001200", "0x55d0a0001201"))).contains(&"damaged"));
    let whole = Dump::parse(text.as_bytes()).unwrap();
    assert_eq!(whole.to_bytes(), text.as_bytes());
}

/// A dump as jemalloc 5.3 prints it (`prof_do_unbias`): each line is the rounded pair for which unsampling gives
/// the sum of what each sampled object stands for.
fn unbiased_dump(rate: u64, stacks: &[Vec<(usize, u32, u8)>]) -> String {
    let p = |size: f64| -(-size / rate as f64).exp_m1();
    let line = |samples: &[(u64, u32)]| {
        let objects: f64 = samples.iter().map(|&(size, k)| f64::from(k) / p(size as f64)).sum();
        let bytes: f64 = samples.iter().map(|&(size, k)| f64::from(k) * size as f64 / p(size as f64)).sum();
        let x = bytes / objects;
        let s = bytes * p(x);
        format!("{}: {} [0: 0]", (s / x).round(), s.round())
    };
    let class = |index: usize| match index {
        0 => 8,
        1..=8 => 16 * index as u64,
        _ => (4 + (index as u64 - 9) % 4 + 1) << (5 + (index - 9) / 4),
    };
    let of = |keep: &dyn Fn(u8) -> bool, stacks: &[Vec<(usize, u32, u8)>]| -> Vec<(u64, u32)> {
        stacks.iter().flatten().filter(|s| keep(s.2)).map(|&(size, k, _)| (class(size), k)).collect()
    };
    let threads = |stacks: &[Vec<(usize, u32, u8)>]| {
        let used: std::collections::BTreeSet<u8> = stacks.iter().flatten().map(|s| s.2).collect();
        let lines =
            used.into_iter().map(|t| format!("\n  t{t}: {}", line(&of(&|thread| thread == t, stacks))));
        format!("  t*: {}{}", line(&of(&|_| true, stacks)), lines.collect::<String>())
    };
    let mut text = format!("heap_v2/{rate}\n{}\n", threads(stacks));
    for (i, stack) in stacks.iter().enumerate() {
        text += &format!("@ {:#x} 0x2000\n{}\n", 0x1000 + i, threads(std::slice::from_ref(stack)));
    }
    text + "\nMAPPED_LIBRARIES:\n1000-3000 r-xp 00000000 08:01 1 /bin/a\n7ffc0000-7ffd0000 rw-p 0 0 0 [stack]\n"
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(1000))]

    /// Rounding must never look like damage: people would throw good dumps away.
    #[test]
    fn whole_dumps_of_an_unbiased_writer_are_not_called_damaged(
        lg_rate in 9u32..22,
        stacks in proptest::collection::vec(proptest::collection::vec((0usize..90, 1u32..6, 0u8..6), 1..6), 1..80)
    ) {
        let text = unbiased_dump(1 << lg_rate, &stacks);
        let accounting = Dump::parse(text.as_bytes()).unwrap().accounting();
        let damaged: Vec<_> = accounting.warnings.iter().filter(|w| w.code == "damaged").collect();
        proptest::prop_assert!(damaged.is_empty(), "{damaged:?}\n{text}");
    }
}

/// One object of 32 bytes and one of 96 are estimated at 4112 and 4144 bytes. Their total is printed as if it were
/// two of 48, which would be 8240.
#[test]
fn a_total_that_looks_exact_by_chance_is_no_damage() {
    let maps = "\nMAPPED_LIBRARIES:\n1000-2000 r-xp 00000000 08:01 7 /bin/a\n7ff0-7fff rw-p 00000000 00:00 0 [stack]\n";
    let two_stacks = "heap_v2/4096\n  t*: 2: 96 [0: 0]\n  t3: 2: 96 [0: 0]\n\
        @ 0x1001\n  t*: 1: 32 [0: 0]\n  t3: 1: 32 [0: 0]\n\
        @ 0x1002\n  t*: 1: 96 [0: 0]\n  t3: 1: 96 [0: 0]\n";
    let two_threads = "heap_v2/4096\n  t*: 2: 96 [0: 0]\n  t1: 1: 32 [0: 0]\n  t3: 1: 96 [0: 0]\n\
        @ 0x1001\n  t*: 2: 96 [0: 0]\n  t1: 1: 32 [0: 0]\n  t3: 1: 96 [0: 0]\n";
    for text in [two_stacks, two_threads] {
        let accounting = Dump::parse(format!("{text}{maps}").as_bytes()).unwrap().accounting();
        assert_eq!(accounting.warnings, [], "{text}");
    }
    // A sample less is damage all the same.
    let cut = two_stacks.split("@ 0x1002").next().unwrap();
    let accounting = Dump::parse(format!("{cut}{maps}").as_bytes()).unwrap().accounting();
    assert!(accounting.warnings.iter().any(|w| w.code == "damaged"), "{accounting:?}");
}
