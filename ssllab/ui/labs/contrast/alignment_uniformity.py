"""Alignment and uniformity (Wang and Isola 2020): over steps, and the path of the run in their plane."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ssllab.training.metrics import MetricsLog
from ssllab.ui.bench import Bench
from ssllab.ui.plots.annotations import Arrow, Note
from ssllab.ui.plots.axis import value_text
from ssllab.ui.plots.chart import Chart, colour
from ssllab.ui.plots.chart_panel import ChartPanel
from ssllab.ui.plots.legend import Entry
from ssllab.ui.plots.stroke import Stroke
from ssllab.ui.plots.time_plot import Curve, Level, TimePlot
from ssllab.ui.scene import Overlay, Scene


def uniform_on_sphere(dimension: int) -> float:
    """Uniformity of points spread evenly over the unit sphere in ``dimension`` dimensions (no unit).

    log E exp(-2 |x - y|^2) = -4 + log 0F1(; d/2; 4): -1.573 on the circle, -3.938 for d = 128, towards -4
    (Wang and Isola 2020, section 4.2, with t = 2).
    """
    term = total = 1.0
    for k in range(1, 60):
        term *= 4.0 / (k * (dimension / 2 + k - 1))
        total += term
    return math.log(total) - 4.0


def _best_uniformity(scene: Scene) -> float | None:
    dimension = scene.constants.get("dimension_z")
    return uniform_on_sphere(int(dimension)) if dimension else None


class AlignmentPlane(Chart):
    """The path of the run: uniformity to the left is better, alignment down is better."""

    def __init__(self) -> None:
        super().__init__(
            x_label="uniformity (← spread out)",
            y_label="alignment (↓)",
            hint="Press Start: the run draws its path here",
            can_log=(False, False),
            empty=((-4.2, 0.2), (-0.1, 1.6)),
        )
        self._state: object = None
        self._path = (np.empty(0), np.empty(0), np.empty(0))
        self._best: float | None = None
        self._others: list[tuple[Overlay, Stroke]] = []
        self._curve = self.line("path", "accent", width=1.8)
        self._list([])

    def draw(self, scene: Scene) -> None:
        others = tuple((o.name, o.colour, id(o.probes), len(o.probes)) for o in scene.overlays)
        log = scene.probes
        best = _best_uniformity(scene)
        state = (id(log), 0 if log is None else (log.generation, len(log)), others, best)
        if state == self._state:
            return
        self._state, self._best = state, best
        self._path = _points(log)
        for _, item in self._others:
            self.remove(item)
        self._others = []
        for overlay in scene.overlays:
            item = self.line(f"run {overlay.name}", overlay.colour, width=1.2, z=-1)
            _, x, y = _points(overlay.probes)
            self.put(item, x, y)
            self._others.append((overlay, item))
        self._list(scene.overlays)
        self.redraw()

    def reset(self) -> None:
        super().reset()
        self._state = None
        self._path = (np.empty(0), np.empty(0), np.empty(0))
        self.redraw()

    def redraw(self) -> None:
        _, x, y = self._path
        self.put(self._curve, x, y)
        self._show_empty(not len(x))
        self._annotate()
        if len(x):
            shown = [(x, y)] + [item.getData() for _, item in self._others if item.getData()[0] is not None]
            low = min(min(a.min() for a, _ in shown if len(a)), self._best or -3.9)
            high = max(b.max() for _, b in shown if len(b))
            self.frame((low - 0.35, 0.35), (-0.08 * max(high, 0.5), max(high, 0.5) * 1.12), pad=(0, 0))
        self.show_values()

    def _annotate(self) -> None:
        _, x, y = self._path
        notes = [Note(0.0, 0.0, "collapsed", colour("bad"), "above")]
        if self._best is not None:
            notes.append(Note(self._best, 0.0, "perfect", colour("good"), "above"))
        self.notes.arrow = None
        if len(x) and "path" not in self._hidden:
            notes.append(Note(x[0], y[0], "start", colour("muted"), "above"))
            back = 0
            for i in range(len(x) - 2, -1, -1):  # a direction that noise of the last probe does not turn
                if math.hypot(x[-1] - x[i], y[-1] - y[i]) > 0.02:
                    back = i
                    break
            self.notes.arrow = Arrow(x[back], y[back], x[-1], y[-1], colour("accent"))
        self.notes.notes = notes
        self.notes.update()

    def _list(self, overlays: Sequence[Overlay]) -> None:
        entries = [
            Entry("path", "now", colour("accent"), "line", True, "Uniformity and alignment of this run.")
        ]
        entries += [Entry(f"run {o.name}", o.name, o.colour, "thin") for o in overlays]
        self.list_entries(entries)

    def restyle(self) -> None:
        super().restyle()
        self._list([overlay for overlay, _ in self._others])
        self._annotate()

    def values(self) -> dict[str, str]:
        _, x, y = self._path
        return {"path": f"{value_text(x[-1])}, {value_text(y[-1])}" if len(x) else "–"}

    def columns(self) -> dict[str, NDArray]:
        step, x, y = self._path
        return {"step": step, "uniformity": x, "alignment": y} if len(x) else {}


def _points(log: MetricsLog | None) -> tuple[NDArray, NDArray, NDArray]:
    """``(step, uniformity, alignment)`` of every probe that measured both."""
    if log is None:
        return np.empty(0), np.empty(0), np.empty(0)
    step, uniformity = log.column("uniformity")
    alignment = log.column("alignment")[1][: len(step)]
    good = np.isfinite(uniformity) & np.isfinite(alignment)
    return step[good], uniformity[good].astype(float), alignment[good].astype(float)


class AlignmentUniformityPanel(ChartPanel):
    """Alignment and uniformity over steps and as a plane."""

    id = "alignment"
    title = "Alignment and uniformity"
    help = """
    <h3>Alignment and uniformity</h3>
    <p><b>Alignment</b> E‖x−y‖² over the two views of an image: how far apart positives are. 0 is perfect.
    <b>Uniformity</b> log E exp(−2‖x−y‖²) over different images: how evenly the embeddings cover the
    sphere. More negative is better; the best possible value depends on the dimension (−1.57 on the
    circle, −3.94 for 128, never below −4), and noise has it: uniformity alone proves nothing. <b>Of two images</b>:
