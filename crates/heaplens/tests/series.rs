//! Captures to runs: what belongs together, in which order, and what is not used.

use heaplens::series::{Clock, Runs, Series, Source, Why};
use heaplens::{Profile, diff, filter, input};
use std::fmt::Write as _;

/// A dump as the agent writes it.
#[derive(Clone)]
struct Dump {
    rate: u64,
    /// Objects and bytes of a stack a line, as printed.
    stacks: Vec<(u64, u64, u64)>,
    /// The first address of the program.
    base: u64,
    /// Lines of the trailer, without its first and last; `None` for a dump of jemalloc's alone.
    trailer: Option<String>,
}

impl Dump {
    fn at(minute: u64) -> Dump {
        let time = 1_795_789_800_000 + minute * 60_000;
        Dump {
            rate: 524_288,
            stacks: vec![(0x10, 100 + minute, (100 + minute) << 20)],
            base: 0x5500_0000_0000,
            trailer: Some(format!("# process pid=7 start=1795789000000 time={time} exe=/srv/app host=db1\n")),
        }
    }

    fn bare(minute: u64) -> Dump {
        Dump { trailer: None, ..Dump::at(minute) }
    }

    fn with(mut self, old: &str, new: &str) -> Dump {
        self.trailer = self.trailer.map(|trailer| trailer.replace(old, new));
        self
    }

    fn and(mut self, line: &str) -> Dump {
        self.trailer = self.trailer.map(|trailer| trailer + line + "\n");
        self
    }

    fn text(&self) -> String {
        let sum = |of: fn(&(u64, u64, u64)) -> u64| self.stacks.iter().map(of).sum::<u64>();
        let mut text = format!("heap_v2/{}\n  t*: {}: {} [0: 0]\n", self.rate, sum(|s| s.1), sum(|s| s.2));
        for (offset, objects, bytes) in &self.stacks {
            let _ = write!(text, "@ {:#x}\n  t*: {objects}: {bytes} [0: 0]\n", self.base + offset);
        }
        let (base, end) = (self.base, self.base + 0x1000);
        let _ = write!(
            text,
            "\nMAPPED_LIBRARIES:\n{base:x}-{end:x} r-xp 00000000 fe:00 7 /srv/app\n7ffc00000000-7ffc00001000 rw-p 00000000 00:00 0 [stack]\n"
        );
        if let Some(trailer) = &self.trailer {
            let (length, sum) = (text.len(), crc32fast::hash(text.as_bytes()));
            let _ = write!(text, "# heaplens 1\n{trailer}# end length={length} crc32={sum:08x}\n");
        }
        text
    }

    fn profile(&self) -> Profile {
        input::read(self.text().as_bytes(), &input::Limits::default()).unwrap()
    }
}

fn series(dumps: &[(&str, Dump)]) -> Series {
    let mut series = Series::new();
    for (name, dump) in dumps {
        series.push(Source { name: (*name).to_owned(), file_time_ms: None }, &dump.profile());
    }
    series
}

fn unnamed(dumps: impl IntoIterator<Item = Dump>) -> Runs {
    let dumps: Vec<(&str, Dump)> = dumps.into_iter().map(|dump| ("x", dump)).collect();
    series(&dumps).runs(None)
}

fn members(runs: &Runs) -> Vec<Vec<usize>> {
    runs.runs.iter().map(|run| run.captures.clone()).collect()
}

#[test]
fn order_is_that_of_times_whatever_the_arguments() {
    let runs = unnamed([3, 1, 2, 0].map(Dump::at));
    assert_eq!(members(&runs), [[3, 1, 2, 0]]);
    let run = &runs.runs[0];
    assert_eq!((run.clock, run.pid, run.host.as_deref()), (Clock::Trailer, Some(7), Some("db1")));
    assert_eq!(run.times, [0.0, 60.0, 120.0, 180.0]);
    assert!(runs.left_out.is_empty());
}

#[test]
fn a_restart_another_rate_and_sampling_that_was_switched_begin_new_runs() {
    let restarted = |minute| Dump::at(minute).with("start=1795789000000", "start=1795789700000");
    let runs = unnamed([Dump::at(0), Dump::at(1), restarted(2), Dump::at(3), restarted(4), restarted(5)]);
    assert_eq!(members(&runs), [[2, 4, 5], [0, 1, 3]], "the latest of equally long ones is first");

    let finer = |minute| Dump { rate: 4096, ..Dump::at(minute) };
    assert_eq!(members(&unnamed([Dump::at(0), finer(1), finer(2)])), [vec![1, 2], vec![0]]);

    let switched = |minute| Dump::at(minute).and("# jemalloc active=true prof_active_since=1795789860000");
    assert_eq!(members(&unnamed([Dump::at(0), switched(2), switched(3)])), [vec![1, 2], vec![0]]);
}

#[test]
fn without_a_trailer_a_process_is_known_by_where_its_code_is() {
    let moved = |minute| Dump { base: 0x5600_0000_0000, ..Dump::bare(minute) };
    let runs = unnamed([Dump::bare(0), moved(1), Dump::bare(2), Dump::bare(3)]);
    assert_eq!(members(&runs), [vec![0, 2, 3], vec![1]]);
    assert_eq!(runs.runs[0].clock, Clock::Order);
    assert_eq!(runs.runs[0].times, [0.0, 1.0, 2.0]);
}

