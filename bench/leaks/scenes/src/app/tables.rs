//! What the service reads at its start and only looks up afterwards.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use crate::random::Random;

#[allow(dead_code)]
pub(super) struct Tables {
    translations: HashMap<String, HashMap<u32, String>>,
    templates: Vec<Arc<str>>,
    prices: BTreeMap<u64, Vec<(u32, f64)>>,
    rights: HashSet<(u32, u32)>,
    zones: Vec<Vec<i64>>,
    redirects: HashMap<Box<str>, Box<str>>,
    synonyms: BTreeSet<String>,
    icons: Vec<Box<[u8]>>,
    neighbours: Vec<VecDeque<u32>>,
    postcodes: Vec<u32>,
    distances: Box<[f32]>,
    rules: Vec<Rule>,
}

#[allow(dead_code)]
struct Rule {
    when: Vec<Box<dyn Fn(f64) -> bool + Send + Sync>>,
    then: String,
}

impl Tables {
    pub(super) fn read(random: &mut Random) -> Self {
        Self {
            translations: translations(random),
            templates: templates(random),
            prices: prices(random),
            rights: (0..40_000).map(|n| (n % 900, random.below(5000) as u32)).collect(),
            zones: (0..400).map(|_| vec![0; random.between(100, 900)]).collect(),
            redirects: redirects(random),
            synonyms: (0..12_000).map(|n| format!("{}{n}", "s".repeat(random.between(8, 90)))).collect(),
            icons: (0..500).map(|_| vec![0; random.between(500, 6000)].into_boxed_slice()).collect(),
            neighbours: neighbours(random),
            postcodes: (0..random.between(200_000, 400_000) as u32).filter(|n| n % 3 > 0).collect(),
            distances: vec![0.0; random.between(400_000, 600_000)].into(),
            rules: (0..3000).map(|n| rule(n, random)).collect(),
        }
    }
}

fn translations(random: &mut Random) -> HashMap<String, HashMap<u32, String>> {
    let mut text = |n| (n, "t".repeat(random.between(20, 200)));
    ["de", "fr", "it", "nl", "pl"]
        .into_iter()
        .map(|name| (name.to_owned(), (0..4000).map(&mut text).collect()))
        .collect()
}

fn templates(random: &mut Random) -> Vec<Arc<str>> {
    let draw = |n| Rc::<str>::from(format!("<template {n}>{}", "e".repeat(random.between(1000, 9000))));
    let drawn: Vec<_> = (0..300).map(draw).collect();
    drawn.iter().map(|text| Arc::from(&**text)).collect()
}

fn prices(random: &mut Random) -> BTreeMap<u64, Vec<(u32, f64)>> {
    let mut prices = BTreeMap::<u64, Vec<_>>::new();
    for n in 0..60_000 {
        prices.entry(random.next() % 9000).or_default().push((n, random.share()));
    }
    prices
}

fn redirects(random: &mut Random) -> HashMap<Box<str>, Box<str>> {
    let path = |n: usize| format!("/{}/{n}", "p".repeat(n % 70));
    (0..14_000).map(|n| (path(n).into(), path(random.below(999)).into())).collect()
}

fn neighbours(random: &mut Random) -> Vec<VecDeque<u32>> {
    let mut all = vec![VecDeque::new(); 4000];
    for n in 0..120_000 {
        all[random.below(4000)].push_back(n);
    }
    all
}

fn rule(n: usize, random: &mut Random) -> Rule {
    let limit = random.share();
    let mut rule = Rule { when: Vec::new(), then: format!("{n:>0$}", 40 + n % 200) };
    rule.when.push(Box::new(move |value| value > limit));
    if n.is_multiple_of(2) {
        let others = vec![limit; random.between(20, 90)];
        rule.when.push(Box::new(move |value| others.iter().all(|&other| other < value)));
    }
    rule
}
