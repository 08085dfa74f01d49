//! Flame graphs as SVG: golden files, the laws of the layout, hostile names, size.

mod golden;

use heaplens::out::svg::{self, Options, Shape};
use heaplens::profile::{Amount, Frame, Function, Meta, Module, Profile, Sample, SampleType, Values};
use heaplens::view::Tree;
use heaplens::view::layout::{self, Block, Content};
use proptest::prelude::*;
use std::path::Path;

fn meta(is_diff: bool) -> Meta {
    Meta { rate: Some(524_288), has_objects: true, is_diff, ..Meta::default() }
}

/// Adds a stack, from its root; negative bytes are the base's.
fn add(profile: &mut Profile, names: &[&str], bytes: i64) {
    let module = Module::file("/usr/bin/server");
    let module = profile.module_like(&module).unwrap_or_else(|| profile.add_module(module));
    let frames: Vec<_> = names
        .iter()
        .map(|name| {
            let file = Some(profile.intern("src/main.rs"));
            let name = profile.intern(name);
            let function = profile.add_function(Function { name, system_name: name, file });
            profile.add_frame(Frame { module: Some(module), line: 7, ..Frame::named(function) })
        })
        .collect();
    let stack = profile.add_stack_from_root(frames);
    profile.add_sample(Sample {
        stack,
        thread: None,
        values: Values {
            inuse_objects: Amount::from_i128((bytes / 1000).into()),
            inuse_space: Amount::from_i128(bytes.into()),
            ..Values::default()
        },
    });
}

fn svg(profile: &Profile, options: &Options) -> String {
    profile.check().unwrap();
    let tree = Tree::new(profile, SampleType::InuseSpace);
    let mut file = Vec::new();
    // As a trait object, which callers may have.
    let out: &mut dyn std::io::Write = &mut file;
    svg::write(&tree, options, out).unwrap();
    String::from_utf8(file).unwrap()
}

/// Compares with a file under `tests/golden/svg`; HEAPLENS_BLESS=1 writes it instead.
fn golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/svg").join(name);
    // The script has files of its own: a change there must not touch every golden file.
    let cut = actual.find("\n\"use strict\";").expect("a script");
    let shown = format!("{}\n(script)\n", &actual[..cut]);
    if golden::is_written() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, shown).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == shown, "{name} differs; look at it, then HEAPLENS_BLESS=1 writes it:\n{shown}");
}

fn small() -> Profile {
    let mut profile = Profile::new(meta(false));
    add(&mut profile, &["main", "serve", "LabelIndex::insert"], 30 << 20);
    add(&mut profile, &["main", "serve", "Cache::put"], 9 << 20);
    add(&mut profile, &["main", "serve"], 1 << 20);
    add(&mut profile, &["main", "flush", "tiny"], 1000);
    profile
}

fn difference() -> Profile {
    let mut profile = Profile::new(meta(true));
    add(&mut profile, &["main", "serve", "LabelIndex::insert"], 30 << 20);
    add(&mut profile, &["main", "serve", "LabelIndex::insert"], -(10 << 20));
    add(&mut profile, &["main", "serve", "Cache::put"], -(8 << 20));
    add(&mut profile, &["main", "same"], 5 << 20);
    add(&mut profile, &["main", "same"], -(5 << 20));
    profile
}

#[test]
fn a_small_graph_is_drawn_as_before() {
    let options = Options::new().subtitle("server.heap").warnings(["the dump is cut short"]);
    golden("small.svg", &svg(&small(), &options));
    golden("flame.svg", &svg(&small(), &options.shape(Shape::Flame).title("Server").width(600)));
}

#[test]
fn a_difference_is_drawn_as_before() {
    golden("difference.svg", &svg(&difference(), &Options::new().subtitle("a.heap → b.heap")));
}

/// Frames of every width below a few pixels, at two levels; the page's tests lay out the same data, too.
#[test]
fn narrow_frames_are_drawn_as_before() {
    let mut profile = Profile::new(meta(false));
    for i in 0..40 {
        let (outer, inner) = (format!("outer{}", i % 3), format!("inner{i}"));
        add(&mut profile, &["main", &outer, &inner, "leaf"], 500 << (i % 12));
    }
    add(&mut profile, &["main", "small"], 4000);
    golden("narrow.svg", &svg(&profile, &Options::new()));
}

