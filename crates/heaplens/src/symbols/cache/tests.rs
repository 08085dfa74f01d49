//! The cache with a made-up reader of symbols, whose answers follow from the address, so that any answer can be judged.

use super::*;
use crate::symbols::chains::RawPlace;
use crate::symbols::segments::Segment;
use proptest::prelude::*;
use std::cell::Cell;
use std::fs;
use std::time::{Duration, UNIX_EPOCH};

mod processes;

fn key() -> Key {
    key_of("detail d\nbuild-id abcd\n")
}

fn key_of(text: &str) -> Key {
    let segments = vec![Segment { offset: 0x1000, size: 0x10_0000, address: 0x40_1000 }];
    Key { file_name: "abcd-d0.hlsym1".into(), text: text.into(), segments, files: Vec::new() }
}

/// What is at an address: nothing at every seventh, else up to three functions.
fn truth(address: u64) -> Vec<(String, Option<String>, u32, u32)> {
    let name =
        |depth| format!("_ZN4name{}E{}", address % 20_011 + depth, "x".repeat((address % 61) as usize));
    let file = |depth| (depth != 1).then(|| format!("/src/{}.rs", (address + depth) % 13));
    (0..address % 7 % 4).map(|d| (name(d), file(d), (address + d) as u32, (d * 7) as u32)).collect()
}

fn engine(addresses: &[Option<u64>]) -> Answer {
    let mut chains = Chains::new(addresses.len());
    for (at, address) in addresses.iter().enumerate() {
        let chain = truth(address.unwrap_or(0));
        let raw = |(name, file, line, column): &'_ (String, Option<String>, u32, u32)| {
            (name.clone(), file.clone(), *line, *column)
        };
        let chain: Vec<_> = chain.iter().map(raw).collect();
        let places = chain.iter().map(|(name, file, line, column)| RawPlace {
            name,
            file: file.as_deref(),
            line: *line,
            column: *column,
        });
        chains.set(at, places);
    }
    (chains, None)
}

/// Panics unless each address has its true chain.
fn judge(chains: &Chains, addresses: &[Option<u64>]) {
    for (at, address) in addresses.iter().enumerate() {
        judge_one(chains, at, *address);
    }
}

fn judge_one(chains: &Chains, at: usize, address: Option<u64>) {
    let found = chains.get(at).map(|p| (p.name.to_owned(), p.file.map(str::to_owned), p.line, p.column));
    assert_eq!(found.collect::<Vec<_>>(), address.map(truth).unwrap_or_default(), "{address:x?}");
}

/// Looks addresses up and judges the answers; how many the reader was asked for.
fn look(cache: &Cache, key: &Key, addresses: &[Option<u64>]) -> usize {
    let asked = Cell::new(0);
    let (chains, problem) = through(cache, key, addresses, |rest| {
        asked.set(rest.iter().flatten().count());
        engine(rest)
    });
    assert_eq!(problem, None);
    judge(&chains, addresses);
    asked.get()
}

/// As [`look`], one address at a time.
fn converse(session: &mut Session, addresses: &[u64]) -> usize {
    let asked = Cell::new(0);
    for &address in addresses {
        let one = [Some(address)];
        let (chains, problem) = session.chains(&one, |rest| {
            asked.set(asked.get() + rest.iter().flatten().count());
            engine(rest)
        });
        assert_eq!(problem, None);
        judge(&chains, &one);
    }
    asked.get()
}

/// How many records a file has.
fn count(file: &Path) -> usize {
    let mut count = 0;
    store::records(fs::File::open(file).unwrap(), 0, |_| {
        count += 1;
        Some(())
    });
    count
}

fn some(addresses: impl IntoIterator<Item = u64>) -> Vec<Option<u64>> {
    addresses.into_iter().map(Some).collect()
}

struct Dir {
    cache: Cache,
    file: PathBuf,
    _dir: tempfile::TempDir,
}

fn dir() -> Dir {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::at(dir.path().join("a/b"));
    Dir { file: cache.dir.join(key().file_name), cache, _dir: dir }
}

