"""Surprise: something happens in a clip that cannot happen, and the energy over time says so, or does not."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ssllab.looks import EnergyOverTime
from ssllab.ui.asking import Question
from ssllab.ui.flicker import PER_SECOND
from ssllab.ui.labs.energy.widgets.asking import ClipModels, ClipPanel
from ssllab.ui.labs.energy.widgets.frames import FrameStrip
from ssllab.ui.live_model import Copied
from ssllab.ui.plots.axis import value_text
from ssllab.ui.plots.chart import Chart, Readout, colour
from ssllab.ui.plots.export import FrameCall, frame_of
from ssllab.ui.plots.legend import Entry
from ssllab.ui.scene import Scene
from ssllab.ui.widgets.control_row import CalmCombo
from ssllab.ui.work import Task

if TYPE_CHECKING:
    from ssllab.data.video.settings import WorldSettings
    from ssllab.methods.clips import ClipMethod

_HINT = "the energy of each frame of a clip"


class EnergyChart(Chart):
    """The energy of each frame after those before it. ``pointed`` brings the frame under the mouse, -1 for none."""

    pointed = Signal(int)
    per_second = PER_SECOND

    def __init__(self) -> None:
        super().__init__(
            x_label="frame",
            y_label="energy",
            hint=f"Press Start: {_HINT}",
            empty=((0, 48), (0, 1.1)),
            wheel_axis=0,
        )
        self.found: EnergyOverTime | None = None
        self._usual = self.line("usual", "muted", width=1.3, dash=True)
        self._threshold = self.line("threshold", "text", width=1.3)
        self._moment = self.line("moment", "warn", width=1.5)
        self._energy = self.line("energy", "0")
        self.legend.hide()

    def show_energies(self, found: EnergyOverTime | None) -> None:
        """Of a clip, or none."""
        self.found = found
        self.redraw()

    def redraw(self) -> None:
        found = self.found
        self._show_empty(found is None)
        none = np.empty(0)
        for line in (self._usual, self._threshold, self._moment, self._energy):
            self.put(line, none, none)
        if found is None:
            self.list_entries([])
            return
        frames = np.arange(len(found.energies))
        low, high = self._range(found)
        self.put(self._energy, frames, found.energies)
        self.put(self._threshold, frames[[0, -1]], np.full(2, found.threshold))
        entries = [Entry("energy", "energy", colour("0"), valued=True)]
        if found.at is not None:
            self.put(self._usual, frames, found.usual)
            self.put(self._moment, np.full(2, found.at), np.array([low, high]))
            entries.append(Entry("usual", "with nothing changed", colour("muted"), "dash", valued=True))
        entries.append(
            Entry("threshold", f"95th percentile: {value_text(found.threshold)}", colour("text"), "thin")
        )
        self.list_entries(entries)
        self.frame((0, len(frames) - 1), (low, high), pad=(0.02, 0.06))
        self.show_values()

    def _range(self, found: EnergyOverTime) -> tuple[float, float]:
        """Down to 0 and up to the untrained model's energies at least: scaled to itself, noise would look like peaks."""
        both = np.concatenate((found.energies, found.usual))
        low, high = float(np.nanmin(both)), float(np.nanmax(both))
        low = min(low, 0.0)
        return low, max(high, low + found.untrained)

    def point(self, frame: int) -> None:
        """The crosshair at a frame; -1 for none."""
        self._mouse_x = None if frame < 0 else float(frame)
        self.show_values()

    def show_values(self) -> None:
        super().show_values()
        at = -1 if self._mouse_x is None or self.found is None else round(self._mouse_x)
        self.pointed.emit(at if self.found is not None and 0 <= at < len(self.found.energies) else -1)

    def readout(self, x: float) -> Readout | None:
        found = self.found
        at = round(x)
        if found is None or not 0 <= at < len(found.energies):
            return None
        if not np.isfinite(found.energies[at]):
            return float(at), f"frame {at}: context", {}, []
        told = {"energy": value_text(float(found.energies[at])), "usual": value_text(float(found.usual[at]))}
        y = float(self.map_y(found.energies[at : at + 1])[0])
        return float(at), f"frame {at}", told, [(float(at), y, colour("0"))]

    def frames(self) -> Sequence[FrameCall]:
        """The cursor goes through the clip, on a view that nobody sees."""
        if self.found is None:
            return ()
        unseen = EnergyView()
        unseen.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        unseen.resize(self.width(), self.height() + unseen.strip.sizeHint().height())
        unseen.show()
        unseen.show_found(self.found)
        times = range(len(self.found.energies))
        return [partial(frame_of, unseen, partial(unseen.chart.point, t)) for t in times]

    def columns(self) -> dict[str, NDArray]:
        found = self.found
        if found is None:
            return {}
        columns = {"frame": np.arange(len(found.energies)), "energy": found.energies}
        if found.at is not None:
            columns["with nothing changed"] = found.usual
            columns["surprise"] = (np.arange(len(found.energies)) == found.at).astype(int)
        return columns


