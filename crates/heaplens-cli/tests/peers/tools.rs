//! Other programs: whether they are there, and what they print.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

/// True if a program is in the search path, or if a file with that path exists.
pub(crate) fn is_there(tool: &str) -> bool {
    if tool.contains('/') {
        return Path::new(tool).is_file();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(tool).is_file())
}

/// What a judge prints is compared word for word, so it prints it in one language.
pub(crate) fn in_plain_words(command: &mut Command) -> &mut Command {
    command.env("LC_ALL", "C").env_remove("LANGUAGE")
}

/// stdout of a command that must end well, and its stderr.
pub(crate) fn both(command: &mut Command) -> (String, String) {
    let output = in_plain_words(command)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{:?} does not start: {error}", command.get_program()));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?} ended with {}: {stderr}", output.status);
    (String::from_utf8(output.stdout).expect("stdout is UTF-8"), stderr)
}

/// stdout of a command that must end well.
pub(crate) fn stdout(command: &mut Command) -> String {
    both(command).0
}

/// Our program.
pub(crate) fn heaplens<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_heaplens"));
    for name in ["HEAPLENS_TOKEN", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        command.env_remove(name);
    }
    // Answers of earlier runs would hide what this one finds.
    command.env("HEAPLENS_NO_CACHE", "1");
    command.args(args);
    command
}
