"""Clips with transcripts: which of them a recogniser learns from and is tested on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ssllab.data.speech.types import SAMPLE_RATE, SpeechSplit
from ssllab.nn.wav2vec2.config import Wav2Vec2Config
from ssllab.objectives.ctc import frames_needed
from ssllab.text.alphabet import Alphabet

LONGEST_SECONDS = 20.0  # attention over a longer clip would cost more memory than it teaches


@dataclass(frozen=True)
class Utterance:
    """Clip number ``clip`` of a split, its text as the alphabet writes it, and the classes that are the target."""

    clip: int
    samples: int
    text: str
    classes: tuple[int, ...]

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.samples / SAMPLE_RATE


def utterances(split: SpeechSplit, alphabet: Alphabet, config: Wav2Vec2Config) -> list[Utterance]:
    """The clips that CTC can learn from: with a text, not too long, and with frames enough for its characters."""
    found = []
    for clip, text in enumerate(split.texts):
        samples = int(split.starts[clip + 1] - split.starts[clip])
        written = alphabet.normalise(text).text if text else ""
        classes = tuple(alphabet.encode(written))
        enough = config.frames(samples) >= frames_needed(classes)
        if written and enough and samples <= LONGEST_SECONDS * SAMPLE_RATE:
            found.append(Utterance(clip, samples, written, classes))
    return found


def minutes_of(found: Sequence[Utterance]) -> float:
    """Their length together."""
    return sum(utterance.seconds for utterance in found) / 60


def first_minutes(found: Sequence[Utterance], minutes: float, seed: int) -> list[Utterance]:
    """At most so many minutes of utterances in an order drawn from ``seed``, but at least one utterance.

    0 means all. Fewer minutes are part of more but for the last utterances, so that a ladder of lengths compares
    amounts and not choices.
    """
    if minutes <= 0:
        return list(found)
    order = torch.randperm(len(found), generator=torch.Generator().manual_seed(seed)).tolist()
    taken: list[Utterance] = []
    seconds = 0.0
    for utterance in (found[i] for i in order):
        if not taken or seconds + utterance.seconds <= 60 * minutes:
            taken.append(utterance)
            seconds += utterance.seconds
    return taken


def evenly(found: Sequence[Utterance], seconds: float) -> list[Utterance]:
    """Utterances spread evenly over ``found``, of about so many seconds together; the same ones every time."""
    total = 60 * minutes_of(found)
    if total <= seconds:
        return list(found)
    count = max(1, int(len(found) * seconds / total))
    return [found[i] for i in torch.linspace(0, len(found) - 1, count).round().long().tolist()]


def padded_classes(chosen: Sequence[Utterance]) -> tuple[Tensor, Tensor]:
    """``(B, L)`` int64 classes, zero after each text's end, and ``(B,)`` how many count."""
    rows = [torch.tensor(utterance.classes) for utterance in chosen]
    counts = torch.tensor([len(row) for row in rows])
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True), counts
