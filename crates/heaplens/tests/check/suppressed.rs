//! What is known and not counted.

use crate::lab::{
    Dump, FILL, INSERT, JSON, MAIN, PUSH, SERVE, START, broken, judge, options, series, suppress,
};
use heaplens::check::{Check, Outcome, measure, parse_suppressions, suppression_line};

fn check(file: &str, now_ms: u64) -> Check {
    let dump = |seconds, insert, fill, json| {
        Dump::new(
            1,
            seconds,
            &[
                (&[MAIN, SERVE, INSERT, PUSH], 1, insert),
                (&[MAIN, FILL], 1, fill),
                (&[MAIN, SERVE, JSON, PUSH], 1, json),
            ],
        )
    };
    let mut series = series(&[dump(0, 10, 900, 10), dump(60, 1010, 20, 510)]);
    let suppressed = suppress(&mut series, file, now_ms);
    let options = options(|options| {
        options.limits.growth = Some(0.0);
        options.limits.site_growth = Some(0.0);
    });
    judge(measure::dumps(&series, suppressed, &options), &options)
}

/// What still fails, and by how much each line's stacks grew.
fn left(file: &str) -> (Vec<&'static str>, Vec<f64>) {
    let check = check(file, START);
    let name = |(_, function): (_, Option<&str>)| match function {
        Some("app::sessions::insert") => "insert",
        Some("app::serve") => "serve",
        Some(other) => panic!("{other}"),
        None => "heap",
    };
    let growth = check.measured.suppressed.iter().map(|one| one.growth).collect();
    (broken(&check).into_iter().map(name).collect(), growth)
}

#[test]
fn patterns_are_leak_sanitizers() {
    assert_eq!(left(""), (vec!["insert", "serve", "heap"], vec![]));
    for all in ["leak:app::s", "leak:src/serve.rs", "leak:/srv/app", "leak:^main$", "leak:ap*erv"] {
        assert_eq!(left(all).0, [""; 0], "{all}");
    }
    for insert in ["leak:sessions", "leak:^app::sessions::insert$", "leak:sess*ins", "leak:insert$"] {
        assert_eq!(left(insert), (vec!["serve"], vec![1000.0]), "{insert}");
    }
    for none in ["leak:^sessions", "leak:app::sessions$", "leak:App::sessions", "leak:a.p::sessions"] {
        assert_eq!(left(none), (vec!["insert", "serve", "heap"], vec![0.0]), "{none}");
    }
}

#[test]
fn files_and_crates_are_those_from_the_programs_own_function_on() {
    for (line, rest) in [
        ("file:src/sessions.rs", &["serve"][..]),
        ("file:src/main.rs", &["insert", "serve", "heap"]),
        ("file:serde_json-", &["insert", "heap"]),
        ("crate:serde-json", &["insert", "heap"]),
        ("crate:serde_*", &["insert", "heap"]),
        ("crate:serde", &["insert", "serve", "heap"]),
        ("crate:app", &[]),
    ] {
        assert_eq!(left(line).0, rest, "{line}");
    }
}

#[test]
fn a_line_holds_to_its_last_day_and_says_why_it_is_there() {
    let file = "# known\n\n leak:sessions until=2026-11-27 reason=see #12, until= we know \n";
    let lines = parse_suppressions("leak:sessions reason=a b until=2026-11-27\n").unwrap();
    assert_eq!((lines[0].reason.as_deref(), lines[0].until.as_deref()), (Some("a b"), Some("2026-11-27")));
    // The day ends at midnight, UTC.
    let midnight = START - START % 86_400_000 + 86_400_000;
    let before = check(file.replace("until= we", "when we").as_str(), midnight - 1);
    assert_eq!(before.measured.suppressed[0].suppression.reason.as_deref(), Some("see #12, when we know"));
    assert_eq!(broken(&before).len(), 1);
    let after = check(file.replace("until= we", "when we").as_str(), midnight);
    assert!(after.measured.suppressed[0].is_expired);
    assert_eq!(broken(&after).len(), 3);
    // The first of two lines that match has it.
    let twice = check("leak:sessions\nleak:insert\nleak:serve\n", START);
    let growth: Vec<f64> = twice.measured.suppressed.iter().map(|one| one.growth).collect();
    assert_eq!((growth, twice.outcome), (vec![1000.0, 0.0, 500.0], Outcome::Passed));
}

#[test]
fn a_line_that_is_none_is_named() {
    for (text, words) in [
        ("leak:a\nlaek:b\n", "line 2 (byte 7): found \"laek:b\", expected leak:FUNCTION"),
        ("\nsomething", "line 2 (byte 1)"),
        ("leak:", "a pattern that does not match everything"),
        ("leak:*", "a pattern that does not match everything"),
        ("leak:a until=tomorrow", "until=2026-12-31"),
        ("leak:a until=2026-13-01", "until=2026-12-31"),
        ("leak:a until=2026-2-1", "until=2026-12-31"),
    ] {
        let error = parse_suppressions(text).unwrap_err().to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
}

#[test]
fn the_line_that_is_offered_suppresses_its_function() {
    let offered = suppression_line("app::sessions::insert");
    assert_eq!(left(&format!("{offered} reason=known\n")).0, ["serve"]);
}
