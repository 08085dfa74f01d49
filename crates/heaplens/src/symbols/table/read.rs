//! A table opened: addresses to chains, by reading no more than the pages that hold them.

use super::blob::{Blob, Place};
use super::build::{MAX_BLOB, MAX_TEXT};
use super::contents::Contents;
use super::index::{Entry, Index};
use super::pages;
use crate::profile::Module;
use crate::symbols::bytes::{Bytes, Damage, Result};
use crate::symbols::chains::{Chains, IndexedPlace};
use crate::symbols::numbers::Reader;
use crate::symbols::open::at_once;
use crate::symbols::segments;
use rustc_hash::FxHashMap;
use std::path::{Path, PathBuf};

/// A table in a file.
pub(in super::super) struct Table {
    path: PathBuf,
    pages: pages::Reader,
    contents: Contents,
    index: Index,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table")
            .field("path", &self.path)
            .field("contents", &self.contents)
            .finish_non_exhaustive()
    }
}

impl Table {
    /// Opens a regular file that is a table.
    ///
    /// # Errors
    /// Says what it is instead.
    pub(super) fn open(path: &Path) -> Result<Table> {
        let other = || Damage::new("it is not a regular file");
        // Looked at before opening, since a device may do anything, and then again, since it may be another by now.
        std::fs::metadata(path)?.is_file().then_some(()).ok_or_else(other)?;
        let file = at_once(path)?;
        file.metadata()?.is_file().then_some(()).ok_or_else(other)?;
        Table::new(path, Bytes::of_file(file)?)
    }

    pub(super) fn new(path: &Path, bytes: Bytes) -> Result<Table> {
        let mut pages = pages::Reader::new(bytes);
        let contents = Contents::read(&mut pages)?;
        let index = Index::open(contents.index.0, contents.index.1, &mut pages)?;
        Ok(Table { path: path.to_owned(), pages, contents, index })
    }

    pub(in super::super) fn path(&self) -> &Path {
        &self.path
    }

    /// What the table lacks, for people.
    pub(in super::super) fn notes(&self) -> impl Iterator<Item = String> {
        self.contents.notes.iter().map(|note| format!("{} was made from less: {note}", self.path.display()))
    }

    /// See [`segments::addresses`].
    pub(in super::super) fn addresses(&self, module: &Module, lookups: &[u64]) -> Vec<Option<u64>> {
        segments::addresses(&self.contents.segments, module, lookups)
    }

    pub(super) fn contents(&self) -> &Contents {
        &self.contents
    }

    /// True if it was made of debug information.
    pub(in super::super) fn has_lines(&self) -> bool {
        self.contents.has_lines
    }

    /// What is at each of the addresses.
    ///
    /// # Errors
    /// If a page that is needed is damaged.
    pub(in super::super) fn chains(&mut self, addresses: &[Option<u64>]) -> Result<Chains> {
        let mut order: Vec<(u64, usize)> =
            addresses.iter().enumerate().filter_map(|(at, address)| Some(((*address)?, at))).collect();
        order.sort_unstable();
        let mut found: Vec<(usize, Vec<Place>)> = Vec::with_capacity(order.len());
        let mut held: (u64, Blob) = (0, Blob::default());
        for (address, at) in order {
            let Some(Entry { blob, name, .. }) = self.index.find(address, &mut self.pages)? else { continue };
            if held.0 != blob {
                held = (blob, self.blob(blob)?);
            }
            let mut chain = held.1.chain(address);
            if let Some(own) = chain.last_mut().filter(|_| name > 0) {
                own.name = Some(name);
            }
            found.push((at, chain));
        }
        // Texts in the order of the file, so that neighbours are read together.
        let texts = found.iter().flat_map(|(_, chain)| chain).flat_map(|place| [place.name, place.line.file]);
        let mut texts: Vec<u64> = texts.flatten().collect();
        texts.sort_unstable();
        texts.dedup();
        let mut chains = Chains::new(addresses.len());
        let mut known: FxHashMap<u64, u32> = FxHashMap::default();
        for position in texts {
            known.insert(position, chains.intern(&self.text(position)?));
        }
        let empty = chains.intern("");
        for (at, chain) in found {
            let place = |place: &Place| IndexedPlace {
                name: place.name.and_then(|name| known.get(&name).copied()).unwrap_or(empty),
                file: place.line.file.and_then(|file| known.get(&file).copied()),
                line: place.line.line,
                column: place.line.column,
            };
            chains.set_indexed(at, chain.iter().map(place));
        }
        Ok(chains)
    }

    fn blob(&mut self, position: u64) -> Result<Blob> {
        if position == 0 {
            return Ok(Blob::default());
        }
        let body = self.sized(position, MAX_BLOB)?;
        Blob::decode(&body).ok_or_else(|| Damage::new("what it says of a function is damaged"))
    }

    fn text(&mut self, position: u64) -> Result<String> {
        let body = self.sized(position, MAX_TEXT)?;
        String::from_utf8(body).map_err(|_| Damage::new("a name in it is no text"))
    }

    /// What stands behind its length.
    fn sized(&mut self, position: u64, most: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.pages.read_up_to(position, 10, &mut bytes)?;
        let mut reader = Reader::new(&bytes);
        let length = reader.number().filter(|&length| length <= most);
        let length = length.ok_or_else(|| Damage::new("a length in it is damaged"))?;
        let start = position + (bytes.len() - reader.len()) as u64;
        self.pages.read(start..start + length, &mut bytes)?;
        Ok(bytes)
    }
}
