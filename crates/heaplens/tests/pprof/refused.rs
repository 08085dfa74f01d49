//! Files that break the format's rules: refused, with what is wrong and where.

use crate::encode::{BYTES, Message, Pprof};
use crate::{Names, plain, sealed};
use heaplens::dump::Threads;
use heaplens::input::{Limits, parse_pprof};
use heaplens::symbols::symbolize_with;

fn error(message: &[u8]) -> String {
    parse_pprof(message, &Limits::default()).map(|_| ()).unwrap_err().to_string()
}

fn with(change: impl FnOnce(&mut Pprof)) -> Vec<u8> {
    let mut pprof = Pprof::small();
    change(&mut pprof);
    pprof.message()
}

#[test]
fn every_broken_rule_is_named() {
    let number = |field, value| Message::default().number(field, value);
    let location = |bytes: &[u8]| Message::default().bytes(1, bytes);
    // Where what is wrong stands, counted from the end of what is right.
    let cases: Vec<(Vec<u8>, usize, &str, &str)> = vec![
        (with(|p| p.sample(&[9], &[1], &[])), 4, "sample 2", "location 9, which is not there"),
        (with(|p| p.sample(&[1, 300], &[1], &[])), 5, "sample 2", "location 300, which is not there"),
        (with(|p| p.sample(&[0], &[1], &[])), 4, "sample 2", "location 0, which is not there"),
        (with(|p| p.sample(&[9], &[0], &[])), 4, "sample 2", "location 9, which is not there"),
        (with(|p| p.add(2, &number(1, 9).number(2, 1))), 3, "sample 2", "location 9, which is not there"),
        (with(|p| p.add(2, &location(&[1, 0x80]).packed(2, [1]))), 5, "sample 2", "the end of the data"),
        (
            with(|p| p.add(2, &location(&[1]).bytes(1, &[1, 9]))),
            8,
            "sample 2",
            "location 9, which is not there",
        ),
        (with(|p| p.location(2, 7, 1, &[])), 5, "location 2", "mapping 7, which is not there"),
        (with(|p| p.location(2, 1, 1, &[(8, 1)])), 11, "location 2", "function 8, which is not there"),
        (with(|p| p.location(0, 1, 1, &[])), 3, "location 2", "the id 0, or none"),
        (with(|p| p.add(4, &Message::default())), 2, "location 2", "the id 0, or none"),
        (with(|p| p.function(0, "g", "", "")), 3, "function 2", "the id 0, or none"),
        (with(|p| p.mapping(0, [1, 2, 0], "", "")), 3, "mapping 2", "the id 0, or none"),
        (with(|p| p.location(1, 1, 1, &[])), 3, "location 2", "the id 1 a second time"),
        (with(|p| p.function(1, "g", "", "")), 3, "function 2", "the id 1 a second time"),
        (with(|p| p.mapping(1, [1, 2, 0], "", "")), 3, "mapping 2", "the id 1 a second time"),
        (
            with(|p| p.mapping(2, [0x2000, 0x1000, 0], "", "")),
            8,
            "mapping 2",
            "the end 0x1000 before the start 0x2000",
        ),
        (with(|p| p.sample(&[1], &[], &[])), 2, "sample 2", "0 values for 1 sample types"),
        (with(|p| p.sample(&[1], &[1, 2], &[])), 2, "sample 2", "2 or more values for 1 sample types"),
        (with(|p| p.sample(&[1], &[0; 9], &[])), 2, "sample 2", "2 or more values for 1 sample types"),
        (with(|p| p.strings[0] = b"x\x1b".to_vec()), 2, "the profile", "`x\\x1b`, expected an empty string"),
        (with(|p| p.add(5, &number(1, 2).number(2, 99))), 5, "function 2", "string 99 of a table of 8"),
        (with(|p| p.add(5, &number(1, 2).number(3, u64::MAX))), 5, "function 2", "string -1 of a table of 8"),
        (with(|p| p.add(5, &number(1, 2).number(4, 8))), 5, "function 2", "string 8 of a table of 8"),
        (with(|p| p.add(3, &number(1, 2).number(5, 99))), 5, "mapping 2", "string 99 of a table of 8"),
        (with(|p| p.add(3, &number(1, 2).number(6, 99))), 5, "mapping 2", "string 99 of a table of 8"),
        (with(|p| p.add(1, &number(1, 99))), 2, "sample type 2", "string 99 of a table of 8"),
        (
            with(|p| p.body = std::mem::take(&mut p.body).number(13, 99)),
            1,
            "comment",
            "string 99 of a table of 8",
        ),
        (
            with(|p| p.add(2, &number(1, 1).number(2, 1).bytes(3, &number(1, 99).0))),
            9,
            "sample 2",
            "string 99 of a table of 8",
        ),
        (
            with(|p| p.body = std::mem::take(&mut p.body).number(2, 1)),
            1,
            "sample 2",
            "a number as field 2, expected a string or a message",
        ),
        (
            with(|p| p.add(9, &Message::default())),
            2,
            "the profile",
            "bytes with their length as field 9, expected a number",
        ),
        (with(|p| p.body.0.push(0x0b)), 0, "the profile", "a group (3), expected wire type 0, 1, 2 or 5"),
        (with(|p| p.body.0.extend([0xc8; 12])), 0, "the profile", "one of more than ten bytes"),
        (
            with(|p| p.body.0.extend([0x48, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2])),
            1,
            "the profile",
            "one of more than 64 bits",
        ),
    ];
    let end = Pprof::small().body.0.len();
    for (message, offset, place, found) in cases {
        let error = error(&message);
        let words = format!("pprof, {place} (byte {}): found {found}", end + offset);
        assert!(error.starts_with(&words), "{words}: {error}");
    }
    let cut = error(&[0x0a, 0x04, 0x08, 1, 0x10, 2, 0x12, 9, 0]);
    assert!(cut.ends_with(
        "found a length of 9 where 1 bytes are left, expected no more than is there; was the file cut?"
    ));
    let mut many = Pprof::new(&[BYTES; 65]);
    many.sample(&[], &[1; 65], &[]);
    assert!(error(&many.message()).contains("at most 64"));
}

