//! From series to culprits: who is blamed, what is dismissed, what is said.

use heaplens::leaks::{self, Label, Leaks, Options, Verdict, Warmup};
use heaplens::series::{Series, Source};
use heaplens::{filter, input, out};

const MIB: f64 = 1_048_576.0;

/// Folded stacks a minute apart: of each stack its MiB in a capture.
fn series(captures: usize, stacks: &[(&str, &dyn Fn(f64) -> f64)]) -> Series {
    let mut series = Series::new();
    for minute in 0..captures {
        let lines: String =
            stacks.iter().map(|(stack, mib)| format!("{stack} {:.0}\n", mib(minute as f64) * MIB)).collect();
        let profile = input::read(lines.as_bytes(), &input::Limits::default()).unwrap();
        let folded = filter::fold(&profile, filter::Folding::default());
        series.push(
            Source { name: format!("{}.folded", 1_795_789_800 + 60 * minute), file_time_ms: None },
            &folded,
        );
    }
    series
}

fn find(series: &Series) -> Leaks {
    let mut options = Options::default();
    options.warmup = Some(Warmup::Captures(0));
    leaks::find(series, &options)
}

fn names(leaks: &Leaks) -> Vec<&str> {
    leaks.runs[0].culprits.iter().map(|culprit| culprit.name.as_str()).collect()
}

fn rising(t: f64) -> f64 {
    20.0 + 4.0 * t
}

fn steady(_: f64) -> f64 {
    80.0
}

#[test]
fn a_utility_that_healthy_callers_use_as_well_is_not_to_blame() {
    let series = series(
        24,
        &[
            ("main;web::login;sessions::insert;util::Buf::new;alloc::vec::Vec<u8>::with_capacity", &rising),
            ("main;web::query;plan::build;util::Buf::new;alloc::vec::Vec<u8>::with_capacity", &steady),
            ("main;web::login;auth::check", &steady),
        ],
    );
    let leaks = find(&series);
    assert_eq!(leaks.verdict, Verdict::Leak);
    assert_eq!(names(&leaks), ["sessions::insert"]);
    let culprit = &leaks.runs[0].culprits[0];
    assert_eq!(culprit.path, ["util::Buf::new", "alloc::vec::Vec<u8>::with_capacity"]);
    assert_eq!(culprit.callers[0].name, "web::login");
    let per_second = 4.0 * MIB / 60.0;
    assert!((culprit.rate.value / per_second - 1.0).abs() < 1e-6, "{:?}", culprit.rate);
    assert!(culprit.rate.low <= per_second && per_second <= culprit.rate.high, "{:?}", culprit.rate);
    assert!(culprit.score > 0.0 && culprit.score <= per_second);
    assert_eq!(culprit.label, Label::Leak);
}

#[test]
fn a_map_that_many_handlers_feed_is_blamed_and_no_handler() {
    let stacks: Vec<String> =
        (0..10).map(|i| format!("main;web::handler{i};metrics::label;hashbrown::map::insert")).collect();
    let mut all: Vec<(&str, &dyn Fn(f64) -> f64)> =
        stacks.iter().map(|stack| (stack.as_str(), &rising as _)).collect();
    all.push(("main;web::handler3;page::render", &steady));
    assert_eq!(names(&find(&series(24, &all))), ["metrics::label"]);
}

/// Each of the stacks is too small to be told from noise.
#[test]
fn a_leak_that_many_callers_share_is_found_by_the_function_that_they_share() {
    let stacks: Vec<String> = (0..60)
        .map(|i| format!("main;web::handler{i};metrics::label;alloc::string::String::clone"))
        .collect();
    let slow = |t: f64| 1.2 + 0.05 * t;
    let mut all: Vec<(&str, &dyn Fn(f64) -> f64)> =
        stacks.iter().map(|stack| (stack.as_str(), &slow as _)).collect();
    all.push(("main;cache::get", &steady));
    let leaks = find(&series(24, &all));
    assert_eq!(names(&leaks), ["metrics::label"]);
    assert_eq!(leaks.runs[0].culprits[0].stacks.len(), 60);
    assert_eq!(leaks.runs[0].culprits[0].callers.len(), 5, "the largest few");
}

