#!/usr/bin/env bash
# The walk-through of the article "heap profiling of a Rust server", replayed step by step,
# with heaplens in the place of jeprof and flamegraph.pl. Each step says what it does and checks what came out.
#
#   crates/heaplens-demo/article.sh [OUTPUT-DIRECTORY]
#
# HEAPLENS, HEAPLENS_DEMO (built with mem-prof) and HEAPLENS_DEMO_PLAIN (built without it) name programs that
# are there already; what is not named is built. LOAD_SECONDS (default 10) is how long the leak is loaded.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
seconds=${LOAD_SECONDS:-10}
server=

stop() {
  if [[ -n $server ]]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    server=
  fi
}
scratch=
finish() {
  stop
  [[ -z $scratch ]] || rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [[ $# -gt 1 ]]; then
  echo "usage: $0 [OUTPUT-DIRECTORY]" >&2
  exit 2
elif [[ $# -eq 1 ]]; then
  mkdir -p "$1"
  out=$(cd "$1" && pwd)
else
  scratch=$(mktemp -d)
  out=$scratch
fi

step() { printf '\n== %s\n' "$*"; }
ok() { printf '   ok: %s\n' "$*"; }
fail() {
  printf '   FAILED: %s\n' "$*" >&2
  exit 1
}
# expect FILE PATTERN WHAT: the file has a line that matches.
expect() {
  grep -Eq -- "$2" "$1" || fail "$3: nothing in $1 matches $2; it begins: $(head -c 300 "$1")"
  ok "$3"
}

# built PACKAGE [CARGO-ARGUMENT…]: builds, and prints where the program is, whatever the target directory.
built() {
  local package=$1
  shift
  (cd "$root" && cargo build --locked --release -p "$package" "$@" --message-format=json-render-diagnostics) |
    sed -n 's/.*"reason":"compiler-artifact".*"executable":"\([^"]*\)".*/\1/p' | tail -n 1
}

# start PROGRAM [ARGUMENT…]: on a free port, which the first line names; sets server and url. A variable in front of
# the call reaches the program.
start() {
  # Emptied first: an older run must not be taken for this one.
  : >"$out/server.log"
  "$@" --http-addr 127.0.0.1:0 >"$out/server.log" 2>"$out/server.err" &
  server=$!
  local tries
  for ((tries = 0; tries < 300; tries++)); do
    url=$(sed -n '1s/^listening on //p' "$out/server.log")
    [[ -z $url ]] || return 0
    kill -0 "$server" 2>/dev/null || fail "$1 ended at once: $(cat "$out/server.err")"
    sleep 0.1
  done
  fail "$1 does not listen"
}

# Waits until retention has dropped all points. How much a busy service holds at a moment depends on the machine.
settle() {
  local tries
  for ((tries = 0; tries < 600; tries++)); do
    curl -sf --noproxy '*' "$url/metrics" >metrics.txt
    ! grep -qx 'heaplens_demo_series 0' metrics.txt || return 0
    sleep 0.1
  done
  fail "retention dropped nothing: $(grep series metrics.txt)"
}

# answer METHOD PATH FILE: prints the status; the body goes to the file. No proxy for a server on this machine.
answer() { curl -sS --noproxy '*' -X "$1" -o "$3" -w '%{http_code}' "$url$2"; }

step "build the programs: cargo build --release -p heaplens-demo -F mem-prof"
heaplens=${HEAPLENS:-$(built heaplens-cli)}
# Both variants have the same name, so each is copied away before the other is built.
cp "${HEAPLENS_DEMO_PLAIN:-$(built heaplens-demo)}" "$out/heaplens-demo-plain"
cp "${HEAPLENS_DEMO:-$(built heaplens-demo -F mem-prof)}" "$out/heaplens-demo"
heaplens=$(cd "$(dirname "$heaplens")" && pwd)/$(basename "$heaplens")
cd "$out"
"$heaplens" --version | sed 's/^/   /'
ok "two variants of heaplens-demo"

step "start with profiling: MALLOC_CONF=prof:true ./heaplens-demo standalone start"
MALLOC_CONF=prof:true start ./heaplens-demo standalone start
./heaplens-demo load --target "$url" --seconds 3 >load.txt
expect load.txt ' 0 errors' "the service takes load: $(cat load.txt)"

step "dump the heap: curl host:4000/debug/prof/mem > mem.hprof"
curl -sf --noproxy '*' "$url/debug/prof/mem" >mem.hprof
expect mem.hprof '^heap_v2/524288$' "a heap profile, one sample in 512 KiB"
expect mem.hprof '^MAPPED_LIBRARIES:' "with its mappings"

step "flame graph: heaplens folded --binary ./heaplens-demo mem.hprof | heaplens flamegraph - -o mem.svg"
"$heaplens" folded --binary ./heaplens-demo mem.hprof >mem.folded
expect mem.folded 'write_point;.* [0-9]+$' "folded stacks name the service's functions"
"$heaplens" folded --binary ./heaplens-demo mem.hprof | "$heaplens" flamegraph - -o mem.svg
expect mem.svg '<svg ' "mem.svg is a picture"
expect mem.svg 'write_point' "with the service's functions in it"
stop

step "the leak: start with --leak, and take the base"
MALLOC_CONF=prof:true start ./heaplens-demo standalone start --leak
# The base comes after a time of load, so that what a busy service needs anyhow is in it.
./heaplens-demo load --target "$url" --seconds 6 >load.txt
settle
curl -sf --noproxy '*' "$url/debug/prof/mem" >base.hprof
expect base.hprof '^heap_v2/524288$' "base.hprof"

step "$seconds seconds of load, and the second dump: leak.hprof"
./heaplens-demo load --target "$url" --seconds "$seconds" >load.txt
settle
curl -sf --noproxy '*' "$url/debug/prof/mem" >leak.hprof
expect load.txt ' 0 errors' "$(cat load.txt)"
expect leak.hprof '^heap_v2/524288$' "leak.hprof"
expect metrics.txt '^heaplens_demo_leak_bytes [1-9][0-9]{6,}$' "the service itself counts megabytes leaked"
stop

step "the difference: heaplens folded --binary ./heaplens-demo --base base.hprof leak.hprof | heaplens flamegraph - -o diff.svg"
"$heaplens" folded --binary ./heaplens-demo --base base.hprof leak.hprof >diff.folded
# Two counts end each line: before and after.
awk '{ grew = $NF - $(NF - 1); if (grew > 0) all += grew; if (/remember_label/) leak += grew }
     END { printf "%d of %d bytes of growth\n", leak, all; exit !(leak > all / 2) }' diff.folded >share.txt ||
  fail "remember_label has less than half of the growth: $(cat share.txt)"
ok "remember_label has most of the growth: $(cat share.txt)"
"$heaplens" folded --binary ./heaplens-demo --base base.hprof leak.hprof | "$heaplens" flamegraph - -o diff.svg
expect diff.svg '<svg ' "diff.svg is a picture"
expect diff.svg 'remember_label' "with the leak in it"

step "the same in one command: heaplens flamegraph --base base.hprof leak.hprof -o diff2.svg"
"$heaplens" flamegraph --base base.hprof leak.hprof -o diff2.svg
expect diff2.svg '<svg ' "diff2.svg is a picture"
expect diff2.svg 'remember_label' "with the leak in it"

step "as text: heaplens diff --limit 0 base.hprof leak.hprof"
# All rows: what allocates is the standard library's code, so its caller, the leak, has little of its own and comes late.
"$heaplens" diff --limit 0 base.hprof leak.hprof >diff.txt
# Cut by sed: with head, heaplens would meet a closed pipe.
sed -n '1,8{s/^/   /;s/^\(.\{140\}\).*/\1…/;p;}' diff.txt
expect diff.txt 'remember_label' "the leak is in the table"

step "built without the feature: 501"
MALLOC_CONF=prof:true start ./heaplens-demo-plain standalone start
status=$(answer GET /debug/prof/mem plain.txt)
[[ $status == 501 ]] || fail "expected status 501, found $status"
expect plain.txt "^The 'mem-prof' feature is disabled$" "501: $(cat plain.txt)"
stop

step "started without the variable: 400"
unset MALLOC_CONF
start ./heaplens-demo standalone start
status=$(answer GET /debug/prof/mem unset.json)
[[ $status == 400 ]] || fail "expected status 400, found $status"
expect unset.json '"error" *: *"Memory profiling is not enabled"' "400: $(cat unset.json)"
expect unset.json 'MALLOC_CONF' "and it names the variable to set"
stop

step "done"
if [[ -z $scratch ]]; then
  echo "   the dumps and pictures are in $out"
fi
