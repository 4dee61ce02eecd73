"""The one time axis of all lanes: what part of the clip is in view, and where its ticks stand."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeVar

from numpy.typing import NDArray

SHORTEST = 0.05  # seconds in view at the closest: two or three code frames
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)

Times = TypeVar("Times", float, NDArray)


@dataclass(frozen=True)
class TimeAxis:
    """``span`` seconds from ``start`` on, drawn on ``width`` pixels from ``left`` on."""

    start: float = 0.0
    span: float = 1.0
    left: float = 0.0
    width: float = 1.0

    @property
    def end(self) -> float:
        """The last second in view."""
        return self.start + self.span

    @property
    def per_pixel(self) -> float:
        """Seconds a pixel."""
        return self.span / max(self.width, 1.0)

    def x(self, seconds: Times) -> Times:
        """The pixel of a time; numbers and arrays alike."""
        return self.left + (seconds - self.start) / self.per_pixel

    def seconds(self, x: float) -> float:
        """The time at a pixel."""
        return self.start + (x - self.left) * self.per_pixel

    def zoomed(self, factor: float, x: float, length: float) -> TimeAxis:
        """``factor`` times nearer, the time under pixel ``x`` staying where it is, within a clip of ``length``."""
        span = min(max(self.span / factor, SHORTEST), max(length, SHORTEST))
        share = (x - self.left) / max(self.width, 1.0)
        return replace(self, start=self.seconds(x) - share * span, span=span).within(length)

    def moved(self, seconds: float, length: float) -> TimeAxis:
        """Later by ``seconds``, as far as the clip goes."""
        return replace(self, start=self.start + seconds).within(length)

    def within(self, length: float) -> TimeAxis:
        """The nearest view that lies in a clip of ``length`` seconds."""
        span = min(self.span, max(length, SHORTEST))
        return replace(self, start=min(max(self.start, 0.0), max(0.0, length - span)), span=span)

    def ticks(self, room: float) -> tuple[list[float], float]:
        """Times of the labelled ticks, at least ``room`` pixels apart, and the step between them."""
        wanted = room * self.per_pixel
        step = next((step for step in _STEPS if step >= wanted), math.ceil(wanted / 3600) * 3600)
        first, last = math.ceil(self.start / step - 1e-9), math.floor(self.end / step + 1e-9)
        return [k * step for k in range(first, last + 1)], step


def clock(seconds: float, step: float = 1.0) -> str:
    """``m:ss`` (``h:mm:ss`` from an hour on), with as many decimals as steps of ``step`` seconds need."""
    decimals = 0 if step >= 1 else 1 if step >= 0.1 else 2 if step >= 0.01 else 3
    whole = round(seconds, decimals)
    minutes, rest = divmod(whole, 60)
    rest_text = f"{rest:0{3 + decimals if decimals else 2}.{decimals}f}"
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest_text}" if hours else f"{minutes}:{rest_text}"
