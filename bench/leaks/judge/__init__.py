"""The judge of `heaplens leaks`: one file a section."""

from dataclasses import dataclass, field
from typing import List


@dataclass
class Found:
    """What a section found: text for people, the figures, and the targets that were missed."""

    text: str
    results: object
    missed: List[str] = field(default_factory=list)
