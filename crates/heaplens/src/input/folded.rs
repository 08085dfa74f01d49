//! Folded stacks: `outermost;…;innermost 1234`, as flame graph tools exchange them.
//!
//! One number a line is a value; two on every line are a base's and a new value, as difference tools write
//! them. Values are taken as they are: exact bytes, no objects.

use crate::error::{Error, Warning};
use crate::out::folded::unescape;
use crate::profile::{Amount, Frame, FrameId, Function, Meta, Profile, Sample, StackId, Values};
use rustc_hash::FxHashMap;

/// The numbers at the end of a line.
enum Numbers {
    One(Amount),
    Two { base: Amount, new: Amount },
}

/// Reads folded stacks.
///
/// # Errors
/// [`Error::NotAProfile`] if no line is one; [`Error::Syntax`] for a line without a number among others.
pub fn parse(bytes: &[u8]) -> Result<Profile, Error> {
    let lines: Vec<(u64, usize, &[u8])> = bytes
        .split(|&b| b == b'\n')
        .scan(0usize, |at, line| {
            let start = *at;
            *at += line.len() + 1;
            Some((start, line))
        })
        .zip(1u64..)
        .map(|((start, line), number)| (number, start, line.strip_suffix(b"\r").unwrap_or(line)))
        .filter(|(_, _, line)| !line.trim_ascii().is_empty() && !line.starts_with(b"#"))
        .collect();
    let Some((_, _, first)) = lines.first() else {
        return Err(Error::NotAProfile {
            found: "a file without any stack".to_owned(),
            hint: "was the profile empty?".to_owned(),
        });
    };
    if split_number(first).is_none() {
        return Err(Error::NotAProfile {
            found: format!("text that starts with `{}`", first[..first.len().min(60)].escape_ascii()),
            hint: "expected heap_v2/<rate> (a jemalloc dump) or folded stacks (`a;b;c 123`)".to_owned(),
        });
    }
    // A name may end in a number by chance; not on every line.
    let two = lines.iter().all(|(_, _, line)| matches!(split_two(line), Some((_, Numbers::Two { .. }))));
    let mut profile = Profile::new(Meta { is_diff: two, ..Meta::default() });
    let looks = lines.iter().filter(|(_, _, line)| split_two(line).is_some()).count();
    if !two && looks * 2 > lines.len() {
        profile.warnings.push(Warning::new(
            "one-column",
            format!(
                "{looks} of {} lines end in two numbers, but not all: read as one value a line, the first number as \
                 a part of the name",
                lines.len()
            ),
        ));
    }
    let mut negative = false;
    let mut stacks = Stacks::default();
    for (number, start, line) in &lines {
        let parsed =
            if two { split_two(line) } else { split_number(line).map(|(s, n)| (s, Numbers::One(n))) };
        let Some((stack, numbers)) = parsed else {
            return Err(Error::Syntax {
                line: *number,
                byte: *start as u64,
                found: format!("`{}`", line[..line.len().min(60)].escape_ascii()),
                expected: "a folded stack that ends in a number: `a;b;c 123`".to_owned(),
            });
        };
        let stack = stacks.add(&mut profile, stack);
        let mut add = |value: Amount| {
            if !value.is_zero() {
                negative |= value.is_negative();
                let values = Values { inuse_space: value, ..Values::default() };
                profile.add_sample(Sample { stack, thread: None, values });
            }
        };
        match numbers {
            Numbers::One(value) => add(value),
            Numbers::Two { base, new } => {
                add(new);
                add(-base);
            }
        }
    }
    if negative && !two {
        profile.meta.is_diff = true;
        profile.warnings.push(Warning::new(
            "net-difference",
            "some values are negative: shown as a difference whose two sides are not known, only the net change",
        ));
    }
    Ok(profile)
}

/// The stacks that were read. Files are sorted as a rule, so a stack begins as the one before it: what they share is not
/// read again.
#[derive(Default)]
struct Stacks<'a> {
    before: &'a [u8],
    /// Where each frame of the stack before ends, and the stack up to there.
    path: Vec<(usize, StackId)>,
    frames: FxHashMap<&'a [u8], FrameId>,
}

impl<'a> Stacks<'a> {
    fn add(&mut self, profile: &mut Profile, stack: &'a [u8]) -> Option<StackId> {
        if stack.is_empty() {
            return None;
        }
        let common = common_length(self.before, stack);
        let is_end = |at: usize| at <= common && stack.get(at).is_none_or(|&byte| byte == b';');
        while self.path.pop_if(|(end, _)| !is_end(*end)).is_some() {}
        self.before = stack;
        let mut start = self.path.last().map_or(0, |(end, _)| end + 1);
        while start <= stack.len() {
            let end = memchr::memchr(b';', &stack[start..]).map_or(stack.len(), |length| start + length);
            let frame = self.frame(profile, &stack[start..end]);
            let parent = self.path.last().map(|(_, parent)| *parent);
            self.path.push((end, profile.add_stack(parent, frame)));
            start = end + 1;
        }
        self.path.last().map(|(_, stack)| *stack)
    }

    fn frame(&mut self, profile: &mut Profile, name: &'a [u8]) -> FrameId {
        *self.frames.entry(name).or_insert_with(|| {
            let name = profile.intern(&unescape(&String::from_utf8_lossy(name)));
            let function = profile.add_function(Function { name, system_name: name, file: None });
            profile.add_frame(Frame::named(function))
        })
    }
}

/// How many bytes both begin with, eight at a time while they are equal.
fn common_length(a: &[u8], b: &[u8]) -> usize {
    let words = a.chunks_exact(8).zip(b.chunks_exact(8)).take_while(|(a, b)| a == b).count() * 8;
    words + a[words..].iter().zip(&b[words..]).take_while(|(a, b)| a == b).count()
}

/// True for a line that only folded stacks have.
pub(super) fn is_stack(line: &[u8]) -> bool {
    split_number(line).is_some_and(|(stack, _)| !stack.is_empty())
}

/// The stack and the last number of a line.
fn split_number(line: &[u8]) -> Option<(&[u8], Amount)> {
    let line = line.trim_ascii_end();
    let at = memchr::memrchr2(b' ', b'\t', line);
    let (stack, number) = match at {
        Some(at) => (&line[..at], &line[at + 1..]),
        None => (&line[..0], line),
    };
    Some((stack, amount(number)?))
}

fn split_two(line: &[u8]) -> Option<(&[u8], Numbers)> {
    let (rest, new) = split_number(line)?;
    let (stack, base) = split_number(rest)?;
    let both = !base.is_negative() && !new.is_negative() && rest.contains(&b' ');
    both.then_some((stack, Numbers::Two { base, new }))
}

/// A decimal number, perhaps with a sign or a fraction.
fn amount(text: &[u8]) -> Option<Amount> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let plain = digits.first().is_some_and(u8::is_ascii_digit)
        && digits.iter().all(|b| b.is_ascii_digit() || *b == b'.')
        && digits.iter().filter(|b| **b == b'.').count() <= 1;
    if !plain {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?;
    match text.parse::<i128>() {
        Ok(whole) => Some(Amount::from_i128(whole)),
        Err(_) => text.parse::<f64>().ok().map(Amount::from_f64),
    }
}
