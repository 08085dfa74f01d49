//! The commentary on stderr: warnings, what symbols were used, what was written.

use heaplens::Profile;
use heaplens::out::{escape, symbols};
use heaplens::profile::{Module, SymbolState};
use std::collections::BTreeSet;
use std::io::Write;

/// Modules in the line of [`symbols`]: a hostile dump can name thousands.
const MOST_MODULES: usize = 10;

/// One line on stderr. Names from dumps and servers are hostile, so control characters are shown, not obeyed.
pub(crate) fn line(text: &str) {
    // If stderr is closed there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "{}", escape::terminal(text));
}

/// Says each of a profile's warnings once.
pub(crate) fn warnings(profile: &Profile) {
    let mut said = BTreeSet::new();
    for warning in &profile.warnings {
        if said.insert(&warning.message) {
            line(&format!("warning: {warning}"));
        }
    }
}

/// Says in one line which files gave the names, and whether each was the very build that the dump is of. Why one
/// was not used, and what to do, stands in the profile's warnings.
pub(crate) fn symbols(profile: &Profile) {
    if let Some(text) = symbol_line(profile) {
        line(&text);
    }
}

fn symbol_line(profile: &Profile) -> Option<String> {
    let modules = symbols::looked_for(profile);
    let part = |module: &&Module| match &module.symbols {
        SymbolState::Mismatched { found, .. } => format!("{found} (MISMATCH, not used)"),
        SymbolState::Served { .. } => format!("{} (from the server)", module.path),
        SymbolState::Missing { .. } => format!("{} (none)", module.path),
        _ => format!("{} ({})", symbols::file(module), symbols::state(module)),
    };
    let mut parts: Vec<String> = modules.iter().take(MOST_MODULES).map(part).collect();
    parts.dedup();
    if modules.len() > MOST_MODULES {
        let rest = &modules[MOST_MODULES..];
        parts.push(format!("and {} more: {}", rest.len(), symbols::summary(rest, 0)));
    }
    (!parts.is_empty()).then(|| format!("symbols: {}", parts.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use heaplens::profile::Meta;

    fn profile(states: impl IntoIterator<Item = SymbolState>) -> Profile {
        let mut profile = Profile::new(Meta::default());
        for (i, symbols) in states.into_iter().enumerate() {
            profile.add_module(Module { symbols, ..Module::file(format!("/opt/m{i}")) });
        }
        profile
    }

    #[test]
    fn every_module_is_said_and_a_mismatch_loudest() {
        let profile = profile([
            SymbolState::Verified { used: "./server".into() },
            SymbolState::Unverified { used: "/lib/libc.so.6".into() },
            SymbolState::Mismatched { found: "/lib/libz.so".into(), found_build_id: "beef".into() },
            SymbolState::Missing { why: "no such file".into() },
            SymbolState::Served { by: "http://db7/pprof/symbol".into() },
            SymbolState::NotLooked,
        ]);
        assert_eq!(
            symbol_line(&profile).unwrap(),
            "symbols: ./server (verified), /lib/libc.so.6 (unverified), /lib/libz.so (MISMATCH, not used), /opt/m3 (none), /opt/m4 (from the server)"
        );
        assert_eq!(symbol_line(&Profile::default()), None);
    }

    #[test]
    fn a_dump_of_many_modules_fills_no_screen() {
        let states = (0..20_000).map(|i| match i {
            15_000 => SymbolState::Verified { used: "/a".into() },
            _ => SymbolState::Missing { why: String::new() },
        });
        let line = symbol_line(&profile(states)).unwrap();
        assert!(line.ends_with("/opt/m9 (none), and 19990 more: 1 verified; 19989 missing"), "{line}");
        assert!(line.len() < 1000);
    }
}