class EnergyView(QWidget):
    """The curve, and below it the frames; a cursor goes through both."""

    def __init__(self) -> None:
        super().__init__()
        self.chart = EnergyChart()
        self.strip = FrameStrip(self.chart)
        self.chart.pointed.connect(lambda frame: self.strip.point(() if frame < 0 else (frame,)))
        self.strip.pointed.connect(self.chart.point)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.chart, 1)
        column.addWidget(self.strip)

    def show_found(self, found: EnergyOverTime | None) -> None:
        """Of a clip, or nothing."""
        self.chart.show_energies(found)
        if found is None:
            self.strip.forget()
        else:
            self.strip.show_frames(found.frames, found.at)


class SurprisePanel(ClipPanel):
    """One surprise at a time, always in the middle half of a clip."""

    id = "surprise"
    title = "Surprise"
    parts = (EnergyOverTime,)
    hint = _HINT
    help = """
    <h3>Surprise</h3>
    <p>A held-out clip in which something happens that never does in this world: the ball <b>teleports</b>, <b>changes
    shape</b>, <b>passes in front of the wall</b> or <b>never comes out</b> from behind it, or the film is <b>cut</b>. The
    curve is the energy of each frame after the context before it, how badly it fits; dashed, the same clip with nothing
    changed. The orange line is the moment, the level line the 95th percentile of the clip.</p>
    <p><b>How to read it.</b> A model that knows how the world moves peaks at the moment, or within two frames of it, far
    over the level line. A collapsed one does not: its energies are ripples at the bottom, for the axis spans at least
    what the untrained model's landscape does. One that has learnt a slow feature peaks at a cut and not at a teleport. A
    ball that never comes out surprises only where the context is long enough to show it going in. Point at the curve, or
    at the frames, or go through them by the arrows.</p>
    <p>LeCun 2022, section 4; Garrido et al. 2025, <i>Intuitive physics understanding emerges from self-supervised
    pretraining on natural videos</i> (surprise as prediction error in latent space).</p>
    """

    def __init__(self, models: ClipModels) -> None:
        super().__init__(models)
        self.choice = CalmCombo()
        self.choice.setAccessibleName("What happens")
        self.choice.setSizeAdjustPolicy(CalmCombo.SizeAdjustPolicy.AdjustToContents)
        self.choice.activated.connect(self._choose)
        self.add_choice(self.choice)
        self._wanted = "teleport"
        self._offered: tuple[str, ...] = ()
        self.view = EnergyView()
        self.chart = self.view.chart
        self.chart.tools.serve(self.bench, lambda: self.bench.file_name(self.title))
        self.body.addWidget(self.view, 1)
        self.restyle()

    @property
    def what(self) -> str:
        """The surprise that is shown: the one that is wanted, where the world has it."""
        return self._wanted if self._wanted in self._offered or not self._offered else self._offered[1]

    def _offer(self) -> None:
        from ssllab.data.video.surprises import TITLES, offered

        config = self.bench.run_config
        if self.bench.data is None or not hasattr(config, "wall"):
            return
        names = offered(cast("WorldSettings", config), bool(self.data.shape_names))
        if names != self._offered:
            self._offered = names
            self.choice.clear()
            for name in names:
                self.choice.addItem(TITLES[name], name)
        self.choice.setCurrentIndex(names.index(self.what))

    def _choose(self) -> None:
        self._wanted = self.choice.currentData()
        self.forget()

    def question(self, chosen: Copied[ClipMethod]) -> Question:
        self._offer()
        data, what, number = self.data, self.what, self.number

        def work(task: Task) -> tuple[int, EnergyOverTime]:
            from ssllab.methods.clip_views import energy_over_time

            return chosen.step, energy_over_time(chosen.built, data, what, number)

        return (chosen.number, chosen.step, id(data), what, number), work

    def show_answer(self, answer: tuple[int, EnergyOverTime]) -> None:
        step, found = answer
        self.view.show_found(found)
        self.say(f"{described(found)}; step {step:,}")

    def show_nothing(self, why: str) -> None:
        self.view.show_found(None)
        self.say("" if self.chosen() is None else why)

    def draw(self, scene: Scene) -> None:
        self._offer()
        self.chart.follow_state(scene.state)
        super().draw(scene)

    def restyle(self) -> None:
        super().restyle()
        self.chart.restyle()
        self.chart.redraw()
        self.view.strip.update()

    def view_state(self) -> dict[str, Any]:
        return super().view_state() | {"what": self._wanted, "chart": self.chart.view_state()}

    def restore_view(self, state: Any) -> None:
        super().restore_view(state)
        if isinstance(state.get("what"), str):
            self._wanted = state["what"]
        if isinstance(state.get("chart"), dict):
            self.chart.restore_view(state["chart"])


def described(found: EnergyOverTime) -> str:
    """What the curve says of the moment, in words."""
    if found.at is None:
        return f"Nothing happens; the highest energy is {value_text(float(np.nanmax(found.energies)))}"
    if found.peaks:
        rank = "over the 95th percentile"
    else:
        rank = "no more than a ripple" if found.peak > found.threshold else "not over the 95th percentile"
    return f"Frame {found.at}: {value_text(found.peak)}, {rank}"
