"""Which codes are alive: usage over the sliding window, sorted, and every code as a tile that breathes."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import math
import time

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ssllab.looks import CodeUsage
from ssllab.ui.bench import Bench
from ssllab.ui.plots.axis import value_text
from ssllab.ui.plots.chart import Chart, Readout, colour
from ssllab.ui.plots.chart_panel import ChartPanel
from ssllab.ui.plots.heat_map import OFF, HeatMap
from ssllab.ui.plots.legend import Entry
from ssllab.ui.scene import Scene

_HINT = "Press Start: which codes are in use"
_BREATH = 0.35  # the share of the way to the newest usage that a tile goes in one drawing
_STILL = 0.002
_BREAK = 1.0  # seconds without a drawing (another tab, a pause) after which tiles begin anew
_FADED = 0.03  # below this a tile that nothing chooses any more is shown as dead
_MOST = 8.0  # times the even share at which a tile has its deepest colour
_TILE_ASPECT = 1.4


def usage_level(shares: NDArray, codes: int) -> NDArray:
    """Shares of a group's frames -> 0..1 for the colours: 0 unused, .3 the even share 1/V, 1 eight times that."""
    times = np.clip(np.asarray(shares, float) * codes, 0.0, _MOST)
    return np.log1p(times) / math.log1p(_MOST)


class SortedUsage(Chart):
    """The codes of every group by rank: hard usage filled, soft usage dashed."""

    def __init__(self) -> None:
        super().__init__(
            x_label="codes, most used first",
            y_label="share of frames (%)",
            hint=_HINT,
            can_log=(False, True),
            empty=((0, 40), (0, 10)),
        )
        self._part: CodeUsage | None = None
        self._hard: list = []
        self._soft: list = []
        self._even = self.line("even", "muted", width=1.4, dash=True)

    def draw(self, scene: Scene) -> None:
        part = scene.part(CodeUsage)
        if part is not self._part:
            self._part = part
            self.redraw()

    def reset(self) -> None:
        super().reset()
        self._part = None
        self.redraw()

    def redraw(self) -> None:
        hard, soft = self._shares("hard"), self._shares("soft")
        self._show_empty(not len(hard))
        self._draw_groups(len(hard))
        for groups, items in ((hard, self._hard), (soft, self._soft)):
            for shares, item in zip(groups, items, strict=False):
                x, y = _bars(shares)
                self.put(item, x, np.maximum(y, self._floor()) if self.log[1] else y)
        if len(hard):
            codes = hard.shape[1]
            self.put(self._even, np.array([0.0, codes]), np.full(2, 100.0 / codes))
            seen = [hard] + ([soft] if len(soft) else [])
            top = max([float(part.max()) for part in seen] + [2 * 100.0 / codes])
            self.frame((0, codes), (self._floor() if self.log[1] else 0.0, top * 1.05), pad=(0, 0))
        else:
            self._even.setData([], [])
        self.show_values()

    def _floor(self) -> float:
        """Below this a logarithmic axis shows nothing: a tenth of the even share."""
        hard = self._shares("hard")
        return 10.0 / hard.shape[1] if len(hard) else 0.1

    def _shares(self, field: str) -> NDArray:
        """Percent by group, most used first, ``(G, V)``; empty where unknown."""
        if self._part is None:
            return np.empty((0, 0))
        return -np.sort(-100.0 * np.asarray(getattr(self._part, field), float), axis=1)

    def _draw_groups(self, groups: int) -> None:
        while len(self._hard) < groups:
            role = str(len(self._hard))
            key = f"group {len(self._hard) + 1}"
            fill = self.line(key, role, width=1.6, fill=0.18, fill_to=0.0)
            self._hard.append(fill)
            self._soft.append(self.line(f"{key} soft", role, width=1.2, dash=True))
        for items in (self._hard, self._soft):
            for item in items[groups:]:
                item.setData([], [])
        self._list(groups)

    def _list(self, groups: int) -> None:
        entries = []
        for group in range(groups):
            used = self._used(group)
            key = f"group {group + 1}"
            entries.append(Entry(key, f"{key}: {used} used", colour(str(group)), "block"))
            if len(self._shares("soft")):
                entries.append(
                    Entry(f"{key} soft", "soft", colour(str(group)), "dash", help="The mean softmax.")
                )
        entries.append(Entry("even", "all alike", colour("muted"), "dash", help="1/V: even use."))
        self.list_entries(entries)

    def _used(self, group: int) -> int:
        return 0 if self._part is None else int((self._part.hard[group] > 0).sum())

    def restyle(self) -> None:
        super().restyle()
        self.redraw()

    def readout(self, x: float) -> Readout | None:
        hard = self._shares("hard")
        rank = int(np.clip(math.floor(x), 0, hard.shape[1] - 1))
        parts, dots = [], []
        for group, shares in enumerate(hard):
            if f"group {group + 1}" not in self._hidden:
                parts.append(f"{value_text(shares[rank])}%")
                y = float(self.map_y(shares[[rank]])[0])
                if math.isfinite(y):
                    dots.append((rank + 0.5, y, colour(str(group))))
        return rank + 0.5, f"no. {rank + 1}: " + ", ".join(parts), {}, dots

    def columns(self) -> dict[str, NDArray]:
        hard, soft = self._shares("hard"), self._shares("soft")
        if not len(hard):
            return {}
        table = {"rank": np.arange(1, hard.shape[1] + 1)}
        for name, groups in (("hard", hard), ("soft", soft)):
            table |= {f"{name}_{g + 1}_percent": shares for g, shares in enumerate(groups)}
        return table


