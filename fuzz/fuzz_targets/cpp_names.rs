#![no_main]
//! Any lines as C++ names: each has a name, within the limits, and the same again. A panic is caught by the library but
//! not here.

use heaplens::symbols::{Demangler, Spelling};
use libfuzzer_sys::fuzz_target;

/// The library's own bound.
const MAX_NAME: usize = 32 << 10;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    for line in text.lines() {
        let mangled = format!("_Z{line}");
        for spelling in [Spelling::Readable, Spelling::Binutils] {
            let name = Demangler::new(spelling).name(&mangled).to_owned();
            assert!(!name.is_empty());
            // Binutils has brackets around what follows a point.
            let longest = MAX_NAME + 16 * mangled.len();
            assert!(name.len() <= longest, "{} bytes", name.len());
            assert_eq!(Demangler::new(spelling).name(&mangled), name);
        }
    }
});