#[test]
fn what_is_known_is_not_read_again() {
    let d = dir();
    let first = vec![Some(9), None, Some(3), Some(7), Some(9), Some(u64::MAX)];
    assert_eq!(look(&d.cache, &key(), &first), 5);
    assert_eq!(look(&d.cache, &key(), &first), 0, "names and the lack of names are both remembered");
    assert_eq!(look(&d.cache, &key(), &some([4, 3, 2])), 2);
    assert_eq!(look(&d.cache, &key(), &some([2, 3, 4, 7, 8, 9])), 1);
    assert_eq!(look(&d.cache, &key(), &some(0..30_000)), 30_000 - 6);
    assert_eq!(look(&d.cache, &key(), &some(0..30_000)), 0);
    assert!(fs::metadata(&d.file).unwrap().len() > 1 << 20, "more than one record was needed");
    assert_eq!(look(&d.cache, &key(), &[None, None]), 0);
}

#[test]
fn a_conversation_is_written_down_in_large_pieces() {
    let d = dir();
    let some_known: Vec<u64> = (0..300).step_by(3).collect();
    look(&d.cache, &key(), &some(some_known.iter().copied()));
    let before = fs::read(&d.file).unwrap();
    let all: Vec<u64> = (0..300).rev().collect();
    let mut session = Session::of(&d.cache, key());
    assert_eq!(converse(&mut session, &all), 200);
    assert_eq!(converse(&mut session, &all), 0, "what is not written yet is known too");
    assert_eq!(fs::read(&d.file).unwrap(), before);
    drop(session);
    assert_eq!(count(&d.file), 2);
    assert_eq!(look(&d.cache, &key(), &some(0..300)), 0);

    let many: Vec<u64> = (1000..11_000).collect();
    let mut session = Session::of(&d.cache, key());
    assert_eq!(converse(&mut session, &many), 10_000);
    assert_eq!(count(&d.file), 4, "some are kept on the way");
    let mixed = [some(0..20_000), vec![None]].concat();
    let (chains, _) = session.chains(&mixed, engine);
    judge(&chains, &mixed);
    drop(session);
    assert!(count(&d.file) < 9);
    assert_eq!(look(&d.cache, &key(), &mixed), 0);
    drop(Session::of(&d.cache, key_of("detail d\nbuild-id other\n")));
    assert_eq!(look(&d.cache, &key(), &mixed), 0, "who asked nothing writes nothing");
}

#[test]
fn long_names_are_not_held_back() {
    let d = dir();
    let mut session = Session::of(&d.cache, key());
    let name = "n".repeat(60_000);
    for address in 0..200 {
        let long = |_: &[Option<u64>]| {
            let mut chains = Chains::new(1);
            chains.set(0, [RawPlace { name: &name, file: None, line: 1, column: 0 }]);
            (chains, None)
        };
        session.chains(&[Some(address)], long);
    }
    assert_eq!(count(&d.file), 2, "each is of 70 answers");
}

#[test]
fn another_key_knows_nothing_and_takes_the_place() {
    let d = dir();
    assert_eq!(look(&d.cache, &key(), &some(0..50)), 50);
    let other = key_of("detail d\nbuild-id abcd\nsections 1\n");
    assert_eq!(look(&d.cache, &other, &some(0..50)), 50);
    assert_eq!(look(&d.cache, &other, &some(0..50)), 0);
    assert_eq!(look(&d.cache, &key(), &some(0..50)), 50);
}

#[test]
fn what_could_not_be_read_whole_is_not_kept() {
    let d = dir();
    let half = |rest: &[Option<u64>]| (Chains::new(rest.len()), Some("damaged".to_owned()));
    assert_eq!(through(&d.cache, &key(), &some(0..9), half).1.unwrap(), "damaged");
    assert_eq!(look(&d.cache, &key(), &some(0..9)), 9);

    // The same if a file was changed while it was read.
    let binary = d.cache.dir.join("binary");
    fs::write(&binary, "one").unwrap();
    let changing = Key { files: vec![(binary.clone(), key::stamp(&binary).unwrap())], ..key() };
    let change = |rest: &[Option<u64>]| {
        fs::write(&binary, "two!").unwrap();
        engine(rest)
    };
    through(&d.cache, &changing, &some(0..20), change);
    assert_eq!(look(&d.cache, &key(), &some(0..20)), 11);

    // And the same in a conversation.
    let changing = Key { files: vec![(binary.clone(), key::stamp(&binary).unwrap())], ..key() };
    let mut session = Session::of(&d.cache, changing);
    assert_eq!(session.chains(&some(20..29), half).1.unwrap(), "damaged");
    assert_eq!(converse(&mut session, &[20, 28]), 2, "what was half read is read again");
    fs::write(&binary, "three").unwrap();
    drop(session);
    assert_eq!(look(&d.cache, &key(), &some(20..29)), 9);
}

