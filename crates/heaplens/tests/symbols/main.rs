//! `symbols` on real binaries, built here; binutils' addr2line is the judge.
//!
//! A test whose tool is absent is reported as ignored, or fails if `HEAPLENS_REQUIRE_PEERS=1`.

mod binaries;
mod cache;
mod judge;
mod search;

use libtest_mimic::{Arguments, Failed, Trial};
use std::process::{Command, Stdio};

type Check = fn() -> Result<(), Failed>;

fn main() {
    let arguments = Arguments::from_args();
    let cases: Vec<(&str, &[&str], Check)> = vec![
        ("c_inlines_as_addr2line", &["cc", "addr2line"], judge::c_inlines),
        ("rust_names_as_addr2line", &["cc", "rustc", "addr2line"], judge::rust_names),
        ("stripped_leaves_dynamic_symbols", &["cc", "strip"], search::stripped),
        ("separate_debug_file", &["cc", "objcopy", "strip"], search::separate_debug_file),
        ("compressed_sections", &["cc", "objcopy", "addr2line"], judge::compressed),
        ("another_build_is_not_used", &["cc"], search::mismatch),
        ("build_id_beats_names", &["cc"], search::by_build_id),
        ("path_suffix_and_sysroot", &["cc"], search::suffix_and_sysroot),
        ("explicit_binary_is_the_program", &["cc"], search::explicit),
        ("strangers_files", &["cc", "mkfifo"], search::strangers),
        ("cache_answers_the_second_time", &["cc"], cache::second_time),
        ("cache_knows_builds_that_are_gone", &["cc"], cache::gone),
        ("cache_takes_better_answers_later", &["cc", "strip"], cache::better_later),
        ("cache_without_build_id_goes_by_the_file", &["cc"], cache::rebuilt),
        ("cache_keeps_nothing_of_damaged_files", &["cc"], cache::damage),
        ("cache_is_off_by_default", &[], cache::off_by_default),
        ("damaged_files", &["cc"], search::damaged),
    ];
    let required = std::env::var("HEAPLENS_REQUIRE_PEERS").is_ok_and(|v| v == "1");
    let trials = cases
        .into_iter()
        .map(|(name, tools, check)| {
            let absent = tools.iter().find(|tool| !present(tool));
            match absent {
                Some(tool) if required => {
                    let message = format!("{tool} is absent and HEAPLENS_REQUIRE_PEERS is set");
                    Trial::test(name, move || Err(message.into()))
                }
                absent => Trial::test(name, check).with_ignored_flag(absent.is_some()),
            }
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn present(tool: &str) -> bool {
    // The fixtures are ELF files.
    cfg!(target_os = "linux")
        && Command::new(tool)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success())
}
