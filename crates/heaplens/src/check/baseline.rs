//! An earlier check, to compare with.

use super::{Form, Measured, Per};
use crate::leaks::Estimate;
use std::collections::BTreeMap;

/// What an earlier check measured.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Baseline {
    /// What was compared.
    pub form: Form,
    /// What growth is a multiple of.
    pub per: Per,
    /// Options that left stacks out.
    pub chosen: Vec<String>,
    /// The growth of the heap.
    pub heap: Estimate,
    /// That of functions, by name.
    pub functions: BTreeMap<String, Estimate>,
    /// A function that is not among them may have grown by so much.
    pub unseen: f64,
}

impl Baseline {
    /// The growth of a function, or of the heap.
    pub(super) fn growth(&self, function: Option<&str>) -> Estimate {
        let Some(name) = function else {
            return self.heap;
        };
        // One that it does not have grew by less than it would have seen.
        let unseen = Estimate { value: 0.0, low: 0.0, high: self.unseen };
        self.functions.get(name).copied().unwrap_or(unseen)
    }

    /// What keeps it from being compared with something measured.
    ///
    /// # Errors
    /// What it holds, and what was measured.
    pub fn fits(&self, measured: &Measured) -> Result<(), String> {
        let (form, per) = (self.form.name(), self.per.name());
        let Some(process) = measured.processes.first() else {
            return Ok(());
        };
        if self.chosen != measured.chosen {
            let of = |chosen: &[String]| match chosen {
                [] => "all stacks".to_owned(),
                chosen => format!("the stacks of {}", chosen.join(" ")),
            };
            return Err(format!(
                "it holds growth of {}; this is growth of {}. Make the baseline the same way",
                of(&self.chosen),
                of(&measured.chosen)
            ));
        }
        if self.form == measured.form && self.per == process.per {
            return Ok(());
        }
        Err(format!(
            "it holds growth per {per}, of {form}; this is growth per {}, of {}. Make the baseline the same way",
            process.per.name(),
            measured.form.name()
        ))
    }
}
