//! Where /proc is not mounted: a dump without mappings, through a file that leaves nothing behind. Where user
//! namespaces are not allowed this must show as ignored, which the standard harness cannot do at run time.

#[path = "../common/mod.rs"]
mod common;

use std::process::{Command, ExitCode, Stdio};

use common::{allocate, ask, in_child_through, json, text};
use heaplens::trailer::{Seal, Trailer, split};
use heaplens_agent::Agent;
use libtest_mimic::{Arguments, Failed, Trial};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const ENABLED: Option<&str> = Some("MALLOC_CONF=prof:true,lg_prof_sample:0");

/// Runs a command in namespaces of its own, where /proc is an empty directory.
const WRAPPER: [&str; 5] = ["unshare", "-rm", "sh", "-c", "mount -t tmpfs none /proc && exec \"$0\" \"$@\""];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let required = std::env::var_os("HEAPLENS_REQUIRE_PEERS").is_some_and(|value| value == "1");
    let ignored = !required && !common::is_child() && !can_be_run();
    let trials = [
        ("a_dump_is_taken_without_proc", whole as fn() -> Result<(), Failed>),
        ("without_proc_and_without_a_directory_the_answer_says_what_to_do", nowhere),
    ];
    let trials = trials.map(|(name, test)| Trial::test(name, test).with_ignored_flag(ignored));
    libtest_mimic::run(&arguments, trials.into()).exit_code()
}

fn can_be_run() -> bool {
    let mut command = Command::new(WRAPPER[0]);
    command.args(&WRAPPER[1..]).arg("true").stdin(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// In a child whose directory for temporary files is empty, or this one in it.
fn child(test: &str, below: &str, body: impl FnOnce()) {
    if common::is_child() {
        return body();
    }
    let directory = tempfile::tempdir().unwrap();
    let variable = format!("TMPDIR={}", directory.path().join(below).display());
    in_child_through(test, ENABLED, &[&["env", &variable], &WRAPPER[..]].concat(), body);
}

fn whole() -> Result<(), Failed> {
    child("a_dump_is_taken_without_proc", "", || {
        assert!(!std::path::Path::new("/proc/self").exists());
        let live = allocate(100);
        let agent = Agent::new();
        for _ in 0..2 {
            let response = ask(&agent, "GET", "/debug/prof/mem", "");
            assert_eq!(response.status(), 200, "{}", text(&response));
            assert_eq!(response.headers()["heaplens-maps"], "none");
            let (body, tail) = split(response.body());
            assert!(body.starts_with(b"heap_v2/1\n") && body.windows(4).any(|line| line == b"\n@ 0"));
            assert_eq!(Trailer::parse(body, tail).1, Seal::Intact);
        }
        let left = std::fs::read_dir(std::env::temp_dir()).unwrap().count();
        assert_eq!(left, 0, "nothing is left behind");
        drop(live);
    });
    Ok(())
}

fn nowhere() -> Result<(), Failed> {
    child("without_proc_and_without_a_directory_the_answer_says_what_to_do", "gone", || {
        let response = ask(&Agent::new(), "GET", "/debug/prof/mem", "");
        assert_eq!(response.status(), 507);
        let answer = json(&response);
        assert_eq!(answer["code"], "no-place-for-the-dump");
        assert!(answer["why"].as_str().unwrap().contains("/proc/self/fd/"), "{answer}");
        let fix = answer["fix"].as_str().unwrap();
        assert!(fix.contains("/proc") && fix.contains("gone") && fix.contains("TMPDIR"), "{answer}");
    });
    Ok(())
}
