//! The style sheet: `flame.css` and the palette.

use crate::view::palette::{self, CHANGE_STEPS, Theme, WARM_COLORS};
use std::fmt::Write as _;

/// The class of a name's colour.
pub(super) fn warm_class(name: &str) -> String {
    format!("w{}", palette::warm_index(name))
}

/// The class of a net change's colour: `g1`…`g8` grew, `s1`…`s8` shrank, `z` neither.
pub(super) fn change_class(step: i32) -> String {
    match step {
        0 => "z".to_owned(),
        1.. => format!("g{step}"),
        _ => format!("s{}", -step),
    }
}

/// Light and dark; literal colours, because not every viewer knows CSS variables.
pub(super) fn sheet(is_diff: bool) -> String {
    let mut css = include_str!("flame.css").to_owned();
    css.push_str(&rules(Theme::Light, is_diff));
    css.push_str("@media (prefers-color-scheme: dark) {\n");
    css.push_str(include_str!("dark.css"));
    css.push_str(&rules(Theme::Dark, is_diff));
    css.push_str("}\n");
    css
}

fn rules(theme: Theme, is_diff: bool) -> String {
    let mut css = String::new();
    let mut rule = |selector: &str, color| {
        // Writing to a String cannot fail.
        let _ = writeln!(css, "{selector} {{ fill: {color} }}");
    };
    rule(".label", palette::label(theme));
    rule(".m", palette::merged(theme));
    if is_diff {
        for step in -CHANGE_STEPS..=CHANGE_STEPS {
            rule(&format!(".{}", change_class(step)), palette::change(step, theme));
        }
    } else {
        for index in 0..WARM_COLORS {
            rule(&format!(".w{index}"), palette::warm(index, theme));
        }
        // A difference keeps its colours under a search, since they mean something.
        rule(".hit rect", palette::matched(theme));
    }
    css
}