/// Whatever is cut or changed, no answer is wrong, and the next writer mends the file.
#[test]
fn damage_costs_answers_and_is_mended() {
    let d = dir();
    for list in [0..8, 8..13, 13..20] {
        look(&d.cache, &key(), &some(list));
    }
    let whole = fs::read(&d.file).unwrap();
    let all = some(0..20);
    let check = |bytes: &[u8]| {
        // Removed first: some file systems write a file at once to the disk when its content is replaced.
        fs::remove_file(&d.file).unwrap();
        fs::write(&d.file, bytes).unwrap();
        let found = store::read(&d.file, &key(), &all);
        (0..20).filter(|&at| found.known[at]).for_each(|at| judge_one(&found.chains, at, all[at]));
        // A conversation knows the same; its files are gone, so that it keeps nothing.
        let gone = Key { files: vec![("/nowhere".into(), String::new())], ..key() };
        let mut new = vec![false; 20];
        let (chains, _) = Session::of(&d.cache, gone).chains(&all, |rest| {
            new = rest.iter().map(Option::is_some).collect();
            engine(rest)
        });
        judge(&chains, &all);
        assert!(new.iter().zip(&found.known).all(|(new, known)| new != known));
        let asked = look(&d.cache, &key(), &all);
        assert_eq!(asked, found.known.iter().filter(|k| !**k).count());
        assert_eq!(look(&d.cache, &key(), &all), 0);
        asked
    };
    assert_eq!(check(&whole), 0);
    for cut in 0..whole.len() {
        let asked = check(&whole[..cut]);
        assert!([20, 12, 7].contains(&asked), "sound records before the cut count: {asked}");
        // Another process, that knew the file before the cut, has appended since.
        let (before, after) = whole.split_at(cut);
        check(&[before, b"hlsym", after].concat());
        check(&[before, &vec![0; 4096]].concat());
    }
    for at in 0..whole.len() {
        for bits in [0xff, 1, 0x80] {
            let mut changed = whole.clone();
            changed[at] ^= bits;
            assert!(check(&changed) > 0, "{at}");
        }
    }
}

#[test]
fn lengths_beyond_all_reason_take_no_memory() {
    let d = dir();
    fs::create_dir_all(&d.cache.dir).unwrap();
    for length in [u32::MAX, (4 << 20) + 1, 4 << 20] {
        let mut bytes = b"hlsym\0\x01\n".to_vec();
        bytes.extend(length.to_le_bytes());
        bytes.extend([0; 100]);
        fs::write(&d.file, bytes).unwrap();
        assert_eq!(look(&d.cache, &key(), &some(0..9)), 9);
        assert_eq!(look(&d.cache, &key(), &some(0..9)), 0);
    }
}

#[test]
fn a_file_that_grew_too_long_begins_anew() {
    let d = dir();
    look(&d.cache, &key(), &some(0..10_000));
    let records = fs::read(&d.file).unwrap();
    let many = records.repeat((store::MAX_FILE / records.len() as u64) as usize);
    fs::write(&d.file, many).unwrap();
    assert_eq!(look(&d.cache, &key(), &some(0..20_000)), 10_000);
    assert!(fs::metadata(&d.file).unwrap().len() < store::MAX_FILE / 4);
    assert_eq!(look(&d.cache, &key(), &some(10_000..20_000)), 0);
}

#[test]
fn what_was_not_used_for_longest_goes_first() {
    let d = dir();
    let cache = d.cache.clone().max_bytes(200_000);
    let named = |n: u32| Key { file_name: format!("{n}-d0.hlsym1"), ..key() };
    let path = |n| cache.dir.join(named(n).file_name);
    for n in 0..4 {
        look(&cache, &named(n), &some(0..500));
        let used = UNIX_EPOCH + Duration::from_secs(1_000_000 + u64::from(n));
        fs::File::options().write(true).open(path(n)).unwrap().set_modified(used).unwrap();
    }
    let one = cache.usage().unwrap().bytes / 4;
    assert_eq!(cache.usage().unwrap(), Usage { files: 4, bytes: 4 * one });
    assert!(4 * one < 200_000);
    fs::write(cache.dir.join("notes.txt"), "not ours").unwrap();
    // Asking makes young.
    assert_eq!(look(&cache, &named(0), &some(0..500)), 0);
    let small = cache.clone().max_bytes(4 * one);
    look(&small, &named(4), &some(0..500));
    let left: Vec<u32> = (0..5).filter(|&n| path(n).exists()).collect();
    assert_eq!(left, [0, 3, 4]);
    assert_eq!(look(&small, &named(0), &some(0..500)), 0);
    assert_eq!(cache.shrink(0).unwrap(), Usage { files: 3, bytes: 3 * one });
    assert_eq!(cache.usage().unwrap(), Usage::default());
    assert!(cache.dir.join("notes.txt").exists());
    assert_eq!(Cache::at("/nowhere/at/all").usage().unwrap(), Usage::default());
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let d = dir();
    look(&d.cache, &key(), &some(0..5));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&d.file), mode(&d.cache.dir)), (0o600, 0o700));
}

