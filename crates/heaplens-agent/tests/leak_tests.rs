//! Leak tests on the real jemalloc, each in a process of its own.
#![cfg(target_os = "linux")]

mod common;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;

use common::{ask, in_child, in_child_through, json};
use heaplens_agent::{Agent, LeakTest, heap_leak_test};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// As the documentation asks for.
const READY: Option<&str> = Some("MALLOC_CONF=prof:true,prof_active:false,lg_prof_sample:0");
/// The least: one allocation in 512 KiB would be sampled.
const ENABLED: Option<&str> = Some("MALLOC_CONF=prof:true");

#[inline(never)]
fn keep_a_buffer(kept: &mut Vec<Vec<u8>>) {
    kept.push(black_box(vec![1u8; 64]));
}

/// What a leak test says of work that leaks.
fn said(test: LeakTest, work: impl FnMut()) -> String {
    test.run(work).expect_err("it leaks").to_string()
}

#[track_caller]
fn assert_starts(text: &str, start: &str) {
    assert!(text.starts_with(start), "{text}");
}

#[test]
fn the_macro_names_the_function_with_exact_figures() {
    in_child("the_macro_names_the_function_with_exact_figures", READY, || {
        let mut kept = Vec::new();
        let panic = catch_unwind(AssertUnwindSafe(|| heap_leak_test!(|| keep_a_buffer(&mut kept))));
        let text = panic.unwrap_err().downcast::<String>().unwrap();
        assert_starts(&text, "heap leak: leak_tests::keep_a_buffer (");
        let line = text.lines().next().unwrap();
        assert!(
            line.contains("tests/leak_tests.rs:")
                && line.ends_with(") keeps 64 bytes in 1 object an iteration"),
            "{text}"
        );
        assert!(text.contains("\n  grown in every one of 8 rounds of 100 iterations: each 6400 bytes, in all 51200 bytes in 800 objects\n"), "{text}");
        // The stack begins with the allocation and ends with the test's own code.
        let stack: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("    ")).collect();
        assert!(stack.iter().any(|place| place.starts_with("leak_tests::the_macro_names")), "{text}");
        assert!(!text.contains("heaplens_agent::leak_test::"), "{text}");
        // The list of the buffers, which doubles.
        assert!(text.contains("in steps"), "{text}");
        assert!(text.contains("max_per_iter = 64."), "{text}");
        assert_eq!(kept.len(), 1000);
    });
}

#[test]
fn the_rate_at_the_start_does_not_matter() {
    in_child("the_rate_at_the_start_does_not_matter", ENABLED, || {
        let mut kept = Vec::new();
        // Far less in all than jemalloc would have let pass until its next sample.
        let text = said(LeakTest::new().warmup(1).rounds(3).iters(2), || keep_a_buffer(&mut kept));
        assert!(text.contains("keeps 64 bytes in 1 object an iteration\n"), "{text}");
    });
}

#[inline(never)]
fn note(log: &mut Vec<u64>, at: u64) {
    log.push(at);
}

#[inline(never)]
fn count(table: &mut HashMap<u64, u64>, at: u64) {
    *table.entry(at).or_default() += 1;
}

#[inline(never)]
fn remember(names: &mut HashMap<Box<str>, usize>, at: u64) {
    names.insert(format!("{at:032}").into(), 1);
}

#[inline(never)]
fn sort_in(tree: &mut BTreeMap<u64, u64>, at: u64) {
    tree.insert(at, at);
}

#[inline(never)]
fn queue_up(queue: &mut VecDeque<u32>, at: u64) {
    queue.push_back(at as u32);
}

#[test]
fn collections_that_are_never_emptied_are_found() {
    in_child("collections_that_are_never_emptied_are_found", READY, || {
        let mut at = 0;
        let mut next = || {
            at += 1;
            at
        };
        let mut log = Vec::new();
        let text = said(LeakTest::new(), || note(&mut log, next()));
        assert_starts(&text, "heap leak: leak_tests::note (");
        assert!(text.contains("steps that keep pace with the 8 rounds"), "{text}");
        assert!(text.contains(": 2048, 4096, 4096, 4096, 8192, "), "{text}");
        let mut table = HashMap::new();
        assert_starts(&said(LeakTest::new(), || count(&mut table, next())), "heap leak: leak_tests::count (");
        let mut names = HashMap::new();
        let text = said(LeakTest::new(), || remember(&mut names, next()));
        assert_starts(&text, "heap leak: leak_tests::remember (");
        assert!(text.contains(" keeps 32 bytes in 1 object an iteration\n"), "{text}");
        let mut tree = BTreeMap::new();
        assert_starts(
            &said(LeakTest::new(), || sort_in(&mut tree, next())),
            "heap leak: leak_tests::sort_in (",
        );
        let mut queue = VecDeque::new();
        let text = said(LeakTest::new(), || queue_up(&mut queue, next()));
        assert_starts(&text, "heap leak: leak_tests::queue_up (");
    });
}

