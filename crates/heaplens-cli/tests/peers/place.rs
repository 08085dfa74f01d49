//! Addresses of a dump as `module+0xoffset`, read from its mapping lines by rules of our own making here, so that the
//! library's are not judged by themselves.

use std::path::Path;

pub(crate) struct Mappings(Vec<(u64, u64, u64, String)>);

impl Mappings {
    pub(crate) fn of(dump: &Path) -> Mappings {
        let bytes = std::fs::read(dump).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let lines = text.split_once("MAPPED_LIBRARIES:\n").expect("the dump has mapping lines").1.lines();
        let list = lines.filter(|line| !line.starts_with('#')).filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            let (start, end) = words.next()?.split_once('-')?;
            let hex = |text: &str| u64::from_str_radix(text, 16).ok();
            let offset = hex(words.nth(1)?)?;
            Some((hex(start)?, hex(end)?, offset, words.nth(2)?.to_owned()))
        });
        Mappings(list.collect())
    }

    /// What `heaplens folded --no-symbols` calls the place that a call returns to.
    pub(crate) fn name(&self, return_address: u64) -> String {
        let call = return_address - 1;
        let (start, _, offset, path) = self
            .0
            .iter()
            .find(|m| m.0 <= call && call < m.1)
            .unwrap_or_else(|| panic!("{call:#x} is unmapped"));
        let module = path.rsplit('/').next().unwrap_or(path);
        format!("{module}+{:#x}", return_address - start + offset)
    }

    /// Where the first mapping of a file begins.
    pub(crate) fn start_of(&self, path: &Path) -> u64 {
        let found = self.0.iter().find(|m| Path::new(&m.3) == path);
        found.unwrap_or_else(|| panic!("{} is not mapped", path.display())).0
    }
}
