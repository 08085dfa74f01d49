"""Scripts that watch the page from before its first line runs: when what is seen, and how frames come."""

import statistics
from dataclasses import dataclass, field
from typing import List

from harness.measuring import Failed

from .browser import Browser

# The page's clock starts with the navigation. What is in the document is on the screen after the frame that follows.
EARLY = """
const watched = (globalThis.watched = { seen: 0, shown: 0, draws: 0, work: [] });
watched.afterFrame = (done) => requestAnimationFrame(() => {
  const channel = new MessageChannel();
  channel.port1.onmessage = done;
  channel.port2.postMessage(0);
});
const look = () => {
  if (!document.querySelector(".headline h2, .graph-canvas")) return;
  observer.disconnect();
  watched.seen = performance.now();
  watched.afterFrame(() => (watched.shown = performance.now()));
};
const observer = new MutationObserver(look);
observer.observe(document, { childList: true, subtree: true });
const clear = CanvasRenderingContext2D.prototype.clearRect;
CanvasRenderingContext2D.prototype.clearRect = function (...box) {
  if (this.canvas.className === "graph-canvas") watched.draws++;
  return clear.apply(this, box);
};
const request = globalThis.requestAnimationFrame;
globalThis.requestAnimationFrame = (run) => request((time) => {
  const start = performance.now();
  run(time);
  watched.work.push(performance.now() - start);
});
watched.request = (run) => request(run);
"""

SHOWN = """
return new Promise((done) => {
  const look = () => (watched.shown ? done([watched.seen, watched.shown]) : setTimeout(look, 10));
  look();
});
"""

# A graph is drawn in the frame after what stands above it has changed.
COMPARED = """
const [fragment] = arguments;
return new Promise((done) => {
  const summary = document.querySelector(".flamepage .summary");
  const observer = new MutationObserver(() => {
    observer.disconnect();
    const before = watched.draws;
    const look = () => {
      if (watched.draws === before) return watched.request(look);
      watched.afterFrame(() => done([performance.now() - start, summary.textContent]));
    };
    look();
  });
  observer.observe(summary, { childList: true, subtree: true });
  const start = performance.now();
  location.hash = fragment;
});
"""

RECORD = """
const frames = (watched.frames = []);
watched.wheels = 0;
watched.zooms = 0;
watched.moves = 0;
watched.work = [];
if (!watched.listens) {
  watched.listens = true;
  addEventListener("wheel", (event) => (event.ctrlKey ? watched.zooms++ : watched.wheels++), { passive: true });
  addEventListener("pointermove", () => watched.moves++);
}
const tick = (time) => {
  if (watched.frames !== frames) return;
  frames.push([time, watched.draws]);
  watched.request(tick);
};
watched.request(tick);
"""

RECORDED = """
const { frames, zooms, wheels, moves, work } = watched;
watched.frames = null;
return { frames, zooms, wheels, moves, work };
"""


@dataclass
class FirstScreen:
    """Milliseconds from the start of the navigation: until it is in the document, and until it is drawn."""

    seen: float
    shown: float


def first_screen(browser: Browser, url: str) -> FirstScreen:
    browser.before_pages(EARLY)
    browser.open(url)
    return FirstScreen(*browser.script(SHOWN))


def compared(browser: Browser, fragment: str) -> tuple:
    """Milliseconds from one comparison to another, and what the page says of it."""
    return tuple(browser.script(COMPARED, fragment))


@dataclass
class Frames:
    """Frames in which the graph was drawn while something moved."""

    # From one such frame to the next, in milliseconds.
    intervals: List[float] = field(default_factory=list)
    # What the page itself did in each.
    work: List[float] = field(default_factory=list)
    inputs: int = 0

    def record(self, browser: Browser, event: str, move) -> None:
        """Adds what `move` makes the page draw. Of `event` (zooms, wheels, moves) there must be some."""
        browser.script(RECORD)
        move()
        found = browser.script(RECORDED)
        if not found[event]:
            raise Failed(f"the page got no input: {event}")
        frames = found["frames"]
        drawn = [after[0] for before, after in zip(frames, frames[1:]) if after[1] > before[1]]
        self.intervals += [after - before for before, after in zip(drawn, drawn[1:])]
        self.work += found["work"]
        self.inputs += found[event]

    @property
    def median(self) -> float:
        """Frames a second."""
        return 1000 / statistics.median(self.intervals)

    @property
    def slow(self) -> float:
        """Frames a second, of the slowest twentieth."""
        return 1000 / statistics.quantiles(self.intervals, n=20)[-1]

    @property
    def seconds(self) -> float:
        return sum(self.intervals) / 1000
