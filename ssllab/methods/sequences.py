"""What the methods share that predict symbols of a sequence: units, windows, and what is asked of them.

The units are learnt from the training part alone and are kept with the weights, so that a stored run can be asked without
its text. How the symbols are predicted is a method's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ssllab.data.text.batches import TextBatches
from ssllab.data.text.sound import SoundSplit
from ssllab.data.text.types import beginning
from ssllab.doctor.language import RULES
from ssllab.looks import Babble, ContextUse, Look
from ssllab.methods.base import Method, Probe
from ssllab.methods.knowledge import CHANCE, facts_chance, facts_known, pairs_known
from ssllab.methods.predictor import Predictor
from ssllab.methods.sequence_scalars import SEQUENCE_CHARTS, SEQUENCE_SERIES
from ssllab.methods.sound_codes import coded_data, ear, heard, learn_codes
from ssllab.methods.stored import read_stored
from ssllab.methods.symbol_stream import stream, units_of
from ssllab.methods.writing import longest_copy, looped, written
from ssllab.text.codes import Codes
from ssllab.text.kneser_ney import KneserNey
from ssllab.text.units import END, Units, from_json

if TYPE_CHECKING:
    from ssllab.data.text.types import TextData, TextSplit

HELD_OUT = 8192  # symbols that a live probe reads: about a second on two cores
BABBLED = 40  # symbols of a sample
BABBLED_CODES = 150  # some four seconds of sound
WRITTEN = 128  # symbols that are held against the text, and as many held-out ones
PASSAGES = 4  # held-out ones: the likest to the text is what chance gives
QUOTED = 120  # characters of a quotation
LEVELS = {
    "unigram_loss": 1,
    "bigram_loss": 2,
    "kn5_loss": 5,
}  # orders of the n-grams whose losses are drawn as lines
COUNTED = 1_000_000  # symbols that they are counted on at most


class SequenceMethod(Method):
    """A model of which symbol comes."""

    kinds = ("text",)
    series = SEQUENCE_SERIES
    charts = SEQUENCE_CHARTS
    parts: ClassVar[dict[type, str]] = {Babble: "", ContextUse: ""}
    config: Any
    units: Units
    rules = RULES
    causal: ClassVar[bool] = True  # whether it predicts what comes from what came

    @classmethod
    def build(cls, config: Any, data: TextData, read_model: Callable[[str], Any] | None = None) -> Self:
        """A fresh model of the symbols of ``data``. Raises ValueError where they do not fit."""
        if not data.train.size:
            raise ValueError(f"{data.title} has no text to learn from: expected some; hold out less.")
        _check_unit(config.unit, data)
        return cls(config, units_for(config, data, read_model or read_stored))

    @classmethod
    def again(
        cls,
        config: Any,
        data: TextData,
        state: Mapping[str, Any],
        read_model: Callable[[str], Any] | None = None,
    ) -> Self:
        """With the run's own symbols: others of a text that has changed would mean something else to its weights."""
        units = from_json(state["_extra_state"]["units"])
        if isinstance(units, Codes):  # recordings may be coded anew: see set_extra_state
            return cls.build(config, data, read_model)
        if not data.train.size:
            raise ValueError(f"{data.title} has no text to learn from: expected some; hold out less.")
        _check_unit(config.unit, data)
        return cls(config, units)

    @classmethod
    def stored(cls, config: Any, state: Mapping[str, Any]) -> Self:
        """The model of a checkpoint or of a live run's copy, in evaluation mode."""
        method = cls(config, from_json(state["_extra_state"]["units"]))
        method.load_state_dict(state)
        return method.eval()

    def asked(self) -> Predictor:
        """This model, to be asked."""
        raise NotImplementedError

    def get_extra_state(self) -> dict[str, Any]:
        """What the model needs besides weights."""
        return {"units": self.units.to_json()}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Units were settled when the model was built; but clusters of sound are those of the run, as long as the same model
        hears, whatever was recorded since."""
        if not isinstance(self.units, Codes):
            return
        stored = from_json(state["units"])
        assert isinstance(stored, Codes)
        if stored.fingerprint == self.units.fingerprint:
            self.units = stored
        else:
            self.remark = (
                "The speech model is not the one that the run's recordings were coded with (fingerprint "
                f"{stored.fingerprint} then, {self.units.fingerprint} now): they are coded anew, and the codes mean "
                "something else."
            )

    def read(self, data: TextData, read_model: Callable[[str], Any]) -> TextData:
        """Recordings as codes. Raises ValueError where another speech model would hear them, and for sound without units of
        it or the other way round."""
        if isinstance(self.units, Codes) != (data.language == "sound"):
            unit, what = ("units of sound", "text") if isinstance(self.units, Codes) else ("text", "sound")
            raise ValueError(f"the model is one of {unit}, and {data.title} is {what}: choose other data.")
        if not isinstance(self.units, Codes):
            return data
        hearing = ear(self.config.speech_model, read_model)
        if hearing.fingerprint != self.units.fingerprint:
            raise ValueError(
                f"the speech model '{hearing.place}' is not the one that the run's recordings were coded with (fingerprint "
                f"{self.units.fingerprint} then, {hearing.fingerprint} now): its codes mean something else."
            )
        return coded_data(data, self.units, hearing)

    def learned(self, data: TextData) -> TextSplit:
        """What of the training text is learned from."""
        return beginning(data.train, self.config.text_share)

    def batches(self, data: TextData, seed: int, rank: int = 0, ranks: int = 1) -> TextBatches:
        """Windows from anywhere; where documents are short, from the beginning of one."""
        ids = torch.from_numpy(stream(self.learned(data), self.units))
        starts = (ids == END).nonzero()[:-1, 0] if data.whole else None
        device = next(self.parameters()).device
        return TextBatches(ids, starts, seed, device, rank, ranks)

    def items(self, batch: Tensor) -> float:
        """Symbols that are predicted."""
        return float(batch.shape[0] * (batch.shape[1] - 1))

    @torch.no_grad()
    def look(self, data: TextData, step: int) -> Look:
        """What it writes by itself; always with the same dice, so that what changes is the model."""
        training = self.training
        self.eval()
        try:
            many = (
                BABBLED_CODES * min(2, len(self.units.groups)) if isinstance(self.units, Codes) else BABBLED
            )
            ids = written(self.asked(), many)
        finally:
            self.train(training)
        sound = heard(self.units, ids) if isinstance(self.units, Codes) else None
        return Look(step, (Babble(step, self.units.decode(ids), sound),))

    def held_out(self, ids: NDArray[np.int32]) -> NDArray[np.float32]:
        """Log-probabilities of what is to be predicted in held-out symbols, in evaluation mode."""
        return self.asked().log_probabilities(ids)

    @torch.no_grad()
    def losses(self, data: TextData) -> dict[str, float]:
        """How well held-out text is predicted; nothing where there is none. The model is in evaluation mode."""
        ids = stream(data.test, self.units)[:HELD_OUT]
        if len(ids) < 2:
            return {}
        loss = -float(self.held_out(ids).astype(np.float64).mean())
        found = {"held_out_loss": loss, "perplexity": math.exp(min(loss, 700.0))}
        # An untrained count is at chance, but for rounding.
        found["below_chance"] = round(self._chance(data) - loss, 6)
        if self.causal and data.language != "sound":  # which has no bytes
            unknown = float((ids[1:] == self.units.unknown).mean()) if self.units.unknown is not None else 0.0
            nats = loss + unknown * math.log(max(1, self.units.unknown_stands_for))
            symbols = len(stream(data.test, self.units)) - 1
            found["bits_per_byte"] = nats / math.log(2) * symbols / data.test.size
        return found

    @torch.no_grad()
    def probe(self, data: TextData) -> Probe:
        """How well held-out text is predicted, what is known of the language where its truth is known, and what a causal
        model writes by itself."""
        training = self.training
        self.eval()
        try:
            if not (scalars := self.losses(data)):
                return Probe({}, self.constants(data))
            more, constants = self._known(data) if data.language == "everyday" else ({}, {})
            if self.causal:
                more |= self._by_itself(data)
        finally:
            self.train(training)
        return Probe(scalars | more, self.constants(data) | constants)

    def _known(self, data: TextData) -> tuple[dict[str, float], dict[str, float]]:
        """Pairs and facts, and what guessing gets."""
        model = self.asked()
        pairs, facts, chance = pairs_known(model), facts_known(model), facts_chance(model)
        found = (pairs, {"pairs_chance": CHANCE} if pairs else {})
        if facts is None or chance is None:
            return found
        return found[0] | {"facts_top1": facts}, found[1] | {"facts_chance": chance}

    def _by_itself(self, data: TextData) -> dict[str, float]:
        """How much of what it writes is copied, how much goes round and round; quoted for the doctor."""
        ids = written(self.asked(), WRITTEN)
        begin, length = longest_copy(ids, stream(self.learned(data), self.units)[:COUNTED])
        copied = self.units.decode(ids[begin : begin + length]).strip()
        self.quotes = {"copied": _quoted(copied), "written": _quoted(self.units.decode(ids).strip())}
        return {"copied_span": float(length), "looped": looped(ids)}

    def constants(self, data: TextData) -> dict[str, float]:
        """What simpler models reach on the same held-out symbols, and the truth where it is known."""
        found = {"uniform_loss": self._chance(data)}
        simpler = simple_losses(self.learned(data), data.test, self.units)
        if not self.causal:  # it sees both sides: only what looks at neither is comparable
            return found | {name: simpler[name] for name in ("unigram_loss",) if name in simpler}
        found |= simpler
        found |= {
            name.replace("loss", "below_chance"): found["uniform_loss"] - loss
            for name, loss in simpler.items()
        }
        if data.language == "everyday" and (truth := true_loss(data.test, self.units)) is not None:
            found["true_entropy"] = truth
        return found | held_out_habits(self.learned(data), data.test, self.units)

    def _chance(self, data: TextData) -> float:
        """Nats per symbol of a guess: among the symbols, or among the four bases of DNA, of which a symbol has several."""
        if data.language == "dna" and data.test.size:
            return math.log(4) * data.test.size / (len(stream(data.test, self.units)) - 1)
        return math.log(len(self.units))


#: What the values of the control ``unit`` are called.
_CALLED = {"word": "words", "char": "characters", "byte": "bytes", "bpe": "parts of words", "kmer": "k-mers of DNA",
           "code": "units of sound"}  # fmt: skip


def _check_unit(unit: str, data: TextData) -> None:
    """Raises ValueError for a unit that the text has not."""
    *others, last = map(str, data.allows["unit"])
    if unit not in (*others, last):
        instead = f"{', '.join(others)} or {last}" if others else last
        raise ValueError(
            f"unit={unit}: {data.title} has no {_CALLED.get(unit, unit)}: choose unit={instead}."
        )


def units_for(config: Any, data: TextData, read_model: Callable[[str], Any]) -> Units:
    """The units that settings say, learnt from the training part. Raises ValueError where they do not fit it."""
    if config.unit == "code":
        assert isinstance(data.train, SoundSplit)
        return learn_codes(data.train, ear(config.speech_model, read_model), config.codes, config.clusters)
    return units_of(data.train, config.unit, config.kmer if config.unit == "kmer" else config.vocabulary)


@lru_cache(maxsize=4)
def simple_losses(train: TextSplit, test: TextSplit, units: Units) -> dict[str, float]:
    """What n-grams of the training part reach on the held-out symbols of a live probe, in nats per symbol."""
    held_out = stream(test, units)[:HELD_OUT]
    if len(held_out) < 2:
        return {}
    counts = KneserNey(len(units), max(LEVELS.values()))
    counts.count(stream(train, units)[:COUNTED])
    return {
        name: -float(counts.log_probabilities(held_out[1:], order, before=held_out[:1]).mean())
        for name, order in LEVELS.items()
    }


@lru_cache(maxsize=4)
def true_loss(test: TextSplit, units: Units) -> float | None:
    """What the grammar of Everyday English reaches, in nats per symbol; None where it does not know the text.

    Of words its entropy. Where words say what the symbols are (characters, bytes, parts of words) and the other way round,
    a sentence is as probable in these as in those: its nats are spread over more symbols, here over the sentences that lie
    whole in the held-out symbols of a live probe.
    """
    from ssllab.data.text.everyday.grammar import everyday

    grammar = everyday()
    if units.name == "word":
        return grammar.entropy
    ends = np.flatnonzero(stream(test, units)[:HELD_OUT] == END)
    nats = -sum(grammar.log_probability(grammar.split(test.document(i))) for i in range(len(ends) - 1))
    return nats / int(ends[-1] - ends[0]) if len(ends) > 1 and math.isfinite(nats) else None


@lru_cache(maxsize=4)
def held_out_habits(train: TextSplit, test: TextSplit, units: Units) -> dict[str, float]:
    """How much of held-out text stands in the training text by chance, and how much of it goes round and round."""
    held_out, text = stream(test, units), stream(train, units)[:COUNTED]
    begins = np.linspace(1, max(1, len(held_out) - WRITTEN), PASSAGES).astype(int)
    passages = [held_out[begin : begin + WRITTEN] for begin in begins]
    return {
        "held_out_span": float(max(longest_copy(passage, text)[1] for passage in passages)),
        "held_out_looped": max(map(looped, passages)),
    }


def _quoted(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= QUOTED else f"{text[:QUOTED].rstrip()} …"
