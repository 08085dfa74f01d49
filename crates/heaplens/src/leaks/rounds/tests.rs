use super::*;
use crate::{filter, input};

fn read(text: &str) -> Profile {
    input::read(text.as_bytes(), &input::Limits::default()).unwrap()
}

/// The rounds of one site that holds so many bytes after each, beside one that never changes.
fn rounds(bytes: &[u64]) -> Rounds {
    let mut rounds = Rounds::default();
    for bytes in bytes {
        rounds.push(&read(&format!("main;app::idle 5000\nmain;app::work;app::keep {bytes}\n")));
    }
    rounds
}

/// As a dump with one sample in so many bytes, objects of 64 bytes.
fn sampled(rate: u64, objects: &[u64]) -> Rounds {
    let mut rounds = Rounds::default();
    for n in objects {
        let line = format!("  t*: {n}: {} [0: 0]\n", n * 64);
        rounds.push(&read(&format!("heap_v2/{rate}\n{line}@ 0x10 0x20\n{line}\nMAPPED_LIBRARIES:\n")));
    }
    rounds
}

fn options(iterations: u64, max_bytes: f64) -> Options {
    Options { iterations, max_bytes, ..Options::default() }
}

fn leaks(rounds: &Rounds, options: &Options) -> Vec<Site> {
    rounds.test(options).unwrap().leaks
}

fn paces(bytes: &[u64]) -> Vec<Pace> {
    leaks(&rounds(bytes), &Options::default()).iter().map(|site| site.pace).collect()
}

#[test]
fn growth_in_every_round_is_a_leak_and_its_figures_are_exact() {
    let rounds = rounds(&[1000, 1064, 1128, 1200, 1264, 1328]);
    let report = rounds.test(&options(4, 0.0)).unwrap();
    let [leak] = report.leaks.as_slice() else { panic!("{report:?}") };
    assert_eq!(leak.culprit().unwrap().name, "app::keep");
    let names: Vec<&str> = leak.stack.iter().map(|place| place.name.as_str()).collect();
    assert_eq!(names, ["main", "app::work", "app::keep"]);
    let grown: Vec<i128> = leak.growth().map(|live| live.bytes.trunc()).collect();
    assert_eq!((grown, leak.total().bytes.trunc()), (vec![64, 72, 64, 64], 264));
    assert_eq!((report.rounds, report.iterations, report.looked_at), (4, 4, 2));
    assert_eq!((report.rate, report.least), (None, 0.0));
}

#[test]
fn what_stops_growing_does_not_leak() {
    for bytes in [
        [9, 9, 9, 9, 9, 9],
        // A cache that fills while rounds warm up, and one that takes a round more.
        [100, 500, 500, 500, 500, 500],
        [100, 300, 500, 500, 500, 500],
        // Churn, and what shrinks.
        [10, 40, 50, 30, 60, 70],
        [90, 80, 70, 60, 50, 40],
        // One that rests for a round.
        [10, 20, 30, 30, 40, 50],
    ] {
        assert_eq!(paces(&bytes), [], "{bytes:?}");
        assert_eq!(
            rounds(&bytes).may_leak(&Options::default()),
            Ok(bytes[5] > bytes[1]),
            "{bytes:?}: whether names are needed"
        );
    }
}

#[test]
fn collections_that_double_leak_and_buffers_that_doubled_do_not() {
    // Capacity for 100 elements of 8 bytes a round, from 4 elements on; and hash tables of 16 bytes, 7/8 full.
    let vector: Vec<u64> = (1..=10u64).map(|round| (round * 100).next_power_of_two() * 8).collect();
    let table: Vec<u64> = (1..=10u64).map(|round| (round * 800 / 7).next_power_of_two() * 17 + 16).collect();
    assert_eq!(paces(&vector), [Pace::InSteps], "{vector:?}");
    assert_eq!(paces(&table), [Pace::InSteps], "{table:?}");
    // Every element of a vector that grows by half.
    let mut capacity = 4;
    let by_half: Vec<u64> = (1..=10u64)
        .map(|round| {
            while capacity < round * 100 {
                capacity += capacity / 2;
            }
            capacity * 8
        })
        .collect();
    assert_eq!(paces(&by_half), [Pace::InSteps], "{by_half:?}");
    for bytes in [
        // A buffer that met a larger input once, or twice, and is used again since.
        [0, 64, 64, 128, 128, 128, 128, 128, 128, 128],
        [0, 64, 128, 256, 256, 256, 256, 256, 256, 256],
        // First filled after the warm-up.
        [0, 0, 64, 64, 64, 128, 128, 256, 256, 256],
        // Grown and shrunk.
        [0, 64, 128, 128, 64, 256, 256, 256, 256, 256],
    ] {
        assert_eq!(paces(&bytes), [], "{bytes:?}");
    }
}

#[test]
fn too_few_rounds_say_nothing_of_steps() {
    assert_eq!(paces(&[64, 128, 128, 256, 256, 256]), []);
}

#[test]
fn what_is_allowed_is_allowed_on_the_average() {
    // 10, 20, 10 and 20 bytes for each of 10 iterations.
    let rounds = rounds(&[0, 100, 200, 400, 500, 700]);
    assert_eq!(leaks(&rounds, &options(10, 15.0)).len(), 0);
    assert_eq!(leaks(&rounds, &options(10, 14.9)).len(), 1);
    assert_eq!(rounds.test(&options(10, 15.0)).unwrap().least, 150.0);
}

