//! Tables: all that a program's debug information says of its code, made once, to be published beside a stripped
//! program or kept where the debug information is not.
//!
//! The form follows LLVM's GSYM: a sorted index of addresses, and for each function a blob with its lines and what is
//! inlined. ARCHITECTURE.md says why it is not GSYM itself. A table is read by pages with checksums (`pages`):
//! `contents` says of which program it is, `index` leads from an address to a `blob`. It is written from the
//! first byte to the last as the units come (`build`); then come the names of the symbol table (`symbols`).

mod blob;
mod build;
mod contents;
mod find;
mod index;
mod overlap;
mod pages;
mod read;
mod symbols;

pub(super) use find::{of_files, of_module};
pub(super) use read::Table;

use super::dwarf::{self, UnitTable};
use super::locate::{Files, Locator};
use super::object::ObjectFile;
use super::{Options, cache, module};
use build::Builder;
use contents::{CodeDigest, Contents, HEAD};
use overlap::{Part, settle};
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex};

/// How the names of tables end.
pub const SUFFIX: &str = ".heaplens-symbols";

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// Size of the table in bytes.
    pub bytes: u64,
    /// Functions with code of their own that the debug information knows.
    pub functions: u64,
    /// False if there was no debug information: the table has the names of the symbol table and no more.
    pub has_lines: bool,
    /// The build-id that the table is believed by; `None` if the program has none and is known by its code.
    pub build_id: Option<String>,
    /// What could not be read or was missing, a sentence each. The table has the rest, and these notes.
    pub notes: Vec<String>,
}

/// Where a program's table is looked for first: beside it.
pub fn beside(program: &Path) -> PathBuf {
    find::with_suffix(program)
}

/// Writes the table of a program, its debug information found as for any module.
///
/// Memory is bounded by the largest units and by the number of functions and distinct names, not by the size of the
/// debug information. The same files give the same bytes.
///
/// # Errors
/// Says in words why the program cannot be read or the table not be written.
pub fn write(program: &Path, options: &Options, out: impl Write + Send) -> Result<Written, String> {
    let files = Locator::new(options, &[]).files_of(program)?;
    let image =
        ObjectFile::open(&files.image, files.build_id.as_deref()).map_err(|damage| damage.to_string())?;
    let key = cache::Key::of(&files);
    let code = match files.build_id {
        Some(_) => None,
        None => Some(CodeDigest::of(&image).map_err(|damage| damage.to_string())?),
    };
    let mut pages = pages::Writer::new(out);
    let failed = |error: io::Error| format!("writing the table: {error}");
    pages.write(HEAD).map_err(failed)?;
    let mut builder = Builder::new(pages, code_of(&image));
    let mut notes = files.notes.clone();
    if let Some(path) = &files.dwarf {
        let (filled, problem) = fill(builder, path, &files, options)?;
        builder = filled;
        notes.extend(problem.map(|problem| format!("{}: {problem}", path.display())));
    }
    if builder.too_long > 0 {
        notes.push(format!("{} functions have too many lines; only their names are kept", builder.too_long));
    }
    let index = symbols::index(&mut builder, &files).map_err(failed)?;
    if !key.is_some_and(|key| key.still_holds()) {
        return Err("a file was changed while it was read; try again".to_owned());
    }
    let contents = Contents {
        build_id: files.build_id.clone().unwrap_or_default(),
        code,
        has_lines: files.dwarf.is_some(),
        segments: files.segments,
        notes: notes.clone(),
        index,
    };
    contents.write(&mut builder.out).map_err(failed)?;
    let functions = builder.functions;
    let bytes = builder.out.finish().map_err(failed)?;
    Ok(Written { bytes, functions, has_lines: contents.has_lines, build_id: files.build_id, notes })
}

/// Where a program's code is: its sections, or its segments if it has no section headers.
fn code_of(image: &ObjectFile) -> Vec<Part<()>> {
    let part = |from: u64, size| Part { from, to: from.saturating_add(size), what: () };
    let sections = image.sections.iter().filter(|s| s.executable).map(|s| part(s.address, s.size));
    let mut code: Vec<Part<()>> = sections.collect();
    if code.is_empty() {
        let segments = image.segments.iter().filter(|s| s.executable);
        code.extend(segments.map(|s| part(s.address, s.file_size)));
    }
    settle(&code, |()| ())
}

/// The units' way into the builder, one after the other in the order of the file.
struct Turn<W> {
    next: usize,
    builder: Builder<W>,
    failed: Option<String>,
}

/// Gives all units to the builder; what could not be read beside it.
fn fill<W: Write + Send>(
    builder: Builder<W>,
    path: &Path,
    files: &Files,
    options: &Options,
) -> Result<(Builder<W>, Option<String>), String> {
    let input = module::input(files, path, options);
    let turn = Mutex::new(Turn { next: 0, builder, failed: None });
    let passed = Condvar::new();
    let visit = |at: usize, unit: Option<UnitTable>| {
        let mut turn = turn.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        while turn.next != at {
            turn = passed.wait(turn).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        if let Some(unit) = unit.filter(|_| turn.failed.is_none()) {
            // A fault in here must not leave the other threads waiting.
            let added = catch_unwind(AssertUnwindSafe(|| turn.builder.unit(&unit)));
            turn.failed = match added {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(format!("writing the table: {error}")),
                Err(_) => Some("a unit of the debug information cannot be put into a table".to_owned()),
            };
        }
        turn.next += 1;
        passed.notify_all();
    };
    let problem =
        dwarf::everything(input, visit).map_err(|damage| format!("{}: {damage}", path.display()))?;
    let turn = turn.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    match turn.failed {
        Some(failed) => Err(failed),
        None => Ok((turn.builder, problem)),
    }
}

#[cfg(test)]
mod tests;
