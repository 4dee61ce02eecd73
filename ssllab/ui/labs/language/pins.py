"""Pinned prompts: what comes after each, while the model trains."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import math

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout

from ssllab.ui import theme
from ssllab.ui.labs.language.widgets.desk import Desk
from ssllab.ui.labs.language.widgets.desk_panel import DeskPanel
from ssllab.ui.labs.language.widgets.pin_cards import SHOWN, Card, PinCards
from ssllab.ui.labs.language.widgets.ranking import Candidate, rank
from ssllab.ui.scene import Scene


class PinsPanel(DeskPanel):
    """A card for each prompt."""

    id = "pins"
    title = "Pinned prompts"
    help = """
    <h3>Pinned prompts</h3>
    <p>For each prompt the likeliest next symbols by the first model of the board, anew with every copy of the model
    that trains. <b>Below the prompt</b> a bar for each of its symbols: how open its place was, orange behind what
    surprised.
    <b>At the bottom</b> how open the next place is, in bits, and a line of how that went in training.</p>
    <p><b>How to read it.</b> At first every card shows the same: all symbols alike, then the frequent ones. Then what
    follows differs from prompt to prompt: determiners want nouns, <i>The calico</i> wants an animal. Sometimes a single
    word is almost certain, and its bar is short; a place where many things may stand stays open, however long one
    trains.</p>
    <p><b>One step.</b> Pause, then press <i>Step</i>: a thin mark shows where each bar ended before the update.</p>
    <p>Click a card to put it on the board; Pin keeps the board's text; Delete unpins; Ctrl+Z takes it back.</p>
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.cards = PinCards()
        self.pin_button = self._button("Pin the text", "Keep the text of the board as a card", self._pin)
        self.unpin_button = self._button("Unpin", "Let the chosen card go (Delete)", self._unpin_chosen)
        self.usual_button = self._button(
            "The usual ones", "The prompts that go with this text again", self._usual
        )
        self.note = QLabel()
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 0)
        row.addWidget(self.note, 1)
        for button in (self.pin_button, self.unpin_button, self.usual_button):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.cards, 1)
        self.cards.opened.connect(lambda pin: desk.sheet.write(pin))
        self.cards.unpin_wanted.connect(self._unpin)
        desk.pins_answered.connect(self._show)
        desk.sheet.changed.connect(lambda before: self._show())
        self.bench.data_loaded.connect(self._show)
        self.restyle()

    def _button(self, words: str, tip: str, act: object) -> QToolButton:
        button = QToolButton()
        button.setText(words)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(act)
        return button

    def draw(self, scene: Scene) -> None:
        self.desk.models.follow()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.desk.pins_seen = True
        self.desk.models.settle()
        self.desk.ask_pins()
        self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.desk.pins_seen = False

    def _pin(self) -> None:
        text = self.desk.sheet.state.text
        if text.strip() and text not in self.desk.pins:
            self.desk.sheet.change(pins=(*self.desk.pins, text))

    def _unpin_chosen(self) -> None:
        if (pin := self.cards.chosen()) is not None:
            self._unpin(pin)

    def _unpin(self, pin: str) -> None:
        self.desk.sheet.change(pins=tuple(other for other in self.desk.pins if other != pin))

    def _usual(self) -> None:
        self.desk.sheet.change(pins=None)

    def _show(self) -> None:
        self.cards.show_cards([self._card(pin) for pin in self.desk.pins])
        chosen = self.desk.models.first
        text = self.desk.sheet.state.text
        self.pin_button.setEnabled(bool(text.strip()) and text not in self.desk.pins)
        self.usual_button.setEnabled(self.desk.sheet.state.pins is not None)
        self.note.setText(
            chosen.words if chosen is not None else self.desk.models.why["first"].partition(":")[0]
        )

    def _card(self, pin: str) -> Card:
        said = self.desk.pinned.get(pin)
        if said is None or said.answer is None:
            return Card(pin, problem=said.problem if said is not None else "")
        answer, units = said.answer, said.answer.reading.units
        found = rank(answer.logs, units, self.desk.tags, self.desk.sheet.state.sampling, top=SHOWN)
        rows = tuple(row for row in found if isinstance(row, Candidate))
        old = self.desk.before.get(pin)
        before: tuple[float, ...] = ()
        if old is not None and old.answer is not None and said.chosen.key[2] - old.chosen.key[2] == 1:
            before = tuple(math.exp(old.answer.logs[row.id]) for row in rows)
        words = zip(
            answer.reading.ids[1:].tolist(), answer.surprisal.tolist(), answer.entropy.tolist(), strict=True
        )
        return Card(
            pin,
            answer.bits,
            math.log2(max(2, len(units.symbols))),
            rows,
            before,
            tuple((units.shown(id) if id >= 0 else "___", bits, entropy) for id, bits, entropy in words),
            tuple(self.desk.grown.get(pin, ())),
        )

    def restyle(self) -> None:
        now = theme.current()
        self.note.setStyleSheet(f"color: {now.muted};")
        self.cards.setStyleSheet(f"QListView {{ background: {now.window}; }}")
        self._show()
