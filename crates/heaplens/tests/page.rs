//! The page's data, read as the page reads it.

use heaplens::out::page::{Options, Page};
use heaplens::series::{Point, Series, Source};
use heaplens::{input, leaks};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;

/// Bytes and objects, and the same of what was allocated; by site and thread.
type Values = BTreeMap<(u64, Option<u64>), [i64; 4]>;

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn block(&mut self) -> &'a [u8] {
        let (length, rest) = self.0.split_at(4);
        let length = u32::from_le_bytes(length.try_into().unwrap()) as usize;
        let (block, rest) = rest.split_at(length);
        self.0 = rest;
        block
    }

    fn number(&mut self) -> u64 {
        let end = self.0.iter().position(|byte| byte & 0x80 == 0).unwrap();
        let (number, rest) = self.0.split_at(end + 1);
        self.0 = rest;
        number.iter().rev().fold(0, |sum, byte| sum << 7 | u64::from(byte & 0x7f))
    }

    fn signed(&mut self) -> i64 {
        let number = self.number();
        (number >> 1) as i64 ^ -((number & 1) as i64)
    }
}

/// The values of a block, added to those of the block before if they are relative to these.
fn decode(block: &[u8], before: &Values) -> Values {
    let mut bytes = Bytes(block);
    let (flags, base, count) = (bytes.number(), bytes.number(), bytes.number());
    let mut values = if base == 1 { before.clone() } else { Values::new() };
    let mut site = u64::MAX;
    for _ in 0..count {
        site = site.wrapping_add(bytes.number());
        let thread = (flags & 2 != 0).then(|| bytes.number());
        let known = values.entry((site, thread)).or_default();
        for value in &mut known[..if flags & 1 != 0 { 4 } else { 2 }] {
            *value += bytes.signed();
        }
    }
    assert!(bytes.0.is_empty(), "something is left");
    values.retain(|_, values| *values != [0; 4]);
    values
}

fn read(page: &Page) -> (Value, Vec<(Values, Values)>) {
    let mut written = Vec::new();
    page.write(&mut written).unwrap();
    let mut bytes = Bytes(&written);
    let index = serde_json::from_slice(bytes.block()).unwrap();
    let mut captures: Vec<(Values, Values)> = Vec::new();
    for _ in 0..page.capture_count() {
        let before = captures.last().map(|(values, _)| values.clone()).unwrap_or_default();
        let values = decode(bytes.block(), &before);
        let threads = bytes.block();
        let threads = if threads.is_empty() { Values::new() } else { decode(threads, &Values::new()) };
        captures.push((values, threads));
    }
    assert!(bytes.0.is_empty(), "something is left");
    (index, captures)
}

fn push(series: &mut Series, name: &str, text: &str) {
    let profile = input::read(text.as_bytes(), &input::Limits::default()).unwrap();
    series.push(Source { name: name.to_owned(), file_time_ms: None }, &profile);
}

fn page(series: Series) -> Page {
    Page::new(series, None, &Options::default()).unwrap()
}

fn fixed(points: &[Point]) -> Values {
    let value = |value: f64| (value * 256.0).round() as i64;
    let rows = points.iter().map(|p| ((u64::from(p.stack), None), [value(p.bytes), value(p.objects), 0, 0]));
    rows.filter(|(_, values)| *values != [0; 4]).collect()
}

const DUMP: &str = "heap_v2/524288
  t*: 3: 192 [5: 320]
  t1: 2: 128 [4: 256]
  t2: 1: 64 [1: 64]
@ 0x10 0x20
  t*: 3: 192 [5: 320]
  t1: 2: 128 [4: 256]
  t2: 1: 64 [1: 64]

MAPPED_LIBRARIES:
0-1000 r-xp 00000000 fe:00 7 /srv/app
";

