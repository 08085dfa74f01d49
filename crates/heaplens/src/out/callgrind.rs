//! The calls of a profile in callgrind's format, for KCachegrind and callgrind_annotate.

use super::escape;
use crate::error::Error;
use crate::profile::{Amount, FrameId, Profile, SampleType};
use std::collections::{BTreeMap, HashMap};
use std::io::Write;

/// What is written.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// What is counted.
    pub sample_type: SampleType,
    /// What the costs are called; by default as the sample type is.
    pub event: Option<String>,
    /// Ends with the sum, which readers show parts of; without it callgrind_annotate adds up what calls cost as well.
    /// jeprof has none.
    pub totals: bool,
}

/// A place in a function: its file, `??` if unknown, the line, 0 if unknown, and the function.
type Place = (String, u32, String);

/// Writes what each line of a function allocated itself and by its calls; amounts are unsampled and cut to whole
/// numbers. How often something was called is not known: callgrind's number of calls repeats the amount, as jeprof's does.
///
/// # Errors
/// Those of `out`.
pub fn write(profile: &Profile, options: &Options, out: &mut dyn Write) -> Result<(), Error> {
    let mut places: Vec<Place> = profile.frame_ids().map(|id| place(profile, id)).collect();
    // Memory without any frame.
    places.push(("??".to_owned(), 0, "unknown".to_owned()));
    let nowhere = places.len() - 1;
    let mut costs: BTreeMap<(&Place, Option<&Place>), Amount> = BTreeMap::new();
    for sample in profile.samples() {
        let amount = sample.values.get(options.sample_type);
        let stack = profile.stack_from_leaf(sample.stack).map(|(_, frame)| frame.index());
        let mut stack = stack.map(|index| &places[index]);
        let mut callee = stack.next().unwrap_or(&places[nowhere]);
        *costs.entry((callee, None)).or_default() += amount;
        for caller in stack {
            *costs.entry((caller, Some(callee))).or_default() += amount;
            callee = caller;
        }
    }
    let event = options.event.as_deref().unwrap_or(options.sample_type.name());
    writeln!(out, "events: {event}\n")?;
    let (mut files, mut functions) = (Names::default(), Names::default());
    let mut total = 0;
    for (((file, line, function), callee), amount) in costs {
        let amount = amount.trunc();
        writeln!(out, "fl={}", files.write(file))?;
        writeln!(out, "fn={}", functions.write(function))?;
        if let Some((file, line, function)) = callee {
            writeln!(out, "cfl={}", files.write(file))?;
            writeln!(out, "cfn={}", functions.write(function))?;
            writeln!(out, "calls={amount} {line}")?;
        }
        writeln!(out, "{line} {amount}\n")?;
        if callee.is_none() {
            total += amount;
        }
    }
    if options.totals {
        writeln!(out, "totals: {total}")?;
    }
    Ok(())
}

fn place(profile: &Profile, id: FrameId) -> Place {
    let frame = profile.frame(id);
    let file = frame.function.and_then(|function| profile.function(function).file);
    let file = file.map_or("??", |file| profile.string(file));
    let name = profile.frame_name(id);
    (escape::terminal(file).into_owned(), frame.line, escape::terminal(&name).into_owned())
}

/// Names are written once, and then by their number; short ones always, unless they look like one.
#[derive(Default)]
struct Names(HashMap<String, usize>);

impl Names {
    fn write(&mut self, name: &str) -> String {
        if name.len() <= 3 && !name.starts_with('(') {
            return name.to_owned();
        }
        if let Some(number) = self.0.get(name) {
            return format!("({number})");
        }
        let number = self.0.len() + 1;
        self.0.insert(name.to_owned(), number);
        format!("({number}) {name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::parse_folded;
    use crate::profile::{Frame, Function, Meta, Sample, Values};

    #[test]
    fn a_name_is_no_number() {
        let profile = parse_folded(b"main;(1) 5\n").unwrap();
        let mut text = Vec::new();
        write(&profile, &Options::default(), &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("fn=(1) (1)\n") && text.contains("cfn=(1)\n"), "{text}");
    }

    #[test]
    fn calls_and_own_costs_are_told_apart() {
        let profile = parse_folded(b"main;work;a 5\nmain;work 3\n").unwrap();
        let mut text = Vec::new();
        write(&profile, &Options::default(), &mut text).unwrap();
        let expected = "events: inuse_space\n\n\
            fl=??\nfn=a\n0 5\n\n\
            fl=??\nfn=(1) main\ncfl=??\ncfn=(2) work\ncalls=8 0\n0 8\n\n\
            fl=??\nfn=(2)\n0 3\n\n\
            fl=??\nfn=(2)\ncfl=??\ncfn=a\ncalls=5 0\n0 5\n\n";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }

    #[test]
    fn a_name_is_one_line() {
        let mut profile = Profile::new(Meta::default());
        let name = profile.intern("one\nfn=two");
        let file = Some(profile.intern("a.c\n1 5"));
        let function = profile.add_function(Function { name, system_name: name, file });
        let frame = profile.add_frame(Frame { line: 7, ..Frame::named(function) });
        let stack = profile.add_stack_from_root([frame]);
        let values = Values { inuse_space: Amount::from_u64(9), ..Values::default() };
        profile.add_sample(Sample { stack, thread: None, values });
        profile.add_sample(Sample { stack: None, thread: None, values });
        let mut text = Vec::new();
        write(&profile, &Options { event: Some("Hits".to_owned()), ..Options::default() }, &mut text)
            .unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(text.lines().count(), 10, "{text}");
        assert!(text.starts_with("events: Hits\n\nfl=??\nfn=(1) unknown\n0 9\n\nfl=(1) a.c"), "{text}");
    }
}
