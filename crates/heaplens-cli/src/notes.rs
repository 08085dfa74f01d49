//! The commentary on stderr: warnings, what symbols were used, what was written.

use heaplens::Profile;
use heaplens::out::escape;
use heaplens::profile::{ModuleKind, SymbolState};
use std::collections::BTreeSet;
use std::io::Write;

/// Warnings that the line of [`symbols`] says already.
const SAID_BY_SYMBOLS: &str = "unverified-binary";

/// One line on stderr. Names from dumps and servers are hostile, so control characters are shown, not obeyed.
pub(crate) fn line(text: &str) {
    // If stderr is closed there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "{}", escape::terminal(text));
}

/// Says each of a profile's warnings once.
pub(crate) fn warnings(profile: &Profile) {
    let mut said = BTreeSet::new();
    for warning in &profile.warnings {
        if warning.code != SAID_BY_SYMBOLS && said.insert(&warning.message) {
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
    let frames = profile.sampled_frames().into_iter();
    let with_frames: BTreeSet<usize> =
        frames.filter_map(|id| profile.frame(id).module).map(|module| module.index()).collect();
    let mut parts: Vec<String> = with_frames
        .into_iter()
        .filter_map(|index| profile.modules().get(index))
        .filter(|module| module.kind == ModuleKind::File)
        .filter_map(|module| match &module.symbols {
            SymbolState::NotLooked => None,
            SymbolState::Verified { used } => Some(format!("{used} (verified)")),
            SymbolState::Unverified { used } => Some(format!("{used} (unverified)")),
            SymbolState::Mismatched { found, .. } => Some(format!("{found} (MISMATCH, not used)")),
            SymbolState::Missing { .. } => Some(format!("{} (none)", module.path)),
        })
        .collect();
    parts.dedup();
    (!parts.is_empty()).then(|| format!("symbols: {}", parts.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use heaplens::profile::{Frame, Meta, Module, Sample, Values};

    #[test]
    fn every_module_with_frames_is_said_and_a_mismatch_loudest() {
        let mut profile = Profile::new(Meta::default());
        let states = [
            SymbolState::Verified { used: "./server".into() },
            SymbolState::Unverified { used: "/lib/libc.so.6".into() },
            SymbolState::Mismatched { found: "/lib/libz.so".into(), found_build_id: "beef".into() },
            SymbolState::Missing { why: "no such file".into() },
        ];
        for (i, symbols) in states.into_iter().enumerate() {
            let module = profile.add_module(Module { symbols, ..Module::file(format!("/opt/m{i}")) });
            let frame = profile.add_frame(Frame::at(module, 16));
            let stack = profile.add_stack(None, frame);
            profile.add_sample(Sample { stack: Some(stack), thread: None, values: Values::default() });
        }
        profile.add_module(Module {
            symbols: SymbolState::Missing { why: String::new() },
            ..Module::file("/unused")
        });
        assert_eq!(
            symbol_line(&profile).unwrap(),
            "symbols: ./server (verified), /lib/libc.so.6 (unverified), /lib/libz.so (MISMATCH, not used), /opt/m3 (none)"
        );
        assert_eq!(symbol_line(&Profile::default()), None);
    }
}
