"""Folded stacks of a wanted number of frames: a tree as services have them, and wide."""

import random
from pathlib import Path
from typing import Iterator, List, Tuple

DEEPEST = 60
NAMES = 20_000
CRATES = ("parser", "hyper", "serde_json", "datafusion", "arrow", "regex", "server", "storage", "query", "index")
TYPES = ("Worker", "Reader<T>", "Plan", "Batch", "Cache<K, V>", "Session", "Table", "Scanner", "Writer<W>", "Node")


def write(path: Path, frames: int) -> int:
    """Bytes in all stacks."""
    total = 0
    with open(path, "w") as file:
        for stack, value in stacks(frames):
            file.write(f"{';'.join(stack)} {value}\n")
            total += value
    return total


def stacks(frames: int) -> Iterator[Tuple[List[str], int]]:
    """A walk through the tree: back some frames, then forth along new ones, each with a name its caller has not called."""
    draw = random.Random(1)
    names = [f"{draw.choice(CRATES)}::{draw.choice(TYPES)}::step_{number}" for number in range(NAMES)]
    # Of each frame on the path, how many callees it has: their names differ.
    path: List[str] = []
    called = [0]
    made = 0
    while made < frames:
        wanted = min(DEEPEST, max(1, round(draw.gauss(38, 12))))
        back = min(len(path), 1 + int(draw.expovariate(0.25)))
        if path and draw.random() < 0.15:
            back = draw.randint(1, len(path))
        del path[len(path) - back:], called[len(called) - back:]
        while made < frames and (len(path) < wanted or back > 0):
            back = 0
            place = (7919 * called[-1] + 104_729 * made) % NAMES
            # The names of one caller's callees: none comes twice.
            path.append(f"{names[place]}_{called[-1]}")
            called[-1] += 1
            called.append(0)
            made += 1
        # A few large ones, many small ones.
        yield list(path), 1 + int(4096 * draw.random() ** -0.9)