#[test]
fn a_leak_now_and_then_is_found() {
    in_child("a_leak_now_and_then_is_found", READY, || {
        let (mut kept, mut at) = (Vec::new(), 0);
        let text = said(LeakTest::new(), || {
            at += 1;
            if at % 10 == 0 {
                keep_a_buffer(&mut kept);
            }
        });
        assert_starts(&text, "heap leak: leak_tests::keep_a_buffer (");
        assert!(text.contains(" keeps 6.4 bytes in 0.1 objects an iteration\n"), "{text}");
        // Less than once a round, but steadily.
        let text = said(LeakTest::new(), || {
            at += 1;
            if at % 160 == 0 {
                black_box(Box::leak(Box::new([1u8; 48])));
            }
        });
        assert!(text.contains("in steps that keep pace"), "{text}");
    });
}

#[test]
fn what_is_allowed_passes() {
    in_child("what_is_allowed_passes", READY, || {
        let mut kept = Vec::with_capacity(10_000);
        heap_leak_test!(max_per_iter = 64, iters = 10, || keep_a_buffer(&mut kept));
        assert_eq!(kept.len(), 100);
        // Any order, and more of them.
        heap_leak_test!(iters = 5, rounds = 2 + 1, max_per_iter = 64, warmup = 4, || {
            keep_a_buffer(&mut kept);
        });
        assert_eq!(kept.len(), 100 + 7 * 5);
        let test = LeakTest::new().iters(10).max_per_iter(63);
        assert!(said(test, || keep_a_buffer(&mut kept)).contains("keeps 64 bytes"));
    });
}

#[test]
fn work_that_gives_everything_back_passes() {
    in_child("work_that_gives_everything_back_passes", READY, || {
        // A cache that fills in the warm-up.
        let (mut cache, mut at) = (HashMap::new(), 0u64);
        heap_leak_test!(|| {
            at += 1;
            cache.entry(at % 150).or_insert_with(|| vec![1u8; 100]);
        });
        // Churn of all sizes, with collections that change theirs.
        let mut window = VecDeque::new();
        heap_leak_test!(|| {
            at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            window.push_back(black_box(vec![1u8; (at >> 52) as usize]));
            if window.len() > 60 {
                window.pop_front();
            }
        });
        // A buffer for the largest input so far, which comes late.
        let (mut buffer, mut round) = (Vec::new(), 0);
        heap_leak_test!(|| {
            round += 1;
            let bytes = if round == 700 { 5_000 } else { round % 77 };
            buffer.clear();
            buffer.extend(std::iter::repeat_n(1u8, bytes));
        });
        // Threads that end.
        heap_leak_test!(iters = 5, || {
            let thread = thread::spawn(|| black_box(vec![1u8; 1000]).len());
            assert_eq!(thread.join().unwrap(), 1000);
        });
    });
}

#[test]
fn what_a_test_prints_is_not_its_own() {
    // The harness keeps it, unless it is told not to; so not through `in_child`.
    const PRINTING: &str = "HEAPLENS_TEST_PRINTING";
    if std::env::var_os(PRINTING).is_some() {
        heap_leak_test!(|| println!("a line that the harness keeps until the test has passed"));
        return;
    }
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["what_a_test_prints_is_not_its_own", "--exact"]).env(PRINTING, "1");
    let output = command.env("MALLOC_CONF", "prof:true,prof_active:false,lg_prof_sample:0").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn a_leak_in_another_thread_is_found() {
    in_child("a_leak_in_another_thread_is_found", READY, || {
        // It is older than the test.
        let (ask, asked) = mpsc::channel();
        let (answer, answers) = mpsc::channel();
        let worker = thread::spawn(move || {
            let mut kept = Vec::new();
            for () in asked {
                keep_a_buffer(&mut kept);
                answer.send(()).unwrap();
            }
        });
        let text = said(LeakTest::new().iters(10), || {
            ask.send(()).unwrap();
            answers.recv().unwrap();
        });
        assert_starts(&text, "heap leak: leak_tests::keep_a_buffer (");
        assert!(text.contains(" keeps 64 bytes in 1 object an iteration\n"), "{text}");
        drop(ask);
        worker.join().unwrap();
    });
}

