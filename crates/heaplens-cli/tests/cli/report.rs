//! The page as a file and from a server; what it shows is tested in a browser.

use crate::run::{case, fixture, heaplens, run};
use base64::Engine;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

/// The index of a page's data.
fn index(html: &str) -> Value {
    let data = html.split_once("id=\"data\">").unwrap().1.split_once("</script>").unwrap().0;
    let packed = base64::engine::general_purpose::STANDARD.decode(data).unwrap();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut bytes).unwrap();
    let length = u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize;
    serde_json::from_slice(&bytes[4..4 + length]).unwrap()
}

#[test]
fn one_file_has_the_verdict_and_all_captures() {
    let dir = tempfile::tempdir().unwrap();
    let page = dir.path().join("report.html");
    let ran = run(["report", case("leaks.in/day").to_str().unwrap(), "-o", page.to_str().unwrap()]);
    assert_eq!((ran.code, ran.stdout.len()), (Some(0), 0), "{ran:?}");
    let index = index(&std::fs::read_to_string(&page).unwrap());
    let leaks = run(["leaks", "--format", "json", case("leaks.in/day").to_str().unwrap()]).ok();
    let leaks: Value = serde_json::from_str(&leaks).unwrap();
    assert_eq!(index["leaks"]["sentence"], leaks["sentence"]);
    assert_eq!(index["captures"].as_array().unwrap().len(), 24);
    let judged = leaks["runs"][0]["captures"].as_array().unwrap().len();
    assert_eq!(index["leaks"]["runs"][0]["places"].as_array().unwrap().len(), judged);
}

#[test]
fn the_same_input_gives_the_same_file() {
    let args = ["report", "--no-symbols"];
    let dump = fixture("leak.heap");
    let write = || run(args.into_iter().chain([dump.to_str().unwrap()])).ok();
    assert_eq!(write(), write());
}

#[test]
fn a_redacted_page_tells_no_directory() {
    let dump = fixture("leak.heap");
    let html = run(["report", "--redact", "--no-symbols", dump.to_str().unwrap()]).ok();
    let shown = html.split_once("<script>").unwrap().0.to_owned() + &index(&html).to_string();
    for secret in ["/opt/", "/usr/", "db7", dump.parent().unwrap().to_str().unwrap()] {
        assert!(!shown.contains(secret), "{secret}");
    }
    assert!(shown.contains("tsdb"));
    run(["report", "--redact", "--sources", dump.to_str().unwrap()]).fails(2, &["--redact", "--sources"]);
}

#[test]
fn what_cannot_be_read_is_said() {
    run(["report", "/nonexistent/a.heap"]).fails(4, &["/nonexistent/a.heap"]);
    run(["view", "--no-open", "/nonexistent/a.heap"]).fails(4, &["/nonexistent/a.heap"]);
}

