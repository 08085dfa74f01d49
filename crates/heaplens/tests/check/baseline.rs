//! An earlier check to compare with.

use crate::lab::{Dump, FILL, INSERT, MAIN, MIB, SERVE, broken, options, series};
use heaplens::check::{self, Baseline, Check, Outcome, measure};
use heaplens::{input, out};

fn measured(dumps: &[Dump], iterations: Option<f64>) -> (check::Measured, measure::Options) {
    let options = options(|options| {
        options.limits.increase = Some(0.05);
        options.iterations = iterations;
    });
    (measure::dumps(&series(dumps), Vec::new(), &options), options)
}

fn dumps(rate: u64, insert: u64, fill: u64) -> [Dump; 2] {
    let dump = |seconds, insert: u64, fill: u64| {
        Dump::new(
            rate,
            seconds,
            &[(&[MAIN, SERVE, INSERT], insert, insert * 64), (&[MAIN, FILL], fill, fill * 64)],
        )
    };
    [dump(0, 0, 0), dump(60, insert, fill)]
}

/// What is written and read back.
fn baseline(dumps: &[Dump], iterations: Option<f64>) -> Baseline {
    let (measured, options) = measured(dumps, iterations);
    let check = check::judge(measured, &options.limits, None);
    let mut json = Vec::new();
    out::check::write_json(&series(dumps), &check, &Default::default(), &mut json).unwrap();
    input::parse_check(&json).unwrap()
}

fn against(baseline: &Baseline, dumps: &[Dump]) -> Check {
    let (measured, options) = measured(dumps, None);
    baseline.fits(&measured).unwrap();
    check::judge(measured, &options.limits, Some(baseline))
}

#[test]
fn more_than_before_fails_and_as_much_does_not() {
    let before = baseline(&dumps(1, 100, 50), None);
    assert_eq!(against(&before, &dumps(1, 105, 52)).outcome, Outcome::Passed);
    let check = against(&before, &dumps(1, 106, 52));
    assert_eq!(
        broken(&check),
        [("fail-on-increase", Some("app::sessions::insert")), ("fail-on-increase", None)]
    );
    assert!(crate::lab::said(&check).contains("the baseline with --fail-on-increase 5% allows 6,720 B"));
    // A function that did not grow before may not now.
    let check = against(&baseline(&dumps(1, 100, 0), None), &dumps(1, 100, 1));
    assert_eq!(broken(&check), [("fail-on-increase", Some("app::cache::fill"))]);
}

#[test]
fn what_sampling_can_feign_is_no_increase() {
    let rate = 1 << 19;
    let before = baseline(&dumps(rate, 100, 2), None);
    assert_eq!(against(&before, &dumps(rate, 120, 2)).outcome, Outcome::Passed);
    assert_eq!(broken(&against(&before, &dumps(rate, 300, 2)))[0].1, Some("app::sessions::insert"));
    // A function that is not in the baseline may have grown there by what it could not see.
    let without = baseline(&dumps(rate, 100, 0), None);
    assert!(without.unseen > MIB as f64);
    assert_eq!(against(&without, &dumps(rate, 100, 12)).outcome, Outcome::Passed);
    assert_eq!(against(&without, &dumps(rate, 100, 200)).outcome, Outcome::Failed);
}

#[test]
fn only_like_is_compared_with_like() {
    let per_iteration = baseline(&dumps(1, 100, 50), Some(10.0));
    assert_eq!(per_iteration.heap.value, 150.0 * 64.0 / 10.0);
    let (measured, _) = measured(&dumps(1, 100, 50), None);
    let why = per_iteration.fits(&measured).unwrap_err();
    assert_eq!(
        why,
        "it holds growth per iteration, of dumps; this is growth per check, of dumps. Make the baseline the same way"
    );
}

#[test]
fn what_is_no_check_is_refused() {
    for (text, words) in [
        ("heap_v2/1", "what `heaplens check --format json` writes"),
        ("{}", "missing field"),
        (
            r#"{"schema":"heaplens","version":1,"kind":"leaks","form":"dumps","processes":[]}"#,
            "kind \\\"leaks\\\"",
        ),
        (r#"{"schema":"heaplens","version":1,"kind":"check","form":"dumps","processes":[]}"#, "no process"),
        (r#"{"schema":"heaplens","version":1,"kind":"check","form":"x","processes":[]}"#, "form"),
    ] {
        let error = input::parse_check(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(words.replace("\\\"", "\"").as_str()), "{text}: {error}");
    }
}
