"""The programs: built when they are first needed."""

import json
import os
import subprocess
import tempfile
import time
from functools import cached_property
from pathlib import Path
from typing import IO, List, Sequence

from harness import tools
from harness.measuring import Failed
from harness.pipelines import Cache


class Programs:
    def __init__(self, workspace: Path):
        self.workspace = workspace

    @cached_property
    def heaplens(self) -> Path:
        return tools.named("HEAPLENS") or tools.cargo_build(tools.ROOT, "heaplens-cli") / "heaplens"

    @cached_property
    def demo(self) -> Path:
        built = "-F", "mem-prof"
        return tools.named("DEMO") or tools.cargo_build(tools.ROOT, "heaplens-demo", *built) / "heaplens-demo"

    @cached_property
    def scenes(self) -> Path:
        return tools.cargo_build(self.workspace, "scenes") / "scenes"

    @cached_property
    def coverage(self) -> Path:
        return tools.cargo_build(self.workspace, "coverage") / "coverage"


class Answer:
    """What `heaplens leaks` said of dumps, and what that took."""

    def __init__(self, programs: Programs, dumps: Sequence[Path], cache: Cache, arguments: Sequence[str] = ()):
        argv = [str(programs.heaplens), "leaks", *map(str, dumps), "--format", "json", *arguments]
        env = {**os.environ, **cache.env()}
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            started = time.monotonic()
            child = subprocess.Popen(argv, stdout=out, stderr=err, env=env, preexec_fn=on_two_cores)
            _, status, usage = os.wait4(child.pid, 0)
            self.seconds = time.monotonic() - started
            self.cpu = usage.ru_utime + usage.ru_stime
            # Never less than this program's own, which the kernel counts for the child before it becomes another.
            self.rss = usage.ru_maxrss * 1024
            self.exit = child.returncode = os.waitstatus_to_exitcode(status)
            said, self.said = (file_text(file) for file in (out, err))
        try:
            self.json = json.loads(said)
            self.verdict: str = self.json["verdict"]
            self.culprits: List[dict] = self.json["culprits"]
        except (ValueError, KeyError, TypeError) as error:
            why = (self.said or said).strip()[-2000:]
            raise Failed(f"{' '.join(argv[:4])} … gave no answer ({self.exit}, {error!r}): {why}") from None

    @property
    def culprit(self) -> str:
        return self.culprits[0]["name"] if self.culprits else ""


def file_text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def on_two_cores() -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
