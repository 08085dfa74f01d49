//! InfluxDB line protocol: `measurement,tag=value field=1.5,other=2i 1700000000000000000`.
//!
//! A backslash escapes a comma or a space (in tags and field names also `=`); before any other character
//! it stands for itself. In a quoted string it escapes `"` and `\`. A quoted string may hold line breaks.

use std::borrow::Cow;
use std::fmt;

/// A point as it stands in the text. Names without escapes borrow from it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Point<'a> {
    pub(crate) measurement: Cow<'a, str>,
    pub(crate) tags: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    pub(crate) fields: Vec<Field<'a>>,
    /// Nanoseconds since the epoch; `None` where the line leaves it to the server.
    pub(crate) timestamp: Option<i64>,
}

/// A field with the place where it stands, for errors that only the schema can find.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) value: Value<'a>,
    pub(crate) at: Place,
}

/// A field's value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Float(f64),
    Int(i64),
    Bool(bool),
    Text(Cow<'a, str>),
}

/// Line and column, both from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// Why a body was refused, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LineError {
    pub(crate) at: Place,
    pub(crate) message: String,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.at.line, self.at.column, self.message)
    }
}

/// The unit of the timestamps in a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Precision {
    #[default]
    Nanoseconds,
    Microseconds,
    Milliseconds,
    Seconds,
    Minutes,
    Hours,
}

impl Precision {
    /// Reads InfluxDB's names, those of version 1 (`n`, `u`) as well as those of version 2 (`ns`, `us`).
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "n" | "ns" => Self::Nanoseconds,
            "u" | "us" | "µ" => Self::Microseconds,
            "ms" => Self::Milliseconds,
            "s" => Self::Seconds,
            "m" => Self::Minutes,
            "h" => Self::Hours,
            _ => return None,
        })
    }

    fn nanoseconds(self) -> i64 {
        match self {
            Self::Nanoseconds => 1,
            Self::Microseconds => 1_000,
            Self::Milliseconds => 1_000_000,
            Self::Seconds => 1_000_000_000,
            Self::Minutes => 60_000_000_000,
            Self::Hours => 3_600_000_000_000,
        }
    }
}

