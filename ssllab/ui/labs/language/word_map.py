"""The embedding map of the most frequent symbols, coloured by part of speech, meaning or frequency."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout

from ssllab.data.text.tags import GUESS, PARTS_OF_SPEECH
from ssllab.looks import Embedding, Look, SymbolVectors
from ssllab.text.symbols import Units
from ssllab.ui import theme
from ssllab.ui.embedding.anchor import Anchor
from ssllab.ui.embedding.components import FIRST, on_components
from ssllab.ui.labs.language.nearest import NOT_FOR, symbol_of_board, unit
from ssllab.ui.labs.language.widgets.asking import AskingPanel, Question
from ssllab.ui.labs.language.widgets.colours import group_colour, tag_colour
from ssllab.ui.labs.language.widgets.desk import Desk
from ssllab.ui.labs.language.widgets.models import LIVE, Chosen
from ssllab.ui.labs.language.widgets.ranking import GRAMMAR, Tags, group_of, group_words, meanings
from ssllab.ui.panels.embedding_map import EmbeddingMap
from ssllab.ui.scene import Scene, Thumbnails

MOST = 300  # symbols
_QUARTERS = ("most frequent", "second quarter", "third quarter", "rarest")


@dataclass(frozen=True)
class Words:
    """The symbols ``ids (M,)``, the most frequent first, of a model at ``step``, -1 where that is not known."""

    chosen: Chosen
    step: int
    ids: np.ndarray
    embedding: Embedding
    axes: np.ndarray


class WordMapPanel(AskingPanel):
    """The map of the Contrast lab over rows of the input embedding."""

    id = "map"
    title = "Embedding map"
    parts = (Embedding, SymbolVectors)
    help = f"""
    <h3>Embedding map</h3>
    <p>The vectors of the {MOST} most frequent symbols, rows of the input embedding of the board's first model, scaled to
    length 1 and drawn on their two principal components. The share of the variance stands in the corner: the rest is
    hidden, and points that touch may be far apart. Other components are chosen in View.</p>
    <p>Colours are parts of speech or meanings where they are known, else how frequent a symbol is. Point at a dot for
    its symbol and its nearest neighbours, <b>click</b> to put it on the board; a click in the legend shows a class
    alone. The symbol that stands on the board has a ring.</p>
    <p><b>How to read it.</b> At the start the vectors are chance. Then frequent and rare symbols part; then what can
    stand at the same places gathers. Trails show where the symbols came from.</p>
    <p>Bengio et al. 2003, <i>A Neural Probabilistic Language Model</i>.</p>
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.anchor = Anchor(desk.bench)
        self.map = EmbeddingMap(desk.bench, self.anchor, pictures=False)
        self.nothing = QLabel(wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.nothing, 1)
        column.addWidget(self.map, 1)
        self.map.hide()
        self._words: Words | None = None
        self._look: Look | None = None
        self._named: Thumbnails | None = None
        self._scene = Scene("ready")
        self.map.canvas.picked.connect(self._put_on_board)
        desk.answered.connect(self._name)
        self.restyle()

    def question(self, chosen: Chosen) -> Question:
        data, before = self.bench.data, self._words

        def work(task: object) -> Words | None:
            from ssllab.methods.symbol_stream import frequencies

            found = chosen.predictor.vectors()
            if found is None:
                return None
            units = chosen.predictor.units
            ids = np.arange(min(MOST, len(units)))  # vocabularies begin with what is frequent
            if data is not None and data.kind == "text":
                shares = frequencies(data.train, units)  # type: ignore[attr-defined]
                ids = np.argsort(-shares, kind="stable")[:MOST]
            z = unit(found.vectors[ids]).astype(np.float32)
            axes = before.axes if before is not None and before.chosen.key[:2] == chosen.key[:2] else None
            points, explained, axes = on_components(z, FIRST, axes)
            step = chosen.key[2] if chosen.key[0] == LIVE else -1
            return Words(chosen, step, ids, Embedding(z, points, "pca", explained, None), axes)

        return (chosen.key, id(data)), work

    def show_answer(self, answer: Words | None) -> None:
        if answer is None:
            self.show_nothing(NOT_FOR)
            return
        before = self._words
        if before is not None and (
            before.chosen.key[:2] != answer.chosen.key[:2] or not np.array_equal(before.ids, answer.ids)
        ):
            self.map.reset()
        self._words, self._look = answer, Look(answer.step, (answer.embedding,))
        self.nothing.hide()
        self.map.show()
        self._name()

    def show_nothing(self, why: str) -> None:
        self._words = self._look = self._named = None
        self.nothing.setText(why)
        self.map.hide()
        self.nothing.show()

    def _name(self) -> None:
        """What the symbols are called and coloured by."""
        if self._words is None:
            return
        units, ids = self._words.chosen.predictor.units, self._words.ids
        named = named_symbols(units, ids, self.desk.tags)
        if self._named is None or not _same(named, self._named):
            self._named = named
        present = symbol_of_board(self.desk.reading())
        place = np.flatnonzero(ids == (-1 if present is None else present))
        self.anchor.set(int(place[0]) if len(place) else -1)
        self._draw()

    def draw(self, scene: Scene) -> None:
        super().draw(scene)
        self._scene = scene
        self._draw()

    def _draw(self) -> None:
        self.map.draw(replace(self._scene, look=self._look, thumbnails=self._named))

    def _put_on_board(self, item: int) -> None:
        chosen = self.desk.models.first
        if self._words is not None and chosen is not None and self._words.chosen.key[:2] == chosen.key[:2]:
            self.desk.stop_writing()
            self.desk.take(int(self._words.ids[item]))

    def restyle(self) -> None:
        self.nothing.setStyleSheet(f"color: {theme.current().muted}; padding: 6px 8px;")
        self._named = None
        self._name()
        self.map.restyle()

    def view_state(self) -> dict[str, Any]:
        return self.map.view_state()

    def restore_view(self, state: Mapping[str, Any]) -> None:
        self.map.restore_view(state)