/// What stands in the way is left alone, and lookups go on without.
#[cfg(unix)]
#[test]
fn what_is_no_file_is_left_alone() {
    let d = dir();
    fs::create_dir_all(&d.cache.dir).unwrap();
    let elsewhere = d.cache.dir.join("elsewhere");
    std::os::unix::fs::symlink(&elsewhere, &d.file).unwrap();
    assert_eq!(look(&d.cache, &key(), &some(0..5)), 5);
    assert_eq!(look(&d.cache, &key(), &some(0..5)), 5);
    assert!(!elsewhere.exists());
    fs::remove_file(&d.file).unwrap();
    fs::create_dir(&d.file).unwrap();
    assert_eq!(look(&d.cache, &key(), &some(0..5)), 5);
    let blocked = Cache::at(elsewhere.join("below"));
    fs::write(&elsewhere, "a file").unwrap();
    assert_eq!(look(&blocked, &key(), &some(0..5)), 5);
    assert_eq!(look(&blocked, &key(), &some(0..5)), 5);
}

proptest! {
    #[test]
    fn any_questions_in_any_order_are_answered_rightly(
        questions in prop::collection::vec(prop::collection::vec(prop::option::of(0u64..60), 0..20), 1..12),
    ) {
        let d = dir();
        let mut known = std::collections::BTreeSet::new();
        for addresses in questions {
            let new = addresses.iter().flatten().filter(|a| !known.contains(*a)).count();
            prop_assert_eq!(look(&d.cache, &key(), &addresses), new);
            known.extend(addresses.into_iter().flatten());
        }
    }

    /// A checksum keeps no stranger out who can count.
    #[test]
    fn bodies_of_any_bytes_are_read_to_an_end(mut body: Vec<u8>, flips: Vec<(usize, u8)>, real: bool) {
        if real {
            let (chains, _) = engine(&some(0..20));
            let answers: Vec<(u64, usize)> = (0..20).map(|a| (a, a as usize)).collect();
            body = record::write(&key(), &chains, &answers).remove(0).split_off(record::HEAD);
            for (at, bits) in flips {
                let at = at % body.len();
                body[at] ^= bits;
            }
        }
        let addresses = some(0..25);
        let wanted = record::Wanted::new(&addresses);
        let mut chains = Chains::new(25);
        if let Some(record) = record::open(&body) {
            let _ = record.take(&wanted, &mut chains, &mut [false; 25]);
        }
        prop_assert!((0..25).map(|at| chains.get(at).len()).sum::<usize>() <= body.len());
        let mut starts = Vec::new();
        let text = record::open(&body).map_or("", |record| record.key).to_owned();
        let held = record::Held::new(&body, &text, |_, start| starts.push(start));
        let held = held.iter().flat_map(|held| starts.iter().map(|&start| held.chain(start).len()));
        prop_assert!(held.sum::<usize>() <= body.len());
    }
}

#[test]
fn the_directory_is_listed_once_a_run() {
    let dir = tempfile::tempdir().unwrap();
    let listing = Listing::default();
    let write = |name: &str| fs::write(dir.path().join(name), "h").unwrap();
    let begin = |listing: &Listing, prefix: &str| {
        let found = listing.beginning_with(dir.path(), prefix).into_iter();
        let mut names: Vec<_> = found.map(|p| p.file_name().unwrap().to_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    for name in
        ["ab-d1.hlsym1", "ab-d2.hlsym1", "ab-s1.hlsym1", "abc-d1.hlsym1", "sum-0.hlsym1", "ab-d3.other"]
    {
        write(name);
    }
    assert_eq!(begin(&listing, "ab-d"), ["ab-d1.hlsym1", "ab-d2.hlsym1"]);
    write("ac-d1.hlsym1");
    assert_eq!(begin(&listing, "ac-d"), [""; 0]);
    assert_eq!(begin(&Listing::default(), "ac-d"), ["ac-d1.hlsym1"]);
}
