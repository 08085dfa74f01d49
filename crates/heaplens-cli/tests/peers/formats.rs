//! The forms of other tools, with their own programs as judges: jeprof reads our symbolized files and the gperftools text
//! that we read, jemalloc writes its JSON, python reads our CSV, `go tool pprof` reads Go's text, callgrind_annotate our
//! calls, graphviz our graph.

use crate::by_address::{compare_stacks, read, same};
use crate::c_program;
use crate::c_program::JEMALLOC;
use crate::service::Lab;
use crate::tools::{both, heaplens, stdout};
use heaplens::Dump;
use heaplens::dump::Threads;
use heaplens::input::{self, Limits};
use heaplens::profile::{Amount, SampleType};
use libtest_mimic::Failed;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Bytes or objects of each stack, and of how many lines they are the sum. Places without a name are all one.
type Stacks = BTreeMap<String, (i128, i128)>;

fn sums(folded: &str) -> Stacks {
    let mut stacks = Stacks::new();
    for line in folded.lines() {
        let (stack, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line:?} has no value"));
        let plain = |name: &str| {
            let name = name.strip_suffix("[inline]").unwrap_or(name);
            let nameless = name.starts_with("0x") || name.contains("+0x");
            (if nameless { "?" } else { name }).to_owned()
        };
        let stack: Vec<String> = stack.split(';').map(plain).collect();
        let entry = stacks.entry(stack.join(";")).or_default();
        entry.0 += value.parse::<i128>().unwrap_or_else(|_| panic!("{line:?} has no value"));
        entry.1 += 1;
    }
    stacks.retain(|_, (value, _)| *value != 0);
    stacks
}

/// Each of both sides' lines was cut to a whole number by itself.
fn compare(label: &str, ours: Stacks, mut theirs: Stacks) {
    for (stack, (value, lines)) in ours {
        let (judged, their_lines) =
            theirs.remove(&stack).unwrap_or_else(|| panic!("{label}: jeprof has no {stack}"));
        assert!(
            (value - judged).abs() <= lines.max(their_lines),
            "{label}: {stack}: {value}, jeprof {judged}"
        );
    }
    assert!(theirs.is_empty(), "{label}: only jeprof has {theirs:?}");
}

fn convert(form: &str, program: &Path, dump: &Path, path: PathBuf) -> PathBuf {
    let args = ["convert", "--to", form, "--binary"];
    both(heaplens(args).arg(program).arg("-o").arg(&path).arg(dump));
    path
}

fn jeprof(options: &[&str], files: &[&Path]) -> String {
    stdout(Command::new("jeprof").args(options).args(files))
}

/// jeprof needs no program for a file of ours, and prints our stacks, sums, threads and differences.
pub(crate) fn jeprof_reads_symbolized(lab: &Lab) -> Result<(), Failed> {
    let dir = lab.dir().join("symbolized");
    std::fs::create_dir_all(&dir)?;
    let program = c_program::compile(&dir)?;
    for (name, options) in [("accum", ",prof_accum:true"), ("raw", ",prof_unbias:false")] {
        let dumps = c_program::run(&program, &dir.join(name), options)?;
        let [base, last] = [("base", &dumps.base), ("last", &dumps.last)].map(|(which, dump)| {
            convert("symbolized", &program, dump, dir.join(format!("{name}-{which}.symbolized")))
        });
        // Out of reach, so that only the names in the file are left.
        let hidden = program.with_extension("hidden");
        std::fs::rename(&program, &hidden)?;
        for sample_type in SampleType::ALL {
            let option = format!("--{}", sample_type.name());
            let theirs = sums(&jeprof(&["--collapsed", &option], &[&last]));
            if name == "raw" && !matches!(sample_type, SampleType::InuseObjects | SampleType::InuseSpace) {
                assert!(theirs.is_empty(), "{theirs:?}");
                continue;
            }
            let args = ["folded", "--no-symbols", "--sample", sample_type.name()];
            let ours = sums(&stdout(heaplens(args).arg(&last)));
            assert!(ours.keys().filter(|stack| stack.contains("main")).count() > 5, "{ours:?}");
            compare(&option, ours, theirs);
        }
        let two = sums(&jeprof(&["--collapsed"], &[&base, &last]));
        compare("two", sums(&stdout(heaplens(["folded", "--no-symbols"]).args([&base, &last]))), two);

        let base_option = format!("--base={}", base.display());
        let text = jeprof(&["--text", "--show_bytes", &base_option], &[&last]);
        let net = read(&last).total().inuse_space - read(&base).total().inuse_space;
        assert!(same(net, total(&text, "Total: ")), "{text}");

        let text = jeprof(&["--text", "--show_bytes", "--thread=*"], &[&last]);
        let mut limits = Limits::default();
        limits.threads = Threads::Separate;
        let profile = input::read(&std::fs::read(&last)?, &limits)?;
        let mut of_thread: BTreeMap<u64, Amount> = BTreeMap::new();
        for sample in profile.samples() {
            let uid = profile.threads()[sample.thread.ok_or("a stack without a thread")?.index()].uid;
            *of_thread.entry(uid).or_default() += sample.values.inuse_space;
        }
        of_thread.retain(|_, sum| !sum.is_zero());
        assert!(of_thread.len() >= 3, "{of_thread:?}");
        for (uid, sum) in of_thread {
            assert!(same(sum, total(&text, &format!("Total (t{uid}): "))), "{uid}: {}: {text}", sum.as_f64());
        }
        std::fs::rename(&hidden, &program)?;
    }
    Ok(())
}

