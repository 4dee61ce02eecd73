"""The label-efficiency curve: error rates over minutes of transcripts, pre-trained and from scratch."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QProgressBar, QPushButton, QSpinBox, QVBoxLayout

from ssllab.training.run_record import RunSettings
from ssllab.ui.bench import Bench
from ssllab.ui.panel import Panel
from ssllab.ui.plots.axis import value_text
from ssllab.ui.plots.chart import Chart, colour
from ssllab.ui.plots.legend import Entry
from ssllab.ui.work import Background

if TYPE_CHECKING:
    from ssllab.experiments.label_efficiency import LabelEfficiency, Outcome

POLL_MILLISECONDS = 300
STEPS = 300
_LINES = (("pretrained", "pre-trained", "attract"), ("scratch", "from scratch", "repel"))
_RATES = {
    "wer_beam": "Word errors",
    "cer_beam": "Character errors",
    "wer": "Word errors, greedy",
    "cer": "Character errors, greedy",
}


class EfficiencyChart(Chart):
    """Two lines over minutes on a logarithmic axis."""

    def __init__(self) -> None:
        super().__init__(
            x_label="transcribed speech (min)",
            y_label="error rate (%)",
            hint="Start the runs: a point comes with each",
            log=(True, False),
            can_log=(True, True),
            empty=((1, 20), (0, 105)),
        )
        self.rate = "wer_beam"
        self._curves: dict[str, Sequence[Outcome]] = {key: () for key, *_ in _LINES}
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

    def show_curves(self, curves: Mapping[str, Sequence[Outcome]]) -> None:
        """Outcomes of "pretrained" and "scratch", the fewest minutes first."""
        if dict(curves) != self._curves:
            self._curves = dict(curves)
            self.redraw()

    def choose(self, rate: str) -> None:
        """Which of an outcome's rates is drawn."""
        if rate != self.rate:
            self.rate = rate
            self.redraw()

    def _points(self, key: str) -> tuple[np.ndarray, np.ndarray]:
        """Minutes, and the rate in percent."""
        outcomes = self._curves[key]
        minutes = np.array([outcome.minutes for outcome in outcomes], float)
        return minutes, 100 * np.array([getattr(outcome, self.rate) for outcome in outcomes], float)

    def redraw(self) -> None:
        seen = [self._points(key) for key, *_ in _LINES if key not in self._hidden]
        minutes, rates = (np.concatenate(parts) for parts in zip(*seen, strict=True)) if seen else ([], [])
        self._show_empty(not any(map(len, self._curves.values())))
        for key, *_ in _LINES:
            x, y = self._points(key)
            self.put(self._strokes[key], x, y)
            self._dots[key].setData(self.map_x(x), self.map_y(y))
        if len(minutes):
            low = float(np.min(rates)) * 0.8 if self.log[1] else 0.0
            self.frame(
                (float(np.min(minutes)) * 0.9, float(np.max(minutes)) * 1.1), (low, max(100.0, np.max(rates)))
            )
        self.show_values()

    def values(self) -> dict[str, str]:
        found = {}
        for key, *_ in _LINES:
            _, rates = self._points(key)
            found[key] = f"{value_text(rates[-1])} %" if len(rates) else ""
        return found

    def readout(self, x):
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

    def columns(self):
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


