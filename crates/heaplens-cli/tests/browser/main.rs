//! Pictures and the page in a browser: clicks, drags, searches, keys, files, the URL. Needs chromium and chromedriver;
//! without them the tests are reported as ignored, or fail if `HEAPLENS_REQUIRE_PEERS=1` is set.
//!
//! `HEAPLENS_DEMO_BIN` names a demo service built with `mem-prof`; otherwise cargo builds one.

mod access;
mod attacks;
mod beside;
#[path = "../programs/demo.rs"]
mod demo;
mod equal;
mod graph;
mod home;
mod inputs;
mod lab;
mod picture;
#[allow(dead_code, reason = "other tests need more of it")]
#[path = "../programs/mod.rs"]
mod programs;
mod same;
mod saving;
mod story;
mod tab;
mod webdriver;

use home::Home;
use lab::Lab;
use libtest_mimic::{Arguments, Failed, Trial};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use webdriver::Driver;

type Boxed = Box<dyn Fn(&Lab) -> Result<(), Failed> + Send>;
type Test = fn(&Lab) -> Result<(), Failed>;
type TestOfBoth = fn(&Lab, Home) -> Result<(), Failed>;

const PICTURES: [(&str, Test); 5] = [
    ("click_zooms_and_the_url_keeps_it", picture::zoom),
    ("search_tells_the_matched_share", picture::search),
    ("keys_work_without_a_mouse", picture::keys),
    ("a_difference_shows_both_sides", picture::difference),
    ("the_files_of_symbols_unfold", picture::symbols),
];

/// The page over a series of the demo, in both homes.
const BOTH: [(&str, TestOfBoth); 10] = [
    ("the_first_screen_names_the_leak", story::first_screen),
    ("nothing_comes_from_elsewhere", story::nothing_else),
    ("what_is_compared_is_chosen_by_mouse_and_keys", story::marks),
    ("links_and_reloads_keep_the_view", story::links),
    ("a_difference_has_what_grew_and_what_shrank", graph::difference),
    ("a_search_finds_what_focus_leaves", graph::search),
    ("menus_work_by_mouse_and_keys", graph::menus),
    ("every_view_is_reached_by_keys", graph::keyboard),
    ("files_of_the_graph_are_the_command_lines", saving::graphs),
    ("files_of_tables_are_the_command_lines", saving::tables),
];

/// Also in both homes, of other inputs.
const ATTACKS: [(&str, TestOfBoth); 1] = [("names_that_attack_are_text", attacks::views)];

const EQUAL: [(&str, &[&str], Test); 3] = [
    ("many_kinds_of_inputs_have_the_command_lines_figures", &[], equal::plain),
    ("a_rust_program_has_the_command_lines_figures", &[], equal::rust),
    ("a_cpp_program_has_the_command_lines_figures", &["/usr/bin/g++", inputs::JEMALLOC], equal::cpp),
];

const LARGE: [(&str, Test); 3] = [
    ("names_that_attack_are_written_as_text", attacks::written),
    ("a_million_frames_deep", attacks::deep),
    ("a_million_frames_wide", attacks::wide),
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // They share one browser.
    arguments.test_threads = Some(1);
    let required = std::env::var_os("HEAPLENS_REQUIRE_PEERS").is_some_and(|v| v == "1");
    let has_browser = Driver::is_installed();
    let lab = Arc::new(Lab::default());
    let mut trials = Vec::new();
    let mut add = |name: String, is_there: bool, test: Boxed| {
        let lab = Arc::clone(&lab);
        trials.push(Trial::test(name, move || test(&lab)).with_ignored_flag(!is_there && !required));
    };
    for (name, test) in PICTURES {
        add(name.to_owned(), has_browser, Box::new(test));
    }
    for (home, from) in [(Home::Disk, "from_disk"), (Home::Server, "from_the_server")] {
        for (name, test) in BOTH.into_iter().chain(ATTACKS) {
            add(format!("{name}_{from}"), has_browser, Box::new(move |lab| test(lab, home)));
        }
    }
    for (name, needs, test) in EQUAL {
        let is_there = has_browser && needs.iter().all(|file| Path::new(file).exists());
        add(name.to_owned(), is_there, Box::new(test));
    }
    for (name, test) in LARGE {
        add(name.to_owned(), has_browser, Box::new(test));
    }
    add("processes_beside_each_other_are_told_apart".to_owned(), has_browser, Box::new(beside::courses));
    add("a_chart_out_of_sight_follows".to_owned(), has_browser, Box::new(beside::out_of_sight));
    add(
        "axe_finds_nothing_serious".to_owned(),
        has_browser && access::axe().is_some(),
        Box::new(access::views),
    );
    libtest_mimic::run(&arguments, trials).exit_code()
}