#[test]
fn other_profiles_are_refused_by_name() {
    let cpu = Pprof::new(&[("samples", "count"), ("cpu", "nanoseconds")]).message();
    let error = heaplens::input::read(&cpu, &Limits::default()).unwrap_err().to_string();
    assert!(
        error.starts_with("this is a CPU profile in pprof's format (samples/count, cpu/nanoseconds)"),
        "{error}"
    );
}

/// A file as we write it, with everything in it.
fn whole() -> Vec<u8> {
    plain(&symbolize_with(&crate::read(&sealed(), Threads::Separate), &Names))
}

#[test]
fn no_prefix_is_read_as_something_else() {
    let whole = whole();
    let all = parse_pprof(&whole, &Limits::default()).unwrap();
    for end in 0..whole.len() {
        // What is cut between two fields cannot be told, but names that are missing are.
        let Ok(profile) = parse_pprof(&whole[..end], &Limits::default()) else { continue };
        profile.check().unwrap();
        assert_eq!(profile.total(), all.total(), "cut at {end} of {}", whole.len());
        assert_eq!(profile.net_stacks(), all.net_stacks(), "cut at {end} of {}", whole.len());
    }
}

#[test]
fn every_byte_changed() {
    let whole = whole();
    let mut read = 0;
    for at in 0..whole.len() {
        for change in [0x00, 0xff, whole[at] ^ 1, whole[at] ^ 0x80] {
            let mut bytes = whole.clone();
            bytes[at] = change;
            if let Ok(profile) = parse_pprof(&bytes, &Limits::default()) {
                profile.check().unwrap();
                plain(&profile);
                read += 1;
            }
        }
    }
    assert!(read > whole.len() / 2, "{read} of {} bytes", whole.len());
}
