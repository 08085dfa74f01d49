//! The colours of a flame graph, for light and dark.
//!
//! Made in OKLCH (lightness, chroma, hue as people see them; B. Ottosson, "A perceptual color space for image
//! processing", 2020), so that every colour of one lightness carries the same text. Labels have a contrast of
//! at least 4.5 : 1 on every one of them (WCAG 2.2, success criterion 1.4.3).

use crate::classify::Owner;
use crate::profile::Amount;
use std::fmt;

/// The background that a colour is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Theme {
    /// Dark text on light.
    Light,
    /// Light text on dark.
    Dark,
}

/// An sRGB colour; prints as `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// How many warm colours there are.
pub const WARM_COLORS: usize = 32;

/// How many steps a difference has to either side of nothing.
pub const CHANGE_STEPS: i32 = 8;

/// Which warm colour a name has: the same name always the same one (FNV-1a, 64 bits).
pub fn warm_index(name: &str) -> usize {
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    // The low bits of FNV depend on the low bits of the text alone; fold the high ones in.
    ((hash ^ (hash >> 32)) % WARM_COLORS as u64) as usize
}

/// One of the [`WARM_COLORS`]: red-orange to yellow.
pub fn warm(index: usize, theme: Theme) -> Rgb {
    let (hue_step, light_step) = ((index / 4) % 8, index % 4);
    let hue = 24.0 + 9.2 * hue_step as f64;
    match theme {
        // Yellow is bright by nature: a dark one looks like olive.
        Theme::Light => oklch(0.775 + 0.02 * light_step as f64 + 0.0135 * hue_step as f64, 0.12, hue),
        Theme::Dark => oklch(0.41 + 0.03 * light_step as f64, 0.1, hue - 4.0),
    }
}

/// The step of a net change against the largest one in the picture: −8 (shrank) to 8 (grew), 0 for none.
///
/// Linear in bytes. A change of less than half a unit is none; any other has a step of its own sign.
pub fn change_step(net: Amount, largest: Amount) -> i32 {
    let (net, largest) = (net.as_f64(), largest.as_f64());
    if net.abs() < 0.5 || largest <= 0.0 {
        return 0;
    }
    let steps = f64::from(CHANGE_STEPS);
    let step = (net.abs() / largest * steps).ceil().clamp(1.0, steps) as i32;
    if net < 0.0 { -step } else { step }
}

/// The colour of such a step: red grew, blue shrank (told apart by the colour-blind as well), grey neither.
pub fn change(step: i32, theme: Theme) -> Rgb {
    let strength = f64::from(step.clamp(-CHANGE_STEPS, CHANGE_STEPS).abs() - 1) / f64::from(CHANGE_STEPS - 1);
    let hue = if step > 0 { 27.0 } else { 255.0 };
    match theme {
        Theme::Light if step == 0 => oklch(0.90, 0.0, 0.0),
        Theme::Dark if step == 0 => oklch(0.34, 0.0, 0.0),
        Theme::Light => oklch(0.90 - 0.23 * strength, 0.055 + 0.11 * strength, hue),
        Theme::Dark => oklch(0.37 + 0.14 * strength, 0.07 + 0.095 * strength, hue),
    }
}

/// Whose code a frame is: the program's own stands out, the more the further a frame is from it the paler. Okabe and Ito's
/// choice of hues (blue, orange, green) is told apart by the colour-blind.
pub fn owner(owner: Owner, theme: Theme) -> Rgb {
    let (chroma, hue) = match owner {
        Owner::FirstParty => (0.115, 60.0),
        Owner::ThirdParty => (0.085, 245.0),
        Owner::Std => (0.06, 160.0),
        Owner::Runtime => (0.02, 160.0),
        Owner::Allocator => (0.0, 0.0),
    };
    match theme {
        Theme::Light => oklch(0.82, chroma, hue),
        Theme::Dark => oklch(0.43, chroma, hue),
    }
}

/// How many hues tell crates apart.
pub const CRATE_HUES: usize = 24;

/// How many lightnesses each of these has, for when there are more crates than hues.
pub const CRATE_LIGHTNESSES: usize = 3;

/// One of the [`CRATE_HUES`] in one of the [`CRATE_LIGHTNESSES`].
pub fn of_crate(hue: usize, lightness: usize, theme: Theme) -> Rgb {
    let hue = (hue % CRATE_HUES) as f64 * (360.0 / CRATE_HUES as f64);
    let step = (lightness % CRATE_LIGHTNESSES) as f64;
    match theme {
        Theme::Light => oklch(0.8 + 0.045 * step, 0.085, hue),
        Theme::Dark => oklch(0.38 + 0.05 * step, 0.075, hue),
    }
}

/// Frames that were merged because they are too narrow.
pub fn merged(theme: Theme) -> Rgb {
    match theme {
        Theme::Light => oklch(0.86, 0.012, 75.0),
        Theme::Dark => oklch(0.31, 0.012, 75.0),
    }
}