class LabelEfficiencyPanel(Panel):
    """One button: fine-tune on 1, 3, 10 ... minutes of transcripts, pre-trained and from scratch."""

    id = "efficiency"
    title = "Label efficiency"
    help = """
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
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.chart = EfficiencyChart()
        self.run_button = QPushButton("Run")
        self.run_button.setToolTip(
            "Fine-tune on 1, 3, 10 ... minutes of transcripts, pre-trained and from scratch."
        )
        self.cancel_button = QPushButton("Cancel")
        self.run_button.clicked.connect(self.run)
        self.cancel_button.clicked.connect(self._cancel)
        self.rates = QComboBox()
        for key, words in _RATES.items():
            self.rates.addItem(words, key)
        self.rates.setToolTip("Greedy: the most probable class of every frame. Beam search: with the n-gram.")
        self.rates.currentIndexChanged.connect(lambda: self.chart.choose(self.rates.currentData()))
        for widget in (self.run_button, self.cancel_button, self.rates):
            widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.steps = QSpinBox()
        self.steps.setRange(1, 100_000)
        self.steps.setValue(STEPS)
        self.steps.setSuffix(" steps")
        self.steps.setToolTip("Steps of each run")
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setMaximumHeight(6)
        self.note = QLabel("Two short runs for each amount of transcripts.")
        self.note.setWordWrap(True)
        self.rates.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.rates.setMinimumContentsLength(8)
        row = QHBoxLayout()
        for widget in (self.run_button, self.cancel_button, self.steps):
            row.addWidget(widget)
        row.addWidget(self.rates, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 0)
        column.addLayout(row)
        column.addWidget(self.note)
        column.addWidget(self.bar)
        column.addWidget(self.chart, 1)
        self.runs: LabelEfficiency | None = None
        self._from = ""
        self._background = Background(self)
        self._timer = QTimer(self, interval=POLL_MILLISECONDS)
        self._timer.timeout.connect(self._poll)
        self._show_running(False)

    def run(self) -> None:
        """Queue the runs with the present settings; the live run pauses meanwhile."""
        bench = self.bench
        if bench.data is None or bench.config is None:
            return
        from ssllab.experiments.label_efficiency import transcribed_minutes

        minutes = transcribed_minutes(bench.data)
        if not minutes:
            bench.say("info", "The curve needs transcripts: choose the spoken samples, or transcribe takes.")
            return
        bench.pause()
        self._show_running(True)
        self._background.run(self._prepare(minutes), self._failed)

    def _prepare(self, minutes: float) -> Callable[[], Callable[[], None]]:
        """What decides from where to begin: the settings of fine-tuning, or the run on the bench if it learned."""
        from ssllab.methods.ctc import CTC

        bench, steps = self.bench, self.steps.value()
        live, data, seed, device = bench.live_run, bench.data, bench.seed, bench.device
        if bench.method_name == CTC.name:
            config, words, kept = bench.config, f"from {bench.config.pretrained}", None
        elif live is not None and live.step and live.stored:
            config = CTC.Config.make({"pretrained": str(live.stored.path)})
            words, kept = f"from this run at step {live.step:,}", bench.keep_checkpoint()
        else:
            config, words, kept = CTC.Config.make(), "from the shipped model", None
        settings = RunSettings(
            method=CTC.name,
            config=config.model_dump(),
            data=bench.data_name,
            seed=seed,
            device=device,
            precision="auto",
        )

        def work() -> Callable[[], None]:
            from ssllab.experiments.label_efficiency import LabelEfficiency, ladder

            if kept is not None:
                with contextlib.suppress(
                    RuntimeError
                ):  # the session has ended and kept its last state itself
                    kept.result()
            return lambda: self._begin(LabelEfficiency(settings, data, steps, ladder(minutes)), words)

        return work

    def _begin(self, runs: LabelEfficiency, words: str) -> None:
        self.runs, self._from = runs, words
        self._timer.start()

    def _failed(self, line: str, trace: str) -> None:
        self._show_running(False)
        self.bench.say("error", f"The curve stopped: {line}", trace)

    def restyle(self) -> None:
        self.chart.restyle()

    def view_state(self) -> dict[str, Any]:
        return {"rate": self.chart.rate, "steps": self.steps.value(), **self.chart.view_state()}

    def restore_view(self, state: Mapping[str, Any]) -> None:
        self.rates.setCurrentIndex(max(0, self.rates.findData(state.get("rate"))))
        if isinstance(state.get("steps"), int):
            self.steps.setValue(state["steps"])
        self.chart.restore_view(state)

    def _cancel(self) -> None:
        if self.runs is not None:
            self.runs.cancel()

    def _poll(self) -> None:
        runs = self.runs
        if runs is None:
            return
        running = runs.running
        self.chart.show_curves({"pretrained": runs.curve(True), "scratch": runs.curve(False)})
        self.bar.setValue(int(1000 * runs.progress))
        words = f"{len(runs.results)} of {len(runs.cells)} runs, {self._from}"
        left = runs.seconds_left
        if running and left is not None:
            words += f", about {left / 60:.0f} min left" if left > 90 else f", about {left:.0f} s left"
        self.note.setText(words)
        if not running:
            self._timer.stop()
            self._show_running(False)
            if runs.failure:
                self._failed(*runs.failure)

    def _show_running(self, running: bool) -> None:
        self.run_button.setEnabled(not running)
        self.steps.setEnabled(not running)
        self.cancel_button.setVisible(running)
        self.bar.setVisible(running)
