//! heaplens, without its cache unless it is given one.

use crate::{Place, Tally};
use heaplens::symbols::cache::Cache;
use heaplens::symbols::{self, Options};
use std::path::Path;

pub(crate) fn resolve(
    binary: &Path,
    addresses: &[u64],
    threads: usize,
    cache: Option<&Path>,
) -> Result<Tally, String> {
    let mut options = Options::default();
    options.cache = cache.map(Cache::at);
    options.threads = threads;
    let result = symbols::lookup(binary, addresses, &options)?;
    if let Some(problem) = &result.problem {
        return Err(problem.clone());
    }
    let mut tally = Tally::default();
    for chain in &result.places {
        tally.add(chain.iter().filter_map(|place| {
            let named = result.named(place.function)?;
            Some(Place { name: &named.name, file: named.file.as_deref(), line: place.line })
        }));
    }
    Ok(tally)
}