/// The bytes of a line `Total: 123 B`.
fn total(text: &str, start: &str) -> i128 {
    let line = text.lines().find_map(|line| line.strip_prefix(start)?.strip_suffix(" B"));
    line.and_then(|bytes| bytes.parse().ok()).unwrap_or_else(|| panic!("no {start:?}: {text}"))
}

/// A dump's stacks in gperftools' form, under each type of sampling, are unsampled as jeprof does it.
pub(crate) fn gperftools_text(lab: &Lab) -> Result<(), Failed> {
    let dir = lab.dir().join("gperftools");
    let bytes = std::fs::read(c_program::dump(&dir, ",prof_accum:true")?)?;
    let dump = Dump::parse(&bytes)?;
    let lines: Vec<String> = dump
        .stacks()
        .map(|stack| {
            let c = stack.total();
            let addresses: String =
                stack.addresses.iter().map(|address| format!(" {address:#014x}")).collect();
            format!(
                "{:7}: {:8} [{:7}: {:8}] @{addresses}\n",
                c.objects, c.bytes, c.accum_objects, c.accum_bytes
            )
        })
        .collect();
    // jeprof divides by the number of objects, where the first version is meant.
    let alive: Vec<&String> = lines.iter().filter(|line| !line.trim_start().starts_with("0: ")).collect();
    let (objects, size) = alive.iter().fold((0, 0), |(objects, size), line| {
        let mut words = line.split_ascii_whitespace();
        let mut number = || words.next().unwrap().trim_end_matches(':').parse::<u64>().unwrap();
        (objects + number(), size + number())
    });
    for kind in [" @ heapprofile", " @ heap_v2/4096", " @ heapz_v2/524288", " @ heap/65536", " @ heap", ""] {
        let mut text =
            format!("heap profile: {objects:6}: {size:8} [{objects:6}: {}]{kind}\n", size + 1).into_bytes();
        alive.iter().for_each(|line| text.extend(line.bytes()));
        text.extend(b"\nMAPPED_LIBRARIES:\n");
        text.extend(dump.maps_text());
        let name = kind.replace([' ', '@'], "").replace('/', "-");
        let path = dir.join(format!("{name}.gperftools.heap"));
        std::fs::write(&path, text)?;
        assert_eq!(read(&path).warnings, [], "{kind}");
        compare_stacks(&path, &dir, 10);
    }
    Ok(())
}

