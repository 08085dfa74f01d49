//! Filters that leave nothing are no pass; memory that is not there, or is known, is none of theirs.

use crate::lab::{Dump, FILL, INSERT, MAIN, SERVE, judge, options, said, series, suppress};
use heaplens::check::measure::{self, Options};
use heaplens::check::{Check, Doubt, Outcome};
use heaplens::dump::Threads;
use heaplens::filter::{self, ThreadChoice, thread};
use heaplens::leaks::{self, Inconclusive, Verdict};
use heaplens::series::{Series, Source};

/// `insert` grows, and `fill` holds what it holds.
fn leaking() -> Vec<Dump> {
    let dump = |minute: u64| {
        Dump::new(
            1,
            60 * minute,
            &[(&[MAIN, SERVE, INSERT], 1, 1_000_000 * minute), (&[MAIN, FILL], 1, 48_576)],
        )
    };
    (1..=12).map(dump).collect()
}

fn focused(dumps: &[Dump], pattern: &str) -> Series {
    let mut series = series(dumps);
    let pattern = filter::pattern(pattern).unwrap();
    series.change(|code| Ok::<_, ()>(filter::focus(&code, &pattern))).unwrap();
    series
}

type Form = fn(&Series, Vec<heaplens::check::Suppressed>, &Options) -> heaplens::check::Measured;

/// As a series without limits and with one, as two dumps, and as rounds.
fn checks(
    dumps: &[Dump],
    made: impl Fn(&[Dump]) -> (Series, Vec<heaplens::check::Suppressed>),
) -> Vec<Check> {
    let forms: [(Form, usize, Option<f64>); 4] = [
        (measure::series, dumps.len(), None),
        (measure::series, dumps.len(), Some(1.0)),
        (measure::dumps, 2, Some(1.0)),
        (measure::rounds, dumps.len(), None),
    ];
    let check = |(form, count, growth): (Form, usize, Option<f64>)| {
        let (series, suppressed) = made(&dumps[..count]);
        let options = options(|options| {
            options.limits.growth = growth;
            options.rounds = 4;
        });
        judge(form(&series, suppressed, &options), &options)
    };
    forms.into_iter().map(check).collect()
}

#[test]
fn filters_that_leave_nothing_are_inconclusive_in_every_form() {
    for check in checks(&leaking(), |dumps| (focused(dumps, "sessions"), Vec::new())) {
        assert_eq!(check.outcome, Outcome::Failed, "{}", said(&check));
    }
    for check in checks(&leaking(), |dumps| (focused(dumps, "renamed"), Vec::new())) {
        let said = said(&check);
        assert!(said.starts_with("inconclusive: no stack is left after the filters (there were "), "{said}");
        assert!(said.ends_with(" before); choose functions or threads that there are"), "{said}");
        assert!(check.measured.doubts.iter().all(|doubt| !matches!(doubt, Doubt::NoSamples { .. })));
        assert!(check.measured.processes.is_empty());
    }
    let found = leaks::find(&focused(&leaking(), "renamed"), &leaks::Options::default());
    assert_eq!(found.verdict, Verdict::Inconclusive);
    assert_eq!(
        heaplens::out::leaks::sentence(&found),
        "inconclusive: no stack is left after the filters (there were 11.5 MiB before); choose functions or threads \
         that there are"
    );
    // What is there in some of the captures, or freed again, can be judged.
    let mut once = leaking();
    once[0].stacks.push((vec![MAIN, crate::lab::JSON], 1, 100));
    let found = leaks::find(&focused(&once, "serde_json"), &leaks::Options::default());
    assert_eq!(found.verdict, Verdict::NoLeak);
}

#[test]
fn the_verdict_on_leaks_is_of_a_process_that_was_asked_about() {
    let mut dumps = leaking();
    // Another process, with more captures and nothing of the function.
    dumps.extend((0..20).map(|minute| Dump::new(8, 7200 + 60 * minute, &[(&[MAIN, FILL], 1, 48_576)]).of(8)));
    let found = leaks::find(&focused(&dumps, "sessions"), &leaks::Options::default());
    assert_eq!((found.verdict, found.runs.len()), (Verdict::Leak, 2));
    let mut steady = dumps.clone();
    for dump in &mut steady[..12] {
        dump.stacks[0].2 = 1_000_000;
    }
    let found = leaks::find(&focused(&steady, "sessions"), &leaks::Options::default());
    assert_eq!(found.verdict, Verdict::NoLeak, "{}", heaplens::out::leaks::sentence(&found));
    assert!(matches!(found.runs[1].inconclusive, Some(Inconclusive::NoneChosen { .. })));
    assert!(found.runs[1].dismissed.is_empty());
}

#[test]
fn each_process_is_looked_at() {
    let mut dumps = leaking();
    let later = leaking().into_iter().map(|dump| {
        let bytes = dump.stacks[0].2;
        Dump { seconds: dump.seconds + 7200, stacks: vec![(vec![MAIN, FILL], 1, bytes)], ..dump.of(8) }
    });
    dumps.extend(later);
    let options = options(|options| options.limits.growth = Some(1e9));
    let check = judge(measure::series(&focused(&dumps, "sessions"), Vec::new(), &options), &options);
    assert_eq!((check.outcome, check.measured.processes.len()), (Outcome::Inconclusive, 1));
}

#[test]
fn where_nothing_is_held_nothing_leaks() {
    let empty: Vec<Dump> = (1..=12).map(|minute| Dump::new(1, 60 * minute, &[])).collect();
    for check in checks(&empty, |dumps| (focused(dumps, "renamed"), Vec::new())) {
        assert_eq!(check.outcome, Outcome::Passed, "{}", said(&check));
    }
    let found = leaks::find(&series(&empty), &leaks::Options::default());
    assert_eq!(found.verdict, Verdict::NoLeak);
}

#[test]
fn what_is_known_may_be_all_there_is() {
    let mut dumps = leaking();
    for dump in &mut dumps {
        dump.rate = 4096;
    }
    let known = |dumps: &[Dump]| {
        let mut series = series(dumps);
        let suppressed = suppress(&mut series, "leak:^main$", crate::lab::START);
        (series, suppressed)
    };
    for check in checks(&dumps, known) {
        assert_eq!(check.outcome, Outcome::Passed, "{}", said(&check));
    }
}

#[test]
fn a_thread_that_holds_nothing_is_no_pass() {
    let mut series = Series::new();
    let choice = ThreadChoice::parse("2").unwrap();
    for (number, dump) in (1..).zip(leaking()) {
        let text = dump.text();
        let text = text.split("# heaplens").next().unwrap();
        // Every line once more for the one thread that allocates; the first is the sum of all.
        let one = |line: &str| match line.strip_prefix("  t*:") {
            Some(counts) => format!("{line}\n  t1:{counts}\n"),
            None => format!("{line}\n"),
        };
        let text: String = text.lines().map(one).collect();
        let text = text.replacen("\n@", "\n  t2: 0: 0 [0: 0] idle\n@", 1);
        let whole = heaplens::dump::Dump::parse(text.as_bytes()).unwrap().to_profile(Threads::Separate);
        series.push_part(
            Source { name: format!("jeprof.7.{number}.i{number}.heap"), file_time_ms: None },
            &thread(&whole, &choice),
            &whole,
        );
    }
    let found = leaks::find(&series, &leaks::Options::default());
    assert!(
        matches!(found.runs[0].inconclusive, Some(Inconclusive::NoneChosen { before }) if before > 1e6),
        "{:?}",
        found.runs[0].inconclusive
    );
}
