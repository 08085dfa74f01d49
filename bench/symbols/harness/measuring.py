"""One command measured, or several in turns."""

import json
import os
import statistics
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence

from .tools import Tools

MB = 1e6


@dataclass
class Figures:
    """What a command took: seconds and bytes."""

    wall: float
    cpu: float
    rss: float
    anon: float
    runs: int = 1
    walls: List[float] = field(default_factory=list)

    def row(self) -> dict:
        return {
            "wall_s": round(self.wall, 4),
            "cpu_s": round(self.cpu, 4),
            "peak_rss_mb": round(self.rss / MB, 1),
            "peak_anon_mb": round(self.anon / MB, 1),
            "runs": self.runs,
            "walls_s": [round(wall, 4) for wall in self.walls],
        }


@dataclass
class Job:
    """A command, where its output goes, and what is checked of that output afterwards."""

    argv: Sequence[object]
    out: Path
    check: Callable[[Path], None]
    stdin: Optional[Path] = None
    env: Dict[str, str] = field(default_factory=dict)
    # Done before each run, outside of the measured time.
    before: Optional[Callable[[], None]] = None


class Failed(Exception):
    """A command that failed, or gave an answer that cannot be right."""


def once(tools: Tools, job: Job) -> Figures:
    if job.before:
        job.before()
    argv = [str(word) for word in job.argv]
    with tempfile.NamedTemporaryFile() as report, open(job.out, "wb") as out, tempfile.TemporaryFile() as err:
        stdin = open(job.stdin, "rb") if job.stdin else subprocess.DEVNULL
        try:
            subprocess.run(
                [str(tools.measure), report.name, *argv],
                stdin=stdin, stdout=out, stderr=err, env={**os.environ, **job.env}, check=False,
            )
        finally:
            if job.stdin:
                stdin.close()
        text = report.read()
        figures = json.loads(text) if text else {"exit": "nothing measured"}
        if figures["exit"] != 0:
            err.seek(0)
            said = err.read().decode(errors="replace").strip()
            raise Failed(f"{' '.join(argv)} ended with {figures['exit']}: {said[-2000:]}")
    job.check(job.out)
    return Figures(figures["wall"], figures["cpu"], figures["rss"], figures["anon"], 1, [figures["wall"]])


def in_turns(tools: Tools, jobs: Dict[str, Job], repeat: int) -> Dict[str, Figures]:
    """Medians of `repeat` rounds. Each round runs every job once, so that a slow minute is everyone's."""
    runs: Dict[str, List[Figures]] = {name: [] for name in jobs}
    for _ in range(repeat):
        for name, job in jobs.items():
            runs[name].append(once(tools, job))
    return {name: median(figures) for name, figures in runs.items()}


def median(runs: List[Figures]) -> Figures:
    def middle(what: str) -> float:
        return statistics.median(getattr(run, what) for run in runs)

    walls = [run.wall for run in runs]
    return Figures(middle("wall"), middle("cpu"), middle("rss"), middle("anon"), len(runs), walls)


def cool(*paths: Path) -> None:
    """Puts a file's pages out of the page cache. Root drops all caches, directories included."""
    os.sync()
    for path in paths:
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    if os.geteuid() == 0:
        try:
            Path("/proc/sys/vm/drop_caches").write_text("3")
        except OSError:
            # A container may forbid it; the file's own pages are out all the same.
            pass


def warm(*paths: Path) -> None:
    """Reads files once, so that the page cache has them."""
    for path in paths:
        with open(path, "rb", buffering=0) as file:
            while file.read(1 << 24):
                pass