/// What jemalloc's recent allocations add up to is what its dump says of the same moment, and its log has each object
/// that the program freed.
pub(crate) fn jemallocs_json(lab: &Lab) -> Result<(), Failed> {
    let dir = lab.dir().join("samples");
    std::fs::create_dir_all(&dir)?;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/samples.c");
    let program = dir.join("samples");
    stdout(Command::new("gcc").args(["-O1", "-g", "-pthread", "-o"]).arg(&program).arg(source));
    for lg_sample in [0, 12] {
        let [log, recent, dump] =
            ["log.json", "recent.json", "now.heap"].map(|name| dir.join(format!("{lg_sample}-{name}")));
        let conf = format!("prof:true,prof_recent_alloc_max:-1,lg_prof_sample:{lg_sample}");
        let mut command = Command::new(&program);
        both(command.args([&log, &recent, &dump]).env("LD_PRELOAD", JEMALLOC).env("MALLOC_CONF", conf));

        let bytes = std::fs::read(&dump)?;
        let parsed = Dump::parse(&bytes)?;
        let summed = parsed.stacks().map(|stack| {
            let counts = stack.total();
            let (objects, bytes) = heaplens::sampling::unsample(counts.objects, counts.bytes, parsed.rate);
            let stack: Vec<String> =
                stack.addresses.iter().rev().map(|a| format!("[unmapped]+{a:#x}")).collect();
            (stack, (objects, bytes))
        });
        let mut summed: BTreeMap<_, _> = summed.collect();
        for (stack, values) in read(&recent).net_stacks() {
            // The stream that the file is written to was made after the dump.
            let Some((objects, bytes)) = summed.remove(&stack) else { continue };
            // A dump prints whole samples.
            let near = |ours: Amount, theirs: f64| (ours.as_f64() - theirs).abs() <= 1.0 + 0.02 * theirs;
            assert!(
                near(values.inuse_space, bytes) && near(values.inuse_objects, objects),
                "{stack:?}: {values:?}, {bytes}"
            );
        }
        assert!(summed.is_empty(), "the file lacks {summed:?}");

        let freed = read(&log);
        assert!(freed.total().inuse_space.is_zero());
        if lg_sample == 0 {
            let stacks = freed.net_stacks();
            let found: Vec<(i128, i128)> =
                stacks.iter().map(|(_, v)| (v.alloc_objects.round(), v.alloc_space.round())).collect();
            // Size classes of the program's own: what it asked for was less.
            for expected in [(150, 150 * 5120), (100, 100 * 20_480), (200, 200 * 3072)] {
                assert!(found.contains(&expected), "{expected:?} is not in {found:?}");
            }
        }
        let mut limits = Limits::default();
        limits.threads = Threads::Separate;
        let threads = input::read(&std::fs::read(&recent)?, &limits)?;
        assert_eq!(threads.threads().len(), 2, "{:?}", threads.threads());
        // Both are read by every command, and say so.
        let text = stdout(heaplens(["top", "--no-symbols", "--sample", "alloc_space"]).arg(&log));
        assert!(text.starts_with("alloc_space: "), "{text}");
    }
    Ok(())
}

/// Python's reader finds the columns and the figures of our table.
pub(crate) fn python_reads_csv(lab: &Lab) -> Result<(), Failed> {
    const SCRIPT: &str = "import csv, sys\n\
        for row in csv.DictReader(open(sys.argv[1], newline='')):\n    \
            assert None not in row and None not in row.values(), row\n    \
            assert int(row['inuse_space_low']) <= int(row['inuse_space']) <= int(row['inuse_space_high']), row\n    \
            print(row['stack'], row['inuse_space'])\n";
    let run = lab.fine();
    let path = convert("csv", &run.program, &run.leak, lab.dir().join("leak.csv"));
    let theirs = sums(&stdout(Command::new("python3").args(["-c", SCRIPT]).arg(&path)));
    let ours = sums(&stdout(heaplens(["folded", "--binary"]).arg(&run.program).arg(&run.leak)));
    assert!(ours.len() > 5, "{ours:?}");
    compare("csv", ours, theirs);
    Ok(())
}

