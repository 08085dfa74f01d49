//! The palette that pages draw with: that of every picture.

use crate::classify::Owner;
use crate::view::palette::{self, CHANGE_STEPS, CRATE_HUES, CRATE_LIGHTNESSES, Theme, WARM_COLORS};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Palette {
    warm: Vec<String>,
    /// From shrank most to grew most.
    change: Vec<String>,
    /// In the order of `OWNERS`.
    owner: Vec<String>,
    /// A list a lightness, each of the same hues.
    crates: Vec<Vec<String>>,
    merged: String,
    matched: String,
    label: String,
}

/// In the order of the letters that stand for them.
const OWNERS: [Owner; 5] =
    [Owner::Allocator, Owner::Std, Owner::Runtime, Owner::ThirdParty, Owner::FirstParty];

/// The letter of functions without names, which have the colour of merged frames.
pub(super) const NOBODY: char = 'u';

/// A letter an owner.
pub(super) fn letter(owner: Owner) -> char {
    match owner {
        Owner::Allocator => 'a',
        Owner::Std => 's',
        Owner::Runtime => 'r',
        Owner::ThirdParty => 't',
        Owner::FirstParty => 'p',
    }
}

impl Palette {
    pub(super) fn light() -> Palette {
        Palette::of(Theme::Light)
    }

    pub(super) fn dark() -> Palette {
        Palette::of(Theme::Dark)
    }

    fn of(theme: Theme) -> Palette {
        let hues = |lightness| {
            (0..CRATE_HUES).map(|hue| palette::of_crate(hue, lightness, theme).to_string()).collect()
        };
        Palette {
            warm: (0..WARM_COLORS).map(|i| palette::warm(i, theme).to_string()).collect(),
            change: (-CHANGE_STEPS..=CHANGE_STEPS).map(|s| palette::change(s, theme).to_string()).collect(),
            owner: OWNERS.iter().map(|&owner| palette::owner(owner, theme).to_string()).collect(),
            crates: (0..CRATE_LIGHTNESSES).map(hues).collect(),
            merged: palette::merged(theme).to_string(),
            matched: palette::matched(theme).to_string(),
            label: palette::label(theme).to_string(),
        }
    }
}
