"""The base of every plot: style, legend with readout, crosshair, zoom, menu with copy and save.

A chart draws what it finds in a scene and remembers what it drew. :class:`~.time_plot.TimePlot` is the one
over steps; histograms, spectra and planes derive from :class:`Chart` directly.
"""

# Overridden methods are documented in their base class.

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from ssllab.ui import theme
from ssllab.ui.plots.actions import ChartActions
from ssllab.ui.plots.annotations import Annotations
from ssllab.ui.plots.axis import NumberAxis
from ssllab.ui.plots.canvas import Canvas, View
from ssllab.ui.plots.export import PER_SECOND, FrameCall
from ssllab.ui.plots.legend import Entry, Legend, small_font
from ssllab.ui.plots.ranges import log10, span
from ssllab.ui.plots.stroke import Stroke
from ssllab.ui.scene import Scene, waiting

Item = TypeVar("Item", bound=pg.GraphicsObject)
# The place the crosshair snaps to (view coordinates), its text, values by key, dots: x, y and colour.
Readout: TypeAlias = tuple[float, str, dict[str, str], list[tuple[float, float, str]]]


def colour(role: str) -> str:
    """``#rrggbb`` of a role: a field of the theme, the number of a series colour, or a colour itself."""
    if role.startswith("#"):
        return role
    now = theme.current()
    return now.series[int(role) % len(now.series)] if role.isdigit() else getattr(now, role)


