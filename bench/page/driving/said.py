"""Amounts as the page says them: rounded."""

import re
from dataclasses import dataclass

from harness.measuring import Failed

UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


@dataclass
class Amount:
    value: float
    # What one more in its last digit would be.
    step: float

    @staticmethod
    def first(text: str) -> "Amount":
        return Amount.all(text)[0]

    @staticmethod
    def all(text: str) -> list:
        found = re.findall(r"([+−]?)([\d,]+)(\.\d)? (B|KiB|MiB|GiB|TiB)\b", text)
        if not found:
            raise Failed(f"no amount stands in {text!r}")
        amounts = []
        for sign, whole, tenths, unit in found:
            scale = 1024.0 ** UNITS.index(unit)
            value = float(whole.replace(",", "") + tenths) * scale
            amounts.append(Amount(-value if sign == "−" else value, scale / 10 if tenths else scale))
        return amounts

    def is_of(self, exact: float) -> bool:
        """Half a step is rounding; a little more, since the page counts in parts of a byte."""
        return abs(self.value - exact) <= 0.51 * self.step + 1
