//! Arguments as perl's Getopt::Long takes them when nothing is configured, which is how jeprof reads its own.
//!
//! An option begins with `--`, `-` or `+`; upper and lower case are the same; the beginning of a name is enough where it
//! is the beginning of no other; a value stands behind `=` or is the next argument, whatever that looks like; switches
//! are undone with `no` or `no-` before the name; options may stand behind other arguments, up to `--`.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing; `no` before its name undoes it.
    Switch,
    /// Nothing, and nothing undoes it.
    Plain,
    Text,
    Integer,
    Real,
}

/// An option that may be typed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spec {
    /// In lower case.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
}

/// What an option was given last.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Switch(bool),
    Text(OsString),
    Integer(i64),
    Real(f64),
}

/// Arguments taken apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Parsed {
    values: BTreeMap<&'static str, Value>,
    pub(super) rest: Vec<OsString>,
}

impl Parsed {
    pub(super) fn switch(&self, name: &str) -> bool {
        matches!(self.values.get(name), Some(Value::Switch(true)))
    }

    pub(super) fn text(&self, name: &str) -> Option<&OsString> {
        match self.values.get(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn integer(&self, name: &str, default: i64) -> i64 {
        match self.values.get(name) {
            Some(Value::Integer(value)) => *value,
            _ => default,
        }
    }

    pub(super) fn real(&self, name: &str, default: f64) -> f64 {
        match self.values.get(name) {
            Some(Value::Real(value)) => *value,
            _ => default,
        }
    }
}

/// Takes arguments apart.
///
/// # Errors
/// Says which option is unknown, ambiguous, or has no value or a wrong one; all of them, a line each.
pub(super) fn parse(specs: &[Spec], arguments: &[OsString]) -> Result<Parsed, String> {
    let mut parsed = Parsed::default();
    let mut wrong = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            break;
        }
        let Some((name, given)) = option(argument) else {
            parsed.rest.push(argument.clone());
            continue;
        };
        match find(specs, name) {
            Ok((spec, on)) => match value(spec, on, given, &mut arguments) {
                Ok(value) => {
                    parsed.values.insert(spec.name, value);
                }
                Err(why) => wrong.push(why),
            },
            Err(why) => wrong.push(why),
        }
    }
    parsed.rest.extend(arguments.cloned());
    if wrong.is_empty() { Ok(parsed) } else { Err(wrong.join("; ")) }
}

/// The name and the value behind `=` of an argument that is an option; one that is not UTF-8 can only be a path.
fn option(argument: &OsString) -> Option<(&str, Option<&str>)> {
    let text = argument.to_str()?;
    let body = text.strip_prefix("--").or_else(|| text.strip_prefix(['-', '+']))?;
    if body.is_empty() {
        return None;
    }
    Some(match body.split_once('=') {
        Some((name, value)) if !name.is_empty() => (name, Some(value)),
        _ => (body, None),
    })
}

/// The option that is meant, and for a switch whether it is switched on.
fn find<'s>(specs: &'s [Spec], typed: &str) -> Result<(&'s Spec, bool), String> {
    let wanted = typed.to_lowercase();
    let mut found: Vec<(&Spec, bool)> = Vec::new();
    for spec in specs {
        let negated = [format!("no{}", spec.name), format!("no-{}", spec.name)];
        let negated = if spec.kind == Kind::Switch { &negated[..] } else { &[] };
        if spec.name == wanted {
            return Ok((spec, true));
        }
        if negated.contains(&wanted) {
            return Ok((spec, false));
        }
        if spec.name.starts_with(&wanted) {
            found.push((spec, true));
        } else if negated.iter().any(|name| name.starts_with(&wanted)) {
            found.push((spec, false));
        }
    }
    match found[..] {
        [one] => Ok(one),
        [] => Err(format!("unknown option {typed}")),
        _ => {
            let list: Vec<String> = found
                .iter()
                .map(|(spec, on)| format!("--{}{}", if *on { "" } else { "no" }, spec.name))
                .collect();
            Err(format!("option {typed} is ambiguous: {}", list.join(", ")))
        }
    }
}

fn value<'a>(
    spec: &Spec,
    on: bool,
    given: Option<&str>,
    arguments: &mut impl Iterator<Item = &'a OsString>,
) -> Result<Value, String> {
    let name = spec.name;
    if matches!(spec.kind, Kind::Switch | Kind::Plain) {
        return match given {
            None => Ok(Value::Switch(on)),
            Some(_) => Err(format!("option {name} takes no value")),
        };
    }
    let given = match given {
        Some("") => None,
        Some(text) => Some(OsString::from(text)),
        None => arguments.next().cloned(),
    };
    let given = given.ok_or_else(|| format!("option {name} needs a value"))?;
    let text = given.to_string_lossy();
    match spec.kind {
        Kind::Integer => integer(&text)
            .map(Value::Integer)
            .ok_or_else(|| format!("option {name}: \"{text}\" is no whole number")),
        Kind::Real => {
            real(&text).map(Value::Real).ok_or_else(|| format!("option {name}: \"{text}\" is no number"))
        }
        _ => Ok(Value::Text(given)),
    }
}

