//! What the file says, seen from inside: the rows under the limit.

use super::*;
use crate::profile::{Amount, Frame, Function, Meta, Profile, Sample, SampleType, Values};
use proptest::prelude::*;
use serde_json::Value;

/// A difference of stacks given as paths of one-letter functions.
fn tree(stacks: &[(String, u32, u32)]) -> Tree {
    let mut profile =
        Profile::new(Meta { rate: Some(512), has_objects: true, is_diff: true, ..Meta::default() });
    for (path, before, after) in stacks {
        let frames: Vec<_> = path
            .chars()
            .map(|c| {
                let name = profile.intern(&c.to_string());
                let function = profile.add_function(Function { name, system_name: name, file: None });
                profile.add_frame(Frame::named(function))
            })
            .collect();
        let stack = profile.add_stack_from_root(frames);
        let values = |bytes: u32| Values {
            inuse_space: Amount::from_u64(bytes.into()),
            inuse_objects: Amount::from_u64(u64::from(bytes / 7)),
            ..Values::default()
        };
        for values in [values(*after), -values(*before)] {
            profile.add_sample(Sample { stack, thread: None, values });
        }
    }
    Tree::new(&profile, SampleType::InuseSpace)
}

/// The decoded data of a file.
fn data(tree: &Tree, limit: usize) -> Value {
    let mut file = Vec::new();
    write_limited(tree, &Options::new(), limit, &mut file).unwrap();
    let text = String::from_utf8(file).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let script = document.descendants().find(|n| n.attribute("id") == Some("data")).unwrap();
    serde_json::from_str(script.text().unwrap()).unwrap()
}

fn integers(data: &Value, column: &str) -> Vec<i64> {
    data[column].as_array().unwrap().iter().map(|v| v.as_i64().unwrap()).collect()
}

#[test]
fn the_smallest_frames_are_merged_and_the_header_says_so() {
    let stacks: Vec<_> = "abcdefgh".chars().zip(1..).map(|(c, n)| (format!("m{c}"), 0, n * 1000)).collect();
    let data = data(&tree(&stacks), 5);
    // The root, m, and the three widest; the other five in one row.
    assert_eq!(integers(&data, "name").len(), 6);
    assert_eq!(data["merged"].to_string(), "[[5,5,0]]");
    assert_eq!(integers(&data, "net"), [0, 0, 6000, 7000, 8000, 15_000]);
    let warning = data["header"]["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("the 5 smallest frames (at most 4.9 KiB each)"), "{warning}");
}

#[test]
fn script_and_style_fit_into_their_sections() {
    for text in [
        MODEL,
        LAYOUT,
        DESCRIBE,
        include_str!("panel.js"),
        include_str!("flame.js"),
        include_str!("flame.css"),
        include_str!("dark.css"),
    ] {
        assert!(!text.contains("]]>"), "ends the CDATA section it stands in");
    }
}

proptest! {
    /// Whatever is left out, sums stay: of grown, of shrunk, of the base, of the objects.
    #[test]
    fn totals_survive_every_limit(
        stacks in proptest::collection::vec(("[a-d]{1,5}", 0u32..3000, 0u32..3000), 1..30),
        limit in 1usize..40,
    ) {
        let tree = tree(&stacks);
        let data = data(&tree, limit);
        let root = tree.root();
        let net = integers(&data, "net");
        // A merged row may have grown and shrunk at once; `net` has the difference.
        let merged: Vec<Vec<i64>> = serde_json::from_value(data["merged"].clone()).unwrap();
        let both = |i: usize| merged.iter().find(|m| m[0] == i as i64).map_or(0.min(net[i]), |m| -m[2]).abs();
        let shrunk: i64 = (0..net.len()).map(both).sum();
        let grown = net.iter().sum::<i64>() + shrunk;
        prop_assert_eq!((i128::from(grown), i128::from(shrunk)), (root.grown().round(), root.shrunk().round()));
        for (column, amount) in [
            ("before", root.before()),
            ("other", root.other_after),
            ("other_before", root.other_before()),
        ] {
            prop_assert_eq!(integers(&data, column).iter().sum::<i64>() as i128, amount.round(), "{}", column);
        }
        let drawn = tree.nodes.iter().skip(1).filter(|n| !n.width().is_zero()).count();
        let merged = merged.iter().map(|m| m[1] as usize).sum::<usize>();
        let named = integers(&data, "name").iter().skip(1).filter(|&&n| n >= 0).count();
        prop_assert_eq!(named + merged, drawn);
        prop_assert!(named < limit);
        // Preorder: each row is at most one deeper than the one before.
        let depth = integers(&data, "depth");
        prop_assert!(depth.windows(2).all(|d| d[1] >= 1 && d[1] <= d[0] + 1));
    }
}
