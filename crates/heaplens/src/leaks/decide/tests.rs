use super::*;

const MIB: f64 = 1024.0 * 1024.0;
const R: u64 = 524_288;

/// One capture in five minutes.
fn times(n: usize) -> Vec<f64> {
    (0..n).map(|i| 300.0 * i as f64).collect()
}

/// A site of small objects.
fn site(bytes: Vec<f64>) -> History {
    let objects = bytes.iter().map(|b| b / 64.0).collect();
    History { bytes, objects }
}

/// One object.
fn container(bytes: Vec<f64>) -> History {
    let objects = bytes.iter().map(|b| if *b > 0.0 { 1.0 } else { 0.0 }).collect();
    History { bytes, objects }
}

fn of(n: usize, f: impl Fn(f64) -> f64) -> Vec<f64> {
    (0..n).map(|i| MIB * f(i as f64)).collect()
}

/// Judges these sites beside one that holds 200 MiB.
fn decide_at(rate: u64, sites: &[History], load: Option<&[f64]>) -> Vec<Decision> {
    let n = sites[0].bytes.len();
    let heap = vec![300.0 * MIB; n];
    let run = Run { times: &times(n), rate, heap: &heap, load };
    decide(&run, sites, &Options::default())
}

fn label(bytes: Vec<f64>) -> Label {
    decide_at(R, &[site(bytes)], None)[0].label
}

/// Repeatable scatter, −1 to 1.
fn scatter(i: f64) -> f64 {
    (i * 12.9898).sin() * 43758.5453 % 1.0
}

#[test]
fn a_steady_rise_is_a_leak_with_its_rate() {
    let decision = &decide_at(R, &[site(of(24, |i| 5.0 + 2.0 * i))], None)[0];
    assert_eq!((decision.label, decision.is_suspect, decision.since), (Label::Leak, true, Some(0)));
    let rate = 2.0 * MIB / 300.0;
    assert!((decision.slope.value / rate - 1.0).abs() < 1e-9, "{decision:?}");
    assert!(decision.slope.low < rate && decision.slope.high > rate);
    assert!(decision.score > 0.5 * rate && decision.score < rate);
    assert!((decision.growth.value / MIB - 36.0).abs() < 1e-9 && decision.growth.low > 0.0);
    assert!(decision.p < 1e-4 && decision.p == decision.p_noise.max(decision.p_trend));
    assert_eq!(decision.needs, None);
}

#[test]
fn unequal_times_make_no_difference_to_the_rate() {
    let times: Vec<f64> = (0..24).map(|i| f64::from(i * i)).collect();
    let sites = [site(times.iter().map(|t| MIB * (5.0 + t / 10.0)).collect())];
    let run = Run { times: &times, rate: R, heap: &[100.0 * MIB; 24], load: None };
    let decision = &decide(&run, &sites, &Options::default())[0];
    assert_eq!(decision.label, Label::Leak);
    assert!((decision.slope.value / MIB - 0.1).abs() < 1e-9);
}

#[test]
fn what_does_not_grow_is_noise() {
    assert_eq!(label(of(24, |_| 20.0)), Label::Noise);
    assert_eq!(label(of(24, |i| 20.0 + 2.0 * scatter(i))), Label::Noise);
    assert_eq!(label(of(24, |i| 60.0 - 2.0 * i)), Label::Noise);
}

#[test]
fn a_leak_that_began_late_is_one_and_says_since_when() {
    let decision = &decide_at(R, &[site(of(24, |i| 5.0 + 5.0 * (i - 14.0).max(0.0)))], None)[0];
    assert_eq!((decision.label, decision.since), (Label::Leak, Some(14)));
}

#[test]
fn caches_that_fill_warm_up() {
    for pace in [2.0, 4.0, 8.0] {
        assert_eq!(label(of(24, |i| 60.0 * (1.0 - (-i / pace).exp()))), Label::WarmUp, "{pace}");
    }
    assert_eq!(label(of(24, |i| 5.0 * i.min(12.0))), Label::WarmUp);
}

#[test]
fn one_step_is_a_step_wherever_it_is() {
    for at in [3.0, 8.0, 12.0, 15.0, 19.0] {
        assert_eq!(label(of(24, |i| if i < at { 10.0 } else { 60.0 })), Label::Step, "{at}");
        let ramp = |i: f64| 10.0 + 50.0 * ((i - at + 2.0) / 3.0).clamp(0.0, 1.0);
        assert_eq!(label(of(24, ramp)), Label::Step, "a ramp up to {at}");
    }
}