def _bars(heights: NDArray) -> tuple[NDArray, NDArray]:
    """The outline of bars of width 1 that stand side by side from 0 on."""
    edges = np.arange(len(heights) + 1.0)
    return np.repeat(edges, 2)[1:-1], np.repeat(heights, 2)


class UsageTiles(HeatMap):
    """Every code of every group as a tile; a group wraps into as many rows as suit the room."""

    def __init__(self) -> None:
        self._part: CodeUsage | None = None
        self._groups = 0
        self._codes = 0
        self._width = 1  # tiles in a row
        self._shown: NDArray = np.empty((0, 0))
        self._drawn = 0.0  # when, by the clock
        self.breath = _BREATH
        self._wanted: NDArray = np.empty((0, 0))
        super().__init__(x_label="", y_label="", hint=_HINT)
        self.view.sigResized.connect(self._resized)

    def draw(self, scene: Scene) -> None:
        part = scene.part(CodeUsage)
        now = time.monotonic()
        rested, self._drawn = now - self._drawn > _BREAK, now
        if part is not self._part:
            self._part = part
            if part is None:
                self._wanted = np.empty((0, 0))
            else:
                self._wanted = usage_level(part.hard, part.hard.shape[1])
                self._groups, self._codes = self._wanted.shape
            # After a break a slow fade would tell of the past as if it were now.
            if rested or self.breath == 1.0 or self._shown.shape != self._wanted.shape:
                self._shown = self._wanted.copy()
                self._width = self._best_width()
            self._lay_out()
        elif rested and self._shown.size:
            self._shown = self._wanted.copy()
            self._lay_out()
        elif self._shown.size and float(np.abs(self._wanted - self._shown).max()) > _STILL:
            self._shown += self.breath * (self._wanted - self._shown)
            self._lay_out()

    def reset(self) -> None:
        super().reset()
        self._part = None
        self._shown = self._wanted = np.empty((0, 0))
        self._lay_out()

    def _resized(self) -> None:
        width = self._best_width()
        if width != self._width:
            self._width = width
            self._lay_out()

    def _rows(self) -> int:
        """Rows of one group and the gap below it."""
        return math.ceil(self._codes / self._width) + 1

    def _best_width(self) -> int:
        """Tiles in a row so that a tile comes nearest to its pleasant shape."""
        if not self._codes:
            return 1
        room = max(1.0, self.view.width()) / max(1.0, self.view.height())

        def cost(width: int) -> float:
            rows = self._groups * (math.ceil(self._codes / width) + 1) - 1
            left_over = -self._codes % width / width  # of the last row
            return abs(math.log(room * rows / width / _TILE_ASPECT)) + 2 * left_over

        return min(range(1, self._codes + 1), key=cost)

    def _lay_out(self) -> None:
        part = self._part
        if part is None or not self._shown.size:
            self.scale.say("")
            self.show_matrix(None)
            return
        rows = self._rows()
        levels = np.full((self._groups * rows - 1, self._width), np.nan)
        usage = part.hard
        dead = (usage == 0) & (self._shown < _FADED)
        for group, values in enumerate(np.where(dead, OFF, self._shown)):
            block = np.full((rows - 1) * self._width, np.nan)
            block[: self._codes] = values
            levels[group * rows : group * rows + rows - 1] = block.reshape(rows - 1, self._width)
        middles = [group * rows + (rows - 1) / 2 for group in range(self._groups)]
        names = [f"group {group + 1}" for group in range(self._groups)]
        seconds = part.window_seconds
        window = "" if not seconds else f" in the last {_minutes(seconds)}"
        self.scale.say(f"{(usage > 0).sum()} of {usage.size} used{window}", "rare", f"{_MOST:.0f}/V", "dead")
        self.show_matrix(levels, names, (), middles)

    def code_at(self, row: int, column: int) -> tuple[int, int] | None:
        """Group and code (from 0) of a tile."""
        group, inside = divmod(row, self._rows())
        code = inside * self._width + column
        return (group, code) if group < self._groups and code < self._codes else None

    def describe(self, row: int, column: int) -> str:
        found = self.code_at(row, column)
        if found is None or self._part is None:
            return ""
        share = float(self._part.hard[found])
        times = f", {share * self._codes:.1f}× the even share" if share else ""
        return f"group {found[0] + 1}, code {found[1]}: {value_text(100 * share)}%{times}"

    def columns(self) -> dict[str, NDArray]:
        if self._part is None:
            return {}
        usage = self._part.hard
        group, code = np.indices(usage.shape)
        return {"group": group.ravel() + 1, "code": code.ravel(), "share_percent": 100.0 * usage.ravel()}


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


