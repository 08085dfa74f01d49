//! What must hold for every profile.

mod generated;

use generated::{dump_text, folded};
use heaplens::Profile;
use heaplens::diff::{diff, sides};
use heaplens::dump::{Dump, Threads};
use heaplens::filter::{self, Regex, ThreadChoice, focus, hide, ignore, show_from};
use heaplens::group::{self, by_function};
use heaplens::input::{self, Limits, parse_folded, parse_pprof};
use heaplens::out;
use heaplens::out::pprof::Packing;
use heaplens::profile::{Amount, Frame, Granularity, Module, ModuleKind, SampleType, SymbolState, Values};
use heaplens::symbols::{Place, Resolution, Resolve, symbolize_with};
use heaplens::view::{Top, Tree};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::collections::BTreeMap;

fn profile() -> impl Strategy<Value = Profile> {
    dump_text().prop_map(|text| Dump::parse(text.as_bytes()).unwrap().to_profile(Threads::Merged))
}

/// Of frames like `a+0x10`, `b.so+0x10` and `[unmapped]+0x9000`: some, all or none.
fn pattern() -> impl Strategy<Value = Regex> {
    let text = prop::sample::select(vec!["^a", r"b\.so\+0x1$", "0x[1-8]$", "unmapped", "", "no such frame"]);
    text.prop_map(|text| filter::pattern(text).unwrap())
}

fn granularity() -> impl Strategy<Value = Granularity> {
    use Granularity::{Address, Crate, File, Function, Line, Module};
    prop::sample::select(vec![Address, Line, Function, File, Crate, Module])
}

fn by_threads() -> impl Strategy<Value = Profile> {
    dump_text().prop_map(|text| Dump::parse(text.as_bytes()).unwrap().to_profile(Threads::Separate))
}

fn sum(mut a: Profile, b: &Profile) -> Profile {
    a.absorb(b);
    a
}

fn dump(text: &str, threads: Threads) -> Profile {
    Dump::parse(text.as_bytes()).unwrap().to_profile(threads)
}

/// Names for one of the two modules, functions inlined into others among them.
struct Names;

impl Resolve for Names {
    fn resolve(&self, module: &Module, lookups: &[u64]) -> Resolution {
        let mut result = Resolution::unknown(SymbolState::Unverified { used: module.path.clone() });
        let mut place = |name: String, file: Option<&str>, line: u64| {
            let function = result.function(&name, &format!("_Z{name}"), file);
            Place { function, line: line as u32, column: (line % 3) as u32 }
        };
        let chain = |lookup: &u64| match lookup % 4 {
            0 => Vec::new(),
            depth => (0..depth).map(|i| place(format!("f{i}"), (i > 0).then_some("a.rs"), *lookup)).collect(),
        };
        let named = module.kind == ModuleKind::File && module.is_main;
        result.places = if named { lookups.iter().map(chain).collect() } else { Vec::new() };
        result
    }
}

fn pprof(profile: &Profile) -> Vec<u8> {
    let mut bytes = Vec::new();
    out::pprof::write(profile, Packing::Plain, &mut bytes).unwrap();
    bytes
}

fn from_pprof(bytes: &[u8]) -> Profile {
    let mut limits = Limits::default();
    limits.threads = Threads::Separate;
    let profile = parse_pprof(bytes, &limits).unwrap();
    profile.check().unwrap();
    profile
}

/// A frame by what it means: module, place and name.
fn meaning(profile: &Profile, frame: Frame) -> String {
    let module = frame.module.map(|id| profile.module(id));
    // Memory of which nothing more is known than that it is in no file.
    let module = module.map(|m| if m.kind == ModuleKind::Anonymous { "[unmapped]" } else { &m.path });
    let function = frame.function.map(|id| {
        let function = profile.function(id);
        let texts = [function.name, function.system_name].map(|id| profile.string(id));
        (texts, function.file.map(|id| profile.string(id)))
    });
    let inlining = (frame.inline_depth, frame.inlined, frame.line, frame.column);
    format!("{module:?} {:#x} {function:?} {inlining:?}", frame.offset)
}

/// A stack's frames, its thread's number and name, and whether it is of a difference's base.
type Key = (Vec<String>, Option<(u64, Option<String>)>, bool);

/// Whole values of each stack, thread and side of a difference, as a file can hold them.
fn whole_values(profile: &Profile) -> BTreeMap<Key, Vec<i128>> {
    let mut sums: BTreeMap<_, Values> = BTreeMap::new();
    for sample in profile.samples() {
        let frames = profile.stack_from_leaf(sample.stack).map(|(_, id)| meaning(profile, profile.frame(id)));
        let thread = sample.thread.map(|id| &profile.threads()[id.index()]);
        let thread = thread.map(|thread| (thread.uid, thread.name.clone()));
        let negative = SampleType::ALL.iter().any(|&t| sample.values.get(t).is_negative());
        *sums.entry((frames.collect::<Vec<_>>(), thread, negative)).or_default() += sample.values;
    }
    let whole = |values: Values| {
        let types = SampleType::ALL.into_iter().filter(|t| profile.meta.has(*t));
        types.map(|t| values.get(t).round().clamp(i64::MIN.into(), i64::MAX.into())).collect::<Vec<_>>()
    };
    let sums = sums.into_iter().map(|(key, values)| (key, whole(values)));
    sums.filter(|(_, values)| values.iter().any(|&v| v != 0)).collect()
}

/// Start, end and offset of a module's parts.
type Parts = Vec<(u64, u64, u64)>;

