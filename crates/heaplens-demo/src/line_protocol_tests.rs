use super::*;
use proptest::prelude::*;

fn one(text: &str) -> Point<'_> {
    let mut points = parse(text.as_bytes(), Precision::Nanoseconds).unwrap();
    assert_eq!(points.len(), 1, "{points:?}");
    points.remove(0)
}

fn refused(text: &str) -> (usize, usize, String) {
    let error = parse(text.as_bytes(), Precision::Nanoseconds).unwrap_err();
    (error.at.line, error.at.column, error.message)
}

#[test]
fn reads_every_kind_of_field() {
    let point = one("m,host=a,zone=b f=-1.5e3,i=-42i,yes=t,no=False,s=\"x y,z=1\" 17");
    assert_eq!(point.measurement, "m");
    assert_eq!(point.tags, [("host".into(), "a".into()), ("zone".into(), "b".into())]);
    let values: Vec<_> = point.fields.iter().map(|f| (f.name.as_ref(), &f.value)).collect();
    assert_eq!(
        values,
        [
            ("f", &Value::Float(-1500.0)),
            ("i", &Value::Int(-42)),
            ("yes", &Value::Bool(true)),
            ("no", &Value::Bool(false)),
            ("s", &Value::Text("x y,z=1".into())),
        ]
    );
    assert_eq!(point.timestamp, Some(17));
}

