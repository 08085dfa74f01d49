use super::*;
use crate::profile::{Amount, Frame, Function, Meta, Module, Sample, Thread, Values};
use proptest::prelude::*;

fn values(bytes: u64) -> Values {
    Values { inuse_space: Amount::from_u64(bytes), inuse_objects: Amount::from_u64(1), ..Values::default() }
}

/// Stacks as names from the root, `;` between them; `module+0x…` for a place without a name.
fn profile(stacks: &[(&str, u64)]) -> Profile {
    let mut profile = Profile::new(Meta::default());
    for &(stack, bytes) in stacks {
        let mut frames = Vec::new();
        for name in stack.split(';').filter(|n| !n.is_empty()) {
            frames.push(match name.split_once("+0x") {
                Some((path, offset)) => {
                    let module = Module::file(path);
                    let module = match profile.module_like(&module) {
                        Some(id) => id,
                        None => profile.add_module(module),
                    };
                    profile.add_frame(Frame::at(module, u64::from_str_radix(offset, 16).unwrap()))
                }
                None => profile.add_named_frame(name),
            });
        }
        let stack = profile.add_stack_from_root(frames);
        profile.add_sample(Sample { stack, thread: None, values: values(bytes) });
    }
    profile.check().unwrap();
    profile
}

fn folded(profile: &Profile) -> Vec<String> {
    let list = profile.net_stacks().into_iter();
    list.map(|(names, v)| format!("{} {}", names.join(";"), v.inuse_space.trunc())).collect()
}

const BOTH: Folding = Folding { allocator: Fold::Away, runtime: Fold::Away };

#[test]
fn allocator_frames_go_from_the_leaf_only() {
    let p = profile(&[
        (
            "main;app::f;alloc::vec::Vec<T,A>::push;alloc::raw_vec::RawVec<T,A>::grow_one;__rust_realloc;_rjem_je_prof_backtrace",
            8,
        ),
        ("main;malloc;app::hook;app::g;malloc;app+0x10;prof_backtrace_impl", 4),
        ("main;allocate;my::malloc_pool::get", 2),
        ("main;app::f;app+0x20", 1),
        ("main;app::f;malloc;libjemalloc.so.2+0x5", 16),
    ]);
    let new = fold(&p, Folding::default());
    new.check().unwrap();
    assert_eq!(
        folded(&new),
        [
            "main;allocate;my::malloc_pool::get 2",
            "main;app::f 16",
            "main;app::f;alloc::vec::Vec<T,A>::push 8",
            "main;app::f;app+0x20 1",
            "main;malloc;app::hook;app::g 4",
        ]
    );
    let shown = Folding { allocator: Fold::Show, runtime: Fold::Show };
    assert_eq!(folded(&fold(&p, shown)), folded(&p));
}

#[test]
fn a_stack_of_nothing_else_keeps_its_outermost_frame() {
    let p = profile(&[("malloc;imalloc_body;prof_alloc_prep", 1), ("", 2)]);
    assert_eq!(folded(&fold(&p, BOTH)), [" 2", "malloc 1"]);
}

#[test]
fn runtime_frames_at_the_root_become_one() {
    let p = profile(&[
        (
            "clone3;start_thread;std::thread::f;tokio::runtime::task::raw::poll;hyper::f;app::handle;tokio::runtime::x;app::f",
            1,
        ),
        (
            "clone3;libc.so.6+0x9;tokio::runtime::scheduler::run;tokio::runtime::task::raw::poll;app::handle",
            2,
        ),
        (
            "_start;__libc_start_main;main;std::rt::lang_start;core::ops::function::FnOnce::call_once;app::main;app::f",
            4,
        ),
        ("_start;main;c_function", 8),
        ("app::f;clone3", 16),
    ]);
    let new = fold(&p, BOTH);
    assert_eq!(
        folded(&new),
        [
            "[runtime: std];app::main;app::f 4",
            "[runtime: system];main;c_function 8",
            "[runtime: tokio];app::handle 2",
            "[runtime: tokio];app::handle;tokio::runtime::x;app::f 1",
            "app::f;clone3 16",
        ]
    );
    assert_eq!(new.total(), p.total());
    assert_eq!(folded(&fold(&new, BOTH)), folded(&new));
}

