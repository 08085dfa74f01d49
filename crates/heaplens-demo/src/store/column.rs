//! A field's values: as they are written (`ColumnBuffer`) and as a segment keeps them (`Column`).

use std::collections::HashMap;

use super::codec::{ChangedBits, Deltas, Runs};
use crate::line_protocol::Value;

/// The type of a field; a measurement keeps to one for each name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldType {
    Float,
    Int,
    Bool,
    Text,
}

impl FieldType {
    pub(crate) fn of(value: &Value<'_>) -> Self {
        match value {
            Value::Float(_) => Self::Float,
            Value::Int(_) => Self::Int,
            Value::Bool(_) => Self::Bool,
            Value::Text(_) => Self::Text,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::Int => "integer",
            Self::Bool => "boolean",
            Self::Text => "string",
        }
    }
}

#[derive(Debug)]
enum Values {
    Float(Vec<f64>),
    Int(Vec<i64>),
    Bool(Vec<bool>),
    Text(Vec<Box<str>>),
}

/// The values of one field in the write buffer, with the rows that have one.
#[derive(Debug)]
pub(crate) struct ColumnBuffer {
    rows: Vec<u32>,
    values: Values,
    text_bytes: usize,
}

impl ColumnBuffer {
    pub(crate) fn new(kind: FieldType) -> Self {
        let values = match kind {
            FieldType::Float => Values::Float(Vec::new()),
            FieldType::Int => Values::Int(Vec::new()),
            FieldType::Bool => Values::Bool(Vec::new()),
            FieldType::Text => Values::Text(Vec::new()),
        };
        Self { rows: Vec::new(), values, text_bytes: 0 }
    }

    /// Appends a value of the column's type. The schema is checked before, so another type is left out.
    pub(crate) fn push(&mut self, row: u32, value: &Value<'_>) {
        match (&mut self.values, value) {
            (Values::Float(values), Value::Float(value)) => values.push(*value),
            (Values::Int(values), Value::Int(value)) => values.push(*value),
            (Values::Bool(values), Value::Bool(value)) => values.push(*value),
            (Values::Text(values), Value::Text(value)) => {
                self.text_bytes += value.len();
                values.push(value.as_ref().into());
            }
            _ => return,
        }
        self.rows.push(row);
    }

    /// Bytes that the buffer holds, capacity included.
    pub(crate) fn bytes(&self) -> usize {
        let values = match &self.values {
            Values::Float(values) => values.capacity() * size_of::<f64>(),
            Values::Int(values) => values.capacity() * size_of::<i64>(),
            Values::Bool(values) => values.capacity(),
            Values::Text(values) => values.capacity() * size_of::<Box<str>>() + self.text_bytes,
        };
        values + self.rows.capacity() * size_of::<u32>()
    }

    /// Rows and values in the order of writing.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = (u32, f64)> + '_ {
        let number = |i: usize| match &self.values {
            Values::Float(values) => values[i],
            Values::Int(values) => values[i] as f64,
            Values::Bool(values) => f64::from(values[i]),
            Values::Text(_) => f64::NAN,
        };
        self.rows.iter().enumerate().map(move |(i, &row)| (row, number(i)))
    }

    /// The column in the new order of the rows; `position` says where each row of the buffer went.
    #[inline(never)]
    pub(crate) fn compress(&self, position: &[u32]) -> Column {
        let mut order: Vec<(u32, u32)> =
            (0u32..).zip(&self.rows).map(|(i, &row)| (position[row as usize], i)).collect();
        order.sort_unstable();
        let picked = order.iter().map(|&(_, i)| i as usize);
        let values = match &self.values {
            Values::Float(values) => Compressed::Float(ChangedBits::encode(picked.map(|i| values[i]))),
            Values::Int(values) => Compressed::Int(Deltas::encode(picked.map(|i| values[i]))),
            Values::Bool(values) => Compressed::Bool(Runs::encode(picked.map(|i| values[i]))),
            Values::Text(values) => compress_text(picked.map(|i| &values[i])),
        };
        let every_row = self.rows.len() == position.len();
        Column {
            rows: (!every_row).then(|| Deltas::encode(order.iter().map(|&(row, _)| i64::from(row)))),
            values,
        }
    }
}

fn compress_text<'a>(texts: impl Iterator<Item = &'a Box<str>>) -> Compressed {
    let mut codes: HashMap<&str, u32> = HashMap::new();
    let mut dictionary: Vec<Box<str>> = Vec::new();
    let rows = Runs::encode(texts.map(|text| {
        *codes.entry(text).or_insert_with(|| {
            dictionary.push(text.clone());
            dictionary.len() as u32 - 1
        })
    }));
    Compressed::Text { dictionary: dictionary.into_boxed_slice(), rows }
}

#[derive(Debug)]
enum Compressed {
    Float(ChangedBits),
    Int(Deltas),
    Bool(Runs<bool>),
    Text { dictionary: Box<[Box<str>]>, rows: Runs<u32> },
}

/// The values of one field in a segment.
#[derive(Debug)]
pub(crate) struct Column {
    /// The rows that have a value; `None` if every row has one.
    rows: Option<Deltas>,
    values: Compressed,
}

impl Column {
    /// Rows and values in the order of the segment. Text has no number (NaN): it can only be counted.
    pub(crate) fn numbers(&self) -> Box<dyn Iterator<Item = (u32, f64)> + '_> {
        let values: Box<dyn Iterator<Item = f64> + '_> = match &self.values {
            Compressed::Float(values) => Box::new(values.iter()),
            Compressed::Int(values) => Box::new(values.iter().map(|v| v as f64)),
            Compressed::Bool(values) => Box::new(values.iter().map(f64::from)),
            Compressed::Text { rows, .. } => Box::new(rows.iter().map(|_| f64::NAN)),
        };
        match &self.rows {
            Some(rows) => Box::new(rows.iter().map(|row| row as u32).zip(values)),
            None => Box::new((0u32..).zip(values)),
        }
    }

    /// Bytes that the column holds.
    pub(crate) fn bytes(&self) -> usize {
        let values = match &self.values {
            Compressed::Float(values) => values.bytes(),
            Compressed::Int(values) => values.bytes(),
            Compressed::Bool(values) => values.bytes(),
            Compressed::Text { dictionary, rows } => {
                let texts: usize = dictionary.iter().map(|text| size_of::<Box<str>>() + text.len()).sum();
                texts + rows.bytes()
            }
        };
        values + self.rows.as_ref().map_or(0, Deltas::bytes)
    }
}
