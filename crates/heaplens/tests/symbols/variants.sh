#!/usr/bin/env bash
# Judges large Rust programs in every form that debug information comes in:
#
#   variants.sh DIR [BINARY]
#
# builds a service of ordinary size in DIR (300 MB and more with full debug information; several gigabytes of disk)
# five times - full debug information, line tables only, split and packed, split and left in .dwo files, link-time
# optimisation - and makes of the full one, and of BINARY if it is given, copies with sections compressed with zlib and
# zstd, and one that is stripped with its debug information beside. Each is judged at 20,000 addresses by the
# `addr2line` crate and by llvm-symbolizer. Ends with 0 if all agree.
#
# DIR is kept; what is built there already is not built again. A LLVM older than 16 cannot read zstd: then it is asked
# about the uncompressed file, which has the same code.
set -euo pipefail
export LC_ALL=C
[ $# -ge 1 ] || { sed -n '2,14s/^# \{0,1\}//p' "$0"; exit 2; }
repository=$(cd "$(dirname "$0")/../../../.." && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)
binary=${2:+$(realpath "$2")}

mkdir -p "$dir/service/src"
cat > "$dir/service/Cargo.toml" <<'EOF'
[package]
name = "service"
version = "0.1.0"
edition = "2024"

[dependencies]
axum = "0.8"
clap = { version = "4", features = ["derive"] }
regex = "1"
serde_json = "1"
sqlparser = "0.59"
tantivy = "0.25"
tokio = { version = "1", features = ["full"] }

[profile.release]
debug = 2
opt-level = 1

[workspace]
EOF
cat > "$dir/service/src/main.rs" <<'EOF'
//! A service of ordinary size, built only to have its debug information read.

use axum::{Json, Router, extract::Path, routing::get};
use clap::Parser;
use tantivy::collector::TopDocs;
use tantivy::query::QueryParser;
use tantivy::schema::{STORED, Schema, TEXT};
use tantivy::{Index, TantivyDocument, doc};

#[derive(Parser)]
struct Args {
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

fn search(words: &str) -> tantivy::Result<Vec<String>> {
    let mut schema = Schema::builder();
    let title = schema.add_text_field("title", TEXT | STORED);
    let index = Index::create_in_ram(schema.build());
    let mut writer = index.writer::<TantivyDocument>(20_000_000)?;
    writer.add_document(doc!(title => "The leak is in the cache"))?;
    writer.commit()?;
    let searcher = index.reader()?.searcher();
    let query = QueryParser::for_index(&index, vec![title]).parse_query(words)?;
    let found = searcher.search(&query, &TopDocs::with_limit(10))?;
    found.into_iter().map(|(score, at)| Ok(format!("{score} {:?}", searcher.doc::<TantivyDocument>(at)?))).collect()
}

async fn sql(Path(text): Path<String>) -> Json<serde_json::Value> {
    let parsed = sqlparser::parser::Parser::parse_sql(&sqlparser::dialect::GenericDialect {}, &text);
    let words = regex::Regex::new(r"\w+").map(|r| r.find_iter(&text).count()).unwrap_or(0);
    Json(serde_json::json!({ "parsed": format!("{parsed:?}"), "words": words, "found": search(&text).ok() }))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Args::parse();
    let app = Router::new().route("/{text}", get(sql));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", args.port)).await?;
    axum::serve(listener, app).await?;
    Ok(())
}
EOF

# build NAME VARIABLE=VALUE...: settings of cargo's release profile.
build() {
  local name=$1; shift
  [ -e "$dir/$name/release/service" ] ||
    env CARGO_TARGET_DIR="$dir/$name" "$@" cargo build --release --quiet --manifest-path "$dir/service/Cargo.toml"
}
split=CARGO_PROFILE_RELEASE_SPLIT_DEBUGINFO
build full
build lines CARGO_PROFILE_RELEASE_DEBUG=line-tables-only
build packed $split=packed
build unpacked $split=unpacked
build lto CARGO_PROFILE_RELEASE_LTO=fat

# forms FILE NAME: compressed and stripped copies.
forms() {
  local to=$dir/forms/$2
  mkdir -p "$to"
  [ -e "$to/zlib" ] || objcopy --compress-debug-sections=zlib "$1" "$to/zlib"
  [ -e "$to/zstd" ] || objcopy --compress-debug-sections=zstd "$1" "$to/zstd"
  if [ ! -e "$to/stripped" ]; then
    objcopy --only-keep-debug "$1" "$to/stripped.debug"
    objcopy --strip-all "$1" "$to/stripped.new"
    (cd "$to" && objcopy --add-gnu-debuglink=stripped.debug stripped.new && mv stripped.new stripped)
  fi
}
forms "$dir/full/release/service" service
[ -z "$binary" ] || forms "$binary" binary

failed=0
# judge FILE JUDGE [BASE]
judge() {
  printf '\n=== %s by %s\n' "${1#"$dir/"}" "$2"
  (cd "$repository" && env HEAPLENS_REQUIRE_PEERS=1 HEAPLENS_BIG_BINARY="$1" ${3:+HEAPLENS_BIG_BASE="$3"} \
    cargo test --release --quiet -p heaplens --test symbols -- --nocapture "big_binary::$2") || failed=1
}
both() { judge "$1" crate "${2-}"; judge "$1" llvm "${2-}"; }
for variant in full lines packed unpacked lto; do both "$dir/$variant/release/service"; done
forms_of() {
  both "$dir/forms/$2/zlib"
  judge "$dir/forms/$2/zstd" crate
  judge "$dir/forms/$2/zstd" llvm "$1"
  both "$dir/forms/$2/stripped"
}
forms_of "$dir/full/release/service" service
if [ -n "$binary" ]; then both "$binary"; forms_of "$binary" binary; fi
[ $failed = 0 ] && printf '\nall agree\n'
exit $failed
