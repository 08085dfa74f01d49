//! Chains of one module's files that stay open, for addresses that come one after the other.
//!
//! As [`answers`](super::answers) and [`module`] say it, with what they open kept open.

use super::bytes::Result;
use super::chains::Chains;
use super::dwarf::{self, Found};
use super::locate::Files;
use super::object::ObjectFile;
use super::table::{self, Table};
use super::{Options, cache, module};
use std::path::Path;

/// See the module. Files are opened when they are needed first.
pub(super) struct Session<'f> {
    files: &'f Files,
    options: &'f Options,
    table: Option<Table>,
    cache: Option<cache::Session>,
    open: Open<'f>,
    /// The files' notes, and what was met beside them.
    pub(super) notes: Vec<String>,
}

/// The files themselves.
struct Open<'f> {
    files: &'f Files,
    options: &'f Options,
    dwarf: Option<dwarf::Session<'f>>,
    /// Those with symbol tables.
    tables: Vec<(&'f Path, Result<ObjectFile>)>,
}

impl<'f> Session<'f> {
    pub(super) fn new(files: &'f Files, options: &'f Options) -> Session<'f> {
        let mut notes = files.notes.clone();
        let (table, more) = table::of_files(files, options);
        notes.extend(more);
        notes.extend(table.iter().flat_map(Table::notes));
        let open = Open { files, options, dwarf: None, tables: Vec::new() };
        let mut session = Session { files, options, table, cache: None, open, notes };
        session.open_cache();
        session
    }

    fn open_cache(&mut self) {
        // A table is quicker, and has everything.
        let cache = self.options.cache.as_ref().filter(|_| self.table.is_none());
        self.cache = cache.and_then(|cache| cache::Session::open(cache, self.files));
    }

    /// What is known of virtual addresses, and what could not be read.
    pub(super) fn chains(&mut self, addresses: &[Option<u64>]) -> (Chains, Option<String>) {
        if let Some(table) = &mut self.table {
            match table.chains(addresses) {
                Ok(chains) => return (chains, None),
                Err(damage) => {
                    self.notes.push(format!("{}: {damage}; it was not used", table.path().display()));
                }
            }
            self.table = None;
            self.open_cache();
        }
        let mut read = |addresses: &[Option<u64>]| self.open.chains(addresses);
        match &mut self.cache {
            Some(cache) => cache.chains(addresses, read),
            None => read(addresses),
        }
    }
}

impl<'f> Open<'f> {
    fn chains(&mut self, addresses: &[Option<u64>]) -> (Chains, Option<String>) {
        let files = self.files;
        if self.tables.is_empty() {
            // At once with the others, so that all are of one build.
            let open = |path| {
                let file = ObjectFile::open(path, files.build_id.as_deref())?;
                file.require(files.stamp(path)).map(|()| file)
            };
            self.tables.extend(files.symbol_tables().map(|path| (path, open(path))));
        }
        let Open { options, dwarf, tables, .. } = self;
        let by_dwarf = |path: &'f Path, sorted: &[u64]| {
            // Taken out, since a reader that panics leaves it as it is.
            let mut open = match dwarf.take() {
                Some(open) => open,
                None => dwarf::Session::open(module::input(files, path, options))?,
            };
            let found = open.find(sorted);
            *dwarf = Some(open);
            found
        };
        let by_symbols = |path: &'f Path, sorted: &[u64], found: &mut Found| match tables
            .iter()
            .find(|(known, _)| *known == path)
        {
            Some((_, Ok(file))) => module::name_by(file, path, sorted, found),
            Some((_, Err(damage))) if found.incomplete.contains(&true) => {
                found.problem.get_or_insert(format!("{}: {damage}", path.display()));
            }
            _ => {}
        };
        module::chains_by(files, addresses, by_dwarf, by_symbols)
    }
}
