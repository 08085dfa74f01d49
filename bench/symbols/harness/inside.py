"""A server that draws its own flame graph: its memory before, at the peak, and afterwards."""

import json
import os
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator, List, Tuple

from .dumps import BIG, Service, get, listening, profiled
from .measuring import MB, Failed
from .tools import Tools

# jemalloc gives freed pages back within ten seconds.
SETTLE_SECONDS = 12
OWN_FRAMES = (b"heaplens::symbols", b"heaplens::dump", b"heaplens_agent::render", b"gimli::", b"addr2line::")


class Watched:
    """Memory of a running process while something is done."""

    def __init__(self, tools: Tools, pid: int):
        self.tools, self.pid = tools, pid

    def during(self, work: Callable[[], None]) -> Tuple[dict, float]:
        with tempfile.NamedTemporaryFile() as report:
            command = [self.tools.measure, report.name, "--pid", str(self.pid)]
            watch = subprocess.Popen(command, stdin=subprocess.PIPE)
            started = time.monotonic()
            work()
            seconds = time.monotonic() - started
            watch.stdin.close()
            watch.wait()
            return json.loads(report.read()), seconds


def steps(tools: Tools, pid: int, draw: Callable[[], None]) -> dict:
    """Draws twice: what the first costs and leaves behind, and what the second does."""
    watched = Watched(tools, pid)
    idle, _ = watched.during(lambda: time.sleep(0.2))
    first, first_seconds = watched.during(draw)
    after, _ = watched.during(lambda: time.sleep(SETTLE_SECONDS))
    second, second_seconds = watched.during(draw)

    def above(figures: dict, what: str) -> float:
        return round((figures[what] - idle["last_" + what]) / MB, 1)

    def kept(what: str) -> float:
        return round((after["last_" + what] - idle["last_" + what]) / MB, 1)

    return {
        "idle_anon_mb": round(idle["last_anon"] / MB, 1),
        "idle_rss_mb": round(idle["last_rss"] / MB, 1),
        "first_s": round(first_seconds, 3),
        "peak_anon_mb": above(first, "anon"),
        "peak_rss_mb": above(first, "rss"),
        "kept_anon_mb": kept("anon"),
        "kept_rss_mb": kept("rss"),
        "later_s": round(second_seconds, 3),
        "later_peak_anon_mb": above(second, "anon"),
    }


def drawn_by_agent(url: str, seen: List[bytes]) -> Callable[[], None]:
    def draw() -> None:
        svg = get(f"{url}/debug/prof/mem?output=flamegraph")
        if b"<svg" not in svg or b"::" not in svg:
            raise Failed("output=flamegraph is no picture with names")
        seen.append(svg)

    return draw


def drawn_by_jemalloc_pprof(process: "subprocess.Popen[str]") -> Callable[[], None]:
    def draw() -> None:
        process.stdin.write("flamegraph\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line.startswith("done "):
            raise Failed(f"jemalloc_pprof: {line.strip()}")

    return draw


@contextmanager
def bigserver(tools: Tools, work: Path, lg_sample: int) -> Iterator[Tuple["subprocess.Popen[str]", str]]:
    process = subprocess.Popen(
        [tools.bigserver, "serve", *BIG["small"].arguments(work)],
        env=profiled(lg_sample), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )
    try:
        yield process, listening(process)
    finally:
        process.stdin.close()
        process.wait()


@contextmanager
def service(tools: Tools, _: Path, lg_sample: int) -> Iterator[Tuple["subprocess.Popen[str]", str]]:
    with Service(tools, lg_sample) as running:
        running.load(4)
        # What retention and maintenance still give back is not the drawing's doing.
        time.sleep(SETTLE_SECONDS)
        yield running.process, running.url


def both(tools: Tools, work: Path, start: Callable, lg_sample: int) -> dict:
    """The agent and jemalloc_pprof, each in a fresh process of the same program."""
    rows = {}
    with start(tools, work, lg_sample) as (process, url):
        seen: List[bytes] = []
        rows["heaplens-agent"] = steps(tools, process.pid, drawn_by_agent(url, seen))
        rows["heaplens-agent"]["own_frames"] = sorted(
            frame.decode() for frame in OWN_FRAMES if any(frame in svg for svg in seen)
        )
    with start(tools, work, lg_sample) as (process, _):
        rows["jemalloc_pprof"] = steps(tools, process.pid, drawn_by_jemalloc_pprof(process))
    return rows


def can_serve(tools: Tools) -> bool:
    """Whether this bigserver was built with the feature `server`."""
    done = subprocess.run(
        [tools.bigserver, "serve", os.devnull, "0"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
    )
    return "usage" not in done.stderr
