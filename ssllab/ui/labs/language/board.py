"""The typing board: what comes next, as the model that trains now sees it."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from html import escape
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from ssllab.ui import theme
from ssllab.ui.labs.language.widgets.answer import Answer
from ssllab.ui.labs.language.widgets.bars import Bars
from ssllab.ui.labs.language.widgets.board_bar import ModelBar, SamplingBar
from ssllab.ui.labs.language.widgets.desk import FIRST, SECOND, Desk
from ssllab.ui.labs.language.widgets.desk_panel import DeskPanel
from ssllab.ui.labs.language.widgets.editor import Editor
from ssllab.ui.labs.language.widgets.ranking import described, meanings, rank
from ssllab.ui.labs.language.widgets.saving import FILTERS, save
from ssllab.ui.labs.language.widgets.strip import Cell, Strip, cells
from ssllab.ui.scene import Scene

_LATE_MS = 150  # an answer that takes longer is waited for in sight
_FIRST_CODES = (
    "Type codes, as <b>c5 c17</b>, or take some: each is heard with those before it. Write on, then Play."
)
_FIRST_STEPS = "Type {}: under it stands what may come next. Enter or a click takes a symbol."
_FOR_EXAMPLE = {"dna": "bases, as <b>ATGACC</b>", "everyday": "a text, as <b>The calico cat</b>"}


def _compared_words(answer: Answer) -> str:
    if not answer.compared:
        return ""
    if answer.compared == len(answer.reading.units):
        return ", whole texts compared"
    return f", whole texts compared, of the {answer.compared:,} likeliest by what stands before"


class BoardPanel(DeskPanel):
    """Text above, what may come below."""

    id = "board"
    title = "What comes next"
    help = """
    <h3>What comes next</h3>
    <p>Type a text; below it stand the <b>symbols that may come</b>, as the model that trains <i>now</i> sees them (it
    is copied once a second and named by its step). Enter, the right arrow or a click takes the chosen symbol, up and
    down choose, Backspace takes a symbol back, Ctrl+Z takes back whatever it was. Shift+Enter is a new line.</p>
    <p><b>Bits.</b> The <b>surprise</b> of a symbol is −log₂ p of what was written: orange where it is large; below it a
    blue bar for the <b>entropy</b>, how open its place was. A place where little is open is almost certain.</p>
    <p><b>In the middle.</b> Click a symbol, or write <code>___</code> for a blank: a model of hidden symbols says what
    stands there; one that only looks back compares the whole text with each symbol there (of many with the likeliest by
    what stands before, and says so).</p>
    <p><b>Sampling</b> goes in this order: the <b>temperature</b> divides all log-probabilities (below 1 the likely gets
    likelier), <b>top-k</b> keeps so many, <b>top-p</b> of them as few as carry that much. A bar is filled to what a
    symbol is drawn with and outlined to what the model says; what is dropped is grey. <b>Write on</b> draws until an
    end is drawn.</p>
    <p><b>Parts of speech</b> are known for Everyday English. In other prose only words of grammar have one, marked by
    <code>?</code>: it is their most frequent use, whatever the sentence.</p>
    <p>A symbol that is half a character stands there as its bytes, ⟨E2 80⟩; with its other half it becomes the
    character. Prose, DNA and sounds have each a text and pins of their own.</p>
    <p><b>Beside it</b> a second model: counts of the same text (KN-5), the grammar itself, a shipped model, another
    run.</p>
    <p>Shannon 1951, <i>Prediction and entropy of printed English</i>; Holtzman et al. 2020 (top-p).</p>
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.models_bar, self.sampling_bar = ModelBar(desk), SamplingBar(desk)
        self.editor, self.strip = Editor(), Strip()
        self.line = QLabel(wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self.line.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.line.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.bars = {FIRST: Bars("What may come"), SECOND: Bars("What may come, second model")}
        self.heads = {which: self._head() for which in self.bars}
        self._late = QTimer(self, singleShot=True, interval=_LATE_MS)
        self._make_view()
        self._connect()
        self.restyle()
        self._show_sheet()

    def _head(self) -> QLabel:
        label = QLabel(wordWrap=True)
        label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        return label

    def _make_view(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 4)
        column.setSpacing(4)
        column.addWidget(self.models_bar)
        column.addWidget(self.editor)
        column.addWidget(self.strip)
        column.addWidget(self.line)
        sides = QHBoxLayout()
        sides.setSpacing(8)
        self.sides: dict[str, QWidget] = {}
        for which, bars in self.bars.items():
            side = self.sides[which] = QWidget()
            below = QVBoxLayout(side)
            below.setContentsMargins(0, 0, 0, 0)
            below.setSpacing(2)
            below.addWidget(self.heads[which])
            below.addWidget(bars, 1)
            sides.addWidget(side, 1)
        column.addLayout(sides, 1)
        column.addWidget(self.sampling_bar)

    def _connect(self) -> None:
        editor, desk, sheet = self.editor, self.desk, self.sheet
        editor.written.connect(self._typed)
        editor.take_wanted.connect(self._take_chosen)
        editor.one_less_wanted.connect(desk.one_less)
        editor.bars_wanted.connect(self.bars[FIRST].choose_next)
        editor.asked.connect(self._ask_for)
        for each in (editor, self.models_bar):
            each.undo_wanted.connect(sheet.undo)
            each.redo_wanted.connect(sheet.redo)
        self.strip.asked.connect(self._ask_for)
        for which, bars in self.bars.items():
            bars.taken.connect(partial(self._take, which))
            bars.one_less_wanted.connect(desk.one_less)
            bars.text_wanted.connect(self._go_on_typing)
        self.models_bar.save_wanted.connect(self.ask_save)
        sheet.changed.connect(lambda before: self._show_sheet())
        desk.answered.connect(self._show_answers)
        self._late.timeout.connect(self._mark_old)
        self.bench.state_changed.connect(lambda state: self._show_answers())

    # What a person does

    def _typed(self, text: str, cursor: int) -> None:
        self.desk.stop_writing()
        # Letters of one word are one step back.
        self.sheet.write(text, cursor, gesture=("typing", len(text.split()), text[-1:].isspace()))

    def _take(self, which: str, id: int) -> None:
        self.desk.stop_writing()
        self.desk.take(id, which)

    def _take_chosen(self) -> None:
        if (chosen := self.bars[FIRST].chosen()) is not None:
            self._take(FIRST, chosen.id)

    def _go_on_typing(self, letters: str) -> None:
        self.editor.setFocus()
        self.editor.insertPlainText(letters)

    def _ask_for(self, number: int | None) -> None:
        self.sheet.change(asked=number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and (self.desk.writing or self.sheet.state.asked is not None):
            self.desk.stop_writing()
            self.sheet.change(asked=None)
        else:
            super().keyPressEvent(event)

    # What is shown

    def draw(self, scene: Scene) -> None:
        self.desk.models.follow()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.desk.models.list_runs()
        self.desk.models.settle()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.desk.stop_writing()

    def _show_sheet(self) -> None:
        state = self.sheet.state
        self.editor.show_text(state.text, state.cursor)
        self.models_bar.show_state(state)
        self.sampling_bar.show_state(state)
        self._show_answers()

    def _show_answers(self) -> None:
        self.models_bar.show_models()
        reading, answer = self.desk.reading(), self.desk.answer()
        if answer is not None:
            reading = answer.reading
        shown = cells(reading, answer) if reading is not None else []
        self.editor.tint(reading.spans if reading is not None else (), shown)
        self.strip.show_cells(shown, self.sheet.state.asked)
        self.strip.setVisible(bool(shown))
        self.line.setText(self._words(shown))
        for which in self.bars:
            self._show_bars(which)

    def _show_bars(self, which: str) -> None:
        bars, head, state = self.bars[which], self.heads[which], self.sheet.state
        self.sides[which].setVisible(which == FIRST or state.second != "")
        if self.desk.behind(which):
            if not self._late.isActive():
                self._late.start()
            return  # the answer to this text is under way
        said = self.desk.said.get(which)
        chosen = self.desk.chosen(which)
        if said is None or chosen is None:
            bars.show_rows([], None)
            head.setText(self.desk.models.why[which] or "…")
            return
        answer = said.answer
        if answer is None:
            bars.show_rows([], None)
            head.setText(said.problem)
            return
        reading = answer.reading
        bars.painter.grouping = state.grouping
        bars.painter.meanings = meanings(self.desk.tags)
        rows = rank(
            answer.logs,
            reading.units,
            self.desk.tags,
            state.sampling,
            typed=reading.typed,
            grouping=state.grouping,
        )
        if reading.typed and not rows:
            head.setText(
                f"No symbol of the vocabulary begins with “{reading.typed}”: it is unknown to the model."
            )
            bars.show_rows([], None)
            return
        bars.show_rows(rows, reading.present, reading.text)
        bars.setAccessibleDescription(f"{answer.bits:.2f} bits open. {described(rows)}")
        most = math.log2(max(2, len(reading.units.symbols)))
        where = "comes next" if reading.at_end else "stands there"
        how = _compared_words(answer)
        head.setText(f"{said.chosen.words}: what {where}{how}; {answer.bits:.2f} of {most:.1f} bits open")

    def _mark_old(self) -> None:
        """What is on display for longer than a moment says that it belongs to an older text."""
        for which, bars in self.bars.items():
            if self.desk.behind(which):
                bars.mark_old(True)
                self.heads[which].setText("reading …")

    def _words(self, shown: list[Cell]) -> str:
        """The last symbol, or the one asked for, in a line, and the whole text."""
        known = [cell for cell in shown if math.isfinite(cell.bits)]
        if not self.sheet.state.text:
            example = _FOR_EXAMPLE.get(getattr(self.bench.data, "language", ""), "a text")
            first = _FIRST_CODES if self.desk.sounds else _FIRST_STEPS.format(example)
            return f"<span style='color:{theme.current().muted}'>{first}</span>"
        if not known:
            return ""
        asked = self.sheet.state.asked
        cell = shown[asked] if asked is not None and asked < len(shown) else known[-1]
        total = sum(c.bits for c in known)
        many = (
            f"; all {len(known)} symbols: {total:.1f} bits, {total / len(known):.2f} each"
            if len(known) > 1
            else ""
        )
        return f"{escape(cell.words)}{many}"

    def restyle(self) -> None:
        muted = theme.current().muted
        for head in self.heads.values():
            head.setStyleSheet(f"color: {muted};")
        self.strip.setFixedHeight(self._strip_height())
        self.sampling_bar.restyle()
        self._show_answers()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.strip.setFixedHeight(self._strip_height())
        self.editor.setFixedHeight(round((1.6 if self._low() else 2.6) * self.fontMetrics().height()) + 12)

    def _low(self) -> bool:
        return self.height() < 30 * self.fontMetrics().height()

    def _strip_height(self) -> int:
        """One row of symbols, two where there is room."""
        row = round(2.9 * self.fontMetrics().height()) + 6
        return row if self._low() else 2 * row

    # Kept

    def view_state(self) -> dict[str, Any]:
        return self.sheet.to_json()

    def restore_view(self, state: Mapping[str, Any]) -> None:
        self.sheet.take_json(state)

    def ask_save(self) -> None:
        """Have the person choose where the board is written to, and as what."""
        name = f"{self.bench.file_name(self.title)}.txt"
        path, _ = QFileDialog.getSaveFileName(self, "Save the board", name, FILTERS)
        if not path:
            return
        try:
            written = save(self, path)
        except OSError as error:
            self.bench.say("error", str(error))
        else:
            self.bench.say("info", f"The board was saved to {written}.")
