//! Mach-O files of several architectures: whole files one after another, behind a table.

use super::bytes::Bytes;
use super::object::ObjectFile;
use super::probe::hex;
use object::Architecture;
use object::macho::{FAT_MAGIC, FAT_MAGIC_64, FatArch32, FatArch64};
use object::read::macho::{FatArch, MachOFatFile};

/// More architectures than Apple ever built at once. Java class files have the same first bytes, and their version,
/// 45 or more, where the number of architectures stands.
const MAX_ARCHITECTURES: u32 = 20;
/// The table of so many ends before this.
const HEAD: u64 = 1 << 10;

/// True for the first eight bytes of such a file.
pub(super) fn is_fat(start: &[u8]) -> bool {
    let word = |at: usize| Some(u32::from_be_bytes(start.get(at..at + 4)?.try_into().ok()?));
    matches!(word(0), Some(FAT_MAGIC | FAT_MAGIC_64))
        && word(4).is_some_and(|count| (1..=MAX_ARCHITECTURES).contains(&count))
}

/// The part with this build-id, else the one for this machine.
///
/// # Errors
/// Says why there is none.
pub(super) fn pick(file: &Bytes, wanted: Option<&str>) -> Result<Bytes, String> {
    let list = parts(file)?;
    let id = |&(_, base, len): &(Architecture, u64, u64)| {
        let part = ObjectFile::parse(&file.part(base, len).ok()?).ok()?;
        Some(hex(&part.build_id()?))
    };
    let by_id = || list.iter().find(|part| wanted.is_some() && id(part).as_deref() == wanted);
    let by_machine = || list.iter().find(|(architecture, ..)| *architecture == machine());
    let found = match list.as_slice() {
        [one] => Some(one),
        _ => by_id().or_else(by_machine),
    };
    let Some(&(_, base, len)) = found else {
        let names: Vec<String> = list.iter().map(|(a, ..)| format!("{a:?}")).collect();
        return Err(format!(
            "it is a Mach-O file of several architectures ({}), none of them this machine's, and no build-id says which is \
             meant",
            names.join(", ")
        ));
    };
    file.part(base, len).map_err(|damage| damage.to_string())
}

/// Architecture, start and size of each part.
fn parts(file: &Bytes) -> Result<Vec<(Architecture, u64, u64)>, String> {
    let mut head = Vec::new();
    file.read_up_to(0, HEAD, &mut head).map_err(|damage| damage.to_string())?;
    let list = match head.get(3) {
        Some(0xbe) => table::<FatArch32>(&head),
        _ => table::<FatArch64>(&head),
    }?;
    // A part that leaves the file was cut off with its end.
    let inside = |&(_, base, len): &(_, u64, u64)| base.checked_add(len).is_some_and(|end| end <= file.len());
    Ok(list.into_iter().filter(inside).collect())
}

fn table<A: FatArch>(head: &[u8]) -> Result<Vec<(Architecture, u64, u64)>, String> {
    let table = MachOFatFile::<'_, A>::parse(head).map_err(|e| format!("its headers cannot be read: {e}"))?;
    let part = |arch: &A| {
        let (base, len) = arch.file_range();
        (arch.architecture(), base, len)
    };
    Ok(table.arches().iter().map(part).collect())
}

fn machine() -> Architecture {
    match std::env::consts::ARCH {
        "x86_64" => Architecture::X86_64,
        "aarch64" => Architecture::Aarch64,
        "x86" => Architecture::I386,
        "arm" => Architecture::Arm,
        "powerpc64" => Architecture::PowerPc64,
        "powerpc" => Architecture::PowerPc,
        _ => Architecture::Unknown,
    }
}