#[test]
fn nothing_is_drawn_as_before() {
    golden("empty.svg", &svg(&Profile::new(meta(false)), &Options::new()));
}

#[test]
fn the_picture_says_what_it_is() {
    let file = svg(&difference(), &Options::new().warnings(["no maps"]));
    let document = roxmltree::Document::parse(&file).unwrap();
    let drawn = document.descendants().find(|n| n.attribute("id") == Some("static")).unwrap();
    let texts: Vec<_> =
        drawn.descendants().filter(|n| n.has_tag_name("text")).filter_map(|n| n.text()).collect();
    let all = texts.join("\n");
    for part in [
        "Grown +20.0 MiB, shrunk −8.0 MiB, net +12.0 MiB (95 %:",
        "from 23.0 MiB to 35.0 MiB",
        "one sample every 512 KiB",
        "inuse_space",
        "⚠ no maps",
        "shrank 20.0 MiB",
        "grew 20.0 MiB",
        // A stack that vanished.
        "Cache::put",
    ] {
        assert!(all.contains(part), "no {part:?} in\n{all}");
    }
    assert!(!texts.contains(&"same"), "a stack that did not change has no width");
}

#[test]
fn an_output_that_fails_is_an_error() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let tree = Tree::new(&small(), SampleType::InuseSpace);
    let error = svg::write(&tree, &Options::new(), &mut Full).unwrap_err();
    assert!(matches!(error, heaplens::Error::Write(_)), "{error}");
}

#[test]
fn no_network_is_needed() {
    let file = svg(&small(), &Options::new());
    for (at, _) in file.match_indices("http") {
        assert!(file[at..].starts_with("http://www.w3.org/"), "{}", &file[at..at + 60]);
    }
    for word in ["@import", "url(", "href", "innerHTML", "onclick=", "onload="] {
        assert!(!file.contains(word), "{word}");
    }
}

/// 100,000 frames, most of them too narrow to draw.
#[test]
fn a_hundred_thousand_frames_are_a_few_megabytes() {
    let mut profile = Profile::new(meta(false));
    for i in 0..33_400u32 {
        let outer = format!("server::worker::handle_{}", i % 97);
        let middle = format!("server::index::partition_{i}::insert");
        let leaf = format!("alloc::vec::Vec<T,A>::push_{}", i % 5);
        let bytes = i64::from(i % 1009) * 700 + 5000;
        add(&mut profile, &["main", &outer, &middle, &leaf, "grow"], bytes);
    }
    let tree = Tree::new(&profile, SampleType::InuseSpace);
    assert!(tree.nodes.len() > 100_000, "{}", tree.nodes.len());
    let file = svg(&profile, &Options::new());
    assert!(file.len() < 6 << 20, "{} bytes", file.len());
    roxmltree::Document::parse(&file).unwrap();
    let drawn = file.matches("<rect ").count();
    assert!((100..10_000).contains(&drawn), "{drawn} rectangles");
}

#[test]
fn ten_thousand_deep_is_no_problem() {
    let names: Vec<String> = (0..10_000).map(|i| format!("f{i}")).collect();
    let mut profile = Profile::new(meta(false));
    add(&mut profile, &names.iter().map(String::as_str).collect::<Vec<_>>(), 1 << 20);
    let file = svg(&profile, &Options::new());
    assert!(file.contains(">f1999</text>") && !file.contains(">f2000</text>"));
    assert!(file.contains("stacks are up to 10,000 levels deep"), "what is not drawn is said");
    let height = file.split("height=\"").nth(1).and_then(|t| t.split('"').next()).unwrap();
    assert!(height.parse::<u32>().unwrap() < 37_000, "{height}");
}

