//! The build-ids of the modules that are loaded now, from their program headers in memory.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};

/// Build-ids are 20 bytes (SHA-1) or 16 (MD5, UUID) as a rule; longer ones are cut off by nobody, so leave them out.
const MAX_ID: usize = 64;
/// Room that is made before the loader's lock is taken. A program with more modules than that loses the rest.
const MAX_MODULES: usize = 4096;

/// A loaded module.
#[derive(Clone, Copy)]
pub(crate) struct Module {
    /// An address within its first loaded segment.
    pub(crate) address: u64,
    id: [u8; MAX_ID],
    id_length: usize,
}

impl Module {
    pub(crate) fn build_id(&self) -> &[u8] {
        &self.id[..self.id_length]
    }
}

/// The loaded modules that have a build-id, the program itself first.
pub(crate) fn loaded() -> Vec<Module> {
    // The callback runs under the loader's lock. It must not allocate: a sampled allocation takes a backtrace, which
    // takes that lock in every other thread.
    let mut modules: Vec<Module> = Vec::with_capacity(MAX_MODULES);
    // SAFETY: the callback fits the signature, and gets a pointer to `modules`, which outlives the call.
    unsafe { libc::dl_iterate_phdr(Some(visit), (&raw mut modules).cast()) };
    modules.shrink_to_fit();
    modules
}

unsafe extern "C" fn visit(info: *mut libc::dl_phdr_info, _size: usize, data: *mut c_void) -> c_int {
    // SAFETY: the loader passes a valid record; `data` is the vector of `loaded`, not used elsewhere meanwhile.
    let (info, modules) = unsafe { (&*info, &mut *data.cast::<Vec<Module>>()) };
    if modules.len() == modules.capacity() {
        return 1;
    }
    if info.dlpi_phdr.is_null() {
        return 0;
    }
    // SAFETY: the loader's own table, of that many entries.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    let base = info.dlpi_addr;
    let Some(first) = headers.iter().find(|h| h.p_type == libc::PT_LOAD) else {
        return 0;
    };
    for note in headers.iter().filter(|h| h.p_type == libc::PT_NOTE) {
        // A note outside every loaded segment is not in memory.
        if !headers.iter().any(|h| can_be_read(h, note)) {
            continue;
        }
        let (start, length) = (base.wrapping_add(note.p_vaddr), note.p_filesz as usize);
        // SAFETY: within a loaded, readable segment of a module that the loader's lock keeps in place.
        let bytes = unsafe { std::slice::from_raw_parts(start as *const u8, length) };
        if let Some(found) = build_id(bytes, note.p_align as usize)
            && found.len() <= MAX_ID
        {
            let mut module =
                Module { address: base.wrapping_add(first.p_vaddr), id: [0; MAX_ID], id_length: found.len() };
            module.id[..found.len()].copy_from_slice(found);
            modules.push(module);
            break;
        }
    }
    0
}

/// Whether a segment is loaded, readable, and holds this one.
fn can_be_read(segment: &libc::Elf64_Phdr, inner: &libc::Elf64_Phdr) -> bool {
    let end = |h: &libc::Elf64_Phdr| h.p_vaddr.saturating_add(h.p_filesz);
    segment.p_type == libc::PT_LOAD
        && segment.p_flags & libc::PF_R != 0
        && inner.p_vaddr >= segment.p_vaddr
        && end(inner) <= end(segment)
}

/// The descriptor of the note `GNU`, type 3.
fn build_id(mut notes: &[u8], align: usize) -> Option<&[u8]> {
    let align = if align == 8 { 8 } else { 4 };
    let word = |bytes: &[u8], at: usize| -> Option<usize> {
        let four = bytes.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_ne_bytes(four)).ok()
    };
    loop {
        let (name, descriptor, kind) = (word(notes, 0)?, word(notes, 4)?, word(notes, 8)?);
        let from = 12usize.checked_add(name)?.checked_next_multiple_of(align)?;
        let to = from.checked_add(descriptor)?;
        if kind == 3 && notes.get(12..12usize.checked_add(name)?)? == b"GNU\0" {
            return notes.get(from..to).filter(|id| !id.is_empty());
        }
        notes = notes.get(to.checked_next_multiple_of(align)?..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(name: &[u8], kind: u32, descriptor: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for word in [name.len() as u32, descriptor.len() as u32, kind] {
            bytes.extend(word.to_ne_bytes());
        }
        for part in [name, descriptor] {
            bytes.extend(part);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        bytes
    }

    #[test]
    fn the_build_id_is_found_behind_other_notes() {
        let mut notes = note(b"GNU\0", 1, &[9; 16]);
        notes.extend(note(b"stapsdt\0", 3, &[8; 5]));
        notes.extend(note(b"GNU\0", 3, &[7; 20]));
        assert_eq!(build_id(&notes, 4), Some(&[7u8; 20][..]));
    }

    #[test]
    fn damaged_notes_give_nothing() {
        let whole = note(b"GNU\0", 3, &[7; 20]);
        for cut in 0..whole.len() {
            assert_eq!(build_id(&whole[..cut], 4), None, "cut at {cut}");
        }
        for word in 0..2 {
            let mut huge = whole.clone();
            huge[word * 4..word * 4 + 4].fill(0xff);
            assert_eq!(build_id(&huge, 8), None);
        }
        assert_eq!(build_id(&note(b"GNU\0", 3, &[]), 4), None);
    }

    #[test]
    fn what_cannot_be_read_is_not() {
        let segment = |p_type, p_flags, p_vaddr, p_filesz| libc::Elf64_Phdr {
            p_type,
            p_flags,
            p_vaddr,
            p_filesz,
            p_offset: 0,
            p_paddr: 0,
            p_memsz: p_filesz,
            p_align: 4,
        };
        let note = segment(libc::PT_NOTE, libc::PF_R, 0x100, 0x40);
        let holds = |kind, flags, from, length| can_be_read(&segment(kind, flags, from, length), &note);
        assert!(holds(libc::PT_LOAD, libc::PF_R | libc::PF_X, 0x100, 0x40));
        assert!(!holds(libc::PT_LOAD, libc::PF_X, 0x100, 0x40), "code that can be run and not read");
        assert!(!holds(libc::PT_NOTE, libc::PF_R, 0x100, 0x40));
        assert!(!holds(libc::PT_LOAD, libc::PF_R, 0x101, 0x40));
        assert!(!holds(libc::PT_LOAD, libc::PF_R, 0x100, 0x3f));
    }

    #[test]
    fn loaded_modules_carry_their_build_ids() {
        let modules = loaded();
        for module in &modules {
            assert!((8..=MAX_ID).contains(&module.build_id().len()) && module.address != 0);
        }
        let hex =
            |module: &Module| module.build_id().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let executable = std::env::current_exe().unwrap();
        let own = heaplens::symbols::build_id(&executable).unwrap().expect("linkers write a build-id");
        assert!(modules.iter().any(|module| hex(module) == own), "{own} of {} modules", modules.len());
    }
}
