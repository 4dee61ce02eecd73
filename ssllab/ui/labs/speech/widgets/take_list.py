"""The takes as a list: a play button, the waveform, the name and what is known, the transcript below."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyledItemDelegate, QWidget

from ssllab.ui import theme
from ssllab.ui.labs.speech.widgets.axis import clock
from ssllab.ui.labs.speech.widgets.signs import paint_sign
from ssllab.ui.labs.speech.widgets.take_shelf import key_of
from ssllab.ui.labs.speech.widgets.waveform_thumbnail import paint_waveform
from ssllab.ui.plots.legend import small_font
from ssllab.ui.runs.words import absolute, ago
from ssllab.ui.widgets.item_types import Index, ItemOption

if TYPE_CHECKING:
    from ssllab.audio.takes import Take

Role = Qt.ItemDataRole
TAKE = Role.UserRole + 1
_SILENCE_DB = -100.0


def level_words(level_db: float) -> str:
    """The loudness of a take."""
    return f"{level_db:.0f} dB".replace("-", "−") if level_db > _SILENCE_DB else "silence"


class TakesModel(QAbstractListModel):
    """Rows are takes. A new name is asked for by :attr:`renamed` (id, name)."""

    renamed = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.takes: list[Take] = []

    def set_takes(self, takes: Sequence[Take]) -> None:
        """Show these; where only their words changed, the list keeps selection and editor."""
        fresh = list(takes)
        if [take.id for take in fresh] == [take.id for take in self.takes]:
            self.takes = fresh
            if fresh:
                self.dataChanged.emit(self.index(0), self.index(len(fresh) - 1))
            return
        self.beginResetModel()
        self.takes = fresh
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.takes)

    def flags(self, index: Index) -> Qt.ItemFlag:
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable

    def data(self, index: Index, role: int = Role.DisplayRole) -> Any:
        take = self.takes[index.row()]
        match role:
            case Role.DisplayRole | Role.EditRole:
                return take.name
            case Role.ToolTipRole:
                about = f"{clock(take.seconds, 0.1)}, loudness {level_words(take.level_db)}"
                return "\n".join(
                    filter(None, (take.name, absolute(take.created.timestamp()), about, take.transcript))
                )
            case Role.AccessibleDescriptionRole:
                return take.transcript
        return take if role == TAKE else None

    def setData(self, index: Index, value: object, role: int = Role.EditRole) -> bool:
        take, name = self.takes[index.row()], " ".join(str(value).split())
        if role != Role.EditRole or not name or name == take.name:
            return False
        self.renamed.emit(take.id, name)
        return True


class TakeDelegate(QStyledItemDelegate):
    """Paints a row; ``heard``: key (:func:`.key_of`) of the take that plays now, and how far it is (0..1)."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.heard: tuple[str, float] | None = None

    def sizeHint(self, option: ItemOption, index: Index) -> QSize:
        return QSize(200, 2 * QFontMetrics(option.font).height() + 14)

    def button(self, row: QRect) -> QRect:
        """Where a row's play button is."""
        size = round(0.62 * row.height())
        return QRect(row.left() + 6, row.center().y() - size // 2, size, size)

    def _wave(self, row: QRect) -> QRect:
        left = self.button(row).right() + 8
        width = min(180, max(0, round(0.28 * row.width())))
        return QRect(left, row.top() + 5, width, row.height() - 10)

    def _name(self, row: QRect, font: QFont) -> QRect:
        left = self._wave(row).right() + 10
        return QRect(left, row.top() + 6, row.right() - 8 - left, QFontMetrics(font).height())

    def paint(self, painter: QPainter, option: ItemOption, index: Index) -> None:
        take: Take = index.data(TAKE)
        now, row = theme.current(), option.rect
        chosen = bool(option.state & option.state.State_Selected)
        heard = self.heard[1] if self.heard is not None and self.heard[0] == key_of(take) else None
        playing = heard is not None
        painter.save()
        if chosen:
            tint = QColor(now.accent)
            tint.setAlpha(40)
            painter.fillRect(row, tint)
        painter.setPen(QColor(now.border))
        painter.drawLine(row.bottomLeft(), row.bottomRight())
        self._paint_button(painter, QRectF(self.button(row)), playing)
        wave = QRectF(self._wave(row))
        paint_waveform(painter, wave, take.peaks, QColor(now.accent if playing or chosen else now.muted))
        if heard is not None:
            x = wave.left() + heard * wave.width()
            painter.setPen(QPen(QColor(now.repel), 2))
            painter.drawLine(QPoint(round(x), row.top() + 4), QPoint(round(x), row.bottom() - 4))
        self._paint_words(painter, take, self._name(row, option.font), option.font)
        painter.restore()

    def _paint_button(self, painter: QPainter, box: QRectF, playing: bool) -> None:
        now = theme.current()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(now.accent if playing else now.border), 1.2))
        painter.setBrush(QColor(now.surface))
        painter.drawEllipse(box)
        painter.restore()
        edge = 0.27 * box.width()
        colour = QColor(now.accent if playing else now.text)
        paint_sign(painter, "stop" if playing else "play", box.adjusted(edge, edge, -edge, -edge), colour)

    def _paint_words(self, painter: QPainter, take: Take, name: QRect, font: QFont) -> None:
        now, small = theme.current(), small_font(0.9)
        facts = [clock(take.seconds, 0.1 if take.seconds < 60 else 1), level_words(take.level_db)]
        facts.append(ago(take.created.timestamp(), time.time()))
        metrics = QFontMetrics(small)
        # The name has most of the line; what does not fit beside it is left to the tooltip.
        while len(facts) > 1 and metrics.horizontalAdvance("  ·  ".join(facts)) > 0.55 * name.width():
            facts.pop()
        text = "  ·  ".join(facts)
        width = metrics.horizontalAdvance(text)
        line = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        painter.setFont(small)
        painter.setPen(QColor(now.muted))
        painter.drawText(name, line | Qt.AlignmentFlag.AlignRight, text)
        below = name.translated(0, name.height() + 2)
        said = " ".join(take.transcript.split()) or "No transcript"
        painter.drawText(below, line, metrics.elidedText(said, Qt.TextElideMode.ElideRight, below.width()))
        bold = QFont(font)
        bold.setWeight(QFont.Weight.DemiBold)
        painter.setFont(bold)
        painter.setPen(QColor(now.text))
        room = name.width() - width - 12
        painter.drawText(
            name, line, QFontMetrics(bold).elidedText(take.name, Qt.TextElideMode.ElideRight, room)
        )

    def updateEditorGeometry(self, editor: QWidget, option: ItemOption, index: Index) -> None:
        box = self._name(option.rect, option.font)
        editor.setGeometry(box.adjusted(-4, -4, 0, 4))


