//! Two dumps of one process.

use crate::lab::{Dump, FILL, INSERT, JSON, MAIN, MIB, PUSH, SERVE, broken, dumps, options, said};
use heaplens::check::measure::Options;
use heaplens::check::{Bound, Outcome};

/// `insert` and `fill` hold so many bytes, every allocation counted.
fn exact(seconds: u64, insert: u64, fill: u64) -> Dump {
    Dump::new(1, seconds, &[(&[MAIN, SERVE, INSERT, PUSH], 10, insert), (&[MAIN, FILL], 3, fill)])
}

/// So many samples of small objects, of which one stands for 512 KiB.
fn sampled(seconds: u64, insert: u64, fill: u64) -> Dump {
    let line = |n: u64| (n, n * 64);
    let ((a, b), (c, d)) = (line(insert), line(fill));
    Dump::new(1 << 19, seconds, &[(&[MAIN, SERVE, INSERT, PUSH], a, b), (&[MAIN, FILL], c, d)])
}

fn growth(limit: u64, bound: Bound) -> Options {
    options(|options| {
        options.limits.growth = Some(limit as f64);
        options.limits.bound = bound;
    })
}

fn site(limit: u64, bound: Bound) -> Options {
    options(|options| {
        options.limits.site_growth = Some(limit as f64);
        options.limits.bound = bound;
    })
}

#[test]
fn growth_of_the_heap_is_limited_to_the_byte_where_all_is_counted() {
    let (base, new) = (exact(0, 1000, 500), exact(60, 1400, 400));
    let check = dumps(&base, &new, &growth(299, Bound::Lower));
    assert_eq!(check.outcome, Outcome::Failed);
    assert_eq!(
        said(&check),
        "failed: app::sessions::insert (src/sessions.rs:42) grew most, by +400 B: the heap grew by +300 B; --max-growth \
         allows 299 B"
    );
    for bound in [Bound::Lower, Bound::Estimate, Bound::Upper] {
        let check = dumps(&base, &new, &growth(300, bound));
        assert_eq!(said(&check), "passed: nothing grew by more than is allowed, in 2 dumps over 1 min");
    }
}

#[test]
fn a_function_is_limited_whatever_others_gave_back() {
    let (base, new) = (exact(0, 1000, 5000), exact(60, 1400, 400));
    let check = dumps(&base, &new, &site(399, Bound::Lower));
    assert_eq!(broken(&check), [("max-site-growth", Some("app::sessions::insert"))]);
    assert_eq!(dumps(&base, &new, &site(400, Bound::Lower)).outcome, Outcome::Passed);
    assert_eq!(dumps(&base, &new, &growth(0, Bound::Lower)).outcome, Outcome::Passed);
}

#[test]
fn what_sampling_can_feign_is_not_surely_too_much() {
    // 100 and 115 samples: +7.5 MiB, give or take 14.4 MiB.
    let (base, new) = (sampled(0, 100, 400), sampled(60, 115, 400));
    for (bound, outcome) in
        [(Bound::Lower, Outcome::Passed), (Bound::Estimate, Outcome::Failed), (Bound::Upper, Outcome::Failed)]
    {
        assert_eq!(dumps(&base, &new, &growth(5 * MIB, bound)).outcome, outcome, "{bound:?}");
        assert_eq!(dumps(&base, &new, &site(5 * MIB, bound)).outcome, outcome, "{bound:?}");
    }
    // 40 and 180 samples are beyond it.
    let (base, new) = (sampled(0, 40, 400), sampled(60, 180, 400));
    assert_eq!(dumps(&base, &new, &site(5 * MIB, Bound::Lower)).outcome, Outcome::Failed);
    let least = dumps(&base, &new, &growth(0, Bound::Lower)).measured.processes[0].least.unwrap();
    // (1.96 + 0.84) √(512 KiB · 510 MiB).
    assert!((least.heap / MIB as f64 - 44.74).abs() < 0.05, "{least:?}");
}

/// One in forty of what does not grow exceeds 1.96 standard errors, and a large program has hundreds of such stacks.
#[test]
fn of_hundreds_of_stacks_that_do_not_grow_none_is_taken_for_growing() {
    let stacks = |insert: u64| -> Vec<(Vec<usize>, u64, u64)> {
        let mut stacks: Vec<_> = (0..200usize)
            .map(|i| (vec![MAIN, SERVE, FILL, i % 2 + 3, i % 7, i % 5, i % 3], 100, 6400))
            .collect();
        stacks.push((vec![MAIN, INSERT], insert, insert * 64));
        stacks
    };
    let dump = |seconds, insert| Dump { stacks: stacks(insert), ..sampled(seconds, 1, 1) };
    // 2.1 and 4.9 standard errors.
    let check = dumps(&dump(0, 100), &dump(60, 132), &site(0, Bound::Lower));
    assert_eq!((check.outcome, check.measured.processes[0].functions[0].is_sure), (Outcome::Passed, false));
    let check = dumps(&dump(0, 100), &dump(60, 182), &site(0, Bound::Lower));
    assert_eq!(broken(&check), [("max-site-growth", Some("app::sessions::insert"))]);
}

#[test]
fn what_many_callers_grow_together_is_charged_to_the_function_they_share() {
    let dump = |seconds, samples: u64| {
        let callers: Vec<(Vec<usize>, u64, u64)> = (0..40usize)
            .map(|i| (vec![MAIN, i % 5, SERVE, i % 6, i % 7, INSERT, PUSH], samples, samples * 64))
            .collect();
        let mut callers = callers;
        callers.sort();
        callers.dedup();
        Dump { stacks: callers, ..sampled(seconds, 1, 1) }
    };
    let check = dumps(&dump(0, 1), &dump(60, 4), &site(MIB, Bound::Lower));
    assert_eq!(broken(&check)[0], ("max-site-growth", Some("app::sessions::insert")));
}