/// The sampled files by path: build-id and where they were mapped.
fn modules(profile: &Profile) -> BTreeMap<String, (Option<String>, Parts)> {
    let ids = profile.sampled_frames().into_iter().filter_map(|id| profile.frame(id).module);
    let files = ids.map(|id| profile.module(id)).filter(|m| m.kind == ModuleKind::File);
    let mapped = |m: &Module| m.mapped.iter().map(|m| (m.start, m.limit, m.offset)).collect();
    files.map(|m| (m.path.clone(), (m.build_id.clone(), mapped(m)))).collect()
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
    fn the_sides_of_a_difference_are_what_it_was_made_of(base in profile(), new in profile()) {
        let (before, after) = sides(&diff(&base, &new));
        for (side, whole) in [(before, base), (after, new)] {
            side.check().unwrap();
            prop_assert_eq!(side.net_stacks(), whole.net_stacks());
            prop_assert!(!side.meta.is_diff);
        }
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
    fn a_dump_comes_back_from_pprof(text in dump_text()) {
        for threads in [Threads::Merged, Threads::Separate] {
            let plain = dump(&text, threads);
            for p in [symbolize_with(&plain, &Names), plain] {
                let back = from_pprof(&pprof(&p));
                prop_assert_eq!(whole_values(&back), whole_values(&p));
                prop_assert_eq!(modules(&back), modules(&p));
                let flags = |p: &Profile| (p.meta.has_alloc, p.meta.has_objects, p.meta.is_diff);
                prop_assert_eq!(flags(&back), flags(&p));
                prop_assert_eq!(back.meta.rate, p.meta.rate.map(|rate| rate.min(i64::MAX as u64)));
            }
        }
    }

    #[test]
    fn what_was_read_from_pprof_is_written_as_it_was(a in dump_text(), b in dump_text(), c in folded()) {
        for threads in [Threads::Merged, Threads::Separate] {
            let (a, b) = (dump(&a, threads), dump(&b, threads));
            let difference = diff(&a, &symbolize_with(&b, &Names));
            for p in [symbolize_with(&a, &Names), a, difference, sum(b, &c), c.clone()] {
                let bytes = pprof(&p);
                prop_assert_eq!(&pprof(&p), &bytes);
                prop_assert!(pprof(&from_pprof(&bytes)) == bytes, "{}", String::from_utf8_lossy(&bytes));
            }
        }
    }

    #[test]
    fn a_difference_comes_back_from_pprof(a in dump_text(), b in dump_text()) {
        let p = diff(&dump(&a, Threads::Separate), &dump(&b, Threads::Separate));
        let back = from_pprof(&pprof(&p));
        prop_assert!(back.meta.is_diff);
        prop_assert_eq!(whole_values(&back), whole_values(&p));
    }

    #[test]
    fn folded_stacks_come_back_from_pprof(p in folded(), base in folded()) {
        for p in [p.clone(), diff(&base, &p)] {
            let back = from_pprof(&pprof(&p));
            prop_assert_eq!(back.net_stacks(), p.net_stacks());
            prop_assert_eq!(back.meta.is_diff, p.meta.is_diff);
        }
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

    #[test]
    fn focus_and_ignore_make_the_whole(base in profile(), new in profile(), pattern in pattern()) {
        for p in [new.clone(), diff(&base, &new)] {
            let (with, without) = (focus(&p, &pattern), ignore(&p, &pattern));
            prop_assert_eq!(sum(with.clone(), &without).net_stacks(), p.net_stacks());
            prop_assert_eq!(focus(&with, &pattern).net_stacks(), with.net_stacks());
            prop_assert!(focus(&without, &pattern).samples().is_empty());
            // What is shown from a match on is what has one.
            let from = show_from(&p, &pattern);
            prop_assert_eq!(from.total(), with.total());
            prop_assert_eq!(show_from(&from, &pattern).net_stacks(), from.net_stacks());
        }
    }

    #[test]
    fn hiding_and_grouping_keep_every_sample(
        base in by_threads(), new in by_threads(), pattern in pattern(), granularity in granularity(),
    ) {
        for p in [new.clone(), diff(&base, &new)] {
            let hidden = hide(&p, &pattern);
            let grouped = group::by(&p, granularity);
            let roots = group::by_thread(&p);
            for q in [&hidden, &grouped, &roots] {
                q.check().unwrap();
                let of = |p: &Profile| p.samples().iter().map(|s| (s.thread, s.values)).collect::<Vec<_>>();
                prop_assert_eq!(of(q), of(&p));
            }
            prop_assert!(!filter::matches(&hidden, &pattern));
            prop_assert_eq!(group::by(&grouped, granularity).net_stacks(), grouped.net_stacks());
        }
    }

    #[test]
    fn threads_make_the_whole(p in by_threads()) {
        let mut whole: Vec<_> = p.samples().iter().filter(|s| s.thread.is_none()).map(|s| s.values).collect();
        for thread in p.threads() {
            let one = filter::thread(&p, &ThreadChoice::Uid(thread.uid));
            prop_assert!(one.samples().iter().all(|s| p.threads()[s.thread.unwrap().index()].uid == thread.uid));
            whole.push(one.total());
        }
        prop_assert_eq!(whole.into_iter().sum::<heaplens::profile::Values>(), p.total());
    }

    #[test]
    fn threads_of_stacks_without_any_are_their_sum(text in dump_text()) {
        // The same dump by a writer that knows no threads.
        let text: String = text.lines().filter(|line| !line.starts_with("  t1")).map(|line| format!("{line}\n")).collect();
        let read = |threads| Dump::parse(text.as_bytes()).unwrap().to_profile(threads);
        prop_assert_eq!(read(Threads::Separate).net_stacks(), read(Threads::Merged).net_stacks());
    }
}

/// Names that need every escape, one function inlined into another.
struct HostileNames;

impl Resolve for HostileNames {
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

proptest! {
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
            for p in [one.clone(), symbolize_with(&one, &HostileNames), sum(one, &other), folded.clone()] {
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
}
