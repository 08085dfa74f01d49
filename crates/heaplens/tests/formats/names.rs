//! A resolver with names that try to break forms.

use heaplens::profile::{Module, SymbolState};
use heaplens::symbols::{Place, Resolution, Resolve};

pub(crate) const HOSTILE: &[&str] = &[
    "A::operator--(int)",
    "=HYPERLINK(\"http://x\",\"y\")",
    "a;b",
    "tab\tand\nline",
    " spaces ",
    "trailing-",
    "-2+3",
    "\\x2d",
    "0x1234",
    "??",
    "<T as X<[u8; 8]>>::f",
    "</script>\u{202e}",
    "-- ",
    "",
];

/// Two functions a place, one inlined into the other, of these names.
pub(crate) struct Names;

impl Resolve for Names {
    fn resolve(&self, _: &Module, lookups: &[u64]) -> Resolution {
        let mut result = Resolution::unknown(SymbolState::Verified { used: "/bin/a".to_owned() });
        let place = |lookup: &u64| {
            [*lookup, lookup / 2].map(|n| {
                let name = HOSTILE[n as usize % HOSTILE.len()];
                let function = result.function(name, name, Some("src/\u{1b}a.rs"));
                Place { function, line: n as u32 % 1000, column: 3 }
            })
        };
        let places: Vec<Vec<Place>> = lookups.iter().map(place).map(|places| places.to_vec()).collect();
        result.places = places;
        result
    }
}
