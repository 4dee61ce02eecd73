"""How parts of words come about: the learnt merges, one by one, on the sentence that stands on the board."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QSlider, QVBoxLayout

from ssllab.text.bpe import BytePairs, Stage
from ssllab.ui import theme
from ssllab.ui.labs.language.widgets.asking import AskingPanel, Question
from ssllab.ui.labs.language.widgets.desk import Desk
from ssllab.ui.labs.language.widgets.models import Chosen

NOT_FOR = "Only parts of words (BPE) are merged: set Unit to parts of words, or take the model books-bpe on the board."
_SENTENCE = "The calico cat sits on the sunny ledge."  # where the board is empty
_MOST = 300  # characters that are replayed: more are no picture
_PACE = 350  # milliseconds a merge


class MergesPanel(AskingPanel):
    """A slider from bytes to the parts that the model reads."""

    id = "merges"
    title = "Merges"
    help = """
    <h3>Merges</h3>
    <p>Byte pair encoding begins with bytes and learns, from the training text, which two neighbours are most often side by
    side: those become one part, then the next pair, until the vocabulary is full. A text is cut by doing the same merges
    in the same order. Here they are done one at a time on the sentence of the board, up to what the model reads.</p>
    <p><b>How to read it.</b> Early merges are what the language is full of (<i>th</i>, <i>he</i>, a blank with <i>t</i>);
    late ones are its frequent words. A rare word stays in pieces. A part that begins with a blank begins a word.</p>
    <p>Sennrich, Haddow and Birch 2016; over bytes: Radford et al. 2019 (GPT-2).</p>
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._units: BytePairs | None = None
        self._stages: list[Stage] = []
        self._cut = False
        self.line, self.pieces = QLabel(wordWrap=True), QLabel(wordWrap=True)
        self.line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.pieces.setTextFormat(Qt.TextFormat.RichText)
        self.pieces.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.pieces.setMargin(4)
        room = QScrollArea(widgetResizable=True)
        room.setFrameShape(QScrollArea.Shape.NoFrame)
        room.setWidget(self.pieces)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Merges that are done")
        self.slider.valueChanged.connect(self._show)
        self.play_button = QPushButton("Play")
        self.play_button.setToolTip("From bytes to the parts that the model reads, a merge after the other")
        self.play_button.clicked.connect(self._play)
        self._timer = QTimer(self, interval=_PACE)
        self._timer.timeout.connect(self._on)
        row = QHBoxLayout()
        row.addWidget(self.play_button)
        row.addWidget(self.slider, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 4)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.line)
        column.addWidget(room, 1)
        self.show_nothing("")

    def question(self, chosen: Chosen) -> Question:
        known, text = chosen.predictor.units, self.sheet.state.text.strip() or _SENTENCE
        units = known if isinstance(known, BytePairs) else None

        def work(task: object) -> tuple[BytePairs, list[Stage], bool] | None:
            return (units, units.replay(text[:_MOST]), len(text) > _MOST) if units is not None else None

        return (text, units), work

    def show_answer(self, answer: tuple[BytePairs, list[Stage], bool] | None) -> None:
        if answer is None:
            self.show_nothing(NOT_FOR)
            return
        whole = self.slider.value() == self.slider.maximum()
        self._units, self._stages, self._cut = answer
        last = len(self._stages) - 1
        self.slider.blockSignals(True)
        self.slider.setRange(0, last)
        if whole and not self._timer.isActive():
            self.slider.setValue(last)
        self.slider.blockSignals(False)
        for widget in (self.slider, self.play_button):
            widget.setEnabled(True)
        self._show()

    def show_nothing(self, why: str) -> None:
        self._units, self._stages = None, []
        self._halt()
        self.slider.setRange(0, 0)
        for widget in (self.slider, self.play_button):
            widget.setEnabled(False)
        self.pieces.clear()
        self.line.setText(why)

    def _show(self) -> None:
        units, now = self._units, theme.current()
        if units is None:
            return
        stage = self._stages[self.slider.value()]
        joined, said = None, "Bytes, before any merge"
        if stage.rank is not None:
            first, second, joined = units.merges[stage.rank]
            pair = " + ".join(f"“{units.shown(id)}”" for id in (first, second))
            said = f"Merge {stage.rank + 1:,} of {len(units.merges):,}: {pair} become “{units.shown(joined)}”"
        more = f"; the first {_MOST} characters" if self._cut else ""
        self.line.setText(f"{said}. {len(stage.ids)} parts of {len(self._stages[0].ids)} bytes{more}.")
        shown = [
            f"<span style='background:{now.accent if id == joined else now.raised};"
            f"color:{now.accent_text if id == joined else now.text}'>&nbsp;{escape(units.shown(id))}&nbsp;</span>"
            for id in stage.ids
        ]
        self.pieces.setText(f"<p style='line-height:160%'>{' '.join(shown)}</p>")

    def _play(self) -> None:
        if self._timer.isActive():
            self._halt()
            return
        self.slider.setValue(0)
        self._timer.start()
        self.play_button.setText("Pause")

    def _on(self) -> None:
        if self.slider.value() == self.slider.maximum() or not self.isVisible():
            self._halt()
        else:
            self.slider.setValue(self.slider.value() + 1)

    def _halt(self) -> None:
        self._timer.stop()
        self.play_button.setText("Play")

    def restyle(self) -> None:
        self.line.setStyleSheet(f"color: {theme.current().muted};")
        self._show()
