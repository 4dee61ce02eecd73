"""The label-efficiency curve: error rates over minutes of transcripts, pre-trained and from scratch."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox

from ssllab.methods.ctc_settings import FineTuningSettings
from ssllab.training.run_record import RunSettings
from ssllab.ui.bench import Bench
from ssllab.ui.panels.sweep import Picture, Plan, Sweep
from ssllab.ui.plots.axis import value_text
from ssllab.ui.plots.chart import Chart, Readout, colour
from ssllab.ui.plots.legend import Entry

if TYPE_CHECKING:
    from ssllab.experiments.label_efficiency import Cell, LabelEfficiency, Outcome

_LINES = (("pretrained", "pre-trained", "attract"), ("scratch", "from scratch", "repel"))
_RATES = {
    "wer_beam": "Word errors",
    "cer_beam": "Character errors",
    "wer": "Word errors, greedy",
    "cer": "Character errors, greedy",
}


class EfficiencyChart(Chart, Picture):
    """Two lines over minutes on a logarithmic axis."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(
            x_label="transcribed speech (min)",
            y_label="error rate (%)",
            hint="Start the runs: a point comes with each",
            log=(True, False),
            can_log=(True, True),
            empty=((1, 20), (0, 105)),
        )
        self.rates = QComboBox()
        for key, words in _RATES.items():
            self.rates.addItem(words, key)
        self.rates.setToolTip("Greedy: the most probable class of every frame. Beam search: with the n-gram.")
        self.rates.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.rates.setMinimumContentsLength(8)
        self.rates.currentIndexChanged.connect(self.redraw)
        self.controls = (self.rates,)
        self._curves: dict[str, list[Outcome]] = {key: [] for key, *_ in _LINES}
        self._strokes = {key: self.line(key, role, width=2, z=3) for key, _, role in _LINES}
        self._dots = {key: self._dots_of(key, role) for key, _, role in _LINES}
        self.list_entries([Entry(key, name, colour(role), valued=True) for key, name, role in _LINES])

    def _dots_of(self, key: str, role: str) -> pg.ScatterPlotItem:
        item = pg.ScatterPlotItem(size=8, pen=None)
        item.setZValue(4)

        def style(dots: pg.ScatterPlotItem) -> None:
            dots.setBrush(QColor(colour(role)))

        self.add(key, item, style)
        return item

    @property
    def rate(self) -> str:
        """Which of an outcome's rates is drawn."""
        return self.rates.currentData()

    def show_results(self, results: Mapping[Cell, Outcome]) -> None:
        from ssllab.experiments.label_efficiency import curve

        curves = {key: curve(results, key == "pretrained") for key, *_ in _LINES}
        if curves != self._curves:
            self._curves = curves
            self.redraw()

    def _points(self, key: str) -> NDArray[np.float64]:
        """``(2, n)``: minutes, and the rate in percent."""
        points = [(found.minutes, 100 * getattr(found, self.rate)) for found in self._curves[key]]
        return np.array(points, float).reshape(-1, 2).T

    def redraw(self) -> None:
        seen = [self._points(key) for key, *_ in _LINES if key not in self._hidden]
        minutes, rates = np.concatenate([np.empty((2, 0)), *seen], axis=1)
        self._show_empty(not any(self._curves.values()))
        for key, *_ in _LINES:
            x, y = self._points(key)
            self.put(self._strokes[key], x, y)
            self._dots[key].setData(self.map_x(x), self.map_y(y))
        if len(minutes):
            low = rates.min() * 0.8 if self.log[1] else 0.0
            self.frame((minutes.min() * 0.9, minutes.max() * 1.1), (low, max(100.0, rates.max())))
        self.show_values()

    def values(self) -> dict[str, str]:
        rates = {key: self._points(key)[1] for key, *_ in _LINES}
        return {key: f"{value_text(known[-1])} %" if len(known) else "" for key, known in rates.items()}

    def readout(self, x: float) -> Readout | None:
        minutes = 10.0**x if self.log[0] else x
        known = sorted({outcome.minutes for outcomes in self._curves.values() for outcome in outcomes})
        if not known:
            return None
        near = min(known, key=lambda value: abs(np.log(value) - np.log(max(minutes, 1e-9))))
        place = float(self.map_x(np.array([near]))[0])
        values, dots = {}, []
        for key, _, role in _LINES:
            at, rates = self._points(key)
            if near in at and key not in self._hidden:
                rate = rates[list(at).index(near)]
                values[key] = f"{value_text(rate)} %"
                dots.append((place, float(self.map_y(np.array([rate]))[0]), colour(role)))
        return place, f"{value_text(near)} min", values, dots

    def columns(self) -> dict[str, NDArray]:
        minutes = sorted({outcome.minutes for outcomes in self._curves.values() for outcome in outcomes})
        if not minutes:
            return {}
        table = {"minutes": np.array(minutes)}
        for key, *_ in _LINES:
            known = {outcome.minutes: outcome for outcome in self._curves[key]}
            for rate in _RATES:
                table[f"{key} {rate}"] = np.array(
                    [getattr(known[m], rate) if m in known else np.nan for m in minutes]
                )
        return table

    def restyle(self) -> None:
        super().restyle()
        self.list_entries([Entry(key, name, colour(role), valued=True) for key, name, role in _LINES])

    def view_state(self) -> dict[str, Any]:
        return {"rate": self.rate, **super().view_state()}

    def restore_view(self, state: Mapping[str, Any]) -> None:
        self.rates.setCurrentIndex(max(0, self.rates.findData(state.get("rate"))))
        super().restore_view(state)


