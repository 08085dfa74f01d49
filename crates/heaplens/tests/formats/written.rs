//! What is written: golden files, laws of each form, and the schema of speedscope.

use crate::names::Names;
use crate::{golden, read, schema};
use heaplens::diff::diff;
use heaplens::dump::{Dump, Threads};
use heaplens::out::{self, csv, speedscope, symbolized};
use heaplens::profile::SampleType;
use heaplens::symbols::symbolize_with;
use heaplens::view::Top;
use heaplens::{Error, Profile};
use serde_json::Value;
use std::io::Write;
use std::path::Path;

const DUMP: &str = "heap_v2/524288\n  t*: 6: 6291456 [9: 9437184]\n  t0: 5: 5242880 [8: 8388608]\n  \
    t12: 1: 1048576 [1: 1048576] worker 1\n\
    @ 0x7f0000020101 0x55d0a0001011 0x55d0a0001020\n  t*: 3: 3145728 [5: 5242880]\n  \
    t0: 2: 2097152 [4: 4194304]\n  t12: 1: 1048576 [1: 1048576]\n\
    @ 0x7f0000000041 0x55d0a0001020\n  t*: 2: 2097152 [3: 3145728]\n  t0: 2: 2097152 [3: 3145728]\n\
    @ 0x7ffc00000abd 0x1234 0x55d0a0001020\n  t*: 1: 1048576 [1: 1048576]\n  t0: 1: 1048576 [1: 1048576]\n\
    \nMAPPED_LIBRARIES:\n\
    55d0a0000000-55d0a0001000 r--p 00000000 08:01 42 /opt/my app/server\n\
    55d0a0001000-55d0a0009000 r-xp 00001000 08:01 42 /opt/my app/server\n\
    7f0000000000-7f0000010000 r-xp 00000000 00:00 0 \n\
    7f0000020000-7f0000030000 r-xp 00003000 08:01 43 /lib/libc.so.6 (deleted)\n\
    7ffc00000000-7ffc00002000 r-xp 00000000 00:00 0 [vdso]\n\
    7ffd00000000-7ffd00002000 rw-p 00000000 00:00 0 [stack]\n";
const TRAILER: &str = "# heaplens 1\n# process pid=7 start=951827000000 time=951827696000 exe=/opt/my%20app/server host=db7\n\
    # jemalloc version=5.3.1 lg_sample=19 active=true\n# stats allocated=1000\n\
    # build-id 00112233445566778899aabbccddeeff00112233 /opt/my app/server\n";

fn dump(text: &str, threads: Threads) -> Profile {
    Dump::parse(text.as_bytes()).unwrap().to_profile(threads)
}

fn sealed(threads: Threads) -> Profile {
    let (length, crc) = (DUMP.len(), crc32fast::hash(DUMP.as_bytes()));
    dump(&format!("{DUMP}{TRAILER}# end length={length} crc32={crc:08x}\n"), threads)
}

/// The base has less of one stack and more of another, at other addresses.
fn difference(threads: Threads) -> Profile {
    let base = DUMP.replace("55d0a000", "66d0a000").replace("t*: 3: 3145728", "t*: 1: 1048576");
    let base = base.replace("t*: 2: 2097152", "t*: 4: 4194304");
    symbolize_with(&diff(&dump(&base, threads), &dump(DUMP, threads)), &Names)
}

fn written(write: impl Fn(&mut Vec<u8>) -> Result<(), Error>) -> String {
    let (mut once, mut twice) = (Vec::new(), Vec::new());
    write(&mut once).unwrap();
    write(&mut twice).unwrap();
    assert_eq!(once, twice);
    String::from_utf8(once).unwrap()
}

/// Compares with a file under `tests/golden/formats`; HEAPLENS_BLESS=1 writes it instead.
fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/formats").join(name);
    if golden::is_written() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    // Whether a checkout has CR LF is git's affair; the lines of CSV are checked elsewhere.
    let plain = |text: &str| text.replace("\r\n", "\n");
    assert!(
        plain(&expected) == plain(text),
        "{name} differs; look at it, then HEAPLENS_BLESS=1 writes it:\n{text}"
    );
}

#[test]
fn golden_files() {
    let named = symbolize_with(&sealed(Threads::Separate), &Names);
    golden("names.symbolized", &written(|out| symbolized::write(&named, out)));
    golden("addresses.symbolized", &written(|out| symbolized::write(&sealed(Threads::Merged), out)));
    golden("names.speedscope.json", &written(|out| speedscope::write(&named, out)));
    golden(
        "difference.speedscope.json",
        &written(|out| speedscope::write(&difference(Threads::Merged), out)),
    );
    golden("stacks.csv", &written(|out| csv::write_profile(&named, out)));
    golden("difference.csv", &written(|out| csv::write_profile(&difference(Threads::Merged), out)));
    let top = |profile: &Profile| Top::new(profile, SampleType::InuseSpace);
    golden("functions.csv", &written(|out| csv::write_top(&top(&named), 0, out)));
    golden("changes.csv", &written(|out| csv::write_top(&top(&difference(Threads::Merged)), 3, out)));
}