#[test]
fn what_only_moves_between_callers_of_a_function_is_no_growth() {
    let dump = |seconds, a, b| {
        Dump::new(1, seconds, &[(&[MAIN, SERVE, INSERT], 1, a), (&[MAIN, JSON, INSERT], 1, b)])
    };
    assert_eq!(
        dumps(&dump(0, 9000, 1000), &dump(60, 1000, 9500), &site(1000, Bound::Lower)).outcome,
        Outcome::Passed
    );
    let check = dumps(&dump(0, 9000, 1000), &dump(60, 1000, 9500), &site(499, Bound::Lower));
    assert_eq!(check.findings[0].measured.value, 500.0);
    // Most of it stayed.
    let check = dumps(&dump(0, 3000, 1000), &dump(60, 1000, 9500), &site(1000, Bound::Lower));
    assert_eq!(broken(&check), [("max-site-growth", Some("app::sessions::insert"))]);
}

#[test]
fn a_dependency_is_not_blamed_but_who_keeps_the_result() {
    let dump = |seconds, bytes| Dump::new(1, seconds, &[(&[MAIN, SERVE, JSON, PUSH], 1, bytes)]);
    let check = dumps(&dump(0, 10), &dump(60, 1000), &site(0, Bound::Lower));
    assert_eq!(broken(&check), [("max-site-growth", Some("app::serve"))]);
}

#[test]
fn growth_is_divided_by_iterations_and_by_time() {
    let (base, new) = (exact(0, 1000, 500), exact(3600, 1000 + 64_000, 500));
    let per = |limit: f64, iterations: f64| {
        options(|options| {
            options.limits.per_iteration = Some(limit);
            options.iterations = Some(iterations);
        })
    };
    assert_eq!(dumps(&base, &new, &per(64.0, 1000.0)).outcome, Outcome::Passed);
    let check = dumps(&base, &new, &per(64.0, 999.0));
    assert_eq!(
        broken(&check),
        [("max-per-iteration", Some("app::sessions::insert")), ("max-per-iteration", None)]
    );
    let rate = |bytes_an_hour: f64| options(|options| options.limits.rate = Some(bytes_an_hour / 3600.0));
    assert_eq!(dumps(&base, &new, &rate(64_000.0)).outcome, Outcome::Passed);
    let check = dumps(&base, &new, &rate(63_000.0));
    assert_eq!(
        said(&check),
        "failed: app::sessions::insert (src/sessions.rs:42) grows by 1.5 MiB/day; --max-rate allows 1.4 MiB/day; 1 more \
         finding"
    );
}

#[test]
fn dumps_that_do_not_compare_are_inconclusive_in_words() {
    let (base, new) = (exact(0, 10, 10), exact(60, 10_000, 10));
    let with =
        |change: &dyn Fn(Dump) -> Dump| said(&dumps(&base, &change(new.clone()), &growth(0, Bound::Lower)));
    for (said, words) in [
        (with(&|new| new.of(8)), "the dumps are of two processes (pid 7, then 8)"),
        (with(&|new| Dump { rate: 512, ..new }), "sampled at two rates (one in 1 B, then in 512 B)"),
        (
            with(&|new| new.and("# jemalloc version=5.3.0 lg_sample=0 prof_active_since=1795789830000")),
            "sampling was switched off and on",
        ),
        (
            with(&|new| new.and("# jemalloc version=5.3.0 active=false")),
            "2.heap cannot be used: made while sampling was off; switch it on with POST /debug/prof/mem/activate",
        ),
        (with(&|_| base.clone()), "2.heap cannot be used: the same as another one"),
        (
            with(&|new| Dump { seconds: 0, ..new.and("# stats allocated=1000000000") }),
            "2.heap cannot be used: ",
        ),
    ] {
        assert!(said.starts_with("inconclusive: ") && said.contains(words), "{words}: {said}");
    }
    let swapped = dumps(&new, &base, &growth(0, Bound::Lower));
    assert_eq!(said(&swapped), "inconclusive: the base was made after the new dump; swap them");
    let nothing = |seconds| Dump::new(1 << 19, seconds, &[]);
    let check = dumps(&nothing(0), &nothing(60), &growth(0, Bound::Lower));
    assert_eq!(
        said(&check),
        "inconclusive: neither dump holds a sample, at one in 512 KiB; sample finer (lg_prof_sample)"
    );
}

#[test]
fn a_limit_on_the_rate_needs_times() {
    let dump = |insert| {
        let text = exact(0, insert, 10).text();
        text.split("# heaplens").next().unwrap().to_owned()
    };
    let mut series = heaplens::series::Series::new();
    for text in [dump(10), dump(10_000)] {
        let profile = heaplens::input::read(text.as_bytes(), &Default::default()).unwrap();
        series.push(Default::default(), &profile);
    }
    let mut rate = options(|options| options.limits.rate = Some(1.0));
    let measured = |options: &Options| heaplens::check::measure::dumps(&series, Vec::new(), options);
    let check = crate::lab::judge(measured(&rate), &rate);
    assert!(said(&check).contains("say with --every how far apart they are"), "{}", said(&check));
    rate.judging.every = Some(60.0);
    assert_eq!(crate::lab::judge(measured(&rate), &rate).outcome, Outcome::Failed);
}