def _plan(bench: Bench, settings: RunSettings, data: Any) -> Plan | str:
    """Begins as the settings of fine-tuning on the bench say, else from the run on the bench if it learned."""
    from ssllab.experiments.label_efficiency import ladder, transcribed_minutes

    minutes = transcribed_minutes(data)
    if not minutes:
        return "The curve needs transcripts: choose the spoken samples, or transcribe takes."
    live, kept = bench.live_run, None
    if isinstance(bench.config, FineTuningSettings):
        words = f"from {bench.config.pretrained}"
    else:
        tuned = (m for m in bench.methods.values() if issubclass(m.Config, FineTuningSettings))
        if (method := next(tuned, None)) is None:
            return "The curve needs a method that fine-tunes; this lab has none."
        config, words = method.Config.make(), "from the shipped model"
        if live is not None and live.step and live.stored:
            config = config.changed({"pretrained": str(live.stored.path)})
            words, kept = f"from this run at step {live.step:,}", bench.keep_checkpoint()
        settings = settings.model_copy(update={"method": method.name, "config": config.model_dump()})

    def begin(steps: int) -> LabelEfficiency:
        from ssllab.experiments.label_efficiency import LabelEfficiency

        if kept is not None:
            with contextlib.suppress(RuntimeError):  # the session has ended and kept its last state itself
                kept.result()
        return LabelEfficiency(settings, data, steps, ladder(minutes))

    return Plan(begin, words)


def _to_plain(results: Mapping[Cell, Outcome]) -> Any:
    from ssllab.experiments.label_efficiency import to_plain

    return to_plain(results)


def _from_plain(rows: Any) -> Mapping[Cell, Outcome]:
    from ssllab.experiments.label_efficiency import from_plain

    return from_plain(rows)


LABEL_EFFICIENCY = Sweep(
    id="efficiency",
    title="Label efficiency",
    help="""
    <h3>Label efficiency</h3>
    <p>What pre-training is worth: short fine-tuning runs on 1, 3, 10 … minutes of transcribed speech, each from the
    pre-trained encoder and from random weights of the same shapes, all with the same steps and seed. The rate is that of
    the held-out clips. It needs data with transcripts: the shipped samples, or your own takes with theirs.</p>
    <p><b>How to read it.</b> The distance between the lines at one place is what was learned without labels; read
    sideways, it is the minutes of transcripts that it saves. The lines meet where labels are plenty. A rate above
    100&nbsp;% is possible: words put in count, too.</p>
    <p>Baevski et al. 2020, <i>wav2vec 2.0</i>, table 1: 10 minutes of labels and 53,000 hours without give 4.8 / 8.2 %
    (LARGE with a Transformer language model; LibriSpeech test clean / other). Small models on minutes of speech are far
    from that; compare within the picture.</p>
    """,
    picture=EfficiencyChart,
    plan=_plan,
    note="Two short runs for each amount of transcripts.",
    name="The curve",
    steps=300,
    to_plain=_to_plain,
    from_plain=_from_plain,
    tip="Fine-tune on 1, 3, 10 ... minutes of transcripts, pre-trained and from scratch.",
)
