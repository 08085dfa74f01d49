//! jemalloc's JSON: prof_log and prof_recent.

use crate::{by_thread, codes, read, stacks, try_read};
use heaplens::profile::SampleType;
use heaplens::sampling::unsample;

/// As jemalloc 5.3.0 writes it.
const LOG: &str = r#"{"info":{"duration":0,"version":"5.3.0-0-g54eaed1d","lg_sample_rate":12,"prof_time_resolution":"default","pid":10898},"threads":[{"thr_uid":0,"thr_name":"log"},{"thr_uid":7,"thr_name":"worker \"two\""}],"stack_traces":[["0x1010","0x1020"],["0x1030","0x1020"],[]],"allocations":[{"alloc_thread":0,"free_thread":0,"alloc_trace":0,"free_trace":1,"alloc_timestamp":30463873448426,"free_timestamp":30463873448426,"usize":3072},{"alloc_thread":1,"free_thread":0,"alloc_trace":0,"free_trace":1,"alloc_timestamp":1,"free_timestamp":2,"usize":3072},{"alloc_thread":1,"free_thread":0,"alloc_trace":1,"free_trace":2,"alloc_timestamp":1,"free_timestamp":2,"usize":81920}]}
"#;

const RECENT: &str = r#"{"sample_interval":4096,"recent_alloc_max":100,"recent_alloc":[{"size":3005,"usize":3072,"released":true,"alloc_thread_uid":0,"alloc_thread_name":"log","alloc_time":30463873448426,"alloc_trace":["0x1010"],"dalloc_thread_uid":0,"dalloc_thread_name":"log","dalloc_time":30463873448426,"dalloc_trace":["0x1040"]},{"size":70000,"usize":81920,"released":false,"alloc_thread_uid":1,"alloc_time":1,"alloc_trace":["0x1010","0x1020"]},{"size":10,"usize":16,"released":false,"alloc_thread_uid":0,"alloc_thread_name":"log","alloc_time":1,"alloc_trace":["0x1010","0x1020"]}]}"#;

#[test]
fn a_log_is_what_was_freed() {
    let profile = read(LOG.as_bytes());
    let one = unsample(1, 3072, 4096);
    let found = stacks(&profile, SampleType::AllocSpace);
    assert_eq!(found[0], ("[unmapped]+0x1020;[unmapped]+0x1010".to_owned(), (2.0 * one.1).round() as i128));
    assert_eq!(found[1].1, 81_920);
    assert_eq!(profile.total().alloc_objects.round(), (2.0 * one.0 + 1.0).round() as i128);
    assert!(profile.total().inuse_space.is_zero() && profile.meta.has_alloc);
    assert_eq!((profile.meta.rate, codes(&profile)), (Some(4096), vec!["no-maps", "freed-only"]));
    let threads = by_thread(LOG.as_bytes());
    let names: Vec<_> = threads.threads().iter().map(|t| (t.uid, t.name.as_deref())).collect();
    assert_eq!(names, [(0, Some("log")), (7, Some("worker \"two\""))]);
    assert_eq!(threads.net_stacks(), profile.net_stacks());
}

#[test]
fn recent_allocations_are_live_unless_they_were_released() {
    let profile = read(RECENT.as_bytes());
    let expected = unsample(1, 81_920, 4096).1 + unsample(1, 16, 4096).1;
    let found = stacks(&profile, SampleType::InuseSpace);
    assert_eq!(found, [("[unmapped]+0x1020;[unmapped]+0x1010".to_owned(), expected.round() as i128)]);
    assert!(!profile.meta.has_alloc && profile.meta.has_objects);
    assert_eq!((profile.meta.rate, codes(&profile)), (Some(4096), vec!["no-maps"]));
    assert_eq!(by_thread(RECENT.as_bytes()).threads().len(), 2);
    // As many as are kept: there may have been more.
    let full = read(RECENT.replace("\"recent_alloc_max\":100", "\"recent_alloc_max\":3").as_bytes());
    assert_eq!(codes(&full), ["no-maps", "recent-only"]);
    let unlimited = read(RECENT.replace("\"recent_alloc_max\":100", "\"recent_alloc_max\":-1").as_bytes());
    assert_eq!(codes(&unlimited), ["no-maps"]);
}

#[test]
fn new_fields_are_skipped_and_the_order_is_free() {
    let log = LOG.replace("\"pid\":", "\"more\":[{\"a\":[1,null]}],\"pid\":");
    assert_eq!(read(log.as_bytes()).net_stacks(), read(LOG.as_bytes()).net_stacks());
    let at = LOG.find(",\"allocations\"").unwrap();
    let (head, allocations) = (&LOG[1..at], LOG[at + 1..].trim_end().trim_end_matches('}'));
    let turned = format!("{{\n{allocations},\n{head}}}");
    assert_eq!(read(turned.as_bytes()).net_stacks(), read(LOG.as_bytes()).net_stacks());
}

#[test]
fn damage_is_named() {
    for (text, from, to, expected) in [
        (LOG, "\"alloc_trace\":1", "\"alloc_trace\":9", "an allocation whose stack it does not have"),
        (LOG, "\"0x1030\"", "\"0xnone\"", "an address such as"),
        (LOG, "\"0x1030\"", "4144", "an address such as"),
        (LOG, "\"usize\":3072", "\"usize\":-3", "(invalid value"),
        (LOG, "\"usize\":3072", "\"size\":3072", "missing field `usize`"),
        (LOG, "\"lg_sample_rate\":12", "\"lg\":12", "missing field `lg_sample_rate`"),
        (LOG, "]}\n", "", "was the file cut?"),
        (RECENT, "\"released\":true", "\"released\":1", "prof_recent JSON"),
        (RECENT, "81920", "99999999999999999999", "expected"),
    ] {
        let error = try_read(text.replacen(from, to, 1).as_bytes()).unwrap_err().to_string();
        assert!(
            error.contains(expected) && (error.starts_with("line 1 (byte ") || error.starts_with("this is")),
            "{to}: {error}"
        );
    }
    let text = LOG.replace(",\"threads\"", ",\n\"threads\"").replace("[\"0x1030\"", "[30");
    let error = try_read(text.as_bytes()).unwrap_err().to_string();
    // The last byte of the number.
    let at = text.find("[30").unwrap() + 2;
    assert!(error.starts_with(&format!("line 2 (byte {at})")), "{error}");
}

#[test]
fn names_of_threads_need_not_be_text() {
    for (file, name) in [(LOG, "worker"), (RECENT, "log")] {
        let at = file.rfind(name).unwrap();
        let mut bytes = file.as_bytes().to_vec();
        bytes[at] = 0xff;
        let profile = by_thread(&bytes);
        let expected = format!("\u{fffd}{}", &name[1..]);
        let is = |thread: &heaplens::profile::Thread| {
            thread.name.as_ref().is_some_and(|n| n.starts_with(&expected))
        };
        assert!(profile.threads().iter().any(is), "{:?}", profile.threads());
        assert_eq!(profile.net_stacks(), read(file.as_bytes()).net_stacks());
    }
}

#[test]
fn a_log_that_was_cut_is_still_one() {
    for end in ["\"stack_traces\"", "],\"allocations\"", "\"threads\"", ",\"prof_time_resolution\""] {
        let cut = &LOG.as_bytes()[..LOG.find(end).unwrap()];
        let error = try_read(cut).unwrap_err().to_string();
        assert!(error.contains("was the file cut?") && error.contains("prof_log"), "{error}");
    }
}
