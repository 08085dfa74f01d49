//! What the `addr2line` crate says of addresses: the judge that is always there.

use crate::chains::{Chain, Step};
use addr2line::gimli::{self, EndianSlice, RunTimeEndian};
use addr2line::{Context, FrameIter, LookupContinuation, LookupResult, SplitDwarfLoad};
use object::{Object, ObjectSection};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files are read once a test and never given back.
type Slice = EndianSlice<'static, RunTimeEndian>;
type Dwarf = gimli::Dwarf<Slice>;

/// The crate's own way to files: for real programs, where split parts lie where the compiler put them.
///
/// # Errors
/// What the crate said of the first address that it failed at.
pub(crate) fn by_loader(path: &Path, addresses: &[u64]) -> Result<Vec<Chain>, String> {
    let loader = addr2line::Loader::new(path).map_err(|e| e.to_string())?;
    let frames = |&address: &u64| {
        let frames = loader.find_frames(address).map_err(|e| format!("at {address:#x}: {e}"))?;
        chain(frames).map_err(|e| format!("at {address:#x}: {e}"))
    };
    addresses.iter().map(frames).collect()
}

/// The same crate, handed the parts of a fixture: they lie in its directory, wherever the file says.
///
/// # Errors
/// What cannot be read at all; an address that the crate fails at has an empty chain.
pub(crate) fn of_parts(app: &Path, addresses: &[u64]) -> Result<Vec<Chain>, String> {
    let dir = app.parent().unwrap();
    let image = parse(app)?;
    let dsym = dir.join("app.dSYM/Contents/Resources/DWARF/app");
    let debug = match image.gnu_debuglink().ok().flatten() {
        Some((name, _)) => parse(&dir.join(std::str::from_utf8(name).unwrap()))?,
        None if dsym.exists() => parse(&dsym)?,
        None => image,
    };
    let mut dwarf = load(&debug, gimli::SectionId::name);
    if let Some((name, _)) = debug.gnu_debugaltlink().ok().flatten()
        && let Ok(supplement) = parse(&dir.join(std::str::from_utf8(name).unwrap()))
    {
        dwarf.set_sup(load(&supplement, gimli::SectionId::name));
    }
    let context = Context::from_dwarf(dwarf).map_err(|e| e.to_string())?;
    let package = parse(&dir.join("app.dwp")).ok();
    let split = |wanted: SplitDwarfLoad<Slice>| split_unit(dir, package.as_ref(), &wanted).map(Arc::new);
    let frames = |&address: &u64| {
        let mut lookup = context.find_frames(address);
        loop {
            match lookup {
                LookupResult::Output(frames) => return frames.and_then(chain).unwrap_or_default(),
                LookupResult::Load { load, continuation } => lookup = continuation.resume(split(load)),
            }
        }
    };
    Ok(addresses.iter().map(frames).collect())
}

/// A unit that stands in the package or in a file of its own.
fn split_unit(
    dir: &Path,
    package: Option<&object::File<'static>>,
    wanted: &SplitDwarfLoad<Slice>,
) -> Option<Dwarf> {
    if let Some(package) = package {
        let empty = EndianSlice::new(&[], endian(package));
        let load = |id: gimli::SectionId| Ok::<_, gimli::Error>(section(package, id.dwo_name()));
        let package = gimli::DwarfPackage::load(load, empty).ok()?;
        return package.find_cu(wanted.dwo_id, &wanted.parent).ok()?;
    }
    let name = PathBuf::from(wanted.path?.to_string().ok()?);
    let file = parse(&dir.join(name.file_name()?)).ok()?;
    let mut dwarf = load(&file, |id| id.dwo_name().unwrap_or(""));
    let header = dwarf.units().next().ok()??;
    if dwarf.unit(header).ok()?.dwo_id != Some(wanted.dwo_id) {
        return None;
    }
    dwarf.make_dwo(&wanted.parent);
    Some(dwarf)
}

fn parse(path: &Path) -> Result<object::File<'static>, String> {
    let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    object::File::parse(&*bytes.leak()).map_err(|e| format!("{}: {e}", path.display()))
}

fn endian(file: &object::File<'_>) -> RunTimeEndian {
    if file.is_little_endian() { RunTimeEndian::Little } else { RunTimeEndian::Big }
}

fn load(file: &object::File<'static>, name: impl Fn(gimli::SectionId) -> &'static str) -> Dwarf {
    let load = |id: gimli::SectionId| Ok::<_, gimli::Error>(section(file, Some(name(id))));
    Dwarf::load(load).unwrap()
}

fn section(file: &object::File<'static>, name: Option<&str>) -> Slice {
    let data = name.filter(|n| !n.is_empty()).and_then(|name| file.section_by_name(name));
    let data = data.and_then(|s| s.uncompressed_data().ok()).unwrap_or_default();
    EndianSlice::new(data.into_owned().leak(), endian(file))
}

fn chain<R: gimli::Reader>(mut frames: FrameIter<'_, R>) -> Result<Chain, gimli::Error> {
    let mut chain = Chain::default();
    while let Some(frame) = frames.next()? {
        let name = match &frame.function {
            Some(function) => function.raw_name()?.into_owned(),
            None => String::new(),
        };
        let place = frame.location.as_ref();
        chain.0.push(Step {
            name,
            file: place.and_then(|l| l.file).unwrap_or_default().to_owned(),
            line: place.and_then(|l| l.line).unwrap_or(0),
            column: place.and_then(|l| l.column).unwrap_or(0),
        });
    }
    Ok(chain)
}
