"""How often the 95 % interval of a site's bytes holds the truth: objects of known sizes on the real jemalloc."""

import argparse
import json
import math
import subprocess
import tempfile
from pathlib import Path

from harness import report
from harness.dumps import profiled
from harness.measuring import Failed

from . import Found
from .programs import Programs

COVERAGE = 0.95
# Of trials that hold with a chance of exactly 95 %, as many as here fall short by luck once in a thousand times.
LUCK = 3.09


def measure(args: argparse.Namespace, programs: Programs, work: Path) -> Found:
    with tempfile.NamedTemporaryFile(suffix=".heap") as file:
        command = [programs.coverage, str(args.trials), file.name]
        done = subprocess.run(command, env=profiled(19), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Failed(f"coverage ended with {done.returncode}: {done.stderr.strip()[-1000:]}")
    cases = [json.loads(line) for line in done.stdout.splitlines()]
    missed = []
    for case in cases:
        judge(case["held"], case["trials"], f"{case['sizes']} objects, lg {case['lg']}, {case['volume']} R", missed)
    held, trials = (sum(case[what] for case in cases) for what in ("held", "trials"))
    judge(held, trials, "all cases", missed)
    volumes = sorted({case["volume"] for case in cases})
    rows = []
    for sizes in dict.fromkeys(case["sizes"] for case in cases):
        for lg in sorted({case["lg"] for case in cases}):
            these = {c["volume"]: c for c in cases if (c["sizes"], c["lg"]) == (sizes, lg)}
            shares = (these[volume]["held"] / args.trials for volume in volumes)
            usable = min(these[volume]["held_usable"] / args.trials for volume in volumes)
            rows.append([sizes, str(lg), *(f"{share:.3f}" for share in shares), f"{usable:.3f}"])
    text = "\n\n".join([
        "### Coverage of the 95 % interval",
        f"{args.trials} trials a case; {held / trials:.4f} of all {trials:,} hold. A case fails below "
        f"{least(args.trials):.3f}, which a coverage of exactly {COVERAGE} passes in 999 of 1,000 cases.",
        report.table(["objects", "lg_prof_sample", *(f"{volume} R live" for volume in volumes), "usable bytes"], rows),
        "The truth is the sum of the objects' size classes, which is what jemalloc's profile counts. Since 5.3.1 large "
        "objects take whole pages instead, up to a fifth less; the last column is the worst case against these.",
    ])
    return Found(text, cases, missed)


def least(trials: int) -> float:
    """The least share that is no evidence against the coverage."""
    return COVERAGE - LUCK * math.sqrt(COVERAGE * (1 - COVERAGE) / trials)


def judge(held: int, trials: int, what: str, missed: list) -> None:
    if held / trials < least(trials):
        missed.append(f"coverage, {what}: {held / trials:.3f}, not {least(trials):.3f}")
