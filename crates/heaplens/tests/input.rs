//! Inputs of every kind through the front door, plain and compressed.

use heaplens::input::{Limits, read, unpack};
use std::io::Write;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn what_is_no_profile_is_named() {
    for (bytes, name) in [
        (&b""[..], "an empty file"),
        (b" \n\n", "an empty file"),
        (b"\x7fELF\x02\x01\x01\0", "an ELF binary"),
        (b"<!DOCTYPE html><html>login</html>", "an HTML page"),
        (
            b"# HELP heap_bytes Live bytes.\n# TYPE heap_bytes gauge\nheap_bytes 358\n",
            "metrics for Prometheus",
        ),
        (
            b"{\"error\":\"Memory profiling is not enabled\",\"fix\":\"start with MALLOC_CONF=prof:true\"}",
            "Memory profiling is not enabled",
        ),
        (b"{\"a\": 1}", "JSON"),
        (b"{\n\"a\": 1\n}", "JSON"),
        (b"[{\"a\": 1}]", "JSON"),
        (b"HTTP/1.1 200 OK\r\n\r\nheap_v2/512\n", "an HTTP answer with its head"),
        (b"<svg xmlns='x'/>", "an SVG picture"),
        (b"\xff\xfeh\0e\0", "UTF-16"),
        (b"\x28\xb5\x2f\xfd1234", "zstd"),
        (b"heap profile:   1: 2 [ 3: 4] @ growthz\n", "a gperftools heap growth profile"),
        (b"--- growth\nheap profile: 1: 2 [3: 4] @ growthz\n", "a gperftools heap growth profile"),
        (b"--- contention\ncycles/second = 1\n", "lock contention"),
        (b"--- mutex:\ncycles/second=1\n", "lock contention"),
        (b"--- symbol\n0x1 f\n---\n--- contention\n", "lock contention"),
        (b"--- symbol\n0x1 f\n---\n--- profile\n\0\0\0\0", "a CPU profile"),
        (b"\0\0\0\0\x03\0\0\0\0\0\0\0\x10\x27\0\0\0\0\0\0", "a CPU profile"),
        (
            b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x27\x10\0\0\0\0\0\0\0\0",
            "a CPU profile",
        ),
        (b"goroutine profile: total 1\n1 @ 0x1\n", "goroutines"),
        (b"--- symbol\nbinary=x\n0x1 f\n---\n", "whose heap profile is missing"),
        (b"\x0a\x04\x08\x01\x10\x02\x12\0inuse_space", "pprof"),
        (b"\x01\x02\0\x03", "binary data"),
        (b"The 'mem-prof' feature is disabled", "text that starts with"),
    ] {
        for bytes in [bytes.to_vec(), gzip(bytes)] {
            let error = read(&bytes, &Limits::default()).unwrap_err().to_string();
            assert!(error.contains(name), "{name}: {error}");
        }
    }
}

#[test]
fn compressed_input_is_read_and_capped() {
    let folded = b"a;b 5\na;c 7\n";
    assert_eq!(read(&gzip(folded), &Limits::default()).unwrap().total().inuse_space.trunc(), 12);
    let twice = [gzip(b"a;b 5\n"), gzip(b"a;c 7\n")].concat();
    assert_eq!(read(&twice, &Limits::default()).unwrap().total().inuse_space.trunc(), 12);

    let mut limits = Limits::default();
    limits.unpacked = 1000;
    let error = unpack(&gzip(&vec![b'a'; 100_000]), &limits).unwrap_err().to_string();
    assert!(error.contains("larger than the limit of 1000 bytes"), "{error}");
    let whole = gzip(folded);
    let error = read(&whole[..whole.len() - 9], &Limits::default()).unwrap_err().to_string();
    assert!(error.contains("was the file cut"), "{error}");
}

#[test]
fn folded_stacks_with_one_number_and_with_two() {
    let one = read(b"main;[u8\\x3b 8]::new 12 100\nmain;run 5\n", &Limits::default()).unwrap();
    assert!(!one.meta.is_diff);
    let names: Vec<_> =
        one.net_stacks().into_iter().map(|(names, v)| (names.join("|"), v.inuse_space.trunc())).collect();
    assert_eq!(names, [("main|[u8; 8]::new 12".to_owned(), 100), ("main|run".to_owned(), 5)]);

    let two = read(b"# comment\nmain;a 10 30\nmain;gone 50 0\r\n", &Limits::default()).unwrap();
    assert!(two.meta.is_diff);
    assert_eq!(two.total().inuse_space.trunc(), -30);
    two.check().unwrap();

    let net = read(b"main;a 20\nmain;gone -50\n", &Limits::default()).unwrap();
    assert!(net.meta.is_diff && net.warnings[0].code == "net-difference");

    // As PHP names functions, and as PowerShell marks UTF-8.
    for text in ["{closure};a 5\nmain;b 3\n", "[{closure}];a 5\n", "{closure} 5", "\u{feff}{closure};a 5\n"] {
        let braces = read(text.as_bytes(), &Limits::default()).unwrap();
        assert!(
            braces.net_stacks().iter().any(|(names, _)| names[0].trim_matches(['[', ']']) == "{closure}"),
            "{text}"
        );
    }
    let marked = read("\u{feff}main;a 5\nmain;b 3\n".as_bytes(), &Limits::default()).unwrap();
    assert!(marked.net_stacks().iter().all(|(names, _)| names[0] == "main"), "{:?}", marked.net_stacks());

    let error = read(b"main;a 10\nnonsense\n", &Limits::default()).unwrap_err().to_string();
    assert!(error.starts_with("line 2 (byte 10)"), "{error}");
}

#[test]
fn folded_stacks_that_begin_alike_are_told_apart() {
    let lines = [
        "a;b",
        "a",
        "a;b;c",
        "a;bc",
        "a;b",
        ";a",
        "a;;b",
        "a;",
        "a;longer than a word",
        "a;longer than a ward",
    ];
    let text: String = lines.iter().map(|line| format!("{line} 1\n")).collect();
    let found: Vec<(Vec<String>, i128)> = read(text.as_bytes(), &Limits::default())
        .unwrap()
        .net_stacks()
        .into_iter()
        .map(|(names, values)| (names, values.inuse_space.trunc()))
        .collect();
    let mut expected = std::collections::BTreeMap::new();
    for line in lines {
        *expected.entry(line.split(';').map(str::to_owned).collect::<Vec<String>>()).or_insert(0) += 1;
    }
    assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
}
