//! What must hold of the decision for every series.

use heaplens::leaks::decide::{Decision, Estimate, History, Label, Options, Run, decide};
use proptest::prelude::*;

const RATE: u64 = 4096;

/// Sites of some samples at each capture, and seconds between captures.
fn series() -> impl Strategy<Value = (Vec<History>, Vec<f64>)> {
    (0usize..40, 1usize..6).prop_flat_map(|(captures, sites)| {
        (prop::collection::vec(site(captures), sites), prop::collection::vec(1u32..1000, captures)).prop_map(
            |(sites, spacings)| {
                let mut now = 0.0;
                let times = spacings.iter().map(|spacing| {
                    now += f64::from(*spacing);
                    now
                });
                (sites, times.collect())
            },
        )
    })
}

/// Of noise, of steady growth, or of both.
fn site(captures: usize) -> impl Strategy<Value = History> {
    let objects = prop::sample::select(vec![1.0, 50.0, 1e6]);
    (prop::collection::vec(0u32..60, captures), 0u32..3, 0u32..8, objects).prop_map(
        |(noise, share, slope, objects)| {
            let samples = noise.iter().zip(0u32..).map(|(noise, i)| noise * share + slope * i);
            let bytes: Vec<f64> = samples.map(|k| f64::from(k * RATE as u32)).collect();
            History { objects: vec![objects; bytes.len()], bytes }
        },
    )
}

fn judge(sites: &[History], times: &[f64], rate: u64) -> Vec<Decision> {
    let heap: Vec<f64> = (0..times.len()).map(|t| sites.iter().map(|site| site.bytes[t]).sum()).collect();
    decide(&Run { times, rate, heap: &heap, load: None }, sites, &Options::default())
}

fn scaled(estimate: Estimate, factor: f64) -> Estimate {
    Estimate { value: estimate.value * factor, low: estimate.low * factor, high: estimate.high * factor }
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => any::<f64>(),
        4 => 0.0..1e12,
        1 => prop::sample::select(vec![0.0, -1.0, f64::MAX, f64::MIN, f64::MIN_POSITIVE, f64::NAN, f64::INFINITY]),
    ]
}

fn numbers() -> impl Strategy<Value = Vec<f64>> {
    prop_oneof![prop::collection::vec(any_number(), 0..40), prop::collection::vec(0.0..1e9, 90..220)]
}

proptest! {
    #[test]
    fn no_input_panics_or_gives_what_is_no_number(
        times in numbers(),
        heap in numbers(),
        load in prop::option::of(numbers()),
        sites in prop::collection::vec((numbers(), numbers()), 0..4),
        rate in prop_oneof![0u64..3, any::<u64>()],
        sorted: bool,
    ) {
        let mut times = times;
        if sorted {
            times.sort_by(f64::total_cmp);
        }
        let sites: Vec<History> =
            sites.into_iter().map(|(bytes, objects)| History { bytes, objects }).collect();
        let run = Run { times: &times, rate, heap: &heap, load: load.as_deref() };
        let decisions = decide(&run, &sites, &Options::default());
        prop_assert_eq!(decisions.len(), sites.len());
        for d in decisions {
            for p in [d.p_noise, d.p_trend, d.p] {
                prop_assert!((0.0..=1.0).contains(&p), "{:?}", d);
            }
            for e in [d.slope, d.growth] {
                prop_assert!(e.low <= e.value && e.value <= e.high, "{:?}", d);
            }
            prop_assert!(d.score >= 0.0 && d.score.is_finite(), "{:?}", d);
            prop_assert!(d.since.is_none_or(|since| since < times.len()), "{:?}", d);
        }
    }

    #[test]
    fn the_order_of_sites_makes_no_difference((sites, times) in series()) {
        let mut others = sites.clone();
        others.reverse();
        let mut decisions = judge(&others, &times, RATE);
        decisions.reverse();
        prop_assert_eq!(decisions, judge(&sites, &times, RATE));
    }

    /// Powers of two change no digit.
    #[test]
    fn units_make_no_difference((sites, times) in series()) {
        let slower: Vec<f64> = times.iter().map(|t| t * 8.0).collect();
        for (a, b) in judge(&sites, &times, RATE).iter().zip(judge(&sites, &slower, RATE)) {
            prop_assert_eq!(&Decision { slope: scaled(b.slope, 8.0), score: b.score * 8.0, ..b }, a);
        }
        let smaller: Vec<History> = sites
            .iter()
            .map(|site| History {
                bytes: site.bytes.iter().map(|b| b / 16.0).collect(),
                objects: site.objects.clone(),
            })
            .collect();
        for (a, b) in judge(&sites, &times, RATE).iter().zip(judge(&smaller, &times, RATE / 16)) {
            let needs = a.needs;
            prop_assert_eq!((a.label, a.since, a.p), (b.label, b.since, b.p));
            prop_assert_eq!(needs.map(|n| n.captures), b.needs.map(|n| n.captures));
            prop_assert_eq!(a.growth, scaled(b.growth, 16.0));
        }
    }

    #[test]
    fn what_grows_shrinks_backwards((sites, times) in series()) {
        let backwards: Vec<History> = sites
            .iter()
            .map(|site| History { bytes: site.bytes.iter().rev().copied().collect(), objects: site.objects.clone() })
            .collect();
        let (first, last) = (times.first().copied().unwrap_or(0.0), times.last().copied().unwrap_or(0.0));
        let turned: Vec<f64> = times.iter().rev().map(|t| first + last - t).collect();
        for (a, b) in judge(&sites, &times, RATE).iter().zip(judge(&backwards, &turned, RATE)) {
            prop_assert!(!(a.is_suspect && b.is_suspect), "{:?} {:?}", a, b);
            prop_assert!((a.growth.value + b.growth.value).abs() <= 1e-6 * a.growth.value.abs());
        }
    }

    #[test]
    fn what_stays_is_never_a_suspect(
        levels in prop::collection::vec(0.0..1e12, 1..20),
        captures in 8usize..200,
        rate in prop_oneof![Just(0u64), Just(1), Just(512), Just(524_288)],
    ) {
        let times: Vec<f64> = (0..captures).map(|i| i as f64 * 0.1).collect();
        let site = |level: &f64| History { bytes: vec![*level; captures], objects: vec![3.0; captures] };
        let sites: Vec<History> = levels.iter().map(site).collect();
        for decision in judge(&sites, &times, rate) {
            prop_assert!(!decision.is_suspect && decision.label == Label::Noise, "{:?}", decision);
        }
    }
}
