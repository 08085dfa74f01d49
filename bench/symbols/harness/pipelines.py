"""From a dump to folded stacks and to a picture: ours and the article's."""

import re
import shutil
from pathlib import Path
from typing import Dict, Optional

from .dumps import Dump
from .measuring import Failed, Job
from .tools import Tools

NAMED_STACKS = 0.9


def folded(out: Path) -> None:
    """Folded stacks that were named: a number behind each, and few of nothing but addresses."""
    lines = out.read_text(errors="replace").splitlines()
    broken = [line for line in lines if not re.search(r" -?\d+$", line)]
    if not lines or broken:
        raise Failed(f"{out} holds no folded stacks: {(broken or ['nothing'])[0][:200]}")
    named = sum(bool(re.search(r"[A-Za-z_]\w*::", line)) for line in lines)
    if named < NAMED_STACKS * len(lines):
        raise Failed(f"only {named} of {len(lines)} stacks have names")


def picture(out: Path) -> None:
    text = out.read_bytes()
    if b"<svg" not in text[:4096] or not text.rstrip().endswith(b"</svg>") or b"::" not in text:
        raise Failed(f"{out} is no picture with names")


class Cache:
    """Our cache of symbols, in a directory of the benchmark's."""

    def __init__(self, directory: Path):
        self.directory = directory

    def clear(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)

    def env(self) -> Dict[str, str]:
        return {"HEAPLENS_CACHE_DIR": str(self.directory), "HEAPLENS_NO_CACHE": "0"}


def heaplens(tools: Tools, dump: Dump, work: Path, command: str, cache: Cache, base: Optional[Path] = None,
             cold: bool = True) -> Job:
    """`heaplens folded` or `heaplens flamegraph`; `cold` empties the cache of symbols first."""
    arguments = ["--base", base] if base else []
    argv = [tools.heaplens, command, *arguments, "--binary", dump.binary, dump.path]
    out = work / f"ours-{dump.name}.{'svg' if command == 'flamegraph' else 'folded'}"
    if command == "flamegraph":
        # On standard output, as the others' are.
        argv += ["-o", "-"]
    check = picture if command == "flamegraph" else folded
    if base and command == "folded":
        check = difference
    return Job(argv, out, check, env=cache.env(), before=cache.clear if cold else None)


def difference(out: Path) -> None:
    lines = out.read_text(errors="replace").splitlines()
    if not lines or not all(re.search(r" \d+ \d+$", line) for line in lines):
        raise Failed(f"{out} holds no folded differences")


def article(tools: Tools, dump: Dump, work: Path, addr2line: Path) -> Job:
    """jeprof --collapsed and flamegraph.pl (inferno where that is absent), as one shell runs them."""
    stacks, out = work / "jeprof.folded", work / "jeprof.svg"
    draw = tools.flamegraph_pl or tools.inferno
    # Behind the comma is where jeprof's other tools are; without it there are none.
    script = '"$1" --collapsed --tools="$2" "$3" "$4" >"$5" && "$6" "$5"'
    programs = f"addr2line:{addr2line},{tools.nm.parent}/"
    argv = ["sh", "-c", script, "sh", tools.jeprof, programs, dump.binary, dump.path, stacks, draw]

    def check(out: Path) -> None:
        folded(stacks)
        picture(out)

    return Job(argv, out, check)


def drawing(tools: Tools, stacks: Path, work: Path) -> Dict[str, Job]:
    """The picture alone, from folded stacks."""
    jobs = {"heaplens": Job([tools.heaplens, "flamegraph", stacks, "-o", "-"], work / "drawn.svg", picture)}
    jobs["inferno-flamegraph"] = Job([tools.inferno, stacks], work / "drawn.svg", picture)
    if tools.flamegraph_pl:
        jobs["flamegraph.pl"] = Job([tools.flamegraph_pl, stacks], work / "drawn.svg", picture)
    return jobs


def without_symbols(tools: Tools, dump: Dump, work: Path) -> Job:
    """The same work without names: what is left to symbols is the difference."""

    def check(out: Path) -> None:
        if not out.stat().st_size:
            raise Failed("heaplens folded --no-symbols printed nothing")

    return Job([tools.heaplens, "folded", "--no-symbols", dump.path], work / "nameless.folded", check)