/// Go's text is unsampled as `go tool pprof` does it.
pub(crate) fn gos_text(lab: &Lab) -> Result<(), Failed> {
    let path = lab.dir().join("go.heap.txt");
    let text = "heap profile: 3: 1054720 [7: 1058816] @ heap/1048576\n\
        1: 1048576 [1: 1048576] @ 0x4a1010 0x4a2020\n#\t0x4a100f\tmain.big+0x4f\t/src/main.go:12\n\n\
        2: 6144 [6: 10240] @ 0x4a1040 0x4a2020\n\n# runtime.MemStats\n# Alloc = 1\n";
    std::fs::write(&path, text)?;
    let raw = stdout(Command::new("go").args(["tool", "pprof", "-symbolize=none", "-raw"]).arg(&path));
    let samples =
        raw.split_once("Samples:\n").ok_or("no samples")?.1.split_once("Locations").ok_or("no locations")?.0;
    let mut theirs: Vec<Vec<i128>> = samples
        .lines()
        .filter_map(|line| {
            line.split_once(':').filter(|(values, _)| values.trim().starts_with(|c: char| c.is_ascii_digit()))
        })
        .map(|(values, _)| values.split_whitespace().map(|value| value.parse().unwrap()).collect())
        .collect();
    let mut ours: Vec<Vec<i128>> = read(&path)
        .net_stacks()
        .into_iter()
        .map(|(_, v)| SampleType::ALL.map(|t| v.get(t)).map(Amount::trunc).to_vec())
        .collect();
    ours.sort_unstable();
    theirs.sort_unstable();
    assert_eq!(ours, theirs, "{raw}");
    Ok(())
}

/// The figure that a line of callgrind_annotate begins with.
fn figure(line: &str) -> Option<i128> {
    let digits = line.trim_start().split([' ', '(']).next()?.replace(',', "");
    digits.parse().ok()
}

/// callgrind_annotate adds up our costs, and has each function's own and what it calls.
pub(crate) fn callgrind_annotate(lab: &Lab) -> Result<(), Failed> {
    let run = lab.fine();
    let file = convert("callgrind", &run.program, &run.leak, lab.dir().join("leak.callgrind"));
    let annotate = |option: &str| {
        stdout(Command::new("callgrind_annotate").args(["--threshold=100", option]).arg(&file))
    };
    let (own, all) = (annotate("--inclusive=no"), annotate("--inclusive=yes"));
    // Each line of source was cut to a whole number.
    let near = |found: i128, expected: i128| {
        assert!(found <= expected && expected - found < 1000, "{found}, not {expected}: {own} {all}");
    };
    let args = ["top", "--limit", "0", "--show-runtime", "--format", "csv", "--binary"];
    let table = stdout(heaplens(args).arg(&run.program).arg(&run.leak));
    let lines: Vec<&str> = table.lines().collect();
    let columns: Vec<&str> = lines.first().ok_or("no table")?.split(',').collect();
    let column = |name: &str| columns.iter().position(|column| *column == name).ok_or(format!("no {name}"));
    for (text, name, column) in [
        (&own, "alloc::vec::Vec<T,A>::with_capacity_in", column("flat_inuse_space")?),
        (&all, "heaplens_demo::store::label_index::LabelIndex::remember_label", column("cum_inuse_space")?),
    ] {
        // Names with commas stand in quotes; the figures come first.
        let row =
            lines.iter().find(|line| line.contains(name)).ok_or(format!("{name} is not in the table"))?;
        let expected: i128 = row.split(',').nth(column).ok_or("too few columns")?.parse()?;
        assert!(expected > 1 << 20, "{row}");
        let theirs = text.lines().filter(|line| line.trim_end().ends_with(&format!(":{name}")));
        near(theirs.filter_map(figure).sum(), expected);
    }
    let sum = read(&run.leak).total().inuse_space.trunc();
    for text in [&own, &all] {
        let line = text.lines().find(|line| line.contains("PROGRAM TOTALS"));
        near(line.and_then(figure).ok_or(format!("no total: {text}"))?, sum);
    }
    Ok(())
}

/// graphviz takes the graph, and finds the boxes and lines that we wrote.
pub(crate) fn graphviz(lab: &Lab) -> Result<(), Failed> {
    let run = lab.fine();
    let file = convert("dot", &run.program, &run.leak, lab.dir().join("leak.dot"));
    let written = std::fs::read_to_string(&file)?;
    let count = |is: fn(&str) -> bool| written.lines().filter(|line| is(line)).count();
    let lines = count(|line| line.starts_with('N') && line.contains(" -> N"));
    let boxes = count(|line| line.starts_with('N') && line.contains(" [label=\""));
    let drawn = stdout(Command::new("dot").arg("-Tsvg").arg(&file));
    let drawn_count = |class: &str| drawn.matches(&format!("class=\"{class}\"")).count();
    // The legend is a box as well.
    assert_eq!((drawn_count("node"), drawn_count("edge")), (boxes + 1, lines), "{written}");
    assert!(boxes > 10 && lines > 10 && drawn.contains("remember_label"), "{written}");
    Ok(())
}