#[test]
fn a_leak_behind_a_step_is_not_hidden_by_it() {
    let bytes = of(96, |i| 2.0 + 1.5 * i + if i < 60.0 { 0.0 } else { 60.0 });
    assert_eq!(label(bytes), Label::Leak);
}

#[test]
fn rising_and_falling_is_a_sawtooth() {
    assert_eq!(label(of(24, |i| 10.0 + 8.0 * (i % 6.0))), Label::Sawtooth);
    assert_eq!(label(of(24, |i| 10.0 + 5.0 * ((i + 2.0) % 13.0))), Label::Sawtooth);
    let released = of(24, |i| if i < 18.0 { 5.0 + 5.0 * i } else { 12.0 });
    assert_eq!(label(released), Label::Sawtooth);
    let rising_floor = of(48, |i| 10.0 + 3.0 * i + 4.0 * (i % 6.0));
    assert_eq!(label(rising_floor), Label::Leak);
}

#[test]
fn load_is_told_from_a_leak_by_the_request() {
    let per_capture = |i: f64| 1000.0 * (1.0 + i / 12.0) + 300.0 * scatter(i);
    let mut counter = Vec::new();
    let mut sum = 0.0;
    for i in 0..24 {
        sum += per_capture(f64::from(i));
        counter.push(sum);
    }
    let serves = site(of(24, |i| per_capture(i) / 100.0));
    let leaks = site(counter.iter().map(|requests| requests * 2048.0).collect());
    let sites = [serves, leaks];
    let with: Vec<Label> = decide_at(R, &sites, Some(&counter)).iter().map(|d| d.label).collect();
    assert_eq!(with, [Label::Load, Label::Leak]);
    assert_eq!(decide_at(R, &sites, None)[0].label, Label::Leak, "nobody can know");
    let stuck = vec![5.0; 24];
    assert_eq!(decide_at(R, &sites, Some(&stuck)), decide_at(R, &sites, None), "no requests, no load");
}

#[test]
fn a_leak_by_the_request_goes_on_while_requests_are_few() {
    // Five times fewer in the second half.
    let mut sum = 0.0;
    let counter: Vec<f64> = (0..24)
        .map(|i| {
            sum += if i < 12 { 1000.0 } else { 200.0 };
            sum
        })
        .collect();
    let sites = [site(counter.iter().map(|requests| 4096.0 * requests).collect())];
    assert_eq!(decide_at(R, &sites, Some(&counter))[0].label, Label::Leak);
    assert_eq!(decide_at(R, &sites, None)[0].label, Label::WarmUp);
}

/// The size of a table into which an item comes each capture, `begin` being there.
fn table(begin: f64) -> impl Fn(f64) -> f64 {
    move |i| 2f64.powf((begin + i).log2().ceil())
}

#[test]
fn containers_double_until_they_are_full() {
    let decide_one = |f: &dyn Fn(f64) -> f64, n| {
        let decision = decide_at(R, &[container(of(n, f))], None).remove(0);
        (decision.label, decision.is_suspect)
    };
    let growing = (Label::GrowingContainer, true);
    for begin in [1.0, 5.0] {
        for n in [16, 24, 31] {
            assert_eq!(decide_one(&table(begin), n), growing, "{begin} {n}");
        }
    }
    // It stopped at 9 items: the table of 16 has been enough ever since.
    let full = |i: f64| table(1.0)(i.min(8.0));
    assert_eq!(decide_one(&full, 24), (Label::WarmUp, false));
    assert_eq!(decide_one(&|i| if i < 9.0 { 8.0 } else { 16.0 }, 24), (Label::Step, false));
    // Not the table grows, but the number of tables.
    let pool = of(24, |i| {
        if i < 8.0 {
            8.0
        } else if i < 16.0 {
            16.0
        } else {
            32.0
        }
    });
    let objects = pool.iter().map(|bytes| bytes / (8.0 * MIB)).collect();
    let pool = decide_at(R, &[History { bytes: pool, objects }], None).remove(0);
    assert!(!pool.is_suspect, "{pool:?}");
    // While it is copied, both are there.
    let copied = |i: f64| if i == 8.0 { 24.0 } else { table(1.0)(i) };
    assert_eq!(decide_one(&copied, 24), growing);
}