the alignment of views of different images, measured; positives that are no nearer are not aligned.</p>
    <p><b>How to read it.</b> The contrastive loss asks for both at once. In the plane a healthy run moves
    to the left (it spreads) and then down (positives come together). The point (0, 0) is collapse:
    perfectly aligned and not spread at all. A lower temperature gives more uniformity and less
    alignment.</p>
    <p>Wang and Isola 2020, <i>Understanding Contrastive Representation Learning through Alignment and
    Uniformity on the Hypersphere</i>, section 4.</p>
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.plot = TimePlot(
            [
                Curve(
                    "alignment",
                    "alignment",
                    "attract",
                    help="Mean squared distance of positives; 0 is perfect.",
                ),
                Curve(
                    "chance_alignment",
                    "of two images",
                    "muted",
                    dash=True,
                    stepped=True,
                    overlay=False,
                    primary=False,
                    help="Alignment of views of different images: what pairs have that are none.",
                ),
                Curve(
                    "uniformity",
                    "uniformity",
                    "repel",
                    help="How evenly the sphere is covered; lower is better.",
                ),
            ],
            y_label="value",
            levels=[
                Level(
                    "evenly spread", _best_uniformity, help="The best uniformity there is in this dimension."
                )
            ],
            source="probes",
            hint="Press Start: both should fall",
            empty_y=(-4.2, 2.0),
            always=(0.0,),
        )
        self.plane = AlignmentPlane()
        self.show_charts([("Plane", self.plane), ("Over steps", self.plot)])