#[test]
fn focus_and_ignore_share_the_samples_out() {
    let mut p = profile(&[("main;app::f;malloc", 1), ("main;app::g", 2), ("", 4), ("app+0xff;x", 8)]);
    let name = p.intern("h");
    let file = Some(p.intern("/src/store.rs"));
    let function = p.add_function(Function { name, system_name: name, file });
    let frame = p.add_frame(Frame { line: 42, ..Frame::named(function) });
    let stack = Some(p.add_stack(None, frame));
    p.add_sample(Sample { stack, thread: None, values: values(16) });
    for (text, kept) in [
        ("app::f", 1),
        ("^main$", 3),
        (r"store\.rs:42$", 16),
        (r"store\.rs", 16),
        (r"store\.rs$", 16),
        (r"app\+0xff", 8),
        ("nothing like it", 0),
        ("", 27),
    ] {
        let regex = pattern(text).unwrap();
        let (with, without) = (focus(&p, &regex), ignore(&p, &regex));
        with.check().unwrap();
        without.check().unwrap();
        assert_eq!(with.total().inuse_space.trunc(), kept, "{text}");
        assert_eq!(with.total() + without.total(), p.total(), "{text}");
    }
}

#[test]
fn hidden_frames_leave_what_they_allocated_to_their_callers() {
    let p = profile(&[
        ("main;app::f;std::g;app::f", 1),
        ("main;std::g", 2),
        ("std::g", 4),
        ("", 8),
        ("a+0x1;b", 16),
    ]);
    let hidden = |text: &str| folded(&hide(&p, &pattern(text).unwrap()));
    assert_eq!(hidden("std"), [" 12", "a+0x1;b 16", "main 2", "main;app::f;app::f 1"]);
    assert_eq!(hidden(r"^a\+0x1$")[1], "b 16");
    assert_eq!(hidden(""), [" 31"]);
    assert_eq!(hidden("nothing like it"), folded(&p));
}

#[test]
fn stacks_are_shown_from_their_outermost_match() {
    let p = profile(&[("a;b;c;b", 1), ("a;c", 2), ("d", 4), ("", 8)]);
    let shown = |text: &str| folded(&show_from(&p, &pattern(text).unwrap()));
    assert_eq!(shown("a"), ["a;b;c;b 1", "a;c 2"]);
    assert_eq!(shown("b"), ["b;c;b 1"]);
    assert_eq!(shown("c|d"), ["c 2", "c;b 1", "d 4"]);
    assert!(shown("nothing like it").is_empty());
}

#[test]
fn a_pattern_matches_only_what_samples_have() {
    let p = profile(&[("main;app::f", 1), ("other", 2)]);
    let of_f = focus(&p, &pattern("app::f").unwrap());
    assert!(matches(&of_f, &pattern("^main$").unwrap()));
    assert!(!matches(&of_f, &pattern("other").unwrap()));
}

#[test]
fn threads_are_chosen_by_number_or_name() {
    let mut p = profile(&[("main;app::f", 1)]);
    for (uid, name) in [(3, Some("worker-1")), (4, Some("worker-2")), (5, None), (6, Some("3"))] {
        let thread = Some(p.add_thread(Thread { uid, name: name.map(str::to_owned) }));
        p.add_sample(Sample { thread, values: values(10 * uid), ..p.samples()[0] });
    }
    for (text, bytes) in
        [("3", 30), ("03", 30), ("worker", 70), ("-2$", 40), ("5", 50), ("7", 0), ("^3$", 60), ("", 130)]
    {
        let chosen = thread(&p, &ThreadChoice::parse(text).unwrap());
        chosen.check().unwrap();
        assert_eq!(chosen.total().inuse_space.trunc(), i128::from(bytes), "{text}");
    }
    assert!(ThreadChoice::parse("worker(").is_err());
}

#[test]
fn bad_patterns_are_said_in_words() {
    let why = |text: &str| pattern(text).unwrap_err().to_string();
    assert!(why("(").contains("unclosed group"), "{}", why("("));
    assert!(why("(a{1000}){1000}").contains("more than"), "{}", why("(a{1000}){1000}"));
    assert!(pattern(&"(".repeat(10_000)).is_err());
    assert!(why(&format!("{}(", "x".repeat(10_000))).len() < 500);
    assert!(!why("\u{1b}[31m(").contains('\u{1b}'));
}

