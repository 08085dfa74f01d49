//! heaplens against the addr2line crate, address by address: names as the file has them, files, lines, columns.

use addr2line::Loader;
use heaplens::symbols::{self, Options};
use std::path::Path;

/// Differences that are printed; the rest is counted.
const SHOWN: usize = 5;

#[derive(Debug, PartialEq, Eq)]
struct Raw {
    name: String,
    file: Option<String>,
    line: u32,
    column: u32,
}

pub(crate) fn run(binary: &Path, addresses: &[u64]) -> Result<(), String> {
    let result = symbols::lookup(binary, addresses, &Options::default())?;
    let loader = Loader::new(binary).map_err(|e| e.to_string())?;
    let (mut same, mut only_ours, mut different) = (0, 0, 0);
    for (&address, chain) in addresses.iter().zip(&result.places) {
        let ours: Vec<Raw> = chain
            .iter()
            .filter_map(|place| {
                let named = result.named(place.function)?;
                let (name, file) = (named.system_name.clone(), named.file.clone());
                Some(Raw { name, file, line: place.line, column: place.column })
            })
            .collect();
        let theirs = theirs(&loader, address)?;
        if ours == theirs {
            same += 1;
        } else if theirs.is_empty() {
            // Code without debug information: the symbol table's answer, which the crate's `find_frames` leaves out.
            only_ours += 1;
        } else {
            different += 1;
            if different <= SHOWN {
                eprintln!("{address:#x}: heaplens {ours:#?}\naddr2line {theirs:#?}");
            }
        }
    }
    println!("{{\"same\": {same}, \"only_ours\": {only_ours}, \"different\": {different}}}");
    Ok(())
}

fn theirs(loader: &Loader, address: u64) -> Result<Vec<Raw>, String> {
    let mut frames = loader.find_frames(address).map_err(|e| e.to_string())?;
    let mut chain = Vec::new();
    while let Some(frame) = frames.next().map_err(|e| e.to_string())? {
        let name = match &frame.function {
            Some(function) => function.raw_name().map_err(|e| e.to_string())?.into_owned(),
            None => String::new(),
        };
        let location = frame.location;
        chain.push(Raw {
            name,
            file: location.as_ref().and_then(|l| l.file).map(str::to_owned),
            line: location.as_ref().and_then(|l| l.line).unwrap_or(0),
            column: location.as_ref().and_then(|l| l.column).unwrap_or(0),
        });
    }
    Ok(chain)
}
