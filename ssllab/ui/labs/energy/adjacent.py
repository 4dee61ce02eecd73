"""Adjacent frames: how badly each frame of a clip fits as the next one of each other, a matrix of time by distance."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal

from ssllab.looks import AdjacentEnergies
from ssllab.ui.asking import Question
from ssllab.ui.labs.energy.widgets.asking import ClipModels, ClipPanel
from ssllab.ui.labs.energy.widgets.frames import FrameStrip
from ssllab.ui.live_model import Copied
from ssllab.ui.plots.axis import value_text
from ssllab.ui.plots.heat_map import HeatMap
from ssllab.ui.scene import Scene
from ssllab.ui.work import Task

if TYPE_CHECKING:
    from ssllab.methods.clips import ClipMethod

_HINT = "how well frames of a clip follow each other"


class AdjacentMap(HeatMap):
    """Columns are frames t, rows how many frames after it. ``pointed`` brings t and the other frame, or -1 twice."""

    pointed = Signal(int, int)

    def __init__(self) -> None:
        super().__init__(x_label="frame t", y_label="frames after it, k", hint=f"Press Start: {_HINT}")
        self.found: AdjacentEnergies | None = None

    def show_energies(self, found: AdjacentEnergies | None) -> None:
        """Of a clip, or none."""
        self.found = found
        if found is None:
            self.scale.say("")
            self.show_matrix(None)
            return
        energies = found.energies
        low, high = min(0.0, float(np.nanmin(energies))), float(np.nanmax(energies))
        ahead, length = energies.shape
        far = int(np.flatnonzero(np.isfinite(energies).any(1))[-1])  # a short clip ends before
        self.scale.say(
            f"energy: {value_text(mean_at(found, 1))} one frame after, {value_text(mean_at(found, far))} "
            f"{far} after",
            value_text(high),
            value_text(low),
        )
        levels = (high - energies) / max(high - low, 1e-12)  # strong is what fits, as in the landscape
        self.show_matrix(levels, [str(k) for k in range(ahead)], [str(t) for t in range(length)])

    def describe(self, row: int, column: int) -> str:
        assert self.found is not None
        energy = value_text(float(self.found.energies[row, column]))
        return f"frame {column + row} after frame {column}: {energy}"

    def show_values(self) -> None:
        super().show_values()
        if self._cell is None or self.found is None:
            self.pointed.emit(-1, -1)
        else:
            row, column = self._cell
            self.pointed.emit(column, column + row)

    def columns(self) -> dict[str, NDArray]:
        if self.found is None:
            return {}
        k, t = np.nonzero(np.isfinite(self.found.energies))
        return {"frame t": t, "k": k, "energy": self.found.energies[k, t]}


class AdjacentPanel(ClipPanel):
    """Needs nothing to be known of the clip: the view for video of one's own."""

    id = "adjacent"
    title = "Adjacent frames"
    parts = (AdjacentEnergies,)
    hint = _HINT
    help = """
    <h3>Adjacent frames</h3>
    <p>For each frame t of a held-out clip, with the context that ends there, how badly the frame k after it fits as the
    next one: strong colours fit, as in the landscape. Row 0 is frame t once more. Nothing has to be known of the clip, so it
    works for video of your own.</p>
    <p><b>How to read it.</b> Healthy: lowest in row 1, and rising with k. Lowest in row 0: the model takes the last frame
    for the next, a shortcut. The same in all rows: it tells the frames of a clip from each other by nothing, as when it
    has collapsed or has learnt a slow feature; the ends of the colour scale say how high energies are at all. Strong
    spots further down: the ball comes back to where it was.</p>
    <p>LeCun 2022, section 4 (compatible means low energy); Sobal et al. 2022 on slow features.</p>
    """

    def __init__(self, models: ClipModels) -> None:
        super().__init__(models)
        self.map = AdjacentMap()
        self.map.tools.serve(self.bench, lambda: self.bench.file_name(self.title))
        self.strip = FrameStrip(self.map, middle=0.5)
        self.map.pointed.connect(self._point)
        self.strip.pointed.connect(lambda frame: self._point(frame, frame))
        self.body.addWidget(self.map, 1)
        self.body.addWidget(self.strip)
        self.restyle()

    def question(self, chosen: Copied[ClipMethod]) -> Question:
        data, number = self.data, self.number

        def work(task: Task) -> tuple[int, AdjacentEnergies]:
            from ssllab.methods.clip_views import adjacent_energies

            return chosen.step, adjacent_energies(chosen.built, data, number)

        return (chosen.number, chosen.step, id(data), number), work

    def show_answer(self, answer: tuple[int, AdjacentEnergies]) -> None:
        step, found = answer
        self.map.show_energies(found)
        self.strip.show_frames(found.frames)
        self.say(f"{described(found)}; step {step:,}")

    def show_nothing(self, why: str) -> None:
        self.map.show_energies(None)
        self.strip.forget()
        self.say("" if self.chosen() is None else why)

    def _point(self, frame: int, other: int) -> None:
        self.strip.point(() if frame < 0 else (frame, other))

    def draw(self, scene: Scene) -> None:
        self.map.follow_state(scene.state)
        super().draw(scene)

    def restyle(self) -> None:
        super().restyle()
        self.map.restyle()
        self.strip.update()

    def view_state(self) -> dict[str, Any]:
        return super().view_state() | {"map": self.map.view_state()}

    def restore_view(self, state: Any) -> None:
        super().restore_view(state)
        if isinstance(state.get("map"), dict):
            self.map.restore_view(state["map"])


def mean_at(found: AdjacentEnergies, k: int) -> float:
    """The mean energy of row ``k``; NaN where it has none."""
    row = found.energies[k]
    return float(row[np.isfinite(row)].mean()) if np.isfinite(row).any() else float("nan")


def described(found: AdjacentEnergies) -> str:
    """Where energies are lowest, in words."""
    means = [mean_at(found, k) for k in range(len(found.energies))]
    lowest = int(np.nanargmin(means))
    where = ("the frame itself again", "the next frame")[lowest] if lowest < 2 else f"{lowest} frames after"
    return f"Lowest for {where}"
