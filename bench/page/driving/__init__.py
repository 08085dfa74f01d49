"""What drives the page: one file a section, what they share, and the browser."""

from typing import List


class Targets:
    """What was found beside what was wanted, as rows of a table."""

    HEADER = ["", "target", "found"]

    def __init__(self, section: str):
        self.section = section
        self.rows: List[List[str]] = []
        self.missed: List[str] = []

    def most(self, what: str, found: float, limit: float, unit: str) -> None:
        self.judge(what, found, found <= limit, f"≤ {limit:,g} {unit}", unit)

    def least(self, what: str, found: float, limit: float, unit: str) -> None:
        self.judge(what, found, found >= limit, f"≥ {limit:,g} {unit}", unit)

    def told(self, what: str, found: float, unit: str) -> None:
        """A figure that no target is about."""
        self.rows.append([what, "", f"{number(found)} {unit}"])

    def judge(self, what: str, found: float, is_met: bool, target: str, unit: str) -> None:
        text = f"{number(found)} {unit}"
        self.rows.append([what, target, text if is_met else f"**{text}**"])
        if not is_met:
            self.missed.append(f"{self.section}, {what}: {text}, not {target}")

    def equal(self, what: str, found: str, wanted: str) -> None:
        """An answer: right or wrong."""
        if wanted not in found:
            self.missed.append(f"{self.section}, {what}: the page says {found[:300]!r}, not {wanted!r}")


def number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