#[test]
fn what_cannot_be_compared_is_left_out_and_says_why() {
    let off = Dump::at(1).and("# jemalloc active=false");
    let all = 100u64 << 20;
    let whole = |minute| Dump::at(minute).and(&format!("# stats allocated={}", all + (1 << 20) * minute));
    let late = Dump::at(2).and(&format!("# stats allocated={}", 3 * all));
    let cut = {
        let mut dump = Dump::at(3);
        dump.trailer = Some("# process pid=7 start=1795789000000\n".into());
        let text = dump.text();
        let cut = text.replacen("t*: 103:", "t*: 104:", 1);
        input::read(cut.as_bytes(), &input::Limits::default()).unwrap()
    };
    let mut series =
        series(&[("off", off), ("late", late), ("a", whole(4)), ("b", whole(5)), ("again", whole(5))]);
    series.push(Source { name: "cut".into(), file_time_ms: None }, &cut);
    let difference = diff::diff(&Dump::at(0).profile(), &Dump::at(1).profile());
    series.push(Source { name: "difference".into(), file_time_ms: None }, &difference);
    let runs = series.runs(None);
    assert_eq!(members(&runs), [[2, 3]]);
    let why: Vec<(usize, &Why)> = runs.left_out.iter().map(|left| (left.capture, &left.why)).collect();
    assert!(
        matches!(
            why[..],
            [
                (0, Why::Inactive),
                (1, Why::LowCoverage(share)),
                (4, Why::Twice),
                (5, Why::Damaged(_)),
                (6, Why::Difference)
            ] if (0.3..0.4).contains(share)
        ),
        "{why:?}"
    );
}

#[test]
fn a_reset_in_between_ends_a_run() {
    let whole = |minute, share| {
        Dump::at(minute).and(&format!("# stats allocated={}", (share * 104_857_600.0) as u64))
    };
    let runs =
        unnamed([whole(0, 1.0), whole(1, 1.0), whole(2, 9.0), whole(3, 1.0), whole(4, 1.0), whole(5, 1.0)]);
    assert_eq!(members(&runs), [vec![3, 4, 5], vec![0, 1]]);
}

#[test]
fn names_and_file_times_tell_where_dumps_do_not() {
    let named = |names: &[&str]| {
        let dumps: Vec<(&str, Dump)> =
            names.iter().zip(0..).map(|(name, minute)| (*name, Dump::bare(minute))).collect();
        series(&dumps).runs(None)
    };
    let runs = named(&["m-20261127T1431.heap", "m-20261127T1430.heap"]);
    assert_eq!((members(&runs), runs.runs[0].clock), (vec![vec![1, 0]], Clock::Name));
    let runs = named(&["jeprof.7.10.i10.heap", "jeprof.7.9.i9.heap", "jeprof.7.11.f.heap"]);
    assert_eq!((members(&runs), runs.runs[0].clock), (vec![vec![1, 0, 2]], Clock::Order));

    let mut series = Series::new();
    for (minute, time) in [(0, 9_000), (1, 5_000), (2, 7_000)] {
        series.push(Source { name: "x".into(), file_time_ms: Some(time) }, &Dump::bare(minute).profile());
    }
    let runs = series.runs(None);
    assert_eq!((members(&runs), runs.runs[0].clock), (vec![vec![1, 2, 0]], Clock::File));
    let runs = series.runs(Some(60.0));
    assert_eq!((members(&runs), runs.runs[0].clock), (vec![vec![0, 1, 2]], Clock::Given));
    assert_eq!(runs.runs[0].times, [0.0, 60.0, 120.0]);
}

#[test]
fn copied_files_whose_times_contradict_jemallocs_numbers_are_taken_by_number() {
    let mut series = Series::new();
    for (seq, time) in [(1, 9_000), (2, 5_000), (3, 7_000)] {
        let name = format!("jeprof.7.{seq}.i{seq}.heap");
        series.push(Source { name, file_time_ms: Some(time) }, &Dump::bare(seq).profile());
    }
    let runs = series.runs(None);
    assert_eq!((members(&runs), runs.runs[0].clock), (vec![vec![0, 1, 2]], Clock::Order));
}

#[test]
fn folded_stacks_are_taken_for_sampled_ones() {
    let mut series = Series::new();
    let folded = input::read(b"main;f 100\n", &input::Limits::default()).unwrap();
    series.push(Source::default(), &folded);
    let run = &series.runs(None).runs[0];
    assert!(run.rate_is_assumed && run.rate == 524_288);
    let exact = Dump { rate: 1, ..Dump::bare(0) };
    let run = &unnamed([exact]).runs[0];
    assert!(!run.rate_is_assumed && run.rate == 1);
}

#[test]
fn captures_come_back_as_the_profiles_that_they_were() {
    let mut dumps = [Dump::at(0), Dump::at(1)];
    dumps[1].stacks.push((0x20, 7, 7 << 20));
    let profiles = dumps.each_ref().map(Dump::profile);
    let mut series = series(&[("a", dumps[0].clone()), ("b", dumps[1].clone())]);
    for (number, profile) in profiles.iter().enumerate() {
        assert_eq!(series.profile(number).net_stacks(), profile.net_stacks());
    }
    let difference = diff::diff(&profiles[0], &profiles[1]);
    assert_eq!(series.difference(0, 1, |_| true).net_stacks(), difference.net_stacks());
    series.difference(0, 1, |_| true).check().unwrap();

    let pattern = filter::pattern(r"\+0x20").unwrap();
    series.change(|code| Ok::<_, ()>(filter::ignore(&code, &pattern))).unwrap();
    assert_eq!(series.profile(1).net_stacks(), filter::ignore(&profiles[1], &pattern).net_stacks());
}