/// perl's whole numbers may have `_` between digits.
fn integer(text: &str) -> Option<i64> {
    let plain = text.replace('_', "");
    (!text.starts_with('_')).then(|| plain.parse().ok()).flatten()
}

fn real(text: &str) -> Option<f64> {
    // Rust's numbers include words such as `inf`.
    let allowed = |b: u8| b.is_ascii_digit() || b"+-.eE_".contains(&b);
    text.bytes().all(allowed).then(|| text.replace('_', "").parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPECS: &[Spec] = &[
        Spec { name: "base", kind: Kind::Text },
        Spec { name: "nodecount", kind: Kind::Integer },
        Spec { name: "nodefraction", kind: Kind::Real },
        Spec { name: "text", kind: Kind::Switch },
        Spec { name: "heapcheck", kind: Kind::Plain },
        Spec { name: "debug", kind: Kind::Switch },
        Spec { name: "debug-syms-by-id", kind: Kind::Switch },
        Spec { name: "cum", kind: Kind::Switch },
        Spec { name: "inuse_space", kind: Kind::Switch },
        Spec { name: "inuse_objects", kind: Kind::Switch },
        Spec { name: "interactive", kind: Kind::Switch },
    ];

    fn of(arguments: &str) -> Result<Parsed, String> {
        let arguments: Vec<OsString> = arguments.split_whitespace().map(OsString::from).collect();
        parse(SPECS, &arguments)
    }

    /// What `perl -MGetopt::Long` says to the same arguments.
    #[test]
    fn options_are_taken_as_perl_takes_them() {
        let base = |text: &str| Some(OsString::from(text));
        for (arguments, expected) in [
            ("--base --text", base("--text")),
            ("-base=x", base("x")),
            ("+b x", base("x")),
            ("--BASE=a=b", base("a=b")),
            ("--base=x --base y", base("y")),
        ] {
            assert_eq!(of(arguments).unwrap().text("base").cloned(), expected, "{arguments}");
        }
        for (arguments, text, cum) in [
            ("+text x", true, false),
            ("-text x --cum y", true, true),
            ("--TEXT", true, false),
            ("--text --no-text", false, false),
            ("--notext --cu", false, true),
            ("--cum --nocu", false, false),
            ("--base -- --text", true, false),
            ("-- --text", false, false),
        ] {
            let parsed = of(arguments).unwrap();
            assert_eq!((parsed.switch("text"), parsed.switch("cum")), (text, cum), "{arguments}");
        }
        assert_eq!(of("- x -text y").unwrap().rest, ["-", "x", "y"]);
        assert_eq!(of("a -- --text").unwrap().rest, ["a", "--text"]);
        assert_eq!(of("--nodecount -5").unwrap().integer("nodecount", 80), -5);
        assert_eq!(of("--nodec=+5").unwrap().integer("nodecount", 80), 5);
        assert_eq!(of("--nodecount 1_000").unwrap().integer("nodecount", 80), 1000);
        assert_eq!(of("--nodef=1e-3").unwrap().real("nodefraction", 0.5), 1e-3);
        assert_eq!(of("--nodef -.5").unwrap().real("nodefraction", 0.5), -0.5);
        assert!(of("--heap").unwrap().switch("heapcheck"));
        assert!(of("--debug-s").unwrap().switch("debug-syms-by-id"));
        assert!(of("--inuse_s").unwrap().switch("inuse_space"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (arguments, why) in [
            ("--base= x", "option base needs a value"),
            ("--base", "option base needs a value"),
            ("--nodecount=abc", "option nodecount: \"abc\" is no whole number"),
            ("--nodecount --text", "option nodecount: \"--text\" is no whole number"),
            ("--nodef=inf", "option nodefraction: \"inf\" is no number"),
            ("--text=1", "option text takes no value"),
            (
                "--node 3",
                "option node is ambiguous: --nodecount, --nodefraction, --nodebug, --nodebug-syms-by-id",
            ),
            ("--in", "option in is ambiguous: --inuse_space, --inuse_objects, --interactive"),
            ("--de", "option de is ambiguous: --debug, --debug-syms-by-id"),
            ("--noheapcheck", "unknown option noheapcheck"),
            ("--debug_syms_by_id", "unknown option debug_syms_by_id"),
            ("---text", "unknown option -text"),
            ("--=x", "unknown option =x"),
            ("--foo --text --bar", "unknown option foo; unknown option bar"),
        ] {
            assert_eq!(of(arguments), Err(why.to_owned()), "{arguments}");
        }
    }
}
