//! What `heaplens leaks` draws.

use crate::report::page;
use crate::run::{case, run};

#[test]
fn the_growth_of_what_leaks_is_drawn_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (svg, folded) = (dir.path().join("leak.svg"), dir.path().join("leak.folded"));
    let day = case("leaks.in/day");
    let args = [
        "leaks",
        day.to_str().unwrap(),
        "--svg",
        svg.to_str().unwrap(),
        "--folded",
        folded.to_str().unwrap(),
    ];
    let ran = run(args);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains(&format!("wrote {}\n", svg.display())), "{}", ran.stderr);
    let folded = std::fs::read_to_string(&folded).unwrap();
    assert!(!folded.is_empty());
    for line in folded.lines() {
        assert!(line.contains("app::sessions::insert"), "{line}");
        // Before and after.
        let mut counts = line.rsplit(' ').map(|count| count.parse::<u64>().unwrap_or(0));
        let (after, before) = (counts.next().unwrap(), counts.next().unwrap());
        assert!(after > before, "{line}");
    }
    let picture = std::fs::read_to_string(&svg).unwrap();
    assert!(picture.contains("Growth of what leaks") && picture.contains("app::sessions::insert"));
    assert!(!picture.contains("app::cache::fill"), "what does not leak is in the picture");
}

#[test]
fn nothing_is_drawn_where_nothing_leaks() {
    let dir = tempfile::tempdir().unwrap();
    let svg = dir.path().join("leak.svg");
    let calm = case("leaks.in/calm");
    let ran = run(["leaks", calm.to_str().unwrap(), "--svg", svg.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("nothing was drawn, since nothing leaks"), "{}", ran.stderr);
    assert!(!svg.exists());
}

#[test]
fn a_function_that_is_not_there_is_no_function_without_a_leak() {
    let day = case("leaks.in/day");
    let day = day.to_str().unwrap();
    let said = "inconclusive: no stack is left after the filters (there were 292 MiB before); choose functions or threads \
                that there are";
    let ran = run(["leaks", day, "--focus", "renamed"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(String::from_utf8(ran.stdout).unwrap().starts_with(&format!("{said}\n")));
    let ran = run(["leaks", day, "--focus", "renamed", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert!(json["runs"][0]["inconclusive"]["before_filters"].as_u64().unwrap() > 290 << 20, "{json}");
    let leaks = &page(&[day, "--focus", "renamed"])["leaks"];
    assert_eq!((&leaks["verdict"], &leaks["sentence"]), (&"inconclusive".into(), &said.into()));
    assert_eq!(page(&[day, "--focus", "insert"])["leaks"]["verdict"], "leak");
}
