//! Tables of made-up units, judged by a plain look at all that the units say.

use super::read::Table;
use super::*;
use crate::symbols::bytes::Bytes;
use crate::symbols::dwarf::{TableFunction, TableInlined, TableRow};
use crate::symbols::segments::Segment;
use proptest::prelude::*;

const CODE: (u64, u64) = (100, 400);

type Chain = Vec<(String, Option<String>, u32, u32)>;

fn table(units: &[UnitTable]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut pages = pages::Writer::new(&mut file);
    pages.write(HEAD).unwrap();
    let code = vec![Part { from: CODE.0, to: 250, what: () }, Part { from: 250, to: CODE.1, what: () }];
    let mut builder = Builder::new(pages, code);
    units.iter().for_each(|unit| builder.unit(unit).unwrap());
    let index = symbols::index(&mut builder, &Files::default(), &Options::default()).unwrap();
    contents(index).write(&mut builder.out).unwrap();
    builder.out.finish().unwrap();
    file
}

fn contents(index: (u64, u64)) -> Contents {
    Contents {
        build_id: "abcd".into(),
        has_lines: true,
        segments: vec![Segment { offset: 0, size: 300, address: 100 }],
        notes: vec!["one unit is damaged".into()],
        index,
        ..Contents::default()
    }
}

fn open(file: Vec<u8>) -> crate::symbols::bytes::Result<Table> {
    Table::new(Path::new("x"), Bytes::of_memory(file))
}

fn look(file: Vec<u8>, addresses: &[Option<u64>]) -> Vec<Chain> {
    let chains = open(file).unwrap().chains(addresses).unwrap();
    let place = |p: crate::symbols::chains::RawPlace<'_>| {
        (p.name.to_owned(), p.file.map(str::to_owned), p.line, p.column)
    };
    (0..chains.len()).map(|at| chains.get(at).map(place).collect()).collect()
}

fn holds(ranges: &[(u64, u64)], address: u64) -> bool {
    ranges.iter().any(|&(from, to)| from <= address && address < to)
}

/// What the units say of an address: the first that knows a function, else the first that knows a line.
fn truth(units: &[UnitTable], address: u64) -> Chain {
    if !(CODE.0..CODE.1).contains(&address) {
        return Chain::new();
    }
    let row =
        |unit: &UnitTable| unit.rows.iter().find(|row| row.from <= address && address < row.to).copied();
    let place = |unit: &UnitTable, name: u32, (file, line, column): (Option<u32>, u32, u32)| {
        let text = |index: u32| unit.texts[index as usize].to_string();
        (text(name), file.map(text), line, column)
    };
    for unit in units {
        let Some(function) = unit.functions.iter().find(|f| holds(&f.ranges, address)) else { continue };
        let mut line = row(unit).map_or((None, 0, 0), |row| row.place());
        let (mut chain, mut here) = (Chain::new(), Vec::new());
        for inlined in &function.inlined {
            if inlined.depth as usize == here.len() && holds(&inlined.ranges, address) {
                here.push(inlined);
            }
        }
        for inlined in here.into_iter().rev() {
            chain.push(place(unit, inlined.name, line));
            line = (inlined.file, inlined.line, inlined.column);
        }
        chain.push(place(unit, function.name, line));
        return chain;
    }
    let known = units.iter().find_map(|unit| Some((unit, row(unit)?)));
    known.map(|(unit, row)| place(unit, 0, row.place())).into_iter().collect()
}

