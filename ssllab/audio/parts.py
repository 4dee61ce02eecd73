"""How a long recording goes through a Transformer: in parts, each heard with some of what is before and after it.

The command line and the window cut alike, so that they say the same.
"""

from __future__ import annotations

from typing import NamedTuple

RATE = 16_000  # hertz
PART_SECONDS, MARGIN_SECONDS = 16.0, 2.0  # up to a part and two margins, a recording is heard whole


class Part(NamedTuple):
    """Frames ``first`` to ``last`` are wanted; to have them, frames ``begin`` to ``end`` are heard."""

    first: int
    last: int
    begin: int
    end: int


def part_frames(hop: int) -> tuple[int, int]:
    """Frames of a part and of a margin, where a frame begins every ``hop`` samples."""
    return max(1, round(PART_SECONDS * RATE / hop)), round(MARGIN_SECONDS * RATE / hop)


def parts(frames: int, hop: int) -> list[Part]:
    """The parts of a recording of so many frames, in order."""
    part, margin = part_frames(hop)
    found, first = [], 0
    while frames - first > part + 2 * margin:
        found.append(Part(first, first + part, max(0, first - margin), first + part + margin))
        first += part
    return [*found, Part(first, frames, max(0, first - margin), frames)] if frames else []
