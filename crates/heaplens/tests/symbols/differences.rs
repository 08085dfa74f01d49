//! In what two answers differ, and whether ours is the better one.
//!
//! Each kind that is accepted is shown on a small program by a fixture; see [`Kind::fixture`].

use crate::chains::{Chain, Step};
use libtest_mimic::Failed;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A difference that was judged: ours is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// No debugging entry has the function, the symbol table does: assembler, files without debug information, units
    /// that cannot be read.
    SymbolOnly,
    /// Debug information has a part of the name, the symbol table all of it. Pieces of functions (`.cold`), and
    /// copies for some callers (`.isra.0`), are told apart by it too.
    SymbolCompletes,
    /// The judge names the place by a symbol that ends before, with its section or by its size.
    SymbolBefore,
    /// Several symbols share the place, and the judge takes another of them. Debug information tells whose line it is.
    OtherAlias,
    /// The judge gives the name of an object file from the symbol table as the source. That tells no place.
    FileOfSymbol,
    /// Line 0 says that no line is meant. A column of it means nothing.
    ColumnOfNoLine,
    /// The judge takes the symbol's name for the outermost function: that of a piece or a copy of it (`.cold`,
    /// `.isra.0`). Debug information tells which function that is.
    PieceOfFunction,
    /// LLVM 14 takes 0 for the base of the ranges in a split unit, though its skeleton names another: it misses what was
    /// inlined there and lies in several ranges.
    BaseOfSplitUnit,
}

/// What files say of an address beside debugging entries.
pub(crate) struct Evidence<'a> {
    /// The names that symbol tables have for it.
    pub(crate) symbols: &'a dyn Fn(u64) -> Vec<String>,
    /// Whether it is of a split unit with a base of its own.
    pub(crate) split_base: &'a dyn Fn(u64) -> bool,
}

impl Kind {
    pub(crate) const ALL: [Kind; 8] = [
        Kind::SymbolOnly,
        Kind::SymbolCompletes,
        Kind::SymbolBefore,
        Kind::OtherAlias,
        Kind::FileOfSymbol,
        Kind::ColumnOfNoLine,
        Kind::PieceOfFunction,
        Kind::BaseOfSplitUnit,
    ];

    /// True for what llvm-symbolizer does otherwise, false for the `addr2line` crate.
    pub(crate) fn is_of_llvm(self) -> bool {
        matches!(
            self,
            Kind::SymbolBefore
                | Kind::OtherAlias
                | Kind::FileOfSymbol
                | Kind::ColumnOfNoLine
                | Kind::PieceOfFunction
                | Kind::BaseOfSplitUnit
        )
    }

    /// Where the difference is seen in small.
    pub(crate) fn fixture(self) -> &'static str {
        match self {
            Kind::SymbolOnly => "assembler",
            Kind::SymbolCompletes => "cpp-gcc-dwarf5",
            Kind::SymbolBefore => "pe",
            Kind::OtherAlias => "icf",
            Kind::FileOfSymbol => "symtab-only",
            Kind::ColumnOfNoLine => "c-clang-dwarf5",
            Kind::PieceOfFunction => "cold-gcc",
            Kind::BaseOfSplitUnit => "dwp-gcc4",
        }
    }
}

/// Answers that differ, by what was found of them.
#[derive(Default)]
pub(crate) struct Differences {
    pub(crate) judged: BTreeMap<Kind, usize>,
    /// Those that nothing excuses: how many addresses have them, and the first of these.
    pub(crate) open: BTreeMap<(Chain, Chain), (usize, u64)>,
}

/// Compares answers to the same addresses.
pub(crate) fn compare(
    addresses: &[u64],
    ours: &[Chain],
    theirs: &[Chain],
    evidence: &Evidence<'_>,
) -> Differences {
    let mut found = Differences::default();
    for ((&address, ours), theirs) in addresses.iter().zip(ours).zip(theirs) {
        if ours == theirs {
            continue;
        }
        let judged = kind(ours, theirs, &|| (evidence.symbols)(address));
        let based = || (evidence.split_base)(address) && misses_inlined(ours, theirs);
        match judged.or_else(|| based().then_some(Kind::BaseOfSplitUnit)) {
            Some(kind) => *found.judged.entry(kind).or_default() += 1,
            None => found.open.entry((ours.clone(), theirs.clone())).or_insert((0, address)).0 += 1,
        }
    }
    found
}

fn kind(ours: &Chain, theirs: &Chain, symbols: &dyn Fn() -> Vec<String>) -> Option<Kind> {
    if theirs.0.iter().any(|step| step.line == 0 && step.column != 0) {
        let mut without = theirs.clone();
        without.0.iter_mut().filter(|step| step.line == 0).for_each(|step| step.column = 0);
        return if *ours == without { Some(Kind::ColumnOfNoLine) } else { kind(ours, &without, symbols) };
    }
    match (ours.0.split_last(), theirs.0.split_last()) {
        (None, Some((theirs, []))) => without_ours(theirs, &symbols()),
        (Some((ours, [])), None) if ours.file.is_empty() => {
            symbols().contains(&ours.name).then_some(Kind::SymbolOnly)
        }
        (Some((ours, inner)), Some((theirs, their_inner))) if inner == their_inner => {
            outermost(ours, theirs, &symbols(), inner.is_empty())
        }
        _ => None,
    }
}

