"""Numbers on axes and in readouts: plain where plain is readable, never a hidden scale factor."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QRectF

_END_ROOM = 24.0  # pixels
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def value_text(value: float | None) -> str:
    """A value in a readout, about four digits: ``5.541``, ``63.20``, ``0.00312``, ``1.2×10⁻⁵``, ``12.4k``."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    size = abs(value)
    if size == 0:
        return "0"
    if size >= 1e4:
        return _thousands(value, 1)
    if size < 1e-4:
        return power_text(value)
    if size < 0.1:
        return f"{value:.3g}"
    for limit, places in ((10, 3), (100, 2), (1000, 1)):
        if size < limit:
            return f"{value:.{places}f}"
    return f"{value:.0f}"


def tick_text(value: float, spacing: float) -> str:
    """A number at a tick, with as many places as the ``spacing`` of the ticks asks for."""
    if abs(value) < spacing * 1e-6:
        return "0"
    if spacing < 1e-4:
        return power_text(value)
    if spacing >= 100 and abs(value) >= 1e4:
        return _thousands(value, None)
    return f"{value:.{max(0, math.ceil(-math.log10(spacing) - 1e-9))}f}"


def power_text(value: float) -> str:
    """``3×10⁻⁵``."""
    mantissa, exponent = f"{value:.1e}".split("e")
    mantissa = mantissa.removesuffix(".0")
    power = "10" + str(int(exponent)).translate(_SUPERSCRIPTS)
    return power if mantissa == "1" else f"{mantissa}×{power}"


def _thousands(value: float, places: int | None) -> str:
    for limit, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            scaled = value / limit
            return (f"{scaled:g}" if places is None else f"{scaled:.{places}f}") + sign
    return f"{value:g}"


class NumberAxis(pg.AxisItem):
    """An axis whose ticks show the numbers themselves, linear or logarithmic."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self.enableAutoSIPrefix(False)
        self.setStyle(tickLength=-4, maxTickLevel=1, maxTextLevel=1, tickTextOffset=4)

    def boundingRect(self) -> QRectF:
        """Larger than pyqtgraph's, which leaves out numbers at the very ends, zero among them."""
        rect = super().boundingRect()
        if self.orientation in ("top", "bottom"):
            return rect.adjusted(-_END_ROOM, 0, _END_ROOM / 2, 0)
        return rect.adjusted(0, -_END_ROOM / 4, 0, _END_ROOM / 3)

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float | None) -> list[str]:
        """Called by pyqtgraph for each level of ticks."""
        if not self.logMode:
            assert spacing is not None  # only minor ticks of a logarithmic axis have none
            return [tick_text(value * scale, spacing * scale) for value in values]
        if spacing is not None:
            return [_log_text(10.0**value) for value in values]
        # Minor ticks of a logarithmic axis carry text only where there is hardly a decade to see.
        decades = abs(self.range[1] - self.range[0])
        wanted: tuple[int, ...] = (2, 5) if decades < 1.7 else ()
        if decades < 0.7:
            wanted = (2, 3, 4, 5, 6, 7, 8)
        texts = []
        for value in values:
            number = 10.0**value
            lead = round(number / 10.0 ** math.floor(math.log10(number) + 1e-9))
            texts.append(_log_text(number) if lead in wanted else "")
        return texts

    def logTickValues(
        self, minVal: float, maxVal: float, size: float, stdTicks: object
    ) -> list[tuple[float | None, list[float]]]:
        """Whole decades as major ticks, all of them or every second, third ...; 2 to 9 as minor ones."""
        first, last = math.ceil(minVal - 1e-9), math.floor(maxVal + 1e-9)
        room = size / (80 if self.orientation in ("top", "bottom") else 26)
        stride = max(1, math.ceil((last - first + 1) / max(1.0, room)))
        decades = [float(v) for v in range(first, last + 1) if v % stride == 0]
        ticks: list[tuple[float | None, list[float]]] = [(float(stride), decades)]
        if stride == 1 and maxVal - minVal < 8:
            minor = [
                decade + math.log10(k)
                for decade in range(math.floor(minVal), math.ceil(maxVal))
                for k in range(2, 10)
            ]
            ticks.append((None, [v for v in minor if minVal < v < maxVal]))
        return ticks


def _log_text(number: float) -> str:
    if number * 1.0001 >= 1e-3 and number < 1e4:
        return f"{number:.4g}"
    if 1e4 <= number < 1e9:
        return _thousands(number, None)
    return power_text(number)