fn hostile_name() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        proptest::sample::select(vec![
            "]]>",
            "</script>",
            "<script>",
            "-->",
            "\"",
            "'",
            "&",
            "&#0;",
            "\x1b[31m",
            "\0",
            "\n",
            "\u{202e}",
            "\u{fffe}",
            "\u{ffff}",
            "\u{9b}",
            "\u{2028}",
            "\\u003c",
        ])
        .prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_name_gives_a_well_formed_file(names in proptest::collection::vec(hostile_name(), 1..5)) {
        let mut profile = Profile::new(meta(false));
        let refs: Vec<&str> = names.iter().map(String::as_str).collect();
        add(&mut profile, &refs, 5 << 20);
        let options = Options::new().title(&*names[0]).subtitle(&*names[0]).warnings([&*names[0]]);
        let file = svg(&profile, &options);
        let document = roxmltree::Document::parse(&file).unwrap();
        prop_assert_eq!(document.descendants().filter(|n| n.has_tag_name("script")).count(), 2);
        prop_assert!(!file.chars().any(|c| c.is_control() && c != '\n'));
        let hidden = ['\u{202e}', '\u{2028}'].iter().any(|&c| file.contains(c));
        prop_assert!(!hidden);
        let script = document.descendants().find(|n| n.attribute("id") == Some("data")).unwrap();
        let data: serde_json::Value = serde_json::from_str(script.text().unwrap()).unwrap();
        for name in &names {
            let shown = heaplens::out::escape::terminal(name).into_owned();
            prop_assert!(data["names"].as_array().unwrap().contains(&shown.into()));
        }
    }

    #[test]
    fn the_layout_keeps_its_laws(
        stacks in proptest::collection::vec(
            (proptest::collection::vec(0u8..6, 1..7), -100_000i64..100_000), 1..60),
        width in 50.0..3000.0f64,
        min_width in 0.0..40.0f64,
    ) {
        let mut profile = Profile::new(meta(true));
        for (path, bytes) in &stacks {
            let names: Vec<String> = path.iter().map(|n| format!("f{n}")).collect();
            add(&mut profile, &names.iter().map(String::as_str).collect::<Vec<_>>(), *bytes);
        }
        let tree = Tree::new(&profile, SampleType::InuseSpace);
        let blocks = layout::layout(&tree, 0, width, min_width);
        check_layout(&tree, &blocks, width, min_width)?;
    }
}

fn check_layout(tree: &Tree, blocks: &[Block], width: f64, min_width: f64) -> Result<(), TestCaseError> {
    const CLOSE: f64 = 1e-6;
    prop_assert_eq!((blocks[0].x, blocks[0].width, blocks[0].row), (0.0, width, 0));
    let mut frames = 0;
    for block in blocks {
        match block.content {
            Content::Frame { node } => {
                frames += 1;
                prop_assert_eq!(block.row, tree.nodes[node].depth);
                prop_assert_eq!(block.amount, tree.nodes[node].width());
                prop_assert!(node == 0 || block.width >= min_width);
                let callees: Vec<&Block> =
                    blocks.iter().filter(|b| b.row > 0 && caller(tree, b) == node).collect();
                let mut right = block.x;
                for callee in &callees {
                    prop_assert!(callee.x >= right - CLOSE, "overlaps its left neighbour or leaves a gap");
                    prop_assert!(callee.x <= right + CLOSE);
                    right = callee.x + callee.width;
                    prop_assert_eq!(callee.row, block.row + 1);
                }
                prop_assert!(right <= block.x + block.width + CLOSE, "sticks out of its caller");
                // Nothing is lost: drawn and merged callees and the function itself make up the whole.
                let own = tree.nodes[node].self_net().abs();
                let sum = callees.iter().map(|c| c.amount).sum::<Amount>() + own;
                prop_assert_eq!(sum, block.amount);
            }
            Content::Merged { frames: merged, .. } => frames += merged,
        }
    }
    let wide = tree.nodes.iter().skip(1).filter(|n| !n.width().is_zero()).count();
    prop_assert_eq!(frames, wide + 1);
    Ok(())
}

fn caller(tree: &Tree, block: &Block) -> usize {
    match block.content {
        Content::Frame { node } => tree.nodes[node].parent,
        Content::Merged { parent, .. } => parent,
    }
}
