"""The label-efficiency curve: how many minutes of transcripts a pre-trained encoder saves (wav2vec 2.0, table 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ssllab.data.speech.types import SAMPLE_RATE, SpeechData
from ssllab.experiments.short_runs import ShortRuns
from ssllab.methods.ctc import CTC
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

LADDER = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
ALL = 0.0  # as the control ``labelled_minutes`` says it
WHOLE_TEST = 600.0  # seconds of held-out speech for a result


@dataclass(frozen=True)
class Cell:
    """One run: how many minutes have transcripts (0: all), and whether the encoder was pre-trained."""

    minutes: float
    pretrained: bool


@dataclass(frozen=True)
class Outcome:
    """Error rates (0..1) on held-out clips after ``minutes`` of transcribed speech: greedy and by beam search."""

    minutes: float
    wer: float
    cer: float
    wer_beam: float
    cer_beam: float


class LabelEfficiency(ShortRuns[Cell, Outcome]):
    """Fine-tunes for each amount of transcripts, once from the pre-trained encoder and once from random weights.

    All runs share settings, seed and length; the fewest minutes come first. ``minutes``: see :func:`ladder`.
    """

    def __init__(self, settings: RunSettings, data: SpeechData, steps: int, minutes: Sequence[float]) -> None:
        self._settings = settings
        super().__init__([Cell(some, from_it) for some in minutes for from_it in (True, False)], data, steps)

    def settings_of(self, cell: Cell) -> RunSettings:
        """The settings at hand with this cell's transcripts and start; the schedule ends with the run."""
        config = {
            **self._settings.config,
            "labelled_minutes": cell.minutes,
            "from_scratch": not cell.pretrained,
            "schedule_steps": self._steps,
        }
        return self._settings.model_copy(update={"config": config})

    def result_of(self, cell: Cell, trainer: Trainer) -> Outcome:
        """The error rates on (nearly) all of the held-out clips."""
        assert isinstance(trainer.method, CTC)
        assert isinstance(trainer.data, SpeechData)
        found = trainer.method.probe(trainer.data, seconds=WHOLE_TEST)
        rates = {
            name: found.scalars.get(name, float("nan")) for name in ("wer", "cer", "wer_beam", "cer_beam")
        }
        return Outcome(found.constants["labelled_minutes"], **rates)


def curve(results: Mapping[Cell, Outcome], pretrained: bool) -> list[Outcome]:
    """What is known of one line of the picture, the fewest minutes first."""
    return sorted(
        (outcome for cell, outcome in results.items() if cell.pretrained == pretrained),
        key=lambda outcome: outcome.minutes,
    )


def to_plain(results: Mapping[Cell, Outcome]) -> list[list[dict[str, float]]]:
    """Results as JSON has them; :func:`from_plain` gives them back."""
    return [[asdict(cell), asdict(outcome)] for cell, outcome in results.items()]


def from_plain(rows: list[list[dict[str, Any]]]) -> dict[Cell, Outcome]:
    """What :func:`to_plain` made plain. Raises TypeError or ValueError for anything else."""
    return {
        Cell(**cell): Outcome(**{name: float(value) for name, value in outcome.items()})
        for cell, outcome in rows
    }


def ladder(available: float) -> list[float]:
    """1, 3, 10 ... minutes as far as they are well below what is ``available``, then all of it."""
    return [*(minutes for minutes in LADDER if minutes < 0.9 * available), ALL]


def transcribed_minutes(data: SpeechData) -> float:
    """Speech with a transcript in the training split, in minutes."""
    split = data.train
    lengths = split.starts.diff()
    return sum(float(lengths[i]) for i, text in enumerate(split.texts) if text) / SAMPLE_RATE / 60
