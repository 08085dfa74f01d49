//! A reader of profile.proto that knows no more than the format's definition, and believes nothing.

use std::fmt::Write as _;

/// Field number and content of a message's fields, in order.
pub(crate) enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0u64;
    for shift in (0..70).step_by(7) {
        let (&byte, rest) = bytes.split_first().expect("a number ends");
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return value;
        }
    }
    panic!("a number of more than ten bytes");
}

pub(crate) fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut list = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let field = match tag & 7 {
            0 => Field::Number(varint(&mut bytes)),
            2 => {
                let length = varint(&mut bytes) as usize;
                let (content, rest) = bytes.split_at(length);
                bytes = rest;
                Field::Bytes(content)
            }
            kind => panic!("wire type {kind}"),
        };
        list.push((tag >> 3, field));
    }
    list
}

/// The fields of a small message of numbers alone.
fn numbers<const N: usize>(bytes: &[u8]) -> [u64; N] {
    let mut found = [0; N];
    for (number, field) in fields(bytes) {
        let Field::Number(value) = field else { panic!("field {number} is no number") };
        found[number as usize - 1] = value;
    }
    found
}

fn packed(mut bytes: &[u8]) -> Vec<u64> {
    let mut list = Vec::new();
    while !bytes.is_empty() {
        list.push(varint(&mut bytes));
    }
    list
}

#[derive(Debug, Default)]
pub(crate) struct Sample {
    pub(crate) locations: Vec<u64>,
    pub(crate) values: Vec<i64>,
    /// Key and text.
    pub(crate) labels: Vec<(String, String)>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mapping {
    pub(crate) start: u64,
    pub(crate) limit: u64,
    pub(crate) offset: u64,
    pub(crate) file: String,
    pub(crate) build_id: String,
    /// functions, filenames, line numbers, inline frames
    pub(crate) has: [bool; 4],
}

#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) function: u64,
    pub(crate) line: u64,
    pub(crate) column: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Location {
    pub(crate) mapping: u64,
    pub(crate) address: u64,
    pub(crate) lines: Vec<Line>,
}

#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) system_name: String,
    pub(crate) file: String,
}

/// A whole profile. Ids are places in the lists, counted from 1.
#[derive(Debug, Default)]
pub(crate) struct Decoded {
    pub(crate) types: Vec<(String, String)>,
    pub(crate) samples: Vec<Sample>,
    pub(crate) mappings: Vec<Mapping>,
    pub(crate) locations: Vec<Location>,
    pub(crate) functions: Vec<Function>,
    pub(crate) strings: Vec<String>,
    pub(crate) drop_frames: String,
    pub(crate) time_nanos: u64,
    pub(crate) period_type: (String, String),
    pub(crate) period: u64,
    pub(crate) comments: Vec<String>,
    pub(crate) default_type: String,
}