#[test]
fn unescapes_names_and_strings() {
    let point = one(r#"a\,b\ c=d,k\=1=v\,\ \=2 f\ x="say \"hi\" \\ \n""#);
    assert_eq!(point.measurement, "a,b c=d");
    assert_eq!(point.tags, [("k=1".into(), "v, =2".into())]);
    assert_eq!(point.fields[0].name, "f x");
    assert_eq!(point.fields[0].value, Value::Text(r#"say "hi" \ \n"#.into()));
    assert_eq!(point.timestamp, None);
    assert_eq!(one(r"c:\dir v=1").measurement, r"c:\dir");
}

#[test]
fn skips_blank_lines_comments_and_carriage_returns() {
    let points = parse(b"\r\n# a comment\n  m v=1 1\r\n\nm v=2 2", Precision::Nanoseconds).unwrap();
    assert_eq!(points.iter().map(|p| p.timestamp).collect::<Vec<_>>(), [Some(1), Some(2)]);
}

#[test]
fn a_quoted_string_may_hold_a_line_break_and_lines_still_count() {
    let text = "m s=\"one\ntwo\" 1\nm s=2x";
    assert_eq!(refused(text).0, 3);
}

#[test]
fn precision_scales_the_timestamp_and_refuses_overflow() {
    let points = parse(b"m v=1 3", Precision::from_name("ms").unwrap()).unwrap();
    assert_eq!(points[0].timestamp, Some(3_000_000));
    let error = parse(b"m v=1 9223372036854775807", Precision::Seconds).unwrap_err();
    assert_eq!(error.at, Place { line: 1, column: 7 });
    assert_eq!(Precision::from_name("fortnight"), None);
}

#[test]
fn errors_name_line_and_column() {
    let cases = [
        ("m v=1\nm", 2, 2, "expected ' ' before the fields"),
        (",a=b v=1", 1, 1, "expected a measurement"),
        ("m,=b v=1", 1, 3, "expected a tag name"),
        ("m,a= v=1", 1, 5, "expected a tag value"),
        ("m,a v=1", 1, 4, "expected '=' after the tag name"),
        ("m,a=b=c v=1", 1, 6, "write it as"),
        ("m,a=b,a=c v=1", 1, 7, "stands twice"),
        ("m v=1,v=2", 1, 7, "stands twice"),
        ("m ", 1, 3, "expected a field name"),
        ("m v", 1, 4, "expected '=' after the field name"),
        ("m v=", 1, 5, "expected a field value"),
        ("m v=nan", 1, 5, "is no field value"),
        ("m v=1u", 1, 5, "is no field value"),
        ("m v=99999999999999999999i", 1, 5, "is not a 64-bit integer"),
        ("m s=\"abc", 1, 5, "never ends"),
        ("m s=\"a\"b", 1, 8, "after a field's value"),
        ("m v=1 12x", 1, 7, "is not a timestamp"),
        ("m v=1 12 13", 1, 10, "expected the end of the line"),
        ("é v=x", 1, 5, "is no field value"),
    ];
    for (text, line, column, message) in cases {
        let found = refused(text);
        assert_eq!((found.0, found.1), (line, column), "{text:?}: {}", found.2);
        assert!(found.2.contains(message), "{text:?}: {}", found.2);
    }
}

#[test]
fn bytes_that_are_not_utf8_are_placed() {
    let error = parse(b"m v=1\nm,a=\xff v=1", Precision::Nanoseconds).unwrap_err();
    assert_eq!(error.to_string(), "line 2, column 5: this byte is not UTF-8");
}

fn escape(name: &str, specials: &str) -> String {
    name.chars().fold(String::new(), |mut out, c| {
        if specials.contains(c) {
            out.push('\\');
        }
        out.push(c);
        out
    })
}

fn print(point: &Point<'_>) -> String {
    let mut out = escape(&point.measurement, ", ");
    for (name, value) in &point.tags {
        out += &format!(",{}={}", escape(name, ",= "), escape(value, ",= "));
    }
    for (i, field) in point.fields.iter().enumerate() {
        out.push(if i == 0 { ' ' } else { ',' });
        out += &escape(&field.name, ",= ");
        out.push('=');
        out += &match &field.value {
            Value::Float(v) => format!("{v:e}"),
            Value::Int(v) => format!("{v}i"),
            Value::Bool(v) => v.to_string(),
            Value::Text(v) => format!("\"{}\"", escape(v, "\"\\")),
        };
    }
    if let Some(timestamp) = point.timestamp {
        out += &format!(" {timestamp}");
    }
    out
}

/// Any name that the grammar can say: no line break, no backslash at the end, no comment sign in front.
fn name() -> impl Strategy<Value = Cow<'static, str>> {
    r"[a-zé,= \\][a-zé0-9,= \\#]{0,6}[a-z,= ]".prop_map(Cow::Owned)
}

fn value() -> impl Strategy<Value = Value<'static>> {
    prop_oneof![
        (-1e300..1e300_f64).prop_map(Value::Float),
        any::<i64>().prop_map(Value::Int),
        any::<bool>().prop_map(Value::Bool),
        any::<String>().prop_map(|s| Value::Text(Cow::Owned(s))),
    ]
}

proptest! {
    #[test]
    fn never_panics_on_any_bytes(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&body, Precision::Hours);
    }

    #[test]
    fn never_panics_on_near_misses(body in r#"([a-zé]|[,= "\\\n\r#]|[0-9.i]|v=1){0,60}"#) {
        if let Err(error) = parse(body.as_bytes(), Precision::Seconds) {
            prop_assert!(error.at.line <= body.matches('\n').count() + 1);
            let line = body.split('\n').nth(error.at.line - 1).unwrap_or("");
            prop_assert!(error.at.column <= line.chars().count() + 1, "{error} in {body:?}");
        }
    }

    #[test]
    fn parse_inverts_print(
        measurement in name(),
        tags in proptest::collection::btree_map(name(), name(), 0..4),
        fields in proptest::collection::btree_map(name(), value(), 1..4),
        timestamp in proptest::option::of(any::<i64>()),
    ) {
        let at = Place { line: 0, column: 0 };
        let point = Point {
            measurement,
            tags: tags.into_iter().collect(),
            fields: fields.into_iter().map(|(name, value)| Field { name, value, at }).collect(),
            timestamp,
        };
        let text = print(&point);
        let mut read = parse(text.as_bytes(), Precision::Nanoseconds).unwrap();
        prop_assert_eq!(read.len(), 1);
        for field in &mut read[0].fields {
            field.at = at;
        }
        prop_assert_eq!(&read[0], &point);
    }
}
