use super::*;
use crate::profile::{Amount, Meta, Module, Sample, Thread, ThreadId, Values};

/// A place: function, file, line and module, each empty (or 0) if it is not known.
type Place<'a> = (&'a str, &'a str, u32, &'a str);

fn frame(profile: &mut Profile, (name, file, line, module): Place<'_>, offset: u64) -> FrameId {
    let module = (!module.is_empty()).then(|| {
        let module = Module::file(module);
        profile.module_like(&module).unwrap_or_else(|| profile.add_module(module))
    });
    let file = (!file.is_empty()).then(|| profile.intern(file));
    let function = (!name.is_empty()).then(|| {
        let name = profile.intern(name);
        profile.add_function(Function { name, system_name: name, file })
    });
    let offset = if module.is_some() { offset } else { 0 };
    profile.add_frame(Frame { module, offset, inline_depth: 0, inlined: false, function, line, column: 0 })
}

/// One stack of these places, and its bytes.
fn one(places: &[Place<'_>]) -> Profile {
    let mut profile = Profile::new(Meta::default());
    let frames: Vec<FrameId> =
        (1..).zip(places).map(|(i, place)| frame(&mut profile, *place, 16 * i)).collect();
    let stack = profile.add_stack_from_root(frames);
    add(&mut profile, stack, None, 7);
    profile
}

fn add(
    profile: &mut Profile,
    stack: Option<crate::profile::StackId>,
    thread: Option<crate::profile::ThreadId>,
    bytes: u64,
) {
    let values = Values { inuse_space: Amount::from_u64(bytes), ..Values::default() };
    profile.add_sample(Sample { stack, thread, values });
}

fn lines(profile: &Profile) -> Vec<String> {
    profile.check().unwrap();
    let stacks = profile.net_stacks().into_iter();
    stacks.map(|(names, v)| format!("{} {}", names.join(";"), v.inuse_space.trunc())).collect()
}

const STACK: &[Place<'_>] = &[
    ("[runtime: tokio]", "", 0, ""),
    ("main", "/w/app/main.c", 3, "/bin/app"),
    ("app::run", "/w/app/src/run.rs", 10, "/bin/app"),
    ("app::step", "/w/app/src/run.rs", 20, "/bin/app"),
    ("<app::Set<hash_brown::Map> as core::ops::Add>::add", "/w/app/src/set.rs", 0, "/bin/app"),
    (
        "insert<u8>",
        "/home/me/.cargo/registry/src/index.crates.io-1949cf8c/hash-brown-0.16.1/src/map.rs",
        18,
        "/bin/app",
    ),
    ("alloc::vec::Vec<T>::push", "/rustc/0f1d/library/alloc/src/vec/mod.rs", 965, "/bin/app"),
    ("qsort", "", 0, "/lib/libc.so.6"),
    ("", "", 0, "/lib/libc.so.6"),
    ("", "", 0, "[vdso]"),
    ("app::run", "/w/app/src/run.rs", 10, "/bin/app"),
];

#[test]
fn frames_stand_for_what_is_asked() {
    let p = one(STACK);
    for (granularity, expected) in [
        (
            Granularity::Function,
            "[runtime: tokio];main;app::run;app::step;<app::Set<hash_brown::Map> as core::ops::Add>::add;insert<u8>;\
             alloc::vec::Vec<T>::push;qsort;libc.so.6+0x90;[vdso]+0xa0;app::run 7",
        ),
        (
            Granularity::Line,
            "[runtime: tokio];main /w/app/main.c:3;app::run /w/app/src/run.rs:10;app::step /w/app/src/run.rs:20;\
             <app::Set<hash_brown::Map> as core::ops::Add>::add /w/app/src/set.rs;\
             insert<u8> hash-brown-0.16.1/src/map.rs:18;alloc::vec::Vec<T>::push alloc/src/vec/mod.rs:965;qsort;\
             libc.so.6+0x90;[vdso]+0xa0;app::run /w/app/src/run.rs:10 7",
        ),
        (
            Granularity::Address,
            "[runtime: tokio];main app+0x20;app::run app+0x30;app::step app+0x40;\
             <app::Set<hash_brown::Map> as core::ops::Add>::add app+0x50;insert<u8> app+0x60;\
             alloc::vec::Vec<T>::push app+0x70;qsort libc.so.6+0x80;libc.so.6+0x90;[vdso]+0xa0;app::run app+0xb0 7",
        ),
        (
            Granularity::File,
            "[runtime: tokio];/w/app/main.c;/w/app/src/run.rs;/w/app/src/set.rs;hash-brown-0.16.1/src/map.rs;\
             alloc/src/vec/mod.rs;[libc.so.6];[vdso];/w/app/src/run.rs 7",
        ),
        (Granularity::Crate, "[runtime: tokio];[app];app;hash_brown;alloc;[libc.so.6];[vdso];app 7"),
        (Granularity::Module, "[runtime: tokio];app;libc.so.6;[vdso];app 7"),
    ] {
        let grouped = by(&p, granularity);
        assert_eq!(lines(&grouped), [expected], "{granularity:?}");
        assert_eq!(grouped.meta.granularity, granularity);
        assert_eq!(lines(&by(&grouped, granularity)), [expected], "{granularity:?}, twice");
    }
}

#[test]
fn names_alone_tell_of_no_module_and_no_file() {
    let p =
        one(&[("main", "", 0, ""), ("app::f", "", 0, ""), ("std::vector<int>::push_back(int)", "", 0, "")]);
    assert_eq!(lines(&by(&p, Granularity::Crate)), ["[unknown];app;std 7"]);
    assert_eq!(lines(&by(&p, Granularity::File)), ["[unknown] 7"]);
    assert_eq!(lines(&by(&p, Granularity::Module)), ["[unknown] 7"]);
    let same = ["main;app::f;std::vector<int>::push_back(int) 7"];
    assert_eq!(lines(&by(&p, Granularity::Line)), same);
    assert_eq!(lines(&by(&p, Granularity::Address)), same);
}

/// Its uid may be another, or another's.
fn run(threads: &[(u64, Option<&str>, u64)]) -> Profile {
    let mut profile = Profile::new(Meta::default());
    let main = profile.add_named_frame("main");
    let stack = profile.add_stack_from_root([main]);
    for &(uid, name, bytes) in threads {
        let thread = profile.add_thread(Thread { uid, name: name.map(str::to_owned) });
        add(&mut profile, stack, Some(thread), bytes);
    }
    profile
}

#[test]
fn threads_are_roots_by_their_names() {
    let mut p =
        run(&[(0, Some("main"), 1), (7, Some("worker-7"), 2), (8, Some("worker-12"), 4), (9, None, 8)]);
    add(&mut p, None, None, 16);
    add(&mut p, None, Some(ThreadId(0)), 32);
    assert_eq!(
        lines(&by_thread(&p)),
        [
            "[no thread] 16",
            "[thread 9];main 8",
            "[thread: main] 32",
            "[thread: main];main 1",
            "[thread: worker-*];main 6",
        ]
    );
}

#[test]
fn threads_of_two_runs_are_compared_by_name() {
    let base = run(&[(3, Some("io"), 10), (5, Some("worker-1"), 20), (6, Some("ended"), 1)]);
    let new = run(&[(3, Some("worker-1"), 25), (4, Some("io"), 10), (6, None, 1)]);
    let difference = by_thread(&crate::diff::diff(&base, &new));
    // A thread that has ended is no longer named, but has its number.
    assert_eq!(lines(&difference), ["[thread: worker-*];main 5"]);
}
