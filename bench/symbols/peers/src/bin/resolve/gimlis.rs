//! The addr2line crate.

use crate::{Place, Tally};
use addr2line::Loader;
use std::path::Path;

pub(crate) fn resolve(binary: &Path, addresses: &[u64]) -> Result<Tally, String> {
    let loader = Loader::new(binary).map_err(|e| e.to_string())?;
    let mut tally = Tally::default();
    let mut names = Vec::new();
    for &address in addresses {
        let mut frames = loader.find_frames(address).map_err(|e| e.to_string())?;
        names.clear();
        while let Some(frame) = frames.next().map_err(|e| e.to_string())? {
            let name = match &frame.function {
                Some(function) => function.demangle().map_err(|e| e.to_string())?.into_owned(),
                None => String::new(),
            };
            let location = frame.location;
            let file = location.as_ref().and_then(|l| l.file);
            names.push((name, file, location.as_ref().and_then(|l| l.line).unwrap_or(0)));
        }
        // As its own program does where no unit covers the address.
        if names.iter().all(|(name, ..)| name.is_empty())
            && let Some(symbol) = loader.find_symbol(address)
        {
            names.push((addr2line::demangle_auto(symbol.into(), None).into_owned(), None, 0));
        }
        tally.add(names.iter().map(|(name, file, line)| Place { name, file: *file, line: *line }));
    }
    Ok(tally)
}
