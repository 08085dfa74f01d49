"""Scenes: programs that leak or do not, 24 dumps each."""

import argparse
import json
import subprocess
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import List

from harness import report, tools
from harness.dumps import profiled
from harness.measuring import Failed
from harness.pipelines import Cache

from . import Found
from .programs import Answer, Programs

TARGET = 0.95
DUMPS = 24


@dataclass
class Play:
    """A scene as one seed plays it, and what was said of it."""

    scene: str
    seed: int
    leaks: bool
    culprits: List[str]
    verdict: str
    culprit: str
    label: str
    sentence: str

    @property
    def is_found(self) -> bool:
        return self.verdict == "leak"

    @property
    def is_named(self) -> bool:
        """True if the first culprit is one that is expected."""
        return self.leaks and self.is_found and any(part in self.culprit for part in self.culprits)

    @property
    def is_right(self) -> bool:
        return self.is_named if self.leaks else not self.is_found


def measure(args: argparse.Namespace, programs: Programs, work: Path) -> Found:
    listed = json.loads(subprocess.run([programs.scenes, "list"], stdout=subprocess.PIPE, check=True).stdout)
    if args.scene:
        listed = [scene for scene in listed if scene["name"] in args.scene]
    plays = []
    for scene in listed:
        for seed in range(1, args.seeds + 1):
            dumps = play(programs, scene, seed, work / "scenes" / f"{scene['name']}-{seed}", args.again)
            plays.append(judge(programs, scene, seed, dumps, work))
    return judged(plays)


def play(programs: Programs, scene: dict, seed: int, directory: Path, again: bool) -> List[Path]:
    dumps = [directory / f"{tick:02}.heap" for tick in range(1, DUMPS + 1)]
    if again and all(dump.exists() for dump in dumps):
        return dumps
    directory.mkdir(parents=True, exist_ok=True)
    command = [programs.scenes, "run", scene["name"], str(seed), directory]
    done = subprocess.run(command, env=profiled(scene["lg_sample"]), stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Failed(f"the scene {scene['name']} ended with {done.returncode}: {done.stderr.strip()[-1000:]}")
    return dumps


def judge(programs: Programs, scene: dict, seed: int, dumps: List[Path], work: Path) -> Play:
    answer = Answer(programs, dumps, Cache(work / "symbol-cache"))
    first = answer.culprits[0] if answer.culprits else {}
    play = Play(
        scene["name"], seed, scene["leaks"], scene["culprits"], answer.verdict, answer.culprit,
        str(first.get("label", "")), str(answer.json.get("sentence", "")),
    )
    tools.say(f"{scene['name']:16} {seed}  {'right' if play.is_right else 'WRONG'}  {play.verdict} {play.culprit}")
    return play


def judged(plays: List[Play]) -> Found:
    leaks = [play for play in plays if play.leaks]
    found = [play for play in plays if play.is_found]
    figures = {
        "precision": share(sum(play.leaks for play in found), len(found)),
        "recall": share(sum(play.is_found for play in leaks), len(leaks)),
        "the right culprit first": share(sum(play.is_named for play in leaks), len(leaks)),
    }
    rows = []
    for name in dict.fromkeys(play.scene for play in plays):
        rows.append(row([play for play in plays if play.scene == name]))
    undecided = sum(play.verdict == "inconclusive" for play in plays)
    lines = [
        "### Scenes",
        report.table(["scene", "expected", "verdict", "culprit", "label", ""], rows),
        report.table(["", "target", "found"], [[name, f"≥ {TARGET}", f"{value:.3f}"] for name, value in figures.items()]),
        f"{len(plays)} series of {DUMPS} dumps, {undecided} of them called inconclusive, which is not called a leak.",
    ]
    missed = [f"{name}: {value:.3f}, not {TARGET}" for name, value in figures.items() if value < TARGET]
    return Found("\n\n".join(lines), {"figures": figures, "plays": [asdict(play) for play in plays]}, missed)


def share(part: int, of: int) -> float:
    return part / of if of else 1.0


def row(plays: List[Play]) -> List[str]:
    """A scene over all its seeds."""
    right = sum(play.is_right for play in plays)
    expected = f"leak in `{'` or `'.join(plays[0].culprits)}`" if plays[0].leaks else "no leak"
    return [
        plays[0].scene, expected, counted(play.verdict for play in plays),
        counted(f"`{play.culprit}`" for play in plays if play.culprit), counted(play.label for play in plays if play.label),
        "right" if right == len(plays) else f"**{right} of {len(plays)} right**",
    ]


def counted(words) -> str:
    count = Counter(words)
    if len(count) == 1:
        return next(iter(count))
    return ", ".join(f"{number} × {word}" for word, number in count.most_common())
