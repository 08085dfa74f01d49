"""A thousand dumps from the local server: the first screen, comparisons, the server's memory."""

import argparse
import random
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import List

from harness import report, tools
from harness.measuring import Failed
from judge import Found, speed
from judge.programs import Answer

from . import Targets, first
from .browser import Browser
from .programs import Programs
from .said import Amount
from .watch import compared, first_screen

SHAPE = "2,000 short stacks"
FIRST_MILLISECONDS = 2000.0
COMPARED_MILLISECONDS = 300.0
MEGABYTES = 500.0
PAIRS = 30
# So many of them are computed by the command line, too.
CHECKED = 5


class Server:
    """`heaplens view` over these dumps. `seconds` is what it took until it said its address."""

    def __init__(self, programs: Programs, dumps: List[Path]):
        self.err = tempfile.TemporaryFile()
        started = time.monotonic()
        self.process = subprocess.Popen(
            [programs.heaplens, "view", "--no-open", *dumps],
            env=programs.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.err, text=True,
        )
        self.url = self.process.stdout.readline().strip()
        self.seconds = time.monotonic() - started
        if not self.url:
            self.process.wait()
            self.err.seek(0)
            raise Failed(f"heaplens view served nothing: {self.err.read().decode(errors='replace')[-1000:]}")

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        self.err.close()

    def megabytes(self, what: str) -> float:
        """VmHWM, the most there was, or VmRSS, which is now."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(f"{what}:"):
                return int(line.split()[1]) * 1024 / 1e6
        raise Failed(f"the kernel does not say {what}")


def measure(args: argparse.Namespace, programs: Programs, work: Path) -> Found:
    dumps = speed.generated(programs, speed.SHAPES[SHAPE], work / "series")
    targets = Targets("view")
    programs.cache.clear()
    with Server(programs, dumps) as server:
        new = server.seconds
        # The answer is asked for after what was measured: it fills the cache of symbols.
        answer = Answer(programs, dumps, programs.cache)
        if answer.verdict != "leak" or speed.CULPRIT not in answer.culprit:
            targets.missed.append(f"view: {answer.verdict}, {answer.culprit or 'nobody'}, not {speed.CULPRIT}")
        read = server.megabytes("VmRSS")

        def check(browser: Browser) -> None:
            first.judge_answer(targets, browser, answer)

        found = first.judge_times(targets, first.opened(server.url, check), FIRST_MILLISECONDS)
        times = comparisons(targets, programs, server, dumps)
        peak = server.megabytes("VmHWM")
    with Server(programs, dumps) as again:
        known, peak_again = again.seconds, again.megabytes("VmHWM")
    targets.most(f"a comparison, slowest of {len(times)}", max(times), COMPARED_MILLISECONDS, "ms")
    targets.told("a comparison, median", sorted(times)[len(times) // 2], "ms")
    targets.most("the server's memory, peak", max(peak, peak_again), MEGABYTES, "MB")
    targets.told("the server's memory once all is read", read, "MB")
    targets.told("until it serves", new, "s")
    targets.told("until it serves, symbols known", known, "s")
    size = sum(dump.stat().st_size for dump in dumps) / len(dumps)
    text = "\n\n".join([
        f"### `heaplens view` of {len(dumps):,} dumps of {size / 1e3:.0f} KB, {SHAPE}",
        report.table(targets.HEADER, targets.rows),
    ])
    results = {**found, "compared_ms": times, "peak_mb": [peak, peak_again], "read_mb": read, "serves_s": [new, known]}
    return Found(text, results, targets.missed)


def comparisons(targets: Targets, programs: Programs, server: Server, dumps: List[Path]) -> List[float]:
    """From one pair to another of all there are, asked for as a link or the back button does."""
    draw = random.Random(1)
    pairs = [sorted(draw.sample(range(len(dumps)), 2)) for _ in range(PAIRS)]
    times = []
    with Browser() as browser:
        first_screen(browser, f"{server.url}#view=flame&a=0&b=1")
        for number, (a, b) in enumerate(pairs):
            took, said = compared(browser, f"view=flame&a={a}&b={b}")
            times.append(took)
            if number < CHECKED:
                judge_difference(targets, said, programs.total("diff", [dumps[a], dumps[b]]))
        for complaint in browser.complaints():
            targets.missed.append(f"view: the page complains: {complaint[:300]}")
    tools.say(f"comparisons, ms: {' '.join(f'{took:.0f}' for took in times)}")
    return times


def judge_difference(targets: Targets, said: str, wanted: float) -> None:
    """`76.6 MiB → 152 MiB: +75.2 MiB …`"""
    amounts = Amount.all(said)
    if len(amounts) < 3 or not amounts[2].is_of(wanted):
        targets.missed.append(f"view: the page says {said!r}, not a change of {wanted:.0f} bytes")
