//! The JSON of an earlier check, as a baseline.

use super::json;
use crate::check::{Baseline, Form, Per};
use crate::error::Error;
use crate::leaks::Estimate;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

const EXPECTED: &str = "what `heaplens check --format json` writes, with a process that could be judged";

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    schema: Cow<'a, str>,
    version: u32,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    form: Cow<'a, str>,
    #[serde(default)]
    chosen: Vec<String>,
    #[serde(borrow)]
    processes: Vec<Process<'a>>,
}

#[derive(Deserialize)]
struct Process<'a> {
    #[serde(borrow)]
    per: Cow<'a, str>,
    units: f64,
    growth: Growth,
    least: Least,
    #[serde(borrow)]
    functions: Vec<Function<'a>>,
}

#[derive(Deserialize)]
struct Growth {
    total: Number,
    per_second: Option<Number>,
    per_round: Option<Number>,
    per_iteration: Option<Number>,
}

#[derive(Deserialize)]
struct Number {
    value: f64,
    low: f64,
    high: f64,
}

#[derive(Deserialize)]
struct Least {
    function: f64,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    growth: Growth,
}

/// Reads what `heaplens check --format json` wrote.
///
/// # Errors
/// [`Error::Syntax`] for anything else.
pub fn parse_check(bytes: &[u8]) -> Result<Baseline, Error> {
    let text = String::from_utf8_lossy(bytes);
    let document: Document<'_> = json::parse(&text, EXPECTED)?;
    let other = |found: String| Error::Syntax { line: 1, byte: 0, found, expected: EXPECTED.to_owned() };
    if document.schema != "heaplens"
        || document.kind != "check"
        || document.version != crate::out::json::VERSION
    {
        let Document { schema, version, kind, .. } = &document;
        return Err(other(format!("schema {schema:?}, version {version}, kind {kind:?}")));
    }
    let form = Form::from_name(&document.form).ok_or_else(|| other(format!("form {:?}", document.form)))?;
    let process = document.processes.first().ok_or_else(|| other("no process".to_owned()))?;
    let per = Per::from_name(&process.per).ok_or_else(|| other(format!("per {:?}", process.per)))?;
    let mut functions: BTreeMap<String, Estimate> = BTreeMap::new();
    for function in &process.functions {
        functions.insert(function.name.clone().into_owned(), function.growth.per(per));
    }
    Ok(Baseline {
        form,
        per,
        chosen: document.chosen,
        heap: process.growth.per(per),
        functions,
        unseen: if process.units > 0.0 { process.least.function / process.units } else { 0.0 },
    })
}

impl Growth {
    fn per(&self, per: Per) -> Estimate {
        let wanted = match per {
            Per::Check => None,
            Per::Second => self.per_second.as_ref(),
            Per::Round => self.per_round.as_ref(),
            Per::Iteration => self.per_iteration.as_ref(),
        };
        let &Number { value, low, high } = wanted.unwrap_or(&self.total);
        Estimate { value, low, high }
    }
}
