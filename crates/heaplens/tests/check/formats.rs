//! What a check is written as: golden files, and the rules of each form.

use crate::lab::{
    Dump, FILL, HOSTILE, INSERT, MAIN, PUSH, ROOT, SERVE, START, judge, options, series, suppress,
};
use crate::{golden, schema};
use heaplens::Error;
use heaplens::check::{Check, measure};
use heaplens::out::check::{self, Options};
use heaplens::series::Series;
use serde_json::Value;
use std::path::Path;

fn page() -> Options {
    let mut page = Options::default();
    page.root = Some(ROOT.to_owned());
    page.see = Some("heaplens diff 1.heap 2.heap".to_owned());
    page
}

/// A series in every state: what failed, what was suppressed, what was left out.
fn failed(function: usize) -> (Series, Check) {
    let dump = |minute: u64| {
        let line = |samples: u64| (samples, samples * 64);
        let ((a, b), (c, d)) = (line(40 + 10 * minute), line(80 + minute));
        Dump::new(1 << 19, 60 * minute, &[(&[MAIN, SERVE, function, PUSH], a, b), (&[MAIN, FILL], c, d)])
    };
    let mut dumps: Vec<Dump> = (0..12).map(dump).collect();
    dumps.push(dump(12).and("# jemalloc version=5.3.0 active=false"));
    let mut series = series(&dumps);
    let file = "leak:cache until=2027-01-31 reason=issue 12\nleak:gone\nleak:main until=2026-01-31\n";
    let suppressed = suppress(&mut series, file, START);
    let options = options(|options| options.limits.site_growth = Some(1_048_576.0));
    let check = judge(measure::series(&series, suppressed, &options), &options);
    (series, check)
}

fn passed() -> (Series, Check) {
    let dump = |seconds, bytes| Dump::new(1, seconds, &[(&[MAIN, INSERT], 1, bytes)]);
    let series = series(&[dump(0, 100), dump(60, 120)]);
    let options = options(|options| options.limits.growth = Some(20.0));
    let check = judge(measure::dumps(&series, Vec::new(), &options), &options);
    (series, check)
}

fn inconclusive() -> (Series, Check) {
    let dump = |seconds| Dump::new(1, seconds, &[(&[MAIN, INSERT], 1, 100)]);
    let series = series(&[dump(0), dump(60).of(8)]);
    let options = options(|options| options.limits.growth = Some(20.0));
    let check = judge(measure::dumps(&series, Vec::new(), &options), &options);
    (series, check)
}

type Write = fn(&Series, &Check, &Options, &mut dyn std::io::Write) -> Result<(), Error>;

const FORMATS: [(&str, Write); 5] = [
    ("txt", |series, check, page, out| check::write_text(series, check, page, out)),
    ("json", |series, check, page, out| check::write_json(series, check, page, out)),
    ("junit.xml", |_, check, page, out| check::write_junit(check, page, out)),
    ("sarif", |_, check, page, out| check::write_sarif(check, page, out)),
    ("github", |_, check, page, out| check::write_github(check, page, out)),
];

