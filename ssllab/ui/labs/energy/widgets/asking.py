"""Panels that ask a copy of the live run's model: what its predictions are of a clip that they choose."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from ssllab.ui import theme
from ssllab.ui.asking import AskingPanel
from ssllab.ui.bench import Bench
from ssllab.ui.live_model import Copied, LiveModel
from ssllab.ui.scene import PRESS_START, Scene, waiting

if TYPE_CHECKING:
    from ssllab.data.video.types import VideoData
    from ssllab.methods.clips import ClipMethod
    from ssllab.training.messages import ModelCopy


class ClipModels:
    """The live run's model as it was a moment ago, one for all panels of a page."""

    def __init__(self, bench: Bench) -> None:
        def build(copy: ModelCopy) -> ClipMethod:
            from ssllab.training.stored_clips import of_copy

            return of_copy(copy, bench.data)

        self.bench = bench
        self.live = LiveModel(bench, build)


class ClipPanel(AskingPanel):
    """A row of choices and a note above what is asked for. ``hint``: what is to be seen, after "Press Start: "."""

    hint = ""
    share = 0.1

    def __init__(self, models: ClipModels) -> None:
        super().__init__(models.bench)
        self.models = models
        self.number = 0  # of the clip
        self.another = QPushButton("Another clip")
        self.another.setToolTip("Another of the clips that were held out")
        self.another.clicked.connect(self._next_clip)
        self.note = QLabel(wordWrap=True)
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.measuring = f"Measuring {self.hint}: some seconds."
        self.row = QHBoxLayout()
        self.row.setContentsMargins(8, 4, 8, 0)
        self.row.setSpacing(8)
        self.row.addWidget(self.note, 1)
        self.row.addWidget(self.another)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(2)
        self.body.addLayout(self.row)
        models.live.changed.connect(self.ask)

    def add_choice(self, widget: QWidget) -> None:
        """Before the note."""
        self.row.insertWidget(self.row.count() - 2, widget)

    @property
    def data(self) -> VideoData:
        """What the run learns from; there is one where there is a model."""
        return cast("VideoData", self.bench.data)

    def chosen(self) -> Copied[ClipMethod] | None:
        copied = self.models.live.copied
        return copied if copied is not None and self.bench.data is not None else None

    def missing(self) -> str:
        return waiting(PRESS_START + self.hint, self.bench.state)

    def say(self, text: str) -> None:
        """In the row above, for the eyes and for a screen reader; all of it in its tip."""
        self.note.setText(text)
        self.note.setToolTip(text)
        self.setAccessibleDescription(text)

    def _next_clip(self) -> None:
        self.number += 1
        self.forget()

    def draw(self, scene: Scene) -> None:
        self.models.live.follow()
        super().draw(scene)

    def reset(self) -> None:
        self.forget()

    def restyle(self) -> None:
        self.note.setStyleSheet(f"color: {theme.current().muted};")

    def view_state(self) -> dict[str, Any]:
        return {"clip": self.number}

    def restore_view(self, state: Any) -> None:
        if type(state.get("clip")) is int and 0 <= state["clip"] < 10_000:
            self.number = state["clip"]
