"""What stands at the place asked for on the board, after every layer of the model."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import math

from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout

from ssllab.looks import LayerReadings
from ssllab.ui import theme
from ssllab.ui.labs.language.widgets.answer import entropy_bits
from ssllab.ui.labs.language.widgets.asking import AskingPanel, Question
from ssllab.ui.labs.language.widgets.desk import Desk
from ssllab.ui.labs.language.widgets.layer_table import SHOWN, LayerRow, LayerTable
from ssllab.ui.labs.language.widgets.models import Chosen
from ssllab.ui.labs.language.widgets.ranking import likeliest
from ssllab.ui.labs.language.widgets.reading import Reading, known, read

NOT_FOR = "Not for this model: only a Transformer has layers that can be read one by one."


class LayersPanel(AskingPanel):
    """A row a layer: how open the place is there, and the likeliest symbols."""

    id = "layers"
    title = "By layer"
    parts = (LayerReadings,)
    help = """
    <h3>By layer</h3>
    <p>A Transformer adds to one stream of numbers, layer after layer; only the last state is turned into probabilities.
    Here every state is: it goes through the final norm and the output as if the model ended there (the <b>logit
    lens</b>). Each row has the <b>entropy</b> in bits and the likeliest symbols at the place that is asked for on the
    board, by the board's first model; the symbol that wins at the end is bold all the way up.</p>
    <p><b>How to read it.</b> The input knows the last symbol alone and mostly repeats it. Where the answer first comes
    up, the layers before it have done the work. Lower layers were never trained to be read this way: what they say is a
    hint, not what they "think".</p>
    <p>For a place in the middle, a model that only looks back is read after the symbols before it.</p>
    <p>nostalgebraist 2020, <i>interpreting GPT: the logit lens</i>; Belrose et al. 2023 on its limits.</p>
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.table = LayerTable()
        self.note = QLabel(wordWrap=True)
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._answer: tuple[Chosen, Reading, LayerReadings] | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 4)
        column.setSpacing(3)
        column.addWidget(self.note)
        column.addWidget(self.table, 1)
        desk.answered.connect(self._show)  # what the words are may have become known
        self.restyle()

    def question(self, chosen: Chosen) -> Question:
        state = self.sheet.state

        def work(task: object) -> tuple[Chosen, Reading, LayerReadings | None]:
            reading = read(state.text, chosen.predictor.units, state.asked)
            return chosen, reading, chosen.predictor.by_layer(known(reading, chosen.predictor), reading.place)

        return (chosen.key, state.text, state.asked), work

    def show_answer(self, answer: tuple[Chosen, Reading, LayerReadings | None]) -> None:
        chosen, reading, found = answer
        if found is None:
            self.show_nothing(NOT_FOR)
            return
        self._answer = chosen, reading, found
        self._show()

    def show_nothing(self, why: str) -> None:
        self._answer = None
        self.table.show_layers([], 1.0)
        self.note.setText(why)

    def _show(self) -> None:
        if self._answer is None:
            return
        chosen, reading, found = self._answer
        units, last = reading.units, len(found.logs) - 1
        rows = [
            LayerRow(
                "input" if layer == 0 else f"layer {layer}",
                entropy_bits(logs),
                likeliest(logs, units, self.desk.tags, SHOWN),
            )
            for layer, logs in enumerate(found.logs)
        ]
        self.table.show_layers(rows, math.log2(max(2, len(units.symbols))))
        before = (
            f"“{units.shown(int(reading.ids[reading.place - 1]))}”" if reading.place > 1 else "the beginning"
        )
        where = "comes" if reading.at_end else "stands"
        self.note.setText(f"{chosen.words}: what {where} after {before}; layer {last} answers")

    def restyle(self) -> None:
        self.note.setStyleSheet(f"color: {theme.current().muted};")
        self.table.restyle()
