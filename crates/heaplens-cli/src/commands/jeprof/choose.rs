//! Which stacks are shown, and which places of them: the allocator's go, then what --retain and --exclude say, then
//! stacks by --focus and --ignore.

use super::settings::{Mode, Settings};
use super::skip::is_skipped;
use super::stacks::{Place, Places, Stack, merged};
use crate::exit::Usage;
use heaplens::filter;
use heaplens::profile::Amount;
use regex::Regex;

/// Compiled expressions.
pub(super) struct Choice {
    focus: Option<Regex>,
    ignore: Option<Regex>,
    retain: Option<Regex>,
    exclude: Option<Regex>,
    /// Functions that are listed.
    pub(super) routine: Option<Regex>,
}

impl Choice {
    /// # Errors
    /// [`Usage`]: names the option whose expression is none, or is one of perl's alone.
    pub(super) fn new(settings: &Settings) -> Result<Choice, Usage> {
        let patterns = &settings.patterns;
        let routine = match &settings.mode {
            Mode::List(routine) => pattern("list", Some(routine))?,
            Mode::Disasm(routine) => pattern("disasm", Some(routine))?,
            _ => None,
        };
        Ok(Choice {
            routine,
            focus: pattern("focus", patterns.focus.as_deref())?,
            ignore: pattern("ignore", patterns.ignore.as_deref())?,
            retain: pattern("retain", patterns.retain.as_deref())?,
            exclude: pattern("exclude", patterns.exclude.as_deref())?,
        })
    }

    /// What is left of stacks.
    pub(super) fn apply(&self, places: &Places, stacks: Vec<Stack>) -> Vec<Stack> {
        let skipped: Vec<bool> = places.iter().map(is_skipped_place).collect();
        let mut stacks = merged(stacks.into_iter().map(|mut stack| {
            // All that the outermost of them called is the allocator's, too.
            if let Some(last) = stack.places.iter().rposition(|&place| skipped[place]) {
                stack.places.drain(..=last);
            }
            stack
        }));
        if self.retain.is_some() || self.exclude.is_some() {
            let kept: Vec<bool> = places.iter().map(|place| self.keeps(place.name())).collect();
            for stack in &mut stacks {
                stack.places.retain(|&place| kept[place]);
            }
            stacks.retain(|stack| !stack.places.is_empty());
            stacks = merged(stacks);
        }
        for (pattern, wanted) in [(&self.focus, true), (&self.ignore, false)] {
            let Some(pattern) = pattern else { continue };
            let matching: Vec<bool> = places.iter().map(|place| matches(place, pattern)).collect();
            stacks.retain(|stack| stack.places.iter().any(|&place| matching[place]) == wanted);
        }
        stacks
    }

    fn keeps(&self, name: &str) -> bool {
        let is_match = |pattern: &Regex| pattern.is_match(name);
        self.retain.as_ref().is_none_or(is_match) && !self.exclude.as_ref().is_some_and(is_match)
    }
}

/// Without names nothing is known to be the allocator's.
fn is_skipped_place(place: &Place) -> bool {
    place.functions.first().is_some_and(|function| is_skipped(&function.short))
}

/// An address matches by its digits, its functions' short names, or its files and lines.
fn matches(place: &Place, pattern: &Regex) -> bool {
    place.digits().is_some_and(|digits| pattern.is_match(&digits))
        || place.functions.is_empty() && pattern.is_match(&place.nameless)
        || place
            .functions
            .iter()
            .any(|function| pattern.is_match(&function.short) || pattern.is_match(&function.location()))
}

/// Compiles the expression of an option.
///
/// # Errors
/// [`Usage`]: see [`Choice::new`].
pub(super) fn pattern(option: &str, text: Option<&str>) -> Result<Option<Regex>, Usage> {
    let compiled = text.map(filter::pattern).transpose();
    compiled.map_err(|why| Usage(format!("jeprof --{option}: {why}")))
}

/// Without what shrank, as --drop_negative asks for.
pub(super) fn drop_negative(stacks: &mut Vec<Stack>) {
    stacks.retain(|stack| stack.amount > Amount::ZERO);
}
