//! What must hold for every profile.

mod generated;

use generated::{dump_text, folded};
use heaplens::Profile;
use heaplens::diff::diff;
use heaplens::dump::{Dump, Threads};
use heaplens::group::by_function;
use heaplens::input::{self, Limits, parse_folded};
use heaplens::out;
use heaplens::profile::{Amount, Module, SampleType, SymbolState};
use heaplens::symbols::{Place, Resolution, Resolve, symbolize_with};
use heaplens::view::{Top, Tree};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::collections::BTreeMap;

fn profile() -> impl Strategy<Value = Profile> {
    dump_text().prop_map(|text| Dump::parse(text.as_bytes()).unwrap().to_profile(Threads::Merged))
}

fn sum(mut a: Profile, b: &Profile) -> Profile {
    a.absorb(b);
    a
}

/// Names that need every escape, one function inlined into another.
struct Names;

impl Resolve for Names {
    fn resolve(&self, _: &Module, lookups: &[u64]) -> Resolution {
        let mut result = Resolution::unknown(SymbolState::Verified { used: "/bin/a".to_owned() });
        let hostile = ["f", "A::operator--()", "-", " a b ", "x\ny", "0x12", "??", "\\x2d", "--"];
        let mut place = |n: u64| {
            let name = hostile[(n % hostile.len() as u64) as usize];
            Place { function: result.function(name, name, None), line: 0, column: 0 }
        };
        let places = lookups.iter().map(|&n| match n % 3 {
            0 => vec![],
            1 => vec![place(n)],
            _ => vec![place(n / 3), place(n)],
        });
        let places = places.collect();
        result.places = places;
        result
    }
}

/// The four values of each stack in whole numbers, and how many samples they are the sum of.
fn whole_stacks(p: &Profile) -> BTreeMap<Vec<String>, ([i128; 4], i128)> {
    let mut counts: BTreeMap<Vec<String>, i128> = BTreeMap::new();
    for sample in p.samples() {
        let names = p.stack_from_leaf(sample.stack).map(|(_, f)| p.frame_name(f).into_owned());
        let names: Vec<String> = names.collect::<Vec<_>>().into_iter().rev().collect();
        *counts.entry(names).or_default() += 1;
    }
    let stacks = p.net_stacks().into_iter();
    stacks
        .map(|(names, values)| {
            let samples = counts[&names];
            (names, (SampleType::ALL.map(|t| values.get(t).round()), samples))
        })
        .collect()
}

#[test]
fn cases_are_the_same_each_time() {
    let seed = ProptestConfig::default().rng_seed;
    assert_ne!(
        seed,
        RngSeed::Random,
        "cargo sets PROPTEST_RNG_SEED by .cargo/config.toml; set it yourself elsewhere"
    );
}