/// Frames that a search found.
pub fn matched(theme: Theme) -> Rgb {
    match theme {
        Theme::Light => oklch(0.74, 0.16, 310.0),
        Theme::Dark => oklch(0.52, 0.19, 310.0),
    }
}

/// The labels on all of these.
pub fn label(theme: Theme) -> Rgb {
    match theme {
        Theme::Light => Rgb(0x1a, 0x14, 0x0c),
        Theme::Dark => Rgb(0xff, 0xff, 0xff),
    }
}

/// Contrast of two colours by WCAG 2.2: 1 for equal ones, 21 for black on white.
pub fn contrast(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(Rgb(r, g, b): Rgb) -> f64 {
    let linear = |channel: u8| {
        let c = f64::from(channel) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

/// The sRGB colour of a lightness (0 to 1), chroma (0 to about 0.37) and hue (degrees); clipped to what exists.
fn oklch(lightness: f64, chroma: f64, hue: f64) -> Rgb {
    let (sin, cos) = hue.to_radians().sin_cos();
    let (a, b) = (chroma * cos, chroma * sin);
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    let channel = |linear: f64| {
        let c = if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
        (c * 255.0).round().clamp(0.0, 255.0) as u8
    };
    Rgb(
        channel(4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s),
        channel(-1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s),
        channel(-0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNERS: [Owner; 5] =
        [Owner::Allocator, Owner::Std, Owner::Runtime, Owner::ThirdParty, Owner::FirstParty];

    fn crates(theme: Theme) -> impl Iterator<Item = Rgb> {
        (0..CRATE_LIGHTNESSES * CRATE_HUES).map(move |i| of_crate(i % CRATE_HUES, i / CRATE_HUES, theme))
    }

    #[test]
    fn labels_can_be_read_on_every_colour() {
        for theme in [Theme::Light, Theme::Dark] {
            let warm = (0..WARM_COLORS).map(|i| warm(i, theme));
            let changes = (-CHANGE_STEPS..=CHANGE_STEPS).map(|step| change(step, theme));
            let owners = OWNERS.map(|of| owner(of, theme));
            let others = [merged(theme), matched(theme)];
            for color in warm.chain(changes).chain(owners).chain(crates(theme)).chain(others) {
                let contrast = contrast(color, label(theme));
                assert!(contrast >= 4.5, "{color} on {theme:?} has {contrast}");
            }
        }
    }

    #[test]
    fn a_name_keeps_its_colour() {
        // Literal values: people learn where their functions are by colour, across versions of ours too.
        assert_eq!(warm_index("all"), 29);
        assert_eq!(warm_index("alloc::raw_vec::RawVec<T,A>::grow_one"), 13);
        assert_eq!(warm(0, Theme::Light).to_string(), "#f99690");
    }

    #[test]
    fn names_spread_over_the_colours() {
        let mut used = [0; WARM_COLORS];
        for i in 0..3200 {
            used[warm_index(&format!("crate::module::function_{i}"))] += 1;
        }
        assert!(used.iter().all(|&n| (40..=180).contains(&n)), "{used:?}");
    }

    #[test]
    fn colours_of_a_palette_differ() {
        for theme in [Theme::Light, Theme::Dark] {
            let mut all: Vec<_> = (0..WARM_COLORS).map(|i| warm(i, theme).to_string()).collect();
            let mut owners = OWNERS.map(|of| owner(of, theme).to_string()).to_vec();
            owners.sort();
            owners.dedup();
            assert_eq!(owners.len(), OWNERS.len());
            let mut crates: Vec<_> = crates(theme).map(|color| color.to_string()).collect();
            crates.sort();
            crates.dedup();
            assert_eq!(crates.len(), CRATE_HUES * CRATE_LIGHTNESSES);
            all.extend((-CHANGE_STEPS..=CHANGE_STEPS).map(|s| change(s, theme).to_string()));
            all.sort();
            all.dedup();
            assert_eq!(all.len(), WARM_COLORS + 2 * CHANGE_STEPS as usize + 1);
        }
    }

    #[test]
    fn red_grew_and_blue_shrank() {
        let mib = |n: i64| Amount::from_i128(i128::from(n) << 20);
        assert_eq!(change_step(mib(10), mib(10)), 8);
        assert_eq!(change_step(mib(-10), mib(10)), -8);
        assert_eq!(change_step(mib(5), mib(10)), 4);
        assert_eq!(change_step(Amount::from_u64(1), mib(10)), 1);
        assert_eq!(change_step(Amount::ZERO, mib(10)), 0);
        assert_eq!(change_step(Amount::ZERO, Amount::ZERO), 0);
        for theme in [Theme::Light, Theme::Dark] {
            for step in 1..=CHANGE_STEPS {
                let (grew, shrank) = (change(step, theme), change(-step, theme));
                assert!(grew.0 > grew.2 && shrank.2 > shrank.0, "{step}: {grew} {shrank}");
            }
        }
    }
}
