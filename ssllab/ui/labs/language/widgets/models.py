"""Which models answer on the board: the one that trains now, a shipped one, counts of the text, the truth, a stored run,
one of a folder or of huggingface.co."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from PySide6.QtCore import QObject, Signal

from ssllab.assets import SEQUENCE_MODELS, asset
from ssllab.ui.control_words import control_value
from ssllab.ui.fetching import fetch
from ssllab.ui.labs.language.widgets.sheet import LIVE, NONE, Sheet
from ssllab.ui.live_model import LiveModel
from ssllab.ui.runs.listing import list_newest
from ssllab.ui.runs.words import distinct_titles, run_title
from ssllab.ui.work import Background

if TYPE_CHECKING:
    from ssllab.data.text.types import TextData
    from ssllab.methods.predictor import Predictor
    from ssllab.text.symbols import Units
    from ssllab.training.messages import ModelCopy
    from ssllab.training.run_record import RunInfo
    from ssllab.training.run_store import Workspace
    from ssllab.ui.bench import Bench

SHIPPED, COUNTS, TRUTH, STORED, PLACE = "shipped:", "counts", "truth", "run:", "place:"
PRESS_START = "Press Start: the model that trains answers here from its first step on."
_COUNTED = 1_000_000  # symbols


class Chosen(NamedTuple):
    """A model that can be asked; ``key`` tells it from every other."""

    predictor: Predictor
    key: tuple
    words: str


class Models(QObject):
    """The two choices of a :class:`.Sheet`, and the models that they mean now. ``first`` and ``second`` are None while there
    is none; ``why`` says in words why."""

    changed = Signal()

    def __init__(self, bench: Bench, sheet: Sheet) -> None:
        super().__init__()
        self.bench, self.sheet = bench, sheet
        self.live = LiveModel(bench, _build)
        self.first: Chosen | None = None
        self.second: Chosen | None = None
        self.why = {"first": PRESS_START, "second": ""}
        self._read: dict[tuple, Chosen | str] = {}  # what was fetched, or why it was not
        self._fetching: set[tuple] = set()
        self._runs: list[tuple[str, str]] = []  # ids and titles
        self._places: list[str] = []  # folders and names on the hub that were chosen
        self._background = Background(self)
        self.live.changed.connect(self.settle)
        sheet.changed.connect(self._sheet_changed)
        bench.loaded.connect(self.settle)
        bench.data_loaded.connect(self.settle)
        bench.run_changed.connect(self.settle)

    def choices(self) -> list[tuple[str, str]]:
        """Names and words of what can be chosen, without the second box's "none"."""
        found = [(LIVE, "The run")]
        found += [(SHIPPED + name, f"{name}, shipped") for name in SEQUENCE_MODELS if _is_shipped(name)]
        found.append((COUNTS, "Counts of this text (KN-5)"))
        if getattr(self.bench.data, "language", "") == "everyday":
            found.append((TRUTH, "The grammar: the truth"))
        live = self.bench.live_run
        here = live.stored.id if live is not None and live.stored is not None else None
        found += [(STORED + run_id, f"Run: {title}") for run_id, title in self._runs if run_id != here]
        return found + [(PLACE + place, Path(place).name) for place in self._places]

    def open(self, which: str, place: str) -> None:
        """Let the model of a folder answer, or one of that name on the hub, which is fetched first; ``which``: a field of
        :class:`.State`."""
        from ssllab.training import hub

        model = hub.find(place, hub.LANGUAGE)
        if model is not None and not model.complete:
            fetch(self.bench, model, lambda: self.open(which, place), partial(self.bench.say, "error"))
            return
        if place not in self._places:
            self._places.append(place)
        self._read.pop((PLACE + place,), None)  # the folder may have changed
        self.sheet.change(**{which: PLACE + place})
        self.settle()

    def list_runs(self) -> None:
        """Look at the disk for runs of the lab; :meth:`choices` has them when they are read."""
        workspace, methods = self.bench.workspace, self.bench.lab.methods

        def work() -> Callable[[], None]:
            infos = list_newest(workspace).infos
            own = [info for info in infos if info.settings and info.settings.method in methods]
            return lambda: setattr(self, "_runs", _called(own))

        self._background.run(work, lambda line, trace: None)

    def follow(self) -> None:
        """Called by the window's timer: the live run's model of now, if it is asked."""
        if LIVE in (self.sheet.state.first, self.sheet.state.second):
            self.live.follow()

    def settle(self) -> None:
        """Find the models that are chosen; :attr:`changed` follows when one of them is another."""
        before = self.first, self.second
        self.first = self._find("first", self.sheet.state.first)
        self.second = self._find("second", self.sheet.state.second)
        if (self.first, self.second) != before or self.first is None:
            self.changed.emit()

    def _sheet_changed(self, before: object) -> None:
        now = self.sheet.state
        if (getattr(before, "first", None), getattr(before, "second", None)) != (now.first, now.second):
            self.settle()

    def _find(self, which: str, name: str) -> Chosen | None:
        if name == NONE:
            self.why[which] = ""
            return None
        if name == LIVE:
            copied = self.live.copied
            if copied is not None:
                return Chosen(copied.built, (LIVE, copied.number, copied.step), f"step {copied.step:,}")
            usual = self._usual()
            name = SHIPPED + usual
            if not usual or not _is_shipped(usual):
                loading = self.bench.state == "loading"
                self.why[which] = "Loading. Then press Start." if loading else PRESS_START
                return None
        return self._stored(which, name)

    def _usual(self) -> str:
        """The shipped model that stands where there is no run yet; "" where none speaks the language."""
        language = getattr(self.bench.data, "language", "everyday")
        if language != "everyday":
            return "books-bpe" if language == "prose" else ""
        method = self.bench.methods.get(self.bench.method_name)
        return "everyday-causal" if method is None or getattr(method, "causal", True) else "everyday-masked"

    def _stored(self, which: str, name: str) -> Chosen | None:
        """A model that is fetched once."""
        key, get = self._fetcher(name)
        known = self._read.get(key)
        if isinstance(known, Chosen):
            return known
        self.why[which] = known or "The model is being fetched …"
        if get is None:
            self.why[which] = "Loading …"
        elif known is None and key not in self._fetching:
            self._fetching.add(key)
            self._background.run(partial(self._fetch, key, get), lambda line, trace: self._take(key, line))
        return None

    def _fetcher(self, name: str) -> tuple[tuple, Callable[[], tuple[Predictor, str]] | None]:
        """What tells the model from others, and how it is got; None while that cannot be known."""
        if name in (COUNTS, TRUTH):
            data, config = cast("Any", self.bench.data), cast("Any", self.bench.config)
            if data is None or config is None or not hasattr(config, "unit"):
                return (name,), None
            symbols = (
                config.unit,
                config.vocabulary,
                config.kmer,
                config.codes,
                config.clusters,
                config.speech_model,
            )
            key = (name, id(data), *symbols)
            return key, partial(_counts if name == COUNTS else _truth, config, data)
        if name.startswith(STORED):
            return (name,), partial(_of_run, self.bench.workspace, name.removeprefix(STORED))
        if name.startswith(PLACE):
            return (name,), partial(_named, self.bench.workspace, name.removeprefix(PLACE))
        return (name,), partial(_shipped, name.removeprefix(SHIPPED))

    def _fetch(self, key: tuple, get: Callable[[], tuple[Predictor, str]]) -> Callable[[], None]:
        try:
            predictor, words = get()
            found: Chosen | str = Chosen(predictor, key, words)
        except (
            ValueError,
            OSError,
            RuntimeError,
        ) as error:  # a run without a model, a file that is damaged: one line
            found = (str(error).strip() or type(error).__name__).splitlines()[0]
        return lambda: self._take(key, found)

    def _take(self, key: tuple, found: Chosen | str) -> None:
        self._fetching.discard(key)
        self._read[key] = found
        self.settle()
        self.changed.emit()


