//! Each construct by an example, and damage to them.

mod cost;

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