proptest! {
    #[test]
    fn folding_keeps_totals_and_does_it_once(
        stacks in prop::collection::vec((prop::collection::vec(0usize..10, 0..8), 0u64..1000), 0..20),
    ) {
        const NAMES: [&str; 10] = [
            "malloc", "__rust_alloc", "app::f", "app::g", "clone3", "tokio::runtime::x", "std::vec", "main", "m+0x1",
            "n+0x1",
        ];
        let texts: Vec<(String, u64)> = stacks
            .iter()
            .map(|(s, b)| (s.iter().map(|&i| NAMES[i]).collect::<Vec<_>>().join(";"), *b))
            .collect();
        let texts: Vec<(&str, u64)> = texts.iter().map(|(s, b)| (s.as_str(), *b)).collect();
        let p = profile(&texts);
        for allocator in [Fold::Away, Fold::Show] {
            for runtime in [Fold::Away, Fold::Show] {
                let folding = Folding { allocator, runtime };
                let new = fold(&p, folding);
                new.check().unwrap();
                prop_assert_eq!(new.total(), p.total());
                prop_assert_eq!(new.samples().len(), p.samples().len());
                prop_assert_eq!(fold(&new, Folding { runtime: Fold::Show, ..folding }).net_stacks(), new.net_stacks());
            }
        }
    }
}

proptest! {
    /// Both ends at once, or one after the other.
    #[test]
    fn folding_both_ends_is_folding_each(stacks in prop::collection::vec((stack(), 1u64..100), 0..12)) {
        let stacks: Vec<(&str, u64)> = stacks.iter().map(|(stack, bytes)| (stack.as_str(), *bytes)).collect();
        let p = profile(&stacks);
        let allocator = fold(&p, Folding { runtime: Fold::Show, ..BOTH });
        let one_by_one = fold(&allocator, Folding { allocator: Fold::Show, ..BOTH });
        prop_assert_eq!(folded(&fold(&p, BOTH)), folded(&one_by_one));
    }
}

fn stack() -> impl Strategy<Value = String> {
    let names =
        ["main", "std::rt::lang_start", "tokio::run", "app::f", "alloc::alloc::alloc", "malloc", "app+0x10"];
    prop::collection::vec(prop::sample::select(names.to_vec()), 0..9).prop_map(|names| names.join(";"))
}

/// What a page makes of a stack with [`ends`] alone.
fn folded_by_ends(profile: &Profile) -> Vec<String> {
    let ends = ends(profile);
    let mut new = Profile::new(Meta::default());
    for sample in profile.samples() {
        let Ends { allocator, runtime, runtime_name } = ends(sample.stack);
        let frames = profile.stack_from_root(sample.stack);
        let names = frames.iter().map(|&frame| profile.frame_name(frame).into_owned());
        let kept = names.take(frames.len() - allocator).skip(runtime);
        let names: Vec<String> = runtime_name.map(str::to_owned).into_iter().chain(kept).collect();
        let frames: Vec<FrameId> = names.iter().map(|name| new.add_named_frame(name)).collect();
        let stack = new.add_stack_from_root(frames);
        new.add_sample(Sample { stack, ..*sample });
    }
    folded(&new)
}

proptest! {
    #[test]
    fn ends_of_stacks_are_what_folding_takes(
        stacks in proptest::collection::vec(
            proptest::collection::vec(
                prop_oneof![
                    Just("main"), Just("app::f"), Just("malloc"), Just("std::rt::lang_start"), Just("app+0x10"),
                    Just("tokio::runtime::task::raw::poll"), Just("core::ops::function::FnOnce::call_once"),
                    Just("alloc::raw_vec::RawVec<T,A>::grow_one"), Just("libjemalloc.so.2+0x5"),
                ],
                0..8,
            ),
            1..6,
        )
    ) {
        let stacks: Vec<String> = stacks.iter().map(|frames| frames.join(";")).collect();
        let list: Vec<(&str, u64)> = stacks.iter().map(String::as_str).zip(1..).collect();
        let p = profile(&list);
        prop_assert_eq!(folded_by_ends(&p), folded(&fold(&p, BOTH)));
    }
}
