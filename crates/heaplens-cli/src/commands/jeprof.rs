//! `heaplens jeprof`: jeprof's arguments and jeprof's formats.

mod choose;
mod collapsed;
mod getopt;
mod grain;
mod names;
mod pictures;
mod read;
mod settings;
mod skip;
mod stacks;
mod text;
mod threads;
mod usage;

use crate::output::{Kind, Target};
use choose::Choice;
use heaplens::out::callgrind;
use heaplens::out::figures::Unit;
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
    let choice = Choice::new(&settings.patterns)?;
    let profile = read::profile(&settings)?;
    let (places, reader) = stacks::read(&profile);
    let mut out = Vec::new();
    if let Some(wanted) = &settings.thread {
        for (id, label) in threads::chosen(&profile, wanted) {
            let stacks = reader.stacks(settings.sample, Of::Thread(id));
            print(&settings, &choice, &places, stacks, Some(&label), &mut out)?;
        }
    } else {
        let mut stacks = reader.stacks(settings.sample, Of::All);
        if settings.drop_negative && settings.base.is_some() {
            choose::drop_negative(&mut stacks);
        }
        print(&settings, &choice, &places, stacks, None, &mut out)?;
    }
    Target::Stdout.write(&out, Kind::Report)
}

/// Prints one profile, or one thread's.
fn print(
    settings: &Settings,
    choice: &Choice,
    places: &Places,
    stacks: Vec<Stack>,
    thread: Option<&str>,
    out: &mut Vec<u8>,
) -> anyhow::Result<()> {
    let total = stacks::total(&stacks);
    let stacks = choice.apply(places, stacks);
    let unit = unit(settings);
    match settings.mode {
        Mode::Text => {
            if !total.is_zero() {
                let thread = thread.map_or_else(String::new, |thread| format!(" ({thread})"));
                writeln!(out, "Total{thread}: {} {}", unit.figure(total), unit.label())?;
            }
            let profile = grain::profile(places, &stacks, settings.granularity, settings.sample);
            text::write(&profile, settings.sample, unit, settings.cum, out)?;
        }
        Mode::Collapsed => collapsed::write(places, &stacks, out)?,
        Mode::Callgrind => {
            let mut options = callgrind::Options::default();
            options.sample_type = settings.sample;
            options.event = Some("Hits".to_owned());
            callgrind::write(&grain::calls(places, &stacks, settings.sample), &options, out)?;
        }
        Mode::Dot | Mode::Picture(_) => {
            let profile = grain::profile(places, &stacks, settings.granularity, settings.sample);
            let title = settings.inputs.first().map(|program| program.to_string_lossy().into_owned());
            let subject = Subject {
                title: title.unwrap_or_default(),
                overall: total,
                profile: &profile,
                sample: settings.sample,
                unit,
            };
            pictures::write(subject, &settings.graph, &settings.mode, out)?;
        }
    }
    Ok(())
}

fn unit(settings: &Settings) -> Unit {
    match (settings.sample.is_bytes(), settings.show_bytes) {
        (false, _) => Unit::Objects,
        (true, true) => Unit::Bytes,
        (true, false) => Unit::Megabytes,
    }
}
