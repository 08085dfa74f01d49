//! The real jeprof, spared from asking binutils the same questions again: half of its time.

use crate::programs;
use crate::shapes::Lab;
use std::path::{Path, PathBuf};
use std::process::Command;

const TOOLS: [&str; 4] = ["nm", "addr2line", "objdump", "c++filt"];

/// Stands for each of them. What nm and addr2line print is kept by what they were asked for; a program is known by its
/// name, since no two in the directory share one.
const KEEPER: &str = r#"#!/bin/sh
tool=${0##*/}
asked=
case "$tool $*" in
addr2line*--help) exit ;;
addr2line*) asked=$(cat) ;;
nm*) ;;
*) exec "$tool" "$@" ;;
esac
kept=${0%/*}/kept-$tool
for word; do kept="$kept ${word##*/}"; done
[ -z "$asked" ] || kept="$kept $(echo "$asked" | cksum)"
if [ ! -e "$kept" ]; then
    echo "$asked" | "$tool" "$@" > "$kept.$$" || exit
    mv "$kept.$$" "$kept"
fi
exec cat "$kept"
"#;

pub(crate) fn jeprof(lab: &Lab) -> Command {
    let mut command = Command::new("jeprof");
    command.env("JEPROF_TOOLS", format!("{}/", lab.tools().display()));
    command
}

/// Puts them into a directory of their own.
pub(crate) fn tools(dir: &Path) -> std::io::Result<PathBuf> {
    let tools = dir.join("tools");
    std::fs::create_dir(&tools)?;
    for tool in TOOLS {
        programs::script(&tools.join(tool), KEEPER)?;
    }
    Ok(tools)
}
