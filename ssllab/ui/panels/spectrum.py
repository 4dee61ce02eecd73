"""How many dimensions the embedding uses: singular values, spread per dimension, RankMe, correlations."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ssllab.looks import Spectrum
from ssllab.ui.bench import Bench
from ssllab.ui.plots.axis import value_text
from ssllab.ui.plots.chart import Chart, Readout, colour
from ssllab.ui.plots.chart_panel import ChartPanel
from ssllab.ui.plots.legend import Entry
from ssllab.ui.scene import Scene

_KINDS = (("h", "h", "attract"), ("z", "g(h)", "repel"))


class SortedValues(Chart):
    """Values by rank, one curve for h and one for g(h), or one for z where a method has no h; ``relative`` to their
    largest. Where they are of vectors as they are they stand as bars, on an axis that does not shrink with them."""

    def __init__(
        self,
        field: str,
        *,
        x_label: str,
        y_label: str,
        hint: str,
        log_y: bool,
        levels: bool,
        relative: bool = False,
    ) -> None:
        super().__init__(
            x_label=x_label,
            y_label=y_label,
            hint=hint,
            log=(False, log_y),
            can_log=(True, True),
            empty=((1, 128), (1e-4, 1.0) if log_y else (0.0, 0.2)),
        )
        self._field = field
        self._relative = relative
        self._part: Spectrum | None = None
        self._named = True  # also before the first look
        self._ranks: dict[str, tuple[float | None, ...]] = {}  # RankMe, of noise, effective rank
        self._highest = 0.0  # of vectors as they are, in this run
        self._curves = {key: self.line(key, role, width=2) for key, _, role in _KINDS}
        self._bars = self.line("z", "repel", width=0, fill=0.4, fill_to=0.0, z=-1)
        self._levels = {}
        if levels:
            self._levels = {
                key: self.line(f"{key} even", role, width=1.3, dash=True) for key, _, role in _KINDS
            }
        self._list()

    def wait_unnamed(self) -> None:
        """Which curves there will be is not known before the first look."""
        self._named = False
        self._list()

    def draw(self, scene: Scene) -> None:
        ranks: dict[str, tuple[float | None, ...]] = {}
        if not self._levels and scene.probes is not None:
            ranks = {
                key: (
                    scene.probes.last(f"rankme_{key}"),
                    scene.constants.get(f"noise_rankme_{key}"),
                    scene.probes.last(f"effective_rank_{key}"),
                )
                for key, *_ in _KINDS
            }
            if ranks["z"][0] is None:
                ranks["z"] = scene.probes.last("rankme"), None, scene.probes.last("effective_rank")
        part = scene.part(Spectrum)
        if part is self._part and ranks == self._ranks:
            return
        self._part, self._ranks = part, ranks
        self._list()
        self.redraw()

    def reset(self) -> None:
        super().reset()
        self._part = None
        self._ranks = {}
        self._highest = 0.0
        self._list()
        self.redraw()

    def _kinds(self) -> list[tuple[str, str, str]]:
        """Key, name and colour of what there is to draw."""
        if self._part is None and not self._named:
            return []
        if self._part is not None and self._part.singular_values_h is None:
            return [("z", "z", "repel")]
        return list(_KINDS)

    @property
    def _barred(self) -> bool:
        """Whether z stands as bars."""
        return bool(self._levels) and self._part is not None and self._part.raw

    def _values(self, key: str) -> np.ndarray:
        found = None if self._part is None else getattr(self._part, f"{self._field}_{key}")
        if found is None:
            return np.empty(0)
        values = np.sort(np.asarray(found, float))[::-1]
        return values / values[0] if self._relative and len(values) and values[0] > 0 else values

    def redraw(self) -> None:
        self._show_empty(self._part is None)
        tops, lows, longest = [], [], 2
        barred = self._barred
        bars = self._values("z") if barred else np.empty(0)
        side = 0.5 if barred else 0.0  # a bar is as wide as its place
        for key, curve in self._curves.items():
            values = self._values(key)
            rank = np.arange(1, len(values) + 1)
            drawn = values if key != "z" or not barred else np.full(len(values), np.nan)
            self.put(curve, rank, drawn)
            longest = max(longest, len(values))
            good = values[np.isfinite(values) & (values > 0)]
            if good.size and key not in self._hidden:
                tops.append(float(good.max()))
                lows.append(float(good.min()))
            if key in self._levels:
                even = 1.0 / math.sqrt(len(values)) if len(values) else math.nan
                ends = np.array([1.0, max(1, len(values))]) + np.array([-side, side])
                self.put(self._levels[key], ends, np.full(2, even))
                if len(values):
                    tops.append(even)
                    lows.append(even)
        places = np.repeat(np.arange(len(bars) + 1) + 0.5, 2)[1:-1]
        self.put(self._bars, places, np.repeat(bars, 2))
        if bars.size and tops:
            self._highest = max(self._highest, *tops)
            tops.append(self._highest)
        if tops:
            # Below a millionth of the largest there is only rounding.
            low = max(min(lows), max(tops) * 1e-6) * 0.8 if self.log[1] else 0.0
            top = max(tops) * (1.5 if self.log[1] else 1.08)
            self.frame((1 - side, longest + side), (low, top), pad=(0.01, 0))
        self.show_values()

    def _list(self) -> None:
        entries = []
        for key, name, role in self._kinds():
            size = len(self._values(key))
            rank, noise, effective = self._ranks.get(key, (None, None, None))
            if rank is not None and math.isfinite(rank):
                both = effective is not None and math.isfinite(effective)
                name += f": RankMe {rank:.1f}" + (f", effective rank {effective:.1f}," if both else "")
                name += f" of {size}" if size else ""
                name += f" (noise {noise:.0f})" if noise is not None else ""
            entries.append(Entry(key, name, colour(role), "fill" if key == "z" and self._barred else "line"))
        if self._levels:
            entries += [
                Entry(
                    f"{key} even",
                    f"1/√{len(self._values(key)) or 'd'}",
                    colour(role),
                    "dash",
                    help="Standard deviation of unit vectors spread evenly over the sphere.",
                )
                for key, _, role in self._kinds()
            ]
            cosine = None if self._part is None or not self._part.raw else self._part.mean_cosine
            if cosine is not None and math.isfinite(cosine):
                words = f"cosine of unrelated {value_text(cosine)}"
                entries.append(
                    Entry(
                        "cosine", words, colour("text"), "note", help="Mean; 1 when all point the same way."
                    )
                )
        self.list_entries(entries)

    def restyle(self) -> None:
        super().restyle()
        self._list()
        self.redraw()

    def readout(self, x: float) -> Readout | None:
        rank = max(1, round(10.0**x if self.log[0] else x))
        place = float(self.map_x(np.array([rank]))[0])
        parts, dots = [], []
        for key, name, role in self._kinds():
            values = self._values(key)
            if rank <= len(values) and key not in self._hidden:
                parts.append(f"{name} {value_text(values[rank - 1])}")
                y = float(self.map_y(values[[rank - 1]])[0])
                if math.isfinite(y):
                    dots.append((place, y, colour(role)))
        return place, f"no. {rank}: " + ", ".join(parts), {}, dots

    def columns(self) -> dict[str, NDArray]:
        found = {name: self._values(key) for key, name, _ in self._kinds()}
        if not any(len(values) for values in found.values()):
            return {}
        return {"rank": np.arange(1, max(len(v) for v in found.values()) + 1), **found}


class SpectrumPanel(ChartPanel):
    """Singular values and standard deviations per dimension."""

    id = "spectrum"
    title = "Dimensions used"
    parts = (Spectrum,)
    help = """
    <h3>Dimensions used</h3>
    <p><b>Spectrum</b>: singular values of the matrix of embeddings, largest first, divided by the
    largest. <b>RankMe</b>: exp of the entropy of the normalised singular values, the number of dimensions
    in use. <b>Spread</b>: the standard deviation of every dimension of the unit vectors, sorted, against
    1/√d, that of vectors spread evenly over the sphere.</p>
    <p><b>How to read it.</b> A spectrum that falls slowly uses many dimensions. A cliff is dimensional
    collapse: the embeddings lie in a small subspace, even if they are well spread in it. All spreads near
    0 is complete collapse. Read both: output batch norm keeps the spread up while the rank falls to 1,
    and a high rank can be that of residual noise around one point.</p>
    <p>Garrido et al. 2023, <i>RankMe</i>, equation 1; Jing et al. 2022, <i>Understanding Dimensional
    Collapse</i>; Chen and He 2021 (SimSiam), section 4.1 (standard deviation against 1/√d).</p>
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.spectrum = SortedValues(
            "singular_values",
            x_label="number of the singular value",
            y_label="σ / largest σ",
            hint="Press Start: how many dimensions the embedding uses",
            log_y=True,
            levels=False,
            relative=True,
        )
        self.spread = SortedValues(
            "channel_std",
            x_label="dimension, sorted",
            y_label="std",
            hint="Press Start: how far every dimension spreads",
            log_y=False,
            levels=True,
        )
        self.show_charts(self.arranged())

    def arranged(self) -> list[tuple[str, Chart]]:
        """The charts with the names of their tabs, the main one first."""
        return [("Spectrum", self.spectrum), ("Spread", self.spread)]