#[test]
fn threads_and_allocations_are_in_it() {
    let mut series = Series::new();
    push(&mut series, "a", DUMP);
    let mut limits = input::Limits::default();
    limits.threads = heaplens::dump::Threads::Separate;
    series.push_threads(&input::read(DUMP.as_bytes(), &limits).unwrap());
    let (index, captures) = read(&page(series));
    assert_eq!(
        index["sample_types"].to_string(),
        r#"["alloc_objects","alloc_space","inuse_objects","inuse_space"]"#
    );
    assert_eq!(index["threads"].to_string(), r#"["[thread 1]","[thread 2]","[no thread]"]"#);
    let (values, threads) = &captures[0];
    let [bytes, objects, alloc_bytes, _] = values[&(0, None)];
    // As jeprof unsamples 3 objects of 192 bytes.
    assert_eq!((bytes / 256, objects / 256), (1_572_960, 24_577));
    assert!(alloc_bytes > bytes);
    assert_eq!(threads.keys().copied().collect::<Vec<_>>(), [(0, Some(0)), (0, Some(1))]);
}

#[test]
fn names_are_shown_as_text_and_nothing_hides_in_them() {
    let mut series = Series::new();
    push(&mut series, "a\u{202e}.folded", "main;</script><b>\u{1b}[31m;=cmd() 7\n");
    let (index, _) = read(&page(series));
    let strings = index["strings"].to_string();
    assert!(strings.contains(r"</script><b>\\x1b[31m"), "{strings}");
    assert_eq!(index["captures"][0]["name"], "a\\u{202e}.folded");
}

#[test]
fn redaction_leaves_directories_and_hosts_out() {
    let mut series = Series::new();
    let trailer = |minute: u64| {
        let body = DUMP.replace("0x10", &format!("{:#x}", 0x10 + minute));
        let (length, sum) = (body.len(), crc32fast::hash(body.as_bytes()));
        let time = 1_795_789_800_000 + minute * 60_000;
        format!(
            "{body}# heaplens 1\n# process pid=7 start=1795789000000 time={time} exe=/srv/secret/app host=db-secret\n# end length={length} crc32={sum:08x}\n"
        )
    };
    for minute in 0..10 {
        push(&mut series, &format!("/home/secret/dumps/{minute}.heap"), &trailer(minute));
    }
    let leaks = leaks::find(&series, &leaks::Options::default());
    let mut options = Options::default();
    options.title = "typed".to_owned();
    options.is_redacted = true;
    let (index, captures) = read(&Page::new(series, Some(&leaks), &options).unwrap());
    assert_eq!(captures.len(), 10);
    let run = &index["leaks"]["runs"][0];
    assert_eq!(run["exe"], "app");
    let judged = [&run["warmup_places"], &run["places"]].map(|places| places.as_array().unwrap().clone());
    assert_eq!(judged.concat(), (0..10).map(Value::from).collect::<Vec<_>>());
    let text = index.to_string();
    assert!(!text.contains("secret") && !text.contains("/srv"), "{text}");
}

#[test]
fn captures_stand_in_the_order_of_time() {
    let mut series = Series::new();
    for name in ["x.20261127T143007Z.heap", "x.20261127T143005Z.heap", "x.20261127T143006Z.heap"] {
        push(&mut series, name, "main 1\n");
    }
    let (index, _) = read(&page(series));
    let names: Vec<&str> =
        index["captures"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["x.20261127T143005Z.heap", "x.20261127T143006Z.heap", "x.20261127T143007Z.heap"]);
}

#[test]
fn times_that_were_given_count_more_than_those_of_the_inputs() {
    let mut series = Series::new();
    // By their names the last one is the first.
    for number in 0..10 {
        push(
            &mut series,
            &format!("x.20261127T1430{:02}Z.heap", 50 - number),
            &format!("main {}\n", 1 + number),
        );
    }
    let mut options = leaks::Options::default();
    options.every = Some(60.0);
    let leaks = leaks::find(&series, &options);
    let (index, _) = read(&Page::new(series, Some(&leaks), &Options::default()).unwrap());
    assert_eq!(index["clock"], "given");
    for (number, row) in index["captures"].as_array().unwrap().iter().enumerate() {
        assert_eq!(row["name"], format!("x.20261127T1430{:02}Z.heap", 50 - number));
        assert_eq!((row["time"].is_null(), row["seconds"].as_f64()), (true, Some(60.0 * number as f64)));
    }
    let judged = index["leaks"]["runs"][0]["captures"].as_array().unwrap();
    assert_eq!(judged.last(), Some(&index["captures"][9]["name"]));
    assert!(judged.len() < 10, "the first one is not judged: {judged:?}");
}

#[test]
fn what_a_filter_left_out_is_in_no_total() {
    let mut series = Series::new();
    push(&mut series, "a", "main;kept 7\nmain;dropped 5\n");
    let pattern = heaplens::filter::pattern("^kept$").unwrap();
    series.change(|code| Ok::<_, ()>(heaplens::filter::focus(&code, &pattern))).unwrap();
    let (index, captures) = read(&page(series));
    assert_eq!((&index["captures"][0]["total"], captures[0].0.len()), (&Value::from(7), 1));
}

proptest! {
    #[test]
    fn values_are_read_back(
        captures in proptest::collection::vec(proptest::collection::btree_map("[a-e](;[a-e]){0,3}", 0u64..1 << 40, 0..12), 1..6)
    ) {
        let mut series = Series::new();
        for (number, stacks) in captures.iter().enumerate() {
            let text: String = stacks.iter().map(|(stack, bytes)| format!("{stack} {bytes}\n")).collect();
            // Without a line there is nothing that says what it is.
            push(&mut series, &number.to_string(), if text.is_empty() { "a 0\n" } else { &text });
        }
        let wanted: Vec<Values> = series.captures().iter().map(|capture| fixed(capture.points())).collect();
        let page = page(series);
        let (index, found) = read(&page);
        prop_assert_eq!(index["captures"].as_array().unwrap().len(), wanted.len());
        for (place, wanted) in wanted.iter().enumerate() {
            prop_assert_eq!(&found[place].0, wanted);
            prop_assert_eq!(&decode(&page.values(place).unwrap(), &Values::new()), wanted);
        }
    }
}

/// A dump of the process with this number.
fn dump_of(pid: u64, minute: u64, exe: &str) -> String {
    let body = DUMP.replace("0x10", &format!("{:#x}", 0x10 + minute));
    let (length, sum) = (body.len(), crc32fast::hash(body.as_bytes()));
    let time = 1_795_789_800_000 + minute * 60_000;
    format!(
        "{body}# heaplens 1\n# process pid={pid} start=1795789000000 time={time} exe={exe} host=db7\n# end length={length} crc32={sum:08x}\n"
    )
}

#[test]
fn captures_tell_their_processes() {
    let mut series = Series::new();
    for minute in 0..10 {
        push(&mut series, &format!("{minute}.heap"), &dump_of(7 + minute % 2, minute, "/srv/app"));
    }
    push(&mut series, "other.heap", &dump_of(9, 10, "/srv/other"));
    let leaks = leaks::find(&series, &leaks::Options::default());
    let (index, _) = read(&Page::new(series, Some(&leaks), &Options::default()).unwrap());
    let processes = index["processes"].as_array().unwrap();
    assert_eq!(processes.len(), 3, "{processes:?}");
    for (row, pid) in index["captures"].as_array().unwrap().iter().zip([7, 8, 7, 8, 7, 8, 7, 8, 7, 8, 9]) {
        let process = &processes[row["process"].as_u64().unwrap() as usize];
        assert_eq!((&process["pid"], &process["host"]), (&Value::from(pid), &Value::from("db7")));
    }
    assert_eq!(processes[2]["exe"], "/srv/other");
}

#[test]
fn two_dumps_have_processes_and_times_without_a_judgement() {
    let mut series = Series::new();
    push(&mut series, "base.heap", &dump_of(7, 0, "/srv/app"));
    push(&mut series, "leak.heap", &dump_of(7, 1, "/srv/app"));
    let (index, _) = read(&page(series));
    assert_eq!(index["clock"], "trailer");
    assert_eq!(index["processes"].as_array().unwrap().len(), 1);
    assert_eq!(index["granularity"], "function");
    assert_eq!(index["captures"][1]["process"], 0);
}

#[test]
fn what_has_no_name_is_nobodys() {
    let mut series = Series::new();
    push(&mut series, "a", DUMP);
    let (index, _) = read(&page(series));
    assert!(index["functions"]["owner"].as_str().unwrap().chars().all(|letter| letter == 'u'), "{index}");
    let mut series = Series::new();
    push(&mut series, "a", &DUMP.replace("0-1000 r-xp", "4000-5000 r-xp"));
    let (index, _) = read(&page(series));
    let advice = index["modules"][0]["advice"].as_str().unwrap();
    assert!(advice.contains("no mapping") && !advice.contains("--binary"), "{advice}");
}
