//! `heaplens jeprof`: jeprof's arguments and jeprof's formats.

mod addresses;
mod choose;
mod collapsed;
mod disasm;
mod functions;
mod getopt;
mod grain;
mod linked;
mod listing;
mod names;
mod pictures;
mod read;
mod settings;
mod skip;
mod stacks;
mod targets;
mod text;
mod threads;
mod usage;

use crate::notes;
use crate::output::{Kind, Target};
use choose::Choice;
use functions::Function;
use heaplens::out::callgrind;
use heaplens::out::figures::Unit;
use heaplens::out::symbolized;
use heaplens::{Profile, symbols};
use pictures::Subject;
use settings::{Mode, Settings, Wish};
use stacks::{Of, Places, Stack};
use std::ffi::OsString;
use std::io::Write;

/// Take jeprof's arguments and print jeprof's formats: `alias jeprof='heaplens jeprof'`
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true, override_usage = usage::USAGE, after_help = usage::OPTIONS)]
pub(crate) struct Options {
    /// Options and inputs, in any order
    #[arg(value_name = "ARGUMENT", hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let settings = match settings::read(&options.arguments)? {
        Wish::Help => return Target::Stdout.write(usage::help().as_bytes(), Kind::Report),
        Wish::Version => return Target::Stdout.write(usage::version().as_bytes(), Kind::Report),
        Wish::Run(settings) => *settings,
    };
    let mut out = Vec::new();
    if settings.mode == Mode::Symbols {
        addresses::write(&settings, &mut out)?;
        return Target::Stdout.write(&out, Kind::Report);
    }
    let choice = Choice::new(&settings)?;
    let (profile, symbols) = read::profile(&settings)?;
    if settings.mode == Mode::Raw {
        symbolized::write(&profile, &mut out)?;
        return Target::Stdout.write(&out, Kind::Report);
    }
    let (places, reader) = stacks::read(&profile);
    let printer = Printer { settings: &settings, choice, profile: &profile, symbols, places };
    if let Some(wanted) = &settings.thread {
        for (id, label) in threads::chosen(&profile, wanted) {
            let stacks = reader.stacks(settings.sample, Of::Thread(id));
            printer.print(stacks, Some(&label), &mut out)?;
        }
    } else {
        let mut stacks = reader.stacks(settings.sample, Of::All);
        if settings.drop_negative && settings.base.is_some() {
            choose::drop_negative(&mut stacks);
        }
        printer.print(stacks, None, &mut out)?;
    }
    Target::Stdout.write(&out, Kind::Report)
}

/// What one thread's profile, or all threads', is printed with.
struct Printer<'a> {
    settings: &'a Settings,
    choice: Choice,
    profile: &'a Profile,
    /// Where its names came from.
    symbols: symbols::Options,
    places: Places,
}

impl Printer<'_> {
    fn print(&self, stacks: Vec<Stack>, thread: Option<&str>, out: &mut Vec<u8>) -> anyhow::Result<()> {
        let Printer { settings, choice, places, .. } = self;
        let total = stacks::total(&stacks);
        let stacks = choice.apply(places, stacks);
        let unit = unit(settings);
        let sample = settings.sample;
        match &settings.mode {
            Mode::Text => {
                if !total.is_zero() {
                    let thread = thread.map_or_else(String::new, |thread| format!(" ({thread})"));
                    writeln!(out, "Total{thread}: {} {}", unit.figure(total), unit.label())?;
                }
                let profile = grain::profile(places, &stacks, settings.granularity, sample);
                text::write(&profile, sample, unit, settings.cum, out)?;
            }
            Mode::Collapsed => collapsed::write(places, &stacks, out)?,
            Mode::Callgrind => {
                let mut options = callgrind::Options::default();
                options.sample_type = sample;
                options.event = Some("Hits".to_owned());
                callgrind::write(&grain::calls(places, &stacks, sample), &options, out)?;
            }
            Mode::Dot | Mode::Picture(_) => {
                let profile = grain::profile(places, &stacks, settings.granularity, sample);
                let title = settings.inputs.first().map(|program| program.to_string_lossy().into_owned());
                let title = title.unwrap_or_default();
                let subject = Subject { title, overall: total, profile: &profile, sample, unit };
                pictures::write(subject, &settings.graph, &settings.mode, out)?;
            }
            Mode::List(_) => listing::write(&self.functions(&stacks, thread), unit, out)?,
            Mode::Disasm(_) => {
                let shown = stacks.iter().filter(|stack| !stack.places.is_empty());
                let total = shown.map(|stack| stack.amount).sum();
                disasm::write(&self.functions(&stacks, thread), total, unit, &self.symbols, out)?;
            }
            // These are printed without places.
            Mode::Symbols | Mode::Raw => {}
        }
        Ok(())
    }

    fn functions(&self, stacks: &[Stack], thread: Option<&str>) -> Vec<Function> {
        let Some(pattern) = &self.choice.routine else { return Vec::new() };
        let found = functions::find(self.profile, &self.places, stacks, pattern, &self.symbols);
        if found.is_empty() && thread.is_none() {
            notes::line(&format!("warning: no function of the profile matches {pattern}"));
        }
        found
    }
}

fn unit(settings: &Settings) -> Unit {
    match (settings.sample.is_bytes(), settings.show_bytes) {
        (false, _) => Unit::Objects,
        (true, true) => Unit::Bytes,
        (true, false) => Unit::Megabytes,
    }
}