fn units() -> impl Strategy<Value = Vec<UnitTable>> {
    let range = || (60u64..430, 0u64..80).prop_map(|(from, size)| (from, from + size));
    let ranges = || prop::collection::vec(range(), 0..3);
    let text = || 0u32..8;
    let inlined = (0u32..3, ranges(), text(), prop::option::of(text()), 0u32..9, 0u32..9).prop_map(
        |(depth, ranges, name, file, line, column)| TableInlined { depth, ranges, name, file, line, column },
    );
    let function = (ranges(), text(), any::<bool>(), prop::collection::vec(inlined, 0..5))
        .prop_map(|(ranges, name, incomplete, inlined)| TableFunction { ranges, name, incomplete, inlined });
    let row = (range(), prop::option::of(text()), 0u32..9, 0u32..9)
        .prop_map(|((from, to), file, line, column)| TableRow { from, to, file, line, column });
    let unit = (prop::collection::vec(function, 0..5), prop::collection::vec(row, 0..12), any::<bool>())
        .prop_map(|(functions, rows, other)| {
            let name = |i| if i == 0 { String::new() } else { format!("name {i} {}", u8::from(other)) };
            let texts = (0..8).map(|i| name(i).into_boxed_str()).collect();
            UnitTable { texts, functions, rows }
        });
    prop::collection::vec(unit, 0..4)
}

proptest! {
    #[test]
    fn each_address_has_what_the_units_say(units in units()) {
        let mut addresses: Vec<Option<u64>> = (0..500).map(Some).collect();
        addresses.extend([None, Some(u64::MAX), Some(250)]);
        let found = look(table(&units), &addresses);
        for (address, found) in addresses.iter().zip(found) {
            let truth = address.map(|address| truth(&units, address)).unwrap_or_default();
            prop_assert_eq!(found, truth, "{:?}", address);
        }
    }

    /// Damage is noticed, or lies where nothing was read.
    #[test]
    fn a_changed_table_says_nothing_else(units in units(), at: usize, bits in 1u8..=255, cut: bool) {
        let whole = table(&units);
        let addresses: Vec<Option<u64>> = (90..410).map(Some).collect();
        let truth = look(whole.clone(), &addresses);
        let mut changed = whole;
        let at = at % changed.len();
        if cut { changed.truncate(at) } else { changed[at] ^= bits }
        let chains = open(changed).and_then(|mut table| table.chains(&addresses));
        if let Ok(chains) = chains {
            for (at, truth) in truth.iter().enumerate() {
                let names: Vec<&str> = chains.get(at).map(|place| place.name).collect();
                prop_assert!(names.into_iter().eq(truth.iter().map(|place| place.0.as_str())));
            }
        }
    }

    /// The same with checksums that fit: nothing panics, and nothing is believed to be larger than it is.
    #[test]
    fn a_forged_table_is_read_to_an_end(units in units(), changes in prop::collection::vec((any::<usize>(), any::<u8>()), 0..9)) {
        let file = table(&units);
        let mut pages = pages::Reader::new(Bytes::of_memory(file));
        let mut content = Vec::new();
        pages.read(0..pages.len(), &mut content).unwrap();
        for (at, byte) in changes {
            let at = at % content.len();
            content[at] = byte;
        }
        let mut forged = Vec::new();
        let mut out = pages::Writer::new(&mut forged);
        out.write(&content).unwrap();
        out.finish().unwrap();
        let addresses: Vec<Option<u64>> = (90..410).map(Some).collect();
        if let Ok(mut table) = open(forged) {
            let _ = table.chains(&addresses);
        }
    }
}

#[test]
fn what_a_table_is_of_comes_back() {
    let file = table(&[]);
    let opened = open(file.clone()).unwrap();
    assert_eq!(*opened.contents(), contents(opened.contents().index));
    let module = crate::profile::Module::file("x");
    assert_eq!(opened.addresses(&module, &[0, 299, 300]), [Some(100), Some(399), None]);
    assert!(opened.notes().all(|note| note == "x was made from less: one unit is damaged"));
    let said = |file: Vec<u8>| open(file).unwrap_err().0;
    assert!(said(Vec::new()).contains("no table"));
    assert!(said(b"\x7fELF".repeat(100)).contains("damaged"));
    assert!(said(file[..file.len() - 3].to_vec()).contains("damaged"));
    let newer = |versions: u8| {
        let mut file = Vec::new();
        let mut pages = pages::Writer::new(&mut file);
        let mut head = HEAD.to_vec();
        *head.last_mut().unwrap() += versions;
        pages.write(&head).unwrap();
        pages.finish().unwrap();
        said(file)
    };
    assert!(newer(1).contains("another version"));
    assert!(newer(0).contains("not whole"));
}
