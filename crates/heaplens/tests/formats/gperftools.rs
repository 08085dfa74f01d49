//! gperftools' text, and Go's.

use crate::{codes, read, stacks, try_read};
use heaplens::profile::SampleType;

const MAPS: &str = "\nMAPPED_LIBRARIES:\n\
    1000-2000 r-xp 00000000 08:01 1 /bin/a\n2000-3000 r-xp 00000000 08:01 2 /lib/b.so\n\
    7ffd00000000-7ffd00002000 rw-p 00000000 00:00 0 [stack]\n";

const STACKS: &str = "     2:     1024 [     3:     2048] @ 0x1010 0x2020\n\
         1:  1048576 [     1:  1048576] @ 0x1010\n";

fn profile(kind: &str) -> String {
    format!("heap profile:     3:  1049600 [     4:  1050624]{kind}\n{STACKS}{MAPS}")
}

/// What a type says of sampling, by jeprof's arithmetic (`AdjustSamples`).
#[test]
fn each_type_is_unsampled_in_its_way() {
    let poisson = |n: f64, s: f64, rate: f64| s / (1.0 - (-(s / n) / rate).exp());
    let periodic = |n: f64, s: f64, interval: f64| s / ((s / n) / interval).min(1.0);
    for (kind, rate, small) in [
        (" @ heapprofile", None, 1024.0),
        (" @ heap_v2/524288", Some(524_288), poisson(2.0, 1024.0, 524_288.0)),
        (" @ heapz_v2/524288", Some(524_288), poisson(2.0, 1024.0, 524_288.0)),
        (" @ heap_v2", Some(131_072), poisson(2.0, 1024.0, 131_072.0)),
        (" @ heap/524288", Some(262_144), periodic(2.0, 1024.0, 262_144.0)),
        (" @ heapz/0", Some(131_072), periodic(2.0, 1024.0, 131_072.0)),
        // Without a type, pairs that differ come from the profiler that counts everything.
        ("", None, 1024.0),
    ] {
        let profile = read(profile(kind).as_bytes());
        assert_eq!(profile.meta.rate, rate, "{kind}");
        let found = stacks(&profile, SampleType::InuseSpace);
        assert_eq!(
            found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
            ["a+0x10", "b.so+0x20;a+0x10"]
        );
        assert_eq!(found[1].1, small.round() as i128, "{kind}");
        // A sample that is larger than the interval stands for little more than itself.
        assert!((1_048_576..1_300_000).contains(&found[0].1), "{kind}: {}", found[0].1);
        assert!(profile.meta.has_alloc && codes(&profile).is_empty(), "{kind}: {:?}", profile.warnings);
    }
}

#[test]
fn a_sampler_of_live_objects_has_no_other_values() {
    let text = profile(" @ heap_v2/524288").replace("[     3:     2048]", "[     2:     1024]");
    let profile = read(text.as_bytes());
    assert!(!profile.meta.has_alloc);
    assert!(profile.total().alloc_space.is_zero() && !profile.total().inuse_space.is_zero());
    // So old that it has no type: sampled, if both pairs are one.
    let old = "heap profile: 2: 1024 [ 2: 1024]\n2: 1024 [2: 1024] @ 0x1010\n";
    assert_eq!(read(old.as_bytes()).meta.rate, Some(131_072));
}

#[test]
fn gos_text_is_sampled_as_go_samples() {
    let text = "heap profile: 2: 1024 [3: 2048] @ heap/1048576\n\
        2: 1024 [3: 2048] @ 0x1010 0x2020\n#\t0x100f\tmain.leak+0x4f\t/src/main.go:12\n\n\
        # runtime.MemStats\n# Alloc = 1\n";
    let profile = read(text.as_bytes());
    assert_eq!(profile.meta.rate, Some(524_288));
    let expected = 1024.0 / (1.0 - (-512.0f64 / 524_288.0).exp());
    assert_eq!(profile.total().inuse_space.round(), expected.round() as i128);
    assert_eq!(codes(&profile), ["no-maps"]);
}

#[test]
fn oddities_that_jeprof_takes() {
    let text = profile(" @ heap_v2/524288");
    let plain = read(text.as_bytes());
    let same = |changed: String| {
        let profile = read(changed.as_bytes());
        assert_eq!(profile.net_stacks(), plain.net_stacks(), "{changed}");
    };
    same(text.replace('\n', "\r\n"));
    same(format!("\u{feff}%warn be careful\n{text}"));
    same(text.replace("MAPPED_LIBRARIES:", "--- Memory map:"));
    same(text.replace("MAPPED_LIBRARIES:", "--- Memory map:\n build=/bin").replace("/bin/a", "$build/a"));
    same(text.replace("@ 0x1010", "@   1010\t"));
    // A profile alone may have the title that it has in a symbolized file.
    same(format!("--- heap\n{text}"));
}

#[test]
fn damage_is_named() {
    let text = profile(" @ heap_v2/524288");
    let cut = read(&text.as_bytes()[..text.find("  1048576 [     1:  10").unwrap()]);
    assert_eq!(codes(&cut), ["truncated", "damaged", "no-maps"]);
    let lost = read(text.replace("1:  1048576 [     1:  1048576] @ 0x1010\n", "").as_bytes());
    assert!(
        lost.warnings[0].message.contains("1049600 live bytes") && lost.warnings[0].message.contains("1024")
    );
    let maps_cut = read(&text.as_bytes()[..text.find("7ffd").unwrap()]);
    assert_eq!(codes(&maps_cut), ["truncated"]);
    for (from, to, expected) in [
        ("1010\n", "1010x\n", "line 3 (byte 118): found"),
        ("1048576 [", "99999999999999999999 [", "numbers below 2^64"),
        ("     2:", "    -2:", "line 2"),
        ("@ 0x1010 0x2020", "0x1010 0x2020", "line 2"),
        ("0x2020", "0x11112222333344445", "line 2"),
        ("[     4:  1050624]", "", "heap profile: objects: bytes [objects: bytes]"),
    ] {
        let error = try_read(text.replacen(from, to, 1).as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{to}: {error}");
    }
}
