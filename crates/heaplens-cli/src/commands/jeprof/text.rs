//! `--text`: a row for each function with what it holds by itself and together with its callees.

use heaplens::Profile;
use heaplens::out::escape;
use heaplens::out::figures::{Unit, share};
use heaplens::profile::{Amount, SampleType};
use heaplens::view::{Row, Top};
use std::io::Write;

/// Writes the table of a profile whose frames are named for it.
pub(super) fn write(
    profile: &Profile,
    sample: SampleType,
    unit: Unit,
    by_cum: bool,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let Top { mut rows, .. } = Top::new(profile, sample);
    let total: Amount = rows.iter().map(|row| row.flat.net()).sum();
    let leading = |row: &Row| if by_cum { row.cum.net() } else { row.flat.net() };
    rows.sort_by(|a, b| leading(b).cmp(&leading(a)).then_with(|| a.name.cmp(&b.name)));
    let mut running = Amount::ZERO;
    for row in &rows {
        let (flat, cum) = (row.flat.net(), row.cum.net());
        running += flat;
        if flat.is_zero() && cum.is_zero() {
            continue;
        }
        writeln!(
            out,
            "{:>8} {:>6} {:>6} {:>8} {:>6} {}",
            unit.figure(flat),
            share(flat, total),
            share(running, total),
            unit.figure(cum),
            share(cum, total),
            escape::terminal(&row.name),
        )?;
    }
    Ok(())
}
