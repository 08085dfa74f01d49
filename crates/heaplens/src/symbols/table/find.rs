//! Where tables are looked for, and which are believed.
//!
//! Beside the program under its name, in the directories of binaries and debug information under its name or its
//! build-id. A table is of the program whose build-id it has; a program without one must have the very code.

use super::SUFFIX;
use super::contents::CodeDigest;
use super::read::Table;
use crate::profile::Module;
use crate::symbols::Options;
use crate::symbols::locate::Files;
use crate::symbols::object::ObjectFile;
use crate::symbols::paths::inside;
use std::path::{Path, PathBuf};

/// The table of files that were found; and what stood in its place, for people.
pub(in super::super) fn of_files(files: &Files, options: &Options) -> (Option<Table>, Vec<String>) {
    let mut places: Vec<PathBuf> =
        inside(files.root.as_deref(), with_suffix(&files.image)).into_iter().collect();
    if let Some(name) = files.image.file_name().and_then(|name| name.to_str()) {
        places.extend(by_name(name, options));
    }
    if let Some(id) = &files.build_id {
        places.extend(by_build_id(id, options));
    }
    let mut digest = None;
    first(places, |table| {
        let contents = table.contents();
        // One made from a symbol table alone is no better than the file itself.
        if files.dwarf.is_some() && !contents.has_lines {
            return Err("was made without debug information, which is there".to_owned());
        }
        let same = match &files.build_id {
            Some(id) => contents.build_id == *id,
            None => {
                let read = || CodeDigest::of(&ObjectFile::open(&files.image, None).ok()?).ok();
                contents.build_id.is_empty()
                    && contents.code.is_some()
                    && contents.code == *digest.get_or_insert_with(read)
            }
        };
        if same { Ok(()) } else { Err("is of another build".to_owned()) }
    })
}

/// The table of a module whose file was not found: by its build-id alone.
pub(in super::super) fn of_module(module: &Module, options: &Options) -> (Option<Table>, Vec<String>) {
    let Some(id) = &module.build_id else { return (None, Vec::new()) };
    let mut places: Vec<PathBuf> = by_build_id(id, options).collect();
    places.extend(by_name(module.short_name(), options));
    let recorded = Path::new(&module.path);
    if options.recorded_paths.may_open(Some(id)) && recorded.has_root() {
        places.push(with_suffix(recorded));
    }
    first(places, |table| {
        let same = table.contents().build_id == *id;
        if same { Ok(()) } else { Err("is of another build".to_owned()) }
    })
}

/// The first table that is believed.
fn first(
    places: Vec<PathBuf>,
    mut believe: impl FnMut(&Table) -> Result<(), String>,
) -> (Option<Table>, Vec<String>) {
    let mut notes = Vec::new();
    for place in places.into_iter().filter(|place| place.symlink_metadata().is_ok()) {
        let why = match Table::open(&place) {
            Ok(table) => match believe(&table) {
                Ok(()) => return (Some(table), notes),
                Err(why) => why,
            },
            Err(damage) => format!("cannot be used: {damage}"),
        };
        notes.push(format!("{} {why}; it was not used", place.display()));
    }
    (None, notes)
}

/// `BIN.heaplens-symbols`.
pub(super) fn with_suffix(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(SUFFIX);
    PathBuf::from(name)
}

fn dirs(options: &Options) -> impl Iterator<Item = &PathBuf> {
    options.binary_dirs.iter().chain(&options.debug_dirs)
}

fn by_name(name: &str, options: &Options) -> impl Iterator<Item = PathBuf> {
    let file = format!("{name}{SUFFIX}");
    // A name with a separator would lead elsewhere.
    let plain = !name.is_empty() && !name.contains(['/', '\\']);
    dirs(options).filter(move |_| plain).map(move |dir| dir.join(&file))
}

fn by_build_id(id: &str, options: &Options) -> impl Iterator<Item = PathBuf> {
    let plain = id.len() > 2 && id.bytes().all(|b| b.is_ascii_hexdigit());
    let (first, rest) = id.split_at_checked(2).unwrap_or(("", ""));
    let (split, whole) = (format!("{rest}{SUFFIX}"), format!("{id}{SUFFIX}"));
    let first = first.to_owned();
    dirs(options)
        .filter(move |_| plain)
        .flat_map(move |dir| [dir.join(".build-id").join(&first).join(&split), dir.join(&whole)])
}
