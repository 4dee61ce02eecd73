"""How much text: what counting and a Transformer make of the first tenth of a text, of a third, of all of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ssllab.data.text.types import TextData
from ssllab.experiments.short_runs import ShortRuns
from ssllab.methods.causal_lm import CausalLM
from ssllab.methods.ngram import NGram
from ssllab.methods.registry import method_class
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

LEAST = 3_000  # bytes of the smallest amount
PER_DECADE = 2
ORDER = 5

MethodName = Literal["ngram", "causal_lm"]
METHODS: tuple[MethodName, ...] = ("ngram", "causal_lm")


@dataclass(frozen=True)
class Cell:
    """One run: the share of the training text (0..1), and what learns from it."""

    share: float
    method: MethodName


@dataclass(frozen=True)
class Outcome:
    """On the same held-out text, after so many ``bytes``: nats per symbol, and bits per byte."""

    bytes: int
    held_out_loss: float
    bits_per_byte: float


class TextAmount(ShortRuns[Cell, Outcome]):
    """Trains on each share of the text, once by counting (KN-5, all of it once) and once a Transformer for ``steps`` steps.

    All share units, seed and held-out text; the least text comes first. The Transformer is that of ``settings`` where they
    are one's, else as it is at first.
    """

    def __init__(self, settings: RunSettings, data: TextData, steps: int, shares: Sequence[float]) -> None:
        self._settings = settings
        super().__init__([Cell(share, method) for share in shares for method in METHODS], data, steps)

    def settings_of(self, cell: Cell) -> RunSettings:
        """The settings at hand, as far as the method has them; the Transformer's schedule ends with the run."""
        method = method_class(cell.method)
        config = {k: v for k, v in self._settings.config.items() if k in method.Config.model_fields}
        config["text_share"] = cell.share
        if cell.method == "ngram":
            kilobytes = self._data.train.size * cell.share / 1024  # type: ignore[attr-defined]
            config |= {"order": ORDER, "chunk": min(65_536, max(64, math.ceil(kilobytes / self._steps) + 1))}
        else:
            config["schedule_steps"] = self._steps
        return self._settings.model_copy(
            update={"method": cell.method, "config": config, "method_file": None}
        )

    def result_of(self, cell: Cell, trainer: Trainer) -> Outcome:
        """The losses on held-out text."""
        assert isinstance(trainer.method, CausalLM | NGram)
        assert isinstance(trainer.data, TextData)
        found = trainer.method.eval().losses(trainer.data)
        size = trainer.method.learned(trainer.data).size
        return Outcome(size, found.get("held_out_loss", math.nan), found.get("bits_per_byte", math.nan))


def curve(results: Mapping[Cell, Outcome], method: str) -> list[Outcome]:
    """What is known of one line of the picture, the least text first."""
    found = (outcome for cell, outcome in results.items() if cell.method == method)
    return sorted(found, key=lambda outcome: outcome.bytes)


def ladder(size: int) -> list[float]:
    """Shares of a text of ``size`` bytes: 3, 10, 30, 100 ... kB as far as they are well below all of it, then all.

    >>> [round(share * 200_000) for share in ladder(200_000)]
    [3000, 9487, 30000, 94868, 200000]
    """
    steps = range(100)
    amounts = (LEAST * 10 ** (step / PER_DECADE) for step in steps)
    return [*(amount / size for amount in amounts if 0.0001 * size <= amount < 0.6 * size), 1.0]


def to_plain(results: Mapping[Cell, Outcome]) -> list[list[dict[str, Any]]]:
    """Results as JSON has them; :func:`from_plain` gives them back."""
    return [[asdict(cell), asdict(outcome)] for cell, outcome in results.items()]


def from_plain(rows: list[list[dict[str, Any]]]) -> dict[Cell, Outcome]:
    """What :func:`to_plain` made plain. Raises TypeError or ValueError for anything else."""
    return {
        Cell(float(cell["share"]), METHODS[METHODS.index(cell["method"])]): Outcome(
            int(outcome["bytes"]), float(outcome["held_out_loss"]), float(outcome["bits_per_byte"])
        )
        for cell, outcome in rows
    }
