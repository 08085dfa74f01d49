//! Each construct by an example, and names that are made to cost much.

use super::*;

const MAX: usize = 32 << 10;

/// Names, each with the text after it that is expected: what `c++filt --no-verbose` (2.40) says, and `addr2line -C`.
const AS_BINUTILS: &str = include_str!("as_binutils.txt");
/// The same where we differ from binutils, each kind with the reason.
const UNLIKE_BINUTILS: &str = include_str!("unlike_binutils.txt");

fn vectors(text: &str) -> Vec<(&str, &str)> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    lines.chunks(2).map(|pair| (pair[0], pair[1].trim())).collect()
}

fn all_vectors() -> Vec<(&'static str, &'static str)> {
    [AS_BINUTILS, UNLIKE_BINUTILS].into_iter().flat_map(vectors).collect()
}

#[test]
fn every_construct_is_written_as_expected() {
    let all = all_vectors();
    assert!(all.len() > 300, "{} names only", all.len());
    for (mangled, expected) in all {
        assert_eq!(demangle(mangled, MAX).as_deref(), Some(expected), "{mangled}");
    }
}

#[test]
fn what_is_no_name_is_none() {
    for name in [
        "",
        "_",
        "_Z",
        "__Z",
        "Z1fv",
        "_Z1",
        "_Z2f",
        "_Z1f!",
        "_Z1fv!",
        "_Z1fT_",
        "_Z1fS_",
        "_Z1fIiEvT0_",
        "_Z1fIiEv",
        "_ZNE",
        "_ZN1A",
        "_ZNC1Ev",
        "_ZTh_N1A1fEv",
        "_ZTX1A",
        "_Z99999999999999999999f",
        "_Z4294967295f",
        "_Z1fSZZZZZZZZZZ_",
        "_Z1fT4294967295_",
        "_ZZ1fvEd4294967295_1a",
        "_Z1fIXE",
        "_Z1fILiEEvv",
        "_Z1fA",
        "_Z1é",
        "_Z2évé",
        "___Z1fv",
        "_____Z1fv_block_invoke",
    ] {
        assert_eq!(demangle(name, MAX), None, "{name}");
    }
    assert_eq!(demangle("_Z2év", MAX).as_deref(), Some("é()"));
}

#[test]
fn mach_o_and_blocks_have_more_underscores() {
    for (name, expected) in [
        ("__Z1fv", "f()"),
        ("___Z1fv_block_invoke", "invocation function for block in f()"),
        ("____Z1fv_block_invoke_2", "invocation function for block in f()"),
    ] {
        assert_eq!(demangle(name, MAX).as_deref(), Some(expected));
    }
}

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

#[test]
fn the_longest_name_is_the_limit() {
    let name = format!("_Z{}{}v", 500, "a".repeat(500));
    assert_eq!(demangle(&name, 502).map(|text| text.len()), Some(502));
    assert_eq!(demangle(&name, 501), None);
    for (mangled, expected) in all_vectors() {
        // A comma may be written and taken back.
        assert_eq!(demangle(mangled, expected.len() + 2).as_deref(), Some(expected));
        assert_eq!(demangle(mangled, expected.len() - 1), None);
    }
}

/// Each part within itself, far deeper than any stack.
#[test]
fn deep_names_are_given_up() {
    for part in [
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
        "cv",
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
    ] {
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

/// Every prefix, and every letter in turn changed into others.
#[test]
fn damaged_names_are_names_or_none() {
    let others = b"_EISTX9\xc3";
    for (name, _) in all_vectors().into_iter().filter(|(name, _)| name.len() < 80) {
        for end in 0..=name.len() {
            demangle(&name[..end], MAX);
        }
        for at in 0..name.len() {
            let mut bytes = name.as_bytes().to_vec();
            for flipped in others.iter().copied().chain([bytes[at] ^ 1, bytes[at] ^ 0x20]) {
                bytes[at] = flipped;
                let damaged = String::from_utf8_lossy(&bytes);
                if let Some(text) = demangle(&damaged, 1 << 10) {
                    assert!(text.len() <= 1 << 10);
                    assert_eq!(demangle(&damaged, 1 << 10), Some(text));
                }
            }
        }
    }
}