#[test]
fn a_dependency_that_allocates_is_not_to_blame_but_who_keeps_the_result() {
    let series = series(
        24,
        &[
            ("main;ingest::handle;serde_json::from_slice;alloc::string::String::push_str", &rising),
            ("main;cache::get", &steady),
        ],
    );
    // Files tell whose code it is, and folded stacks have none.
    let mut options = Options::default();
    options.owners.third_party = vec![filter::pattern("^serde_json::").unwrap()];
    assert_eq!(names(&leaks::find(&series, &options)), ["ingest::handle"]);
}

#[test]
fn two_leaks_are_two_culprits_and_the_faster_is_first() {
    let fast = |t: f64| 10.0 + 12.0 * t;
    let series = series(
        24,
        &[
            ("main;sessions::insert;alloc::vec::Vec<u8>::push", &rising),
            ("main;journal::append;alloc::vec::Vec<u8>::push", &fast),
            ("main;cache::get", &|_| 900.0),
        ],
    );
    assert_eq!(names(&find(&series)), ["journal::append", "sessions::insert"]);
}

#[test]
fn growth_that_ends_is_dismissed_and_named() {
    let filling = |t: f64| 200.0 * (1.0 - (-t / 4.0).exp());
    let leaks = find(&series(24, &[("main;cache::fill", &filling), ("main;index::load", &steady)]));
    assert_eq!(leaks.verdict, Verdict::NoLeak);
    let warm = leaks.runs[0].dismissed.iter().find(|group| group.label == Label::WarmUp).unwrap();
    assert_eq!(warm.examples[0].0, "cache::fill");
    let said = out::leaks::sentence(&leaks);
    assert!(said.starts_with("no leak found"), "{said}");
}

#[test]
fn few_captures_are_inconclusive_and_say_how_many_it_takes() {
    let leaks = find(&series(5, &[("main;sessions::insert", &rising)]));
    assert_eq!(leaks.verdict, Verdict::Inconclusive);
    assert_eq!(
        out::leaks::sentence(&leaks),
        "inconclusive: 5 dumps of one process; 8 are needed, spread over the time in which memory grows"
    );
}

#[test]
fn nothing_at_all_is_inconclusive() {
    let leaks = find(&Series::new());
    assert_eq!((leaks.verdict, leaks.runs.len()), (Verdict::Inconclusive, 0));
}

#[test]
fn who_owns_what_can_be_said() {
    let stacks: &[(&str, &dyn Fn(f64) -> f64)] = &[
        ("main;app::run;vendored::Pool::take;alloc::vec::Vec<u8>::push", &rising),
        ("main;app::run;app::index", &steady),
    ];
    let mut options = Options::default();
    options.owners.third_party = vec![filter::pattern("^vendored::").unwrap()];
    let leaks = leaks::find(&series(24, stacks), &options);
    assert_eq!(names(&leaks), ["app::run"]);
    assert_eq!(names(&find(&series(24, stacks))), ["vendored::Pool::take"]);
}

#[test]
fn the_text_is_whole_and_can_be_pasted() {
    let series = series(
        24,
        &[("main;web::login;sessions::insert;hashbrown::insert", &rising), ("main;cache::get", &steady)],
    );
    let mut text = Vec::new();
    out::leaks::write_text(&series, &find(&series), &out::leaks::Options::default(), &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    let first = text.lines().next().unwrap();
    assert!(first.starts_with("leak: sessions::insert grows by 240 MiB/h (95 %: "), "{text}");
    assert!(
        text.contains("called by web::login") && text.contains("allocates through hashbrown::insert"),
        "{text}"
    );
    let mut json = Vec::new();
    out::leaks::write_json(&series, &find(&series), &mut json).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!((&json["kind"], &json["verdict"]), (&"leaks".into(), &"leak".into()));
    assert_eq!(json["culprits"][0]["history"].as_array().unwrap().len(), 24);
}
