//! Dumps over time.

use crate::lab::{Dump, FILL, INSERT, MAIN, MIB, PUSH, SERVE, broken, judge, options, said, series};
use heaplens::check::measure::{self, Options};
use heaplens::check::{Check, Outcome};

/// A dump a minute: `insert` grows by so many samples each, `fill` fills up.
fn day(count: u64, insert: u64) -> Vec<Dump> {
    let line = |samples: u64| (samples, samples * 64);
    (0..count)
        .map(|minute| {
            let ((a, b), (c, d)) = (line(40 + insert * minute), line(300 - 300 / (1 + minute)));
            let stacks: [crate::lab::Stack<'_>; 2] =
                [(&[MAIN, SERVE, INSERT, PUSH], a, b), (&[MAIN, FILL], c, d)];
            Dump::new(1 << 19, 60 * minute, &stacks)
        })
        .collect()
}

fn check(dumps: &[Dump], options: &Options) -> Check {
    judge(measure::series(&series(dumps), Vec::new(), options), options)
}

#[test]
fn without_limits_what_leaks_fails_and_a_cache_that_fills_does_not() {
    let leaks = check(&day(24, 10), &options(|_| {}));
    assert_eq!(broken(&leaks), [("leak", Some("app::sessions::insert"))]);
    let said_of = said(&leaks);
    assert!(
        said_of.starts_with(
            "failed: app::sessions::insert (src/sessions.rs:42) leaks: it grows by 300 MiB/h (95 %: "
        ),
        "{said_of}"
    );
    let none = check(&day(24, 0), &options(|_| {}));
    assert_eq!(said(&none), "passed: nothing leaks, in 24 dumps over 23 min");
    assert!(none.measured.processes[0].least.unwrap().rate.unwrap() > 0.0);
}

#[test]
fn limits_are_literal_and_growth_lies_between_the_quarters() {
    let rate = |mib: u64| options(|options| options.limits.rate = Some((mib * MIB) as f64 / 3600.0));
    assert_eq!(broken(&check(&day(24, 10), &rate(100)))[0], ("max-rate", Some("app::sessions::insert")));
    // It grows by 300 MiB/h, and the cache that fills by 180.
    assert_eq!(check(&day(24, 10), &rate(500)).outcome, Outcome::Passed);
    // A cache that fills is growth as well …
    let growth = options(|options| options.limits.site_growth = Some(0.0));
    let filled = check(&day(24, 0), &growth);
    assert_eq!(broken(&filled), [("max-site-growth", Some("app::cache::fill"))]);
    // … of the mean of the last quarter over that of the first.
    let mean = |minutes: std::ops::Range<u64>| minutes.map(|m| 300 - 300 / (1 + m)).sum::<u64>() as f64 / 6.0;
    let expected = (mean(18..24) - mean(0..6)) * (1 << 19) as f64;
    let grown = filled.findings[0].measured.value;
    assert!((grown / expected - 1.0).abs() < 1e-3, "{grown} {expected}");
    // Its time can be left out.
    let later = options(|options| {
        options.limits = growth.limits.clone();
        options.judging.warmup = Some(heaplens::leaks::Warmup::Seconds(3600.0 + 595.0));
    });
    assert_eq!(check(&day(24, 0), &later).outcome, Outcome::Passed);
    assert_eq!(check(&day(24, 0), &later).measured.processes[0].warmup.len(), 10);
}

#[test]
fn too_few_are_inconclusive_unless_there_is_a_limit() {
    let few = check(&day(5, 10), &options(|_| {}));
    assert_eq!(
        said(&few),
        "inconclusive: 5 dumps of one process; 8 are needed, spread over the time in which memory grows"
    );
    assert_eq!(few.measured.processes[0].least, None);
    let limited = options(|options| options.limits.growth = Some(0.0));
    assert_eq!(check(&day(5, 10), &limited).outcome, Outcome::Failed);
    assert_eq!(said(&check(&day(1, 10), &limited)), "inconclusive: 1 dump of one process; 2 are needed");
    assert_eq!(said(&check(&[], &limited)), "inconclusive: 0 dumps of one process; 2 are needed");
}

#[test]
fn a_warm_up_leaves_as_many_as_it_takes_unless_it_was_asked_for() {
    // The process is an hour old; of one that started with the first dump, all eight are young.
    let young = |count: u64| -> Vec<Dump> {
        let mut dumps = day(count, 10);
        dumps.iter_mut().for_each(|dump| {
            // Its number counts in its start.
            dump.pid = 3_600_000 - 1;
            dump.seconds /= 10;
        });
        dumps
    };
    let with = |count: u64, warmup: Option<usize>, growth: Option<f64>| {
        let options = options(|options| {
            options.judging.warmup = warmup.map(heaplens::leaks::Warmup::Captures);
            options.limits.growth = growth;
        });
        check(&young(count), &options)
    };
    for (count, dropped) in [(8, 0), (9, 1), (16, 2)] {
        let check = with(count, None, None);
        assert_eq!(check.measured.processes[0].warmup.len(), dropped, "{count}");
        assert!(check.measured.doubts.is_empty() && check.outcome == Outcome::Failed, "{}", said(&check));
    }
    assert_eq!(
        said(&with(9, Some(3), None)),
        "inconclusive: 6 dumps of one process beside 3 of its warm-up; 8 are needed: judge the others too (--warmup 0), or \
         take 2 more"
    );
    assert_eq!(
        said(&with(7, Some(3), None)),
        "inconclusive: 4 dumps of one process beside 3 of its warm-up; 8 are needed: take 4 more, or 1 more and judge all \
         (--warmup 0)"
    );
    assert_eq!(
        said(&with(4, Some(3), Some(0.0))),
        "inconclusive: 1 dump of one process beside 3 of its warm-up; 2 are needed: judge the others too (--warmup 0), or \
         take 1 more"
    );
}

#[test]
fn a_reason_is_said_once_and_before_what_follows_from_it() {
    let off: Vec<Dump> =
        day(10, 10).into_iter().map(|dump| dump.and("# jemalloc version=5.3.0 active=false")).collect();
    let limited = options(|options| options.limits.growth = Some(0.0));
    for options in [&options(|_| {}), &limited] {
        let check = check(&off, options);
        assert_eq!(
            said(&check),
            "inconclusive: 1.heap, 2.heap, 3.heap and 7 more cannot be used: made while sampling was off; switch it on with \
             POST /debug/prof/mem/activate, or start the program with prof_active:true"
        );
        assert_eq!(check.measured.doubts.len(), 1, "{:?}", check.measured.doubts);
        let mut text = Vec::new();
        heaplens::out::check::write_text(&series(&off), &check, &Default::default(), &mut text).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), format!("{}\n", said(&check)));
    }
}

