//! Looks addresses up in files made here, and holds the rules that stand for every file.

use crate::dwarf::{BAD, Dwarf, GOOD, Index};
use crate::watch::{MAX_MEMORY, peak_since, start_of_peak, watched};
use heaplens::profile::{Amount, Frame, Meta, Module, Profile, Sample, Values};
use heaplens::symbols::{self, Binary, Demangler, Options, Resolution, Spelling};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// As large as a program's own threads have by default: who asks need not know how deep files can be.
const STACK: usize = 2 << 20;

/// What reading a crafted file may take, by its option.
const MEMORY: u64 = 256 << 20;

/// Longest name that may come out of any file.
pub(crate) const MAX_NAME: usize = 80 << 10;

/// No place to look but the file itself.
pub(crate) fn options() -> Options {
    let mut options = Options::default();
    options.debug_dirs.clear();
    options.threads = 2;
    options
}

/// A directory in memory, where the system has one.
pub(crate) fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.or_else(|_| tempfile::tempdir()).unwrap()
}

/// What is known of some addresses.
#[derive(Debug)]
pub(crate) struct Answer {
    /// For each address `name file:line` of each function, the innermost first.
    pub(crate) chains: Vec<Vec<String>>,
    pub(crate) problem: Option<String>,
}

impl Answer {
    /// The outermost function's name.
    #[track_caller]
    pub(crate) fn name(&self, at: usize) -> &str {
        let place = self.chains[at].last().map_or("", |place| place);
        place.split_once(' ').map_or(place, |(name, _)| name)
    }
}

/// Where the crafted files are asked: twice in the sound unit, twice in the damaged one, and nowhere.
pub(crate) const ASKED: [u64; 6] = [GOOD + 0x14, GOOD + 4, BAD + 4, BAD + 0x800, 0, u64::MAX];

pub(crate) struct Lab {
    pub(crate) name: &'static str,
    pub(crate) directory: TempDir,
    pub(crate) options: Options,
}

