"""The demo's day in one file: its size, and how soon it is there when opened from disk."""

import argparse
import random
from pathlib import Path
from typing import List

from harness import report, tools
from judge import Found, demo
from judge.programs import Answer

from . import Targets, first
from .browser import Browser
from .programs import Programs

DUMPS = 300
SECONDS_BETWEEN = 0.3
MEGABYTES = 3.0
MILLISECONDS = 1000.0


def size(args: argparse.Namespace, programs: Programs, work: Path) -> Found:
    dumps = day(args, programs, work)
    targets = Targets("size")
    page, shuffled = work / "day.html", work / "day-shuffled.html"
    seconds = programs.report(page, dumps)
    targets.most(f"the page of {DUMPS} captures", page.stat().st_size / 1e6, MEGABYTES, "MB")
    targets.told("their dumps", sum(dump.stat().st_size for dump in dumps) / 1e6, "MB")
    targets.told("time to write it", seconds, "s")
    # Captures are written as what changed. Far apart, all may have.
    order = list(dumps)
    random.Random(1).shuffle(order)
    programs.report(shuffled, order, "--every", "5m")
    targets.most("the page of them in no order", shuffled.stat().st_size / 1e6, MEGABYTES, "MB")
    sizes = {"page": page.stat().st_size, "shuffled": shuffled.stat().st_size, "seconds": seconds}
    text = f"### Size: the demo's day\n\n{report.table(targets.HEADER, targets.rows)}"
    return Found(text, sizes, targets.missed)


def opening(args: argparse.Namespace, programs: Programs, work: Path) -> Found:
    dumps = day(args, programs, work)
    page = work / "day.html"
    programs.report(page, dumps)
    answer = Answer(programs, dumps, programs.cache)
    targets = Targets("open")
    if answer.verdict != "leak" or not answer.culprit.endswith(demo.CULPRIT):
        targets.missed.append(f"open: {answer.verdict}, {answer.culprit or 'nobody'}, not the label index")

    def check(browser: Browser) -> None:
        first.judge_answer(targets, browser, answer)

    found = first.judge_times(targets, first.opened(first.file_url(page), check), MILLISECONDS)
    text = f"### Opening it from disk\n\n{report.table(targets.HEADER, targets.rows)}"
    return Found(text, {**found, "answer": answer.json["sentence"]}, targets.missed)


def day(args: argparse.Namespace, programs: Programs, work: Path) -> List[Path]:
    """The dumps are made once a run; with `--again` those of the last one are taken."""
    directory = work / "day"
    dumps = sorted(directory.glob("*.heap"))
    if len(dumps) == DUMPS and (args.again or args.made_day):
        return dumps
    tools.say(f"running the demo for {DUMPS} dumps")
    args.made_day = True
    return demo.live(programs, directory, True, DUMPS, SECONDS_BETWEEN).dumps
