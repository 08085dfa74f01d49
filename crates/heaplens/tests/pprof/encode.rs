//! Messages of profile.proto, right and wrong, made by hand.

/// Fields in the order in which they are added.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message(pub(crate) Vec<u8>);

impl Message {
    fn varint(mut self, mut value: u64) -> Message {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
        self
    }

    pub(crate) fn number(self, field: u64, value: u64) -> Message {
        self.varint(field << 3).varint(value)
    }

    pub(crate) fn bytes(self, field: u64, bytes: &[u8]) -> Message {
        let mut message = self.varint(field << 3 | 2).varint(bytes.len() as u64);
        message.0.extend_from_slice(bytes);
        message
    }

    pub(crate) fn packed(self, field: u64, values: impl IntoIterator<Item = u64>) -> Message {
        let packed = values.into_iter().fold(Message::default(), Message::varint);
        self.bytes(field, &packed.0)
    }
}

/// A profile. Its strings are written behind all that was added.
#[derive(Clone, Debug)]
pub(crate) struct Pprof {
    pub(crate) body: Message,
    pub(crate) strings: Vec<Vec<u8>>,
}

pub(crate) const BYTES: (&str, &str) = ("inuse_space", "bytes");

impl Pprof {
    pub(crate) fn new(types: &[(&str, &str)]) -> Pprof {
        let mut new = Pprof { body: Message::default(), strings: vec![Vec::new()] };
        for (name, unit) in types {
            let message = Message::default().number(1, new.text(name)).number(2, new.text(unit));
            new.add(1, &message);
        }
        new
    }

    pub(crate) fn text(&mut self, text: impl AsRef<[u8]>) -> u64 {
        self.strings.push(text.as_ref().to_vec());
        self.strings.len() as u64 - 1
    }

    pub(crate) fn add(&mut self, field: u64, message: &Message) {
        self.body = std::mem::take(&mut self.body).bytes(field, &message.0);
    }

    pub(crate) fn sample(&mut self, locations: &[u64], values: &[i64], labels: &[(&str, &str)]) {
        let mut sample = Message::default().packed(1, locations.iter().copied());
        sample = sample.packed(2, values.iter().map(|&value| value as u64));
        for (key, value) in labels {
            let label = Message::default().number(1, self.text(key)).number(2, self.text(value));
            sample = sample.bytes(3, &label.0);
        }
        self.add(2, &sample);
    }

    /// Start, limit, offset.
    pub(crate) fn mapping(&mut self, id: u64, range: [u64; 3], file: &str, build_id: &str) {
        let (file, build_id) = (self.text(file), self.text(build_id));
        let mapping = Message::default().number(1, id).number(2, range[0]).number(3, range[1]);
        self.add(3, &mapping.number(4, range[2]).number(5, file).number(6, build_id));
    }

    /// Lines are functions and their lines, the innermost first.
    pub(crate) fn location(&mut self, id: u64, mapping: u64, address: u64, lines: &[(u64, u64)]) {
        let mut location = Message::default().number(1, id).number(2, mapping).number(3, address);
        for &(function, line) in lines {
            let line = Message::default().number(1, function).number(2, line).number(3, line / 2);
            location = location.bytes(4, &line.0);
        }
        self.add(4, &location);
    }

    pub(crate) fn function(&mut self, id: u64, name: &str, system_name: &str, file: &str) {
        let texts = [name, system_name, file].map(|text| self.text(text));
        let function = Message::default().number(1, id).number(2, texts[0]).number(3, texts[1]);
        self.add(5, &function.number(4, texts[2]));
    }

    pub(crate) fn message(&self) -> Vec<u8> {
        self.strings.iter().fold(self.body.clone(), |message, text| message.bytes(6, text)).0
    }

    /// One function, one location of it, one sample of a byte.
    pub(crate) fn small() -> Pprof {
        let mut small = Pprof::new(&[BYTES]);
        small.sample(&[1], &[1], &[]);
        small.mapping(1, [0x1000, 0x2000, 0], "/bin/a", "00112233");
        small.location(1, 1, 0x1010, &[(1, 7)]);
        small.function(1, "f", "", "f.c");
        small
    }
}