#[test]
fn a_restart_is_judged_on_both_sides() {
    let limited = options(|options| options.limits.site_growth = Some((900 * MIB) as f64));
    let restarted = |second: usize, pid: u32| {
        let mut dumps = day(24, 0);
        let mut more: Vec<Dump> = day(24, 10).into_iter().take(second).collect();
        more.iter_mut().for_each(|dump| (dump.pid, dump.seconds) = (pid, dump.seconds + 7200));
        dumps.extend(more);
        dumps
    };
    // Too little of the second one to say anything.
    let check_of = |dumps: &[Dump]| check(dumps, &options(|_| {}));
    assert_eq!(check_of(&restarted(5, 8)).outcome, Outcome::Inconclusive);
    assert_eq!(broken(&check_of(&restarted(24, 8))), [("leak", Some("app::sessions::insert"))]);
    assert_eq!(check(&restarted(1, 8), &limited).outcome, Outcome::Inconclusive);
    assert_eq!(check(&restarted(5, 8), &limited).outcome, Outcome::Passed);
}

#[test]
fn dumps_that_do_not_show_all_memory_are_no_pass() {
    let mut dumps = day(24, 0);
    dumps[20] = dumps[20].clone().and("# stats allocated=100000000000");
    let check = check(&dumps, &options(|_| {}));
    assert_eq!(check.outcome, Outcome::Inconclusive);
    assert!(check.measured.doubts.iter().any(|doubt| format!("{doubt:?}").contains("21.heap")));
}