def named_symbols(units: Units, ids: np.ndarray, tags: Tags) -> Thumbnails:
    """Names and colourings of symbols, the most frequent first."""
    own = [tags.get(units.symbols[id], ("", "")) for id in ids.tolist()]
    colourings: dict[str, tuple[np.ndarray, tuple[str, ...]]] = {}
    colours: dict[str, tuple[str, ...]] = {}

    def colour_by(
        name: str, keys: Sequence[str], order: Sequence[str], ink: Callable[[str], Any], which: str
    ) -> None:
        present = [key for key in order if key in keys]
        if not any(present):
            return
        colourings[name] = (
            np.array([present.index(key) for key in keys]),
            tuple(group_words(k, which) for k in present),
        )
        colours[name] = tuple(ink(key).name() if key else theme.current().border for key in present)

    groups = meanings(tags)
    parts = [*(tag + mark for tag in PARTS_OF_SPEECH for mark in ("", GUESS)), ""]
    colour_by("part of speech", [tag for tag, _ in own], parts, tag_colour, "tag")
    if groups:
        keys, order = [group_of(both, "group") for both in own], [*groups, GRAMMAR, ""]
        colour_by("meaning", keys, order, lambda g: group_colour(g, groups), "group")
    quarters = np.arange(len(ids)) * len(_QUARTERS) // max(1, len(ids))
    colourings["frequency"] = (quarters, _QUARTERS)
    return Thumbnails(
        np.zeros((0, 1, 1, 3), np.uint8), colourings, colours, tuple(units.shown(i) for i in ids.tolist())
    )


def _same(a: Thumbnails, b: Thumbnails) -> bool:
    return a.names == b.names and a.colours == b.colours and a.colourings.keys() == b.colourings.keys()
