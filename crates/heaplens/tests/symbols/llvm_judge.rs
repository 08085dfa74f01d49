//! What `llvm-symbolizer` says of addresses.

use crate::binaries::in_plain_words;
use crate::chains::{Chain, Step};
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// # Errors
/// If it cannot be run, or answers otherwise than it did in LLVM 14 to 21.
pub(crate) fn llvm(path: &Path, addresses: &[u64]) -> Result<Vec<Chain>, String> {
    let mut child = in_plain_words(&mut Command::new("llvm-symbolizer"))
        .args(["--output-style=JSON", "--no-demangle", "--inlines", "--functions=linkage"])
        .arg(format!("--obj={}", path.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("llvm-symbolizer: {e}"))?;
    let mut stdin = child.stdin.take().ok_or("no stdin")?;
    let questions: String = addresses.iter().map(|a| format!("{a:#x}\n")).collect();
    // It answers while it reads: both pipes would fill up if nobody read.
    let writer = std::thread::spawn(move || stdin.write_all(questions.as_bytes()));
    let output = child.wait_with_output().map_err(|e| e.to_string())?;
    writer.join().map_err(|_| "the writer failed")?.map_err(|e| e.to_string())?;
    let text = String::from_utf8(output.stdout).map_err(|e| e.to_string())?;
    let chains: Vec<Chain> = text.lines().map(chain).collect::<Result<_, _>>()?;
    if chains.len() != addresses.len() {
        return Err(format!("llvm-symbolizer answered {} of {} addresses", chains.len(), addresses.len()));
    }
    Ok(chains)
}

fn chain(line: &str) -> Result<Chain, String> {
    let answer: Value = serde_json::from_str(line).map_err(|e| format!("{e}: {line}"))?;
    if let Some(error) = answer.get("Error") {
        return Err(format!("llvm-symbolizer: {error}"));
    }
    let symbols = answer["Symbol"].as_array().ok_or_else(|| format!("no symbols: {line}"))?;
    let number = |value: &Value| value.as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    let step = |symbol: &Value| Step {
        name: symbol["FunctionName"].as_str().unwrap_or_default().to_owned(),
        file: symbol["FileName"].as_str().unwrap_or_default().to_owned(),
        line: number(&symbol["Line"]),
        column: number(&symbol["Column"]),
    };
    // An unknown address has one answer that says nothing.
    let known = symbols.iter().map(step).filter(|step| *step != Step::default());
    Ok(Chain(known.collect()))
}