/// What the run was, and which builds, survives.
#[test]
fn a_symbolized_file_keeps_the_facts() {
    let profile = sealed(Threads::Merged);
    let back = read(written(|out| symbolized::write(&profile, out)).as_bytes());
    let trailer = back.meta.trailer.clone().unwrap();
    assert!(trailer.sealed);
    let mut expected = profile.meta.trailer.clone().unwrap();
    expected.build_ids = trailer.build_ids.clone();
    assert_eq!(trailer, expected);
    for module in back.modules().iter().filter(|module| module.path != "[unmapped]") {
        let same = profile.modules().iter().find(|other| other.path == module.path).unwrap();
        assert_eq!(
            (&module.build_id, module.kind, module.deleted, &module.file_id),
            (&same.build_id, same.kind, same.deleted, &same.file_id)
        );
    }
    assert!(back.modules().iter().any(|module| module.build_id.is_some()));
    assert_eq!(back.net_stacks(), profile.net_stacks());
}

#[test]
fn speedscopes_schema_takes_what_is_written() {
    let named = symbolize_with(&sealed(Threads::Separate), &Names);
    let folded = heaplens::input::parse_folded(b"main;f 10\nmain;f;g 5\n 7\n").unwrap();
    for profile in
        [&named, &sealed(Threads::Merged), &difference(Threads::Merged), &folded, &Profile::default()]
    {
        let text = written(|out| speedscope::write(profile, out));
        let file: Value = serde_json::from_str(&text).unwrap();
        schema::check(&file).unwrap_or_else(|why| panic!("{why}: {text}"));
        // What the schema cannot say, but speedscope's reader does.
        let frames = file["shared"]["frames"].as_array().unwrap().len() as u64;
        let profiles = file["profiles"].as_array().unwrap();
        assert!(file["activeProfileIndex"].as_u64().unwrap() < profiles.len() as u64);
        for one in profiles {
            let (samples, weights) = (one["samples"].as_array().unwrap(), one["weights"].as_array().unwrap());
            assert_eq!(samples.len(), weights.len());
            assert!(samples.iter().flat_map(|s| s.as_array().unwrap()).all(|f| f.as_u64().unwrap() < frames));
            assert!(weights.iter().all(|w| w.as_i64().unwrap() > 0));
            let sum: i64 = weights.iter().map(|w| w.as_i64().unwrap()).sum();
            assert_eq!((one["startValue"].as_i64(), one["endValue"].as_i64()), (Some(0), Some(sum)));
        }
    }
}

/// The figures of a form are those of the profile.
#[test]
fn figures_are_the_profiles() {
    let profile = sealed(Threads::Merged);
    let text = written(|out| speedscope::write(&profile, out));
    let file: Value = serde_json::from_str(&text).unwrap();
    for one in file["profiles"].as_array().unwrap() {
        let sample_type = SampleType::from_name(one["name"].as_str().unwrap()).unwrap();
        let total = profile.total().get(sample_type).round() as i64;
        assert!((one["endValue"].as_i64().unwrap() - total).abs() <= 3, "{sample_type:?}");
    }
    let text = written(|out| csv::write_profile(&profile, out));
    assert!(text.ends_with("\r\n") && !text.replace("\r\n", "").contains(['\r', '\n']));
    let mut lines = text.split_terminator("\r\n");
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 3);
    for sample_type in SampleType::ALL {
        let column = names.iter().position(|name| *name == sample_type.name()).unwrap();
        let sum: i128 = rows.iter().map(|row| row[column].parse::<i128>().unwrap()).sum();
        assert!((sum - profile.total().get(sample_type).round()).abs() <= 3, "{sample_type:?}");
    }
}

/// Grown and shrunk are the two halves of a difference.
#[test]
fn a_difference_in_speedscope_is_two_profiles() {
    let profile = difference(Threads::Merged);
    let text = written(|out| speedscope::write(&profile, out));
    let file: Value = serde_json::from_str(&text).unwrap();
    let end = |name: &str| {
        let all = file["profiles"].as_array().unwrap();
        all.iter().find(|one| one["name"] == name).unwrap()["endValue"].as_i64().unwrap()
    };
    let net = profile.total().inuse_space.round() as i64;
    assert!((end("inuse_space grown") - end("inuse_space shrunk") - net).abs() <= 3);
    assert!(end("inuse_space grown") > 0 && end("inuse_space shrunk") > 0);
}

#[test]
fn a_full_disk_is_an_error() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::from(std::io::ErrorKind::StorageFull))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let profile = sealed(Threads::Merged);
    assert!(symbolized::write(&profile, &mut Full).is_err());
    assert!(speedscope::write(&profile, &mut Full).is_err());
    assert!(csv::write_profile(&profile, &mut Full).is_err());
    assert!(csv::write_top(&Top::new(&profile, SampleType::InuseSpace), 0, &mut Full).is_err());
    assert!(out::folded::write(&profile, SampleType::InuseSpace, &mut Full).is_err());
}
