//! `symbols` on real binaries: some built here, small ones of every layout that lie here (`fixtures`), and this program
//! itself. Judges are golden files, the `addr2line` crate, llvm-symbolizer and binutils' addr2line.
//!
//! A test whose tool is absent is reported as ignored, or fails if `HEAPLENS_REQUIRE_PEERS=1`.

mod addresses;
mod binaries;
mod cache;
mod chains;
mod companions;
mod crate_judge;
mod differences;
mod equality;
mod fetch;
mod fixtures;
#[path = "../golden/mod.rs"]
mod golden;
mod judge;
mod llvm_judge;
#[cfg(target_os = "linux")]
mod process;
mod search;
mod split_bases;
mod symbols_of;
mod table;
#[cfg(target_os = "linux")]
mod threads;

use libtest_mimic::{Arguments, Failed, Trial};
use std::process::{Command, Stdio};

type Check = fn() -> Result<(), Failed>;

fn main() {
    let arguments = Arguments::from_args();
    let mut cases: Vec<(&str, &[&str], Check)> = vec![
        ("c_inlines_as_addr2line", &["cc", "addr2line"], judge::c_inlines),
        ("rust_names_as_addr2line", &["cc", "rustc", "addr2line"], judge::rust_names),
        ("stripped_leaves_dynamic_symbols", &["cc", "strip"], search::stripped),
        ("separate_debug_file", &["cc", "objcopy", "strip"], search::separate_debug_file),
        ("compressed_sections", &["cc", "objcopy", "addr2line"], judge::compressed),
        ("debug_file_that_is_not_there", &["cc", "objcopy", "strip"], search::no_debug_file),
        ("debug_file_by_checksum", &["cc", "objcopy", "strip"], search::debug_file_by_checksum),
        ("another_build_is_not_used", &["cc"], search::mismatch),
        ("build_id_beats_names", &["cc"], search::by_build_id),
        ("no_build_id_is_the_last_choice", &["cc"], search::no_build_id),
        ("paths_that_no_file_has", &["cc"], search::long_path),
        ("renamed_in_a_directory", &["cc", "mkfifo", "objcopy", "strip"], search::renamed),
        ("path_suffix_and_sysroot", &["cc"], search::suffix_and_sysroot),
        ("explicit_binary_is_the_program", &["cc"], search::explicit),
        ("paths_of_another_machine", &["cc"], search::another_machine),
        ("strangers_files", &["cc", "mkfifo"], search::strangers),
        ("virtual_addresses_as_offsets", &["cc"], addresses::as_offsets),
        ("a_lookup_outlives_its_file", &["cc"], search::outlived),
        ("cache_answers_the_second_time", &["cc"], cache::second_time),
        ("cache_knows_builds_that_are_gone", &["cc"], cache::gone),
        ("cache_takes_better_answers_later", &["cc", "strip"], cache::better_later),
        ("cache_without_build_id_goes_by_the_file", &["cc"], cache::rebuilt),
        ("cache_keeps_nothing_of_damaged_files", &["cc"], cache::damage),
        ("cache_is_off_by_default", &[], cache::off_by_default),
        ("tables_of_c_layouts", &["cc"], table::c_layouts),
        ("tables_of_rust_programs", &["cc", "rustc"], table::rust_programs),
        ("tables_of_large_programs", &[], table::large),
        ("tables_are_the_same_each_time", &["cc", "rustc"], table::repeated),
        ("tables_are_found", &["cc", "strip"], table::places),
        ("tables_of_strangers", &["cc", "strip", "mkfifo"], table::strangers),
        ("tables_of_damaged_files", &["cc"], table::damaged),
        ("tables_that_cannot_be_made", &["cc"], table::unreadable),
        ("damaged_files", &["cc"], search::damaged),
        ("debug_file_alone", &["cc", "objcopy", "strip"], companions::debug_file_alone),
        ("debug_file_alone_eu_strip", &["cc", "eu-strip"], companions::debug_file_alone_eu_strip),
        ("debug_file_alone_lld", &["cc", "objcopy", "ld.lld"], companions::debug_file_alone_lld),
        ("debug_file_alone_llvm", &["cc", "llvm-objcopy"], companions::debug_file_alone_llvm),
        ("debug_file_alone_is_said", &["cc", "objcopy"], companions::debug_file_alone_is_said),
        ("shared_debug_file", &["cc", "dwz"], companions::shared_debug_file),
        ("bundle_of_debug_information", &["clang", "ld64.lld", "dsymutil"], companions::bundle),
        ("fetched_files", &["cc", "objcopy", "strip"], fetch::fetched),
        ("fetched_files_are_looked_at", &["cc"], fetch::not_believed),
        ("several_architectures", &["clang", "ld64.lld", "dsymutil"], companions::architectures),
    ];
    #[cfg(target_os = "linux")]
    cases.extend([
        ("deleted_while_it_runs", &["cc"][..], process::deleted as Check),
        ("deleted_library", &["cc", "map_files"], process::deleted_library),
        ("replaced_by_a_rebuild", &["cc"], process::replaced),
        ("renamed_while_it_runs", &["cc"], process::renamed),
        ("process_that_ended", &["cc"], process::ended),
        ("inside_a_sysroot", &["cc"], process::sysroot),
        ("debug_files_inside_a_sysroot", &["cc", "objcopy", "strip"], process::sysroot_companions),
        ("threads_are_prepared", &[], threads::prepared),
        ("inside_another_root", &["cc", "chroot"], process::another_root),
    ]);
    let built = cases.into_iter().map(|(name, tools, check)| trial(name, tools, check));
    let trials = built.chain(fixtures::trials()).chain(equality::trials()).collect();
    libtest_mimic::run(&arguments, trials).exit();
}

/// A test that needs tools.
fn trial(
    name: impl Into<String>,
    tools: &[&str],
    check: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    let required = std::env::var("HEAPLENS_REQUIRE_PEERS").is_ok_and(|v| v == "1");
    match tools.iter().find(|tool| !present(tool)) {
        Some(tool) if required => {
            let message = format!("{tool} is absent and HEAPLENS_REQUIRE_PEERS is set");
            Trial::test(name, move || Err(message.into()))
        }
        absent => Trial::test(name, check).with_ignored_flag(absent.is_some()),
    }
}

/// True for a program that is installed; and for `map_files`, the right to open `/proc/PID/map_files`, and `chroot`, the
/// right to start a program in another root.
fn present(name: &str) -> bool {
    match name {
        "map_files" => {
            let first = std::fs::read_dir("/proc/self/map_files").ok().and_then(|mut list| list.next()?.ok());
            return first.is_some_and(|file| std::fs::File::open(file.path()).is_ok());
        }
        #[cfg(target_os = "linux")]
        "chroot" => return process::in_root("/".as_ref(), "true").is_some(),
        _ => {}
    }
    // The fixtures are ELF files.
    cfg!(target_os = "linux") && runs(&tool(name))
}

/// The name under which a program is installed: distributions add the version to LLVM's.
pub(crate) fn tool(name: &str) -> String {
    let is_llvm = ["ld64.lld", "llvm-objcopy", "dsymutil"].contains(&name);
    let versioned = (14..30).rev().filter(|_| is_llvm).map(|version| format!("{name}-{version}"));
    std::iter::once(name.to_owned())
        .chain(versioned)
        .find(|name| runs(name))
        .unwrap_or_else(|| name.to_owned())
}

fn runs(name: &str) -> bool {
    let status = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
