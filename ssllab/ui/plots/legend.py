"""The legend above a plot: names, values, a click that hides. It stands beside the data, never on it."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolTip, QWidget

from ssllab.ui import theme

_SWATCH = 16
_GAP = 12
_WIDEST_VALUE = "00.000"


@dataclass(frozen=True)
class Entry:
    """One entry. ``style``: "line", "dash", "thin", "fill", "dashed fill", "block", "ring", "cross", "diamond", "square",
    or "note", which is only words; ``valued``: it has a readout."""

    key: str
    name: str
    colour: str
    style: str = "line"
    valued: bool = False
    help: str = ""


class Legend(QWidget):
    """Entries in rows that wrap with the width; what does not fit in its rows stands in the menu of "+3"."""

    clicked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMouseTracking(True)
        self._entries: tuple[Entry, ...] = ()
        self._values: dict[str, str] = {}
        self._hidden: set[str] = set()
        self._boxes: list[tuple[QRect, Entry | None]] = []
        self._left_out: tuple[Entry, ...] = ()
        self._reserve = 0
        self._rows = 3

    def set_rows(self, rows: int) -> None:
        """How many rows there may be."""
        if rows != self._rows:
            self._rows = rows
            self._relayout()

    def set_entries(self, entries: list[Entry]) -> None:
        """Replace all entries; nothing happens where they are the same."""
        if tuple(entries) != self._entries:
            self._entries = tuple(entries)
            self._relayout()

    def set_values(self, values: dict[str, str]) -> None:
        """The readouts by key, as text."""
        if values != self._values:
            self._values = dict(values)
            fm = QFontMetrics(self._font())
            widest = max((fm.horizontalAdvance(text) for text in values.values()), default=0)
            if widest > max(self._reserve, fm.horizontalAdvance(_WIDEST_VALUE)):
                self._reserve = widest  # grows only, so that names do not jump while values change
                self._relayout()
            self.update()

    def set_hidden(self, hidden: set[str]) -> None:
        """Which keys are drawn as switched off."""
        self._hidden = set(hidden)
        self.update()

    def restyle(self) -> None:
        """Colours and font anew."""
        self._reserve = 0
        self._relayout()

    def entries(self) -> tuple[Entry, ...]:
        """What the legend lists, hidden ones too."""
        return self._entries

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(width)[2]

    def sizeHint(self) -> QSize:
        return QSize(120, self._place(max(self.width(), 120))[2])

    def minimumSizeHint(self) -> QSize:
        return QSize(40, QFontMetrics(self._font()).height() + 2)

    def _font(self) -> QFont:
        return small_font(0.88)

    def _relayout(self) -> None:
        self._boxes, self._left_out, _ = self._place(self.width())
        self.updateGeometry()
        self.update()

    def _place(self, width: int) -> tuple[list[tuple[QRect, Entry | None]], tuple[Entry, ...], int]:
        """Where each entry stands in this width, those without room (behind the box of None), the height."""
        fm = QFontMetrics(self._font())
        line = fm.height() + 2
        value = max(self._reserve, fm.horizontalAdvance(_WIDEST_VALUE)) + 5
        more = fm.horizontalAdvance("+00") + 4
        boxes: list[tuple[QRect, Entry | None]] = []
        x = row = 0
        left_out: tuple[Entry, ...] = ()
        for i, entry in enumerate(self._entries):
            need = _SWATCH + 8 + fm.horizontalAdvance(entry.name) + (value if entry.valued else 0)
            last_row = row == self._rows - 1
            others = i + 1 < len(self._entries)
            if x and x + need > width - (more if last_row and others else 0):
                if last_row:
                    left_out = self._entries[i:]
                    boxes.append((QRect(x, row * line, more, line), None))
                    break
                row, x = row + 1, 0
            boxes.append((QRect(x, row * line, min(need, max(width - x, 20)), line), entry))
            x += need + _GAP
        return boxes, left_out, (row + 1) * line if self._entries else 0

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._boxes, self._left_out, _ = self._place(self.width())

    def paintEvent(self, event: QPaintEvent) -> None:
        now = theme.current()
        painter = QPainter(self)
        painter.setFont(self._font())
        fm = painter.fontMetrics()
        for box, entry in self._boxes:
            if entry is None:
                painter.setFont(self._font())
                painter.setPen(QColor(now.muted))
                painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, f"+{len(self._left_out)}")
                continue
            off = entry.key in self._hidden
            if entry.style != "note":
                self._swatch(painter, box, entry, off)
            font = painter.font()
            font.setStrikeOut(off)
            painter.setFont(font)
            painter.setPen(QColor(now.muted if off or entry.style == "note" else now.text))
            text = box.adjusted(0 if entry.style == "note" else _SWATCH + 4, 0, 0, 0)
            name = fm.elidedText(entry.name, Qt.TextElideMode.ElideRight, text.width())
            painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, name)
            if entry.valued and not off and entry.key in self._values:
                text.setLeft(text.left() + fm.horizontalAdvance(name) + 5)
                painter.setPen(QColor(entry.colour))
                painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, self._values[entry.key])
        painter.end()

    def _swatch(self, painter: QPainter, box: QRect, entry: Entry, off: bool) -> None:
        colour = QColor(entry.colour)
        if off:
            colour.setAlphaF(0.35)
        middle = box.center().y() + 1
        if entry.style == "block":
            painter.fillRect(QRectF(box.left(), middle - 4, _SWATCH, 8), colour)
            return
        if "fill" in entry.style:
            area = QRectF(box.left() + 0.5, middle - 4.5, _SWATCH - 1, 8)
            edge = QPen(colour, 1.0)
            if entry.style == "dashed fill":
                edge.setDashPattern([3.0, 2.0])
            colour.setAlphaF(0.1 if off else 0.3)
            painter.fillRect(area, colour)
            painter.setPen(edge)
            painter.drawRect(area)
            return
        pen = QPen(colour, 1.0 if entry.style == "thin" else 2.0)
        if entry.style in ("ring", "cross", "diamond", "square"):
            painter.setPen(pen)
            x, y = box.left() + _SWATCH / 2, float(middle)
            if entry.style == "ring":
                painter.drawEllipse(QPointF(x, y), 4.5, 4.5)
            elif entry.style == "square":
                painter.drawRect(QRectF(x - 4, y - 4, 8, 8))
            elif entry.style == "cross":
                painter.drawLine(QPointF(x - 4, y - 4), QPointF(x + 4, y + 4))
                painter.drawLine(QPointF(x - 4, y + 4), QPointF(x + 4, y - 4))
            else:
                corners = ((x, y - 5), (x + 5, y), (x, y + 5), (x - 5, y))
                painter.drawPolygon([QPointF(*corner) for corner in corners])
            return
        if entry.style == "dash":
            pen.setDashPattern([2.5, 1.5])
        painter.setPen(pen)
        painter.drawLine(box.left(), middle, box.left() + _SWATCH, middle)

    def _at(self, position: QPoint) -> tuple[QRect, Entry | None] | None:
        return next(((box, e) for box, e in self._boxes if box.contains(position)), None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        hit = self._at(event.position().toPoint())
        if hit and hit[1] is None and event.button() == Qt.MouseButton.LeftButton:
            self._offer_others(event.globalPosition().toPoint())
        elif hit and hit[1] and hit[1].style != "note" and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(hit[1].key)
        else:
            event.ignore()

    def menu_of_others(self) -> QMenu:
        """Those that have no room, each to be hidden or shown."""
        menu = QMenu(self)
        for entry in self._left_out:
            action = menu.addAction(entry.name)
            if entry.style == "note":
                action.setEnabled(False)
                continue
            action.setCheckable(True)
            action.setChecked(entry.key not in self._hidden)
            action.triggered.connect(lambda _, key=entry.key: self.clicked.emit(key))
        return menu

    def _offer_others(self, at: QPoint) -> None:
        menu = self.menu_of_others()
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        hit = self._at(event.position().toPoint())
        self.setCursor(Qt.CursorShape.PointingHandCursor if hit else Qt.CursorShape.ArrowCursor)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            hit = self._at(event.pos())
            if hit and hit[1]:
                text = hit[1].help or hit[1].name
                QToolTip.showText(event.globalPos(), f"<p>{text}</p><p>Click to hide or show.</p>", self)
            elif hit:
                names = "<br>".join(e.name for e in self._left_out)
                QToolTip.showText(
                    event.globalPos(), f"<p>{names}</p><p>Click to hide or show them.</p>", self
                )
            else:
                QToolTip.hideText()
            return True
        return super().event(event)


def small_font(factor: float = 0.85) -> QFont:
    """The application's font, a little smaller: ticks, legends, notes."""
    from PySide6.QtWidgets import QApplication

    font = QApplication.font()
    size = font.pointSizeF()
    if size > 0:
        font.setPointSizeF(max(6.5, size * factor))
    return font