class TakeList(QListView):
    """Several takes may be selected. Enter plays, F2 or a double click renames, Delete deletes."""

    play_wanted = Signal(str)
    deletion_wanted = Signal()
    selection_changed = Signal()

    def __init__(self, model: TakesModel) -> None:
        super().__init__()
        self.takes = model
        self.delegate = TakeDelegate(self)
        self.setModel(model)
        self.setItemDelegate(self.delegate)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Takes")
        self.selectionModel().selectionChanged.connect(lambda *_: self.selection_changed.emit())
        self.restyle()

    def restyle(self) -> None:
        """Colours and row heights anew."""
        now = theme.current()
        self.setStyleSheet(
            f"QListView {{ border: 1px solid {now.border}; border-radius: 6px; background: {now.surface}; }}"
        )
        self.scheduleDelayedItemsLayout()

    def selected_ids(self) -> list[str]:
        """Ids of the selected takes, from top to bottom."""
        return [self.takes.takes[row].id for row in sorted(i.row() for i in self.selectedIndexes())]

    def select(self, ids: Sequence[str]) -> None:
        """Select exactly these takes and bring the first into sight."""
        flags = QItemSelectionModel.SelectionFlag
        rows = [row for row, take in enumerate(self.takes.takes) if take.id in ids]
        selection = QItemSelection()
        for row in rows:
            selection.select(self.takes.index(row), self.takes.index(row))
        self.selectionModel().select(selection, flags.ClearAndSelect)
        if rows:
            self.selectionModel().setCurrentIndex(self.takes.index(rows[0]), flags.NoUpdate)
            self.scrollTo(self.takes.index(rows[0]))

    def show_heard(self, heard: tuple[str, float] | None) -> None:
        """Key of the take that plays now, and how far it is (0..1)."""
        before, self.delegate.heard = self.delegate.heard, heard
        moved = {part[0] for part in (before, heard) if part is not None}
        for row, take in enumerate(self.takes.takes if moved else ()):
            if key_of(take) in moved:
                self.viewport().update(self.visualRect(self.takes.index(row)))

    def rename_selected(self) -> None:
        """Open the editor of the name of the selected take."""
        if self.currentIndex().isValid():
            self.edit(self.currentIndex())

    @property
    def editing(self) -> bool:
        """Whether a name is being edited now."""
        return self.state() == QAbstractItemView.State.EditingState

    def _on_button(self, at: QPoint) -> str | None:
        """The id of the take whose play button is at a place of the viewport."""
        index = self.indexAt(at)
        if index.isValid() and self.delegate.button(self.visualRect(index)).contains(at):
            return index.data(TAKE).id
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        id = self._on_button(event.position().toPoint())
        if id is not None and event.button() == Qt.MouseButton.LeftButton:
            self.play_wanted.emit(id)
            event.accept()
        else:
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._on_button(event.position().toPoint()) is None:
            super().mouseDoubleClickEvent(event)
        else:
            self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self._on_button(event.position().toPoint()) is not None
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)
        super().mouseMoveEvent(event)

    def event(self, event: QEvent) -> bool:
        # Letters jump to a name; the lab's keys (R begins a new run) do not reach through the list.
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            plain = not event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier
            if plain and len(event.text()) == 1 and event.text().isprintable() and event.text() != " ":
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not self.editing:
            if ids := self.selected_ids():
                self.play_wanted.emit(ids[0])
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and not self.editing:
            self.deletion_wanted.emit()
        else:
            super().keyPressEvent(event)
