"""Read the code: the file of the method on the bench, the lines of its loss marked, and the functions that it calls."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QSizePolicy, QVBoxLayout

from ssllab.ui.bench import Bench
from ssllab.ui.panel import Panel
from ssllab.ui.scene import Scene
from ssllab.ui.widgets.python_text import PythonText

if TYPE_CHECKING:
    from ssllab.methods.code import Listing


class CodePanel(Panel):
    """A file, and the way back through those that were read before it."""

    id = "code"
    title = "Code"
    help = """
    <h3>Read the code</h3>
    <p>The file of the chosen method as it is on disk, one of yours too. Marked are the lines of its <b>loss</b>: what
    <code>step()</code> gives to <code>StepResult</code>, and the values that it is made of.</p>
    <p>Names with a dotted line can be clicked (or Enter on them): the function opens where it is written, as a loss in
    <code>ssllab/objectives</code>, which is a pure function with its paper and equation. Back (Alt+Left) returns.
    Ctrl+F finds words. Nothing can be changed here: Experiments, New method begins a file of your own.</p>
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.back_button, self.loss_button = QPushButton("Back"), QPushButton("Loss")
        self.back_button.setToolTip("To what was read before (Alt+Left)")
        self.loss_button.setToolTip("To the lines of the loss")
        self.place = QLabel()
        self.place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.place.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find (Ctrl+F)")
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(170)
        self.text = PythonText()
        self.back_button.clicked.connect(self.back)
        self.loss_button.clicked.connect(self._to_loss)
        self.search.textChanged.connect(lambda: self._find(again=False))
        self.search.returnPressed.connect(self._find)
        self.text.followed.connect(self.follow)
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(6)
        for button in (self.back_button, self.loss_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
        row.addWidget(self.place, 1)
        row.addWidget(self.search)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.text, 1)
        for keys, act in ((QKeySequence.StandardKey.Find, self._begin_search), ("Alt+Left", self.back)):
            QShortcut(QKeySequence(keys), self, act, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._shown: object = None  # the method whose file it is
        self._read: list[
            tuple[Callable[[], Listing], int]
        ] = []  # what was read before, and the line at the top
        self._now: Callable[[], Listing] | None = None
        self._elsewhere: Any = None
        self._marked: tuple[int, ...] = ()
        self._offer()

    def draw(self, scene: Scene) -> None:
        method = self.bench.methods.get(self.bench.method_name)
        if method is None or method is self._shown:
            return
        from ssllab.methods.code import of_method

        self._shown = method
        self._read.clear()
        self._open(lambda: of_method(method))

    def follow(self, to: Any) -> None:
        """Open the file of a function or class, at its lines."""
        from ssllab.methods.code import of_function

        if self._now is not None:
            self._read.append((self._now, self.text.verticalScrollBar().value()))
        self._open(lambda: of_function(to))

    def back(self) -> None:
        """What was read before, where it was left."""
        if self._read:
            listing, line = self._read.pop()
            self._open(listing)
            self.text.verticalScrollBar().setValue(line)

    def _open(self, listing: Callable[[], Listing]) -> None:
        self._now = listing
        try:
            found = listing()
        except OSError as error:
            self._elsewhere, self._marked = None, ()
            self.place.setText("")
            self.text.show_code(f"# The code cannot be shown: {error}.\n", (), ())
        else:
            self._elsewhere, self._marked = found.elsewhere, found.marked
            self.place.setText(found.name)
            self.place.setToolTip(str(found.path))
            self.text.show_code(found.text, found.marked, found.links)
        self._offer()

    def _offer(self) -> None:
        self.back_button.setEnabled(bool(self._read))
        self.loss_button.setEnabled(self._elsewhere is not None or bool(self._marked))

    def _to_loss(self) -> None:
        if self._elsewhere is not None:
            self.follow(self._elsewhere)
        else:
            self.text.go_to(self._marked[0])

    # Finding

    def _begin_search(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _find(self, again: bool = True) -> None:
        """The next place of what is typed; from the beginning where there is none behind."""
        words, cursor = self.search.text(), self.text.textCursor()
        if not again:
            cursor.setPosition(cursor.selectionStart())  # as more is typed, the same place may still fit
            self.text.setTextCursor(cursor)
        if words and not self.text.find(words):
            self.text.moveCursor(QTextCursor.MoveOperation.Start)
            if not self.text.find(words):
                self.text.setTextCursor(cursor)
                self.bench.say("info", f"“{words}” is not in this file.")

    def restyle(self) -> None:
        self.text.restyle()
