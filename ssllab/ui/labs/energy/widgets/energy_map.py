"""The landscape as a picture: energies in colours on an absolute scale, the truth, the valley and the last place, and an
object that a hand moves."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent

from ssllab.looks import Landscape
from ssllab.ui import theme
from ssllab.ui.plots.axis import value_text
from ssllab.ui.plots.chart import Chart, Readout, colour
from ssllab.ui.plots.export import FrameCall, frame_of
from ssllab.ui.plots.heat_map import ColourScale, shade
from ssllab.ui.plots.legend import Entry

SPAN = (0.01, 10.0)  # of the scale, in ranges of the untrained model's landscape, logarithmic
KEPT = 60  # landscapes for a film, at most
FLAT = 0.05  # of the untrained model's range: there is no valley in what is flatter
_MARKS = (
    ("truth", "ring", "o", 19, "good"),
    ("last", "diamond", "d", 13, "muted"),
    ("valley", "cross", "x", 13, "repel"),
)
MARK_NAMES = {
    "position": {
        "truth": ("truth", "Where the object is in the frame that came."),
        "last": ("last place", "Where it was in the frame before: a model that copies has its valley here."),
        "valley": ("valley", "The lowest energy: where the model expects it."),
    },
    "velocity": {
        "truth": ("truth", "The velocity with which it came."),
        "last": ("rest", "That of an object that stood still."),
        "valley": ("valley", "The lowest energy: the velocity that explains best what came."),
    },
}
_STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


def height(energies: NDArray, low: float, high: float) -> NDArray[np.float64]:
    """0..1 for energies over their lowest: 0 up to a hundredth of what the untrained model's landscape spans, from ``low``
    to ``high``, 1 from ten times that, logarithmic between. A collapsed landscape is 0 everywhere, however it is shaped."""
    share = (energies - energies.min()).astype(np.float64) / max(high - low, 1e-12)
    floor, top = np.log10(SPAN)
    return np.clip((np.log10(np.maximum(share, SPAN[0])) - floor) / (top - floor), 0.0, 1.0)


class EnergyMap(Chart):
    """``moved`` brings where a person put the object, in pixels; ``let_go``: they took the hand away."""

    moved = Signal(float, float)
    let_go = Signal()

    def __init__(self, hint: str) -> None:
        self.part: Landscape | None = None
        self.hand: tuple[float, float] | None = None
        self._mouse: QPointF | None = None
        self._when = ""
        self._other_world = False
        self._past: list[tuple[str, Landscape, bool]] = []
        self._unseen: EnergyMap | None = None  # paints the past
        super().__init__(
            x_label="x (pixels)",
            y_label="y (pixels)",
            hint=hint,
            can_log=(False, False),
            empty=((0, 32), (0, 32)),
        )
        self.view.invertY(True)
        self.view.setAspectLocked(True)
        self.view.setMouseEnabled(False, False)
        self.view.grabs = True
        self.notes.tag_inside = True
        self.view.dragged.connect(self._dragged)
        self.scale = ColourScale()
        self.layout().addWidget(self.scale)  # type: ignore[union-attr]  # it has one
        self._image = self.add("image", pg.ImageItem(axisOrder="row-major"), lambda item: self._paint())
        self._marks = {key: self._mark(key, symbol, size, role) for key, _, symbol, size, role in _MARKS}
        self._hand = self._mark("hand", "s", 21, "warn")
        for axis in self.axes:
            axis.setGrid(False)
        self.plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Energy landscape")
        self._list()

    # Drawing

    def show_part(self, part: Landscape | None, when: str = "", other_world: bool = False) -> None:
        """Show a landscape, of that moment of training, or the hint. ``other_world``: than that of the untrained model."""
        if part is self.part:
            return
        before, self.part = self.part, part
        if part is None or (before is not None and before.over != part.over):
            self.forget()
        if part is not None:
            if self._past and self._past[-1][0] == when:
                self._past.pop()  # it is finer now
            self._past.append((when, part, other_world))
            if len(self._past) > 2 * KEPT:
                del self._past[1:-1:2]
        self._when, self._other_world = when, other_world
        if part is None or (before is not None and before.over != part.over):
            self.hand = None
        self._labels = ("x", "y")
        if part is not None:
            unit = "pixels" if part.over == "position" else "pixels a frame"
            self._labels = (f"x ({unit})", f"y ({unit})")
        if before is None or part is None or before.over != part.over:
            self._label_axes()
            self._list()
        self.redraw()

    def redraw(self) -> None:
        part = self.part
        self._show_empty(part is None)
        self._image.setVisible(part is not None)
        if part is None:
            self.scale.say("")
            for put in (*self._marks.values(), self._hand):
                put(None)
            return
        self._paint()
        step = float(part.places[1] - part.places[0])
        low, high = float(part.places[0]) - step / 2, float(part.places[-1]) + step / 2
        self._image.setRect(QRectF(low, low, high - low, high - low))
        for key, put in self._marks.items():
            put(getattr(part, key))
        self._hand(self.hand)
        edge = (0.0, float(part.size)) if part.over == "position" else (low, high)
        self.frame(edge, edge, pad=(0.03, 0.03))  # the names at the edges are whole
        many, one = SPAN[1], value_text(part.high - part.low)
        when = f"{self._when}: " if self._when else ""
        whole = f"was {one}, before the world was changed" if self._other_world else f"is {one}"
        self.scale.say(
            f"{when}energy over the valley, logarithmic; the untrained model's whole range {whole}",
            f"{'≥ ' if part.relief > many else ''}{many:.0f} × untrained",
            "valley",
        )
        self.show_values()

    def _paint(self) -> None:
        if self.part is not None:
            levels = 1.0 - height(self.part.energies, self.part.low, self.part.high)
            self._image.setImage(shade(levels), autoLevels=False)

    def _mark(
        self, key: str, symbol: str, size: int, role: str
    ) -> Callable[[tuple[float, float] | None], None]:
        """A sign on the map, told from light and dark ground alike: in its colour, on a wider one of the surface's. A call
        puts it at a place, or takes it away."""

        def style(item: pg.ScatterPlotItem, width: float, ink: str) -> None:
            item.setPen(pg.mkPen(colour(ink), width=width))

        signs = []
        for width, ink in ((5.5, "surface"), (2.5, role)):
            item = pg.ScatterPlotItem(symbol=symbol, size=size, brush=None)
            signs.append(self.add(key, item, partial(style, width=width, ink=ink)))

        def put(at: tuple[float, float] | None) -> None:
            for sign in signs:
                sign.setData(*([], []) if at is None else ([at[0]], [at[1]]))

        return put

    def _label_axes(self) -> None:
        for axis, label in zip(self.axes, self._labels, strict=True):
            axis.setLabel(label)

    def _list(self) -> None:
        names = MARK_NAMES["position" if self.part is None else self.part.over]
        entries = [
            Entry(key, names[key][0], colour(role), style, help=names[key][1])
            for key, style, _, _, role in _MARKS
        ]
        if self.hand is not None:
            entries.append(Entry("hand", "yours", colour("warn"), "square", help="Where you put the object."))
        self.list_entries(entries)

    def forget(self) -> None:
        """What comes is of another clip, or over something else: it does not go on from what was."""
        self._past.clear()

    def frames(self) -> Sequence[FrameCall]:
        """The landscapes of this clip, as they were over training."""
        if len(self._past) < 2:
            return ()
        if self._unseen is None:
            self._unseen = EnergyMap("")
            self._unseen.setParent(self, Qt.WindowType.Window)
            self._unseen.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        unseen = self._unseen
        unseen.resize(self.size())
        unseen.restyle()
        unseen.show()
        return [
            partial(frame_of, unseen, partial(unseen.show_part, part, when, other))
            for when, part, other in self._past
        ]

    def reset(self) -> None:
        super().reset()
        self.hand = None
        self.show_part(None)

    def restyle(self) -> None:
        super().restyle()
        for axis in self.axes:
            axis.setGrid(False)
        self._list()
        self._show_focus()
        self.scale.updateGeometry()
        self.scale.update()

    # The hand

    @property
    def takes_hands(self) -> bool:
        """Whether there is an object to be moved."""
        return self.part is not None and self.part.over == "position"

    def put_hand(self, x: float, y: float) -> None:
        """Put the object at a place, as near as it has room."""
        if not self.takes_hands:
            return
        assert self.part is not None
        low, high = float(self.part.places[0]), float(self.part.places[-1])
        self.hand = (min(max(x, low), high), min(max(y, low), high))
        self._hand(self.hand)
        self._list()
        self.moved.emit(*self.hand)

    def take_hand_away(self) -> None:
        """The object is where it was."""
        if self.hand is not None:
            self.hand = None
            self._hand(None)
            self._list()
            self.let_go.emit()

    def _dragged(self, x: float, y: float) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.put_hand(x, y)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        if step is not None and self.takes_hands:
            assert self.part is not None
            far = 4.0 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
            x, y = self.hand or self.part.truth
            self.put_hand(x + far * step[0], y + far * step[1])
        elif event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Home) and self.hand is not None:
            self.take_hand_away()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._show_focus()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._show_focus()

    def _show_focus(self) -> None:
        self.view.setBorder(pg.mkPen(QColor(theme.current().accent), width=2) if self.hasFocus() else None)

    # Reading

    def _mouse_moved(self, position: QPointF) -> None:
        inside = self.view.sceneBoundingRect().contains(position)
        self._mouse = self.view.mapSceneToView(position) if inside else None
        super()._mouse_moved(position)

    def mouse_left(self) -> None:
        self._mouse = None
        super().mouse_left()

    def readout(self, x: float) -> Readout | None:
        part = self.part
        if part is None or self._mouse is None:
            return None
        y = self._mouse.y()
        column, row = (int(np.abs(part.places - at).argmin()) for at in (x, y))
        energy = float(part.energies[row, column])
        over = (energy - float(part.energies.min())) / max(part.high - part.low, 1e-12)
        at = f"{part.places[column]:.1f}, {part.places[row]:.1f}"
        text = f"{at}: energy {value_text(energy)}, {value_text(over)} × untrained over the valley"
        return float(part.places[column]), text, {}, []

    def columns(self) -> dict[str, NDArray]:
        part = self.part
        if part is None:
            return {}
        y, x = np.meshgrid(part.places, part.places, indexing="ij")
        marks = {
            f"{key} {axis}": np.array([getattr(part, key)[i]])
            for key in ("truth", "valley", "last")
            for i, axis in enumerate("xy")
        }
        scale = {"untrained low": np.array([part.low]), "untrained high": np.array([part.high])}
        return {"x": x.ravel(), "y": y.ravel(), "energy": part.energies.ravel(), **marks, **scale}
