"""What the panels of the lab share: the sheet, the models, and what they answer. Models are asked in a thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from ssllab.data.text.tags import tags_of
from ssllab.ui.bench import Bench
from ssllab.ui.labs.language.widgets.answer import Answer, ask
from ssllab.ui.labs.language.widgets.models import LIVE, SHIPPED, Chosen, Models
from ssllab.ui.labs.language.widgets.ranking import Tags
from ssllab.ui.labs.language.widgets.reading import BLANK, Reading, read
from ssllab.ui.labs.language.widgets.sheet import Sheet
from ssllab.ui.playback import Playback, Samples
from ssllab.ui.work import Worker

if TYPE_CHECKING:
    from ssllab.text.symbols import Units

FIRST, SECOND = "first", "second"
LECTURE = (
    "The",
    "The calico",
    "The calico cat",
    "The calico cat sits",
    "The calico cat sits on",
    "The calico cat sits on the",
    "The calico cat sits on the sunny",
    "The calico cat sits on the sunny ledge",
)
PINS = {
    "everyday": LECTURE,
    "prose": ("The", "I", "It is", "There was a"),
    "dna": ("A", "ATG", "TATA", "GCC"),
    "sound": ("c0", "c10", "c20", "c30"),
}
LISTENED = 12  # symbols that are heard when one is taken: one alone is a click
WRITTEN = 300  # symbols that are written on at most
PAUSE_MS = 60  # between two of them, so that they can be followed
_REMEMBERED = 240  # entropies of a pin; of old ones every other goes


@dataclass(frozen=True)
class Said:
    """An answer and whose it is; ``problem`` in words where there is none."""

    chosen: Chosen
    answer: Answer | None
    problem: str = ""


class Desk(QObject):
    """``said``: what each of the two models answered last, to the text of now; ``pinned``: the same of every pin by the
    first model, ``before``: by its copy before, so many steps ago; ``grown``: (step, bits) of a pin
    while the live run trained."""

    answered = Signal()
    pins_answered = Signal()
    writing_changed = Signal(bool)
    closed = Signal()

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.bench, self.sheet = bench, Sheet()
        self.models = Models(bench, self.sheet)
        self.said: dict[str, Said] = {}
        self.pinned: dict[str, Said] = {}
        self.before: dict[str, Said] = {}
        self.grown: dict[str, list[tuple[int, float]]] = {}
        self.tags: Tags = {}
        self.pins_seen = False
        self.writing = 0  # symbols that are still to be written
        self._dice = np.random.default_rng(0)
        self._asking: set[str] = set()
        self._asked: dict[str, tuple] = {}  # what was asked last, by the model's place
        self._told: dict[str, tuple] = {}  # which text and place ``said`` answers
        self._tagged: tuple | None = None
        self._pins_asked: tuple | None = None
        self._wants_sound = False  # whether a person pressed Play
        self.playback = Playback(self)
        self.playback.failed.connect(lambda line: bench.say("warning", line) if self._wants_sound else None)
        self._worker = Worker(self)
        self.sheet.changed.connect(self._sheet_changed)
        self.models.changed.connect(self._models_changed)
        bench.run_changed.connect(self.grown.clear)
        bench.data_loaded.connect(self._turn)
        self.destroyed.connect(self._worker.close)

    def close(self) -> None:
        """Nothing is asked any more, also of a model that comes late."""
        self.playback.stop()
        self.models.changed.disconnect(self._models_changed)
        self._worker.close()
        self.closed.emit()

    # Asking

    @property
    def pins(self) -> tuple[str, ...]:
        """The prompts that are pinned: the person's, else those of the data."""
        own = self.sheet.state.pins
        return PINS[getattr(self.bench.data, "language", "everyday")] if own is None else own

    @property
    def answering(self) -> bool:
        """Whether a model is asked of the text of the board: that goes before all else."""
        return not self._asking.isdisjoint((FIRST, SECOND))

    def chosen(self, which: str) -> Chosen | None:
        """The first or the second model."""
        return self.models.first if which == FIRST else self.models.second

    def _sheet_changed(self, before: object) -> None:
        self.ask()
        self.ask_pins()

    def _models_changed(self) -> None:
        for which in (FIRST, SECOND):
            if self.chosen(which) is None and self.said.pop(which, None) is not None:
                self._asked.pop(which, None)
        self._tag()
        self.ask()
        self.ask_pins()
        self.answered.emit()

    def ask(self) -> None:
        """Ask both models of the text of now, unless they were."""
        self._ask(FIRST)
        self._ask(SECOND)

    def _ask(self, which: str) -> None:
        chosen, state = self.chosen(which), self.sheet.state
        question = (chosen.key if chosen else None, state.text, state.asked)
        if chosen is None or which in self._asking or self._asked.get(which) == question:
            return
        self._asked[which] = question
        self._asking.add(which)
        self._submit(chosen, state.text, state.asked, partial(self._take, which))

    def _submit(self, chosen: Chosen, text: str, asked: int | None, then: Callable[[Said], None]) -> None:
        self._worker.submit(
            lambda task: _say(chosen, text, asked),
            then,
            lambda error, trace: then(
                Said(chosen, None, str(error).splitlines()[0] if str(error) else trace)
            ),
        )

    def _take(self, which: str, said: Said) -> None:
        self._asking.discard(which)
        chosen, state = self.chosen(which), self.sheet.state
        current = chosen is not None and self._asked.get(which, ())[1:] == (state.text, state.asked)
        if current:
            self.said[which], self._told[which] = said, (state.text, state.asked)
            answer = said.answer
            if which == FIRST and answer is not None and answer.reading.at_end and not answer.reading.typed:
                if not self.writing:
                    self.sheet.visit(state.text)
                else:
                    QTimer.singleShot(PAUSE_MS, self, partial(self._write, answer))
            elif which == FIRST and self.writing:
                self.stop_writing()
            self.answered.emit()
        self._ask(which)  # of what was typed meanwhile, and of a model that has learned since

    def answer(self, which: str = FIRST) -> Answer | None:
        """The last answer, if it is to the text of now."""
        said, state = self.said.get(which), self.sheet.state
        if said is None or said.answer is None:
            return None
        return said.answer if said.answer.reading.text == state.text else None

    def behind(self, which: str) -> bool:
        """Whether what a model said last answers an older text, or another place of it."""
        return which in self.said and self._told.get(which) != (self.sheet.state.text, self.sheet.state.asked)

    def reading(self) -> Reading | None:
        """The text of now as the first model reads it."""
        chosen, state = self.models.first, self.sheet.state
        return None if chosen is None else read(state.text, chosen.predictor.units, state.asked)

    def _turn(self) -> None:
        """To the text of the kind of data that is loaded now."""
        language = getattr(self.bench.data, "language", "")
        if language:
            self.sheet.turn_to("prose" if language == "everyday" else language)

    # Taking symbols

    def take(self, id: int, which: str = FIRST) -> None:
        """The symbol goes to the place that is asked for."""
        answer = self.answer(which)
        if answer is not None and not self.behind(which):
            text, cursor = answer.reading.with_symbol(id)
            self.sheet.write(text, cursor)
            reading = answer.reading
            self._wants_sound = False  # where there is no loudspeaker, nobody wants to be told at each symbol
            self._play(reading.units, [*reading.ids[1 : reading.place].tolist(), id][-LISTENED:])

    # Listening

    @property
    def sounds(self) -> bool:
        """Whether the first model's symbols are sounds."""
        return self.models.first is not None and self.models.first.predictor.units.name == "code"

    def listen(self) -> None:
        """What the text sounds like; while it is heard: stop."""
        if self.playback.playing:
            self.playback.stop()
        elif (reading := self.reading()) is not None:
            self._wants_sound = True
            self._play(reading.units, [int(id) for id in reading.ids[1:] if id >= 0])

    def _play(self, units: Units, ids: list[int]) -> None:
        if units.name != "code":
            return
        from ssllab.methods.sound_codes import heard
        from ssllab.text.codes import Codes

        assert isinstance(units, Codes)
        sound = heard(units, ids)
        if sound.any():
            self.playback.play(Samples("board", sound))

    def one_less(self) -> None:
        """Without the last symbol."""
        reading, state = self.reading(), self.sheet.state
        if reading is not None:
            text, cursor = reading.one_less()
        else:  # nobody says what the symbols are: a letter
            text, cursor = state.text[:-1], len(state.text) - 1
        if state.text:
            self.sheet.write(text, max(0, cursor))

    def write_on(self) -> None:
        """Go on with drawn symbols, until an end is drawn; when it writes: stop."""
        if self.writing:
            self.stop_writing()
            return
        answer = self.answer()
        if BLANK in self.sheet.state.text:
            return
        self.writing = WRITTEN
        self.writing_changed.emit(True)
        if self.sheet.state.asked is not None:
            self.sheet.change(asked=None)  # the answer goes on
        elif answer is not None:
            self._write(answer)

    def stop_writing(self) -> None:
        """No more symbols."""
        self.writing = 0
        self.writing_changed.emit(False)

    def _write(self, answer: Answer) -> None:
        state = self.sheet.state
        if not self.writing or answer.reading.text != state.text or not answer.reading.at_end:
            return
        left = state.sampling.left(answer.logs)
        unknown = answer.reading.units.unknown
        if unknown is not None and left[unknown] < 1:  # nobody can write it
            left[unknown] = 0.0
            left /= left.sum()
        id = int(self._dice.choice(len(left), p=left))
        text, cursor = answer.reading.with_symbol(id)
        self.writing -= 1
        ended = id == 0 or not self.writing
        if ended:
            self.stop_writing()
        self.sheet.write(text, cursor, gesture="writing on")

    # Pins

    def ask_pins(self) -> None:
        """Ask the first model of every pin, if they are seen and have not been asked of it."""
        chosen = self.models.first
        question = (chosen.key if chosen else None, self.pins)
        if chosen is None or not self.pins_seen or question == self._pins_asked or "pins" in self._asking:
            if chosen is None and self.pinned:
                self.pinned = {}
                self._pins_asked = None
                self.pins_answered.emit()
            return
        self._pins_asked = question
        self._asking.add("pins")
        pins = self.pins
        self._worker.submit(
            lambda task: {pin: _say(chosen, pin, None) for pin in pins},
            self._take_pins,
            lambda error, trace: self._take_pins({}),
        )

    def _take_pins(self, found: dict[str, Said]) -> None:
        self._asking.discard("pins")
        for pin, said in found.items():
            old = self.pinned.get(pin)
            if old is None or old.chosen.key[:2] != said.chosen.key[:2]:
                self.before.pop(pin, None)
            elif old.chosen.key != said.chosen.key:
                self.before[pin] = old
            if said.answer is not None and said.chosen.key[0] == LIVE:
                grown, step = self.grown.setdefault(pin, []), said.chosen.key[2]
                if grown and step < grown[-1][0]:
                    grown.clear()  # an answer of the run before came after that was gone
                grown.append((step, said.answer.bits))
                if len(grown) > _REMEMBERED:
                    del grown[1 : _REMEMBERED // 2 : 2]
        self.pinned = found
        self.pins_answered.emit()
        self.ask_pins()

    # Tags

    def _tag(self) -> None:
        chosen = self.models.first
        if chosen is None:
            return
        language = getattr(self.bench.data, "language", "")
        if str(chosen.key[0]).startswith(SHIPPED + "everyday"):
            language = "everyday"
        units = chosen.predictor.units
        key = (language, units.name, len(units.symbols))
        if key == self._tagged:
            return
        self._tagged = key
        self._worker.submit(lambda task: tags_of(units, language), self._take_tags)

    def _take_tags(self, tags: Tags) -> None:
        self.tags = tags
        self.answered.emit()
        self.pins_answered.emit()


def _say(chosen: Chosen, text: str, asked: int | None) -> Said:
    try:
        return Said(chosen, ask(chosen.predictor, read(text, chosen.predictor.units, asked)))
    except ValueError as error:  # a text that the model has no answer to: one line
        return Said(chosen, None, str(error).splitlines()[0])
