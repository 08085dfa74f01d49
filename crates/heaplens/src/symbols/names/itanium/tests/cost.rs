//! Names that are made to cost much.

use super::super::*;
use super::MAX;

/// A type of twice as many words as the last, again and again.
fn words(levels: usize) -> String {
    let mut mangled = String::from("_Z1fI1AIiiE");
    for level in 1..=levels {
        let last = std::char::from_digit(level as u32, 36).unwrap().to_ascii_uppercase();
        mangled += &format!("S0_IS{last}_S{last}_E");
    }
    mangled + "EvT_"
}

/// A pack of as many empty ones, and as many expansions of it: nothing is written, again and again.
fn empty_packs(count: usize) -> String {
    format!("_Z1fIJ{}EEv{}", "JE".repeat(count), "DpT_".repeat(count))
}

/// Arguments of which each is a pointer to the one before.
fn pointers(count: usize) -> String {
    let mut mangled = String::from("_Z1f1A");
    for number in 0..count {
        let last = match number {
            0 => String::new(),
            _ => base36(number - 1),
        };
        mangled += &format!("PS{last}_");
    }
    mangled
}

fn base36(mut number: usize) -> String {
    let mut digits = Vec::new();
    loop {
        digits.insert(0, std::char::from_digit((number % 36) as u32, 36).unwrap().to_ascii_uppercase());
        number /= 36;
        if number == 0 {
            return digits.into_iter().collect();
        }
    }
}

#[test]
fn what_grows_without_end_is_given_up() {
    for (bomb, small) in [(words as fn(usize) -> String, 5), (pointers, 50)] {
        let text = demangle(&bomb(small), MAX).expect("a small one is no bomb");
        assert!(text.len() > bomb(small).len(), "{text}");
    }
    assert_eq!(demangle(&empty_packs(30), MAX).as_deref(), Some("void f<>()"));
    for bomb in [words(20), empty_packs(2_000), pointers(2_000)] {
        assert_eq!(demangle(&bomb, MAX), None);
    }
    // Parameters that stand for themselves.
    assert_eq!(demangle("_ZN1AIiE1fIT_EEvv", MAX), None);
    assert_eq!(demangle("_ZN1AcvT_IT_EEv", MAX), None);
    assert_eq!(demangle("_ZN1AcvT_IPT_EEv", MAX), None);
}

/// What can hold another of its kind.
const PARTS: &[&str] = &[
    "P",
    "K",
    "rVK",
    "R",
    "C",
    "A_",
    "A1_",
    "M",
    "M1A",
    "F",
    "PFv",
    "Dp",
    "DTsp",
    "Dv4_",
    "DO",
    "U1a",
    "N",
    "N1AI",
    "1AI",
    "1AIJ",
    "1AIX",
    "1AIL",
    "1AIL_Z1fI",
    "L_Z",
    "Z",
    "Z1fIZ",
    "Ul",
    "UlTt",
    "TtTt",
    "Tp",
    "DTcl",
    "DTpl",
    "DTil",
    "DTtl1Adi1a",
    "DTfl",
    "DTdtfp_on",
    "DTcv",
    "DTnw_",
    "DTrqX",
    "DTrqQ",
    "DTu1a",
    "DTsr",
    "DTdn",
    "DTgs",
    "gs",
    "sp",
    "cl",
    "pl",
    "il",
    "cv",
    "nw_",
    "gsnw_",
    "dn",
    "srT_",
    "rqX",
    "B1a",
    "W1a",
    "J",
    "X",
    "DTsZ",
    "DTsP",
    "N1Acv",
    "Ts",
    "Dk",
    "u1aI",
    "N1ACI1",
    "Q",
    "1AIiQ",
    "ZZ",
    "T_I",
    "S_I",
    "St1aI",
    "SaI",
    "srSt1rI",
    "DOLb1EEF",
];

/// Each part within itself, far deeper than any stack.
#[test]
fn deep_names_are_given_up() {
    for part in PARTS {
        for before in ["_Z", "_Z1f", "_Z1fIiEv", "_Z1fIiEvDT", "_ZTV", "_ZN1AC1"] {
            for count in [50, 180, 5_000] {
                let name = format!("{before}{}", part.repeat(count));
                demangle(&name, MAX);
                demangle(&format!("{name}i{}", "E".repeat(count)), MAX);
            }
        }
    }
    let pointers = |count: usize| demangle(&format!("_Z1f{}i", "P".repeat(count)), MAX);
    assert!(pointers(100).is_some());
    assert_eq!(pointers(1_000), None);
}

/// Steps that reading may take for each letter, in each way to read it. Most letters are one; a name that is deep by
/// substitution is followed to the deepest again for each constructor in it.
const STEPS_PER_LETTER: usize = MAX_DEPTH as usize / 4;

/// Instances of instances, and a constructor of the last one again and again.
fn deep_class(count: usize) -> String {
    let mut mangled = String::from("_Z1f1AIiE");
    let last = (0..count).map(base36).inspect(|last| mangled += &format!("S{last}_IiE")).last();
    mangled + &format!("NS{}_C1E", last.unwrap_or_default()).repeat(count)
}

/// Parameters that stand for none of many arguments that are packs.
fn expansions(count: usize) -> String {
    format!("_Z1fI{}Ev{}", "i".repeat(count), "DpT_".repeat(count))
}

#[test]
fn steps_are_as_many_as_letters() {
    let long = |part: &&str| [1, 4, 16].map(|size| format!("_Z1f{}", part.repeat(size << 10)));
    let others = ["i", "1a", "N1a1bE", "1AIiE", "Li0E", "B1a", "UlvE_", "DTsr1A1BE1CE", "DTfp_E", "S_", "T_"];
    let made: [fn(usize) -> String; 4] = [empty_packs, pointers, deep_class, expansions];
    let made = made.iter().flat_map(|bomb| [10, 100, 1_000].map(bomb)).chain([words(10), words(20)]);
    for name in PARTS.iter().chain(&others).flat_map(long).chain(made) {
        let mut choices = vec![Reading::Usual];
        let mut next = 0;
        while let Some(&reading) = choices.get(next) {
            next += 1;
            let mut steps = 0;
            parse::parse(&name, reading, &mut choices, &mut steps);
            assert!(steps <= STEPS_PER_LETTER * name.len(), "{steps} steps: {}", &name[..60.min(name.len())]);
        }
        assert!(choices.len() <= 4, "{choices:?}");
        let mut steps = 0;
        read(&name, MAX, &mut steps);
        let most = choices.len() * (STEPS_PER_LETTER * name.len() + print::most_steps(MAX));
        assert!(steps <= most, "{steps} steps: {}", &name[..60.min(name.len())]);
    }
}