proptest! {
    #[test]
    fn print_undoes_parse(text in dump_text()) {
        prop_assert_eq!(Dump::parse(text.as_bytes()).unwrap().to_bytes(), text.as_bytes());
    }

    #[test]
    fn print_undoes_parse_whatever_was_done_to_the_text(
        text in dump_text(), edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..4)
    ) {
        let mut bytes = text.into_bytes();
        for (at, byte, what) in edits {
            let at = at.index(bytes.len());
            match what {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => bytes.truncate(at + 1),
            }
        }
        if let Ok(dump) = Dump::parse(&bytes) {
            prop_assert_eq!(dump.to_bytes(), bytes);
            prop_assert_eq!(dump.to_profile(Threads::Separate).check(), Ok(()));
        }
    }

    #[test]
    fn a_profile_does_not_differ_from_itself(p in profile()) {
        let d = diff(&p, &p);
        d.check().unwrap();
        prop_assert_eq!(d.net_stacks(), vec![]);
        prop_assert!(Tree::new(&d, SampleType::InuseSpace).root().width().is_zero());
    }

    #[test]
    fn base_and_difference_make_the_new(base in profile(), new in profile()) {
        let back = sum(base.clone(), &diff(&base, &new));
        prop_assert_eq!(back.net_stacks(), new.net_stacks());
        let back = sum(by_function(&base), &by_function(&diff(&base, &new)));
        prop_assert_eq!(back.net_stacks(), by_function(&new).net_stacks());
    }

    #[test]
    fn merging_is_associative_and_commutative(a in profile(), b in profile(), c in profile()) {
        let left = sum(sum(a.clone(), &b), &c);
        let right = sum(a.clone(), &sum(b.clone(), &c));
        prop_assert_eq!(left.net_stacks(), right.net_stacks());
        prop_assert_eq!(sum(a.clone(), &b).net_stacks(), sum(b, &a).net_stacks());
    }

    #[test]
    fn self_values_sum_to_the_total(base in profile(), new in profile()) {
        for p in [new.clone(), diff(&base, &new)] {
            for t in SampleType::ALL {
                let total = p.total().get(t);
                let tree = Tree::new(&p, t);
                prop_assert_eq!(tree.root().net(), total);
                prop_assert_eq!(tree.nodes.iter().map(|n| n.self_net()).sum::<Amount>(), total);
                let top = Top::new(&p, t);
                prop_assert_eq!(top.rows.iter().map(|r| r.flat.net()).sum::<Amount>()
                    + p.samples().iter().filter(|s| s.stack.is_none()).map(|s| s.values.get(t)).sum::<Amount>(), total);
                prop_assert_eq!(tree.root().grown() - tree.root().shrunk(), total);
            }
        }
    }

    #[test]
    fn a_tree_is_well_formed(base in profile(), new in profile()) {
        let tree = Tree::new(&diff(&base, &new), SampleType::InuseSpace);
        prop_assert_eq!(tree.root().end, tree.nodes.len());
        for (i, node) in tree.nodes.iter().enumerate() {
            let children: Vec<usize> = tree.children(i).collect();
            let below: Amount = children.iter().map(|&c| tree.nodes[c].width()).sum();
            prop_assert_eq!(node.width(), below + node.self_net().abs());
            prop_assert!(children.iter().all(|&c| tree.nodes[c].parent == i && tree.nodes[c].depth == node.depth + 1));
        }
    }

    #[test]
    fn symbolized_files_come_back(text in dump_text(), other in dump_text(), folded in folded()) {
        let limits = |threads| {
            let mut limits = Limits::default();
            limits.threads = threads;
            limits
        };
        for threads in [Threads::Merged, Threads::Separate] {
            let one = Dump::parse(text.as_bytes()).unwrap().to_profile(threads);
            let other = Dump::parse(other.as_bytes()).unwrap().to_profile(threads);
            for p in [one.clone(), symbolize_with(&one, &Names), sum(one, &other), folded.clone()] {
                let mut bytes = Vec::new();
                out::symbolized::write(&p, &mut bytes).unwrap();
                let text = String::from_utf8_lossy(&bytes);
                let back = input::read(&bytes, &limits(threads)).unwrap();
                prop_assert_eq!(back.check(), Ok(()));
                // What is nothing in whole numbers is left out, and each sample is rounded on its own.
                let (mut left, found) = (whole_stacks(&back), whole_stacks(&p));
                for (stack, (values, samples)) in found {
                    let back = left.remove(&stack).unwrap_or_default().0;
                    for (ours, theirs) in values.into_iter().zip(back) {
                        let largest = 1i128 << 64;
                        let near = (ours - theirs).abs() <= samples || (ours.max(theirs) >= largest - samples);
                        prop_assert!(near, "{:?}: {} and {} in {}", stack, ours, theirs, text);
                    }
                }
                prop_assert!(left.is_empty(), "{:?} in {}", left, text);
                let owners = |p: &Profile| {
                    let uids = p.samples().iter().filter_map(|s| Some(p.threads()[s.thread?.index()].clone()));
                    uids.map(|thread| (thread.uid, thread.name)).collect::<BTreeMap<_, _>>()
                };
                let (ours, theirs) = (owners(&p), owners(&back));
                prop_assert!(theirs.iter().all(|(uid, name)| ours.get(uid) == Some(name)), "{:?}", theirs);
                let mut again = Vec::new();
                out::symbolized::write(&p, &mut again).unwrap();
                prop_assert_eq!(again, bytes);
            }
        }
    }

    #[test]
    fn the_numbers_of_a_dump_come_back_to_the_last_digit(
        lg_rate in 1u32..30,
        stacks in proptest::collection::vec((0x1000u64..0x1010, 0u64..100_000, 0u64..1 << 44), 0..12),
    ) {
        let lines = |line: &dyn Fn(&(u64, u64, u64)) -> String| stacks.iter().map(line).collect::<String>();
        let head = format!("heap_v2/{}\n  t*: 1: 1 [0: 0]\n", 1u64 << lg_rate);
        let text = head.clone() + &lines(&|(at, n, s)| format!("@ {at:#x}\n  t*: {n}: {s} [{}: {}]\n", 2 * n, 3 * s));
        let p = Dump::parse(text.as_bytes()).unwrap().to_profile(Threads::Merged);
        let mut bytes = Vec::new();
        out::symbolized::write(&p, &mut bytes).unwrap();
        let back = input::read(&bytes, &Limits::default()).unwrap();
        prop_assert_eq!(back.meta.rate, p.meta.rate);
        prop_assert_eq!(back.net_stacks(), p.net_stacks());
        let written = String::from_utf8_lossy(&bytes);
        let numbers = lines(&|(_, n, s)| if (*n, *s) == (0, 0) { String::new() } else { format!("  t*: {n}: {s} [{}: {}]\n", 2 * n, 3 * s) });
        let found = written.lines().skip_while(|l| !l.starts_with('@')).filter(|l| l.starts_with("  t"));
        prop_assert_eq!(found.map(|l| format!("{l}\n")).collect::<String>(), numbers);
    }

    #[test]
    fn folded_stacks_come_back(p in folded(), base in folded()) {
        for p in [p.clone(), diff(&base, &p)] {
            let mut text = Vec::new();
            out::folded::write(&p, SampleType::InuseSpace, &mut text).unwrap();
            let back = parse_folded(&text).unwrap();
            prop_assert_eq!(back.net_stacks(), p.net_stacks(), "{}", String::from_utf8_lossy(&text));
            let mut again = Vec::new();
            out::folded::write(&back, SampleType::InuseSpace, &mut again).unwrap();
            prop_assert_eq!(again, text);
        }
    }
}
