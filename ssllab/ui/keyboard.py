"""Who gets a key, the widget that has the focus or a shortcut of the window, and where Tab goes next."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDockWidget,
    QGraphicsView,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QTextEdit,
    QToolBar,
    QWidget,
)

_TYPED_IN = (QLineEdit, QAbstractSpinBox, QComboBox, QAbstractItemView)
_SHOWS_ONLY = (
    QScrollArea,
    QGraphicsView,
)  # nothing in them answers to keys that would tell where the focus is
_COLUMN = 40  # pixels within which docks stand in one column


def belongs_to_focus(event: QKeyEvent, tabbed_to: QWidget | None) -> bool:
    """Whether a key without Ctrl or Alt is for the widget that has the focus, not for a shortcut such as Space or R.

    So it is where somebody types; Space where it presses what has the focus; any letter where the focus came by Tab.
    """
    focus, text = QApplication.focusWidget(), event.text()
    held = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
    if focus is None or held != Qt.KeyboardModifier.NoModifier or not text or not text.isprintable():
        return False
    if isinstance(focus, _TYPED_IN) or (
        isinstance(focus, (QTextEdit, QPlainTextEdit)) and not focus.isReadOnly()
    ):
        return True
    if text == " ":
        return isinstance(focus, QAbstractButton)
    return focus is tabbed_to


def is_entered(focus: QWidget | None) -> bool:
    """Whether Enter ends what a person does in this widget."""
    return isinstance(focus, (QLineEdit, QAbstractSpinBox, QComboBox))


def in_reading_order(page: QWidget) -> list[QWidget]:
    """What Tab stops at: toolbars first, then column by column, from top to bottom, each row from left to right."""
    blocks: dict[QWidget, list[QWidget]] = {}
    for widget in page.findChildren(QWidget):
        if _is_stop(widget) and (block := _block(widget, page)) is not None:
            blocks.setdefault(block, []).append(widget)

    def place(block: QWidget) -> tuple[int, int, int]:
        at = block.mapTo(page, QPoint(0, 0))
        return (0 if isinstance(block, QToolBar) else 1, at.x() // _COLUMN, at.y())

    return [widget for block in sorted(blocks, key=place) for widget in _in_rows(blocks[block], block)]


def _is_stop(widget: QWidget) -> bool:
    return (
        bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
        and widget.isVisible()
        and widget.isEnabled()
        and not isinstance(widget, _SHOWS_ONLY)
        and not isinstance(widget.parent(), (QAbstractSpinBox, QComboBox, QGraphicsView))
    )


def _block(widget: QWidget, page: QWidget) -> QWidget | None:
    """The dock or toolbar that holds it; None in a dock that another one hides."""
    part: QWidget | None = widget
    while part is not None and part is not page:
        if isinstance(part, QDockWidget):
            return part if getattr(part, "on_top", True) else None
        if isinstance(part, QToolBar) or part.parent() is page:
            return part
        part = part.parentWidget()
    return page


def _in_rows(widgets: list[QWidget], block: QWidget) -> list[QWidget]:
    """From left to right in each row; widgets are in one row where their middles lie within the first's height.

    What scrolls counts as one widget, so that the order does not depend on where it is scrolled to.
    """
    if block in widgets:
        return widgets
    inside: dict[QWidget, list[QWidget]] = {}
    for widget in widgets:
        inside.setdefault(_scrolled_by(widget, block) or widget, []).append(widget)
    where = {part: part.mapTo(block, QPoint(0, 0)) for part in inside}
    rows: list[list[QWidget]] = []
    for part in sorted(inside, key=lambda w: where[w].y() + w.height() / 2):
        middle = where[part].y() + part.height() / 2
        head = rows[-1][0] if rows else None
        if head is not None and where[head].y() <= middle <= where[head].y() + head.height():
            rows[-1].append(part)
        else:
            rows.append([part])
    ordered = [part for row in rows for part in sorted(row, key=lambda w: where[w].x())]
    return [
        widget
        for part in ordered
        for widget in (_in_rows(inside[part], part.widget()) if isinstance(part, QScrollArea) else [part])
    ]


def _scrolled_by(widget: QWidget, block: QWidget) -> QScrollArea | None:
    """The outermost scroll area in ``block`` around it."""
    found, part = None, widget.parentWidget()
    while part is not None and part is not block:
        if isinstance(part, QScrollArea):
            found = part
        part = part.parentWidget()
    return found