#[test]
fn asynchronous_work_is_tested_too() {
    in_child("asynchronous_work_is_tested_too", READY, || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let work = async || drop(tokio::spawn(async { black_box(vec![1u8; 100]) }).await.unwrap());
            LeakTest::new().iters(20).run_async(work).await.unwrap();
            let (keep, mut kept) = tokio::sync::mpsc::unbounded_channel();
            let leaking = async || {
                let keep = keep.clone();
                tokio::spawn(async move {
                    let mut one = Vec::new();
                    keep_a_buffer(&mut one);
                    keep.send(one).unwrap();
                })
                .await
                .unwrap();
            };
            let failure = LeakTest::new().iters(20).run_async(leaking).await.unwrap_err();
            assert_eq!(format!("{failure:?}"), failure.to_string());
            assert!(failure.to_string().contains("keep_a_buffer"), "{failure}");
            assert_eq!(kept.recv_many(&mut Vec::new(), 1000).await, 200);
        });
    });
}

#[test]
fn without_profiling_the_test_fails_and_says_what_to_write() {
    in_child("without_profiling_the_test_fails_and_says_what_to_write", None, || {
        let text = said(LeakTest::new(), || panic!("nothing is run"));
        assert_starts(&text, "the leak test cannot run: Memory profiling is not enabled: opt.prof is off");
        assert!(
            text.contains("heaplens_agent::jemalloc!(\"prof:true,prof_active:false,lg_prof_sample:0\");")
        );
        assert!(text.contains("MALLOC_CONF=prof:true,"), "{text}");
    });
}

#[test]
fn a_thread_that_is_not_sampled_is_noticed() {
    let conf = Some("MALLOC_CONF=prof:true,prof_thread_active_init:false");
    in_child("a_thread_that_is_not_sampled_is_noticed", conf, || {
        let text = said(LeakTest::new(), || panic!("nothing is run"));
        assert!(text.contains("what this thread allocates is not sampled"), "{text}");
    });
}

fn status() -> (String, u64) {
    let status = json(&ask(&Agent::new(), "GET", "/debug/prof/mem/status", ""));
    (status["state"].as_str().unwrap().to_owned(), status["lg_sample"].as_u64().unwrap())
}

#[test]
fn the_sampling_is_restored_whatever_happens() {
    for active in [false, true] {
        let conf = format!("MALLOC_CONF=prof:true,prof_active:{active},lg_prof_sample:17");
        in_child("the_sampling_is_restored_whatever_happens", Some(&conf), || {
            // As the child was started, which goes through here twice.
            let before = status();
            assert_eq!(before.1, 17);
            heap_leak_test!(iters = 1, || assert_eq!(status(), ("active".to_owned(), 0)));
            assert_eq!(status(), before);
            let mut kept = Vec::new();
            said(LeakTest::new().iters(1), || keep_a_buffer(&mut kept));
            assert_eq!(status(), before);
            let panic = catch_unwind(|| heap_leak_test!(|| resume_unwind(Box::new("as the test wants it"))));
            assert_eq!(*panic.unwrap_err().downcast::<&str>().unwrap(), "as the test wants it");
            assert_eq!(status(), before);
        });
    }
}

#[test]
fn sampling_that_is_changed_meanwhile_is_noticed() {
    in_child("sampling_that_is_changed_meanwhile_is_noticed", READY, || {
        let agent = Agent::new();
        let text = said(LeakTest::new().iters(1), || {
            ask(&agent, "POST", "/debug/prof/mem/deactivate", "");
        });
        assert!(text.contains("the sampling was changed in round 1"), "{text}");
    });
}

#[test]
fn two_tests_take_turns_and_none_is_inside_of_another() {
    in_child("two_tests_take_turns_and_none_is_inside_of_another", READY, || {
        let test = LeakTest::new().rounds(3).iters(3);
        let (mut inner, mut waiting) = (None, None);
        static RAN: AtomicBool = AtomicBool::new(false);
        test.run(|| {
            inner.get_or_insert_with(|| said(test, || ()));
            waiting.get_or_insert_with(|| {
                thread::spawn(move || test.run(|| RAN.store(true, Ordering::SeqCst)).unwrap())
            });
            assert!(!RAN.load(Ordering::SeqCst));
        })
        .unwrap();
        waiting.unwrap().join().unwrap();
        assert!(RAN.load(Ordering::SeqCst));
        assert!(inner.unwrap().contains("another one runs in this thread"));
    });
}

#[test]
fn a_test_of_nothing_is_refused() {
    for test in [LeakTest::new().rounds(1), LeakTest::new().iters(0)] {
        let text = said(test, || panic!("nothing is run"));
        assert_starts(&text, "the leak test cannot run: ");
    }
}

