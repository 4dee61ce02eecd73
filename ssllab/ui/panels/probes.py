"""What the representation is worth: kNN and linear probe on h and g(h), against the untrained encoder."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from ssllab.ui import theme
from ssllab.ui.panel import Scene
from ssllab.ui.plots.chart_panel import ChartPanel
from ssllab.ui.plots.time_plot import Curve, Level, TimePlot


def untrained(scene: Scene, name: str = "knn_top1") -> float | None:
    """The first measured value of a probe: that of the encoder before it learned, in percent."""
    if scene.probes is None:
        return None
    values = scene.probes.column(name)[1]
    good = np.flatnonzero(np.isfinite(values[:64]))
    return 100.0 * float(values[good[0]]) if good.size else None


def _chance(scene: Scene) -> float | None:
    chance = scene.constants.get("chance_top1")
    return None if chance is None else 100.0 * chance


class ProbesPanel(ChartPanel):
    """Probe accuracies with the gain over the untrained encoder as a large number."""

    id = "probes"
    title = "Probes"
    help = """
    <h3>Probes</h3>
    <p>How well held-out images can be classified from what the encoder gives, without changing the
    encoder. Labels are used here and nowhere else. <b>kNN</b>: a weighted vote of the nearest training
    images by cosine similarity. <b>Linear probe</b>: logistic regression on the frozen features. Both on
    <b>h</b>, the output of the encoder, and on <b>g(h)</b>, the output of the projection head on which
    the loss acts.</p>
    <p><b>How to read it.</b> This is the goal; the loss is only the means. The dotted lines: chance, and
    kNN on the untrained encoder, which is far above chance because even random filters tell images apart.
    Only what is above that line has been learned. h is usually better than g(h): the head throws away
    what the augmentations change.</p>
    <p>Chen et al. 2020, section 4.2 (h against g(h): more than 10 points) and appendix B.9; Wu et al.
    2018 (weighted kNN).</p>
    """

    def __init__(self, bench) -> None:
        super().__init__(bench)
        self._number = QLabel()
        self._words = QLabel()
        self._words.setToolTip("kNN accuracy on h now, less that of the encoder before the first step.")
        self._head = QWidget()
        self._head.setAutoFillBackground(True)
        row = QHBoxLayout(self._head)
        row.setContentsMargins(8, 2, 8, 0)
        row.setSpacing(8)
        row.addWidget(self._number)
        row.addWidget(self._words, 1, Qt.AlignmentFlag.AlignVCenter)
        self.plot = TimePlot(
            [
                Curve("knn_top1", "kNN h", "0", 100, primary=False, help="kNN on h, the encoder's output."),
                Curve("linear_top1", "linear h", "2", 100, primary=False, help="Linear probe on h."),
                Curve(
                    "knn_top1_z",
                    "kNN g(h)",
                    "0",
                    100,
                    dash=True,
                    primary=False,
                    overlay=False,
                    help="kNN on g(h), the head's output.",
                ),
                Curve(
                    "linear_top1_z",
                    "linear g(h)",
                    "2",
                    100,
                    dash=True,
                    primary=False,
                    overlay=False,
                    help="Linear probe on g(h).",
                ),
            ],
            y_label="accuracy",
            unit="%",
            levels=[
                Level("untrained", untrained, "warn", "kNN on h before the first step."),
                Level("chance", _chance, "muted", "Always guessing the most frequent class."),
            ],
            source="probes",
            hint="Press Start: every few seconds the probes say how much has been learned",
            empty_y=(0.0, 105.0),
        )
        self.add_header(self._head)
        self.show_charts([("Probes", self.plot)])
        self._style()

    def draw(self, scene: Scene) -> None:
        super().draw(scene)
        first = untrained(scene)
        last = scene.probes.last("knn_top1") if scene.probes is not None else None
        if first is None or last is None or not np.isfinite(last):
            self._say(None)
        else:
            self._say(100.0 * last - first)

    def _say(self, gain: float | None) -> None:
        self._head.setVisible(gain is not None)
        if gain is None:
            return
        text = f"{round(gain):+d}".replace("-", "−") if round(gain) else "±0"
        if text != self._number.text():
            self._number.setText(text)
            colour = theme.current().good if gain >= 0.5 else theme.current().text
            self._number.setStyleSheet(f"color: {theme.current().bad if gain < -0.5 else colour};")
        wide = self.width() > 34 * self.fontMetrics().averageCharWidth() + 8 * self.fontMetrics().height()
        words = "points of kNN accuracy over the untrained encoder" if wide else "points over untrained"
        if words != self._words.text():
            self._words.setText(words)

    def reset(self) -> None:
        super().reset()
        self._say(None)

    def restyle(self) -> None:
        super().restyle()
        self._style()

    def _style(self) -> None:
        now = theme.current()
        palette = self._head.palette()
        palette.setColor(self._head.backgroundRole(), now.surface)
        self._head.setPalette(palette)
        font = self.font()
        self._words.setFont(font)
        self._words.setStyleSheet(f"color: {now.muted};")
        if font.pointSizeF() > 0:
            font.setPointSizeF(font.pointSizeF() * 1.8)
        font.setBold(True)
        self._number.setFont(font)
        self._number.setText("")
        if self._scene is not None:
            self.draw(self._scene)
        else:
            self._say(None)