/// Reads a whole body; one bad line refuses all of it.
#[inline(never)]
pub(crate) fn parse(body: &[u8], precision: Precision) -> Result<Vec<Point<'_>>, LineError> {
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(error) => {
            let valid = String::from_utf8_lossy(&body[..error.valid_up_to()]);
            return Err(Cursor::new(&valid).error(valid.len(), "this byte is not UTF-8"));
        }
    };
    let mut cursor = Cursor::new(text);
    let mut points = Vec::new();
    while cursor.skip_to_content() {
        points.push(cursor.point(precision)?);
    }
    Ok(points)
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    line_start: usize,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: 1, line_start: 0 }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn ends_line(&self) -> bool {
        let rest = &self.text.as_bytes()[self.at..];
        rest.is_empty() || rest[0] == b'\n' || rest.starts_with(b"\r\n")
    }

    /// Passes one byte, of which the caller knows that it is there.
    fn bump(&mut self) {
        if self.peek() == Some(b'\n') {
            self.line += 1;
            self.line_start = self.at + 1;
        }
        self.at += 1;
    }

    fn skip_spaces(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    /// Passes blank lines and comments; false at the end of the text.
    fn skip_to_content(&mut self) -> bool {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => self.bump(),
                b'#' => {
                    while self.peek().is_some_and(|b| b != b'\n') {
                        self.at += 1;
                    }
                }
                _ => return true,
            }
        }
        false
    }

    fn place(&self, at: usize) -> Place {
        // Only characters since the line began count, so an offset inside an earlier line cannot occur.
        let column = self.text.get(self.line_start..at).map_or(0, |s| s.chars().count()) + 1;
        Place { line: self.line, column }
    }

    fn error(&mut self, at: usize, message: impl Into<String>) -> LineError {
        while self.at < at {
            self.bump();
        }
        LineError { at: self.place(at), message: message.into() }
    }

    fn point(&mut self, precision: Precision) -> Result<Point<'a>, LineError> {
        let measurement = self.name(b", ", "a measurement")?;
        let mut tags: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::new();
        while self.peek() == Some(b',') {
            self.at += 1;
            let start = self.at;
            let key = self.name(b"=, ", "a tag name")?;
            self.expect(b'=', "after the tag name")?;
            let value = self.name(b"=, ", "a tag value")?;
            if self.peek() == Some(b'=') {
                return Err(self.error(self.at, "found '=' in a tag value, write it as '\\='"));
            }
            if tags.iter().any(|(known, _)| *known == key) {
                return Err(self.error(start, format!("the tag {key:?} stands twice")));
            }
            tags.push((key, value));
        }
        self.expect(b' ', "before the fields")?;
        self.skip_spaces();
        let fields = self.fields()?;
        self.skip_spaces();
        let timestamp = if self.ends_line() { None } else { Some(self.timestamp(precision)?) };
        self.skip_spaces();
        if !self.ends_line() {
            return Err(self.error(self.at, "expected the end of the line after the timestamp"));
        }
        Ok(Point { measurement, tags, fields, timestamp })
    }

    fn expect(&mut self, wanted: u8, whereabouts: &str) -> Result<(), LineError> {
        if self.peek() == Some(wanted) {
            self.at += 1;
            return Ok(());
        }
        let found = if self.ends_line() {
            "the end of the line".to_owned()
        } else {
            format!("{:?}", self.text[self.at..].chars().next().unwrap_or(' '))
        };
        let wanted = char::from(wanted);
        Err(self.error(self.at, format!("expected {wanted:?} {whereabouts}, found {found}")))
    }

    /// A name up to an unescaped byte of `stops` or the end of the line.
    fn name(&mut self, stops: &[u8], what: &str) -> Result<Cow<'a, str>, LineError> {
        let (start, text) = (self.at, self.text);
        let mut owned: Option<String> = None;
        let mut copied = start;
        while !self.ends_line() {
            let byte = text.as_bytes()[self.at];
            if stops.contains(&byte) {
                break;
            }
            let escaped =
                byte == b'\\' && text.as_bytes().get(self.at + 1).is_some_and(|b| stops.contains(b));
            if escaped {
                let owned = owned.get_or_insert_default();
                owned.push_str(&text[copied..self.at]);
                copied = self.at + 1;
                self.at += 2;
            } else {
                self.at += 1;
            }
        }
        if self.at == start {
            return Err(self.error(start, format!("expected {what}, found nothing")));
        }
        Ok(match owned {
            Some(mut owned) => {
                owned.push_str(&text[copied..self.at]);
                Cow::Owned(owned)
            }
            None => Cow::Borrowed(&text[start..self.at]),
        })
    }

    fn fields(&mut self) -> Result<Vec<Field<'a>>, LineError> {
        let mut fields: Vec<Field<'a>> = Vec::new();
        loop {
            let at = self.place(self.at);
            let name = self.name(b"=, ", "a field name")?;
            self.expect(b'=', "after the field name")?;
            let value = self.value()?;
            if fields.iter().any(|known| known.name == name) {
                let message = format!("the field {name:?} stands twice");
                return Err(LineError { at, message });
            }
            fields.push(Field { name, value, at });
            if self.peek() != Some(b',') {
                break;
            }
            self.at += 1;
        }
        if !self.ends_line() && self.peek() != Some(b' ') {
            return Err(self.error(self.at, "expected ',' or ' ' after a field's value"));
        }
        Ok(fields)
    }

    fn value(&mut self) -> Result<Value<'a>, LineError> {
        if self.peek() == Some(b'"') {
            return self.quoted();
        }
        let start = self.at;
        while !self.ends_line() && !matches!(self.peek(), Some(b',' | b' ')) {
            self.at += 1;
        }
        let token = &self.text[start..self.at];
        match token {
            "" => return Err(self.error(start, "expected a field value, found nothing")),
            "t" | "T" | "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
            "f" | "F" | "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
            _ => {}
        }
        if let Some(digits) = token.strip_suffix('i') {
            return match digits.parse() {
                Ok(value) => Ok(Value::Int(value)),
                Err(_) => Err(self.error_behind(start, format!("{token:?} is not a 64-bit integer"))),
            };
        }
        // Rust also reads "inf" and "nan", which line protocol does not have.
        let numeric =
            token.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
        match token.parse::<f64>() {
            Ok(value) if numeric && value.is_finite() => Ok(Value::Float(value)),
            _ => Err(self.error_behind(
                start,
                format!("{token:?} is no field value: expected 1.5, 2i, true, false or \"text\""),
            )),
        }
    }

    /// An error at a place of the current line that the cursor has passed.
    fn error_behind(&self, at: usize, message: String) -> LineError {
        LineError { at: self.place(at), message }
    }

    fn quoted(&mut self) -> Result<Value<'a>, LineError> {
        let (opened, text) = (self.place(self.at), self.text);
        self.at += 1;
        let start = self.at;
        let mut owned: Option<String> = None;
        let mut copied = start;
        loop {
            match self.peek() {
                None => {
                    let message = "this quoted string never ends".to_owned();
                    return Err(LineError { at: opened, message });
                }
                Some(b'"') => break,
                Some(b'\\') if matches!(text.as_bytes().get(self.at + 1), Some(b'"' | b'\\')) => {
                    let owned = owned.get_or_insert_default();
                    owned.push_str(&text[copied..self.at]);
                    copied = self.at + 1;
                    self.at += 2;
                }
                Some(_) => self.bump(),
            }
        }
        let end = self.at;
        self.at += 1;
        Ok(Value::Text(match owned {
            Some(mut owned) => {
                owned.push_str(&text[copied..end]);
                Cow::Owned(owned)
            }
            None => Cow::Borrowed(&text[start..end]),
        }))
    }

    fn timestamp(&mut self, precision: Precision) -> Result<i64, LineError> {
        let start = self.at;
        while !self.ends_line() && self.peek() != Some(b' ') {
            self.at += 1;
        }
        let token = &self.text[start..self.at];
        let Ok(number) = token.parse::<i64>() else {
            return Err(
                self.error_behind(start, format!("{token:?} is not a timestamp: expected an integer"))
            );
        };
        number.checked_mul(precision.nanoseconds()).ok_or_else(|| {
            self.error_behind(start, format!("the timestamp {token} is outside of 64-bit nanoseconds"))
        })
    }
}

#[cfg(test)]
#[path = "line_protocol_tests.rs"]
mod tests;
