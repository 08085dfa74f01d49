//! Small programs of real compilers with every byte changed in several ways, and cut at every length.

use crate::elf::{self, Section};
use crate::lab::{check, directory, options};
use crate::watch::{MAX_MEMORY, MAX_WORK, peak_since, start_of_peak, watched};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use heaplens::symbols::{self, Options};
use libtest_mimic::Failed;
use object::{Object, ObjectSection};
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const FEWEST: usize = 50_000;

type Chains = &'static [&'static [&'static str]];

/// A program, the file that lies beside it if any, and which of the two is damaged.
struct Subject {
    name: &'static str,
    program: Vec<u8>,
    package: Option<Vec<u8>>,
    damaged: Part,
    /// What the sound files must give, so that damage has something to destroy.
    expected: Chains,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Program,
    Package,
}

impl Subject {
    fn whole(&self) -> &[u8] {
        match (self.damaged, &self.package) {
            (Part::Package, Some(package)) => package,
            _ => &self.program,
        }
    }
}

/// The first lies in an inlined function of the C programs, the rest all over the code and beside it.
fn addresses() -> Vec<u64> {
    let code = (0x40_0110..0x40_0210).step_by(12);
    code.chain([0, 1, 0x40_0000, 0x50_0000, u64::MAX - 1, u64::MAX]).collect()
}

fn subjects() -> Vec<Subject> {
    let gcc5 = include_bytes!("fixtures/gcc5");
    let clang4 = include_bytes!("fixtures/clang4");
    let split = include_bytes!("fixtures/split");
    let package = include_bytes!("fixtures/split.dwp");
    const C: Chains = &[
        &["innermost shared.h:1", "rare one.c:5"],
        &["innermost shared.h:1", "middle shared.h:2", "hidden one.c:3"],
        &["_start one.c:9"],
        &["innermost shared.h:1", "middle shared.h:2", "other two.c:6"],
    ];
    const CPP: Chains = &[&["store::insert(int) three.cc:6"], &["_start three.cc:7"]];
    const SPLIT: Chains = &[
        &["innermost shared.h:1", "rare one.c:5"],
        &["innermost shared.h:1", "middle shared.h:2", "other two.c:6"],
    ];
    let subject = |name, program: &[u8], package: Option<&[u8]>, damaged, expected| Subject {
        name,
        program: program.to_vec(),
        package: package.map(<[u8]>::to_vec),
        damaged,
        expected,
    };
    vec![
        subject("gcc, DWARF 5", gcc5, None, Part::Program, C),
        subject("clang++, DWARF 4", clang4, None, Part::Program, CPP),
        subject("split, the program", split, Some(package), Part::Program, SPLIT),
        subject("split, the package", split, Some(package), Part::Package, SPLIT),
        subject("gcc, compressed", &compressed(gcc5), None, Part::Program, C),
    ]
}

/// The same program with its debug sections in zlib streams.
fn compressed(program: &[u8]) -> Vec<u8> {
    let file = object::File::parse(program).unwrap();
    let text = file.section_by_name(".text").unwrap();
    let mut out = elf::Elf { sections: Vec::new(), segments: Vec::new(), start: 120 };
    for section in file.sections() {
        let (name, data) = (section.name().unwrap(), section.data().unwrap());
        let mut new = Section::new(name, data);
        if name.starts_with(".debug_") {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(data).unwrap();
            new = elf::compressed(name, 1, data.len() as u64, &encoder.finish().unwrap());
        } else if name == ".text" {
            (new.flags, new.address) = (6, section.address());
        } else if name != ".strtab" && name != ".symtab" {
            continue;
        }
        out.sections.push(new);
    }
    let symbols: Vec<_> = out.sections.iter().map(|s| s.name.as_str()).collect();
    let strings = symbols.iter().position(|&name| name == ".strtab").unwrap() as u32 + 1;
    for section in &mut out.sections {
        match section.name.as_str() {
            ".symtab" => {
                (section.kind, section.link, section.entry_size) = (elf::SYMTAB, strings, 24);
            }
            ".strtab" => section.kind = elf::STRTAB,
            _ => {}
        }
    }
    out.segments.push((1, 5, out.start, text.address(), text.size()));
    out.bytes()
}

/// One change of a whole file.
#[derive(Clone, Copy, Debug)]
enum Damage {
    Byte { at: usize, new: u8 },
    Cut { length: usize },
}

fn damages(whole: &[u8]) -> Vec<Damage> {
    let mut list = Vec::new();
    for (at, &old) in whole.iter().enumerate() {
        list.push(Damage::Cut { length: at });
        let mut new = [!old, old ^ 1 << (at % 8), old.wrapping_add(1), if old == 0 { 0x80 } else { 0 }];
        new.sort_unstable();
        let mut last = old;
        for new in new {
            if new != last {
                list.push(Damage::Byte { at, new });
            }
            last = new;
        }
    }
    list
}

/// The files of one thread.
struct Bench {
    program: PathBuf,
    file: File,
}

impl Bench {
    fn new(directory: &Path, subject: &Subject) -> Bench {
        let program = directory.join("app");
        let package = directory.join("app.dwp");
        std::fs::write(&program, &subject.program).unwrap();
        if let Some(bytes) = &subject.package {
            std::fs::write(&package, bytes).unwrap();
        }
        let damaged = match subject.damaged {
            Part::Program => &program,
            Part::Package => &package,
        };
        let file = OpenOptions::new().write(true).open(damaged).unwrap();
        Bench { program, file }
    }

    fn write(&mut self, at: usize, bytes: &[u8]) {
        self.file.seek(SeekFrom::Start(at as u64)).unwrap();
        self.file.write_all(bytes).unwrap();
    }

    fn damage(&mut self, damage: Damage) {
        match damage {
            Damage::Byte { at, new } => self.write(at, &[new]),
            Damage::Cut { length } => self.file.set_len(length as u64).unwrap(),
        }
    }

    fn mend(&mut self, damage: Damage, whole: &[u8]) {
        match damage {
            Damage::Byte { at, .. } => self.write(at, &whole[at..=at]),
            Damage::Cut { length } => self.write(length, &whole[length..]),
        }
    }
}

#[derive(Default)]
struct Tally {
    slowest: (Duration, String),
    failures: Vec<String>,
    /// Variants with a place less, or a word more, than the whole file: that damage was noticed.
    changed: usize,
}

pub(crate) fn every_byte() -> Result<(), Failed> {
    let mut count = 0;
    let mut tally = Tally::default();
    let mut largest = 0;
    for subject in subjects() {
        let directory = directory();
        let bench = Bench::new(directory.path(), &subject);
        let known = symbols::lookup(&bench.program, &addresses(), &quiet())?;
        let known = check(subject.name, &known, &addresses());
        assert_eq!(known.problem, None, "{}", subject.name);
        for chain in subject.expected {
            assert!(known.chains.iter().any(|c| same(c, chain)), "{}: {chain:?} in {known:#?}", subject.name);
        }
        let list = damages(subject.whole());
        count += list.len();
        let start = start_of_peak();
        let found = every_one(&subject, &list, &known.chains);
        largest = largest.max(peak_since(start));
        let changed = found.changed;
        println!("{}: {} variants, {changed} of them with another answer", subject.name, list.len());
        // Most bytes of these files matter to somebody.
        assert!(changed > list.len() / 8, "{}: {changed} of {}", subject.name, list.len());
        tally.failures.extend(found.failures);
        tally.slowest = tally.slowest.max(found.slowest);
    }
    println!(
        "{count} variants; the slowest cost {:?} of work: {}; at most {:.1} MiB at once in all threads",
        tally.slowest.0,
        tally.slowest.1,
        largest as f64 / f64::from(1 << 20)
    );
    assert!(count >= FEWEST, "{count} variants");
    assert!(largest < MAX_MEMORY, "{largest} bytes at once");
    let failed = tally.failures.len();
    assert!(failed == 0, "{failed} variants: {:#?}", &tally.failures[..failed.min(20)]);
    Ok(())
}

/// Equal but for the directories of files.
fn same(found: &[String], expected: &[&str]) -> bool {
    let short = |place: &String| match place.rsplit_once(' ') {
        Some((name, file)) => format!("{name} {}", file.rsplit('/').next().unwrap_or_default()),
        None => place.clone(),
    };
    found.iter().map(short).eq(expected.iter().map(|&e| e.to_owned()))
}

fn quiet() -> Options {
    let mut options = options();
    options.threads = 1;
    options
}

/// Looks up in each variant, on every core.
fn every_one(subject: &Subject, list: &[Damage], known: &[Vec<String>]) -> Tally {
    let next = AtomicUsize::new(0);
    let tally = Mutex::new(Tally::default());
    let work = || {
        let directory = directory();
        let mut bench = Bench::new(directory.path(), subject);
        let (addresses, options) = (addresses(), quiet());
        let mut own = Tally::default();
        while let Some(&damage) = list.get(next.fetch_add(1, Ordering::Relaxed)) {
            let name = format!("{}, {damage:x?}", subject.name);
            bench.damage(damage);
            let watched = watched(name.clone(), || symbols::lookup(&bench.program, &addresses, &options));
            bench.mend(damage, subject.whole());
            own.failures.extend(watched.panics);
            if watched.work > MAX_WORK {
                own.failures.push(format!("{name}: {:?} of work", watched.work));
            }
            let answer = watched.result.map(|resolution| check(&name, &resolution, &addresses));
            own.changed += usize::from(answer.is_ok_and(|a| a.problem.is_none() && a.chains == known)) ^ 1;
            if watched.work > own.slowest.0 {
                own.slowest = (watched.work, name);
            }
        }
        let mut tally = tally.lock().unwrap();
        tally.changed += own.changed;
        tally.failures.extend(own.failures);
        if own.slowest.0 > tally.slowest.0 {
            tally.slowest = own.slowest;
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    tally.into_inner().unwrap()
}
