//! What a failed gate leaves for whoever looks into it: the dumps, the picture of what grew, the command that shows it.

use crate::commands::flamegraph;
use crate::notes;
use crate::output::{Kind, Target};
use anyhow::Context;
use heaplens::check::Check;
use heaplens::out::{self, svg};
use heaplens::profile::SampleType;
use heaplens::series::Series;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Keeps a dump that is no file yet.
///
/// # Errors
/// Those of the system.
pub(super) fn dump(save: Option<&Path>, name: &str, bytes: &[u8]) -> anyhow::Result<Option<PathBuf>> {
    let Some(dir) = save else { return Ok(None) };
    make(dir)?;
    let path = dir.join(name);
    Target::File(path.clone()).write(bytes, Kind::DumpReplacing)?;
    Ok(Some(path))
}

fn make(dir: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))
}

/// Keeps the two dumps that growth lies between, and its picture; gives the command that shows it. `files` are those of
/// the captures.
///
/// # Errors
/// Those of the system.
pub(super) fn keep(
    series: &Series,
    check: &Check,
    files: &[Option<PathBuf>],
    save: Option<&Path>,
) -> anyhow::Result<Option<String>> {
    let Some(process) = check.measured.processes.first() else { return Ok(None) };
    let (Some(&first), Some(&last)) = (process.run.captures.first(), process.run.captures.last()) else {
        return Ok(None);
    };
    let file = |capture: usize| files.get(capture).and_then(Option::as_deref);
    let Some(dir) = save else {
        return Ok(Some(match (file(first), file(last)) {
            (Some(base), Some(new)) => diff(base, new),
            _ => "add --save DIR to keep the dumps and the picture of what grew".to_owned(),
        }));
    };
    make(dir)?;
    let kept = |capture: usize, role: &str| {
        let Some(path) = file(capture) else { return Ok(None) };
        if path.parent() == Some(dir) {
            return Ok(Some(path.to_owned()));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let copy = dir.join(format!("{role}-{name}"));
        std::fs::copy(path, &copy).with_context(|| format!("writing {}", copy.display()))?;
        Ok::<_, anyhow::Error>(Some(copy))
    };
    let (base, new) = (kept(first, "base")?, kept(last, "new")?);

    let mut stacks: BTreeSet<u32> = BTreeSet::new();
    for function in check.measured.processes.first().map_or(&[][..], |process| &process.functions) {
        stacks.extend(&function.function.stacks);
    }
    let growth = series.difference(first, last, |stack| stacks.is_empty() || stacks.contains(&stack));
    let mut drawing =
        svg::Options::new().subtitle(out::check::sentence(check, &out::check::Options::default()));
    drawing.title = Some("What grew".to_owned());
    let picture = dir.join("growth.svg");
    Target::File(picture.clone())
        .write(&flamegraph::picture(&growth, SampleType::InuseSpace, drawing)?, Kind::Report)?;
    notes::line(&format!("wrote {}", picture.display()));
    let command = base.zip(new).map_or_else(String::new, |(base, new)| format!(", or {}", diff(&base, &new)));
    Ok(Some(format!("{}{command}", picture.display())))
}

fn diff(base: &Path, new: &Path) -> String {
    format!("heaplens diff {} {}", quoted(base), quoted(new))
}

/// As a shell reads it.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.into_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_pasted_into_a_shell() {
        assert_eq!(diff(Path::new("a/b.heap"), Path::new("it's $1")), "heaplens diff a/b.heap 'it'\\''s $1'");
    }
}