#[test]
fn few_captures_decide_nothing() {
    for n in 0..8 {
        let decisions = decide_at(R, &[site(of(n, |i| 50.0 * i))], None);
        let needs = Some(Needs { captures: Some(8 - n), lg_prof_sample: None });
        assert_eq!((decisions[0].label, decisions[0].needs), (Label::Inconclusive, needs), "{n}");
        assert!(!decisions[0].is_suspect);
    }
}

#[test]
fn what_is_undecided_says_what_would_decide_it() {
    // Alone, 8 captures suffice; among 200 sites they cannot.
    let leak = site(of(8, |i| 30.0 + 8.0 * i));
    let mut sites = vec![site(of(8, |i| 20.0 + scatter(i))); 200];
    assert_eq!(decide_at(R, std::slice::from_ref(&leak), None)[0].label, Label::Leak);
    sites[77] = leak;
    let decision = &decide_at(R, &sites, None)[77];
    assert_eq!(decision.label, Label::Inconclusive, "{decision:?}");
    let needs = decision.needs.unwrap();
    assert!((1..8).contains(&needs.captures.unwrap()), "{needs:?}");

    // A rise without a doubt, of which sampling could make up a part.
    let mut sites = vec![site(of(24, |_| 20.0)); 200];
    sites[5] = site(of(24, |i| 30.0 + 0.8 * i));
    let decision = &decide_at(R, &sites, None)[5];
    assert_eq!(decision.label, Label::Inconclusive, "{decision:?}");
    let needs = decision.needs.unwrap();
    assert!(needs.lg_prof_sample.is_some_and(|lg| (14..19).contains(&lg)), "{needs:?}");
    assert!(needs.captures.is_some_and(|more| (4..40).contains(&more)), "{needs:?}");
    let finer = decide_at(1 << needs.lg_prof_sample.unwrap(), &sites, None);
    assert_eq!(finer[5].label, Label::Leak);
}

#[test]
fn exact_counts_have_no_noise() {
    let decision = &decide_at(1, &[site(of(12, |i| 10.0 + 0.001 * i))], None)[0];
    assert_eq!((decision.label, decision.p_noise), (Label::Leak, 0.0));
    assert_eq!(decide_at(1, &[site(of(12, |_| 10.0))], None)[0].p_noise, 1.0);
}

#[test]
fn small_heaps_have_small_sites() {
    let leak = site(of(24, |i| 0.02 * i));
    let other = site(of(24, |_| 4.0));
    let heap = |mebibytes: f64| {
        let heap = [mebibytes * MIB; 24];
        let run = Run { times: &times(24), rate: 512, heap: &heap, load: None };
        decide(&run, &[leak.clone(), other.clone()], &Options::default())[0].label
    };
    assert_eq!(heap(5.0), Label::Leak);
    assert_eq!(heap(500.0), Label::Noise, "half a MiB of 500");
}

#[test]
fn a_thousand_captures_are_judged_as_few_are() {
    let n = 1000;
    let sites = [
        site(of(n, |i| 5.0 + 0.1 * i + 3.0 * scatter(i))),
        site(of(n, |i| 60.0 * (1.0 - (-i / 200.0).exp()))),
        site(of(n, |i| if i < 700.0 { 10.0 } else { 60.0 })),
        site(of(n, |i| 10.0 + 0.5 * (i % 100.0))),
        site(of(n, |i| 5.0 + 0.2 * (i - 600.0).max(0.0))),
    ];
    let decisions = decide_at(R, &sites, None);
    let labels: Vec<Label> = decisions.iter().map(|d| d.label).collect();
    assert_eq!(labels, [Label::Leak, Label::WarmUp, Label::Step, Label::Sawtooth, Label::Leak]);
    assert!(decisions[4].since.unwrap().abs_diff(600) < 25, "{:?}", decisions[4].since);
}

#[test]
fn names_of_labels_are_those_of_the_outputs() {
    assert_eq!(
        (Label::GrowingContainer.name(), Label::GrowingContainer.code()),
        ("growing container", "growing-container")
    );
    assert_eq!((Label::WarmUp.name(), Label::WarmUp.code()), ("warm-up", "warm-up"));
}