#[test]
fn a_server_answers_under_its_address_alone() {
    let dump = fixture("leak.heap");
    let mut child = heaplens(["view", "--no-open", "--no-symbols", dump.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().into();
    let url = line.trim().to_owned();
    let mut page = agent.get(&url).call().unwrap();
    let headers: Vec<String> = ["content-security-policy", "x-content-type-options", "cache-control"]
        .map(|name| page.headers()[name].to_str().unwrap().to_owned())
        .to_vec();
    let html = page.body_mut().read_to_string().unwrap();
    let values = agent.get(format!("{url}values/0")).call().unwrap().status().as_u16();
    let beyond = agent.get(format!("{url}values/1")).call().unwrap().status().as_u16();
    let elsewhere = agent.get(url.rsplit_once('/').unwrap().0.rsplit_once('/').unwrap().0.to_owned() + "/");
    let elsewhere = elsewhere.call().unwrap().status().as_u16();
    let other = agent.get(&url).header("Host", "evil.example").call().unwrap().status().as_u16();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(html.contains("<title>Heap of tsdb</title>"), "{html}");
    assert!(headers[0].contains("default-src 'none'") && headers[0].contains("frame-ancestors 'none'"));
    assert_eq!(headers[1..], ["nosniff", "no-store"]);
    assert_eq!((values, beyond, elsewhere, other), (200, 404, 404, 403));
}

#[test]
fn a_base_is_what_others_are_compared_with() {
    // Their names tell when they were made; files of one checkout can have one time.
    let (base, leak) = (
        case("leaks.in/day/tsdb-20261127T143000Z.folded"),
        case("leaks.in/day/tsdb-20261127T143500Z.folded"),
    );
    let (base, leak) = (base.to_str().unwrap(), leak.to_str().unwrap());
    let place =
        |args: &[&str]| index(&run(["report", "--no-symbols"].iter().chain(args)).ok())["base"].clone();
    assert_eq!(place(&["--base", leak, base]), 1, "the later one");
    assert_eq!(place(&["--base", base, leak]), 0);
    assert_eq!(place(&[base, leak]), -1);
    assert_eq!(place(&["--base", leak, base, leak]), 1, "once");
    let day = case("leaks.in/day");
    run(["report", "--base", day.to_str().unwrap(), leak]).fails(2, &["--base", "one input"]);
    run(["report", "--base", "/nonexistent/a.heap", leak]).fails(4, &["/nonexistent/a.heap"]);
}

/// The page of these arguments, opened.
pub(crate) fn page(args: &[&str]) -> Value {
    index(&run(["report", "--no-symbols"].into_iter().chain(args.iter().copied())).ok())
}

#[test]
fn one_difference_is_two_captures() {
    let difference = fixture("two.folded");
    let index = page(&[difference.to_str().unwrap()]);
    let captures = index["captures"].as_array().unwrap();
    let names: Vec<&str> = captures.iter().map(|capture| capture["name"].as_str().unwrap()).collect();
    assert!(
        matches!(names[..], [a, b] if a.ends_with("two.folded (before)") && b.ends_with("(after)")),
        "{names:?}"
    );
    let totals: Vec<i64> = captures.iter().map(|capture| capture["total"].as_i64().unwrap()).collect();
    let text = std::fs::read_to_string(&difference).unwrap();
    let column = |place: usize| -> i64 {
        text.lines().map(|line| line.rsplit(' ').nth(place).unwrap().parse::<i64>().unwrap()).sum()
    };
    assert_eq!(totals, [column(1), column(0)]);
}

#[test]
fn a_difference_among_others_is_left_out() {
    let (difference, dump) = (fixture("two.folded"), fixture("leak.heap"));
    let args = ["report", "--no-symbols", difference.to_str().unwrap(), dump.to_str().unwrap()];
    let ran = run(args);
    assert!(ran.stderr.contains("left out") && ran.stderr.contains("difference"), "{ran:?}");
    assert_eq!(index(&ran.ok())["captures"].as_array().unwrap().len(), 1);
}

#[test]
fn a_page_opens_with_what_was_asked_for() {
    let dump = fixture("threads.heap");
    let dump = dump.to_str().unwrap();
    assert_eq!(page(&[dump])["start"], "");
    let asked = page(&[
        "--sample=inuse_objects",
        "--by-thread",
        "--show-allocator",
        "--show-runtime",
        "--flame",
        dump,
    ]);
    assert_eq!(asked["start"], "sample=inuse_objects&threads=1&allocator=1&runtime=1&shape=flame");
    run(["report", "--sample=alloc_space", dump]).fails(4, &["alloc_space", "prof_accum"]);
    run(["report", "--by-thread", fixture("stacks.folded").to_str().unwrap()])
        .fails(4, &["--by-thread", "thread"]);
}

#[test]
fn a_page_of_some_threads_holds_what_the_command_line_counts() {
    let dump = fixture("threads.heap");
    let dump = dump.to_str().unwrap();
    let top = run(["top", "--no-symbols", "--thread=2", "--format=json", dump]).ok();
    let top: Value = serde_json::from_str(&top).unwrap();
    assert_eq!(page(&["--thread=2", dump])["captures"][0]["total"], top["total"]["value"]);
    run(["report", "--thread=77", dump]).fails(4, &["--thread", "no thread matches"]);
    run(["leaks", "--thread=77", dump]).fails(4, &["--thread", "no thread matches"]);
}

#[test]
fn what_was_chosen_is_said_where_the_command_line_is_not_seen() {
    let day = case("leaks.in/day");
    let day = day.to_str().unwrap();
    assert_eq!(page(&[day])["filters"], serde_json::json!([]));
    assert_eq!(page(&["--focus=insert", day])["filters"], serde_json::json!(["--focus \"insert\""]));
    let ran = run(["leaks", "--focus=insert", "--ignore=x/y", day]);
    let text = String::from_utf8_lossy(&ran.stdout);
    assert!(text.contains("only stacks of --focus \"insert\" --ignore \"x/y\""), "{text}");
}

#[test]
fn the_sides_of_a_difference_stay_in_their_order_whatever_its_name_says() {
    let dir = tempfile::tempdir().unwrap();
    let difference = dir.path().join("diff-20991128T150000Z.pb.gz");
    let day = |name: &str| case("leaks.in/day").join(name).to_str().unwrap().to_owned();
    let mut names: Vec<String> = std::fs::read_dir(case("leaks.in/day"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let (first, last) = (day(&names[0]), day(&names[names.len() - 1]));
    let to = difference.to_str().unwrap();
    run(["convert", "--no-symbols", "--base", &first, &last, "--to", "pprof", "-o", to]).ok();
    let index = page(&[to]);
    let totals: Vec<i64> = index["captures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|capture| capture["total"].as_i64().unwrap())
        .collect();
    let total = |dump: &str| page(&[dump])["captures"][0]["total"].as_i64().unwrap();
    assert_eq!(totals, [total(&first), total(&last)]);
}

#[test]
fn a_redacted_page_tells_patterns_whole_or_not_at_all() {
    let day = case("leaks.in/day");
    let day = day.to_str().unwrap();
    let index = page(&["--redact", "--focus", r"\binsert\b", "--ignore", "nothing", day]);
    assert_eq!(index["filters"], serde_json::json!(["--focus …", "--ignore \"nothing\""]));
    assert_eq!(index["leaks"]["chosen"], index["filters"]);
}

#[test]
fn a_warning_does_not_repeat_the_name_of_its_capture() {
    let dir = tempfile::tempdir().unwrap();
    let cut = dir.path().join("cut.heap");
    let dump = std::fs::read(fixture("leak.heap")).unwrap();
    std::fs::write(&cut, &dump[..dump.len() / 2]).unwrap();
    let row = page(&[cut.to_str().unwrap()])["captures"][0].clone();
    let warnings = row["warnings"].as_array().unwrap();
    assert!(
        !warnings.is_empty() && warnings.iter().all(|said| !said.as_str().unwrap().contains("cut.heap")),
        "{row}"
    );
}
