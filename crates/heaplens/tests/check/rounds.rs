//! Dumps after equal rounds.

use crate::lab::{Dump, FILL, INSERT, JSON, MAIN, PUSH, SERVE, broken, judge, options, said, series};
use heaplens::check::measure::{self, Options};
use heaplens::check::{Check, Outcome};
use heaplens::leaks::Warmup;

/// `insert` holds so much after each round; `fill` has what comes and goes. All at one time: clocks are coarse.
fn rounds(insert: &[u64]) -> Vec<Dump> {
    let dump = |(round, &bytes): (usize, &u64)| {
        let fill = [700, 900, 500, 800][round % 4];
        Dump::new(1, 0, &[(&[MAIN, SERVE, INSERT, PUSH], round as u64 + 1, bytes), (&[MAIN, FILL], 2, fill)])
    };
    insert.iter().enumerate().map(dump).collect()
}

fn check(dumps: &[Dump], change: impl FnOnce(&mut Options)) -> Check {
    let options = options(|options| {
        options.judging.warmup = None;
        options.rounds = 4;
        change(options);
    });
    judge(measure::rounds(&series(dumps), Vec::new(), &options), &options)
}

#[test]
fn what_grows_in_every_round_after_the_warm_up_fails() {
    let leaks = check(&rounds(&[10, 5000, 5064, 5128, 5200, 5264]), |_| {});
    assert_eq!(broken(&leaks), [("every-round", Some("app::sessions::insert"))]);
    assert_eq!(
        said(&leaks),
        "failed: app::sessions::insert (src/sessions.rs:42) grew in every one of 4 rounds, by +66 B a round"
    );
    for rest in [[10, 500, 500, 500, 500, 500], [10, 500, 600, 600, 700, 800], [10, 900, 800, 700, 600, 500]]
    {
        assert_eq!(said(&check(&rounds(&rest), |_| {})), "passed: nothing leaks, in 4 rounds");
    }
    // Without any warm-up growth begins after the first round.
    let early = [10, 20, 30, 40, 50, 50];
    assert_eq!(
        check(&rounds(&early[..5]), |o| o.judging.warmup = Some(Warmup::Captures(0))).outcome,
        Outcome::Failed
    );
    assert_eq!(check(&rounds(&early), |_| {}).outcome, Outcome::Passed);
}

#[test]
fn limits_allow_some_of_what_grows_in_every_round() {
    let dumps = rounds(&[0, 0, 100, 200, 300, 400]);
    let per_iteration = |limit: f64| {
        check(&dumps, |options| {
            options.limits.per_iteration = Some(limit);
            options.iterations = Some(10.0);
        })
    };
    assert_eq!(per_iteration(10.0).outcome, Outcome::Passed);
    assert_eq!(broken(&per_iteration(9.9))[0], ("max-per-iteration", Some("app::sessions::insert")));
    assert_eq!(check(&dumps, |options| options.limits.site_growth = Some(399.0)).outcome, Outcome::Failed);
    assert_eq!(check(&dumps, |options| options.limits.growth = Some(400.0)).outcome, Outcome::Passed);
}

#[test]
fn a_collection_that_doubles_grows_in_steps() {
    let doubling: Vec<u64> = (1..=10u64).map(|round| (round * 100).next_power_of_two() * 8).collect();
    let check = check(&rounds(&doubling), |options| options.rounds = 8);
    let said = said(&check);
    assert!(
        said.contains("app::sessions::insert (src/sessions.rs:42) grew in steps over 8 rounds"),
        "{said}"
    );
}

#[test]
fn callers_that_take_turns_grow_together() {
    let dump = |round: u64| {
        let (a, b) = (round.div_ceil(2) * 64, round / 2 * 64);
        Dump::new(
            1,
            0,
            &[(&[MAIN, SERVE, INSERT], 1, a), (&[MAIN, JSON, INSERT], 1, b), (&[MAIN, FILL], 1, 5000)],
        )
    };
    let dumps: Vec<Dump> = (1..=6).map(dump).collect();
    assert_eq!(broken(&check(&dumps, |_| {})), [("every-round", Some("app::sessions::insert"))]);
}

#[test]
fn rounds_that_do_not_suffice_are_inconclusive_unless_they_fail() {
    let steady = rounds(&[1, 500, 500, 500]);
    assert_eq!(
        said(&check(&steady, |_| {})),
        "inconclusive: 2 rounds after the warm-up; 4 are needed: let the program do more, or compare fewer (--rounds 2)"
    );
    assert_eq!(check(&rounds(&[1, 500, 600, 700]), |_| {}).outcome, Outcome::Failed);
    assert_eq!(check(&rounds(&[1]), |_| {}).outcome, Outcome::Inconclusive);
    let mut restarted = rounds(&[1, 500, 500, 500, 500, 500]);
    restarted[4].pid = 8;
    restarted[5].pid = 8;
    assert!(said(&check(&restarted, |_| {})).contains("two processes"));
}

#[test]
fn sampled_rounds_say_what_they_would_have_seen() {
    let sampled = |insert: &[u64]| -> Vec<Dump> {
        let dump = |samples: &u64| Dump::new(4096, 0, &[(&[MAIN, SERVE, INSERT], *samples, samples * 64)]);
        insert.iter().map(dump).collect()
    };
    let least = |check: &Check| check.measured.processes[0].least.unwrap().function;
    let quiet = check(&sampled(&[40, 40, 40, 40, 40, 40]), |_| {});
    assert_eq!(quiet.outcome, Outcome::Passed);
    // −ln(1 − 0.8^(1/4)) samples in each of four rounds.
    assert!((least(&quiet) / 4096.0 - 4.0 * 2.914).abs() < 0.01, "{}", least(&quiet));
    // In every round, but within the noise.
    assert_eq!(check(&sampled(&[400, 400, 401, 402, 403, 404]), |_| {}).outcome, Outcome::Passed);
    assert_eq!(check(&sampled(&[0, 0, 20, 40, 60, 80]), |_| {}).outcome, Outcome::Failed);
}
