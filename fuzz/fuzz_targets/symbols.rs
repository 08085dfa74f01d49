#![no_main]
//! Any bytes as a binary: its names are found or not, each place has its answer, and nothing grows without end.
//!
//! The package of split debug information (`.dwp`), and the files `a` and `a.dwo`, are links to the same bytes, so
//! that one input can hold a program and the files that it names.

use heaplens::profile::{Amount, Frame, Meta, Module, Profile, Sample, Values};
use heaplens::symbols::{self, Options};
use libfuzzer_sys::fuzz_target;
use std::path::PathBuf;
use std::sync::OnceLock;

/// The library's own bound, and the letter that says that a name was cut.
const MAX_NAME: usize = (64 << 10) + 8;

fuzz_target!(|bytes: &[u8]| {
    let path = file();
    std::fs::write(path, bytes).expect("the file");
    let mut options = Options::default();
    options.debug_dirs.clear();
    options.threads = 1;
    options.max_memory = 64 << 20;
    let addresses = addresses(bytes);
    if let Ok(resolution) = symbols::lookup(path, &addresses, &options) {
        assert_eq!(resolution.places.len(), addresses.len());
        for place in resolution.places.iter().flatten() {
            let named = resolution.named(place.function).expect("an index of this resolution");
            for text in [&named.name, &named.system_name] {
                assert!(text.len() <= MAX_NAME, "{} bytes", text.len());
            }
        }
    }
    let before = profile(path, &addresses);
    let after = symbols::symbolize(&before, &options);
    after.check().expect("profile");
    assert_eq!(after.total(), before.total());
});

/// The one file that every input is written to, in memory where there is such a place.
fn file() -> &'static PathBuf {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| {
        let memory = PathBuf::from("/dev/shm");
        let parent = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let directory = parent.join(format!("heaplens-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory");
        let file = directory.join("app");
        for link in ["app.dwp", "a", "a.dwo"] {
            // Left over from a process of the same number.
            let _ = std::fs::remove_file(directory.join(link));
            std::os::unix::fs::symlink(&file, directory.join(link)).expect("a link");
        }
        file
    })
}

/// Places in the code of the files in the corpus, the entry point and what follows it, and the input's last bytes.
fn addresses(bytes: &[u8]) -> Vec<u64> {
    let mut list: Vec<u64> = (0x40_0110..0x40_0200).step_by(20).collect();
    let number = |bytes: &[u8]| bytes.try_into().map(u64::from_le_bytes).unwrap_or_default();
    let entry = bytes.get(24..32).map(number).unwrap_or_default();
    list.extend((0..8).map(|i| entry.wrapping_add(i * 32)));
    list.extend(bytes.rchunks_exact(8).take(4).map(number));
    list.extend([0, u64::MAX]);
    list
}

/// One sample for each place, as an offset in the file.
fn profile(path: &std::path::Path, offsets: &[u64]) -> Profile {
    let mut profile = Profile::new(Meta::default());
    let module = profile.add_module(Module::file(path.display().to_string()));
    for &offset in offsets {
        let frame = profile.add_frame(Frame::at(module, offset));
        let stack = Some(profile.add_stack(None, frame));
        let values = Values { inuse_space: Amount::from_u64(1), ..Values::default() };
        profile.add_sample(Sample { stack, thread: None, values });
    }
    profile
}
