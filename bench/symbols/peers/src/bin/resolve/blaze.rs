//! blazesym, all addresses in one call, as its documentation advises.

use crate::{Place, Tally};
use blazesym::symbolize::source::{Elf, Source};
use blazesym::symbolize::{CodeInfo, Input, Symbolizer};
use std::path::Path;

pub(crate) fn resolve(binary: &Path, addresses: &[u64]) -> Result<Tally, String> {
    let symbolizer = Symbolizer::builder().enable_code_info(true).enable_inlined_fns(true).build();
    let source = Source::Elf(Elf::new(binary));
    let found = symbolizer
        .symbolize(&source, Input::VirtOffset(addresses))
        .map_err(|e| format!("blazesym: {e:#}"))?;
    let mut tally = Tally::default();
    for symbol in &found {
        let Some(symbol) = symbol.as_sym() else {
            tally.add([]);
            continue;
        };
        let inlined = symbol.inlined.iter().rev().map(|f| (&*f.name, f.code_info.as_ref()));
        let outermost = (&*symbol.name, symbol.code_info.as_deref());
        let chain: Vec<_> = inlined.chain([outermost]).map(|(name, code)| (name, code.map(place))).collect();
        tally.add(chain.iter().map(|(name, code)| {
            let (file, line) = code.as_ref().map_or((None, 0), |(file, line)| (Some(&**file), *line));
            Place { name, file, line }
        }));
    }
    Ok(tally)
}

fn place(code: &CodeInfo<'_>) -> (String, u32) {
    (code.to_path().to_string_lossy().into_owned(), code.line.unwrap_or(0))
}