class CodeUsagePanel(ChartPanel):
    """Usage by rank and by code; a click on a tile asks for the places where its code occurs."""

    code_picked = Signal(object)  # group and code

    id = "usage"
    title = "Code usage"
    parts = (CodeUsage,)
    help = """
    <h3>Code usage</h3>
    <p>How often each code was chosen in the last pass over the data (a sliding window, so that the numbers do not depend
    on the batch). <b>Tiles</b>: one for every code, group by group in the order of the codebook; the deeper its colour,
    the more it is used; reddish: dead, not used once. <b>Sorted</b>: the same by rank, with the mean softmax dashed and
    even use as a line.</p>
    <p><b>How to read it.</b> Healthy codebooks breathe: codes come and go, and most are in use. Speech is not made of
    equally frequent sounds, so a slope is right; a cliff after a few codes is collapse. Soft usage that lies flat on the
    line while hard usage falls off a cliff: nothing decides. <b>Click a tile</b> to mark, list and hear every place where
    its code occurs.</p>
    <p>Baevski et al. 2020, <i>wav2vec 2.0</i>, section 3.2 (diversity loss); Dieleman et al. 2018 and Dhariwal et al.
    2020, <i>Jukebox</i>, section 3 (restarting codes that nothing uses).</p>
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.tiles = UsageTiles()
        self.sorted = SortedUsage()
        self.tiles.cell_clicked.connect(self._show_code)
        self.show_charts([("Tiles", self.tiles), ("Sorted", self.sorted)])

    def stand_still(self) -> QWidget:
        self.tiles.breath = 1.0
        return self

    def _show_code(self, row: int, column: int) -> None:
        found = self.tiles.code_at(row, column)
        if found is not None:
            self.code_picked.emit(found)
