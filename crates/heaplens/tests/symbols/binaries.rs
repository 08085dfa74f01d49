//! Builds the fixtures and makes profiles of them.

use heaplens::profile::{Amount, Frame, Meta, Module, Profile, Sample, SymbolState, Values};
use heaplens::symbols::{Options, RecordedPaths, symbolize};
use object::{Object, ObjectSection, ObjectSymbol};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub(crate) const ID: &str = "0123456789abcdef0123456789abcdef01234567";
pub(crate) const OTHER_ID: &str = "fedcba9876543210fedcba9876543210fedcba98";

/// What a judge prints is compared word for word, so it prints it in one language.
pub(crate) fn in_plain_words(command: &mut Command) -> &mut Command {
    command.env("LC_ALL", "C").env_remove("LANGUAGE")
}

pub(crate) fn run(command: &mut Command) -> String {
    let output = in_plain_words(command).output().expect("the tool was there a moment ago");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/symbols").join(name)
}

/// The C fixture; `id` is its build-id, `None` for none.
pub(crate) fn c(path: &Path, id: Option<&str>, flags: &[&str]) {
    build("inlines.c", path, id, flags);
}

/// A program of the fixtures' sources.
pub(crate) fn build(name: &str, path: &Path, id: Option<&str>, flags: &[&str]) {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).unwrap();
    }
    let id = id.map_or("none".to_owned(), |id| format!("0x{id}"));
    run(Command::new("cc")
        .args(["-O1", "-g", "-rdynamic", &format!("-Wl,--build-id={id}")])
        .arg("-o")
        .arg(path)
        .arg(source(name))
        .args(flags));
}

/// A program that runs until this is dropped.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts `sleeper.c` and waits until it is there.
pub(crate) fn start(command: &mut Command) -> Running {
    let mut running = Running(command.stdout(Stdio::piped()).spawn().expect("the program starts"));
    let mut byte = [0];
    let stdout = running.0.stdout.as_mut().expect("stdout is piped");
    stdout.read_exact(&mut byte).expect("the program says that it runs");
    running
}

pub(crate) fn rust(path: &Path, flags: &[&str]) {
    run(Command::new("rustc")
        .args(["-O", "--edition=2021"])
        .args(flags)
        .arg("-o")
        .arg(path)
        .arg(source("names.rs")));
}

/// Start and size of functions as `(name, virtual address, offset in the file, size)`.
pub(crate) fn functions(path: &Path) -> Vec<(String, u64, u64, u64)> {
    let bytes = std::fs::read(path).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let mut list = Vec::new();
    for symbol in file.symbols().filter(|s| s.is_definition() && s.size() > 0) {
        let Some(section) = symbol.section_index() else {
            continue;
        };
        let section = file.section_by_index(section).unwrap();
        if section.name() == Ok(".text") {
            let (offset, _) = section.file_range().unwrap();
            let name = symbol.name().unwrap().to_owned();
            list.push((name, symbol.address(), symbol.address() - section.address() + offset, symbol.size()));
        }
    }
    list.sort_by_key(|f| f.1);
    list.dedup_by_key(|f| f.1);
    list
}

/// A place in the middle of a function of the C fixture.
pub(crate) fn inside(path: &Path, function: &str) -> u64 {
    let all = functions(path);
    let found = all.iter().find(|f| f.0 == function).expect("the fixture has this function");
    found.2 + found.3 / 2
}

/// The C fixture's module as a dump would name it.
pub(crate) fn module(path: impl Into<String>, id: Option<&str>) -> Module {
    let mut module = Module::file(path);
    module.build_id = id.map(str::to_owned);
    module.is_main = true;
    module
}

/// One sample for each offset.
pub(crate) fn profile(module: Module, offsets: impl IntoIterator<Item = u64>) -> Profile {
    let mut profile = Profile::new(Meta::default());
    let module = profile.add_module(module);
    for offset in offsets {
        let frame = profile.add_frame(Frame::at(module, offset));
        let stack = Some(profile.add_stack(None, frame));
        let values = Values { inuse_space: Amount::from_u64(1), ..Values::default() };
        profile.add_sample(Sample { stack, thread: None, values });
    }
    profile
}

/// No place to look but those that the test names.
pub(crate) fn nowhere() -> Options {
    let mut options = Options::default();
    options.debug_dirs.clear();
    options.recorded_paths = RecordedPaths::Ignore;
    options
}

/// The stacks as `root;leaf`.
pub(crate) fn stacks(profile: &Profile) -> Vec<String> {
    let list = profile.net_stacks().into_iter();
    list.map(|(names, _)| names.join(";")).collect()
}

pub(crate) fn codes(profile: &Profile) -> Vec<&str> {
    profile.warnings.iter().map(|w| w.code).collect()
}

/// The only warning with this code.
pub(crate) fn message<'p>(profile: &'p Profile, code: &str) -> &'p str {
    let mut found = profile.warnings.iter().filter(|w| w.code == code);
    let one = found.next().unwrap_or_else(|| panic!("no {code} in {:?}", profile.warnings));
    assert!(found.next().is_none(), "{:?}", profile.warnings);
    &one.message
}

pub(crate) fn look(module: Module, offset: u64, options: &Options) -> Profile {
    let before = profile(module, [offset]);
    let after = symbolize(&before, options);
    assert_eq!(after.total(), before.total());
    after.check().unwrap();
    after
}

pub(crate) fn state(profile: &Profile) -> &SymbolState {
    &profile.modules()[0].symbols
}

pub(crate) fn verified(path: &Path) -> SymbolState {
    let used = path.display().to_string();
    SymbolState::Verified { used }
}

pub(crate) fn unverified(path: &Path) -> SymbolState {
    let used = path.display().to_string();
    SymbolState::Unverified { used }
}
