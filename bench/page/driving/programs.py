"""The programs, and what the command line says of the inputs that the page shows."""

import json
import os
import subprocess
import time
from functools import cached_property
from pathlib import Path
from typing import Sequence

from harness import tools
from harness.measuring import Failed
from harness.pipelines import Cache
from judge import programs as judged

LEAKS = tools.ROOT / "bench" / "leaks"


class Programs(judged.Programs):
    def __init__(self, work: Path):
        super().__init__(LEAKS)
        self.cache = Cache(work / "symbol-cache")

    @cached_property
    def scenes(self) -> Path:
        return tools.named("SCENES") or super().scenes

    @property
    def env(self) -> dict:
        return {**os.environ, **self.cache.env()}

    def report(self, out: Path, inputs: Sequence[Path], *arguments: str) -> float:
        """Writes the page, gives the seconds."""
        started = time.monotonic()
        self.said("report", inputs, *arguments, "-o", str(out))
        return time.monotonic() - started

    def said(self, command: str, inputs: Sequence[Path], *arguments: str) -> str:
        argv = [str(self.heaplens), command, *arguments, *map(str, inputs)]
        done = subprocess.run(argv, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise Failed(f"{' '.join(argv[:6])} … ended with {done.returncode}: {done.stderr.strip()[-1000:]}")
        return done.stdout

    def total(self, command: str, inputs: Sequence[Path]) -> float:
        """Of `top` or `diff`."""
        return json.loads(self.said(command, inputs, "--format", "json"))["total"]["value"]
