//! Whether the page's documents are the command line's.

use libtest_mimic::Failed;
use serde_json::Value;

/// The page keeps amounts in 256ths and the command line in more, so a half may be rounded up by one and down by the other.
const ROUNDING: f64 = 1.0;

/// Lines of fields: folded stacks, CSV.
pub(crate) fn is_the_same_text(page: &str, line: &str, what: &str) -> Result<(), Failed> {
    let (page_count, line_count) = (page.lines().count(), line.lines().count());
    if page_count != line_count || page_count == 0 {
        return Err(
            format!("{what}: {page_count} lines on the page and {line_count} of the command line").into()
        );
    }
    let is_same = |(page, line): (&str, &str)| match (page.parse::<f64>(), line.parse::<f64>()) {
        (Ok(a), Ok(b)) => (a - b).abs() <= ROUNDING,
        _ => page == line,
    };
    for (page, line) in page.split_terminator('\n').zip(line.split_terminator('\n')) {
        let (ours, theirs): (Vec<&str>, Vec<&str>) =
            (page.split([' ', ',']).collect(), line.split([' ', ',']).collect());
        if ours.len() != theirs.len() || !ours.into_iter().zip(theirs).all(is_same) {
            return Err(format!("{what}: the page has {page:?} and the command line {line:?}").into());
        }
    }
    Ok(())
}

/// All that the page says must be what the command line says; the latter may say more.
pub(crate) fn says_the_same(page: &Value, line: &Value, what: &str) -> Result<(), Failed> {
    differs(page, line).map_or(Ok(()), |(path, page, line)| {
        Err(format!("{what}: at {path} the page has {page} and the command line {line}").into())
    })
}

/// Tables of functions. The page lists those modules alone that have code in stacks.
pub(crate) fn is_the_same_table(page: &Value, line: &Value, what: &str) -> Result<(), Failed> {
    let (mut page, mut line) = (with_sure_places(page), with_sure_places(line));
    let path = |module: &Value| module["path"].as_str().unwrap_or_default().to_owned();
    let shown: Vec<String> = page["modules"].as_array().into_iter().flatten().map(path).collect();
    for modules in [&mut page, &mut line].into_iter().filter_map(|table| table["modules"].as_array_mut()) {
        modules.retain(|module| shown.contains(&path(module)));
        modules.sort_by_key(path);
    }
    says_the_same(&page, &line, what)
}

/// The table without places of what has several that hold as much: many frames shown as one, and C++ lambdas, which all
/// have one name. Either side tells one of them.
fn with_sure_places(table: &Value) -> Value {
    let mut table = table.clone();
    for row in table["functions"].as_array_mut().into_iter().flatten() {
        if row["name"].as_str().is_some_and(|name| name.starts_with('[') || name == "operator()") {
            row["location"] = Value::Null;
            row["module"] = Value::Null;
        }
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
                let name = page["name"].as_str().map_or_else(|| i.to_string(), str::to_owned);
                found.or_else(|| named(name, differs(page, line)))
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
