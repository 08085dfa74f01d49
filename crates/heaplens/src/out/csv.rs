//! CSV for spreadsheets and data frames, as RFC 4180 has it: a line of names first, lines end in CR LF, fields with
//! commas or quotes stand in quotes.
//!
//! Numbers are unsampled estimates, rounded, without units or grouping. Each column is named after its sample type.
//! Byte figures have two more, `…_low` and `…_high`, the 95 % interval, where the sampling rate is known; in a difference
//! the figure is the net change, and `…_from` and `…_to` are its sides.
//!
//! Text that a spreadsheet would take for a formula (it starts with `=`, `+`, `-` or `@`) gets a `'` in front.

use super::escape::{encoded, terminal};
use super::stacks::{self, Ranked, Threads};
use crate::error::Error;
use crate::profile::{Amount, Profile, SampleType};
use crate::view::{Change, Row, Top};
use std::borrow::Cow;
use std::io::{BufWriter, Write};

/// Writes one line a stack (and thread, where the profile keeps threads apart) with all that was measured. The stack is
/// one field, `outermost;…;innermost`; a `;` in a name stands as `\x3b`.
///
/// # Errors
/// Those of `out`.
pub fn write_profile(profile: &Profile, out: &mut dyn Write) -> Result<(), Error> {
    let mut out = Table::new(out);
    let meta = &profile.meta;
    let types = meta.sample_types();
    let columns = |t: SampleType| Columns { sample_type: t, is_diff: meta.is_diff, rate: meta.rate };
    let has_threads = profile.samples().iter().any(|sample| sample.thread.is_some());
    if has_threads {
        out.text("thread_id")?;
        out.text("thread")?;
    }
    for &sample_type in &types {
        columns(sample_type).names("", &mut out)?;
    }
    out.text("stack")?;
    out.end()?;
    let ranked = Ranked::new(profile, |id| {
        let name = profile.frame_name(id);
        encoded(&name, |at| name.as_bytes()[at] == b';').into_owned()
    });
    for ((stack, thread), sums) in stacks::sums(profile, &ranked, Threads::Apart) {
        if sums.iter().all(|change| change.before.round() == 0 && change.after.round() == 0) {
            continue;
        }
        if has_threads {
            let thread = thread.map(|id| &profile.threads()[id.index()]);
            out.number(thread.map(|thread| thread.uid.into()))?;
            out.text(thread.and_then(|thread| thread.name.as_deref()).unwrap_or_default())?;
        }
        for &sample_type in &types {
            columns(sample_type).figures(&sums[stacks::index(sample_type)], &mut out)?;
        }
        let names: Vec<&str> = stack.iter().map(|&rank| ranked.all[rank as usize].as_str()).collect();
        out.text(&names.join(";"))?;
        out.end()?;
    }
    out.flush()
}

/// Writes the table of functions, at most `limit` rows (0 for all).
///
/// # Errors
/// Those of `out`.
pub fn write_top(top: &Top, limit: usize, out: &mut dyn Write) -> Result<(), Error> {
    let mut out = Table::new(out);
    let columns = |t: SampleType| Columns { sample_type: t, is_diff: top.is_diff, rate: top.rate };
    let own = columns(top.sample_type);
    let objects =
        (top.has_objects && top.sample_type.is_bytes()).then(|| columns(top.sample_type.counterpart()));
    for prefix in ["flat_", "cum_"] {
        own.names(prefix, &mut out)?;
        objects.iter().try_for_each(|objects| objects.names(prefix, &mut out))?;
    }
    ["function", "location", "module"].into_iter().try_for_each(|name| out.text(name))?;
    out.end()?;
    let limit = if limit == 0 { top.rows.len() } else { limit };
    for row in top.rows.iter().take(limit) {
        let Row { flat, cum, flat_other, cum_other, .. } = row;
        for (change, other) in [(flat, flat_other), (cum, cum_other)] {
            own.figures(change, &mut out)?;
            objects.iter().try_for_each(|objects| objects.figures(other, &mut out))?;
        }
        out.text(&row.name)?;
        out.text(row.location.as_deref().unwrap_or_default())?;
        out.text(row.module.as_deref().unwrap_or_default())?;
        out.end()?;
    }
    out.flush()
}

/// The columns of one sample type.
struct Columns {
    sample_type: SampleType,
    is_diff: bool,
    rate: Option<u64>,
}

impl Columns {
    fn names(&self, prefix: &str, out: &mut Table<'_>) -> Result<(), Error> {
        let sides: &[&str] = if self.is_diff { &["_from", "_to"] } else { &[] };
        let has_interval = self.sample_type.is_bytes() && self.rate.is_some();
        let interval: &[&str] = if has_interval { &["_low", "_high"] } else { &[] };
        let name = self.sample_type.name();
        [""].iter()
            .chain(sides)
            .chain(interval)
            .try_for_each(|suffix| out.text(&format!("{prefix}{name}{suffix}")))
    }

    fn figures(&self, change: &Change, out: &mut Table<'_>) -> Result<(), Error> {
        out.number(Some(change.net().round()))?;
        if self.is_diff {
            out.number(Some(change.before.round()))?;
            out.number(Some(change.after.round()))?;
        }
        if let Some(interval) = change.interval(self.sample_type, self.rate, self.is_diff) {
            out.number(Some(Amount::from_f64(interval.low).round()))?;
            out.number(Some(Amount::from_f64(interval.high).round()))?;
        }
        Ok(())
    }
}

/// Fields and lines.
struct Table<'a> {
    out: BufWriter<&'a mut dyn Write>,
    is_first: bool,
}

impl<'a> Table<'a> {
    fn new(out: &'a mut dyn Write) -> Table<'a> {
        Table { out: BufWriter::new(out), is_first: true }
    }

    fn field(&mut self, text: &str) -> Result<(), Error> {
        if !std::mem::replace(&mut self.is_first, false) {
            self.out.write_all(b",")?;
        }
        self.out.write_all(text.as_bytes())?;
        Ok(())
    }

    fn number(&mut self, value: Option<i128>) -> Result<(), Error> {
        self.field(&value.map_or_else(String::new, |value| value.to_string()))
    }

    fn text(&mut self, text: &str) -> Result<(), Error> {
        self.field(&quoted(text))
    }

    fn end(&mut self) -> Result<(), Error> {
        self.is_first = true;
        self.out.write_all(b"\r\n")?;
        Ok(())
    }

    fn flush(mut self) -> Result<(), Error> {
        self.out.flush()?;
        Ok(())
    }
}

/// A field of text: nothing hidden, nothing that runs, in quotes where it must be.
fn quoted(text: &str) -> Cow<'_, str> {
    let mut text = terminal(text);
    if text.starts_with(['=', '+', '-', '@']) {
        text = format!("'{text}").into();
    }
    if text.contains([',', '"']) || text.starts_with(' ') || text.ends_with(' ') {
        text = format!("\"{}\"", text.replace('"', "\"\"")).into();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_text_and_nothing_else() {
        assert_eq!(quoted("alloc::vec::Vec<T,A>::push"), "\"alloc::vec::Vec<T,A>::push\"");
        assert_eq!(quoted("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(quoted("-1+2"), "'-1+2");
        assert_eq!(quoted("@sum"), "'@sum");
        assert_eq!(quoted("a\r\n=b\tc"), "a\\r\\n=b\\tc");
        assert_eq!(quoted(" main "), "\" main \"");
        assert!(matches!(quoted("main"), Cow::Borrowed("main")));
    }
}
