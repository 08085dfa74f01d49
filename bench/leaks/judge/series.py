"""A long series of dumps, made from the stacks of a real one: some sites grow, fill, swing or stay, one leaks."""

import math
import random
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

RATE = 1 << 19
SECONDS_BETWEEN = 60

Stack = Tuple[bytes, ...]


@dataclass
class Shape:
    """How many stacks a dump has, of how many addresses."""

    stacks: int
    depth: int
    # How many of them, the inner ones, come from one real stack.
    inner: int


@dataclass
class Site:
    """A stack's text, the size of its objects, and how its number of samples goes."""

    text: bytes
    size: int
    kind: str
    samples: float
    phase: float
    now: float = 0.0


@dataclass
class Template:
    """A dump in parts. The leak's stacks come first."""

    stacks: List[Stack]
    leaking: int
    maps: bytes
    build_ids: bytes
    process: bytes

    @staticmethod
    def read(early: Path, late: Path) -> "Template":
        """Of two dumps of one process, in which little else than the leak grows."""
        before, after = bytes_by_stack(early.read_bytes()), bytes_by_stack(late.read_bytes())
        grown = sorted(after, key=lambda stack: before.get(stack, 0) - after[stack])
        least = 0.2 * (after[grown[0]] - before.get(grown[0], 0))
        leaking = sum(after[stack] - before.get(stack, 0) > least for stack in grown)
        # jemalloc's own frames are the same in all. Other builds have fewer; one stays.
        own = next(depth for depth in range(len(grown[0])) if len({stack[:depth + 1] for stack in grown}) > 1)
        stacks = [stack[max(own - 1, 0):] for stack in grown]
        text = late.read_bytes()
        body, trailer = text.split(b"# heaplens 1\n")
        return Template(
            stacks, leaking, body[body.index(b"\nMAPPED_LIBRARIES:"):],
            b"".join(re.findall(rb"# build-id .*\n", trailer)), re.search(rb"# process .*\n", trailer)[0],
        )


def bytes_by_stack(text: bytes) -> Dict[Stack, int]:
    found = re.findall(rb"^@((?: 0x[0-9a-f]+)+)\n  t\*: \d+: (\d+)", text, re.MULTILINE)
    return {tuple(stack.split()): int(number) for stack, number in found}


def write(template: Template, shape: Shape, dumps: int, directory: Path) -> List[Path]:
    draw = random.Random(1)
    sites = [site(stack, is_leak, draw) for stack, is_leak in stacks(template, shape, draw)]
    start = int(re.search(rb" start=(\d+)", template.process)[1])
    paths = []
    for number in range(dumps):
        lines, live, printed = [], 0.0, [0, 0]
        for place in sites:
            objects = samples(place, number, dumps, draw)
            if objects > 0:
                size = objects * place.size
                lines.append(b"%s\n  t*: %d: %d [0: 0]\n  t1: %d: %d [0: 0]\n" % (place.text, objects, size, objects, size))
                printed[0] += objects
                printed[1] += size
                live += size / -math.expm1(-place.size / RATE)
        total = b"%d: %d [0: 0]" % tuple(printed)
        body = b"heap_v2/%d\n  t*: %s\n  t1: %s\n%s%s" % (RATE, total, total, b"".join(lines), template.maps)
        time = start + 1000 * SECONDS_BETWEEN * (number + 1)
        process = re.sub(rb" time=\d+", b" time=%d" % time, template.process)
        trailer = b"# heaplens 1\n%s# jemalloc version=5.3.0 lg_sample=19 active=true\n# stats allocated=%d\n%s" % (
            process, live, template.build_ids)
        end = b"# end length=%d crc32=%08x\n" % (len(body), zlib.crc32(body))
        path = directory / f"{number:04}.heap"
        path.write_bytes(body + trailer + end)
        paths.append(path)
    return paths


def stacks(template: Template, shape: Shape, draw: random.Random) -> Iterator[Tuple[Stack, bool]]:
    """As many different ones as wanted: the inner frames of one real stack, called by the next of another."""
    seen = set()
    while len(seen) < shape.stacks:
        is_leak = len(seen) < 8
        leaf = draw.choice(template.stacks[:template.leaking] if is_leak else template.stacks[template.leaking:])
        # Not the leak's callers: it would be found in stacks that do not leak.
        caller = draw.choice(template.stacks[template.leaking:])
        made = leaf[:shape.inner] + caller[shape.inner:shape.depth]
        if made not in seen:
            seen.add(made)
            yield made, is_leak


def site(stack: Stack, is_leak: bool, draw: random.Random) -> Site:
    kind = "leak" if is_leak else draw.choices(("churn", "static", "warm-up", "sawtooth"), (60, 20, 10, 10))[0]
    samples = 40.0 if is_leak else min(0.8 * draw.random() ** -0.8, 400.0)
    size = int(16 * 2 ** (12 * draw.random()))
    place = Site(b"@ " + b" ".join(stack), size, kind, samples, draw.random())
    place.now = samples
    return place


def samples(place: Site, number: int, dumps: int, draw: random.Random) -> int:
    """Sampled objects, of which about a tenth are replaced from dump to dump."""
    done = number / dumps
    if place.kind == "static":
        return round(place.samples)
    if place.kind == "leak":
        wanted = place.samples * (1 + 5 * done)
    elif place.kind == "warm-up":
        wanted = place.samples * -math.expm1(-8 * done)
    elif place.kind == "sawtooth":
        wanted = 2 * place.samples * ((number / 50 + place.phase) % 1)
    else:
        wanted = place.samples
    noise = math.sqrt(0.19 * wanted) * draw.gauss(0, 1)
    place.now = max(0.0, wanted + 0.9 * (place.now - wanted) + noise)
    return round(place.now)
