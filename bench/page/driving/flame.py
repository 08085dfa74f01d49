"""A flame graph of 100,000 frames: how smoothly it zooms and pans."""

import argparse
from pathlib import Path

from harness import report, tools
from judge import Found

from . import Targets, folded
from .browser import Browser
from .first import file_url
from .programs import Programs
from .said import Amount
from .watch import Frames, first_screen

FRAMES = 100_000
PER_SECOND = 50.0
# Where in the graph one zooms in, as parts of its width and height.
PLACES = ((0.37, 0.5), (0.72, 0.7))
ZOOM = 40.0
# Steps of a drag, and pixels of each: there is always something to drag to.
STEPS, STEP = 150, 3


def measure(args: argparse.Namespace, programs: Programs, work: Path) -> Found:
    stacks, page = work / "frames.folded", work / "frames.html"
    total = folded.write(stacks, FRAMES)
    programs.report(page, [stacks])
    targets = Targets("flame")
    judge_input(targets, programs, stacks, total)
    zoom, pan = Frames(), Frames()
    with Browser() as browser:
        # With all frames, those of runtimes too.
        screen = first_screen(browser, f"{file_url(page)}#view=flame&allocator=1&runtime=1")
        said = browser.text(".flamepage .summary")
        if not Amount.first(said).is_of(total):
            targets.missed.append(f"flame: the page says {said!r}, not {total} bytes")
        version = browser.version
        for across, down in PLACES:
            move(browser, across, down, zoom, pan)
    targets.told("graph drawn, from the start of the navigation", screen.shown, "ms")
    for name, frames in (("zooming", zoom), ("panning", pan)):
        targets.least(f"{name}, median", frames.median, PER_SECOND, "frames/s")
        targets.told(f"{name}, slowest twentieth", frames.slow, "frames/s")
        targets.told(f"{name}, the script's work a frame, slowest twentieth", quantile(frames.work), "ms")
        tools.say(f"{name}: {len(frames.intervals)} frames drawn in {frames.seconds:.1f} s, {frames.inputs} events")
    text = "\n\n".join([
        f"### A flame graph of {FRAMES:,} frames",
        report.table(targets.HEADER, targets.rows),
        f"{version}, headless, drawn in software without a GPU: {len(zoom.intervals)} and {len(pan.intervals)} frames "
        "in which the graph was drawn anew. The screen has 60 a second.",
    ])
    results = {name: {"intervals_ms": f.intervals, "work_ms": f.work} for name, f in (("zoom", zoom), ("pan", pan))}
    return Found(text, results, targets.missed)


def judge_input(targets: Targets, programs: Programs, stacks: Path, total: int) -> None:
    """The command line reads as many frames, and as much in them."""
    frames = set()
    for line in programs.said("folded", [stacks]).splitlines():
        names = line.rpartition(" ")[0].split(";")
        frames.update(hash(tuple(names[:depth])) for depth in range(1, len(names) + 1))
    if len(frames) != FRAMES:
        targets.missed.append(f"flame: {len(frames)} frames were read, not {FRAMES}")
    found = programs.total("top", [stacks])
    if found != total:
        targets.missed.append(f"flame: heaplens top says {found}, not {total}")


def move(browser: Browser, across: float, down: float, zoom: Frames, pan: Frames) -> None:
    left, top, width, height = browser.script(
        "const box = document.querySelector('.graph-scroll').getBoundingClientRect();"
        "return [box.left, box.top, box.width, box.height]")
    x, y = int(left + across * width), int(top + down * height)

    def pinch(factor: float) -> None:
        # What the wheel with Ctrl and two fingers on a touchpad come as, at the screen's pace.
        browser.cdp("Input.synthesizePinchGesture", x=x, y=y, scaleFactor=factor, relativeSpeed=1200,
                    gestureSourceType="mouse")

    def drag(step_x: int, step_y: int) -> None:
        steps = [{"type": "pointerMove", "x": x + (n % 100 if n % 200 < 100 else 100 - n % 100) * step_x,
                  "y": y + (n % 50 if n % 100 < 50 else 50 - n % 50) * step_y, "duration": 0} for n in range(STEPS)]
        browser.act({"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [
            {"type": "pointerMove", "x": x, "y": y, "duration": 0}, {"type": "pointerDown", "button": 0}, *steps,
            {"type": "pointerUp", "button": 0}]})

    def wheel(distance: int) -> None:
        browser.cdp("Input.synthesizeScrollGesture", x=x, y=y, xDistance=distance, yDistance=0, speed=1200,
                    gestureSourceType="mouse")

    for factor in (ZOOM ** 0.5, ZOOM ** 0.5):
        zoom.record(browser, "zooms", lambda: pinch(factor))
        pan.record(browser, "moves", lambda: drag(STEP, 0))
        pan.record(browser, "moves", lambda: drag(-STEP, 2))
        pan.record(browser, "wheels", lambda: wheel(-1500))
        pan.record(browser, "wheels", lambda: wheel(1500))
    zoom.record(browser, "zooms", lambda: pinch(1 / ZOOM))


def quantile(values: list) -> float:
    return sorted(values)[int(0.95 * len(values))]