/// The agent in an iteration, with everything that it answers.
#[test]
fn the_agent_does_not_leak() {
    in_child("the_agent_does_not_leak", READY, || {
        let agent = Agent::new();
        let dump = ask(&agent, "GET", "/debug/prof/mem", "").into_body();
        let dump = String::from_utf8(dump).unwrap();
        heap_leak_test!(rounds = 4, iters = 2, || {
            for path in ["", "/status", "/stats", "/gdump", "/nothing", "?output=unknown"] {
                ask(&agent, "GET", &format!("/debug/prof/mem{path}"), "");
            }
            for path in ["heap", "heap?debug=1", "symbol", "cmdline", "allocs?seconds=1"] {
                ask(&agent, "GET", &format!("/debug/pprof/{path}"), "");
            }
            ask(&agent, "POST", "/debug/pprof/symbol", "0x1+0x2");
            ask(&agent, "POST", "/debug/prof/mem/activate", "");
            assert_eq!(ask(&agent, "POST", "/debug/prof/mem/symbol", "no dump").status(), 400);
        });
        // Drawings take longer, and more rounds show nothing more: what one keeps the next one keeps too.
        heap_leak_test!(warmup = 1, rounds = 2, iters = 1, || {
            for output in ["flamegraph", "folded", "json", "proto"] {
                let path = format!("/debug/prof/mem?output={output}");
                assert_eq!(ask(&agent, "GET", &path, "").status(), 200, "{output}");
            }
            assert_eq!(ask(&agent, "POST", "/debug/prof/mem/symbol", &dump).status(), 200);
        });
    });
}

#[test]
fn a_soak_program_writes_a_dump_a_round_where_it_is_asked_to() {
    const DIRECTORY: &str = "HEAPLENS_ROUND_DIR";
    let test = "a_soak_program_writes_a_dump_a_round_where_it_is_asked_to";
    let directory = tempfile::tempdir().unwrap();
    let setting = format!("{DIRECTORY}={}", directory.path().display());
    let conf = Some("MALLOC_CONF=prof:true,lg_prof_sample:0");
    in_child_through(test, conf, &["env", &setting], || {
        let mut kept = Vec::new();
        for _ in 0..4 {
            for _ in 0..10 {
                keep_a_buffer(&mut kept);
            }
            heaplens_agent::round_done();
        }
    });
    if common::is_child() {
        return;
    }
    let mut names: Vec<String> = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["round-0001.heap", "round-0002.heap", "round-0003.heap", "round-0004.heap"]);
    let mut rounds = heaplens::leaks::rounds::Rounds::default();
    for name in &names {
        let bytes = std::fs::read(directory.path().join(name)).unwrap();
        let (body, tail) = heaplens::trailer::split(&bytes);
        assert_eq!(heaplens::trailer::Trailer::parse(body, tail).1, heaplens::trailer::Seal::Intact);
        let profile = heaplens::input::read(&bytes, &heaplens::input::Limits::default()).unwrap();
        rounds.push(&profile);
    }
    let report = rounds.test(&heaplens::leaks::rounds::Options::default()).unwrap();
    // The buffers, and nothing that dumps leave behind.
    let [leak] = report.leaks.as_slice() else { panic!("{:#?}", report.leaks) };
    assert_eq!(leak.total().bytes.trunc(), 2 * 10 * 64);
}

#[test]
fn a_soak_program_goes_on_where_no_dump_can_be_written() {
    let test = "a_soak_program_goes_on_where_no_dump_can_be_written";
    if common::is_child() {
        heaplens_agent::round_done();
        heaplens_agent::round_done();
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("round-0001.heap"), "another's").unwrap();
    let said = |conf: &str, directory: &std::path::Path| {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args([test, "--exact", "--nocapture"]).env("HEAPLENS_TEST_CHILD", "1");
        command.env("HEAPLENS_ROUND_DIR", directory).env("MALLOC_CONF", conf);
        let output = command.output().unwrap();
        assert!(output.status.success());
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(text.matches("heaplens: no dump of round 1: ").count(), 1, "{text}");
        assert_eq!(text.matches("heaplens: ").count(), 1, "{text}");
        text
    };
    assert!(said("prof:true", directory.path()).contains("round-0001.heap is there already"));
    assert!(said("prof:false", directory.path()).contains("start the program with MALLOC_CONF=prof:true"));
    assert!(said("prof:true", &directory.path().join("none")).contains("HEAPLENS_ROUND_DIR must name"));
    assert_eq!(std::fs::read(directory.path().join("round-0001.heap")).unwrap(), b"another's");
    assert!(directory.path().join("round-0002.heap").exists());
}
