//! [`Dump`] -> bytes, the same bytes that it was read from.

use super::{Counts, Dump, Owner};
use std::io::{self, Write};

impl Dump {
    /// Writes the dump as jemalloc would, with every oddity of the text it was read from.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut printer = Printer { dump: self, out, item: 0, odd: 0 };
        printer.line(|out| write!(out, "heap_v2/{}", self.rate))?;
        for index in 0..self.header_end {
            let (owner, counts) = self.lines.get(index);
            let name = self.names.binary_search_by_key(&(index as u32), |n| n.0).ok();
            printer.line(|out| {
                write_counts(out, owner, counts)?;
                match name {
                    Some(name) => out.write_all(b" ").and_then(|()| out.write_all(&self.names[name].1)),
                    None => Ok(()),
                }
            })?;
        }
        for stack in self.stacks() {
            printer.line(|out| {
                out.write_all(b"@")?;
                stack.addresses.iter().try_for_each(|address| match address {
                    0 => out.write_all(b" 0"),
                    _ => write!(out, " {address:#x}"),
                })
            })?;
            for (owner, counts) in stack.lines() {
                printer.line(|out| write_counts(out, owner, counts))?;
            }
        }
        printer.extra_lines()?;
        out.write_all(&self.maps_section)?;
        out.write_all(&self.trailer_text)
    }

    /// The dump as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // Writing to a Vec cannot fail.
        let _ = self.write(&mut bytes);
        bytes
    }
}

struct Printer<'a, W> {
    dump: &'a Dump,
    out: &'a mut W,
    item: u32,
    /// Next entry of `verbatim`.
    odd: usize,
}

impl<W: Write> Printer<'_, W> {
    fn extra_lines(&mut self) -> io::Result<()> {
        while let Some(odd) = self.dump.verbatim.get(self.odd).filter(|o| o.before == self.item && !o.is_item)
        {
            self.out.write_all(&odd.text)?;
            self.odd += 1;
        }
        Ok(())
    }

    fn line(&mut self, print: impl FnOnce(&mut W) -> io::Result<()>) -> io::Result<()> {
        self.extra_lines()?;
        match self.dump.verbatim.get(self.odd).filter(|o| o.before == self.item) {
            Some(odd) => {
                self.out.write_all(&odd.text)?;
                self.odd += 1;
            }
            None => {
                print(self.out)?;
                self.out.write_all(if self.dump.crlf { b"\r\n" } else { b"\n" })?;
            }
        }
        self.item += 1;
        Ok(())
    }
}

fn write_counts(out: &mut impl Write, owner: Owner, counts: Counts) -> io::Result<()> {
    match owner {
        Owner::All => write!(out, "  t*")?,
        Owner::Thread(uid) => write!(out, "  t{uid}")?,
    }
    let Counts { objects, bytes, accum_objects, accum_bytes } = counts;
    write!(out, ": {objects}: {bytes} [{accum_objects}: {accum_bytes}]")
}