#[test]
fn stacks_with_the_same_names_are_one_site() {
    // In turn from two places of one function: neither grows in every round.
    let mut rounds = Rounds::default();
    for round in 1..=8u64 {
        let (a, b) = (round.div_ceil(2) * 64, round / 2 * 64);
        rounds.push(&read(&format!(
            "heap_v2/1\n  t*: 2: {} [0: 0]\n@ 0x10 0x20\n  t*: 1: {a} [0: 0]\n@ 0x18 0x20\n  t*: 1: {b} [0: 0]\n\n\
             MAPPED_LIBRARIES:\n",
            a + b
        )));
    }
    let found = |rounds: &Rounds| {
        let found = leaks(rounds, &Options::default());
        found.iter().map(|site| (site.pace, site.total().bytes.trunc())).collect::<Vec<_>>()
    };
    assert_eq!(found(&rounds), [(Pace::InSteps, 3 * 64); 2]);
    let name = |profile: &Profile| {
        let mut named = Profile::default();
        for sample in profile.samples() {
            let frames = ["main", "app::keep"].map(|name| named.add_named_frame(name));
            // The place stays, so that the two frames differ.
            let leaf = profile.stack(sample.stack.unwrap()).frame;
            let at =
                crate::profile::Frame { function: named.frame(frames[1]).function, ..profile.frame(leaf) };
            let leaf = named.add_frame(crate::profile::Frame { module: None, ..at });
            let stack = named.add_stack_from_root([frames[0], leaf]);
            named.add_sample(crate::profile::Sample { stack, ..*sample });
        }
        named
    };
    rounds.map(name);
    assert_eq!(found(&rounds), [(Pace::EveryRound, 6 * 64)]);
}

#[test]
fn folding_keeps_the_rounds_apart_and_a_filter_does_not() {
    let mut rounds = rounds(&[1, 2, 3, 4, 5]);
    rounds.map(|all| filter::fold(all, filter::Folding::default()));
    assert_eq!(leaks(&rounds, &Options::default()).len(), 1);
    rounds.map(|all| filter::ignore(all, &filter::pattern("idle").unwrap()));
    assert_eq!(rounds.test(&Options::default()).unwrap_err(), Unfit::SamplesLost);
}

#[test]
fn where_memory_was_sampled_growth_must_exceed_the_noise() {
    // 3 to 12 samples of 512 KiB: in every round one more, and the interval of the difference ends above zero.
    let steady: Vec<u64> = (3..=12).collect();
    assert_eq!(leaks(&sampled(524_288, &steady), &Options::default()).len(), 1);
    // From 40 samples on the same growth is within the noise.
    let on_top: Vec<u64> = (40..=49).collect();
    assert_eq!(leaks(&sampled(524_288, &on_top), &Options::default()).len(), 0);
    // Nothing is noise where everything is seen.
    assert_eq!(leaks(&sampled(1, &on_top), &Options::default()).len(), 1);
}

#[test]
fn the_least_growth_that_can_be_seen_is_said() {
    let least = |rate, rounds: usize, max_bytes| {
        let rounds = sampled(rate, &vec![1; rounds + 2]);
        rounds.test(&options(10, max_bytes)).unwrap().least
    };
    assert_eq!(least(1, 8, 2.5), 25.0);
    // −ln(1 − 0.8^(1/8)) samples a round.
    assert!((least(4096, 8, 0.0) / 4096.0 - 3.597).abs() < 0.01, "{}", least(4096, 8, 0.0));
    // In two rounds the noise decides: z² R in all.
    assert!((least(4096, 2, 0.0) / 4096.0 - 2.801_585_f64.powi(2) / 2.0).abs() < 0.01);
    assert!(least(4096, 8, 10_000.0) > 100_000.0);
}

#[test]
fn rounds_that_cannot_be_compared_are_refused_in_words() {
    let refused = |rounds: &Rounds| rounds.test(&Options::default()).unwrap_err();
    assert_eq!(refused(&Rounds::default()), Unfit::TooFew { found: 0, needed: 4 });
    assert_eq!(refused(&rounds(&[1, 2, 3])), Unfit::TooFew { found: 3, needed: 4 });
    let mut mixed = sampled(512, &[1, 1, 1]);
    mixed.push(&read("heap_v2/1\n  t*: 1: 64 [0: 0]\n@ 0x10\n  t*: 1: 64 [0: 0]\n\nMAPPED_LIBRARIES:\n"));
    assert_eq!(refused(&mixed), Unfit::RatesDiffer { round: 4, rate: 1, first: 512 });
    assert!(refused(&mixed).to_string().contains("at one rate"));
    // Without any warm-up the first profile is where growth starts.
    let none = Options { warm_up: 0, ..Options::default() };
    assert_eq!(leaks(&rounds(&[1, 2, 3]), &none).len(), 1);
}

#[test]
fn leaks_in_every_round_come_first_and_then_the_larger_ones() {
    let mut rounds = Rounds::default();
    for round in 1..=10u64 {
        let steps = (round * 100).next_power_of_two();
        rounds.push(&read(&format!(
            "a;small {round}\na;large {}\nb;equal {}\nb;steps {steps}\n",
            9 * round,
            round
        )));
    }
    let names: Vec<String> = leaks(&rounds, &Options::default())
        .iter()
        .map(|site| site.stack.last().unwrap().name.clone())
        .collect();
    assert_eq!(names, ["large", "small", "equal", "steps"]);
}

#[test]
fn the_culprit_is_the_programs_own_innermost_function() {
    let culprit = |stack: &str| {
        let mut rounds = Rounds::default();
        for round in 1..=4 {
            rounds.push(&read(&format!("{stack} {round}\n")));
        }
        leaks(&rounds, &Options::default())[0].culprit().map(|place| place.name.clone())
    };
    assert_eq!(culprit("main;app::a;app::b;std::collections::HashMap::insert").as_deref(), Some("app::b"));
    assert_eq!(culprit("std::rt::init;alloc::vec::Vec::push").as_deref(), Some("alloc::vec::Vec::push"));
}
