use super::*;
use crate::profile::{Amount, Meta, Sample, Values};
use proptest::prelude::*;
use std::sync::Mutex;

/// Names every even lookup `module:lookup`, inlined into `module:fn`; leaves the odd ones unknown.
struct Fake {
    asked: Mutex<Vec<(String, Vec<u64>)>>,
}

fn fake() -> Fake {
    Fake { asked: Mutex::new(Vec::new()) }
}

impl Resolve for Fake {
    fn resolve(&self, module: &Module, lookups: &[u64]) -> Resolution {
        self.asked.lock().unwrap().push((module.path.clone(), lookups.to_vec()));
        let used = format!("/found{}", module.path);
        let mut result = Resolution::unknown(SymbolState::Unverified { used });
        for &lookup in lookups {
            let mut chain = Vec::new();
            if lookup % 2 == 0 {
                for (name, line) in
                    [(format!("{}:{lookup}", module.path), 7), (format!("{}:fn", module.path), 9)]
                {
                    let function = result.function(&name, &name, Some("a.c"));
                    let column = 1;
                    chain.push(Place { function, line, column });
                }
            }
            result.places.push(chain);
        }
        result
    }
}

fn profile(modules: &[&str], stacks: &[Vec<(usize, u64)>]) -> Profile {
    let mut profile = Profile::new(Meta::default());
    let modules: Vec<ModuleId> = modules.iter().map(|m| profile.add_module(Module::file(*m))).collect();
    for (i, stack) in stacks.iter().enumerate() {
        let frames: Vec<FrameId> =
            stack.iter().map(|&(m, offset)| profile.add_frame(Frame::at(modules[m], offset))).collect();
        let stack = profile.add_stack_from_root(frames);
        let inuse_space = Amount::from_u64(1 << (i % 40));
        let values = Values { inuse_space, ..Values::default() };
        profile.add_sample(Sample { stack, thread: None, values });
    }
    profile
}

fn names(profile: &Profile) -> Vec<String> {
    profile.net_stacks().into_iter().map(|(names, _)| names.join(";")).collect()
}

#[test]
fn a_place_becomes_its_chain_of_functions() {
    let p = profile(&["/a", "/b"], &[vec![(0, 101), (1, 101), (0, 12)], vec![(0, 101)]]);
    let new = symbolize_with(&p, &fake());
    new.check().unwrap();
    assert_eq!(names(&new), ["/a:fn;/a:100", "/a:fn;/a:100;/b:fn;/b:100;a+0xc"]);
    assert_eq!(new.total(), p.total());
    let chain: Vec<Frame> = new.stack_from_leaf(new.samples()[1].stack).map(|(_, f)| new.frame(f)).collect();
    let what: Vec<_> =
        chain.iter().map(|f| (f.inline_depth, f.inlined, f.offset, f.line, f.column)).collect();
    assert_eq!(what, [(0, true, 101, 7, 1), (1, false, 101, 9, 1)]);
    assert_eq!(new.frame_location(new.stack(new.samples()[1].stack.unwrap()).frame).unwrap(), "a.c:7");
}

#[test]
fn only_sampled_places_are_asked_for_once_and_sorted() {
    let mut p = profile(&["/a", "/unused"], &[vec![(0, 9), (0, 5)], vec![(0, 5), (0, 9), (0, 0)]]);
    let lost = p.add_frame(Frame::at(ModuleId(1), 77));
    p.add_stack(None, lost);
    let fake = fake();
    let new = symbolize_with(&p, &fake);
    assert_eq!(*fake.asked.lock().unwrap(), [("/a".to_owned(), vec![4, 8])]);
    assert_eq!(new.modules()[1].symbols, SymbolState::NotLooked);
    let codes: Vec<_> = new.warnings.iter().map(|w| w.code).collect();
    assert_eq!(codes, ["unverified-binary"]);
    assert!(!new.warnings[0].message.contains("unused"));
}

#[test]
fn looking_again_never_loses_what_was_known() {
    struct Nothing;
    impl Resolve for Nothing {
        fn resolve(&self, _: &Module, _: &[u64]) -> Resolution {
            let why = "gone \u{1b}[31m".to_owned();
            Resolution::unknown(SymbolState::Missing { why })
        }
    }
    let p = profile(&["/a"], &[vec![(0, 5), (0, 6)]]);
    let first = symbolize_with(&p, &fake());
    let second = symbolize_with(&first, &Nothing);
    assert_eq!(second.modules(), first.modules());
    assert_eq!(names(&second), names(&first));
    let missing = symbolize_with(&p, &Nothing);
    assert_eq!(names(&missing), ["a+0x5;a+0x6"]);
    assert_eq!(missing.warnings[0].code, "missing-symbols");
    assert!(!missing.warnings[0].message.contains('\u{1b}'));
}

#[test]
fn what_has_no_file_is_quiet() {
    let mut p = profile(&["[vdso]", "", "/nowhere/at/all"], &[vec![(0, 5), (1, 6), (2, 7)]]);
    p.module_mut(ModuleId(0)).kind = ModuleKind::Vdso;
    p.module_mut(ModuleId(1)).kind = ModuleKind::Anonymous;
    let new = symbolize(&p, &Options::default());
    assert!(matches!(new.modules()[0].symbols, SymbolState::Missing { .. }));
    assert_eq!(new.warnings.len(), 1, "{:?}", new.warnings);
    assert!(
        new.warnings[0].message.starts_with("/nowhere/at/all: no symbols for 1 places: no file was found")
    );
}

proptest! {
    #[test]
    fn symbols_change_no_total_and_settle_at_once(
        stacks in prop::collection::vec(prop::collection::vec((0usize..3, 0u64..6), 0..7), 0..12),
    ) {
        let p = profile(&["/a", "/b", "/c"], &stacks);
        let once = symbolize_with(&p, &fake());
        once.check().unwrap();
        prop_assert_eq!(once.total(), p.total());
        prop_assert_eq!(once.samples().len(), p.samples().len());
        let twice = symbolize_with(&once, &fake());
        prop_assert_eq!(twice.net_stacks(), once.net_stacks());
        prop_assert_eq!(&twice.warnings, &once.warnings);
        prop_assert_eq!(twice.modules(), once.modules());
    }
}