impl Lab {
    pub(crate) fn new(name: &'static str) -> Lab {
        let mut options = options();
        options.max_memory = MEMORY;
        Lab { name, directory: directory(), options }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file and looks up [`ASKED`] in it.
    pub(crate) fn ask_file(&self, what: &str, file: &[u8]) -> Answer {
        let path = self.path("app");
        std::fs::write(&path, file).unwrap();
        let answer = self.ask(what, &path, &ASKED);
        std::fs::remove_file(path).unwrap();
        answer
    }

    /// As [`Lab::ask_file`]: with and without `.debug_aranges`, the sound unit must be known in full and the
    /// damaged one by one of `names` (the symbol's own name among them).
    pub(crate) fn ask_dwarf(&self, what: &str, dwarf: &Dwarf, names: &[&str]) {
        for index in [Index::Aranges, Index::None] {
            let what = format!("{what}, {index:?}");
            let answer = self.ask_file(&what, &dwarf.elf(index).bytes());
            knows_the_good(&what, &answer);
            for at in [2, 3] {
                let name = answer.name(at);
                assert!(names.contains(&name), "{what}: {name:?}, expected one of {names:?}: {answer:?}");
            }
        }
    }

    /// Looks addresses up by `lookup` and, as offsets of the same value, by `symbolize`.
    pub(crate) fn ask(&self, what: &str, path: &Path, addresses: &[u64]) -> Answer {
        let name = format!("{}: {what}", self.name);
        let start = start_of_peak();
        let watched = watched(name.clone(), || {
            std::thread::scope(|scope| {
                let builder = std::thread::Builder::new().name(name.clone()).stack_size(STACK);
                let look = || symbols::lookup(path, addresses, &self.options);
                builder.spawn_scoped(scope, look).unwrap().join()
            })
        });
        let peak = peak_since(start);
        assert!(watched.panics.is_empty(), "{name}: {:#?}", watched.panics);
        let answer = match watched.result.unwrap() {
            Ok(resolution) => check(&name, &resolution, addresses),
            Err(why) => {
                assert!(!why.is_empty() && why.len() < 4096, "{name}: {why}");
                Answer { chains: vec![Vec::new(); addresses.len()], problem: Some(why) }
            }
        };
        if watched.took > Duration::from_millis(200) || peak > 16 << 20 {
            println!("{name}: {:?}, {} MiB, {}", watched.took, peak >> 20, said(&answer));
        }
        assert!(peak < MAX_MEMORY, "{name}: {peak} bytes at once");
        self.symbolize(&name, path, addresses);
        self.converse(&name, path, addresses);
        answer
    }

    /// As [`Lab::ask`], with a file that stays open, and asks for symbols.
    fn converse(&self, name: &str, path: &Path, addresses: &[u64]) {
        let start = start_of_peak();
        let in_time = |what: &str, work: &mut dyn FnMut()| {
            let watched = watched(format!("{name}, in a conversation: {what}"), work);
            assert!(watched.panics.is_empty(), "{name}: {:#?}", watched.panics);
        };
        let mut opened = Err(String::new());
        in_time("opening", &mut || opened = Binary::open(path, &self.options));
        let Ok(binary) = opened else { return };
        let names: [&[u8]; 3] = [b"main", b"", b"store::run(int)"];
        let mut demangler = Demangler::new(Spelling::Binutils);
        in_time("symbols", &mut || {
            assert_eq!(binary.symbols(&names, Some(&mut demangler)).len(), names.len());
        });
        let mut lookup = binary.lookup();
        for asked in [&addresses[..1], addresses] {
            in_time("places", &mut || {
                check(name, &lookup.places(asked), asked);
            });
        }
        let peak = peak_since(start);
        assert!(peak < MAX_MEMORY, "{name}: {peak} bytes at once");
    }

    fn symbolize(&self, name: &str, path: &Path, addresses: &[u64]) {
        let mut before = Profile::new(Meta::default());
        let module = before.add_module(Module::file(path.display().to_string()));
        for &address in addresses {
            let frame = before.add_frame(Frame::at(module, address));
            let stack = Some(before.add_stack(None, frame));
            let values = Values { inuse_space: Amount::from_u64(1), ..Values::default() };
            before.add_sample(Sample { stack, thread: None, values });
        }
        let start = start_of_peak();
        let watched = watched(format!("{name}, a profile"), || symbols::symbolize(&before, &self.options));
        let peak = peak_since(start);
        assert!(watched.panics.is_empty(), "{name}: {:#?}", watched.panics);
        assert!(peak < MAX_MEMORY, "{name}, a profile: {peak} bytes at once");
        watched.result.check().unwrap();
        assert_eq!(watched.result.total(), before.total(), "{name}");
        for warning in &watched.result.warnings {
            let shown = &warning.message;
            assert!(shown.len() < 8192 && !shown.contains(char::is_control), "{name}: {shown:?}");
        }
    }
}

fn said(answer: &Answer) -> &str {
    answer.problem.as_deref().unwrap_or("no problem")
}

/// The sound unit's names, lines and inlined function.
#[track_caller]
pub(crate) fn knows_the_good(what: &str, answer: &Answer) {
    assert_eq!(answer.chains[0], ["inner good.c:6", "good good.c:7"], "{what}: {answer:?}");
    assert_eq!(answer.chains[1], ["good good.c:5"], "{what}: {answer:?}");
}

/// What holds for every answer.
pub(crate) fn check(name: &str, resolution: &Resolution, addresses: &[u64]) -> Answer {
    assert_eq!(resolution.places.len(), addresses.len(), "{name}");
    let problem = resolution.problem.clone();
    assert!(problem.as_ref().is_none_or(|p| !p.is_empty() && p.len() < 4096), "{name}: {problem:?}");
    let place = |place: &symbols::Place| {
        let named = resolution.named(place.function).unwrap();
        for text in [&named.name, &named.system_name].into_iter().chain(&named.file) {
            assert!(text.len() <= MAX_NAME, "{name}: a text of {} bytes", text.len());
        }
        let short: String = named.name.chars().take(200).collect();
        match &named.file {
            Some(file) if file.len() < 200 => format!("{short} {file}:{}", place.line),
            _ => short,
        }
    };
    // Chains can be long and many; the text of a few shows what they are.
    let chain = |places: &Vec<symbols::Place>| {
        let outer = places.len().saturating_sub(16).max(16);
        places.iter().take(16).chain(places.iter().skip(outer)).map(place).collect()
    };
    let chains = resolution.places.iter().map(chain).collect();
    Answer { chains, problem }
}
