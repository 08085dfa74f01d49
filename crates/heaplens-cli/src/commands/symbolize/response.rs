//! Response files: `@FILE` among the arguments stands for the arguments in a file, as all of binutils take it.

use super::addresses::is_blank;
use crate::exit::Usage;
use std::ffi::OsString;
use std::path::Path;

/// More files are one that names itself.
const MAX_FILES: usize = 2000;

/// The arguments with those of the files in the place of these. What names no file that can be read stays as it is.
///
/// # Errors
/// [`Usage`] if a directory is named, or files name each other in a circle.
pub(crate) fn expand(arguments: impl IntoIterator<Item = OsString>) -> anyhow::Result<Vec<OsString>> {
    let mut expanded = Vec::new();
    // What is left to look at, the next one last.
    let mut left: Vec<OsString> = arguments.into_iter().collect();
    left.reverse();
    let mut files = 0;
    while let Some(argument) = left.pop() {
        match read(&argument)? {
            None => expanded.push(argument),
            Some(content) => {
                files += 1;
                if files > MAX_FILES {
                    let argument = argument.display();
                    return Err(
                        Usage(format!("{argument}: response files name each other in a circle")).into()
                    );
                }
                left.extend(split(&content).into_iter().rev());
            }
        }
    }
    Ok(expanded)
}

/// What stands in the file that an argument names, if it does.
fn read(argument: &OsString) -> anyhow::Result<Option<Vec<u8>>> {
    let Some(name) = argument.as_encoded_bytes().strip_prefix(b"@") else { return Ok(None) };
    let name = text(name);
    let path = Path::new(&name);
    match path.metadata() {
        Ok(meta) if meta.is_dir() => {
            Err(Usage(format!("{} is a directory; expected a file with arguments", path.display())).into())
        }
        Ok(meta) if meta.is_file() => Ok(std::fs::read(path).ok()),
        _ => Ok(None),
    }
}

/// The arguments of a file: apart by blanks, unless these are quoted or follow a backslash.
fn split(content: &[u8]) -> Vec<OsString> {
    // Where a text ends in C.
    let content = content.split(|&b| b == 0).next().unwrap_or_default();
    let mut arguments = Vec::new();
    let mut argument: Option<Vec<u8>> = None;
    let (mut quote, mut escaped) = (None, false);
    for &byte in content {
        if quote.is_none() && !escaped && is_blank(byte) {
            arguments.extend(argument.take());
            continue;
        }
        let argument = argument.get_or_insert_default();
        match byte {
            _ if std::mem::take(&mut escaped) => argument.push(byte),
            b'\\' => escaped = true,
            _ if quote == Some(byte) => quote = None,
            b'\'' | b'"' if quote.is_none() => quote = Some(byte),
            _ => argument.push(byte),
        }
    }
    arguments.extend(argument);
    arguments.iter().map(|argument| text(argument)).collect()
}

#[cfg(unix)]
fn text(bytes: &[u8]) -> OsString {
    use std::os::unix::ffi::OsStringExt;
    OsString::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
fn text(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(arguments: &[&str]) -> anyhow::Result<Vec<OsString>> {
        expand(arguments.iter().map(OsString::from))
    }

    #[test]
    fn arguments_are_split_as_libiberty_splits_them() {
        for (content, expected) in [
            ("", &[][..]),
            (" \n\t", &[]),
            ("-f\n-e  a.out\r\n1050", &["-f", "-e", "a.out", "1050"]),
            ("'a b' \"c d\" e\\ f", &["a b", "c d", "e f"]),
            ("m\"ai\"n \"\" '", &["main", "", ""]),
            ("'it\"s' \"it's\" 'it\\'s'", &["it\"s", "it's", "it's"]),
            ("a\\\\b end\\", &["a\\b", "end"]),
            ("a\0b", &["a"]),
        ] {
            assert_eq!(split(content.as_bytes()), expected, "{content:?}");
        }
    }

    #[test]
    fn files_name_files() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| format!("@{}", dir.path().join(name).display());
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        write("inner", "2 3");
        write("empty", "\n");
        write("outer", &format!("1 '{}' {} 4", at("inner"), at("none")));
        write("circle", &format!("1 {}", at("circle")));
        let found = expanded(&["0", &at("outer"), &at("empty"), "5", "@"]).unwrap();
        assert_eq!(found, ["0", "1", "2", "3", &at("none"), "4", "5", "@"]);
        for wrong in [at("circle"), at("")] {
            assert!(expanded(&[&wrong]).unwrap_err().is::<Usage>(), "{wrong}");
        }
    }
}
