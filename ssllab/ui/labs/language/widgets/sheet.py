"""What a person has made on the typing board, and every step back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from ssllab.text.sampling import Sampling
from ssllab.ui.labs.language.widgets.branches import visit

LIVE, NONE = "run", ""
GROUPINGS = {"tag": "part of speech", "group": "meaning", "": "likelihood"}
_KEPT = 500  # steps back


@dataclass(frozen=True)
class State:
    """``asked``: the number of the symbol that is asked for; None: what comes next, or a blank. ``pins`` are None while
    they are those of the data. ``first`` and ``second``: which models answer. ``language``: what text and pins are written
    in; "" while no data has said so."""

    text: str = ""
    cursor: int = 0
    asked: int | None = None
    pins: tuple[str, ...] | None = None
    first: str = LIVE
    second: str = NONE
    grouping: str = "tag"
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    language: str = ""

    @property
    def sampling(self) -> Sampling:
        """How symbols are drawn."""
        return Sampling(self.temperature, self.top_k, self.top_p)


class Sheet(QObject):
    """The state and the ones before it. ``texts``: where one has been, see :mod:`.branches`."""

    changed = Signal(object)  # the State before
    texts_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.state = State()
        self.texts: list[str] = []
        self._back: list[State] = []
        self._forth: list[State] = []
        self._gesture: object = None

    def change(self, gesture: object = None, **what: Any) -> None:
        """One step; with the ``gesture`` of the step before it is the same step."""
        after = replace(self.state, **what)
        if after == self.state:
            return
        if gesture is None or gesture != self._gesture:
            self._back = [*self._back, self.state][-_KEPT:]
        self._gesture = gesture
        self._forth.clear()
        self._go(after)

    def write(self, text: str, cursor: int | None = None, gesture: object = None) -> None:
        """Other text; what comes next is asked for."""
        self.change(gesture, text=text, cursor=len(text) if cursor is None else cursor, asked=None)

    def turn_to(self, language: str) -> None:
        """Text and pins were written in another language, whose symbols the new one does not have: one step to those that
        were there last in this one, or to none."""
        if not self.state.language or language == self.state.language:
            self.state = replace(self.state, language=language)
            return
        last = next((state for state in reversed(self._back) if state.language == language), State())
        self.change(text=last.text, cursor=last.cursor, asked=None, pins=last.pins, language=language)

    def undo(self) -> None:
        """One step back."""
        if self._back:
            self._forth.append(self.state)
            self._gesture = None
            self._go(self._back.pop())

    def redo(self) -> None:
        """One step forth again."""
        if self._forth:
            self._back.append(self.state)
            self._go(self._forth.pop())

    def visit(self, text: str) -> None:
        """The text is one that can be gone back to."""
        texts = visit(self.texts, text)
        if texts != self.texts:
            self.texts = texts
            self.texts_changed.emit()

    def forget(self) -> None:
        """No text is gone back to any more."""
        self.texts = []
        self.texts_changed.emit()

    def to_json(self) -> dict[str, Any]:
        """State and texts as plain values."""
        return {**asdict(self.state), "texts": list(self.texts)}

    def take_json(self, stored: Mapping[str, Any]) -> None:
        """What :meth:`to_json` gave; values that are missing or of another kind are passed over."""
        usual = State()
        good: dict[str, Any] = {}
        for field in fields(State):
            value, default = stored.get(field.name), getattr(usual, field.name)
            if field.name == "pins":
                if isinstance(value, list) and all(isinstance(pin, str) for pin in value):
                    good["pins"] = tuple(value)
            elif field.name != "asked" and type(value) is type(default):
                good[field.name] = value
        text = good.get("text", "")
        good["cursor"] = min(max(good.get("cursor", 0), 0), len(text))
        if good.get("grouping") not in GROUPINGS:
            good.pop("grouping", None)
        texts = stored.get("texts")
        if isinstance(texts, list):
            self.texts = [text for text in texts if isinstance(text, str)]
            self.texts_changed.emit()
        self._back.clear()
        self._forth.clear()
        self._go(replace(usual, **good))

    def _go(self, state: State) -> None:
        before, self.state = self.state, state
        self.changed.emit(before)
