//! Files made to harm whoever reads their symbols: no panic, no hang, bounded memory, and what is sound is found.
//!
//! A process of its own, one test after the other: memory is counted at the allocator.

mod bytes;
mod damage;
mod dwarf;
mod elf;
mod entries;
mod lab;
mod watch;

use libtest_mimic::{Arguments, Failed, Trial};

type Check = fn() -> Result<(), Failed>;

fn main() {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let cases: Vec<(&str, Check)> = vec![
        ("every_byte_changed_or_cut", damage::every_byte),
        ("references", entries::references),
        ("references_across_units", entries::references_across_units),
        ("depth", entries::depth),
        ("inlined", entries::inlined),
        ("overlaps", entries::overlaps),
        ("siblings", entries::siblings),
        ("abbreviations", entries::abbreviations),
        ("products", entries::products),
    ];
    let trials = cases.into_iter().map(|(name, check)| Trial::test(name, check)).collect();
    libtest_mimic::run(&arguments, trials).exit();
}
