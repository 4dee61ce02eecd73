"""A lab's undo: whatever was changed on its bench, one gesture at a time."""

from __future__ import annotations

from PySide6.QtGui import QUndoCommand, QUndoStack

from ssllab.ui.bench import Bench
from ssllab.ui.setup import Gesture, said


class History(QUndoStack):
    """Takes every gesture that the bench tells of, whoever made it."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._bench = bench
        bench.changed.connect(lambda gesture: self.push(_Step(bench, gesture)))


class _Step(QUndoCommand):
    """A gesture on the stack; the bench has made it already when it is put there."""

    def __init__(self, bench: Bench, gesture: Gesture) -> None:
        super().__init__(gesture.words)
        self._bench, self._gesture = bench, gesture
        self._made = True

    def id(self) -> int:
        return -1 if self._gesture.drag is None else 1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Step) or other._gesture.drag != self._gesture.drag:
            return False
        before, after = self._gesture.before, other._gesture.after
        self._gesture = Gesture(said(before, after), before, after, self._gesture.drag)
        self.setText(self._gesture.words)
        self.setObsolete(before == after)
        return True

    def redo(self) -> None:
        if not self._made:
            self._bench.go(self._gesture.before, self._gesture.after)
        self._made = False

    def undo(self) -> None:
        self._bench.go(self._gesture.after, self._gesture.before)
