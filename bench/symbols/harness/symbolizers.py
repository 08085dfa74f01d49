"""Symbols alone: a list of addresses to functions, files, lines and inlined functions, in a fresh process."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Callable, Dict

from .dumps import Dump
from .measuring import Failed, Job
from .tools import Tools

# Fewer named addresses than this, and the engine did not do the work.
LEAST_NAMED = 0.99
FROM_CACHE = "heaplens, a second time"


def at_least(engine: str, named: int, count: int) -> None:
    if named < LEAST_NAMED * count:
        raise Failed(f"{engine} named {named} of {count} addresses")


def counted(engine: str, count: int) -> Callable[[Path], None]:
    """Checks what `resolve` counted."""

    def check(out: Path) -> None:
        tally = json.loads(out.read_text())
        if tally["addresses"] != count:
            raise Failed(f"{engine} answered {tally['addresses']} of {count} addresses")
        at_least(engine, tally["named"], count)

    return check


def addr2line_text(engine: str, count: int) -> Callable[[Path], None]:
    """Checks the output of `addr2line -afi`: the address, then pairs of a function and a place."""

    def check(out: Path) -> None:
        answers = re.split(r"^0x[0-9a-f]+\n", out.read_text(errors="replace"), flags=re.MULTILINE)[1:]
        if len(answers) != count:
            raise Failed(f"{engine} answered {len(answers)} of {count} addresses")
        at_least(engine, sum(not answer.startswith("??") for answer in answers), count)

    return check


def llvm_text(count: int) -> Callable[[Path], None]:
    """Checks llvm-symbolizer's output: pairs of a function and a place, an empty line after each address."""

    def check(out: Path) -> None:
        answers = [answer for answer in out.read_text(errors="replace").split("\n\n") if answer.strip()]
        if len(answers) != count:
            raise Failed(f"llvm-symbolizer answered {len(answers)} of {count} addresses")
        at_least("llvm-symbolizer", sum(not answer.lstrip().startswith("??") for answer in answers), count)

    return check


def fill(argv: list, kept: Path) -> None:
    """The first time is not what is measured here."""
    if not kept.exists():
        subprocess.run([str(word) for word in argv], check=True, stdout=subprocess.DEVNULL)


def engines(tools: Tools, dump: Dump, work: Path, slow: bool) -> Dict[str, Job]:
    """All engines on a dump's addresses; binutils, which takes a minute on a big program, only if `slow`."""
    with open(dump.addresses, "rb") as file:
        count = sum(1 for _ in file)
    out = work / "answers"
    jobs = {}

    def ours(name: str, *arguments: object) -> None:
        argv = [tools.resolve, arguments[0], dump.binary, dump.addresses, *arguments[1:]]
        jobs[name] = Job(argv, out, counted(name, count))

    ours("heaplens, 2 threads", "heaplens", 2)
    ours("heaplens, 1 thread", "heaplens", 1)
    kept = work / f"answers-kept-{dump.name}"
    shutil.rmtree(kept, ignore_errors=True)
    ours(FROM_CACHE, "heaplens", 2, kept)
    jobs[FROM_CACHE].before = lambda: fill(jobs[FROM_CACHE].argv, kept)
    ours("addr2line crate", "addr2line")
    ours("blazesym", "blazesym")

    def program(name: str, argv: list, check: Callable[[Path], None]) -> None:
        jobs[name] = Job(argv, out, check, stdin=dump.addresses)

    arguments = ["-a", "-f", "-i", "-C", "-e", dump.binary]
    program("gimli's addr2line", [tools.gimli_addr2line, *arguments], addr2line_text("gimli's addr2line", count))
    if tools.llvm_symbolizer:
        program("llvm-symbolizer", [tools.llvm_symbolizer, "--obj", dump.binary], llvm_text(count))
    if tools.addr2line and slow:
        program("binutils addr2line", [tools.addr2line, *arguments], addr2line_text("binutils addr2line", count))
    return jobs


def comparison(tools: Tools, dump: Dump, work: Path) -> Job:
    """heaplens and the addr2line crate, address by address."""

    def check(out: Path) -> None:
        found = json.loads(out.read_text())
        if found["different"]:
            raise Failed(f"heaplens and addr2line differ at {found['different']} addresses of {dump.name}")

    argv = [tools.resolve, "compare", dump.binary, dump.addresses]
    return Job(argv, work / f"compare-{dump.name}.json", check)
