//! pprof that is small and would become large: refused with the reason, or read, in bounded memory.

use crate::watch::{peak_since, start_of_peak, watched};
use flate2::Compression;
use flate2::write::GzEncoder;
use heaplens::dump::Threads;
use heaplens::input::{Limits, read};
use libtest_mimic::Failed;
use std::io::Write;

#[path = "../pprof/encode.rs"]
mod encode;

use encode::{BYTES, Message, Pprof};

const MIB: usize = 1 << 20;
/// What 1 MB of gzip data may take.
const MAX_PEAK: usize = 256 * MIB;

/// One gzip file of several parts, each repeated: members may follow one another.
#[derive(Default)]
struct Packed(Vec<u8>);

impl Packed {
    fn member(content: &[u8], level: Compression) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), level);
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn then(mut self, content: &[u8], times: usize) -> Packed {
        self.0.extend_from_slice(&Packed::member(content, Compression::best()).repeat(times));
        self
    }

    /// Brings the file to a megabyte, which allows it the most, with a field that no reader knows.
    fn padded(mut self) -> Vec<u8> {
        let room = MIB.saturating_sub(self.0.len() + 1000);
        let field = Message::default().bytes(99, &vec![0xa5; room]).0;
        self.0.extend_from_slice(&Packed::member(&field, Compression::none()));
        self.0
    }
}

/// A field's tag and length, for content that follows.
fn head(field: u64, length: usize) -> Vec<u8> {
    let mut head = Message::default().bytes(field, &[]).0;
    head.pop();
    // The same as a number's.
    head.extend_from_slice(&Message::default().number(1, length as u64).0[1..]);
    head
}

/// The error, if there is one.
fn outcome(what: &str, file: &[u8], threads: Threads, most: usize) -> Result<(), String> {
    let mut limits = Limits::default();
    limits.threads = threads;
    let start = start_of_peak();
    let watched = watched(what, || read(file, &limits).map(|profile| profile.check()));
    let peak = peak_since(start);
    assert!(peak < most, "{what}: {peak} bytes for {}", file.len());
    assert!(watched.panics.is_empty(), "{what}: {:?}", watched.panics);
    watched.result.map(|check| check.unwrap()).map_err(|error| error.to_string())
}

/// A megabyte that expands to a gigabyte and more.
pub(crate) fn bombs() -> Result<(), Failed> {
    let small = Pprof::small().message();
    let sample = Message::default().bytes(2, &Message::default().packed(1, [1]).packed(2, [1]).0).0;
    let string = Message::default().bytes(6, b"").0;
    let gigabyte = 1 << 30;
    let zeros = vec![0; MIB];
    for (what, content) in [
        (
            "one string",
            Packed::default().then(&[small.clone(), head(6, gigabyte)].concat(), 1).then(&zeros, 1030),
        ),
        (
            "one unknown field",
            Packed::default().then(&[small.clone(), head(99, gigabyte)].concat(), 1).then(&zeros, 1030),
        ),
        ("samples", Packed::default().then(&small, 1).then(&sample.repeat(MIB / sample.len()), 1030)),
        ("strings", Packed::default().then(&small, 1).then(&string.repeat(MIB / 2), 1030)),
        ("nothing sound", Packed::default().then(&small, 1).then(&zeros, 1030)),
    ] {
        let file = content.0;
        assert!(file.len() < 3 * MIB, "{what}: {} bytes", file.len());
        let error = outcome(what, &file, Threads::Merged, MAX_PEAK).unwrap_err();
        let words = format!("gzip: {} bytes that expand to a pprof message of more than", file.len());
        assert!(error.starts_with(&words), "{what}: {error}");
    }
    Ok(())
}

