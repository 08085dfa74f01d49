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
    /// The judge has a line for a place that lies in no function: padding behind it. That is no frame.
    NoFunction,
    /// No debugging entry has the function, the symbol table does: assembler, files without debug information, units
    /// that cannot be read.
    SymbolOnly,
    /// What was inlined has no name, since that stands in a file that is not there. A place without a name is no frame.
    NamelessInlined,
    /// Debug information has a part of the name, the symbol table all of it. Pieces of functions (`.cold`), and
    /// copies for some callers (`.isra.0`), are told apart by it too.
    SymbolCompletes,
    /// Several symbols share the place, and the judge takes another of them. Debug information tells whose line it is.
    OtherAlias,
    /// The judge gives the name of an object file from the symbol table as the source. That tells no place.
    FileOfSymbol,
    /// Line 0 says that no line is meant. A column of it means nothing.
    ColumnOfNoLine,
    /// The judge takes the symbol's name for the outermost function: that of a piece or a copy of it (`.cold`,
    /// `.isra.0`). Debug information tells which function that is.
    PieceOfFunction,
}

impl Kind {
    pub(crate) const ALL: [Kind; 8] = [
        Kind::NoFunction,
        Kind::SymbolOnly,
        Kind::NamelessInlined,
        Kind::SymbolCompletes,
        Kind::OtherAlias,
        Kind::FileOfSymbol,
        Kind::ColumnOfNoLine,
        Kind::PieceOfFunction,
    ];

    /// True for what llvm-symbolizer does otherwise, false for the `addr2line` crate.
    pub(crate) fn is_of_llvm(self) -> bool {
        matches!(self, Kind::OtherAlias | Kind::FileOfSymbol | Kind::ColumnOfNoLine | Kind::PieceOfFunction)
    }

    /// Where the difference is seen in small.
    pub(crate) fn fixture(self) -> &'static str {
        match self {
            Kind::NoFunction => "c-gcc-dwarf5",
            Kind::SymbolOnly => "assembler",
            Kind::NamelessInlined => "dwz-absent",
            Kind::SymbolCompletes => "cpp-gcc-dwarf5",
            Kind::OtherAlias => "icf",
            Kind::FileOfSymbol => "symtab-only",
            Kind::ColumnOfNoLine => "c-clang-dwarf5",
            Kind::PieceOfFunction => "cold-gcc",
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

/// Compares answers to the same addresses. `symbols` tells the names in the symbol tables at an address.
pub(crate) fn compare(
    addresses: &[u64],
    ours: &[Chain],
    theirs: &[Chain],
    symbols: &impl Fn(u64) -> Vec<String>,
) -> Differences {
    let mut found = Differences::default();
    for ((&address, ours), theirs) in addresses.iter().zip(ours).zip(theirs) {
        if ours == theirs {
            continue;
        }
        match kind(ours, theirs, &|| symbols(address)) {
            Some(kind) => *found.judged.entry(kind).or_default() += 1,
            None => found.open.entry((ours.clone(), theirs.clone())).or_insert((0, address)).0 += 1,
        }
    }
    found
}

fn kind(ours: &Chain, theirs: &Chain, symbols: &dyn Fn() -> Vec<String>) -> Option<Kind> {
    if ours.0.is_empty() {
        let [alone] = theirs.0.as_slice() else { return None };
        return (alone.name.is_empty() && symbols().is_empty()).then_some(Kind::NoFunction);
    }
    let (outermost, inner) = ours.0.split_last()?;
    if let ([alone], [theirs]) = (ours.0.as_slice(), theirs.0.as_slice())
        && (alone.file.as_str(), theirs.line, theirs.column) == ("", 0, 0)
        && alone.name == theirs.name
    {
        return Some(Kind::FileOfSymbol);
    }
    let columns = |chain: &Chain| chain.0.iter().any(|step| step.line == 0 && step.column != 0);
    if columns(theirs) {
        let mut without = theirs.clone();
        without.0.iter_mut().filter(|step| step.line == 0).for_each(|step| step.column = 0);
        return if *ours == without { Some(Kind::ColumnOfNoLine) } else { kind(ours, &without, symbols) };
    }
    if theirs.0.len() > 1 && theirs.0.iter().all(|step| step.name.is_empty()) {
        let without = Chain(theirs.0[theirs.0.len() - 1..].to_vec());
        return kind(ours, &without, symbols).map(|_| Kind::NamelessInlined);
    }
    let empty = Chain::default();
    let (their_outermost, their_inner) = match theirs.0.split_last() {
        Some(parts) => parts,
        None if inner.is_empty() && outermost.file.is_empty() => {
            return symbols().contains(&outermost.name).then_some(Kind::SymbolOnly);
        }
        None => (outermost, empty.0.as_slice()),
    };
    let same_places = inner == their_inner
        && (&outermost.file, outermost.line, outermost.column)
            == (&their_outermost.file, their_outermost.line, their_outermost.column);
    if same_places
        && their_outermost.name.strip_prefix(&outermost.name).is_some_and(|piece| piece.starts_with('.'))
        && symbols().contains(&their_outermost.name)
    {
        return Some(Kind::PieceOfFunction);
    }
    if !same_places || !symbols().contains(&outermost.name) {
        return None;
    }
    match their_outermost.name.as_str() {
        "" => Some(Kind::SymbolOnly),
        other if symbols().iter().any(|symbol| symbol == other) => Some(Kind::OtherAlias),
        short => {
            let short = short.split(['<', '{']).next().unwrap_or(short);
            outermost.name.contains(short).then_some(Kind::SymbolCompletes)
        }
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
            let _ = writeln!(text, "{count} from {address:x}\n  ours   {ours}\n  theirs {theirs}");
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
        let found = compare(&[1], &[wrong], std::slice::from_ref(&right), &symbols);
        assert_eq!(found.open.len(), 1, "{what} is accepted: {}", found.report());
    }
    Ok(())
}