def _called(infos: list[RunInfo]) -> list[tuple[str, str]]:
    """Ids and titles of runs, as the Runs tab has them, and what of they are models."""
    titles = distinct_titles(infos)
    units = {info.id: info.settings.config.get("unit") for info in infos if info.settings is not None}
    words = {run_id: control_value("unit", unit) for run_id, unit in units.items() if unit}
    return [
        (run_id, f"{title}: {said.lower()}" if (said := words.get(run_id, "")) not in title else title)
        for run_id, title in titles.items()
    ]


def _is_shipped(name: str) -> bool:
    return asset("models", name).is_dir()


def _build(copy: ModelCopy) -> Predictor:
    from ssllab.training.stored_predictors import of_copy

    return of_copy(copy)


def _shipped(name: str) -> tuple[Predictor, str]:
    from ssllab.training.stored_predictors import shipped

    return shipped(name), f"{name}, shipped"


def _of_run(workspace: Workspace, run_id: str) -> tuple[Predictor, str]:
    from ssllab.training.stored_predictors import of_run

    run = workspace.open(run_id)
    return of_run(run), f"run: {run_title(run.info)}"


def _named(workspace: Workspace, place: str) -> tuple[Predictor, str]:
    from ssllab.training.stored_predictors import named

    return named(place, workspace), Path(place).name


def _counts(config: Any, data: TextData) -> tuple[Predictor, str]:
    """Five symbols at a time, of the same text in the same units."""
    from ssllab.methods.ngram import NGram, NGramConfig
    from ssllab.methods.symbol_stream import stream
    from ssllab.training.stored_models import read_model

    counted = NGram(NGramConfig.make({"speech_model": config.speech_model}), _units(config, data))
    text = counted.read(data, read_model)
    counted.counts.count(stream(text.train, counted.units)[:_COUNTED])
    return counted.eval().asked(), "counts, KN-5"


def _units(config: Any, data: TextData) -> Units:
    from ssllab.methods.sequences import units_for
    from ssllab.training.stored_models import read_model

    return units_for(config, data, read_model)


def _truth(config: Any, data: TextData) -> tuple[Predictor, str]:
    """The grammar that the text was drawn from."""
    from ssllab.data.text.everyday.grammar import everyday
    from ssllab.methods.truth import Truth

    units = _units(config, data)
    if units.name != "word":
        raise ValueError("The grammar is a model of words: choose the unit word.")
    return Truth(everyday(), units), "the truth"