fn written(write: Write, (series, check): &(Series, Check), page: &Options) -> String {
    let mut bytes = Vec::new();
    write(series, check, page, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Accepted with HEAPLENS_BLESS=1.
#[test]
fn every_form_is_as_it_was() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/check");
    for (name, check) in [("failed", failed(INSERT)), ("passed", passed()), ("inconclusive", inconclusive())]
    {
        for (form, write) in FORMATS {
            let text = written(write, &check, &page());
            assert_eq!(text, written(write, &check, &page()));
            let path = dir.join(format!("{name}.{form}"));
            if golden::is_written() {
                std::fs::create_dir_all(&dir).unwrap();
                std::fs::write(&path, &text).unwrap();
            }
            let wanted = std::fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(text, wanted, "{}", path.display());
        }
    }
}

#[test]
fn sarif_keeps_to_its_schema() {
    let schema: Value = serde_json::from_str(include_str!("sarif-schema.json")).unwrap();
    for check in [failed(INSERT), failed(HOSTILE), passed(), inconclusive()] {
        let text = written(FORMATS[3].1, &check, &page());
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(schema::conforms(&value, &schema, &schema, "$"), Ok(()));
        // What a schema cannot say.
        let run = &value["runs"][0];
        for result in run["results"].as_array().unwrap() {
            let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
            assert_eq!(rule["id"], result["ruleId"]);
        }
    }
    let good = written(FORMATS[3].1, &failed(INSERT), &page());
    for (old, new) in [
        ("2.1.0", "2.0.0"),
        ("\"text\"", "\"txt\""),
        ("\"error\"", "\"bad\""),
        ("\"startLine\": 42", "\"startLine\": 0"),
    ] {
        let bad: Value = serde_json::from_str(&good.replace(old, new)).unwrap();
        assert!(schema::conforms(&bad, &schema, &schema, "$").is_err(), "{new}");
    }
}

/// What Jenkins' and the Windy Road schemas have in common: elements, their order, and attributes that must be there.
#[test]
fn junit_keeps_to_its_schema() {
    let rules: [(&str, &[&str], &[&str]); 7] = [
        ("testsuites", &["tests", "failures", "errors", "name"], &["testsuite"]),
        ("testsuite", &["name", "tests", "failures", "errors", "skipped"], &["testcase", "system-out"]),
        ("testcase", &["classname", "name"], &["skipped", "error", "failure"]),
        ("failure", &["type", "message"], &[]),
        ("error", &["type", "message"], &[]),
        ("skipped", &["message"], &[]),
        ("system-out", &[], &[]),
    ];
    let mut strict = page();
    strict.is_strict = true;
    for check in [failed(INSERT), failed(HOSTILE), passed(), inconclusive()] {
        for page in [&page(), &strict] {
            let text = written(FORMATS[2].1, &check, page);
            let document = roxmltree::Document::parse(&text).unwrap();
            let mut counts = std::collections::BTreeMap::new();
            for node in document.descendants().filter(roxmltree::Node::is_element) {
                let name = node.tag_name().name();
                *counts.entry(name).or_insert(0) += 1;
                let (_, attributes, children) = rules.iter().find(|rule| rule.0 == name).unwrap();
                let mut found: Vec<&str> = node.attributes().map(|attribute| attribute.name()).collect();
                let mut wanted = attributes.to_vec();
                found.sort_unstable();
                wanted.sort_unstable();
                assert_eq!(found, wanted, "{name}");
                let places = node.children().filter(roxmltree::Node::is_element).map(|child| {
                    children.iter().position(|known| *known == child.tag_name().name()).unwrap()
                });
                assert!(places.collect::<Vec<_>>().is_sorted(), "{text}");
            }
            let suite = document.descendants().find(|node| node.has_tag_name("testsuite")).unwrap();
            for (attribute, name) in
                [("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")]
            {
                let count = counts.get(name).copied().unwrap_or(0).to_string();
                assert_eq!(suite.attribute(attribute), Some(count.as_str()), "{attribute} of {text}");
            }
        }
    }
}

#[test]
fn a_hostile_name_stays_in_its_place() {
    let hostile = failed(HOSTILE);
    for (form, write) in FORMATS {
        let text = written(write, &hostile, &page());
        if form != "json" {
            assert!(!text.contains('\u{202e}'), "{form}: {text}");
        }
    }
    let github = written(FORMATS[4].1, &hostile, &page());
    assert!(
        github.lines().all(|line| ["::error ", "::warning "].iter().any(|start| line.starts_with(start)))
    );
    assert!(
        github.contains(
            "::error file=src/a%2Cb%3Ac%25.rs,line=3,title=heaplens check::<T as \"X\">::f%25\\u{202e}\\n"
        ),
        "{github}"
    );
}
