"""The image in the middle of attention: picked on the map, taken apart elsewhere."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from ssllab.ui.bench import Bench


class Anchor(QObject):
    """One for a page: its panels are handed it. ``index`` counts the images of the map; other data begin at the first."""

    changed = Signal(int)

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self.index = 0
        bench.data_loaded.connect(lambda: self.set(0))

    def set(self, index: int) -> None:
        """Make an image of the map the anchor."""
        if index != self.index:
            self.index = index
            self.changed.emit(index)
