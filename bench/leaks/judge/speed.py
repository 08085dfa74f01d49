"""A thousand dumps of 200 KB: seconds and memory."""

import argparse
import shutil
import subprocess
from pathlib import Path

from harness import report, tools
from harness.dumps import is_older, profiled
from harness.pipelines import Cache

from . import Found, series
from .programs import Answer, Programs

DUMPS = 1000
SHAPES = {"2,000 short stacks": series.Shape(2000, 5, 4), "600 deep stacks": series.Shape(600, 22, 12)}
SECONDS = 5.0
MEGABYTES = 1000.0
CULPRIT = "Sessions::open"


def measure(args: argparse.Namespace, programs: Programs, work: Path) -> Found:
    rows, results, missed = [], {}, []
    cache = Cache(work / "symbol-cache-of-speed")
    for name, shape in SHAPES.items():
        dumps = generated(programs, shape, work / f"series-{shape.stacks}")
        size = sum(dump.stat().st_size for dump in dumps) / len(dumps)
        cache.clear()
        for again in (False, True):
            answer = Answer(programs, dumps, cache)
            what = f"{name}, {'symbols known' if again else 'the first time'}"
            rows.append([what, f"{size / 1e3:.0f}", f"{answer.seconds:.2f}", f"{answer.cpu:.2f}",
                         f"{answer.rss / 1e6:.0f}", f"{answer.verdict}: `{answer.culprit}`"])
            results[what] = {"seconds": answer.seconds, "cpu": answer.cpu, "rss": answer.rss, "culprit": answer.culprit}
            if answer.seconds > SECONDS:
                missed.append(f"speed, {what}: {answer.seconds:.1f} s, not {SECONDS:.0f}")
            if answer.rss / 1e6 > MEGABYTES:
                missed.append(f"speed, {what}: {answer.rss / 1e6:.0f} MB, not {MEGABYTES:.0f}")
            if answer.verdict != "leak" or CULPRIT not in answer.culprit:
                missed.append(f"speed, {what}: {answer.verdict}, {answer.culprit or 'nobody'}, not {CULPRIT}")
    header = ["series", "KB a dump", "wall s", "CPU s", "peak RSS MB", "answer"]
    text = f"### Speed: {DUMPS:,} dumps on two cores\n\n{report.table(header, rows)}"
    return Found(text, results, missed)


def generated(programs: Programs, shape: series.Shape, directory: Path) -> list:
    """The dumps are kept: they stay good while what makes them does."""
    mark, made_by = directory / "made", (programs.scenes, Path(series.__file__), Path(__file__))
    if mark.exists() and not any(is_older(mark, path) for path in made_by):
        return sorted(directory.glob("*.heap"))
    shutil.rmtree(directory, ignore_errors=True)
    play = directory / "play"
    play.mkdir(parents=True)
    tools.say(f"making {DUMPS} dumps of {shape.stacks} stacks")
    subprocess.run([programs.scenes, "run", "sessions", "1", play], env=profiled(9), check=True)
    template = series.Template.read(play / "02.heap", play / "24.heap")
    dumps = series.write(template, shape, DUMPS, directory)
    mark.touch()
    return dumps
