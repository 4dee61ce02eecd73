"""P(phone | code): which sounds the codes stand for, where phones are known."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ssllab.looks import PhoneTable
from ssllab.training.metrics import MetricsLog
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
        self._words = ""
        super().__init__(x_label="codes, by their most probable phone", y_label="", hint=_HINT)

    def draw(self, scene: Scene) -> None:
        words = "" if scene.probes is None else _said(scene.probes)
        part = scene.part(PhoneTable)
        # The table comes with a probe: a run that was probed and has none knows no phones.
        probed = scene.probes is not None and len(scene.probes) > 0
        self._hint = _UNKNOWN if scene.look is not None and probed and part is None else _HINT
        if part is None or part is not self._part or words != self._words:
            self._part, self._words = part, words
            self._lay_out()

    def reset(self) -> None:
        super().reset()
        self._part, self._words, self._hint = None, "", _HINT
        self._lay_out()

    def _lay_out(self) -> None:
        part = self._part
        if part is None:
            self.scale.say("")
            self.show_matrix(None)
            return
        self.scale.say(self._words or "P(phone | code)", "0", "1")
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


def _said(probes: MetricsLog) -> str:
    """Purity and PNMI, each beside what shuffled phones give, and what they stand on."""
    words = []
    for title, name in (("PNMI", "pnmi"), ("purity", "purity")):
        value, chance = probes.last(name), probes.last(f"chance_{name}")
        if value is not None and math.isfinite(value):
            noise = "" if chance is None else f" (chance {_share(chance)})"
            words.append(f"{title} {_share(value)}{noise}")
    frames, codes = probes.last("labelled_frames"), probes.last("code_combinations")
    if words and frames is not None and codes is not None:
        words.append(f"{frames:,.0f} frames, {codes:,.0f} codes")
    return ", ".join(words)


def _share(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}"  # no minus before zero


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
    has a beginning, a middle and an end. Whole columns of one even grey: codes that know nothing. A code met in few frames
    is sure of its phone for no reason. <b>Purity</b>: how often the most probable phone of the code is right.
    <b>PNMI</b>: the share of the uncertainty about the phone that the code removes. Both are read on clips that the
    table was not made of, so that many codes know nothing for free, and stand beside what they are when the phones are
    shuffled: PNMI 0, purity the share of the most frequent phone.</p>
    <p>Baevski et al. 2020, <i>wav2vec 2.0</i>, appendix D and figure 3; Hsu et al. 2021, <i>HuBERT</i>, section IV (purity,
    PNMI).</p>
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.map = PhoneMap()
        self.show_charts([("Phones", self.map)])