class Chart(QWidget):
    """A plot with a legend above it.

    ``hint`` is what the empty chart says; one that begins with "Press Start: " follows the state of the run.
    ``can_log`` tells which axes (x, y) may be logarithmic.
    ``empty`` is the range ((x0, x1), (y0, y1)) an empty chart shows.
    """

    def __init__(
        self,
        *,
        x_label: str,
        y_label: str,
        hint: str,
        log: tuple[bool, bool] = (False, False),
        can_log: tuple[bool, bool] = (False, True),
        empty: tuple[tuple[float, float], tuple[float, float]] = ((0, 1), (0, 1)),
        wheel_axis: int | None = None,
    ) -> None:
        super().__init__()
        self._hint = hint
        self._run_state = "ready"
        self._labels = (x_label, y_label)
        self._log = log
        self._can_log = can_log
        self._empty = empty
        self._following = True
        self._styled: list[tuple[pg.GraphicsObject, Callable[[Any], None]]] = []
        self._items: dict[str, list[pg.GraphicsObject]] = {}
        self._hidden: set[str] = set()
        self._mouse_x: float | None = None

        self.view = View(wheel_axis)
        axes = {"left": NumberAxis("left"), "bottom": NumberAxis("bottom")}
        self.plot = Canvas(viewBox=self.view, axisItems=axes)
        self.plot.setFrameShape(Canvas.Shape.NoFrame)
        self.plot.setMinimumSize(60, 50)
        self.plot.hideButtons()
        self.axes = (axes["bottom"], axes["left"])
        self.axes[1].setStyle(autoReduceTextSpace=False)
        self.plot.plotItem.layout.setContentsMargins(3, 2, 10, 0)
        for axis in self.axes:
            axis.setZValue(-1000)  # the grid lies behind the curves
        self.view.setDefaultPadding(0.0)
        self.notes = Annotations(self.plot.plotItem)
        self.legend = Legend()
        self._follow_button = tool(
            "Follow", "Go back to the whole picture and follow the run (double click)."
        )
        self._follow_button.hide()
        self._menu_button = tool("⋮", "Copy, save, axes (also with the right mouse button).")
        self._buttons: tuple[QToolButton, ...] = (self._follow_button, self._menu_button)
        self.tools = ChartActions(self, self._buttons)

        self.head = top = QHBoxLayout()
        top.setContentsMargins(6, 3, 2, 0)
        top.setSpacing(2)
        top.addWidget(self.legend, 1)
        for button in self._buttons:
            top.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 2)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.plot, 1)

        self.legend.clicked.connect(self.toggle)
        self._follow_button.clicked.connect(self.full_view)
        self._menu_button.clicked.connect(self.tools.show_menu)
        self.view.menu_asked.connect(self.tools.show_menu)
        self.view.full_asked.connect(self.full_view)
        self.view.sigRangeChangedManually.connect(self._moved)
        self.plot.scene().sigMouseMoved.connect(self._mouse_moved)
        self.plot.left.connect(self.mouse_left)
        self._apply_log()
        self._show_empty(True)
        Chart.restyle(self)

    # What a subclass gives

    def draw(self, scene: Scene) -> None:
        """Bring the chart up to date; cheap where nothing changed."""

    def follow_state(self, state: str) -> None:
        """While it is empty the chart says what is true in this state of the run."""
        if state != self._run_state:
            self._run_state = state
            if self.notes.hint:
                self._show_empty(True)

    def redraw(self) -> None:
        """Draw once more what is known: the axes or what is hidden changed."""

    def reset(self) -> None:
        """A new run began."""
        self._following = True
        self._run_state = "ready"
        self._follow_button.hide()

    def columns(self) -> dict[str, NDArray]:
        """What "Save data" writes."""
        return {}

    #: A method where the chart has a past to show: what "Save film" is made of, see :class:`.PictureActions`.
    frames: Callable[[], Sequence[FrameCall]] | None = None
    per_second = PER_SECOND  # of that film

    def readout(self, x: float) -> Readout | None:
        """What to say at ``x`` (view coordinates)."""
        return None

    def values(self) -> dict[str, str]:
        """What the legend shows while the mouse is elsewhere."""
        return {}

    def menu(self) -> QMenu:
        """The context menu; subclasses add to it."""
        return self.tools.menu()

    # Items

    def add(self, key: str, item: Item, style: Callable[[Item], None]) -> Item:
        """Put an item on the plot. ``style`` gives it its colours, now and whenever the theme changes."""
        self.view.addItem(item, ignoreBounds=True)
        self._items.setdefault(key, []).append(item)
        self._styled.append((item, style))
        item.setVisible(key not in self._hidden)
        style(item)
        return item

    def line(
        self,
        key: str,
        role: str,
        *,
        width: float = 2.0,
        dash: bool = False,
        opacity: float = 1.0,
        fill: float = 0.0,
        fill_to: float | str | None = None,
        z: float = 0,
    ) -> Stroke:
        """A curve of the colour ``role``; ``fill`` is the opacity of the area down to ``fill_to``."""
        item = Stroke(fill_to)
        item.setZValue(z)

        def style(curve: Stroke) -> None:
            ink = QColor(colour(role))
            if fill:
                ground = QColor(ink)
                ground.setAlphaF(fill)
                curve.setBrush(ground)
            ink.setAlphaF(opacity)
            pen = QPen(ink, width)
            pen.setCosmetic(True)
            if dash:
                pen.setDashPattern([4.0, 3.0])
            curve.dress(pen if width else None)

        return self.add(key, item, style)

    def remove(self, item: pg.GraphicsObject) -> None:
        """Take an item away."""
        self.view.removeItem(item)
        self._styled = [(other, style) for other, style in self._styled if other is not item]
        for items in self._items.values():
            if item in items:
                items.remove(item)

    def put(self, item: Stroke, x: NDArray, y: NDArray, **options: object) -> None:
        """Give a curve its points, in data coordinates; what a logarithm cannot show is left out."""
        x, y = self.map_x(x), self.map_y(y)
        if not options.get("stepMode"):
            keep = np.isfinite(x) & np.isfinite(y)
            if not keep.all():
                x, y = x[keep], y[keep]
        item.trace(x, y, **options)

    def map_x(self, x: NDArray) -> NDArray[np.float64]:
        """Data to view coordinates."""
        return log10(x) if self._log[0] else np.asarray(x, np.float64)

    def map_y(self, y: NDArray) -> NDArray[np.float64]:
        """Data to view coordinates."""
        return log10(y) if self._log[1] else np.asarray(y, np.float64)

    def list_entries(self, entries: list[Entry]) -> None:
        """What the legend lists."""
        self.legend.set_entries(entries)
        self.legend.setVisible(True)

    def toggle(self, key: str) -> None:
        """Hide or show a curve by its key."""
        self._hidden ^= {key}
        for item in self._items.get(key, []):
            item.setVisible(key not in self._hidden)
        self.legend.set_hidden(self._hidden)
        self.redraw()

    def hidden(self) -> frozenset[str]:
        """Keys of the curves switched off."""
        return frozenset(self._hidden)

    def lasting(self, key: str) -> bool:
        """Whether a curve of this key will be there at the next start too."""
        return True

    def view_state(self) -> dict[str, Any]:
        """Axes and hidden curves, see :meth:`ssllab.ui.panel.Panel.view_state`."""
        return {"log": list(self._log), "hidden": sorted(key for key in self._hidden if self.lasting(key))}

    def restore_view(self, state: Mapping[str, Any]) -> None:
        """See :meth:`ssllab.ui.panel.Panel.restore_view`."""
        hidden = state.get("hidden")
        if isinstance(hidden, list):
            for key in self._hidden ^ {key for key in hidden if isinstance(key, str)}:
                self.toggle(key)
        log = state.get("log")
        if isinstance(log, list) and len(log) == 2:
            wanted = [
                bool(on) if able else now for on, able, now in zip(log, self._can_log, self._log, strict=True)
            ]
            if tuple(wanted) != self._log:
                self.set_log(*wanted)

    # Axes

    @property
    def can_log(self) -> tuple[bool, bool]:
        """Whether (x, y) may be logarithmic."""
        return self._can_log

    @property
    def log(self) -> tuple[bool, bool]:
        """Whether (x, y) are logarithmic."""
        return self._log

    @property
    def following(self) -> bool:
        """Whether the view keeps itself, until the user zooms or pans."""
        return self._following

    def set_log(self, x: bool | None = None, y: bool | None = None) -> None:
        """Switch an axis between linear and logarithmic; the view starts anew."""
        self._log = (self._log[0] if x is None else x, self._log[1] if y is None else y)
        self._apply_log()
        self.full_view()

    def _apply_log(self) -> None:
        for axis, on in zip(self.axes, self._log, strict=True):
            axis.setLogMode(x=on, y=on)

    def full_view(self) -> None:
        """Everything in view, and follow from now on."""
        self._following = True
        self._follow_button.hide()
        self.redraw()

    def frame(
        self, x: tuple[float, float], y: tuple[float, float], pad: tuple[float, float] = (0.0, 0.06)
    ) -> None:
        """Show this range (data coordinates) unless the user chose another one."""
        if self._following:
            low, high = self.map_x(np.array(x)), self.map_y(np.array(y))
            self.view.setRange(
                xRange=span(low[0], low[1], pad[0]), yRange=span(high[0], high[1], pad[1]), padding=0
            )

    def _moved(self, _mask: Sequence[bool]) -> None:
        self._following = False
        self._follow_button.show()

    def _show_empty(self, empty: bool) -> None:
        """The hint and a plain range, or neither."""
        hint = waiting(self._hint, self._run_state) if empty else ""
        if hint != self.notes.hint:
            self.notes.hint = hint
            self.notes.update()
        if empty:
            self.frame(*self._empty, pad=(0, 0))

    # Mouse

    def _mouse_moved(self, position: QPointF) -> None:
        inside = self.view.sceneBoundingRect().contains(position)
        self._mouse_x = self.view.mapSceneToView(position).x() if inside else None
        self.notes.hover(position if inside else None)
        self.show_values()

    def mouse_left(self) -> None:
        """No crosshair: the readouts show the newest values."""
        self._mouse_x = None
        self.notes.hover(None)
        self.show_values()

    def show_values(self) -> None:
        """Crosshair and readouts for where the mouse is now."""
        found = None if self._mouse_x is None or self.notes.hint else self.readout(self._mouse_x)
        if found is None:
            if self.notes.cross_x is not None:
                self.notes.cross_x = None
                self.notes.dots = []
                self.notes.update()
            self.legend.set_values(self.values())
        else:
            self.notes.cross_x, self.notes.cross_text, values, self.notes.dots = found
            self.legend.set_values({**dict.fromkeys(self.values(), "–"), **values})
            self.notes.update()

    # Style

    def restyle(self) -> None:
        """Colours and fonts from the theme in force."""
        now = theme.current()
        self.plot.setBackground(now.surface)
        self.setAutoFillBackground(True)
        palette = self.palette()
        palette.setColor(self.backgroundRole(), QColor(now.surface))
        self.setPalette(palette)
        font = small_font(0.8)
        for axis, label in zip(self.axes, self._labels, strict=True):
            axis.setTickFont(font)
            axis.setTickDensity(min(1.0, max(0.35, 8.5 / max(1.0, font.pointSizeF()))))
            axis.setPen(pg.mkPen(now.border))
            axis.setTickPen(pg.mkPen(now.grid))
            axis.setTextPen(pg.mkPen(now.muted))
            axis.setGrid(110)
            axis.setLabel(label, color=now.muted, **{"font-size": f"{font.pointSizeF():.1f}pt"})
        self._style_buttons()
        for item, style in self._styled:
            style(item)
        self.legend.restyle()
        self.notes.prepareGeometryChange()
        self._fit_labels()

    def name_axis(self, label: str) -> None:
        """What the values are from now on."""
        if label != self._labels[1]:
            self._labels = (self._labels[0], label)
            Chart.restyle(self)

    def _style_buttons(self) -> None:
        now = theme.current()
        for button in self._buttons:
            button.setFont(small_font(0.85))
            button.setStyleSheet(
                f"QToolButton {{ color: {now.muted}; border: none; padding: 0 5px; }}"
                f"QToolButton:hover {{ color: {now.accent}; background: {now.raised}; border-radius: 3px; }}"
            )
        self._follow_button.setStyleSheet(
            f"QToolButton {{ color: {now.accent}; border: 1px solid {now.accent}; border-radius: 3px;"
            f" padding: 0 4px; }}"
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_labels()

    def _fit_labels(self) -> None:
        """In a very low chart the axis titles give their room to the data; a title never stands cut off."""
        lines = self.height() / self.fontMetrics().height()
        rows = 3 if lines >= 12 else 2 if lines >= 9 else 1
        fm = QFontMetrics(small_font(0.8))
        # The legend above and the axis below take their rows from the height.
        room = (lines - rows - 3) * self.fontMetrics().height()
        self.axes[0].showLabel(lines >= 8)
        self.axes[1].showLabel(lines >= 8 and fm.horizontalAdvance(self._labels[1]) <= room)
        self.legend.set_rows(rows)


def tool(text: str, tip: str) -> QToolButton:
    """A small button in the head of a chart."""
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