/// True if the judge's answer is ours but for inlined functions that it does not have: the innermost place stands in the
/// function around them.
fn misses_inlined(ours: &Chain, theirs: &Chain) -> bool {
    let (Some(place), Some(missed)) = (ours.0.first(), ours.0.len().checked_sub(theirs.0.len())) else {
        return false;
    };
    let mut expected = ours.0[missed..].to_vec();
    let Some(first) = expected.first_mut().filter(|_| missed > 0) else { return false };
    (first.file, first.line, first.column) = (place.file.clone(), place.line, place.column);
    expected == theirs.0
}

/// The judge has an answer, and we have none.
fn without_ours(theirs: &Step, symbols: &[String]) -> Option<Kind> {
    match (symbols, theirs.name.as_str(), theirs.line) {
        ([], _, 0) => Some(Kind::SymbolBefore),
        _ => None,
    }
}

/// Answers that agree in what was inlined.
fn outermost(ours: &Step, theirs: &Step, symbols: &[String], alone: bool) -> Option<Kind> {
    let is_symbol = |name: &str| symbols.iter().any(|symbol| symbol == name);
    let is_piece =
        |whole: &str, piece: &str| piece.strip_prefix(whole).is_some_and(|rest| rest.starts_with('.'));
    if alone && ours.file.is_empty() && (theirs.line, theirs.column) == (0, 0) && ours.name == theirs.name {
        return Some(Kind::FileOfSymbol);
    }
    if (&ours.file, ours.line, ours.column) != (&theirs.file, theirs.line, theirs.column) {
        return None;
    }
    let last_part = theirs.name.split(['<', '{']).next().unwrap_or_default();
    match (is_symbol(&ours.name), is_symbol(&theirs.name)) {
        (true, false) if theirs.name.is_empty() => Some(Kind::SymbolOnly),
        (true, false) if ours.name.contains(last_part) => Some(Kind::SymbolCompletes),
        (_, true) if is_piece(&ours.name, &theirs.name) => Some(Kind::PieceOfFunction),
        // LLVM tells apart functions of one name by a suffix that debug information does not have.
        (own, true) if own || symbols.iter().any(|symbol| is_piece(&ours.name, symbol)) => {
            Some(Kind::OtherAlias)
        }
        _ => None,
    }
}

impl Differences {
    /// All of them in words; what is open in full, up to a limit.
    pub(crate) fn report(&self) -> String {
        let mut text = String::new();
        for (kind, count) in &self.judged {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{count} {kind:?} (as in the fixture {})", kind.fixture());
        }
        let open: usize = self.open.values().map(|(count, _)| count).sum();
        let _ = writeln!(text, "{open} open");
        for ((ours, theirs), (count, address)) in self.open.iter().take(20) {
            let at = ours.0.iter().zip(&theirs.0).take_while(|(ours, theirs)| ours == theirs).count();
            let rest = |chain: &Chain| Chain(chain.0[at..].to_vec());
            let (ours, theirs) = (rest(ours), rest(theirs));
            let _ =
                writeln!(text, "{count} from {address:x} at depth {at}\n  ours   {ours}\n  theirs {theirs}");
        }
        text
    }
}

/// What must not be accepted is not: the judge of the judge.
pub(crate) fn strict() -> Result<(), Failed> {
    let step = |name: &str, file: &str, line, column| {
        let (name, file) = (name.to_owned(), file.to_owned());
        Step { name, file, line, column }
    };
    let chain = |steps: &[Step]| Chain(steps.to_vec());
    let (inner, outer) = (step("inner", "a.c", 3, 4), step("outer", "a.c", 7, 8));
    let right = chain(&[inner.clone(), outer.clone()]);
    let symbols = |_: u64| vec!["outer".to_owned(), "_Z5innerv".to_owned()];
    let evidence = Evidence { symbols: &symbols, split_base: &|_| false };
    for (what, wrong) in [
        ("an inlined function that is missing", chain(&[step("outer", "a.c", 3, 4)])),
        ("one that is too many", chain(&[inner.clone(), inner.clone(), outer.clone()])),
        ("another line", chain(&[step("inner", "a.c", 4, 4), outer.clone()])),
        ("another column", chain(&[step("inner", "a.c", 3, 5), outer.clone()])),
        ("another file", chain(&[step("inner", "b.c", 3, 4), outer.clone()])),
        ("another line of the call", chain(&[inner.clone(), step("outer", "a.c", 6, 8)])),
        ("another inlined function", chain(&[step("_Z5innerv", "a.c", 3, 4), outer.clone()])),
        ("another function", chain(&[inner.clone(), step("main", "a.c", 7, 8)])),
        ("no answer", Chain::default()),
        ("no line", chain(&[step("outer", "", 0, 0)])),
    ] {
        let found = compare(&[1], &[wrong], std::slice::from_ref(&right), &evidence);
        assert_eq!(found.open.len(), 1, "{what} is accepted: {}", found.report());
    }
    let in_split_unit = Evidence { split_base: &|_| true, ..evidence };
    for (wrong, open) in
        [(step("outer", "a.c", 3, 4), 0), (step("outer", "a.c", 7, 8), 1), (step("another", "a.c", 3, 4), 1)]
    {
        let found = compare(&[1], std::slice::from_ref(&right), &[chain(&[wrong])], &in_split_unit);
        assert_eq!(found.open.len(), open, "{}", found.report());
    }
    Ok(())
}
