"""What a plot over steps is made of: its curves and constant lines, their legend, their numbers as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssllab.ui.plots.chart import colour
from ssllab.ui.plots.legend import Entry
from ssllab.ui.plots.stroke import Stroke
from ssllab.ui.plots.track import Track
from ssllab.ui.scene import Band, NoBands, Overlay, Scene

RUN = "run "  # how the keys of other runs begin
_SICK = ("bad", "warn", "3")  # the colours of sick bands, in their order


@dataclass(frozen=True)
class Curve:
    """One metric of the live run. ``scale`` multiplies its values (100 for percent).

    ``overlay``: whether other runs and bands are drawn for it; ``primary``: whether smoothing applies.
    """

    metric: str
    name: str
    role: str
    scale: float = 1.0
    dash: bool = False
    stepped: bool = False
    overlay: bool = True
    primary: bool = True
    help: str = ""


@dataclass(frozen=True)
class Level:
    """A constant line; ``value`` reads it from the scene, None while it is unknown."""

    name: str
    value: Callable[[Scene], float | None]
    role: str = "muted"
    help: str = ""


class LiveCurve:
    """The items of one curve: ``main`` is smoothed where smoothing is on, ``raw`` then stands behind it."""

    def __init__(self, main: Stroke, raw: Stroke | None, role: str) -> None:
        self.main = main
        self.raw = raw
        self.role = role
        self.name = ""
        self.track = Track()


Others = Mapping[tuple[str, int], LiveCurve]  # by (key of the run, number of the curve)


def run_key(overlay: Overlay) -> str:
    """The key of another run; names need not differ."""
    return f"{RUN}{id(overlay.metrics)}"


def level_key(number: int) -> str:
    """The key of a constant line."""
    return f"level {number}"


def legend_entries(
    curves: Sequence[Curve],
    levels: Sequence[Level],
    known: Sequence[float | None],
    overlays: Iterable[Overlay],
    bands: Iterable[Band],
    no_bands: NoBands | None = None,
) -> list[Entry]:
    """Live curves, the levels whose value is known, other runs, and each band once, or why there is none."""
    entries = [
        Entry(c.metric, c.name, colour(c.role), "dash" if c.dash else "line", True, c.help) for c in curves
    ]
    entries += [
        Entry(level_key(i), level.name, colour(level.role), "dash", True, level.help)
        for i, level in enumerate(levels)
        if known[i] is not None
    ]
    entries += [Entry(run_key(o), o.name, o.colour, "thin") for o in overlays]
    named = {band.name: band for band in bands}
    for name, (role, dash) in band_looks(named.values()).items():
        kind = "A healthy run" if named[name].healthy else "A sick run"
        about = f"{kind} of the same recipe, for comparison."
        style = "dashed fill" if dash else "fill"
        entries.append(Entry(f"band {name}", name, colour(role), style, help=about))
    if no_bands is not None and any(c.overlay and c.metric in no_bands.curves for c in curves):
        entries.append(Entry("no band", no_bands.short, colour("muted"), "note", help=no_bands.about))
    return entries


def band_looks(bands: Iterable[Band]) -> dict[str, tuple[str, bool]]:
    """Role and dashed edge of every band by name: sick ones differ in both, as red and amber are not for
    every eye."""
    looks: dict[str, tuple[str, bool]] = {}
    sick = 0
    for band in {band.name: band for band in bands}.values():
        if band.healthy:
            looks[band.name] = ("good", False)
        else:
            looks[band.name] = (_SICK[sick % len(_SICK)], sick % 2 == 1)
            sick += 1
    return looks


def table_of(curves: Sequence[Curve], live: Mapping[str, LiveCurve], others: Others) -> dict[str, NDArray]:
    """Step and every live curve as measured, then the same of the other runs."""
    table: dict[str, NDArray] = {}
    lengths = [item.track for item in live.values() if item.track.length]
    if lengths:
        table["step"] = lengths[0].steps
        for curve in curves:
            if live[curve.metric].track.length:
                table[curve.metric] = live[curve.metric].track.measured
    runs: dict[str, str] = {}
    for (run, number), other in others.items():
        if other.track.length:
            if run not in runs:  # two runs may have one name
                taken = f"{other.name}: step" in table
                runs[run] = f"{other.name} ({len(runs) + 1})" if taken else other.name
                table[f"{runs[run]}: step"] = other.track.steps
            table[f"{runs[run]}: {curves[number].metric}"] = other.track.measured
    return table


def stairs(x: NDArray, y: NDArray) -> tuple[NDArray, NDArray]:
    """Corner points of a curve that keeps its value until the next step; none where the value stays."""
    if len(x) < 2:
        return x, y
    corners = np.flatnonzero(np.diff(y)) + 1
    ends = np.concatenate((x[:1], np.repeat(x[corners], 2), x[-1:]))
    heights = np.repeat(y[np.concatenate(([0], corners))], 2)
    last = len(ends) - int(y[-1] != y[-2])  # a value that is new at the end has no line behind it
    return ends[:last], heights[:last]
