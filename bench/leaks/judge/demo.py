"""The demo service under its load generator, with its leak and without: 60 dumps each."""

import argparse
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import List

from harness import report, tools
from harness.dumps import Service, get
from harness.measuring import Failed
from harness.pipelines import Cache

from . import Found
from .programs import Answer, Programs

DUMPS = 60
SECONDS_BETWEEN = 0.5
# Retention is five seconds: from then on as many series go as come.
WARM_UP_SECONDS = 10
CULPRIT = "LabelIndex>::remember_label", "LabelIndex::remember_label"


@dataclass
class Day:
    dumps: List[Path]
    # What the service says, bytes a second from the first dump to the last.
    true_rate: float


def measure(args: argparse.Namespace, programs: Programs, work: Path) -> Found:
    missed, rows, results = [], [], {}
    for leak in (True, False):
        word = "on" if leak else "off"
        tools.say(f"the demo with its leak {word}")
        day = live(programs, work / f"demo-{word}", leak, DUMPS, SECONDS_BETWEEN)
        answer = Answer(programs, day.dumps, Cache(work / "symbol-cache"))
        rate = answer.culprits[0]["rate"] if answer.culprits else None
        results[word] = {"true_rate": day.true_rate, "answer": answer.json}
        rows.append([
            word, answer.verdict, f"`{answer.culprit}`" if answer.culprit else "none",
            f"{megabytes(rate['value'])} ({megabytes(rate['low'])} to {megabytes(rate['high'])})" if rate else "",
            megabytes(day.true_rate),
        ])
        if not leak:
            if answer.culprits or answer.verdict == "leak":
                missed.append(f"demo, off: {answer.verdict}, {answer.culprit}")
        elif answer.verdict != "leak" or not answer.culprit.endswith(CULPRIT):
            missed.append(f"demo, on: {answer.verdict}, {answer.culprit or 'nobody'}, not the label index")
        elif not rate["low"] <= day.true_rate <= rate["high"]:
            missed.append(f"demo, on: {rate} does not hold {day.true_rate:.0f}")
    header = ["leak", "verdict", "culprit", "rate, MB/s", "true rate, MB/s"]
    text = f"### A demo day: {DUMPS} dumps, {SECONDS_BETWEEN} s apart\n\n{report.table(header, rows)}"
    return Found(text, results, missed)


def megabytes(rate: float) -> str:
    return f"{rate / 1e6:.2f}"


def live(programs: Programs, directory: Path, leak: bool, count: int, seconds_between: float) -> Day:
    directory.mkdir(parents=True, exist_ok=True)
    dumps = [directory / f"{number:03}.heap" for number in range(1, count + 1)]
    seconds = int(WARM_UP_SECONDS + 3 * count * seconds_between)
    with Service(programs, 19, leak) as service:
        command = [programs.demo, "load", "--target", service.url, "--seconds", str(seconds)]
        load = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            time.sleep(WARM_UP_SECONDS)
            due = time.monotonic()
            marks = []
            for dump in dumps:
                time.sleep(max(0.0, due - time.monotonic()))
                due += seconds_between
                service.dump(dump)
                marks.append((time.monotonic(), leaked(service)))
            if load.poll() is not None:
                raise Failed("the load ended before the last dump")
        finally:
            load.terminate()
            load.wait()
    (from_, before), (to, after) = marks[0], marks[-1]
    return Day(dumps, (after - before) / (to - from_))


def leaked(service: Service) -> float:
    """The true size of the leak, as the service counts it."""
    text = get(f"{service.url}/metrics").decode()
    found = re.search(r"^heaplens_demo_leak_bytes (\S+)$", text, re.MULTILINE)
    if not found:
        raise Failed("/metrics does not say how much has leaked")
    return float(found[1])