/// A megabyte that expands to as much as is allowed, and would become far more once it is understood.
pub(crate) fn costly() -> Result<(), Failed> {
    const SIZE: usize = 50 * MIB;
    let base = Pprof::small().message();
    let repeated = |record: &[u8]| {
        Packed::default().then(&base, 1).then(&record.repeat(MIB / record.len()), SIZE / MIB).padded()
    };
    let field = |number, message: Message| Message::default().bytes(number, &message.0).0;
    let sample = || Message::default().packed(1, [1]).packed(2, [1]);

    // One location calls itself, a million times, from fifty others.
    let mut recursive = Pprof::small();
    (2..60).for_each(|id| recursive.location(id, 0, id, &[]));
    let ones = Packed::member(&vec![1; MIB], Compression::best());
    let mut deep = Packed::default().then(&recursive.message(), 1);
    for root in 2..52 {
        deep = deep.then(&[head(2, MIB + 1 + 4 + 3), head(1, MIB + 1)].concat(), 1);
        deep.0.extend_from_slice(&ones);
        deep = deep.then(&[root, 0x12, 1, 1], 1);
    }
    let deep = deep.padded();
    let deeper = Packed::default().then(&base, 1).then(&[head(2, SIZE + 8), head(1, SIZE)].concat(), 1);
    let deeper = deeper.then(&vec![1; MIB], SIZE / MIB).then(&[0x12, 1, 1], 1).padded();
    let mut values = Packed::default().then(&base, 1).then(&[head(2, SIZE + 5), head(2, SIZE)].concat(), 1);
    values = values.then(&vec![1; MIB], SIZE / MIB);

    // Comments, functions and mappings that all name one long text.
    let mut long = Pprof::small();
    let text = long.text(vec![b'x'; MIB]);
    let comments = Message::default().packed(13, std::iter::repeat_n(text, 60_000)).0;
    long.body.0.extend_from_slice(&comments);
    let comments = Packed::default().then(&long.message(), 1).padded();
    let mut long = Pprof::small();
    let path = long.text(vec![b'x'; MIB]);
    let ids: Vec<u64> = (0..5000).map(|i| long.text(format!("{i:08x}"))).collect();
    for (id, build_id) in (2..).zip(ids) {
        long.add(3, &Message::default().number(1, id).number(5, path).number(6, build_id));
    }
    let modules = Packed::default().then(&long.message(), 1).padded();
    let mut named = Pprof::small();
    let (key, name) = (named.text("thread_id"), named.text("thread"));
    let text = named.text(vec![b'x'; MIB]);
    for i in 0..5000 {
        let id = Message::default().number(1, key).number(3, i);
        let name = Message::default().number(1, name).number(2, text);
        named.add(2, &sample().bytes(3, &id.0).bytes(3, &name.0));
    }
    let threads = Packed::default().then(&named.message(), 1).padded();
    // A place with many lines, called by one root and another, and calling one leaf after another.
    let shared = |leaves: u64| {
        let mut file = Pprof::small();
        file.location(2, 1, 0x1020, &vec![(1, 1); 60_000]);
        (3..6 + leaves).for_each(|id| file.location(id, 1, 0x2000 + id, &[]));
        (0..2_000).for_each(|i| file.sample(&[5 + i % (leaves + 1), 2, 3 + i % 2], &[1], &[]));
        Packed::default().then(&file.message(), 1).padded()
    };
    let lines = Message::default().number(1, 2).0;
    let line = field(4, Message::default().number(1, 1));
    let lines = [lines, line.repeat(SIZE / line.len())].concat();
    let lines = Packed::default().then(&base, 1).then(&[head(4, lines.len()), lines].concat(), 1).padded();
    let cost = "would become more than";
    for (what, file, expected) in [
        ("samples", repeated(&field(2, sample())), Some(cost)),
        ("strings", repeated(&[0x32, 0]), Some(cost)),
        ("sample types", repeated(&[0x0a, 0]), Some("at most 64")),
        ("samples without a value", repeated(&field(2, Message::default().packed(2, [0]))), None),
        ("comments without number", repeated(&[0x68, 0]), Some("at most 65536")),
        ("fields of other kinds", repeated(&[0x58 | 0x80, 0x06, 0]), None),
        ("deep stacks", deep, Some(cost)),
        ("one stack", deeper, Some("one more location")),
        ("values", values.padded(), Some("2 or more values for 1 sample types")),
        ("long comments", comments, Some(cost)),
        ("many lines below two roots", shared(0), Some(cost)),
        ("many lines above many leaves", shared(1_000), Some(cost)),
        ("modules of one long path", modules, Some(cost)),
        ("threads of one long name", threads, Some(cost)),
        ("lines", lines, Some("at most 65536 for a location")),
    ] {
        assert!(file.len() < MIB + MIB / 2, "{what}: {} bytes", file.len());
        match (outcome(what, &file, Threads::Separate, MAX_PEAK), expected) {
            (Ok(()), None) => {}
            (Err(error), Some(words)) => assert!(error.contains(words), "{what}: {error}"),
            (outcome, _) => panic!("{what}: {outcome:?}"),
        }
    }
    Ok(())
}

/// Many different rows: time that does not grow with their square.
pub(crate) fn many() -> Result<(), Failed> {
    const COUNT: u64 = 100_000;
    let mut rows = Pprof::new(&[BYTES]);
    let (key, path) = (rows.text("thread_id"), rows.text("/bin/a"));
    let text = |rows: &mut Pprof, i: u64| rows.text(format!("{i:08x}"));
    for i in 1..=COUNT {
        let id = i * 3;
        let build_id = text(&mut rows, i);
        rows.add(
            3,
            &Message::default()
                .number(1, id)
                .number(2, i * 16)
                .number(3, i * 16 + 16)
                .number(5, path)
                .number(6, build_id),
        );
        rows.add(4, &Message::default().number(1, id).number(2, id).number(3, i * 16));
        let label = Message::default().number(1, key).number(3, i);
        rows.add(2, &Message::default().packed(1, [id]).packed(2, [1]).bytes(3, &label.0));
    }
    // A million locations in a stack, and as many callees of one.
    rows.sample(&(0..1_000_000).map(|i| (i % COUNT + 1) * 3).collect::<Vec<_>>(), &[1], &[]);
    outcome("many rows", &rows.message(), Threads::Separate, 512 * MIB)?;
    // Each is compared with its own line, and not with all that the others told.
    let mut told = Pprof::small();
    let figures: String = (0..60_000).map(|i| format!(" a{i:06}=1")).collect();
    let mut comments = vec![told.text(format!("stats:{figures}"))];
    let other = told.text("rss: a=01");
    comments.resize(60_000, other);
    told.body = std::mem::take(&mut told.body).packed(13, comments);
    outcome("many comments", &told.message(), Threads::Merged, MAX_PEAK)?;
    Ok(())
}
