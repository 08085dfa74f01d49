//! The engine keeps nothing that it does not need, and its leak is found. Each in a process of its own: what other tests
//! allocate meanwhile would count.

use std::process::Command;

use heaplens_agent::LeakTest;

use super::retention::DeadLabels;
use crate::soak;

heaplens_agent::jemalloc!("prof:true,prof_active:false,lg_prof_sample:0");

fn alone(test: &str, body: impl FnOnce()) {
    const CHILD: &str = "HEAPLENS_DEMO_TEST_CHILD";
    if std::env::var_os(CHILD).is_some() {
        return body();
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(CHILD, "1");
    let output = command.env_remove("MALLOC_CONF").output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{out}\n{err}");
}

fn seconds(dead_labels: DeadLabels) -> impl FnMut() {
    let mut second = soak::seconds(dead_labels);
    move || second().unwrap()
}

#[test]
fn the_engine_keeps_no_more_after_every_round() {
    alone("store::leak_tests::the_engine_keeps_no_more_after_every_round", || {
        heaplens_agent::heap_leak_test!(warmup = 4, iters = 5, seconds(DeadLabels::Compacted));
    });
}

#[test]
fn the_leak_is_found_and_named() {
    alone("store::leak_tests::the_leak_is_found_and_named", || {
        let test = LeakTest::new().warmup(4).iters(5);
        let failure = test.run(seconds(DeadLabels::Kept)).unwrap_err().to_string();
        let first = failure.lines().next().unwrap();
        assert!(first.contains("store::label_index::LabelIndex"), "{failure}");
        assert!(first.contains("::remember_label (src/store/label_index.rs:"), "{failure}");
        // A list of 512 bytes for each of 20 requests a second.
        assert!(first.ends_with(" keeps 10240 bytes in 20 objects an iteration"), "{failure}");
    });
}
