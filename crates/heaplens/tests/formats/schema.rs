//! As much of JSON Schema as ours of speedscope and SARIF use; a word that is not known here fails.

use serde_json::Value;

/// Checks a document against speedscope's schema.
pub(crate) fn check(value: &Value) -> Result<(), String> {
    let schema: Value = serde_json::from_str(include_str!("../formats/speedscope-schema.json")).unwrap();
    conforms(value, &schema, &schema, "$")
}

/// Checks a part of a document against a part of the schema `root`.
pub(crate) fn conforms(value: &Value, schema: &Value, root: &Value, at: &str) -> Result<(), String> {
    for (word, wanted) in schema.as_object().unwrap() {
        let fits = match word.as_str() {
            "$schema" | "$comment" | "definitions" | "properties" => true,
            "$ref" => {
                let target = root.pointer(wanted.as_str().unwrap().strip_prefix('#').unwrap()).unwrap();
                conforms(value, target, root, at)?;
                true
            }
            "type" => match wanted.as_str().unwrap() {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "number" => value.is_number(),
                "integer" => value.is_u64() || value.is_i64(),
                "boolean" => value.is_boolean(),
                other => panic!("{other}"),
            },
            "minimum" => value.as_f64() >= wanted.as_f64(),
            "enum" => wanted.as_array().unwrap().contains(value),
            "required" => {
                wanted.as_array().unwrap().iter().all(|key| value.get(key.as_str().unwrap()).is_some())
            }
            "additionalProperties" => {
                let known = schema["properties"].as_object().unwrap();
                let fields = value.as_object().into_iter().flatten();
                for (key, field) in fields {
                    let schema = known.get(key).ok_or_else(|| format!("{at}: {key} is not known"))?;
                    conforms(field, schema, root, &format!("{at}.{key}"))?;
                }
                true
            }
            "items" => {
                for (i, item) in value.as_array().into_iter().flatten().enumerate() {
                    conforms(item, wanted, root, &format!("{at}[{i}]"))?;
                }
                true
            }
            "anyOf" => {
                let all: Vec<_> =
                    wanted.as_array().unwrap().iter().map(|s| conforms(value, s, root, at)).collect();
                let why =
                    all.iter().filter_map(|result| result.clone().err()).collect::<Vec<_>>().join("; or ");
                return all.iter().any(Result::is_ok).then_some(()).ok_or(why);
            }
            other => panic!("{other} is not known"),
        };
        if !fits {
            return Err(format!("{at}: {value} does not fit {word} {wanted}"));
        }
    }
    Ok(())
}

#[test]
fn the_check_can_fail() {
    let good = || {
        serde_json::json!({"$schema": "https://www.speedscope.app/file-format-schema.json", "shared": {"frames": [{"name": "f"}]},
            "profiles": [{"type": "sampled", "name": "p", "unit": "bytes", "startValue": 0, "endValue": 1, "samples": [[0]], "weights": [1]}]})
    };
    assert_eq!(check(&good()), Ok(()));
    for (pointer, bad) in [
        ("/$schema", Value::from("x")),
        ("/shared/frames/0/name", Value::from(1)),
        ("/shared/frames/0", serde_json::json!({"file": "f"})),
        ("/shared/frames/0", serde_json::json!({"name": "f", "column": 1})),
        ("/profiles/0/unit", Value::from("objects")),
        ("/profiles/0/type", Value::from("evented")),
        ("/profiles/0/samples/0/0", Value::from("0")),
        ("/profiles", Value::Null),
    ] {
        let mut value = good();
        *value.pointer_mut(pointer).unwrap() = bad;
        assert!(check(&value).is_err(), "{pointer}");
    }
}
