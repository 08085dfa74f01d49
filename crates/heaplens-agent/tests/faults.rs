//! Faults: many callers, limits of the system, cut dumps, leaks of descriptors.
#![cfg(target_os = "linux")]

mod common;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use common::{LOCAL, allocate, ask, in_child, in_child_through, is_child, json, text};
use heaplens_agent::Agent;
use http::Request;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const ENABLED: Option<&str> = Some("MALLOC_CONF=prof:true,lg_prof_sample:0");

#[test]
fn a_limit_on_file_sizes_is_an_error_and_not_the_programs_death() {
    // 1 KiB: less than any dump. `ulimit -f` counts blocks of 512 bytes in POSIX shells, of 1024 in some.
    let wrapper = ["sh", "-c", "ulimit -f 2; exec \"$@\"", "sh"];
    let test = "a_limit_on_file_sizes_is_an_error_and_not_the_programs_death";
    in_child_through(test, ENABLED, &wrapper, || {
        let agent = Agent::new();
        // SIGXFSZ has its default disposition here, which kills.
        for _ in 0..2 {
            let response = ask(&agent, "GET", "/debug/prof/mem", "");
            assert!([503, 507].contains(&response.status().as_u16()), "{}", text(&response));
            let answer = json(&response);
            let code = answer["code"].as_str().unwrap();
            assert!(["dump-failed", "truncated-dump"].contains(&code), "{answer}");
            assert!(answer["fix"].as_str().unwrap().contains("ulimit -f"), "{answer}");
        }
        assert_eq!(ask(&agent, "GET", "/debug/prof/mem/status", "").status(), 200);
    });
}

#[test]
fn no_descriptor_and_no_thread_is_left_behind() {
    in_child("no_descriptor_and_no_thread_is_left_behind", ENABLED, || {
        let count = |what: &str| std::fs::read_dir(format!("/proc/self/{what}")).unwrap().count();
        let agent = Agent::new();
        let dump = || assert_eq!(ask(&agent, "GET", "/debug/prof/mem", "").status(), 200);
        dump();
        let before = (count("fd"), count("task"));
        for _ in 0..10_000 {
            assert_eq!(ask(&agent, "GET", "/debug/prof/mem/gdump", "").status(), 200);
        }
        for _ in 0..200 {
            dump();
        }
        assert_eq!((count("fd"), count("task")), before);
    });
}

#[test]
fn the_program_forks_while_dumps_are_taken() {
    in_child("the_program_forks_while_dumps_are_taken", ENABLED, || {
        let live = allocate(2000);
        let agent = Agent::new();
        std::thread::scope(|scope| {
            let dumps = scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(ask(&agent, "GET", "/debug/prof/mem", "").status(), 200);
                }
            });
            while !dumps.is_finished() {
                assert!(std::process::Command::new("true").status().unwrap().success());
            }
        });
        drop(live);
    });
}

#[test]
#[allow(unsafe_code)]
fn a_storm_of_forks_while_dumps_are_taken() {
    in_child("a_storm_of_forks_while_dumps_are_taken", ENABLED, || {
        // SAFETY: asks the kernel for a signal, whose default ends the process: a deadlock is a failure, not a hang.
        unsafe { libc::alarm(600) };
        let live = allocate(2000);
        let agent = Agent::new();
        let forking = AtomicBool::new(true);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while forking.load(Ordering::Relaxed) {
                        assert_eq!(ask(&agent, "GET", "/debug/prof/mem", "").status(), 200);
                    }
                });
            }
            for round in 0..300 {
                // SAFETY: the child allocates, as jemalloc lets it, touches nothing else and ends without clean-up.
                let child = unsafe { libc::fork() };
                if child == 0 {
                    let kept = allocate(10);
                    // SAFETY: ends the process.
                    unsafe { libc::_exit(i32::from(kept.len() != 10)) };
                }
                assert!(child > 0, "{}", std::io::Error::last_os_error());
                let mut status = -1;
                // SAFETY: `status` is writable.
                assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
                assert_eq!(status, 0, "child {round}");
            }
            forking.store(false, Ordering::Relaxed);
        });
        drop(live);
    });
}

#[test]
fn the_program_ends_while_dumps_are_taken() {
    /// Dumps while its thread's storage is torn down.
    struct Last;
    impl Drop for Last {
        fn drop(&mut self) {
            let status = ask(&Agent::new(), "GET", "/debug/prof/mem", "").status();
            // Another thread's panic would not be noticed; an abort is.
            if status != 200 {
                std::process::abort();
            }
        }
    }
    thread_local!(static LAST: Last = const { Last });

    for _ in 0..40 {
        in_child("the_program_ends_while_dumps_are_taken", ENABLED, || {
            let live = allocate(500);
            std::thread::spawn(|| LAST.with(|_| ())).join().unwrap();
            let (started, running) = std::sync::mpsc::channel();
            for _ in 0..2 {
                let started = started.clone();
                // Never joined: main returns while they are at it.
                std::thread::spawn(move || {
                    let agent = Agent::new();
                    loop {
                        assert_eq!(ask(&agent, "GET", "/debug/prof/mem", "").status(), 200);
                        let _ = started.send(());
                    }
                });
            }
            running.recv().unwrap();
            // On the thread of the test, whose end comes shortly before main's.
            LAST.with(|_| ());
            drop(live);
        });
        if is_child() {
            break;
        }
    }
}

#[test]
#[allow(unsafe_code)]
fn other_allocations_go_on_while_dumps_are_taken() {
    in_child("other_allocations_go_on_while_dumps_are_taken", ENABLED, || {
        // SAFETY: as above.
        unsafe { libc::alarm(600) };
        let live = allocate(2000);
        let agent = Agent::new();
        // Odd while a dump is taken.
        let (dumps, done) = (AtomicUsize::new(0), AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    dumps.fetch_add(1, Ordering::SeqCst);
                    assert_eq!(ask(&agent, "GET", "/debug/prof/mem", "").status(), 200);
                    dumps.fetch_add(1, Ordering::SeqCst);
                }
            });
            // Until one is made from beginning to end within a dump.
            loop {
                let before = dumps.load(Ordering::SeqCst);
                drop(allocate(1));
                if before % 2 == 1 && before == dumps.load(Ordering::SeqCst) {
                    break;
                }
            }
            done.store(true, Ordering::SeqCst);
        });
        drop(live);
    });
}

#[test]
fn any_path_and_query_is_answered() {
    let agent = Agent::new();
    for path in [
        "/",
        "*",
        "/debug/prof/mem?",
        "/debug/prof/mem?%",
        "/debug/prof/mem?output=%00",
        "/debug/prof/mem/%2e%2e/%2e%2e/etc/passwd",
        "/debug/prof/mem/gdump?activate=%ff",
        "http://localhost/debug/prof/mem/status",
    ] {
        for method in ["GET", "POST", "HEAD", "OPTIONS", "TRACE", "BREW"] {
            let request = Request::builder().method(method).uri(path).body([0xffu8; 9]).unwrap();
            let status = agent.handle(request, LOCAL).status().as_u16();
            assert!((200..500).contains(&status), "{method} {path}: {status}");
        }
    }
}
