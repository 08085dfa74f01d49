//! What became of each module's symbols, and which file was used: for outputs that list no modules.

use crate::profile::{Module, ModuleKind, Profile, SymbolState};

/// More modules are counted.
const MOST_MODULES: usize = 100;
/// More modules in one state are counted in the summary.
const MOST_NAMES: usize = 3;

/// States of modules in words, hostile names as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// `tsdb verified; libc.so.6, libm.so.6 unverified; 12 missing`.
    pub summary: String,
    /// One module a line: its name, its state and the file.
    pub modules: Vec<String>,
}

/// `None` if no file was looked for.
pub fn report(profile: &Profile) -> Option<Report> {
    let all = looked_for(profile);
    if all.is_empty() {
        return None;
    }
    let line = |module: &&Module| format!("{}: {}, {}", module.short_name(), state(module), file(module));
    let mut modules: Vec<String> = all.iter().take(MOST_MODULES).map(line).collect();
    if all.len() > MOST_MODULES {
        modules.push(format!("and {}", summary(&all[MOST_MODULES..], 0)));
    }
    Some(Report { summary: summary(&all, MOST_NAMES), modules })
}

/// The files that symbols were looked for in, in the order of the profile.
pub fn looked_for(profile: &Profile) -> Vec<&Module> {
    let looked =
        |module: &&Module| module.kind == ModuleKind::File && module.symbols != SymbolState::NotLooked;
    profile.modules().iter().filter(looked).collect()
}

/// A state in one word.
pub fn state(module: &Module) -> &'static str {
    match module.symbols {
        SymbolState::NotLooked => "not-looked",
        SymbolState::Verified { .. } => "verified",
        SymbolState::Unverified { .. } => "unverified",
        SymbolState::Served { .. } => "served",
        SymbolState::Mismatched { .. } => "mismatched",
        SymbolState::Missing { .. } => "missing",
    }
}

/// The file that was used, or the server that was asked, or that was found and not used, or the path that leads to none.
pub fn file(module: &Module) -> &str {
    match &module.symbols {
        SymbolState::Verified { used } | SymbolState::Unverified { used } => used,
        SymbolState::Served { by } => by,
        SymbolState::Mismatched { found, .. } => found,
        SymbolState::Missing { .. } | SymbolState::NotLooked => &module.path,
    }
}

/// Modules by state, the surest first: up to so many names, else how many.
pub fn summary(modules: &[&Module], most_names: usize) -> String {
    let of = |wanted: &'static str| {
        let found = modules.iter().filter(|module| state(module) == wanted);
        let names: Vec<&str> = found.map(|module| module.short_name()).collect();
        match names.len() {
            0 => None,
            count if count > most_names => Some(format!("{count} {wanted}")),
            _ => Some(format!("{} {wanted}", names.join(", "))),
        }
    };
    let parts = ["verified", "unverified", "served", "mismatched", "missing"].into_iter().filter_map(of);
    parts.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Meta;

    fn profile(states: impl IntoIterator<Item = SymbolState>) -> Profile {
        let mut profile = Profile::new(Meta::default());
        for (i, symbols) in states.into_iter().enumerate() {
            profile.add_module(Module { symbols, ..Module::file(format!("/opt/m{i}")) });
        }
        profile
    }

    #[test]
    fn each_module_has_a_state_and_a_file() {
        let found = report(&profile([
            SymbolState::Verified { used: "/srv/m0".into() },
            SymbolState::NotLooked,
            SymbolState::Unverified { used: "/opt/m2".into() },
            SymbolState::Mismatched { found: "/opt/other".into(), found_build_id: "beef".into() },
            SymbolState::Missing { why: "no file was found".into() },
            SymbolState::Verified { used: "/opt/m5".into() },
            SymbolState::Served { by: "http://db7/pprof/symbol".into() },
        ]));
        let found = found.unwrap();
        assert_eq!(found.summary, "m0, m5 verified; m2 unverified; m6 served; m3 mismatched; m4 missing");
        assert_eq!(
            found.modules,
            [
                "m0: verified, /srv/m0",
                "m2: unverified, /opt/m2",
                "m3: mismatched, /opt/other",
                "m4: missing, /opt/m4",
                "m5: verified, /opt/m5",
                "m6: served, http://db7/pprof/symbol",
            ]
        );
        assert_eq!(report(&profile([SymbolState::NotLooked])), None);
    }

    #[test]
    fn many_modules_are_counted() {
        let missing = || SymbolState::Missing { why: String::new() };
        let states = (0..20_000).map(|_| missing()).chain([SymbolState::Verified { used: "/a".into() }]);
        let found = report(&profile(states)).unwrap();
        assert_eq!(found.summary, "m20000 verified; 20000 missing");
        assert_eq!(found.modules.len(), MOST_MODULES + 1);
        assert_eq!(found.modules.last().unwrap(), "and 1 verified; 19900 missing");
    }
}
