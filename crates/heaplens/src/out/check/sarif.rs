//! SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>), which code hosts show beside the code.

use super::Options;
use super::doubt::doubt;
use super::message::Message;
use crate::check::{Check, Finding, Limit, Outcome};
use crate::error::Error;
use crate::out::escape::terminal;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What relative paths are relative to.
const ROOT: &str = "%SRCROOT%";

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
struct Run {
    tool: Tool,
    invocations: [Invocation; 1],
    results: Vec<ResultRow>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    information_uri: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Text,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Text,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultRow {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stacks: Vec<Stack>,
    /// What makes it the same finding in the next check.
    partial_fingerprints: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_location: Option<PhysicalLocation>,
    logical_locations: [LogicalLocation; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
    kind: &'static str,
}

#[derive(Serialize)]
struct Stack {
    message: Text,
    frames: Vec<StackFrame>,
}

#[derive(Serialize)]
struct StackFrame {
    location: Location,
}

/// Writes a result for each finding, and a notification for each reason why there is no answer.
///
/// # Errors
/// Those of `out`.
pub fn write(check: &Check, options: &Options, out: &mut dyn Write) -> Result<(), Error> {
    let rule = |limit: Limit| Rule { id: limit.name(), short_description: text(limit.description()) };
    let notification = |said: String| Notification { level: "warning", message: text(&said) };
    let driver = Driver {
        name: "heaplens",
        version: env!("CARGO_PKG_VERSION"),
        information_uri: env!("CARGO_PKG_REPOSITORY"),
        rules: Limit::ALL.into_iter().map(rule).collect(),
    };
    let invocation = Invocation {
        execution_successful: check.outcome != Outcome::Inconclusive,
        tool_execution_notifications: check.measured.doubts.iter().map(doubt).map(notification).collect(),
    };
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool { driver },
            invocations: [invocation],
            results: check.findings.iter().map(|finding| result(check, finding, options)).collect(),
        }],
    };
    serde_json::to_writer_pretty(&mut *out, &log).map_err(std::io::Error::from)?;
    out.write_all(b"\n")?;
    Ok(())
}

fn result(check: &Check, finding: &Finding, options: &Options) -> ResultRow {
    let message = Message::new(check, finding, options);
    let functions = &check.measured.processes[finding.process].functions;
    let grown = functions.get(finding.function.unwrap_or(0));
    let name = grown.map_or("[heap]", |grown| grown.function.name.as_str());
    let mut location = logical(name);
    location.physical_location = message.place.as_ref().map(|(file, line)| physical(file, *line));
    let mut lines = vec![message.headline.clone()];
    lines.extend(message.details(options));
    // SARIF's stacks begin with the innermost function.
    let frames = grown.map_or_else(Vec::new, |grown| {
        grown.function.stack.iter().rev().map(|name| StackFrame { location: logical(name) }).collect()
    });
    let stack = Stack { message: text("The stack that grew most"), frames };
    ResultRow {
        rule_id: finding.limit.name(),
        rule_index: Limit::ALL.iter().position(|limit| *limit == finding.limit).unwrap_or(0),
        level: "error",
        message: Text { text: lines.iter().map(|line| terminal(line)).collect::<Vec<_>>().join("\n") },
        locations: vec![location],
        stacks: if stack.frames.is_empty() { Vec::new() } else { vec![stack] },
        partial_fingerprints: BTreeMap::from([("function/v1", terminal(name).into_owned())]),
    }
}

fn text(text: &str) -> Text {
    Text { text: terminal(text).into_owned() }
}

fn logical(name: &str) -> Location {
    let named = LogicalLocation { fully_qualified_name: terminal(name).into_owned(), kind: "function" };
    Location { physical_location: None, logical_locations: [named] }
}

fn physical(file: &str, line: u32) -> PhysicalLocation {
    let is_absolute = file.starts_with('/');
    PhysicalLocation {
        artifact_location: ArtifactLocation {
            uri: format!("{}{}", if is_absolute { "file://" } else { "" }, encoded(file)),
            uri_base_id: (!is_absolute).then_some(ROOT),
        },
        region: Region { start_line: line },
    }
}

/// The path of a URI. A colon could begin a scheme.
fn encoded(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'-'
            | b'.'
            | b'_'
            | b'~'
            | b'/'
            | b'+'
            | b'@'
            | b'=' => {
                uri.push(char::from(byte));
            }
            // Writing to a String cannot fail.
            _ => drop(write!(uri, "%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        let uri = |file: &str| physical(file, 1).artifact_location;
        assert_eq!(uri("src/a b:ü.rs").uri, "src/a%20b%3A%C3%BC.rs");
        assert_eq!(uri("src/a.rs").uri_base_id, Some(ROOT));
        assert_eq!(uri("/rustc/0/library/alloc.rs").uri, "file:///rustc/0/library/alloc.rs");
        assert_eq!(uri("/a").uri_base_id, None);
    }
}
