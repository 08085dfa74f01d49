//! Whether the page's documents are the command line's.

use libtest_mimic::Failed;
use serde_json::Value;

/// The page keeps amounts in 256ths and the command line in more, so a half may be rounded up by one and down by the other.
const ROUNDING: f64 = 1.0;

/// All that the page says must be what the command line says; the latter may say more.
pub(crate) fn says_the_same(page: &Value, line: &Value, what: &str) -> Result<(), Failed> {
    differs(page, line).map_or(Ok(()), |(path, page, line)| {
        Err(format!("{what}: at {path} the page has {page} and the command line {line}").into())
    })
}

/// Tables of functions: the same figures in the same order. Where these are equal the page has what holds most with all it
/// calls first, and the command line goes by names.
pub(crate) fn is_the_same_table(page: &Value, line: &Value, what: &str) -> Result<(), Failed> {
    let flats = |table: &Value| -> Vec<f64> {
        let rows = table["functions"].as_array().into_iter().flatten();
        rows.map(|row| row["flat"]["value"].as_f64().unwrap_or(f64::NAN).abs()).collect()
    };
    let [page_flats, line_flats] = [page, line].map(flats);
    let is_ordered = page_flats.iter().zip(&line_flats).all(|(page, line)| (page - line).abs() <= ROUNDING);
    if !is_ordered {
        return Err(format!("{what}: the page has {page_flats:?} and the command line {line_flats:?}").into());
    }
    says_the_same(&by_name(page), &by_name(line), what)
}

/// The document with its functions in the order of their names. Many frames that are shown as one have no place: either
/// tells that of one of them.
fn by_name(table: &Value) -> Value {
    let mut table = table.clone();
    if let Some(rows) = table["functions"].as_array_mut() {
        for row in
            rows.iter_mut().filter(|row| row["name"].as_str().is_some_and(|name| name.starts_with('[')))
        {
            row["location"] = Value::Null;
            row["module"] = Value::Null;
        }
        rows.sort_by_key(|row| row["name"].as_str().unwrap_or_default().to_owned());
    }
    table
}

fn differs(page: &Value, line: &Value) -> Option<(String, String, String)> {
    let named = |name: String, found: Option<(String, String, String)>| {
        found.map(|(path, page, line)| (format!("{name}/{path}"), page, line))
    };
    match (page, line) {
        (Value::Object(page), Value::Object(line)) => page.iter().find_map(|(key, value)| {
            named(key.clone(), differs(value, line.get(key).unwrap_or(&Value::Null)))
        }),
        (Value::Array(page), Value::Array(line)) => {
            let pairs = page.iter().zip(line).enumerate();
            let first = pairs.fold(None, |found, (i, (page, line))| {
                found.or_else(|| named(i.to_string(), differs(page, line)))
            });
            let lengths = [page.len(), line.len()].map(|length| format!("{length} entries"));
            let [page_length, line_length] = lengths;
            let is_same = page_length == line_length;
            first.or_else(|| (!is_same).then(|| (String::new(), page_length, line_length)))
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            // The last digits of large numbers are no digits of theirs.
            let is_same = (a - b).abs() <= ROUNDING.max(1e-9 * b.abs());
            (!is_same).then(|| (String::new(), a.to_string(), b.to_string()))
        }
        (page, line) if page == line => None,
        (page, line) => {
            let short = |value: &Value| value.to_string().chars().take(300).collect();
            Some((String::new(), short(page), short(line)))
        }
    }
}