/// Reads a message; ids must be sequential from 1 and all references must lead somewhere.
pub(crate) fn decode(bytes: &[u8]) -> Decoded {
    let all = fields(bytes);
    let mut d = Decoded::default();
    for (number, field) in &all {
        if let (6, Field::Bytes(text)) = (number, field) {
            d.strings.push(String::from_utf8(text.to_vec()).expect("UTF-8"));
        }
    }
    let text = |index: u64| d.strings.get(index as usize).expect("a string of the table").clone();
    let pair = |[a, b]: [u64; 2]| (text(a), text(b));
    for (number, field) in &all {
        match (number, field) {
            (1, Field::Bytes(bytes)) => d.types.push(pair(numbers(bytes))),
            (2, Field::Bytes(bytes)) => {
                let mut sample = Sample::default();
                for field in fields(bytes) {
                    match field {
                        (1, Field::Bytes(ids)) => sample.locations = packed(ids),
                        (2, Field::Bytes(values)) => {
                            sample.values = packed(values).into_iter().map(|v| v as i64).collect();
                        }
                        (3, Field::Bytes(label)) => sample.labels.push(pair(numbers(label))),
                        (n, _) => panic!("field {n} of a sample"),
                    }
                }
                d.samples.push(sample);
            }
            (3, Field::Bytes(bytes)) => {
                let [id, start, limit, offset, file, build_id, a, b, c, e] = numbers(bytes);
                let has = [a, b, c, e].map(|flag| flag == 1);
                let (file, build_id) = (text(file), text(build_id));
                d.mappings.push(Mapping { start, limit, offset, file, build_id, has });
                assert_eq!(id as usize, d.mappings.len());
            }
            (4, Field::Bytes(bytes)) => {
                let (mut id, mut location) = (0, Location::default());
                for field in fields(bytes) {
                    match field {
                        (1, Field::Number(value)) => id = value,
                        (2, Field::Number(value)) => location.mapping = value,
                        (3, Field::Number(value)) => location.address = value,
                        (4, Field::Bytes(bytes)) => {
                            let [function, line, column] = numbers(bytes);
                            location.lines.push(Line { function, line, column });
                        }
                        (n, _) => panic!("field {n} of a location"),
                    }
                }
                d.locations.push(location);
                assert_eq!(id as usize, d.locations.len());
            }
            (5, Field::Bytes(bytes)) => {
                let [id, name, system_name, file] = numbers(bytes);
                let (name, system_name, file) = (text(name), text(system_name), text(file));
                d.functions.push(Function { name, system_name, file });
                assert_eq!(id as usize, d.functions.len());
            }
            (6, _) => {}
            (7, Field::Number(value)) => d.drop_frames = text(*value),
            (9, Field::Number(value)) => d.time_nanos = *value,
            (11, Field::Bytes(bytes)) => d.period_type = pair(numbers(bytes)),
            (12, Field::Number(value)) => d.period = *value,
            (13, Field::Bytes(bytes)) => d.comments = packed(bytes).into_iter().map(text).collect(),
            (14, Field::Number(value)) => d.default_type = text(*value),
            (n, _) => panic!("field {n} of the profile"),
        }
    }
    assert_eq!(d.strings.first().map(String::as_str), Some(""));
    for sample in &d.samples {
        assert_eq!(sample.values.len(), d.types.len());
        assert!(sample.locations.iter().all(|&id| (1..=d.locations.len() as u64).contains(&id)));
    }
    for location in &d.locations {
        assert!(location.mapping <= d.mappings.len() as u64);
        let known = |line: &Line| (1..=d.functions.len() as u64).contains(&line.function);
        assert!(location.lines.iter().all(known));
    }
    d
}

impl Decoded {
    /// The profile as text, much as `go tool pprof -raw` has it.
    pub(crate) fn raw(&self) -> String {
        let mut out = String::new();
        let pair = |(a, b): &(String, String)| format!("{a}/{b}");
        for comment in &self.comments {
            writeln!(out, "Comment: {comment}").unwrap();
        }
        writeln!(out, "PeriodType: {}\nPeriod: {}", pair(&self.period_type), self.period).unwrap();
        writeln!(out, "Time: {} ns\nDefault: {}", self.time_nanos, self.default_type).unwrap();
        let types: Vec<String> = self.types.iter().map(pair).collect();
        writeln!(out, "Samples: {}", types.join(" ")).unwrap();
        for sample in &self.samples {
            writeln!(out, "{:?}: {:?} {:?}", sample.values, sample.locations, sample.labels).unwrap();
        }
        writeln!(out, "Locations").unwrap();
        for (index, location) in self.locations.iter().enumerate() {
            write!(out, "{}: {:#x} M={}", index + 1, location.address, location.mapping).unwrap();
            for line in &location.lines {
                let f = &self.functions[line.function as usize - 1];
                write!(out, "\n   {} [{}] {}:{}:{}", f.name, f.system_name, f.file, line.line, line.column)
                    .unwrap();
            }
            out.push('\n');
        }
        writeln!(out, "Mappings").unwrap();
        for (index, m) in self.mappings.iter().enumerate() {
            let has = ["FN", "FL", "LN", "IN"].into_iter().zip(m.has).filter(|(_, has)| *has);
            let has: Vec<&str> = has.map(|(word, _)| word).collect();
            let (id, range) = (index + 1, format!("{:#x}/{:#x}/{:#x}", m.start, m.limit, m.offset));
            writeln!(out, "{id}: {range} {} {} {has:?}", m.file, m.build_id).unwrap();
        }
        out
    }
}
