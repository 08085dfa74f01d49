"""The first screen: how soon, and whether it says what the command line says."""

import statistics
from pathlib import Path
from typing import Callable, List

from judge.programs import Answer

from . import Targets
from .browser import Browser
from .watch import FirstScreen, first_screen

RUNS = 5
WORDS = {"leak": "Leak", "no-leak": "No leak found", "inconclusive": "Inconclusive"}


def opened(url: str, check: Callable[[Browser], None]) -> List[FirstScreen]:
    """Each in a browser of its own, which has nothing cached."""
    found = []
    for _ in range(RUNS):
        with Browser() as browser:
            found.append(first_screen(browser, url))
            check(browser)
    return found


def judge_times(targets: Targets, found: List[FirstScreen], limit_ms: float) -> dict:
    shown = [screen.shown for screen in found]
    targets.most(f"first screen, median of {len(shown)}", statistics.median(shown), limit_ms, "ms")
    targets.told("slowest of them", max(shown), "ms")
    return {"shown_ms": shown, "seen_ms": [screen.seen for screen in found]}


def judge_answer(targets: Targets, browser: Browser, answer: Answer) -> None:
    """The verdict, its sentence and the culprit stand there."""
    headline = browser.text(".headline").replace("\u00a0", " ")
    targets.equal("verdict", headline, WORDS[answer.verdict])
    targets.equal("sentence", headline, answer.json["sentence"].split(": ", 1)[-1])
    targets.equal("culprit", browser.text("main"), answer.culprit or "")
    for complaint in browser.complaints():
        targets.missed.append(f"{targets.section}: the page complains: {complaint[:300]}")


def file_url(path: Path) -> str:
    return path.resolve().as_uri()
