//! The same dumps read by us and by the tools we stand in for: jeprof, addr2line, inferno-flamegraph; what we write
//! read by go tool pprof; and the article that they come from. Dumps are of the demo service under load, and of a C
//! program on Debian's jemalloc.
//!
//! A test whose tool is absent is reported as ignored, or fails if `HEAPLENS_REQUIRE_PEERS=1` is set.
//! `HEAPLENS_DEMO_BIN` names a demo service built with `mem-prof`; otherwise cargo builds one.

mod article;
mod by_address;
mod by_name;
mod c_program;
mod check;
mod cppfilt;
#[path = "../programs/demo.rs"]
mod demo;
mod filters;
mod flamegraphs;
mod formats;
mod go_profiles;
mod jeprof;
mod own_drawing;
mod place;
mod places;
mod pprof;
#[path = "../../../heaplens/tests/pprof/decode.rs"]
#[allow(dead_code)]
mod pprof_decode;
mod prefixes;
#[path = "../programs/mod.rs"]
mod programs;
mod remote;
mod restart;
#[allow(dead_code, reason = "other tests need more of it")]
#[path = "../cli/server.rs"]
mod server;
mod service;
mod symbolize;
mod tools;

use libtest_mimic::{Arguments, Failed, Trial};
use service::Lab;
use std::process::ExitCode;
use std::sync::Arc;

type Test = fn(&Lab) -> Result<(), Failed>;

const JEPROF: &[&str] = &["jeprof", "addr2line", "nm", "objdump"];
const JEPROF_AND_JEMALLOC: &[&str] = &["jeprof", "addr2line", "nm", "objdump", "gcc", c_program::JEMALLOC];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let required = std::env::var_os("HEAPLENS_REQUIRE_PEERS").is_some_and(|v| v == "1");
    let lab = Arc::new(Lab::default());
    let tests: [(&str, &[&str], Test); 40] = [
        ("bytes_of_each_stack_are_jeprofs", JEPROF, by_address::stacks),
        ("a_difference_of_each_stack_is_jeprofs", JEPROF, by_address::difference),
        ("names_are_jeprofs", JEPROF, by_name::stacks),
        ("totals_are_jeprofs", JEPROF, by_address::totals),
        ("jeprof_reads_the_agents_dump", JEPROF, by_address::trailer),
        ("two_runs_have_the_same_stacks", &[], restart::two_runs),
        ("no_prefix_of_a_dump_is_taken_for_another", &[], prefixes::demo),
        ("c_programs_on_debians_jemalloc", JEPROF_AND_JEMALLOC, c_program::jeprof),
        ("no_prefix_of_a_c_programs_dump_is_taken_for_another", JEPROF_AND_JEMALLOC, c_program::prefixes),
        ("a_command_is_checked_by_its_rounds", &["gcc", c_program::JEMALLOC], check::rounds),
        ("the_article_runs_to_its_end", &["bash", "curl"], article::runs),
        ("inferno_draws_our_folded_stacks", &["inferno-flamegraph"], flamegraphs::inferno),
        ("go_tool_pprof_shows_our_figures", &["go"], pprof::figures),
        ("go_tool_pprof_has_the_dumps_addresses", &["go"], pprof::addresses),
        ("go_tool_pprof_shows_differences_like_its_own", &["go"], pprof::difference),
        ("go_tool_pprof_reads_c_programs", &["go", "gcc", c_program::JEMALLOC], pprof::c_program),
        ("go_tool_pprof_fetches_from_the_service", &["go"], remote::go),
        ("jeprof_fetches_from_the_service", &["jeprof", "curl", "c++filt"], remote::jeprof),
        ("scrapers_fetch_from_the_service", &[], remote::scrapers),
        ("go_tool_pprof_filters_alike", &["go"], filters::service),
        (
            "go_tool_pprof_filters_and_groups_c_programs_alike",
            &["go", "gcc", c_program::JEMALLOC],
            filters::c_program,
        ),
        ("gos_own_heap_profile_has_the_same_figures", &["go"], go_profiles::go_heap),
        ("jemalloc_pprofs_profile_has_the_same_figures", &["go"], go_profiles::jemalloc_pprof),
        ("the_service_draws_itself_in_little_memory", &[], own_drawing::memory),
        ("jeprof_reads_our_symbolized_files", JEPROF_AND_JEMALLOC, formats::jeprof_reads_symbolized),
        ("gperftools_text_is_unsampled_as_by_jeprof", JEPROF_AND_JEMALLOC, formats::gperftools_text),
        ("jemallocs_json_agrees_with_its_dump", &["gcc", c_program::JEMALLOC], formats::jemallocs_json),
        ("python_reads_our_csv", &["python3"], formats::python_reads_csv),
        ("gos_text_is_unsampled_as_by_go", &["go"], formats::gos_text),
        ("callgrind_annotate_reads_our_calls", &["callgrind_annotate"], formats::callgrind_annotate),
        ("graphviz_draws_our_graph", &["dot"], formats::graphviz),
        ("places_are_addr2lines", &["addr2line"], places::addr2line),
        ("symbolize_prints_what_addr2line_prints", &["addr2line", "gcc"], symbolize::every_option),
        ("symbolize_names_cpp_as_addr2line", &["addr2line", "g++"], symbolize::cpp_names),
        ("cpp_libraries_are_named_as_cppfilt", &["c++filt", "g++", "clang"], cppfilt::libraries),
        ("cpp_programs_are_named_as_cppfilt", &["c++filt", "g++", "clang++"], cppfilt::program),
        ("symbolize_takes_addr2lines_arguments", &["addr2line", "gcc"], symbolize::arguments),
        ("symbolize_reads_files_with_arguments", &["addr2line", "g++"], symbolize::files_and_styles),
        ("symbolize_answers_line_by_line", &["addr2line", "gcc"], symbolize::dialogue),
        ("symbolize_serves_jeprof", JEPROF_AND_JEMALLOC, symbolize::under_jeprof),
    ];
    let trials = tests.into_iter().map(|(name, needs, test)| {
        let lab = Arc::clone(&lab);
        let absent = needs.iter().any(|tool| !tools::is_there(tool));
        Trial::test(name, move || test(&lab)).with_ignored_flag(absent && !required)
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
