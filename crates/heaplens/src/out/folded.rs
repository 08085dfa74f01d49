//! Folded stacks: `outermost;…;innermost 1234`, one line a stack of names.
//!
//! A difference has two columns, base and new, so that nothing is lost: readers of one column reject negative
//! numbers and with them every stack that shrank.
//!
//! Names keep their text but for what would break a line: `;`, control characters, a `#` at the start of a line
//! and a space before digits at its end stand as `\x3b` and so on; [`unescape`] brings them back.

use super::escape::{decoded, encoded};
use crate::error::Error;
use crate::profile::{Amount, Profile, SampleType};
use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::io::Write;

/// Writes one line for each stack of function names, sorted; values are unsampled and cut to whole numbers,
/// as `jeprof --collapsed` does. Stacks of less than one are left out.
///
/// # Errors
/// Those of `out`.
pub fn write(profile: &Profile, sample_type: SampleType, out: &mut dyn Write) -> Result<(), Error> {
    let names = Names::new(profile);
    // Lines are long, mostly the same, and many: they are made one at a time, when their order is known.
    let mut sums: FxHashMap<Box<[u32]>, (Amount, Amount)> = FxHashMap::default();
    let mut stack: Vec<u32> = Vec::new();
    for sample in profile.samples() {
        let value = sample.values.get(sample_type);
        if value.is_zero() {
            continue;
        }
        stack.clear();
        stack.extend(profile.stack_from_leaf(sample.stack).map(|(_, f)| names.of_frame[f.index()]));
        stack.reverse();
        let (before, after) = match sums.get_mut(&stack[..]) {
            Some(sums) => sums,
            None => sums.entry(stack.as_slice().into()).or_default(),
        };
        if value.is_negative() {
            *before += -value;
        } else {
            *after += value;
        }
    }
    let mut lines: Vec<_> = sums
        .into_iter()
        .map(|(stack, (before, after))| (stack, before.trunc(), after.trunc()))
        .filter(|&(_, before, after)| (before, after) != (0, 0))
        .collect();
    lines.sort_unstable_by(|a, b| names.order(&a.0, &b.0));
    let mut line = String::new();
    for (stack, before, after) in &lines {
        names.join(stack, &mut line);
        let stack = protect_ends(&line);
        if profile.meta.is_diff {
            writeln!(out, "{stack} {before} {after}")?;
        } else {
            writeln!(out, "{stack} {after}")?;
        }
    }
    Ok(())
}

/// All frames' names as they are written, equal ones once.
struct Names {
    texts: Vec<String>,
    /// The name of each frame.
    of_frame: Vec<u32>,
}

impl Names {
    fn new(profile: &Profile) -> Names {
        let mut texts: IndexSet<String, FxBuildHasher> = IndexSet::default();
        let of_frame = profile.frame_ids().map(|id| {
            let name = profile.frame_name(id);
            let name = escape(&name);
            let known = texts.get_index_of(name.as_ref());
            known.unwrap_or_else(|| texts.insert_full(name.into_owned()).0) as u32
        });
        let of_frame = of_frame.collect();
        Names { texts: texts.into_iter().collect(), of_frame }
    }

    fn join(&self, stack: &[u32], line: &mut String) {
        line.clear();
        for (i, &name) in stack.iter().enumerate() {
            if i > 0 {
                line.push(';');
            }
            line.push_str(&self.texts[name as usize]);
        }
    }

    /// How the bytes of two stacks' lines compare; only the names where they part are looked at.
    fn order(&self, a: &[u32], b: &[u32]) -> Ordering {
        let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
        let (Some(x), Some(y)) = (a.get(same), b.get(same)) else {
            return a.len().cmp(&b.len());
        };
        let (x, y) = (self.texts[*x as usize].as_bytes(), self.texts[*y as usize].as_bytes());
        let common = x.len().min(y.len());
        // Behind the end of a name comes the next one, if there is one.
        let behind = |name: &[u8], stack: &[u32]| {
            name.get(common).copied().or((stack.len() > same + 1).then_some(b';'))
        };
        x[..common].cmp(&y[..common]).then_with(|| behind(x, a).cmp(&behind(y, b)))
    }
}

/// A name without what separates frames and lines.
pub fn escape(name: &str) -> Cow<'_, str> {
    encoded(name, |at| name.as_bytes()[at] == b';')
}

/// A stack that starts like a comment, or ends in a space and digits that would pass for a value.
fn protect_ends(stack: &str) -> Cow<'_, str> {
    let mut stack = Cow::Borrowed(stack);
    if let Some(rest) = stack.strip_prefix('#') {
        stack = Cow::Owned(format!("\\x23{rest}"));
    }
    if let Some((head, tail)) = stack.rsplit_once(' ')
        && tail.bytes().all(|b| b.is_ascii_digit() || b"+-.".contains(&b))
    {
        stack = Cow::Owned(format!("{head}\\x20{tail}"));
    }
    stack
}

/// Brings back what writing escaped; any other backslash stays.
pub fn unescape(name: &str) -> Cow<'_, str> {
    decoded(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Frame, Function, Meta, Sample, Values};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn what_breaks_lines_is_escaped() {
        assert_eq!(escape("[u8; 8]"), "[u8\\x3b 8]");
        assert_eq!(escape("a\nb"), "a\\x0ab");
        assert_eq!(escape("C:\\new\\x41"), "C:\\new\\x41");
        assert_eq!(escape("\\x3b"), "\\x5cx3b");
        assert_eq!(protect_ends("f;operator 12"), "f;operator\\x2012");
        assert_eq!(protect_ends("f;g h"), "f;g h");
    }

    fn named(stacks: &[Vec<String>]) -> Profile {
        let mut profile = Profile::new(Meta::default());
        for stack in stacks {
            let frames: Vec<_> = stack
                .iter()
                .map(|name| {
                    let name = profile.intern(name);
                    let function = profile.add_function(Function { name, system_name: name, file: None });
                    profile.add_frame(Frame::named(function))
                })
                .collect();
            let stack = profile.add_stack_from_root(frames);
            let inuse_space = Amount::from_u64(1);
            let values = Values { inuse_space, ..Values::default() };
            profile.add_sample(Sample { stack, thread: None, values });
        }
        profile
    }

    proptest! {
        #[test]
        fn lines_are_sorted_by_their_bytes_each_once(
            stacks in prop::collection::vec(prop::collection::vec("[a :;<]{1,3}", 1..4), 0..40),
        ) {
            let mut text = Vec::new();
            write(&named(&stacks), SampleType::InuseSpace, &mut text).unwrap();
            let text = String::from_utf8(text).unwrap();
            let line = |stack: &Vec<String>| {
                stack.iter().map(|name| escape(name).into_owned()).collect::<Vec<_>>().join(";")
            };
            let mut expected: BTreeMap<String, u64> = BTreeMap::new();
            for stack in &stacks {
                *expected.entry(line(stack)).or_default() += 1;
            }
            let expected: Vec<String> = expected.iter().map(|(line, n)| format!("{} {n}", protect_ends(line))).collect();
            prop_assert_eq!(text.lines().collect::<Vec<_>>(), expected);
        }

        #[test]
        fn unescape_brings_names_back(name in "[\\\\x0-9a-f; \\n\\t\u{1}-\u{1f}A-Zäöü]{0,12}") {
            let escaped = escape(&name).into_owned();
            prop_assert_eq!(unescape(&escaped), name);
        }
    }
}
