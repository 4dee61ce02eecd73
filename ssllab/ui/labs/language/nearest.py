"""A symbol and those whose vectors point the same way."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
)

from ssllab.looks import SymbolVectors
from ssllab.text.symbols import END, Units
from ssllab.ui import theme
from ssllab.ui.labs.language.widgets.asking import AskingPanel, Question
from ssllab.ui.labs.language.widgets.desk import Desk
from ssllab.ui.labs.language.widgets.models import Chosen
from ssllab.ui.labs.language.widgets.ranking import share_words
from ssllab.ui.labs.language.widgets.reading import Reading

SHOWN = 20
NOT_FOR = "Not for this model: it has no vectors of symbols."


@dataclass(frozen=True)
class Near:
    """The symbols ``ids (n,)`` are the nearest to ``symbol``, with their cosines; ``shares``: how often they and, last, the
    symbol itself come in the text, None where that is not known."""

    units: Units
    words: str
    symbol: int
    ids: np.ndarray
    cosines: np.ndarray
    shares: np.ndarray | None


class NearestPanel(AskingPanel):
    """Follows the board; what is typed or clicked here goes before."""

    id = "nearest"
    title = "Nearest symbols"
    parts = (SymbolVectors,)
    help = """
    <h3>Nearest symbols</h3>
    <p>Every symbol is a vector, a row of the model's input embedding, and nobody told the model which belong together.
    Here are those whose vectors point most in the direction of one symbol's: the <b>cosine</b> is 1 for the same
    direction, 0 for a right angle. Beside it stands <b>how often</b> the symbol comes in the text.</p>
    <p>The symbol is the last of the board's text, or the one that is asked for there; type another one, or click a row
    (Enter) to go on from it.</p>
    <p><b>How to read it.</b> At first the neighbours are chance. Then frequent symbols part from rare ones; then
    what can stand at the same places comes together: animals, places, verbs of one form. Rare symbols hardly moved from
    where they began: their neighbours say little.</p>
    <p>Bengio et al. 2003; Mikolov et al. 2013, <i>Linguistic regularities in continuous space word representations</i>.</p>
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.box = QLineEdit()
        self.box.setPlaceholderText("A symbol; empty: that of the board")
        self.box.setAccessibleName("Symbol whose neighbours are shown")
        self.box.setClearButtonEnabled(True)
        self.note = QLabel(wordWrap=True)
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.list = QTreeWidget()
        self.list.setHeaderLabels(["Symbol", "Cosine", "How often", "What it is"])
        self.list.setRootIsDecorated(False)
        self.list.setAllColumnsShowFocus(True)
        self.list.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.list.setAccessibleName("Nearest symbols")
        self._near: Near | None = None
        self._rows: list[list[str]] = []
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 0)
        row.addWidget(self.box, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.note)
        column.addWidget(self.list, 1)
        self.box.textChanged.connect(lambda text: self.ask())
        self.list.itemClicked.connect(self._go)
        self.list.itemActivated.connect(self._go)
        desk.answered.connect(self._show)
        self.restyle()

    def question(self, chosen: Chosen) -> Question:
        model, typed = chosen.predictor, self.box.text().strip()
        data = self.bench.data
        symbol = None if typed else symbol_of_board(self.desk.reading())

        def work(task: object) -> Near | None:
            from ssllab.methods.symbol_stream import frequencies

            found = model.vectors()
            if found is None:
                return None
            wanted = symbol_of(typed, model.units) if typed else symbol
            if wanted is None:
                raise ValueError("Type a symbol here, or a text on the board.")
            z = unit(found.vectors)
            cosines = z @ z[wanted]
            cosines[wanted] = -np.inf
            ids = np.argsort(-cosines, kind="stable")[: min(SHOWN, len(z) - 1)]
            shares = None
            if data is not None and data.kind == "text":
                shares = frequencies(data.train, model.units)[np.append(ids, wanted)]  # type: ignore[attr-defined]
            return Near(model.units, chosen.words, wanted, ids, cosines[ids], shares)

        return (chosen.key, typed, symbol, id(data)), work

    def show_answer(self, answer: Near | None) -> None:
        if answer is None:
            self.show_nothing(NOT_FOR)
            return
        self._near = answer
        self._show()

    def show_nothing(self, why: str) -> None:
        self._near = None
        self._fill([])
        self.note.setText(why)

    def _show(self) -> None:
        near = self._near
        if near is None:
            return
        often = "" if near.shares is None else f", {share_words(float(near.shares[-1]))} of the text"
        self.note.setText(f"{near.words}: nearest to {near.units.shown(near.symbol)}{often}")
        rows = []
        for place, (id, cosine) in enumerate(zip(near.ids.tolist(), near.cosines.tolist(), strict=True)):
            often = "" if near.shares is None else share_words(float(near.shares[place]))
            tag, group = self.desk.tags.get(near.units.symbols[id], ("", ""))
            what = " ".join(filter(None, (tag, group)))
            rows.append([near.units.shown(id), f"{cosine:.2f}".replace("-", "−"), often, what])
        self._fill(rows)

    def _fill(self, rows: list[list[str]]) -> None:
        """Other rows; the symbol that the keyboard is at stays so."""
        if rows == self._rows:
            return
        at = self.list.currentItem()
        chosen = at.text(0) if at is not None else None
        self._rows = rows
        self.list.clear()
        items = [QTreeWidgetItem(row) for row in rows]
        self.list.addTopLevelItems(items)
        for column in range(3):
            self.list.resizeColumnToContents(column)
        for item in items:
            if item.text(0) == chosen:
                self.list.setCurrentItem(item)

    def _go(self, item: QTreeWidgetItem, column: int = 0) -> None:
        self.box.setText(item.text(0))

    def restyle(self) -> None:
        self.note.setStyleSheet(f"color: {theme.current().muted}; padding-left: 8px;")


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows of length 1; a row of zeros stays."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def symbol_of_board(reading: Reading | None) -> int | None:
    """The symbol that is asked for, or else the one before; None where there is none."""
    if reading is None:
        return None
    if reading.present is not None:
        return reading.present
    before = int(reading.ids[reading.place - 1])
    return before if before > END else None


def symbol_of(typed: str, units: Units) -> int:
    """The symbol that is called so, or the last of those that the text is cut into. Raises ValueError, one line."""
    for id, symbol in enumerate(units.symbols):
        if typed in (symbol, units.shown(id)):
            return id
    ids = units.encode(typed)
    if not len(ids) or ids[-1] == units.unknown:
        raise ValueError(f"“{typed}” is not in the vocabulary of this model.")
    return int(ids[-1])
