"""P(phone | code): which sounds the codes stand for, where phones are known."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ssllab.ui.panel import Scene
from ssllab.ui.plots.chart_panel import ChartPanel
from ssllab.ui.plots.heat_map import HeatMap

_HINT = "Press Start: which phones the codes stand for"
_UNKNOWN = "The phones of this data are not known. Choose the spoken samples to see what the codes stand for."


class PhoneMap(HeatMap):
    """Phones as rows, codes as columns sorted by their most probable phone."""

    def __init__(self) -> None:
        self._look: Any = None
        self._table: Any = None
        self._scores: tuple[float | None, ...] = ()
        super().__init__(x_label="codes, by their most probable phone", y_label="", hint=_HINT)

    def draw(self, scene: Scene) -> None:
        scores: tuple[float | None, ...] = ()
        if scene.probes is not None:
            scores = tuple(scene.probes.last(name) for name in ("purity", "pnmi"))
        table = getattr(scene.look, "phone_given_code", None)
        # The table comes with a probe: a run that was probed and has none knows no phones.
        probed = scene.probes is not None and len(scene.probes) > 0
        self._hint = _UNKNOWN if scene.look is not None and probed and table is None else _HINT
        if table is None or table is not self._table or scores != self._scores:
            self._look, self._table, self._scores = scene.look, table, scores
            self._lay_out()

    def reset(self) -> None:
        super().reset()
        self._look, self._table, self._scores, self._hint = None, None, (), _HINT
        self._lay_out()

    def _lay_out(self) -> None:
        if self._table is None:
            self.scale.say("")
            self.show_matrix(None)
            return
        named = zip(("purity", "PNMI"), self._scores, strict=False)
        words = [f"{name} {value:.2f}" for name, value in named if value is not None and math.isfinite(value)]
        self.scale.say(", ".join(words) or "P(phone | code)", "0", "1")
        self.show_matrix(np.asarray(self._table, float), self._look.phone_names, self._look.code_names)

    def describe(self, row: int, column: int) -> str:
        look = self._look
        return (
            f"P({look.phone_names[row]} | {look.code_names[column]}) = {float(self._table[row, column]):.2f}, "
            f"{int(look.code_counts[column])} frames"
        )

    def columns(self):
        look = self._look
        if self._table is None:
            return {}
        named = {f"p_{name}": row for name, row in zip(look.phone_names, self._table, strict=True)}
        return {"code": np.array(look.code_names), "frames": look.code_counts, **named}


class PhoneTablePanel(ChartPanel):
    """The table of the paper's appendix, with purity and PNMI."""

    id = "phones"
    title = "Phones of the codes"
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

    def __init__(self, bench) -> None:
        super().__init__(bench)
        self.map = PhoneMap()
        self.show_charts([("Phones", self.map)])
