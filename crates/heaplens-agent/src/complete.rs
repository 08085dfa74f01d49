//! Is a dump whole? jemalloc 5.3.0 reports success for a dump whose last write was cut short (one unchecked
//! `write`, fixed in 5.3.1), so its word is not enough.

const SECTION: &[u8] = b"\nMAPPED_LIBRARIES:\n";

/// A dump that can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Maps {
    /// The mappings are there, down to the last.
    Present,
    /// There are none, and there could not be: /proc cannot be read. Addresses only.
    Absent,
}

/// What gives a cut dump away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Defect {
    /// It does not start like a dump.
    Header,
    /// It does not end with a whole line.
    Line,
    /// The mappings are missing though /proc can be read.
    NoMaps,
    /// The last mapping is not the process's last.
    LastMapping,
}

impl Defect {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Defect::Header => "it does not start with heap_v2/",
            Defect::Line => "its last line has no end",
            Defect::NoMaps => "the section MAPPED_LIBRARIES is missing",
            Defect::LastMapping => "the last mapping of the process is missing",
        }
    }
}

/// Checks jemalloc's text against the last line of the process's maps, read before and after the dump.
///
/// `last_lines` is empty if the maps cannot be read; then jemalloc cannot have read them either, and a dump without
/// the section passes.
pub(crate) fn check(text: &[u8], last_lines: &[Vec<u8>]) -> Result<Maps, Defect> {
    if !text.starts_with(b"heap_v2/") {
        return Err(Defect::Header);
    }
    if !text.ends_with(b"\n") {
        return Err(Defect::Line);
    }
    let Some(maps) = maps_of(text) else {
        return if last_lines.is_empty() { Ok(Maps::Absent) } else { Err(Defect::NoMaps) };
    };
    let last = last_line(maps);
    if last_lines.is_empty() || last_lines.iter().any(|expected| same_region(last, expected)) {
        Ok(Maps::Present)
    } else {
        Err(Defect::LastMapping)
    }
}

/// The mapping lines of a dump.
pub(crate) fn maps_of(text: &[u8]) -> Option<&[u8]> {
    let at = text.windows(SECTION.len()).rposition(|window| window == SECTION)?;
    Some(&text[at + SECTION.len()..])
}

/// The last line, without its end.
pub(crate) fn last_line(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let start = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    &text[start..]
}

fn same_region(line: &[u8], expected: &[u8]) -> bool {
    // The stack grows downwards between two looks, so it goes by its name; these names occur once.
    let name = |line: &[u8]| -> Option<&'static [u8]> {
        let names: [&[u8]; 3] = [b" [stack]", b" [vdso]", b" [vsyscall]"];
        names.into_iter().find(|name| line.ends_with(name))
    };
    match (name(line), name(expected)) {
        (Some(a), Some(b)) => a == b,
        (None, None) => !line.is_empty() && line == expected,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPS: &[u8] = b"\
55d0c0000000-55d0c0001000 r-xp 00000000 fe:00 42 /usr/bin/x
7ffc27e66000-7ffc27e87000 rw-p 00000000 00:00 0                          [stack]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
";

    fn dump() -> Vec<u8> {
        let mut text = b"heap_v2/524288\n  t*: 1: 64 [0: 0]\n  t0: 1: 64 [0: 0]\n@ 0x55d0c0000010 0x55d0c0000020\n  t*: 1: 64 [0: 0]\n  t0: 1: 64 [0: 0]\n\nMAPPED_LIBRARIES:\n".to_vec();
        text.extend(MAPS);
        text
    }

    #[test]
    fn a_whole_dump_passes_and_every_cut_is_told() {
        let whole = dump();
        let last = vec![last_line(MAPS).to_vec()];
        assert_eq!(check(&whole, &last), Ok(Maps::Present));
        for cut in 0..whole.len() {
            assert!(check(&whole[..cut], &last).is_err(), "cut at {cut} of {}", whole.len());
        }
    }

    #[test]
    fn without_proc_a_dump_without_maps_passes_but_says_so() {
        let whole = dump();
        let end = whole.len() - MAPS.len() - SECTION.len() + 1;
        assert_eq!(check(&whole[..end], &[]), Ok(Maps::Absent));
        assert_eq!(check(&whole[..end], &[last_line(MAPS).to_vec()]), Err(Defect::NoMaps));
    }

    #[test]
    fn a_region_without_a_name_must_be_the_same_line() {
        let whole = dump();
        let cut = whole.len() - last_line(MAPS).len() - 1;
        let stack = |start: &str| format!("{start}-7ffc27e87000 rw-p 00000000 00:00 0 [stack]").into_bytes();
        assert_eq!(check(&whole[..cut], &[stack("7ffc20000000")]), Ok(Maps::Present));
        let first = MAPS.split(|&b| b == b'\n').next().unwrap().to_vec();
        let cut = cut - last_line(&whole[..cut]).len() - 1;
        assert_eq!(check(&whole[..cut], std::slice::from_ref(&first)), Ok(Maps::Present));
        let other = first.iter().map(|&b| if b == b'5' { b'6' } else { b }).collect();
        assert_eq!(check(&whole[..cut], &[other]), Err(Defect::LastMapping));
    }
}
