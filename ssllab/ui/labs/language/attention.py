"""Who looks at whom: the attention of one head, or the mean of a layer, over the text of the board."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout

from ssllab.looks import AttentionMaps
from ssllab.ui import theme
from ssllab.ui.labs.language.widgets.asking import AskingPanel, Question
from ssllab.ui.labs.language.widgets.desk import Desk
from ssllab.ui.labs.language.widgets.models import Chosen
from ssllab.ui.labs.language.widgets.ranking import share_words
from ssllab.ui.labs.language.widgets.reading import HOLE, known, read
from ssllab.ui.plots.heat_map import HeatMap
from ssllab.ui.widgets.control_row import CalmCombo

MOST = 64  # symbols; the last ones
MEAN = -1  # of all heads
NOT_FOR = "Not for this model: only a Transformer has attention."
_MOVES = {
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
}


class AttentionMap(HeatMap):
    """``weights (n, n)``; a row is who looks. The arrows go from cell to cell; ``told`` brings one in words."""

    told = Signal(str)

    def __init__(self) -> None:
        super().__init__(x_label="looked at", y_label="who looks", hint="Type a text on the board")
        self.weights = np.zeros((0, 0), np.float32)
        self.names: list[str] = []
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Attention map")

    def show_weights(self, weights: NDArray[np.float32], names: list[str], causal: bool) -> None:
        """What a causal model cannot see has no colour. All heads have one scale, so that they compare."""
        self.weights, self.names = weights, names
        levels = np.where(np.tril(np.ones_like(weights, bool)), weights, np.nan) if causal else weights
        self.scale.say("", "0 %", "100 %")
        self.show_matrix(levels, names, names)

    def show_none(self) -> None:
        """Nothing is known."""
        self.scale.say("")
        self.show_matrix(None)

    def describe(self, row: int, column: int) -> str:
        share = share_words(float(self.weights[row, column]))
        return f"{self.names[row]} ({row + 1}) looks at {self.names[column]} ({column + 1}): {share}"

    def columns(self) -> dict[str, NDArray]:
        who, whom = np.indices(self.weights.shape).reshape(2, -1)
        return {"who looks": who + 1, "looked at": whom + 1, "weight": self.weights.ravel()}

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = _MOVES.get(Qt.Key(event.key()))
        if move is None or self._levels is None:
            super().keyPressEvent(event)
            return
        last = len(self.names) - 1
        row, column = (
            (last, last) if self._cell is None else (self._cell[0] + move[0], self._cell[1] + move[1])
        )
        if 0 <= row <= last and 0 <= column <= last and np.isfinite(self._levels[row, column]):
            self._cell = row, column
            self.setAccessibleDescription(self.describe(row, column))
            self.told.emit(self.describe(row, column))
            self.show_values()


class AttentionPanel(AskingPanel):
    """Layer and head are chosen above the map."""

    id = "attention"
    title = "Attention"
    parts = (AttentionMaps,)
    help = f"""
    <h3>Attention</h3>
    <p>In every block each symbol gathers from others, by weights that sum to 1: softmax(QKᵀ/√d). A <b>row</b> is the
    symbol that looks, a <b>column</b> the one that is looked at. A causal model sees nothing right of the diagonal. The
    map is that of the board's text and first model, of one <b>head</b> or the mean of a layer's; of a long text the
    last {MOST} symbols are shown, or as many as the model can see.</p>
    <p><b>How to read it.</b> A bright line beside the diagonal: the head looks at the symbol before. A bright first
    column: it has nothing to look for and rests on the beginning. A spot far left in a sentence: a verb that looks at
    its subject, a word at its first mention. Weights say what is read, not why. BERT
    reads a text between two symbols of its own: what it looks at there is missing from its rows.</p>
    <p>Point at a cell, or go there by the arrows; the menu of the map saves it as SVG, PNG or CSV.</p>
    <p>Vaswani et al. 2017, section 3.2; Clark et al. 2019, <i>What does BERT look at?</i>; Jain and Wallace 2019 on
    what such maps do not explain.</p>
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.layers, self.heads = CalmCombo(), CalmCombo()
        self.layers.setAccessibleName("Layer")
        self.heads.setAccessibleName("Head")
        self.note = QLabel()
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.map = AttentionMap()
        self.map.told.connect(self.note.setText)
        self.map.tools.serve(self.bench, lambda: self.bench.file_name(self.title))
        self._found: AttentionMaps | None = None
        self._names: list[str] = []
        self._causal = True
        self._wanted = (0, MEAN)  # layer from 0, and head
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 0)
        for box in (self.layers, self.heads):
            box.setSizeAdjustPolicy(CalmCombo.SizeAdjustPolicy.AdjustToContents)
            box.activated.connect(self._choose)
            row.addWidget(box)
        row.addWidget(self.note, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.map, 1)
        self.restyle()

    def question(self, chosen: Chosen) -> Question:
        state, model = self.sheet.state, chosen.predictor

        def work(task: object) -> tuple[str, list[str], bool, AttentionMaps | None]:
            reading = read(state.text, model.units, None)
            ids = known(reading, model)
            first = max(0, len(ids) - min(MOST, model.context))
            shown, read_ids = ids[first:], reading.ids[first : len(ids)].tolist()
            names = ["___" if id == HOLE else model.units.shown(id) for id in read_ids]
            cut = f": the last {len(shown)} of {len(ids)} symbols" if len(shown) < len(ids) else ""
            return f"{chosen.words}{cut}", names, model.causal, model.attention(shown)

        return (chosen.key, state.text), work

    def show_answer(self, answer: tuple[str, list[str], bool, AttentionMaps | None]) -> None:
        words, self._names, self._causal, found = answer
        if found is None:
            self.show_nothing(NOT_FOR)
            return
        self._found = found
        self.note.setText(words)
        self._fill(*found.weights.shape[:2])
        self._show()

    def show_nothing(self, why: str) -> None:
        self._found = None
        self.note.setText(why)
        self.map.show_none()

    def _fill(self, layers: int, heads: int) -> None:
        """The boxes list what the model has; what is wanted stays, as far as it has it."""
        for box, first, count, word in ((self.layers, 0, layers, "Layer"), (self.heads, MEAN, heads, "Head")):
            if box.count() != count - first:
                box.clear()
                for number in range(first, count):
                    box.addItem("All heads, mean" if number == MEAN else f"{word} {number + 1}", number)
        self.layers.setCurrentIndex(min(self._wanted[0], layers - 1))
        self.heads.setCurrentIndex(min(self._wanted[1], heads - 1) + 1)

    def _choose(self) -> None:
        self._wanted = self.layers.currentData(), self.heads.currentData()
        self._show()

    def _show(self) -> None:
        if self._found is None:
            return
        weights = self._found.weights[self.layers.currentData()]
        head = self.heads.currentData()
        self.map.show_weights(weights.mean(0) if head == MEAN else weights[head], self._names, self._causal)

    def restyle(self) -> None:
        self.note.setStyleSheet(f"color: {theme.current().muted};")
        self.map.restyle()

    def view_state(self) -> dict[str, Any]:
        return {"layer": self._wanted[0], "head": self._wanted[1]}

    def restore_view(self, state: Mapping[str, Any]) -> None:
        layer, head = state.get("layer"), state.get("head")
        if type(layer) is int and type(head) is int and layer >= 0 and head >= MEAN:
            self._wanted = layer, head
