"""Which model looks at the clip: the live run as it was at some step, the shipped one, one of a folder or of the hub.

The live run is copied between two steps, so that what is asked of the copy neither waits for training nor holds it
up, and all answers are of one step.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QObject, Signal

from ssllab.ui.fetching import fetch
from ssllab.ui.live_model import copier
from ssllab.ui.work import Background

if TYPE_CHECKING:
    from ssllab.ui.bench import Bench

RUN, SHIPPED, RECOGNISER = "run", "shipped", "shipped-recogniser"


class Chosen(NamedTuple):
    """A model that can be asked: ``inspector`` has ``inspect_audio``, ``key`` tells it from every other; ``note`` is what
    a person has to know of it."""

    inspector: Any
    key: tuple
    words: str
    note: str = ""

    @property
    def source(self) -> tuple:
        """What it is a state of: a run at any of its steps, or the stored model itself."""
        return self.key[:2]


class Models(QObject):
    """The choice, and the model that it means now. ``chosen`` is None until there is one."""

    changed = Signal()
    failed = Signal(str, str)
    noted = Signal(str)  # a line on the model that was chosen

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.bench = bench
        self.name = SHIPPED
        self.chosen: Chosen | None = None
        self._read: dict[str, Chosen] = {}  # stored models, by their place
        self._follow = False  # the person asked once
        self._request = 0
        self._fetching = 0  # models that are on their way
        self._asked: tuple | None = None  # run and step of the last copy that was asked for
        self._background = Background(self)
        bench.run_changed.connect(self._run_changed)

    @property
    def following(self) -> bool:
        """Whether the live run's codes are fetched again and again; a stored model learns nothing more."""
        return self._follow and self.name == RUN

    @following.setter
    def following(self, on: bool) -> None:
        self._follow = on

    def choose(self, name: str) -> None:
        """``RUN``, a shipped one, the folder of a model or of a run, or a name on the hub, which is fetched first."""
        from ssllab.training import hub

        model = hub.find(name)
        if model is not None and not model.complete:
            fetch(self.bench, model, lambda: self.choose(name), self.failed.emit)
        elif name != self.name:
            self.name = name
            self.chosen = None
            self.refresh()

    def refresh(self) -> None:
        """Fetch the chosen model as it is now; :attr:`changed` follows when it is there."""
        self._request += 1
        if self.name == RUN:
            self._copy_run()
        elif self.name in self._read:
            self._show(self._request, self._read[self.name])
        else:
            self.changed.emit()
            self._fetch(partial(_stored, self.name))

    @property
    def source(self) -> tuple:
        """Whose codes these are: of a stored model, or of one run, whatever it has learned since."""
        live = self.bench.live_run
        return (self.name, live.number if self.name == RUN and live is not None else None)

    def can_be_newer(self) -> bool:
        """Whether the live run has learned since it was copied."""
        live = self.bench.live_run
        if self.name != RUN or live is None:
            return False
        return self.chosen is None or self.chosen.key != (RUN, live.number, live.step)

    def follow(self) -> None:
        """Fetch the live run's codes of now, if it has learned since they were last asked for."""
        live = self.bench.live_run
        now = (live.number, live.step) if live is not None else None
        if self.following and self.can_be_newer() and self._asked != now and not self._fetching:
            self.refresh()

    def _run_changed(self) -> None:
        if self.name == RUN:
            self.chosen = None
            self.changed.emit()
            self.refresh()

    def _copy_run(self) -> None:
        from ssllab.training.stored_models import inspector_of

        live, copy = self.bench.live_run, copier(self.bench, inspector_of)
        if live is None or copy is None:
            self.changed.emit()
            return
        self._asked = live.number, live.step

        def finished() -> Chosen:
            inspector, number, step = copy()
            return Chosen(inspector, (RUN, number, step), f"step {step:,}")

        self._fetch(finished)

    def _fetch(self, get: Callable[[], Chosen]) -> None:
        turn = self._request
        self._fetching += 1

        def work() -> Callable[[], None]:
            try:
                found = get()
            except ValueError as error:  # a folder without a model, a run that has ended: said in a line
                line = str(error)
                return lambda: self._fail(line, "")
            return lambda: self._take(turn, found)

        self._background.run(work, self._fail)

    def _fail(self, line: str, trace: str) -> None:
        self._fetching -= 1
        self.failed.emit(line, trace)

    def _take(self, turn: int, chosen: Chosen) -> None:
        self._fetching -= 1
        if chosen.key[0] != RUN:
            self._read[chosen.key[0]] = chosen
        self._show(turn, chosen)

    def _show(self, turn: int, chosen: Chosen) -> None:
        if turn == self._request:
            self.chosen = chosen
            self.changed.emit()
            if chosen.note:
                self.noted.emit(chosen.note)


def _stored(place: str) -> Chosen:
    """A model from the disk. Raises ValueError in one line."""
    from ssllab.methods.recogniser import assumption, recogniser_of
    from ssllab.methods.speech_inspection import PretrainedInspector
    from ssllab.nn.wav2vec2.model import Wav2Vec2ForPreTraining
    from ssllab.training.stored_models import read_model

    stored = read_model(place)
    if isinstance(stored.model, Wav2Vec2ForPreTraining):
        return Chosen(PretrainedInspector(stored.model), (place,), place)
    return Chosen(recogniser_of(stored, place), (place,), place, assumption(stored, place))
