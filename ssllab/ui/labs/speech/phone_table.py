"""P(phone | code): which sounds the codes stand for, where phones are known."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ssllab.looks import PhoneTable
from ssllab.ui.bench import Bench
from ssllab.ui.plots.chart_panel import ChartPanel
from ssllab.ui.plots.heat_map import HeatMap
from ssllab.ui.scene import Scene

_HINT = "Press Start: which phones the codes stand for"
_UNKNOWN = "The phones of this data are not known. Choose the spoken samples to see what the codes stand for."


class PhoneMap(HeatMap):
    """Phones as rows, codes as columns sorted by their most probable phone."""

    def __init__(self) -> None:
        self._part: PhoneTable | None = None
        self._scores: tuple[float | None, ...] = ()
        super().__init__(x_label="codes, by their most probable phone", y_label="", hint=_HINT)

    def draw(self, scene: Scene) -> None:
        scores: tuple[float | None, ...] = ()
        if scene.probes is not None:
            scores = tuple(scene.probes.last(name) for name in ("purity", "pnmi"))
        part = scene.part(PhoneTable)
        # The table comes with a probe: a run that was probed and has none knows no phones.
        probed = scene.probes is not None and len(scene.probes) > 0
        self._hint = _UNKNOWN if scene.look is not None and probed and part is None else _HINT
        if part is None or part is not self._part or scores != self._scores:
            self._part, self._scores = part, scores
            self._lay_out()

    def reset(self) -> None:
        super().reset()
        self._part, self._scores, self._hint = None, (), _HINT
        self._lay_out()

    def _lay_out(self) -> None:
        part = self._part
        if part is None:
            self.scale.say("")
            self.show_matrix(None)
            return
        named = zip(("purity", "PNMI"), self._scores, strict=False)
        words = [f"{name} {value:.2f}" for name, value in named if value is not None and math.isfinite(value)]
        self.scale.say(", ".join(words) or "P(phone | code)", "0", "1")
        self.show_matrix(np.asarray(part.table, float), part.phone_names, part.code_names)

    def describe(self, row: int, column: int) -> str:
        part = self._part
        if part is None:
            return ""
        return (
            f"P({part.phone_names[row]} | {part.code_names[column]}) = {float(part.table[row, column]):.2f}, "
            f"{int(part.code_counts[column])} frames"
        )

    def columns(self) -> dict[str, NDArray]:
        part = self._part
        if part is None:
            return {}
        named = {f"p_{name}": row for name, row in zip(part.phone_names, part.table, strict=True)}
        return {"code": np.array(part.code_names), "frames": part.code_counts, **named}


class PhoneTablePanel(ChartPanel):
    """The table of the paper's appendix, with purity and PNMI."""

    id = "phones"
    title = "Phones of the codes"
    parts = (PhoneTable,)
    help = """
    <h3>Phones of the codes</h3>
    <p>Every column is a code (of two groups: a pair), every row a phone, the colour the probability that a frame with
    this code belongs to this phone. A frame belongs to the phone that fills most of the 25 ms it hears. Columns are
    sorted by their most probable phone. The phones were never shown to the model.</p>
    <p><b>How to read it.</b> A sharp staircase: codes stand for sounds. Several codes for one phone are usual, for a sound
    has a beginning, a middle and an end. Whole columns of one even grey: codes that know nothing. <b>Purity</b>: how often
    the most frequent phone of the code is right; more codes are purer for free. <b>PNMI</b>: the share of the uncertainty
    about the phone that the code removes, 0 where they are independent.</p>
    <p>Baevski et al. 2020, <i>wav2vec 2.0</i>, appendix D and figure 3; Hsu et al. 2021, <i>HuBERT</i>, section IV (purity,
    PNMI).</p>
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.map = PhoneMap()
        self.show_charts([("Phones", self.map)])
